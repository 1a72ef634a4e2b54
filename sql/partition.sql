-- The inbox in partitions by user.  For the owner of the schema, once, while nothing else runs:
--   scripts/psql -v parts=16 -f sql/partition.sql		(8 when not told)
-- Rows, constraints, indexes with their names, and rights are as they were; later migrations meet
-- tables that differ in nothing else.  No statement of sql/query needs to know.
\set ON_ERROR_STOP on
\if :{?parts} \else
\set parts 8
\endif
BEGIN;
SET LOCAL client_min_messages = warning;
SELECT set_config('carillon.parts', :'parts', true) AS parts \gset

-- These tables refer to each other and nothing else refers to them, so their foreign keys are
-- dropped first and come last.
DO $$
DECLARE
	tables constant regclass[] := ARRAY['inbox', 'notifications', 'deliveries', 'inbox_marks']::regclass[];
	parts constant integer := current_setting('carillon.parts')::integer;
	late text[];	-- what makes constraints, indexes and rights again, in this order
	t regclass;
	name text;
	command text;
BEGIN
	IF EXISTS (SELECT FROM pg_class WHERE oid = ANY (tables) AND relkind = 'p') THEN
		RAISE EXCEPTION 'the inbox is partitioned already';
	END IF;
	SELECT array_agg(made ORDER BY step, made) INTO late
	  FROM (SELECT CASE contype WHEN 'f' THEN 3 ELSE 1 END AS step, format('ALTER TABLE %I ADD CONSTRAINT %I %s',
			conrelid::regclass, conname, pg_get_constraintdef(oid)) AS made
		  FROM pg_constraint WHERE conrelid = ANY (tables) AND contype IN ('p', 'u', 'f')
		UNION ALL
		SELECT 2, pg_get_indexdef(indexrelid)
		  FROM pg_index i WHERE indrelid = ANY (tables)
		   AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid AND contype IN ('p', 'u'))
		UNION ALL
		SELECT 4, format('GRANT %s ON %I TO %I', a.privilege_type, c.oid::regclass, r.rolname)
		  FROM pg_class c, aclexplode(c.relacl) a JOIN pg_roles r ON r.oid = a.grantee
		 WHERE c.oid = ANY (tables) AND a.grantee <> c.relowner) x;
	FOR command IN
		SELECT format('ALTER TABLE %I DROP CONSTRAINT %I', conrelid::regclass, conname)
		  FROM pg_constraint WHERE conrelid = ANY (tables) AND contype IN ('p', 'u', 'f')
		 ORDER BY contype = 'f' DESC, contype
	LOOP
		EXECUTE command;
	END LOOP;
	FOREACH t IN ARRAY tables LOOP
		name := t::text;
		FOR command IN SELECT format('DROP INDEX %s', indexrelid::regclass) FROM pg_index WHERE indrelid = t LOOP
			EXECUTE command;
		END LOOP;
		EXECUTE format('ALTER TABLE %I RENAME TO %I', name, name || '_whole');
		EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING GENERATED
		    INCLUDING STORAGE INCLUDING COMPRESSION INCLUDING COMMENTS) PARTITION BY HASH (user_id)', name, name || '_whole');
		FOR i IN 0 .. parts - 1 LOOP
			EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES WITH (MODULUS %s, REMAINDER %s) %s',
			    name || '_' || i, name, parts, i,
			    (SELECT 'WITH (' || array_to_string(reloptions, ', ') || ')' FROM pg_class WHERE oid = t));
		END LOOP;
		EXECUTE format('INSERT INTO %I SELECT * FROM %I', name, name || '_whole');
		EXECUTE format('DROP TABLE %I', name || '_whole');
	END LOOP;
	FOREACH command IN ARRAY late LOOP
		EXECUTE command;
	END LOOP;
END $$;
COMMIT;
