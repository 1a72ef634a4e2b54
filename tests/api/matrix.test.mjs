// Who may do what to whose: every route of openapi.yaml x who calls x whose
// id.  A route that is in the document and not in this table fails, so a new
// one cannot be forgotten.
import assert from 'node:assert/strict';
import test from 'node:test';
import { call, exec, expect, quote, sign, uuid } from '../lib/client.mjs';
import { claimsOf, headerOf } from '../lib/jwt.mjs';
import { operations } from '../lib/openapi.mjs';
import { drifted, failedDelivery, give, makeExperiment, makeFeed, makeFlag, makeIssue, makeJob, makeKey, makeWebhook, makeWorld, roles } from '../lib/world.mjs';

const world = makeWorld();
const { team, other, owner, outsider } = world;
const document = operations();

// The owner's own and deleted notification, the outsider's, by id.
const [own, deleted] = give(owner, [{}, { deleted_at: '2024-01-01T00:00:00Z' }]).map((row) => row.id);
const [foreign, binned] = give(outsider, [{}, { deleted_at: '2024-01-01T00:00:00Z' }]).map((row) => row.id);

// What kinds of id there are for each placeholder: random and malformed ones are added.
const ids = {
  notification: { own, foreign, deleted },
  'notification in the bin': { own: deleted, foreign: binned, deleted: own },
  team: { own: team.id, foreign: other.id },
  project: { own: team.project, foreign: other.project },
  experiment: { own: makeExperiment(team.project).id, foreign: makeExperiment(other.project).id },
  flag: { own: makeFlag(team, { key: 'own' }).id, foreign: makeFlag(other).id },
  issue: { own: makeIssue(team), foreign: makeIssue(other) },
  environment: { own: team.environments.production, foreign: other.environments.production },
  user: { own: world.viewer.id, foreign: outsider.id },
  delivery: { own: failedDelivery(world.viewer, team.id).id, foreign: failedDelivery(outsider, other.id).id,
    deleted: uuid() },
  webhook: { own: makeWebhook(owner).id, foreign: makeWebhook(outsider).id, deleted: uuid() },
  feed: { own: makeFeed(owner), foreign: makeFeed(outsider), deleted: uuid() },
  job: { own: makeJob(team).id, foreign: makeJob(other).id, deleted: uuid() },
  key: { own: null, foreign: other.keys.agent.id, deleted: makeKey('agent').id },
};
const malformed = ['x', '.x', '0', '-1', 'null', 'undefined', 'me', `${uuid()}0`, uuid().slice(1), uuid().replaceAll('-', ''),
  `{${uuid()}}`, uuid().replace(/.$/, 'g'), '%27%20OR%201=1', '%C3%A9', '%FF', '1e9', '%20', 'a'.repeat(500)];

const expired = () => {
  const now = Math.floor(Date.now() / 1000);
  return sign(headerOf(owner.token), { ...claimsOf(owner.token), iat: now - 100, exp: now - 1 });
};

// Who calls, and what every user route of this table answers them when it does not depend on the id.
const refused = {
  nobody: [{}, 401, 'Missing authorization'],
  'an empty cookie': [{ headers: { Cookie: 'token=' } }, 401, null],
  garbage: [{ bearer: 'garbage' }, 401, 'Invalid or expired token'],
  'garbage in the cookie': [{ as: 'a.b.c' }, 401, 'Invalid or expired token'],
  'another scheme': [{ headers: { Authorization: 'Basic dXNlcjpwYXNz' } }, 401, 'Invalid authorization format'],
  'an expired token': [{ get as() { return expired(); } }, 401, 'Invalid or expired token'],
  'an unknown key': [{ bearer: makeKey('agent').secret }, 401, 'Invalid API key'],
  'an unknown client key': [{ bearer: makeKey('client').secret }, 401, 'Invalid API key'],
  'an expired key': [{ bearer: team.keys.expired.secret }, 401, 'API key expired'],
  'an expired client key': [{ bearer: team.keys.expiredClient.secret }, 401, 'API key expired'],
  'an agent key': [{ bearer: team.keys.agent.secret }, 403, 'User authentication required'],
  'a client key': [{ bearer: team.keys.client.secret }, 403, 'User authentication required'],
  'an agent key beside a good cookie': [{ bearer: team.keys.agent.secret, get as() { return owner.token; } }, 403,
    'User authentication required'],
  'a foreign agent key': [{ bearer: other.keys.agent.secret }, 403, 'User authentication required'],
};

