// What stands in cron's way: people whose accounts are gone, moments that cannot be decided, locks,
// deadlocks, a database that is restarted under it.  None of it stops the others, and what can be
// decided in the end is decided once.
import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startCluster } from '../lib/cluster.mjs';

const cluster = await startCluster();
const { cron, exec, quote, rows, value } = await import('../lib/client.mjs');
const { fire } = await import('../lib/fire.mjs');
const { eventually } = await import('../lib/processes.mjs');
const { openSession } = await import('../lib/session.mjs');
const { insertion, planned, storyQuery, wholeStory } = await import('../lib/story.mjs');
const { driftQuery, insertUsers, makeUser, makeWorld, seeSnippet } = await import('../lib/world.mjs');
test.after(cluster.stop);
test.afterEach(() => exec(`UPDATE moments SET outcome = 'CANCELLED', decided_at = now() WHERE outcome IS NULL;
  DROP TRIGGER IF EXISTS poison ON moments; DROP FUNCTION IF EXISTS poison; DROP SEQUENCE IF EXISTS tries;`)); // what a failure has left

const kinds = ['launch', 'end', 'enable', 'disable'];

function makeTeam() {
  const world = makeWorld();
  seeSnippet(world.team.project);
  const second = makeUser('owner');
  insertUsers([second]);
  exec(`INSERT INTO members (team_id, user_id, role) VALUES (${quote(world.team.id)}, ${quote(second.id)}, 'owner');`);
  return { ...world, owners: [world.owner.id, second.id].sort() };
}
function due(world, ...wishes) {
  const moments = planned(world, wishes);
  exec(`${insertion(moments)};`);
  return moments;
}
const storyOf = (moments) => rows(storyQuery(moments.map(({ id }) => id)));
const became = (moments, outcome, reason, more) => assert.deepEqual(storyOf(moments), moments.map((m) => wholeStory(m, outcome, reason, more)));
const mails = (n) => Array.from({ length: n }, () => 'email').concat(Array.from({ length: n }, () => 'in_app')).join(' ');
const goes = (id) => `DELETE FROM users WHERE id = ${quote(id)}`;
async function opened(t) {
  const session = openSession();
  t.after(() => session.end());
  return session;
}
const waiting = (session, n) => eventually(`${n} wait for a lock`, 30, async () => (await session.blocked()).length === n);
function sound({ code, line, log }, tally) {
  assert.equal(code, 0, log);
  assert.deepEqual([line.fired, line.missed, line.failed, line.skipped], tally, log);
}

/* ---- accounts ---- */

for (const strict of [true, false])
  test(`the scheduler's account is deleted a second before, ${strict ? 'strict' : 'not strict'}: the owners are told`, async () => {
    const world = makeTeam();
    exec(`UPDATE teams SET strict_schedules = ${strict} WHERE id = ${quote(world.team.id)};`);
    const moments = due(world, ...kinds.map((kind) => ({ kind })), { kind: 'end', late: '2 hours' });
    exec(`${goes(world.developer.id)};`);
    sound(await fire(), strict ? [0, 1, 4, 0] : [4, 1, 0, 0]);
    const told = { notices: 2, told: world.owners, deliveries: mails(2) };
    became(moments.slice(0, 4), strict ? 'FAILED' : 'FIRED', strict ? 'permission_revoked' : null, told);
    became(moments.slice(4), 'MISSED', 'too_late', told);
    assert.equal(value(`SELECT count(*) FROM audit WHERE actor_type = 'SYSTEM' AND on_behalf_of IS NULL AND team_id = ${quote(world.team.id)}`), 5);
  });

test('with no owner left there is nobody to tell, and the rest is done', async () => {
  const world = makeTeam();
  const moments = due(world, { kind: 'launch', by: world.owner.id }, { kind: 'enable', by: world.owner.id });
  for (const id of world.owners) exec(`${goes(id)};`);
  const run = await fire();
  sound(run, [0, 0, 2, 0]);
  assert.match(run.log, /there is nobody to tell/);
  became(moments, 'FAILED', 'permission_revoked', { notices: 0, told: [], deliveries: '' });
});

