-- What became of what was to be told: for its owner (cgi/notifications), for admins (cgi/teams), and
-- for whoever runs carillon-cron replay.

-- name: ledger_notification
-- Every channel of notification $3 of the caller $1, whose session is $2.  No row: no session;
-- notification_id NULL: no such notification.
SELECT n.id AS notification_id, d.id, d.channel, d.status, d.reported, d.error, d.address,
       d.attempts, d.created_at, d.decided_at, d.reported_at,
       CASE WHEN d.status = 'pending' THEN d.next_try_at END AS next_try_at
  FROM sessions s
  LEFT JOIN notifications n ON n.user_id = s.user_id AND n.id = $3::uuid
   AND n.deleted_at IS NULL AND n.in_app
  LEFT JOIN deliveries d ON d.user_id = n.user_id AND d.notification_id = n.id
 WHERE s.user_id = $1::uuid AND s.id = $2::uuid
   AND s.revoked_at IS NULL AND s.expires_at > now()
 ORDER BY array_position(ARRAY['in_app', 'email', 'webhook'], d.channel), d.id;

-- name: ledger_failed_page
SELECT me.role AS my_role, x.*
  FROM members me
  LEFT JOIN LATERAL (
	SELECT d.id, d.created_at, d.channel, d.kind, d.status, d.reported, d.error, d.address,
	       d.attempts, d.decided_at, d.replays,
	       d.user_id, coalesce(nullif(u.name, ''), u.email) AS user_name, n.title AS notification_name
	  FROM deliveries d
	  JOIN users u ON u.id = d.user_id
	  LEFT JOIN notifications n ON n.user_id = d.user_id AND n.id = d.notification_id
	 WHERE d.team_id = $1::uuid AND d.status = 'failed'
	   AND (d.created_at, d.id) < ($3::timestamptz, $4::uuid)
	 ORDER BY d.created_at DESC, d.id DESC
	 LIMIT $5::bigint) x ON true
 WHERE me.team_id = $1::uuid AND me.user_id = $2::uuid
 ORDER BY x.created_at DESC, x.id DESC;

-- name: ledger_find
-- Delivery $3 of the team, locked, if it has failed or was sent anew after that.
SELECT d.user_id, d.status, d.reported, d.error, d.attempts,
       coalesce(d.error LIKE 'unknown%', false) AS is_unknown
  FROM members me
  JOIN deliveries d ON d.team_id = me.team_id
 WHERE me.team_id = $1::uuid AND me.user_id = $2::uuid AND d.id = $3::uuid
   AND (d.status = 'failed' OR d.replays > 0)
   FOR UPDATE OF d;

-- name: ledger_replay
-- Failed delivery $4 of user $3 waits again as if it was never tried; what it says stays, where it
-- goes is looked up anew.
UPDATE deliveries d
   SET status = 'pending', attempts = 0, error = NULL, decided_at = NULL,
       next_try_at = date_trunc('milliseconds', now()), replays = d.replays + 1,
       via = NULL, address = NULL, body = NULL, first_try_at = NULL, provider_id = NULL,
       batch_id = NULL, batch_place = NULL, lease_token = NULL, lease_until = NULL,
       reported = NULL, reported_at = NULL
  FROM members me
  JOIN users u ON u.id = $3::uuid
  LEFT JOIN notifications n ON n.user_id = u.id
   AND n.id = (SELECT notification_id FROM deliveries WHERE user_id = $3::uuid AND id = $4::uuid)
 WHERE me.team_id = $1::uuid AND me.user_id = $2::uuid
   AND d.user_id = $3::uuid AND d.id = $4::uuid AND d.team_id = me.team_id AND d.status = 'failed'
RETURNING d.id, d.created_at, d.channel, d.kind, d.status, d.reported, d.error, d.address,
	  d.attempts, d.decided_at, d.replays,
	  d.user_id, coalesce(nullif(u.name, ''), u.email) AS user_name, n.title AS notification_name;

-- name: ledger_lift
-- Mail to member $3 may be tried again.
WITH member AS (
	SELECT u.id, u.email
	  FROM members me
	  JOIN members m ON m.team_id = me.team_id
	  JOIN users u ON u.id = m.user_id
	 WHERE me.team_id = $1::uuid AND me.user_id = $2::uuid AND m.user_id = $3::uuid
)
UPDATE suppressions s
   SET lifted_at = date_trunc('milliseconds', now())
  FROM member
 WHERE s.address = member.email AND s.lifted_at IS NULL
RETURNING member.id, s.reason, s.since;

-- ---- carillon-cron replay ----

-- name: replay_batch
-- At most 1,000 failed deliveries of team $1, channel $2, with an error that begins with $3, decided
-- since $4, or the one with id $5, each NULL for any, wait again.  Those whose outcome is unknown
-- only if $6, unless it has bounced; what is known to have arrived only by its id.  An audit row each, where there is a team.
WITH picked AS MATERIALIZED (
	SELECT user_id, id
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
	   FOR UPDATE SKIP LOCKED
), before AS MATERIALIZED (
	SELECT d.user_id, d.id, d.error, d.attempts
	  FROM deliveries d
	  JOIN picked p ON p.user_id = d.user_id AND p.id = d.id
), again AS (
	UPDATE deliveries d
	   SET status = 'pending', attempts = 0, error = NULL, decided_at = NULL,
	       next_try_at = date_trunc('milliseconds', now()), replays = d.replays + 1,
	       via = NULL, address = NULL, body = NULL, first_try_at = NULL, provider_id = NULL,
	       batch_id = NULL, batch_place = NULL, lease_token = NULL, lease_until = NULL,
	       reported = NULL, reported_at = NULL
	  FROM picked p
	 WHERE d.user_id = p.user_id AND d.id = p.id
	RETURNING d.user_id, d.id, d.team_id, d.channel
), asked AS (
	UPDATE webhooks w	-- as webhook_ask
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
	  JOIN before ON before.user_id = again.user_id AND before.id = again.id
	  JOIN teams t ON t.id = again.team_id
)
SELECT (SELECT count(*) FROM again) AS n, (SELECT count(*) FROM picked) = 1000 AS more;

-- name: replay_count
SELECT count(*) AS n
  FROM deliveries
 WHERE status = 'failed' AND notification_id IS NOT NULL
   AND ($1::uuid IS NULL OR team_id = $1::uuid)
   AND ($2::text IS NULL OR channel = $2::text)
   AND ($3::text IS NULL OR starts_with(coalesce(error, ''), $3::text))
   AND ($4::timestamptz IS NULL OR decided_at >= $4::timestamptz)
   AND ($5::uuid IS NULL OR id = $5::uuid)
   AND ($6::boolean OR coalesce(error, '') NOT LIKE 'unknown%' OR reported = 'bounced')
   AND ($5::uuid IS NOT NULL OR coalesce(reported, '') NOT IN ('delivered', 'complained'));
