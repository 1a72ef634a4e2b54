// Every status x action of a schedule x role, of experiments and of flags' environments.  What is
// refused changes nothing and leaves no trace.  Publishing and the like: experiments.test.mjs.
import assert from 'node:assert/strict';
import test from 'node:test';
import { call, expect, ok, quote, rows } from '../lib/client.mjs';
import { makeExperiments, makeFlags, makeWorld, roles, seeSnippet } from '../lib/world.mjs';

const world = makeWorld();
const { team } = world;
seeSnippet(team.project);
const mayPublish = ['owner', 'admin', 'developer'];
const soon = '2098-05-05T10:00:00.000Z';
const later = '2098-06-05T10:00:00.000Z';
const zone = { time_zone: 'UTC' };

const kinds = {
  experiment: {
    place: (it) => `/v1/experiments/${it.id}`,
    actions: {
      launch: ['PUT', '/schedule', { launch_at: later, ...zone }], 'launch and end': ['PUT', '/schedule', { launch_at: soon, end: { at: later }, ...zone }],
      end: ['PUT', '/schedule', { end: { at: later }, ...zone }], cancel: ['DELETE', '/schedule'],
      'preview of a launch': ['POST', '/schedule/preview', { launch_at: later, ...zone }],
      'preview of an end': ['POST', '/schedule/preview', { end: { at: later }, ...zone }],
    },
    // what it is, and what is scheduled: by action the answer, and the status afterwards if that changes
    states: {
      DRAFT: { launch: [201, 'SCHEDULED'], 'launch and end': [201, 'SCHEDULED'], end: [422], cancel: [404], 'preview of a launch': [200], 'preview of an end': [422] },
      'SCHEDULED launch': { launch: [200], 'launch and end': [200], end: [422], cancel: [200, 'DRAFT'], 'preview of a launch': [200], 'preview of an end': [422] },
      RUNNING: { launch: [422], 'launch and end': [422], end: [201], cancel: [404], 'preview of a launch': [422], 'preview of an end': [200] },
      'RUNNING end': { launch: [422], 'launch and end': [422], end: [200], cancel: [200], 'preview of a launch': [422], 'preview of an end': [200] },
      ...Object.fromEntries(['PAUSED', 'COMPLETED', 'ARCHIVED'].map((status) => [status, { launch: [422], 'launch and end': [422], end: [422], cancel: [404],
        'preview of a launch': [422], 'preview of an end': [422] }])),
    },
    make: (status, n) => makeExperiments(team.project, Array(n).fill({ status: status === 'SCHEDULED' ? 'DRAFT' : status })),
    plans: { launch: { launch_at: soon, ...zone }, end: { end: { at: soon }, ...zone } },
    show: async (it) => (await ok(200, 'GET', `/v1/experiments/${it.id}`, { as: world.viewer.token })).experiment,
    status: (now) => now.status,
  },
  flag: {
    place: (it) => `/v1/flags/${it.id}/environments/production`,
    actions: {
      enable: ['PUT', '/schedule', { enable_at: later, ...zone }], disable: ['PUT', '/schedule', { disable: { at: later }, ...zone }],
      both: ['PUT', '/schedule', { enable_at: soon, disable: { at: later }, ...zone }], cancel: ['DELETE', '/schedule'],
      'preview of an enable': ['POST', '/schedule/preview', { enable_at: later, ...zone }], run: ['POST', '/run'], pause: ['POST', '/pause'],
    },
    states: {
      off: { enable: [201], disable: [422], both: [201], cancel: [404], 'preview of an enable': [200], run: [200, 'on'], pause: [200] },
      'off enable': { enable: [200], disable: [422], both: [200], cancel: [200], 'preview of an enable': [200], run: [200, 'on'], pause: [200] },
      on: { enable: [201], disable: [201], both: [201], cancel: [404], 'preview of an enable': [200], run: [200], pause: [200, 'off'] },
      'on disable': { enable: [200], disable: [200], both: [200], cancel: [200], 'preview of an enable': [200], run: [200], pause: [200, 'off'] },
      ARCHIVED: { enable: [422], disable: [422], both: [422], cancel: [404], 'preview of an enable': [422], run: [422], pause: [422] },
    },
    make: (status, n) => makeFlags(team, Array(n).fill({ status: status === 'ARCHIVED' ? status : 'ACTIVE' }), status === 'on' ? ['production'] : []),
    plans: { enable: { enable_at: soon, ...zone }, disable: { disable: { at: soon }, ...zone } },
    show: async (it) => (await ok(200, 'GET', `/v1/flags/${it.id}`, { as: world.viewer.token })).flag,
    status: (now) => (now.status === 'ARCHIVED' ? now.status : now.environments.find(({ name }) => name === 'production').enabled ? 'on' : 'off'),
  },
};
const callers = { ...Object.fromEntries([...roles, 'outsider'].map((role) => [role, { as: world[role].token }])),
  'a key': { bearer: team.keys.agent.secret }, nobody: {} };
// How many entries of the audit log each has, by id.
const traces = (list) => new Map(rows(`SELECT r.id, (SELECT count(*)::integer FROM audit WHERE team_id = ${quote(team.id)} AND (resource_id = r.id
    OR resource_id IN (SELECT id FROM flag_environments WHERE flag_id = r.id))) AS n
  FROM unnest(ARRAY[${list.map(({ it }) => quote(it.id)).join(', ')}]::uuid[]) AS r (id)`).map(({ id, n }) => [id, n]));

// What this caller gets, whom the rules of the status would answer so.
function answerTo(caller, status) {
  if (caller === 'nobody') return 401;
  if (caller === 'outsider') return 404;
  return mayPublish.includes(caller) ? status : 403;
}

// Play one, and note what it should leave behind.
async function play({ kind, it, action, caller, status, answers }) {
  const [method, path, body] = kind.actions[action];
  const what = `${action} by ${caller}`;
  const before = await kind.show(it);
  const [code, next] = answers[action];
  const answer = await call(method, kind.place(it) + path, { ...callers[caller], body });
  expect(answer, answerTo(caller, code), undefined, what);
  const now = await kind.show(it);
  const moved = answer.status < 300 && !/preview/.test(action) && `${action} ${status}` !== 'run on' && `${action} ${status}` !== 'pause off';
  if (moved) assert.deepEqual([kind.status(now), now.version], [next ?? status, before.version + 1], what);
  else assert.deepEqual(now, before, what);
  return moved ? 1 : 0;
}

for (const [name, kind] of Object.entries(kinds))
  for (const [state, answers] of Object.entries(kind.states))
    test(`${name} ${state}: each action by each role`, async () => {
      const [status, plan] = state.split(' ');
      const plays = Object.keys(kind.actions).flatMap((action) => Object.keys(callers).map((caller) => ({ kind, action, caller, status, answers })));
      for (const [n, it] of kind.make(status, plays.length).entries()) plays[n].it = it;
      if (plan)
        await Promise.all(plays.map(({ it }) => ok(201, 'PUT', `${kind.place(it)}/schedule`, { as: world.developer.token, body: kind.plans[plan] })));
      const before = traces(plays);
      const left = await Promise.all(plays.map(play));
      const after = traces(plays);
      for (const [n, { it, action, caller }] of plays.entries()) assert.equal(after.get(it.id) - before.get(it.id), left[n], `${action} by ${caller}: traces`);
    });
