// What whoever watches a copy has: /metrics, the dashboard and alert rules that read it, and an id that
// leads from nginx's log to the mail.  On a copy of its own, so that what is counted is ours alone.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { startCopy } from '../lib/copy.mjs';

process.env.CARILLON_RESEND_WEBHOOK_SECRET = `whsec_${Buffer.alloc(24, 1).toString('base64')}`;
const copy = await startCopy({ CARILLON_RESEND_WEBHOOK_SECRET: process.env.CARILLON_RESEND_WEBHOOK_SECRET });
const { call, cron, exec, expect, ok, quote, root, rows, uuid, value } = await import('../lib/client.mjs');
const { fire } = await import('../lib/fire.mjs');
const { mailEvent, tell } = await import('../lib/hooks.mjs');
const { mailsTo } = await import('../lib/mail.mjs');
const { eventually } = await import('../lib/processes.mjs');
const { enqueue } = await import('../lib/queue.mjs');
const { give, makeExperiment, makeJob, makeWebhook, makeWorld, roles, seeSnippet } = await import('../lib/world.mjs');
test.after(copy.stop);

const world = makeWorld();
const members = roles.map((role) => world[role]);
seeSnippet(world.team.project);
const lines = (text) => text.split('\n').filter((line) => line && !line.startsWith('#'));
const scrape = async () => (await call('GET', '/metrics')).text;

// Every sample by its name and labels, without carillon_.
async function read() {
  return Object.fromEntries(lines(await scrape()).map((line) => /^carillon_(\S+) (.*)$/.exec(line)).map(([, name, n]) => [name, Number(n)]));
}

// By how much each sample has changed while something was done, where it has.
async function changed(done, wanted) {
  const before = await read();
  await done();
  const after = await read();
  return Object.fromEntries(Object.keys(after).filter((name) => wanted.test(name) && after[name] !== before[name])
    .map((name) => [name, Number((after[name] - before[name]).toFixed(6))]));
}

/* ---- counters ---- */

