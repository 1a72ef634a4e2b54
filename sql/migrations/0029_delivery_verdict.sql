-- Whether a delivery may be sent, apart from where that is looked up: a Citus coordinator has to look
-- in another way (sql/query/citus.sql).

-- Why a delivery must not be sent at the moment "at", NULL being now, or NULL.  went_to is where it went
-- before, if it did; owner, hook, note are the ids of what there is now, and suppressed the
-- address if mail does not reach it; notification is what it is of; may_mute are the types that
-- preferences count for.
CREATE FUNCTION delivery_verdict(by_channel text, of_kind text, made_at timestamptz, went_to text,
    owner uuid, preferences jsonb, hook uuid, hook_url text, notification uuid, note uuid,
    deleted_at timestamptz, in_app boolean, read_at timestamptz, suppressed text,
    at timestamptz, may_mute text[]) RETURNS text
LANGUAGE sql STABLE
AS $$
SELECT CASE WHEN owner IS NULL OR (by_channel = 'webhook' AND (hook IS NULL OR went_to <> hook_url)) THEN 'gone'
	    WHEN notification IS NULL AND of_kind = 'auth.code'
	     AND made_at <= coalesce(at, now()) - interval '10 minutes' THEN 'expired'
	    WHEN notification IS NOT NULL AND (note IS NULL OR deleted_at IS NOT NULL) THEN 'deleted'
	    WHEN of_kind = ANY (may_mute)
	     AND preferences #>> ARRAY['notifications', 'types', of_kind, by_channel] = 'false' THEN 'muted'
	    WHEN of_kind = ANY (may_mute) AND by_channel = 'email' AND in_app AND read_at IS NOT NULL
	     AND preferences #>> '{notifications,email_after_minutes}' <> '0' THEN 'read'
	    -- a login code may be the way to hear of it
	    WHEN by_channel = 'email' AND of_kind <> 'auth.code' AND suppressed IS NOT NULL THEN 'suppressed'
       END
$$;

-- Where a delivery of owner goes, with what a webhook is signed, and the verdict.  One SELECT, STABLE and
-- without SET, so that PostgreSQL puts it in the place of the call.
CREATE OR REPLACE FUNCTION delivery_now(owner uuid, notification uuid, by_channel text, of_kind text,
    made_at timestamptz, went_to text, at timestamptz, may_mute text[])
RETURNS TABLE (address text, secret text, verdict text)
LANGUAGE sql STABLE
AS $$
SELECT CASE WHEN by_channel = 'webhook' THEN w.url ELSE u.email END, w.secret,
       delivery_verdict(by_channel, of_kind, made_at, went_to, u.id, u.preferences, w.id, w.url,
	   notification, n.id, n.deleted_at, n.in_app, n.read_at, s.address, at, may_mute)
  FROM (VALUES (1)) one
  LEFT JOIN users u ON u.id = owner
  LEFT JOIN notifications n ON n.user_id = owner AND n.id = notification
  LEFT JOIN webhooks w ON w.user_id = owner AND w.gone_at IS NULL
  LEFT JOIN suppressions s ON s.address = lower(u.email) AND s.lifted_at IS NULL
$$;
