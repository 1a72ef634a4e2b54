-- What teams own: projects, their environments, API keys.

CREATE TABLE projects (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	team_id uuid NOT NULL REFERENCES teams ON DELETE CASCADE,
	name text NOT NULL,
	issue_digest text NOT NULL DEFAULT 'daily'
	    CHECK (issue_digest IN ('none', 'hourly', '6_hourly', 'daily', 'weekly')),
	snippet_seen_at timestamptz(3),
	created_at timestamptz(3) NOT NULL DEFAULT date_trunc('milliseconds', now())
);
CREATE INDEX projects_newest ON projects (team_id, created_at DESC, id DESC);

CREATE TABLE environments (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	project_id uuid NOT NULL REFERENCES projects ON DELETE CASCADE,
	name text NOT NULL,
	position integer NOT NULL,	-- development, staging, production: the order they are shown in
	created_at timestamptz(3) NOT NULL DEFAULT date_trunc('milliseconds', now()),
	UNIQUE (project_id, name)
);

-- Agent keys are team-wide; client keys belong to one environment of one project.
CREATE TABLE api_keys (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	team_id uuid NOT NULL REFERENCES teams ON DELETE CASCADE,
	kind text NOT NULL CHECK (kind IN ('agent', 'client')),
	name text NOT NULL,
	prefix text NOT NULL,			-- what people may see of the secret
	hash bytea NOT NULL UNIQUE,		-- SHA-256 of the whole secret
	project_id uuid REFERENCES projects ON DELETE CASCADE,
	environment_id uuid REFERENCES environments ON DELETE CASCADE,
	created_by uuid REFERENCES users ON DELETE SET NULL,
	last_used_at timestamptz(3),		-- moved at most once a minute
	expires_at timestamptz(3),
	created_at timestamptz(3) NOT NULL DEFAULT date_trunc('milliseconds', now()),
	CHECK ((kind = 'client') = (project_id IS NOT NULL AND environment_id IS NOT NULL))
);
CREATE INDEX api_keys_newest ON api_keys (team_id, created_at DESC, id DESC);
