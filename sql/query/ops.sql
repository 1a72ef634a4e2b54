-- Is it well (cgi/ops.c): always by the database's real clock.

-- name: ops_cron
-- Seconds since a cron job last ran; NULL: never.
SELECT floor(extract(epoch FROM clock_timestamp()
	 - max(greatest(started_at, finished_at))))::bigint AS age
  FROM heartbeats;

-- name: ops_deliveries
-- How many of each status there are, and how long the oldest pending one has
-- waited, in seconds.
SELECT s.status, count(d.status) AS n,
       floor(extract(epoch FROM clock_timestamp() - min(d.created_at)
	 FILTER (WHERE d.status = 'pending')))::bigint AS oldest
  FROM unnest(ARRAY['pending', 'sent', 'failed', 'skipped']) AS s (status)
  LEFT JOIN deliveries d ON d.status = s.status
 GROUP BY s.status
 ORDER BY s.status;
