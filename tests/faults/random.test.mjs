// Ten thousand random steps of people and of the clock, played against tests/lib/model.mjs: what the
// program allows, does, tells and enters is what the model says.  The seed is printed;
// CARILLON_TEST_SEED=N plays the same again, CARILLON_TEST_STEPS=N more or fewer of them.
import assert from 'node:assert/strict';
import test from 'node:test';
import { below, chance, one, seed } from '../lib/chance.mjs';
import { call, cron, exec, jsonb, ok, quote, uuid } from '../lib/client.mjs';
import { fireAt, fresh, step } from '../lib/model.mjs';
import { openSession } from '../lib/session.mjs';
import { driftQuery, insertUsers, launchable, makeUser, makeWorld, seeSnippet } from '../lib/world.mjs';

const steps = Number(process.env.CARILLON_TEST_STEPS ?? 10000);
const slots = 100;
const minute = 60000;

/* ---- people ---- */

exec('SET client_min_messages = warning; TRUNCATE users, teams, heartbeats CASCADE;'); // the demo schedules things, too
const world = makeWorld();
seeSnippet(world.team.project);
const sql = openSession();
test.after(() => sql.end());
const people = ['ann', 'ben', 'cem'].map((name) => makeUser(name));
insertUsers(people);
await sql.run(`INSERT INTO members (team_id, user_id, role) VALUES ${people.map((p) => `(${quote(world.team.id)}, ${quote(p.id)}, 'developer')`).join(', ')}`);
const everybody = [...people, world.owner];
const demoted = new Map(); // id -> role
let strict = true;
const mayNow = (who) => !demoted.has(who);
const mayThen = (who) => !strict || mayNow(who);

async function shuffleRights() {
  const as = { as: world.owner.token };
  if (chance() < 0.3) {
    const { id } = one(people);
    const role = demoted.has(id) ? 'developer' : one(['viewer', 'collaborator']);
    await ok(200, 'PATCH', `/v1/teams/${world.team.id}/members/${id}`, { ...as, body: { role } });
    if (role === 'developer') demoted.delete(id);
    else demoted.set(id, role);
  }
  if (chance() < 0.1) {
    strict = !strict;
    await ok(200, 'PATCH', `/v1/teams/${world.team.id}`, { ...as, body: { strict_schedules: strict } });
  }
}

/* ---- things ---- */

const all = [];
const live = new Array(slots).fill(null);
const done = ['PAUSED', 'COMPLETED', 'ARCHIVED', null];

async function fillSlots() {
  const made = [];
  for (let n = 0; n < slots; n++)
    if (!live[n] || chance() < (done.includes(live[n].state) ? 0.4 : 0.03)) {
      live[n] = Object.assign(fresh(n % 2 ? 'flag' : 'experiment', uuid()), { place: uuid(), said: [] });
      made.push(live[n]);
    }
  all.push(...made);
  if (made.length === 0) return;
  const of = `FROM jsonb_to_recordset(${jsonb(made.map(({ what, id, place }) => ({ what, id, place })))}) AS t (what text, id uuid, place uuid)`;
  await sql.run(`INSERT INTO experiments (id, project_id, name, url_rules, variations, metrics) SELECT id, ${quote(world.team.project)}, 'Try',
      ${jsonb(launchable.url_rules)}, ${jsonb(launchable.variations)}, ${jsonb(launchable.metrics)} ${of} WHERE what = 'experiment';
    INSERT INTO flags (id, project_id, key, name, kind, variations, default_on, default_off) SELECT id, ${quote(world.team.project)}, id::text, 'Flag',
      'boolean', '[{"name":"on","value":true},{"name":"off","value":false}]', 'on', 'off' ${of} WHERE what = 'flag';
    INSERT INTO flag_environments (id, flag_id, environment_id) SELECT place, id, ${quote(world.team.environments.production)} ${of} WHERE what = 'flag'`);
}
const resource = (it) => (it.what === 'flag' ? it.place : it.id);

/* ---- one step ---- */

const time = (ms) => new Date(ms).toISOString();
const clockTime = ({ hh, mm }) => [hh, mm].map((n) => String(n).padStart(2, '0')).join(':');

function wish(at) {
  const near = () => Math.floor((at + (below(240) - 30) * minute) / minute) * minute;
  const begin = chance() < 0.75 ? near() : null;
  const kind = chance();
  const end = kind < 0.3 ? null : kind < 0.65 ? { at: near() + below(200) * minute } : { days: below(3), hh: below(24), mm: below(60) };
  return { first: begin, end };
}

function random(it, at) {
  const who = one(everybody);
  const what = chance() < 0.5 ? 'save' : one(it.what === 'flag' ? ['cancel', 'run', 'pause', 'run', 'pause', one(['archive', 'delete', 'run'])]
    : ['cancel', 'edit', 'edit', 'publish', 'pause', 'resume', one(['stop', 'archive', 'resume'])]);
  return { do: what, who, stale: /save|cancel/.test(what) && chance() < 0.05, ready: chance() < 0.6, wish: what === 'save' ? wish(at) : null };
}

function request(it, { do: what, wish: wanted, ready, stale }) {
  const path = it.what === 'flag' ? `/v1/flags/${it.id}` : `/v1/experiments/${it.id}`;
  const place = it.what === 'flag' ? `${path}/environments/production` : path;
  const version = stale ? { version: 999999 } : {};
  if (what === 'cancel') return ['DELETE', `${place}/schedule`, version];
  if (what === 'edit') return ['PATCH', path, { metrics: ready ? launchable.metrics : [] }];
  if (what === 'delete') return ['DELETE', path];
  if (what !== 'save') return ['POST', `${what === 'archive' ? path : place}/${what}`];
  const end = wanted.end && (wanted.end.at ? { at: time(wanted.end.at) } : { days_after: wanted.end.days, time: clockTime(wanted.end) });
  const names = it.what === 'flag' ? ['enable_at', 'disable'] : ['launch_at', 'end'];
  return ['PUT', `${place}/schedule`, { ...(wanted.first !== null && { [names[0]]: time(wanted.first) }), ...(end && { [names[1]]: end }),
    time_zone: 'UTC', ...version }];
}

