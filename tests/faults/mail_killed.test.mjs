// kill -9 at every system call of a dispatch run in turn (strace -e inject), from its first step
// towards the database to its end.  What a killed run leaves is taken up when its lease has run
// out: every mail arrives once, with the same bytes on every try.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'node:test';
import { exec, root } from '../lib/client.mjs';
import { dispatch, emptyQueue, enqueue, statuses, unfinished } from '../lib/queue.mjs';
import { checkExactly, startResend } from '../lib/resend.mjs';

const fake = await startResend();
test.after(() => fake.stop());
const program = path.join(process.env.CARILLON_BUILD ?? path.join(root, 'build'), 'carillon-cron');
const trace = path.join(process.env.TMPDIR ?? os.tmpdir(), `dispatch-${process.pid}.trace`);
const env = { ...process.env, ...fake.env, CARILLON_LEASE_SECONDS: '5', ASAN_OPTIONS: 'detect_leaks=0' };
const all = [];

// The run under strace: 'killed', or 'ended' with exit code 0.
const strace = (args) => new Promise((resolve, reject) => {
  execFile('strace', ['-f', '-qq', ...args, program, 'dispatch'], { cwd: root, env }, (error, out, complaint) => {
    if (error?.signal === 'SIGKILL' || error?.code === 137) resolve('killed');
    else if (error) reject(new Error(`strace: ${error.message} ${complaint}`));
    else resolve('ended');
  });
});

// Every run has a batch of two to send, and nobody's leavings: those wait for the end.
function prepare() {
  exec(`UPDATE deliveries SET next_try_at = now() + interval '1 day' WHERE status = 'pending' AND batch_id IS NULL;
    UPDATE mail_batches SET next_try_at = now() + interval '1 day'; UPDATE mail_pace SET next_at = '-infinity', per_second = 1000000;`);
  all.push(...enqueue(2));
}

// name -> how often it was called before the first connect(), of every call after it
async function calls() {
  prepare();
  await strace(['-o', trace]);
  const lines = readFileSync(trace, 'utf8').split('\n').map((line) => /^\d+ +(\w+)\(/.exec(line)?.[1]).filter(Boolean);
  const at = lines.indexOf('connect');
  assert.ok(at > 0, 'the run connects to the database');
  const before = (name) => lines.slice(0, at).filter((each) => each === name).length;
  return { total: lines.length - at, names: new Map([...new Set(lines.slice(at))].map((name) => [name, before(name)])) };
}

test('killed at every system call in turn', async (t) => {
  emptyQueue();
  const { total, names } = await calls();
  let killed = 0;
  for (const [name, before] of names)
    for (let n = before + 1; ; n++) {
      prepare();
      const end = await strace(['-e', `trace=${name}`, '-e', `inject=${name}:signal=KILL:when=${n}`]);
      if (end === 'ended') break;
      killed++;
    }
  t.diagnostic(`${killed} runs were killed; a whole one makes ${total} system calls`);
  assert.ok(killed > 0.8 * total, `${killed} kills for ${total} calls`);
});

test('then a few clean runs, and every mail has arrived once', async (t) => {
  t.diagnostic(`${statuses().pending} of ${all.length} were cut off; ${all.length - fake.delivered.length} had not arrived`);
  assert.ok(statuses().pending > 0 && fake.delivered.length > 0);
  exec("UPDATE deliveries SET next_try_at = now() WHERE status = 'pending'; UPDATE mail_batches SET next_try_at = now()");
  for (let n = 0; n < 20 && unfinished() > 0; n++) {
    await dispatch(fake.env);
    await sleep(1000); // the last lease
  }
  assert.deepEqual(statuses(), { sent: all.length });
  checkExactly(fake, all);
});
