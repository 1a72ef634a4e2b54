-- scripts/token: log a user in by hand.

-- name: token_session
-- A session of $2 seconds for the user with address $1, and the inbox that a user made by hand may
-- not have yet.  No row: nobody has that address.
WITH who AS MATERIALIZED (
	SELECT id, email FROM users WHERE email = lower($1::text)
), box AS (
	INSERT INTO inbox (user_id)
	SELECT id FROM who
	ON CONFLICT DO NOTHING
), made AS (
	INSERT INTO sessions (user_id, expires_at)
	SELECT id, now() + $2::bigint * interval '1 second' FROM who
	RETURNING user_id, id, created_at, expires_at
)
SELECT who.id AS user_id, who.email, made.id AS session_id,
       floor(extract(epoch FROM made.created_at))::bigint AS issued,
       floor(extract(epoch FROM made.expires_at))::bigint AS expires
  FROM who
  JOIN made ON made.user_id = who.id;