// route -> what it needs.  id: the placeholder under test, noun: of its 404,
// body: one that is fine, least: roles that may (all five unless told).
const manage = ['owner', 'admin'];
const edit = ['owner', 'admin', 'developer', 'collaborator'];
const publish = ['owner', 'admin', 'developer'];
const launch = { launch_at: '2099-01-01T00:00:00Z', time_zone: 'UTC' };
const enable = { enable_at: '2099-01-01T00:00:00Z', time_zone: 'UTC' };
const table = {
  'POST /v1/auth/logout': { spends: true },
  'POST /v1/auth/logout-all': { spends: true },
  'GET /v1/auth/me': {},
  'PATCH /v1/auth/me': { body: {} },
  'GET /v1/auth/me/webhooks': {},
  'POST /v1/auth/me/webhooks': { spends: true, body: { url: 'https://example.com/' } },
  'DELETE /v1/auth/me/webhooks/{id}': { id: 'webhook', noun: 'Webhook', spends: true },
  'POST /v1/auth/me/webhooks/{id}/test': { id: 'webhook', noun: 'Webhook' },
  'GET /v1/feeds': {},
  'POST /v1/feeds': { spends: true, body: { kind: 'atom' } },
  'DELETE /v1/feeds/{id}': { id: 'feed', noun: 'Feed', spends: true },
  'GET /v1/notifications': {},
  'GET /v1/notifications/unread-count': {},
  'GET /v1/notifications/counts': {},
  'GET /v1/notifications/bin': {},
  'GET /v1/notifications/snoozed': {},
  'GET /v1/notifications/types': {},
  'POST /v1/notifications/mark-all-read': { body: { type: 'job.completed' } },
  'POST /v1/notifications/undo': { body: { undo: '1' } },
  'PATCH /v1/notifications/{id}': { id: 'notification', noun: 'Notification', body: { read: true } },
  'DELETE /v1/notifications/{id}': { id: 'notification', noun: 'Notification', spends: true },
  'POST /v1/notifications/{id}/restore': { id: 'notification in the bin', noun: 'Notification', spends: true },
  'GET /v1/notifications/{id}/deliveries': { id: 'notification', noun: 'Notification' },
  'GET /api/notifications': {},
  'POST /api/notifications/{id}/read': { id: 'notification', noun: 'Notification' },
  'POST /api/notifications/read-all': {},
  'GET /v1/teams/{team}': { id: 'team', noun: 'Team' },
  'PATCH /v1/teams/{team}': { id: 'team', noun: 'Team', body: { strict_schedules: true }, least: manage },
  'GET /v1/teams/{team}/members': { id: 'team', noun: 'Team' },
  'POST /v1/teams/{team}/members': { id: 'team', noun: 'Team', least: manage,
    body: () => ({ email: `${uuid()}@example.com`, role: 'viewer' }), status: 201 },
  'PATCH /v1/teams/{team}/members/{user}': { id: 'user', noun: 'Member', body: { role: 'viewer' }, least: manage },
  'DELETE /v1/teams/{team}/members/{user}': { id: 'user', noun: 'Member', least: manage, spends: true },
  'DELETE /v1/teams/{team}/members/{user}/suppression': { id: 'user', noun: 'Member', least: manage, spends: true },
  'GET /v1/teams/{team}/deliveries': { id: 'team', noun: 'Team', least: manage },
  'POST /v1/teams/{team}/deliveries/{id}/replay': { id: 'delivery', noun: 'Delivery', least: manage, spends: true },
  'GET /v1/teams/{team}/keys': { id: 'team', noun: 'Team' },
  'POST /v1/teams/{team}/keys': { id: 'team', noun: 'Team', body: { name: 'k', kind: 'agent' }, least: manage, status: 201 },
  'DELETE /v1/teams/{team}/keys/{id}': { id: 'key', noun: 'Key', least: manage, spends: true },
  'GET /v1/teams/{team}/audit': { id: 'team', noun: 'Team' },
  'GET /v1/teams/{team}/projects': { id: 'team', noun: 'Team' },
  'POST /v1/teams/{team}/projects': { id: 'team', noun: 'Team', body: { name: 'p' }, least: edit, status: 201 },
  'GET /v1/projects/{project}': { id: 'project', noun: 'Project' },
  'PATCH /v1/projects/{project}': { id: 'project', noun: 'Project', body: { name: 'p' }, least: edit },
  'GET /v1/projects/{project}/experiments': { id: 'project', noun: 'Project' },
  'POST /v1/projects/{project}/experiments': { id: 'project', noun: 'Project', body: { name: 'e' }, least: edit, status: 201 },
  'GET /v1/experiments/{id}': { id: 'experiment', noun: 'Experiment' },
  'PATCH /v1/experiments/{id}': { id: 'experiment', noun: 'Experiment', body: { name: 'e' }, least: edit },
  'GET /v1/experiments/{id}/preflight': { id: 'experiment', noun: 'Experiment' },
  'POST /v1/experiments/{id}/publish': { id: 'experiment', noun: 'Experiment', least: publish, spends: true },
  'POST /v1/experiments/{id}/pause': { id: 'experiment', noun: 'Experiment', least: publish, spends: true },
  'POST /v1/experiments/{id}/resume': { id: 'experiment', noun: 'Experiment', least: publish, spends: true },
  'POST /v1/experiments/{id}/stop': { id: 'experiment', noun: 'Experiment', least: publish, spends: true },
  'POST /v1/experiments/{id}/archive': { id: 'experiment', noun: 'Experiment', least: publish, spends: true },
  'GET /v1/experiments/{id}/schedule': { id: 'experiment', noun: 'Experiment', status: 404 },
  'PUT /v1/experiments/{id}/schedule': { id: 'experiment', noun: 'Experiment', body: launch, least: publish, spends: true },
  'DELETE /v1/experiments/{id}/schedule': { id: 'experiment', noun: 'Experiment', least: publish, spends: true },
  'POST /v1/experiments/{id}/schedule/preview': { id: 'experiment', noun: 'Experiment', body: launch, least: publish, spends: true },
  'GET /v1/projects/{project}/schedules': { id: 'project', noun: 'Project' },
  'GET /v1/projects/{project}/flags': { id: 'project', noun: 'Project' },
  'POST /v1/projects/{project}/flags': { id: 'project', noun: 'Project', least: edit, status: 201,
    body: () => ({ key: uuid(), name: 'f', kind: 'boolean' }) },
  'GET /v1/flags/{id}': { id: 'flag', noun: 'Flag' },
  'PATCH /v1/flags/{id}': { id: 'flag', noun: 'Flag', body: { name: 'f' }, least: edit },
  'DELETE /v1/flags/{id}': { id: 'flag', noun: 'Flag', least: publish, spends: true },
  'POST /v1/flags/{id}/archive': { id: 'flag', noun: 'Flag', least: publish, spends: true },
  'POST /v1/flags/{id}/environments/{environment}/run': { id: 'flag', noun: 'Flag', least: publish },
  'POST /v1/flags/{id}/environments/{environment}/pause': { id: 'flag', noun: 'Flag', least: publish },
  'GET /v1/flags/{id}/environments/{environment}/schedule': { id: 'flag', noun: 'Flag', status: 404 },
  'PUT /v1/flags/{id}/environments/{environment}/schedule': { id: 'flag', noun: 'Flag', body: enable, least: publish, spends: true },
  'DELETE /v1/flags/{id}/environments/{environment}/schedule': { id: 'flag', noun: 'Flag', least: publish, spends: true },
  'POST /v1/flags/{id}/environments/{environment}/schedule/preview': { id: 'flag', noun: 'Flag', body: enable, least: publish },
  'GET /v1/projects/{project}/issues': { id: 'project', noun: 'Project' },
  'GET /v1/issues/{id}': { id: 'issue', noun: 'Issue' },
  'PATCH /v1/issues/{id}': { id: 'issue', noun: 'Issue', body: { status: 'in_progress' }, least: edit },
  'GET /v1/issues/{id}/events': { id: 'issue', noun: 'Issue' },
  'GET /v1/projects/{project}/feedback': { id: 'project', noun: 'Project' },
  'GET /v1/teams/{team}/jobs': { id: 'team', noun: 'Team' },
  'POST /v1/teams/{team}/jobs': { id: 'team', noun: 'Team', least: manage, spends: true,
    body: { type: 'project_export', project_id: team.project } },
  'GET /v1/jobs/{id}': { id: 'job', noun: 'Job' },
  'POST /v1/jobs/{id}/cancel': { id: 'job', noun: 'Job', least: manage, spends: true },
  'GET /v1/jobs/{id}/file': { id: 'job', noun: 'Job', status: 404 },
};