test('polls count by status, and those with 304 apart from all', async () => {
  const poll = (headers, as = world.owner.token) => call('GET', '/v1/notifications/unread-count', { as, headers });
  const { headers: { etag } } = await poll();
  const took = await changed(async () => {
    for (let n = 0; n < 3; n++) assert.equal((await poll({ 'If-None-Match': etag })).status, 304);
    assert.equal((await poll()).status, 200);
    assert.equal((await call('GET', '/v1/notifications', { as: world.owner.token })).status, 200);
    expect(await call('PATCH', `/v1/notifications/${uuid()}`, { as: world.owner.token, body: {} }), 404);
  }, /^polls_total|^poll_duration_seconds_count|family="notifications",class|^not_modified|duration_seconds_(bucket{family="notifications",le="\+Inf"}|count{family="notifications)/);
  assert.deepEqual(took, { 'polls_total{status="2xx"}': 2, 'polls_total{status="304"}': 3, poll_duration_seconds_count: 5,
    'requests_total{family="notifications",class="2xx"}': 2, 'requests_total{family="notifications",class="3xx"}': 3,
    'requests_total{family="notifications",class="4xx"}': 1, 'not_modified_total{family="notifications"}': 3,
    'request_duration_seconds_bucket{family="notifications",le="+Inf"}': 6, 'request_duration_seconds_count{family="notifications"}': 6 });
});

// A launch that cron finds so late, and what it comes to.
const moments = [['40 seconds', 'fired', ['60', '90', '120', '300', '900', '1800', '3600', '+Inf']], ['59 minutes', 'fired', ['3600', '+Inf']],
  ['61 minutes', 'missed', ['+Inf']], ['100 seconds', 'failed', ['120', '300', '900', '1800', '3600', '+Inf']]];

for (const [late, outcome, buckets] of moments) {
  test(`a moment that is ${outcome} ${late} late`, async () => {
    const experiment = makeExperiment(world.team.project);
    await ok(201, 'PUT', `/v1/experiments/${experiment.id}/schedule`,
      { as: world.developer.token, body: { launch_at: new Date(Date.now() + 3600000).toISOString(), time_zone: 'UTC' } });
    exec(`UPDATE moments SET due_at = date_trunc('milliseconds', now()) - interval ${quote(late)} WHERE outcome IS NULL;`);
    if (outcome === 'failed') exec(`UPDATE experiments SET metrics = '[]' WHERE id = ${quote(experiment.id)};`);
    const took = await changed(() => cron('fire'), /^(moments_total|fire_lateness_seconds_(bucket|count))/);
    assert.deepEqual(took, { [`moments_total{outcome="${outcome}"}`]: 1, fire_lateness_seconds_count: 1,
      ...Object.fromEntries(buckets.map((le) => [`fire_lateness_seconds_bucket{le="${le}"}`, 1])) });
  });
}

test('deliveries count by channel and outcome', async () => {
  cron('dispatch');
  enqueue(3);
  const [gone] = enqueue(1);
  exec(`UPDATE notifications SET deleted_at = now() WHERE id = (SELECT notification_id FROM deliveries WHERE id = ${quote(gone)});`);
  makeWebhook(world.viewer, { url: 'https://127.0.0.1:1/x' }); // refused: it is no public address
  exec(`WITH n AS (INSERT INTO notifications (user_id, type, title, dedupe_key) VALUES (${quote(world.viewer.id)}, 'issue.new', 'x', 'w') RETURNING user_id, id)
    INSERT INTO deliveries (user_id, notification_id, channel, kind, payload) SELECT user_id, id, 'webhook', 'issue.new', '{}' FROM n;`);
  const took = await changed(() => cron('dispatch'), /^deliveries_total/);
  const webhook = rows("SELECT status, error FROM deliveries WHERE channel = 'webhook'")[0];
  assert.deepEqual(took, { 'deliveries_total{channel="email",outcome="sent"}': 3, 'deliveries_total{channel="email",outcome="skipped"}': 1,
    [`deliveries_total{channel="webhook",outcome="${webhook.status === 'failed' ? 'failed' : 'retried'}"}`]: 1 }, webhook.error);
  exec("DELETE FROM webhooks; DELETE FROM deliveries WHERE channel = 'webhook';");
  assert.deepEqual(await changed(() => cron('dispatch'), /^deliveries_total/), {}, 'nothing to do, nothing to count');
});

test('what the provider reports counts once, of our mail alone, at once or late', async () => {
  const [id] = enqueue(1);
  exec(`UPDATE deliveries SET status = 'sent', decided_at = now(), provider_id = 'p-1' WHERE id = ${quote(id)};`);
  const report = (type, provider, options) => tell(mailEvent(type, provider), options);
  const took = await changed(async () => {
    for (let n = 0; n < 2; n++) await report('email.delivered', 'p-1', { id: 'msg_same' });
    await report('email.complained', 'p-1');
    await report('email.bounced', 'somebody-else');
    await report('email.bounced', 'p-late');
  }, /^mail_reports_total/);
  assert.deepEqual(took, { 'mail_reports_total{report="delivered"}': 1, 'mail_reports_total{report="complained"}': 1 });
  exec(`UPDATE deliveries SET status = 'sent', decided_at = now(), provider_id = 'p-late' WHERE id = ${quote(enqueue(1)[0])};`);
  for (const more of [{ 'mail_reports_total{report="bounced"}': 1 }, {}])
    assert.deepEqual(await changed(() => cron('dispatch'), /^mail_reports_total/), more);
});

test('jobs count by outcome', async () => {
  makeJob(world.team, { type: 'issue_digest', status: 'pending' });
  assert.deepEqual(await changed(() => cron('jobs'), /^jobs_total/), { 'jobs_total{outcome="completed"}': 1 });
});

test('a dry run counts nothing', async () => {
  enqueue(1);
  assert.deepEqual(await changed(() => cron('all', '--dry-run'), /_total|lateness/), await changed(async () => {}, /_total|lateness/));
});

/* ---- gauges ---- */

const ages = async () => Object.fromEntries(Object.entries(await read()).filter(([name]) => name.startsWith('queue_age'))
  .map(([name, n]) => [/queue="(\w+)"/.exec(name)[1], n]));
const none = { digests: 0, email: 0, jobs: 0, moments: 0, snoozes: 0, webhook: 0 };

// What waits since ten minutes after it was due, as SQL; USER is a user's id.
const since = "now() - interval '10 minutes'";
const mail = (channel, due, more = '') => `INSERT INTO deliveries (user_id, channel, kind, next_try_at, created_at, payload ${more && ', batch_id, batch_place'})
  VALUES (USER, '${channel}', 'auth.code', ${due}, now() - interval '1 day', '{}' ${more});`;
const batch = `INSERT INTO mail_batches (id, channel, via, members, next_try_at, first_try_at) VALUES ('${uuid()}', 'email', 'file', 1, ${since}, now());`;
// News of a project with a daily digest, whose last one was made at digested.
const news = (digested, at, status = 'new') => `WITH p AS (UPDATE projects SET issue_digest = 'daily', digested_at = ${digested}
    WHERE id = (SELECT id FROM projects LIMIT 1) RETURNING id),
  i AS (INSERT INTO issues (id, project_id, environment_id, title, status, status_at, last_seen_at, created_at)
    SELECT gen_random_uuid(), p.id, e.id, 'x', '${status}', ${at}, now(), ${at} FROM p JOIN environments e ON e.project_id = p.id LIMIT 1 RETURNING project_id, id)
  INSERT INTO issue_news (project_id, issue_id) SELECT project_id, id FROM i;`;
const queues = [
  ['nothing', '', {}], ['mail', mail('email', since), { email: 600 }], ['webhooks', mail('webhook', since), { webhook: 600 }],
  ['mail that waits on purpose', mail('email', "now() + interval '1 hour'"), {}],
  ['a batch that is to be tried again', batch + mail('email', "now() - interval '2 days'", ", gen_random_uuid(), 0"), { email: 600 }],
  ['a snooze', `UPDATE notifications SET snooze_until = ${since} WHERE user_id = USER;`, { snoozes: 600 }],
  ['a job', `INSERT INTO jobs (team_id, type, created_at) SELECT id, 'issue_digest', ${since} FROM teams LIMIT 1;`, { jobs: 600 }],
  ['a moment', `WITH s AS (INSERT INTO schedules (project_id, resource_kind, resource_id, resource_name, time_zone, first_at)
      SELECT id, 'experiment', gen_random_uuid(), 'x', 'UTC', now() FROM projects LIMIT 1 RETURNING id, project_id)
    INSERT INTO moments (schedule_id, project_id, kind, due_at) SELECT id, project_id, 'launch', ${since} FROM s;`, { moments: 600 }],
  ['a digest', news("now() - interval '24 hours 10 minutes'", "now() - interval '20 hours'"), { digests: 600 }],
  ['news after the pause', news("now() - interval '9 days'", since), { digests: 600 }],
  ['the first news of a project', news('NULL', since), { digests: 600 }],
  ['news within the pause', news("now() - interval '23 hours'", since), {}],
  ['news that somebody has taken in hand', news('NULL', since, 'in_progress'), {}],
];

for (const [what, sql, want] of queues) {
  test(`queue ages: ${what}`, async () => {
    exec("DELETE FROM deliveries; DELETE FROM mail_batches; DELETE FROM moments; DELETE FROM issue_news; DELETE FROM jobs WHERE status = 'pending'; UPDATE notifications SET snooze_until = NULL;");
    give(world.owner, [{}]);
    exec(sql.replaceAll('USER', quote(world.owner.id)) || 'SELECT;');
    const found = await ages();
    const rounded = Object.fromEntries(Object.entries(found).map(([name, n]) => [name, n >= 600 && n < 660 ? 600 : n]));
    assert.deepEqual(rounded, { ...none, ...want });
  });
}

test('each job of cron says how it ended', async () => {
  exec("DELETE FROM deliveries; DELETE FROM moments; UPDATE notifications SET snooze_until = NULL;");
  cron('all');
  const sound = async () => Object.fromEntries(Object.entries(await read()).filter(([name]) => name.startsWith('cron_sound')));
  const names = ['cleanup', 'digest', 'dispatch', 'fire', 'wake'].map((job) => `cron_sound{job="${job}"}`);
  assert.deepEqual(await sound(), Object.fromEntries(names.map((name) => [name, 1])));
  enqueue(1);
  const { code } = await fire({ job: 'dispatch', env: { CARILLON_MAIL_URL: 'file:/dev/null/nowhere' } });
  assert.equal(code, 1);
  assert.deepEqual(await sound(), Object.fromEntries(names.map((name) => [name, Number(!name.includes('dispatch'))])));
  cron('dispatch');
});

/* ---- what reads it ---- */

const folder = path.join(root, 'scripts/monitoring');
const dashboard = JSON.parse(readFileSync(path.join(folder, 'carillon.json'), 'utf8'));
const rules = readFileSync(path.join(folder, 'alerts.yml'), 'utf8');
const manual = readFileSync(path.join(root, 'scripts/man/carillon.8'), 'utf8');
const targets = dashboard.panels.flatMap((panel) => panel.targets ?? []);
const expressions = targets.map(({ expr }) => expr.replaceAll('$__rate_interval', '5m').replaceAll('$instance', '.*'));
const promtool = (args, input) => execFileSync('promtool', args, { input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] });
const families = (text) => new Set([...text.matchAll(/\bcarillon_\w+/g)].map(([name]) => name.replace(/(_seconds)_(bucket|sum|count)$/, '$1')));

test('promtool finds nothing wrong with a scrape', async () => {
  assert.equal(promtool(['check', 'metrics'], await scrape()), '');
});

test('what dashboard and rules ask for is there, and all that is there is in the manual', async () => {
  const there = families(lines(await scrape()).join('\n'));
  assert.ok(there.size > 15, [...there].join(' '));
  for (const [what, text] of [['the dashboard', JSON.stringify(targets)], ['the rules', rules.replace(/^#.*/gm, '')]])
    assert.deepEqual([...families(text)].filter((name) => !there.has(name)), [], `${what} asks for these`);
  assert.deepEqual([...families(manual)].sort(), [...there].sort());
  const shown = families(JSON.stringify(targets));
  assert.deepEqual([...there].filter((name) => !shown.has(name)), [], 'the dashboard shows all of it');
});

test('labels that dashboard and rules choose by have these values', async () => {
  const samples = lines(await scrape());
  for (const [, metric, chosen] of `${expressions.join('\n')}\n${rules}`.matchAll(/\bcarillon_(\w+)\{([^}]*)\}/g))
    for (const [, label, how, words] of chosen.matchAll(/(\w+)(=~?|!=)"([^"]*)"/g))
      for (const word of label === 'instance' ? [] : words.split('|'))
        assert.ok(samples.some((line) => line.startsWith(`carillon_${metric}`) && line.includes(`${label}="${word}"`)), `${metric} ${label}${how}${word}`);
});

test('the expressions of the dashboard are PromQL', () => {
  const file = path.join(copy.folder, 'dashboard-rules.yml');
  writeFileSync(file, JSON.stringify({ groups: [{ name: 'd', rules: expressions.map((expr, n) => ({ record: `d:${n}`, expr })) }] }));
  promtool(['check', 'rules', file]);
});

test('the dashboard is one that Grafana takes', () => {
  const overlap = (a, b) => a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
  assert.ok(dashboard.schemaVersion >= 38);
  assert.equal(dashboard.id, undefined, 'an import makes a new one');
  assert.deepEqual(dashboard.templating.list[0].type, 'datasource');
  assert.equal(new Set(dashboard.panels.map(({ id }) => id)).size, dashboard.panels.length);
  for (const [n, { title, type, gridPos, datasource, targets: asked, description }] of dashboard.panels.entries()) {
    assert.ok(gridPos.x + gridPos.w <= 24, title);
    assert.deepEqual(dashboard.panels.slice(0, n).filter((other) => overlap(other.gridPos, gridPos)).map((other) => other.title), [], title);
    if (type === 'row') continue;
    assert.ok(description, `${title} says what it shows`);
    for (const each of [{ datasource }, ...asked]) assert.deepEqual(each.datasource, { type: 'prometheus', uid: '${datasource}' }, title);
  }
});

test('every alert says what it is about and what to do', () => {
  const alerts = rules.split(/^ {6}- alert: /m).slice(1);
  assert.ok(alerts.length > 10);
  for (const alert of alerts) {
    assert.match(alert, /^ {10}summary: \S/m);
    assert.match(alert, /^ {10}description: >-\n[^]*(carillon doctor|carillon cron|carillon-cron replay)/m, alert);
    assert.match(alert, /severity: (critical|warning)/);
  }
});

/* ---- one id from nginx to the mail ---- */

const feedback = (id, headers = { 'X-Request-Id': id }) =>
  call('POST', '/v1/feedback', { bearer: world.team.keys.client.secret, headers, body: { message: 'It rings', name: 'Ada' } });
const heard = (log, id) => log.split('\n').filter((line) => line.includes(`"request_id":"${id}"`)).map((line) => JSON.parse(line));

test('a request is followed by its id: nginx, worker, rows, dispatch, mail', async () => {
  const id = 'follow-me.1';
  const before = mailsTo(world.owner.email).length;
  const answer = await feedback(id);
  assert.equal(answer.headers['x-request-id'], id);
  const told = expect(answer, 201).feedback;
  await eventually('nginx has written it down', 10, () => heard(copy.log('requests'), id).length > 0);
  assert.deepEqual(heard(copy.log('requests'), id).map(({ program, message }) => [program, message]), [['nginx', 'POST /v1/feedback: 201']]);
  assert.deepEqual(heard(copy.log('feedback'), id).map(({ program, message }) => [program, message]), [['feedback', `feedback.new for feedback:${told.id}`]]);
  const made = rows(`SELECT id, channel FROM deliveries WHERE request_id = ${quote(id)}`);
  assert.deepEqual(['in_app', 'email'].map((channel) => made.filter((row) => row.channel === channel).length), [members.length, members.length]);
  const { log } = await fire({ job: 'dispatch' });
  assert.deepEqual(heard(log, id).map(({ message }) => message).sort(),
    made.filter(({ channel }) => channel === 'email').map((row) => `delivery ${row.id}: sent by file`).sort());
  assert.equal(mailsTo(world.owner.email).length, before + 1);
});

test('an id that is not sane is replaced, and the new one is followed', async () => {
  const answer = await feedback('', { 'X-Request-Id': 'no\tsane id' });
  expect(answer, 201);
  const id = answer.headers['x-request-id'];
  assert.match(id, /^[0-9a-f]{32}$/);
  assert.equal(value(`SELECT count(*)::int FROM deliveries WHERE request_id = ${quote(id)}`), 2 * members.length);
});

test('what fails, waits or is not sent any more names the request too', async () => {
  exec('DELETE FROM deliveries;');
  expect(await feedback('follow-me.2'), 201);
  const none = await fire({ job: 'dispatch', env: { CARILLON_MAIL_URL: 'smtp://127.0.0.1:1' } });
  assert.ok(heard(none.log, 'follow-me.2').some(({ message }) => /put off/.test(message)), none.log);
  exec(`UPDATE users SET email = 'not an address' WHERE id = ${quote(world.owner.id)}; UPDATE notifications SET deleted_at = now() WHERE user_id = ${quote(world.admin.id)};
    UPDATE deliveries SET next_try_at = now();`);
  const { log } = await fire({ job: 'dispatch' });
  exec(`UPDATE users SET email = ${quote(world.owner.email)} WHERE id = ${quote(world.owner.id)};`);
  const said = heard(log, 'follow-me.2').map(({ level, message }) => `${level} ${message.replace(/delivery \S+ /, '')}`).sort();
  assert.deepEqual(said, ['error cannot be sent: its address or payload is unfit', 'info is not sent any more: deleted', ...Array(3).fill('info sent by file')]);
});

// What else makes mail in a request: the request, and whose deliveries carry its id.
const client = { bearer: world.team.keys.client.secret };
const makers = [
  ['a login code', 'POST', '/v1/auth/send-code', { body: { email: world.owner.email } }, { 'auth.code email': 1 }],
  ['an event of an issue', 'POST', '/v1/issues/events', { ...client, body: { title: 'It broke', fingerprint: 'followed' } }, { 'issue.new in_app': 5 }],
  ['a job that cron ends', 'POST', `/v1/teams/${world.team.id}/jobs`, { as: world.owner.token, body: { type: 'issue_digest', project_id: world.team.project, notify: true } },
    { 'job.completed in_app': 1, 'job.completed email': 1 }],
];

for (const [what, method, target, options, want] of makers) {
  test(`the id of ${what} is in what comes of it`, async () => {
    const id = `maker-${uuid()}`;
    const answer = await call(method, target, { ...options, headers: { 'X-Request-Id': id } });
    assert.ok(answer.status < 300, answer.text);
    cron('jobs');
    const found = rows(`SELECT kind, channel, count(*)::int AS n FROM deliveries WHERE request_id = ${quote(id)} GROUP BY 1, 2`);
    assert.deepEqual(Object.fromEntries(found.map(({ kind, channel, n }) => [`${kind} ${channel}`, n])), want);
  });
}

test('what cron makes by itself has no id', async () => {
  assert.equal(value("SELECT count(*)::int FROM deliveries WHERE kind LIKE 'EXPERIMENT%' AND request_id IS NOT NULL"), 0);
});

// A request, and what the log says of it.
const hidden = 'x'.repeat(64);
const asked = [
  ['GET', '/v1/notifications/unread-count', []], ['GET', '/v1/nothing', []], ['GET', '/', []], ['POST', '/ofrep/v1/evaluate/flags', []],
  ['POST', `/v1/feedback?key=${hidden}`, ['POST /v1/feedback: 401']], ['POST', `/unsubscribe/${hidden}`, ['POST another path: 404']],
  ['POST', `/feeds/${hidden}.atom`, []], ['POST', `/%66eeds/${hidden}.atom`, []], ['POST', `/v1/../feeds/${hidden}.atom`, []],
  ['POST', `/feeds/${hidden}.atom`, ['POST another path: 413'], { raw: 'x'.repeat(70000) }],
];

test('the log of requests has what changes something or breaks, no query and no credential', async () => {
  for (const [n, [method, target, , options]] of asked.entries())
    await call(method, target, { ...options, headers: { 'X-Request-Id': `asked-${n}-` }, lax: true });
  await call('POST', '/v1/auth/logout', { headers: { 'X-Request-Id': 'asked-all' }, lax: true });
  const written = (id, want) => heard(copy.log('requests'), id).length >= want.length;
  await eventually('the log is written, by each process of nginx', 10,
    () => written('asked-all', ['POST']) && asked.every(([, , want], n) => written(`asked-${n}-`, want)));
  for (const [n, [method, target, want]] of asked.entries())
    assert.deepEqual(heard(copy.log('requests'), `asked-${n}-`).map(({ message }) => message), want, `${method} ${target}`);
  assert.ok(!copy.log('requests').includes(hidden));
});
