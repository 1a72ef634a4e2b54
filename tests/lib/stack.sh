# shellcheck shell=bash disable=SC2034 # some names are for whoever sources this
# stack.sh - throw-away servers for tests and benchmarks, sourced after scripts/lib/common.sh and
# cluster.sh: one PostgreSQL in $WORK, databases cloned from a migrated template, and whole running
# copies of Carillon.  All of them end with the script that started them, however it ends.

SOCKETS=$WORK/sockets
declare -A STACKS=()	# name -> pid of its scripts/run

# Crash safety of the throw-away cluster is nobody's business; its speed is.
cluster_up() {
	mkdir -p "$SOCKETS"
	cluster_init "$WORK/pg" "$SOCKETS" --no-sync
	cluster_command "$WORK/pg" "$SOCKETS"
	setsid setpriv --pdeathsig INT "${CLUSTER[@]}" -c fsync=off -c full_page_writes=off \
		>"$WORK/postgres.log" 2>&1 </dev/null &
	wait_for 60 cluster_ready "$WORK/pg" || { tail -n 5 "$WORK/postgres.log"; die "no test cluster"; }
	cluster_database "$SOCKETS"
	CARILLON_DATABASE_URL='' "$ROOT/scripts/migrate" "$(cluster_url "$SOCKETS" carillon carillon_migrator)" \
		>"$WORK/migrate.log" 2>&1 || { cat "$WORK/migrate.log"; die "the migrations fail"; }
}

cluster_down() { cluster_stop "$WORK/pg" 2>/dev/null; }

# The database "carillon" is the template that nobody else connects to.
clone_database() { # NAME
	psql -qXv ON_ERROR_STOP=1 -d "$(cluster_url "$SOCKETS" postgres postgres)" \
		-c 'SET client_min_messages = warning' -c "DROP DATABASE IF EXISTS $1 WITH (FORCE)" \
		-c "CREATE DATABASE $1 TEMPLATE carillon OWNER carillon_migrator" 2>&1
}

free_port() { # below the range that outgoing connections take theirs from
	local port
	while :; do
		port=$((20000 + RANDOM % 12000))
		(exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
	done
}

# A running copy with a database, port and folder of its own, empty and without a cron loop.
stack_up() { # NAME: sets STACK_VAR and STACK_URL
	local port
	port=$(free_port)
	STACK_VAR=$WORK/$1
	STACK_URL=http://127.0.0.1:$port
	clone_database "$1" || return 1
	mkdir -p "$STACK_VAR"
	# scripts/run keeps the lines that are not its own
	echo "CARILLON_RESEND_WEBHOOK_SECRET=whsec_$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')" >"$STACK_VAR/carillon.env"
	env CARILLON_VAR="$STACK_VAR" CARILLON_PORT="$port" CARILLON_CRON=off CARILLON_DEMO=off \
		CARILLON_DATABASE_URL="$(cluster_url "$SOCKETS" "$1" carillon_migrator)" \
		CARILLON_WEB_DATABASE_URL="$(cluster_url "$SOCKETS" "$1" carillon_web)" \
		CARILLON_WORKER_DATABASE_URL="$(cluster_url "$SOCKETS" "$1" carillon_worker)" \
		setsid setpriv --pdeathsig TERM "$ROOT/scripts/run" >"$STACK_VAR.log" 2>&1 </dev/null &
	STACKS[$1]=$!
	wait_for 60 stack_settled "$1" && [ -e "$STACK_VAR/run/ready" ] && return
	cat "$STACK_VAR.log"
	return 1
}
stack_settled() { [ -e "$WORK/$1/run/ready" ] || gone "${STACKS[$1]}"; }

stack_down() { # NAME
	local pid=${STACKS[$1]-}
	[ -n "$pid" ] || return 0
	unset "STACKS[$1]"
	kill -TERM "$pid" 2>/dev/null
	wait_for 60 gone "$pid" || kill -KILL "$pid"
}

# What a copy should never have said: a worker that died, a sanitizer's report.
stack_complaints() { # NAME
	grep -hE 'ended with code|ended at once|killing |ERROR: (Address|Leak)Sanitizer|runtime error:|\[(alert|crit|emerg)\]' \
		"$WORK/$1.log" "$WORK/$1"/log/*.log 2>/dev/null
}

# What its programs logged as errors: printed beside a failure, which may have come of it.
stack_errors() { # NAME
	grep -hE '"level":"error"' "$WORK/$1"/log/*.log 2>/dev/null | tail -n 20
	grep -hE ' (ERROR|FATAL|PANIC): ' "$WORK/$1"/log/postgres.log "$WORK"/*.log 2>/dev/null | sort | uniq -c | tail -n 20
}

all_down() {
	local name
	for name in "${!STACKS[@]}"; do
		stack_down "$name"
	done
	cluster_down
}
