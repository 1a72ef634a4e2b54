-- Sending for real: what is needed so that no crash, lost answer or second worker makes a second
-- message (cron/dispatch.c).

ALTER TABLE deliveries
	-- The exact bytes of the first try, and where they went: every later try sends the same.
	-- Kept while it may be tried again; how they are to be read is up to the adapter in via.
	ADD via text,
	ADD address text,
	ADD body text,
	-- The first call whose outcome may be unknown.  NULL: surely nothing is out.
	ADD first_try_at timestamptz(3),
	ADD batch_id uuid,		-- goes in one call with others (mail_batches)
	ADD batch_place integer,	-- its place there
	ADD solo boolean NOT NULL DEFAULT false,	-- a batch with it was refused: never again in one
	-- What the provider told afterwards.
	ADD reported text CHECK (reported IN ('delivered', 'bounced', 'complained')),
	ADD reported_at timestamptz(3),
	ADD CHECK ((batch_id IS NULL) = (batch_place IS NULL)),
	ADD CHECK ((reported IS NULL) = (reported_at IS NULL));

-- What waits for a call of its own, by channel; members of a batch wait with it.
CREATE INDEX deliveries_queue ON deliveries (channel, next_try_at)
    WHERE status = 'pending' AND batch_id IS NULL;
CREATE INDEX deliveries_batch ON deliveries (batch_id) WHERE batch_id IS NOT NULL;
CREATE INDEX deliveries_provider ON deliveries (provider_id) WHERE provider_id IS NOT NULL;
DROP INDEX deliveries_due;

-- Deliveries that go in one call.  Who and in which order never changes; the row is gone when
-- their outcome is known.
CREATE TABLE mail_batches (
	id uuid PRIMARY KEY,
	channel text NOT NULL,
	via text NOT NULL,
	members integer NOT NULL,
	attempts integer NOT NULL DEFAULT 0,
	next_try_at timestamptz(3) NOT NULL,
	first_try_at timestamptz(3) NOT NULL,
	lease_token uuid,
	lease_until timestamptz(3)	-- real time, never --at
);

-- How fast the provider lets us ask: one row for all workers and all mail.  Real time.
CREATE TABLE mail_pace (
	one boolean PRIMARY KEY DEFAULT true CHECK (one),
	per_second double precision NOT NULL DEFAULT 2 CHECK (per_second > 0),
	next_at timestamptz NOT NULL DEFAULT '-infinity',	-- nobody asks before
	-- A key or quota is refused, so nothing can be sent: why, since when, and until when not
	-- even to try.  This is no pace: --at counts.
	parked text,
	parked_at timestamptz(3),
	parked_until timestamptz(3),
	CHECK ((parked IS NULL) = (parked_at IS NULL)),
	CHECK ((parked IS NULL) = (parked_until IS NULL))
);
INSERT INTO mail_pace DEFAULT VALUES;
