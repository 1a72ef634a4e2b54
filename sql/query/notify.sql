-- The dispatcher (common/notify.c): all of it belongs to the caller's
-- transaction.

-- name: notify_open
-- A user made by hand may have no inbox yet.
INSERT INTO inbox (user_id)
SELECT id FROM users
 WHERE id = ANY ($1::uuid[])
   AND NOT EXISTS (SELECT 1 FROM inbox WHERE user_id = users.id)
ON CONFLICT DO NOTHING;

-- name: notify_lock
-- Lock the inboxes of $1 in the order that every writer of several takes, and
-- tell the time after the wait: so created_at rises in the order of commits.
SELECT count(*) AS inboxes,
       date_trunc('milliseconds', clock_timestamp()) AS at
  FROM (SELECT 1 FROM inbox
	 WHERE user_id = ANY ($1::uuid[])
	 ORDER BY user_id
	   FOR UPDATE) locked;

-- name: notify_enqueue
-- One event to the users $1, made at $2 under dedupe key $3.  $4 are the
-- channels, $5 the registry's defaults for them; $6 says whether preferences
-- may override those.  $7... are the row; the last is the frozen mail.
WITH channel AS (
	SELECT name, standard
	  FROM unnest($4::text[], $5::boolean[]) AS c (name, standard)
), wish AS MATERIALIZED (
	SELECT u.id AS user_id, channel.name AS channel,
	       CASE WHEN $6::boolean
		    THEN coalesce((u.preferences #>> ARRAY['notifications', 'types', $7::text, channel.name])::boolean,
			channel.standard)
		    ELSE channel.standard END AS wanted
	  FROM users u
	 CROSS JOIN channel
	 WHERE u.id = ANY ($1::uuid[])
), made AS (
	INSERT INTO notifications (user_id, created_at, dedupe_key, type, team_id,
	    title, body, link, data, resource_kind, resource_id, resource_name,
	    project_id, project_name, environment_id, environment_name, in_app)
	SELECT user_id, $2::timestamptz, $3::text, $7::text, $8::uuid,
	       $9::text, $10::text, $11::text, $12::jsonb, $13::text, $14::uuid, $15::text,
	       $16::uuid, $17::text, $18::uuid, $19::text, wanted
	  FROM wish
	 WHERE channel = 'in_app'
	ON CONFLICT (user_id, dedupe_key) DO NOTHING
	RETURNING user_id, id, in_app
), counted AS (
	UPDATE inbox i
	   SET unread = i.unread + 1, version = i.version + 1
	  FROM made
	 WHERE i.user_id = made.user_id AND made.in_app
), queued AS (
	INSERT INTO deliveries (user_id, notification_id, channel, kind, created_at,
	    next_try_at, status, decided_at, payload)
	SELECT made.user_id, made.id, wish.channel, $7::text, $2::timestamptz, $2::timestamptz,
	       CASE wish.channel WHEN 'in_app' THEN 'sent' ELSE 'pending' END,
	       CASE wish.channel WHEN 'in_app' THEN $2::timestamptz END,
	       CASE wish.channel WHEN 'email' THEN $20::jsonb END
	  FROM made
	  JOIN wish ON wish.user_id = made.user_id AND wish.wanted
)
SELECT count(*) AS made FROM made;
