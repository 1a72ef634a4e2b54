// Snooze: a row that is neither listed nor counted nor marked until carillon-cron wake brings it back.
// Runs of wake are as of 2021, when nobody else had rows.
import assert from 'node:assert/strict';
import test from 'node:test';
import { call, cron, exec, expect, ok, quote, rows, uuid } from '../lib/client.mjs';
import { drifted, give, insertUsers, makeUser } from '../lib/world.mjs';

const v1 = '/v1/notifications';
const at = (n) => new Date(Date.UTC(2024, 0, 15, 10, 0, 0) + n).toISOString();
const ahead = (ms) => new Date(Date.now() + ms).toISOString();
const hour = 3600000;
const day = 24 * hour;
const users = [];

function fresh() {
  const user = makeUser('snoozer');
  insertUsers([user]);
  users.push(user);
  return user;
}

test.after(() => assert.deepEqual(drifted(users), [], 'every counter equals its rows'));

const patch = (user, id, body) => call('PATCH', `${v1}/${id}`, { as: user.token, body });
const get = (user, path = '') => ok(200, 'GET', `${v1}${path}`, { as: user.token });
const ids = async (user, path) => (await get(user, path)).notifications.map((item) => item.id);
const rowOf = (user, id) => rows(`SELECT read_at IS NOT NULL AS read, snooze_until IS NOT NULL AS asleep, deleted_at IS NOT NULL AS deleted
  FROM notifications WHERE user_id = ${quote(user.id)} AND id = ${quote(id)}`)[0];

async function counts(user, answer, unread, snoozed) {
  if (answer) assert.equal(answer.headers['x-unread-count'], String(unread));
  assert.deepEqual(await get(user, '/unread-count'), { count: unread });
  const all = (await get(user, '/counts')).counts;
  assert.deepEqual([all.unread, all.snoozed], [unread, snoozed]);
  assert.equal((await ids(user, '?read_state=unread')).length, unread);
  assert.equal((await ids(user, '/snoozed')).length, snoozed);
}

test('a snoozed row leaves every list and count, and is where snoozed ones are', async () => {
  const user = fresh();
  const [row, other] = give(user, [{ type: 'issue.new', body: 'b', link: '/x', created_at: at(2) }, { created_at: at(1) }]);
  const until = ahead(day);
  const answer = await patch(user, row.id, { snooze_until: until });
  const item = { id: row.id, type: row.type, title: row.title, body: 'b', link: '/x', team_id: null, read_at: null, created_at: at(2), snooze_until: until };
  assert.deepEqual(expect(answer, 200), { notification: item });
  await counts(user, answer, 1, 1);
  for (const path of ['', '?read_state=unread', '?read_state=all', '?type=feedback.new'])
    assert.deepEqual(await ids(user, path), [other.id], path);
  for (const path of ['?type=issue.new', '?read_state=read', `?q=${encodeURIComponent(row.title)}`])
    assert.deepEqual(await ids(user, path), [], path);
  const bell = await ok(200, 'GET', '/api/notifications', { as: user.token });
  assert.deepEqual([bell.data.map((each) => each.id), bell.unreadCount], [[other.id], 1]);
  assert.deepEqual(await get(user, '/snoozed'), { notifications: [item], cursor: null, has_more: false });
});

test('without snooze_until a PATCH answers what it always did', async () => {
  const user = fresh();
  const [row] = give(user, [{}]);
  const { notification } = expect(await patch(user, row.id, { read: true }), 200);
  assert.deepEqual(Object.keys(notification), ['id', 'type', 'title', 'body', 'link', 'team_id', 'read_at', 'created_at']);
});

