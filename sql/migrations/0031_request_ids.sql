-- Which request made it: its X-Request-Id, as in the audit log.  NULL when none did, but cron.

ALTER TABLE deliveries ADD request_id text;
ALTER TABLE jobs ADD request_id text;	-- that started it: what is told of its end comes of that
