-- Statements in the form that a Citus coordinator can run (CARILLON_CITUS, sql/citus.sql): citus_x
-- is sent in place of x, with its parameters and to the same end.  What x has to say is said there.
--
-- Rows of several users are on several workers.  There they cannot be locked by SELECT: an UPDATE that
-- changes nothing does it.  Citus lets one UPDATE of many users at a time touch a shard, and takes the
-- shards of a statement in one order, so two statements cannot lock each other out; and what two runs
-- would both take, the second one leaves when it looks again.  WITH is run part by part, in the order
-- in which it is written.

-- name: citus_inbox_poll
-- One caller, so one shard and one worker.  An array of callers costs twice the processor time with 32 shards,
-- a distributed function half as much again, and two statements of one table each, that Citus would not plan
-- anew, a third more.
SELECT 1 AS nth, i.unread, i.version
  FROM sessions s
  JOIN inbox i ON i.user_id = s.user_id
 WHERE s.user_id = $1::uuid AND s.id = $2::uuid
   AND s.revoked_at IS NULL AND s.expires_at > now();

-- name: citus_notify_open
-- No more than a look where everybody has one.
WITH known AS MATERIALIZED (
	SELECT user_id FROM inbox WHERE user_id = ANY ($1::uuid[])
), missing AS MATERIALIZED (
	SELECT id FROM users
	 WHERE id = ANY ($1::uuid[]) AND NOT EXISTS (SELECT 1 FROM known WHERE known.user_id = users.id)
)
INSERT INTO inbox (user_id)
SELECT id FROM missing
ON CONFLICT DO NOTHING;

-- name: citus_notify_lock
-- A join, which goes to every shard, as that of notify_enqueue does: two that held the shards of = ANY, each
-- some, would then wait for each other's.
WITH locked AS (
	UPDATE inbox i
	   SET version = i.version
	  FROM unnest($1::uuid[]) AS given (id)
	 WHERE i.user_id = given.id
	RETURNING 1
)
SELECT count(*) AS inboxes FROM locked;

-- ---- cleanup ----

-- name: citus_cleanup_hide
WITH clock AS MATERIALIZED (
	SELECT at, at - interval '30 days' AS oldest
	  FROM (SELECT date_trunc('milliseconds', coalesce($1::timestamptz, now())) AS at) c
), old AS MATERIALIZED (
	SELECT user_id, id
	  FROM notifications
	 WHERE deleted_at IS NULL AND read_at IS NOT NULL AND snooze_until IS NULL
	   AND read_at < (SELECT oldest FROM clock)
	   AND (restored_at IS NULL OR restored_at < (SELECT oldest FROM clock))
	 ORDER BY read_at
	 LIMIT 1000
), locked AS (
	UPDATE inbox SET version = version
	 WHERE user_id IN (SELECT user_id FROM old)
), gone AS (
	UPDATE notifications n
	   SET deleted_at = clock.at
	  FROM clock, old
	 WHERE n.user_id = old.user_id AND n.id = old.id
	   AND n.deleted_at IS NULL AND n.snooze_until IS NULL
	   AND n.read_at < clock.oldest
	   AND (n.restored_at IS NULL OR n.restored_at < clock.oldest)
	RETURNING n.user_id, n.in_app
), moved AS (
	UPDATE inbox i
	   SET version = i.version + 1
	  FROM (SELECT DISTINCT user_id FROM gone WHERE in_app) seen
	 WHERE i.user_id = seen.user_id
)
SELECT (SELECT count(*) FROM gone) AS n, (SELECT count(*) FROM old) = 1000 AS more;

-- name: citus_cleanup_erase
WITH old AS MATERIALIZED (
	SELECT user_id, id
	  FROM notifications
	 WHERE deleted_at IS NOT NULL
	   AND deleted_at < date_trunc('milliseconds', coalesce($1::timestamptz, now())) - interval '90 days'
	 ORDER BY deleted_at
	 LIMIT 1000
), gone AS (
	DELETE FROM notifications n
	 USING old
	 WHERE n.user_id = old.user_id AND n.id = old.id
	RETURNING 1
)
SELECT (SELECT count(*) FROM gone) AS n, (SELECT count(*) FROM old) = 1000 AS more;

