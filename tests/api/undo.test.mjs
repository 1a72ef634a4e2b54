// Undo of mark-all-read and read-all, and restore out of the bin.
import assert from 'node:assert/strict';
import test from 'node:test';
import { call, cron, exec, expect, ok, quote, rows, uuid, value } from '../lib/client.mjs';
import { drifted, give, insertUsers, makeUser, makeWorld } from '../lib/world.mjs';

const v1 = '/v1/notifications';
const at = (n) => new Date(Date.UTC(2024, 0, 15, 10, 0, 0) + n).toISOString();
const users = [];

function fresh() {
  const user = makeUser('undoer');
  insertUsers([user]);
  users.push(user);
  return user;
}

test.after(() => assert.deepEqual(drifted(users), [], 'every counter equals its rows'));

const markAll = (user, body) => call('POST', `${v1}/mark-all-read`, { as: user.token, body });
const readAll = (user) => call('POST', '/api/notifications/read-all', { as: user.token });
const undo = (user, number) => call('POST', `${v1}/undo`, { as: user.token, body: { undo: number } });
const restore = (user, id) => call('POST', `${v1}/${id}/restore`, { as: user.token });
const remove = (user, id) => ok(200, 'DELETE', `${v1}/${id}`, { as: user.token });
const patch = (user, id, read) => ok(200, 'PATCH', `${v1}/${id}`, { as: user.token, body: { read } });
const ids = async (user, query = '') => (await ok(200, 'GET', `${v1}?limit=200${query}`, { as: user.token })).notifications.map((item) => item.id);
const unread = (user) => ids(user, '&read_state=unread');

// The answer's text and header, and the count as everybody else shows it.
async function counts(user, answer, n) {
  assert.equal(answer.headers['x-unread-count'], String(n));
  assert.deepEqual(await ok(200, 'GET', `${v1}/unread-count`, { as: user.token }), { count: n });
  assert.equal((await unread(user)).length, n);
}

for (const [what, mark, of] of [['mark-all-read', markAll, (json) => json.marked], ['read-all', readAll, (json) => json.data.marked]]) {
  test(`${what}: what it marked is unread again, a second undo says 0`, async () => {
    const user = fresh();
    const [a, b, old] = give(user, [{ created_at: at(2) }, { created_at: at(1) }, { read_at: at(9) }]);
    const marked = await mark(user);
    assert.equal(of(expect(marked, 200)), 2);
    assert.match(marked.headers['x-undo'], /^[1-9][0-9]*$/);
    await counts(user, marked, 0);
    const undone = await undo(user, marked.headers['x-undo']);
    assert.deepEqual(expect(undone, 200), { unmarked: 2 });
    await counts(user, undone, 2);
    assert.deepEqual(await unread(user), [a.id, b.id]);
    const again = await undo(user, marked.headers['x-undo']);
    assert.deepEqual(expect(again, 200), { unmarked: 0 });
    await counts(user, again, 2);
    assert.equal((await ids(user, '&read_state=read'))[0], old.id, 'what was read before stays read');
  });

  test(`${what}: no X-Undo where nothing was marked, and the body is what it was`, async () => {
    const user = fresh();
    give(user, [{ read_at: at(1) }]);
    const answer = await mark(user);
    assert.equal(of(expect(answer, 200)), 0);
    assert.equal(answer.headers['x-undo'], undefined);
    assert.equal(value(`SELECT count(*) FROM inbox_marks WHERE user_id = ${quote(user.id)}`), 0);
  });
}

test('X-Undo is the version of the ETag that the call made', async () => {
  const user = fresh();
  give(user, [{}]);
  const marked = await markAll(user);
  const { headers } = await call('GET', `${v1}/unread-count`, { as: user.token });
  assert.ok(headers.etag.endsWith(`-${marked.headers['x-undo']}"`), headers.etag);
  const undone = await undo(user, marked.headers['x-undo']);
  assert.equal(expect(undone, 200).unmarked, 1);
  const after = (await call('GET', `${v1}/unread-count`, { as: user.token })).headers.etag;
  assert.notEqual(after, headers.etag, 'an undo moves the version');
  await undo(user, marked.headers['x-undo']);
  assert.equal((await call('GET', `${v1}/unread-count`, { as: user.token })).headers.etag, after, 'one that changes nothing does not');
});

