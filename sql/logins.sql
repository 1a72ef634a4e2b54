-- The roles of the two programs and their timeouts, which belong to the role so that a pooler in
-- between changes nothing.  Run by scripts/migrate before roles.sql; changes nothing when repeated.
-- A user who may not create roles leaves them as they are; scripts/migrate then tells.
--
-- A run of the worker plans a statement, and PostgreSQL a foreign key's check, once, perhaps when the
-- tables are all but empty, and then fills them with thousands of rows: no plan of it may rest on
-- reading a table as a whole.  And what costs a lot by estimate alone is not worth compiling.
DO $$
DECLARE
	wanted constant text[][] := ARRAY[
		['carillon_web', 'statement_timeout', '2s'],
		['carillon_web', 'lock_timeout', '1s'],
		['carillon_web', 'idle_in_transaction_session_timeout', '5s'],
		['carillon_web', 'client_connection_check_interval', '1s'],
		['carillon_web', 'plan_cache_mode', 'force_generic_plan'],
		['carillon_web', 'timezone', 'UTC'],
		['carillon_worker', 'statement_timeout', '60s'],
		['carillon_worker', 'lock_timeout', '5s'],
		['carillon_worker', 'idle_in_transaction_session_timeout', '5s'],
		['carillon_worker', 'client_connection_check_interval', '1s'],
		['carillon_worker', 'plan_cache_mode', 'force_generic_plan'],
		['carillon_worker', 'enable_seqscan', 'off'],
		['carillon_worker', 'jit', 'off'],
		['carillon_worker', 'timezone', 'UTC']];
	s text[];
BEGIN
	FOREACH s SLICE 1 IN ARRAY wanted LOOP
		IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = s[1]) THEN
			EXECUTE format('CREATE ROLE %I LOGIN', s[1]);
		END IF;
		IF NOT EXISTS (SELECT FROM pg_db_role_setting d JOIN pg_roles r ON r.oid = d.setrole
		    WHERE d.setdatabase = 0 AND r.rolname = s[1]
		      AND lower(s[2] || '=' || s[3]) IN (SELECT lower(c) FROM unnest(d.setconfig) c)) THEN
			EXECUTE format('ALTER ROLE %I SET %I = %L', s[1], s[2], s[3]);
		END IF;
	END LOOP;
EXCEPTION
	WHEN insufficient_privilege THEN
		NULL;
END $$;
