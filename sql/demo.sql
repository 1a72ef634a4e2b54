-- Demo data (contract section 2): loaded into a database that nobody has used
-- yet, in one transaction of the caller's.  Every id is fixed and every row is
-- made only if it is missing, so a second load changes nothing.

INSERT INTO users (id, email, name, created_at)
SELECT ('00000000-0000-4000-8000-00000000000' || n)::uuid, role || '@example.com', name,
       date_trunc('minute', now()) - interval '30 days' + n * interval '1 hour'
  FROM (VALUES
	(1, 'owner', 'Olga Owner'), (2, 'admin', 'Adam Admin'), (3, 'developer', 'Dora Developer'),
	(4, 'collaborator', 'Cora Collaborator'), (5, 'viewer', 'Vera Viewer'),
	(6, 'outsider', 'Oscar Outsider')) AS u (n, role, name)
ON CONFLICT DO NOTHING;

INSERT INTO inbox (user_id)
SELECT id FROM users WHERE id::text LIKE '00000000-0000-4000-8000-00000000000_'
ON CONFLICT DO NOTHING;

INSERT INTO teams (id, name, created_at) VALUES
	('00000000-0000-4000-8000-000000000011', 'Demo Team', date_trunc('minute', now()) - interval '30 days'),
	('00000000-0000-4000-8000-000000000012', 'Other Team', date_trunc('minute', now()) - interval '29 days')
ON CONFLICT DO NOTHING;

INSERT INTO members (team_id, user_id, role, created_at)
SELECT t.id, u.id, CASE split_part(u.email, '@', 1) WHEN 'outsider' THEN 'owner' ELSE split_part(u.email, '@', 1) END,
       u.created_at
  FROM users u
  JOIN teams t ON t.id = CASE u.email WHEN 'outsider@example.com' THEN '00000000-0000-4000-8000-000000000012'::uuid
				      ELSE '00000000-0000-4000-8000-000000000011'::uuid END
 WHERE u.id::text LIKE '00000000-0000-4000-8000-00000000000_'
ON CONFLICT DO NOTHING;

INSERT INTO projects (id, team_id, name, snippet_seen_at, created_at) VALUES
	('00000000-0000-4000-8000-000000000021', '00000000-0000-4000-8000-000000000011', 'Demo Project',
	 date_trunc('minute', now()) - interval '20 days', date_trunc('minute', now()) - interval '28 days'),
	('00000000-0000-4000-8000-000000000022', '00000000-0000-4000-8000-000000000012', 'Other Project',
	 NULL, date_trunc('minute', now()) - interval '27 days')
ON CONFLICT DO NOTHING;

INSERT INTO environments (id, project_id, name, position, created_at)
SELECT ('00000000-0000-4000-8000-0000000000' || p.n || e.n)::uuid, p.id::uuid, e.name, e.n - 1,
       date_trunc('minute', now()) - interval '27 days'
  FROM (VALUES (3, '00000000-0000-4000-8000-000000000021'),
	       (4, '00000000-0000-4000-8000-000000000022')) AS p (n, id)
 CROSS JOIN (VALUES (1, 'development'), (2, 'staging'), (3, 'production')) AS e (n, name)
ON CONFLICT DO NOTHING;

-- What went wrong, the newest in production; the notices below lead there.
INSERT INTO issues (id, project_id, environment_id, title, app, status, status_at, events, users, last_seen_at, told, created_at)
SELECT i.id::uuid, e.project_id, e.id, i.title, 'shop', i.status, made.at, i.events, i.users,
       date_trunc('milliseconds', now() - i.last::interval), i.events, made.at
  FROM (VALUES
	('00000000-0000-4000-8000-000000000091', 'TypeError: total is undefined', 'new', '1 day 22 hours', '20 minutes', 212, 57, 'production'),
	('00000000-0000-4000-8000-000000000092', 'Payment provider timed out after 10 s', 'regressed', '6 days', '3 hours', 48, 31, 'production'),
	('00000000-0000-4000-8000-000000000093', 'Image of a product not found', 'in_progress', '8 days', '5 hours', 1204, 388, 'production'),
	('00000000-0000-4000-8000-000000000094', 'Session lost between two pages', 'resolved', '12 days', '9 days', 15, 9, 'production'),
	('00000000-0000-4000-8000-000000000095', 'Deprecated call of basket.sum()', 'silenced', '3 days', '1 hour', 96, 4, 'staging')
       ) i (id, title, status, age, last, events, users, environment)
  JOIN environments e ON e.project_id = '00000000-0000-4000-8000-000000000021' AND e.name = i.environment
 CROSS JOIN LATERAL (SELECT date_trunc('milliseconds', now() - i.age::interval) AS at) made
