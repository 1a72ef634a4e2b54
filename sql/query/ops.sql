-- Is it well (cgi/ops.c): always by the database's real clock.

-- name: ops_cron
-- Seconds since a cron job last ran, NULL: never; and why no mail can be sent, NULL: it can.
SELECT floor(extract(epoch FROM clock_timestamp()
	 - max(greatest(started_at, finished_at))))::bigint AS age,
       (SELECT parked FROM mail_pace) AS parked
  FROM heartbeats;

-- name: ops_deliveries
-- What waits and for how long in seconds, and what has failed for good within a day; 100,000 of
-- each are counted at most, for there may be millions.
SELECT (SELECT count(*) FROM (SELECT 1 FROM deliveries WHERE status = 'pending'
	 LIMIT 100000) p) AS pending,
       (SELECT count(*) FROM (SELECT 1 FROM deliveries WHERE status = 'failed'
	   AND decided_at > now() - interval '1 day'
	 LIMIT 100000) f) AS failed,
       (SELECT greatest(0, floor(extract(epoch FROM clock_timestamp() - created_at)))::bigint
	  FROM deliveries WHERE status = 'pending'
	 ORDER BY created_at
	 LIMIT 1) AS oldest;
