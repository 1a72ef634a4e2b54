-- What people say through a client key (cgi/feedback.c).

-- name: feedback_add
-- Kept where key $1 belongs, if the key is still good.
WITH place AS (
	SELECT k.team_id, t.name AS team_name, k.project_id, p.name AS project_name, e.id AS environment_id,
	       e.name AS environment_name
	  FROM api_keys k
	  JOIN teams t ON t.id = k.team_id
	  JOIN projects p ON p.id = k.project_id
	  JOIN environments e ON e.id = k.environment_id
	 WHERE k.id = $1::uuid AND k.kind = 'client'
	   AND (k.expires_at IS NULL OR k.expires_at > now())
), made AS (
	INSERT INTO feedback (project_id, environment_id, message, name, email, context)
	SELECT project_id, environment_id, $2::text, $3::text, $4::text, $5::json
	  FROM place
	RETURNING id, message, name, email, context, created_at
)
SELECT made.*, place.*,
       (SELECT array_agg(m.user_id ORDER BY m.user_id)
	  FROM members m WHERE m.team_id = place.team_id) AS users
  FROM made
 CROSS JOIN place;

-- name: feedback_page
-- Of project $1, for its team's member $2.
SELECT me.role AS my_role, x.*
  FROM projects p
  JOIN members me ON me.team_id = p.team_id
  LEFT JOIN LATERAL (
	SELECT f.id, f.message, f.name, f.email, f.context, f.environment_id,
	       e.name AS environment_name, f.created_at
	  FROM feedback f
	  LEFT JOIN environments e ON e.id = f.environment_id
	 WHERE f.project_id = p.id
	   AND (f.created_at, f.id) < ($3::timestamptz, $4::uuid)
	 ORDER BY f.created_at DESC, f.id DESC
	 LIMIT $5::bigint) x ON true
 WHERE p.id = $1::uuid AND me.user_id = $2::uuid
 ORDER BY x.created_at DESC, x.id DESC;
