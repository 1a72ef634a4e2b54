// demo - the data of a fresh copy is what the program itself would have made, in every table and to
// every eye: rows agree with each other, what happened left its whole trail, and links lead somewhere.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { startCopy } from '../lib/copy.mjs';

const copy = await startCopy({ CARILLON_DEMO: 'on' });
after(copy.stop);
const { call, cron, exec, expect, ok, quote, root, rows, token, value, varDir } = await import('../lib/client.mjs');
const { driftQuery } = await import('../lib/world.mjs');
const { mailsTo } = await import('../lib/mail.mjs');

const ROLES = ['owner', 'admin', 'developer', 'collaborator', 'viewer'];
const as = {};
let team;
let project;
before(async () => {
  for (const who of [...ROLES, 'outsider']) as[who] = token(`${who}@example.com`);
  team = value("SELECT id FROM teams WHERE name = 'Demo Team'");
  project = value("SELECT id FROM projects WHERE name = 'Demo Project'");
});
const list = async (who, target) => Object.values(await ok(200, 'GET', target, { as: as[who] }))[0];
const inbox = (who) => list(who, '/v1/notifications?limit=200');

test('the people are there, each in their role, and one of another team', async () => {
  for (const role of ROLES) {
    const { user } = await ok(200, 'GET', '/v1/auth/me', { as: as[role] });
    assert.deepEqual(user.teams.map(({ name, role: has }) => [name, has]), [['Demo Team', role]]);
  }
  const { user } = await ok(200, 'GET', '/v1/auth/me', { as: as.outsider });
  assert.deepEqual(user.teams.map(({ name }) => name), ['Other Team']);
  assert.equal(value('SELECT count(*) FROM users'), ROLES.length + 1);
  assert.equal(value('SELECT count(*) FROM sessions'), ROLES.length + 1, 'those of this test');
});

test('the owner has news of every type, and so have others of what is theirs', async () => {
  const { types } = await ok(200, 'GET', '/v1/notifications/types', { as: as.owner });
  const told = new Set((await inbox('owner')).map(({ type }) => type));
  assert.deepEqual(types.map(({ type }) => type).filter((type) => !told.has(type)), []);
  for (const who of [...ROLES, 'outsider']) {
    const unread = (await inbox(who)).filter(({ read_at: at }) => !at);
    assert.ok(unread.length > 0, `${who} has something to read`);
    assert.deepEqual(await ok(200, 'GET', '/v1/notifications/unread-count', { as: as[who] }), { count: unread.length });
  }
});

