# shellcheck shell=bash disable=SC2034 # some names are for whoever sources this
# stack.sh - throw-away servers for tests and benchmarks, sourced after scripts/lib/common.sh and
# cluster.sh: one PostgreSQL in $WORK, databases cloned from a migrated template, and whole running
# copies of Carillon.  All of them end with the script that started them, however it ends.
# TEST_WAY says how it is all run: pgbouncer (the programs go through one, in transaction mode),
# partitions (the inbox is partitioned by user) or both; nothing is the plain way.

. "$ROOT/tests/lib/pgbouncer.sh"
. "$ROOT/tests/lib/port.sh"

SOCKETS=$WORK/sockets	# of PostgreSQL
DOOR=$SOCKETS		# where the programs find it
CITUS=off
declare -A STACKS=()	# name -> pid of its scripts/run

# Crash safety of the throw-away cluster is nobody's business; its speed is.
cluster_up() {
	mkdir -p "$SOCKETS"
	[ -z "${TEST_ON-}" ] || { given_up; return; }
	cluster_init "$WORK/pg" "$SOCKETS" --no-sync
	cluster_command "$WORK/pg" "$SOCKETS"
	setsid setpriv --pdeathsig INT "${CLUSTER[@]}" -c fsync=off -c full_page_writes=off -c max_connections=400 \
		>"$WORK/postgres.log" 2>&1 </dev/null &
	wait_for 60 cluster_ready "$WORK/pg" || { tail -n 5 "$WORK/postgres.log"; die "no test cluster"; }
	cluster_database "$SOCKETS"
	CARILLON_DATABASE_URL='' "$ROOT/scripts/migrate" "$(cluster_url "$SOCKETS" carillon carillon_migrator)" \
		>"$WORK/migrate.log" 2>&1 || { cat "$WORK/migrate.log"; die "the migrations fail"; }
	! goes partitions || partition "$(cluster_url "$SOCKETS" carillon carillon_migrator)"
	! goes pgbouncer || pool_up
}

# ---- somebody's PostgreSQL, TEST_ON, in place of our own ----

given() { psql -qXAt -v ON_ERROR_STOP=1 -d "$TEST_ON" "$@"; }

# Brought up to date, and on Citus distributed.  Tests empty it again and again, so it must have been
# empty when we first came; the table tests_were_here says that it was.
given_up() {
	given -c 'SELECT' || die "no PostgreSQL at $TEST_ON"
	[ -n "$(given -c "SELECT to_regclass('tests_were_here')")" ] ||
		[ -z "$(given -c "SELECT 1 FROM pg_tables WHERE schemaname = 'public' LIMIT 1")" ] ||
		die "there is something in the database already: tests would delete it"
	CARILLON_DATABASE_URL='' "$ROOT/scripts/migrate" "$TEST_ON" >"$WORK/migrate.log" 2>&1 ||
		{ cat "$WORK/migrate.log"; die "the migrations fail"; }
	given -c 'SET client_min_messages = warning' -c 'CREATE TABLE IF NOT EXISTS tests_were_here ()'
	[ -n "$(given -c "SELECT 1 FROM pg_extension WHERE extname = 'citus'")" ] || return 0
	CITUS=on
	[ -n "$(given -c "SELECT 1 FROM pg_dist_partition WHERE logicalrelid = 'inbox'::regclass")" ] ||
		given -v shards=8 -f "$ROOT/sql/citus.sql" >/dev/null || die "sql/citus.sql fails"
}

given_emptied() {
	given -f - <<-'SQL'
		SELECT 'TRUNCATE ' || string_agg(quote_ident(tablename), ', ') FROM pg_tables
		 WHERE schemaname = 'public' AND tablename NOT IN ('schema_migrations', 'issue_moves', 'mail_pace')
		   AND tablename !~ '_[0-9]+$'
		\gexec
		UPDATE mail_pace SET per_second = 2, next_at = '-infinity', parked = NULL, parked_at = NULL, parked_until = NULL;
	SQL
}

# As ROLE, when that may log in; else as whom TEST_ON says.
given_url() { # ROLE
	local url
	case $TEST_ON in
	postgres://*\?* | postgresql://*\?*) url="$TEST_ON&user=$1" ;;
	postgres://* | postgresql://*) url="$TEST_ON?user=$1" ;;
	*) url="$TEST_ON user=$1" ;;
	esac
	psql -qXAt -d "$url" -c SELECT >/dev/null 2>&1 || url=$TEST_ON
	echo "$url"
}

database_url() { # NAME ROLE: for the programs
	case ${TEST_ON:+given}-$2 in
	given-carillon_migrator) echo "$TEST_ON" ;;
	given-*) given_url "$2" ;;
	-carillon_migrator) cluster_url "$SOCKETS" "$1" "$2" ;;
	*) cluster_url "$DOOR" "$1" "$2" ;;
	esac
}

partition() { # CONNECTION
	psql -qX -v parts=4 -d "$1" -f "$ROOT/sql/partition.sql" || die "the inbox could not be partitioned"
}

goes() { [[ ${TEST_WAY-} == "$1" || ${TEST_WAY-} == both ]]; }

pool_up() {
	DOOR=$WORK/pool
	pgbouncer_settings "$SOCKETS" "$DOOR"
	pgbouncer_command "$DOOR"
	setsid setpriv --pdeathsig INT "${PGBOUNCER[@]}" >"$WORK/pool.log" 2>&1 </dev/null &
	PGBOUNCER_PID=$!
	wait_for 10 test -S "$DOOR/.s.PGSQL.5432" || { cat "$WORK/pool.log"; die "no PgBouncer"; }
}

cluster_down() {
	[ -z "${TEST_ON-}" ] || return 0
	kill -INT ${PGBOUNCER_PID:+"$PGBOUNCER_PID"} 2>/dev/null
	cluster_stop "$WORK/pg" 2>/dev/null
}

# The database "carillon" is the template that nobody else connects to.
clone_database() { # NAME
	[ -z "${TEST_ON-}" ] || { given_emptied; return; }
	psql -qXv ON_ERROR_STOP=1 -d "$(cluster_url "$SOCKETS" postgres postgres)" \
		-c 'SET client_min_messages = warning' -c "DROP DATABASE IF EXISTS $1 WITH (FORCE)" \
		-c "CREATE DATABASE $1 TEMPLATE carillon OWNER carillon_migrator" 2>&1
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
	{
		echo "CARILLON_RESEND_WEBHOOK_SECRET=whsec_$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')"
		! goes pgbouncer || echo CARILLON_PREPARE=off
		echo "CARILLON_CITUS=$CITUS"
	} >"$STACK_VAR/carillon.env"
	env CARILLON_VAR="$STACK_VAR" CARILLON_PORT="$port" CARILLON_CRON=off CARILLON_DEMO=off \
		CARILLON_DATABASE_URL="$(database_url "$1" carillon_migrator)" \
		CARILLON_WEB_DATABASE_URL="$(database_url "$1" carillon_web)" \
		CARILLON_WORKER_DATABASE_URL="$(database_url "$1" carillon_worker)" \
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

stacks_down() {
	local name
	for name in "${!STACKS[@]}"; do
		stack_down "$name"
	done
}

all_down() {
	stacks_down
	cluster_down
}
