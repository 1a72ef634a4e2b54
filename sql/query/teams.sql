-- Teams, members, keys, the audit log and projects (cgi/teams).
--
-- $1 is the team (or project) of the path, $2 always the caller: every
-- statement finds its rows through the caller's membership, as it is now.
-- The *_enter statements open a change: they lock the caller's row in members,
-- so that a removal either waits for the change or is seen by it.  What
-- changes members, and the team itself, locks the team first: two owners who
-- remove each other take turns.

-- ---- teams ----

-- name: team_show
SELECT m.role AS my_role, t.id, t.name, t.strict_schedules, t.created_at
  FROM members m
  JOIN teams t ON t.id = m.team_id
 WHERE m.team_id = $1::uuid AND m.user_id = $2::uuid;

-- name: team_enter
SELECT t.id AS team_id, m.role
  FROM members m
  JOIN teams t ON t.id = m.team_id
 WHERE m.team_id = $1::uuid AND m.user_id = $2::uuid
   FOR SHARE OF m;

-- name: team_enter_locked
-- The team's row is locked before the member's: after the wait both are
-- looked at again.
SELECT t.id AS team_id, m.role, t.id, t.name, t.strict_schedules, t.created_at
  FROM teams t
  JOIN members m ON m.team_id = t.id
 WHERE t.id = $1::uuid AND m.user_id = $2::uuid
   FOR NO KEY UPDATE OF t
   FOR SHARE OF m;

-- name: team_change
UPDATE teams t
   SET name = coalesce($3::text, t.name),
       strict_schedules = coalesce($4::boolean, t.strict_schedules)
  FROM members m
 WHERE t.id = $1::uuid AND m.team_id = t.id AND m.user_id = $2::uuid
RETURNING t.id, t.name, t.strict_schedules, t.created_at;

-- ---- members ----

-- name: members_page
SELECT me.role AS my_role, x.*
  FROM members me
  LEFT JOIN LATERAL (
	SELECT m.user_id AS id, u.email, u.name, m.role, m.created_at,
	       (SELECT s.since FROM suppressions s WHERE s.address = u.email AND s.lifted_at IS NULL) AS mail_fails_since
	  FROM members m
	  JOIN users u ON u.id = m.user_id
	 WHERE m.team_id = $1::uuid
	   AND (m.created_at, m.user_id) < ($3::timestamptz, $4::uuid)
	 ORDER BY m.created_at DESC, m.user_id DESC
	 LIMIT $5::bigint) x ON true
 WHERE me.team_id = $1::uuid AND me.user_id = $2::uuid
 ORDER BY x.created_at DESC, x.id DESC;

-- name: member_account
-- An account and its inbox for address $1, unless there is one: an address
-- belongs to nobody's team, so there is no caller here.
WITH made AS (
	INSERT INTO users (email) VALUES ($1::text)
	ON CONFLICT (email) DO NOTHING
	RETURNING id
)
INSERT INTO inbox (user_id)
SELECT id FROM made;

-- name: member_add
WITH made AS (
	INSERT INTO members (team_id, user_id, role)
	SELECT me.team_id, u.id, $4::text
	  FROM members me
	 CROSS JOIN users u
	 WHERE me.team_id = $1::uuid AND me.user_id = $2::uuid AND u.email = $3::text
	ON CONFLICT DO NOTHING
	RETURNING user_id, role, created_at
)
SELECT u.id, u.email, u.name, made.role, made.created_at,
       (SELECT s.since FROM suppressions s WHERE s.address = u.email AND s.lifted_at IS NULL) AS mail_fails_since
  FROM made
  JOIN users u ON u.id = made.user_id;

-- name: member_find
-- Member $3, locked, and how many owners the team has.
SELECT u.id, u.email, u.name, m.role, m.created_at,
       (SELECT s.since FROM suppressions s WHERE s.address = u.email AND s.lifted_at IS NULL) AS mail_fails_since,
       (SELECT count(*) FROM members o
	 WHERE o.team_id = $1::uuid AND o.role = 'owner') AS owners
  FROM members me
  JOIN members m ON m.team_id = me.team_id
  JOIN users u ON u.id = m.user_id
 WHERE me.team_id = $1::uuid AND me.user_id = $2::uuid AND m.user_id = $3::uuid
   FOR UPDATE OF m;

