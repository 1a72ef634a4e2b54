-- Snoozed notifications that come back (cron/wake.c).  $1 is the moment that counts as now, NULL for
-- the database's own.

-- name: wake_due
-- At most 1,000 users with rows that are due, who wait longest first.
SELECT user_id
  FROM notifications
 WHERE snooze_until IS NOT NULL AND deleted_at IS NULL AND in_app
   AND snooze_until <= coalesce($1::timestamptz, now())
 GROUP BY user_id
 ORDER BY min(snooze_until), user_id
 LIMIT 1000;

-- name: wake_user
-- At most 1,000 rows of user $2 are unread again, in one commit with their counter.  What its owner
-- woke, deleted or put off while this waited for the lock is looked at again by the UPDATE.
WITH clock AS MATERIALIZED (
	SELECT coalesce($1::timestamptz, now()) AS at
), box AS MATERIALIZED (
	SELECT user_id FROM inbox WHERE user_id = $2::uuid FOR UPDATE
), due AS MATERIALIZED (
	SELECT n.id
	  FROM clock, box
	  JOIN notifications n ON n.user_id = box.user_id
	 WHERE n.user_id = $2::uuid AND n.snooze_until IS NOT NULL AND n.deleted_at IS NULL AND n.in_app
	   AND n.snooze_until <= clock.at
	 ORDER BY n.snooze_until, n.id
	 LIMIT 1000
), woken AS (
	UPDATE notifications n
	   SET snooze_until = NULL, read_at = NULL
	  FROM clock, due
	 WHERE n.user_id = $2::uuid AND n.id = due.id
	   AND n.deleted_at IS NULL AND n.snooze_until <= clock.at
	RETURNING 1
), tally AS (
	SELECT count(*) AS n FROM woken
), moved AS (
	UPDATE inbox i
	   SET version = i.version + 1, unread = i.unread + tally.n
	  FROM tally
	 WHERE i.user_id = $2::uuid AND tally.n > 0
)
SELECT tally.n, (SELECT count(*) FROM due) = 1000 AS more FROM tally;

-- name: wake_count
SELECT count(*) AS woken, count(DISTINCT user_id) AS users
  FROM notifications
 WHERE snooze_until IS NOT NULL AND deleted_at IS NULL AND in_app
   AND snooze_until <= coalesce($1::timestamptz, now());
