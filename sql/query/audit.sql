-- Who did what (common/audit.c); it belongs to the caller's transaction.

-- name: audit_write
INSERT INTO audit (team_id, actor_type, actor_id, action, resource_kind,
    resource_id, before, after, request_id)
VALUES ($1::uuid, $2::text, $3::uuid, $4::text, $5::text,
    $6::uuid, $7::jsonb, $8::jsonb, $9::text);
