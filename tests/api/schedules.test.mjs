// Schedules of experiments and of flags' environments (contract section 8): saved, shown,
// edited, cancelled, and what pre-empts them.  What cron makes of them is in fire.test.mjs.
import assert from 'node:assert/strict';
import test from 'node:test';
import { call, exec, expect, ok, quote, rows, uuid, value, walk } from '../lib/client.mjs';
import { eventually } from '../lib/processes.mjs';
import { openSession } from '../lib/session.mjs';
import { launchable, makeExperiment, makeFlag, makeWorld, roles, seeSnippet } from '../lib/world.mjs';

const world = makeWorld();
const { team } = world;
seeSnippet(team.project);
const mayPublish = ['owner', 'admin', 'developer'];
const soon = '2098-05-05T10:00:00.000Z';
const later = '2098-06-05T10:00:00.000Z';

// The two kinds alike: their path, words, and what a fresh one is.
const kinds = {
  experiment: {
    make: (fields) => makeExperiment(team.project, fields), path: (it) => `/v1/experiments/${it.id}/schedule`, resource: (it) => it.id,
    first: 'launch_at', end: 'end', moments: ['launch', 'end'], running: { status: 'RUNNING' }, noun: 'Experiment', kind: 'experiment',
  },
  flag: {
    make: (fields) => makeFlag(team, {}, fields ? ['production'] : []), path: (it) => `/v1/flags/${it.id}/environments/production/schedule`,
    resource: (it) => value(`SELECT id FROM flag_environments WHERE flag_id = ${quote(it.id)}
      AND environment_id = ${quote(team.environments.production)}`),
    first: 'enable_at', end: 'disable', moments: ['enable', 'disable'], running: true, noun: 'Flag', kind: 'flag_environment',
  },
};
const put = (kind, it, body, options) => call('PUT', kind.path(it), { as: world.developer.token, body: { time_zone: 'UTC', ...body }, ...options });
const show = (kind, it) => call('GET', kind.path(it), { as: world.viewer.token });
const cancel = (kind, it, options) => call('DELETE', kind.path(it), { as: world.developer.token, ...options });
const momentsOf = (id) => rows(`SELECT kind, outcome, reason FROM moments WHERE schedule_id = ${quote(id)} ORDER BY due_at`);
const auditOf = (kind, it) => rows(`SELECT action, actor_id, before, after FROM audit WHERE resource_id = ${quote(kind.resource(it))}
  AND action LIKE 'schedule.%' ORDER BY at`);
const decide = (id, moment, outcome = 'FIRED', age = '0 s') => exec(`UPDATE moments SET outcome = ${quote(outcome)}, decided_at = now() - interval '${age}'
    WHERE schedule_id = ${quote(id)} AND kind = ${quote(moment)};
  UPDATE schedules s SET status = 'DONE' WHERE id = ${quote(id)} AND NOT EXISTS (SELECT 1 FROM moments m WHERE m.schedule_id = s.id AND m.outcome IS NULL);`);
const experiment = async (it) => (await ok(200, 'GET', `/v1/experiments/${it.id}`, { as: world.viewer.token })).experiment;
const production = async (it) => (await ok(200, 'GET', `/v1/flags/${it.id}`, { as: world.viewer.token })).flag.environments
  .find((each) => each.name === 'production');

// Hold a resource as cron does, and decide the moment (or not), until it is let go.
async function hold(name, it, change = '') {
  const session = openSession();
  await session.run(`BEGIN; SELECT 'held' FROM ${name}s WHERE id = ${quote(it.id)} FOR NO KEY UPDATE; ${change}`);
  return session;
}
async function letGo(session) {
  await session.run('COMMIT');
  await session.end();
}
const fired = (id, moment) => `UPDATE moments SET outcome = 'FIRED', decided_at = now() WHERE schedule_id = ${quote(id)} AND kind = ${quote(moment)};
  UPDATE schedules SET status = 'DONE' WHERE id = ${quote(id)};`;

