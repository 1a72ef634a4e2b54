// kill -9 at every system call of a firing run in turn (strace -e inject), from its first step
// towards the database to its end.  Each killed run leaves every moment wholly decided or wholly
// to come; one clean run decides the rest; nothing is told twice or not at all.
import assert from 'node:assert/strict';
import test from 'node:test';
import { cron, quote } from '../lib/client.mjs';
import { killEverywhere } from '../lib/killed.mjs';
import { openSession } from '../lib/session.mjs';
import { insertion, planned, storyQuery, waysOf, wholeStory } from '../lib/story.mjs';
import { driftQuery, makeWorld, seeSnippet } from '../lib/world.mjs';

const world = makeWorld();
seeSnippet(world.team.project);
const sql = openSession();
test.after(() => sql.end());

const menu = waysOf(world); // the rounds take turns with them
const perRound = 3; // coprime to the menu: each of its ways meets every place to be killed
const all = []; // { moment, expected }
let round = 0;

// What earlier rounds left is put out of the way, so that every run has the same to do.
async function prepare() {
  const picked = Array.from({ length: perRound }, (_, n) => menu[(round * perRound + n) % menu.length]);
  const moments = planned(world, picked.map(([wish]) => wish));
  round++;
  await sql.run(`BEGIN; UPDATE moments SET due_at = due_at + interval '100 days' WHERE outcome IS NULL AND due_at <= now();
    ${insertion(moments)}; COMMIT`);
  all.push(...moments.map((moment, n) => ({ moment, expected: picked[n][1] })));
}

test('killed at every system call in turn', async (t) => {
  // hands that wait at one time share an epoll_wait, or do not
  t.diagnostic(await killEverywhere('fire', prepare, { share: 0.6 }));
});

test('each of their moments is wholly decided or wholly to come', async () => {
  const found = await sql.rows(storyQuery(all.map(({ moment }) => moment.id)));
  assert.ok(found.some((row) => row.outcome === null), 'some were cut off before');
  assert.ok(found.some((row) => row.outcome !== null), 'some were not');
  assert.deepEqual(found, all.map(({ moment, expected }, n) => wholeStory(moment, ...(found[n].outcome ? expected : [null]))));
});

test('one clean run, and every story is told once', async () => {
  await sql.run(`UPDATE moments SET due_at = due_at - interval '100 days' WHERE outcome IS NULL AND due_at > now()
    AND id = ANY (ARRAY[${all.map(({ moment }) => quote(moment.id)).join(', ')}]::uuid[])`);
  const left = (await sql.rows(storyQuery(all.map(({ moment }) => moment.id)))).filter((row) => row.outcome === null).length;
  const { fired, missed, failed, skipped } = cron('fire');
  assert.deepEqual([fired + missed + failed, skipped], [left, 0]);
  assert.deepEqual(await sql.rows(storyQuery(all.map(({ moment }) => moment.id))),
    all.map(({ moment, expected }) => wholeStory(moment, ...expected)));
  assert.deepEqual(await sql.rows(driftQuery), []);
  assert.deepEqual([cron('fire').fired, (await sql.rows(`SELECT count(*) AS n FROM notifications WHERE dedupe_key LIKE 'moment:%'`))[0].n],
    [0, all.length]);
});