const routesFor = (access) => document.filter((op) => op.access === access).map((op) => `${op.method} ${op.path}`);
const agentRoutes = routesFor('user or agent');
const userRoutes = [...routesFor('user'), ...agentRoutes];
// Where agent keys may: what they get is tested below.
const refusedBy = (route) => Object.entries(refused).filter(([who]) => !agentRoutes.includes(route) || !/agent key/.test(who)
  || /unknown/.test(who)).map(([who, [caller, code, text]]) =>
  [who, [caller, code, code === 403 && agentRoutes.includes(route) ? 'User or agent key required' : text]]);

test('the table holds every user route of openapi.yaml, and no other', () => {
  assert.deepEqual(Object.keys(table).sort(), userRoutes.sort());
});

// The path of a route with id in the place under test and the team's own ids in the others.
function target(route, id) {
  const { id: kind } = table[route];
  return route.split(' ')[1].replace(/\{(\w+)\}/g, (whole, name) => {
    const here = name === 'id' ? kind : name;
    return here === kind ? id : ids[here].own;
  });
}

function send(route, id, caller) {
  const { body } = table[route];
  return call(route.split(' ')[0], target(route, id), { body: typeof body === 'function' ? body() : body, ...caller });
}

// All ids that must look alike: what, id.
function strangers(kind) {
  const { foreign: theirs, deleted: gone } = ids[kind];
  return [['foreign', theirs], ['random', uuid()], ['random upper case', uuid().toUpperCase()],
    ...(gone ? [['deleted', gone]] : []), ...malformed.map((text) => [`malformed ${text.slice(0, 40)}`, text])];
}

