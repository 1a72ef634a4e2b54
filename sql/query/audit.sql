-- Who did what (common/audit.c); it belongs to the caller's transaction.

-- name: audit_write
-- The time is now, not when the transaction began: of two that wanted the same
-- row the log shows first who got it first.
INSERT INTO audit (team_id, at, actor_type, actor_id, action, resource_kind,
    resource_id, before, after, request_id)
VALUES ($1::uuid, date_trunc('milliseconds', clock_timestamp()), $2::text, $3::uuid, $4::text,
    $5::text, $6::uuid, $7::jsonb, $8::jsonb, $9::text);
