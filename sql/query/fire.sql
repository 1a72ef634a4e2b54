-- Schedules whose time has come (cron/fire*.c).  "At" is the moment that counts as now, NULL for
-- the database's own clock.
--
-- Each moment is decided in a transaction of its own.  Locks, in the order that everybody takes:
-- the resource, its schedule, the moment, the scheduler's membership, inboxes.

-- name: fire_clock
-- What time it is, and when this job last came to its end, in milliseconds since 1970.
SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now,
       floor(extract(epoch FROM h.finished_at) * 1000)::bigint AS last
  FROM (VALUES (1)) one
  LEFT JOIN heartbeats h ON h.job = 'fire';

-- name: fire_due
-- What is to be decided at $1 (at), or at any time when $2, after ($3, $4) in the order of due_at.
-- Moments of one resource have the same share; a flag is one with its environments.
SELECT m.id, m.due_at, s.resource_kind, s.resource_id,
       uuid_hash(coalesce(t.flag_id, s.resource_id)) AS share
  FROM moments m
  JOIN schedules s ON s.id = m.schedule_id
  LEFT JOIN flag_environments t ON t.id = s.resource_id
 WHERE m.outcome IS NULL
   AND m.due_at <= CASE WHEN $2::boolean THEN 'infinity' ELSE coalesce($1::timestamptz, now()) END
   AND (m.due_at, m.id) > ($3::timestamptz, $4::uuid)
 ORDER BY m.due_at, m.id
 LIMIT 1000;

-- ---- locks ----

-- name: fire_hold_experiment
-- Experiment $1, the schedule of moment $2, and the moment.  What somebody else holds is left, not
-- waited for, but for the schedule: whoever locks that has the experiment.
WITH held AS MATERIALIZED (
	SELECT 1 FROM experiments
	 WHERE id = $1::uuid
	   FOR NO KEY UPDATE SKIP LOCKED
)
SELECT 1
  FROM moments m
  JOIN schedules s ON s.id = m.schedule_id
 WHERE m.id = $2::uuid AND m.outcome IS NULL
   AND (EXISTS (SELECT 1 FROM held)
	OR NOT EXISTS (SELECT 1 FROM experiments WHERE id = $1::uuid))
   FOR NO KEY UPDATE OF s
   FOR NO KEY UPDATE OF m SKIP LOCKED;

-- name: fire_hold_flag
-- The same for flag environment $1: the lock is that of its flag, which says where it is on.
WITH held AS MATERIALIZED (
	SELECT 1
	  FROM flag_environments t
	  JOIN flags f ON f.id = t.flag_id
	 WHERE t.id = $1::uuid
	   FOR NO KEY UPDATE OF f SKIP LOCKED
)
SELECT 1
  FROM moments m
  JOIN schedules s ON s.id = m.schedule_id
 WHERE m.id = $2::uuid AND m.outcome IS NULL
   AND (EXISTS (SELECT 1 FROM held)
	OR NOT EXISTS (SELECT 1 FROM flag_environments WHERE id = $1::uuid))
   FOR NO KEY UPDATE OF s
   FOR NO KEY UPDATE OF m SKIP LOCKED;

-- name: fire_is_open
-- What could not be held is decided, or still to be.
SELECT 1 FROM moments WHERE id = $1::uuid AND outcome IS NULL;

-- name: fire_hold_member
-- A removal either waits for us or we see it.
SELECT 1
  FROM moments m
  JOIN schedules s ON s.id = m.schedule_id
  JOIN projects p ON p.id = s.project_id
  JOIN members me ON me.team_id = p.team_id AND me.user_id = s.scheduled_by
 WHERE m.id = $1::uuid
   FOR SHARE OF me;

-- ---- what is decided on ----

-- name: fire_look
-- Moment $1 and all that counts, at $2 (at).  status is NULL when the resource is gone;
-- the_other is the schedule's other moment, if that is still to come; waits: it comes first.
-- xact is that of the locks, if there are any.
SELECT pg_current_xact_id_if_assigned()::text AS xact, m.kind, m.due_at, m.due_at <= clock.at AS is_due,
       floor(extract(epoch FROM clock.at - m.due_at) * 1000)::bigint AS late_ms,
       floor(extract(epoch FROM m.due_at) * 1000)::bigint AS due_ms,
       floor(extract(epoch FROM s.first_at) * 1000)::bigint AS first_ms,
       s.resource_kind, s.resource_id, s.time_zone, s.end_days, s.end_time, s.scheduled_by,
       s.id AS schedule_id,
       coalesce(e.name, f.name, s.resource_name) AS resource_name,
       s.environment_id, coalesce(env.name, s.environment_name) AS environment_name,
       p.id AS project_id, p.name AS project_name, p.team_id, team.name AS team_name, team.strict_schedules, me.role,
       coalesce(e.status, f.status) AS status, t.environment_id = ANY (f.enabled_in) AS enabled, f.id AS flag_id,
       p.snippet_seen_at, e.url_rules, e.variations, e.metrics,
       other.kind AS the_other, coalesce(other.due_at < m.due_at, false) AS waits,
       floor(extract(epoch FROM other.due_at) * 1000)::bigint AS other_due_ms,
       CASE WHEN s.scheduled_by IS NOT NULL THEN ARRAY[s.scheduled_by]
	    ELSE ARRAY(SELECT o.user_id FROM members o
			WHERE o.team_id = p.team_id AND o.role = 'owner') END AS recipients
  FROM moments m
  JOIN schedules s ON s.id = m.schedule_id
  JOIN projects p ON p.id = s.project_id
  JOIN teams team ON team.id = p.team_id
 CROSS JOIN (SELECT date_trunc('milliseconds', coalesce($2::timestamptz, clock_timestamp()))
		 AS at) clock
  LEFT JOIN members me ON me.team_id = p.team_id AND me.user_id = s.scheduled_by
  LEFT JOIN experiments e ON s.resource_kind = 'experiment' AND e.id = s.resource_id
  LEFT JOIN (flag_environments t JOIN flags f ON f.id = t.flag_id)
    ON s.resource_kind = 'flag_environment' AND t.id = s.resource_id
  LEFT JOIN environments env ON env.id = s.environment_id
  LEFT JOIN moments other ON other.schedule_id = s.id AND other.id <> m.id
   AND other.outcome IS NULL
 WHERE m.id = $1::uuid AND m.outcome IS NULL;

