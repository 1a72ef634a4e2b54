// fault - a load during which something is broken, and mended again.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { assertSound, failed, figures, underLoad } from './load.mjs';
import { eventually, workers } from './processes.mjs';

const ANSWER_MS = 3000, NORMAL_MS = 5000;

// begin() breaks it, until() resolves when it has lasted, end() mends it.  What was asked from begin() on may
// fail with a 503 in time, until some seconds after end(); no worker ends.  Resolves to the figures and how
// many failed.
export async function duringFault(scene, begin, end, until, most = ANSWER_MS) {
  const before = scene.families.map((family) => workers(family));
  let began, ended;
  const records = await underLoad(scene, async (load) => {
    await sleep(1000);
    began = Date.now();
    await begin();
    await until();
    await end();
    ended = Date.now();
    await sleep(1500); // that it has been normal for so long may be of before
    await eventually('normal again', NORMAL_MS / 1000 + 2, load.isNormal);
  });
  const bad = failed(records);
  const normal = Math.max(ended, ...bad.map((record) => record.at + record.ms)) - ended;
  assertSound(records, (record) => record.at + record.ms >= began && record.at < ended + NORMAL_MS);
  const late = bad.filter(({ ms }) => ms > most).map(({ kind, ms, at }) => `${kind.family} after ${ms} ms, sent ${at - began} ms after it began`);
  assert.deepEqual(late.slice(0, 10), [], `${late.length} got their 503 late`);
  assert.deepEqual(scene.families.map((family) => workers(family)), before, 'no worker ended');
  return { bad: bad.length, told: `${figures(records)}; broken for ${ended - began} ms, normal ${normal} ms after that` };
}
