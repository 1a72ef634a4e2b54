# shellcheck shell=bash disable=SC2034 # for whoever sources this
# pgbouncer.sh - PgBouncer in transaction mode in front of a PostgreSQL, with the settings that we tell
# others to use.  Sourced after scripts/lib/common.sh.

pgbouncer_settings() { # SERVER LISTEN: the folders of two unix sockets
	mkdir -p "$2"
	sed -e "s|@SERVER@|$1|g" -e "s|@LISTEN@|$2|g" "$ROOT/scripts/pgbouncer.ini.example" >"$2/pgbouncer.ini"
	printf '"%s" ""\n' carillon_web carillon_worker >"$2/users"
}

# The command line; the caller starts it in its own way.
pgbouncer_command() { # LISTEN
	PGBOUNCER=(pgbouncer "$1/pgbouncer.ini")
}
