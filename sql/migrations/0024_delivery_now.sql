-- Whether a delivery may be sent, in one place for whoever asks (sql/query/dispatch.sql).

-- Where a delivery of owner goes at the moment "at", NULL being now, with what a webhook is signed,
-- and why it must not be sent any more, or NULL.  went_to is where it went before, if it did;
-- may_mute are the types that preferences count for.  One SELECT, STABLE and without SET, so that
-- PostgreSQL puts it in the place of the call.
CREATE FUNCTION delivery_now(owner uuid, notification uuid, by_channel text, of_kind text,
    made_at timestamptz, went_to text, at timestamptz, may_mute text[])
RETURNS TABLE (address text, secret text, verdict text)
LANGUAGE sql STABLE
AS $$
SELECT CASE WHEN by_channel = 'webhook' THEN w.url ELSE u.email END, w.secret,
       CASE WHEN u.id IS NULL OR (by_channel = 'webhook' AND (w.id IS NULL OR went_to <> w.url)) THEN 'gone'
	    WHEN notification IS NULL AND of_kind = 'auth.code'
	     AND made_at <= coalesce(at, now()) - interval '10 minutes' THEN 'expired'
	    WHEN notification IS NOT NULL AND (n.id IS NULL OR n.deleted_at IS NOT NULL) THEN 'deleted'
	    WHEN of_kind = ANY (may_mute)
	     AND u.preferences #>> ARRAY['notifications', 'types', of_kind, by_channel] = 'false' THEN 'muted'
	    WHEN of_kind = ANY (may_mute) AND by_channel = 'email' AND n.in_app AND n.read_at IS NOT NULL
	     AND u.preferences #>> '{notifications,email_after_minutes}' <> '0' THEN 'read'
	    -- a login code may be the way to hear of it
	    WHEN by_channel = 'email' AND of_kind <> 'auth.code' AND s.address IS NOT NULL THEN 'suppressed'
       END
  FROM (VALUES (1)) one
  LEFT JOIN users u ON u.id = owner
  LEFT JOIN notifications n ON n.user_id = owner AND n.id = notification
  LEFT JOIN webhooks w ON w.user_id = owner AND w.gone_at IS NULL
  LEFT JOIN suppressions s ON s.address = lower(u.email) AND s.lifted_at IS NULL
$$;
