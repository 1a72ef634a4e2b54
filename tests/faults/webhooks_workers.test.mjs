// Workers that stand still while they send webhooks, and a receiver that does.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'node:test';
import { exec } from '../lib/client.mjs';
import { dispatch, emptyQueue, enqueueHooks, start, statuses, unfinished } from '../lib/queue.mjs';
import { checkEach, startReceiver } from '../lib/receiver.mjs';
import { insertUsers, makeUser, makeWebhook } from '../lib/world.mjs';

const fake = await startReceiver();
test.after(() => fake.stop());
const user = makeUser('receiver');
insertUsers([user]);
fake.secret = makeWebhook(user, { url: fake.url }).secret;
const env = { ...fake.env, CARILLON_LEASE_SECONDS: '2' };

function afresh(n, given) {
  emptyQueue();
  Object.assign(fake, { requests: [], plan: [], keeps: 0, ...given });
  return enqueueHooks(user, n);
}

async function finish() {
  exec("UPDATE deliveries SET next_try_at = now() WHERE status = 'pending'; UPDATE mail_batches SET next_try_at = now()");
  for (let n = 0; n < 20 && unfinished() > 0; n++) {
    await dispatch(fake.env);
    if (unfinished() > 0) await sleep(1000); // the last lease
  }
}

test('a call ends before its lease, however short that is', async () => {
  const ids = afresh(1, { plan: ['stall'] });
  const first = start(env);
  while (fake.requests.length < 1) await sleep(10);
  const began = Date.now();
  assert.equal((await first.ended).code, 0);
  assert.ok(Date.now() - began < 1900, 'it has given up');
  await finish();
  assert.deepEqual(statuses(), { sent: 1 });
  checkEach(fake, ids, 2);
});

test('workers that are frozen past their lease, and woken', async (t) => {
  const ids = afresh(400, { keeps: 20 });
  const first = Array.from({ length: 4 }, () => start(env));
  while (fake.requests.length < 20) await sleep(10);
  for (const { child } of first) {
    child.kill('SIGSTOP');
    await sleep(30); // each at another place
  }
  await sleep(2200);
  const second = Array.from({ length: 3 }, () => start(env));
  await sleep(500);
  for (const { child } of first) child.kill('SIGCONT');
  const runs = await Promise.all([...first, ...second].map(({ ended }) => ended));
  for (const { code, log } of runs) assert.equal(code, 0, log);
  await finish();
  assert.deepEqual(statuses(), { sent: ids.length });
  checkEach(fake, ids, 2);
  const lost = runs.reduce((n, { counts }) => n + counts.lost, 0);
  t.diagnostic(`${fake.requests.length} requests for ${ids.length} webhooks; ${lost} were lost to others`);
  assert.ok(fake.requests.length <= ids.length + first.length, 'only what one had under way when it froze came twice');
  assert.ok(lost > 0, 'who woke found that others had gone on');
});
