// The bin, paging of it and of what is snoozed, counts, and include=reason.
import assert from 'node:assert/strict';
import test from 'node:test';
import { call, exec, expect, ok, pages, quote, rows } from '../lib/client.mjs';
import { drifted, give, insertUsers, makeUser, makeWorld } from '../lib/world.mjs';

const v1 = '/v1/notifications';
const at = (n) => new Date(Date.UTC(2024, 0, 15, 10, 0, 0) + n).toISOString();
const later = (n) => new Date(Date.UTC(2098, 0, 15, 10, 0, 0) + n).toISOString();
const users = [];

function fresh() {
  const user = makeUser('binner');
  insertUsers([user]);
  users.push(user);
  return user;
}

test.after(() => assert.deepEqual(drifted(users), [], 'every counter equals its rows'));

const get = (user, path) => ok(200, 'GET', `${v1}${path}`, { as: user.token });
const idsOf = (page) => page.notifications.map((item) => item.id);

test('what is deleted is in the bin, last deleted first', async () => {
  const user = fresh();
  const made = give(user, [{ created_at: at(3), body: 'b', link: '/x', type: 'issue.new' }, { created_at: at(2), read_at: at(9) }, { created_at: at(1) }]);
  assert.deepEqual(await get(user, '/bin'), { notifications: [], cursor: null, has_more: false });
  await ok(200, 'DELETE', `${v1}/${made[1].id}`, { as: user.token });
  exec(`UPDATE notifications SET deleted_at = now() - interval '1 second' WHERE user_id = ${quote(user.id)} AND id = ${quote(made[1].id)}`);
  await ok(200, 'DELETE', `${v1}/${made[0].id}`, { as: user.token });
  const { notifications: [first, second], ...rest } = await get(user, '/bin');
  assert.deepEqual(rest, { cursor: null, has_more: false });
  assert.match(first.deleted_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.deepEqual(first, { id: made[0].id, type: 'issue.new', title: made[0].title, body: 'b', link: '/x', team_id: null, read_at: null, created_at: at(3),
    deleted_at: first.deleted_at });
  assert.deepEqual([second.id, second.read_at], [made[1].id, at(9)]);
  assert.ok(second.deleted_at < first.deleted_at);
});

test('nobody else\'s, nothing that was never in the app', async () => {
  const [user, other] = [fresh(), fresh()];
  give(user, [{ in_app: false, deleted_at: at(1) }, { in_app: false, snooze_until: later(1) }]);
  give(other, [{ deleted_at: at(1) }, { snooze_until: later(1) }]);
  for (const path of ['/bin', '/snoozed']) {
    assert.deepEqual(idsOf(await get(user, path)), []);
    assert.equal(idsOf(await get(other, path)).length, 1);
  }
  assert.deepEqual((await get(user, '/counts')).counts, { unread: 0, snoozed: 0, bin: 0, types: {} });
});

/* ---- paging ---- */

async function walk(user, path, limit, between = () => {}) {
  const seen = [];
  for await (const page of pages(`${v1}${path}?limit=${limit}`, { as: user.token })) {
    assert.ok(page.notifications.length === limit || !page.has_more);
    seen.push(...idsOf(page));
    await between(seen);
  }
  return seen;
}

// column, path, how ids of one moment are ordered, and a moment that shows a new row first
const lists = [
  ['deleted_at', '/bin', (ids) => [...ids].sort().reverse(), at, (a, b) => b - a],
  ['snooze_until', '/snoozed', (ids) => [...ids].sort(), later, (a, b) => a - b],
];
for (const [column, path, order, when, direction] of lists) {
  test(`${path}: 300 rows of one moment in pages of every size`, async () => {
    const user = fresh();
    const ids = order(give(user, Array.from({ length: 300 }, () => ({ [column]: when(5) }))).map((row) => row.id));
    for (const limit of [7, 49, 50, 99, 100, 101, 200]) assert.deepEqual(await walk(user, path, limit), ids, `limit ${limit}`);
  });

  test(`${path}: many moments, some rows in each`, async () => {
    const user = fresh();
    const made = give(user, Array.from({ length: 120 }, (_, n) => ({ [column]: when(n % 9), created_at: at(n) })));
    const groups = Array.from({ length: 9 }, (_, n) => n).sort(direction);
    const want = groups.flatMap((n) => order(made.filter((row) => row[column] === when(n)).map((row) => row.id)));
    assert.deepEqual(await walk(user, path, 11), want);
  });

  test(`${path}: rows come and go meanwhile, none of the others is lost`, async () => {
    const user = fresh();
    const ids = give(user, Array.from({ length: 150 }, () => ({ [column]: when(5) }))).map((row) => row.id);
    const gone = new Set();
    const seen = await walk(user, path, 20, async (so) => {
      const id = ids.find((each) => !so.includes(each) && !gone.has(each)) ?? so[0];
      await (path === '/bin' ? call('POST', `${v1}/${id}/restore`, { as: user.token }) : call('PATCH', `${v1}/${id}`, { as: user.token, body: { snooze_until: null } }));
      gone.add(id);
      give(user, [{ [column]: when(5) }, { [column]: when(0) }, { [column]: when(9) }]);
    });
    assert.equal(new Set(seen).size, seen.length, 'none twice');
    assert.deepEqual(ids.filter((id) => !seen.includes(id) && !gone.has(id)), [], 'none lost');
    assert.ok(gone.size > 5);
  });

  for (const cursor of ['x', 'infinity|ffffffff-ffff-ffff-ffff-ffffffffffff', `${at(1)}|x`, at(1)]) {
    test(`${path}: cursor ${cursor} is 400`, async () => {
      expect(await call('GET', `${v1}${path}?cursor=${encodeURIComponent(cursor)}`, { as: users[0].token }), 400, 'Invalid cursor');
    });
  }
}

/* ---- counts ---- */

test('counts are the rows, whatever their state', async () => {
  const user = fresh();
  const types = ['issue.new', 'job.completed', 'feedback.new', 'issue.digest'];
  give(user, Array.from({ length: 96 }, (_, n) => ({ type: types[n % 3], created_at: at(n), read_at: n % 2 ? at(n) : null,
    deleted_at: n % 8 > 5 ? at(n) : null, snooze_until: n % 16 > 11 ? later(n) : null, in_app: n % 32 !== 0 })));
  const [want] = rows(`SELECT count(*) FILTER (WHERE read_at IS NULL AND deleted_at IS NULL AND snooze_until IS NULL) AS unread,
    count(*) FILTER (WHERE deleted_at IS NULL AND snooze_until IS NOT NULL) AS snoozed, count(*) FILTER (WHERE deleted_at IS NOT NULL) AS bin
    FROM notifications WHERE user_id = ${quote(user.id)} AND in_app`);
  const { counts } = await get(user, '/counts');
  const { types: byType, ...plain } = counts;
  assert.deepEqual(plain, want);
  assert.equal(Object.values(byType).reduce((a, b) => a + b, 0), want.unread);
  assert.deepEqual(Object.keys(byType).sort(), types.slice(0, 3).sort());
  for (const [type, n] of Object.entries(byType))
    assert.equal(idsOf(await get(user, `?limit=200&read_state=unread&type=${type}`)).length, n, type);
  assert.deepEqual(await get(user, '/unread-count'), { count: want.unread });
  await ok(200, 'POST', `${v1}/mark-all-read`, { as: user.token, body: { type: 'issue.new' } });
  const after = (await get(user, '/counts')).counts;
  assert.equal(after.types['issue.new'], undefined, 'none is left out');
  assert.equal(after.unread, want.unread - byType['issue.new']);
});

test('an empty inbox', async () => {
  assert.deepEqual(await get(fresh(), '/counts'), { counts: { unread: 0, snoozed: 0, bin: 0, types: {} } });
});

/* ---- include=reason ---- */

test('each item says why it came, in all three lists', async () => {
  const world = makeWorld();
  const user = world.developer;
  users.push(user);
  await ok(201, 'POST', '/v1/feedback', { bearer: world.team.keys.client.secret, body: { message: 'hello' } });
  exec(`UPDATE teams SET name = 'Renamed' WHERE id = ${quote(world.team.id)};`);
  give(user, [{ type: 'EXPERIMENT_SCHEDULED_LAUNCH_FIRED' }, { type: 'job.completed', snooze_until: later(1) }, { type: 'FLAG_SCHEDULE_MISSED', deleted_at: at(1) },
    { type: 'issue.new' }, { type: 'gone.from.registry' }]);
  const reasons = async (path) => Object.fromEntries((await get(user, path)).notifications.map((item) => [item.type, item.reason]));
  assert.deepEqual(await reasons('?include=reason'), { 'feedback.new': 'You are a member of Team', EXPERIMENT_SCHEDULED_LAUNCH_FIRED: 'You scheduled it',
    'issue.new': 'You are a member of the team', 'gone.from.registry': null });
  assert.deepEqual(await reasons('/snoozed?include=reason'), { 'job.completed': 'You started it' });
  assert.deepEqual(await reasons('/bin?include=reason'), { FLAG_SCHEDULE_MISSED: 'You scheduled it' });
  assert.deepEqual(await reasons('?include=reason&q=feedback'), { 'feedback.new': 'You are a member of Team' });
  for (const path of ['', '?include=other', '?include=', '?include=reason&include=reason', '/bin', '/snoozed'])
    for (const item of (await get(user, path)).notifications) assert.ok(!('reason' in item), path);
});

test('the words are those of the mail', async () => {
  const { team, developer } = makeWorld();
  await ok(201, 'POST', '/v1/feedback', { bearer: team.keys.client.secret, body: { message: 'hello' } });
  const [{ reason }] = (await get(developer, '?include=reason')).notifications;
  const [{ words }] = rows(`SELECT payload->>'text' AS words FROM deliveries WHERE user_id = ${quote(developer.id)} AND channel = 'email'`);
  assert.ok(words.replace(/\s+/g, ' ').includes(`You get this because y${reason.slice(1)}.`), words);
});

for (const path of ['', '/bin', '/snoozed']) {
  test(`${path || '/'}: strict handling refuses what include does not know`, async () => {
    const as = { as: users[0].token, headers: { Prefer: 'handling=strict' } };
    expect(await call('GET', `${v1}${path}?include=other`, as), 400, 'Unknown value: other');
    expect(await call('GET', `${v1}${path}?include=reason&limit=1`, as), 200);
    expect(await call('GET', `${v1}${path}?includes=reason`, as), 400, 'Unknown parameter: includes');
  });
}