ON CONFLICT DO NOTHING;

INSERT INTO feedback (id, project_id, environment_id, message, name, email, context, created_at)
SELECT ('00000000-0000-4000-8000-00000000005' || n)::uuid, '00000000-0000-4000-8000-000000000021',
       '00000000-0000-4000-8000-000000000033', message, name, email, context::jsonb,
       date_trunc('milliseconds', now() - age::interval)
  FROM (VALUES
	(1, '6 days', 'The new checkout is so much faster. Thank you!', 'Priya', 'priya@customer.example', '{"page": "/checkout", "rating": 5}'),
	(2, '4 days 3 hours', 'I cannot find where to change my delivery address.', 'Jonas Berg', NULL, '{"page": "/account"}'),
	(3, '2 days 5 hours', E'The button "Pay now" does nothing on my phone.\nI tried it three times.', NULL, 'mika@customer.example', '{"page": "/checkout", "browser": "Safari 17"}'),
	(4, '1 day 2 hours', 'Could you add dark mode?', NULL, NULL, NULL),
	(5, '3 hours', 'The total on the last page is not the one that I saw in the basket.', 'Ana Sousa', 'ana@customer.example', '{"page": "/checkout/confirm", "order": "A-1027"}')
       ) AS f (n, age, message, name, email, context)
ON CONFLICT DO NOTHING;

-- Two exports that are over, and one that cron makes as soon as it runs.
INSERT INTO jobs (id, team_id, project_id, type, status, started_by, notify, done, total, attempts, created_at, started_at, finished_at)
SELECT ('00000000-0000-4000-8000-00000000008' || n)::uuid, '00000000-0000-4000-8000-000000000011',
       '00000000-0000-4000-8000-000000000021', 'project_export', status, ('00000000-0000-4000-8000-00000000000' || who)::uuid,
       n = 1, done, total, least(took, 1), at, CASE WHEN took > 0 THEN at + interval '4 seconds' END,
       CASE WHEN took > 0 THEN at + (took + 4) * interval '1 second' END
  FROM (VALUES
	(1, 1, 'completed', '8 days 1 hour', 12, 31, 31),
	(2, 2, 'cancelled', '2 days 5 hours', 3, 9, 40),
	(3, 1, 'pending', '0', 0, 0, NULL)
       ) AS j (n, who, status, age, took, done, total)
 CROSS JOIN LATERAL (SELECT date_trunc('milliseconds', now() - age::interval) AS at) t
ON CONFLICT DO NOTHING;

-- What the notices below tell of, and one that is running.
INSERT INTO experiments (id, project_id, name, hypothesis, url_rules, variations, metrics, status, version, created_at)
SELECT ('00000000-0000-4000-8000-00000000006' || n)::uuid, '00000000-0000-4000-8000-000000000021', name, hypothesis,
       url_rules::jsonb, variations::jsonb, metrics::jsonb, status, version, date_trunc('milliseconds', now() - age::interval)
  FROM (VALUES
	(1, '12 days', 'Checkout button colour', 'A green button is noticed sooner, so more baskets become orders.', '["https://shop.example/checkout*"]',
	 '[{"name": "Blue", "weight": 50}, {"name": "Green", "weight": 50}]', '["orders", "revenue"]', 'COMPLETED', 5),
	(2, '10 days', 'Summer banner', 'A banner on the front page brings visitors to the summer collection.', '["https://shop.example/"]',
	 '[{"name": "No banner", "weight": 50}, {"name": "Banner", "weight": 50}]', '["clicks on the collection"]', 'DRAFT', 3),
	(3, '6 days', 'Pricing page headline', NULL, '["https://shop.example/pricing"]',
	 '[{"name": "Simple pricing", "weight": 34}, {"name": "Pay as you go", "weight": 33}, {"name": "No surprises", "weight": 33}]', '[]', 'DRAFT', 4),
	(4, '3 days', 'Free delivery reminder', 'Saying how little is missing for free delivery makes baskets bigger.',
	 '["https://shop.example/basket", "https://shop.example/checkout*"]',
	 '[{"name": "As it is", "weight": 80}, {"name": "Reminder", "weight": 20}]', '["items in the basket", "orders"]', 'RUNNING', 2),
	(5, '1 day', 'One-page checkout', 'Fewer steps lose fewer customers on the way.', '["https://shop.example/checkout*"]',
	 '[{"name": "Three pages", "weight": 50}, {"name": "One page", "weight": 50}]', '["orders"]', 'SCHEDULED', 2)
       ) AS e (n, age, name, hypothesis, url_rules, variations, metrics, status, version)
