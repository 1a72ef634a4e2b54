// The disk is full, under 500 requests a second: the one with the data, the logs and all else of the copy.  What
// cannot be written is a 503 in time, what was acknowledged is there, and when there is room again all is as before.
// CARILLON_TEST_DISK is a folder on a small disk of its own (scripts/test).
import assert from 'node:assert/strict';
import { appendFileSync, rmSync, statSync, statfsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startCopy } from '../lib/copy.mjs';

const disk = process.env.CARILLON_TEST_DISK;
assert.ok(disk, 'a disk of its own: neither root nor an ordinary user can mount one here');
const copy = await startCopy({ CARILLON_KEY_RATE: '1000000' }, disk);
test.after(copy.stop);
copy.admin("ALTER SYSTEM SET max_wal_size = '64MB'");
copy.admin("ALTER SYSTEM SET min_wal_size = '32MB'; SELECT pg_reload_conf()");
const { duringFault } = await import('../lib/fault.mjs');
const { assertOnce, long, makeScene } = await import('../lib/load.mjs');

const scene = makeScene(copy.admin);
const ballast = path.join(disk, 'ballast');
const free = () => statfsSync(disk).bfree * statfsSync(disk).bsize;

// Until nothing goes in any more.
async function fill(file) {
  for (const size of [1 << 20, 4096])
    for (let more = true; more;) more = await file.write(Buffer.alloc(size)).then(() => true, (error) => error.code !== 'ENOSPC');
}

// Its log goes on in new files, of which there can be none: PostgreSQL panics, and comes back when it can.
let downs = 0;
function newLog() {
  try {
    copy.admin('SELECT pg_switch_wal()');
  } catch (error) {
    if (/recovery mode|not yet accepting|No such file|closed the connection/.test(error.stderr)) downs++;
    else throw error;
  }
}

for (const [what, more] of Array.from({ length: long ? 2 : 1 }, () => [['full', () => {}], ['full, and PostgreSQL down by that', newLog]]).flat())
  test(`the disk is ${what}`, async (t) => {
    const file = await open(ballast, 'a');
    const log = path.join(copy.folder, 'run.log'); // its next line wants a page of its own, too
    appendFileSync(log, '\n'.repeat(4096 - statSync(log).size % 4096));
    let least = Infinity;
    const full = async () => { // what is given free meanwhile is taken, too
      for (const until = Date.now() + (long ? 15000 : 4000); Date.now() < until; await sleep(20)) {
        await fill(file);
        least = Math.min(least, free());
        more();
      }
    };
    const mend = async () => {
      await file.close();
      rmSync(ballast);
    };
    const { told, bad } = await duringFault(scene, () => fill(file), mend, full);
    t.diagnostic(told);
    assert.equal(least, 0, 'it was full');
    assert.ok(bad > 0, 'it was noticed');
  });

test('PostgreSQL was down by it, too', () => assert.ok(downs > 1));

test('each write is there once', (t) => t.diagnostic(assertOnce(scene)));
