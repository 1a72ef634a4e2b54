-- Who did what (common/audit.c); it belongs to the caller's transaction.

-- name: audit_write
-- What one transaction waited for another with comes after it, also within one millisecond and
-- whichever began first.  A row from a clock that was ahead counts for nothing.
INSERT INTO audit (team_id, at, actor_type, actor_id, action, resource_kind,
    resource_id, before, after, request_id, on_behalf_of)
SELECT $1::uuid, greatest(clock.at, last.at + interval '1 millisecond'), $2::text, $3::uuid,
       $4::text, $5::text, $6::uuid, $7::jsonb, $8::jsonb, $9::text,
       $10::uuid
  FROM (SELECT date_trunc('milliseconds', clock_timestamp()) AS at) clock
  LEFT JOIN LATERAL (
	SELECT a.at FROM audit a
	 WHERE a.team_id = $1::uuid AND a.at < clock.at + interval '1 second'
	 ORDER BY a.at DESC, a.id DESC
	 LIMIT 1) last ON true;
