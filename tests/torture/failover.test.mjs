// Failover under load: two PostgreSQL servers in one connection string, the standby in step with the primary.
// The primary is stopped, killed or frozen, the standby promoted; the copy goes on with it by itself.  What
// was acknowledged is there, cron decides every moment once, no process is lost.
import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startCopy } from '../lib/copy.mjs';
import { newServer } from '../lib/postgres.mjs';

const servers = [newServer(), newServer()];
let [primary, standby] = servers;
const url = (role) => `dbname=carillon user=${role} host='${servers.map(({ folder }) => folder).join(',')}' target_session_attrs=read-write`;
primary.init();
const copy = await startCopy({ CARILLON_KEY_RATE: '1000000', CARILLON_DATABASE_URL: url('carillon_migrator'),
  CARILLON_WEB_DATABASE_URL: url('carillon_web'), CARILLON_WORKER_DATABASE_URL: url('carillon_worker') });
test.after(async () => {
  await copy.stop();
  await Promise.all(servers.map((server) => server.remove()));
});
const { cron } = await import('../lib/client.mjs');
const { fire } = await import('../lib/fire.mjs');
const { assertOnce, assertSound, failed, figures, long, makeScene, underLoad } = await import('../lib/load.mjs');
const { eventually, workers } = await import('../lib/processes.mjs');
const { openSession } = await import('../lib/session.mjs');
const { insertion, planned, storyQuery, wholeStory } = await import('../lib/story.mjs');
const { seeSnippet } = await import('../lib/world.mjs');

const scene = makeScene((sql) => primary.admin(sql));
seeSnippet(scene.world.team.project);
const allWorkers = () => scene.families.map((family) => workers(family));
const kinds = ['launch', 'end', 'enable', 'disable'];
const loaded = long ? 10000 : 2000; // ms before, and after

// Each way to lose a primary: what is done to it; for so long a request may wait for its 503, and for so long
// after the promotion some may get one.  That a server says nothing takes longer to find out.
const ways = {
  'stopped at once': { lose: () => primary.end('SIGQUIT'), most: 3000, normal: 5000 },
  'killed, all of it': { lose: () => primary.end('SIGKILL'), most: 3000, normal: 5000 },
  'shut down': { lose: () => primary.end('SIGINT'), most: 3000, normal: 5000 },
  'frozen, its sockets open': { lose: () => primary.signal('SIGSTOP'), most: 8000, normal: 15000 },
};

// The other one takes over; the time at which it did.
async function promote() {
  await standby.promote();
  [primary, standby] = [standby, primary];
  return Date.now();
}

const some = (...names) => (long ? Object.keys(ways) : names);
for (const what of some('stopped at once', 'frozen, its sockets open'))
  test(`the primary is ${what}`, async (t) => {
    const { lose, most, normal } = ways[what];
    await standby.follow(primary);
    const before = allWorkers();
    let lost, promoted;
    const records = await underLoad(scene, async (load) => {
      await sleep(loaded);
      lost = Date.now();
      await lose();
      promoted = await promote();
      await sleep(loaded);
      await eventually('normal again', normal / 1000 + 2, load.isNormal);
    });
    const bad = failed(records);
    t.diagnostic(`${figures(records)}; promoted after ${promoted - lost} ms, the last 503 ${Math.max(...bad.map((record) => record.at + record.ms)) - promoted} ms after that`);
    assertSound(records, (record) => record.at + record.ms >= lost && record.at < promoted + normal);
    assert.ok(bad.length > 0 && bad.every(({ ms }) => ms < most), 'some failed, none late');
    assert.deepEqual(allWorkers(), before, 'no worker ended');
    t.diagnostic(assertOnce(scene));
  });

for (const what of some('killed, all of it').slice(0, 3)) // a frozen one keeps a run waiting for over a minute
  test(`a firing run while the primary is ${what}`, async (t) => {
    await standby.follow(primary);
    const moments = planned(scene.world, Array.from({ length: 600 }, (_, n) => ({ kind: kinds[n % 4] })));
    primary.admin(`BEGIN; ${insertion(moments)}; COMMIT`);
    const decided = () => Number(primary.admin("SELECT count(*) FROM moments WHERE outcome = 'FIRED'"));
    const earlier = decided();
    const eyes = primary.session(); // quick enough to see it in the middle
    let seen = 0;
    const run = fire();
    await eventually('some have fired', 20, async () => {
      seen = Number(await eyes.run("SELECT count(*) FROM moments WHERE outcome = 'FIRED'")) - earlier;
      return seen > 20;
    });
    assert.ok(seen < moments.length, 'in the middle');
    await ways[what].lose();
    await promote();
    const { code, log } = await run;
    await eyes.end();
    assert.ok(code === 0 || code === 1, `code ${code}: ${log}`);
    const during = decided() - earlier;
    const { fired, skipped } = cron('fire');
    t.diagnostic(`${seen} of ${moments.length} moments were decided before, ${during} by the end of the run, ${fired} by the next`);
    assert.deepEqual([during + fired, skipped], [moments.length, 0]);
    const sql = openSession();
    const found = await sql.rows(storyQuery(moments.map(({ id }) => id)));
    await sql.end();
    assert.deepEqual(found, moments.map((moment) => wholeStory(moment)));
  });
