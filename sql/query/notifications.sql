-- The inbox, both faces (cgi/notifications).
--
-- $1 is always the caller, $2 the session: every statement checks the session
-- itself, so a revoked one ends at once and no second round trip is needed.
-- No row at all from a read, or signed_in false from a write: answer 401.
-- Reads see counter, version and rows in one snapshot.  Writes lock the
-- counter row first (sql/migrations/0003_inbox.sql says why) and move it by
-- what they changed, never to a computed total.  They add to what box has, the
-- row as it was when the lock was got: of i the snapshot may show an older one,
-- and 0 - 1 would be refused before anybody looks for the newer.

-- name: inbox_poll
-- For all who poll at one time (db_read_together): $1 and $2 are arrays, one element a caller.
-- Each finds its own two rows; LIMIT keeps the planner from joining the tables as wholes.  Of an unnest
-- in FROM it would know the length, and rather plan anew for each short one, at several times the cost.
SELECT caller.nth, mine.unread, mine.version
  FROM (SELECT unnest($1::uuid[]) AS user_id, unnest($2::uuid[]) AS session_id,
	       generate_subscripts($1::uuid[], 1) AS nth) caller
 CROSS JOIN LATERAL (
	SELECT i.unread, i.version
	  FROM sessions s
	  JOIN inbox i ON i.user_id = s.user_id
	 WHERE s.user_id = caller.user_id AND s.id = caller.session_id
	   AND s.revoked_at IS NULL AND s.expires_at > now()
	 LIMIT 1) mine;

-- name: inbox_page
-- Newest first, older than ($3, $4), at most $5.  An empty page is one row of
-- NULLs beside the counter.
SELECT i.version, n.id, n.type, n.title, n.body, n.link, n.team_id,
       n.read_at, n.created_at, n.because
  FROM sessions s
  JOIN inbox i ON i.user_id = s.user_id
  LEFT JOIN LATERAL (
	SELECT * FROM notifications
	 WHERE user_id = $1::uuid AND deleted_at IS NULL AND in_app AND snooze_until IS NULL
	   AND (created_at, id) < ($3::timestamptz, $4::uuid)
	 ORDER BY created_at DESC, id DESC
	 LIMIT $5::bigint) n ON true
 WHERE s.user_id = $1::uuid AND s.id = $2::uuid
   AND s.revoked_at IS NULL AND s.expires_at > now()
 ORDER BY n.created_at DESC, n.id DESC;

-- name: inbox_page_unread
SELECT i.version, n.id, n.type, n.title, n.body, n.link, n.team_id,
       n.read_at, n.created_at, n.because
  FROM sessions s
  JOIN inbox i ON i.user_id = s.user_id
  LEFT JOIN LATERAL (
	SELECT * FROM notifications
	 WHERE user_id = $1::uuid AND deleted_at IS NULL AND in_app AND snooze_until IS NULL
	   AND read_at IS NULL
	   AND (created_at, id) < ($3::timestamptz, $4::uuid)
	 ORDER BY created_at DESC, id DESC
	 LIMIT $5::bigint) n ON true
 WHERE s.user_id = $1::uuid AND s.id = $2::uuid
   AND s.revoked_at IS NULL AND s.expires_at > now()
 ORDER BY n.created_at DESC, n.id DESC;

-- name: inbox_page_read
SELECT i.version, n.id, n.type, n.title, n.body, n.link, n.team_id,
       n.read_at, n.created_at, n.because
  FROM sessions s
  JOIN inbox i ON i.user_id = s.user_id
  LEFT JOIN LATERAL (
	SELECT * FROM notifications
	 WHERE user_id = $1::uuid AND deleted_at IS NULL AND in_app AND snooze_until IS NULL
	   AND read_at IS NOT NULL
	   AND (created_at, id) < ($3::timestamptz, $4::uuid)
	 ORDER BY created_at DESC, id DESC
	 LIMIT $5::bigint) n ON true
 WHERE s.user_id = $1::uuid AND s.id = $2::uuid
   AND s.revoked_at IS NULL AND s.expires_at > now()
 ORDER BY n.created_at DESC, n.id DESC;