-- name: citus_cleanup_sessions
WITH old AS MATERIALIZED (
	SELECT user_id, id
	  FROM sessions
	 WHERE expires_at < date_trunc('milliseconds', coalesce($1::timestamptz, now()))
	 ORDER BY expires_at
	 LIMIT 1000
), gone AS (
	DELETE FROM sessions s
	 USING old
	 WHERE s.user_id = old.user_id AND s.id = old.id
	RETURNING 1
)
SELECT (SELECT count(*) FROM gone) AS n, (SELECT count(*) FROM old) = 1000 AS more;

-- name: citus_cleanup_revoked
WITH old AS MATERIALIZED (
	SELECT user_id, id
	  FROM sessions
	 WHERE revoked_at < date_trunc('milliseconds', coalesce($1::timestamptz, now())) - interval '30 days'
	 ORDER BY revoked_at
	 LIMIT 1000
), gone AS (
	DELETE FROM sessions s
	 USING old
	 WHERE s.user_id = old.user_id AND s.id = old.id
	RETURNING 1
)
SELECT (SELECT count(*) FROM gone) AS n, (SELECT count(*) FROM old) = 1000 AS more;

-- name: citus_cleanup_deliveries
WITH old AS MATERIALIZED (
	SELECT user_id, id
	  FROM deliveries
	 WHERE notification_id IS NULL
	   AND decided_at < date_trunc('milliseconds', coalesce($1::timestamptz, now())) - interval '90 days'
	 ORDER BY decided_at
	 LIMIT 1000
), gone AS (
	DELETE FROM deliveries d
	 USING old
	 WHERE d.user_id = old.user_id AND d.id = old.id
	RETURNING 1
)
SELECT (SELECT count(*) FROM gone) AS n, (SELECT count(*) FROM old) = 1000 AS more;

-- ---- deliveries ----

-- name: citus_dispatch_claim
WITH lease AS MATERIALIZED (
	SELECT gen_random_uuid() AS token, clock_timestamp() AS at,
	       clock_timestamp() + $4::bigint * interval '1 millisecond' AS until
), codes AS MATERIALIZED (
	SELECT user_id, id, next_try_at
	  FROM deliveries
	 WHERE status = 'pending' AND channel = $2::text AND batch_id IS NULL AND kind = 'auth.code'
	   AND next_try_at <= coalesce($1::timestamptz, now())
	   AND (lease_until IS NULL OR lease_until < (SELECT at FROM lease))
	 ORDER BY next_try_at
	 LIMIT 100
), others AS MATERIALIZED (
	SELECT user_id, id, next_try_at
	  FROM deliveries
	 WHERE status = 'pending' AND channel = $2::text AND batch_id IS NULL
	   AND next_try_at <= coalesce($1::timestamptz, now())
	   AND (lease_until IS NULL OR lease_until < (SELECT at FROM lease))
	   AND $6::boolean AND (SELECT count(*) FROM codes) = 0
	 ORDER BY next_try_at, created_at
	 LIMIT 100
), due AS MATERIALIZED (
	SELECT user_id, id FROM codes UNION ALL SELECT user_id, id FROM others
), mine AS MATERIALIZED (
	UPDATE deliveries d
	   SET lease_token = lease.token, lease_until = lease.until
	  FROM due, lease
	 WHERE d.user_id = due.user_id AND d.id = due.id AND d.status = 'pending' AND d.batch_id IS NULL
	   AND (d.lease_until IS NULL OR d.lease_until < lease.at)
	RETURNING d.*
), known AS MATERIALIZED (
	SELECT n.user_id, n.id, n.deleted_at, n.in_app, n.read_at
	  FROM mine
	  JOIN notifications n ON n.user_id = mine.user_id AND n.id = mine.notification_id
)
SELECT d.user_id, d.id, d.lease_token, d.solo, d.payload ->> 'subject' AS subject,
       d.payload ->> 'text' AS text, d.payload ->> 'html' AS html, d.payload -> 'headers' AS headers,
       CASE WHEN d.channel <> 'email' THEN d.payload END AS payload,
       floor(extract(epoch FROM d.created_at))::bigint AS created,
       CASE WHEN d.via = $3::text THEN d.address WHEN d.channel = 'webhook' THEN w.url ELSE u.email END AS address,
       CASE WHEN d.via = $3::text THEN d.body END AS body, w.secret, d.replays, d.request_id,
       delivery_verdict(d.channel, d.kind, d.created_at, d.address, u.id, u.preferences, w.id, w.url,
	   d.notification_id, n.id, n.deleted_at, n.in_app, n.read_at, s.address, $1::timestamptz, $5::text[]) AS verdict,
       delivery_rest(d.channel, d.created_at, w.silent_since, w.rests_until, $1::timestamptz) AS rest
  FROM mine d
  LEFT JOIN users u ON u.id = d.user_id
  LEFT JOIN known n ON n.user_id = d.user_id AND n.id = d.notification_id
  LEFT JOIN webhooks w ON w.user_id = d.user_id AND w.gone_at IS NULL
  LEFT JOIN suppressions s ON s.address = lower(u.email) AND s.lifted_at IS NULL
 ORDER BY d.next_try_at, d.created_at, d.id;

