// mark-all-read against concurrent writers, checked by a model: what was
// marked by whom adds up, whatever the order was.
import assert from 'node:assert/strict';
import test from 'node:test';
import { chanceFrom } from '../lib/chance.mjs';
import { call, expect, ok } from '../lib/client.mjs';
import { drifted, give, insertUsers, makeUser, makeWorld } from '../lib/world.mjs';

const v1 = '/v1/notifications';
const at = (n) => new Date(Date.UTC(2024, 0, 15, 10, 0, 0) + n).toISOString();

function fresh(name = 'marker') {
  const user = makeUser(name);
  insertUsers([user]);
  assert.ok(user.token);
  return user;
}

const markAll = (user, body) => call('POST', `${v1}/mark-all-read`, { as: user.token, body });
const readAll = (user) => call('POST', '/api/notifications/read-all', { as: user.token });
const unread = async (user) => (await ok(200, 'GET', `${v1}?read_state=unread&limit=200`, { as: user.token })).notifications;
const marked = (answer) => expect(answer, 200).marked ?? answer.json.data.marked;
const total = (answers) => answers.reduce((sum, answer) => sum + marked(answer), 0);
const times = (n, make) => Array.from({ length: n }, (_, i) => make(i));

test('many at once: every row is marked by exactly one', async () => {
  for (let round = 0; round < 10; round++) {
    const user = fresh();
    give(user, times(150, (n) => ({ created_at: at(n) })));
    const answers = await Promise.all(times(12, (n) => (n % 2 ? markAll(user) : readAll(user))));
    assert.equal(total(answers), 150, answers.map(marked).join(' '));
    for (const answer of answers) assert.equal(answer.headers['x-unread-count'], '0');
    assert.deepEqual(drifted([user]), []);
  }
});

test('by type, at once: each type adds up by itself', async () => {
  const types = ['issue.new', 'issue.digest', 'job.completed'];
  for (let round = 0; round < 10; round++) {
    const user = fresh();
    give(user, times(90, (n) => ({ type: types[n % 3], created_at: at(n) })));
    const asked = times(9, (n) => types[n % 3]);
    const answers = await Promise.all(asked.map((type) => markAll(user, { type })));
    for (const type of types) assert.equal(total(answers.filter((_, n) => asked[n] === type)), 30, type);
    assert.deepEqual(drifted([user]), []);
  }
});

test('news arriving meanwhile is either marked or unread, never lost', async () => {
  const world = makeWorld();
  const user = world.viewer;
  assert.ok(user.token);
  const say = () => call('POST', '/v1/feedback', { bearer: world.team.keys.client.secret, body: { message: 'news' } });
  for (let round = 1; round <= 10; round++) {
    const answers = await Promise.all(times(40, (n) => (n % 4 === 0 ? markAll(user) : say())));
    for (const [n, answer] of answers.entries()) expect(answer, n % 4 === 0 ? 200 : 201);
    const left = (await unread(user)).length;
    assert.equal(total(answers.filter((_, n) => n % 4 === 0)) + left, 30, 'marked and left are what arrived');
    assert.equal(marked(await markAll(user)), left, 'and the next one takes what was left');
    assert.deepEqual(drifted([user]), []);
  }
});

test('up_to: what is newer stays unread, whatever else happens', async () => {
  for (let round = 0; round < 10; round++) {
    const user = fresh();
    const made = give(user, times(100, (n) => ({ created_at: at(n) })));
    const border = made[59];
    const up_to = `${border.created_at}|${border.id}`;
    // Newer rows are toggled meanwhile and end unread; older ones are only marked.
    const toggles = made.slice(60).flatMap((row) => [true, false].map((read) => [row, read]));
    const toggling = (async () => {
      for (const [row, read] of toggles) await ok(200, 'PATCH', `${v1}/${row.id}`, { as: user.token, body: { read } });
    })();
    const answers = await Promise.all(times(8, () => markAll(user, { up_to })));
    await toggling;
    assert.equal(total(answers), 60);
    assert.deepEqual((await unread(user)).map((item) => item.id), made.slice(60).map((row) => row.id).reverse());
    assert.deepEqual(drifted([user]), []);
  }
});

