-- The inbox: every key holds user_id, so that it can be sharded or partitioned
-- by user.  No triggers: the counter moves in the statement that moves the row.

-- One row for each user.  unread always equals the number of rows in
-- notifications that are in_app, unread and not deleted; version moves with
-- every change that its owner could see.  Whoever changes a user's
-- notifications locks this row first: that orders writers, without deadlock.
CREATE TABLE inbox (
	user_id uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
	unread bigint NOT NULL DEFAULT 0 CHECK (unread >= 0),
	version bigint NOT NULL DEFAULT 1
) WITH (fillfactor = 50);

CREATE TABLE notifications (
	user_id uuid NOT NULL REFERENCES inbox ON DELETE CASCADE,
	id uuid NOT NULL DEFAULT gen_random_uuid(),
	team_id uuid,
	type text NOT NULL,		-- one of the registry in common/notify.c
	title text NOT NULL,		-- rendered when the row is made
	body text,
	link text,			-- a same-origin path
	data jsonb NOT NULL DEFAULT '{}',
	in_app boolean NOT NULL DEFAULT true,	-- false: neither listed nor counted
	-- The same event never makes a second row for the same user, also after
	-- the first was deleted.
	dedupe_key text NOT NULL,
	resource_kind text CHECK (resource_kind IN
	    ('experiment', 'flag_environment', 'issue', 'feedback', 'job')),
	resource_id uuid,
	resource_name text,		-- names as they were when the row was made
	project_id uuid,
	project_name text,
	environment_id uuid,
	environment_name text,
	read_at timestamptz(3),
	deleted_at timestamptz(3),
	created_at timestamptz(3) NOT NULL DEFAULT date_trunc('milliseconds', now()),
	PRIMARY KEY (user_id, id),
	UNIQUE (user_id, dedupe_key)
);
CREATE INDEX notifications_newest ON notifications (user_id, created_at DESC, id DESC)
    WHERE deleted_at IS NULL AND in_app;
CREATE INDEX notifications_unread ON notifications (user_id, created_at DESC, id DESC)
    WHERE deleted_at IS NULL AND in_app AND read_at IS NULL;
CREATE INDEX notifications_by_type ON notifications (user_id, type, created_at DESC, id DESC)
    WHERE deleted_at IS NULL AND in_app;
-- For cleanup: what has been read, and what has been deleted, longest ago.
CREATE INDEX notifications_read ON notifications (read_at)
    WHERE deleted_at IS NULL AND read_at IS NOT NULL;
CREATE INDEX notifications_deleted ON notifications (deleted_at)
    WHERE deleted_at IS NOT NULL;

-- One notification on one channel, or one login code on its way.
CREATE TABLE deliveries (
	user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
	id uuid NOT NULL DEFAULT gen_random_uuid(),
	notification_id uuid,		-- NULL: a login code
	channel text NOT NULL,		-- in_app, email; an adapter each
	kind text NOT NULL,		-- a notification type, or auth.code
	status text NOT NULL DEFAULT 'pending'
	    CHECK (status IN ('pending', 'sent', 'failed', 'skipped')),
	-- What will be sent, frozen when the row is made, so that every try
	-- sends the same bytes.  Emptied once a login code is out.
	payload jsonb,
	attempts integer NOT NULL DEFAULT 0,
	next_try_at timestamptz(3) NOT NULL DEFAULT date_trunc('milliseconds', now()),
	lease_token uuid,		-- who may finish it
	lease_until timestamptz(3),	-- real time, never --at
	error text,
	provider_id text,
	created_at timestamptz(3) NOT NULL DEFAULT date_trunc('milliseconds', now()),
	decided_at timestamptz(3),	-- when status left pending
	PRIMARY KEY (user_id, id),
	UNIQUE (user_id, notification_id, channel),
	FOREIGN KEY (user_id, notification_id) REFERENCES notifications ON DELETE CASCADE
);
CREATE INDEX deliveries_due ON deliveries (next_try_at) WHERE status = 'pending';