-- name: citus_dispatch_freeze
WITH given AS MATERIALIZED (
	SELECT *
	  FROM unnest($3::uuid[], $4::uuid[], $5::text[], $6::text[])
	       WITH ORDINALITY AS g (user_id, id, address, body, place)
), held AS MATERIALIZED (
	UPDATE deliveries d
	   SET lease_token = d.lease_token
	  FROM given
	 WHERE d.user_id = given.user_id AND d.id = given.id
	   AND d.lease_token = $1::uuid AND d.status = 'pending' AND d.user_id = ANY ($3::uuid[])
	RETURNING d.id
), batch AS (
	INSERT INTO mail_batches (id, channel, via, members, next_try_at, first_try_at, lease_token, lease_until)
	SELECT gen_random_uuid(), $8::text, $7::text, count(*), clock.at, clock.at, $1::uuid,
	       clock_timestamp() + $2::bigint * interval '1 millisecond'
	  FROM held, (SELECT date_trunc('milliseconds', coalesce($9::timestamptz, now())) AS at) clock
	 GROUP BY clock.at
	HAVING count(*) = cardinality($4::uuid[])
	RETURNING id, first_try_at
), frozen AS (
	UPDATE deliveries d
	   SET batch_id = batch.id, batch_place = given.place, first_try_at = batch.first_try_at,
	       via = $7::text, address = given.address, body = given.body,
	       lease_token = NULL, lease_until = NULL
	  FROM batch, given
	 WHERE d.user_id = given.user_id AND d.id = given.id AND d.user_id = ANY ($3::uuid[])
)
SELECT id FROM batch;

