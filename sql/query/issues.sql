-- Issues and their events (cgi/issues).

-- name: issue_place
-- Where an event of key $1 belongs: $2 a project's id, which a team with one project need not name,
-- $3 the environment's id or name, the key's own or production when NULL.
SELECT e.id AS environment_id
  FROM api_keys k
  JOIN projects p ON p.team_id = k.team_id AND p.id = coalesce($2::uuid, k.project_id,
	(SELECT (array_agg(o.id))[1] FROM projects o WHERE o.team_id = k.team_id HAVING count(*) = 1))
       AND (k.project_id IS NULL OR k.project_id = p.id)
  LEFT JOIN environments e ON e.project_id = p.id
       AND CASE WHEN $3::text IS NOT NULL THEN e.name = $3::text OR e.id::text = lower($3::text)
		WHEN k.environment_id IS NOT NULL THEN e.id = k.environment_id
		ELSE e.name = 'production' END
 WHERE k.id = $1::uuid;

-- name: issue_event
-- One event of issue $1, by key $2 in environment $3; $4 fingerprint, $5 title, $6 app, $7 user,
-- $8 context.  The first makes the issue.  No row: the key is good no more.  tell says whether the
-- team's notices should be made or counted up now: in full for the first 100, then now and then;
-- cron tells of what is left.
WITH place AS (
	SELECT e.id AS environment_id, e.project_id, e.name = 'production' AS counts,
	       date_trunc('milliseconds', clock_timestamp()) AS at
	  FROM api_keys k
	  JOIN environments e ON e.id = $3::uuid
	  JOIN projects p ON p.id = e.project_id AND p.team_id = k.team_id
	 WHERE k.id = $2::uuid AND (k.expires_at IS NULL OR k.expires_at > now())
	   AND (k.environment_id IS NULL OR k.environment_id = e.id)
), met AS (
	INSERT INTO issue_users (issue_id, user_hash)
	SELECT $1::uuid, md5($7::text)::uuid
	  FROM place
	 WHERE $7::text IS NOT NULL
	ON CONFLICT DO NOTHING
	RETURNING 1
), issue AS (
	INSERT INTO issues AS i (id, project_id, environment_id, fingerprint, title, app, status_at, users,
	    last_seen_at, is_untold, created_at)
	SELECT $1::uuid, project_id, environment_id, $4::text, $5::text, $6::text, at,
	       (SELECT count(*) FROM met), at, counts, at
	  FROM place
	ON CONFLICT (id) DO UPDATE
	   SET (status, status_at, round, events_before, told, is_untold, snooze_until) = (
		SELECT m.becomes, CASE WHEN m.is_news THEN excluded.last_seen_at ELSE i.status_at END,
		       i.round + m.is_news::integer,
		       CASE WHEN m.is_news THEN i.events ELSE i.events_before END,
		       CASE WHEN m.is_news THEN 0 ELSE i.told END,
		       excluded.is_untold AND m.becomes IN ('new', 'regressed'),
		       CASE WHEN NOT m.is_news THEN i.snooze_until END
		  FROM issue_moves m
		 WHERE m.status = i.status
		   AND m.move = CASE WHEN i.snooze_until <= excluded.last_seen_at THEN 'woken' ELSE 'event' END),
	       events = i.events + 1,
	       users = i.users + (SELECT count(*) FROM met),
	       last_seen_at = greatest(i.last_seen_at, excluded.last_seen_at)
	RETURNING *
), kept AS (
	INSERT INTO issue_events (issue_id, title, app, user_name, context, created_at)
	SELECT issue.id, nullif($5::text, issue.title), nullif($6::text, issue.app), $7::text, $8::json, place.at
	  FROM issue, place
	RETURNING id, created_at
), news AS (
	INSERT INTO issue_news (project_id, issue_id)
	SELECT project_id, id
	  FROM issue
	 WHERE is_untold AND events = events_before + 1
	ON CONFLICT DO NOTHING
)
SELECT issue.*, e.name AS environment_name, kept.id AS event_id, kept.created_at AS event_at,
       is_untold AND (events - events_before <= 100 OR (events - events_before) * 10 >= told * 11) AS tell
  FROM issue
 CROSS JOIN kept
  JOIN environments e ON e.id = issue.environment_id;

