# shellcheck shell=bash
# ready - how soon the pools and nginx serve, with the database up.

# sets MS: from nothing to the first answer that came out of the database
time_to_ready() {
	local began=${EPOCHREALTIME/./}
	start_serving
	wait_for 10 answers || die "no answer within 10 seconds"
	MS=$(calc "(${EPOCHREALTIME/./} - $began) / 1000")
}
answers() {
	curl -fsS -m 5 -o /dev/null -b "token=$(head -n 1 "$BENCH_TOKENS")" "$URL/v1/notifications/unread-count" 2>/dev/null
}

stop_serving() {
	local name
	send QUIT nginx
	await_end 8 nginx
	for name in "${!PIDS[@]}"; do
		[ "$name" = PostgreSQL ] || send TERM "$name"
	done
	for name in "${!PIDS[@]}"; do
		[ "$name" = PostgreSQL ] || await_end 10 "$name"
	done
}

if wanted ready; then
	times=()
	for ((ROUND = 1; ROUND <= BENCH_ROUNDS; ROUND++)); do
		time_to_ready
		times+=("$MS")
		stop_serving
	done
	record ready null null null null null "$(median "${times[@]}")" most 300
fi
