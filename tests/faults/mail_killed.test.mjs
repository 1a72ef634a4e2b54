// kill -9 at every system call of a dispatch run in turn (strace -e inject), from its first step
// towards the database to its end.  What a killed run leaves is taken up when its lease has run
// out: every mail arrives once, with the same bytes on every try.
import assert from 'node:assert/strict';
import test from 'node:test';
import { exec } from '../lib/client.mjs';
import { killEverywhere } from '../lib/killed.mjs';
import { emptyQueue, enqueue, finish, statuses } from '../lib/queue.mjs';
import { checkExactly, startResend } from '../lib/resend.mjs';

const fake = await startResend();
test.after(() => fake.stop());
const all = [];

// Every run has a batch of two to send, and nobody's leavings: those wait for the end.
function prepare() {
  exec(`UPDATE deliveries SET next_try_at = now() + interval '1 day' WHERE status = 'pending' AND batch_id IS NULL;
    UPDATE mail_batches SET next_try_at = now() + interval '1 day'; UPDATE mail_pace SET next_at = '-infinity', per_second = 1000000;`);
  all.push(...enqueue(2));
}

test('killed at every system call in turn', async (t) => {
  emptyQueue();
  t.diagnostic(await killEverywhere('dispatch', prepare, { env: { ...fake.env, CARILLON_LEASE_SECONDS: '5' } }));
});

test('then a few clean runs, and every mail has arrived once', async (t) => {
  t.diagnostic(`${statuses().pending} of ${all.length} were cut off; ${all.length - fake.delivered.length} had not arrived`);
  assert.ok(statuses().pending > 0 && fake.delivered.length > 0);
  await finish(fake.env);
  assert.deepEqual(statuses(), { sent: all.length });
  checkExactly(fake, all);
});
