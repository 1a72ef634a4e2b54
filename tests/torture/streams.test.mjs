// FastCGI that nobody speaks, by the ten thousand: right requests, mutated, cut into pieces, left half-said.
// No worker dies, hangs or keeps a descriptor, and a proper request beside them is answered in time.  The seed
// is printed; CARILLON_TEST_SEED=N sends the same again.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startCopy } from '../lib/copy.mjs';

const copy = await startCopy();
test.after(copy.stop);
const { below, chance, one, seed } = await import('../lib/chance.mjs');
const { call, ok } = await import('../lib/client.mjs');
const { long } = await import('../lib/load.mjs');
const { ABORT, BEGIN, DATA, END, GET_VALUES, PARAMS, STDIN, STDOUT, ask, begin, get, open, record, request } = await import('../lib/fastcgi.mjs');
const { eventually, statusOf, workers } = await import('../lib/processes.mjs');
const { give, insertUsers, makeUser, makeWorld } = await import('../lib/world.mjs');

const world = makeWorld();
const user = makeUser('peer');
insertUsers([user]);
const [note] = give(user, [{}]);
const families = ['auth', 'experiments', 'feedback', 'feeds', 'flags', 'hooks', 'issues', 'jobs', 'notifications', 'ops', 'teams'];
const cookie = { HTTP_COOKIE: `token=${user.token}` };
const withBody = (method, target, body, more = cookie) => [{ REQUEST_METHOD: method, DOCUMENT_URI: target, CONTENT_TYPE: 'application/json',
  CONTENT_LENGTH: String(Buffer.byteLength(body)), ...more }, body];
const livez = request(get('/livez'));
const count = request(get('/v1/notifications/unread-count', cookie));

// What is mutated: requests of every form, in records of every size.
const sound = [
  ...['/livez', '/v1/auth/me', '/v1/notifications', '/v1/feeds', `/v1/teams/${world.team.id}`].map((target) => [get(target, cookie), '']),
  withBody('PATCH', `/v1/notifications/${note.id}`, '{"read":true}'),
  withBody('POST', '/v1/feedback', JSON.stringify({ message: 'm'.repeat(2000) }), { HTTP_AUTHORIZATION: `Bearer ${world.team.keys.client.secret}` }),
  withBody('POST', '/v1/issues/events', '{"title":"t"}', { HTTP_AUTHORIZATION: `Bearer ${world.team.keys.client.secret}` }),
  withBody('POST', '/v1/auth/verify-code', '{"email":"x@example.com","code":"000000"}', {}),
  [get('/livez', { HTTP_COOKIE: 'x'.repeat(20000) }), ''],
].flatMap(([params, body]) => [{}, { size: 1 + below(40) }, { padding: below(256) }].map((options) => request(params, body, options)));

/* ---- what is done to them ---- */

const telling = [0, 1, 2, 0x7f, 0x80, 0xfe, 0xff];
const noise = (n) => Buffer.from(Array.from({ length: n }, () => below(256)));
const span = (bytes) => {
  const from = below(bytes.length + 1);
  return [from, Math.min(bytes.length, from + below(1 + 2 ** below(10)))];
};
const types = [BEGIN, ABORT, END, PARAMS, STDIN, STDOUT, DATA, GET_VALUES, 0, 11, 255];
const mutations = [
  (b) => { b[below(b.length)] ^= 1 << below(8); return b; },
  (b) => { b[below(b.length)] = one(telling); return b; },
  (b) => { b.set(Buffer.from(one(['fffffffe', 'ffffffff', '7ffffffe', '80000000', '0000ffff']), 'hex'), below(Math.max(1, b.length - 4))); return b.subarray(0, b.length); },
  (b) => { const [from, to] = span(b); return Buffer.concat([b.subarray(0, from), b.subarray(to)]); },
  (b) => { const [from, to] = span(b); return Buffer.concat([b.subarray(0, to), b.subarray(from)]); },
  (b) => { const at = below(b.length + 1); return Buffer.concat([b.subarray(0, at), noise(1 + below(40)), b.subarray(at)]); },
  (b) => b.subarray(0, below(b.length + 1)),
  (b) => Buffer.concat([b, one(sound)]),
  (b) => Buffer.concat([b.subarray(0, 16), one(sound).subarray(16 + below(16))]),
  (b) => Buffer.concat([b.subarray(0, 16), record(one(types), noise(below(30)), { id: one([0, 1, 1, 2, 65535]), version: one([1, 1, 0, 255]), padding: one([0, 0, 7, 255]) }), b.subarray(16)]),
  (b) => Buffer.concat([begin({ role: below(5), flags: below(256), id: one([0, 1, 2]) }), b.subarray(16)]),
];