// What may come between the mark and its undo; whether the row is unread afterwards.
const touches = [
  ['nothing', () => {}, true],
  ['read by hand', (u, row) => patch(u, row.id, true), false],
  ['read in the bell, which keeps its moment', (u, row) => ok(200, 'POST', `/api/notifications/${row.id}/read`, { as: u.token }), false],
  ['unread by hand', (u, row) => patch(u, row.id, false), true],
  ['unread and read by hand', async (u, row) => { await patch(u, row.id, false); await patch(u, row.id, true); }, false],
  ['unread by hand, marked by another call', async (u, row) => { await patch(u, row.id, false); expect(await markAll(u), 200); }, false],
  ['deleted and restored', async (u, row) => { await remove(u, row.id); expect(await restore(u, row.id), 200); }, false],
  ['the other row deleted', (u, row, twin) => remove(u, twin.id), true],
];

for (const [what, touch, want] of touches) {
  test(`undo after ${what}`, async () => {
    const user = fresh();
    const [row, twin] = give(user, [{}, {}]);
    const marked = await markAll(user);
    await touch(user, row, twin);
    const left = what.startsWith('the other') ? 0 : 1; // twin is untouched, or gone
    const was = (await unread(user)).includes(row.id);
    const undone = await undo(user, marked.headers['x-undo']);
    assert.equal(expect(undone, 200).unmarked, left + (want && !was ? 1 : 0));
    assert.equal((await unread(user)).includes(row.id), want);
    await counts(user, undone, left + (want ? 1 : 0));
  });
}

test('a deleted row stays deleted, and no undo counts it', async () => {
  const user = fresh();
  const [row] = give(user, [{}, {}]);
  const marked = await markAll(user);
  await remove(user, row.id);
  const undone = await undo(user, marked.headers['x-undo']);
  assert.deepEqual(expect(undone, 200), { unmarked: 1 });
  await counts(user, undone, 1);
  assert.equal((await ids(user)).length, 1);
});

test('several calls, each undone by its own number, in any order', async () => {
  const user = fresh();
  const types = ['issue.new', 'job.completed', 'feedback.new'];
  const made = give(user, types.flatMap((type) => [{ type }, { type }]));
  const numbers = {};
  for (const type of types) {
    const marked = await markAll(user, { type });
    assert.equal(expect(marked, 200).marked, 2);
    numbers[type] = marked.headers['x-undo'];
  }
  assert.equal(new Set(Object.values(numbers)).size, 3);
  let back = 0;
  for (const type of ['job.completed', 'feedback.new', 'issue.new']) {
    const undone = await undo(user, numbers[type]);
    assert.deepEqual(expect(undone, 200), { unmarked: 2 });
    await counts(user, undone, back += 2);
    for (const row of made.filter((each) => each.type === type)) assert.ok((await unread(user)).includes(row.id));
  }
});

test('news that came after the mark is none of its business', async () => {
  const user = fresh();
  give(user, [{}]);
  const marked = await markAll(user);
  give(user, [{}, { read_at: new Date().toISOString() }]);
  const undone = await undo(user, marked.headers['x-undo']);
  assert.deepEqual(expect(undone, 200), { unmarked: 1 });
  await counts(user, undone, 2);
});

// The moment of a row, so much earlier: worked out in UTC, as an UPDATE on Citus can.
const earlier = (age) => `(read_at AT TIME ZONE 'UTC' - interval '${age}') AT TIME ZONE 'UTC'`;

// How old the mark is, by the database's clock; whether it can be undone.
for (const [age, fine] of [['9 minutes 59 seconds', true], ['10 minutes 1 second', false], ['1 day', false]]) {
  test(`undo after ${age}`, async () => {
    const user = fresh();
    give(user, [{}]);
    const marked = await markAll(user);
    exec(`UPDATE notifications SET read_at = ${earlier(age)} WHERE user_id = ${quote(user.id)};
      UPDATE inbox_marks SET read_at = ${earlier(age)} WHERE user_id = ${quote(user.id)};`);
    const undone = await undo(user, marked.headers['x-undo']);
    if (fine) assert.deepEqual(expect(undone, 200), { unmarked: 1 });
    else expect(undone, 404, 'Nothing to undo');
    assert.equal((await unread(user)).length, fine ? 1 : 0);
  });
}