// Each answers the rows that contradict another one: always none.
const CONTRADICTIONS = {
  'an inbox counts its rows': driftQuery,
  'a notice has a delivery in the bell, and one by mail': `SELECT n.id, n.type FROM notifications n
    WHERE n.type NOT IN ('feedback.new', 'issue.new') AND '{email,in_app}' <> (SELECT array_agg(channel ORDER BY channel)
      FROM deliveries d WHERE d.user_id = n.user_id AND d.notification_id = n.id AND channel <> 'webhook')`,
  'nothing waits to be sent': `SELECT id, channel, kind FROM deliveries WHERE status = 'pending' OR batch_id IS NOT NULL OR lease_token IS NOT NULL`,
  'a delivery is decided within two minutes': `SELECT id, created_at, decided_at FROM deliveries
    WHERE decided_at IS NULL OR decided_at < created_at OR decided_at > created_at + interval '3 minutes'`,
  'a delivery is as old as its notice': `SELECT d.id FROM deliveries d JOIN notifications n ON n.user_id = d.user_id AND n.id = d.notification_id
    WHERE d.created_at <> n.created_at`,
  'what was mailed has an address': `SELECT id FROM deliveries WHERE channel = 'email' AND status = 'sent' AND (address IS NULL OR attempts <> 1)`,
  'a bounced address gets no more mail': `SELECT d.id FROM deliveries d JOIN suppressions s ON s.address = d.address
    WHERE d.status = 'sent' AND d.created_at > s.since AND (s.lifted_at IS NULL OR d.created_at < s.lifted_at)`,
  'an outcome has one notice, to whom it is due, in the moment it was decided': `SELECT m.id, m.kind, m.outcome FROM moments m
    JOIN projects p ON p.id = m.project_id
    WHERE (m.outcome IN ('FIRED', 'MISSED', 'FAILED')) <> EXISTS (SELECT FROM notifications n WHERE n.dedupe_key = 'moment:' || m.id
      AND n.user_id = coalesce(m.scheduled_by, (SELECT user_id FROM members o WHERE o.team_id = p.team_id AND o.role = 'owner'))
      AND n.type LIKE '%' || m.outcome AND abs(extract(epoch FROM n.created_at - m.decided_at)) < 1
      AND (n.data ->> 'due_at')::timestamptz = m.due_at AND n.data ->> 'reason' IS NOT DISTINCT FROM m.reason
      AND (m.outcome <> 'FIRED' OR n.type LIKE '%' || upper(m.kind) || '_FIRED'))
      OR (SELECT count(*) FROM notifications n WHERE n.dedupe_key = 'moment:' || m.id) > 1`,
  'an outcome has an entry in the audit log': `SELECT m.id, m.kind, m.outcome FROM moments m JOIN schedules s ON s.id = m.schedule_id
    WHERE m.outcome IN ('FIRED', 'MISSED', 'FAILED') AND 1 <> (SELECT count(*) FROM audit a WHERE a.resource_id = s.resource_id
      AND a.action = 'schedule.' || lower(m.outcome) AND a.actor_type = 'SYSTEM' AND a.on_behalf_of IS NOT DISTINCT FROM m.scheduled_by
      AND a.after ->> 'moment' = m.kind AND (a.after ->> 'due_at')::timestamptz = m.due_at
      AND abs(extract(epoch FROM a.at - m.decided_at)) < 1
      AND (a.after ->> 'late_seconds')::integer = floor(extract(epoch FROM a.at - m.due_at)))
      AND m.scheduled_by IS NOT NULL`,
  'late by an hour is missed, by less is not': `SELECT id, due_at, decided_at FROM moments WHERE outcome IN ('FIRED', 'MISSED', 'FAILED')
    AND (outcome = 'MISSED') <> (decided_at - due_at > interval '60 minutes 1 second') OR decided_at < due_at AND outcome NOT IN ('CANCELLED', 'DROPPED')`,
  'what is due was decided': `SELECT id FROM moments WHERE outcome IS NULL AND due_at < now()`,
  'a relative end is at its time there': `SELECT m.id, m.due_at FROM moments m JOIN schedules s ON s.id = m.schedule_id
    WHERE s.end_days IS NOT NULL AND m.kind IN ('end', 'disable') AND m.due_at AT TIME ZONE s.time_zone
      <> date_trunc('day', s.first_at AT TIME ZONE s.time_zone) + make_interval(days => s.end_days) + s.end_time::interval`,
  'a schedule lives as long as it has something to come': `SELECT id, status FROM schedules s
    WHERE (status = 'PENDING') <> EXISTS (SELECT FROM moments m WHERE m.schedule_id = s.id AND m.outcome IS NULL)`,
  'a schedule was saved before its moments, by an entry in the log': `SELECT s.id FROM schedules s WHERE s.scheduled_by IS NOT NULL AND
    NOT EXISTS (SELECT FROM audit a WHERE a.action = 'schedule.created' AND a.actor_id = s.scheduled_by AND a.resource_id = s.resource_id
      AND a.after ->> 'id' = s.id::text AND (a.after ->> 'created_at')::timestamptz = s.created_at AND abs(extract(epoch FROM a.at - s.created_at)) < 1
      AND coalesce(a.after ->> 'launch_at', a.after ->> 'enable_at') IS NOT DISTINCT FROM moment_text(s.first_at)
      AND NOT EXISTS (SELECT FROM moments m WHERE m.schedule_id = s.id
        AND (a.after #>> ARRAY['resolved', m.kind, 'at'] <> moment_text(m.due_at) OR m.due_at < s.created_at OR abs(extract(epoch FROM m.created_at - s.created_at)) > 1)))`,
  'an experiment is scheduled when something is to launch it': `SELECT name, status FROM experiments e
    WHERE (status = 'SCHEDULED') <> EXISTS (SELECT FROM schedules s JOIN moments m ON m.schedule_id = s.id
      WHERE s.resource_id = e.id AND m.kind = 'launch' AND m.outcome IS NULL)`,
  'the state of an experiment is what the log says last': `SELECT e.name, e.status, last.action FROM experiments e CROSS JOIN LATERAL (
    SELECT action, after ->> 'status' AS status FROM audit a WHERE a.resource_id = e.id AND after ->> 'status' IS NOT NULL
      AND action NOT IN ('schedule.created', 'schedule.cancelled') ORDER BY at DESC LIMIT 1) last WHERE e.status NOT IN (last.status, 'SCHEDULED')`,
  'a toggle is as the log left it': `SELECT f.key, e.name, f.enabled_in FROM flag_environments t JOIN flags f ON f.id = t.flag_id
    JOIN environments e ON e.id = t.environment_id WHERE e.id = ANY (f.enabled_in) <> coalesce((SELECT (a.after ->> 'enabled')::boolean FROM audit a
      WHERE a.after ->> 'enabled' IS NOT NULL AND (a.resource_id = t.id OR a.resource_id = f.id AND a.after #>> '{environment,id}' = e.id::text)
      ORDER BY a.at DESC LIMIT 1), false)`,
  'an issue counts its events and users': `SELECT i.title, i.events, i.users FROM issues i
    WHERE i.events <> (SELECT count(*) FROM issue_events e WHERE e.issue_id = i.id)
      OR i.users <> (SELECT count(*) FROM issue_users u WHERE u.issue_id = i.id)
      OR i.users <> (SELECT count(DISTINCT user_name) FROM issue_events e WHERE e.issue_id = i.id)
      OR i.created_at <> (SELECT min(e.created_at) FROM issue_events e WHERE e.issue_id = i.id)
      OR i.last_seen_at <> (SELECT max(e.created_at) FROM issue_events e WHERE e.issue_id = i.id)`,
  'a team was told of all that is new in production': `SELECT i.title, i.told FROM issues i JOIN environments e ON e.id = i.environment_id
    WHERE i.is_untold OR e.name <> 'production' AND i.told <> 0 OR e.name = 'production' AND i.status IN ('new', 'regressed')
      AND i.told <> i.events - i.events_before`,
  'each round of an issue has a notice for each member then': `SELECT i.title, i.round FROM issues i
    JOIN environments e ON e.id = i.environment_id AND e.name = 'production' JOIN projects p ON p.id = i.project_id
    CROSS JOIN generate_series(1, i.round) r WHERE EXISTS (SELECT FROM members m WHERE m.team_id = p.team_id AND m.created_at < i.created_at
      AND NOT EXISTS (SELECT FROM notifications n WHERE n.user_id = m.user_id AND n.dedupe_key = 'issue:' || i.id || ':' || r))`,
  'an unread notice of an issue tells how often': `SELECT n.body FROM notifications n JOIN issues i ON n.dedupe_key = 'issue:' || i.id || ':' || i.round
    WHERE n.type = 'issue.new' AND n.read_at IS NULL AND n.body <> i.title || CASE WHEN i.told > 1 THEN ' ×' || i.told ELSE '' END`,
  'digests are a day apart, in their words': `SELECT title, body, created_at FROM (SELECT *, lag(created_at) OVER (PARTITION BY user_id, team_id
      ORDER BY created_at) AS before FROM notifications WHERE type = 'issue.digest') n
    WHERE created_at < before + interval '24 hours' OR body !~ 'since yesterday''s digest[.]$'`,
  'feedback reached every member then': `SELECT f.message FROM feedback f JOIN projects p ON p.id = f.project_id
    JOIN members m ON m.team_id = p.team_id AND m.created_at < f.created_at WHERE NOT EXISTS (SELECT FROM notifications n
      WHERE n.user_id = m.user_id AND n.dedupe_key = 'feedback:' || f.id AND abs(extract(epoch FROM n.created_at - f.created_at)) < 1
        AND n.body LIKE '%' || f.message)`,
  'a job that has ended told who started it': `SELECT j.id, j.status FROM jobs j WHERE (j.finished_at IS NOT NULL) <> EXISTS (SELECT FROM notifications n
    WHERE n.dedupe_key = 'job:' || j.id AND n.user_id = j.started_by AND abs(extract(epoch FROM n.created_at - j.finished_at)) < 1
      AND n.title LIKE '%' || j.status)`,
  'a job began after it was asked for, and ended after that': `SELECT id, created_at, started_at, finished_at FROM jobs
    WHERE started_at < created_at OR finished_at < coalesce(started_at, created_at) OR file_expires_at <> finished_at + interval '7 days'`,
  'what was read was there': `SELECT id FROM notifications WHERE read_at < created_at OR deleted_at < created_at`,
  'who is told is or was a member': `SELECT n.id FROM notifications n LEFT JOIN members m ON m.team_id = n.team_id AND m.user_id = n.user_id
    WHERE m.created_at IS NULL OR m.created_at > n.created_at`,
  'who acted might': `SELECT a.action, u.email FROM audit a JOIN users u ON u.id = a.actor_id LEFT JOIN members m ON m.team_id = a.team_id
    AND m.user_id = u.id WHERE m.user_id IS NULL OR a.at < m.created_at`,
  'the log has everything that was made': `SELECT kind, id FROM (
      SELECT 'project' AS kind, id, created_at FROM projects UNION ALL SELECT 'key', id, created_at FROM api_keys UNION ALL
      SELECT 'experiment', id, created_at FROM experiments UNION ALL SELECT 'flag', id, created_at FROM flags UNION ALL
      SELECT 'job', id, created_at FROM jobs) made WHERE NOT EXISTS (SELECT FROM audit a WHERE a.resource_id = made.id
        AND a.resource_kind = made.kind AND a.before IS NULL AND (a.after ->> 'created_at')::timestamptz = made.created_at
        AND abs(extract(epoch FROM a.at - made.created_at)) < 1)`,
};

