// Headers that are too many, too long or there twice.  Each of them has an answer that is told here; none is a
// 5xx, and each error is JSON, by whomever.  The seed is printed; CARILLON_TEST_SEED=N asks the same again.
import assert from 'node:assert/strict';
import test from 'node:test';
import { startCopy } from '../lib/copy.mjs';

const copy = await startCopy();
test.after(copy.stop);
const { below, one, seed } = await import('../lib/chance.mjs');
const { call } = await import('../lib/client.mjs');
const { long } = await import('../lib/load.mjs');
const { raw } = await import('../lib/raw.mjs');
const { makeWorld } = await import('../lib/world.mjs');

const world = makeWorld();
const { owner, outsider, team } = world;
const target = '/v1/notifications/unread-count';
const cookie = ['Cookie', `token=${owner.token}`];
const { etag } = (await call('GET', target, { as: owner.token })).headers;
const K = 1024;
const bytes = (n) => 'x'.repeat(n);
const mark = '/v1/notifications/mark-all-read';
const agent = `Bearer ${team.keys.agent.secret}`;

const ask = (method, path, headers, body = '') =>
  raw(`${method} ${path} HTTP/1.1\r\n${[['Host', 'x'], ...headers].map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`);

// What holds for every answer (contract section 3).
function checkRules(answer, what) {
  const { status, headers, text } = answer;
  assert.ok(status >= 200 && (status < 500 || status === 501), `${what}: ${status} ${text}`); // 501: an unknown Transfer-Encoding
  assert.match(headers['x-request-id'] ?? '', /^[A-Za-z0-9._-]{1,64}$/, what);
  if (status < 400) return;
  assert.equal(headers['content-type'], 'application/json', what);
  assert.deepEqual(Object.keys(JSON.parse(text)), ['error'], what);
}

const post = (...headers) => ['POST', mark, [cookie, ['Content-Type', 'application/json'], ['Content-Length', '2'], ...headers], '{}'];
const read = (...headers) => ['GET', target, headers];
const rows = [
  // too long, too many
  ['a header of 64 KiB', read(['X-Long', bytes(64 * K)]), 431],
  ['a cookie of 64 KiB', read(['Cookie', `a=${bytes(64 * K)}`]), 431],
  ['an Authorization of 64 KiB', read(['Authorization', `Bearer ${bytes(64 * K)}`]), 431],
  ['a name of 64 KiB', read([bytes(64 * K), 'x']), 431],
  ['64 headers of 1 KiB', read(...Array.from({ length: 64 }, (_, n) => [`X-${n}`, bytes(K)])), 431],
  ['20,000 headers', read(...Array.from({ length: 20000 }, (_, n) => [`X-${n}`, 'x'])), 431],
  ['a path of 64 KiB', ['GET', `/v1/${bytes(64 * K)}`, []], 414],
  ['a query of 64 KiB', ['GET', `${target}?${bytes(64 * K)}`, [cookie]], 414],
  ['a method of 64 KiB', [bytes(64 * K), target, []], [400, 414]],
  ['headers of 7 KiB, three', read(cookie, ...[1, 2, 3].map((n) => [`X-${n}`, bytes(7 * K)])), 200],
  ['an Authorization of 7 KiB', read(['Authorization', `Bearer ${bytes(7 * K)}`]), 401],
  ['500 headers of some bytes', read(cookie, ...Array.from({ length: 500 }, (_, n) => [`X-${n}`, 'some bytes'])), 200],
  // there twice: refused where it decides who calls, what is meant or where a body ends
  ['two Authorization', read(['Authorization', agent], ['Authorization', `Bearer ${owner.token}`]), 400],
  ['two Authorization, the same', read(['Authorization', `Bearer ${owner.token}`], ['Authorization', `Bearer ${owner.token}`]), 400],
  ['two Content-Length', post(['Content-Length', '3']), 400],
  ['two Content-Length, the same', post(['Content-Length', '2']), 400],
  ['Content-Length and chunks', post(['Transfer-Encoding', 'chunked']), 400],
  ['two Host', read(cookie, ['Host', 'y']), 400],
  ['two If-None-Match', read(cookie, ['If-None-Match', etag], ['If-None-Match', '"x"']), 400],
  ['two If-Match', ['PATCH', `/v1/teams/${team.id}`, [cookie, ['If-Match', '"1"'], ['If-Match', '"2"']]], 400],
  ['an If-None-Match that is a list', read(cookie, ['If-None-Match', `"x", ${etag}`]), 304],
  ['a Transfer-Encoding that nobody knows', read(cookie, ['Transfer-Encoding', 'identity']), 501],
  // the first counts
  ['two Sec-Fetch-Site, the first is another\'s', post(['Sec-Fetch-Site', 'cross-site'], ['Sec-Fetch-Site', 'same-origin']), 403],
  ['two Sec-Fetch-Site, the first is ours', post(['Sec-Fetch-Site', 'same-origin'], ['Sec-Fetch-Site', 'cross-site']), 200],
  ['two Origin, the first is another\'s', post(['Origin', 'http://evil.example'], ['Origin', 'http://x']), 403],
  ['two Content-Type, the first is JSON', post(['Content-Type', 'text/plain']), 200],
  ['two Prefer', read(cookie, ['Prefer', 'handling=strict'], ['Prefer', 'handling=lenient']), 200],
  // cookies are one list
  ['two Cookie, the token in the second', read(['Cookie', 'a=b'], cookie), 200],
  ['two Cookie, the token in the first', read(cookie, ['Cookie', 'a=b']), 200],
  ['two Cookie with two tokens', read(cookie, ['Cookie', `token=${outsider.token}`]), 401],
];