ON CONFLICT DO NOTHING;

-- Flags, and where each is enabled; the notices below tell of toggle 7n.
INSERT INTO flags (id, project_id, key, name, kind, variations, default_on, default_off, status, version, created_at)
SELECT ('00000000-0000-4000-8000-0000000000b' || n)::uuid, '00000000-0000-4000-8000-000000000021', key, name, kind,
       variations::jsonb, default_on, default_off, status, version, date_trunc('milliseconds', now() - age::interval)
  FROM (VALUES
	(1, '14 days', 'new-search', 'New search', 'boolean', '[{"name": "on", "value": true}, {"name": "off", "value": false}]', 'on', 'off', 'ACTIVE', 4),
	(2, '13 days', 'beta-basket', 'Beta basket', 'boolean', '[{"name": "on", "value": true}, {"name": "off", "value": false}]', 'on', 'off', 'ACTIVE', 2),
	(3, '11 days', 'free-delivery', 'Free delivery', 'number', '[{"name": "always", "value": 0}, {"name": "usual", "value": 49.9}]', 'always', 'usual', 'ACTIVE', 3),
	(4, '9 days', 'gift-cards', 'Gift cards', 'boolean', '[{"name": "on", "value": true}, {"name": "off", "value": false}]', 'on', 'off', 'ARCHIVED', 2),
	(5, '5 days', 'checkout-redesign', 'Checkout redesign', 'boolean', '[{"name": "on", "value": true}, {"name": "off", "value": false}]', 'on', 'off', 'ACTIVE', 4),
	(6, '2 days', 'banner', 'Banner of the front page', 'json',
	 '[{"name": "summer", "value": {"text": "Summer is here", "link": "/summer"}}, {"name": "none", "value": {}}]', 'summer', 'none', 'ACTIVE', 2)
       ) AS f (n, age, key, name, kind, variations, default_on, default_off, status, version)
ON CONFLICT DO NOTHING;

INSERT INTO flag_environments (id, flag_id, environment_id, enabled)
SELECT (CASE e.n WHEN f.told THEN '00000000-0000-4000-8000-00000000007' || f.n
		ELSE '00000000-0000-4000-8000-000000000c' || f.n || e.n END)::uuid,
       ('00000000-0000-4000-8000-0000000000b' || f.n)::uuid, ('00000000-0000-4000-8000-00000000003' || e.n)::uuid,
       e.name = ANY (f.enabled::text[])
  FROM (VALUES (1, 3, '{development,staging,production}'), (2, 3, '{development}'), (3, 3, '{}'), (4, 2, '{}'),
	       (5, 0, '{development,staging,production}'), (6, 0, '{development}')) AS f (n, told, enabled)
 CROSS JOIN (VALUES (1, 'development'), (2, 'staging'), (3, 'production')) AS e (n, name)
ON CONFLICT DO NOTHING;