for (const [what, query] of Object.entries(CONTRADICTIONS))
  test(what, () => assert.deepEqual(rows(query), []));

test('nothing is later than now but what is to come', () => {
  const later = rows(`SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public' AND data_type LIKE 'timestamp%'
      AND table_name <> 'sessions' AND column_name NOT IN ('due_at', 'first_at', 'end_at', 'lease_until', 'file_expires_at', 'next_at')`)
    .flatMap(({ table_name: table, column_name: column }) =>
      rows(`SELECT ${quote(table)} AS "table", ${column}::text AS at FROM ${table} WHERE ${column} > now() AND ${column} <> 'infinity'`));
  assert.deepEqual(later, []);
  const far = rows(`SELECT at, before, after FROM audit WHERE before::text || after::text ~ '"20[5-9][0-9]-'`);
  assert.deepEqual(far, [], 'nor does the log tell of the time that schedules were saved for');
});

test('every link of every inbox leads to something that its reader may see', async () => {
  const seen = new Map();
  for (const who of [...ROLES, 'outsider'])
    for (const { link, title } of await inbox(who)) {
      const { pathname, searchParams: q } = new URL(link, 'http://carillon');
      const [page] = pathname.split('/').slice(-1);
      const target = q.has('job') ? `/v1/jobs/${q.get('job')}` : q.has('id') ? `/v1/${page}/${q.get('id')}` : `/v1/projects/${q.get('project')}/${page}`;
      expect(await call('GET', target, { as: as[who] }), 200, undefined, `${who}: ${title}: ${target}`);
      seen.set(page, (seen.get(page) ?? 0) + 1);
    }
  assert.deepEqual([...seen.keys()].sort(), ['experiments', 'feedback', 'flags', 'issues', 'jobs']);
});