-- name: issue_page
-- Of project $1, for its team's member $2; $6 a status, $7 an environment's id or name.
SELECT me.role AS my_role, x.*
  FROM projects p
  JOIN members me ON me.team_id = p.team_id
  LEFT JOIN LATERAL (
	SELECT i.*, e.name AS environment_name
	  FROM issues i
	  JOIN environments e ON e.id = i.environment_id
	 WHERE i.project_id = p.id
	   AND (i.created_at, i.id) < ($3::timestamptz, $4::uuid)
	   AND ($6::text IS NULL OR i.status = $6::text)
	   AND ($7::text IS NULL OR e.name = $7::text OR e.id::text = lower($7::text))
	 ORDER BY i.created_at DESC, i.id DESC
	 LIMIT $5::bigint) x ON true
 WHERE p.id = $1::uuid AND me.user_id = $2::uuid
 ORDER BY x.created_at DESC, x.id DESC;

-- name: issue_show
SELECT me.role AS my_role, i.*, e.name AS environment_name
  FROM issues i
  JOIN projects p ON p.id = i.project_id
  JOIN members me ON me.team_id = p.team_id
  JOIN environments e ON e.id = i.environment_id
 WHERE i.id = $1::uuid AND me.user_id = $2::uuid;

-- name: issue_events_page
SELECT me.role AS my_role, x.*
  FROM issues i
  JOIN projects p ON p.id = i.project_id
  JOIN members me ON me.team_id = p.team_id
  LEFT JOIN LATERAL (
	SELECT v.id, coalesce(v.title, i.title) AS title, coalesce(v.app, i.app) AS app, v.user_name,
	       v.context, v.created_at
	  FROM issue_events v
	 WHERE v.issue_id = i.id
	   AND (v.created_at, v.id) < ($3::timestamptz, $4::uuid)
	 ORDER BY v.created_at DESC, v.id DESC
	 LIMIT $5::bigint) x ON true
 WHERE i.id = $1::uuid AND me.user_id = $2::uuid
 ORDER BY x.created_at DESC, x.id DESC;

-- name: issue_enter
SELECT p.team_id, me.role, i.*, e.name AS environment_name
  FROM issues i
  JOIN projects p ON p.id = i.project_id
  JOIN members me ON me.team_id = p.team_id
  JOIN environments e ON e.id = i.environment_id
 WHERE i.id = $1::uuid AND me.user_id = $2::uuid
   FOR NO KEY UPDATE OF i
   FOR SHARE OF me;

-- name: issue_may_snooze
-- Whether $1 is to come, and within a year.
SELECT $1::timestamptz > clock_timestamp() AND $1::timestamptz <= clock_timestamp() + interval '1 year' AS may;

-- name: issue_move
-- Status $3 by a member $2 who was let in, snoozed until $4: no row where the table of moves has none.
UPDATE issues i
   SET status = m.becomes,
       status_at = CASE WHEN m.becomes = i.status THEN i.status_at
			ELSE date_trunc('milliseconds', clock_timestamp()) END,
       snooze_until = CASE m.becomes WHEN 'snoozed' THEN $4::timestamptz END,
       is_untold = false
  FROM issue_moves m, projects p, members me, environments e
 WHERE i.id = $1::uuid AND m.status = i.status AND m.move = $3::text
   AND p.id = i.project_id AND me.team_id = p.team_id AND me.user_id = $2::uuid
   AND e.id = i.environment_id
RETURNING i.*, e.name AS environment_name;

-- name: issue_untold
-- Issues from $1 on that notices tell too little of.
SELECT id FROM issues
 WHERE is_untold AND id > $1::uuid
 ORDER BY id
 LIMIT 100;

-- name: issue_tell
-- What to tell of issue $1, which is locked; no row: nothing, or somebody else just did.  is_known: its
-- news were told before, and notices of its own count up.
WITH old AS (
	SELECT id, told
	  FROM issues
	 WHERE id = $1::uuid AND is_untold
	   FOR NO KEY UPDATE
), issue AS (
	UPDATE issues i
	   SET told = i.events - i.events_before, is_untold = false
	  FROM old
	 WHERE i.id = old.id
	RETURNING i.*, old.told AS told_before
)
SELECT i.title, i.status, i.round, i.told AS repeats, i.told_before > 0 AS is_known, i.project_id, p.name AS project_name,
       p.team_id, t.name AS team_name, e.id AS environment_id, e.name AS environment_name,
       (SELECT array_agg(m.user_id ORDER BY m.user_id)
	  FROM members m WHERE m.team_id = p.team_id) AS users
  FROM issue i
  JOIN projects p ON p.id = i.project_id
  JOIN teams t ON t.id = p.team_id
  JOIN environments e ON e.id = i.environment_id;