for (const [what, [method, path, headers, body], status] of rows)
  test(what, async () => {
    const answer = await ask(method, path, headers, body);
    checkRules(answer, what);
    assert.ok([status].flat().includes(answer.status), `${answer.status} ${answer.text.slice(0, 200)}`);
  });

test('of two X-Request-Id the first is kept', async () => {
  const answer = await ask('GET', '/livez', [['X-Request-Id', 'one'], ['X-Request-Id', 'two']]);
  assert.equal(answer.headers['x-request-id'], 'one');
});

test('headers at random, most of them twice', async (t) => {
  const n = long ? 50000 : 2000;
  const values = {
    Authorization: [agent, `Bearer ${owner.token}`, 'Basic x', ''], Cookie: [`token=${owner.token}`, 'token=', 'a=b', ';;;', 'token=x; token=y'],
    'Content-Type': ['application/json', 'text/plain', '', 'application/json; charset=x'], 'If-None-Match': [etag, '*', 'W/"x"', '", "', ''],
    'If-Match': ['1', '*', '"x"', ''], Origin: ['http://x', 'null', 'http://evil.example', ''], 'Sec-Fetch-Site': ['same-origin', 'cross-site', 'none', '?'],
    Prefer: ['handling=strict', 'x', ''], 'X-Request-Id': ['abc', bytes(100), 'ä', ''], 'svix-id': ['msg_1', ''], 'svix-timestamp': ['1', '-1', 'x'],
    'svix-signature': ['v1,x', ''], Expect: ['100-continue', 'x'], Connection: ['close', 'upgrade', 'x'], Accept: ['text/html', '*/*'], Range: ['bytes=0-1', 'x'],
    'Transfer-Encoding': ['identity'], Upgrade: ['h2c'], 'X_Odd': ['x'], 'X-Long': [bytes(9000), bytes(4000)], Host: ['y', ''],
  };
  const paths = [target, mark, '/v1/auth/me', '/hooks/resend', '/dashboard/inbox', '/nowhere', '/v1/feedback', '/livez'];
  const seen = new Map();
  for (let left = n; left > 0; left -= 20)
    await Promise.all(Array.from({ length: 20 }, async () => {
      const headers = Array.from({ length: 1 + below(4) }, () => one(Object.keys(values))).flatMap((name) => [[name, one(values[name])], [name, one(values[name])]].slice(below(2)));
      const answer = await ask(one(['GET', 'POST', 'PATCH', 'DELETE']), one(paths), [...headers, ['Content-Length', '0'], ['Connection', 'close']]);
      if (answer.status !== 100 && !(answer.headers['content-type'] ?? '').startsWith('text/html')) checkRules(answer, JSON.stringify(headers).slice(0, 500));
      seen.set(answer.status, (seen.get(answer.status) ?? 0) + 1);
    }));
  t.diagnostic(`${n} requests, seed ${seed}: ${[...seen].sort().map(([status, times]) => `${times} times ${status}`).join(', ')}`);
});