-- name: citus_dispatch_members
WITH member AS MATERIALIZED (
	SELECT user_id, id, address, body, replays, request_id, batch_place, channel, kind, created_at, first_try_at,
	       notification_id
	  FROM deliveries
	 WHERE batch_id = $1::uuid AND status = 'pending'
), known AS MATERIALIZED (
	SELECT n.user_id, n.id, n.deleted_at, n.in_app, n.read_at
	  FROM member m
	  JOIN notifications n ON n.user_id = m.user_id AND n.id = m.notification_id
)
SELECT d.user_id, d.id, d.address, d.body, w.secret, d.replays, d.request_id,
       delivery_verdict(d.channel, d.kind, d.created_at, d.address, u.id, u.preferences, w.id, w.url,
	   d.notification_id, n.id, n.deleted_at, n.in_app, n.read_at, s.address, $2::timestamptz, $3::text[]) AS verdict,
       delivery_rest(d.channel, d.first_try_at, w.silent_since, w.rests_until, $2::timestamptz) AS rest
  FROM member d
  LEFT JOIN users u ON u.id = d.user_id
  LEFT JOIN known n ON n.user_id = d.user_id AND n.id = d.notification_id
  LEFT JOIN webhooks w ON w.user_id = d.user_id AND w.gone_at IS NULL
  LEFT JOIN suppressions s ON s.address = lower(u.email) AND s.lifted_at IS NULL
 ORDER BY d.batch_place;

-- name: citus_dispatch_count
WITH due AS MATERIALIZED (
	SELECT user_id, id, address, channel, kind, created_at, notification_id
	  FROM deliveries
	 WHERE status = 'pending' AND channel = $3::text
	   AND next_try_at <= coalesce($1::timestamptz, now())
	   AND (lease_until IS NULL OR lease_until < (SELECT clock_timestamp()))
), known AS MATERIALIZED (
	SELECT n.user_id, n.id, n.deleted_at, n.in_app, n.read_at
	  FROM due
	  JOIN notifications n ON n.user_id = due.user_id AND n.id = due.notification_id
), judged AS (
	SELECT delivery_verdict(d.channel, d.kind, d.created_at, d.address, u.id, u.preferences, w.id, w.url,
	       d.notification_id, n.id, n.deleted_at, n.in_app, n.read_at, s.address, $1::timestamptz, $2::text[]) AS verdict,
	       delivery_rest(d.channel, d.created_at, w.silent_since, w.rests_until, $1::timestamptz) AS rest
	  FROM due d
	  LEFT JOIN users u ON u.id = d.user_id
	  LEFT JOIN known n ON n.user_id = d.user_id AND n.id = d.notification_id
	  LEFT JOIN webhooks w ON w.user_id = d.user_id AND w.gone_at IS NULL
	  LEFT JOIN suppressions s ON s.address = lower(u.email) AND s.lifted_at IS NULL
)
SELECT count(*) FILTER (WHERE verdict IS NULL AND rest IS NULL) AS sent,
       count(*) FILTER (WHERE verdict IS NOT NULL) AS skipped
  FROM judged;

-- name: citus_hook_settle
-- Messages of others who share the account are among those that wait, so what is ours is found before
-- a LIMIT could hide it.
WITH waiting AS MATERIALIZED (
	SELECT id, provider_id, report, at, delivery_id, received_at
	  FROM mail_events
	 WHERE NOT applied AND received_at > now() - interval '25 hours'
), late AS MATERIALIZED (
	SELECT w.id, w.provider_id, w.report, w.at, d.user_id, d.id AS delivery_id
	  FROM waiting w
	  JOIN deliveries d ON d.provider_id = w.provider_id
	    OR (d.id = w.delivery_id AND d.error LIKE 'unknown%' AND d.status = 'failed'
		AND d.channel = 'email' AND d.provider_id IS NULL)
	 ORDER BY w.received_at
	 LIMIT 1000
), told AS (
	UPDATE deliveries d
	   SET reported = last.report, reported_at = last.at, provider_id = last.provider_id
	  FROM (SELECT DISTINCT ON (user_id, delivery_id) *
		  FROM late
		 ORDER BY user_id, delivery_id,
		       array_position(ARRAY['delivered', 'bounced', 'complained'], report) DESC, at) last
	 WHERE d.user_id = last.user_id AND d.id = last.delivery_id
	   AND (d.provider_id = last.provider_id	-- still: it may have been replayed meanwhile
		OR (d.provider_id IS NULL AND d.status = 'failed' AND d.error LIKE 'unknown%'))
	   AND coalesce(array_position(ARRAY['delivered', 'bounced', 'complained'], d.reported), 0)
	     < array_position(ARRAY['delivered', 'bounced', 'complained'], last.report)
)
UPDATE mail_events e
   SET applied = true
  FROM late
 WHERE e.id = late.id
