-- Who calls (common/auth.c).

-- name: caller_session
SELECT 1
  FROM sessions
 WHERE user_id = $1::uuid AND id = $2::uuid
   AND revoked_at IS NULL AND expires_at > now();

-- name: caller_key
-- $1 is the SHA-256 of what was presented.
SELECT id, kind, project_id, environment_id,
       expires_at IS NOT NULL AND expires_at <= now() AS expired,
       last_used_at IS NULL OR last_used_at < now() - interval '1 minute' AS stale
  FROM api_keys
 WHERE hash = $1::bytea;

-- name: caller_key_used
-- At most once a minute, whatever is asked at one time.
UPDATE api_keys
   SET last_used_at = now()
 WHERE id = $1::uuid
   AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute');
