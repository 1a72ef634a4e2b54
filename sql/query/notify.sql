-- The dispatcher (common/notify.c): all of it belongs to the caller's
-- transaction.  Users come by a join, never by = ANY: in a plan that was made while the table was
-- small that compares each row with all of them, for 30,000 members during seconds.

-- name: notify_open
-- A user made by hand may have no inbox yet; where everybody has one, counting them is all.
INSERT INTO inbox (user_id)
SELECT u.id
  FROM unnest($1::uuid[]) AS given (id)
  JOIN users u ON u.id = given.id
 WHERE (SELECT count(*) FROM unnest($1::uuid[]) AS g (id) JOIN inbox i ON i.user_id = g.id)
       < cardinality($1::uuid[])
   AND NOT EXISTS (SELECT 1 FROM inbox WHERE user_id = u.id)
ON CONFLICT DO NOTHING;

-- name: notify_lock
-- Lock the inboxes of $1 in the order that every writer of several takes.
SELECT count(*) AS inboxes
  FROM (SELECT 1
	  FROM unnest($1::uuid[]) AS given (id)
	  JOIN inbox i ON i.user_id = given.id
	 ORDER BY i.user_id
	   FOR UPDATE OF i) locked;

-- name: notify_enqueue
-- One event to the users $1 (or some of them), whose inboxes are locked: so created_at, which is now, rises in the
-- order of commits.  $2 is the dedupe key, $3 are the channels, $4 the registry's defaults for
-- them; $5 says whether preferences may override those, and make mail wait.  $6... are the row,
-- $19... the frozen mail: text and HTML, each with a gap between two parts for the user's own
-- end, one of $25, of the unsubscribe link $24.  $26 is the body for a webhook, which gets the
-- moment and the notification's id; users without a webhook want nothing there.  $27 is why they
-- get it, where the type does not say so; $28 the request that it comes of.
WITH clock AS MATERIALIZED (
	SELECT date_trunc('milliseconds', clock_timestamp()) AS at
), channel AS (
	SELECT name, standard
	  FROM unnest($3::text[], $4::boolean[]) AS c (name, standard)
), reader AS (
	SELECT DISTINCT ON (user_id) user_id, coalesce(ending, '') AS ending
	  FROM unnest($1::uuid[], $25::text[]) AS r (user_id, ending)
), wish AS MATERIALIZED (
	SELECT u.id AS user_id, reader.ending, channel.name AS channel,
	       CASE WHEN $5::boolean
		    THEN coalesce((u.preferences #>> ARRAY['notifications', 'types', $6::text, channel.name])::boolean,
			channel.standard)
		    ELSE channel.standard END AS wanted,
	       CASE WHEN $5::boolean
		    THEN (u.preferences #>> '{notifications,email_after_minutes}')::integer
			* interval '1 minute' END AS waits
	  FROM reader
	  JOIN users u ON u.id = reader.user_id
	 CROSS JOIN channel
	 WHERE channel.name <> 'webhook'
	    OR EXISTS (SELECT 1 FROM webhooks w WHERE w.user_id = u.id AND w.gone_at IS NULL)
), made AS (
	INSERT INTO notifications (user_id, created_at, dedupe_key, type, team_id,
	    title, body, link, data, resource_kind, resource_id, resource_name,
	    project_id, project_name, environment_id, environment_name, in_app, because)
	SELECT user_id, clock.at, $2::text, $6::text, $7::uuid,
	       $8::text, $9::text, $10::text, $11::jsonb, $12::text, $13::uuid, $14::text,
	       $15::uuid, $16::text, $17::uuid, $18::text, wanted, $27::text
	  FROM wish, clock
	 WHERE channel = 'in_app'
	ON CONFLICT (user_id, dedupe_key) DO NOTHING
	RETURNING user_id, id, in_app
), counted AS (
	UPDATE inbox i
	   SET unread = i.unread + 1, version = i.version + 1
	  FROM made
	 WHERE i.user_id = made.user_id AND made.in_app
), queued AS (
	INSERT INTO deliveries (user_id, id, notification_id, team_id, channel, kind, created_at,
	    next_try_at, status, decided_at, request_id, payload)
	SELECT made.user_id,
	       -- the bell's has nothing to tell apart from the notification: random ids cost time
	       CASE wish.channel WHEN 'in_app' THEN made.id ELSE gen_random_uuid() END,
	       made.id, $7::uuid, wish.channel, $6::text, clock.at,
	       -- nobody reads in the bell what is not there
	       clock.at + CASE WHEN wish.channel = 'email' AND made.in_app
				 THEN coalesce(wish.waits, '0') ELSE '0' END,
	       CASE wish.channel WHEN 'in_app' THEN 'sent' ELSE 'pending' END,
	       CASE wish.channel WHEN 'in_app' THEN clock.at END, $28::text,
	       CASE wish.channel WHEN 'email' THEN jsonb_build_object('subject', $8::text,
		   'text', $19::text || coalesce(wish.ending || $20::text, ''),
		   'html', $21::text || coalesce(wish.ending || $22::text, ''),
		   'headers', $23::jsonb || CASE WHEN $24::text IS NULL THEN '{}'
		       ELSE jsonb_build_object('List-Unsubscribe',
			   concat('<', $24::text, wish.ending, '>')) END)
		   WHEN 'webhook' THEN jsonb_set($26::jsonb, '{data,notification_id}', to_jsonb(made.id)) ||
		       jsonb_build_object('timestamp', to_char(clock.at, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) END
	  FROM made
	  JOIN wish ON wish.user_id = made.user_id AND wish.wanted
	 CROSS JOIN clock
)
SELECT count(*) AS made FROM made;

-- name: notify_mail
-- A mail of kind $2 to the users $1 that belongs to no notification.
INSERT INTO deliveries (user_id, channel, kind, payload)
SELECT u.id, 'email', $2::text, $3::jsonb
  FROM users u
 WHERE u.id IN (SELECT given.id FROM unnest($1::uuid[]) AS given (id));
