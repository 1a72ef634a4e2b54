// The connection between cron and PostgreSQL is cut: with COMMIT on its way, after COMMIT has
// arrived and before its answer is back, and at every other exchange in turn.  Nobody ever hears
// twice of a moment, and none is lost.
import assert from 'node:assert/strict';
import test from 'node:test';
import { cron } from '../lib/client.mjs';
import { fire, startProxy } from '../lib/fire.mjs';
import { openSession } from '../lib/session.mjs';
import { insertion, planned, storyQuery, wholeStory } from '../lib/story.mjs';
import { driftQuery, makeWorld, seeSnippet } from '../lib/world.mjs';

const world = makeWorld();
seeSnippet(world.team.project);
const sql = openSession();
const proxy = await startProxy();
const env = { CARILLON_WORKER_DATABASE_URL: proxy.url };
test.after(async () => {
  proxy.stop();
  await sql.end();
});

const menu = [
  [{ kind: 'launch', then: { kind: 'end', days: 3, time: '09:30' } }, ['FIRED', null]],
  [{ kind: 'launch', late: '2 hours' }, ['MISSED', 'too_late']],
  [{ kind: 'launch', metrics: [] }, ['FAILED', 'preflight_failed']],
  [{ kind: 'end' }, ['FIRED', null]],
  [{ kind: 'enable' }, ['FIRED', null]],
  [{ kind: 'enable', by: world.viewer.id }, ['FAILED', 'permission_revoked']],
  [{ kind: 'disable' }, ['FIRED', null]],
  [{ kind: 'disable', state: 'off' }, ['FIRED', 'already_there']],
];

async function due(dishes) {
  const moments = planned(world, dishes.map(([wish]) => wish));
  await sql.run(`BEGIN; ${insertion(moments)}; COMMIT`);
  return moments.map((moment, n) => ({ moment, expected: dishes[n][1] }));
}
const storyOf = (all) => sql.rows(storyQuery(all.map(({ moment }) => moment.id)));
const whole = (all) => all.map(({ moment, expected }) => wholeStory(moment, ...expected));
const tally = (line) => [line.fired, line.missed, line.failed, line.skipped];
const wanted = (all) => ['FIRED', 'MISSED', 'FAILED'].map((outcome) => all.filter(({ expected }) => expected[0] === outcome).length).concat(0);

for (const at of ['committed', 'COMMIT'])
  for (const dish of menu)
    test(`${at === 'COMMIT' ? 'cut before' : 'cut after'} COMMIT: ${JSON.stringify(dish[0])} is ${dish[1][0]}`, async () => {
      const all = await due([dish]);
      proxy.set({ at, n: 1 });
      const run = await fire({ env });
      assert.ok(proxy.was, 'it was cut');
      assert.equal(run.code, 0, `the run is sound: ${run.log}`);
      assert.deepEqual(tally(run.line), wanted(all), 'and counts what it has done');
      assert.deepEqual(await storyOf(all), whole(all));
      assert.deepEqual(tally(cron('fire')), [0, 0, 0, 0]);
      assert.deepEqual(await storyOf(all), whole(all));
    });

test('one COMMIT of many, each in turn', async () => {
  for (let n = 1; n <= menu.length; n++) {
    const all = await due(menu);
    proxy.set({ at: n % 2 ? 'committed' : 'COMMIT', n });
    const run = await fire({ env });
    assert.ok(proxy.was);
    assert.equal(run.code, 0, run.log);
    assert.deepEqual(tally(run.line), wanted(all));
    assert.deepEqual(await storyOf(all), whole(all));
  }
});

for (const at of ['request', 'answer'])
  test(`cut at every ${at} in turn`, async (t) => {
    const all = [];
    let n = 0;
    do {
      all.push(...await due([0, 1, 2].map((i) => menu[(n * 3 + i) % menu.length])));
      proxy.set({ at, n: ++n });
      const run = await fire({ env });
      assert.ok(run.code === 0 || run.code === 1, `code ${run.code}: ${run.log}`);
      assert.doesNotMatch(run.log, /cannot be decided|Sanitizer|assert/i);
      await sql.run(`UPDATE moments SET due_at = due_at + interval '100 days' WHERE outcome IS NULL AND due_at <= now()`);
    } while (proxy.was);
    t.diagnostic(`${n - 1} runs were cut`);
    assert.ok(n > 10);
    const found = await storyOf(all);
    assert.deepEqual(found, all.map(({ moment, expected }, i) => wholeStory(moment, ...(found[i].outcome ? expected : [null]))));
    await sql.run(`UPDATE moments SET due_at = due_at - interval '100 days' WHERE outcome IS NULL AND due_at BETWEEN now() + interval '99 days'
      AND now() + interval '101 days'`);
    cron('fire');
    assert.deepEqual(await storyOf(all), whole(all));
    assert.deepEqual(await sql.rows(driftQuery), []);
  });
