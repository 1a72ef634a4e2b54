// Logging in with a mailed code, sessions, and who one is (contract section 4).
// The web server lets 400 tries an address through at once, so each test comes
// from an address of its own; the last one is about that limit.
import assert from 'node:assert/strict';
import test from 'node:test';
import { call, cron, exec, expect, ok, quote, token, uuid, value } from '../lib/client.mjs';
import { claimsOf } from '../lib/jwt.mjs';
import { codesTo, mailsTo } from '../lib/mail.mjs';
import { insertUsers, makeUser } from '../lib/world.mjs';

const me = '/v1/auth/me';
const sent = { sent: true };

function fresh() {
  const user = makeUser('login');
  insertUsers([user]);
  return user;
}

// Somewhere in 127.0.0.0/8.
const place = () => `127.${[0, 0, 0].map(() => 1 + Math.floor(Math.random() * 254)).join('.')}`;
let from = place();
test.beforeEach(() => { from = place(); });

const send = (email) => call('POST', '/v1/auth/send-code', { from, body: { email } });
const verify = (email, code) => call('POST', '/v1/auth/verify-code', { from, body: { email, code } });
const wrong = (code) => String((Number(code) + 1) % 1000000).padStart(6, '0');

async function codeFor(user) {
  assert.deepEqual(expect(await send(user.email), 200), sent);
  const [code, ...more] = codesTo(user.email);
  assert.deepEqual(more, [], 'one mail');
  assert.match(code ?? '', /^\d{6}$/);
  return code;
}

test('a code logs in once, and sets the cookie as it should be', async () => {
  const user = fresh();
  const code = await codeFor(user);
  const answer = await verify(user.email.toUpperCase(), code);
  assert.equal(expect(answer, 200).user.id, user.id);
  const [cookie, ...more] = answer.headers['set-cookie'];
  assert.deepEqual(more, []);
  assert.match(cookie, /^token=[\w-]+\.[\w-]+\.[\w-]+;/);
  for (const attribute of ['HttpOnly', 'SameSite=Lax', 'Path=/']) assert.match(cookie, new RegExp(`; ${attribute}(;|$)`, 'i'));
  assert.doesNotMatch(cookie, /; (Domain=|Secure)/i, 'no Domain; Secure only over TLS');
  const jwt = /^token=([^;]+)/.exec(cookie)[1];
  assert.equal((await ok(200, 'GET', me, { as: jwt })).user.id, user.id);
  const again = await verify(user.email, code);
  expect(again, 401, 'Invalid or expired code');
  assert.equal(again.headers['set-cookie'], undefined);
});

test('the mail has text and HTML, and nothing of the code is kept', async () => {
  const user = fresh();
  const code = await codeFor(user);
  const [{ headers, text }] = mailsTo(user.email);
  assert.ok(headers.subject.length > 0);
  assert.ok(headers.from.length > 0);
  assert.match(text, /text\/plain/);
  assert.match(text, /text\/html/);
  assert.doesNotMatch(JSON.stringify(value(`SELECT json_agg(d) FROM deliveries d WHERE user_id = ${quote(user.id)}`)),
    new RegExp(`(?<![0-9a-f])${code}(?![0-9a-f])`), 'a sent payload is emptied');
  assert.deepEqual(mailsTo(user.email).length, 1);
  cron('dispatch');
  assert.deepEqual(mailsTo(user.email).length, 1, 'never twice');
});

test('ten minutes: both sides', async () => {
  for (const [left, status] of [['5 seconds', 200], ['-1 millisecond', 401]]) {
    const user = fresh();
    const code = await codeFor(user);
    assert.equal(value(`SELECT round(extract(epoch FROM expires_at - created_at)) FROM login_codes
      WHERE email = ${quote(user.email)}`), 600);
    exec(`UPDATE login_codes SET created_at = now() - interval '10 minutes' + interval '${left}',
      expires_at = now() + interval '${left}' WHERE email = ${quote(user.email)};`);
    expect(await verify(user.email, code), status, status === 401 ? 'Invalid or expired code' : undefined);
  }
});

test('a sixth code within an hour is refused, for a known and an unknown address alike', async () => {
  const addresses = [fresh().email, `nobody.${uuid()}@example.com`];
  const told = [];
  for (const email of addresses) {
    const answers = [];
    for (let n = 0; n < 6; n++) answers.push(await send(email));
    assert.deepEqual(answers.map((a) => a.status), [200, 200, 200, 200, 200, 429], email);
    told.push(answers.map((a) => a.text));
    exec(`UPDATE login_codes SET created_at = created_at - interval '1 hour' WHERE email = ${quote(email)};`);
    expect(await send(email), 200, undefined, 'an hour later');
  }
  assert.deepEqual(told[0], told[1], 'no difference to be seen');
});