-- ---- what is done ----

-- name: fire_experiment
-- Experiment $1 gets status $2; NULL: only its schedule, which it shows, has changed.
UPDATE experiments
   SET status = coalesce($2::text, status), version = version + 1
 WHERE id = $1::uuid;

-- name: fire_flag
-- The same for flag environment $1 and its toggle.
UPDATE flags f
   SET enabled_in = coalesce(enabled_in(f.enabled_in, t.environment_id, $2::boolean), f.enabled_in),
       version = f.version + 1
  FROM flag_environments t
 WHERE t.id = $1::uuid AND f.id = t.flag_id;

-- name: fire_settle
-- Moment $1 has come to $2 for reason $3.  What the schedule still has to come is dropped for
-- reason $4, or moved to $5 by rule $6, or stays: of another version, so that who has not seen this
-- does not change what is left by mistake.  decided_at is the real clock's, whatever at is.
WITH clock AS MATERIALIZED (
	SELECT date_trunc('milliseconds', clock_timestamp()) AS at
), done AS (
	UPDATE moments m
	   SET outcome = $2::text, reason = $3::text, decided_at = clock.at
	  FROM clock
	 WHERE m.id = $1::uuid AND m.outcome IS NULL
	RETURNING m.schedule_id
), other AS (
	UPDATE moments m
	   SET outcome = CASE WHEN $4::text IS NOT NULL THEN 'DROPPED' END, reason = $4::text,
	       decided_at = CASE WHEN $4::text IS NOT NULL THEN clock.at END,
	       due_at = coalesce($5::timestamptz, m.due_at), rule = coalesce($6::text, m.rule),
	       changed_at = clock.at
	  FROM done, clock
	 WHERE m.schedule_id = done.schedule_id AND m.id <> $1::uuid AND m.outcome IS NULL
	   AND ($4::text IS NOT NULL OR $5::timestamptz IS NOT NULL)
), moved AS (
	UPDATE schedules s
	   SET version = s.version + 1,
	       status = CASE WHEN $4::text IS NULL AND EXISTS (
		SELECT 1 FROM moments o
		 WHERE o.schedule_id = s.id AND o.id <> $1::uuid AND o.outcome IS NULL)
		THEN 'PENDING' ELSE 'DONE' END
	  FROM done
	 WHERE s.id = done.schedule_id AND s.status = 'PENDING'
)
SELECT 1 FROM done;

-- name: fire_fate
-- Whether transaction $1 (xact), whose answer was lost, has decided moment $2, or still may.  Its
-- number alone does not tell: one that went down with PostgreSQL is given to another.
SELECT m.outcome IS NOT NULL AND m.xmin = $1::xid8::xid AS ours,
       CASE WHEN m.outcome IS NULL THEN pg_xact_status($1::xid8) <> 'aborted' END AS open
  FROM moments m
 WHERE m.id = $2::uuid;

-- ---- a newer tz database ----

-- name: fire_unzoned
-- Relative ends to come that were worked out with an older version than $1: 500 of them.  Never with a
-- newer one: hosts that are upgraded one after the other would move them to and fro.
SELECT m.id, s.id AS schedule_id, s.resource_kind, s.resource_id, s.time_zone, s.end_days,
       s.end_time, floor(extract(epoch FROM s.first_at) * 1000)::bigint AS first_ms,
       floor(extract(epoch FROM m.due_at) * 1000)::bigint AS due_ms
  FROM (SELECT * FROM schedules
	 WHERE status = 'PENDING' AND end_days IS NOT NULL AND tz_version < $1::text
	 ORDER BY tz_version, id LIMIT 500) s
  LEFT JOIN moments m
    ON m.schedule_id = s.id AND m.kind IN ('end', 'disable') AND m.outcome IS NULL;

-- name: fire_zoned
-- The schedules $1 stay as they are by version $2 too.
WITH same AS MATERIALIZED (
	SELECT id FROM schedules
	 WHERE id = ANY ($1::uuid[])
	 ORDER BY id
	   FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE schedules s
   SET tz_version = $2::text
  FROM same
 WHERE s.id = same.id;

-- name: fire_move
-- By version $2, moment $1 is at $3, found by rule $4: an edit of its schedule.
WITH moved AS (
	UPDATE moments
	   SET due_at = $3::timestamptz, rule = $4::text,
	       changed_at = date_trunc('milliseconds', clock_timestamp())
	 WHERE id = $1::uuid AND outcome IS NULL
	RETURNING schedule_id
)
UPDATE schedules s
   SET tz_version = $2::text, version = s.version + 1
  FROM moved
 WHERE s.id = moved.schedule_id;

-- name: fire_schedule
-- Schedule $1 as people see it.
SELECT schedule_json(s) AS schedule FROM schedules s WHERE s.id = $1::uuid;
