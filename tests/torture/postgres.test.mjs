// What can become of PostgreSQL under 500 requests a second: restarted, stopped at once, out of connections,
// read-only.  Each request gets its answer or, within 3 s, a 503 with Retry-After; 5 s after the end of it all
// is as before; no answer is wrong, what was acknowledged is there.
import assert from 'node:assert/strict';
import net from 'node:net';
import path from 'node:path';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startCopy } from '../lib/copy.mjs';

const copy = await startCopy({ CARILLON_KEY_RATE: '1000000' });
test.after(copy.stop);
copy.admin("ALTER SYSTEM SET max_connections = 100");
copy.pgCtl('restart', '-m', 'fast');
const { duringFault } = await import('../lib/fault.mjs');
const { assertOnce, long, makeScene } = await import('../lib/load.mjs');

const scene = makeScene(copy.admin);
const times = long ? 2 : 1;
const held = long ? 15000 : 3000; // ms that a fault lasts

// Somebody else takes every connection that there is, those of the workers too.
function hog() {
  const startup = Buffer.from('\0\0\0\0\0\x03\0\0user\0carillon_worker\0database\0carillon\0\0', 'latin1');
  startup.writeUInt32BE(startup.length);
  const sockets = new Set();
  let over = false;
  const take = () => {
    const socket = net.connect(path.join(copy.folder, 'run/.s.PGSQL.5432'), () => socket.write(startup));
    sockets.add(socket);
    socket.on('error', () => {}).resume().on('close', () => {
      sockets.delete(socket);
      if (!over) setImmediate(take);
    });
  };
  for (let n = 0; n < 150; n++) take();
  const session = copy.session(); // a superuser's place is kept free
  const cutting = (async () => {
    while (!over) {
      await session.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'carillon_web'");
      await sleep(100);
    }
    await session.end();
  })();
  return () => {
    over = true;
    for (const socket of sockets) socket.destroy();
    return cutting;
  };
}

const readOnly = (value) => copy.admin(`SET default_transaction_read_only = off; ALTER SYSTEM SET default_transaction_read_only = ${value}; SELECT pg_reload_conf()`);
let release;
const faults = {
  restarted: [() => copy.pgCtlBeside('restart', '-m', 'fast'), () => {}, 0],
  'stopped at once': [() => copy.pgCtlBeside('stop', '-m', 'immediate'), () => copy.pgCtlBeside('start'), held],
  'out of connections': [() => { release = hog(); }, () => release(), held],
  'read-only': [() => readOnly('on'), () => readOnly('off'), held],
};

for (const [what, [begin, end, ms]] of Object.entries(faults))
  test(`PostgreSQL ${what}`, async (t) => {
    for (let n = 0; n < times; n++) {
      const { told, bad } = await duringFault(scene, begin, end, () => sleep(ms));
      t.diagnostic(told);
      assert.ok(bad > 0, 'it was noticed');
    }
  });

test('each write is there once', (t) => t.diagnostic(assertOnce(scene)));
