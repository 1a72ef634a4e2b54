-- Feature flags, and one toggle for each environment of their project.
--
-- Whoever changes a flag, or one of its environments, locks the flag's row
-- first: that orders edits, toggles, archiving and what cron fires.

-- The value of the variation with that name; NULL when there is none.  A JSON
-- null is a value.
CREATE FUNCTION flag_value(variations jsonb, name text) RETURNS jsonb
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (SELECT v -> 'value' FROM jsonb_array_elements($1) AS v WHERE v ->> 'name' = $2 LIMIT 1);

-- No index for pages: a project has 1000 flags at most (cgi/flags/edit.c), which are
-- sorted when asked for, and evaluation finds only the one index it needs.
CREATE TABLE flags (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	project_id uuid NOT NULL REFERENCES projects ON DELETE CASCADE,
	key text NOT NULL,		-- what programs ask for; never changes
	name text NOT NULL,
	kind text NOT NULL CHECK (kind IN ('boolean', 'string', 'number', 'json')),
	variations jsonb NOT NULL,	-- [{"name": text, "value": what the kind allows}, …]
	default_on text NOT NULL,	-- names of variations: served while enabled …
	default_off text NOT NULL,	-- … and while not
	-- Ready for evaluation, and the proof that both names are there.
	value_on jsonb NOT NULL GENERATED ALWAYS AS (flag_value(variations, default_on)) STORED,
	value_off jsonb NOT NULL GENERATED ALWAYS AS (flag_value(variations, default_off)) STORED,
	status text NOT NULL DEFAULT 'ACTIVE' CHECK (status IN ('ACTIVE', 'ARCHIVED')),
	version bigint NOT NULL DEFAULT 1,	-- rises with every change, toggles too
	created_at timestamptz(3) NOT NULL DEFAULT date_trunc('milliseconds', now()),
	UNIQUE (project_id, key)
);

CREATE TABLE flag_environments (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	flag_id uuid NOT NULL REFERENCES flags ON DELETE CASCADE,
	environment_id uuid NOT NULL REFERENCES environments ON DELETE CASCADE,
	enabled boolean NOT NULL DEFAULT false,
	version bigint NOT NULL DEFAULT 1,	-- of this toggle alone
	UNIQUE (flag_id, environment_id)
);
