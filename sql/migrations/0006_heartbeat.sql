-- When each cron job last ran, by the real clock: /readyz reads it.

CREATE TABLE heartbeats (
	job text PRIMARY KEY,
	started_at timestamptz(3) NOT NULL,
	finished_at timestamptz(3),
	counts jsonb NOT NULL DEFAULT '{}'
);
