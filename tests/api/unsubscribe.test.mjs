// The link of RFC 8058 in mail that can be muted: /unsubscribe/TYPE/LINK.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import test from 'node:test';
import { call, expect, ok, secret, uuid } from '../lib/client.mjs';
import { insertUsers, makeUser } from '../lib/world.mjs';

// The link as common/optout.c makes it, worked out once more.
function linkOf(user, type, key = secret(), purpose = 'unsubscribe e-mail') {
  const mac = createHmac('sha256', key).update(`${purpose}\0${user.id}\0${type}\0`).digest();
  return Buffer.concat([Buffer.from(user.id.replaceAll('-', ''), 'hex'), mac.subarray(0, 16)]).toString('base64url');
}

const target = (user, type, link = linkOf(user, type)) => `/unsubscribe/${type}/${link}`;
const types = async (user) => (await ok(200, 'GET', '/v1/auth/me', { as: user.token })).user.preferences.notifications?.types ?? {};
const oneClick = { raw: 'List-Unsubscribe=One-Click', type: 'application/x-www-form-urlencoded' };

function fresh() {
  const user = makeUser('reader');
  insertUsers([user]);
  return user;
}

test('a mail client switches one type off, from anywhere and without a cookie', async () => {
  const user = fresh();
  const answer = await call('POST', target(user, 'feedback.new'), { ...oneClick,
    headers: { Origin: 'https://mail.example', 'Sec-Fetch-Site': 'cross-site' } });
  assert.equal(answer.status, 200);
  assert.equal(answer.text, '');
  assert.equal(answer.headers['set-cookie'], undefined);
  assert.deepEqual(await types(user), { 'feedback.new': { email: false } });
});

test('again is harmless, and nothing else moves', async () => {
  const user = fresh();
  const preferences = { notifications: { types: { 'feedback.new': { in_app: false, email: true }, 'issue.new': { email: true } }, email_after_minutes: 7 } };
  expect(await call('PATCH', '/v1/auth/me', { as: user.token, body: { preferences } }), 200);
  for (let n = 0; n < 3; n++) assert.equal((await call('POST', target(user, 'feedback.new'), oneClick)).status, 200);
  preferences.notifications.types['feedback.new'].email = false;
  assert.deepEqual((await ok(200, 'GET', '/v1/auth/me', { as: user.token })).user.preferences, preferences);
});

// What else a request may look like: it is the link that counts.
const shapes = [['no body', {}], ['JSON', { body: { a: 1 } }], ['another form', { raw: 'x=y', type: 'multipart/form-data; boundary=x' }],
  ['bytes', { raw: Buffer.from([0, 255, 10]), type: 'text/plain' }], ['a bad bearer', { ...oneClick, bearer: 'garbage' }],
  ['a bad cookie', { ...oneClick, as: 'a.b.c' }], ['strict handling', { ...oneClick, headers: { Prefer: 'handling=strict' } }]];

for (const [what, options] of shapes) {
  test(`POST with ${what}`, async () => {
    const user = fresh();
    const answer = await call('POST', target(user, 'issue.digest'), options);
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.text, '');
    assert.deepEqual(await types(user), { 'issue.digest': { email: false } });
  });
}

test('GET and HEAD change nothing; the page has a button that does', async () => {
  const user = fresh();
  const page = await call('GET', target(user, 'job.completed'));
  assert.equal(page.status, 200);
  assert.equal(page.headers['content-type'], 'text/html; charset=utf-8');
  assert.match(page.headers['content-security-policy'], /form-action 'self'/);
  assert.match(page.text, /<form method="post">.*<button/s);
  assert.match(page.text, /Job completed/);
  assert.equal(page.text.includes(user.email), false, 'whoever looks learns no address');
  assert.equal((await call('HEAD', target(user, 'job.completed'))).status, 200);
  assert.deepEqual(await types(user), {});
  const done = await call('POST', target(user, 'job.completed'), { ...oneClick, raw: 'from=page' });
  assert.equal(done.status, 200);
  assert.match(done.text, /no longer mails you/);
  assert.deepEqual(await types(user), { 'job.completed': { email: false } });
});

test('links that are not ours are one 404, and change nothing', async () => {
  const user = fresh();
  const good = linkOf(user, 'feedback.new');
  const bad = [
    target(user, 'feedback.new', linkOf(user, 'issue.new')), // another type
    target(user, 'feedback.new', linkOf(user, 'feedback.new', 'another secret of thirty-two bytes')),
    target(user, 'feedback.new', linkOf(user, 'feedback.new', secret(), 'something else')),
    target(user, 'feedback.new', linkOf(fresh(), 'feedback.new').slice(0, 22) + good.slice(22)), // another's id
    target(user, 'FLAG_SCHEDULE_FAILED'), // cannot be muted
    target(user, 'no.such.type'), target(user, 'Feedback.New'), target(user, 'auth.code'),
    ...['x', good.slice(1), `${good}A`, `${good}=`, good.toUpperCase(), '%FF'.repeat(43), 'a'.repeat(2000), '%27;%20--', uuid()]
      .map((link) => target(user, 'feedback.new', link)),
  ];
  for (const where of bad)
    for (const method of ['GET', 'POST']) {
      const answer = await call(method, where, method === 'POST' ? oneClick : {});
      assert.deepEqual([answer.status, answer.text], [404, '{"error":"Link not found"}'], `${method} ${where}`);
    }
  assert.deepEqual(await types(user), {});
});

test('of an account that is gone the answer is the same, and nobody is changed', async () => {
  const nobody = { id: uuid() };
  const answer = await call('POST', target(nobody, 'feedback.new'), oneClick);
  assert.deepEqual([answer.status, answer.text], [200, '']);
});

test('other methods and other paths', async () => {
  const user = fresh();
  for (const method of ['PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
    const answer = await call(method, target(user, 'feedback.new'));
    expect(answer, 405, 'Method not allowed');
    assert.equal(answer.headers.allow, 'GET, HEAD, POST');
  }
  for (const where of ['/unsubscribe', '/unsubscribe/', '/unsubscribe/feedback.new', `${target(user, 'feedback.new')}/x`])
    expect(await call('GET', where, { lax: true }), 404, 'Not found');
  assert.deepEqual(await types(user), {});
});