for (const kind of kinds) {
  test(`${kind}: the account goes while cron comes`, async (t) => {
    const world = makeTeam();
    const session = await opened(t);
    const moments = due(world, { kind });
    await session.run(`BEGIN; ${goes(world.developer.id)}`);
    const run = fire();
    await waiting(session, 1);
    await session.run('COMMIT');
    sound(await run, [0, 0, 1, 0]);
    became(moments, 'FAILED', 'permission_revoked', { notices: 2, told: world.owners, deliveries: mails(2) });
  });

  test(`${kind}: cron has begun when the account goes`, async (t) => {
    const world = makeTeam();
    const session = await opened(t);
    const moments = due(world, { kind });
    await session.run(`BEGIN; SELECT 1 FROM inbox WHERE user_id = ${quote(world.developer.id)} FOR UPDATE`);
    const run = fire();
    await waiting(session, 1);
    const leaver = await opened(t);
    const gone = leaver.run(goes(world.developer.id)).catch((error) => error);
    await waiting(session, 2);
    await session.run('COMMIT');
    const { line, code, log } = await run;
    assert.equal(code, 0, log);
    if ((await gone) instanceof Error) exec(`${goes(world.developer.id)};`); // of two in a deadlock it was the one that gave way
    const [story] = storyOf(moments);
    assert.deepEqual([line.fired + line.failed, line.skipped], [1, 0]);
    assert.match(`${story.outcome} ${story.reason} ${story.audits}`, /^(FIRED null schedule.fired|FAILED permission_revoked schedule.failed)$/);
    assert.deepEqual(story.told, story.outcome === 'FIRED' ? [] : world.owners); // with the account went its inbox
  });
}

/* ---- moments that cannot be decided, for ever or for now ---- */

// Whoever decides one of these moments gets this; the first `times` of them, or all.
function poison(moments, what, times = 1000000) {
  exec(`CREATE SEQUENCE tries; GRANT USAGE ON SEQUENCE tries TO PUBLIC;
    CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF nextval('tries') <= ${times} THEN ${what}; END IF; RETURN NEW; END $$;
    CREATE TRIGGER poison BEFORE UPDATE OF outcome ON moments FOR EACH ROW
      WHEN (NEW.id IN (${moments.map(({ id }) => quote(id)).join(', ')})) EXECUTE FUNCTION poison();`);
}
const cure = () => exec('DROP TRIGGER poison ON moments; DROP FUNCTION poison; DROP SEQUENCE tries;');
const raise = (state) => `RAISE 'poison' USING ERRCODE = '${state}'`;
const dies = 'PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(1)';
const others = ['enable', 'end', 'disable', 'launch', 'enable'].map((kind) => ({ kind }));

for (const [what, does, isSound] of [
  ['a fault of ours', raise('P0001'), false], ['a constraint', raise('23514'), false], ['a double', raise('23505'), false], ['a full disk', raise('53100'), false],
  ['one that kills its session', dies, false], ['a deadlock every time', raise('40P01'), true], ['a lock that is never let go', raise('55P03'), true]])
  test(`${what}, five times before all others: they are decided all the same`, async () => {
    const world = makeTeam();
    const bad = due(world, ...others.map((wish) => ({ ...wish, late: '5 minutes' })));
    const good = due(world, ...others);
    poison(bad, does);
    const run = await fire();
    cure();
    assert.equal(run.code, isSound ? 0 : 1, run.log);
    assert.deepEqual([run.line.fired, run.line.skipped], [5, 5], run.log);
    became(good, 'FIRED');
    became(bad, null);
    sound(await fire(), [5, 0, 0, 0]);
    became(bad, 'FIRED');
  });

