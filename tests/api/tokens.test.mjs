// Credentials that are not quite right, and the exact texts of their 401
// (contract section 4).
import assert from 'node:assert/strict';
import test from 'node:test';
import { call, exec, expect, ok, quote, sign, token, uuid } from '../lib/client.mjs';
import { b64, claimsOf, headerOf } from '../lib/jwt.mjs';
import { makeKey, makeWorld } from '../lib/world.mjs';

const { owner, admin, outsider, team } = makeWorld();
const me = '/v1/auth/me';
const jwt = token(owner.email);
const header = headerOf(jwt);
const claims = claimsOf(jwt);
const [h, c, m] = jwt.split('.');
const now = Math.floor(Date.now() / 1000);
const bad = 'Invalid or expired token';

test('a token holds what the contract says, signed with HS256', () => {
  assert.deepEqual(Object.keys(claims).sort(), ['email', 'exp', 'iat', 'jti', 'sub']);
  assert.equal(claims.sub, owner.id);
  assert.equal(claims.email, owner.email);
  assert.equal(JSON.parse(header).alg, 'HS256');
  assert.equal(sign(header, Buffer.from(c, 'base64url').toString()), jwt, 'the tests sign as the program does');
});

test('scripts/token EMAIL SECONDS', async () => {
  const { iat, exp } = claimsOf(token(owner.email, 120));
  assert.equal(exp - iat, 120);
  assert.throws(() => token(`nobody.${uuid()}@example.com`), 'nobody has no token');
});

test('a token signed here by the same rules is as good', async () => {
  await ok(200, 'GET', me, { as: sign(header, claims) });
  await ok(200, 'GET', me, { bearer: sign(header, { ...claims, exp: now + 1000 }) });
});

const otherAlg = (alg) => header.replace('HS256', alg);
const flip = (text, at) => text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1);
const without = (name) => Object.fromEntries(Object.entries(claims).filter(([key]) => key !== name));
// The last character of 43 carries two unused bits: another one decodes to the same MAC.
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const twin = `${h}.${c}.${m.slice(0, -1)}${alphabet[alphabet.indexOf(m.at(-1)) ^ 1]}`;

const forged = [
  ['alg none, no MAC', `${b64('{"alg":"none","typ":"JWT"}')}.${c}.`],
  ['alg none, the old MAC', `${b64('{"alg":"none","typ":"JWT"}')}.${c}.${m}`],
  ['alg None', sign(otherAlg('None'), claims)], ['alg NONE', sign(otherAlg('NONE'), claims)], ['alg empty', sign(otherAlg(''), claims)],
  ['alg HS512', sign(otherAlg('HS512'), claims, undefined, 'sha512')], ['alg HS384', sign(otherAlg('HS384'), claims, undefined, 'sha384')],
  ['alg HS512 with an HS256 MAC', sign(otherAlg('HS512'), claims)], ['alg HS256 with an HS512 MAC', sign(header, claims, undefined, 'sha512')],
  ['alg RS256', sign(otherAlg('RS256'), claims)], ['alg hs256', sign(otherAlg('hs256'), claims)],
  ['no alg', sign('{"typ":"JWT"}', claims)], ['two algs', sign('{"alg":"none","alg":"HS256","typ":"JWT"}', claims)],
  ['another order in the header', sign('{"typ":"JWT","alg":"HS256"}', claims)], ['spaces in the header', sign('{"alg": "HS256", "typ": "JWT"}', claims)],
  ['an empty header', sign('{}', claims)], ['a header of no JSON', sign('x', claims)], ['an unknown kid', sign('{"alg":"HS256","typ":"JWT","kid":"x"}', claims)],
  ['a kid that is a path', sign('{"alg":"HS256","typ":"JWT","kid":"../../dev/null"}', claims)], ['a crit header', sign('{"alg":"HS256","typ":"JWT","crit":["x"]}', claims)],
  ['a jwk header', sign('{"alg":"HS256","typ":"JWT","jwk":{"kty":"oct","k":"AA"}}', claims)],
  ['an empty MAC', `${h}.${c}.`], ['no MAC', `${h}.${c}`], ['a cut MAC', jwt.slice(0, -1)], ['a half MAC', `${h}.${c}.${m.slice(0, 22)}`],
  ['a longer MAC', `${jwt}A`], ['a changed MAC', `${h}.${c}.${flip(m, 0)}`], ['a changed claim', `${h}.${flip(c, 5)}.${m}`],
  ['a changed header', `${flip(h, 3)}.${c}.${m}`], ['a non-canonical MAC', twin],
  ['another key', sign(header, claims, 'x'.repeat(64))], ['an empty key', sign(header, claims, '')],
  ['padding', `${jwt}=`], ['padding in the middle', `${h}=.${c}.${m}`], ['standard base64', `${h}.${c}.${m.slice(0, -2)}+/`],
  ['a newline escaped', `${h}.${c}%0a.${m}`], ['four parts', `${jwt}.x`], ['five parts', `${jwt}.x.y`],
  ['one part', h], ['a dot', '.'], ['two dots', '..'], ['three dots', '...'], ['dots before', `.${jwt}`], ['a word', 'null'],
  ['no exp', sign(header, without('exp'))], ['no sub', sign(header, without('sub'))], ['no jti', sign(header, without('jti'))],
  ['expired', sign(header, { ...claims, iat: now - 100, exp: now - 1 })], ['expired long ago', sign(header, { ...claims, exp: 1 })],
  ['exp now', sign(header, { ...claims, exp: now })],
  ['exp 0', sign(header, { ...claims, exp: 0 })], ['exp negative', sign(header, { ...claims, exp: -1 })], ['exp a text', sign(header, { ...claims, exp: String(now + 1000) })],
  ['exp null', sign(header, { ...claims, exp: null })], ['exp true', sign(header, { ...claims, exp: true })], ['exp a list', sign(header, { ...claims, exp: [now + 1000] })],
  ['exp NaN', sign(header, JSON.stringify(claims).replace(/"exp":\d+/, '"exp":NaN'))],
  ['exp Infinity', sign(header, JSON.stringify(claims).replace(/"exp":\d+/, '"exp":Infinity'))],
  ['exp twice', sign(header, JSON.stringify(claims).replace(/"exp":\d+/, `"exp":1,"exp":${now + 1000}`))],
  ['a random jti', sign(header, { ...claims, jti: uuid() })], ['jti no uuid', sign(header, { ...claims, jti: 'x' })], ['jti a number', sign(header, { ...claims, jti: 1 })],
  ['jti SQL', sign(header, { ...claims, jti: "' OR '1'='1" })], ['jti a list', sign(header, { ...claims, jti: [claims.jti] })],
  ['a random sub', sign(header, { ...claims, sub: uuid() })], ['sub no uuid', sign(header, { ...claims, sub: 'x' })],
  ['another user\'s sub with one\'s own session', sign(header, { ...claims, sub: admin.id })],
  ['one\'s own sub with another\'s session', sign(header, { ...claims, jti: claimsOf(outsider.token).jti })],
  ['claims that are a list', sign(header, '[]')], ['claims that are null', sign(header, 'null')], ['claims of no JSON', sign(header, 'x')],
  ['empty claims', sign(header, '{}')], ['no claims', sign(header, '')], ['claims of bad UTF-8', `${h}.${Buffer.from([0x7b, 0xff, 0x7d]).toString('base64url')}.${m}`],
  ['claims with more behind', sign(header, `${JSON.stringify(claims)}{}`)], ['claims of depth 1,000', sign(header, '['.repeat(250) + ']'.repeat(250))],
  ['2 KB', sign(header, { ...claims, padding: 'x'.repeat(2048) })], ['2 KB of letters', 'a'.repeat(2048)], ['6 KB of dots', '.'.repeat(6000)],
];

