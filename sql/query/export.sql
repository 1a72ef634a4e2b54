-- What a project's export holds (cron/export.c): each statement is one page, oldest first, of the
-- objects of project $1 that come after ($2, $3).

-- name: export_head
SELECT json_build_object('id', p.id, 'name', p.name, 'team', json_build_object('id', t.id, 'name', t.name),
	   'issue_digest', p.issue_digest, 'created_at', moment_text(p.created_at),
	   'environments', (SELECT json_agg(json_build_object('id', e.id, 'name', e.name) ORDER BY e.position, e.id)
	      FROM environments e WHERE e.project_id = p.id)) AS project,
       moment_text(date_trunc('milliseconds', clock_timestamp())) AS at,
       (SELECT count(*) FROM members m WHERE m.team_id = p.team_id)
	 + (SELECT count(*) FROM experiments x WHERE x.project_id = p.id)
	 + (SELECT count(*) FROM flags x WHERE x.project_id = p.id)
	 + (SELECT count(*) FROM schedules x WHERE x.project_id = p.id)
	 + (SELECT count(*) FROM issues x WHERE x.project_id = p.id)
	 + (SELECT count(*) FROM feedback x WHERE x.project_id = p.id) AS total
  FROM projects p
  JOIN teams t ON t.id = p.team_id
 WHERE p.id = $1::uuid;

-- name: export_members
SELECT m.created_at AS at, m.user_id AS id, json_build_object('id', u.id, 'name', u.name, 'role', m.role) AS item
  FROM projects p
  JOIN members m ON m.team_id = p.team_id
  JOIN users u ON u.id = m.user_id
 WHERE p.id = $1::uuid AND (m.created_at, m.user_id) > ($2::timestamptz, $3::uuid)
 ORDER BY m.created_at, m.user_id
 LIMIT 100;

-- name: export_experiments
SELECT e.created_at AS at, e.id, json_build_object('id', e.id, 'name', e.name, 'hypothesis', e.hypothesis,
	   'url_rules', e.url_rules, 'variations', e.variations, 'metrics', e.metrics, 'status', e.status,
	   'version', e.version, 'created_at', moment_text(e.created_at)) AS item
  FROM experiments e
 WHERE e.project_id = $1::uuid AND (e.created_at, e.id) > ($2::timestamptz, $3::uuid)
 ORDER BY e.created_at, e.id
 LIMIT 100;

-- name: export_flags
SELECT f.created_at AS at, f.id, json_build_object('id', f.id, 'key', f.key, 'name', f.name, 'kind', f.kind,
	   'variations', f.variations, 'default_on', f.default_on, 'default_off', f.default_off,
	   'status', f.status, 'version', f.version, 'created_at', moment_text(f.created_at),
	   'environments', (SELECT json_agg(json_build_object('id', e.id, 'name', e.name, 'enabled', e.id = ANY (f.enabled_in))
		  ORDER BY e.position, e.id)
	      FROM flag_environments fe
	      JOIN environments e ON e.id = fe.environment_id
	     WHERE fe.flag_id = f.id)) AS item
  FROM flags f
 WHERE f.project_id = $1::uuid AND (f.created_at, f.id) > ($2::timestamptz, $3::uuid)
 ORDER BY f.created_at, f.id
 LIMIT 100;

-- name: export_schedules
-- All that there were, with what became of their moments.
SELECT s.created_at AS at, s.id, json_build_object(
	   'resource', json_build_object('kind', s.resource_kind, 'id', s.resource_id, 'name', s.resource_name),
	   'environment', CASE WHEN s.environment_id IS NOT NULL
	      THEN json_build_object('id', s.environment_id, 'name', s.environment_name) END,
	   'schedule', schedule_json(s)) AS item
  FROM schedules s
 WHERE s.project_id = $1::uuid AND (s.created_at, s.id) > ($2::timestamptz, $3::uuid)
 ORDER BY s.created_at, s.id
 LIMIT 100;

-- name: export_issues
SELECT i.created_at AS at, i.id, json_build_object('id', i.id, 'title', i.title, 'app', i.app,
	   'fingerprint', i.fingerprint, 'status', i.status, 'status_at', moment_text(i.status_at),
	   'snooze_until', moment_text(i.snooze_until),
	   'events', i.events, 'users', i.users, 'environment', e.name,
	   'last_seen_at', moment_text(i.last_seen_at), 'created_at', moment_text(i.created_at)) AS item
  FROM issues i
  JOIN environments e ON e.id = i.environment_id
 WHERE i.project_id = $1::uuid AND (i.created_at, i.id) > ($2::timestamptz, $3::uuid)
 ORDER BY i.created_at, i.id
 LIMIT 100;

-- name: export_feedback
SELECT f.created_at AS at, f.id, json_build_object('id', f.id, 'message', f.message, 'name', f.name,
	   'email', f.email, 'context', f.context, 'environment', e.name,
	   'created_at', moment_text(f.created_at)) AS item
  FROM feedback f
  LEFT JOIN environments e ON e.id = f.environment_id
 WHERE f.project_id = $1::uuid AND (f.created_at, f.id) > ($2::timestamptz, $3::uuid)
 ORDER BY f.created_at, f.id
 LIMIT 100;