test('marks that can no longer be undone go with the next one', async () => {
  const user = fresh();
  const kept = () => value(`SELECT count(*) FROM inbox_marks WHERE user_id = ${quote(user.id)}`);
  for (let n = 1; n <= 3; n++) {
    give(user, [{}]);
    expect(await markAll(user), 200);
    assert.equal(kept(), n);
  }
  exec(`UPDATE inbox_marks SET read_at = ${earlier('11 minutes')} WHERE user_id = ${quote(user.id)};`);
  give(user, [{}]);
  expect(await markAll(user), 200);
  assert.equal(kept(), 1);
});

test('numbers that no call gave', async () => {
  const user = fresh();
  const other = fresh();
  const [row] = give(user, [{}]);
  give(other, [{}]);
  const marked = await markAll(user);
  const number = marked.headers['x-undo'];
  await patch(user, row.id, false); // a version, but no mark's
  for (const wrong of ['0', '-1', String(Number(number) + 1), '1', '999999999999999999', '9999999999999999999', '', ' ', `${number} `, `0x${number}`,
    `${number}.0`, 'x', '１', `${number}; DROP`, 'a'.repeat(10000)])
    expect(await undo(user, wrong), 404, 'Nothing to undo', wrong.slice(0, 30));
  expect(await undo(other, number), 404, 'Nothing to undo');
  for (const [body, text] of [[{}, 'Missing field: undo'], [{ undo: null }, undefined], [{ undo: Number(number) }, 'Invalid field: undo'],
    [{ undo: [number] }, 'Invalid field: undo'], [{ undo: number, type: 'x' }, 'Unknown field: type'], [[], undefined]])
    expect(await call('POST', `${v1}/undo`, { as: user.token, body }), 400, text);
  expect(await call('POST', `${v1}/undo`, { as: user.token, raw: 'undo=1', type: 'text/plain' }), 415);
});

test('the same number of two users: each undoes its own', async () => {
  const pair = [fresh(), fresh()];
  for (const user of pair) give(user, [{}, {}]);
  const numbers = [];
  for (const user of pair) numbers.push((await markAll(user)).headers['x-undo']);
  assert.equal(numbers[0], numbers[1]);
  assert.deepEqual(expect(await undo(pair[0], numbers[0]), 200), { unmarked: 2 });
  assert.deepEqual(await unread(pair[1]), []);
});

test('many undos at once: every row is unmarked by exactly one', async () => {
  for (let round = 0; round < 8; round++) {
    const user = fresh();
    give(user, Array.from({ length: 120 }, (_, n) => ({ created_at: at(n) })));
    const { headers } = await markAll(user);
    const answers = await Promise.all(Array.from({ length: 8 }, () => undo(user, headers['x-undo'])));
    assert.equal(answers.reduce((sum, answer) => sum + expect(answer, 200).unmarked, 0), 120);
    for (const answer of answers) assert.equal(answer.headers['x-unread-count'], '120');
    assert.deepEqual(drifted([user]), []);
  }
});

test('marks and undos at once: the counter is the rows', async () => {
  const user = fresh();
  give(user, Array.from({ length: 60 }, (_, n) => ({ created_at: at(n), type: n % 2 ? 'issue.new' : 'job.completed' })));
  const numbers = [];
  for (let round = 0; round < 20; round++) {
    const answers = await Promise.all([markAll(user, { type: 'issue.new' }), readAll(user), ...numbers.slice(-3).map((number) => undo(user, number)),
      markAll(user, { type: 'job.completed' })]);
    for (const answer of answers) {
      expect(answer, 200);
      if (answer.headers['x-undo']) numbers.push(answer.headers['x-undo']);
    }
    assert.deepEqual(drifted([user]), []);
  }
  assert.ok(numbers.length >= 10, `${numbers.length} marks`); // a round that finds all read leaves work for the next
});

/* ---- restore ---- */

