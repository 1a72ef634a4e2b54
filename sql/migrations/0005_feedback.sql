-- What people say through a client key.

CREATE TABLE feedback (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	project_id uuid NOT NULL REFERENCES projects ON DELETE CASCADE,
	environment_id uuid REFERENCES environments ON DELETE SET NULL,
	message text NOT NULL,
	name text,
	email text,
	context jsonb,
	created_at timestamptz(3) NOT NULL DEFAULT date_trunc('milliseconds', now())
);
CREATE INDEX feedback_newest ON feedback (project_id, created_at DESC, id DESC);
