-- What carillon-doctor (scripts/doctor) asks, as each of the two programs' users.

-- name: doctor_server
-- The server, its clock in milliseconds, who asks, and what is known of that user.  A role that owns
-- the tables, or a superuser, may do more than it should.
SELECT current_setting('server_version') AS version,
       current_setting('server_version_num')::int AS number,
       floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS ms,
       current_user AS role,
       current_setting('transaction_read_only') = 'on' AS read_only,
       (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
	OR EXISTS (SELECT FROM pg_class c WHERE c.relname = 'inbox' AND c.relkind IN ('r', 'p')
	    AND pg_has_role(c.relowner, 'MEMBER')) AS too_much,
       array_to_string(ARRAY(
	SELECT s.name FROM pg_settings s
	 WHERE s.name IN ('statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout')
	   AND s.setting = '0'
	 ORDER BY s.name), ', ') AS endless,
       current_setting('timezone') = 'UTC' AS utc;

-- name: doctor_buffers
-- Megabytes of buffers, the huge pages that they would take (-1: this system has none), and whether
-- the server runs on this host.
SELECT pg_size_bytes(current_setting('shared_buffers')) / 1024 / 1024 AS mb,
       current_setting('shared_memory_size_in_huge_pages')::int AS pages,
       inet_server_addr() IS NULL OR inet_server_addr() = inet_client_addr() AS here;

-- name: doctor_migrations
SELECT name, sha256 FROM schema_migrations;
