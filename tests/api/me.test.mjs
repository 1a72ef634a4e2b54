// GET and PATCH /v1/auth/me: who one is, roles of this moment, preferences
// (contract sections 1, 4 and 6).
import assert from 'node:assert/strict';
import test from 'node:test';
import { call, exec, expect, ok, quote } from '../lib/client.mjs';
import { insertUsers, makeUser, makeWorld } from '../lib/world.mjs';

const me = '/v1/auth/me';
const strict = { Prefer: 'handling=strict' };
const { team, owner, developer } = makeWorld();

function fresh() {
  const user = makeUser('me');
  insertUsers([user]);
  return user;
}

const prefer = (user, types, headers) => call('PATCH', me, { as: user.token, headers, body: { preferences: { notifications: { types } } } });
const kept = async (user) => (await ok(200, 'GET', me, { as: user.token })).user.preferences.notifications?.types ?? {};

test('who one is', async () => {
  const { user } = await ok(200, 'GET', me, { as: owner.token });
  for (const key of ['id', 'email', 'name', 'preferences', 'teams']) assert.ok(key in user, key);
  assert.equal(user.id, owner.id);
  assert.equal(user.email, owner.email);
  assert.equal(user.name, owner.name);
  assert.deepEqual(user.teams, [{ id: team.id, name: team.name, role: 'owner' }]);
  assert.deepEqual((await ok(200, 'GET', me, { as: fresh().token })).user.teams, []);
});

test('a role change and a removal act on the very next request', async () => {
  const path = `/v1/teams/${team.id}`;
  const change = { as: developer.token, body: { strict_schedules: true } };
  expect(await call('PATCH', path, change), 403, 'Forbidden');
  exec(`UPDATE members SET role = 'admin' WHERE team_id = ${quote(team.id)} AND user_id = ${quote(developer.id)};`);
  expect(await call('PATCH', path, change), 200);
  assert.equal((await ok(200, 'GET', me, { as: developer.token })).user.teams[0].role, 'admin');
  exec(`UPDATE members SET role = 'viewer' WHERE team_id = ${quote(team.id)} AND user_id = ${quote(developer.id)};`);
  expect(await call('PATCH', path, change), 403, 'Forbidden');
  exec(`DELETE FROM members WHERE team_id = ${quote(team.id)} AND user_id = ${quote(developer.id)};`);
  expect(await call('PATCH', path, change), 404, 'Team not found');
  assert.deepEqual((await ok(200, 'GET', me, { as: developer.token })).user.teams, []);
});

test('PATCH changes what is named, and nothing else', async () => {
  const user = fresh();
  assert.equal((await ok(200, 'PATCH', me, { as: user.token, body: { name: 'New' } })).user.name, 'New');
  await prefer(user, { 'issue.new': { email: true } });
  const after = (await ok(200, 'PATCH', me, { as: user.token, body: {} })).user;
  assert.equal(after.name, 'New');
  assert.deepEqual(after.preferences, { notifications: { types: { 'issue.new': { email: true } } } });
});

// One after another on one user: what is sent, what is kept after.
const merges = [
  [{}, {}],
  [{ 'feedback.new': { email: false } }, { 'feedback.new': { email: false } }],
  [{ 'feedback.new': { in_app: false } }, { 'feedback.new': { email: false, in_app: false } }],
  [{ 'issue.new': { email: true } }, { 'feedback.new': { email: false, in_app: false }, 'issue.new': { email: true } }],
  [{ 'feedback.new': { email: true } }, { 'feedback.new': { email: true, in_app: false }, 'issue.new': { email: true } }],
  [{ 'feedback.new': {} }, { 'feedback.new': { email: true, in_app: false }, 'issue.new': { email: true } }],
  [{ 'issue.digest': { email: false, in_app: false }, 'job.completed': { in_app: false } },
    { 'feedback.new': { email: true, in_app: false }, 'issue.new': { email: true },
      'issue.digest': { email: false, in_app: false }, 'job.completed': { in_app: false } }],
];
const merged = fresh();

for (const [n, [types, want]] of merges.entries()) {
  test(`preferences merge, step ${n}: ${JSON.stringify(types)}`, async () => {
    assert.deepEqual(expect(await prefer(merged, types), 200).user.preferences.notifications?.types ?? {}, want);
    assert.deepEqual(await kept(merged), want);
  });
}

