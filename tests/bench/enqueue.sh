# shellcheck shell=bash
# enqueue - one event told to a team of 10,000: feedback through nginx, which writes 10,000 rows of
# inboxes and 20,000 deliveries in one transaction.
TEAM=${BENCH_TEAM:-10000}
FEEDBACK_KEY=car_client_$(printf 'b%.0s' {1..48})

team_of_many() {
	[ -z "$(sql "SELECT to_regclass('bench.notices')")" ] || return 0
	sql "INSERT INTO users (id, email, name)
		SELECT bench.uuid('8000', 1000000 + u), format('member%s@example.com', u), format('Member %s', u)
		FROM generate_series(1, $TEAM) u" \
		"INSERT INTO inbox (user_id) SELECT bench.uuid('8000', 1000000 + u) FROM generate_series(1, $TEAM) u" \
		"INSERT INTO teams (id, name) VALUES (bench.uuid('7000', 1), 'Many')" \
		"INSERT INTO members (team_id, user_id, role)
		SELECT bench.uuid('7000', 1), bench.uuid('8000', 1000000 + u), 'viewer' FROM generate_series(1, $TEAM) u" \
		"INSERT INTO projects (id, team_id, name) VALUES (bench.uuid('7000', 2), bench.uuid('7000', 1), 'Web Shop')" \
		"INSERT INTO environments (id, project_id, name, position)
		VALUES (bench.uuid('7000', 3), bench.uuid('7000', 2), 'production', 0)" \
		"INSERT INTO api_keys (team_id, kind, name, prefix, hash, project_id, environment_id)
		VALUES (bench.uuid('7000', 1), 'client', 'bench', left('$FEEDBACK_KEY', 18),
			sha256('$FEEDBACK_KEY'), bench.uuid('7000', 2), bench.uuid('7000', 3))" \
		"CREATE UNLOGGED TABLE bench.notices AS SELECT * FROM notifications WHERE false" \
		"CREATE UNLOGGED TABLE bench.sendings AS SELECT * FROM deliveries WHERE false" \
		"GRANT SELECT ON bench.notices, bench.sendings TO carillon_web" \
		"VACUUM ANALYZE"
}

# Sets SECONDS_TAKEN
tell_team() {
	local got
	got=$(curl -sS -m 30 -o /dev/null -w '%{http_code} %{time_total}' -H "Authorization: Bearer $FEEDBACK_KEY" \
		-H 'Content-Type: application/json' "$URL/v1/feedback" \
		-d '{"name":"Ada","message":"The export button does nothing while the list is filtered by date."}')
	[[ $got == 201\ * ]] || die "the feedback was answered with $got"
	SECONDS_TAKEN=${got#* }
}

# The rows of the feedback are taken away, and kept when told so: both begin with the same tables.
forget() { # [keep]
	local mine="dedupe_key LIKE 'feedback:%'"
	if [ "${1-}" = keep ]; then
		sql "TRUNCATE bench.notices, bench.sendings" "INSERT INTO bench.notices SELECT * FROM notifications WHERE $mine" \
			"INSERT INTO bench.sendings SELECT d.* FROM deliveries d
			JOIN bench.notices n ON n.user_id = d.user_id AND n.id = d.notification_id"
		[ "$(sql "SELECT count(*) FROM bench.notices") $(sql "SELECT count(*) FROM bench.sendings")" = "$TEAM $((2 * TEAM))" ] ||
			die "the feedback did not reach everybody on both channels"
	fi
	sql "DELETE FROM notifications WHERE $mine" "UPDATE inbox SET unread = 0 WHERE user_id IN (SELECT user_id FROM bench.notices)" \
		"VACUUM notifications, deliveries, inbox, bench.notices, bench.sendings" CHECKPOINT
}

# The same rows by two INSERTs, in one transaction, as the same user: sets SECONDS_TAKEN
insert_bare() {
	local out
	out=$(psql -qXAt -v ON_ERROR_STOP=1 -h "$RUN" -U carillon_web carillon <<-'SQL'
		SELECT count(*) FROM bench.notices, pg_sleep(0) WHERE false;
		\timing on
		BEGIN\; INSERT INTO notifications SELECT * FROM bench.notices\; INSERT INTO deliveries SELECT * FROM bench.sendings\; COMMIT;
	SQL
	) || die "the bare INSERTs fail"
	SECONDS_TAKEN=$(sed -n 's/^Time: \([0-9.]*\) ms.*/\1/p' <<<"$out" | awk '{ print $1 / 1000 }')
}

if wanted enqueue-10000; then
	team_of_many
	tell_team	# statements are prepared
	forget
	rates=() floors=() times=()
	for ((ROUND = 1; ROUND <= BENCH_ROUNDS * 2 - 1; ROUND++)); do
		tell_team
		rates+=("$(calc "$TEAM / $SECONDS_TAKEN")") times+=("$(calc "$SECONDS_TAKEN * 1000")")
		forget keep
		insert_bare
		floors+=("$(calc "$TEAM / $SECONDS_TAKEN")")
		forget
	done
	record enqueue-10000 "$(median "${rates[@]}")" "$(median "${times[@]}")" null "the same rows by INSERT" \
		"$(median "${floors[@]}")" "$(calc "$(median "${rates[@]}") / $(median "${floors[@]}")")" goal 0.60
fi

tell_until() { # FILE: again and again while it is there
	while [ -e "$1" ]; do
		tell_team
	done
}

if wanted poll-while-enqueueing; then
	team_of_many
	tell_team
	ratios=() rates=() p50s=() p99s=() quiet=()
	for ((ROUND = 1; ROUND <= BENCH_ROUNDS; ROUND++)); do
		forget
		wrk_run unread-count
		quiet+=("$RATE") was=$P99
		: >"$VAR/telling"
		tell_until "$VAR/telling" &
		telling=$!
		sleep 0.2
		wrk_run unread-count
		rm "$VAR/telling"
		wait $telling || die "the client that tells has failed"
		rates+=("$RATE") p50s+=("$P50") p99s+=("$P99") ratios+=("$(calc "$P99 / $was")")
	done
	forget
	record poll-while-enqueueing "$(median "${rates[@]}")" "$(median "${p50s[@]}")" "$(median "${p99s[@]}")" \
		"polls with nothing else" "$(median "${quiet[@]}")" "$(median "${ratios[@]}")" most 3
fi
