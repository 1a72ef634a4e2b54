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
-- Lock the inboxes of $1 in the order that every writer of several takes.
SELECT count(*) AS inboxes
  FROM (SELECT 1 FROM inbox
	 WHERE user_id = ANY ($1::uuid[])
	 ORDER BY user_id
	   FOR UPDATE) locked;

-- name: notify_enqueue
-- One event to the users $1, whose inboxes are locked: so created_at, which is now, rises in the
-- order of commits.  $2 is the dedupe key, $3 are the channels, $4 the registry's defaults for
-- them; $5 says whether preferences may override those.  $6... are the row; the last are the
-- frozen mail and the body for a webhook, which gets the moment and the notification's id; users
-- without a webhook want nothing there.
WITH clock AS MATERIALIZED (
	SELECT date_trunc('milliseconds', clock_timestamp()) AS at
), channel AS (
	SELECT name, standard
	  FROM unnest($3::text[], $4::boolean[]) AS c (name, standard)
), wish AS MATERIALIZED (
	SELECT u.id AS user_id, channel.name AS channel,
	       CASE WHEN $5::boolean
		    THEN coalesce((u.preferences #>> ARRAY['notifications', 'types', $6::text, channel.name])::boolean,
			channel.standard)
		    ELSE channel.standard END AS wanted
	  FROM users u
	 CROSS JOIN channel
	 WHERE u.id = ANY ($1::uuid[])
	   AND (channel.name <> 'webhook'
	    OR EXISTS (SELECT 1 FROM webhooks w WHERE w.user_id = u.id AND w.gone_at IS NULL))
), made AS (
	INSERT INTO notifications (user_id, created_at, dedupe_key, type, team_id,
	    title, body, link, data, resource_kind, resource_id, resource_name,
	    project_id, project_name, environment_id, environment_name, in_app)
	SELECT user_id, clock.at, $2::text, $6::text, $7::uuid,
	       $8::text, $9::text, $10::text, $11::jsonb, $12::text, $13::uuid, $14::text,
	       $15::uuid, $16::text, $17::uuid, $18::text, wanted
	  FROM wish
	 CROSS JOIN clock
	 WHERE channel = 'in_app'
	ON CONFLICT (user_id, dedupe_key) DO NOTHING
	RETURNING user_id, id, in_app
), counted AS (
	UPDATE inbox i
	   SET unread = i.unread + 1, version = i.version + 1
	  FROM made
	 WHERE i.user_id = made.user_id AND made.in_app
), queued AS (
	INSERT INTO deliveries (user_id, notification_id, team_id, channel, kind, created_at,
	    next_try_at, status, decided_at, payload)
	SELECT made.user_id, made.id, $7::uuid, wish.channel, $6::text, clock.at, clock.at,
	       CASE wish.channel WHEN 'in_app' THEN 'sent' ELSE 'pending' END,
	       CASE wish.channel WHEN 'in_app' THEN clock.at END,
	       CASE wish.channel WHEN 'email' THEN $19::jsonb
		   WHEN 'webhook' THEN jsonb_set($20::jsonb, '{data,notification_id}', to_jsonb(made.id)) ||
		       jsonb_build_object('timestamp', to_char(clock.at, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) END
	  FROM made
	  JOIN wish ON wish.user_id = made.user_id AND wish.wanted
	 CROSS JOIN clock
)
SELECT count(*) AS made FROM made;

-- name: notify_mail
-- A mail of kind $2 to the users $1 that belongs to no notification.
INSERT INTO deliveries (user_id, channel, kind, payload)
SELECT id, 'email', $2::text, $3::jsonb FROM users
 WHERE id = ANY ($1::uuid[]);
