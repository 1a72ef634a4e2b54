-- The inbox, both faces (cgi/notifications.c).
--
-- $1 is always the caller, $2 the session: every statement checks the session
-- itself, so a revoked one ends at once and no second round trip is needed.
-- No row at all from a read, or signed_in false from a write: answer 401.
-- Reads see counter, version and rows in one snapshot.  Writes lock the
-- counter row first (sql/migrations/0003_inbox.sql says why) and move it by
-- what they changed, never to a computed total.

-- name: inbox_poll
-- For all who poll at one time (db_read_together): $1 and $2 are arrays, one element a caller.
-- Each finds its own two rows; LIMIT keeps the planner from joining the tables as wholes.
SELECT caller.nth, mine.unread, mine.version
  FROM unnest($1::uuid[], $2::uuid[]) WITH ORDINALITY caller (user_id, session_id, nth)
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
SELECT i.unread, i.version, n.id, n.type, n.title, n.body, n.link, n.team_id,
       n.read_at, n.created_at
  FROM sessions s
  JOIN inbox i ON i.user_id = s.user_id
  LEFT JOIN LATERAL (
	SELECT * FROM notifications
	 WHERE user_id = $1::uuid AND deleted_at IS NULL AND in_app
	   AND (created_at, id) < ($3::timestamptz, $4::uuid)
	 ORDER BY created_at DESC, id DESC
	 LIMIT $5::bigint) n ON true
 WHERE s.user_id = $1::uuid AND s.id = $2::uuid
   AND s.revoked_at IS NULL AND s.expires_at > now()
 ORDER BY n.created_at DESC, n.id DESC;

-- name: inbox_page_unread
SELECT i.unread, i.version, n.id, n.type, n.title, n.body, n.link, n.team_id,
       n.read_at, n.created_at
  FROM sessions s
  JOIN inbox i ON i.user_id = s.user_id
  LEFT JOIN LATERAL (
	SELECT * FROM notifications
	 WHERE user_id = $1::uuid AND deleted_at IS NULL AND in_app AND read_at IS NULL
	   AND (created_at, id) < ($3::timestamptz, $4::uuid)
	 ORDER BY created_at DESC, id DESC
	 LIMIT $5::bigint) n ON true
 WHERE s.user_id = $1::uuid AND s.id = $2::uuid
   AND s.revoked_at IS NULL AND s.expires_at > now()
 ORDER BY n.created_at DESC, n.id DESC;

-- name: inbox_page_read
SELECT i.unread, i.version, n.id, n.type, n.title, n.body, n.link, n.team_id,
       n.read_at, n.created_at
  FROM sessions s
  JOIN inbox i ON i.user_id = s.user_id
  LEFT JOIN LATERAL (
	SELECT * FROM notifications
	 WHERE user_id = $1::uuid AND deleted_at IS NULL AND in_app AND read_at IS NOT NULL
	   AND (created_at, id) < ($3::timestamptz, $4::uuid)
	 ORDER BY created_at DESC, id DESC
	 LIMIT $5::bigint) n ON true
 WHERE s.user_id = $1::uuid AND s.id = $2::uuid
   AND s.revoked_at IS NULL AND s.expires_at > now()
 ORDER BY n.created_at DESC, n.id DESC;

-- name: inbox_page_type
-- Of type $6 only; $7 is NULL for all, true for read ones, false for unread.
SELECT i.unread, i.version, n.id, n.type, n.title, n.body, n.link, n.team_id,
       n.read_at, n.created_at
  FROM sessions s
  JOIN inbox i ON i.user_id = s.user_id
  LEFT JOIN LATERAL (
	SELECT * FROM notifications
	 WHERE user_id = $1::uuid AND deleted_at IS NULL AND in_app AND type = $6::text
	   AND ($7::boolean IS NULL OR (read_at IS NOT NULL) = $7::boolean)
	   AND (created_at, id) < ($3::timestamptz, $4::uuid)
	 ORDER BY created_at DESC, id DESC
	 LIMIT $5::bigint) n ON true
 WHERE s.user_id = $1::uuid AND s.id = $2::uuid
   AND s.revoked_at IS NULL AND s.expires_at > now()
 ORDER BY n.created_at DESC, n.id DESC;

