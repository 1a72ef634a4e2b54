# shellcheck shell=bash
# firing - carillon-cron fire with MOMENTS due at once, and what that does to polls.
FIRE_CLIENTS=2	# fire has as many connections for transactions
START=0

# The same experiments again, each in a schedule of its own.
arm() {
	START=$((START + MOMENTS))
	sql "SELECT bench.schedule($START)" 'VACUUM (ANALYZE) experiments, schedules, moments' CHECKPOINT >/dev/null
}

# sets RATE, and P50 and P99 of how long after its begin a moment was decided, in ms
fire_run() {
	local began=${EPOCHREALTIME/./} ended said
	said=$("$BUILT/carillon-cron" fire) || die "fire: $said"
	ended=${EPOCHREALTIME/./}
	[[ $said == *"\"fired\":$MOMENTS,\"missed\":0,\"failed\":0,\"skipped\":0"* ]] || die "fire: $said"
	RATE=$(calc "$MOMENTS * 1000000 / ($ended - $began)")
	IFS='|' read -r P50 P99 <<<"$(sql "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY late),
			percentile_cont(0.99) WITHIN GROUP (ORDER BY late)
		FROM (SELECT extract(epoch FROM decided_at) * 1000 - $began / 1000.0 AS late
			FROM moments ORDER BY decided_at DESC NULLS LAST LIMIT $MOMENTS) last")"
}

floor_run() { # sets RATE
	local out
	sql 'SET client_min_messages = warning' 'CREATE TABLE IF NOT EXISTS bench.mail AS SELECT payload FROM deliveries
		WHERE channel = '\''email'\'' LIMIT 1' 'GRANT SELECT ON bench.mail TO carillon_worker'
	out=$(pgbench -n -M prepared -c $FIRE_CLIENTS -j 2 -t $((MOMENTS / FIRE_CLIENTS)) -f "$BENCH/firing.pgbench" \
		-D i=1 -D share=$((MOMENTS / FIRE_CLIENTS)) -D start=$START -D teams=$((BENCH_USERS / 10)) \
		-h "$RUN" -U carillon_worker carillon 2>&1) || die "pgbench firing: $out"
	RATE=$(sed -n 's/^tps = \([0-9.]*\) .*/\1/p' <<<"$out")
}

if wanted fire || wanted fire-lateness; then
	rates=() floors=() p50s=() p99s=()
	for ((ROUND = 1; ROUND <= BENCH_ROUNDS; ROUND++)); do
		arm
		fire_run
		rates+=("$RATE") p50s+=("$P50") p99s+=("$P99")
		arm
		floor_run
		floors+=("$RATE")
	done
	rate=$(median "${rates[@]}") floor_rate=$(median "${floors[@]}")
	! wanted fire || record fire "$rate" null null "pgbench firing, $FIRE_CLIENTS" "$floor_rate" \
		"$(calc "$rate / $floor_rate")" goal 0.5
	! wanted fire-lateness || record fire-lateness null "$(median "${p50s[@]}")" "$(median "${p99s[@]}")" \
		null null null goal null
fi

if wanted poll-while-firing; then
	rates=() p50s=() p99s=() ratios=()
	wrk_run unread-count 32 1
	for ((ROUND = 1; ROUND <= BENCH_ROUNDS; ROUND++)); do
		arm
		wrk_run unread-count
		quiet=$P99
		"$BUILT/carillon-cron" fire >"$VAR/fired" &
		firing=$!
		sleep 0.3
		wrk_run unread-count 32 3
		alive "$firing" || die "firing $MOMENTS moments has not lasted as long as the polls; set BENCH_MOMENTS"
		wait "$firing" || die "fire: $(cat "$VAR/fired")"
		rates+=("$RATE") p50s+=("$P50") p99s+=("$P99") ratios+=("$(calc "$P99 / $quiet")")
	done
	record poll-while-firing "$(median "${rates[@]}")" "$(median "${p50s[@]}")" "$(median "${p99s[@]}")" \
		null null "$(median "${ratios[@]}")" most 3
fi
