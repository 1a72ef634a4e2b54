-- The clock of scripts/demo.  What a step of the story did just now, it did at the step's own time:
-- every time written since the step began is moved there, in columns and in what was kept as JSON.
-- Schedules are saved for 28 years later, after which days of the week and of the year fall
-- together again, and moved back: the program takes no moment that has passed.

CREATE TEMPORARY TABLE demo_step AS
SELECT current_setting('demo.now')::timestamptz AS now,	-- the demo's end
       NULL::timestamptz AS at, NULL::timestamptz AS began;	-- of the step: in the story, and really

CREATE FUNCTION pg_temp.moved(t timestamptz) RETURNS timestamptz LANGUAGE sql STABLE AS $$
SELECT CASE WHEN t > clock_timestamp() + interval '14 years' THEN t - interval '28 years'
	    WHEN t BETWEEN began AND clock_timestamp() THEN at + (t - began)
	    ELSE t END
  FROM demo_step
$$;

CREATE FUNCTION pg_temp.moved(j jsonb) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE
	told text := j::text;
	found text;
BEGIN
	FOR found IN SELECT DISTINCT m[1] FROM regexp_matches(told, '\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z', 'g') m LOOP
		told := replace(told, found, moment_text(pg_temp.moved(found::timestamptz)));
	END LOOP;
	RETURN told::jsonb;
END
$$;

-- One UPDATE a table: what of it holds times of the story.
CREATE TEMPORARY TABLE demo_move AS
SELECT format('UPDATE %I SET (%s) = ROW (%s) WHERE greatest(%s) >= $1', table_name, string_agg(column_name, ', '),
	   string_agg(format('pg_temp.moved(%I)', column_name), ', '),
	   string_agg(column_name, ', ') FILTER (WHERE data_type LIKE 'timestamp%')) AS statement
  FROM information_schema.columns
  JOIN information_schema.tables USING (table_schema, table_name)
 WHERE table_schema = 'public' AND table_type = 'BASE TABLE'
   AND table_name NOT IN ('schema_migrations', 'heartbeats', 'sessions', 'login_codes', 'mail_pace', 'key_rates')
   AND column_name NOT IN ('lease_until', 'file_expires_at')
   AND (data_type LIKE 'timestamp%' OR table_name IN ('audit', 'deliveries') AND data_type = 'jsonb')
 GROUP BY table_name;

-- End the step and begin the next one at that time; how it is told to programs.
CREATE FUNCTION pg_temp.demo_at(next timestamptz) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	move text;
BEGIN
	IF (SELECT began IS NOT NULL FROM demo_step) THEN
		FOR move IN SELECT statement FROM demo_move LOOP
			EXECUTE move USING (SELECT began FROM demo_step);
		END LOOP;
		UPDATE jobs SET file_expires_at = finished_at + interval '7 days' WHERE file_expires_at > now();
	END IF;
	IF next < (SELECT at FROM demo_step) THEN
		RAISE 'the story goes back: % is before %', next, (SELECT at FROM demo_step);
	END IF;
	UPDATE demo_step SET at = next, began = date_trunc('milliseconds', clock_timestamp());
	RETURN moment_text(next);
END
$$;

-- So many days before the demo's end, at that time in Berlin; that long before it; that long from then on.
CREATE FUNCTION pg_temp.day(days integer, clock text, zone text DEFAULT 'Europe/Berlin') RETURNS timestamptz LANGUAGE sql STABLE AS $$
SELECT (date_trunc('day', now AT TIME ZONE 'Europe/Berlin') - make_interval(days => days) + clock::interval) AT TIME ZONE zone FROM demo_step
$$;
CREATE FUNCTION pg_temp.ago(before interval) RETURNS timestamptz LANGUAGE sql STABLE AS $$
SELECT date_trunc('minute', now) - before FROM demo_step
$$;
CREATE FUNCTION pg_temp.later(after interval) RETURNS timestamptz LANGUAGE sql STABLE AS $$
SELECT at + after FROM demo_step
$$;
CREATE FUNCTION pg_temp.far(t timestamptz) RETURNS text LANGUAGE sql STABLE AS $$
SELECT moment_text(t + interval '28 years')
$$;