-- name: inbox_page_type
-- Of type $6 only; $7 is NULL for all, true for read ones, false for unread.
SELECT i.version, n.id, n.type, n.title, n.body, n.link, n.team_id,
       n.read_at, n.created_at, n.because
  FROM sessions s
  JOIN inbox i ON i.user_id = s.user_id
  LEFT JOIN LATERAL (
	SELECT * FROM notifications
	 WHERE user_id = $1::uuid AND deleted_at IS NULL AND in_app AND snooze_until IS NULL
	   AND type = $6::text
	   AND ($7::boolean IS NULL OR (read_at IS NOT NULL) = $7::boolean)
	   AND (created_at, id) < ($3::timestamptz, $4::uuid)
	 ORDER BY created_at DESC, id DESC
	 LIMIT $5::bigint) n ON true
 WHERE s.user_id = $1::uuid AND s.id = $2::uuid
   AND s.revoked_at IS NULL AND s.expires_at > now()
 ORDER BY n.created_at DESC, n.id DESC;

-- name: inbox_search
-- As inbox_page_type, NULL for any type; of what has every word of $8 somewhere in title or body,
-- in any case.  Read in the order of the index: a page that is full is the end of it.
SELECT i.version, n.id, n.type, n.title, n.body, n.link, n.team_id,
       n.read_at, n.created_at, n.because
  FROM sessions s
  JOIN inbox i ON i.user_id = s.user_id
  LEFT JOIN LATERAL (
	SELECT * FROM notifications
	 WHERE user_id = $1::uuid AND deleted_at IS NULL AND in_app AND snooze_until IS NULL
	   AND ($6::text IS NULL OR type = $6::text)
	   AND ($7::boolean IS NULL OR (read_at IS NOT NULL) = $7::boolean)
	   AND (created_at, id) < ($3::timestamptz, $4::uuid)
	   AND lower(title || chr(10) || coalesce(body, '')) LIKE ALL (ARRAY(
		-- chr(92), a backslash, before what LIKE would take for more than itself
		SELECT '%' || replace(replace(replace(word, chr(92), chr(92) || chr(92)),
		       '%', chr(92) || '%'), '_', chr(92) || '_') || '%'
		  FROM regexp_split_to_table(lower($8::text), '[[:space:]]+') AS word
		 WHERE word <> ''))
	 ORDER BY created_at DESC, id DESC
	 LIMIT $5::bigint) n ON true
 WHERE s.user_id = $1::uuid AND s.id = $2::uuid
   AND s.revoked_at IS NULL AND s.expires_at > now()
 ORDER BY n.created_at DESC, n.id DESC;

-- name: inbox_bin
-- What was deleted, last first.
SELECT i.version, n.id, n.type, n.title, n.body, n.link, n.team_id,
       n.read_at, n.created_at, n.deleted_at, n.because
  FROM sessions s
  JOIN inbox i ON i.user_id = s.user_id
  LEFT JOIN LATERAL (
	SELECT * FROM notifications
	 WHERE user_id = $1::uuid AND deleted_at IS NOT NULL AND in_app
	   AND (deleted_at, id) < ($3::timestamptz, $4::uuid)
	 ORDER BY deleted_at DESC, id DESC
	 LIMIT $5::bigint) n ON true
 WHERE s.user_id = $1::uuid AND s.id = $2::uuid
   AND s.revoked_at IS NULL AND s.expires_at > now()
 ORDER BY n.deleted_at DESC, n.id DESC;

-- name: inbox_snoozed
-- What is to come back, soonest first, after ($3, $4).
SELECT i.version, n.id, n.type, n.title, n.body, n.link, n.team_id,
       n.read_at, n.created_at, n.snooze_until, n.because
  FROM sessions s
  JOIN inbox i ON i.user_id = s.user_id
  LEFT JOIN LATERAL (
	SELECT * FROM notifications
	 WHERE user_id = $1::uuid AND snooze_until IS NOT NULL AND deleted_at IS NULL AND in_app
	   AND (snooze_until, id) > ($3::timestamptz, $4::uuid)
	 ORDER BY snooze_until, id
	 LIMIT $5::bigint) n ON true
 WHERE s.user_id = $1::uuid AND s.id = $2::uuid
   AND s.revoked_at IS NULL AND s.expires_at > now()
 ORDER BY n.snooze_until, n.id;