test('two PATCHes at once lose nothing', async () => {
  const user = fresh();
  const types = ['issue.digest', 'issue.new', 'feedback.new', 'job.completed'];
  const pairs = types.flatMap((type) => ['email', 'in_app'].map((channel) => ({ [type]: { [channel]: false } })));
  for (const answer of await Promise.all(pairs.map((each) => prefer(user, each)))) expect(answer, 200);
  assert.deepEqual(await kept(user), Object.fromEntries(types.map((type) => [type, { email: false, in_app: false }])));
});

// What is dropped, and what strict handling names.
const dropped = [
  [{ 'unheard.of': { email: false } }, 'unheard.of'],
  [{ EXPERIMENT_SCHEDULED_LAUNCH_FIRED: { email: false } }, 'EXPERIMENT_SCHEDULED_LAUNCH_FIRED'],
  [{ FLAG_SCHEDULE_FAILED: { in_app: false } }, 'FLAG_SCHEDULE_FAILED'],
  [{ 'feedback.new': { pigeon: false } }, 'pigeon'],
  [{ 'Feedback.New': { email: false } }, 'Feedback.New'],
  [{ '': { email: false } }, ''],
];

for (const [types, name] of dropped) {
  test(`preferences: ${JSON.stringify(types)} is dropped; strict handling names it`, async () => {
    const user = fresh();
    expect(await prefer(user, types, strict), 400, `Unknown value: ${name}`);
    assert.deepEqual(expect(await prefer(user, { ...types, 'job.completed': { email: false } }), 200)
      .user.preferences.notifications.types, { 'job.completed': { email: false } }, 'the rest is kept');
  });
}

test('preferences: unknown keys beside are dropped', async () => {
  const user = fresh();
  const preferences = { theme: 'dark', notifications: { types: { 'issue.new': { email: true } }, sound: 'loud' } };
  expect(await call('PATCH', me, { as: user.token, headers: strict, body: { preferences } }), 400);
  assert.deepEqual(expect(await call('PATCH', me, { as: user.token, body: { preferences } }), 200).user.preferences,
    { notifications: { types: { 'issue.new': { email: true } } } });
});

// Values that are no booleans, and places that are no objects: 400, and nothing is kept.
const invalid = [
  { 'feedback.new': { email: 'false' } }, { 'feedback.new': { email: 0 } }, { 'feedback.new': { email: 1 } },
  { 'feedback.new': { email: null } }, { 'feedback.new': { email: [] } }, { 'feedback.new': { email: {} } },
  { 'feedback.new': { email: false, in_app: 'x' } }, { 'feedback.new': true }, { 'feedback.new': null }, { 'feedback.new': [] },
  { 'issue.new': { email: true }, 'feedback.new': { email: 'x' } }, [], 'x', 1, true,
];

for (const types of invalid) {
  test(`preferences: ${JSON.stringify(types)} is 400`, async () => {
    const user = fresh();
    for (const headers of [{}, strict]) expect(await prefer(user, types, headers), 400);
    assert.deepEqual(await kept(user), {});
  });
}

test('many kilobytes of preferences for unknown types are not kept', async () => {
  const user = fresh();
  const types = Object.fromEntries(Array.from({ length: 1500 }, (_, n) => [`unheard.of.${n}`, { email: false }]));
  expect(await prefer(user, types), 200);
  assert.deepEqual(await kept(user), {});
});

/* ---- mail only what is still unread ---- */

const waits = (user, minutes, headers) => call('PATCH', me, { as: user.token, headers,
  body: { preferences: { notifications: { email_after_minutes: minutes } } } });
const notifications = async (user) => (await ok(200, 'GET', me, { as: user.token })).user.preferences.notifications;

test('how long mail waits is kept beside the types, which it leaves alone', async () => {
  const user = fresh();
  await waits(user, 30);
  assert.deepEqual(await notifications(user), { email_after_minutes: 30 });
  await prefer(user, { 'issue.new': { email: true } });
  assert.deepEqual(await notifications(user), { types: { 'issue.new': { email: true } }, email_after_minutes: 30 });
  expect(await waits(user, 0, strict), 200);
  assert.deepEqual(await notifications(user), { types: { 'issue.new': { email: true } }, email_after_minutes: 0 });
});

for (const minutes of [-1, 1.5, 10081, 1e18, '5', true, null, [], {}]) {
  test(`mail cannot wait ${JSON.stringify(minutes)} minutes`, async () => {
    const user = fresh();
    for (const headers of [{}, strict]) expect(await waits(user, minutes, headers), 400, 'Invalid field: email_after_minutes');
    assert.equal(await notifications(user), undefined);
  });
}