test('every page has something of everything', async () => {
  const kinds = (items, key) => [...new Set(items.map(({ [key]: kind }) => kind))].sort();
  const moments = await list('viewer', `/v1/projects/${project}/schedules?limit=200`);
  assert.deepEqual(kinds(moments, 'outcome'), ['CANCELLED', 'DROPPED', 'FAILED', 'FIRED', 'MISSED', null]);
  const reasons = kinds(moments, 'reason');
  for (const reason of ['preflight_failed', 'permission_revoked', 'too_late', 'manual_change']) assert.ok(reasons.includes(reason), reason);
  assert.equal(kinds(moments, 'time_zone').length, 3);
  const issues = await list('viewer', `/v1/projects/${project}/issues`);
  assert.deepEqual(kinds(issues, 'status'), ['in_progress', 'new', 'regressed', 'resolved', 'silenced', 'snoozed']);
  assert.equal(new Set(issues.map(({ environment }) => environment.name)).size, 2);
  const jobs = await list('viewer', `/v1/teams/${team}/jobs`);
  assert.deepEqual(kinds(jobs, 'status'), ['cancelled', 'completed', 'failed']);
  assert.deepEqual(kinds(await list('viewer', `/v1/projects/${project}/experiments`), 'status'),
    ['ARCHIVED', 'COMPLETED', 'DRAFT', 'PAUSED', 'RUNNING', 'SCHEDULED']);
  assert.ok(new Set((await list('viewer', `/v1/projects/${project}/feedback`)).map(({ name }) => name)).size >= 5);
  assert.ok((await list('viewer', `/v1/projects/${project}/flags`)).length >= 7);
  assert.equal((await list('admin', '/v1/auth/me/webhooks'))[0].last_delivery.status, 'sent');
});