test('rows deleted meanwhile: each was unread and marked, or unread and deleted, or both', async () => {
  for (let round = 0; round < 10; round++) {
    const user = fresh();
    const made = give(user, times(100, (n) => ({ created_at: at(n) })));
    const doomed = made.filter((_, n) => n % 2);
    const deleting = Promise.all(doomed.map((row) => call('DELETE', `${v1}/${row.id}`, { as: user.token })));
    const answers = await Promise.all(times(4, () => markAll(user)));
    for (const answer of await deleting) expect(answer, 200);
    const sum = total(answers);
    assert.ok(sum >= 50 && sum <= 100, `${sum} marked`);
    assert.deepEqual(await unread(user), []);
    assert.deepEqual(drifted([user]), []);
  }
});

// One client, so that the model knows what every single answer must be.
test('a model of one inbox agrees after every single step', async () => {
  const user = fresh();
  const model = give(user, times(40, (n) => ({ created_at: at(n), type: n % 2 ? 'issue.new' : 'job.completed' })))
    .map(({ id, type }) => ({ id, type, read: false, gone: false }));
  const living = () => model.filter((row) => !row.gone);
  const count = () => living().filter((row) => !row.read).length;
  const take = (rows) => rows.filter((row) => !row.read).map((row) => { row.read = true; return row; }).length;
  const next = chanceFrom(12345);
  const random = (n) => Math.floor(next() * n);
  for (let step = 0; step < 600; step++) {
    const row = model[random(model.length)];
    const kind = random(20);
    let answer;
    let want;
    if (kind < 7) [answer, want] = [await call('PATCH', `${v1}/${row.id}`, { as: user.token, body: { read: kind < 3 } }), null];
    else if (kind < 8) [answer, want] = [await call('DELETE', `${v1}/${row.id}`, { as: user.token }), null];
    else if (kind < 12) [answer, want] = [await markAll(user, { type: row.type }), take(living().filter((each) => each.type === row.type))];
    else if (kind < 15) {
      const older = living().filter((each) => model.indexOf(each) <= model.indexOf(row));
      [answer, want] = [await markAll(user, { up_to: `${at(model.indexOf(row))}|${row.id}` }), take(older)];
    } else if (kind < 16) [answer, want] = [await readAll(user), take(living())];
    else [answer, want] = [await call('POST', `/api/notifications/${row.id}/read`, { as: user.token }), null];
    if (want !== null) assert.equal(marked(answer), want, `step ${step}`);
    else if (row.gone) expect(answer, 404, 'Notification not found');
    else if (kind === 7) row.gone = true;
    else row.read = kind < 7 ? kind < 3 : true;
    if (answer.status === 200) assert.equal(answer.headers['x-unread-count'], String(count()), `step ${step}, kind ${kind}`);
  }
  assert.deepEqual(new Set((await unread(user)).map((item) => item.id)), new Set(living().filter((r) => !r.read).map((r) => r.id)));
  assert.deepEqual(drifted([user]), []);
});

test('two statements that lock two users in turn do not deadlock', async () => {
  const world = makeWorld();
  const people = [world.owner, world.admin, world.developer, world.viewer];
  for (const user of people) assert.ok(user.token);
  const work = times(120, (n) => (n % 3 === 0
    ? call('POST', '/v1/feedback', { bearer: world.team.keys.client.secret, body: { message: 'm' } })
    : markAll(people[n % people.length])));
  for (const answer of await Promise.all(work)) assert.ok([200, 201].includes(answer.status), `${answer.status} ${answer.text}`);
  assert.deepEqual(drifted(people), []);
});
