// Workers that end under 500 requests a second: told to (TERM costs no request), or killed (which costs what
// they had in hand, and nothing else).  Nothing runs twice, half a body is never taken for a whole one.
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
const fcgi = await import('../lib/fastcgi.mjs');
const { assertOnce, assertSound, figures, long, makeScene, padded, underLoad } = await import('../lib/load.mjs');
const { eventually, workers } = await import('../lib/processes.mjs');

const scene = makeScene(copy.admin);
const rounds = long ? 10 : 2;
const cuts = long ? 60 : 20; // of which two in three end a worker: a pool gives up after 50 that lived for less than a second

// Every worker of every family in turn, each some requests after the last.  Resolves to { family, began, over }
// of each, over: another has taken its place.
async function endAll(load, signal) {
  const ended = [];
  for (let round = 0; round < rounds; round++)
    for (const family of scene.families) {
      const pids = workers(family);
      for (const pid of pids) {
        const goal = load.answered() + 50;
        await eventually('50 more answers', 30, () => load.answered() >= goal);
        await load.next(family); // so that there is something in hand
        await sleep(Math.random() * 4);
        const began = Date.now();
        process.kill(pid, signal);
        await eventually('another has taken its place', 10, () => workers(family).length === pids.length && !workers(family).includes(pid));
        ended.push({ family, began, over: Date.now() });
      }
    }
  return ended;
}

test('SIGTERM to every worker in turn costs no request', async (t) => {
  let ended;
  const records = await underLoad(scene, async (load) => { ended = await endAll(load, 'SIGTERM'); });
  t.diagnostic(`${ended.length} workers told to end: ${figures(records)}`);
  assertSound(records);
});

test('kill -9 of every worker in turn costs what it had in hand', async (t) => {
  let killed;
  const records = await underLoad(scene, async (load) => { killed = await endAll(load, 'SIGKILL'); });
  t.diagnostic(`${killed.length} workers killed: ${figures(records)}`);
  assertSound(records, ({ kind, at, ms }) => killed.some(({ family, began, over }) => kind.family === family && at + ms >= began && at <= over));
});

/* ---- half a body ---- */

const { secret } = scene.world.team.keys.client;
const halves = [];
const whole = (id = uuid()) => {
  const body = padded({ message: id });
  return { id, body, cut: Math.floor(body.length / 2), params: { REQUEST_METHOD: 'POST', DOCUMENT_URI: '/v1/feedback', CONTENT_TYPE: 'application/json',
    CONTENT_LENGTH: String(body.length), HTTP_AUTHORIZATION: `Bearer ${secret}` } };
};
const half = () => {
  const made = whole();
  halves.push(made.id);
  return made;
};

// A POST to nginx of which only the first half is sent.
function halfToNginx() {
  const { body, cut } = half();
  const socket = net.connect(base.port, base.hostname);
  socket.on('error', () => {}).resume();
  socket.write(`POST /v1/feedback HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${secret}\r\nContent-Type: application/json\r\n`
    + `Content-Length: ${body.length}\r\n\r\n${body.slice(0, cut)}`);
  return { socket, closed: new Promise((resolve) => socket.on('close', resolve)) };
}

// Each begins a request and is gone before its body is whole, though what came is a JSON text.
const peers = {
  'nginx, then gone': async () => {
    const { socket } = halfToNginx();
    return () => { socket.destroy(); };
  },
  'nginx, and no more to come': async () => {
    const { socket, closed } = halfToNginx();
    socket.end();
    return () => closed;
  },
  'a worker, then gone': async () => {
    const { body, params, cut } = half();
    const connection = fcgi.open('feedback');
    const bytes = fcgi.request(params, body);
    await connection.send(bytes.subarray(0, bytes.length - cut)).catch(() => {});
    return () => connection.close();
  },
  'a worker, its end too early': async () => {
    const { body, params, cut } = half();
    const answer = await fcgi.ask('feedback', fcgi.request(params, body.slice(0, cut))).catch(() => null);
    assert.ok(answer === null || answer.status === 400, answer?.text);
    return () => {};
  },
};

test('half a body is taken for a whole one by nobody, whoever ends first', async (t) => {
  const stored = (ids) => Number(copy.admin(`SELECT count(*) FROM feedback WHERE message IN (${ids.map((id) => `'${id}'`).join(', ')})`));
  const { id, params, body } = whole();
  assert.equal((await fcgi.ask('feedback', fcgi.request(params, body))).status, 201);
  assert.equal(stored([id]), 1, 'the whole one is taken');
  const records = await underLoad(scene, async () => {
    for (let round = 0; round < cuts; round++) {
      const leave = await Promise.all(Object.values(peers).map((peer) => peer()));
      const before = workers('feedback');
      const signal = ['SIGTERM', 'SIGKILL', null][round % 3];
      for (const pid of signal ? before : []) process.kill(pid, signal);
      await Promise.all(leave.map((go) => go()));
      if (signal) await eventually('another serves', 12, () => !workers('feedback').includes(before[0]) && workers('feedback').length === before.length);
    }
  });
  t.diagnostic(`${halves.length} halves: ${figures(records)}`);
  assert.equal(stored(halves), 0);
  assertSound(records, ({ kind }) => kind.family === 'feedback');
});

test('each write is there once', (t) => t.diagnostic(assertOnce(scene)));