-- name: inbox_counts
-- A row for each type of which there are unread ones; without any, one whose type is NULL.
SELECT i.unread, i.version, types.type, types.n,
       (SELECT count(*) FROM notifications
	 WHERE user_id = $1::uuid AND snooze_until IS NOT NULL AND deleted_at IS NULL AND in_app) AS snoozed,
       (SELECT count(*) FROM notifications
	 WHERE user_id = $1::uuid AND deleted_at IS NOT NULL AND in_app) AS bin
  FROM sessions s
  JOIN inbox i ON i.user_id = s.user_id
  LEFT JOIN LATERAL (
	SELECT type, count(*) AS n
	  FROM notifications
	 WHERE user_id = $1::uuid AND deleted_at IS NULL AND in_app AND snooze_until IS NULL
	   AND read_at IS NULL
	 GROUP BY type) types ON true
 WHERE s.user_id = $1::uuid AND s.id = $2::uuid
   AND s.revoked_at IS NULL AND s.expires_at > now()
 ORDER BY types.type;

-- name: bell_page
-- As inbox_page, with what the other face shows.
SELECT i.unread, i.version, n.id, n.type, n.title, n.body, n.link, n.read_at,
       n.created_at, n.resource_kind, n.resource_id, n.resource_name,
       n.project_id, n.project_name, n.environment_id, n.environment_name
  FROM sessions s
  JOIN inbox i ON i.user_id = s.user_id
  LEFT JOIN LATERAL (
	SELECT * FROM notifications
	 WHERE user_id = $1::uuid AND deleted_at IS NULL AND in_app AND snooze_until IS NULL
	   AND (created_at, id) < ($3::timestamptz, $4::uuid)
	 ORDER BY created_at DESC, id DESC
	 LIMIT $5::bigint) n ON true
 WHERE s.user_id = $1::uuid AND s.id = $2::uuid
   AND s.revoked_at IS NULL AND s.expires_at > now()
 ORDER BY n.created_at DESC, n.id DESC;

-- name: notification_mark
-- Set row $3 to read ($4 true) or unread; $5 true keeps the first read_at.  What
-- changes nothing moves no version; but it touches the row, so that no undo does.
-- A snoozed row stays out of the count.
WITH box AS MATERIALIZED (
	SELECT i.user_id, i.unread, i.version, now() AS at
	  FROM sessions s
	  JOIN inbox i ON i.user_id = s.user_id
	 WHERE s.user_id = $1::uuid AND s.id = $2::uuid
	   AND s.revoked_at IS NULL AND s.expires_at > now()
	   FOR UPDATE OF i
), old AS MATERIALIZED (
	SELECT n.*, box.unread, box.version, box.at,
	       CASE WHEN $4::boolean THEN n.read_at IS NULL OR NOT $5::boolean
		    ELSE n.read_at IS NOT NULL END AS changes
	  FROM box
	  JOIN notifications n ON n.user_id = box.user_id
	 WHERE n.user_id = $1::uuid AND n.id = $3::uuid
	   AND n.deleted_at IS NULL AND n.in_app
	   FOR UPDATE OF n
), new AS (
	UPDATE notifications n
	   SET read_at = CASE WHEN NOT old.changes THEN n.read_at WHEN $4::boolean THEN old.at END,
	       marked_version = NULL
	  FROM old
	 WHERE n.user_id = $1::uuid AND n.id = old.id
	   AND (old.changes OR old.marked_version IS NOT NULL)
	RETURNING n.read_at
), moved AS (
	UPDATE inbox i
	   SET version = old.version + 1,
	       unread = old.unread + CASE WHEN old.snooze_until IS NOT NULL THEN 0
					  WHEN NOT $4::boolean THEN 1
					  WHEN old.read_at IS NULL THEN -1
					  ELSE 0 END
	  FROM old
	 WHERE i.user_id = $1::uuid AND old.changes
	RETURNING i.unread
)
SELECT box.user_id IS NOT NULL AS signed_in, coalesce(moved.unread, box.unread) AS unread,
       old.id, old.type, old.title, old.body, old.link, old.team_id, old.created_at,
       CASE WHEN old.changes THEN new.read_at ELSE old.read_at END AS read_at,
       old.resource_kind, old.resource_id, old.resource_name, old.project_id,
       old.project_name, old.environment_id, old.environment_name
  FROM (SELECT 1) one
  LEFT JOIN box ON true
  LEFT JOIN old ON true
  LEFT JOIN new ON true
  LEFT JOIN moved ON true;