async function play(it, move) {
  const [method, path, body] = request(it, move);
  const answer = await call(method, path, { as: move.who.token, body });
  it.said.push(`${method} ${path} ${JSON.stringify(body)} by ${move.who.name}: ${answer.status} ${answer.status > 299 ? answer.text : ''}`);
  const hasRight = mayNow(move.who.id) || (move.do === 'edit' && demoted.get(move.who.id) === 'collaborator');
  const allowed = hasRight && !move.stale && step(it, { ...move, who: move.who.id });
  const fine = allowed ? [200, 201] : it.state === null ? [404] : !hasRight ? [403] : [404, 409, 412, 422];
  assert.ok(fine.includes(answer.status), `${fine} was meant: seed ${seed}\n${it.said.join('\n')}`);
}

/* ---- what is to be seen ---- */

const order = (list) => list.map((m) => JSON.stringify(m)).sort();
const seenOf = (list) => sql.rows(`SELECT r.id, coalesce(e.status, CASE WHEN f.status = 'ARCHIVED' THEN f.status WHEN t.environment_id = ANY (f.enabled_in) THEN 'on'
      WHEN f.id IS NOT NULL THEN 'off' END) AS state,
    (SELECT coalesce(json_agg(json_build_array(m.kind, floor(extract(epoch FROM m.due_at) * 1000), m.outcome, m.reason, m.scheduled_by,
        (SELECT count(*) FROM notifications n WHERE n.user_id = m.scheduled_by AND n.dedupe_key = 'moment:' || m.id))), '[]')
      FROM moments m JOIN schedules s ON s.id = m.schedule_id WHERE s.resource_id = r.id) AS moments,
    (SELECT count(*) FROM schedules s WHERE s.resource_id = r.id AND s.status = 'PENDING') AS plans
  FROM unnest(ARRAY[${list.map((it) => quote(resource(it))).join(', ')}]::uuid[]) WITH ORDINALITY AS r (id, place)
  LEFT JOIN experiments e ON e.id = r.id
  LEFT JOIN (flag_environments t JOIN flags f ON f.id = t.flag_id) ON t.id = r.id
  ORDER BY r.place`);

async function compare(list) {
  for (const [n, row] of (await seenOf(list)).entries()) {
    const it = list[n];
    const meant = it.moments.map((m) => [m.kind, m.due, m.outcome, m.reason, m.who, m.told ? 1 : 0]);
    assert.deepEqual([row.state, row.plans, ...order(row.moments)], [it.state, it.plan ? 1 : 0, ...order(meant)], `seed ${seed}\n${it.said.join('\n')}`);
  }
}

test(`${steps} random steps, seed ${seed}`, async (t) => {
  let at = Math.ceil(Date.now() / minute) * minute + 1440 * minute;
  const outcomes = {};
  let decided = 0;
  for (let round = 0; round * slots < steps; round++) {
    await shuffleRights();
    await fillSlots();
    const todo = live.map((it) => [it, random(it, at)]);
    await Promise.all(Array.from({ length: 12 }, async () => {
      for (let next = todo.pop(); next; next = todo.pop()) await play(...next);
    }));
    at += (chance() < 0.05 ? 2880 : one([3, 10, 20, 40, 59, 60, 61])) * minute;
    const tally = cron('fire', '--at', time(at));
    const n = fireAt(all, at, mayThen);
    live.forEach((it) => it.said.push(`fire at ${time(at)}`));
    assert.deepEqual([tally.fired + tally.missed + tally.failed, tally.skipped], [n, 0], `seed ${seed}, round ${round}: ${JSON.stringify(tally)}`);
    decided += n;
    await compare(live);
  }
  await compare(all);
  for (const { outcome, reason } of all.flatMap((it) => it.moments)) outcomes[`${outcome} ${reason}`] = (outcomes[`${outcome} ${reason}`] ?? 0) + 1;
  t.diagnostic(`${all.length} resources, ${decided} moments decided: ${JSON.stringify(outcomes)}`);
  if (steps >= 10000)
    for (const wanted of ['FIRED null', 'FIRED already_there', 'MISSED too_late', 'FAILED permission_revoked', 'FAILED preflight_failed', 'DROPPED not_started',
      'DROPPED manual_change', 'CANCELLED cancelled', 'CANCELLED edited'])
      assert.ok(outcomes[wanted] > 0, `none was ${wanted}`);
});

test('each decision has one notice, its deliveries and one entry; each change by a person has one', async () => {
  const counts = await sql.rows(`SELECT (SELECT count(*) FROM notifications) AS notices, (SELECT count(*) FROM deliveries) AS deliveries,
    (SELECT count(*) FROM audit WHERE actor_type = 'SYSTEM') AS decisions,
    (SELECT count(*) FROM audit WHERE actor_type = 'USER' AND action !~ '^(member|team)') AS changes`);
  const told = all.flatMap((it) => it.moments).filter((m) => m.told).length;
  assert.deepEqual(counts, [{ notices: told, deliveries: 2 * told, decisions: told, changes: all.reduce((sum, it) => sum + it.entries, 0) }]);
  assert.deepEqual(await sql.rows(driftQuery), []);
});