// What is sent, the 422 or the 400 that it gets; true is fine.
const past = 'snooze_until must be in the future and at most a year ahead';
const year = () => { const to = new Date(); to.setUTCFullYear(to.getUTCFullYear() + 1); return to.getTime() - Date.now(); };
const moments = [
  [() => ahead(60000), true], [() => ahead(day).replace('Z', '+00:00'), true], [() => '2000-01-01T00:00:00Z', past], [() => ahead(-1), past],
  [() => ahead(year() - 60000), true], [() => ahead(year() + 60000), past], [() => '9999-12-31T23:59:59Z', past], [() => '0001-01-01T00:00:00Z', past],
  [() => 'tomorrow', 'Invalid field: snooze_until'], [() => '', 'Invalid field: snooze_until'], [() => 1700000000, 'Invalid field: snooze_until'],
  [() => true, 'Invalid field: snooze_until'], [() => [ahead(day)], 'Invalid field: snooze_until'], [() => ahead(day).slice(0, 10), 'Invalid field: snooze_until'],
  [() => ahead(day).slice(0, -1), 'Invalid field: snooze_until'], [() => '2030-02-30T00:00:00Z', 'Invalid field: snooze_until'],
];
for (const [moment, want] of moments) {
  test(`snooze_until ${JSON.stringify(moment())}: ${want === true ? 'fine' : want}`, async () => {
    const user = fresh();
    const [row] = give(user, [{}]);
    const answer = await patch(user, row.id, { snooze_until: moment() });
    if (want === true) expect(answer, 200);
    else expect(answer, want === past ? 422 : 400, want);
    await counts(user, want === true ? answer : null, want === true ? 0 : 1, want === true ? 1 : 0);
  });
}

test('milliseconds are kept, finer is cut, offsets are one moment', async () => {
  const user = fresh();
  const [row] = give(user, [{}]);
  const next = new Date(Date.now() + 30 * day);
  const stamp = next.toISOString().slice(0, 11);
  for (const [given, kept] of [[`${stamp}12:00:00.123987+00:00`, `${stamp}12:00:00.123Z`], [`${stamp}12:00:00.5-05:30`, `${stamp}17:30:00.500Z`]])
    assert.equal(expect(await patch(user, row.id, { snooze_until: given }), 200).notification.snooze_until, kept);
  assert.deepEqual((await get(user, '/snoozed')).notifications.map((item) => item.snooze_until), [`${stamp}17:30:00.500Z`]);
});

// From read or not, asleep or not; body; whether it then is read, asleep; the count.
const until = () => ahead(day);
const changes = [
  ['unread', false, () => ({ snooze_until: until() }), { read: false, asleep: true }],
  ['read', false, () => ({ snooze_until: until() }), { read: true, asleep: true }],
  ['unread', false, () => ({ snooze_until: until(), read: true }), { read: true, asleep: true }],
  ['read', false, () => ({ snooze_until: until(), read: false }), { read: false, asleep: true }],
  ['read', false, () => ({ snooze_until: until(), read: null }), { read: true, asleep: true }],
  ['unread', true, () => ({ snooze_until: until() }), { read: false, asleep: true }],
  ['read', true, () => ({ snooze_until: null }), { read: false, asleep: false }],
  ['unread', true, () => ({ snooze_until: null }), { read: false, asleep: false }],
  ['unread', true, () => ({ snooze_until: null, read: true }), { read: true, asleep: false }],
  ['read', true, () => ({ snooze_until: null, read: false }), { read: false, asleep: false }],
  ['read', false, () => ({ snooze_until: null }), { read: true, asleep: false }],
  ['unread', false, () => ({ snooze_until: null }), { read: false, asleep: false }],
  ['unread', false, () => ({ snooze_until: null, read: true }), { read: true, asleep: false }],
  ['unread', true, () => ({ read: true }), { read: true, asleep: true }],
  ['read', true, () => ({ read: false }), { read: false, asleep: true }],
  ['unread', true, () => ({}), { read: true, asleep: true }],
];
for (const [state, asleep, body, want] of changes) {
  test(`${state}${asleep ? ', asleep' : ''}, with ${Object.entries(body()).map(([key, value]) => `${key} ${key === 'snooze_until' && value ? 'later' : value}`)}: ${JSON.stringify(want)}`, async () => {
    const user = fresh();
    const [row] = give(user, [{ read_at: state === 'read' ? at(5) : null, snooze_until: asleep ? ahead(hour) : null }]);
    const answer = await patch(user, row.id, body());
    const { notification } = expect(answer, 200);
    assert.equal(notification.read_at !== null, want.read);
    if ('snooze_until' in body()) assert.equal(notification.snooze_until !== null, want.asleep);
    assert.deepEqual(rowOf(user, row.id), { ...want, deleted: false });
    await counts(user, answer, want.read || want.asleep ? 0 : 1, want.asleep ? 1 : 0);
  });
}

