// POST /v1/issues/events and what comes of it: grouping, counts, statuses, issue.new
// (contract sections 6, 8b and 9).  Many of them: floods.test.mjs.
import assert from 'node:assert/strict';
import test from 'node:test';
import { call, cron, exec, expect, ok, quote, rows, walk } from '../lib/client.mjs';
import { hostileNames } from '../lib/hostile.mjs';
import { event, inbox, list, send, set } from '../lib/issues.mjs';
import { drifted, environments, makeWorld, roles } from '../lib/world.mjs';

const main = makeWorld();

test('an event is kept, counted and listed', async () => {
  const world = makeWorld();
  const context = { page: '/checkout', nested: { a: [1, 2, null] } };
  const answer = expect(await send(world, { title: 'TypeError: x', fingerprint: 'f1', app: 'shop', user: 'u1', context }), 201);
  const { issue } = answer;
  assert.deepEqual({ ...issue, id: 0, status_at: 0, first_seen_at: 0, last_seen_at: 0, created_at: 0 }, { id: 0, project_id: world.team.project,
    environment: { id: world.team.environments.production, name: 'production' }, fingerprint: 'f1', title: 'TypeError: x', app: 'shop',
    status: 'new', status_at: 0, snooze_until: null, events: 1, users: 1, first_seen_at: 0, last_seen_at: 0, created_at: 0 });
  assert.match(issue.id, /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.deepEqual((await list(world))[0], issue, 'the same object');
  assert.deepEqual((await ok(200, 'GET', `/v1/issues/${issue.id}`, { as: world.viewer.token })).issue, issue);
  const { events } = await ok(200, 'GET', `/v1/issues/${issue.id}/events`, { as: world.viewer.token });
  assert.deepEqual(events, [{ id: answer.event.id, title: 'TypeError: x', app: 'shop', user: 'u1', context, created_at: answer.event.created_at }]);
});

// Two events, and whether they are one issue.
const groups = [
  ['the same title', { title: 'a' }, { title: 'a' }, true], ['another title', { title: 'a' }, { title: 'b' }, false],
  ['the same fingerprint', { title: 'a', fingerprint: 'f' }, { title: 'b', fingerprint: 'f' }, true],
  ['another fingerprint', { title: 'a', fingerprint: 'f' }, { title: 'a', fingerprint: 'g' }, false],
  ['a fingerprint that reads as a title', { title: 'a' }, { title: 'a', fingerprint: 'a' }, false],
  ['another app', { title: 'a', app: 'x' }, { title: 'a', app: 'y' }, false],
  ['title and app that run into one another', { title: 'a b', app: 'c' }, { title: 'a', app: 'b c' }, false],
  ['an empty app', { title: 'a', app: '' }, { title: 'a' }, true],
  ['another user', { title: 'a', user: 'u' }, { title: 'a', user: 'v' }, true],
  ['case', { title: 'a' }, { title: 'A' }, false],
];

for (const [what, one, two, same] of groups) {
  test(`${what}: ${same ? 'one issue' : 'two issues'}`, async () => {
    const world = makeWorld();
    const [a, b] = [await event(world, one), await event(world, two)];
    assert.equal(a.id === b.id, same);
    assert.equal((await list(world)).length, same ? 1 : 2);
    assert.equal(b.events, same ? 2 : 1);
  });
}

test('the same fingerprint in another project or environment is another issue', async () => {
  const [one, two] = [makeWorld(), makeWorld()];
  const agent = { bearer: one.team.keys.agent.secret };
  const ids = [await event(one, { title: 'x', fingerprint: 'f' }), await event(two, { title: 'x', fingerprint: 'f' }),
    await event(one, { title: 'x', fingerprint: 'f', environment: 'staging' }, agent)].map((issue) => issue.id);
  assert.equal(new Set(ids).size, 3);
  assert.equal((await event(one, { title: 'x', fingerprint: 'f' }, agent)).id, ids[0], 'production unless told');
});

test('users are counted once, events without one not at all', async () => {
  const world = makeWorld();
  for (const user of ['a', 'b', 'a', undefined, null, '', 'A', '🔔', '🔔']) await event(world, { title: 'x', user });
  assert.deepEqual((({ events, users }) => [events, users])((await list(world))[0]), [9, 4]);
});

// Where an event may go: body, key, status, text.
const places = [
  [{}, 'client', 201], [{ environment: 'production' }, 'client', 201], [{ environment: main.team.environments.production }, 'client', 201],
  [{ environment: 'staging' }, 'client', 403, 'The key belongs to another environment'],
  [{ environment: 'nowhere' }, 'client', 422, "environment must be one of the project's"],
  [{ environment: 'staging' }, 'agent', 201], [{ environment: main.team.environments.development }, 'agent', 201],
  [{ environment: main.team.environments.development.toUpperCase() }, 'agent', 201],
  [{ project_id: main.team.project }, 'agent', 201], [{ project_id: main.other.project }, 'agent', 422, "project_id must be one of the key's"],
  [{ project_id: main.other.project }, 'client', 422, "project_id must be one of the key's"],
  [{ environment: main.other.environments.production }, 'agent', 422, "environment must be one of the project's"],
];

for (const [body, key, status, text] of places) {
  test(`${JSON.stringify(body)} with the ${key} key is ${status}`, async () => {
    expect(await send(main, { title: 'x', ...body }, { bearer: main.team.keys[key].secret }), status, text);
  });
}

test('an agent key of a team with two projects names one, a client key none', async () => {
  const world = makeWorld();
  const { project } = await ok(201, 'POST', `/v1/teams/${world.team.id}/projects`, { as: world.owner.token, body: { name: 'Second' } });
  const bearer = world.team.keys.agent.secret;
  expect(await send(world, { title: 'x' }, { bearer }), 422, 'project_id is needed: the team has not one project');
  assert.equal((await event(world, { title: 'x', project_id: project.id }, { bearer })).project_id, project.id);
  assert.equal((await event(world, { title: 'x' })).project_id, world.team.project);
  expect(await send(world, { title: 'x', project_id: project.id }), 422, "project_id must be one of the key's");
});

// Bodies of the route: body, status, text.
const bodies = [
  [{ title: 'x'.repeat(1000) }, 201], [{ title: '🔔'.repeat(1000) }, 201], [{ title: '🔔'.repeat(1001) }, 400, 'Invalid field: title'],
  [{ title: '' }, 400, 'Invalid field: title'], [{}, 400, 'Missing field: title'], [{ title: null }, 400, 'Invalid field: title'],
  [{ title: 1 }, 400, 'Invalid field: title'], [{ title: ['x'] }, 400, 'Invalid field: title'],
  [{ title: 'x', fingerprint: '漢'.repeat(200) }, 201], [{ title: 'x', fingerprint: '漢'.repeat(201) }, 400, 'Invalid field: fingerprint'],
  [{ title: 'x', fingerprint: '' }, 400, 'Invalid field: fingerprint'], [{ title: 'x', fingerprint: null }, 201],
  [{ title: 'x', app: 'é'.repeat(100) }, 201], [{ title: 'x', app: 'é'.repeat(101) }, 400, 'Invalid field: app'],
  [{ title: 'x', user: '𝒳'.repeat(200) }, 201], [{ title: 'x', user: '𝒳'.repeat(201) }, 400, 'Invalid field: user'],
  [{ title: 'x', user: 7 }, 400, 'Invalid field: user'], [{ title: 'x', environment: 'e'.repeat(101) }, 400, 'Invalid field: environment'],
  [{ title: 'x', environment: [] }, 400, 'Invalid field: environment'], [{ title: 'x', context: 'x' }, 400, 'Invalid field: context'],
  [{ title: 'x', context: [] }, 400, 'Invalid field: context'], [{ title: 'x', context: {} }, 201],
  [{ title: 'x', project_id: 'x' }, 400, 'Invalid field: project_id'], [{ title: 'x', status: 'new' }, 400, 'Unknown field: status'],
  [{ title: '\n\t"\\ <b> & \u2028' }, 201], [{ title: 'x', context: { a: 'x'.repeat(70000) } }, 413, 'Request body too large'],
];

for (const [body, status, text] of bodies) {
  test(`${JSON.stringify(body).slice(0, 60)} is ${status}`, async () => {
    const answer = await send(main, body);
    expect(answer, status, text);
    if (status === 201 && !body.fingerprint && !body.app) assert.equal(answer.json.issue.title, body.title);
  });
}

// What is no JSON, or none that may be kept.
const broken = ['', '{', '[]', '"x"', '{"title":"x",}', '{"title":"x","title":"y"}', '{"title":"a\\u0000b"}', '{"title":"\\ud800"}',
  '{"title":"x","context":{"a":1e999}}', '{"title":"x","context":{"a":"\\u0000"}}', Buffer.from([0x7b, 0xff, 0x7d]),
  `{"title":"x","context":${'{"a":'.repeat(40)}1${'}'.repeat(40)}}`, `{"title":"x","context":{"a":[${'1,'.repeat(5000)}1]}}`];

for (const [n, raw] of broken.entries()) {
  test(`broken body ${n} is 400`, async () => {
    expect(await send(main, undefined, { raw }), 400);
  });
}

test('500 hostile payloads: every field comes back as it was given', async () => {
  const world = makeWorld();
  const names = hostileNames(500);
  for (const [n, title] of names.entries()) {
    const at = (k) => names[(n + k * 101) % 500];
    const body = { title, fingerprint: [...at(1)].slice(0, 200).join(''), app: [...at(2)].slice(0, 100).join(''), user: [...at(3)].slice(0, 200).join(''),
      context: { [at(4)]: at(5), list: [at(6), { [at(7)]: null }] } };
    const { issue } = expect(await send(world, body), 201);
    assert.deepEqual([issue.fingerprint, issue.app || null], [body.fingerprint, issue.events === 1 ? body.app || null : issue.app]);
    const { events } = await ok(200, 'GET', `/v1/issues/${issue.id}/events?limit=1`, { as: world.viewer.token });
    assert.deepEqual([events[0].title, events[0].user, events[0].context], [title, body.user, body.context]);
  }
});

test('500 hostile titles come back as they were given, and the bell shows one line of at most 200 characters', async () => {
  const world = makeWorld();
  const names = hostileNames(500);
  for (const title of names) assert.equal((await event(world, { title })).title, title);
  assert.deepEqual((await list(world)).length, 200, 'a page');
  for (const item of await inbox(world.owner)) {
    assert.ok([...item.body].length <= 200, item.body);
    // eslint-disable-next-line no-control-regex
    assert.doesNotMatch(item.body, /[\u0000-\u001f\u2028\u2029]/);
  }
});

/* ---- statuses ---- */

const statuses = ['new', 'regressed', 'in_progress', 'snoozed', 'silenced', 'resolved'];
// What becomes of each by an event, and whether the team is told.
const byEvent = { new: 'new', regressed: 'regressed', in_progress: 'in_progress', snoozed: 'snoozed', silenced: 'silenced', resolved: 'regressed' };

for (const from of statuses) {
  test(`${from}: by an event and by hand`, async () => {
    const world = makeWorld();
    const issue = await event(world, { title: 'x' });
    const put = (status) => exec(`UPDATE issues SET status = ${quote(status)}, is_untold = false WHERE id = ${quote(issue.id)};`);
    put(from);
    assert.equal((await event(world, { title: 'x' })).status, byEvent[from]);
    assert.equal((await inbox(world.owner)).length, from === 'resolved' ? 2 : 1);
    for (const to of statuses) {
      put(from);
      const allowed = to === from || !['new', 'regressed'].includes(to);
      const answer = expect(await set(world, issue, to), allowed ? 200 : 422, allowed ? undefined : `status: only events make an issue ${to}`);
      assert.equal(allowed ? answer.issue.status : from, rows(`SELECT status FROM issues WHERE id = ${quote(issue.id)}`)[0].status);
    }
  });
}

// Ends of a snooze: body, status, text.
const soon = (ms) => new Date(Date.now() + ms).toISOString();
const day = 24 * 3600 * 1000;
const snoozes = [
  [{ status: 'snoozed', snooze_until: soon(600000) }, 200], [{ status: 'snoozed', snooze_until: soon(364 * day) }, 200],
  [{ status: 'snoozed', snooze_until: null }, 200], [{ status: 'snoozed' }, 200],
  [{ status: 'snoozed', snooze_until: '2030-03-01T09:00:00+01:00' }, 422, 'snooze_until must be in the future, and within a year'],
  [{ status: 'snoozed', snooze_until: soon(-1) }, 422, 'snooze_until must be in the future, and within a year'],
  [{ status: 'snoozed', snooze_until: soon(367 * day) }, 422, 'snooze_until must be in the future, and within a year'],
  [{ status: 'snoozed', snooze_until: 'tomorrow' }, 400, 'Invalid field: snooze_until'], [{ status: 'snoozed', snooze_until: 5 }, 400, 'Invalid field: snooze_until'],
  [{ snooze_until: soon(60000) }, 422, 'snooze_until is for status snoozed only'],
  [{ status: 'resolved', snooze_until: soon(60000) }, 422, 'snooze_until is for status snoozed only'],
  [{ status: 'resolved', snooze_until: null }, 200],
];

for (const [body, status, text] of snoozes)
  test(`a new issue: ${JSON.stringify(body).replace(/T[^"]*Z/, '')} is ${status}`, async () => {
    const world = makeWorld();
    const { id } = await event(world, { title: 'x' });
    const answer = expect(await call('PATCH', `/v1/issues/${id}`, { as: world.developer.token, body }), status, text);
    const { issue } = await ok(200, 'GET', `/v1/issues/${id}`, { as: world.viewer.token });
    if (status === 200) assert.deepEqual([issue, issue.status, issue.snooze_until], [answer.issue, body.status, body.snooze_until ?? null]);
    else assert.deepEqual([issue.status, issue.snooze_until], ['new', null]);
  });

test('the end of a snooze can be moved and taken away, and goes with the status', async () => {
  const world = makeWorld();
  const { id } = await event(world, { title: 'x' });
  const patch = async (body) => (await ok(200, 'PATCH', `/v1/issues/${id}`, { as: world.developer.token, body })).issue;
  const [first, second] = [soon(day), soon(2 * day)];
  const { status_at: since } = await patch({ status: 'snoozed', snooze_until: first });
  assert.equal((await patch({ status: 'snoozed' })).snooze_until, first, 'not mentioned, it stays');
  const moved = await patch({ snooze_until: second });
  assert.deepEqual([moved.snooze_until, moved.status_at], [second, since]);
  assert.equal((await patch({ snooze_until: null })).snooze_until, null);
  await patch({ snooze_until: second });
  assert.equal((await patch({ status: 'in_progress' })).snooze_until, null);
  const { entries } = await ok(200, 'GET', `/v1/teams/${world.team.id}/audit`, { as: world.owner.token });
  assert.deepEqual(entries.map((e) => [e.before.snooze_until, e.after.snooze_until]),
    [[second, null], [null, second], [second, null], [first, second], [null, first]]);
});

// How long ago a snooze has ended, and what the next event makes of it.
for (const [what, ago, status, heard] of [['is to end', -60000, 'snoozed', 1], ['has no end', null, 'snoozed', 1], ['ended just now', 0, 'regressed', 2],
  ['ended long ago', 40 * day, 'regressed', 2]])
  test(`an event of an issue whose snooze ${what} makes it ${status}`, async () => {
    const world = makeWorld();
    const { id } = await event(world, { title: 'x' });
    exec(`UPDATE issues SET status = 'snoozed', snooze_until = ${ago === null ? 'NULL'
      : `date_trunc('milliseconds', clock_timestamp()) - interval '${ago} milliseconds'`} WHERE id = ${quote(id)};
      DELETE FROM issue_news WHERE issue_id = ${quote(id)};`);
    const issue = await event(world, { title: 'x' });
    assert.deepEqual([issue.status, issue.snooze_until === null], [status, ago === null || status !== 'snoozed']);
    assert.equal((await inbox(world.owner)).length, heard);
    assert.deepEqual(rows(`SELECT count(*)::int AS n FROM issue_news WHERE issue_id = ${quote(id)}`), [{ n: heard - 1 }], 'a digest tells of what is back');
    exec(`DELETE FROM issue_news WHERE issue_id = ${quote(id)};`);
    assert.equal((await event(world, { title: 'x' })).status, status, 'once');
  });

test('a change leaves one audit row, none when there was nothing to change', async () => {
  const world = makeWorld();
  const issue = await event(world, { title: 'x' });
  for (const status of ['resolved', 'resolved']) expect(await set(world, issue, status), 200);
  expect(await call('PATCH', `/v1/issues/${issue.id}`, { as: world.developer.token, body: {} }), 200);
  expect(await call('PATCH', `/v1/issues/${issue.id}`, { as: world.developer.token, body: { status: 'x' } }), 400, 'Invalid field: status');
  expect(await call('PATCH', `/v1/issues/${issue.id}`, { as: world.developer.token, body: { title: 'x' } }), 400, 'Unknown field: title');
  const { entries } = await ok(200, 'GET', `/v1/teams/${world.team.id}/audit`, { as: world.owner.token });
  assert.deepEqual(entries.map((e) => [e.action, e.resource_kind, e.resource_id, e.actor_id, e.before.status, e.after.status]),
    [['issue.status_changed', 'issue', issue.id, world.developer.id, 'new', 'resolved']]);
});

test('the list is narrowed down by status and environment, and paged', async () => {
  const world = makeWorld();
  const agent = { bearer: world.team.keys.agent.secret };
  for (const environment of environments) for (let n = 0; n < 5; n++) await event(world, { title: `t${n}`, environment }, agent);
  const all = await list(world);
  assert.equal(all.length, 15);
  expect(await set(world, all[0], 'resolved'), 200);
  assert.deepEqual((await list(world, '&status=resolved')).map((i) => i.id), [all[0].id]);
  assert.equal((await list(world, '&status=new&environment=staging')).length, 5);
  assert.equal((await list(world, `&environment=${world.team.environments.development}`)).length, 5);
  assert.equal((await list(world, `&environment=${world.team.environments.development.toUpperCase()}`)).length, 5);
  assert.equal((await list(world, '&environment=nowhere')).length, 0);
  assert.equal((await list(world, '&status=nothing')).length, 15, 'unknown values are ignored');
  const path = `/v1/projects/${world.team.project}/issues`;
  const strict = { as: world.viewer.token, headers: { Prefer: 'handling=strict' } };
  expect(await call('GET', `${path}?status=nothing`, strict), 400, 'Unknown value: nothing');
  expect(await call('GET', `${path}?colour=red`, strict), 400, 'Unknown parameter: colour');
  const found = await walk(`${path}?limit=4`, { as: world.viewer.token });
  assert.deepEqual(found.map((i) => i.id), all.map((i) => i.id));
});

/* ---- issue.new ---- */

test('sixty events make one unread row that counts, for every member and nobody else', async () => {
  const world = makeWorld();
  let issue;
  for (let n = 0; n < 60; n++) issue = await event(world, { title: 'TypeError: total is undefined' });
  for (const role of roles) {
    const items = await inbox(world[role]);
    assert.deepEqual(items.map((i) => [i.type, i.title, i.body, i.link, i.read_at]), [['issue.new', 'New issue in Team project',
      'TypeError: total is undefined ×60', `/dashboard/issues?project=${world.team.project}&id=${issue.id}`, null]], role);
    assert.deepEqual(await ok(200, 'GET', '/v1/notifications/unread-count', { as: world[role].token }), { count: 1 });
  }
  assert.deepEqual(await inbox(world.outsider), []);
  assert.deepEqual(drifted([...roles.map((role) => world[role]), world.outsider]), []);
  assert.deepEqual(rows(`SELECT DISTINCT channel FROM deliveries WHERE team_id = ${quote(world.team.id)}`), [{ channel: 'in_app' }], 'mail is off');
});

test('a count moves the ETag of those who have it unread, of nobody else', async () => {
  const world = makeWorld();
  await event(world, { title: 'x' });
  const tag = async (user) => (await call('GET', '/v1/notifications/unread-count', { as: user.token })).headers.etag;
  await ok(200, 'POST', '/v1/notifications/mark-all-read', { as: world.viewer.token });
  const before = [await tag(world.owner), await tag(world.viewer)];
  await event(world, { title: 'x' });
  const after = [await tag(world.owner), await tag(world.viewer)];
  assert.notEqual(before[0], after[0]);
  assert.equal(before[1], after[1]);
  assert.equal((await inbox(world.viewer))[0].body, 'x', 'what was read stays as it was read');
  assert.equal((await inbox(world.owner))[0].body, 'x ×2');
});

test('beyond a hundred the count comes now and then, and cron makes it exact', async () => {
  const world = makeWorld();
  for (let n = 0; n < 108; n++) await event(world, { title: 'x' });
  assert.equal((await inbox(world.owner))[0].body, 'x ×100');
  cron('digest', '--dry-run');
  assert.equal((await inbox(world.owner))[0].body, 'x ×100');
  cron('digest');
  assert.deepEqual((await inbox(world.owner)).filter((i) => i.type === 'issue.new').map((i) => i.body), ['x ×108']);
});

test('only production rings; a regression rings anew and counts from one', async () => {
  const world = makeWorld();
  const agent = { bearer: world.team.keys.agent.secret };
  for (const environment of ['development', 'staging']) await event(world, { title: 'x', environment }, agent);
  assert.deepEqual(await inbox(world.owner), []);
  const issue = await event(world, { title: 'x' });
  await event(world, { title: 'x' });
  expect(await set(world, issue, 'resolved'), 200);
  await event(world, { title: 'x' });
  await event(world, { title: 'x' });
  assert.deepEqual((await inbox(world.owner)).map((i) => [i.title, i.body]),
    [['Regression in Team project', 'x ×2'], ['New issue in Team project', 'x ×2']]);
});

// The body is cut at 200 characters with its count, on a character boundary.
for (const character of ['x', 'é', '漢', '🔔', '𝒳']) {
  for (const length of [195, 196, 197, 198, 200, 201, 500]) {
    test(`a title of ${length} ${character}, twice`, async () => {
      const world = makeWorld();
      const title = character.repeat(length);
      await event(world, { title });
      assert.equal((await inbox(world.owner))[0].body, character.repeat(Math.min(length, 200)));
      await event(world, { title });
      assert.equal((await inbox(world.owner))[0].body, `${character.repeat(Math.min(length, 197))} ×2`);
    });
  }
}

test('one mail an hour a project; the rest stays in the bell', async () => {
  const world = makeWorld();
  await ok(200, 'PATCH', '/v1/auth/me', { as: world.viewer.token,
    body: { preferences: { notifications: { types: { 'issue.new': { email: true } } } } } });
  for (let n = 0; n < 5; n++) await event(world, { title: `t${n}` });
  const mails = () => rows(`SELECT status, error, count(*)::int AS n FROM deliveries
    WHERE user_id = ${quote(world.viewer.id)} AND channel = 'email' GROUP BY 1, 2 ORDER BY 1`);
  assert.deepEqual(mails(), [{ status: 'pending', error: null, n: 1 }, { status: 'skipped', error: 'one mail an hour', n: 4 }]);
  assert.equal((await inbox(world.viewer)).length, 5);
  exec(`UPDATE mail_hours SET at = at - interval '1 hour' WHERE user_id = ${quote(world.viewer.id)};`);
  for (let n = 5; n < 7; n++) await event(world, { title: `t${n}` });
  assert.deepEqual(mails().map((m) => m.n), [2, 5]);
});

test('single events go after 30 days, the issue and its counts stay', async () => {
  const world = makeWorld();
  const issue = await event(world, { title: 'x' });
  await event(world, { title: 'x' });
  exec(`UPDATE issue_events SET created_at = now() - interval '31 days' WHERE id IN
    (SELECT id FROM issue_events WHERE issue_id = ${quote(issue.id)} ORDER BY created_at LIMIT 1);`);
  assert.equal(cron('cleanup', '--dry-run').issue_events, 1);
  assert.equal(cron('cleanup').issue_events, 1);
  assert.equal((await ok(200, 'GET', `/v1/issues/${issue.id}/events`, { as: world.viewer.token })).events.length, 1);
  assert.equal((await list(world))[0].events, 2);
});
