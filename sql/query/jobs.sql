-- What takes longer than a request (cgi/jobs.c, cron/jobs.c).
--
-- $2 of what people and keys ask is the caller: the id of a user or of an agent key.

-- name: jobs_page
SELECT c.role AS my_role, x.*
  FROM team_callers c
  LEFT JOIN LATERAL (
	SELECT v.* FROM job_view v
	 WHERE v.team_id = c.team_id
	   AND (v.created_at, v.id) < ($3::timestamptz, $4::uuid)
	 ORDER BY v.created_at DESC, v.id DESC
	 LIMIT $5::bigint) x ON true
 WHERE c.team_id = $1::uuid AND c.id = $2::uuid
 ORDER BY x.created_at DESC, x.id DESC;

-- name: job_show
SELECT c.role AS my_role, v.*
  FROM job_view v
  JOIN team_callers c ON c.team_id = v.team_id
 WHERE v.id = $1::uuid AND c.id = $2::uuid;

-- name: job_file
-- For members; where the file is, NULL when it is gone, and what it is called for people.
SELECT CASE WHEN j.file_expires_at > now() THEN j.file_name END AS file_name,
       concat_ws('-', nullif(left(trim('-' FROM regexp_replace(lower(p.name), '[^a-z0-9]+', '-', 'g')), 60), ''),
	   'export', to_char(j.finished_at, 'YYYY-MM-DD')) AS title
  FROM jobs j
  JOIN members c ON c.team_id = j.team_id
  LEFT JOIN projects p ON p.id = j.project_id
 WHERE j.id = $1::uuid AND c.user_id = $2::uuid;

-- name: job_enter_team_key
-- team_enter for an agent key: revoked or expired, it stays outside.
SELECT 'admin' AS role, k.team_id
  FROM api_keys k
 WHERE k.team_id = $1::uuid AND k.id = $2::uuid AND k.kind = 'agent'
   AND (k.expires_at IS NULL OR k.expires_at > now())
   FOR SHARE;

-- name: job_project
SELECT id FROM projects
 WHERE team_id = $1::uuid AND id = $2::uuid;

-- name: job_add
-- By user $5 or key $6, in request $7.  No row: one of this type and project has not ended yet.
INSERT INTO jobs (team_id, project_id, type, notify, started_by, key_id, key_name, tells, request_id)
SELECT $1::uuid, $2::uuid, $3::text, $4::boolean, $5::uuid, k.id, k.name,
       CASE WHEN $4::boolean THEN coalesce($5::uuid, k.created_by) END, $7::text
  FROM (VALUES (1)) one
  LEFT JOIN api_keys k ON k.id = $6::uuid
    ON CONFLICT DO NOTHING
RETURNING id;

-- name: job_live
SELECT id, status FROM jobs
 WHERE team_id = $1::uuid AND project_id IS NOT DISTINCT FROM $2::uuid AND type = $3::text
   AND status IN ('pending', 'running');

-- name: job_row
SELECT * FROM job_view
 WHERE id = $1::uuid;

-- name: job_enter
SELECT me.role, j.team_id, j.status
  FROM jobs j
  JOIN members me ON me.team_id = j.team_id
 WHERE j.id = $1::uuid AND me.user_id = $2::uuid
   FOR NO KEY UPDATE OF j
   FOR SHARE OF me;

-- name: job_enter_key
SELECT 'admin' AS role, j.team_id, j.status
  FROM jobs j
  JOIN api_keys k ON k.team_id = j.team_id
 WHERE j.id = $1::uuid AND k.id = $2::uuid AND k.kind = 'agent'
   AND (k.expires_at IS NULL OR k.expires_at > now())
   FOR NO KEY UPDATE OF j
   FOR SHARE OF k;

-- name: job_cancel
-- What waits is cancelled; what runs is asked to stop.
UPDATE jobs
   SET cancel_asked_at = coalesce(cancel_asked_at, now()),
       status = CASE status WHEN 'pending' THEN 'cancelled' ELSE status END,
       finished_at = CASE status WHEN 'pending' THEN now() END
 WHERE id = $1::uuid AND status IN ('pending', 'running');

-- name: job_news
-- What is told of a job that has ended.  users: who wants to hear of it and is still a member.
SELECT j.id, j.type, j.status, j.error, (j.result ->> 'issues')::bigint AS issues, j.team_id, t.name AS team_name, j.project_id,
       p.name AS project_name, j.key_name, j.file_name IS NOT NULL AS has_file, j.started_by, j.request_id,
       floor(extract(epoch FROM j.finished_at - j.started_at) * 1000)::bigint AS ms,
       (SELECT ARRAY[m.user_id] FROM members m
	 WHERE m.team_id = j.team_id AND m.user_id = j.tells) AS users
  FROM jobs j
  JOIN teams t ON t.id = j.team_id
  LEFT JOIN projects p ON p.id = j.project_id
 WHERE j.id = $1::uuid;

