// Many events: of one issue, of different ones, at one time, and more than a key may send.
import assert from 'node:assert/strict';
import http from 'node:http';
import test from 'node:test';
import { call, cron, exec, expect, ok, quote, rows } from '../lib/client.mjs';
import { event, inbox, list, send } from '../lib/issues.mjs';
import { drifted, insertKey, makeKey, makeWorld, roles } from '../lib/world.mjs';

const shared = (world, n) => ['New issues in Team project', `${n} more within an hour. The list has ${n === 1 ? 'it' : 'all of them'}.`,
  `/dashboard/issues?project=${world.team.project}`];
const news = async (user) => (await inbox(user)).map((i) => [i.title, i.body, i.link]);

test('a flood of different issues: a hundred have rows of their own, one counts the rest, the list has all', async () => {
  const world = makeWorld();
  const flood = (from, to) => Promise.all(Array.from({ length: 16 }, async (_, c) => {
    for (let n = from + c; n < to; n += 16) await event(world, { title: `t${n}` });
  }));
  await flood(0, 100);
  assert.equal((await inbox(world.owner)).length, 100);
  await event(world, { title: 't100' });
  assert.deepEqual((await news(world.owner))[0], shared(world, 1));
  await event(world, { title: 't100' });
  assert.equal((await inbox(world.owner)).length, 101, 'a repeat is no news');
  await flood(101, 350);
  cron('digest');
  for (const role of roles) {
    const found = (await news(world[role])).filter(([title]) => !/\d/.test(title));
    assert.equal(found.length, 101, role);
    assert.deepEqual(found.filter(([title]) => title.startsWith('New issues')), [shared(world, 250)]);
    assert.equal(found.filter(([, body]) => /^t\d+$/.test(body)).length, 100);
    assert.deepEqual(await ok(200, 'GET', '/v1/notifications/unread-count', { as: world[role].token }), { count: 102 });
  }
  assert.equal((await inbox(world.owner)).find((i) => i.type === 'issue.digest').title, '350 new issues in Team project');
  assert.equal(rows(`SELECT count(*)::int AS n FROM issues WHERE project_id = ${quote(world.team.project)}`)[0].n, 350);
  assert.deepEqual(await inbox(world.outsider), []);
  assert.deepEqual(drifted([...roles.map((role) => world[role]), world.outsider]), []);
});

// Write into what is known of a project's flood; as if it had begun earlier, by minutes.
const burst = (world, columns) => exec(`UPDATE issue_bursts SET ${columns} WHERE project_id = ${quote(world.team.project)};`);
const later = (world, minutes) => exec(`UPDATE issue_bursts SET began_at = began_at - interval '${minutes} minutes' WHERE project_id = ${quote(world.team.project)};
  WITH b AS MATERIALIZED (SELECT 'issues:' || project_id || ':' AS head, to_char(began_at, 'YYYY-MM-DD"T"HH24:MI:SS.MS') AS at
    FROM issue_bursts WHERE project_id = ${quote(world.team.project)})
  UPDATE notifications SET dedupe_key = b.head || b.at FROM b WHERE starts_with(dedupe_key, b.head);`);

test('the hour over, issues have rows of their own again, and the next flood a row of its own', async () => {
  const world = makeWorld();
  await event(world, { title: 'a' });
  burst(world, 'news = 100');
  await event(world, { title: 'b' });
  await event(world, { title: 'c' });
  later(world, 59);
  await event(world, { title: 'd' });
  assert.deepEqual((await news(world.owner)).map(([, body]) => body), [shared(world, 3)[1], 'a']);
  later(world, 1);
  await event(world, { title: 'e' });
  burst(world, 'news = 100');
  await event(world, { title: 'f' });
  assert.deepEqual((await news(world.owner)).map(([, body]) => body), [shared(world, 1)[1], 'e', shared(world, 3)[1], 'a']);
});

