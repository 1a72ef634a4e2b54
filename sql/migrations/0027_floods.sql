-- Floods of different issues, and issues that are snoozed until a moment.

-- News of a project's issues within an hour: the first hundred have notices of their own, the others
-- share one, which counts (common/issue.c).
CREATE TABLE issue_bursts (
	project_id uuid PRIMARY KEY REFERENCES projects ON DELETE CASCADE,
	began_at timestamptz(3) NOT NULL,	-- the hour's begin; it names the shared notice
	news bigint NOT NULL,			-- how many since then
	shown bigint NOT NULL DEFAULT 0,	-- how many the shared notice tells of
	is_behind boolean NOT NULL DEFAULT false	-- it should tell of more
) WITH (fillfactor = 50);
CREATE INDEX issue_bursts_behind ON issue_bursts (project_id) WHERE is_behind;

ALTER TABLE issues
	ADD snooze_until timestamptz(3),	-- NULL: not snoozed, or until somebody changes it
	ADD CHECK (snooze_until IS NULL OR status = 'snoozed');
-- An event after the end of a snooze.
INSERT INTO issue_moves (status, move, becomes, is_news) VALUES ('snoozed', 'woken', 'regressed', true);

ALTER TABLE key_rates ADD taken bigint NOT NULL DEFAULT 0;	-- what the last one to ask was granted

-- A file that is over is none for whoever asks, though cleanup may still have to remove it.
CREATE OR REPLACE VIEW job_view AS
SELECT j.id, j.team_id, j.type, j.status, j.project_id, p.name AS project_name,
       j.started_by AS started_by_id, coalesce(nullif(u.name, ''), u.email) AS started_by_name,
       j.key_id, j.key_name, j.notify, j.step, j.done, j.total, j.attempts, j.cancel_asked_at,
       j.error, CASE WHEN j.file_expires_at > now() THEN j.file_name END AS file_name,
       j.file_bytes, j.file_expires_at, j.created_at, j.started_at, j.finished_at, j.result
  FROM jobs j
  LEFT JOIN projects p ON p.id = j.project_id
  LEFT JOIN users u ON u.id = j.started_by;