function spoiled() {
  let bytes = Buffer.from(one(sound));
  for (let n = below(5); n >= 0 && bytes.length > 4; n--) bytes = Buffer.from(one(mutations)(bytes));
  return bytes;
}

// Sends it in some pieces, waits for a while or not at all, and goes.
async function say(family, bytes) {
  const connection = open(family);
  const pieces = below(5), waits = below(3);
  for (let n = 0, at = 0; n <= pieces; n++) {
    const to = n === pieces ? bytes.length : Math.min(bytes.length, at + below(bytes.length));
    await connection.send(bytes.subarray(at, to)).catch(() => {});
    if (n < pieces && chance() < 0.5) await sleep(below(4));
    at = to;
  }
  if (waits > 0) await Promise.race([connection.ended, sleep(waits * 10)]);
  await connection.close();
}

/* ---- and whether it mattered ---- */

const pids = () => families.map((family) => workers(family));
const descriptors = () => pids().flat().map((pid) => readdirSync(`/proc/${pid}/fd`).length);
const memory = () => pids().flat().map((pid) => statusOf(pid, 'VmRSS'));
const LANES = 6; // connections to the database that a worker may open meanwhile

// Proper requests until over(): how many, and the longest time that one took.
async function proper(over) {
  const seen = { asked: 0, longest: 0 };
  while (!over()) {
    const family = one(families);
    const began = Date.now();
    const answer = await ask(family, family === 'notifications' ? count : livez);
    assert.equal(answer.status, ['notifications', 'ops'].includes(family) ? 200 : 404, family);
    assert.equal((await call('GET', '/v1/auth/me', { as: user.token })).status, 200);
    seen.longest = Math.max(seen.longest, Date.now() - began);
    seen.asked += 2;
    await sleep(20);
  }
  return seen;
}

// The act; then all is as it was.  What is told: the figures.
async function unharmed(t, act) {
  const [before, open, rss] = [pids(), descriptors(), memory()];
  let over = false;
  const beside = proper(() => over);
  const told = await act().finally(() => { over = true; });
  const { asked, longest } = await beside;
  assert.ok(longest < 3000, `a proper request took ${longest} ms`);
  assert.deepEqual(pids(), before, 'no worker ended');
  await eventually('no descriptor is kept', 15, () => descriptors().every((n, i) => n <= open[i] + LANES));
  const grown = Math.max(...memory().map((kb, i) => kb - rss[i]));
  assert.ok(grown < 65536, `a worker grew by ${grown} kB`);
  t.diagnostic(`${told}; ${asked} proper requests beside them, the longest ${longest} ms; no worker grew by more than ${grown} kB`);
}

test('mutated requests', (t) => unharmed(t, async () => {
  const most = long ? 200000 : 5000;
  let sent = 0;
  await Promise.all(Array.from({ length: 32 }, async () => {
    while (sent++ < most) await say(one(families), spoiled());
  }));
  return `${most} streams, seed ${seed}`;
}));

test('more half requests, byte by byte, than a worker has places', (t) => unharmed(t, async () => {
  const peers = Array.from({ length: 600 }, () => ({ connection: open('ops'), at: 0 }));
  const bytes = request(get('/livez', { HTTP_COOKIE: 'x'.repeat(5000) }));
  const until = Date.now() + (long ? 60000 : 12000);
  let said = 0;
  while (Date.now() < until) {
    for (const peer of peers) {
      await peer.connection.send(bytes.subarray(peer.at, peer.at + 1)).then(() => { peer.at++; said++; }, () => Object.assign(peer, { connection: open('ops'), at: 0 }));
    }
    await sleep(300);
  }
  await Promise.all(peers.map(({ connection }) => connection.close()));
  return `600 peers, ${said} bytes`;
}));

test('a body and parameters without end', (t) => unharmed(t, async () => {
  let said = 0;
  await Promise.all(families.flatMap((family) => [PARAMS, STDIN].map(async (type) => {
    const connection = open(family);
    let over = false;
    connection.ended.then(() => { over = true; });
    await connection.send(type === PARAMS ? begin() : Buffer.concat([begin(), record(PARAMS)]));
    while (!over) {
      await connection.send(record(type, type === PARAMS ? Buffer.from('\x01\x01ab'.repeat(50)) : 'x'.repeat(200))).then(() => { said++; }, () => {});
      await sleep(1);
    }
  })));
  return `${said} records, each connection dropped`;
}));

test('afterwards every family answers through nginx', async () => {
  await ok(200, 'GET', '/v1/notifications/unread-count', { as: user.token });
  for (const family of families) assert.doesNotMatch(copy.log(family), /"level":"error"|Sanitizer|runtime error/, family);
});