-- name: bell_page
-- As inbox_page, with what the other face shows.
SELECT i.unread, i.version, n.id, n.type, n.title, n.body, n.link, n.read_at,
       n.created_at, n.resource_kind, n.resource_id, n.resource_name,
       n.project_id, n.project_name, n.environment_id, n.environment_name
  FROM sessions s
  JOIN inbox i ON i.user_id = s.user_id
  LEFT JOIN LATERAL (
	SELECT * FROM notifications
	 WHERE user_id = $1::uuid AND deleted_at IS NULL AND in_app
	   AND (created_at, id) < ($3::timestamptz, $4::uuid)
	 ORDER BY created_at DESC, id DESC
	 LIMIT $5::bigint) n ON true
 WHERE s.user_id = $1::uuid AND s.id = $2::uuid
   AND s.revoked_at IS NULL AND s.expires_at > now()
 ORDER BY n.created_at DESC, n.id DESC;

-- name: notification_mark
-- Set row $3 to read ($4 true) or unread; $5 true keeps the first read_at.  What
-- changes nothing moves no version.
WITH box AS MATERIALIZED (
	SELECT i.user_id, i.unread
	  FROM sessions s
	  JOIN inbox i ON i.user_id = s.user_id
	 WHERE s.user_id = $1::uuid AND s.id = $2::uuid
	   AND s.revoked_at IS NULL AND s.expires_at > now()
	   FOR UPDATE OF i
), old AS MATERIALIZED (
	SELECT n.*,
	       CASE WHEN $4::boolean THEN n.read_at IS NULL OR NOT $5::boolean
		    ELSE n.read_at IS NOT NULL END AS changes
	  FROM box
	  JOIN notifications n ON n.user_id = box.user_id
	 WHERE n.user_id = $1::uuid AND n.id = $3::uuid
	   AND n.deleted_at IS NULL AND n.in_app
	   FOR UPDATE OF n
), new AS (
	UPDATE notifications n
	   SET read_at = CASE WHEN $4::boolean THEN now() END
	  FROM old
	 WHERE n.user_id = $1::uuid AND n.id = old.id AND old.changes
	RETURNING n.read_at
), moved AS (
	UPDATE inbox i
	   SET version = i.version + 1,
	       unread = i.unread + CASE WHEN NOT $4::boolean THEN 1
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

-- name: notification_delete
WITH box AS MATERIALIZED (
	SELECT i.user_id
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
	RETURNING n.id, n.read_at
), moved AS (
	UPDATE inbox i
	   SET version = i.version + 1,
	       unread = i.unread - CASE WHEN gone.read_at IS NULL THEN 1 ELSE 0 END
	  FROM gone
	 WHERE i.user_id = $1::uuid
	RETURNING i.unread
)
SELECT box.user_id IS NOT NULL AS signed_in, gone.id, moved.unread
  FROM (SELECT 1) one
  LEFT JOIN box ON true
  LEFT JOIN gone ON true
  LEFT JOIN moved ON true;

-- name: notification_mark_all
-- Every unread row of type $3 (NULL: of every type), not newer than ($4, $5).
WITH box AS MATERIALIZED (
	SELECT i.user_id, i.unread
	  FROM sessions s
	  JOIN inbox i ON i.user_id = s.user_id
	 WHERE s.user_id = $1::uuid AND s.id = $2::uuid
	   AND s.revoked_at IS NULL AND s.expires_at > now()
	   FOR UPDATE OF i
), hit AS (
	UPDATE notifications n
	   SET read_at = now()
	  FROM box
	 WHERE n.user_id = $1::uuid AND n.user_id = box.user_id
	   AND n.deleted_at IS NULL AND n.in_app AND n.read_at IS NULL
	   AND ($3::text IS NULL OR n.type = $3::text)
	   AND (n.created_at, n.id) <= ($4::timestamptz, $5::uuid)
	RETURNING 1
), tally AS (
	SELECT count(*) AS marked FROM hit
), moved AS (
	UPDATE inbox i
	   SET version = i.version + 1, unread = i.unread - tally.marked
	  FROM tally
	 WHERE i.user_id = $1::uuid AND tally.marked > 0
	RETURNING i.unread
)
SELECT box.user_id IS NOT NULL AS signed_in, tally.marked,
       coalesce(moved.unread, box.unread) AS unread
  FROM (SELECT 1) one
  LEFT JOIN box ON true
  LEFT JOIN tally ON true
  LEFT JOIN moved ON true;
