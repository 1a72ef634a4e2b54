-- Addresses of a user's own, under which programs read what is theirs (cgi/feeds).
--
-- $1 is always the user: who calls, or whom a signed address names.  What a feed shows is found
-- through its row, so that a revoked one shows nothing, and through the user's memberships as they
-- are now.

-- name: feeds_page
SELECT id, kind, name, created_at, last_used_at
  FROM feeds
 WHERE user_id = $1::uuid AND (created_at, id) < ($2::timestamptz, $3::uuid)
 ORDER BY created_at DESC, id DESC
 LIMIT $4::bigint;

-- name: feeds_enter
-- Those who make one for the same user take turns.
SELECT id FROM users
 WHERE id = $1::uuid
   FOR NO KEY UPDATE;

-- name: feed_add
-- No row: there are $4 already.
INSERT INTO feeds (user_id, kind, name)
SELECT $1::uuid, $2::text, $3::text
 WHERE (SELECT count(*) FROM feeds WHERE user_id = $1::uuid) < $4::bigint
RETURNING id, kind, name, created_at, last_used_at;

-- name: feed_remove
DELETE FROM feeds
 WHERE user_id = $1::uuid AND id = $2::uuid
RETURNING id;

-- name: feed_use
-- Somebody reads feed $2 of kind $3: noted at most once a minute.  No row: it is revoked.
WITH used AS (
	UPDATE feeds
	   SET last_used_at = now()
	 WHERE user_id = $1::uuid AND id = $2::uuid AND kind = $3::text
	   AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')
)
SELECT i.version
  FROM feeds f
  JOIN inbox i ON i.user_id = f.user_id
 WHERE f.user_id = $1::uuid AND f.id = $2::uuid AND f.kind = $3::text;

-- name: feed_notifications
-- The newest $3 of the inbox.  None is one row of NULLs beside the feed.
SELECT f.name AS feed_name, f.created_at AS feed_at, i.version, n.id, n.type, n.title, n.body,
       n.link, n.created_at
  FROM feeds f
  JOIN inbox i ON i.user_id = f.user_id
  LEFT JOIN LATERAL (
	SELECT * FROM notifications
	 WHERE user_id = $1::uuid AND deleted_at IS NULL AND in_app AND snooze_until IS NULL
	 ORDER BY created_at DESC, id DESC
	 LIMIT $3::bigint) n ON true
 WHERE f.user_id = $1::uuid AND f.id = $2::uuid AND f.kind = 'atom'
 ORDER BY n.created_at DESC, n.id DESC;

-- name: feed_moments
-- The next $3 moments to come in all projects of the user's teams, soonest first.  Names are as they
-- are now, or, of what is gone, as they were.  None is one row of NULLs beside the feed.
SELECT f.name AS feed_name, x.*
  FROM feeds f
  LEFT JOIN LATERAL (
	SELECT m.id, m.kind, m.due_at, m.created_at AS made_at, m.changed_at, s.version,
	       s.time_zone, s.resource_kind = 'flag_environment' AS is_flag,
	       coalesce(e.name, g.name, s.resource_name) AS resource_name,
	       coalesce(e.id, g.id) AS resource_id, s.environment_id,
	       coalesce(env.name, s.environment_name) AS environment_name, p.name AS project_name,
	       coalesce(nullif(u.name, ''), u.email) AS scheduler_name
	  FROM members me
	  JOIN projects p ON p.team_id = me.team_id
	  JOIN moments m ON m.project_id = p.id AND m.outcome IS NULL
	  JOIN schedules s ON s.id = m.schedule_id
	  LEFT JOIN experiments e ON s.resource_kind = 'experiment' AND e.id = s.resource_id
	  LEFT JOIN (flag_environments t JOIN flags g ON g.id = t.flag_id)
	    ON s.resource_kind = 'flag_environment' AND t.id = s.resource_id
	  LEFT JOIN environments env ON env.id = s.environment_id
	  LEFT JOIN users u ON u.id = s.scheduled_by
	 WHERE me.user_id = $1::uuid
	 ORDER BY m.due_at, m.id
	 LIMIT $3::bigint) x ON true
 WHERE f.user_id = $1::uuid AND f.id = $2::uuid AND f.kind = 'calendar'
 ORDER BY x.due_at, x.id;
