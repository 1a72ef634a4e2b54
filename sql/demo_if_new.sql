-- The demo data, into a database that nobody has used yet.
SELECT NOT EXISTS (SELECT FROM users) AS new \gset
\if :new
BEGIN;
\ir demo.sql
COMMIT;
\endif
