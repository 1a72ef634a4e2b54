-- A private cluster's first rows: who owns the schema, and the database.  psql runs it as the
-- superuser; running it again changes nothing.
SELECT 'CREATE ROLE carillon_migrator LOGIN CREATEROLE'
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'carillon_migrator')
\gexec
SELECT 'CREATE DATABASE carillon OWNER carillon_migrator'
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'carillon')
\gexec
