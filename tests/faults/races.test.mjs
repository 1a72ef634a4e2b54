// Who is first?  A moment that is due meets a person who revokes, cancels, moves, archives or
// deletes: in every order, stepped by locks that a third session holds.  Exactly one wins, the
// other is told so, and what is told and entered is what has happened.
import assert from 'node:assert/strict';
import test from 'node:test';
import { call, cron, exec, quote } from '../lib/client.mjs';
import { fire } from '../lib/fire.mjs';
import { eventually } from '../lib/processes.mjs';
import { openSession } from '../lib/session.mjs';
import { insertion, planned, storyQuery, wholeStory } from '../lib/story.mjs';
import { driftQuery, insertUsers, makeUser, makeWorld, seeSnippet } from '../lib/world.mjs';

const world = makeWorld();
const { team, owner } = world;
seeSnippet(team.project);
const [holder, watcher] = [openSession(), openSession()];
await holder.run('SET client_min_messages = error'); // of a ROLLBACK too many
test.after(() => Promise.all([holder.end(), watcher.end()]));

/* ---- what a person may do meanwhile ---- */

const later = '2098-05-05T10:00:00.000Z';
const flagPath = ({ moment }) => `/v1/flags/${moment.flag}`;
const plan = ({ moment }) => (moment.flag ? `${flagPath({ moment })}/environments/production/schedule` : `/v1/experiments/${moment.resource}/schedule`);
const newTime = ({ kind }) => ({ launch: { launch_at: later }, end: { end: { at: later } }, enable: { enable_at: later }, disable: { disable: { at: later } } })[kind];
const member = ({ moment }) => `/v1/teams/${team.id}/members/${moment.by}`;
const as = { as: owner.token };

// send; wins: what has become of the moment when it is first; loses: its answer when cron is, and
// the state that it leaves behind all the same.
const takenBack = { notices: 0, told: [], deliveries: '', audits: '' };
const revoked = { wins: ['FAILED', 'permission_revoked'], loses: [200] };
const changes = {
  cancel: { send: (it) => call('DELETE', plan(it), as), wins: ['CANCELLED', 'cancelled', { ...takenBack, schedule: 'CANCELLED' }], loses: [409] },
  move: { send: (it) => call('PUT', plan(it), { ...as, body: { ...newTime(it.moment), time_zone: 'UTC', version: 1 } }),
    wins: [null, null, { touched: 1 }], loses: [409] },
  demote: { send: (it) => call('PATCH', member(it), { ...as, body: { role: 'viewer' } }), ...revoked },
  remove: { send: (it) => call('DELETE', member(it), as), ...revoked },
  spoil: { only: ['launch'], send: ({ moment }) => call('PATCH', `/v1/experiments/${moment.resource}`, { ...as, body: { metrics: [] } }),
    wins: ['FAILED', 'preflight_failed', { touched: 2 }], loses: [422] },
  pause: { only: ['end', 'disable'], state: { end: 'PAUSED', disable: 'off' },
    send: (it) => call('POST', it.moment.flag ? `${flagPath(it)}/environments/production/pause` : `/v1/experiments/${it.moment.resource}/pause`, as),
    wins: ['DROPPED', 'manual_change', { ...takenBack, schedule: 'CANCELLED' }], loses: [200, 422] },
  run: { only: ['enable'], state: { enable: 'on' }, send: (it) => call('POST', `${flagPath(it)}/environments/production/run`, as),
    wins: ['DROPPED', 'manual_change', { ...takenBack, schedule: 'CANCELLED' }], loses: [200] },
  archive: { only: ['enable', 'disable'], leaves: { state: 'ARCHIVED', touched: 2 }, send: (it) => call('POST', `${flagPath(it)}/archive`, as),
    wins: ['FAILED', 'resource_unavailable', { touched: 2, state: 'ARCHIVED' }], loses: [200] },
  delete: { only: ['enable', 'disable'], leaves: { state: null, touched: null }, send: (it) => call('DELETE', flagPath(it), as),
    wins: ['FAILED', 'resource_unavailable', { touched: null, state: null }], loses: [200] },
};
const kinds = ['launch', 'end', 'enable', 'disable'];
const cases = kinds.flatMap((kind) => Object.entries(changes).filter(([, { only }]) => !only || only.includes(kind))
  .map(([name, change]) => ({ kind, name, change })));

// Each has a scheduler of its own, so that a revocation and an inbox that is held are nobody else's.
async function prepare(list) {
  const people = list.map(() => makeUser('scheduler'));
  insertUsers(people);
  exec(`INSERT INTO members (team_id, user_id, role) VALUES ${people.map((p) => `(${quote(team.id)}, ${quote(p.id)}, 'developer')`).join(', ')};`);
  const moments = planned(world, list.map(({ kind }, n) => ({ kind, by: people[n].id })));
  exec(`${insertion(moments)};`);
  return list.map((each, n) => ({ ...each, moment: moments[n] }));
}