-- name: notification_snooze
-- Row $3 sleeps until $4, or with NULL wakes if it slept: then it is unread.  $5 sets it to read or
-- unread besides, NULL leaves that.  fits is false for a moment that is past or too far.
WITH box AS MATERIALIZED (
	SELECT i.user_id, i.unread, i.version, now() AS at,
	       $4::timestamptz IS NULL OR ($4::timestamptz > now()
		AND $4::timestamptz <= now() + interval '1 year') AS fits
	  FROM sessions s
	  JOIN inbox i ON i.user_id = s.user_id
	 WHERE s.user_id = $1::uuid AND s.id = $2::uuid
	   AND s.revoked_at IS NULL AND s.expires_at > now()
	   FOR UPDATE OF i
), old AS MATERIALIZED (
	SELECT n.*, box.unread, box.version, box.at,
	       box.fits AND ($5::boolean IS NOT NULL OR n.snooze_until IS DISTINCT FROM $4::timestamptz) AS changes
	  FROM box
	  JOIN notifications n ON n.user_id = box.user_id
	 WHERE n.user_id = $1::uuid AND n.id = $3::uuid
	   AND n.deleted_at IS NULL AND n.in_app
	   FOR UPDATE OF n
), new AS (
	UPDATE notifications n
	   SET snooze_until = $4::timestamptz, marked_version = NULL,
	       read_at = CASE WHEN $5::boolean THEN old.at
			      WHEN NOT $5::boolean OR $4::timestamptz IS NULL THEN NULL
			      ELSE n.read_at END
	  FROM old
	 WHERE n.user_id = $1::uuid AND n.id = old.id AND old.changes
	RETURNING n.snooze_until, n.read_at
), moved AS (
	UPDATE inbox i
	   SET version = old.version + 1,
	       unread = old.unread + (new.read_at IS NULL AND new.snooze_until IS NULL)::integer
				   - (old.read_at IS NULL AND old.snooze_until IS NULL)::integer
	  FROM old, new
	 WHERE i.user_id = $1::uuid
	RETURNING i.unread
)
SELECT box.user_id IS NOT NULL AS signed_in, box.fits, coalesce(moved.unread, box.unread) AS unread,
       old.id, old.type, old.title, old.body, old.link, old.team_id, old.created_at,
       CASE WHEN old.changes THEN new.read_at ELSE old.read_at END AS read_at,
       CASE WHEN old.changes THEN new.snooze_until ELSE old.snooze_until END AS snooze_until
  FROM (SELECT 1) one
  LEFT JOIN box ON true
  LEFT JOIN old ON true
  LEFT JOIN new ON true
  LEFT JOIN moved ON true;

-- name: notification_delete
-- Into the bin.  A snoozed row keeps that until it is restored.
WITH box AS MATERIALIZED (
	SELECT i.user_id, i.unread, i.version
	  FROM sessions s
	  JOIN inbox i ON i.user_id = s.user_id
	 WHERE s.user_id = $1::uuid AND s.id = $2::uuid
	   AND s.revoked_at IS NULL AND s.expires_at > now()
	   FOR UPDATE OF i
), gone AS (
	UPDATE notifications n
	   SET deleted_at = now()
	  FROM box
	 WHERE n.user_id = $1::uuid AND n.user_id = box.user_id AND n.id = $3::uuid
	   AND n.deleted_at IS NULL AND n.in_app
	RETURNING n.id, n.read_at IS NULL AND n.snooze_until IS NULL AS counted
), moved AS (
	UPDATE inbox i
	   SET version = box.version + 1,
	       unread = box.unread - CASE WHEN gone.counted THEN 1 ELSE 0 END
	  FROM box, gone
	 WHERE i.user_id = $1::uuid
	RETURNING i.unread
)
SELECT box.user_id IS NOT NULL AS signed_in, gone.id, moved.unread
  FROM (SELECT 1) one
  LEFT JOIN box ON true
  LEFT JOIN gone ON true
  LEFT JOIN moved ON true;

