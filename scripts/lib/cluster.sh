# shellcheck shell=bash disable=SC2034 # some names are for whoever sources this
# cluster.sh - a private PostgreSQL: DATA is its folder, SOCKETS the folder of its unix socket.
# Nobody but the owner of SOCKETS can reach it, so whoever does is trusted.

cluster_url() { # SOCKETS DATABASE ROLE: a libpq connection string
	printf "host='%s' port=5432 dbname=%s user=%s" "$1" "$2" "$3"
}

# A quarter of the memory at most, and no more than 256 MB or CLUSTER_MEMORY_MB.
cluster_memory() {
	local mb most=${CLUSTER_MEMORY_MB:-256}
	mb=$(awk '/^MemTotal:/ { print int($2 / 4096) }' /proc/meminfo)
	echo $((mb < most ? mb : most))MB
}

cluster_init() { # DATA SOCKETS [INITDB OPTION...]
	local data=$1 sockets=$2
	shift 2
	initdb -D "$data.new" -U postgres -A trust -E UTF8 --locale=C.UTF-8 "$@" >/dev/null ||
		die "initdb failed in $data"
	cat >>"$data.new/postgresql.conf" <<-CONF

		# Carillon: one machine, one socket; see scripts/lib/cluster.sh
		listen_addresses = ''
		unix_socket_directories = '${sockets//\'/\'\'}'
		unix_socket_permissions = 0700
		port = 5432
		max_connections = 200
		shared_buffers = $(cluster_memory)
		deadlock_timeout = 100ms
		update_process_title = off
		fsync = on
		synchronous_commit = on
		timezone = 'UTC'
		log_timezone = 'UTC'
		log_line_prefix = '%m [%p] %u '
	CONF
	mv "$data.new" "$data"
}

# The command line of the server; the caller starts it in its own way and keeps the pid.
# A moved checkout must work, so the socket folder is not left to the file.
cluster_command() { # DATA SOCKETS
	CLUSTER=("$PGBIN/postgres" -D "$1" -c "unix_socket_directories=$2")
}

# Line 8 of postmaster.pid says "ready" once connections are taken.
cluster_ready() { # DATA
	local lines
	[ -r "$1/postmaster.pid" ] && mapfile -t lines <"$1/postmaster.pid" 2>/dev/null &&
		[[ ${lines[7]-} == ready* ]] && alive "${lines[0]}"
}

cluster_pid() { # DATA: the server's pid, or nothing
	local pid
	[ -r "$1/postmaster.pid" ] && read -r pid <"$1/postmaster.pid" &&
		[[ $(cat "/proc/$pid/comm" 2>/dev/null) == postgres ]] && echo "$pid"
}

cluster_stop() { # DATA: at once, without waiting for clients
	local pid
	pid=$(cluster_pid "$1") || return 0
	kill -INT "$pid"
	wait_for 30 gone "$pid" || kill -QUIT "$pid"
}

# The owner of the schema and the database; what migrate needs to find.
cluster_database() { # SOCKETS
	psql -qXv ON_ERROR_STOP=1 -d "$(cluster_url "$1" postgres postgres)" \
		-f "$ROOT/sql/cluster.sql"
}