test('what changes nothing moves no version; what does, does', async () => {
  const user = fresh();
  const [awake, asleep] = give(user, [{}, { snooze_until: '2050-01-01T00:00:00Z' }]);
  const tag = async () => (await call('GET', v1, { as: user.token })).headers.etag;
  const first = await tag();
  expect(await patch(user, awake.id, { snooze_until: null }), 200);
  expect(await patch(user, awake.id, { snooze_until: '2000-01-01T00:00:00Z' }), 422);
  expect(await patch(user, uuid(), { snooze_until: '2000-01-01T00:00:00Z' }), 404, 'Notification not found');
  assert.equal(await tag(), first);
  let last = first;
  for (const [id, body] of [[asleep.id, { snooze_until: ahead(hour) }], [asleep.id, { snooze_until: ahead(2 * hour) }], [asleep.id, { snooze_until: null }],
    [awake.id, { snooze_until: ahead(hour) }]]) {
    expect(await patch(user, id, body), 200);
    assert.notEqual(await tag(), last, JSON.stringify(body));
    last = await tag();
  }
  for (const path of ['/snoozed', '/bin', '/counts', '?q=x', '?include=reason']) {
    const answer = await call('GET', `${v1}${path}`, { as: user.token });
    assert.equal(answer.headers['x-poll-interval'], '30');
    assert.equal(answer.headers.etag, last);
    assert.equal((await call('GET', `${v1}${path}`, { as: user.token, headers: { 'If-None-Match': last } })).status, 304);
  }
});

test('mark-all-read and read-all leave it alone, and so does an undo', async () => {
  const user = fresh();
  const [asleep, awake, marked] = give(user, [{ snooze_until: ahead(day) }, {}, {}]);
  const first = await call('POST', `${v1}/mark-all-read`, { as: user.token });
  assert.deepEqual(expect(first, 200), { marked: 2 });
  expect(await patch(user, marked.id, { snooze_until: ahead(day) }), 200);
  const undone = await call('POST', `${v1}/undo`, { as: user.token, body: { undo: first.headers['x-undo'] } });
  assert.deepEqual(expect(undone, 200), { unmarked: 1 });
  assert.deepEqual(await ids(user, '?read_state=unread'), [awake.id]);
  assert.deepEqual(await ok(200, 'POST', '/api/notifications/read-all', { as: user.token }), { data: { marked: 1 } });
  assert.deepEqual(rowOf(user, asleep.id), { read: false, asleep: true, deleted: false });
  assert.deepEqual(rowOf(user, marked.id), { read: true, asleep: true, deleted: false });
});

test('marked, snoozed and woken by hand: an undo does not touch it', async () => {
  const user = fresh();
  const [row] = give(user, [{}]);
  const { headers } = await call('POST', `${v1}/mark-all-read`, { as: user.token });
  for (const body of [{ snooze_until: ahead(day) }, { snooze_until: null, read: true }]) expect(await patch(user, row.id, body), 200);
  assert.deepEqual(await ok(200, 'POST', `${v1}/undo`, { as: user.token, body: { undo: headers['x-undo'] } }), { unmarked: 0 });
});

for (const [what, fields, unread] of [['unread', {}, 1], ['read', { read_at: at(1) }, 0]]) {
  test(`a snoozed ${what} row is deleted and restored: awake, ${what}`, async () => {
    const user = fresh();
    const [row] = give(user, [{ snooze_until: ahead(day), ...fields }]);
    const gone = await call('DELETE', `${v1}/${row.id}`, { as: user.token });
    assert.deepEqual(expect(gone, 200), { id: row.id });
    await counts(user, gone, 0, 0);
    assert.deepEqual(await ids(user, '/bin'), [row.id]);
    const back = await call('POST', `${v1}/${row.id}/restore`, { as: user.token });
    expect(back, 200);
    await counts(user, back, unread, 0);
    assert.deepEqual(await ids(user), [row.id]);
  });
}

test('ids of nobody, of others, deleted or not in-app', async () => {
  const user = fresh();
  const other = fresh();
  const [gone, hidden] = give(user, [{ deleted_at: at(1) }, { in_app: false }]);
  const [foreign] = give(other, [{}]);
  for (const id of [uuid(), gone.id, hidden.id, foreign.id, 'x']) {
    expect(await patch(user, id, { snooze_until: ahead(day) }), 404, 'Notification not found');
    expect(await patch(user, id, { snooze_until: null }), 404, 'Notification not found');
  }
  await counts(other, null, 1, 0);
});

