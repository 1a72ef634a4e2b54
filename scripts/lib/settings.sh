# shellcheck shell=bash disable=SC2034 # some names are for whoever sources this
# settings.sh - what scripts/run decides before it starts anything, and carillon.env.

# The private cluster's three connection strings are made anew each time, because a checkout may
# have moved.  Any other is left alone: a CARILLON_DATABASE_URL is somebody's own database, which
# web and worker use too unless they were given their own; theirs may lead through a pooler.
settle_database() { # GIVEN: CARILLON_DATABASE_URL as the environment had it
	local mine="host='*' port=5432 dbname=carillon user=carillon_"
	if [ -n "$1" ] && [[ ${CARILLON_WEB_DATABASE_URL-} == $mine* ]]; then
		unset CARILLON_WEB_DATABASE_URL CARILLON_WORKER_DATABASE_URL
	fi
	# shellcheck disable=SC2254 # a pattern
	case ${CARILLON_DATABASE_URL-} in
	'' | $mine*) PRIVATE=yes ;;
	*) PRIVATE= ;;
	esac
	[ -n "$PRIVATE" ] || return 0
	CARILLON_DATABASE_URL=$(cluster_url "$RUN" carillon carillon_migrator)
	# shellcheck disable=SC2254 # a pattern
	case ${CARILLON_WEB_DATABASE_URL-} in
	'' | $mine*) CARILLON_WEB_DATABASE_URL=$(cluster_url "$RUN" carillon carillon_web) ;;
	esac
	# shellcheck disable=SC2254 # a pattern
	case ${CARILLON_WORKER_DATABASE_URL-} in
	'' | $mine*) CARILLON_WORKER_DATABASE_URL=$(cluster_url "$RUN" carillon carillon_worker) ;;
	esac
}

# Unset, mail goes into the folder mail of wherever the copy is, which may have moved.  Earlier releases wrote
# that folder down, and beside it where the private cluster was.
settle_mail() {
	local var=${CARILLON_MAIL_URL-}
	var=${var#file:} var=${var%/mail}
	[ "${CARILLON_MAIL_URL-}" = "file:$var/mail" ] || return 0
	if [ "$var" = "$VAR" ] || [ "${CARILLON_DATABASE_URL-}" = "$(cluster_url "$var/run" carillon carillon_migrator)" ]; then
		unset CARILLON_MAIL_URL
	fi
}

settle() {
	local given=${CARILLON_DATABASE_URL-} scheme=http
	load_settings
	: "${CARILLON_PORT:=8080}" "${CARILLON_CRON:=on}" "${CARILLON_DEMO:=on}"
	[ -z "${CARILLON_TLS_CERT-}" ] || scheme=https
	# An address that only names the old port or scheme follows the new one.
	if [[ ${CARILLON_BASE_URL-} =~ ^(https?://127\.0\.0\.1:[0-9]+)?$ ]]; then
		CARILLON_BASE_URL=$scheme://127.0.0.1:$CARILLON_PORT
	fi
	: "${CARILLON_MAIL_FROM:=Carillon <carillon@localhost>}" "${CARILLON_JWT_SECRET:=$(random_hex 32)}"
	settle_mail
	settle_database "$given"
	settings_fit || die "a setting will not do"
}

# What scripts/run decided or was given.  What is for one start only is not among them: whether there is
# a cron loop or a demo, and how many workers.
SETTLED=(CARILLON_PORT CARILLON_LISTEN CARILLON_BASE_URL CARILLON_DATABASE_URL
	CARILLON_WEB_DATABASE_URL CARILLON_WORKER_DATABASE_URL CARILLON_PREPARE CARILLON_CITUS
	CARILLON_JWT_SECRET CARILLON_JWT_KID CARILLON_JWT_SECRET_OLD CARILLON_JWT_KID_OLD
	CARILLON_MAIL_URL CARILLON_MAIL_FROM CARILLON_CA_FILE RESEND_API_KEY RESEND_API_URL
	CARILLON_RESEND_WEBHOOK_SECRET CARILLON_WEBHOOK_LOCAL CARILLON_LEASE_SECONDS
	CARILLON_KEY_RATE CARILLON_TLS_CERT CARILLON_TLS_KEY)

# The programs know what fits; asked before anything is written or started.
settings_fit() (
	export "${SETTLED[@]}"
	exec "$BUILD/carillon-cron" --check
)

# Rewrites the lines of those, so that programs run by hand and the next start have the same, and keeps
# every other one.
write_env_file() {
	local name
	(
		umask 077
		{
			echo '# Written by scripts/run.  Lines NAME=value, taken as they stand; the environment beats them.'
			for name in "${SETTLED[@]}"; do
				[ -z "${!name-}" ] || printf '%s=%s\n' "$name" "${!name}"
			done
			[ ! -e "$ENV_FILE" ] || grep -vE "^($(IFS='|'; echo "${SETTLED[*]}"))=|^# Written by" "$ENV_FILE" || true
		} >"$ENV_FILE.new"
	)
	mv "$ENV_FILE.new" "$ENV_FILE"
}
