-- What a job came to, where that is no file: of an issue_digest {"issues": how many it told of}.

ALTER TABLE jobs ADD result jsonb;

CREATE OR REPLACE VIEW job_view AS
SELECT j.id, j.team_id, j.type, j.status, j.project_id, p.name AS project_name,
       j.started_by AS started_by_id, coalesce(nullif(u.name, ''), u.email) AS started_by_name,
       j.key_id, j.key_name, j.notify, j.step, j.done, j.total, j.attempts, j.cancel_asked_at,
       j.error, j.file_name, j.file_bytes, j.file_expires_at, j.created_at, j.started_at, j.finished_at,
       j.result
  FROM jobs j
  LEFT JOIN projects p ON p.id = j.project_id
  LEFT JOIN users u ON u.id = j.started_by;
