# shellcheck shell=bash disable=SC2034 # some names are for whoever sources this
# nginx.sh - nginx/carillon.conf.in with its words filled in.
NGINX_TEMPLATE=$ROOT/nginx/carillon.conf.in

# Inside nginx's double quotes, and on the right side of sed's s|||.
nginx_word() { printf %s "$1" | sed 's/[\\"]/\\&/g; s/[\\&|]/\\&/g'; }

nginx_render() { # CONF: needs CARILLON_PORT, takes CARILLON_TLS_CERT and _KEY
	local tls='' cert='' key=''
	if [ -n "${CARILLON_TLS_CERT-}" ]; then
		[ -n "${CARILLON_TLS_KEY-}" ] || die "CARILLON_TLS_CERT is set, CARILLON_TLS_KEY is not"
		tls=' ssl http2'
		cert="ssl_certificate \"$(nginx_word "$CARILLON_TLS_CERT")\"; ssl_protocols TLSv1.2 TLSv1.3;"
		key="ssl_certificate_key \"$(nginx_word "$CARILLON_TLS_KEY")\";"
	fi
	mkdir -p "$VAR/tmp"
	sed -e "s|@VAR@|$(nginx_word "$VAR")|g" -e "s|@ROOT@|$(nginx_word "$ROOT")|g" \
		-e "s|@PORT@|$CARILLON_PORT|g" -e "s|@LISTEN_TLS@|$tls|" \
		-e "s|@TLS_CERT@|$cert|" -e "s|@TLS_KEY@|$key|" \
		"$NGINX_TEMPLATE" >"$1"
}

nginx_command() { # CONF
	NGINX=(nginx -e "$LOG/nginx.log" -p "$VAR" -c "$1")
}
