-- Login codes, sessions, and who one is (cgi/auth).
--
-- Codes belong to an address, $1, whether somebody has it or not: the same
-- statements run for both, so that neither answers nor limits tell which.

-- name: code_turn
-- Those who ask for a code for one address take turns, so that the limit
-- holds; the new code's id.
SELECT gen_random_uuid() AS id
  FROM (SELECT pg_advisory_xact_lock(hashtextextended($1::text, 0))) turn;

-- name: code_add
-- Code $2, of which only the MAC $3 is kept, unless $1 has had five within the
-- hour; $4 is the mail and $5 the request.  made false: wait that many seconds.
WITH recent AS MATERIALIZED (
	SELECT count(*) AS n, min(created_at) AS oldest
	  FROM (SELECT created_at FROM login_codes
		 WHERE email = $1::text AND created_at > now() - interval '1 hour'
		 ORDER BY created_at DESC
		 LIMIT 5) codes
), made AS (
	INSERT INTO login_codes (email, id, user_id, code_mac, created_at, expires_at)
	SELECT $1::text, $2::uuid, (SELECT id FROM users WHERE email = $1::text), $3::bytea,
	       date_trunc('milliseconds', clock_timestamp()),
	       date_trunc('milliseconds', clock_timestamp()) + interval '10 minutes'
	  FROM recent
	 WHERE n < 5
	RETURNING user_id
), mailed AS (
	INSERT INTO deliveries (user_id, channel, kind, payload, request_id)
	SELECT user_id, 'email', 'auth.code', $4::jsonb, $5::text
	  FROM made
	 WHERE user_id IS NOT NULL
)
SELECT EXISTS (SELECT 1 FROM made) AS made,
       ceil(extract(epoch FROM recent.oldest + interval '1 hour' - now()))::bigint AS wait
  FROM recent;

-- name: code_newest
-- A newer code ends the ones before it, also when it has been used.
SELECT id
  FROM login_codes
 WHERE email = $1::text
 ORDER BY created_at DESC, id DESC
 LIMIT 1;

-- name: code_try
-- One try with MAC $3 at code $2, counted even among parallel ones: the row
-- decides.  fits: it was right and is used up now.  too_many: five were wrong before it.
UPDATE login_codes
   SET used_at = CASE WHEN code_mac = $3::bytea AND user_id IS NOT NULL AND tries < 5
		 THEN now() END,
       tries = CASE WHEN code_mac = $3::bytea AND user_id IS NOT NULL AND tries < 5
	       THEN tries ELSE least(tries + 1, 6) END
 WHERE email = $1::text AND id = $2::uuid
   AND used_at IS NULL AND expires_at > now()
RETURNING used_at IS NOT NULL AS fits, tries > 5 AS too_many, user_id,
       ceil(extract(epoch FROM expires_at - now()))::bigint AS wait;

-- name: session_add
-- A session of $2 seconds for user $1, who may not have an inbox yet.
WITH box AS (
	INSERT INTO inbox (user_id) VALUES ($1::uuid)
	ON CONFLICT DO NOTHING
)
INSERT INTO sessions (user_id, expires_at)
VALUES ($1::uuid, date_trunc('milliseconds', now()) + $2::bigint * interval '1 second')
RETURNING id;

-- name: session_end
UPDATE sessions
   SET revoked_at = now()
 WHERE user_id = $1::uuid AND id = $2::uuid AND revoked_at IS NULL;

-- name: session_end_all
UPDATE sessions
   SET revoked_at = now()
 WHERE user_id = $1::uuid AND revoked_at IS NULL;

-- name: me_show
SELECT u.id, u.email, u.name, u.preferences, u.created_at,
       (SELECT coalesce(jsonb_agg(jsonb_build_object('id', t.id, 'name', t.name, 'role', m.role)
	    ORDER BY t.name, t.id), '[]')
	  FROM members m
	  JOIN teams t ON t.id = m.team_id
	 WHERE m.user_id = u.id) AS teams,
       (SELECT jsonb_build_object('reason', s.reason, 'detail', s.detail, 'since', moment_text(s.since))
	  FROM suppressions s
	 WHERE s.address = u.email AND s.lifted_at IS NULL) AS mail_problem
  FROM users u
 WHERE u.id = $1::uuid;

-- name: me_change
-- Name $2, the overrides $3, {TYPE:{CHANNEL:bool}}, merged by type and channel, and how many
-- minutes mail waits, $4; NULL leaves each as it is.
UPDATE users u
   SET name = coalesce($2::text, u.name),
       preferences = CASE WHEN $3::jsonb IS NULL AND $4::integer IS NULL THEN u.preferences
	   ELSE u.preferences || jsonb_build_object('notifications',
		coalesce(u.preferences -> 'notifications', '{}') ||
		CASE WHEN $4::integer IS NULL THEN '{}'
		     ELSE jsonb_build_object('email_after_minutes', $4::integer) END ||
		CASE WHEN $3::jsonb IS NULL THEN '{}'
		     ELSE jsonb_build_object('types',
			coalesce(u.preferences #> '{notifications,types}', '{}') ||
			(SELECT jsonb_object_agg(p.key,
			    coalesce(u.preferences #> ARRAY['notifications', 'types', p.key], '{}') || p.value)
			   FROM jsonb_each($3::jsonb) p)) END)
	   END
 WHERE u.id = $1::uuid
RETURNING u.id, u.email, u.name, u.preferences, u.created_at,
       (SELECT coalesce(jsonb_agg(jsonb_build_object('id', t.id, 'name', t.name, 'role', m.role)
	    ORDER BY t.name, t.id), '[]')
	  FROM members m
	  JOIN teams t ON t.id = m.team_id
	 WHERE m.user_id = u.id) AS teams,
       (SELECT jsonb_build_object('reason', s.reason, 'detail', s.detail, 'since', moment_text(s.since))
	  FROM suppressions s
	 WHERE s.address = u.email AND s.lifted_at IS NULL) AS mail_problem;
