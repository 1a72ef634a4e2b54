// Writes of /v1/notifications (contract section 5a): PATCH, DELETE,
// mark-all-read, and X-Unread-Count with each.
import assert from 'node:assert/strict';
import test from 'node:test';
import { call, conf, exec, expect, ok, quote, rows, uuid } from '../lib/client.mjs';
import { openSession } from '../lib/session.mjs';
import { drifted, give, insertUsers, makeUser } from '../lib/world.mjs';

const list = '/v1/notifications';
const strict = { Prefer: 'handling=strict' };
const at = (n) => new Date(Date.UTC(2024, 0, 15, 10, 0, 0, n)).toISOString();
const users = [];

function fresh() {
  const user = makeUser('writer');
  insertUsers([user]);
  users.push(user);
  return user;
}

test.after(() => assert.deepEqual(drifted(users), [], 'every counter equals its rows'));

const me = fresh();

// What comes in the body of a PATCH: true, false (what read becomes), or the text of the 400.
const bodies = [
  ['no body', {}, true],
  ['an empty body', { raw: '' }, true],
  ['{}', { raw: '{}' }, true],
  ['null', { raw: 'null' }, true],
  ['white space around {}', { raw: ' \t\r\n{} \n' }, true],
  ['true', { raw: '{"read":true}' }, true],
  ['false', { raw: '{"read":false}' }, false],
  ['an escaped key', { raw: '{"\\u0072ead":false}' }, false],
  ['null as the value', { raw: '{"read":null}' }, true],
  ['"true"', { raw: '{"read":"true"}' }, 'Invalid field: read'],
  ['"false"', { raw: '{"read":"false"}' }, 'Invalid field: read'],
  ['""', { raw: '{"read":""}' }, 'Invalid field: read'],
  ['1', { raw: '{"read":1}' }, 'Invalid field: read'],
  ['0', { raw: '{"read":0}' }, 'Invalid field: read'],
  ['[]', { raw: '{"read":[]}' }, 'Invalid field: read'],
  ['[true]', { raw: '{"read":[true]}' }, 'Invalid field: read'],
  ['{} inside', { raw: '{"read":{}}' }, 'Invalid field: read'],
  ['another case', { raw: '{"Read":false}' }, 'Unknown field: Read'],
  ['an unknown field', { raw: '{"colour":1}' }, 'Unknown field: colour'],
  ['an unknown field beside', { raw: '{"read":true,"title":"x"}' }, 'Unknown field: title'],
  ['read_at', { raw: '{"read_at":null}' }, 'Unknown field: read_at'],
  ['user_id', { raw: '{"user_id":"x"}' }, 'Unknown field: user_id'],
];

for (const [what, body, want] of bodies) {
  test(`PATCH with ${what}`, async () => {
    for (const before of [null, at(3)]) {
      const [row] = give(me, [{ read_at: before }]);
      const answer = await call('PATCH', `${list}/${row.id}`, { as: me.token, ...body });
      const [now] = rows(`SELECT read_at FROM notifications WHERE user_id = ${quote(me.id)} AND id = ${quote(row.id)}`);
      if (typeof want === 'string') {
        expect(answer, 400, want);
        assert.equal(now.read_at === null, before === null, 'a refused PATCH changes nothing');
        continue;
      }
      const { notification } = expect(answer, 200);
      assert.equal(notification.id, row.id);
      assert.equal(notification.read_at !== null, want);
      assert.equal(now.read_at !== null, want);
      if (want) assert.notEqual(notification.read_at, before, 'true sets read_at to now');
    }
  });
}

// Values that are JSON but no object.
for (const raw of ['true', 'false', '1', '"read"', '[]', '[{"read":true}]', '[true]']) {
  test(`PATCH with ${raw} as the whole body is 400`, async () => {
    const [row] = give(me, [{}]);
    expect(await call('PATCH', `${list}/${row.id}`, { as: me.token, raw }), 400);
  });
}

