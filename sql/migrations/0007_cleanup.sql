-- What cleanup looks for, so that a run that finds nothing reads nothing.

CREATE INDEX sessions_revoked ON sessions (revoked_at) WHERE revoked_at IS NOT NULL;
CREATE INDEX deliveries_codes ON deliveries (decided_at) WHERE notification_id IS NULL;