test('five wrong tries: then not even the right code', async () => {
  const user = fresh();
  const code = await codeFor(user);
  for (let n = 0; n < 5; n++) expect(await verify(user.email, wrong(code)), 401, 'Invalid or expired code', `try ${n + 1}`);
  expect(await verify(user.email, code), 429);
  assert.equal(value(`SELECT count(*) FROM sessions WHERE user_id = ${quote(user.id)}`), 0);
});

test('wrong tries tell nothing of whether somebody has the address', async () => {
  const told = [];
  for (const email of [fresh().email, `nobody.${uuid()}@example.com`]) {
    const answers = [await verify(email, '000000'), await send(email)];
    for (let n = 0; n < 7; n++) answers.push(await verify(email, 'x'));
    told.push(answers.map((a) => `${a.status} ${a.text}`));
  }
  assert.deepEqual(told[0], told[1]);
  assert.match(told[0].at(-1), /^429 /);
});

test('four wrong tries and the right one', async () => {
  const user = fresh();
  const code = await codeFor(user);
  for (let n = 0; n < 4; n++) expect(await verify(user.email, wrong(code)), 401);
  expect(await verify(user.email, code), 200);
});

test('one person\'s code is nobody else\'s, and nobody gets no mail', async () => {
  const [user, other] = [fresh(), fresh()];
  const code = await codeFor(user);
  const nobody = `nobody.${uuid()}@example.com`;
  expect(await verify(other.email, code), 401, 'Invalid or expired code');
  expect(await verify(nobody, code), 401, 'Invalid or expired code');
  assert.deepEqual(expect(await send(nobody), 200), sent);
  assert.deepEqual(codesTo(nobody), []);
  assert.equal(value(`SELECT count(*) FROM users WHERE email = ${quote(nobody)}`), 0, 'asking makes no user');
});

// Bodies of the two: route, body, status, text.
const bodies = [
  ['send-code', {}, 400, 'Missing field: email'], ['send-code', { email: 1 }, 400, 'Invalid field: email'],
  ['send-code', { email: 'x' }, 400, 'Invalid field: email'], ['send-code', { email: 'a@example.com\r\nBcc: b@example.com' }, 400, 'Invalid field: email'],
  ['send-code', { email: `${'a'.repeat(300)}@example.com` }, 400, 'Invalid field: email'], ['send-code', { email: ['a@example.com'] }, 400, 'Invalid field: email'],
  ['send-code', { email: 'a@example.com', x: 1 }, 400, 'Unknown field: x'],
  ['verify-code', { email: 'a@example.com' }, 400, 'Missing field: code'], ['verify-code', { email: 'a@example.com', code: 123456 }, 400, 'Invalid field: code'],
  ['verify-code', { code: '123456' }, 400, 'Missing field: email'],
];

for (const [route, body, status, text] of bodies) {
  test(`${route} with ${JSON.stringify(body).slice(0, 60)} is ${status}`, async () => {
    expect(await call('POST', `/v1/auth/${route}`, { from, body }), status, text);
  });
}

test('a login from another site is refused', async () => {
  expect(await call('POST', '/v1/auth/verify-code', { from, body: { email: 'a@example.com', code: '123456' },
    headers: { 'Sec-Fetch-Site': 'cross-site' } }), 403, 'Cross-site request refused');
});

test('logout ends this session at once, and only this one', async () => {
  const user = fresh();
  const [one, two] = [token(user.email), token(user.email)];
  assert.notEqual(claimsOf(one).jti, claimsOf(two).jti);
  const answer = await call('POST', '/v1/auth/logout', { as: one });
  expect(answer, 200);
  assert.match(answer.headers['set-cookie']?.[0] ?? '', /^token=;.*(Max-Age=0|expires=Thu, 01 Jan 1970)/i, 'the cookie is cleared');
  expect(await call('GET', me, { as: one }), 401, 'Invalid or expired token');
  expect(await call('POST', '/v1/auth/logout', { as: one }), 401, 'Invalid or expired token');
  expect(await call('GET', me, { as: two }), 200);
});

test('logout-all ends all of the user\'s sessions, and nobody else\'s', async () => {
  const [user, other] = [fresh(), fresh()];
  const mine = [token(user.email), token(user.email), token(user.email)];
  expect(await call('POST', '/v1/auth/logout-all', { as: mine[1] }), 200);
  for (const each of mine) expect(await call('GET', me, { as: each }), 401, 'Invalid or expired token');
  expect(await call('GET', me, { as: other.token }), 200);
  expect(await call('GET', me, { as: token(user.email) }), 200, undefined, 'a new login works');
});

test('the web server bounds tries from one address, in JSON', async () => {
  const answers = await Promise.all(Array.from({ length: 600 }, () => verify(`nobody.${uuid()}@example.com`, '000000')));
  const refused = answers.filter((each) => each.status === 429);
  assert.ok(refused.length > 0, 'some of 600 at once are refused');
  assert.deepEqual(new Set(answers.map((each) => each.status)), new Set([401, 429]));
  for (const each of refused) assert.match(each.headers['retry-after'], /^\d+$/);
  expect(await call('GET', me, { as: fresh().token }), 200, undefined, 'and nothing else is');
});
