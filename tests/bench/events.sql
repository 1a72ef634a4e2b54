-- events - the issues that load.lua's events belong to, loaded after changes.sql.
--   users, picks   as there        fingerprints  of each team's production
-- Each has thousands of events already, of which its team knows: a flood under way.
\set ON_ERROR_STOP on
SET synchronous_commit = off;
BEGIN;
-- As cgi/issues/events.c makes it.
CREATE FUNCTION bench.issue(environment uuid, fingerprint text) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
	SELECT (substr(h, 1, 12) || '8' || substr(h, 14, 3) || 'a' || substr(h, 18, 15))::uuid
	  FROM encode(sha256(convert_to(environment || ' f' || fingerprint, 'UTF8')), 'hex') h
$$;
INSERT INTO issues (id, project_id, environment_id, fingerprint, title, app, status_at, events, told, last_seen_at, created_at)
SELECT bench.issue(bench.uuid('e002', k), 'f-' || f), bench.uuid('d000', k), bench.uuid('e002', k), 'f-' || f,
       'TypeError: total is undefined', 'shop', now(), 100000, 100000, now(), now()
  FROM generate_series(1, :users / 10) k, generate_series(1, :fingerprints) f;

-- As bench.pick in data.sql: :picks events a row, with the issue, the key, the environment, the
-- fingerprint and the user of each.
SELECT format('CREATE TABLE bench.event (n integer PRIMARY KEY, %s)',
	string_agg(format('i%1$s uuid, k%1$s uuid, e%1$s uuid, f%1$s text, u%1$s text', i), ', ' ORDER BY i))
  FROM generate_series(1, :picks) i \gexec
SELECT format('INSERT INTO bench.event SELECT n, %s FROM generate_series(1, 1000) n, %s',
	string_agg(format('bench.issue(bench.uuid(''e002'', k%1$s), ''f-'' || f%1$s), (SELECT id FROM api_keys WHERE hash = '
	    'sha256(convert_to(''car_client_'' || lpad((k%1$s * 10 + 1)::text, 48, ''0''), ''UTF8''))), '
	    'bench.uuid(''e002'', k%1$s), ''f-'' || f%1$s, ''user-'' || u%1$s', i), ', ' ORDER BY i),
	string_agg(format('LATERAL (SELECT n * 0 + 1 + floor(random() * %2$s)::int k%1$s, 1 + floor(random() * %3$s)::int f%1$s, '
	    '1 + floor(random() * 1000)::int u%1$s) l%1$s', i, :users / 10, :fingerprints), ', ' ORDER BY i))
  FROM generate_series(1, :picks) i \gexec
GRANT SELECT ON bench.event TO carillon_web;
COMMIT;
VACUUM (ANALYZE);
CHECKPOINT;
