// carillon-cron fire over the whole way (contract section 8): what is saved through the API is
// carried out, told to the scheduler once, and found in the audit log.  Every edge of it is in
// tests/unit/fire_*_test.c.
import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { call, cron, exec, ok, quote, rows, value } from '../lib/client.mjs';
import { fire } from '../lib/fire.mjs';
import { drifted, makeExperiment, makeFlag, makeWorld, seeSnippet } from '../lib/world.mjs';

const main = makeWorld();
seeSnippet(main.team.project);
const soon = () => new Date(Date.now() + 3600000).toISOString();
const as = { as: main.developer.token };
const zone = 'America/New_York';

// The clock is the database's, so the moment comes to it.
const comeDue = (resource, late, kinds = ['launch', 'enable']) => exec(`UPDATE moments m SET due_at = date_trunc('milliseconds', now()) - interval ${quote(late)}
  FROM schedules s WHERE s.id = m.schedule_id AND s.resource_id = ${quote(resource)} AND m.kind IN (${kinds.map(quote).join(', ')});`);
const told = (resource) => rows(`SELECT user_id, type, title, link, data FROM notifications WHERE resource_id = ${quote(resource)}`);
const audited = async (resource) => (await ok(200, 'GET', `/v1/teams/${main.team.id}/audit?limit=200`, { as: main.owner.token })).entries
  .filter((entry) => entry.resource_id === resource && entry.action.startsWith('schedule.'));
const statusOf = async (experiment) => (await ok(200, 'GET', `/v1/experiments/${experiment.id}`, as)).experiment.status;

async function scheduled(end = { days_after: 3, time: '09:30' }) {
  const experiment = makeExperiment(main.team.project, { name: 'Checkout' });
  await ok(201, 'PUT', `/v1/experiments/${experiment.id}/schedule`,
    { ...as, body: { launch_at: soon(), end, time_zone: zone } });
  assert.equal(await statusOf(experiment), 'SCHEDULED');
  return experiment;
}

test('a launch fires: status, bell, mail, audit log, and its end still to come', async () => {
  const experiment = await scheduled();
  comeDue(experiment.id, '5 seconds');
  cron('fire');
  assert.equal(await statusOf(experiment), 'RUNNING');
  const [news, ...more] = told(experiment.id);
  assert.deepEqual(more, []);
  assert.equal(news.user_id, main.developer.id);
  assert.equal(news.type, 'EXPERIMENT_SCHEDULED_LAUNCH_FIRED');
  assert.equal(news.data.reason, null);
  assert.equal(news.data.time_zone, zone);
  const [entry] = await audited(experiment.id);
  assert.deepEqual([entry.action, entry.actor_type, entry.actor_id, entry.on_behalf_of],
    ['schedule.fired', 'SYSTEM', null, main.developer.id]);
  const { schedule } = await ok(200, 'GET', `/v1/experiments/${experiment.id}/schedule`, as);
  assert.equal(schedule.status, 'PENDING');
  cron('fire');
  assert.equal(told(experiment.id).length, 1, 'once');
  assert.deepEqual(drifted([main.developer]), []);
});

test('what was seen before the launch cancels nothing after it', async () => {
  const experiment = await scheduled();
  const path = `/v1/experiments/${experiment.id}/schedule`;
  comeDue(experiment.id, '5 seconds');
  cron('fire');
  for (const stale of [{ body: { version: 1 } }, { headers: { 'If-Match': '"1"' } }])
    await ok(409, 'DELETE', path, { ...as, ...stale }, 'The schedule has been carried out meanwhile');
  const { schedule } = await ok(200, 'GET', path, as);
  assert.deepEqual([schedule.status, schedule.version], ['PENDING', 2]);
  await ok(200, 'DELETE', path, { ...as, body: { version: 2 } });
  assert.equal(await statusOf(experiment), 'RUNNING');
});

test('an hour and more: missed, a draft again, one notice with a way to schedule anew', async () => {
  const experiment = await scheduled();
  comeDue(experiment.id, '61 minutes');
  cron('fire');
  assert.equal(await statusOf(experiment), 'DRAFT');
  const [news, ...more] = told(experiment.id);
  assert.deepEqual(more, []);
  assert.equal(news.type, 'EXPERIMENT_SCHEDULE_MISSED');
  assert.equal(news.link, `/dashboard/experiments?id=${experiment.id}&schedule=1`);
  assert.equal((await call('GET', `/v1/experiments/${experiment.id}/schedule`, as)).status, 404);
  assert.equal((await audited(experiment.id))[0].action, 'schedule.missed');
});

const onIn = async (flag) => (await ok(200, 'GET', `/v1/flags/${flag.id}`, as)).flag.environments
  .filter((each) => each.enabled).map((each) => each.name).sort();
const placeOf = (flag, environment) => value(`SELECT id FROM flag_environments WHERE flag_id = ${quote(flag.id)}
  AND environment_id = ${quote(main.team.environments[environment])}`);

