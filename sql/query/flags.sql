-- Feature flags and what a client key is served (cgi/flags).
--
-- $1 is the project (or flag) of the path, $2 the caller: every statement
-- finds its rows through the caller's membership, as it is now.  The *_enter
-- statements open a change; they lock the flag first (sql/migrations/
-- 0009_flags.sql), and the caller's row in members, so that a removal either
-- waits for the change or is seen by it.

-- name: flags_page
SELECT me.role AS my_role, x.*,
       (SELECT jsonb_agg(jsonb_build_object('id', e.id, 'name', e.name,
		'enabled', e.id = ANY (x.enabled_in),
		'schedule', CASE WHEN s.id IS NOT NULL THEN schedule_json(s) END)
		ORDER BY e.position, e.id)
	  FROM flag_environments t
	  JOIN environments e ON e.id = t.environment_id
	  LEFT JOIN schedules s ON s.resource_kind = 'flag_environment'
	   AND s.resource_id = t.id AND s.status = 'PENDING'
	 WHERE t.flag_id = x.id) AS environments
  FROM projects p
  JOIN members me ON me.team_id = p.team_id
  LEFT JOIN LATERAL (
	SELECT f.id, f.project_id, f.key, f.name, f.kind, f.variations, f.default_on,
	       f.default_off, f.enabled_in, f.status, f.version, f.created_at
	  FROM flags f
	 WHERE f.project_id = $1::uuid
	   AND (f.created_at, f.id) < ($3::timestamptz, $4::uuid)
	 ORDER BY f.created_at DESC, f.id DESC
	 LIMIT $5::bigint) x ON true
 WHERE p.id = $1::uuid AND me.user_id = $2::uuid
 ORDER BY x.created_at DESC, x.id DESC;

-- name: flag_show
-- Also flag_enter without locks, for a change that is only tried: role and team_id are for that.
SELECT me.role AS my_role, me.role, p.team_id, f.id, f.project_id, f.key, f.name, f.kind,
       f.variations, f.default_on, f.default_off, f.status, f.version, f.created_at,
       (SELECT jsonb_agg(jsonb_build_object('id', e.id, 'name', e.name,
		'enabled', e.id = ANY (f.enabled_in),
		'schedule', CASE WHEN s.id IS NOT NULL THEN schedule_json(s) END)
		ORDER BY e.position, e.id)
	  FROM flag_environments t
	  JOIN environments e ON e.id = t.environment_id
	  LEFT JOIN schedules s ON s.resource_kind = 'flag_environment'
	   AND s.resource_id = t.id AND s.status = 'PENDING'
	 WHERE t.flag_id = f.id) AS environments
  FROM flags f
  JOIN projects p ON p.id = f.project_id
  JOIN members me ON me.team_id = p.team_id
 WHERE f.id = $1::uuid AND me.user_id = $2::uuid;

-- ---- changes ----

-- name: flags_enter
SELECT p.team_id, me.role
  FROM projects p
  JOIN members me ON me.team_id = p.team_id
 WHERE p.id = $1::uuid AND me.user_id = $2::uuid
   FOR SHARE OF me;

-- name: flag_enter
SELECT p.team_id, me.role
  FROM flags f
  JOIN projects p ON p.id = f.project_id
  JOIN members me ON me.team_id = p.team_id
 WHERE f.id = $1::uuid AND me.user_id = $2::uuid
   FOR NO KEY UPDATE OF f
   FOR SHARE OF me;

-- name: flag_room
-- The project's flags other than $3: how many, and the bytes of their
-- variations; then the bytes of variations $4, and whether $5 and $6 name one
-- of those.
SELECT count(f.id) AS flags, coalesce(sum(octet_length(f.variations::text)), 0) AS taken,
       octet_length($4::jsonb::text) AS wanted,
       flag_value($4::jsonb, $5::text) IS NOT NULL AS names_on,
       flag_value($4::jsonb, $6::text) IS NOT NULL AS names_off
  FROM projects p
  JOIN members me ON me.team_id = p.team_id
  LEFT JOIN flags f ON f.project_id = p.id AND f.id IS DISTINCT FROM $3::uuid
 WHERE p.id = $1::uuid AND me.user_id = $2::uuid
 GROUP BY p.id;

-- name: flag_add
-- No row: the project has a flag with this key.
WITH made AS (
	INSERT INTO flags (project_id, key, name, kind, variations, default_on, default_off)
	SELECT p.id, $3::text, $4::text, $5::text, $6::jsonb, $7::text, $8::text
	  FROM projects p
	  JOIN members me ON me.team_id = p.team_id
	 WHERE p.id = $1::uuid AND me.user_id = $2::uuid
	ON CONFLICT (project_id, key) DO NOTHING
	RETURNING id, project_id
), toggles AS (
	INSERT INTO flag_environments (flag_id, environment_id)
	SELECT made.id, e.id
	  FROM made
	  JOIN environments e ON e.project_id = made.project_id
)
SELECT id FROM made;

-- name: flag_change
-- No row: nothing would change.
UPDATE flags f
   SET name = coalesce($3::text, f.name),
       variations = coalesce($4::jsonb, f.variations),
       default_on = coalesce($5::text, f.default_on),
       default_off = coalesce($6::text, f.default_off),
       version = f.version + 1
  FROM projects p
  JOIN members me ON me.team_id = p.team_id
 WHERE f.id = $1::uuid AND p.id = f.project_id AND me.user_id = $2::uuid
   AND (f.name, f.variations, f.default_on, f.default_off)
       IS DISTINCT FROM (coalesce($3::text, f.name), coalesce($4::jsonb, f.variations),
	   coalesce($5::text, f.default_on), coalesce($6::text, f.default_off));

