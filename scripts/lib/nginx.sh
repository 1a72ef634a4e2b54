# shellcheck shell=bash disable=SC2034 # some names are for whoever sources this
# nginx.sh - nginx/carillon.conf.in with its words filled in: as a whole server of our own, or as a
# site for the nginx of the host.
NGINX_TEMPLATE=$ROOT/nginx/carillon.conf.in

# Inside nginx's double quotes, and on the right side of sed's s|||.
nginx_word() { printf %s "$1" | sed 's/[\\"]/\\&/g; s/[\\&|]/\\&/g'; }

# Needs CARILLON_PORT, takes CARILLON_LISTEN, CARILLON_TLS_CERT and _KEY.
nginx_fill() { # SERVER_NAME [OPTION OF LISTEN]: a template on standard input
	local listen='' address tls='' cert='' key=''
	if [ -n "${CARILLON_TLS_CERT-}" ]; then
		[ -n "${CARILLON_TLS_KEY-}" ] || die "CARILLON_TLS_CERT is set, CARILLON_TLS_KEY is not"
		tls=' ssl http2'
		cert="ssl_certificate \"$(nginx_word "$CARILLON_TLS_CERT")\"; ssl_protocols TLSv1.2 TLSv1.3;"
		key="ssl_certificate_key \"$(nginx_word "$CARILLON_TLS_KEY")\";"
	fi
	for address in ${CARILLON_LISTEN:-127.0.0.1}; do
		[[ $address =~ ^([0-9.]+|\[[0-9a-f:]+\])$ ]] || die "CARILLON_LISTEN: not an address: $address"
		listen="$listen${listen:+ }listen $address:$CARILLON_PORT$tls${2:+ $2};"
	done
	sed -e "s|@VAR@|$(nginx_word "$VAR")|g" -e "s|@ROOT@|$(nginx_word "$ROOT")|g" \
		-e "s|@LISTEN@|$listen|" -e "s|@NAME@|$1|" -e "s|@TLS_CERT@|$cert|" -e "s|@TLS_KEY@|$key|"
}

# What an installed copy puts among the sites of the host's nginx.
nginx_site() { # SERVER_NAME
	nginx_fill "$1" <"$NGINX_TEMPLATE"
}

nginx_render() { # CONF: a whole server
	local frame=$ROOT/nginx/nginx.conf.in
	mkdir -p "$VAR/tmp"
	{
		sed '/^@SITE@$/,$d' "$frame"
		cat "$NGINX_TEMPLATE"
		sed '1,/^@SITE@$/d' "$frame"
	} | nginx_fill _ backlog=4096 >"$1"
}

nginx_command() { # CONF
	NGINX=(nginx -e "$LOG/nginx.log" -p "$VAR" -c "$1")
}
