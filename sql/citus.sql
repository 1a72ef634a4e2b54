-- On a Citus coordinator (13.2 was tried, with PostgreSQL 15): for whoever migrated the database, once,
-- while nothing else runs, and then CARILLON_CITUS=on.
--   scripts/psql -v shards=32 -f sql/citus.sql
--
--   distributed by user_id, co-located	inbox, notifications, deliveries, sessions, inbox_marks: what
--		every poll, page, mark and notice touches.  A user's rows are on one worker.
--	reference tables	none: no statement that runs on a worker reads anything else
--	on the coordinator	everything else
--
-- A foreign key from a distributed table can only lead to its own kind, so those to users go: delete
-- a user together with the rows here (DELETE FROM inbox and sessions WHERE user_id = …).
\set ON_ERROR_STOP on
\if :{?shards} \else
\set shards 32
\endif
BEGIN;
SET LOCAL client_min_messages = warning;

DO $$
DECLARE
	tables constant regclass[] := ARRAY['inbox', 'notifications', 'deliveries', 'sessions', 'inbox_marks']::regclass[];
	command text;
BEGIN
	FOR command IN
		SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname)
		  FROM pg_constraint
		 WHERE contype = 'f' AND conrelid = ANY (tables) AND confrelid <> ALL (tables)
	LOOP
		EXECUTE command;
	END LOOP;
END $$;

SELECT create_distributed_table('inbox', 'user_id', colocate_with => 'none', shard_count => :shards);
SELECT create_distributed_table(name::regclass, 'user_id', colocate_with => 'inbox')
  FROM unnest(ARRAY['notifications', 'deliveries', 'sessions', 'inbox_marks']) WITH ORDINALITY AS t (name, place)
 ORDER BY place;

-- A plan for all parameters cannot know the shard: only what is planned anew for each call is sent to
-- the one that it needs.  And notices to teams wait for each other here, so requests get more time.
SELECT format('ALTER ROLE %I IN DATABASE %I SET %I = %L', role, current_database(), name, value)
  FROM (VALUES ('carillon_web', 'plan_cache_mode', 'auto'), ('carillon_worker', 'plan_cache_mode', 'auto'),
	('carillon_web', 'statement_timeout', '4s'), ('carillon_web', 'lock_timeout', '3s')) AS s (role, name, value)
 WHERE role IN (SELECT rolname FROM pg_roles)
\gexec
COMMIT;
