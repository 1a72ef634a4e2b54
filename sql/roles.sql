-- Rights of the two programs, applied after every migration.  The roles
-- themselves, with their timeouts, are made by scripts/migrate.

GRANT USAGE ON SCHEMA public TO carillon_web, carillon_worker;

-- web: what handlers do.  It never erases a notification or a delivery.
GRANT SELECT, INSERT, UPDATE ON users, teams, sessions, login_codes, projects,
    environments, inbox, notifications, deliveries TO carillon_web;
GRANT SELECT, INSERT, UPDATE, DELETE ON members, api_keys TO carillon_web;
GRANT SELECT, INSERT, UPDATE, DELETE ON flags TO carillon_web;
GRANT SELECT, INSERT ON flag_environments TO carillon_web;
REVOKE UPDATE, DELETE ON flag_environments FROM carillon_web, carillon_worker; -- had until 0034
GRANT SELECT, INSERT, DELETE ON inbox_marks TO carillon_web;
GRANT SELECT, INSERT ON audit, feedback TO carillon_web;
GRANT SELECT, INSERT, UPDATE ON experiments TO carillon_web;
GRANT SELECT, INSERT, UPDATE ON schedules, moments TO carillon_web;
GRANT SELECT ON heartbeats, mail_pace, mail_batches, schema_migrations TO carillon_web;

-- worker: what cron does.
GRANT SELECT ON users, teams, members, projects, environments TO carillon_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON notifications, deliveries, sessions,
    login_codes TO carillon_worker;
GRANT SELECT, INSERT, UPDATE ON inbox, heartbeats TO carillon_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON mail_batches TO carillon_worker;
GRANT SELECT, UPDATE ON mail_pace TO carillon_worker;
GRANT SELECT, UPDATE ON experiments TO carillon_worker;
GRANT SELECT, INSERT ON audit TO carillon_worker;
GRANT SELECT, UPDATE ON flags TO carillon_worker;
GRANT SELECT ON flag_environments TO carillon_worker;
GRANT SELECT, UPDATE ON schedules, moments TO carillon_worker;
-- Only to lock a member's row: nothing writes it.
GRANT UPDATE (created_at) ON members TO carillon_worker;

-- What comes back about mail, and webhooks: their secrets are read by whoever signs.
GRANT SELECT, INSERT ON mail_events TO carillon_web;
GRANT SELECT, INSERT, UPDATE ON suppressions TO carillon_web;
GRANT SELECT (id, user_id, name, url, created_at, gone_at, rests_until), INSERT, UPDATE (rests_until), DELETE
    ON webhooks TO carillon_web;
GRANT SELECT ON suppressions TO carillon_worker;
GRANT SELECT, UPDATE, DELETE ON mail_events TO carillon_worker;
GRANT SELECT, UPDATE ON webhooks TO carillon_worker;

-- Jobs, and what an export reads.
GRANT SELECT, INSERT, UPDATE ON jobs TO carillon_web;
GRANT SELECT ON job_view, team_callers TO carillon_web;
GRANT SELECT, UPDATE, DELETE ON jobs TO carillon_worker;
GRANT SELECT ON job_view, feedback TO carillon_worker;

-- Issues: web takes events in, both tell of them, worker digests and deletes what is old.
GRANT SELECT ON issue_moves TO carillon_web, carillon_worker;
GRANT SELECT, INSERT, UPDATE ON issues, issue_bursts, mail_hours TO carillon_web, carillon_worker;
GRANT SELECT, INSERT ON issue_events, issue_users, issue_news TO carillon_web;
GRANT SELECT, INSERT, UPDATE ON key_rates TO carillon_web;
GRANT SELECT, DELETE ON issue_events, issue_news TO carillon_worker;
GRANT UPDATE (digested_at) ON projects TO carillon_worker;

-- Feeds: their addresses are made, used and revoked by web alone.
GRANT SELECT, INSERT, UPDATE, DELETE ON feeds TO carillon_web;