-- name: issue_burst
-- One more of project $1's news within an hour.  is_own: it gets notices of its own, being one of the
-- first $2.
INSERT INTO issue_bursts AS b (project_id, began_at, news)
VALUES ($1::uuid, date_trunc('milliseconds', clock_timestamp()), 1)
ON CONFLICT (project_id) DO UPDATE
   SET (began_at, news, shown, is_behind) = (
	SELECT CASE WHEN over THEN excluded.began_at ELSE b.began_at END,
	       CASE WHEN over THEN 1 ELSE b.news + 1 END,
	       CASE WHEN over THEN 0 ELSE b.shown END,
	       NOT over AND b.news >= $2::bigint
	  -- not before the notice of the last hour is right
	  FROM (SELECT NOT b.is_behind AND b.began_at <= excluded.began_at - interval '1 hour' AS over) o)
RETURNING NOT is_behind AS is_own,
       -- now and then, as for one issue: cron tells of the rest
       is_behind AND (news <= 2 * $2::bigint OR (news - $2::bigint) * 10 >= shown * 11) AS tell;

-- name: issue_burst_tell
-- What the shared notice of project $1 should say, and it does from now on; no row: it says so already.
WITH old AS (
	SELECT project_id, shown
	  FROM issue_bursts
	 WHERE project_id = $1::uuid AND is_behind
	   FOR NO KEY UPDATE
), burst AS (
	UPDATE issue_bursts b
	   SET shown = b.news - $2::bigint, is_behind = false
	  FROM old
	 WHERE b.project_id = old.project_id
	RETURNING b.*, old.shown > 0 AS is_known
)
SELECT b.shown AS issues, b.is_known, to_char(b.began_at, 'YYYY-MM-DD"T"HH24:MI:SS.MS') AS began, p.name AS project_name,
       p.team_id, t.name AS team_name,
       (SELECT array_agg(m.user_id ORDER BY m.user_id)
	  FROM members m WHERE m.team_id = p.team_id) AS users
  FROM burst b
  JOIN projects p ON p.id = b.project_id
  JOIN teams t ON t.id = p.team_id;

-- name: issue_bursts_behind
-- Projects from $1 on whose shared notice tells of too few.
SELECT project_id AS id FROM issue_bursts
 WHERE is_behind AND project_id > $1::uuid
 ORDER BY project_id
 LIMIT 100;

-- name: issue_count_up
-- The unread notices of key $2 of the users $1, whose inboxes are locked, get the body $3.
WITH changed AS (
	UPDATE notifications n
	   SET body = $3::text
	  FROM unnest($1::uuid[]) AS given (id)
	 WHERE n.user_id = given.id AND n.dedupe_key = $2::text
	   AND n.read_at IS NULL AND n.deleted_at IS NULL
	RETURNING n.user_id, n.in_app
)
UPDATE inbox i
   SET version = i.version + 1
  FROM changed
 WHERE i.user_id = changed.user_id AND changed.in_app;

-- name: issue_hush
-- At most one mail an hour of kind $3 and project $4 to each of the users $1: the others of the
-- notices with key $2 stay in the bell, and the digest has them.
WITH queued AS (
	SELECT d.user_id, d.id, d.created_at
	  FROM unnest($1::uuid[]) AS given (id)
	  JOIN notifications n ON n.user_id = given.id
	  JOIN deliveries d ON d.user_id = n.user_id AND d.notification_id = n.id
	 WHERE n.dedupe_key = $2::text
	   AND d.channel = 'email' AND d.status = 'pending' AND d.attempts = 0
), first AS (
	INSERT INTO mail_hours AS h (user_id, kind, project_id, at)
	SELECT user_id, $3::text, $4::uuid, created_at FROM queued ORDER BY user_id
	ON CONFLICT (user_id, kind, project_id) DO UPDATE
	   SET at = excluded.at
	 WHERE h.at <= excluded.at - interval '1 hour'
	RETURNING user_id
)
UPDATE deliveries d
   SET status = 'skipped', error = 'one mail an hour', decided_at = d.created_at
  FROM queued
 WHERE d.user_id = queued.user_id AND d.id = queued.id
   AND NOT EXISTS (SELECT 1 FROM first WHERE first.user_id = d.user_id);

