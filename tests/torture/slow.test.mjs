// Clients that take their time, under 500 requests a second: heads byte by byte, bodies byte by byte, answers
// that nobody reads.  The others notice nothing; whoever is too slow is left.
import assert from 'node:assert/strict';
import net from 'node:net';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startCopy } from '../lib/copy.mjs';

const copy = await startCopy({ CARILLON_KEY_RATE: '1000000' });
test.after(copy.stop);
copy.admin('ALTER SYSTEM SET fsync = off'); // a disk that stalls would be a 503, too
copy.admin('SELECT pg_reload_conf()');
const { base, uuid } = await import('../lib/client.mjs');
const { assertOnce, assertSound, figures, long, makeScene, underLoad } = await import('../lib/load.mjs');
const { give, insertUsers, makeUser } = await import('../lib/world.mjs');

const scene = makeScene(copy.admin);
const reader = makeUser('reader');
insertUsers([reader]);
give(reader, Array.from({ length: 200 }, () => ({ body: 'b'.repeat(400) })));
const many = long ? 1000 : 200; // of each sort
const GIVES_UP_MS = 20000; // nginx, at the latest

// A connection: ended resolves to all that came on it.
function connect({ deaf = false } = {}) {
  const socket = net.connect(base.port, base.hostname);
  const parts = [];
  socket.on('error', () => {});
  if (!deaf) socket.on('data', (part) => parts.push(part));
  const ended = new Promise((resolve) => socket.on('close', () => resolve(Buffer.concat(parts).toString())));
  return { socket, ended, hear: () => socket.on('data', (part) => parts.push(part)) };
}

async function trickle(socket, text, ms) {
  for (const byte of text) {
    if (socket.destroyed) return;
    socket.write(byte);
    await sleep(ms);
  }
}

const within = (promise, what) => Promise.race([promise, sleep(GIVES_UP_MS, null, { ref: false }).then(() => assert.fail(`${what} was not left`))]);

// A head that takes longer than it may: closed.
async function slowHead() {
  const { socket, ended } = connect();
  trickle(socket, `GET /livez HTTP/1.1\r\nHost: x\r\nX-Slow: ${'x'.repeat(100)}\r\n\r\n`, 300);
  return within(ended, 'a slow head');
}

const { secret } = scene.world.team.keys.client;
const head = (length) => `POST /v1/feedback HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${secret}\r\nContent-Type: application/json\r\n`
  + `Content-Length: ${length}\r\nConnection: close\r\n\r\n`;
const slowIds = [], brokenIds = [];

// A body that comes byte by byte is taken when it is whole.
async function slowBody() {
  const body = JSON.stringify({ message: uuid() });
  slowIds.push(JSON.parse(body).message);
  const { socket, ended } = connect();
  socket.write(head(body.length));
  await trickle(socket, body, 150);
  return ended;
}

// One that never comes to its end: closed, and not taken.
async function endlessBody() {
  const body = JSON.stringify({ message: uuid() });
  brokenIds.push(JSON.parse(body).message);
  const { socket, ended } = connect();
  socket.write(head(body.length + 1) + body);
  return within(ended, 'an endless body');
}

// Many large answers that nobody reads: most of them are never made.
const LARGE = 100;
async function deafReader() {
  const { socket, ended, hear } = connect({ deaf: true });
  socket.write(`GET /v1/notifications?limit=200 HTTP/1.1\r\nHost: x\r\nCookie: token=${reader.token}\r\n\r\n`.repeat(LARGE));
  await sleep(15000);
  hear();
  return within(ended, 'a deaf reader');
}

test('slow heads, slow bodies, endless bodies and deaf readers, all at once', async (t) => {
  const all = (act, n = many) => Promise.all(Array.from({ length: n }, act));
  let heads, bodies, endless, deaf;
  const records = await underLoad(scene, async () => {
    [heads, bodies, endless, deaf] = await Promise.all([all(slowHead), all(slowBody), all(endlessBody), all(deafReader, many / 10)]);
  });
  t.diagnostic(`${many} of each (${many / 10} deaf readers); beside them ${figures(records)}`);
  assertSound(records);
  assert.deepEqual(heads.filter((text) => !/^(HTTP\/1.1 408 .*)?$/s.test(text)), [], 'no head was taken');
  assert.deepEqual(bodies.filter((text) => !text.startsWith('HTTP/1.1 201 ')), [], 'every slow body was');
  assert.deepEqual(endless.filter((text) => !/^(HTTP\/1.1 408 .*)?$/s.test(text)), [], 'no endless one');
  for (const text of deaf) assert.ok(text.split('HTTP/1.1 200 ').length - 1 < LARGE, 'and nobody wrote to a deaf reader for ever');
  const stored = (ids) => copy.admin(`SELECT message FROM feedback WHERE message IN (${ids.map((id) => `'${id}'`).join(', ')}) ORDER BY 1`);
  assert.equal(stored(slowIds), slowIds.sort().join('\n'));
  assert.equal(stored(brokenIds), '');
});

test('each write is there once', (t) => t.diagnostic(assertOnce(scene)));
