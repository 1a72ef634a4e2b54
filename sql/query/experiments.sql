-- Experiments, and the snippet that carries them out (cgi/experiments).
--
-- $1 is the experiment (or project) of the path, $2 always the caller: every
-- statement finds its rows through the caller's membership, as it is now.
-- experiment_enter locks the experiment: changes of one take turns.

-- name: experiments_page
SELECT me.role AS my_role, x.*
  FROM projects p
  JOIN members me ON me.team_id = p.team_id
  LEFT JOIN LATERAL (
	SELECT e.id, e.project_id, e.name, e.hypothesis, e.url_rules, e.variations,
	       e.metrics, e.status, e.version, e.created_at,
	       (SELECT schedule_json(s) FROM schedules s
	 WHERE s.resource_kind = 'experiment' AND s.resource_id = e.id AND s.status = 'PENDING')
	   AS schedule
	  FROM experiments e
	 WHERE e.project_id = p.id
	   AND (e.created_at, e.id) < ($3::timestamptz, $4::uuid)
	 ORDER BY e.created_at DESC, e.id DESC
	 LIMIT $5::bigint) x ON true
 WHERE p.id = $1::uuid AND me.user_id = $2::uuid
 ORDER BY x.created_at DESC, x.id DESC;

-- name: experiment_show
-- With what the preflight looks at.  A change reads it behind experiment_enter, or in place of that when
-- it is only tried: role and team_id are for that.
SELECT me.role AS my_role, me.role, p.team_id, e.id, e.project_id, e.name, e.hypothesis,
       e.url_rules, e.variations, e.metrics, e.status, e.version, e.created_at,
       p.snippet_seen_at,
       (SELECT schedule_json(s) FROM schedules s
	 WHERE s.resource_kind = 'experiment' AND s.resource_id = e.id AND s.status = 'PENDING')
	   AS schedule
  FROM experiments e
  JOIN projects p ON p.id = e.project_id
  JOIN members me ON me.team_id = p.team_id
 WHERE e.id = $1::uuid AND me.user_id = $2::uuid;

-- name: experiments_enter
-- Into project $1, to make one.
SELECT me.role, p.team_id
  FROM projects p
  JOIN members me ON me.team_id = p.team_id
 WHERE p.id = $1::uuid AND me.user_id = $2::uuid
   FOR SHARE OF me;

-- name: experiment_add
INSERT INTO experiments (project_id, name, hypothesis, url_rules, variations, metrics)
SELECT p.id, $3::text, $4::text, coalesce($5::jsonb, '[]'), coalesce($6::jsonb, '[]'),
       coalesce($7::jsonb, '[]')
  FROM projects p
  JOIN members me ON me.team_id = p.team_id
 WHERE p.id = $1::uuid AND me.user_id = $2::uuid
RETURNING id, project_id, name, hypothesis, url_rules, variations, metrics, status, version,
       created_at, NULL::jsonb AS schedule;

-- name: experiment_enter
SELECT me.role, p.team_id
  FROM experiments e
  JOIN projects p ON p.id = e.project_id
  JOIN members me ON me.team_id = p.team_id
 WHERE e.id = $1::uuid AND me.user_id = $2::uuid
   FOR NO KEY UPDATE OF e
   FOR SHARE OF me;

-- name: experiment_change
-- NULL leaves a field as it is; $5 takes the hypothesis away.  No row: $9 says
-- that what visitors get must stay, and it would not.
WITH wanted AS (
	SELECT e.id, coalesce($3::text, e.name) AS name,
	       CASE WHEN $5::boolean THEN NULL ELSE coalesce($4::text, e.hypothesis) END AS hypothesis,
	       coalesce($6::jsonb, e.url_rules) AS url_rules,
	       coalesce($7::jsonb, e.variations) AS variations,
	       coalesce($8::jsonb, e.metrics) AS metrics
	  FROM experiments e
	  JOIN projects p ON p.id = e.project_id
	  JOIN members me ON me.team_id = p.team_id
	 WHERE e.id = $1::uuid AND me.user_id = $2::uuid
)
UPDATE experiments e
   SET name = w.name, hypothesis = w.hypothesis, url_rules = w.url_rules,
       variations = w.variations, metrics = w.metrics,
       version = e.version + ((w.name, w.hypothesis, w.url_rules, w.variations, w.metrics)
	   IS DISTINCT FROM (e.name, e.hypothesis, e.url_rules, e.variations, e.metrics))::integer
  FROM wanted w
 WHERE e.id = w.id
   AND (NOT $9::boolean OR (w.url_rules, w.variations, w.metrics)
	= (e.url_rules, e.variations, e.metrics))
RETURNING e.id, e.project_id, e.name, e.hypothesis, e.url_rules, e.variations, e.metrics,
       e.status, e.version, e.created_at,
       (SELECT schedule_json(s) FROM schedules s
	 WHERE s.resource_kind = 'experiment' AND s.resource_id = e.id AND s.status = 'PENDING')
	   AS schedule;

-- name: experiment_move
UPDATE experiments e
   SET status = $3::text, version = e.version + 1
  FROM projects p
  JOIN members me ON me.team_id = p.team_id
 WHERE e.id = $1::uuid AND p.id = e.project_id AND me.user_id = $2::uuid
RETURNING e.id, e.project_id, e.name, e.hypothesis, e.url_rules, e.variations, e.metrics,
       e.status, e.version, e.created_at,
       (SELECT schedule_json(s) FROM schedules s
	 WHERE s.resource_kind = 'experiment' AND s.resource_id = e.id AND s.status = 'PENDING')
	   AS schedule;

-- name: snippet_seen
-- In project $1 through its client key $2, if the key is still good.  Pages
-- say so at every view; the row moves at most once a minute.
WITH good AS (
	SELECT project_id
	  FROM api_keys
	 WHERE project_id = $1::uuid AND id = $2::uuid AND kind = 'client'
	   AND (expires_at IS NULL OR expires_at > now())
), seen AS (
	UPDATE projects p
	   SET snippet_seen_at = now()
	  FROM good
	 WHERE p.id = good.project_id
	   AND (p.snippet_seen_at IS NULL OR p.snippet_seen_at < now() - interval '1 minute')
)
SELECT 1 FROM good;

-- name: experiment_schedule
SELECT me.role AS my_role, e.id AS place_id, s.version,
       CASE WHEN s.id IS NOT NULL THEN schedule_json(s) END AS schedule
  FROM experiments e
  JOIN projects p ON p.id = e.project_id
  JOIN members me ON me.team_id = p.team_id
  LEFT JOIN schedules s
    ON s.resource_kind = 'experiment' AND s.resource_id = e.id AND s.status = 'PENDING'
 WHERE e.id = $1::uuid AND me.user_id = $2::uuid;
