-- changes - teams with projects, flags and experiments for the users of data.sql, loaded after it.
--   users    how many there are: ten share a team, and whoever has a number of the form 10k
--            schedules for it
--   moments  how many experiments there are
-- Ids are made as there.
\set ON_ERROR_STOP on
SET synchronous_commit = off;
BEGIN;
INSERT INTO teams (id, name)
SELECT bench.uuid('b000', k), format('Team %s', k) FROM generate_series(1, :users / 10) k;
INSERT INTO members (team_id, user_id, role)
SELECT bench.uuid('b000', k), bench.uuid('8000', k * 10), 'owner' FROM generate_series(1, :users / 10) k;
INSERT INTO projects (id, team_id, name, snippet_seen_at)
SELECT bench.uuid('d000', k), bench.uuid('b000', k), 'Web Shop', now() FROM generate_series(1, :users / 10) k;
INSERT INTO environments (id, project_id, name, position)
SELECT bench.uuid('e00' || e, k), bench.uuid('d000', k), name, e
  FROM generate_series(1, :users / 10) k,
       (VALUES (0, 'development'), (1, 'staging'), (2, 'production')) v (e, name);

-- For each project ten keys, of which load.lua knows those that end in 1, and 20 flags, half of
-- them on in production.
INSERT INTO api_keys (team_id, kind, name, prefix, hash, project_id, environment_id)
SELECT bench.uuid('b000', k), 'client', 'bench', 'car_client_', sha256(convert_to('car_client_' ||
       lpad((k * 10 + n)::text, 48, '0'), 'UTF8')), bench.uuid('d000', k), bench.uuid('e002', k)
  FROM generate_series(1, :users / 10) k, generate_series(0, 9) n;
INSERT INTO flags (id, project_id, key, name, kind, variations, default_on, default_off, enabled_in)
SELECT bench.uuid('f000', k * 20 + n), bench.uuid('d000', k), 'flag-' || n, 'Flag ' || n, 'boolean',
       '[{"name":"on","value":true},{"name":"off","value":false}]', 'on', 'off',
       CASE WHEN n % 2 = 0 THEN ARRAY[bench.uuid('e002', k)] ELSE '{}' END
  FROM generate_series(1, :users / 10) k, generate_series(1, 20) n;
INSERT INTO flag_environments (flag_id, environment_id)
SELECT bench.uuid('f000', k * 20 + n), bench.uuid('e00' || e, k)
  FROM generate_series(1, :users / 10) k, generate_series(1, 20) n, generate_series(0, 2) e;

INSERT INTO experiments (id, project_id, name, url_rules, variations, metrics)
SELECT bench.uuid('f001', n), bench.uuid('d000', 1 + n % (:users / 10)), format('Headline %s', n),
       '["https://shop.example/*"]', '[{"name":"A","weight":50},{"name":"B","weight":50}]', '["orders"]'
  FROM generate_series(1, :moments) n;

-- All experiments are scheduled to be launched now: schedules and moments number from + 1 and on.
CREATE FUNCTION bench.schedule(start bigint) RETURNS void LANGUAGE sql AS $$
	DELETE FROM schedules WHERE status = 'PENDING';
	UPDATE experiments SET status = 'SCHEDULED' WHERE id IN
	    (SELECT resource_id FROM schedules) OR status = 'DRAFT';
	INSERT INTO schedules (id, project_id, resource_kind, resource_id, resource_name, time_zone, first_at, scheduled_by)
	SELECT bench.uuid('f002', start + right(e.id::text, 12)::bigint), e.project_id, 'experiment', e.id, e.name,
	       'Europe/Berlin', date_trunc('minute', now()), me.user_id
	  FROM experiments e
	  JOIN projects p ON p.id = e.project_id
	  JOIN members me ON me.team_id = p.team_id
	 WHERE e.status = 'SCHEDULED';
	INSERT INTO moments (id, schedule_id, project_id, kind, due_at, scheduled_by)
	SELECT bench.uuid('f003', right(id::text, 12)::bigint), id, project_id, 'launch', date_trunc('minute', now()),
	       scheduled_by
	  FROM schedules WHERE right(id::text, 12)::bigint > start;
$$;

-- What the floor of firing writes, as long as what fire does.  (In a script, a colon before a word
-- would be a variable.)
CREATE FUNCTION bench.words(what text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE what
	WHEN 'before' THEN '{"status":"SCHEDULED"}'
	WHEN 'after' THEN '{"status":"RUNNING","moment":"launch","due_at":"2026-11-22T05:00:00.000Z","reason":null,"late_seconds":10}'
	WHEN 'title' THEN 'Headline 1234 was launched'
	WHEN 'body' THEN 'The experiment Headline 1234 of Web Shop is running now. It was due on 22 Nov 2026, 06:00 CET (Europe/Berlin), which is 22 Nov 2026, 05:00 UTC, and done 10 seconds late.'
	WHEN 'link' THEN '/dashboard/experiments?id=00000000-0000-4000-8000-000000000000'
	WHEN 'data' THEN '{"reason":null,"late_seconds":10,"kind":"launch","due_at":"2026-11-22T05:00:00.000Z","time_zone":"Europe/Berlin","schedule_id":"00000000-0000-4000-8000-000000000000"}'
	END
$$;
GRANT USAGE ON SCHEMA bench TO carillon_worker;
COMMIT;
VACUUM (ANALYZE);
