-- Addresses under which programs read what is a user's: an Atom feed of the inbox, a calendar of
-- what is scheduled (cgi/feeds).

-- The address is signed and names user and id: no secret is kept, and without the row it is dead.
CREATE TABLE feeds (
	user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
	id uuid NOT NULL DEFAULT gen_random_uuid(),
	kind text NOT NULL CHECK (kind IN ('atom', 'calendar')),
	name text NOT NULL,		-- as its user calls it
	created_at timestamptz(3) NOT NULL DEFAULT date_trunc('milliseconds', now()),
	last_used_at timestamptz(3),	-- moved at most once a minute
	PRIMARY KEY (user_id, id)
);

-- Calendars ask when an entry last changed: somebody, or a newer tz database, moved it.
ALTER TABLE moments ADD changed_at timestamptz(3) NOT NULL DEFAULT date_trunc('milliseconds', now());

-- What is to come in a project, however much its past grows.
CREATE INDEX moments_coming ON moments (project_id, due_at, id) WHERE outcome IS NULL;