-- name: member_change
UPDATE members m
   SET role = $4::text
  FROM members me
  JOIN users u ON u.id = $3::uuid
 WHERE me.team_id = $1::uuid AND me.user_id = $2::uuid
   AND m.team_id = me.team_id AND m.user_id = $3::uuid
RETURNING u.id, u.email, u.name, m.role, m.created_at,
	  (SELECT s.since FROM suppressions s WHERE s.address = u.email AND s.lifted_at IS NULL) AS mail_fails_since;

-- name: member_remove
DELETE FROM members m
 USING members me
 WHERE me.team_id = $1::uuid AND me.user_id = $2::uuid
   AND m.team_id = me.team_id AND m.user_id = $3::uuid;

-- ---- keys ----

-- name: keys_page
SELECT me.role AS my_role, x.*
  FROM members me
  LEFT JOIN LATERAL (
	SELECT k.id, k.name, k.kind, k.prefix, k.project_id, k.environment_id,
	       e.name AS environment_name, k.created_by, k.last_used_at,
	       k.expires_at, k.created_at
	  FROM api_keys k
	  LEFT JOIN environments e ON e.id = k.environment_id
	 WHERE k.team_id = $1::uuid
	   AND (k.created_at, k.id) < ($3::timestamptz, $4::uuid)
	 ORDER BY k.created_at DESC, k.id DESC
	 LIMIT $5::bigint) x ON true
 WHERE me.team_id = $1::uuid AND me.user_id = $2::uuid
 ORDER BY x.created_at DESC, x.id DESC;

-- name: key_place
-- Project $3 of the team, and its environment with the id or name $4.
SELECT p.id AS project_id, e.id AS environment_id
  FROM members me
  JOIN projects p ON p.team_id = me.team_id
  LEFT JOIN environments e ON e.project_id = p.id
   AND (e.name = $4::text OR e.id::text = lower($4::text))
 WHERE me.team_id = $1::uuid AND me.user_id = $2::uuid AND p.id = $3::uuid;

-- name: key_add
-- No row: $9, when it is to expire, is past.
WITH made AS (
	INSERT INTO api_keys (team_id, created_by, kind, name, prefix, hash,
	    project_id, environment_id, expires_at)
	SELECT me.team_id, me.user_id, $3::text, $4::text, $5::text, $6::bytea,
	       $7::uuid, $8::uuid, $9::timestamptz
	  FROM members me
	 WHERE me.team_id = $1::uuid AND me.user_id = $2::uuid
	   AND ($9::timestamptz IS NULL OR $9::timestamptz > clock_timestamp())
	RETURNING *
)
SELECT k.id, k.name, k.kind, k.prefix, k.project_id, k.environment_id,
       e.name AS environment_name, k.created_by, k.last_used_at,
       k.expires_at, k.created_at
  FROM made k
  LEFT JOIN environments e ON e.id = k.environment_id;

-- name: key_remove
WITH gone AS (
	DELETE FROM api_keys k
	 USING members me
	 WHERE me.team_id = $1::uuid AND me.user_id = $2::uuid
	   AND k.team_id = me.team_id AND k.id = $3::uuid
	RETURNING k.*
)
SELECT k.id, k.name, k.kind, k.prefix, k.project_id, k.environment_id,
       e.name AS environment_name, k.created_by, k.last_used_at,
       k.expires_at, k.created_at
  FROM gone k
  LEFT JOIN environments e ON e.id = k.environment_id;

-- ---- the audit log ----

