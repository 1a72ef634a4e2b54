-- What becomes of mail after it was handed over, and webhooks that users want called.

-- What Resend told (cgi/hooks.c), once for each id that it gave the event: told again, it
-- changes nothing.  Kept for 30 days.
CREATE TABLE mail_events (
	id text PRIMARY KEY,		-- svix-id
	provider_id text NOT NULL,	-- of the message
	report text NOT NULL CHECK (report IN ('delivered', 'bounced', 'complained')),
	at timestamptz(3) NOT NULL,	-- when it happened, by Resend's clock
	-- A message can be reported before its sender has written down its provider's id; and
	-- whose account it shares may send what is none of ours.
	applied boolean NOT NULL DEFAULT false,
	received_at timestamptz(3) NOT NULL DEFAULT date_trunc('milliseconds', now())
);
CREATE INDEX mail_events_received ON mail_events (received_at);
CREATE INDEX mail_events_waiting ON mail_events (received_at) WHERE NOT applied;

-- Addresses that mail does not reach.  A lifted one stays, so that a bounce from before it was
-- lifted and told late does not suppress it again.
CREATE TABLE suppressions (
	address text PRIMARY KEY CHECK (address = lower(address)),
	reason text NOT NULL CHECK (reason IN ('bounced')),
	detail text,			-- the words of the provider
	since timestamptz(3) NOT NULL,
	lifted_at timestamptz(3)
);

-- What a user wants called, at most one each: a notification has one delivery a channel.
CREATE TABLE webhooks (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	user_id uuid NOT NULL UNIQUE REFERENCES users ON DELETE CASCADE,
	name text NOT NULL,
	url text NOT NULL,
	secret text NOT NULL,		-- whsec_…; signs, so it is kept as it is
	created_at timestamptz(3) NOT NULL DEFAULT date_trunc('milliseconds', now()),
	-- The receiver said 410: nothing more is sent until its owner makes another.
	gone_at timestamptz(3)
);

ALTER TABLE deliveries
	ADD team_id uuid,		-- of the notification, NULL without one
	-- How often somebody had it sent anew: another request to the provider, not a repetition.
	ADD replays integer NOT NULL DEFAULT 0;
UPDATE deliveries d
   SET team_id = n.team_id
  FROM notifications n
 WHERE n.user_id = d.user_id AND n.id = d.notification_id AND n.team_id IS NOT NULL;
CREATE INDEX deliveries_failed ON deliveries (team_id, created_at DESC, id DESC)
    WHERE status = 'failed';