for (const route of userRoutes) {
  const { id: kind, noun, least = roles, status = 200, spends } = table[route] ?? {};

  for (const [who, [caller, code, text]] of refusedBy(route)) {
    test(`${route}: ${who} gets ${code} before ids are looked at`, async () => {
      const those = kind ? [ids[kind].own ?? uuid(), ...strangers(kind).map(([, id]) => id)] : [undefined];
      const texts = new Set();
      for (const id of those) {
        const answer = await send(route, id, caller);
        expect(answer, code, text ?? undefined, `${who} ${id}`);
        texts.add(answer.text);
      }
      assert.equal(texts.size, 1, 'byte-equal whatever the id');
    });
  }

  if (!kind) continue;

  test(`${route}: foreign, deleted, random and malformed ids are one 404`, async () => {
    const texts = new Set();
    for (const [what, id] of strangers(kind)) {
      const answer = await send(route, id, { as: owner.token });
      expect(answer, 404, undefined, what);
      texts.add(answer.text);
    }
    assert.deepEqual([...texts], [JSON.stringify({ error: `${noun} not found` })], 'byte-equal');
  });

  test(`${route}: the outsider cannot tell what exists`, async () => {
    const texts = new Set();
    const outer = kind === 'user' || kind === 'key' || kind === 'delivery' ? 'Team' : noun;
    const those = [['own', ids[kind].own ?? team.keys.client.id], ...strangers(kind).filter(([what]) => what !== 'foreign')];
    for (const [what, id] of those) {
      const answer = await send(route, id, { as: outsider.token });
      expect(answer, 404, undefined, what);
      texts.add(answer.text);
    }
    assert.equal(texts.size, 1, `byte-equal: ${[...texts]}`);
    assert.ok([outer, noun].some((word) => [...texts][0] === JSON.stringify({ error: `${word} not found` })), [...texts][0]);
  });

  if (kind.startsWith('notification') || ['webhook', 'feed'].includes(kind)) {
    test(`${route}: another member of the same team gets the 404 as well`, async () => {
      for (const role of roles.slice(1))
        expect(await send(route, ids[kind].own, { as: world[role].token }), 404, `${noun} not found`, role);
    });
    continue;
  }

  if (!spends) {
    test(`${route}: by role`, async () => {
      for (const role of roles) {
        const answer = await send(route, ids[kind].own, { as: world[role].token });
        if (least.includes(role)) expect(answer, status, undefined, role);
        else expect(answer, 403, 'Forbidden', role);
      }
    });
  } else {
    test(`${route}: by role, who may not`, async () => {
      for (const role of roles.filter((each) => !least.includes(each)))
        expect(await send(route, ids[kind].own ?? team.keys.client.id, { as: world[role].token }), 403, 'Forbidden', role);
    });
  }
}

// A second place for an id in the same path: the team of a member or a key.
for (const route of ['PATCH /v1/teams/{team}/members/{user}', 'DELETE /v1/teams/{team}/members/{user}',
  'DELETE /v1/teams/{team}/keys/{id}']) {
  test(`${route}: a team that is not the caller's`, async () => {
    const [method, path] = route.split(' ');
    const mine = { user: world.viewer.id, id: team.keys.agent.id };
    const texts = new Set();
    for (const [what, id] of strangers('team')) {
      const to = path.replace('{team}', id).replace(/\{(\w+)\}/, (whole, name) => mine[name]);
      const answer = await call(method, to, { as: owner.token, body: table[route].body });
      expect(answer, 404, undefined, what);
      texts.add(answer.text);
    }
    assert.equal(texts.size, 1, 'byte-equal');
    const to = path.replace('{team}', other.id).replace(/\{(\w+)\}/, (whole, name) => mine[name]);
    expect(await call(method, to, { as: outsider.token, body: table[route].body }), 404, undefined, 'own team, foreign member');
  });
}

