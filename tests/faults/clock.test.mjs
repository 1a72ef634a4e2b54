// Clocks that are wrong: the database's is set forward and back with libfaketime.  What cannot be
// undone is not done by such a clock, and the run says so; once it is right again, all goes on, mail too.
import assert from 'node:assert/strict';
import test from 'node:test';
import { startCluster } from '../lib/cluster.mjs';

const cluster = await startCluster();
const { cron, exec, quote, rows } = await import('../lib/client.mjs');
const { fire } = await import('../lib/fire.mjs');
const { eventually } = await import('../lib/processes.mjs');
const { dispatch, emptyQueue, enqueue, start } = await import('../lib/queue.mjs');
const { startResend } = await import('../lib/resend.mjs');
const { openSession } = await import('../lib/session.mjs');
const { insertion, planned, storyQuery, wholeStory } = await import('../lib/story.mjs');
const { driftQuery, makeWorld, seeSnippet } = await import('../lib/world.mjs');
const world = makeWorld();
seeSnippet(world.team.project);
test.after(cluster.stop);

const day = 86400;
const all = [];

// Moments, late by the database's clock as it is now.
function due(...wishes) {
  const moments = planned(world, wishes);
  exec(`${insertion(moments)};`);
  all.push(...moments);
  return moments;
}
const storyOf = (moments) => rows(storyQuery(moments.map(({ id }) => id)));
function became(moments, ...outcomes) {
  assert.deepEqual(storyOf(moments), moments.map((moment, n) => wholeStory(moment, ...(outcomes[n] ?? [null]))));
}
const fired = ['FIRED'];
const missed = ['MISSED', 'too_late'];

// One run, and what it says of the clock.
function run(tally, suspicion) {
  const line = cron('fire');
  assert.deepEqual([line.fired, line.missed, line.failed, line.skipped], tally, JSON.stringify(line));
  if (suspicion) assert.match(line.suspicious_clock, suspicion);
  else assert.equal(line.suspicious_clock, undefined);
}

test('a clock that is right', () => {
  const moments = due({ kind: 'enable' }, { kind: 'end', late: '61 minutes' });
  run([1, 1, 0, 0]);
  became(moments, fired, missed);
});

test('a day ahead: nothing is missed, and what is on time by it fires; back again', () => {
  const [launch, disable] = due({ kind: 'launch', late: '-2 hours' }, { kind: 'disable', late: '-23 hours -30 minutes' });
  cluster.setClock(day);
  run([1, 0, 0, 1], /ahead of this machine's/);
  became([launch, disable], null, fired);
  cluster.setClock(0);
  const [late] = due({ kind: 'launch', late: '61 minutes' });
  run([0, 0, 0, 1], /before the end of the last run/);
  became([launch, late]);
  run([0, 1, 0, 0]);
  became([launch, late], null, missed);
  exec(`UPDATE moments SET due_at = now() - interval '1 minute' WHERE id = ${quote(launch.id)};`);
  run([1, 0, 0, 0]);
  became([launch], fired);
});

test('a day behind: the same; and what is due comes later', () => {
  const [now] = due({ kind: 'enable', late: '1 minute' });
  cluster.setClock(-day);
  const [late] = due({ kind: 'enable', late: '2 hours' });
  run([0, 0, 0, 1], /behind this machine's/);
  became([now, late]);
  cluster.setClock(0);
  run([1, 1, 0, 0]);
  became([now, late], fired, missed);
});

for (const [offset, suspicion] of [[50, null], [70, /ahead/], [-70, /behind/], [0, /before the end/]])
  test(`${offset} seconds: ${suspicion ? 'not trusted' : 'trusted'}`, () => {
    if (suspicion && offset === 0) exec(`UPDATE heartbeats SET finished_at = now() + interval '5 seconds' WHERE job = 'fire';`);
    else exec('DELETE FROM heartbeats;');
    cluster.setClock(offset);
    const moments = due({ kind: 'end', late: '63 minutes' }, { kind: 'end', late: '57 minutes' });
    run(suspicion ? [1, 0, 0, 1] : [1, 1, 0, 0], suspicion);
    became(moments, suspicion ? null : missed, fired);
    cluster.setClock(0);
    exec('DELETE FROM heartbeats;');
    if (suspicion) run([0, 1, 0, 0]);
    became(moments, missed, fired);
  });

test('--at is no clock: it is believed', () => {
  cluster.setClock(day);
  const moments = due({ kind: 'end', late: '3 days' });
  assert.equal(cron('fire', '--at', new Date(Date.now() + 10 * day * 1000).toISOString()).missed, 1);
  became(moments, missed);
  cluster.setClock(0);
  exec('DELETE FROM heartbeats;');
});

test('a clock that jumps in the middle of a run', async (t) => {
  const moments = due(...Array.from({ length: 24 }, () => ({ kind: 'enable' })));
  const session = openSession();
  t.after(() => session.end());
  await session.run(`BEGIN; SELECT 1 FROM inbox WHERE user_id = ${quote(world.developer.id)} FOR UPDATE`);
  const going = fire();
  await eventually('it waits in the middle', 30, async () => (await session.blocked()).length > 0);
  cluster.setClock(day);
  await session.run('COMMIT');
  const { code, line } = await going;
  assert.equal(code, 0);
  assert.equal(line.missed, 0);
  assert.ok(line.skipped > 0, JSON.stringify(line));
  cluster.setClock(0);
  cron('fire');
  became(moments, ...moments.map(() => fired));
});

test('nobody was told twice, by whatever clock', () => {
  assert.deepEqual(storyOf(all).filter(({ outcome, notices }) => outcome === null || notices !== 1), []);
  assert.deepEqual(rows(driftQuery), []);
});

// A clock three hours ahead while mail goes out: what the provider says with it, and how that run ends.
const paces = [
  ['nothing', 0], ['to wait an hour', 0, { status: 429, name: 'rate_limit_exceeded', headers: { 'retry-after': '3600' } }],
  ['that a quota is used up', 1, { status: 429, name: 'daily_quota_exceeded' }], ['nothing', 0, undefined, 'set back during the call'],
];
for (const [what, ends, turn, meanwhile] of paces)
  test(`mail by a clock that is ahead, and the provider says ${what}; ${meanwhile ?? 'set back after it'}`, async (t) => {
    const fake = await startResend();
    t.after(() => fake.stop());
    emptyQueue();
    cluster.setClock(10800);
    enqueue(1);
    if (turn) fake.plan.push(turn);
    if (meanwhile) fake.pace = () => cluster.setClock(0) ?? { 'retry-after': '1' };
    assert.equal((await start(fake.env).ended).code, ends);
    assert.equal(fake.requests.length, 1);
    cluster.setClock(0);
    const [id] = enqueue(1);
    await dispatch(fake.env);
    assert.equal(fake.delivered.at(-1)?.delivery, id, 'by the clock that is right mail goes out');
  });