const all = []; // what has been played, with the story that it had
const storyOf = (list) => watcher.rows(storyQuery(list.map(({ moment }) => moment.id)));

// A machine that stands still for a second: whoever waited for a lock has given up.
class TooSlow extends Error {}

async function check(it, answer, first) {
  const { change, moment, kind, name } = it;
  if (answer.status === 503) throw new TooSlow(answer.text);
  const expected = { ...it };
  if (first === 'person') {
    assert.equal(answer.status, 200, answer.text);
    const [outcome, reason, more] = change.wins;
    expected.story = wholeStory(moment, outcome, reason, { ...(change.state && { touched: 1, state: change.state[kind] }), ...more });
    if (name === 'cancel') Object.assign(expected.story, { touched: 1, state: kind === 'launch' ? 'DRAFT' : moment.state });
  } else {
    assert.ok(change.loses.includes(answer.status), `${answer.status} ${answer.text}`);
    expected.story = wholeStory(moment, 'FIRED', null, change.leaves);
  }
  assert.deepEqual((await storyOf([it]))[0], expected.story);
  all.push(expected);
}

/* ---- steps ---- */

// Until so many wait for a lock, or done() says that there is no need to.
const waiting = (n, done = () => false) => eventually(`${n} wait`, 30, async () => done() || (await watcher.blocked()).length >= n);
const holding = (what) => holder.run(`BEGIN; ${what}`);
const release = () => holder.run('COMMIT');
function noted(promise) {
  const it = { over: false };
  it.end = promise.finally(() => { it.over = true; });
  return it;
}

// A person's change that has its locks and not yet committed; cron comes.
async function personInside(it) {
  await holding('LOCK TABLE audit IN SHARE MODE');
  const change = noted(it.change.send(it));
  await waiting(1);
  const run = noted(fire());
  await waiting(2, () => run.over);
  await release();
  const [answer, { code, log }] = await Promise.all([change.end, run.end]);
  assert.equal(code, 0, log);
  cron('fire');
  await check(it, answer, 'person');
}

// Cron has done all but tell, and not committed; the person comes.
async function cronInside(it) {
  await holding(`SELECT 1 FROM inbox WHERE user_id = ${quote(it.moment.by)} FOR UPDATE`);
  const run = noted(fire());
  await waiting(1);
  const change = noted(it.change.send(it));
  await waiting(2, () => change.over);
  assert.ok(!run.over);
  await release();
  const [answer, { code, line, log }] = await Promise.all([change.end, run.end]);
  assert.equal(code, 0, log);
  assert.equal(line.fired, 1);
  await check(it, answer, 'cron');
}

// Both want the resource, which somebody else has; whoever gets it.
async function bothOutside(it) {
  await holding(it.moment.flag ? `SELECT 1 FROM flags WHERE id = ${quote(it.moment.flag)} FOR UPDATE`
    : `SELECT 1 FROM experiments WHERE id = ${quote(it.moment.resource)} FOR UPDATE`);
  const run = noted(fire());
  const change = noted(it.change.send(it));
  await waiting(2, () => change.over || run.over);
  await waiting(1, () => change.over && run.over);
  await release();
  const [answer, { code, log }] = await Promise.all([change.end, run.end]);
  assert.equal(code, 0, log);
  cron('fire');
  const [{ outcome }] = await storyOf([it]);
  await check(it, answer, outcome === 'FIRED' ? 'cron' : 'person');
}

for (const [order, play] of Object.entries({ 'the person is inside': personInside, 'cron is inside': cronInside, 'both wait': bothOutside }))
  for (const each of cases)
    test(`${each.kind}, ${each.name}: ${order}`, async () => {
      for (let tries = 3; ; tries--)
        try {
          await play((await prepare([each]))[0]);
          return;
        } catch (error) {
          await holder.run('ROLLBACK');
          cron('fire');
          if (tries === 0 || !(error instanceof TooSlow)) throw error;
        }
    });

test('one wholly before the other', async () => {
  const before = await prepare(cases);
  const answers = await Promise.all(before.map((it) => it.change.send(it)));
  cron('fire');
  for (const [n, it] of before.entries()) await check(it, answers[n], 'person');
  const after = await prepare(cases);
  cron('fire');
  for (const it of after) await check(it, await it.change.send(it), 'cron');
});

test('nothing more becomes of any of them', async () => {
  const tally = cron('fire');
  assert.deepEqual([tally.fired, tally.missed, tally.failed, tally.skipped], [0, 0, 0, 0]);
  assert.deepEqual(await storyOf(all), all.map(({ story }) => story));
  assert.deepEqual(await watcher.rows(driftQuery), []);
});