-- What is to come: the launch and end of an experiment, and a flag for some days in production.
WITH plan (n, kind, resource, name, environment, first_at, days, end_time, owner) AS (
	SELECT v.n, v.kind, v.resource::uuid, v.name, v.environment::uuid,
	       date_trunc('hour', now() AT TIME ZONE 'Europe/Berlin') + v.ahead::interval, v.days, v.end_time, v.owner::uuid
	  FROM (VALUES
		(1, 'experiment', '00000000-0000-4000-8000-000000000065', 'One-page checkout', NULL, '2 days 3 hours', 14, '18:00',
		 '00000000-0000-4000-8000-000000000001'),
		(2, 'flag_environment', '00000000-0000-4000-8000-000000000c63', 'banner', '00000000-0000-4000-8000-000000000033', '1 day 1 hour', 3,
		 '09:30', '00000000-0000-4000-8000-000000000003')
	       ) AS v (n, kind, resource, name, environment, ahead, days, end_time, owner)
), made AS (
	INSERT INTO schedules (id, project_id, resource_kind, resource_id, resource_name, environment_id, environment_name,
	    time_zone, first_at, end_days, end_time, scheduled_by)
	SELECT ('00000000-0000-4000-8000-0000000000d' || n)::uuid, '00000000-0000-4000-8000-000000000021', kind, resource, name,
	       environment, CASE WHEN environment IS NOT NULL THEN 'production' END, 'Europe/Berlin',
	       first_at AT TIME ZONE 'Europe/Berlin', days, end_time, owner
	  FROM plan
	ON CONFLICT DO NOTHING
	RETURNING id, project_id, scheduled_by
)
INSERT INTO moments (schedule_id, project_id, kind, due_at, scheduled_by)
SELECT made.id, made.project_id,
       CASE plan.kind WHEN 'experiment' THEN (ARRAY['launch', 'end'])[k] ELSE (ARRAY['enable', 'disable'])[k] END,
       CASE k WHEN 1 THEN plan.first_at ELSE date_trunc('day', plan.first_at) + make_interval(days => plan.days) + plan.end_time::interval END
	   AT TIME ZONE 'Europe/Berlin', made.scheduled_by
  FROM made
  JOIN plan ON made.id = ('00000000-0000-4000-8000-0000000000d' || plan.n)::uuid
 CROSS JOIN generate_series(1, 2) AS k;

-- What became of the past: the notices below tell of it, and the audit log.  A moment was decided
-- late after it was due, before and after are the resource's state then.
CREATE TEMPORARY TABLE demo_past ON COMMIT DROP AS
SELECT v.n, v.kind, ('00000000-0000-4000-8000-000000000' || v.resource)::uuid AS resource_id, v.name, e.id AS environment_id,
       e.name AS environment_name, ('00000000-0000-4000-8000-00000000000' || v.owner)::uuid AS owner, v.moment, v.outcome, v.reason,
       date_trunc('milliseconds', now() - v.age::interval) AS decided_at,
       CASE WHEN v.outcome IN ('CANCELLED', 'DROPPED') THEN date_trunc('hour', now() - v.age::interval + v.late::interval)
	    ELSE date_trunc('minute', now() - v.age::interval - v.late::interval) END AS due_at,
       v.before::jsonb, v.after::jsonb
  FROM (VALUES
	(1, 'experiment', '061', 'Checkout button colour', NULL, 1, 'launch', 'FIRED', NULL, '9 days 4 hours', '0', '{"status": "SCHEDULED"}', '{"status": "RUNNING"}'),
	(1, 'experiment', '061', 'Checkout button colour', NULL, 1, 'end', 'FIRED', NULL, '1 day 4 hours', '0', '{"status": "RUNNING"}', '{"status": "PAUSED"}'),
	(2, 'experiment', '062', 'Summer banner', NULL, 1, 'launch', 'MISSED', 'too_late', '7 days 6 hours', '2 hours 14 minutes',
	 '{"status": "SCHEDULED"}', '{"status": "DRAFT"}'),
	(2, 'experiment', '062', 'Summer banner', NULL, 1, 'end', 'DROPPED', 'not_started', '7 days 6 hours', '14 days', NULL, NULL),
	(3, 'flag_environment', '071', 'new-search', 'production', 3, 'enable', 'FIRED', NULL, '5 days 2 hours', '0', '{"enabled": false}', '{"enabled": true}'),
	(4, 'experiment', '063', 'Pricing page headline', NULL, 3, 'launch', 'FAILED', 'preflight_failed', '4 days 9 hours', '0',
	 '{"status": "SCHEDULED"}', '{"status": "DRAFT"}'),
	(5, 'flag_environment', '072', 'beta-basket', 'production', 1, 'enable', 'MISSED', 'too_late', '2 days 20 hours', '1 hour 41 minutes',
	 '{"enabled": false}', '{"enabled": false}'),
	(6, 'flag_environment', '073', 'free-delivery', 'production', 3, 'disable', 'FIRED', NULL, '19 hours', '3 minutes', '{"enabled": true}', '{"enabled": false}'),
	(7, 'flag_environment', '074', 'gift-cards', 'staging', 1, 'enable', 'FAILED', 'resource_unavailable', '7 hours', '0',
	 '{"status": "ARCHIVED"}', '{"status": "ARCHIVED"}'),
	(8, 'experiment', '064', 'Free delivery reminder', NULL, 3, 'launch', 'CANCELLED', 'cancelled', '2 days 12 hours', '1 day 6 hours', NULL, NULL),
	(9, 'flag_environment', 'c52', 'checkout-redesign', 'staging', 1, 'enable', 'DROPPED', 'manual_change', '2 days 7 hours', '9 hours', NULL, NULL)
       ) AS v (n, kind, resource, name, environment, owner, moment, outcome, reason, age, late, before, after)
  LEFT JOIN environments e ON e.project_id = '00000000-0000-4000-8000-000000000021' AND e.name = v.environment;

