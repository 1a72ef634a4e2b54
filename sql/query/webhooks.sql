-- Webhooks of users (cgi/auth/webhooks.c); $1 is always the caller.  This role may write a secret and
-- never read one.

-- name: webhook_list
SELECT w.id, w.name, w.url, w.gone_at, w.created_at,
       d.status AS last_status, d.error AS last_error, d.attempts AS last_attempts,
       coalesce(d.decided_at, d.created_at) AS last_at, d.kind AS last_kind
  FROM webhooks w
  LEFT JOIN LATERAL (
	SELECT status, error, attempts, decided_at, created_at, kind
	  FROM deliveries
	 WHERE user_id = $1::uuid AND channel = 'webhook' AND created_at >= w.created_at
	 ORDER BY created_at DESC
	 LIMIT 1) d ON true
 WHERE w.user_id = $1::uuid;

-- name: webhook_add
-- No row: there is one.
INSERT INTO webhooks (user_id, name, url, secret)
VALUES ($1::uuid, $2::text, $3::text, $4::text)
ON CONFLICT (user_id) DO NOTHING
RETURNING id, name, url, gone_at, created_at, NULL AS last_status, NULL AS last_error,
	  NULL AS last_attempts, NULL AS last_at, NULL AS last_kind;

-- name: webhook_remove
DELETE FROM webhooks
 WHERE user_id = $1::uuid AND id = $2::uuid
RETURNING id;

-- name: webhook_test
-- A message $3 for webhook $2, asked for in request $4; while an earlier one waits for its first try, that
-- is due.  A receiver that rests is asked all the same.  No row: no such webhook.
WITH hook AS (
	SELECT id, user_id, created_at
	  FROM webhooks
	 WHERE user_id = $1::uuid AND id = $2::uuid
), asked AS (
	UPDATE webhooks
	   SET rests_until = NULL
	 WHERE user_id = $1::uuid AND id = $2::uuid AND rests_until IS NOT NULL
), clock AS MATERIALIZED (
	SELECT date_trunc('milliseconds', now()) AS at
), waiting AS (
	UPDATE deliveries d
	   SET next_try_at = clock.at
	  FROM hook, clock
	 WHERE d.user_id = $1::uuid AND d.channel = 'webhook' AND d.kind = 'webhook.test'
	   AND d.status = 'pending' AND d.attempts = 0 AND d.created_at >= hook.created_at
	RETURNING d.id
), made AS (
	INSERT INTO deliveries (user_id, channel, kind, request_id, payload)
	SELECT hook.user_id, 'webhook', 'webhook.test', $4::text, $3::jsonb || jsonb_build_object('timestamp',
	       moment_text(now()))
	  FROM hook
	 WHERE NOT EXISTS (SELECT 1 FROM waiting)
	RETURNING id
)
SELECT hook.id FROM hook LEFT JOIN made ON true;

-- name: webhook_ask
-- Also while it rests, the receiver of user $1 is asked for what somebody has sent anew.
UPDATE webhooks
   SET rests_until = NULL
 WHERE user_id = $1::uuid AND rests_until IS NOT NULL;