for (const [name, kind] of Object.entries(kinds)) {
  const { first, end, moments: [one, two] } = kind;

  test(`${name}: saved, shown, edited, cancelled, and all of it in the audit log`, async () => {
    const it = kind.make();
    expect(await show(kind, it), 404, 'Schedule not found');
    const made = await put(kind, it, { [first]: '2098-05-05T12:00:59.999+02:00', [end]: { days_after: 1, time: '09:30' }, time_zone: 'Europe/Berlin' });
    const { schedule } = expect(made, 201);
    const { id, created_at: at, ...rest } = schedule;
    assert.match(at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    const pending = { outcome: null, reason: null };
    assert.deepEqual(rest, { [first]: soon, [end]: { days_after: 1, time: '09:30' }, time_zone: 'Europe/Berlin', status: 'PENDING', version: 1,
      scheduled_by: world.developer.id,
      resolved: { [one]: { at: soon, rule: 'exact', ...pending }, [two]: { at: '2098-05-06T07:30:00.000Z', rule: 'exact', ...pending } } });
    assert.equal(made.headers.etag, '"1"');
    const shown = await show(kind, it);
    assert.deepEqual([shown.json, shown.headers.etag], [{ schedule }, '"1"']);

    const moved = expect(await put(kind, it, { [first]: later, [end]: { days_after: 1, time: '09:30' } }, { as: world.admin.token }), 200).schedule;
    assert.deepEqual([moved.id, moved.version, moved.scheduled_by], [id, 2, world.admin.id]);
    assert.deepEqual([moved.resolved[one].at, moved.resolved[two].at], [later, '2098-06-06T09:30:00.000Z']);
    assert.equal(value(`SELECT count(*) FROM moments WHERE schedule_id = ${quote(id)} AND scheduled_by = ${quote(world.admin.id)}`), 2);

    assert.deepEqual(expect(await cancel(kind, it), 200), { id });
    expect(await show(kind, it), 404, 'Schedule not found');
    expect(await cancel(kind, it), 404, 'Schedule not found');
    assert.deepEqual(momentsOf(id), [one, two].map((each) => ({ kind: each, outcome: 'CANCELLED', reason: 'cancelled' })));
    const audit = auditOf(kind, it);
    assert.deepEqual(audit.map((row) => row.action), ['schedule.created', 'schedule.edited', 'schedule.cancelled']);
    assert.deepEqual([audit[0].before, audit[0].after, audit[1].before, audit[1].after, audit[2].before], [null, schedule, schedule, moved, moved]);
    assert.deepEqual([audit[2].after.status, audit[1].actor_id], ['CANCELLED', world.admin.id]);
    assert.equal(value(`SELECT count(*) FROM notifications WHERE user_id IN (${quote(world.developer.id)}, ${quote(world.admin.id)})`), 0);
    assert.equal(expect(await put(kind, it, { [first]: soon }), 201).schedule.version, 1);
  });

  // Bodies: what, status, text that the error holds.
  const future = (ms) => new Date(Math.floor((Date.now() + ms) / 6e4) * 6e4).toISOString();
  const bodies = [
    [{ [first]: soon }, 201], [{ [first]: soon, [end]: null }, 201], [{ [first]: soon, [end]: { at: '2098-05-05T10:01:00Z' } }, 201],
    [{ [first]: soon, [end]: { at: '2098-05-05T10:00:59Z' } }, 422, `${end} must be after ${first}`],
    [{ [first]: soon, [end]: { at: soon } }, 422, `${end} must be after ${first}`],
    [{ [first]: soon, [end]: { days_after: 0, time: '10:00' } }, 422, `${end} must be after ${first}`],
    [{ [first]: soon, [end]: { days_after: 0, time: '10:01' } }, 201],
    [{ [first]: soon, [end]: { days_after: 365, time: '23:59' } }, 201], [{ [first]: soon, [end]: { days_after: 366, time: '23:59' } }, 422, `${end}.days_after`],
    [{ [first]: soon, [end]: { days_after: -1, time: '23:59' } }, 422, `${end}.days_after`],
    [{ [first]: soon, [end]: { days_after: 1e15, time: '23:59' } }, 422, `${end}.days_after`],
    [{ [first]: soon, [end]: { days_after: 1.5, time: '23:59' } }, 400, `Invalid field: ${end}.days_after`],
    [{ [first]: soon, [end]: { days_after: '1', time: '23:59' } }, 400, `Invalid field: ${end}.days_after`],
    ...['24:00', '23:60', '9:30', '09:30:00', '', '0930', '٠٩:٣٠', ' 09:30'].map((time) => [{ [first]: soon, [end]: { days_after: 1, time } }, 422, `${end}.time`]),
    [{ [first]: soon, [end]: { days_after: 1, time: 930 } }, 400, `Invalid field: ${end}.time`],
    [{ [first]: soon, [end]: { days_after: 1 } }, 400, `Missing field: ${end}.time`], [{ [first]: soon, [end]: { time: '09:00' } }, 400, `Missing field: ${end}.days_after`],
    [{ [first]: soon, [end]: {} }, 400, `Missing field: ${end}.at`], [{ [first]: soon, [end]: { at: later, days_after: 1, time: '09:00' } }, 400, `Invalid field: ${end}`],
    [{ [first]: soon, [end]: { at: later, time: '09:00' } }, 400, `Invalid field: ${end}`], [{ [first]: soon, [end]: { at: later, on: 1 } }, 400, `Unknown field: ${end}.on`],
    [{ [first]: soon, [end]: { at: null } }, 400, `Invalid field: ${end}.at`], [{ [first]: soon, [end]: { at: 'soon' } }, 400, `Invalid field: ${end}.at`],
    [{ [first]: soon, [end]: later }, 400, `Invalid field: ${end}`], [{ [first]: soon, [end]: [] }, 400, `Invalid field: ${end}`],
    [{ [first]: 'tomorrow' }, 400, `Invalid field: ${first}`], [{ [first]: 4e9 }, 400, `Invalid field: ${first}`], [{ [first]: '2098-05-05' }, 400, `Invalid field: ${first}`],
    [{ [first]: '2098-02-29T10:00:00Z' }, 400, `Invalid field: ${first}`],
    [{}, 422, `${first} or ${end} is required`], [{ [first]: null, [end]: null }, 422, `${first} or ${end} is required`],
    [{ [end]: { at: later } }, 422, `${first} is required`], [{ [end]: { days_after: 1, time: '09:00' } }, 422, `${end}.days_after`],
    [{ [first]: '1969-12-31T23:59:30Z' }, 422, `${first} must be in the future`], [{ [first]: '2020-01-01T00:00:00Z' }, 422, `${first} must be in the future`],
    [{ [first]: '1960-01-01T00:00:00Z', [end]: { days_after: 1, time: '10:00' } }, 422, `${first} must be in the future`],
    [{ [first]: future(0) }, 422, `${first} must be in the future`], [{ [first]: future(120e3) }, 201],
    [{ [first]: '9999-12-31T23:59:59Z' }, 201], [{ [first]: '9999-12-31T23:00:00Z', [end]: { days_after: 1, time: '09:00' } }, 422, `${end}.days_after`],
    [{ [first]: soon, time_zone: undefined }, 400, 'Missing field: time_zone'], [{ [first]: soon, time_zone: null }, 400, 'Invalid field: time_zone'],
    [{ [first]: soon, time_zone: 1 }, 400, 'Invalid field: time_zone'],
    ...['EDT', 'FOO+5', 'UTC+3', '+03', 'posix/UTC', 'right/UTC', 'Mars/Phobos', 'utc', 'europe/berlin', 'Europe/Berlin ', '', '../etc/passwd', 'localtime', 'Etc', 'Zürich']
      .map((zone) => [{ [first]: soon, time_zone: zone }, 422, 'time_zone']),
    ...['UTC', 'EST', 'Etc/GMT+3', 'Asia/Kolkata', 'America/Argentina/Buenos_Aires', 'US/Eastern'].map((zone) => [{ [first]: soon, time_zone: zone }, 201]),
    [{ [first]: soon, extra: 1 }, 400, 'Unknown field: extra'], [{ [first]: soon, version: '1' }, 400, 'Invalid field: version'],
  ];

  for (const [body, status, text] of bodies) {
    test(`${name}: ${JSON.stringify(body)} is ${status}`, async () => {
      const it = kind.make();
      const preview = await call('POST', `${kind.path(it)}/preview`, { as: world.developer.token, body: { time_zone: 'UTC', ...body } });
      assert.equal(preview.status, status === 201 ? 200 : status, preview.text);
      expect(await show(kind, it), 404, 'Schedule not found');
      const answer = await put(kind, it, body);
      assert.equal(answer.status, status, answer.text);
      if (status !== 201) {
        assert.ok(answer.json.error.includes(text), answer.json.error);
        assert.deepEqual(preview.json, answer.json);
        expect(await show(kind, it), 404, 'Schedule not found');
        return;
      }
      const { schedule } = answer.json;
      for (const [which, moment] of Object.entries(preview.json.preview.resolved)) {
        assert.equal(schedule.resolved[which].at, moment.at);
        assert.equal(schedule.resolved[which].rule, moment.rule);
        assert.ok(moment.local.includes(schedule.time_zone), moment.local);
      }
      assert.deepEqual(Object.keys(preview.json.preview.resolved).sort(), Object.keys(schedule.resolved).sort());
    });
  }

  // Zone, first moment, days and time of the end, instant, rule.
  const dst = [
    ['America/New_York', '2098-03-06T20:00:00Z', 3, '02:30', '2098-03-09T07:00:00.000Z', 'gap'],
    ['America/New_York', '2098-03-06T20:00:00Z', 3, '03:00', '2098-03-09T07:00:00.000Z', 'exact'],
    ['America/New_York', '2098-03-06T20:00:00Z', 3, '09:00', '2098-03-09T13:00:00.000Z', 'exact'],
    ['America/New_York', '2098-11-01T16:00:00Z', 1, '01:30', '2098-11-02T05:30:00.000Z', 'overlap'],
    ['America/New_York', '2098-11-01T16:00:00Z', 1, '02:00', '2098-11-02T07:00:00.000Z', 'exact'],
    ['Europe/Berlin', '2098-03-29T22:30:00Z', 0, '23:59', '2098-03-29T22:59:00.000Z', 'exact'],
    ['Pacific/Kiritimati', '2098-05-05T10:00:00Z', 0, '23:59', '2098-05-06T09:59:00.000Z', 'exact'],
  ];
  for (const [zone, from, days, time, at, rule] of dst) {
    test(`${name}: ${days} days after ${from} at ${time} in ${zone}`, async () => {
      const answer = await put(kind, kind.make(), { [first]: from, [end]: { days_after: days, time }, time_zone: zone });
      const moment = expect(answer, 201).schedule.resolved[two];
      assert.deepEqual([moment.at, moment.rule], [at, rule]);
    });
  }

  test(`${name}: by role`, async () => {
    for (const role of roles) {
      const it = kind.make();
      const status = mayPublish.includes(role) ? 201 : 403;
      expect(await call('POST', `${kind.path(it)}/preview`, { as: world[role].token, body: { [first]: soon, time_zone: 'UTC' } }), status === 201 ? 200 : 403);
      expect(await put(kind, it, { [first]: soon }, { as: world[role].token }), status);
      if (status === 403) await put(kind, it, { [first]: soon });
      expect(await show(kind, it), 200);
      expect(await cancel(kind, it, { as: world[role].token }), status === 201 ? 200 : 403);
    }
    const it = kind.make();
    for (const [method, path] of [['GET', ''], ['PUT', ''], ['DELETE', ''], ['POST', '/preview']]) {
      const options = /PUT|POST/.test(method) ? { body: { [first]: soon, time_zone: 'UTC' } } : {};
      expect(await call(method, kind.path(it) + path, { as: world.outsider.token, ...options }), 404, `${kind.noun} not found`);
      expect(await call(method, kind.path({ id: uuid() }) + path, { as: world.owner.token, ...options }), 404, `${kind.noun} not found`);
    }
  });

  test(`${name}: versions`, async () => {
    const it = kind.make();
    for (const stale of [{ body: { [first]: soon, time_zone: 'UTC', version: 2 } }, { body: { [first]: soon, time_zone: 'UTC' }, headers: { 'If-Match': '"2"' } }])
      expect(await put(kind, it, {}, stale), 412);
    expect(await put(kind, it, { [first]: soon, version: 1 }), 201); // the resource's own
    expect(await put(kind, it, { [first]: later, version: 1 }, { headers: { 'If-Match': '"1"' } }), 200);
    for (const stale of [{ body: { [first]: soon, time_zone: 'UTC', version: 1 } }, { body: { [first]: soon, time_zone: 'UTC' }, headers: { 'If-Match': '"1"' } },
      { body: { [first]: soon, time_zone: 'UTC', version: 3 } }]) expect(await put(kind, it, {}, stale), 412);
    expect(await cancel(kind, it, { body: { version: 1 } }), 412);
    expect(await cancel(kind, it, { headers: { 'If-Match': '"1"' } }), 412);
    assert.equal((await show(kind, it)).json.schedule.resolved[one].at, later);
    expect(await cancel(kind, it, { headers: { 'If-Match': '"2"' } }), 200);
    expect(await put(kind, it, { [first]: soon, version: 2 }), 412); // the resource has version 4
  });

  test(`${name}: of two edits with one version one wins`, async () => {
    for (let n = 0; n < 5; n++) {
      const it = kind.make();
      await put(kind, it, { [first]: soon });
      const answers = await Promise.all([0, 1, 2, 3].map((k) => put(kind, it, { [first]: `2098-07-0${k + 1}T00:00:00Z`, version: 1 })));
      assert.deepEqual(answers.map((answer) => answer.status).sort(), [200, 412, 412, 412]);
      const won = answers.findIndex((answer) => answer.status === 200);
      assert.equal((await show(kind, it)).json.schedule[first], `2098-07-0${won + 1}T00:00:00.000Z`);
    }
  });

  test(`${name}: of two that make one, one makes and one edits`, async () => {
    const it = kind.make();
    const answers = await Promise.all([0, 1, 2].map(() => put(kind, it, { [first]: soon })));
    assert.deepEqual(answers.map((answer) => answer.status).sort(), [200, 200, 201]);
    assert.equal(value(`SELECT count(*) FROM schedules WHERE resource_id = ${quote(kind.resource(it))}`), 1);
    assert.equal((await show(kind, it)).json.schedule.version, 3);
  });

  test(`${name}: an end that an edit leaves out and one puts back`, async () => {
    const it = kind.make();
    const { id } = expect(await put(kind, it, { [first]: soon, [end]: { at: later } }), 201).schedule;
    assert.deepEqual(Object.keys(expect(await put(kind, it, { [first]: soon }), 200).schedule.resolved), [one]);
    assert.deepEqual(momentsOf(id), [{ kind: one, outcome: null, reason: null }, { kind: two, outcome: 'CANCELLED', reason: 'edited' }]);
    const back = expect(await put(kind, it, { [first]: soon, [end]: { at: '2098-08-08T08:08:00Z' } }), 200).schedule;
    assert.equal(back.resolved[two].at, '2098-08-08T08:08:00.000Z');
    assert.deepEqual(momentsOf(id), [one, two].map((each) => ({ kind: each, outcome: null, reason: null })));
  });

  test(`${name}: an end alone`, async () => {
    const it = kind.make(kind.running);
    expect(await put(kind, it, { [end]: { days_after: 1, time: '10:00' } }), 422);
    expect(await put(kind, it, { [end]: { at: '2020-01-01T00:00:00Z' } }), 422, `${end} must be in the future`);
    const { schedule } = expect(await put(kind, it, { [end]: { at: later } }), 201);
    assert.deepEqual([schedule[first], schedule[end], Object.keys(schedule.resolved)], [null, { at: later }, [two]]);
    expect(await cancel(kind, it), 200);
    if (name === 'experiment') assert.equal((await experiment(it)).status, 'RUNNING');
  });

  test(`${name}: after the first has fired, the end can be moved and the first cannot`, async () => {
    const it = kind.make();
    const { id } = expect(await put(kind, it, { [first]: soon, [end]: { days_after: 1, time: '12:00' } }), 201).schedule;
    decide(id, one, 'FIRED', '1 hour');
    exec(name === 'experiment' ? `UPDATE experiments SET status = 'RUNNING', version = version + 1 WHERE id = ${quote(it.id)};`
      : `UPDATE flags SET enabled_in = ARRAY[${quote(world.team.environments.production)}::uuid] WHERE id = ${quote(it.id)};`);
    for (const body of [{ [first]: soon, [end]: { days_after: 2, time: '12:00' } }, { [end]: { days_after: 2, time: '12:00' } }]) {
      const { schedule } = expect(await put(kind, it, body), 200);
      assert.deepEqual([schedule[first], schedule.resolved[one].outcome, schedule.resolved[two].at], [soon, 'FIRED', '2098-05-07T12:00:00.000Z']);
    }
    expect(await put(kind, it, { [first]: later, [end]: { at: '2098-09-09T00:00:00Z' } }), 422);
    expect(await put(kind, it, { [first]: later, version: 3 }), 409);
    expect(await put(kind, it, { [first]: soon }), 422, `${end} is required`);
    expect(await cancel(kind, it), 200);
    assert.deepEqual(momentsOf(id).map((row) => row.outcome), ['FIRED', 'CANCELLED']);
  });

  test(`${name}: whoever comes a moment after cron gets 409`, async () => {
    const it = kind.make();
    const { id } = expect(await put(kind, it, { [first]: soon }), 201).schedule;
    decide(id, one);
    if (name === 'experiment') exec(`UPDATE experiments SET status = 'RUNNING', version = version + 1 WHERE id = ${quote(it.id)};`);
    expect(await put(kind, it, { [first]: later, version: 7 }), 409);
    expect(await cancel(kind, it), 409);
    if (name === 'experiment') expect(await put(kind, it, { [first]: later }), 409);
    exec(`UPDATE moments SET decided_at = now() - interval '2 minutes' WHERE schedule_id = ${quote(id)};`);
    expect(await cancel(kind, it), 404, 'Schedule not found');
    if (name === 'experiment') expect(await put(kind, it, { [first]: later }), 422);
    expect(await show(kind, it), 404, 'Schedule not found');
  });
}

for (const [name, kind] of Object.entries(kinds)) {
  const { first, moments: [one] } = kind;

  for (const [what, send] of [['an edit', (it) => put(kind, it, { [first]: later })], ['a cancel', (it) => cancel(kind, it)]]) {
    test(`${name}: ${what} that waits for cron loses to it`, async () => {
      const it = kind.make();
      const { id } = expect(await put(kind, it, { [first]: soon }), 201).schedule;
      const holder = await hold(name, it, fired(id, one));
      const answer = send(it);
      await eventually('it waits', 5, async () => await holder.awaited() > 0);
      await letGo(holder);
      expect(await answer, 409, 'The schedule has been carried out meanwhile');
      assert.deepEqual(momentsOf(id).map((row) => row.outcome), ['FIRED']);
    });

    test(`${name}: ${what} that waits too long`, async () => {
      const it = kind.make();
      const { id } = expect(await put(kind, it, { [first]: soon }), 201).schedule;
      for (const [due, status] of [[soon, 503], ['2020-01-01T00:00:00Z', 409]]) {
        exec(`UPDATE moments SET due_at = ${quote(due)} WHERE schedule_id = ${quote(id)};`);
        const holder = await hold(name, it);
        expect(await send(it), status);
        await letGo(holder);
      }
    });
  }
}

/* ---- experiments ---- */

test('an edit that waits for a schedule does not claim to have made it', async () => {
  const it = kinds.experiment.make();
  const holder = await hold('experiment', it);
  const saved = put(kinds.experiment, it, { launch_at: soon });
  await eventually('the schedule waits', 5, async () => await holder.awaited() === 1);
  const edited = call('PATCH', `/v1/experiments/${it.id}`, { as: world.developer.token, body: { name: it.name } });
  await eventually('the edit waits behind it', 5, async () => (await holder.blocked()).length >= 2);
  await letGo(holder);
  expect(await saved, 201);
  assert.notEqual(expect(await edited, 200).experiment.schedule, null);
  assert.deepEqual(rows(`SELECT action FROM audit WHERE resource_id = ${quote(it.id)}`).map((row) => row.action), ['schedule.created']);
});

test('an experiment is SCHEDULED, and a DRAFT again', async () => {
  const it = makeExperiment(team.project);
  const { schedule } = expect(await put(kinds.experiment, it, { launch_at: soon }), 201);
  const now = await experiment(it);
  assert.deepEqual([now.status, now.schedule, now.version], ['SCHEDULED', schedule, 2]);
  const page = await ok(200, 'GET', `/v1/projects/${team.project}/experiments?limit=200`, { as: world.viewer.token });
  assert.deepEqual(page.experiments.find((each) => each.id === it.id).schedule, schedule);
  expect(await call('POST', `/v1/experiments/${it.id}/publish`, { as: world.owner.token }), 422);
  assert.deepEqual((await ok(200, 'PATCH', `/v1/experiments/${it.id}`, { as: world.owner.token, body: { name: 'New' } })).experiment.schedule, schedule);
  expect(await cancel(kinds.experiment, it), 200);
  assert.deepEqual([(await experiment(it)).status, (await experiment(it)).schedule], ['DRAFT', null]);
});

for (const status of ['RUNNING', 'PAUSED', 'COMPLETED', 'ARCHIVED']) {
  test(`an experiment that is ${status} cannot be scheduled`, async () => {
    const it = makeExperiment(team.project, { status });
    assert.match(expect(await put(kinds.experiment, it, { launch_at: soon }), 422).error, new RegExp(status));
    if (status !== 'RUNNING') expect(await put(kinds.experiment, it, { end: { at: soon } }), 422);
    assert.equal((await experiment(it)).status, status);
  });
}

for (const [field, bad] of Object.entries({ url_rules: [], metrics: [], variations: [{ name: 'A', weight: 50 }, { name: 'B', weight: 49 }] })) {
  test(`the preflight is asked: ${field}`, async () => {
    const it = makeExperiment(team.project, { [field]: bad });
    assert.match(expect(await put(kinds.experiment, it, { launch_at: soon }), 422).error, /^Preflight failed: /);
    assert.equal((await experiment(it)).status, 'DRAFT');
    exec(`UPDATE experiments SET ${field} = '${JSON.stringify(launchable[field])}' WHERE id = ${quote(it.id)};`);
    expect(await put(kinds.experiment, it, { launch_at: soon }), 201);
    exec(`UPDATE experiments SET ${field} = '${JSON.stringify(bad)}' WHERE id = ${quote(it.id)};`);
    expect(await put(kinds.experiment, it, { launch_at: later }), 422);
    expect(await cancel(kinds.experiment, it), 200);
  });
}

test('the preflight is asked: the snippet', async () => {
  const own = makeWorld();
  const it = makeExperiment(own.team.project);
  const send = () => call('PUT', `/v1/experiments/${it.id}/schedule`, { as: own.developer.token, body: { launch_at: soon, time_zone: 'UTC' } });
  assert.match(expect(await send(), 422).error, /^Preflight failed: .*snippet/i);
  seeSnippet(own.team.project);
  expect(await send(), 201);
});

test('pausing by hand drops the end', async () => {
  const it = makeExperiment(team.project, { status: 'RUNNING' });
  const { id } = expect(await put(kinds.experiment, it, { end: { at: soon } }), 201).schedule;
  const { experiment: paused } = await ok(200, 'POST', `/v1/experiments/${it.id}/pause`, { as: world.owner.token });
  assert.deepEqual([paused.status, paused.schedule], ['PAUSED', null]);
  assert.deepEqual(momentsOf(id), [{ kind: 'end', outcome: 'DROPPED', reason: 'manual_change' }]);
  assert.equal(value(`SELECT status FROM schedules WHERE id = ${quote(id)}`), 'CANCELLED');
});

/* ---- flags ---- */

const toggle = (it, how) => ok(200, 'POST', `/v1/flags/${it.id}/environments/production/${how}`, { as: world.owner.token });
// Enabled before, first moment, end, what is done by hand, and the outcomes afterwards.
const drops = [
  [false, soon, null, 'run', ['DROPPED'], 'CANCELLED'],
  [false, soon, { at: later }, 'run', ['DROPPED', null], 'PENDING'],
  [false, soon, { days_after: 3, time: '10:00' }, 'run', ['DROPPED', 'DROPPED'], 'CANCELLED'],
  [false, soon, { at: later }, 'pause', [null, null], 'PENDING'],
  [true, null, { at: later }, 'pause', ['DROPPED'], 'CANCELLED'],
  [true, null, { at: later }, 'run', [null], 'PENDING'],
  [true, soon, { at: later }, 'pause', [null, null], 'PENDING'],
];
for (const [enabled, from, disable, how, outcomes, status] of drops) {
  test(`${how} of a flag that is ${enabled ? 'on' : 'off'} with ${from ? 'an enable' : 'no enable'} and ${JSON.stringify(disable)}`, async () => {
    const it = makeFlag(team, {}, enabled ? ['production'] : []);
    const { id } = expect(await put(kinds.flag, it, { enable_at: from, disable }), 201).schedule;
    await toggle(it, how);
    assert.deepEqual(momentsOf(id).map((row) => row.outcome), outcomes);
    assert.equal(value(`SELECT status FROM schedules WHERE id = ${quote(id)}`), status);
    assert.equal((await production(it)).schedule === null, status !== 'PENDING');
  });
}

test('a flag is scheduled in one environment, by name or id', async () => {
  const it = makeFlag(team);
  const path = (place) => `/v1/flags/${it.id}/environments/${place}/schedule`;
  const body = { enable_at: soon, time_zone: 'UTC' };
  const { schedule } = await ok(201, 'PUT', path(team.environments.production.toUpperCase()), { as: world.owner.token, body });
  assert.deepEqual((await ok(200, 'GET', path('production'), { as: world.viewer.token })).schedule, schedule);
  assert.deepEqual((await production(it)).schedule, schedule);
  assert.equal((await ok(200, 'GET', `/v1/flags/${it.id}`, { as: world.viewer.token })).flag.version, 2);
  await ok(404, 'GET', path('staging'), { as: world.viewer.token }, 'Schedule not found');
  for (const place of ['nowhere', uuid(), '%FF', 'Production']) {
    for (const [method, options] of [['GET', {}], ['PUT', { body }], ['DELETE', {}]])
      await ok(404, method, path(place), { as: world.owner.token, ...options }, 'Environment not found');
  }
});

test('an archived flag has what is to come still, and it can be taken back', async () => {
  const it = makeFlag(team);
  const body = { enable_at: soon, disable: { at: later }, time_zone: 'UTC' };
  const { schedule } = await ok(201, 'PUT', kinds.flag.path(it), { as: world.owner.token, body });
  await ok(200, 'POST', `/v1/flags/${it.id}/archive`, { as: world.owner.token });
  assert.deepEqual((await ok(200, 'GET', kinds.flag.path(it), { as: world.viewer.token })).schedule, schedule);
  await ok(422, 'PUT', kinds.flag.path(it), { as: world.owner.token, body }, 'The flag is archived');
  await ok(200, 'DELETE', kinds.flag.path(it), { as: world.owner.token });
  assert.equal((await ok(200, 'GET', `/v1/flags/${it.id}`, { as: world.viewer.token })).flag.status, 'ARCHIVED');
});

/* ---- what is to come of a project ---- */

test('moments: to come soonest first, then the past newest first, in pages', async () => {
  const own = makeWorld();
  seeSnippet(own.team.project);
  const path = `/v1/projects/${own.team.project}/schedules`;
  assert.deepEqual(await ok(200, 'GET', path, { as: own.viewer.token }), { moments: [], cursor: null, has_more: false });
  const it = makeExperiment(own.team.project, { name: 'Timeline' });
  const flag = makeFlag(own.team, { name: 'Search' });
  const as = own.developer.token;
  await ok(201, 'PUT', `/v1/experiments/${it.id}/schedule`, { as, body: { launch_at: soon, end: { at: '9999-01-01T00:00:00Z' }, time_zone: 'UTC' } });
  await ok(201, 'PUT', `/v1/flags/${flag.id}/environments/production/schedule`, { as, body: { enable_at: later, disable: { at: '2099-01-01T00:00:00Z' }, time_zone: 'Asia/Tokyo' } });
  await ok(201, 'PUT', `/v1/flags/${flag.id}/environments/staging/schedule`, { as, body: { enable_at: '2097-01-01T00:00:00Z', disable: { at: '2097-01-02T00:00:00Z' }, time_zone: 'UTC' } });
  await ok(200, 'DELETE', `/v1/flags/${flag.id}/environments/staging/schedule`, { as });
  const { moments } = await ok(200, 'GET', path, { as: own.viewer.token });
  assert.deepEqual(moments.map((each) => each.due_at.slice(0, 10)).slice(0, 4), ['2098-05-05', '2098-06-05', '2099-01-01', '9999-01-01']);
  assert.deepEqual(moments.map((each) => each.outcome), [null, null, null, null, 'CANCELLED', 'CANCELLED']);
  assert.equal(moments[4].why, 'Somebody cancelled the schedule.');
  const { id, schedule_id: schedule, created_at: at, resource, ...rest } = moments[1];
  assert.ok(id && schedule && at);
  assert.deepEqual({ ...resource, id: null }, { kind: 'flag_environment', id: null, name: 'Search', flag_id: flag.id });
  assert.deepEqual(rest, { kind: 'enable', due_at: later, rule: 'exact', time_zone: 'Asia/Tokyo', outcome: null, reason: null, why: null, decided_at: null,
    environment: { id: own.team.environments.production, name: 'production' }, scheduled_by: own.developer.id });
  assert.deepEqual(moments[0].resource, { kind: 'experiment', id: it.id, name: 'Timeline', flag_id: null });
  assert.deepEqual(await walk(`${path}?limit=1`, { as: own.viewer.token }), moments);
  await ok(200, 'PATCH', `/v1/flags/${flag.id}`, { as, body: { name: 'New search' } });
  assert.equal((await ok(200, 'GET', path, { as })).moments[1].resource.name, 'New search', 'as it is called now');
  await ok(200, 'DELETE', `/v1/flags/${flag.id}`, { as });
  assert.equal((await ok(200, 'GET', path, { as })).moments[1].resource.name, 'Search', 'or was when it was scheduled');
  await ok(404, 'GET', path, { as: own.outsider.token }, 'Project not found');
});