for (const [what, does] of [['a deadlock', raise('40P01')], ['a serialization failure', raise('40001')], ['a lock timeout', raise('55P03')],
  ['a statement timeout', raise('57014')], ['a session that is ended', dies]])
  test(`${what}, three times: decided in the same run`, async () => {
    const world = makeTeam();
    const moments = due(world, { kind: 'launch' }, { kind: 'enable' });
    poison(moments.slice(0, 1), does, 3);
    sound(await fire(), [2, 0, 0, 0]);
    cure();
    became(moments, 'FIRED');
  });

test('within the hour it is tried again, after the hour it is missed', async () => {
  const world = makeTeam();
  const moments = due(world, { kind: 'launch', late: '58 minutes' });
  const at = (minutes) => ['--at', new Date(Date.now() + minutes * 60000).toISOString()];
  poison(moments, raise('40001'));
  sound(await fire(), [0, 0, 0, 1]);
  sound(await fire({ args: at(1) }), [0, 0, 0, 1]);
  became(moments, null);
  cure();
  sound(await fire({ args: at(3) }), [0, 1, 0, 0]);
  became(moments, 'MISSED', 'too_late');
});

test('a schedule that somebody holds: the others go on, it comes next', async (t) => {
  const world = makeTeam();
  const session = await opened(t);
  const [held, ...free] = due(world, { kind: 'launch', late: '2 minutes' }, ...others);
  await session.run(`BEGIN; SELECT 1 FROM schedules WHERE id = ${quote(held.schedule)} FOR UPDATE`);
  sound(await fire({ env: { ...cluster.straight, PGOPTIONS: '-c lock_timeout=50ms' } }), [5, 0, 0, 1]);
  became(free, 'FIRED');
  await session.run('COMMIT');
  sound(await fire(), [1, 0, 0, 0]);
  became([held], 'FIRED');
});

test('a run that was stopped until its session was ended goes on with another', async (t) => {
  const world = makeTeam();
  const session = await opened(t);
  const moments = due(world, { kind: 'launch' });
  await session.run(`BEGIN; SELECT 1 FROM schedules WHERE id = ${quote(moments[0].schedule)} FOR UPDATE`);
  const run = fire({ env: { ...cluster.straight, PGOPTIONS: '-c idle_in_transaction_session_timeout=100ms' } });
  await waiting(session, 1);
  const [pid] = await session.blocked();
  run.child.kill('SIGSTOP');
  await session.run('COMMIT');
  await eventually('its session has ended', 30, async () => (await session.rows(`SELECT FROM pg_stat_activity WHERE pid = ${pid}`)).length === 0);
  run.child.kill('SIGCONT');
  sound(await run, [1, 0, 0, 0]);
  became(moments, 'FIRED');
});

test('PostgreSQL is killed and started again in the middle of runs', async (t) => {
  const world = makeTeam();
  const moments = [];
  let decided = 0;
  for (let crash = 1; crash <= 3; crash++) {
    const session = await opened(t); // ends with the crash
    const done = async () => Number(await session.run(`SELECT count(*) FROM moments WHERE outcome = 'FIRED' AND project_id = ${quote(world.team.project)}`));
    moments.push(...due(world, ...Array.from({ length: 200 }, (_, n) => ({ kind: kinds[n % 4] }))));
    const before = await done();
    const run = fire();
    while (await done() < before + 20) await sleep(2);
    assert.ok(await done() < moments.length, 'in the middle');
    await cluster.restart();
    const { code, line } = await run;
    assert.ok(code === 0 || code === 1, `code ${code}`);
    decided += line.fired;
  }
  const { fired, skipped } = cron('fire');
  t.diagnostic(`${decided} moments during, ${fired} after`);
  assert.equal(skipped, 0);
  assert.ok(decided + fired <= moments.length);
  became(moments, 'FIRED');
});

test('in the end every inbox has what it counts', () => assert.deepEqual(rows(driftQuery), []));