-- name: audit_page
-- What entries of schedules are about is named as it is called now; what is gone, as its last
-- schedule has kept it.  flag_id is NULL when there is no page to open any more.
SELECT me.role AS my_role, x.*, coalesce(e.name, f.name, s.resource_name) AS resource_name,
       f.id AS flag_id, s.environment_id, coalesce(env.name, s.environment_name) AS environment_name
  FROM members me
  LEFT JOIN LATERAL (
	SELECT a.id, a.at, a.at AS created_at, a.actor_type, a.actor_id, a.on_behalf_of,
	       a.action, a.resource_kind, a.resource_id, a.before, a.after, a.request_id
	  FROM audit a
	 WHERE a.team_id = $1::uuid
	   AND (a.at, a.id) < ($3::timestamptz, $4::uuid)
	 ORDER BY a.at DESC, a.id DESC
	 LIMIT $5::bigint) x ON true
  LEFT JOIN LATERAL (
	SELECT c.resource_name, c.environment_id, c.environment_name
	  FROM schedules c
	  JOIN projects p ON p.id = c.project_id
	 WHERE x.action LIKE 'schedule.%' AND p.team_id = $1::uuid
	   AND c.resource_kind = x.resource_kind AND c.resource_id = x.resource_id
	 ORDER BY c.created_at DESC, c.id DESC
	 LIMIT 1) s ON true
  LEFT JOIN experiments e ON e.id = x.resource_id AND s.resource_name IS NOT NULL
  LEFT JOIN flag_environments t ON t.id = x.resource_id AND t.environment_id = s.environment_id
  LEFT JOIN flags f ON f.id = t.flag_id
  LEFT JOIN environments env ON env.id = s.environment_id
 WHERE me.team_id = $1::uuid AND me.user_id = $2::uuid
 ORDER BY x.created_at DESC, x.id DESC;

-- ---- projects ----

-- name: projects_page
SELECT me.role AS my_role, x.*,
       (SELECT jsonb_agg(jsonb_build_object('id', e.id, 'name', e.name) ORDER BY e.position, e.id)
	  FROM environments e WHERE e.project_id = x.id) AS environments
  FROM members me
  LEFT JOIN LATERAL (
	SELECT p.id, p.team_id, p.name, p.issue_digest, p.snippet_seen_at, p.created_at
	  FROM projects p
	 WHERE p.team_id = $1::uuid
	   AND (p.created_at, p.id) < ($3::timestamptz, $4::uuid)
	 ORDER BY p.created_at DESC, p.id DESC
	 LIMIT $5::bigint) x ON true
 WHERE me.team_id = $1::uuid AND me.user_id = $2::uuid
 ORDER BY x.created_at DESC, x.id DESC;

-- name: project_show
SELECT me.role AS my_role, p.id, p.team_id, p.name, p.issue_digest,
       p.snippet_seen_at, p.created_at,
       (SELECT jsonb_agg(jsonb_build_object('id', e.id, 'name', e.name) ORDER BY e.position, e.id)
	  FROM environments e WHERE e.project_id = p.id) AS environments
  FROM projects p
  JOIN members me ON me.team_id = p.team_id
 WHERE p.id = $1::uuid AND me.user_id = $2::uuid;

-- name: project_add
WITH made AS (
	INSERT INTO projects (team_id, name, issue_digest)
	SELECT me.team_id, $3::text, coalesce($4::text, 'daily')
	  FROM members me
	 WHERE me.team_id = $1::uuid AND me.user_id = $2::uuid
	RETURNING *
), place AS (
	INSERT INTO environments (project_id, name, position)
	SELECT made.id, e.name, e.position - 1
	  FROM made
	 CROSS JOIN unnest(ARRAY['development', 'staging', 'production'])
	       WITH ORDINALITY AS e (name, position)
	RETURNING id, name, position
)
SELECT id, team_id, name, issue_digest, snippet_seen_at, created_at,
       (SELECT jsonb_agg(jsonb_build_object('id', e.id, 'name', e.name) ORDER BY e.position)
	  FROM place e) AS environments
  FROM made;

-- name: project_enter
SELECT me.role, p.id, p.team_id, p.name, p.issue_digest,
       p.snippet_seen_at, p.created_at,
       (SELECT jsonb_agg(jsonb_build_object('id', e.id, 'name', e.name) ORDER BY e.position, e.id)
	  FROM environments e WHERE e.project_id = p.id) AS environments
  FROM projects p
  JOIN members me ON me.team_id = p.team_id
 WHERE p.id = $1::uuid AND me.user_id = $2::uuid
   FOR NO KEY UPDATE OF p
   FOR SHARE OF me;

-- name: project_change
UPDATE projects p
   SET name = coalesce($3::text, p.name),
       issue_digest = coalesce($4::text, p.issue_digest)
  FROM members me
 WHERE p.id = $1::uuid AND me.team_id = p.team_id AND me.user_id = $2::uuid
RETURNING p.id, p.team_id, p.name, p.issue_digest, p.snippet_seen_at, p.created_at,
       (SELECT jsonb_agg(jsonb_build_object('id', e.id, 'name', e.name) ORDER BY e.position, e.id)
	  FROM environments e WHERE e.project_id = p.id) AS environments;