WITH made AS (
	INSERT INTO schedules (id, project_id, resource_kind, resource_id, resource_name, environment_id, environment_name, time_zone,
	    first_at, end_at, scheduled_by, status, created_at)
	SELECT ('00000000-0000-4000-8000-0000000000e' || n)::uuid, '00000000-0000-4000-8000-000000000021', kind, resource_id, name,
	       environment_id, environment_name, 'Europe/Berlin', min(due_at) FILTER (WHERE moment IN ('launch', 'enable')),
	       min(due_at) FILTER (WHERE moment IN ('end', 'disable')), owner,
	       CASE WHEN bool_or(outcome IN ('FIRED', 'MISSED', 'FAILED')) THEN 'DONE' ELSE 'CANCELLED' END,
	       min(least(due_at, decided_at)) - interval '1 day 3 hours'
	  FROM demo_past
	 GROUP BY n, kind, resource_id, name, environment_id, environment_name, owner
	ON CONFLICT DO NOTHING
	RETURNING id, project_id, scheduled_by, created_at
)
INSERT INTO moments (schedule_id, project_id, kind, due_at, scheduled_by, outcome, reason, decided_at, created_at)
SELECT made.id, made.project_id, p.moment, p.due_at, p.owner, p.outcome, p.reason, p.decided_at, made.created_at
  FROM made
  JOIN demo_past p ON made.id = ('00000000-0000-4000-8000-0000000000e' || p.n)::uuid;

-- The same in the audit log: saved by somebody, carried out or given up by the program, or cancelled.
INSERT INTO audit (team_id, id, at, actor_type, actor_id, on_behalf_of, action, resource_kind, resource_id, before, after)
SELECT '00000000-0000-4000-8000-000000000011', ('00000000-0000-4000-8000-000000000e' || s.scheduled || s.step)::uuid, s.at, s.actor_type,
       s.actor_id, s.on_behalf_of, s.action, s.resource_kind, s.resource_id, s.before, s.after
  FROM (
	SELECT right(id::text, 1) AS scheduled, 0 AS step, created_at AS at, 'USER' AS actor_type, scheduled_by AS actor_id,
	       NULL::uuid AS on_behalf_of, 'schedule.created' AS action, resource_kind, resource_id, NULL::jsonb AS before,
	       schedule_json(s) - 'resolved' || '{"status": "PENDING"}' AS after
	  FROM schedules s
	 WHERE id::text LIKE '00000000-0000-4000-8000-0000000000e_'
	UNION ALL
	SELECT n::text, CASE WHEN moment IN ('launch', 'enable') THEN 1 ELSE 2 END, decided_at, 'SYSTEM', NULL, owner,
	       'schedule.' || lower(outcome), kind, resource_id, before, after || jsonb_build_object('moment', moment,
		   'due_at', moment_text(due_at), 'reason', reason, 'late_seconds', floor(extract(epoch FROM decided_at - due_at)))
	  FROM demo_past
	 WHERE outcome IN ('FIRED', 'MISSED', 'FAILED')
	UNION ALL
	SELECT right(s.id::text, 1), 3, p.decided_at, 'USER', p.owner, NULL, 'schedule.cancelled', p.kind, p.resource_id,
	       schedule_json(s) - 'resolved' || '{"status": "PENDING"}', schedule_json(s)
	  FROM schedules s
	  JOIN demo_past p ON s.id = ('00000000-0000-4000-8000-0000000000e' || p.n)::uuid
	 WHERE p.outcome = 'CANCELLED'
       ) s
