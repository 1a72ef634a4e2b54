// The audit log (contract section 8b): one entry a change, with before and
// after, who, and under which request.
import assert from 'node:assert/strict';
import test from 'node:test';
import { call, exec, expect, ok, quote, uuid, walk } from '../lib/client.mjs';
import { makeExperiment, makeFlag, makeWorld, seeSnippet } from '../lib/world.mjs';

const keys = ['id', 'at', 'actor_type', 'actor_id', 'on_behalf_of', 'action', 'resource_kind', 'resource_id', 'before', 'after', 'request_id'];
const entriesOf = async (world) => (await ok(200, 'GET', `/v1/teams/${world.team.id}/audit?limit=200`, { as: world.owner.token })).entries;

// Every kind of change: what, request, the prefix of its action, check of before and after.
const email = `audited.${uuid()}@example.com`;
const changes = [
  ['a team setting', 'PATCH', '', { name: 'Audited' }, 'team.', ({ before, after }) => {
    assert.deepEqual([before.name, after.name], ['Team', 'Audited']);
  }],
  ['a new member', 'POST', '/members', { email, role: 'viewer' }, 'member.', ({ before, after }, { member }) => {
    assert.equal(before, null);
    assert.deepEqual([after.email, after.role, after.id], [email, 'viewer', member.id]);
  }],
  ['another role', 'PATCH', (w) => `/members/${w.viewer.id}`, { role: 'developer' }, 'member.', ({ before, after }) => {
    assert.deepEqual([before.role, after.role], ['viewer', 'developer']);
  }],
  ['a member gone', 'DELETE', (w) => `/members/${w.collaborator.id}`, undefined, 'member.', ({ before, after }) => {
    assert.equal(before.role, 'collaborator');
    assert.equal(after, null);
  }],
  ['a new key', 'POST', '/keys', { name: 'audited', kind: 'agent' }, 'key.', ({ before, after }, { secret }) => {
    assert.equal(before, null);
    assert.equal(after.name, 'audited');
    assert.ok(!JSON.stringify(after).includes(secret.slice(-48)), 'never the secret');
  }],
  ['a key gone', 'DELETE', (w) => `/keys/${w.team.keys.agent.id}`, undefined, 'key.', ({ before, after }) => {
    assert.equal(before.kind, 'agent');
    assert.equal(after, null);
  }],
  ['a new project', 'POST', '/projects', { name: 'audited' }, 'project.', ({ before, after }, { project }) => {
    assert.equal(before, null);
    assert.deepEqual([after.name, after.id], ['audited', project.id]);
  }],
  ['a project\'s name', 'PATCH', (w) => `!/v1/projects/${w.team.project}`, { name: 'renamed' }, 'project.', ({ before, after }) => {
    assert.deepEqual([before.name, after.name], ['Team project', 'renamed']);
  }],
];

for (const [what, method, rest, body, action, check] of changes) {
  test(`${what}: one entry`, async () => {
    const world = makeWorld();
    const tail = typeof rest === 'function' ? rest(world) : rest;
    const path = tail.startsWith('!') ? tail.slice(1) : `/v1/teams/${world.team.id}${tail}`;
    const id = `audit-${uuid()}`;
    const answer = await call(method, path, { as: world.admin.token, body, headers: { 'X-Request-Id': id } });
    assert.ok(answer.status < 300, answer.text);
    const [entry, ...more] = await entriesOf(world);
    assert.deepEqual(more, [], 'exactly one');
    for (const key of keys) assert.ok(key in entry, key);
    assert.match(entry.at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.deepEqual([entry.actor_type, entry.actor_id, entry.on_behalf_of, entry.request_id], ['USER', world.admin.id, null, id]);
    assert.ok(entry.action.startsWith(action), entry.action);
    assert.ok(entry.resource_kind.length > 0);
    assert.match(entry.resource_id, /^[0-9a-f-]{36}$/);
    check(entry, answer.json);
  });
}

test('what was refused leaves no entry', async () => {
  const world = makeWorld();
  const team = `/v1/teams/${world.team.id}`;
  const refused = [
    ['PATCH', team, { name: '' }, world.owner, 400], ['PATCH', team, { name: 'x' }, world.viewer, 403],
    ['PATCH', team, { name: 'x' }, world.outsider, 404], ['DELETE', `${team}/members/${world.owner.id}`, undefined, world.owner, 422],
    ['POST', `${team}/members`, { email: world.viewer.email, role: 'viewer' }, world.owner, 409],
    ['DELETE', `${team}/keys/${uuid()}`, undefined, world.owner, 404], ['PATCH', `/v1/projects/${uuid()}`, { name: 'x' }, world.owner, 404],
  ];
  for (const [method, path, body, who, status] of refused) expect(await call(method, path, { as: who.token, body }), status, undefined, path);
  assert.deepEqual(await entriesOf(world), []);
});

test('newest first, in pages, each team its own', async () => {
  const world = makeWorld();
  const path = `/v1/teams/${world.team.id}`;
  for (let n = 0; n < 7; n++) await ok(200, 'PATCH', path, { as: world.owner.token, body: { name: `N${n}` } });
  exec(`UPDATE audit SET at = date_trunc('second', at) WHERE team_id = ${quote(world.team.id)};`);
  const whole = await entriesOf(world);
  assert.equal(whole.length, 7);
  assert.deepEqual(await walk(`${path}/audit?limit=2`, { as: world.owner.token }), whole);
  assert.deepEqual(await ok(200, 'GET', `/v1/teams/${world.other.id}/audit`, { as: world.outsider.token }),
    { entries: [], cursor: null, has_more: false });
});

test('an entry of a schedule names what it is about, also when that is gone', async () => {
  const world = makeWorld();
  const as = { as: world.owner.token };
  const body = { launch_at: '2098-05-05T10:00:00Z', time_zone: 'UTC' };
  seeSnippet(world.team.project);
  const experiment = makeExperiment(world.team.project, { name: 'Checkout' });
  const flag = makeFlag(world.team, { name: 'Search' });
  const environment = { id: world.team.environments.staging, name: 'staging' };
  await ok(201, 'PUT', `/v1/experiments/${experiment.id}/schedule`, { ...as, body });
  await ok(201, 'PUT', `/v1/flags/${flag.id}/environments/staging/schedule`, { ...as, body: { enable_at: body.launch_at, time_zone: 'UTC' } });
  const named = async () => (await entriesOf(world)).filter(({ action }) => action.startsWith('schedule.'))
    .map((entry) => [entry.resource_name, entry.flag_id, entry.environment]);
  const first = ['Checkout', null, null];
  assert.deepEqual(await named(), [['Search', flag.id, environment], first]);
  await ok(200, 'PATCH', `/v1/flags/${flag.id}`, { ...as, body: { name: 'New search' } });
  assert.deepEqual(await named(), [['New search', flag.id, environment], first]);
  await ok(200, 'DELETE', `/v1/flags/${flag.id}`, as);
  assert.deepEqual(await named(), [['Search', null, environment], first], 'as it was called when that was made');
  for (const entry of await entriesOf(world)) {
    if (!entry.action.startsWith('schedule.')) assert.equal(entry.resource_name, null, entry.action);
  }
});
