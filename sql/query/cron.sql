-- Every cron job (cron/main.c): when it last ran.  The real clock, whatever --at says: a drill of
-- next year's clean-up has run today.

-- name: cron_begin
-- finished_at stays: the run before this one did finish.
INSERT INTO heartbeats (job, started_at)
VALUES ($1::text, date_trunc('milliseconds', clock_timestamp()))
ON CONFLICT (job) DO UPDATE SET started_at = excluded.started_at;

-- name: cron_end
UPDATE heartbeats
   SET finished_at = date_trunc('milliseconds', clock_timestamp()), counts = $2::jsonb
 WHERE job = $1::text;