for (const [what, fields, n] of [['an unread row', {}, 1], ['a read row', { read_at: at(5) }, 0]]) {
  test(`restore of ${what}: as it was, in its old place`, async () => {
    const user = fresh();
    const made = give(user, [{ created_at: at(3), read_at: at(9) }, { created_at: at(2), body: 'b', link: '/x', ...fields }, { created_at: at(1), read_at: at(9) }]);
    const before = await ok(200, 'GET', v1, { as: user.token });
    await remove(user, made[1].id);
    assert.deepEqual(await ids(user), [made[0].id, made[2].id]);
    const answer = await restore(user, made[1].id);
    assert.deepEqual(expect(answer, 200), { notification: before.notifications[1] });
    assert.deepEqual(await ok(200, 'GET', v1, { as: user.token }), before);
    await counts(user, answer, n);
    expect(await restore(user, made[1].id), 404, 'Notification not found');
  });
}

test('restore: an id in upper case, and the ETag changes', async () => {
  const user = fresh();
  const [row] = give(user, [{}]);
  await remove(user, row.id);
  const { headers } = await call('GET', v1, { as: user.token });
  expect(await restore(user, row.id.toUpperCase()), 200);
  expect(await call('GET', v1, { as: user.token, headers: { 'If-None-Match': headers.etag } }), 200);
});

test('restore: rows that are not in-app or not there are a 404', async () => {
  const user = fresh();
  const [hidden, live] = give(user, [{ in_app: false, deleted_at: at(1) }, {}]);
  for (const id of [hidden.id, live.id, uuid()]) expect(await restore(user, id), 404, 'Notification not found');
  assert.deepEqual(await ids(user), [live.id]);
});

test('two restores at once: one wins', async () => {
  for (let round = 0; round < 15; round++) {
    const user = fresh();
    const [row] = give(user, [{ deleted_at: at(1) }]);
    const answers = await Promise.all([1, 2, 3].map(() => restore(user, row.id)));
    assert.deepEqual(answers.map((answer) => answer.status).sort(), [200, 404, 404]);
    assert.deepEqual(drifted([user]), []);
    assert.equal((await unread(user)).length, 1);
  }
});

test('restores and deletes at once: the counter is the rows', async () => {
  const user = fresh();
  const made = give(user, Array.from({ length: 10 }, () => ({})));
  for (let round = 0; round < 10; round++) {
    const answers = await Promise.all(made.flatMap((row, n) => [restore(user, row.id), call('DELETE', `${v1}/${row.id}`, { as: user.token }),
      ...(n % 3 ? [] : [markAll(user)])]));
    for (const answer of answers) assert.ok([200, 404].includes(answer.status), answer.text);
    assert.deepEqual(drifted([user]), []);
  }
});

/* ---- cleanup and the bin ---- */

const now = '2021-06-01T12:00:00.000Z';
const before = (days, ms = 0) => new Date(Date.parse(now) - days * 86400000 + ms).toISOString();

// read, restored: whether cleanup throws it into the bin (again).
for (const [what, read_at, restored_at, gone] of [
  ['read long ago, restored yesterday', before(300), before(1), false],
  ['read long ago, restored 30 days ago to the millisecond', before(300), before(30), false],
  ['read long ago, restored 30 days and a millisecond ago', before(300), before(30, -1), true],
  ['restored long ago, read yesterday', before(1), before(300), false],
  ['restored long ago, read 31 days ago', before(31), before(300), true],
  ['restored long ago, never read', null, before(300), false],
]) {
  test(`cleanup: ${what}`, () => {
    const user = fresh();
    const [row] = give(user, [{ created_at: before(400), read_at, restored_at }]);
    assert.equal(cron('cleanup', '--at', now, '--dry-run').deleted, gone ? 1 : 0);
    assert.equal(cron('cleanup', '--at', now).deleted, gone ? 1 : 0);
    assert.equal(rows(`SELECT deleted_at FROM notifications WHERE user_id = ${quote(user.id)} AND id = ${quote(row.id)}`)[0].deleted_at !== null, gone);
    exec(`DELETE FROM notifications WHERE user_id = ${quote(user.id)}; UPDATE inbox SET unread = 0 WHERE user_id = ${quote(user.id)};`);
  });
}

test('what cleanup has put into the bin comes back, and stays', async () => {
  const user = fresh();
  const [row] = give(user, [{ created_at: before(400), read_at: before(40) }]);
  assert.equal(cron('cleanup', '--at', now).deleted, 1);
  expect(await restore(user, row.id), 200);
  cron('cleanup', '--at', now);
  assert.deepEqual(await ids(user), [row.id]);
});