test('beyond twice a hundred the shared row counts now and then, cron makes it exact, and only then the hour ends', async () => {
  const world = makeWorld();
  await event(world, { title: 'a' });
  burst(world, 'news = 100');
  await event(world, { title: 'b' });
  burst(world, 'news = 1099, shown = 999');
  await event(world, { title: 'c' });
  later(world, 60);
  await event(world, { title: 'd' });
  assert.deepEqual((await news(world.owner))[0], shared(world, 1), 'a hundredth more is not told at once');
  assert.ok(cron('digest', '--dry-run').told >= 1);
  cron('digest');
  assert.deepEqual((await news(world.owner)).filter(([title]) => title.startsWith('New issues')), [shared(world, 1001)]);
  await event(world, { title: 'e' });
  assert.equal((await news(world.owner))[0][1], 'e');
  assert.deepEqual(drifted([world.owner]), []);
});

test('a flood in one project is no flood in another', async () => {
  const [world, calm] = [makeWorld(), makeWorld()];
  await event(world, { title: 'a' });
  burst(world, 'news = 100');
  await event(world, { title: 'b' });
  await event(calm, { title: 'a' });
  assert.deepEqual((await news(calm.owner)).map(([, body]) => body), ['a']);
});

test('who has read the shared row is not told again by it, who has not is', async () => {
  const world = makeWorld();
  await event(world, { title: 'a' });
  burst(world, 'news = 100');
  await event(world, { title: 'b' });
  await ok(200, 'POST', '/v1/notifications/mark-all-read', { as: world.viewer.token });
  await event(world, { title: 'c' });
  assert.deepEqual((await news(world.viewer))[0], shared(world, 1));
  assert.deepEqual((await news(world.owner))[0], shared(world, 2));
});

test('mail in a flood: one an hour, whoever wants it', async () => {
  const world = makeWorld();
  await ok(200, 'PATCH', '/v1/auth/me', { as: world.viewer.token,
    body: { preferences: { notifications: { types: { 'issue.new': { email: true } } } } } });
  await event(world, { title: 'a' });
  burst(world, 'news = 100');
  for (const title of ['b', 'c', 'd']) await event(world, { title });
  assert.deepEqual(rows(`SELECT status, count(*)::int AS n FROM deliveries WHERE user_id = ${quote(world.viewer.id)} AND channel = 'email' GROUP BY 1 ORDER BY 1`),
    [{ status: 'pending', n: 1 }, { status: 'skipped', n: 1 }]);
});

test('sixty of one and one feedback message each: each message has a row', async () => {
  const world = makeWorld();
  for (let n = 0; n < 60; n++) expect(await call('POST', '/v1/feedback', { bearer: world.team.keys.client.secret, body: { message: 'the same' } }), 201);
  assert.equal((await inbox(world.viewer)).filter((i) => i.type === 'feedback.new').length, 60);
});

/* ---- many at one time ---- */

