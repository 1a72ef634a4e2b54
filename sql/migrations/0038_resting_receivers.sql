-- Receivers of webhooks that do not answer, or not in time, are left alone for a while, so that who
-- waits for others need not wait for them (cron/dispatch.c).

ALTER TABLE webhooks
	ADD silent_since timestamptz(3),	-- no call since then was answered
	ADD rests_until timestamptz(3);		-- is not asked before
CREATE INDEX webhooks_url ON webhooks USING hash (url);	-- one receiver may be that of many

-- Until when a delivery made at made_at waits since its webhook's receiver rests at the moment "at",
-- NULL being now: NULL when it need not wait, infinity when it and the silence are a day old.  No rest is
-- longer than an hour, so one that ends later was written by a clock that has been set back since.
CREATE FUNCTION delivery_rest(by_channel text, made_at timestamptz, silent_since timestamptz,
    rests_until timestamptz, at timestamptz) RETURNS timestamptz
LANGUAGE sql STABLE
AS $$
SELECT CASE WHEN by_channel <> 'webhook' OR rests_until IS NULL OR rests_until <= coalesce(at, now())
	      OR rests_until > coalesce(at, now()) + interval '1 hour' THEN NULL
	    WHEN made_at <= coalesce(at, now()) - interval '24 hours'
	     AND silent_since <= coalesce(at, now()) - interval '24 hours' THEN 'infinity'
	    ELSE rests_until
       END
$$;

-- Where a delivery of owner goes, with what a webhook is signed and what is known of its receiver, and
-- the verdict.  One SELECT, STABLE and without SET, so that PostgreSQL puts it in the place of the call.
DROP FUNCTION delivery_now;
CREATE FUNCTION delivery_now(owner uuid, notification uuid, by_channel text, of_kind text,
    made_at timestamptz, went_to text, at timestamptz, may_mute text[])
RETURNS TABLE (address text, secret text, silent_since timestamptz, rests_until timestamptz, verdict text)
LANGUAGE sql STABLE
AS $$
SELECT CASE WHEN by_channel = 'webhook' THEN w.url ELSE u.email END, w.secret, w.silent_since, w.rests_until,
       delivery_verdict(by_channel, of_kind, made_at, went_to, u.id, u.preferences, w.id, w.url,
	   notification, n.id, n.deleted_at, n.in_app, n.read_at, s.address, at, may_mute)
  FROM (VALUES (1)) one
  LEFT JOIN users u ON u.id = owner
  LEFT JOIN notifications n ON n.user_id = owner AND n.id = notification
  LEFT JOIN webhooks w ON w.user_id = owner AND w.gone_at IS NULL
  LEFT JOIN suppressions s ON s.address = lower(u.email) AND s.lifted_at IS NULL
$$;
