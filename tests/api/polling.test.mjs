// Polling (contract section 5c): ETag, If-None-Match, X-Poll-Interval.
import assert from 'node:assert/strict';
import test from 'node:test';
import { call, expect, ok } from '../lib/client.mjs';
import { give, insertUsers, makeUser, makeWorld } from '../lib/world.mjs';

const { team } = makeWorld();
const faces = [
  ['/v1/notifications/unread-count', '30'],
  ['/v1/notifications', '30'],
  ['/v1/notifications?limit=1&read_state=unread', '30'],
  ['/v1/notifications?type=issue.new', '30'],
  ['/api/notifications', '60'],
  ['/api/notifications?limit=1', '60'],
];
const count = faces[0][0];
const at = (n) => new Date(Date.UTC(2024, 0, 15, 10, 0, 0, n)).toISOString();

function fresh() {
  const user = makeUser('poller');
  insertUsers([user]);
  return user;
}

async function tagOf(user, path = count) {
  const answer = await call('GET', path, { as: user.token });
  expect(answer, 200);
  assert.match(answer.headers.etag, /^"[^"]+"$/, 'a strong ETag');
  return answer.headers.etag;
}

const ask = (user, path, tag, method = 'GET') => call(method, path, { as: user.token, headers: { 'If-None-Match': tag } });

for (const [path, seconds] of faces) {
  test(`${path}: ETag, X-Poll-Interval, 304, HEAD`, async () => {
    const user = fresh();
    give(user, [{}, { type: 'issue.new' }]);
    const first = await call('GET', path, { as: user.token });
    assert.equal(first.headers['x-poll-interval'], seconds);
    const tag = await tagOf(user, path);
    assert.equal(first.headers.etag, tag, 'reading changes nothing');
    const second = await ask(user, path, tag);
    assert.equal(second.status, 304);
    assert.equal(second.headers.etag, tag);
    assert.equal(second.headers['x-poll-interval'], seconds, 'also on 304');
    assert.equal(second.headers['content-type'], undefined, 'a 304 has no body to type');
    const head = await call('HEAD', path, { as: user.token });
    assert.equal(head.status, 200);
    assert.equal(head.headers.etag, tag);
    assert.equal((await ask(user, path, tag, 'HEAD')).status, 304);
  });
}

// If-None-Match as it may come; T is the current tag, O an older one.
const conditions = [
  ['T', 304], ['W/T', 304], ['O', 200], ['O, T', 304], ['T, O', 304], ['O,T', 304], ['O , W/T , "x"', 304], ['*', 304],
  ['"", T', 304], ['"a,b", T', 304], ['', 200], ['""', 200], ['W/O', 200], ['T-', 304], ['bare', 200],
  ['"x"', 200], ['"*"', 200], ['TT', 200], [' T ', 304], ['unterminated', 200], ['prefix', 200], ['suffix', 200],
];

for (const [form, status] of conditions) {
  test(`If-None-Match: ${form || '(empty)'} gives ${status}`, async () => {
    const user = fresh();
    const old = await tagOf(user);
    give(user, [{}]);
    const now = await tagOf(user);
    const bare = now.slice(1, -1);
    const special = { bare, TT: `"${bare}${bare}"`, unterminated: `"${bare}`, prefix: `"${bare.slice(0, -1)}"`,
      suffix: `"${bare}0"`, 'T-': `${now}, ` };
    const header = special[form] ?? form.replaceAll('T', now).replaceAll('O', old);
    for (const path of [count, '/v1/notifications', '/api/notifications'])
      assert.equal((await ask(user, path, header)).status, status, `${path} ${header}`);
  });
}

test('another user\'s tag never matches', async () => {
  const [a, b] = [fresh(), fresh()];
  const mine = new Set([await tagOf(a)]);
  for (const user of [a, b]) give(user, [{}]);
  mine.add(await tagOf(a));
  for (const tag of mine)
    for (const [path] of faces) assert.equal((await ask(b, path, tag)).status, 200, path);
  assert.ok(!mine.has(await tagOf(b)));
});