test('snoozed and woken by hand at once: one order or the other', async () => {
  const user = fresh();
  const made = give(user, Array.from({ length: 8 }, () => ({})));
  for (let round = 0; round < 8; round++) {
    const bodies = [{ snooze_until: ahead(day) }, { snooze_until: null }, { read: true }, { read: false }, { snooze_until: ahead(hour), read: false }];
    const answers = await Promise.all(made.flatMap((row) => bodies.map((body) => patch(user, row.id, body))));
    for (const answer of answers) expect(answer, 200);
    assert.deepEqual(drifted([user]), []);
  }
});

/* ---- wake ---- */

const now = '2021-03-01T09:00:00.000Z';
const due = (ms) => new Date(Date.parse(now) + ms).toISOString();
const wake = (...args) => cron('wake', '--at', now, ...args);

for (const [what, moment, read_at, back] of [['at that moment', due(0), null, true], ['a millisecond before', due(-1), null, true], ['a millisecond after', due(1), null, false],
  ['long ago, and was read', due(-99 * day), '2020-01-01T00:00:00Z', true]]) {
  test(`wake: a row due ${what}`, async () => {
    const user = fresh();
    const [row] = give(user, [{ snooze_until: moment, read_at }]);
    const dry = wake('--dry-run');
    assert.deepEqual([dry.dry_run, dry.woken, dry.users], [true, back ? 1 : 0, back ? 1 : 0]);
    await counts(user, null, 0, 1);
    assert.deepEqual(wake(), { job: 'wake', dry_run: false, woken: back ? 1 : 0, users: back ? 1 : 0 });
    await counts(user, null, back ? 1 : 0, back ? 0 : 1);
    assert.deepEqual(await ids(user), back ? [row.id] : []);
    assert.deepEqual([wake().woken, wake().users], [0, 0]);
    exec(`UPDATE notifications SET snooze_until = NULL WHERE user_id = ${quote(user.id)};
      UPDATE inbox SET unread = 1 WHERE user_id = ${quote(user.id)};`);
  });
}

test('wake: the ETag changes for whom something came back, and for nobody else', async () => {
  const [sleeper, other] = [fresh(), fresh()];
  give(sleeper, [{ snooze_until: due(-5) }, { snooze_until: due(-4) }, {}]);
  give(other, [{}]);
  const tags = async () => Promise.all([sleeper, other].map(async (user) => (await call('GET', v1, { as: user.token })).headers.etag));
  const before = await tags();
  assert.deepEqual([wake().woken], [2]);
  const after = await tags();
  assert.notEqual(after[0], before[0]);
  assert.equal(after[1], before[1]);
  await counts(sleeper, null, 3, 0);
});

test('wake: what is in the bin stays there', async () => {
  const user = fresh();
  const [row] = give(user, [{ snooze_until: due(-5), deleted_at: at(1) }]);
  assert.equal(wake().woken, 0);
  assert.deepEqual(rowOf(user, row.id), { read: false, asleep: true, deleted: true });
});

test('wake without --at goes by the database\'s clock', async () => {
  const user = fresh();
  const [soon, later] = give(user, [{}, {}]);
  for (const { id } of [soon, later]) expect(await patch(user, id, { snooze_until: ahead(hour) }), 200);
  cron('wake');
  await counts(user, null, 0, 2);
  exec(`UPDATE notifications SET snooze_until = now() WHERE user_id = ${quote(user.id)} AND id = ${quote(soon.id)}`);
  cron('wake');
  await counts(user, null, 1, 1);
  assert.deepEqual(await ids(user), [soon.id]);
});

test('wake is part of all', async () => {
  const user = fresh();
  give(user, [{ snooze_until: '2019-02-01T00:00:00Z' }]);
  const line = cron('all', '--at', '2019-03-01T00:00:00Z');
  assert.equal(line.wake.woken, 1);
  await counts(user, null, 1, 0);
});

test('cleanup does not take what sleeps', async () => {
  const user = fresh();
  give(user, [{ created_at: '2018-01-01T00:00:00Z', read_at: '2018-01-02T00:00:00Z', snooze_until: ahead(day) }]);
  assert.equal(cron('cleanup', '--at', '2018-06-01T00:00:00Z', '--dry-run').deleted, 0);
  assert.equal(cron('cleanup', '--at', '2018-06-01T00:00:00Z').deleted, 0);
  await counts(user, null, 0, 1);
});