for (const [what, text] of forged) {
  test(`${what}: 401`, async () => {
    for (const path of [me, '/v1/notifications/unread-count', '/v1/notifications', `/v1/teams/${team.id}`])
      expect(await call('GET', path, { bearer: text }), 401, bad, path);
    expect(await call('GET', me, { as: text }), 401, bad, 'as a cookie');
    expect(await call('PATCH', `/v1/notifications/${uuid()}`, { bearer: text }), 401, bad, 'a write');
    expect(await call('POST', '/v1/notifications/mark-all-read', { bearer: text }), 401, bad, 'a write of many');
  });
}

// The Authorization header: value, text of the 401 or null where it is good.
const headers = [
  [`Bearer ${jwt}`, null], [`bearer ${jwt}`, null], [`BEARER ${jwt}`, null],
  ['Bearer', 'Invalid authorization format'], ['Basic dXNlcjpwYXNz', 'Invalid authorization format'],
  [jwt, 'Invalid authorization format'], [team.keys.agent.secret, 'Invalid authorization format'], [`Token ${jwt}`, 'Invalid authorization format'],
  [`Bearer${jwt}`, 'Invalid authorization format'], ['Bearer x', bad], ['Bearer car_', undefined], ['Bearer car_agent_', undefined],
  [`Bearer ${makeKey('agent').secret}`, 'Invalid API key'], [`Bearer ${makeKey('client').secret}`, 'Invalid API key'],
  [`Bearer ${team.keys.agent.secret}0`, undefined], [`Bearer ${team.keys.agent.secret.slice(0, -1)}`, undefined],
  [`Bearer ${team.keys.expired.secret}`, 'API key expired'], [`Bearer ${team.keys.expiredClient.secret}`, 'API key expired'],
  [`Bearer ${jwt} ${jwt}`, undefined], [`Bearer ${jwt}, Bearer ${jwt}`, undefined], ['Digest username="x"', 'Invalid authorization format'],
];

for (const [value, text] of headers) {
  test(`Authorization: ${value.replace(jwt, 'JWT').slice(0, 60)}`, async () => {
    const answer = await call('GET', me, { headers: { Authorization: value } });
    if (text === null) expect(answer, 200);
    else expect(answer, 401, text);
    // It beats the cookie, for better or worse.
    const beside = await call('GET', me, { as: admin.token, headers: { Authorization: value } });
    if (text === null) assert.equal(expect(beside, 200).user.id, owner.id);
    else expect(beside, 401, text);
  });
}