// A flag keeps all of its environments in one place.
for (const [what, before, body, after] of [
  ['on', [], { enable_at: soon() }, ['staging']],
  ['on beside another', ['development'], { enable_at: soon() }, ['development', 'staging']],
  ['on though it is', ['production', 'staging'], { enable_at: soon() }, ['production', 'staging']],
  ['off beside others', ['development', 'production', 'staging'], { disable: { at: soon() } }, ['development', 'production']],
])
  test(`a flag is switched ${what} in one environment and in no other`, async () => {
    const flag = makeFlag(main.team, {}, before);
    const place = placeOf(flag, 'staging');
    await ok(201, 'PUT', `/v1/flags/${flag.id}/environments/staging/schedule`, { ...as, body: { ...body, time_zone: zone } });
    comeDue(place, '5 seconds', ['enable', 'disable']);
    cron('fire');
    assert.deepEqual(await onIn(flag), after);
    assert.equal(told(place).length, 1);
  });

test('two environments of a flag at one time, and a third by hand', async () => {
  const flag = makeFlag(main.team, {}, ['staging', 'production']);
  const plans = { development: { enable_at: soon() }, staging: { disable: { at: soon() } } };
  for (const [name, body] of Object.entries(plans)) {
    await ok(201, 'PUT', `/v1/flags/${flag.id}/environments/${name}/schedule`, { ...as, body: { ...body, time_zone: zone } });
    comeDue(placeOf(flag, name), '5 seconds', ['enable', 'disable']);
  }
  await ok(200, 'POST', `/v1/flags/${flag.id}/environments/production/pause`, as);
  cron('fire');
  assert.deepEqual(await onIn(flag), ['development']);
});

test('who has lost the right to publish schedules in vain', async () => {
  const world = makeWorld();
  seeSnippet(world.team.project);
  const experiment = makeExperiment(world.team.project);
  await ok(201, 'PUT', `/v1/experiments/${experiment.id}/schedule`, { as: world.developer.token, body: { launch_at: soon(), time_zone: zone } });
  await ok(200, 'PATCH', `/v1/teams/${world.team.id}/members/${world.developer.id}`, { as: world.owner.token, body: { role: 'viewer' } });
  comeDue(experiment.id, '5 seconds');
  cron('fire');
  const [news] = told(experiment.id);
  assert.equal(news.type, 'EXPERIMENT_SCHEDULE_FAILED');
  assert.equal(news.data.reason, 'permission_revoked');
});

for (const how of ['archive', 'delete']) {
  test(`what is scheduled for a flag outlives its ${how}, and fails`, async () => {
    const flag = makeFlag(main.team);
    const path = `/v1/flags/${flag.id}/environments/production/schedule`;
    const { schedule } = await ok(201, 'PUT', path, { ...as, body: { enable_at: soon(), disable: { days_after: 3, time: '09:30' }, time_zone: zone } });
    await ok(200, how === 'archive' ? 'POST' : 'DELETE', `/v1/flags/${flag.id}${how === 'archive' ? '/archive' : ''}`, { as: main.owner.token });
    const [{ resource_id: place }] = rows(`SELECT resource_id FROM schedules WHERE id = ${quote(schedule.id)}`);
    assert.deepEqual(told(place), [], 'not before its time');
    comeDue(place, '5 seconds');
    cron('fire');
    const [news, ...more] = told(place);
    assert.deepEqual([news.user_id, news.type, news.data.reason, more], [main.developer.id, 'FLAG_SCHEDULE_FAILED', 'resource_unavailable', []]);
    const { moments } = await ok(200, 'GET', `/v1/projects/${main.team.project}/schedules?limit=200`, as);
    assert.deepEqual(moments.filter((each) => each.schedule_id === schedule.id).map((each) => [each.kind, each.outcome, each.reason]).sort(),
      [['disable', 'DROPPED', 'not_started'], ['enable', 'FAILED', 'resource_unavailable']]);
    assert.deepEqual((await audited(place)).map((entry) => entry.action), ['schedule.failed', 'schedule.created']);
  });
}

// Whoever is first: the other finds it decided, and nothing ever fires at a moment that was taken back.
test('a cancel or an edit that races the worker: exactly one wins', async () => {
  const races = await Promise.all(Array.from({ length: 16 }, async (_, i) => ({ experiment: await scheduled(null), edits: i % 2 === 1 })));
  for (const { experiment } of races) comeDue(experiment.id, '5 seconds');
  const change = async ({ experiment, edits }, i) => (await wait(5 * i), call(edits ? 'PUT' : 'DELETE', `/v1/experiments/${experiment.id}/schedule`,
    { ...as, ...(edits && { body: { launch_at: soon(), time_zone: zone } }) }));
  const [answers, { code, log }] = await Promise.all([Promise.all(races.map(change)), fire()]);
  assert.equal(code, 0, log);
  cron('fire');
  for (const [i, { experiment, edits }] of races.entries()) {
    const status = await statusOf(experiment);
    if (answers[i].status === 409) {
      assert.equal(status, 'RUNNING');
      assert.equal(told(experiment.id).length, 1);
    } else {
      assert.equal(answers[i].status, 200, answers[i].text);
      assert.equal(status, edits ? 'SCHEDULED' : 'DRAFT');
      assert.equal(told(experiment.id).length, 0);
    }
  }
});