// How an issue was before, and what 48 first events at one time make of it.
for (const [what, before] of [['not there yet', null], ['resolved', 'resolved'], ['snoozed until a moment ago', 'snoozed']])
  test(`48 events at one time on a fingerprint that is ${what}: one issue, one notice`, async () => {
    const world = makeWorld();
    let had = 0;
    if (before !== null) {
      const { id } = await event(world, { title: 'x', fingerprint: 'f' });
      exec(`UPDATE issues SET status = ${quote(before)}, snooze_until = ${before === 'snoozed' ? 'now()' : 'NULL'} WHERE id = ${quote(id)};
        DELETE FROM issue_news WHERE issue_id = ${quote(id)};`);
      had = 1;
    }
    const agents = Array.from({ length: 16 }, () => new http.Agent({ keepAlive: true, maxSockets: 1 }));
    const answers = await Promise.all(Array.from({ length: 48 }, (_, n) =>
      send(world, { title: 'x', fingerprint: 'f', user: `u${n % 5}` }, { agent: agents[n % 16] })));
    agents.forEach((agent) => agent.destroy());
    for (const answer of answers) expect(answer, 201);
    assert.deepEqual(answers.map((a) => a.json.issue.events).sort((a, b) => a - b), Array.from({ length: 48 }, (_, n) => n + 1 + had), 'each sees its own count');
    const [issue, ...more] = await list(world);
    assert.deepEqual([more.length, issue.events, issue.users, issue.status], [0, 48 + had, 5, before === null ? 'new' : 'regressed']);
    for (const role of roles)
      assert.deepEqual((await inbox(world[role])).map((i) => [i.title, i.body]), [[before === null ? 'New issue in Team project' : 'Regression in Team project', 'x ×48'],
        ...Array(had).fill(['New issue in Team project', 'x'])], role);
    assert.deepEqual(rows(`SELECT count(*)::int AS n FROM issue_news WHERE issue_id = ${quote(issue.id)}`), [{ n: 1 }]);
    assert.deepEqual(drifted(roles.map((role) => world[role])), []);
  });

test('a storm from 16 clients: every event is counted once, on its issue, by its user', async () => {
  const world = makeWorld();
  const [clients, each, fingerprints, users] = [16, 150, 7, 11];
  await Promise.all(Array.from({ length: clients }, async (_, c) => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    for (let n = 0; n < each; n++)
      await event(world, { title: 'storm', fingerprint: `f${(c + n) % fingerprints}`, user: `u${(c * 3 + n) % users}` }, { agent });
    agent.destroy();
  }));
  const total = clients * each;
  const want = Array.from({ length: fingerprints }, () => ({ events: 0, users: new Set() }));
  for (let c = 0; c < clients; c++)
    for (let n = 0; n < each; n++) {
      const at = want[(c + n) % fingerprints];
      at.events++;
      at.users.add((c * 3 + n) % users);
    }
  const found = new Map((await list(world)).map((i) => [i.fingerprint, [i.events, i.users]]));
  assert.deepEqual(Array.from(want, (_, n) => found.get(`f${n}`)), want.map((w) => [w.events, w.users.size]));
  assert.equal(rows(`SELECT count(*)::int AS n FROM issue_events e JOIN issues i ON i.id = e.issue_id WHERE i.project_id = ${quote(world.team.project)}`)[0].n, total);
  cron('digest');
  for (const role of roles) {
    const items = (await inbox(world[role])).filter((i) => i.type === 'issue.new');
    assert.deepEqual(items.map((i) => i.body).sort(), want.map((w) => `storm ×${w.events}`).sort(), role);
  }
  assert.deepEqual(drifted(roles.map((role) => world[role])), []);
});

test('a key that asks too often gets 429, for all processes, until the minute is over', async () => {
  const world = makeWorld();
  await event(world, { title: 'x' });
  const other = insertKey(makeKey('client', { team: world.team.id, project: world.team.project, environment: world.team.environments.production }));
  const [{ left }] = rows('SELECT 60 - extract(second FROM now()) AS left');
  if (left < 5) await new Promise((resolve) => { setTimeout(resolve, left * 1000 + 100); });
  exec(`INSERT INTO key_rates (key_id, minute_at, asked) VALUES (${quote(other.id)}, date_trunc('minute', now()), 5970);`);
  const answers = await Promise.all(Array.from({ length: 40 }, () => send(world, { title: 'x' }, { bearer: other.secret })));
  assert.deepEqual([201, 429].map((status) => answers.filter((a) => a.status === status).length), [30, 10]);
  const refused = answers.find((a) => a.status === 429);
  assert.deepEqual(refused.json, { error: 'Too many requests with this key' });
  assert.ok(Number(refused.headers['retry-after']) >= 1 && Number(refused.headers['retry-after']) <= 60);
  assert.equal((await list(world))[0].events, 31, 'what was refused is not counted');
  await event(world, { title: 'x' });
});