// The Cookie header: value, who is meant (null: 401), text.
const cookies = [
  [`token=${jwt}`, owner.id], [`a=1; token=${jwt}; b=2`, owner.id], [`a=1;token=${jwt}`, owner.id], [`xtoken=1; token=${jwt}`, owner.id],
  [`token2=x; token=${jwt}`, owner.id], ['', null, 'Missing authorization'], ['a=1', null, 'Missing authorization'],
  [`xtoken=${jwt}`, null, 'Missing authorization'], [`tokenx=${jwt}`, null, 'Missing authorization'], [`TOKEN=${jwt}`, null, 'Missing authorization'],
  [`Token=${jwt}`, null, 'Missing authorization'], ['token', null, 'Missing authorization'], [`a=token=${jwt}`, null, 'Missing authorization'],
  [`__Host-token=${jwt}`, null, 'Missing authorization'], [`token=${jwt}x`, null, bad], ['token=x', null, bad],
];

for (const [cookie, who, text] of cookies) {
  test(`Cookie: ${cookie.replace(jwt, 'JWT') || '(empty)'}`, async () => {
    const answer = await call('GET', me, { headers: { Cookie: cookie } });
    if (who) assert.equal(expect(answer, 200).user.id, who);
    else expect(answer, 401, text);
  });
}

test('two cookies of that name: never the second by stealth', async () => {
  for (const cookie of [`token=${jwt}; token=${admin.token}`, `token=${admin.token}; token=${jwt}`]) {
    const answer = await call('GET', me, { headers: { Cookie: cookie } });
    const first = cookie.startsWith(`token=${jwt}`) ? owner.id : admin.id;
    if (answer.status === 200) assert.equal(answer.json.user.id, first);
    else expect(answer, 401);
  }
  expect(await call('GET', me, { headers: { Cookie: `token=x; token=${jwt}` } }), 401);
});

test('a session that is revoked, expired or gone ends its token at once, on every kind of route', async () => {
  const paths = [['GET', me], ['GET', '/v1/notifications'], ['GET', '/v1/notifications/unread-count'], ['GET', '/api/notifications'],
    ['POST', '/v1/notifications/mark-all-read'], ['PATCH', `/v1/notifications/${uuid()}`], ['GET', `/v1/teams/${team.id}`]];
  for (const end of ['UPDATE sessions SET revoked_at = now()', "UPDATE sessions SET expires_at = now() - interval '1 second'",
    'DELETE FROM sessions']) {
    const mine = token(owner.email);
    expect(await call('GET', me, { as: mine }), 200);
    exec(`${end} WHERE user_id = ${quote(owner.id)} AND id = ${quote(claimsOf(mine).jti)};`);
    for (const [method, path] of paths) expect(await call(method, path, { as: mine }), 401, bad, `${end}: ${path}`);
  }
  expect(await call('GET', me, { as: jwt }), 200, undefined, 'the other session lives');
});

// A token whose session has ended is no credential: 401 comes before whatever else is wrong.
const wrongs = [
  ['a malformed id', 'PATCH', '/v1/notifications/x', {}], ['a malformed id', 'DELETE', '/v1/notifications/x', {}],
  ['a malformed id', 'POST', '/api/notifications/x/read', {}], ['a bad cursor', 'GET', '/v1/notifications?cursor=x', {}],
  ['a bad cursor', 'GET', '/api/notifications?cursor=x', {}], ['a bad field', 'PATCH', `/v1/notifications/${uuid()}`, { body: { read: 1 } }],
  ['an unknown type, strictly', 'GET', '/v1/notifications?type=x', { headers: { Prefer: 'handling=strict' } }],
  ['a bad up_to', 'POST', '/v1/notifications/mark-all-read', { body: { up_to: 'x' } }],
  ['a body that is no JSON', 'POST', '/v1/notifications/mark-all-read', { raw: '{' }],
  ['a malformed team', 'GET', '/v1/teams/x', {}], ['a bad field', 'PATCH', me, { body: { name: 1 } }],
];

for (const [what, method, path, options] of wrongs) {
  test(`${method} ${path} with ${what} under an ended session is 401`, async () => {
    const mine = token(owner.email);
    await ok(200, 'POST', '/v1/auth/logout', { as: mine });
    expect(await call(method, path, { ...options, as: mine }), 401, bad);
  });
}

test('a key\'s last use is kept, and a deleted key is unknown', async () => {
  const key = team.keys.client;
  await ok(201, 'POST', '/v1/feedback', { bearer: key.secret, body: { message: 'm' } });
  const keys = await ok(200, 'GET', `/v1/teams/${team.id}/keys`, { as: owner.token });
  assert.match(keys.keys.find((each) => each.id === key.id).last_used_at, /Z$/);
  exec(`DELETE FROM api_keys WHERE id = ${quote(key.id)};`);
  expect(await call('POST', '/v1/feedback', { bearer: key.secret, body: { message: 'm' } }), 401, 'Invalid API key');
});
