-- What has outlived its keeping (cron/cleanup.c).  $1 is the moment that counts as now, NULL for the
-- database's own, cut to the milliseconds that rows have: what is exactly 30 days old stays.
--
-- Each statement is one batch of at most 1,000 rows and its own commit, so no lock is held for long.
-- It tells how many rows it changed, and whether the batch was full: then there may be more.  The
-- 1,000 is in the text because the planner guesses badly at a LIMIT that it cannot see.

-- name: cleanup_hide
-- Read for more than 30 days, and not restored since: soft-deleted.  Only read rows go, so unread
-- stays.  The inboxes are locked first and in user order, as every writer does it; what its owner
-- marked as unread while this waited for the lock is looked at again by the UPDATE, and stays.
WITH clock AS MATERIALIZED (
	SELECT date_trunc('milliseconds', coalesce($1::timestamptz, now())) AS at
), old AS MATERIALIZED (
	SELECT user_id, id
	  FROM notifications
	 WHERE deleted_at IS NULL AND read_at IS NOT NULL AND snooze_until IS NULL
	   AND read_at < (SELECT at FROM clock) - interval '30 days'
	   AND (restored_at IS NULL OR restored_at < (SELECT at FROM clock) - interval '30 days')
	 ORDER BY read_at
	 LIMIT 1000
), box AS MATERIALIZED (
	SELECT user_id FROM inbox
	 WHERE user_id IN (SELECT user_id FROM old)
	 ORDER BY user_id
	   FOR UPDATE
), gone AS (
	UPDATE notifications n
	   SET deleted_at = clock.at
	  FROM clock, old
	 WHERE n.user_id = old.user_id AND n.id = old.id
	   AND n.deleted_at IS NULL AND n.snooze_until IS NULL
	   AND n.read_at < clock.at - interval '30 days'
	   AND (n.restored_at IS NULL OR n.restored_at < clock.at - interval '30 days')
	   AND (SELECT count(*) FROM box) > 0	-- asked once, before the first row: all locks are held
	RETURNING n.user_id, n.in_app
), moved AS (
	UPDATE inbox i
	   SET version = i.version + 1
	  FROM (SELECT DISTINCT user_id FROM gone WHERE in_app) seen
	 WHERE i.user_id = seen.user_id
)
SELECT (SELECT count(*) FROM gone) AS n, (SELECT count(*) FROM old) = 1000 AS more;

-- name: cleanup_erase
-- Soft-deleted for more than 90 days: erased, and its deliveries with it (ON DELETE CASCADE).  It
-- leaves its owner's bin, so versions move; what was restored while this waited for a lock is
-- looked at again by the DELETE, and stays.
WITH clock AS MATERIALIZED (
	SELECT date_trunc('milliseconds', coalesce($1::timestamptz, now())) AS at
), old AS MATERIALIZED (
	SELECT user_id, id
	  FROM notifications
	 WHERE deleted_at IS NOT NULL
	   AND deleted_at < (SELECT at FROM clock) - interval '90 days'
	 ORDER BY deleted_at
	 LIMIT 1000
), box AS MATERIALIZED (
	SELECT user_id FROM inbox
	 WHERE user_id IN (SELECT user_id FROM old)
	 ORDER BY user_id
	   FOR UPDATE
), gone AS (
	DELETE FROM notifications n
	 USING clock, old
	 WHERE n.user_id = old.user_id AND n.id = old.id
	   AND n.deleted_at < clock.at - interval '90 days'
	   AND (SELECT count(*) FROM box) > 0	-- asked once, before the first row: all locks are held
	RETURNING n.user_id, n.in_app
), moved AS (
	UPDATE inbox i
	   SET version = i.version + 1
	  FROM (SELECT DISTINCT user_id FROM gone WHERE in_app) seen
	 WHERE i.user_id = seen.user_id
)
SELECT (SELECT count(*) FROM gone) AS n, (SELECT count(*) FROM old) = 1000 AS more;

-- name: cleanup_codes
-- Expired login codes, but none of the last hour: those are how codes an hour are counted.
WITH old AS MATERIALIZED (
	SELECT email, id
	  FROM login_codes
	 WHERE expires_at < date_trunc('milliseconds', coalesce($1::timestamptz, now()))
	   AND created_at < date_trunc('milliseconds', coalesce($1::timestamptz, now())) - interval '1 hour'
	 ORDER BY expires_at
	 LIMIT 1000
	   FOR UPDATE SKIP LOCKED
), gone AS (
	DELETE FROM login_codes c
	 USING old
	 WHERE c.email = old.email AND c.id = old.id
	RETURNING 1
)
SELECT (SELECT count(*) FROM gone) AS n, (SELECT count(*) FROM old) = 1000 AS more;

-- name: cleanup_sessions
-- Their tokens have stopped working by themselves.
WITH old AS MATERIALIZED (
	SELECT user_id, id
	  FROM sessions
	 WHERE expires_at < date_trunc('milliseconds', coalesce($1::timestamptz, now()))
	 ORDER BY expires_at
	 LIMIT 1000
	   FOR UPDATE SKIP LOCKED
), gone AS (
	DELETE FROM sessions s
	 USING old
	 WHERE s.user_id = old.user_id AND s.id = old.id
	RETURNING 1
)
SELECT (SELECT count(*) FROM gone) AS n, (SELECT count(*) FROM old) = 1000 AS more;