-- name: job_claim
-- The oldest that nobody runs, for one worker: of the types $1 that it knows.  old_token is that
-- of a worker that has died meanwhile.  $2: how long it is ours, in milliseconds of real time.
WITH next AS MATERIALIZED (
	SELECT id, run_token FROM jobs
	 WHERE type = ANY ($1::text[])
	   AND (status = 'pending' OR status = 'running' AND lease_until < clock_timestamp())
	 ORDER BY created_at, id
	 LIMIT 1
	   FOR UPDATE SKIP LOCKED
)
UPDATE jobs j
   SET status = 'running', attempts = j.attempts + 1, run_token = gen_random_uuid(),
       lease_until = clock_timestamp() + $2::bigint * interval '1 millisecond',
       started_at = coalesce(j.started_at, date_trunc('milliseconds', clock_timestamp())),
       step = NULL, done = 0, total = NULL
  FROM next
 WHERE j.id = next.id
RETURNING j.id, j.type, j.team_id, j.project_id, j.attempts, j.run_token, next.run_token AS old_token,
       j.cancel_asked_at IS NOT NULL AS cancelled;

-- name: job_due
-- What a run would claim.
SELECT count(*) AS n FROM jobs
 WHERE type = ANY ($1::text[])
   AND (status = 'pending' OR status = 'running' AND lease_until < clock_timestamp());

-- name: job_progress
-- Still ours?  Then for as long again.
UPDATE jobs
   SET step = $3::text, done = $4::bigint, total = greatest($4::bigint, $5::bigint),
       lease_until = clock_timestamp() + $6::bigint * interval '1 millisecond'
 WHERE id = $1::uuid AND run_token = $2::uuid
RETURNING cancel_asked_at IS NOT NULL AS cancelled;

-- name: job_put_back
-- The worker is told to end: this was no attempt.
UPDATE jobs
   SET status = 'pending', attempts = attempts - 1, run_token = NULL, lease_until = NULL
 WHERE id = $1::uuid AND run_token = $2::uuid;

-- name: job_finish
-- The end of run $2.  No row: another one has taken it up.
UPDATE jobs
   SET status = $3::text, error = $4::text, file_name = $5::text, file_bytes = $6::bigint,
       file_expires_at = CASE WHEN $5::text IS NOT NULL
			      THEN date_trunc('milliseconds', clock_timestamp()) + interval '7 days' END,
       finished_at = date_trunc('milliseconds', clock_timestamp()),
       result = $7::jsonb,
       done = CASE $3::text WHEN 'completed' THEN coalesce(total, done) ELSE done END,
       run_token = NULL, lease_until = NULL
 WHERE id = $1::uuid AND run_token = $2::uuid
RETURNING id;

-- name: job_files_keep
-- Project $1 keeps the files of its last five exports: older ones are over now.
UPDATE jobs
   SET file_expires_at = least(file_expires_at, date_trunc('milliseconds', clock_timestamp()))
 WHERE id IN (SELECT id FROM jobs
	       WHERE project_id = $1::uuid AND file_name IS NOT NULL
	       ORDER BY finished_at DESC, id
	      OFFSET 5);

-- name: job_file_known
-- Whether a job that has ended names this file.
SELECT 1 FROM jobs
 WHERE file_name = $1::text AND file_expires_at > date_trunc('milliseconds', coalesce($2::timestamptz, now()));

-- name: job_files_over
-- Files that are not to be had any more.  $1: now, NULL for the database's.
SELECT id, file_name FROM jobs
 WHERE file_name IS NOT NULL
   AND file_expires_at <= date_trunc('milliseconds', coalesce($1::timestamptz, now()))
 ORDER BY file_expires_at
 LIMIT 1000;

-- name: job_file_gone
UPDATE jobs
   SET file_name = NULL, file_bytes = NULL, file_expires_at = NULL
 WHERE id = $1::uuid;

-- name: job_projects
-- The next page of the projects of team $1, or project $2 alone, behind $3.
SELECT id, (SELECT count(*) FROM projects p
	     WHERE p.team_id = $1::uuid AND ($2::uuid IS NULL OR p.id = $2::uuid)) AS total
  FROM projects
 WHERE team_id = $1::uuid AND ($2::uuid IS NULL OR id = $2::uuid) AND id > $3::uuid
 ORDER BY id
 LIMIT 100;
