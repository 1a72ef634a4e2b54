# shellcheck shell=bash
# writes - what changes rows, and what that does to polls.

# The newest 50 of everybody unread, as they were.
unread_again() {
	sql "UPDATE notifications n SET read_at = NULL
		FROM inbox i CROSS JOIN LATERAL (SELECT id FROM notifications
			WHERE user_id = i.user_id AND deleted_at IS NULL AND in_app
			ORDER BY created_at DESC, id DESC LIMIT 50) newest
		WHERE n.user_id = i.user_id AND n.id = newest.id AND n.read_at IS NOT NULL
			AND i.user_id <> bench.uuid('8000', $LARGE_USER)" \
		"UPDATE inbox i SET version = version + 1, unread = (SELECT count(*) FROM notifications
			WHERE user_id = i.user_id AND deleted_at IS NULL AND in_app AND read_at IS NULL)
		WHERE user_id <> bench.uuid('8000', $LARGE_USER)" CHECKPOINT
}

# Four clients mark everything read, all the time; rows become unread again in between.
if wanted poll-while-marking; then
	ratios=() rates=() p50s=() p99s=()
	for ((ROUND = 1; ROUND <= BENCH_ROUNDS; ROUND++)); do
		unread_again
		wrk_run mark-loop 4 $((BENCH_SECONDS + 2)) &
		marking=$!
		sleep 1
		wrk_run unread-count
		wait $marking || die "the clients that mark have failed"
		rates+=("$RATE") p50s+=("$P50") p99s+=("$P99") ratios+=("$(calc "$P99 / $P50")")
	done
	record poll-while-marking "$(median "${rates[@]}")" "$(median "${p50s[@]}")" "$(median "${p99s[@]}")" \
		null null "$(median "${ratios[@]}")" most 10
fi

# Everybody's 50, once each.
if wanted mark-all; then
	unread_again
	sane 200 '^\{"marked":50\}$' /v1/notifications/mark-all-read -X POST
	COLD=yes BEFORE=unread_again inform mark-all
fi

# Any row of a user's: a page that is changed for the first time after a checkpoint is written
# whole, so each run begins with one.
if wanted patch; then
	id=$(sql "SELECT bench.uuid('a000', 1)")
	sane 200 '"read_at":"2' "/v1/notifications/$id" -X PATCH -H 'Content-Type: application/json' -d '{"read":true}'
	sane 200 '"read_at":null' "/v1/notifications/$id" -X PATCH -H 'Content-Type: application/json' -d '{"read":false}'
	BEFORE='sql CHECKPOINT' compare patch 0.60 'pgbench notification_mark, 32' pgbench_run notification_mark 32
fi

if wanted delete; then
	id=$(sql "SELECT bench.uuid('a000', $BENCH_ROWS)")
	sane 200 "^\{\"id\":\"$id\"\}$" "/v1/notifications/$id" -X DELETE
	COLD=yes BEFORE='sql CHECKPOINT' inform delete
fi
