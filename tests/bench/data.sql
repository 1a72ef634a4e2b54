-- data - the benchmark's inboxes, loaded by scripts/bench as the superuser.
--   users  how many share the load; two more follow: one with :large unread rows, and one like
--          the others that is left alone, to compare it with
--   rows   rows of each, the newest :unread of them unread
-- Every id is worked out from a number, so that load.lua can work it out too: the head is
-- scattered (Knuth's multiplicative hash), the tail is the number.
\set ON_ERROR_STOP on
SET synchronous_commit = off;
SET session_replication_role = replica;		-- every row is what its keys want
SET work_mem = '1GB';
SET maintenance_work_mem = '1GB';
BEGIN;
CREATE SCHEMA bench;

CREATE FUNCTION bench.uuid(kind text, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
	SELECT (lpad(to_hex(n * 2654435761 % 4294967296), 8, '0') || '-0000-4000-' || kind || '-' ||
	    lpad(n::text, 12, '0'))::uuid
$$;

INSERT INTO users (id, email, name)
SELECT bench.uuid('8000', u), format('user%s@example.com', u), format('User %s', u)
  FROM generate_series(1, :users + 2) u;
INSERT INTO inbox (user_id, unread)
SELECT bench.uuid('8000', u), CASE WHEN u = :users + 1 THEN :large ELSE :unread END
  FROM generate_series(1, :users + 2) u;
INSERT INTO sessions (user_id, id, expires_at)
SELECT bench.uuid('8000', u), bench.uuid('9000', u), now() + interval '30 days'
  FROM generate_series(1, :users + 2) u;

-- Rows arrive in the order of time, users mixed, as in life: a page of one user's is not one page
-- of the table's.  All within 28 days, so that cleanup would not want them.
-- Ten million rows find their places in the indexes at once, at the end.
UPDATE pg_index SET indisready = false, indisvalid = false WHERE indrelid = 'notifications'::regclass;
INSERT INTO notifications (user_id, id, team_id, type, title, body, link, dedupe_key,
    resource_kind, resource_id, resource_name, project_id, project_name, read_at, created_at)
SELECT bench.uuid('8000', r.u), bench.uuid('a000', r.number), bench.uuid('b000', r.u / 10),
       w.type, format(w.title, p.name), w.body, w.link, r.number::text,
       w.resource, bench.uuid('c000', r.number), p.name, bench.uuid('d000', r.u / 10), p.name,
       CASE WHEN r.is_read THEN r.at + interval '1 hour' END, r.at
  FROM (SELECT u, (u - 1) * :rows::bigint + n AS number, n <= :rows - :unread AS is_read,
	       now() - (:rows - n) * (interval '28 days' / :rows) - u * interval '1 second' AS at
	  FROM generate_series(1, :rows) n, generate_series(1, :users + 2) u
	 WHERE u <> :users + 1
	 UNION ALL
	SELECT :users + 1, (:users + 2) * :rows::bigint + n, false,
	       now() - (:large - n) * (interval '28 days' / :large)
	  FROM generate_series(1, :large) n
	 ORDER BY 4) r
  JOIN (VALUES
	(0, 'issue.digest', 'issue', '3 new issues in %s',
	 '1 regression, 2 new errors since yesterday''s digest.', '/dashboard/issues?project=1'),
	(1, 'issue.new', 'issue', 'New issue in %s: TypeError: total is undefined',
	 'First seen in production, version 4.12.1 on iOS, by 12 users within the last hour.',
	 '/dashboard/issues?project=1'),
	(2, 'feedback.new', 'feedback', 'New feedback in %s',
	 'Ada: The export button does nothing while the list is filtered by date, unless I reload the page first.',
	 '/dashboard/feedback?project=1'),
	(3, 'job.completed', 'job', 'Project export of %s completed',
	 'project_export finished after 2 minutes 14 seconds; the file can be fetched for 7 days.',
	 '/dashboard/jobs?project=1'),
	(4, 'EXPERIMENT_SCHEDULED_LAUNCH_FIRED', 'experiment', '%s: headline "Start for free" launched',
	 'Launched on schedule at 09:00 Europe/Berlin (07:00 UTC); it ends in 14 days at 18:00.',
	 '/dashboard/experiments?project=1'),
	(5, 'EXPERIMENT_SCHEDULED_END_FIRED', 'experiment', '%s: headline "Start for free" ended',
	 'Paused on schedule at 18:00 Europe/Berlin (16:00 UTC); it ran for 14 days.',
	 '/dashboard/experiments?project=1'),
	(6, 'FLAG_SCHEDULED_ENABLE_FIRED', 'flag_environment', '%s: new-checkout enabled in production',
	 'Enabled on schedule at 10:00 America/New_York (14:00 UTC).', '/dashboard/flags?project=1')
       ) w (k, type, resource, title, body, link) ON w.k = (r.number * 7 + r.u) % 11 % 7
  JOIN (VALUES (0, 'Web Shop'), (1, 'Checkout'), (2, 'Mobile App'), (3, 'Back Office'))
       p (k, name) ON p.k = r.number / 3 % 4
 ORDER BY r.at;
REINDEX TABLE notifications;

-- What pgbench's statements are about: each row names :picks users, their sessions and a row of
-- each, at random; picked with one cheap statement for :picks of those that are measured.
SELECT format('CREATE TABLE bench.pick (n integer PRIMARY KEY, %s)',
	string_agg(format('u%1$s uuid, s%1$s uuid, i%1$s uuid', i), ', ' ORDER BY i))
  FROM generate_series(1, :picks) i \gexec
SELECT format('INSERT INTO bench.pick SELECT n, %s FROM generate_series(1, 1000) n, %s',
	string_agg(format('bench.uuid(''8000'', u%1$s), bench.uuid(''9000'', u%1$s), '
	    'bench.uuid(''a000'', (u%1$s - 1) * %2$s + r%1$s)', i, :rows), ', ' ORDER BY i),
	string_agg(format('LATERAL (SELECT n * 0 + 1 + floor(random() * %2$s)::bigint u%1$s, '
	    'n * 0 + 1 + floor(random() * %3$s)::bigint r%1$s) l%1$s', i, :users, :rows), ', ' ORDER BY i))
  FROM generate_series(1, :picks) i \gexec
GRANT USAGE ON SCHEMA bench TO carillon_web;
GRANT SELECT ON bench.pick TO carillon_web;
COMMIT;
VACUUM (ANALYZE);
CHECKPOINT;
CREATE EXTENSION pg_prewarm;
SELECT sum(pg_prewarm(oid)) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'i');