-- name: flag_archive
UPDATE flags f
   SET status = 'ARCHIVED', version = f.version + 1
  FROM projects p
  JOIN members me ON me.team_id = p.team_id
 WHERE f.id = $1::uuid AND p.id = f.project_id AND me.user_id = $2::uuid;

-- name: flag_remove
DELETE FROM flags f
 USING projects p, members me
 WHERE f.id = $1::uuid AND p.id = f.project_id
   AND me.team_id = p.team_id AND me.user_id = $2::uuid;

-- ---- toggles ----

-- name: flag_place
-- Its environment with the id or name $3.
SELECT f.project_id, f.key, f.name, f.status, f.version, t.id AS place_id, e.id = ANY (f.enabled_in) AS enabled,
       e.id AS environment_id, e.name AS environment_name,
       (SELECT schedule_json(s) FROM schedules s
	 WHERE s.resource_kind = 'flag_environment' AND s.resource_id = t.id
	   AND s.status = 'PENDING') AS schedule
  FROM flags f
  JOIN projects p ON p.id = f.project_id
  JOIN members me ON me.team_id = p.team_id
  LEFT JOIN (flag_environments t JOIN environments e ON e.id = t.environment_id)
    ON t.flag_id = f.id AND (e.name = $3::text OR e.id::text = lower($3::text))
 WHERE f.id = $1::uuid AND me.user_id = $2::uuid;

-- name: flag_toggle
UPDATE flags f
   SET enabled_in = enabled_in(f.enabled_in, $3::uuid, $4::boolean), version = f.version + 1
  FROM projects p
  JOIN members me ON me.team_id = p.team_id
  JOIN flag_environments t ON t.flag_id = $1::uuid AND t.environment_id = $3::uuid
 WHERE f.id = $1::uuid AND p.id = f.project_id AND me.user_id = $2::uuid
RETURNING $4::boolean AS enabled, (SELECT schedule_json(s) FROM schedules s
	 WHERE s.resource_kind = 'flag_environment' AND s.resource_id = t.id
	   AND s.status = 'PENDING') AS schedule;

-- name: flag_touch
-- A schedule is a part of it.
UPDATE flags f
   SET version = f.version + 1
  FROM projects p
  JOIN members me ON me.team_id = p.team_id
 WHERE f.id = $1::uuid AND p.id = f.project_id AND me.user_id = $2::uuid;

-- name: flag_schedule
-- Of its environment with the id or name $3.
SELECT me.role AS my_role, t.id AS place_id, s.version,
       CASE WHEN s.id IS NOT NULL THEN schedule_json(s) END AS schedule
  FROM flags f
  JOIN projects p ON p.id = f.project_id
  JOIN members me ON me.team_id = p.team_id
  LEFT JOIN (flag_environments t JOIN environments e ON e.id = t.environment_id)
    ON t.flag_id = f.id AND (e.name = $3::text OR e.id::text = lower($3::text))
  LEFT JOIN schedules s
    ON s.resource_kind = 'flag_environment' AND s.resource_id = t.id AND s.status = 'PENDING'
 WHERE f.id = $1::uuid AND me.user_id = $2::uuid;

-- ---- evaluation ----

-- name: flag_evaluate
-- For all who ask at one time (db_read_together; why SELECT unnest: inbox_poll): the key with hash
-- $1 and what its environment serves now for flag $2; value is NULL when there is no such flag.
-- Each LIMIT keeps the planner from joining the tables as wholes.  That a flag has a place in each
-- environment of its project is flag_add's to see to; nobody looks here.
SELECT asked.nth, k.*
  FROM (SELECT unnest($1::bytea[]) AS hash, unnest($2::text[]) AS flag,
	       generate_subscripts($1::bytea[], 1) AS nth) asked
 CROSS JOIN LATERAL (
	SELECT k.id, k.kind,
	       k.expires_at IS NOT NULL AND k.expires_at <= now() AS expired,
	       k.last_used_at IS NULL OR k.last_used_at < now() - interval '1 minute' AS stale,
	       served.*
	  FROM api_keys k
	  LEFT JOIN LATERAL (
		SELECT at.enabled,
		       CASE WHEN at.enabled THEN f.default_on ELSE f.default_off END AS variant,
		       CASE WHEN at.enabled THEN f.value_on ELSE f.value_off END AS value
		  FROM flags f
		 CROSS JOIN LATERAL (SELECT k.environment_id = ANY (f.enabled_in) AS enabled) at
		 WHERE f.project_id = k.project_id AND f.key = asked.flag AND f.status = 'ACTIVE'
		 LIMIT 1) served ON true
	 WHERE k.hash = asked.hash
	 LIMIT 1) k;

-- name: flags_evaluate
-- The same for every flag; one row without a flag when there is none.
SELECT k.id, k.kind,
       k.expires_at IS NOT NULL AND k.expires_at <= now() AS expired,
       k.last_used_at IS NULL OR k.last_used_at < now() - interval '1 minute' AS stale,
       f.key, at.enabled,
       CASE WHEN at.enabled THEN f.default_on ELSE f.default_off END AS variant,
       CASE WHEN at.enabled THEN f.value_on ELSE f.value_off END AS value
  FROM api_keys k
  LEFT JOIN flags f ON f.project_id = k.project_id AND f.status = 'ACTIVE'
 CROSS JOIN LATERAL (SELECT k.environment_id = ANY (f.enabled_in) AS enabled) at
 WHERE k.hash = $1::bytea
 ORDER BY f.key;
