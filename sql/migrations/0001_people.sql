-- Who there is: users, teams, members with a role, sessions, login codes.

CREATE TABLE users (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	email text NOT NULL UNIQUE CHECK (email = lower(email)),
	name text NOT NULL DEFAULT '',
	-- sparse overrides only: {"notifications":{"types":{TYPE:{CHANNEL:bool}}}}
	preferences jsonb NOT NULL DEFAULT '{}',
	created_at timestamptz(3) NOT NULL DEFAULT date_trunc('milliseconds', now())
);

CREATE TABLE teams (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	name text NOT NULL,
	-- a schedule fails when its scheduler has lost the right to publish
	strict_schedules boolean NOT NULL DEFAULT true,
	created_at timestamptz(3) NOT NULL DEFAULT date_trunc('milliseconds', now())
);

CREATE TABLE members (
	team_id uuid NOT NULL REFERENCES teams ON DELETE CASCADE,
	user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
	role text NOT NULL CHECK (role IN ('owner', 'admin', 'developer', 'collaborator', 'viewer')),
	created_at timestamptz(3) NOT NULL DEFAULT date_trunc('milliseconds', now()),
	PRIMARY KEY (team_id, user_id)
);
CREATE INDEX members_of_user ON members (user_id);
CREATE INDEX members_newest ON members (team_id, created_at DESC, user_id DESC);

-- A session is the jti of a JWT: the token works while its row is alive.
CREATE TABLE sessions (
	user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
	id uuid NOT NULL DEFAULT gen_random_uuid(),
	created_at timestamptz(3) NOT NULL DEFAULT date_trunc('milliseconds', now()),
	expires_at timestamptz(3) NOT NULL,
	revoked_at timestamptz(3),
	PRIMARY KEY (user_id, id)
);
CREATE INDEX sessions_expired ON sessions (expires_at);

-- One row for each code asked for, also for addresses that nobody has: so an
-- unknown address cannot be told from a known one by its limits.
CREATE TABLE login_codes (
	email text NOT NULL CHECK (email = lower(email)),
	id uuid NOT NULL DEFAULT gen_random_uuid(),
	user_id uuid REFERENCES users ON DELETE CASCADE,	-- NULL: nobody has this address
	code_mac bytea NOT NULL,		-- HMAC-SHA256 over id and code; never the code
	tries integer NOT NULL DEFAULT 0,	-- wrong ones
	created_at timestamptz(3) NOT NULL DEFAULT date_trunc('milliseconds', now()),
	expires_at timestamptz(3) NOT NULL,
	used_at timestamptz(3),
	PRIMARY KEY (email, id)
);
CREATE INDEX login_codes_newest ON login_codes (email, created_at DESC);
CREATE INDEX login_codes_expired ON login_codes (expires_at);
