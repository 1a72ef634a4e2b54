-- Schedules of experiments and flag environments: saved, shown, cancelled (common/plan.c).
-- Cron carries them out (sql/query/fire.sql).
--
-- Every statement finds its rows through the caller's membership, as it is now.  Whoever
-- changes a schedule has locked its experiment or flag first.

-- name: schedule_state
-- Of resource $1 $2 to caller $3: the schedule that is to come, else the newest.
-- decided: moments that cron has decided; recent: one within the last minute; begun: the
-- first one is; due: one waits for cron.
SELECT s.id, s.version, s.status = 'PENDING' AS live, schedule_json(s) AS schedule,
       s.first_at, floor(extract(epoch FROM s.first_at) * 1000)::bigint AS first_ms,
       m.decided, m.recent, m.begun, m.due
  FROM schedules s
  JOIN projects p ON p.id = s.project_id
  JOIN members me ON me.team_id = p.team_id
 CROSS JOIN LATERAL (
	SELECT count(*) FILTER (WHERE c.by_cron) AS decided,
	       bool_or(c.by_cron AND c.decided_at > now() - interval '1 minute') AS recent,
	       bool_or(c.by_cron AND c.kind IN ('launch', 'enable')) AS begun,
	       bool_or(c.outcome IS NULL AND c.due_at <= now()) AS due
	  FROM (SELECT x.kind, x.outcome, x.due_at, x.decided_at,
		       coalesce(x.outcome IN ('FIRED', 'MISSED', 'FAILED'), false) AS by_cron
		  FROM moments x WHERE x.schedule_id = s.id) c) m
 WHERE s.resource_kind = $1::text AND s.resource_id = $2::uuid AND me.user_id = $3::uuid
 ORDER BY s.status = 'PENDING' DESC, s.created_at DESC, s.id DESC
 LIMIT 1;

-- name: schedule_future
-- By the only clock that counts.
SELECT $1::timestamptz > clock_timestamp() AS future;

-- name: schedule_add
-- In project $1 by caller $2.
INSERT INTO schedules (project_id, resource_kind, resource_id, resource_name, environment_id,
    environment_name, time_zone, tz_version, first_at, end_at, end_days, end_time, scheduled_by,
    created_at)
SELECT p.id, $3::text, $4::uuid, $5::text, $6::uuid, $7::text, $8::text, $9::text,
       $10::timestamptz, $11::timestamptz, $12::integer, $13::text, me.user_id,
       date_trunc('milliseconds', clock_timestamp())
  FROM projects p
  JOIN members me ON me.team_id = p.team_id
 WHERE p.id = $1::uuid AND me.user_id = $2::uuid
RETURNING id;

-- name: schedule_edit
-- Schedule $1 by caller $2, who becomes the scheduler.
UPDATE schedules s
   SET resource_name = $3::text, time_zone = $4::text, tz_version = $5::text,
       first_at = $6::timestamptz, end_at = $7::timestamptz, end_days = $8::integer,
       end_time = $9::text, scheduled_by = me.user_id, version = s.version + 1
  FROM projects p
  JOIN members me ON me.team_id = p.team_id
 WHERE s.id = $1::uuid AND p.id = s.project_id AND me.user_id = $2::uuid
   AND s.status = 'PENDING'
RETURNING s.id;

-- name: schedule_moment
-- Schedule $1 of caller $2 has moment $3 at $4: it is put there, moved there, or taken
-- up again after an edit had left it out or a change by hand had dropped it.  One that cron
-- has decided stays.
INSERT INTO moments AS m (schedule_id, project_id, kind, due_at, rule, scheduled_by)
SELECT s.id, s.project_id, $3::text, $4::timestamptz, $5::text, s.scheduled_by
  FROM schedules s
  JOIN projects p ON p.id = s.project_id
  JOIN members me ON me.team_id = p.team_id
 WHERE s.id = $1::uuid AND me.user_id = $2::uuid
ON CONFLICT (schedule_id, kind) DO UPDATE
   SET due_at = excluded.due_at, rule = excluded.rule, scheduled_by = excluded.scheduled_by,
       changed_at = date_trunc('milliseconds', clock_timestamp()), outcome = NULL, reason = NULL, decided_at = NULL
 WHERE m.outcome IS NULL OR m.outcome IN ('CANCELLED', 'DROPPED');