test('the last export can be downloaded, the one before a week ago cannot', async () => {
  const [fresh, old] = (await list('owner', `/v1/teams/${team}/jobs`)).filter(({ status, type }) => status === 'completed' && type === 'project_export');
  const { json } = await call('GET', fresh.file.url, { as: as.viewer, lax: true });
  assert.equal(json.project.name, 'Demo Project');
  assert.equal(json.exported_at, fresh.started_at);
  assert.ok(json.experiments.length > 5 && json.feedback.length > 3);
  assert.equal(old.file, null);
});

// Whoever tries the program out, or tests it, begins with these people.
test('what was tried in that month stands in nobody\'s way', async () => {
  for (const who of [...ROLES, 'outsider']) {
    const { user } = await ok(200, 'GET', '/v1/auth/me', { as: as[who] });
    assert.deepEqual([user.preferences, user.mail_problem], [{}, null], `${who} gets what everybody gets`);
  }
  for (const type of ['project_export', 'issue_digest'])
    await ok(201, 'POST', `/v1/teams/${team}/jobs`, { as: as.admin, body: { type, project_id: project } });
  assert.equal(cron('jobs').completed, 2);
  cron('dispatch');
});

test('who was told of a failure schedules again, where the link leads', async () => {
  const { link } = (await inbox('owner')).find(({ type }) => type === 'EXPERIMENT_SCHEDULE_MISSED');
  const url = new URL(link, 'http://carillon');
  assert.equal(url.searchParams.get('schedule'), '1');
  const at = new Date(Math.ceil(Date.now() / 60000 + 60) * 60000).toISOString();
  const target = `/v1/experiments/${url.searchParams.get('id')}/schedule`;
  const { schedule } = await ok(201, 'PUT', target, { as: as.owner, body: { launch_at: at, end: { days_after: 3, time: '18:00' }, time_zone: 'Europe/Berlin' } });
  assert.equal(schedule.launch_at, at);
  await ok(200, 'DELETE', target, { as: as.owner });
});

test('an admin sends the failed mail again, and it arrives', async () => {
  const failed = await list('admin', `/v1/teams/${team}/deliveries?status=failed`);
  assert.equal(failed.length, 1);
  const before = mailsTo('collaborator@example.com').length;
  await ok(200, 'POST', `/v1/teams/${team}/deliveries/${failed[0].id}/replay`, { as: as.admin, body: {} });
  cron('dispatch');
  assert.equal(mailsTo('collaborator@example.com').length, before + 1);
});

test('mail of the demo is kept apart, and a copy in use is left alone', () => {
  assert.ok(existsSync(path.join(varDir, 'mail.demo')));
  const count = () => rows('SELECT count(*), max(created_at) FROM notifications');
  const before = count();
  execFileSync(path.join(root, 'scripts/demo'), { env: process.env });
  assert.deepEqual(count(), before);
});

test('a demo that was cut short is made anew, whole', () => {
  exec("DELETE FROM feedback; UPDATE inbox SET unread = 99");
  execFileSync('touch', [path.join(varDir, 'demo.unfinished')]);
  execFileSync(path.join(root, 'scripts/demo'), ['--at', '2026-03-10T15:20:00Z'], { env: process.env });
  for (const query of Object.values(CONTRADICTIONS))
    if (!query.includes('due_at < now()')) assert.deepEqual(rows(query), []);
  assert.equal(value("SELECT max(created_at) < '2026-03-10T15:20:00Z' FROM notifications"), true);
});