RETURNING e.report;

-- name: citus_ledger_find
WITH me AS MATERIALIZED (
	SELECT team_id FROM members WHERE team_id = $1::uuid AND user_id = $2::uuid
), held AS MATERIALIZED (
	UPDATE deliveries d
	   SET replays = d.replays
	  FROM me
	 WHERE d.team_id = me.team_id AND d.id = $3::uuid AND (d.status = 'failed' OR d.replays > 0)
	RETURNING d.*
), known AS MATERIALIZED (
	SELECT n.user_id, n.id, n.title
	  FROM held
	  JOIN notifications n ON n.user_id = held.user_id AND n.id = held.notification_id
)
SELECT d.id, d.created_at, d.channel, d.kind, d.status, d.reported, d.error, d.address,
       d.attempts, d.decided_at, d.replays,
       d.user_id, coalesce(nullif(u.name, ''), u.email) AS user_name,
       d.notification_id, n.title AS notification_name,
       coalesce(d.error LIKE 'unknown%', false) AS is_unknown
  FROM held d
  JOIN users u ON u.id = d.user_id
  LEFT JOIN known n ON n.user_id = d.user_id AND n.id = d.notification_id;

-- name: citus_replay_batch
WITH picked AS MATERIALIZED (
	SELECT user_id, id, error, attempts
	  FROM deliveries
	 WHERE status = 'failed' AND notification_id IS NOT NULL
	   AND ($1::uuid IS NULL OR team_id = $1::uuid)
	   AND ($2::text IS NULL OR channel = $2::text)
	   AND ($3::text IS NULL OR starts_with(coalesce(error, ''), $3::text))
	   AND ($4::timestamptz IS NULL OR decided_at >= $4::timestamptz)
	   AND ($5::uuid IS NULL OR id = $5::uuid)
	   AND ($6::boolean OR coalesce(error, '') NOT LIKE 'unknown%' OR reported = 'bounced')
	   AND ($5::uuid IS NOT NULL OR coalesce(reported, '') NOT IN ('delivered', 'complained'))
	 LIMIT 1000
), again AS MATERIALIZED (
	UPDATE deliveries d
	   SET status = 'pending', attempts = 0, error = NULL, decided_at = NULL,
	       next_try_at = date_trunc('milliseconds', now()), replays = d.replays + 1,
	       via = NULL, address = NULL, body = NULL, first_try_at = NULL, provider_id = NULL,
	       batch_id = NULL, batch_place = NULL, lease_token = NULL, lease_until = NULL,
	       reported = NULL, reported_at = NULL
	  FROM picked p
	 WHERE d.user_id = p.user_id AND d.id = p.id AND d.status = 'failed'
	RETURNING d.user_id, d.id, d.team_id, d.channel
), asked AS (
	UPDATE webhooks w
	   SET rests_until = NULL
	  FROM again
	 WHERE again.channel = 'webhook' AND w.user_id = again.user_id AND w.rests_until IS NOT NULL
), entered AS (
	INSERT INTO audit (team_id, at, actor_type, action, resource_kind, resource_id, before, after)
	SELECT again.team_id, date_trunc('milliseconds', clock_timestamp()), 'SYSTEM',
	       'delivery.replayed', 'delivery', again.id,
	       jsonb_build_object('status', 'failed', 'error', before.error, 'attempts', before.attempts),
	       jsonb_build_object('status', 'pending', 'error', NULL, 'attempts', 0)
	  FROM again
	  JOIN picked before ON before.user_id = again.user_id AND before.id = again.id
	  JOIN teams t ON t.id = again.team_id
)
SELECT (SELECT count(*) FROM again) AS n, (SELECT count(*) FROM picked) = 1000 AS more;
