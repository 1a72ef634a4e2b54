-- What waits to be mailed (cron/dispatch.c).  "At" is the moment that counts as now, NULL for the
-- database's own; it says what is due and what has expired.  Leases always keep real time.
--
-- A delivery is claimed (committed), sent outside of any transaction, and then finished by whoever
-- still holds its lease.  A claim lost to a crash is due again when its lease has run out.

-- name: dispatch_claim
-- At most 100 that are due at $1, longest due first, under one new lease.  The CTE is materialized
-- so that no plan can claim more than it locked.
WITH lease AS MATERIALIZED (
	SELECT gen_random_uuid() AS token
), due AS MATERIALIZED (
	SELECT user_id, id
	  FROM deliveries
	 WHERE status = 'pending' AND channel = 'email'
	   AND next_try_at <= coalesce($1::timestamptz, now())
	   AND (lease_until IS NULL OR lease_until < clock_timestamp())
	 ORDER BY next_try_at
	 LIMIT 100
	   FOR UPDATE SKIP LOCKED
)
UPDATE deliveries d
   SET lease_token = lease.token, lease_until = clock_timestamp() + interval '90 seconds'
  FROM due, lease
 WHERE d.user_id = due.user_id AND d.id = due.id
RETURNING d.user_id, d.id, d.lease_token;

-- name: dispatch_look
-- Delivery ($1, $2) as it is at the last moment before it is sent, and in verdict why it must not
-- be.  No row: lease $3 is lost, or has less than 30 seconds left, which a slow try could outlast.
-- $4 is at, $5 the types of the registry that may be muted.
SELECT d.kind, d.payload ->> 'subject' AS subject, d.payload ->> 'text' AS text,
       d.payload ->> 'html' AS html, floor(extract(epoch FROM d.created_at))::bigint AS created,
       u.email,
       CASE WHEN u.id IS NULL THEN 'gone'
	    WHEN d.notification_id IS NULL AND d.kind = 'auth.code'
	     AND d.created_at <= coalesce($4::timestamptz, now()) - interval '10 minutes' THEN 'expired'
	    WHEN d.notification_id IS NOT NULL
	     AND (n.id IS NULL OR n.deleted_at IS NOT NULL) THEN 'deleted'
	    WHEN d.kind = ANY ($5::text[])
	     AND u.preferences #>> ARRAY['notifications', 'types', d.kind, d.channel] = 'false' THEN 'muted'
       END AS verdict
  FROM deliveries d
  LEFT JOIN users u ON u.id = d.user_id
  LEFT JOIN notifications n ON n.user_id = d.user_id AND n.id = d.notification_id
 WHERE d.user_id = $1::uuid AND d.id = $2::uuid AND d.status = 'pending'
   AND d.lease_token = $3::uuid AND d.lease_until > clock_timestamp() + interval '30 seconds';

-- name: dispatch_finish
-- Delivery ($1, $2) of lease $3 has become $4, with reason $5.  A login code is not kept.
UPDATE deliveries
   SET status = $4::text, error = $5::text,
       attempts = attempts + CASE WHEN $4::text = 'skipped' THEN 0 ELSE 1 END,
       decided_at = date_trunc('milliseconds', clock_timestamp()),
       lease_token = NULL, lease_until = NULL,
       payload = CASE WHEN kind = 'auth.code' THEN NULL ELSE payload END
 WHERE user_id = $1::uuid AND id = $2::uuid AND lease_token = $3::uuid AND status = 'pending';

-- name: dispatch_retry
-- It did not work, for reason $5, and may another time: exponential back-off with full jitter
-- after $4 (at), at least a second so that one run with --at cannot burn every try.  The tenth
-- failure is the last.
UPDATE deliveries
   SET status = CASE WHEN attempts + 1 >= 10 THEN 'failed' ELSE 'pending' END,
       error = $5::text, attempts = attempts + 1,
       next_try_at = date_trunc('milliseconds', coalesce($4::timestamptz, clock_timestamp())
	   + greatest(1, random() * least(3600, 5 * 2 ^ (attempts + 1))) * interval '1 second'),
       decided_at = CASE WHEN attempts + 1 >= 10
			 THEN date_trunc('milliseconds', clock_timestamp()) END,
       lease_token = NULL, lease_until = NULL,
       payload = CASE WHEN kind = 'auth.code' AND attempts + 1 >= 10 THEN NULL ELSE payload END
 WHERE user_id = $1::uuid AND id = $2::uuid AND lease_token = $3::uuid AND status = 'pending'
RETURNING status;

-- name: dispatch_release
-- Give back what lease $1 still holds.
UPDATE deliveries
   SET lease_token = NULL, lease_until = NULL
 WHERE status = 'pending' AND lease_token = $1::uuid;

-- name: dispatch_count
-- What a run at $1 would do: the conditions of claim and look.  $2 are the types that may be muted.
SELECT count(*) FILTER (WHERE NOT skip) AS sent, count(*) FILTER (WHERE skip) AS skipped
  FROM (SELECT u.id IS NULL
	    OR (d.notification_id IS NULL AND d.kind = 'auth.code'
		AND d.created_at <= coalesce($1::timestamptz, now()) - interval '10 minutes')
	    OR (d.notification_id IS NOT NULL AND (n.id IS NULL OR n.deleted_at IS NOT NULL))
	    OR (d.kind = ANY ($2::text[]) AND coalesce(u.preferences
		#>> ARRAY['notifications', 'types', d.kind, d.channel], '') = 'false') AS skip
	  FROM deliveries d
	  LEFT JOIN users u ON u.id = d.user_id
	  LEFT JOIN notifications n ON n.user_id = d.user_id AND n.id = d.notification_id
	 WHERE d.status = 'pending' AND d.channel = 'email'
	   AND d.next_try_at <= coalesce($1::timestamptz, now())
	   AND (d.lease_until IS NULL OR d.lease_until < clock_timestamp())) due;
