# shellcheck shell=bash
# supervise.sh - the children of scripts/run: started, watched, and stopped in the right order.

declare -A PIDS=()	# name -> pid, which is also its process group
TIMER=

# A child gets a session of its own, so that Ctrl-C reaches only the supervisor, and a signal of
# its own should the supervisor be killed outright, so that nothing is left behind.
child() { # NAME LOG SIGNAL COMMAND...
	local name=$1 log=$2 signal=$3
	shift 3
	setsid setpriv --pdeathsig "$signal" "$@" </dev/null >>"$log" 2>&1 9>&- &
	PIDS[$name]=$!
}

keep_log_short() { # past 16 MB it becomes FILE.old
	[ "$(stat -c %s "$1" 2>/dev/null || echo 0)" -lt 16777216 ] || mv "$1" "$1.old"
}

families() { find "$BUILD/cgi" -maxdepth 1 -type f -perm -u+x -printf '%f\n' | sort; }

start_child() { # NAME
	case $1 in
	PostgreSQL)
		cluster_command "$VAR/pg" "$RUN"
		child "$1" "$LOG/postgres.log" INT "${CLUSTER[@]}"
		;;
	nginx)
		nginx_command "$VAR/nginx.conf"
		child "$1" "$LOG/nginx.log" QUIT "${NGINX[@]}"
		;;
	cron) child "$1" "$LOG/cron.log" TERM "$ROOT/scripts/lib/cron-loop" 60 all --without jobs ;;
	# long ones must not keep the minute waiting, nor a person who started a short one
	cron-jobs) child "$1" "$LOG/cron-jobs.log" TERM "$ROOT/scripts/lib/cron-loop" 5 jobs ;;
	*)
		pool_command "$1"
		child "$1" "$LOG/$1.log" TERM spawn-fcgi -s "$RUN/$1.sock" -M 0660 -b 1024 -n -- "${POOL[@]}"
		;;
	esac
}

start_database() {
	[ -n "$PRIVATE" ] || return 0
	if [ ! -e "$VAR/pg/PG_VERSION" ]; then
		say "Creating a PostgreSQL cluster in $VAR/pg"
		rm -rf "$VAR/pg.new"
		cluster_init "$VAR/pg" "$RUN"
	fi
	# one that a killed supervisor left behind is on its way out
	wait_for 20 database_is_down || die "PostgreSQL of an earlier run still uses $VAR/pg"
	start_child PostgreSQL
	wait_for 60 database_is_up_or_ended
	cluster_ready "$VAR/pg" || { tail -n 5 "$LOG/postgres.log" >&2; die "PostgreSQL does not start"; }
	cluster_database "$RUN" 9>&-
}
database_is_down() { ! cluster_pid "$VAR/pg" >/dev/null; }
database_is_up_or_ended() { cluster_ready "$VAR/pg" || gone "${PIDS[PostgreSQL]}"; }

# Pools and nginx start side by side; a request that comes before its worker waits in the socket.
start_serving() {
	start_pools
	start_nginx
}

start_pools() {
	local family
	for family in $(families); do
		keep_log_short "$LOG/$family.log"
		rm -f "$RUN/$family.sock"
		start_child "$family"
	done
}

start_nginx() {
	nginx_render "$VAR/nginx.conf"
	start_child nginx
	wait_for 15 serving || not_serving
}

# /readyz wants cron to have run, so ready is after its first run since this script began.
start_cron() {
	[ "$CARILLON_CRON" = on ] || return 0
	start_child cron
	start_child cron-jobs
	wait_for 30 cron_has_run || warn "cron has not run yet; see $(log_of cron)"
}
cron_has_run() {
	[ "$(psql -qXAt -d "$CARILLON_DATABASE_URL" -c \
		"SELECT max(started_at) > now() - interval '$((SECONDS + 1)) seconds' FROM heartbeats" 2>/dev/null)" = t ]
}

# Every pool has its socket and nginx takes connections.
serving() {
	local family
	for family in "${!PIDS[@]}"; do
		gone "${PIDS[$family]}" && not_serving
		case $family in PostgreSQL | nginx | cron*) continue ;; esac
		[ -S "$RUN/$family.sock" ] || return 1
	done
	! port_is_free
}

not_serving() {
	local name
	for name in "${!PIDS[@]}"; do
		alive "${PIDS[$name]}" || warn "$name ended at once: $(tail -n 3 "$(log_of "$name")")"
	done
	die "not ready; the logs are in $LOG"
}

log_of() { case $1 in PostgreSQL) echo "$LOG/postgres.log" ;; *) echo "$LOG/$1.log" ;; esac; }

port_is_free() {
	local first=${CARILLON_LISTEN:-127.0.0.1}
	first=${first%% *} first=${first#[}
	! (exec 3<>"/dev/tcp/${first%]}/$CARILLON_PORT") 2>/dev/null
}

# Looks after children that end, which they should not.  A child that ends while another is being
# looked after is not seen by wait -n any more, so every round asks for all of them.
supervise() {
	local name
	while :; do
		for name in "${!PIDS[@]}"; do
			alive "${PIDS[$name]}" || child_ended "$name"
		done
		sleep 2 9>&- &
		TIMER=$!
		wait -n "$TIMER" "${PIDS[@]}" 2>/dev/null || true
		kill "$TIMER" 2>/dev/null || true
	done
}

# Says which one it was and starts it again.  Whoever shut the database down in good order wants it
# down, or is about to start it again.
child_ended() { # NAME
	local pid=${PIDS[$1]} code=0
	unset "PIDS[$1]"
	wait "$pid" 2>/dev/null || code=$?
	if [ "$1" = PostgreSQL ] && [ "$code" = 0 ]; then
		warn "PostgreSQL was shut down; 'pg_ctl -D $VAR/pg start' brings it back"
		return
	fi
	warn "$1 ended with code $code, see $(log_of "$1"); starting it again"
	# nginx's workers outlive their master and keep its port, a pool's keep its socket
	[ "$1" = PostgreSQL ] || kill -TERM -- "-$pid" 2>/dev/null || true
	sleep 1 9>&-
	[ "$1" != PostgreSQL ] || database_is_down || return 0
	start_child "$1"
}

send() { # SIGNAL NAME...
	local signal=$1 name
	shift
	for name; do
		[ -z "${PIDS[$name]-}" ] || kill "-$signal" "${PIDS[$name]}" 2>/dev/null || true
	done
}

await_end() { # SECONDS NAME...: killed when the time is up
	local seconds=$1 name
	shift
	for name; do
		[ -n "${PIDS[$name]-}" ] || continue
		wait_for "$seconds" gone "${PIDS[$name]}" || { warn "killing $name"; kill -KILL -- "-${PIDS[$name]}"; }
		unset "PIDS[$name]"
	done
}

# From the outside in, so that each may finish what it has begun.
stop_all() {
	local code=$?
	trap '' INT TERM HUP
	rm -f "$RUN/ready"
	kill ${TIMER:+"$TIMER"} 2>/dev/null || true
	send TERM cron cron-jobs
	send QUIT nginx
	await_end 20 cron cron-jobs
	await_end 8 nginx
	local database=${PIDS[PostgreSQL]-}
	unset 'PIDS[PostgreSQL]'
	send TERM "${!PIDS[@]}"
	await_end 10 "${!PIDS[@]}"
	[ -z "$PRIVATE" ] || cluster_stop "$VAR/pg"
	[ -z "$database" ] || wait_for 10 gone "$database" || true
	rm -f "$RUN/supervisor.pid" "$RUN"/*.sock
	say "Carillon has stopped."
	exit "$code"
}
