-- Jobs: what takes longer than a request (common/job.c has the types, cron/jobs.c runs them).

CREATE TABLE jobs (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	team_id uuid NOT NULL REFERENCES teams ON DELETE CASCADE,
	project_id uuid REFERENCES projects ON DELETE CASCADE,	-- NULL: about the whole team
	type text NOT NULL,
	status text NOT NULL DEFAULT 'pending'
	    CHECK (status IN ('pending', 'running', 'completed', 'failed', 'cancelled')),
	started_by uuid REFERENCES users ON DELETE SET NULL,	-- NULL: a key did
	key_id uuid,			-- both outlive the key
	key_name text,
	notify boolean NOT NULL DEFAULT false,
	tells uuid REFERENCES users ON DELETE SET NULL,	-- whom, when it has ended
	-- How far it is.  total is what there was to do when it began, NULL: not counted yet.
	step text,
	done bigint NOT NULL DEFAULT 0,
	total bigint,
	-- The run in hand.  A run may write only while the token is its own; when its lease is over
	-- its worker has died, and another one takes it up again.
	attempts integer NOT NULL DEFAULT 0,
	run_token uuid,
	lease_until timestamptz(3),	-- real time, never --at
	cancel_asked_at timestamptz(3),
	error text,			-- one of common/job.c
	-- What it made, in $CARILLON_VAR/exports: NULL when there is nothing (any more).
	file_name text,
	file_bytes bigint,
	file_expires_at timestamptz(3),
	created_at timestamptz(3) NOT NULL DEFAULT date_trunc('milliseconds', now()),
	started_at timestamptz(3),
	finished_at timestamptz(3),
	CHECK ((status IN ('completed', 'failed', 'cancelled')) = (finished_at IS NOT NULL)),
	CHECK ((status = 'running') = (run_token IS NOT NULL)),
	CHECK ((run_token IS NULL) = (lease_until IS NULL)),
	CHECK ((status = 'failed') = (error IS NOT NULL)),
	CHECK ((file_name IS NULL) = (file_expires_at IS NULL))
);
-- One of each type and project at a time.
CREATE UNIQUE INDEX jobs_live ON jobs (team_id, type, coalesce(project_id, '00000000-0000-0000-0000-000000000000'))
    WHERE status IN ('pending', 'running');
CREATE INDEX jobs_open ON jobs (created_at, id) WHERE status IN ('pending', 'running');
CREATE INDEX jobs_newest ON jobs (team_id, created_at DESC, id DESC);
CREATE INDEX jobs_files ON jobs (file_expires_at) WHERE file_name IS NOT NULL;
CREATE INDEX jobs_ended ON jobs (finished_at) WHERE finished_at IS NOT NULL;

-- A job with the names of what it is about, as the API and the audit log show it.
CREATE VIEW job_view AS
SELECT j.id, j.team_id, j.type, j.status, j.project_id, p.name AS project_name,
       j.started_by AS started_by_id, coalesce(nullif(u.name, ''), u.email) AS started_by_name,
       j.key_id, j.key_name, j.notify, j.step, j.done, j.total, j.attempts, j.cancel_asked_at,
       j.error, j.file_name, j.file_bytes, j.file_expires_at, j.created_at, j.started_at, j.finished_at
  FROM jobs j
  LEFT JOIN projects p ON p.id = j.project_id
  LEFT JOIN users u ON u.id = j.started_by;

-- Who may ask about a team by id: its members, and its agent keys, which may what admins may
-- wherever a route lets keys in.
CREATE VIEW team_callers AS
SELECT team_id, user_id AS id, role FROM members
 UNION ALL
SELECT team_id, id, 'admin' FROM api_keys
 WHERE kind = 'agent' AND (expires_at IS NULL OR expires_at > now());

-- An export reads a project's schedules page by page.
CREATE INDEX schedules_of_project ON schedules (project_id, created_at, id);