for (const route of agentRoutes) {
  const { id: kind, noun, status = 200, spends } = table[route];
  test(`${route}: an agent key may what an admin may, in its own team`, async () => {
    for (const [what, id] of strangers(kind))
      expect(await send(route, id, { bearer: team.keys.agent.secret }), 404, `${noun} not found`, what);
    expect(await send(route, ids[kind].own, { bearer: other.keys.agent.secret }), 404, `${noun} not found`);
    if (!spends) expect(await send(route, ids[kind].own, { bearer: team.keys.agent.secret, as: outsider.token }), status);
  });
}

// The routes for keys: a body, and what a good key gets.
const keyRoutes = {
  'POST /v1/feedback': [{ message: 'm' }, 201],
  'POST /v1/snippet': [undefined, 204],
  'POST /v1/issues/events': [{ title: 't', project_id: team.project }, 201, true],
  'POST /ofrep/v1/evaluate/flags': [{ context: { targetingKey: 'u' } }, 200],
  'POST /ofrep/v1/evaluate/flags/{key}': [{ context: { targetingKey: 'u' } }, 200],
};
const keyCallers = [
  ['a client key', { bearer: team.keys.client.secret }],
  ['an agent key', { bearer: team.keys.agent.secret }, 403, 'Client key required'],
  ['an owner', { as: owner.token }, 403, 'Client key required'],
  ['an owner by bearer', { bearer: owner.token }, 403, 'Client key required'],
  ['an expired client key', { bearer: team.keys.expiredClient.secret }, 401, 'API key expired'],
  ['an unknown client key', { bearer: makeKey('client').secret }, 401, 'Invalid API key'],
  ['a key with the other kind\'s prefix', { bearer: team.keys.client.secret.replace('client', 'agent') }, 401, 'Invalid API key'],
  ['a key in upper case', { bearer: `car_client_${team.keys.client.secret.slice(11).toUpperCase()}` }, 401, null],
  ['a key in the cookie', { as: team.keys.client.secret }, 401, null],
  ['garbage', { bearer: 'garbage' }, 401, 'Invalid or expired token'],
  ['another scheme', { headers: { Authorization: `Key ${team.keys.client.secret}` } }, 401, 'Invalid authorization format'],
  ['nobody', {}, 401, 'Missing authorization'],
];

// Those that take agent keys too say it in their own words.
const ofAnyKey = ([who, caller, status, text]) => [who, caller, ...(who === 'an agent key' ? [undefined, undefined]
  : [status, text === 'Client key required' ? 'API key required' : text])];

for (const [route, [body, good, any]] of Object.entries(keyRoutes)) {
  for (const [who, caller, status = good, text] of any ? keyCallers.map(ofAnyKey) : keyCallers) {
    test(`${route}: ${who} gets ${status}`, async () => {
      expect(await call(...route.replace('{key}', 'own').split(' '), { body, ...caller }), status, text ?? undefined);
    });
  }
}

test('every route for keys is one tested above', () => {
  assert.deepEqual(document.filter((op) => ['client', 'key'].includes(op.access)).map((op) => `${op.method} ${op.path}`).sort(),
    Object.keys(keyRoutes).sort());
});

test('a removed member is an outsider on the very next request, and other teams keep theirs', async () => {
  const { collaborator } = world;
  expect(await call('GET', `/v1/teams/${team.id}`, { as: collaborator.token }), 200);
  exec(`DELETE FROM members WHERE team_id = ${quote(team.id)} AND user_id = ${quote(collaborator.id)};`);
  for (const path of [`/v1/teams/${team.id}`, `/v1/teams/${team.id}/projects`])
    expect(await call('GET', path, { as: collaborator.token }), 404, 'Team not found');
  for (const path of [`/v1/projects/${team.project}`, `/v1/projects/${team.project}/feedback`])
    expect(await call('GET', path, { as: collaborator.token }), 404, 'Project not found');
  expect(await call('GET', '/v1/notifications', { as: collaborator.token }), 200);
});

test('nothing of all this moved a counter off its rows, or touched what was not the caller\'s', async () => {
  assert.deepEqual(drifted([owner, outsider]), []);
  const page = expect(await call('GET', '/v1/notifications?read_state=unread', { as: outsider.token }), 200);
  assert.ok(page.notifications.some((item) => item.id === foreign));
});
