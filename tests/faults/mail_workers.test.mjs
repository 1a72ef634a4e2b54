// Many at once, frozen and woken: one message a delivery arrives, in the same bytes, at the pace.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'node:test';
import { sanitized } from '../lib/client.mjs';
import { eventually } from '../lib/processes.mjs';
import { checkPace, dispatch, emptyQueue, enqueue, leasesOver, start, statuses, unfinished, watchTurns } from '../lib/queue.mjs';
import { checkExactly, startResend } from '../lib/resend.mjs';

const fake = await startResend();
test.after(() => fake.stop());

function afresh() {
  emptyQueue();
  Object.assign(fake, { requests: [], delivered: [], plan: [], keys: new Map(), limit: 1000000, keeps: 0 });
}

// Runs until nothing waits, each an hour later than the one before.
async function finishByHours(env) {
  for (let hour = 1; unfinished() > 0; hour++) {
    assert.ok(hour < 20, 'it comes to an end');
    await dispatch(env, '--at', new Date(Date.now() + hour * 3600000).toISOString());
  }
}

test('20 workers over 10,000 mails', async (t) => {
  afresh();
  fake.keeps = 5;
  const ids = enqueue(10000);
  const runs = await Promise.all(Array.from({ length: 20 }, () => start(fake.env).ended));
  for (const { code, log, peak } of runs) {
    assert.equal(code, 0, log);
    if (!sanitized) assert.ok(peak > 0 && peak < 32 * 1024, `${peak} kB`);
  }
  await finishByHours(fake.env);
  assert.deepEqual(statuses(), { sent: 10000 });
  checkExactly(fake, ids);
  t.diagnostic(`${Math.max(...runs.map(({ peak }) => peak))} kB at most, ${runs.filter(({ counts }) => counts.sent > 0).length} workers sent`);
});

test('20 workers, one pace', async () => {
  afresh();
  watchTurns();
  fake.limit = 8;
  const ids = enqueue(2000);
  const runs = await Promise.all(Array.from({ length: 20 }, () => start(fake.env).ended));
  assert.deepEqual(runs.map(({ code }) => code), Array(20).fill(0));
  await finishByHours(fake.env);
  checkPace(fake, 8);
  checkExactly(fake, ids);
});

test('workers that are frozen past their lease, and woken', async (t) => {
  afresh();
  fake.keeps = 150;
  const env = { ...fake.env, CARILLON_LEASE_SECONDS: '2' };
  const ids = enqueue(1500);
  const first = Array.from({ length: 6 }, () => start(env));
  await eventually('some are under way', 20, () => fake.requests.length >= 2);
  for (const { child } of first) {
    child.kill('SIGSTOP');
    await sleep(30); // each at another place
  }
  await leasesOver();
  const before = fake.requests.length;
  const second = Array.from({ length: 4 }, () => start(env));
  await eventually('others go on', 20, () => fake.requests.length >= before + 2);
  for (const { child } of first) child.kill('SIGCONT');
  const runs = await Promise.all([...first, ...second].map(({ ended }) => ended));
  for (const { code, log } of runs) assert.equal(code, 0, log);
  await finishByHours(fake.env);
  assert.deepEqual(statuses(), { sent: 1500 });
  checkExactly(fake, ids);
  t.diagnostic(`${fake.requests.length} requests for ${ids.length} mails; ${runs.reduce((n, { counts }) => n + counts.lost, 0)} were lost to others`);
});
