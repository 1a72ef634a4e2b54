# shellcheck shell=bash
# producers - events of issues, digests of them, and the cleanup of what is old.
export BENCH_FINGERPRINTS=20	# of each team's production
PROJECTS=${BENCH_PROJECTS:-1000} ISSUES=${BENCH_ISSUES:-1000}	# in each of them, for digests
OLD=${BENCH_OLD:-1000000}	# rows for cleanup

if wanted issue-events; then
	psql -qX -d "$SUPERUSER" -v users="$BENCH_USERS" -v picks="$PICKS" -v fingerprints="$BENCH_FINGERPRINTS" -f "$BENCH/events.sql" >/dev/null
	sane 201 '"fingerprint":"f-1",.*"events":100001,' /v1/issues/events -H "Authorization: Bearer car_client_$(printf %048d 11)" \
		-H 'Content-Type: application/json' -d '{"fingerprint":"f-1","title":"TypeError: total is undefined","app":"shop","user":"user-1"}'
	BEFORE='sql CHECKPOINT' compare issue-events 0.50 'pgbench issue_event, 32' pgbench_run issue_event 32
fi

# What is loaded is sound: foreign keys need not be looked up.
load() { sql "SET synchronous_commit = off" "SET session_replication_role = replica" "$@"; }

issues_of_projects() {
	load "INSERT INTO projects (id, team_id, name, issue_digest)
		SELECT bench.uuid('d100', p), bench.uuid('b000', 1 + p % ($BENCH_USERS / 10)), 'Shop ' || p, 'hourly' FROM generate_series(1, $PROJECTS) p" \
		"INSERT INTO environments (id, project_id, name, position)
		SELECT bench.uuid('e100', p), bench.uuid('d100', p), 'production', 0 FROM generate_series(1, $PROJECTS) p" \
		"INSERT INTO issues (id, project_id, environment_id, title, app, status, status_at, events, told, last_seen_at, created_at)
		SELECT md5(p || ' ' || n)::uuid, bench.uuid('d100', p), bench.uuid('e100', p), 'TypeError: total is undefined', 'shop',
			CASE n % 10 WHEN 0 THEN 'regressed' ELSE 'new' END, now(), 60, 60, now(), now()
		FROM generate_series(1, $ISSUES) n, generate_series(1, $PROJECTS) p"
}

# Nobody was told of any.
arm_digests() {
	load "INSERT INTO issue_news (project_id, issue_id)
		SELECT project_id, id FROM issues WHERE project_id IN (SELECT bench.uuid('d100', p) FROM generate_series(1, $PROJECTS) p)" \
		"UPDATE projects SET digested_at = NULL" "DELETE FROM notifications WHERE type = 'issue.digest' AND dedupe_key LIKE 'digest:%'"
	sql 'VACUUM (ANALYZE) issues, issue_news, projects, notifications, deliveries' CHECKPOINT
}

# Set MS: of a run, and of the SELECT that finds what it has to tell.
digest_run() {
	local began=${EPOCHREALTIME/./} said
	said=$("$BUILT/carillon-cron" digest) || die "digest: $said"
	MS=$(calc "(${EPOCHREALTIME/./} - $began) / 1000")
	[[ $said == *"\"digests\":$PROJECTS,\"issues\":$((PROJECTS * ISSUES)),"* ]] || die "digest: $said"
}
digest_select() {
	local out
	out=$(psql -qXAt -v ON_ERROR_STOP=1 -h "$RUN" -U carillon_worker carillon <<-'SQL'
		\timing on
		SELECT count(*), sum(new + regressed) FROM (SELECT n.project_id, count(*) FILTER (WHERE i.status = 'new') AS new,
			count(*) FILTER (WHERE i.status = 'regressed') AS regressed
		FROM issue_news n JOIN issues i ON i.id = n.issue_id GROUP BY n.project_id) told;
	SQL
	) || die "the SELECT fails"
	[[ $out == "$PROJECTS|$((PROJECTS * ISSUES))"* ]] || die "the SELECT finds $out"
	MS=$(sed -n 's/^Time: \([0-9.]*\) ms.*/\1/p' <<<"$out")
}

if wanted digest; then
	issues_of_projects
	times=() selects=() ratios=()
	for ((ROUND = 1; ROUND <= BENCH_ROUNDS; ROUND++)); do
		arm_digests
		digest_select	# once for nothing: VACUUM has left its pages, or not
		digest_select
		selects+=("$MS") was=$MS
		digest_run
		times+=("$MS") ratios+=("$(calc "$MS / $was")")
	done
	record digest "$(calc "$PROJECTS * $ISSUES * 1000 / $(median "${times[@]}")")" "$(median "${times[@]}")" null 'its SELECT alone' \
		"$(calc "$PROJECTS * $ISSUES * 1000 / $(median "${selects[@]}")")" "$(median "${ratios[@]}")" most 10
fi

# Half of them read long ago, to be hidden; half hidden long ago, to be erased with a delivery each.
old_rows() {
	load "INSERT INTO notifications (user_id, type, title, body, link, dedupe_key, read_at, deleted_at, created_at)
		SELECT bench.uuid('8000', 1 + n % $BENCH_USERS), 'issue.digest', '3 new issues in Web Shop',
			'1 regression, 2 new errors since yesterday''s digest.', '/dashboard/issues?project=1', 'old:' || n,
			now() - interval '100 days' + n * interval '1 second', CASE WHEN n % 2 = 0 THEN now() - interval '99 days' + n * interval '1 millisecond' END,
			now() - interval '120 days'
		FROM generate_series(1, $OLD) n" \
		"INSERT INTO deliveries (user_id, id, notification_id, channel, kind, status, created_at, decided_at)
		SELECT user_id, id, id, 'in_app', type, 'sent', created_at, created_at FROM notifications WHERE dedupe_key LIKE 'old:%' AND deleted_at IS NOT NULL"
	sql 'VACUUM (ANALYZE) notifications, deliveries' CHECKPOINT
}
due_rows() {
	sql "SELECT count(*) FROM notifications WHERE deleted_at < now() - interval '90 days' OR deleted_at IS NULL AND read_at < now() - interval '30 days'"
}

if wanted cleanup; then
	old_rows
	was=$(due_rows)
	[ "$was" = "$OLD" ] || die "$was rows are due, not $OLD"
	ROUND=1 wrk_run unread-count 32 1
	rates=() p50s=() p99s=() ratios=() floors=()
	for ((ROUND = 1; ROUND <= BENCH_ROUNDS; ROUND++)); do
		wrk_run unread-count
		floors+=("$RATE") quiet=$P99
		"$BUILT/carillon-cron" cleanup >"$VAR/cleaned" &
		cleaning=$!
		sleep 0.3
		wrk_run unread-count
		alive "$cleaning" || die "the cleanup has not lasted as long as the polls; set BENCH_OLD"
		kill -TERM "$cleaning"
		wait "$cleaning" || die "cleanup: $(cat "$VAR/cleaned")"
		rates+=("$RATE") p50s+=("$P50") p99s+=("$P99") ratios+=("$(calc "$P99 / $quiet")")
	done
	left=$(due_rows)
	[ "$left" -lt $((OLD - BENCH_ROUNDS * BENCH_SECONDS * 1000)) ] || die "beside the polls only $((OLD - left)) rows were cleaned"
	record cleanup "$(median "${rates[@]}")" "$(median "${p50s[@]}")" "$(median "${p99s[@]}")" "polls with nothing else" \
		"$(median "${floors[@]}")" "$(median "${ratios[@]}")" most 3
fi