test('PATCH answers the whole item', async () => {
  const [row] = give(me, [{ body: 'b', link: '/x', created_at: at(0), data: { hidden: 1 } }]);
  const answer = await call('PATCH', `${list}/${row.id}`, { as: me.token, body: { read: true } });
  const { notification } = expect(answer, 200);
  assert.match(notification.read_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.deepEqual({ ...notification, read_at: null }, { id: row.id, type: row.type, title: row.title, body: 'b',
    link: '/x', team_id: null, read_at: null, created_at: at(0) });
  const page = await ok(200, 'GET', `${list}?limit=200`, { as: me.token });
  assert.deepEqual(page.notifications.find((item) => item.id === row.id), notification, 'shown is stored');
});

test('an id in upper case is the same id', async () => {
  const [row] = give(me, [{}]);
  const target = `${list}/${row.id.toUpperCase()}`;
  assert.equal((await ok(200, 'PATCH', target, { as: me.token })).notification.id, row.id);
  assert.deepEqual(await ok(200, 'DELETE', target, { as: me.token }), { id: row.id });
});

test('DELETE: gone from list and counts at once, and a 404 ever after', async () => {
  const user = fresh();
  const [a, b] = give(user, [{}, {}]);
  const target = `${list}/${a.id}`;
  const answer = await call('DELETE', target, { as: user.token });
  assert.deepEqual(expect(answer, 200), { id: a.id });
  assert.equal(answer.headers['x-unread-count'], '1');
  assert.deepEqual((await ok(200, 'GET', list, { as: user.token })).notifications.map((item) => item.id), [b.id]);
  assert.deepEqual(await ok(200, 'GET', `${list}/unread-count`, { as: user.token }), { count: 1 });
  for (const [method, path] of [['DELETE', target], ['PATCH', target], ['POST', `/api/notifications/${a.id}/read`]])
    await ok(404, method, path, { as: user.token }, 'Notification not found');
  const [row] = rows(`SELECT deleted_at FROM notifications WHERE id = ${quote(a.id)}`);
  assert.ok(row.deleted_at, 'the row itself is kept');
});

test('a row that is not in-app is nobody\'s to change', async () => {
  const [row] = give(me, [{ in_app: false }]);
  for (const [method, path] of [['DELETE', `${list}/${row.id}`], ['PATCH', `${list}/${row.id}`],
    ['POST', `/api/notifications/${row.id}/read`]])
    await ok(404, method, path, { as: me.token }, 'Notification not found');
});

test('X-Unread-Count after every kind of write', async () => {
  const user = fresh();
  const [a, b, c] = give(user, [{ type: 'issue.new' }, {}, { read_at: at(1) }, {}]);
  const steps = [
    ['PATCH', `${list}/${a.id}`, { read: true }, 2], ['PATCH', `${list}/${a.id}`, { read: true }, 2],
    ['PATCH', `${list}/${a.id}`, { read: false }, 3], ['PATCH', `${list}/${a.id}`, { read: false }, 3],
    ['PATCH', `${list}/${c.id}`, { read: false }, 4], ['POST', `/api/notifications/${c.id}/read`, undefined, 3],
    ['POST', `/api/notifications/${c.id}/read`, undefined, 3], ['DELETE', `${list}/${c.id}`, undefined, 3],
    ['DELETE', `${list}/${b.id}`, undefined, 2], ['POST', `${list}/mark-all-read`, { type: 'issue.new' }, 1],
    ['POST', `${list}/mark-all-read`, { type: 'issue.new' }, 1], ['POST', '/api/notifications/read-all', undefined, 0],
    ['POST', `${list}/mark-all-read`, undefined, 0], ['PATCH', `${list}/${a.id}`, { read: false }, 1],
  ];
  for (const [n, [method, path, body, unread]] of steps.entries()) {
    const answer = await call(method, path, { as: user.token, body });
    assert.equal(answer.status, 200, `step ${n}: ${answer.text}`);
    assert.equal(answer.headers['x-unread-count'], String(unread), `step ${n}: ${method} ${path}`);
    assert.deepEqual(await ok(200, 'GET', `${list}/unread-count`, { as: user.token }), { count: unread }, `step ${n}`);
  }
});

// mark-all-read over the same five rows: body, titles left unread, status of strict handling.
const five = [
  { title: 'd1', type: 'issue.digest', created_at: at(1) }, { title: 'd2', type: 'issue.digest', created_at: at(2) },
  { title: 'f3', type: 'feedback.new', created_at: at(3) }, { title: 'f4', type: 'feedback.new', created_at: at(4) },
  { title: 'r5', type: 'feedback.new', created_at: at(5), read_at: at(9) },
];
const upTo = (n) => `${at(n)}|ffffffff-ffff-ffff-ffff-ffffffffffff`;
const marks = [
  ['no body', undefined, []],
  ['{}', {}, []],
  ['null', null, []],
  ['a type', { type: 'issue.digest' }, ['f4', 'f3']],
  ['a type that has no rows', { type: 'job.completed' }, ['f4', 'f3', 'd2', 'd1']],
  ['an unknown type: ignored, so all', { type: 'unheard-of' }, [], 'Unknown value: unheard-of'],
  ['a type in the wrong case: ignored, so all', { type: 'ISSUE.DIGEST' }, [], 'Unknown value: ISSUE.DIGEST'],
  ['an empty type: ignored, so all', { type: '' }, [], 'Unknown value: '],
  ['a type of 300 letters: ignored, so all', { type: 'x'.repeat(300) }, []],
  ['up_to between', { up_to: upTo(2) }, ['f4', 'f3']],
  ['up_to before everything', { up_to: upTo(0) }, ['f4', 'f3', 'd2', 'd1']],
  ['up_to after everything', { up_to: upTo(50) }, []],
  ['up_to and a type', { up_to: upTo(1), type: 'issue.digest' }, ['f4', 'f3', 'd2']],
];

for (const [what, body, left, refused] of marks) {
  test(`mark-all-read with ${what}`, async () => {
    const user = fresh();
    give(user, five);
    if (refused !== undefined) {
      await ok(400, 'POST', `${list}/mark-all-read`, { as: user.token, body, headers: strict }, refused);
      assert.deepEqual(await ok(200, 'GET', `${list}/unread-count`, { as: user.token }), { count: 4 });
    }
    const answer = await call('POST', `${list}/mark-all-read`, { as: user.token, body });
    assert.deepEqual(expect(answer, 200), { marked: 4 - left.length });
    assert.equal(answer.headers['x-unread-count'], String(left.length));
    const page = await ok(200, 'GET', `${list}?read_state=unread`, { as: user.token });
    assert.deepEqual(page.notifications.map((item) => item.title), left);
  });
}

test('up_to names a row: it is marked, its newer twin of the same millisecond is not', async () => {
  const user = fresh();
  const ids = Array.from({ length: 3 }, () => uuid()).sort();
  give(user, ids.map((id) => ({ id, created_at: at(1) })));
  assert.deepEqual(await ok(200, 'POST', `${list}/mark-all-read`, { as: user.token,
    body: { up_to: `${at(1)}|${ids[1]}` } }), { marked: 2 });
  const page = await ok(200, 'GET', `${list}?read_state=unread`, { as: user.token });
  assert.deepEqual(page.notifications.map((item) => item.id), [ids[2]]);
});

test('mark-all-read keeps the read_at of what was read before', async () => {
  const user = fresh();
  const [old] = give(user, [{ read_at: at(3) }, {}]);
  assert.deepEqual(await ok(200, 'POST', `${list}/mark-all-read`, { as: user.token }), { marked: 1 });
  const page = await ok(200, 'GET', list, { as: user.token });
  assert.equal(page.notifications.find((item) => item.id === old.id).read_at, at(3));
});

const badMarks = [
  [{ type: 1 }, 'Invalid field: type'], [{ type: true }, 'Invalid field: type'], [{ type: ['issue.new'] }, 'Invalid field: type'],
  [{ up_to: 1 }, 'Invalid field: up_to'], [{ up_to: {} }, 'Invalid field: up_to'], [{ up_to: 'x' }, 'Invalid cursor'],
  [{ up_to: '' }, 'Invalid cursor'], [{ up_to: at(1) }, 'Invalid cursor'], [{ up_to: `${upTo(1)} ` }, 'Invalid cursor'],
  [{ types: 'issue.new' }, 'Unknown field: types'], [[], undefined], ['x', undefined], [true, undefined],
];

for (const [body, text] of badMarks) {
  test(`mark-all-read with ${JSON.stringify(body)} is 400 and marks nothing`, async () => {
    const user = fresh();
    give(user, [{}]);
    expect(await call('POST', `${list}/mark-all-read`, { as: user.token, body }), 400, text);
    assert.deepEqual(await ok(200, 'GET', `${list}/unread-count`, { as: user.token }), { count: 1 });
  });
}

test('one user\'s writes never touch another\'s rows', async () => {
  const [mine, theirs] = [fresh(), fresh()];
  const id = uuid();
  give(mine, [{ id }]);
  give(theirs, [{ id }, {}]);
  await ok(200, 'PATCH', `${list}/${id}`, { as: mine.token });
  await ok(200, 'DELETE', `${list}/${id}`, { as: mine.token });
  await ok(200, 'POST', `${list}/mark-all-read`, { as: mine.token });
  const page = await ok(200, 'GET', `${list}?read_state=unread`, { as: theirs.token });
  assert.equal(page.notifications.length, 2, 'even under the same id');
  exec(`DELETE FROM notifications WHERE user_id IN (${quote(mine.id)}, ${quote(theirs.id)}) AND id = ${quote(id)};
    UPDATE inbox SET unread = 1 WHERE user_id = ${quote(theirs.id)};`);
});

// On Citus it is a worker's row that is waited for.
const waiters = conf('CARILLON_CITUS') === 'on' ? 'SELECT count(*) FROM citus_lock_waits WHERE blocking_gpid = citus_backend_gpid()'
  : 'SELECT count(*) FROM pg_locks WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid))';

// While a write waits for the inbox, the count that it saw when it began goes from 0 to 1.
const tomorrow = () => new Date(Date.now() + 86400000).toISOString();
for (const [what, method, path, body] of [['PATCH', 'PATCH', (id) => `${list}/${id}`], ['the bell\'s read', 'POST', (id) => `/api/notifications/${id}/read`],
  ['DELETE', 'DELETE', (id) => `${list}/${id}`], ['a snooze', 'PATCH', (id) => `${list}/${id}`, () => ({ snooze_until: tomorrow() })]]) {
  test(`${what} of a row that became unread meanwhile`, async () => {
    const user = fresh();
    const [row] = give(user, [{ read_at: at(1) }]);
    assert.ok(user.token);
    const holder = openSession();
    await holder.run(`BEGIN; UPDATE inbox SET unread = 1, version = version + 1 WHERE user_id = ${quote(user.id)};
      UPDATE notifications SET read_at = NULL WHERE user_id = ${quote(user.id)} AND id = ${quote(row.id)}`);
    const waiting = call(method, path(row.id), { as: user.token, body: body?.() });
    for (let tries = 0; Number(await holder.run(waiters)) === 0; tries++) assert.ok(tries < 10000, 'it waits for the inbox');
    await holder.run('COMMIT');
    await holder.end();
    const answer = await waiting;
    expect(answer, 200);
    assert.equal(answer.headers['x-unread-count'], '0');
    assert.deepEqual(drifted([user]), []);
  });
}
