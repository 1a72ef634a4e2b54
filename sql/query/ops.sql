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

-- name: ops_jobs
-- Each cron job that has ended, and whether its last run was sound, 1 or 0; what did not say was.
SELECT job, coalesce((counts ->> 'sound')::boolean, true)::integer AS sound
  FROM heartbeats
 WHERE finished_at IS NOT NULL
 ORDER BY job;

-- name: ops_queues
-- For how many seconds what is longest due in each queue has been so, 0 when nothing is: each is the
-- first row of an index.  Since when it is due, not since when it is there: mail may wait on purpose,
-- and what failed is tried again later.  Only digests have no such index: they are due with the first
-- news after their pause, and each project that has had its pause is looked at, as by digest_due.
WITH oldest (queue, since) AS (
	(SELECT 'email', next_try_at FROM deliveries
	  WHERE status = 'pending' AND channel = 'email' AND batch_id IS NULL
	  ORDER BY next_try_at LIMIT 1)
	UNION ALL
	(SELECT 'email', next_try_at FROM mail_batches
	  WHERE channel = 'email'
	  ORDER BY next_try_at LIMIT 1)
	UNION ALL
	(SELECT 'webhook', next_try_at FROM deliveries
	  WHERE status = 'pending' AND channel = 'webhook' AND batch_id IS NULL
	  ORDER BY next_try_at LIMIT 1)
	UNION ALL
	(SELECT 'webhook', next_try_at FROM mail_batches
	  WHERE channel = 'webhook'
	  ORDER BY next_try_at LIMIT 1)
	UNION ALL
	(SELECT 'moments', due_at FROM moments
	  WHERE outcome IS NULL
	  ORDER BY due_at LIMIT 1)
	UNION ALL
	(SELECT 'snoozes', snooze_until FROM notifications
	  WHERE snooze_until IS NOT NULL AND deleted_at IS NULL AND in_app
	  ORDER BY snooze_until LIMIT 1)
	UNION ALL
	(SELECT 'jobs', created_at FROM jobs
	  WHERE status = 'pending'
	  ORDER BY created_at LIMIT 1)
	UNION ALL
	(SELECT 'digests', greatest(p.digested_at + digest_pause(p.issue_digest), news.since) FROM projects p
	  CROSS JOIN LATERAL (
		SELECT min(i.status_at) AS since
		  FROM issue_news n
		  JOIN issues i ON i.id = n.issue_id
		 WHERE n.project_id = p.id AND i.status IN ('new', 'regressed')) news
	  WHERE p.issue_digest <> 'none' AND news.since IS NOT NULL
	    AND (p.digested_at IS NULL OR p.digested_at <= now() - digest_pause(p.issue_digest))
	  ORDER BY 2 LIMIT 1)
)
SELECT q.name AS queue,
       greatest(0, floor(extract(epoch FROM clock_timestamp() - min(oldest.since))))::bigint AS age
  FROM unnest(ARRAY['email', 'webhook', 'moments', 'snoozes', 'jobs', 'digests']) AS q (name)
  LEFT JOIN oldest ON oldest.queue = q.name
 GROUP BY q.name
 ORDER BY q.name;
