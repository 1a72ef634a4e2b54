-- What goes wrong in programs: events, grouped into issues.

-- What becomes of an issue's status.  A move is an event, or the status that a member asks for;
-- what is not here is refused.  Only events make an issue new or regressed.
CREATE TABLE issue_moves (
	status text NOT NULL,
	move text NOT NULL,
	becomes text NOT NULL,
	is_news boolean NOT NULL DEFAULT false,	-- the team is told
	PRIMARY KEY (status, move)
);
INSERT INTO issue_moves (status, move, becomes, is_news)
SELECT s, 'event', CASE s WHEN 'resolved' THEN 'regressed' ELSE s END, s = 'resolved'
  FROM unnest(ARRAY['new', 'regressed', 'in_progress', 'snoozed', 'silenced', 'resolved']) s
UNION ALL
SELECT s, move, move, false
  FROM unnest(ARRAY['new', 'regressed', 'in_progress', 'snoozed', 'silenced', 'resolved']) s
 CROSS JOIN unnest(ARRAY['in_progress', 'snoozed', 'silenced', 'resolved']) move;

-- The id is made of what the issue groups by, environment and fingerprint (cgi/issues/events.c): so an
-- event finds its issue by primary key, and there is no other key to keep.  Nothing that every event
-- moves is in an index.
CREATE TABLE issues (
	id uuid PRIMARY KEY,
	project_id uuid NOT NULL REFERENCES projects ON DELETE CASCADE,
	environment_id uuid NOT NULL REFERENCES environments ON DELETE CASCADE,
	fingerprint text,		-- NULL: title and app group it
	title text NOT NULL,		-- of the first event
	app text,
	status text NOT NULL DEFAULT 'new' CHECK (status IN
	    ('new', 'regressed', 'in_progress', 'snoozed', 'silenced', 'resolved')),
	status_at timestamptz(3) NOT NULL,	-- since when
	events bigint NOT NULL DEFAULT 1,
	users bigint NOT NULL DEFAULT 0,	-- rows in issue_users
	last_seen_at timestamptz(3) NOT NULL,
	-- News: it was new, or regressed, for the round-th time.  events_before is how many events
	-- came before that, told how many since then the team's notices tell of.
	round integer NOT NULL DEFAULT 1,
	events_before bigint NOT NULL DEFAULT 0,
	told bigint NOT NULL DEFAULT 0,
	is_untold boolean NOT NULL DEFAULT false,	-- notices tell of less than they should
	created_at timestamptz(3) NOT NULL	-- first seen
) WITH (fillfactor = 70);
CREATE INDEX issues_newest ON issues (project_id, created_at DESC, id DESC);
CREATE INDEX issues_untold ON issues (id) WHERE is_untold;

-- Kept for 30 days.
CREATE TABLE issue_events (
	issue_id uuid NOT NULL REFERENCES issues ON DELETE CASCADE,
	id uuid NOT NULL DEFAULT gen_random_uuid(),
	title text,			-- NULL: as the issue's
	app text,
	user_name text,			-- whatever the program calls its user
	context json,
	created_at timestamptz(3) NOT NULL,
	PRIMARY KEY (issue_id, created_at, id)
);
CREATE INDEX issue_events_old ON issue_events (created_at);

-- Whom an issue has met, by a hash of what the program calls them.
CREATE TABLE issue_users (
	issue_id uuid NOT NULL REFERENCES issues ON DELETE CASCADE,
	user_hash uuid NOT NULL,
	PRIMARY KEY (issue_id, user_hash)
);

-- What no digest has told of yet: production only.  A digest takes its project's rows.
CREATE TABLE issue_news (
	project_id uuid NOT NULL REFERENCES projects ON DELETE CASCADE,
	issue_id uuid NOT NULL REFERENCES issues ON DELETE CASCADE,
	PRIMARY KEY (project_id, issue_id)
);

ALTER TABLE projects
	ADD digested_at timestamptz(3);	-- the last digest, by the clock of its run; NULL: none yet

-- At most one mail an hour of a kind and project to a user: when the last one was queued.
CREATE TABLE mail_hours (
	user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
	kind text NOT NULL,
	project_id uuid NOT NULL REFERENCES projects ON DELETE CASCADE,
	at timestamptz(3) NOT NULL,
	PRIMARY KEY (user_id, kind, project_id)
);

-- How often a key was used in the minute that began at minute_at: for all processes.
CREATE TABLE key_rates (
	key_id uuid PRIMARY KEY REFERENCES api_keys ON DELETE CASCADE,
	minute_at timestamptz(3) NOT NULL,
	asked bigint NOT NULL		-- may be more than were granted
) WITH (fillfactor = 50);