ON CONFLICT DO NOTHING;

INSERT INTO audit (team_id, id, at, actor_type, actor_id, action, resource_kind, resource_id, after)
SELECT m.team_id, m.user_id, m.created_at, 'USER', '00000000-0000-4000-8000-000000000001', 'member.added', 'member', m.user_id,
       jsonb_build_object('id', u.id, 'email', u.email, 'name', u.name, 'role', m.role)
  FROM members m
  JOIN users u ON u.id = m.user_id
 WHERE m.team_id = '00000000-0000-4000-8000-000000000011' AND m.role <> 'owner' AND m.user_id::text LIKE '00000000-0000-4000-8000-00000000000_'
ON CONFLICT DO NOTHING;

-- One of every type and a few more, for each of the six.  PROJECT stands for the
-- name of the reader's project; production is its environment.
WITH notice (n, type, age, is_read, title, body, page, kind, resource_id, resource_name, environment) AS (VALUES
	(1, 'EXPERIMENT_SCHEDULED_LAUNCH_FIRED', '9 days 4 hours', true, 'Checkout button colour was launched',
	 'It started on schedule in PROJECT and runs with 2 variations.',
	 'experiments', 'experiment', '00000000-0000-4000-8000-000000000061', 'Checkout button colour', NULL),
	(2, 'issue.digest', '8 days', true, '2 new issues in PROJECT', '2 new errors since yesterday''s digest.',
	 'issues', 'issue', NULL, NULL, NULL),
	(3, 'EXPERIMENT_SCHEDULE_MISSED', '7 days 6 hours', true, 'Summer banner was not launched',
	 'The launch was due more than an hour before we could act on it, so nothing was changed. The experiment is a draft again.',
	 'experiments', 'experiment', '00000000-0000-4000-8000-000000000062', 'Summer banner', NULL),
	(4, 'feedback.new', '6 days', true, 'New feedback in PROJECT', 'Priya: The new checkout is so much faster. Thank you!',
	 'feedback', 'feedback', '00000000-0000-4000-8000-000000000051', 'Priya: The new checkout is so much faster.', 'production'),
	(5, 'FLAG_SCHEDULED_ENABLE_FIRED', '5 days 2 hours', true, 'new-search was switched on in production',
	 'It was enabled on schedule. Other environments were not touched.',
	 'flags', 'flag_environment', '00000000-0000-4000-8000-000000000071', 'new-search', 'production'),
	(6, 'EXPERIMENT_SCHEDULE_FAILED', '4 days 9 hours', true, 'Pricing page headline could not be launched',
	 'Its preflight no longer passes: no metric is set. The experiment is a draft again.',
	 'experiments', 'experiment', '00000000-0000-4000-8000-000000000063', 'Pricing page headline', NULL),
	(7, 'job.completed', '8 days 1 hour', true, 'Export of PROJECT completed', 'It took 12 seconds. The file can be downloaded for a week.',
	 'jobs', 'job', '00000000-0000-4000-8000-000000000081', 'Export of PROJECT', NULL),
	(8, 'FLAG_SCHEDULE_MISSED', '2 days 20 hours', true, 'beta-basket was not switched on in production',
	 'The moment had passed by more than an hour, so the flag stays as it was.',
	 'flags', 'flag_environment', '00000000-0000-4000-8000-000000000072', 'beta-basket', 'production'),
	(9, 'feedback.new', '2 days 5 hours', false, 'New feedback in PROJECT',
	 'mika@customer.example: The button "Pay now" does nothing on my phone. I tried it three times.',
	 'feedback', 'feedback', '00000000-0000-4000-8000-000000000053', 'mika@customer.example: The button "Pay now" does nothing', 'production'),
	(10, 'issue.new', '1 day 22 hours', false, 'New issue in PROJECT', 'TypeError: total is undefined, seen in production.',
	 'issues', 'issue', '00000000-0000-4000-8000-000000000091', 'TypeError: total is undefined', 'production'),
	(11, 'EXPERIMENT_SCHEDULED_END_FIRED', '1 day 4 hours', true, 'Checkout button colour has ended',
	 'It was paused on schedule after 8 days. Look at the results before you stop it.',
	 'experiments', 'experiment', '00000000-0000-4000-8000-000000000061', 'Checkout button colour', NULL),
	(12, 'issue.digest', '1 day', false, '3 new issues in PROJECT', '1 regression, 2 new errors since yesterday''s digest.',
	 'issues', 'issue', NULL, NULL, NULL),
	(13, 'FLAG_SCHEDULED_DISABLE_FIRED', '19 hours', false, 'free-delivery was switched off in production',
	 'It was disabled on schedule. Other environments were not touched.',
	 'flags', 'flag_environment', '00000000-0000-4000-8000-000000000073', 'free-delivery', 'production'),
	(14, 'FLAG_SCHEDULE_FAILED', '7 hours', false, 'gift-cards could not be switched on in staging',
	 'The flag was archived before its moment came. Nothing was changed.',
	 'flags', 'flag_environment', '00000000-0000-4000-8000-000000000074', 'gift-cards', 'staging'),
	(15, 'feedback.new', '3 hours', false, 'New feedback in PROJECT',
	 'Ana Sousa: The total on the last page is not the one that I saw in the basket.',
	 'feedback', 'feedback', '00000000-0000-4000-8000-000000000055', 'Ana Sousa: The total on the last page is not the one', 'production'),
	(16, 'issue.digest', '25 minutes', false, '1 new issue in PROJECT', '1 new error since yesterday''s digest.',
	 'issues', 'issue', NULL, NULL, NULL)
), reader AS (
	SELECT m.user_id, m.team_id, p.id AS project_id, p.name AS project_name
	  FROM members m
	  JOIN projects p ON p.team_id = m.team_id
	 WHERE p.id IN ('00000000-0000-4000-8000-000000000021', '00000000-0000-4000-8000-000000000022')
	   AND m.user_id::text LIKE '00000000-0000-4000-8000-00000000000_'
), made AS (
	INSERT INTO notifications (user_id, team_id, type, title, body, link, dedupe_key, resource_kind, resource_id,
	    resource_name, project_id, project_name, environment_id, environment_name, read_at, created_at)
	SELECT r.user_id, r.team_id, n.type, replace(n.title, 'PROJECT', r.project_name), replace(n.body, 'PROJECT', r.project_name),
	       '/dashboard/' || n.page || CASE
	   WHEN n.kind = 'experiment' AND x.id IS NOT NULL THEN '?id=' || x.id
	   WHEN t.id IS NOT NULL AND e.id IS NOT NULL THEN '?id=' || t.flag_id || '&environment=' || e.id
	   WHEN n.kind = 'job' THEN '?team=' || r.team_id || CASE
	       WHEN r.project_id = '00000000-0000-4000-8000-000000000021' THEN '&job=' || n.resource_id ELSE '' END
	   ELSE '?project=' || r.project_id END || CASE
	   WHEN n.type ~ '_(MISSED|FAILED)$' AND coalesce(x.id, t.id) IS NOT NULL THEN '&schedule=1' ELSE '' END,
	       'demo:' || n.n, n.kind, n.resource_id::uuid,
	       replace(n.resource_name, 'PROJECT', r.project_name), r.project_id, r.project_name, e.id, e.name,
	       CASE WHEN n.is_read THEN date_trunc('milliseconds', now() - n.age::interval + interval '20 minutes') END,
	       date_trunc('milliseconds', now() - n.age::interval)
	  FROM reader r
	 CROSS JOIN notice n
	  LEFT JOIN environments e ON e.project_id = r.project_id AND e.name = n.environment
	  LEFT JOIN experiments x ON x.id = n.resource_id::uuid AND x.project_id = r.project_id
	  LEFT JOIN flag_environments t ON t.id = n.resource_id::uuid AND t.environment_id = e.id
	ON CONFLICT DO NOTHING
	RETURNING user_id, id, type, created_at, read_at
), told AS (
	INSERT INTO deliveries (user_id, notification_id, channel, kind, status, created_at, next_try_at, decided_at)
	SELECT user_id, id, 'in_app', type, 'sent', created_at, created_at, created_at
	  FROM made
)
UPDATE inbox i
   SET unread = i.unread + m.unread, version = i.version + 1
  FROM (SELECT user_id, count(*) FILTER (WHERE read_at IS NULL) AS unread FROM made GROUP BY user_id) m
 WHERE i.user_id = m.user_id;