-- ---- digests (cron/digest.c) ----

-- name: digest_due
-- Projects from $2 on, 100 at most, that may have a digest at $1, NULL for now.
WITH clock AS MATERIALIZED (
	SELECT date_trunc('milliseconds', coalesce($1::timestamptz, now())) AS at
)
SELECT p.id
  FROM projects p, clock
 WHERE p.id > $2::uuid
   AND p.issue_digest <> 'none'
   AND (p.digested_at IS NULL OR p.digested_at <= clock.at - digest_pause(p.issue_digest))
   AND EXISTS (SELECT 1 FROM issue_news n WHERE n.project_id = p.id)
 ORDER BY p.id
 LIMIT 100;

-- name: digest_lock
-- Project $1, if it is due at $2 or $3 says now: locked, so that two runs make one digest.
SELECT p.name AS project_name, p.team_id, t.name AS team_name, p.issue_digest AS cadence,
       date_trunc('milliseconds', coalesce($2::timestamptz, now())) AS at,
       (SELECT array_agg(m.user_id ORDER BY m.user_id)
	  FROM members m WHERE m.team_id = p.team_id) AS users
  FROM projects p
  JOIN teams t ON t.id = p.team_id
 WHERE p.id = $1::uuid
   AND ($3::boolean OR p.issue_digest <> 'none'
	AND (p.digested_at IS NULL OR p.digested_at
	    <= date_trunc('milliseconds', coalesce($2::timestamptz, now())) - digest_pause(p.issue_digest)))
   FOR NO KEY UPDATE OF p;

-- name: digest_count
-- What a digest of project $1 would tell of.
SELECT count(*) FILTER (WHERE i.status = 'new') AS new,
       count(*) FILTER (WHERE i.status = 'regressed') AS regressed
  FROM issue_news n
  JOIN issues i ON i.id = n.issue_id
 WHERE n.project_id = $1::uuid;

-- name: digest_hold
-- What is no news: an event that is about to make it some again is waited for, or waits for us.
SELECT 1
  FROM issue_news n
  JOIN issues i ON i.id = n.issue_id
 WHERE n.project_id = $1::uuid AND i.status NOT IN ('new', 'regressed')
 ORDER BY i.id
   FOR NO KEY UPDATE OF i;

-- name: digest_take
-- The same, and it is told: what somebody has taken in hand meanwhile is no news any more.
WITH taken AS (
	DELETE FROM issue_news WHERE project_id = $1::uuid
	RETURNING issue_id
)
SELECT count(*) FILTER (WHERE i.status = 'new') AS new,
       count(*) FILTER (WHERE i.status = 'regressed') AS regressed
  FROM taken
  JOIN issues i ON i.id = taken.issue_id;

-- name: digest_done
UPDATE projects SET digested_at = $2::timestamptz WHERE id = $1::uuid;

-- name: digest_untold
SELECT (SELECT count(*) FROM issues WHERE is_untold) +
       (SELECT count(*) FROM issue_bursts WHERE is_behind) AS n;

-- ---- how often a key may ask (common/rate.c) ----

-- name: rate_take
-- Some uses of key $1, which has $3 a minute: how many were granted, and how many milliseconds of the
-- minute are left.  At most $2, and one by one of the last half: what one process has not spent when
-- the minute ends, no other could.
WITH clock AS MATERIALIZED (
	SELECT clock_timestamp() AS at
), rate AS (
	INSERT INTO key_rates AS r (key_id, minute_at, asked, taken)
	SELECT $1::uuid, date_trunc('minute', at), $2::bigint, $2::bigint FROM clock
	ON CONFLICT (key_id) DO UPDATE
	   SET (minute_at, asked, taken) = (
		SELECT greatest(r.minute_at, excluded.minute_at), used + take, take
		  FROM (SELECT CASE WHEN r.minute_at >= excluded.minute_at THEN r.asked ELSE 0 END AS used) u,
		       LATERAL (SELECT greatest(0, least($2::bigint, $3::bigint - used,
			   greatest(1, ($3::bigint / 2 - used) / 50))) AS take) t)
	RETURNING taken, minute_at
)
SELECT taken AS granted,
       greatest(1, ceil(extract(epoch FROM minute_at + interval '1 minute' - at) * 1000))::bigint AS left_ms
  FROM rate, clock;