-- name: schedule_unmoment
-- What is to come of schedule $1, but the kinds $3, will not.
UPDATE moments m
   SET outcome = 'CANCELLED', reason = $4::text,
       decided_at = date_trunc('milliseconds', clock_timestamp())
  FROM projects p
  JOIN members me ON me.team_id = p.team_id
 WHERE m.schedule_id = $1::uuid AND p.id = m.project_id AND me.user_id = $2::uuid
   AND m.outcome IS NULL AND m.kind <> ALL ($3::text[]);

-- name: schedule_cancel
UPDATE schedules s
   SET status = 'CANCELLED', version = s.version + 1
  FROM projects p
  JOIN members me ON me.team_id = p.team_id
 WHERE s.id = $1::uuid AND p.id = s.project_id AND me.user_id = $2::uuid
   AND s.status = 'PENDING';

-- name: schedule_drop
-- A manual change ($3) of experiment or flag environment $1 by caller $2 drops the
-- moments to come that it pre-empts.  run: the enable, and a disable counted from it.
-- pause: the disable, unless an enable comes before it.  all: each.
WITH live AS (
	SELECT s.id, s.end_days IS NOT NULL AS is_relative,
	       EXISTS (SELECT 1 FROM moments f
			WHERE f.schedule_id = s.id AND f.kind = 'enable' AND f.outcome IS NULL) AS enables
	  FROM schedules s
	  JOIN projects p ON p.id = s.project_id
	  JOIN members me ON me.team_id = p.team_id
	 WHERE me.user_id = $2::uuid AND s.status = 'PENDING'
	   AND s.resource_kind IN ('experiment', 'flag_environment')
	   AND s.resource_id = $1::uuid
	   FOR NO KEY UPDATE OF s
), dropped AS (
	UPDATE moments m
	   SET outcome = 'DROPPED', reason = 'manual_change',
	       decided_at = date_trunc('milliseconds', clock_timestamp())
	  FROM live
	 WHERE m.schedule_id = live.id AND m.outcome IS NULL
	   AND CASE $3::text
	       WHEN 'run' THEN m.kind = 'enable' OR (live.is_relative AND live.enables)
	       WHEN 'pause' THEN m.kind = 'disable' AND NOT live.enables
	       ELSE true END
	RETURNING m.id, m.schedule_id
)
UPDATE schedules s
   SET version = s.version + 1,
       status = CASE
	   WHEN EXISTS (SELECT 1 FROM moments m WHERE m.schedule_id = s.id AND m.outcome IS NULL
		AND m.id NOT IN (SELECT d.id FROM dropped d)) THEN 'PENDING'
	   WHEN EXISTS (SELECT 1 FROM moments m WHERE m.schedule_id = s.id
		AND m.outcome IN ('FIRED', 'MISSED', 'FAILED')) THEN 'DONE'
	   ELSE 'CANCELLED' END
 WHERE s.id IN (SELECT d.schedule_id FROM dropped d);

-- name: moments_page
-- What is to come first, soonest first, then the past, newest first.  created_at is the
-- key of that order: years beyond 9000 run against the clock.  Names are as they are now, or, of what
-- is gone, as they were.
SELECT me.role AS my_role, x.*
  FROM projects p
  JOIN members me ON me.team_id = p.team_id
  LEFT JOIN LATERAL (
	SELECT k.at AS created_at, m.id, m.schedule_id, m.due_at, m.kind, m.rule, m.outcome,
	       m.reason, m.decided_at, m.scheduled_by, m.created_at AS made_at, s.time_zone,
	       s.resource_kind, s.resource_id, coalesce(e.name, f.name, s.resource_name) AS resource_name,
	       t.flag_id, s.environment_id, s.environment_name
	  FROM moments m
	  JOIN schedules s ON s.id = m.schedule_id
	  LEFT JOIN experiments e ON s.resource_kind = 'experiment' AND e.id = s.resource_id
	  LEFT JOIN (flag_environments t JOIN flags f ON f.id = t.flag_id)
	    ON s.resource_kind = 'flag_environment' AND t.id = s.resource_id
	 CROSS JOIN LATERAL (SELECT CASE WHEN m.outcome IS NULL
		THEN '9999-01-01Z'::timestamptz - (m.due_at - '2000-01-01Z'::timestamptz) / 10
		ELSE m.decided_at END::timestamptz(3) AS at) k
	 WHERE m.project_id = p.id AND (k.at, m.id) < ($3::timestamptz, $4::uuid)
	 ORDER BY k.at DESC, m.id DESC
	 LIMIT $5::bigint) x ON true
 WHERE p.id = $1::uuid AND me.user_id = $2::uuid
 ORDER BY x.created_at DESC, x.id DESC;