// Everything that changes an inbox: what, how.  Each starts from the same three rows.
const v1 = '/v1/notifications';
const changes = [
  ['PATCH true', (u, [a]) => ok(200, 'PATCH', `${v1}/${a.id}`, { as: u.token })],
  ['PATCH false', (u, [, , r]) => ok(200, 'PATCH', `${v1}/${r.id}`, { as: u.token, body: { read: false } })],
  ['DELETE of an unread one', (u, [a]) => ok(200, 'DELETE', `${v1}/${a.id}`, { as: u.token })],
  ['DELETE of a read one', (u, [, , r]) => ok(200, 'DELETE', `${v1}/${r.id}`, { as: u.token })],
  ['mark-all-read', (u) => ok(200, 'POST', `${v1}/mark-all-read`, { as: u.token })],
  ['mark-all-read by type', (u) => ok(200, 'POST', `${v1}/mark-all-read`, { as: u.token, body: { type: 'issue.new' } })],
  ['read', (u, [a]) => ok(200, 'POST', `/api/notifications/${a.id}/read`, { as: u.token })],
  ['read-all', (u) => ok(200, 'POST', '/api/notifications/read-all', { as: u.token })],
  ['a PATCH there and back', async (u, [a]) => {
    await ok(200, 'PATCH', `${v1}/${a.id}`, { as: u.token });
    await ok(200, 'PATCH', `${v1}/${a.id}`, { as: u.token, body: { read: false } });
  }],
];

for (const [what, change] of changes) {
  test(`the ETag of every face changes with ${what}`, async () => {
    const user = fresh();
    const made = give(user, [{}, { type: 'issue.new' }, { read_at: at(1) }]);
    const before = await tagOf(user);
    await change(user, made);
    for (const [path] of faces) {
      assert.equal((await ask(user, path, before)).status, 200, path);
      assert.notEqual(await tagOf(user, path), before, path);
    }
  });
}

test('the ETag of a member changes when feedback arrives', async () => {
  const member = team.members.developer;
  const before = await tagOf(member);
  await ok(201, 'POST', '/v1/feedback', { bearer: team.keys.client.secret, body: { message: 'hello' } });
  assert.equal((await ask(member, count, before)).status, 200);
  assert.notEqual(await tagOf(member), before);
});

// And what must leave it alone.
const other = fresh();
const [foreign] = give(other, [{}]);
const noChanges = [
  ['reading', async (u) => { for (const [path] of faces) await call('GET', path, { as: u.token }); }],
  ['mark-all-read with nothing unread of that type', (u) =>
    ok(200, 'POST', `${v1}/mark-all-read`, { as: u.token, body: { type: 'job.completed' } })],
  ['a second read', (u, [, , r]) => ok(200, 'POST', `/api/notifications/${r.id}/read`, { as: u.token })],
  ['PATCH false on an unread one', (u, [a]) => ok(200, 'PATCH', `${v1}/${a.id}`, { as: u.token, body: { read: false } })],
  ['a foreign id', (u) => ok(404, 'PATCH', `${v1}/${foreign.id}`, { as: u.token })],
  ['a DELETE of what is gone', (u, [, , , gone]) => ok(404, 'DELETE', `${v1}/${gone.id}`, { as: u.token })],
  ['a refused PATCH', (u, [a]) => ok(400, 'PATCH', `${v1}/${a.id}`, { as: u.token, body: { read: 1 } })],
  ['somebody else\'s writes', () => ok(200, 'POST', `${v1}/mark-all-read`, { as: other.token })],
];

for (const [what, act] of noChanges) {
  test(`the ETag stays with ${what}`, async () => {
    const user = fresh();
    const made = give(user, [{}, { type: 'issue.new' }, { read_at: at(1) }, { deleted_at: at(2) }]);
    const before = await tagOf(user);
    await act(user, made);
    assert.equal(await tagOf(user), before);
    assert.equal((await ask(user, count, before)).status, 304);
  });
}

test('a 304 needs credentials all the same', async () => {
  const user = fresh();
  const tag = await tagOf(user);
  for (const [path] of faces) {
    expect(await call('GET', path, { headers: { 'If-None-Match': tag } }), 401, 'Missing authorization');
    expect(await call('GET', path, { bearer: team.keys.agent.secret, headers: { 'If-None-Match': '*' } }), 403,
      'User authentication required');
  }
  await ok(200, 'POST', '/v1/auth/logout', { as: user.token });
  expect(await ask(user, count, tag), 401, 'Invalid or expired token');
});

test('a bad cursor is 400 though nothing has changed', async () => {
  const user = fresh();
  expect(await ask(user, `${v1}?cursor=x`, await tagOf(user)), 400, 'Invalid cursor');
});