-- name: notification_mark_all
-- Every unread row of type $3 (NULL: of every type), not newer than ($4, $5).  What was marked can
-- be undone for ten minutes by the version that this made; older marks go.
WITH box AS MATERIALIZED (
	SELECT i.user_id, i.unread, i.version
	  FROM sessions s
	  JOIN inbox i ON i.user_id = s.user_id
	 WHERE s.user_id = $1::uuid AND s.id = $2::uuid
	   AND s.revoked_at IS NULL AND s.expires_at > now()
	   FOR UPDATE OF i
), hit AS (
	UPDATE notifications n
	   SET read_at = now(), marked_version = box.version + 1
	  FROM box
	 WHERE n.user_id = $1::uuid AND n.user_id = box.user_id
	   AND n.deleted_at IS NULL AND n.in_app AND n.snooze_until IS NULL AND n.read_at IS NULL
	   AND ($3::text IS NULL OR n.type = $3::text)
	   AND (n.created_at, n.id) <= ($4::timestamptz, $5::uuid)
	RETURNING 1
), tally AS (
	SELECT count(*) AS marked FROM hit
), moved AS (
	UPDATE inbox i
	   SET version = box.version + 1, unread = box.unread - tally.marked
	  FROM box, tally
	 WHERE i.user_id = $1::uuid AND tally.marked > 0
	RETURNING i.unread, i.version
), kept AS (
	INSERT INTO inbox_marks (user_id, version, read_at)
	SELECT $1::uuid, moved.version, now() FROM moved
), forgotten AS (
	DELETE FROM inbox_marks m
	 USING moved
	 WHERE m.user_id = $1::uuid AND m.read_at < now() - interval '10 minutes'
)
SELECT box.user_id IS NOT NULL AS signed_in, tally.marked,
       coalesce(moved.unread, box.unread) AS unread, moved.version AS undo
  FROM (SELECT 1) one
  LEFT JOIN box ON true
  LEFT JOIN tally ON true
  LEFT JOIN moved ON true;

-- name: notification_undo
-- What the mark-all-read that made version $3 marked, and nothing touched since, is unread again.
-- given is NULL when there was none, or ten minutes are over.
WITH box AS MATERIALIZED (
	SELECT i.user_id, i.unread, i.version
	  FROM sessions s
	  JOIN inbox i ON i.user_id = s.user_id
	 WHERE s.user_id = $1::uuid AND s.id = $2::uuid
	   AND s.revoked_at IS NULL AND s.expires_at > now()
	   FOR UPDATE OF i
), mark AS MATERIALIZED (
	SELECT m.version, m.read_at
	  FROM box
	  JOIN inbox_marks m ON m.user_id = box.user_id
	 WHERE m.user_id = $1::uuid AND m.version = $3::bigint
	   AND m.read_at >= now() - interval '10 minutes'
), hit AS (
	UPDATE notifications n
	   SET read_at = NULL, marked_version = NULL
	  FROM mark
	 WHERE n.user_id = $1::uuid AND n.read_at = mark.read_at AND n.marked_version = mark.version
	   AND n.deleted_at IS NULL AND n.in_app AND n.snooze_until IS NULL
	RETURNING 1
), tally AS (
	SELECT count(*) AS unmarked FROM hit
), moved AS (
	UPDATE inbox i
	   SET version = box.version + 1, unread = box.unread + tally.unmarked
	  FROM box, tally
	 WHERE i.user_id = $1::uuid AND tally.unmarked > 0
	RETURNING i.unread
)
SELECT box.user_id IS NOT NULL AS signed_in, mark.version AS given, tally.unmarked,
       coalesce(moved.unread, box.unread) AS unread
  FROM (SELECT 1) one
  LEFT JOIN box ON true
  LEFT JOIN mark ON true
  LEFT JOIN tally ON true
  LEFT JOIN moved ON true;

-- name: notification_restore
-- Out of the bin, as read or unread as it went there, and awake.
WITH box AS MATERIALIZED (
	SELECT i.user_id, i.unread, i.version
	  FROM sessions s
	  JOIN inbox i ON i.user_id = s.user_id
	 WHERE s.user_id = $1::uuid AND s.id = $2::uuid
	   AND s.revoked_at IS NULL AND s.expires_at > now()
	   FOR UPDATE OF i
), back AS (
	UPDATE notifications n
	   SET deleted_at = NULL, restored_at = now(), snooze_until = NULL, marked_version = NULL
	  FROM box
	 WHERE n.user_id = $1::uuid AND n.user_id = box.user_id AND n.id = $3::uuid
	   AND n.deleted_at IS NOT NULL AND n.in_app
	RETURNING n.*
), moved AS (
	UPDATE inbox i
	   SET version = box.version + 1,
	       unread = box.unread + CASE WHEN back.read_at IS NULL THEN 1 ELSE 0 END
	  FROM box, back
	 WHERE i.user_id = $1::uuid
	RETURNING i.unread
)
SELECT box.user_id IS NOT NULL AS signed_in, moved.unread, back.id, back.type, back.title,
       back.body, back.link, back.team_id, back.read_at, back.created_at
  FROM (SELECT 1) one
  LEFT JOIN box ON true
  LEFT JOIN back ON true
  LEFT JOIN moved ON true;
