// One call in turn fails while a request is answered: every allocation, every call to libpq in every way
// that it can fail (build-torture/: ASan, UBSan, tests/torture/fail_calls.c).  The answer is the right one
// or a clean 500 or 503, what the request changes is there as a whole or not at all, and the next
// request is answered as if nothing had been.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'node:test';
import { buildTorture, openControl, pointsOf, settle, Tally, told } from '../lib/failing.mjs';

const folder = buildTorture();
const families = ['auth', 'experiments', 'feedback', 'feeds', 'flags', 'hooks', 'issues', 'jobs', 'notifications', 'ops', 'teams'];
const controls = Object.fromEntries(families.map((family) => [family, openControl(folder, family)]));

const { startCopy } = await import('../lib/copy.mjs');
const copy = await startCopy({ CARILLON_TORTURE_FOLDER: folder, CARILLON_POOL_NOTIFICATIONS: '1', CARILLON_POOL_FLAGS: '1', CARILLON_KEY_RATE: '1000000',
  CARILLON_RESEND_WEBHOOK_SECRET: `whsec_${Buffer.alloc(24, 1).toString('base64')}` });
const { call, expect } = await import('../lib/client.mjs');
const { makeScenes } = await import('../lib/failing_scenes.mjs');
const { eventually, workers } = await import('../lib/processes.mjs');
const { driftQuery } = await import('../lib/world.mjs');
const sql = copy.session();
test.after(async () => {
  await sql.end();
  await copy.stop();
});
const scenes = makeScenes(sql);

const SOME = 4; // of each kind in each scene of a short run
const ANSWER_MS = 20000;
const YOUNG_MS = 1100, ENDS = 40; // multiwatch gives up after 50 ends in a row, each within a second
const REST_MS = 250; // a connection that cannot be had is not tried again at once (common/db_lane.c)
const connecting = /^PQ(conn|setnonblocking|enterPipelineMode)/;
const tally = new Tally();
const ends = Object.fromEntries(families.map((family) => [family, 0]));

// A worker of this family has ended: let one of them grow old, now and then.
async function ended(family) {
  if (++ends[family] % ENDS === 0) await sleep(YOUNG_MS);
}

const within = (promise, what) => Promise.race([promise,
  new Promise((resolve, reject) => { setTimeout(() => reject(new Error(`${what}: no answer within ${ANSWER_MS} ms`)), ANSWER_MS).unref(); })]);

// Asks once: { answer, before, after }, what there was of the change.
async function ask(scene) {
  const it = await scene.prepare?.();
  const [method, target, options] = scene.ask(it);
  const state = async () => (scene.state ? JSON.stringify(await sql.rows(scene.state(it))) : '');
  const before = await state();
  scene.armed?.();
  const answer = await within(call(method, target, { ...options, broken: true }), `${scene.family}: ${scene.name}`);
  const result = controls[scene.family].read();
  controls[scene.family].off();
  if (result.failed > 0) await settle(sql);
  return { answer, before, after: await state(), ...result };
}

// As it should be: what it reads, or the state before and after.
async function askWell(scene) {
  const { answer, before, after, counts } = await ask({ ...scene, armed: () => controls[scene.family].off() });
  expect(answer, scene.status, undefined, `${scene.family} ${scene.name}, with nothing failing,`);
  if (scene.state) assert.notEqual(before, after);
  return { text: scene.state ? '' : answer.text, before, after, counts };
}

// What is wrong with an answer while something failed, if anything.
function wrong(scene, well, { answer, before, after }) {
  if (answer.status === scene.status)
    return after !== well.after ? `answered ${answer.status}, and left ${after}`
      : !scene.state && answer.text !== well.text ? `answered ${answer.text}` : null;
  if (answer.status !== 500 && answer.status !== 503) return `answered ${answer.status} ${answer.text}`;
  return after !== before && after !== well.after ? `answered ${answer.status}, and left half of it: ${after}` : null;
}

// While a worker becomes its program it has no name yet.
async function workerOf(family) {
  await eventually('a worker', 15, () => workers(family).length === 1);
  return workers(family)[0];
}

async function tryPoint(scene, well, point) {
  const pid = await workerOf(scene.family);
  const result = await ask({ ...scene, armed: () => controls[scene.family].arm(point) });
  const died = await workerOf(scene.family) !== pid;
  tally.add(point, result.failed === 0 ? 'not reached' : died ? 'ended the worker' : result.answer.status === scene.status ? 'answered' : `${result.answer.status}`);
  if (died) await ended(scene.family);
  if (connecting.test(result.name)) await sleep(REST_MS);
  const what = wrong(scene, well, result) ?? (died && point.kind !== 'memory' ? 'the worker died' : null);
  return what && `${told(point)} (${result.name}): ${what}`;
}

// A worker that has no connections yet, no statements prepared, nothing in its caches.
async function renew(family) {
  const pid = await workerOf(family);
  process.kill(pid, 'SIGTERM');
  await eventually('another worker', 15, () => workers(family).length === 1 && workers(family)[0] !== pid);
  await ended(family);
}

async function tryAll(scene, make = async () => {}) {
  const problems = [];
  await askWell(scene);
  await make();
  const well = await askWell(scene);
  tally.expect(well.counts);
  for (const point of pointsOf(well.counts, SOME)) {
    await make();
    problems.push(await tryPoint(scene, well, point));
    await askWell(scene);
  }
  assert.deepEqual(problems.filter(Boolean), []);
  assert.deepEqual(await sql.rows(driftQuery), []);
}

for (const scene of scenes) test(`${scene.family}: ${scene.name}`, () => tryAll(scene));

// Connecting and preparing is the same for all.
for (const scene of scenes.filter(({ name }) => ['poll', 'mark', 'schedule'].includes(name)))
  test(`${scene.family}: ${scene.name}, of a worker that has just started`, () => tryAll(scene, () => renew(scene.family)));

test('a worker that starts', async () => {
  const [scene] = scenes;
  const control = controls[scene.family];
  control.off();
  await renew(scene.family);
  const { counts } = control.read();
  tally.expect(counts);
  for (const point of pointsOf(counts, SOME)) {
    control.arm(point);
    process.kill(await workerOf(scene.family), 'SIGTERM');
    await eventually('a start that fails', 15, () => control.read().failed > 0);
    await eventually('another worker', 15, () => workers(scene.family).length === 1);
    await ended(scene.family);
    await ended(scene.family);
    await askWell(scene);
    tally.add(point, 'ended the worker');
  }
});

test('nothing was leaked, nothing was complained of', async (t) => {
  for (const family of families) {
    await renew(family);
    assert.doesNotMatch(copy.log(family), /Sanitizer|runtime error|[Aa]ssert/, family);
  }
  t.diagnostic(tally.toString());
});