-- name: cleanup_revoked
-- Sessions that were ended by hand more than 30 days ago.
WITH old AS MATERIALIZED (
	SELECT user_id, id
	  FROM sessions
	 WHERE revoked_at < date_trunc('milliseconds', coalesce($1::timestamptz, now())) - interval '30 days'
	 ORDER BY revoked_at
	 LIMIT 1000
	   FOR UPDATE SKIP LOCKED
), gone AS (
	DELETE FROM sessions s
	 USING old
	 WHERE s.user_id = old.user_id AND s.id = old.id
	RETURNING 1
)
SELECT (SELECT count(*) FROM gone) AS n, (SELECT count(*) FROM old) = 1000 AS more;

-- name: cleanup_deliveries
-- Login codes on their way belong to no notification, so nothing else takes them along.
WITH old AS MATERIALIZED (
	SELECT user_id, id
	  FROM deliveries
	 WHERE notification_id IS NULL
	   AND decided_at < date_trunc('milliseconds', coalesce($1::timestamptz, now())) - interval '90 days'
	 ORDER BY decided_at
	 LIMIT 1000
	   FOR UPDATE SKIP LOCKED
), gone AS (
	DELETE FROM deliveries d
	 USING old
	 WHERE d.user_id = old.user_id AND d.id = old.id
	RETURNING 1
)
SELECT (SELECT count(*) FROM gone) AS n, (SELECT count(*) FROM old) = 1000 AS more;

-- name: cleanup_events
-- What Resend told of mail.  It tells each for little more than a day.
WITH old AS MATERIALIZED (
	SELECT id
	  FROM mail_events
	 WHERE received_at < date_trunc('milliseconds', coalesce($1::timestamptz, now())) - interval '30 days'
	 ORDER BY received_at
	 LIMIT 1000
	   FOR UPDATE SKIP LOCKED
), gone AS (
	DELETE FROM mail_events e
	 USING old
	 WHERE e.id = old.id
	RETURNING 1
)
SELECT (SELECT count(*) FROM gone) AS n, (SELECT count(*) FROM old) = 1000 AS more;

-- name: cleanup_issue_events
-- Single events of issues, after 30 days; the issues stay, with their counts.
WITH old AS MATERIALIZED (
	SELECT issue_id, created_at, id
	  FROM issue_events
	 WHERE created_at < date_trunc('milliseconds', coalesce($1::timestamptz, now())) - interval '30 days'
	 ORDER BY created_at
	 LIMIT 1000
), gone AS (
	DELETE FROM issue_events e
	 USING old
	 WHERE e.issue_id = old.issue_id AND e.created_at = old.created_at AND e.id = old.id
	RETURNING 1
)
SELECT (SELECT count(*) FROM gone) AS n, (SELECT count(*) FROM old) = 1000 AS more;

-- name: cleanup_jobs
-- Ended more than 90 days ago; what still has a file keeps its row until that is gone.
WITH old AS MATERIALIZED (
	SELECT id
	  FROM jobs
	 WHERE finished_at < date_trunc('milliseconds', coalesce($1::timestamptz, now())) - interval '90 days'
	   AND file_name IS NULL
	 ORDER BY finished_at
	 LIMIT 1000
	   FOR UPDATE SKIP LOCKED
), gone AS (
	DELETE FROM jobs j
	 USING old
	 WHERE j.id = old.id
	RETURNING 1
)
SELECT (SELECT count(*) FROM gone) AS n, (SELECT count(*) FROM old) = 1000 AS more;

-- name: cleanup_count
-- What a run at $1 would do: the conditions above.
WITH clock AS MATERIALIZED (
	SELECT date_trunc('milliseconds', coalesce($1::timestamptz, now())) AS at
)
SELECT (SELECT count(*) FROM notifications
	 WHERE deleted_at IS NULL AND read_at IS NOT NULL AND snooze_until IS NULL
	   AND read_at < (SELECT at FROM clock) - interval '30 days'
	   AND (restored_at IS NULL OR restored_at < (SELECT at FROM clock) - interval '30 days')) AS deleted,
       (SELECT count(*) FROM notifications
	 WHERE deleted_at IS NOT NULL AND deleted_at < (SELECT at FROM clock) - interval '90 days') AS erased,
       (SELECT count(*) FROM login_codes
	 WHERE expires_at < (SELECT at FROM clock) AND created_at < (SELECT at FROM clock) - interval '1 hour') AS codes,
       (SELECT count(*) FROM sessions
	 WHERE expires_at < (SELECT at FROM clock) OR revoked_at < (SELECT at FROM clock) - interval '30 days') AS sessions,
       (SELECT count(*) FROM deliveries
	 WHERE notification_id IS NULL AND decided_at < (SELECT at FROM clock) - interval '90 days') AS deliveries,
       (SELECT count(*) FROM jobs
	 WHERE finished_at < (SELECT at FROM clock) - interval '90 days' AND file_name IS NULL) AS jobs,
       (SELECT count(*) FROM mail_events
	 WHERE received_at < (SELECT at FROM clock) - interval '30 days') AS events,
       (SELECT count(*) FROM issue_events
	 WHERE created_at < (SELECT at FROM clock) - interval '30 days') AS issue_events;
