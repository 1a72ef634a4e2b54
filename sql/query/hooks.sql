-- What Resend tells of mail (cgi/hooks.c, cron/dispatch.c).  Events come more than once and in any
-- order, so a report only moves forward: nothing, delivered, bounced, complained.

-- name: hook_remember
-- Event $1 of message $2, which names delivery $5 or none, says $3, at $4.  No row: it is known already.
INSERT INTO mail_events (id, provider_id, report, at, delivery_id, applied)
SELECT $1::text, $2::text, $3::text, date_trunc('milliseconds', $4::timestamptz), $5::uuid,
       EXISTS (SELECT 1 FROM deliveries WHERE provider_id = $2::text)
ON CONFLICT DO NOTHING
RETURNING id;

-- name: hook_report
UPDATE deliveries
   SET reported = $2::text, reported_at = date_trunc('milliseconds', $3::timestamptz)
 WHERE provider_id = $1::text
   AND coalesce(array_position(ARRAY['delivered', 'bounced', 'complained'], reported), 0)
     < array_position(ARRAY['delivered', 'bounced', 'complained'], $2::text);

-- name: hook_report_unknown
-- The same of delivery $4, which went out as message $1 without anybody having heard so.
UPDATE deliveries
   SET reported = $2::text, reported_at = date_trunc('milliseconds', $3::timestamptz),
       provider_id = $1::text
 WHERE id = $4::uuid AND error LIKE 'unknown%' AND status = 'failed' AND channel = 'email'
   AND provider_id IS NULL;

-- name: hook_suppress
-- Mail to $1 has bounced for good at $2, in the provider's words $3; if it is an address of ours:
-- one account of a provider may serve several programs.
INSERT INTO suppressions (address, reason, detail, since)
SELECT $1::text, 'bounced', $3::text, date_trunc('milliseconds', $2::timestamptz)
 WHERE EXISTS (SELECT 1 FROM users WHERE email = $1::text)
ON CONFLICT (address) DO UPDATE
   SET reason = excluded.reason, detail = excluded.detail, since = excluded.since, lifted_at = NULL
 WHERE suppressions.lifted_at < excluded.since;

-- name: hook_settle
-- Reports that came before their message's id was written down: when an answer was lost, that can
-- take as long as Resend knows the key by which it is asked for again.  Or nobody ever hears it: then
-- the delivery that they name has failed as unknown, and this is all that is known of it.
WITH late AS MATERIALIZED (
	SELECT e.id, e.provider_id, e.report, e.at, d.user_id, d.id AS delivery_id
	  FROM mail_events e
	 CROSS JOIN LATERAL (
		SELECT user_id, id FROM deliveries WHERE provider_id = e.provider_id
		 UNION ALL
		SELECT user_id, id FROM deliveries
		 WHERE id = e.delivery_id AND error LIKE 'unknown%' AND status = 'failed'
		   AND channel = 'email' AND provider_id IS NULL) d
	 WHERE NOT e.applied AND e.received_at > now() - interval '25 hours'
	 ORDER BY e.received_at
	 LIMIT 1000
	   FOR UPDATE OF e SKIP LOCKED
), told AS (
	UPDATE deliveries d
	   SET reported = last.report, reported_at = last.at, provider_id = last.provider_id
	  FROM (SELECT DISTINCT ON (user_id, delivery_id) *
		  FROM late
		 ORDER BY user_id, delivery_id,
		       array_position(ARRAY['delivered', 'bounced', 'complained'], report) DESC, at) last
	 WHERE d.user_id = last.user_id AND d.id = last.delivery_id
	   AND (d.provider_id = last.provider_id	-- still: it may have been replayed meanwhile
		OR (d.provider_id IS NULL AND d.status = 'failed' AND d.error LIKE 'unknown%'))
	   AND coalesce(array_position(ARRAY['delivered', 'bounced', 'complained'], d.reported), 0)
	     < array_position(ARRAY['delivered', 'bounced', 'complained'], last.report)
)
UPDATE mail_events e
   SET applied = true
  FROM late
 WHERE e.id = late.id
RETURNING e.report;
