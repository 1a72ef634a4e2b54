// Experiments (contract sections 8 and 8b): fields, versions, the preflight, every status x
// action x role, races, the audit log, the snippet.  Who sees whose is in matrix.test.mjs.
import assert from 'node:assert/strict';
import test from 'node:test';
import { call, exec, expect, ok, pages, quote, rows, uuid, value, walk } from '../lib/client.mjs';
import { launchable, makeExperiment, makeWorld, roles, seeSnippet } from '../lib/world.mjs';

const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const main = makeWorld();
seeSnippet(main.team.project);
const listOf = (world) => `/v1/projects/${world.team.project}/experiments`;
const pathOf = (experiment, rest = '') => `/v1/experiments/${experiment.id}${rest}`;
const make = (fields) => makeExperiment(main.team.project, fields);
const show = async (experiment) => (await ok(200, 'GET', pathOf(experiment), { as: main.viewer.token })).experiment;
const patch = (experiment, body, options) => call('PATCH', pathOf(experiment), { as: main.collaborator.token, body, ...options });
const act = (experiment, action, options) => call('POST', pathOf(experiment, `/${action}`), { as: main.developer.token, ...options });
const auditOf = (experiment) => rows(`SELECT action, actor_type, actor_id, resource_kind, before, after FROM audit
  WHERE resource_id = ${quote(experiment.id)} ORDER BY at, (after->>'version')::bigint`);

/* ---- made and listed ---- */

test('an experiment needs a name and nothing else', async () => {
  const answer = await call('POST', listOf(main), { as: main.collaborator.token, body: { name: 'Bare' } });
  const { experiment } = expect(answer, 201);
  assert.match(experiment.id, /^[0-9a-f-]{36}$/);
  assert.match(experiment.created_at, time);
  const { id, created_at: at, ...rest } = experiment;
  assert.deepEqual(rest, { project_id: main.team.project, name: 'Bare', hypothesis: null, url_rules: [], variations: [], metrics: [],
    status: 'DRAFT', version: 1, schedule: null });
  assert.equal(answer.headers.etag, '"1"');
  assert.deepEqual(await show({ id }), { ...rest, id, created_at: at });
});

test('what was sent is what is shown, and its ETag is its version', async () => {
  const body = { name: 'Ünï 🔔', hypothesis: 'More\n"orders" \\ <b>', url_rules: ['https://a.example/*?x=1&y=/', '^/é$'],
    variations: [{ weight: 0, name: 'a' }, { name: 'A', weight: 100 }], metrics: ['orders', 'orders'] };
  const { experiment } = await ok(201, 'POST', listOf(main), { as: main.owner.token, body });
  for (const [key, want] of Object.entries(body)) assert.deepEqual(experiment[key], want, key);
  const answer = await call('GET', pathOf(experiment), { as: main.viewer.token });
  assert.deepEqual(answer.json, { experiment });
  assert.equal(answer.headers.etag, '"1"');
});

test('newest first, in pages', async () => {
  const world = makeWorld();
  for (let n = 0; n < 5; n++) makeExperiment(world.team.project, { name: `E${n}` });
  makeExperiment(world.other.project);
  exec(`UPDATE experiments SET created_at = date_trunc('day', created_at) WHERE project_id = ${quote(world.team.project)};`);
  const whole = (await ok(200, 'GET', listOf(world), { as: world.viewer.token })).experiments;
  assert.equal(whole.length, 5);
  assert.deepEqual(await walk(`${listOf(world)}?limit=2`, { as: world.viewer.token }), whole);
  expect(await call('GET', `${listOf(world)}?cursor=x`, { as: world.viewer.token }), 400, 'Invalid cursor');
});

test('a page of big ones ends early, and none is lost', async () => {
  const world = makeWorld();
  exec(`INSERT INTO experiments (project_id, name, url_rules)
    SELECT ${quote(world.team.project)}, n::text, jsonb_build_array(repeat('x', 60000)) FROM generate_series(1, 80) n;`);
  const seen = [];
  for await (const page of pages(`${listOf(world)}?limit=200`, { as: world.viewer.token })) {
    const bytes = JSON.stringify(page).length;
    assert.ok(bytes < 1e6, `${bytes} bytes`);
    seen.push(...page.experiments.map((each) => each.name));
  }
  assert.deepEqual(seen.map(Number).sort((a, b) => a - b), Array.from({ length: 80 }, (_, n) => n + 1));
});

/* ---- fields ---- */

const many = (n, item) => Array.from({ length: n }, (_, i) => item(i));
const split = (...weights) => weights.map((weight, i) => ({ name: `V${i}`, weight }));

// Bodies of POST (with a name put to them) and of PATCH: body, status, text of a 400.
const fields = [
  [{}, 0], [{ name: 'x'.repeat(200) }, 0], [{ name: '🔔'.repeat(200) }, 0], [{ name: 'x'.repeat(201) }, 'name'], [{ name: '' }, 'name'], [{ name: ' ' }, 'name'], [{ metrics: [' '] }, 'metrics'],
  [{ name: null }, 'name'], [{ name: 7 }, 'name'], [{ name: ['x'] }, 'name'],
  [{ hypothesis: null }, 0], [{ hypothesis: '' }, 0], [{ hypothesis: 'é'.repeat(4000) }, 0], [{ hypothesis: 'x'.repeat(4001) }, 'hypothesis'],
  [{ hypothesis: 1 }, 'hypothesis'], [{ hypothesis: {} }, 'hypothesis'],
  [{ url_rules: [] }, 0], [{ url_rules: many(50, (n) => `/${n}`) }, 0], [{ url_rules: ['x'.repeat(2000)] }, 0],
  [{ url_rules: many(51, (n) => `/${n}`) }, 'url_rules'], [{ url_rules: ['x'.repeat(2001)] }, 'url_rules'], [{ url_rules: [''] }, 'url_rules'],
  [{ url_rules: ['/', null] }, 'url_rules'], [{ url_rules: [1] }, 'url_rules'], [{ url_rules: '/' }, 'url_rules'], [{ url_rules: {} }, 'url_rules'],
  [{ url_rules: null }, 'url_rules'], [{ url_rules: [['/']] }, 'url_rules'],
  [{ metrics: [] }, 0], [{ metrics: many(50, (n) => `m${n}`) }, 0], [{ metrics: ['x'.repeat(200)] }, 0],
  [{ metrics: many(51, (n) => `m${n}`) }, 'metrics'], [{ metrics: ['x'.repeat(201)] }, 'metrics'], [{ metrics: [{}] }, 'metrics'],
  [{ metrics: 'orders' }, 'metrics'], [{ metrics: null }, 'metrics'],
  [{ variations: [] }, 0], [{ variations: split(100) }, 0], [{ variations: split(1, 2) }, 0], [{ variations: split(...many(20, () => 5)) }, 0],
  [{ variations: [{ name: 'a', weight: 1 }, { name: 'A', weight: 1 }] }, 0],
  [{ variations: split(...many(21, () => 1)) }, 'variations'], [{ variations: [{ name: 'a', weight: 1 }, { name: 'a', weight: 2 }] }, 'variations'],
  [{ variations: split(101) }, 'variations'], [{ variations: split(-1) }, 'variations'], [{ variations: split(33.5) }, 'variations'],
  [{ variations: split('50') }, 'variations'], [{ variations: split(null) }, 'variations'], [{ variations: split(2 ** 40) }, 'variations'],
  [{ variations: [{ name: 'a' }] }, 'variations'], [{ variations: [{ weight: 50 }] }, 'variations'], [{ variations: ['a'] }, 'variations'],
  [{ variations: [{ name: '', weight: 50 }] }, 'variations'], [{ variations: [{ name: 1, weight: 50 }] }, 'variations'],
  [{ variations: [{ name: 'x'.repeat(201), weight: 50 }] }, 'variations'], [{ variations: [{ name: 'a', weight: 1, id: 1 }] }, 'variations'],
  [{ variations: [null] }, 'variations'], [{ variations: {} }, 'variations'], [{ variations: null }, 'variations'],
];
const unknown = ['id', 'status', 'schedule', 'created_at', 'project_id', 'snippet_seen_at', 'Name'];

for (const [body, bad] of fields) {
  test(`fields ${JSON.stringify(body).slice(0, 60)}: ${bad ? 400 : 'fine'}`, async () => {
    const made = await call('POST', listOf(main), { as: main.owner.token, body: { name: 'Fields', ...body } });
    const experiment = make();
    const changed = await patch(experiment, body);
    if (bad) {
      for (const answer of [made, changed]) expect(answer, 400, `Invalid field: ${bad}`);
      assert.equal((await show(experiment)).version, 1);
      return;
    }
    const want = Object.entries(body);
    for (const answer of [made, changed]) assert.ok(answer.status < 300, answer.text);
    for (const [key, text] of want) assert.deepEqual([made.json.experiment[key], changed.json.experiment[key]], [text, text], key);
  });
}

test('fields that nobody may set, and a name that is missing', async () => {
  for (const key of unknown) {
    expect(await call('POST', listOf(main), { as: main.owner.token, body: { name: 'x', [key]: null } }), 400, `Unknown field: ${key}`);
    expect(await patch(make(), { [key]: null }), 400, `Unknown field: ${key}`);
    expect(await act(make(), 'publish', { body: { [key]: null } }), 400, `Unknown field: ${key}`);
  }
  expect(await call('POST', listOf(main), { as: main.owner.token, body: {} }), 400, 'Missing field: name');
  expect(await call('POST', listOf(main), { as: main.owner.token, body: { name: 'x', version: 1 } }), 400, 'Unknown field: version');
});

test('null takes the hypothesis away, an absent one stays', async () => {
  const experiment = make({ hypothesis: 'Because' });
  assert.equal(expect(await patch(experiment, { name: 'Other' }), 200).experiment.hypothesis, 'Because');
  assert.equal(expect(await patch(experiment, { hypothesis: null }), 200).experiment.hypothesis, null);
});

/* ---- what may be edited in which status ---- */

const statuses = ['DRAFT', 'SCHEDULED', 'RUNNING', 'PAUSED', 'COMPLETED', 'ARCHIVED'];
const edits = { name: 'Edited', hypothesis: 'Edited', url_rules: ['/edited'], variations: split(40, 60), metrics: ['edited'] };
const mayEdit = (status, key) => (status === 'ARCHIVED' ? false : /DRAFT|SCHEDULED/.test(status) || /name|hypothesis/.test(key));

for (const status of statuses) {
  test(`${status}: what may be edited`, async () => {
    for (const [key, edited] of Object.entries(edits)) {
      const experiment = make({ status });
      const answer = await patch(experiment, { [key]: edited });
      const now = await show(experiment);
      if (mayEdit(status, key)) {
        assert.deepEqual(expect(answer, 200).experiment, now);
        assert.deepEqual([now[key], now.version, now.status], [edited, 2, status], key);
      } else {
        assert.match(expect(answer, 422).error, new RegExp(status), key);
        assert.deepEqual([now[key], now.version], [experiment[key], 1], key);
      }
    }
  });

  test(`${status}: a form that sends everything back unchanged`, async () => {
    const experiment = make({ status });
    const { name, url_rules: urls, variations, metrics } = await show(experiment);
    const answer = await patch(experiment, { name: status === 'ARCHIVED' ? name : 'New name', url_rules: urls, variations, metrics });
    expect(answer, status === 'ARCHIVED' ? 422 : 200);
  });
}

test('what changes nothing moves no version and leaves no audit entry', async () => {
  const experiment = make();
  for (const body of [{}, { name: experiment.name }, { ...launchable }, { hypothesis: null }, { version: 1 }])
    assert.equal(expect(await patch(experiment, body), 200).experiment.version, 1, JSON.stringify(body));
  assert.deepEqual(auditOf(experiment), []);
});

/* ---- every status x action x role ---- */

const actions = { publish: 'published', pause: 'paused', resume: 'resumed', stop: 'stopped', archive: 'archived' };
const moves = { 'DRAFT publish': 'RUNNING', 'RUNNING pause': 'PAUSED', 'PAUSED resume': 'RUNNING', 'PAUSED stop': 'COMPLETED',
  'COMPLETED archive': 'ARCHIVED' };
const mayPublish = ['owner', 'admin', 'developer'];

for (const status of statuses) {
  for (const [action, done] of Object.entries(actions)) {
    const next = moves[`${status} ${action}`];
    test(`${action} of a ${status} experiment: ${next ?? 'no'}`, async () => {
      for (const role of roles) {
        const experiment = make({ status, version: 7 });
        const answer = await act(experiment, action, { as: main[role].token });
        const now = await show(experiment);
        if (!mayPublish.includes(role)) {
          expect(answer, 403, 'Forbidden', role);
        } else if (!next) {
          expect(answer, 422, `An experiment that is ${status} cannot be ${done}`, role);
        } else {
          assert.deepEqual(expect(answer, 200).experiment, now);
          assert.deepEqual([now.status, now.version, answer.headers.etag], [next, 8, '"8"'], role);
          assert.deepEqual(auditOf(experiment).map((entry) => [entry.action, entry.actor_type, entry.actor_id, entry.resource_kind,
            entry.before.status, entry.before.version, entry.after.status, entry.after.version]),
          [[`experiment.${done}`, 'USER', main[role].id, 'experiment', status, 7, next, 8]], role);
          continue;
        }
        assert.deepEqual([now.status, now.version], [status, 7], role);
        assert.deepEqual(auditOf(experiment), [], role);
      }
      expect(await act(make({ status }), action, { as: main.outsider.token }), 404, 'Experiment not found');
    });
  }
}

test('one life: every step is in the audit log', async () => {
  const { experiment } = await ok(201, 'POST', listOf(main), { as: main.owner.token, body: { name: 'Life', ...launchable } });
  expect(await patch(experiment, { name: 'Longer life' }), 200);
  for (const action of ['publish', 'pause', 'resume', 'pause', 'stop', 'archive']) expect(await act(experiment, action), 200, undefined, action);
  const log = auditOf(experiment);
  assert.deepEqual(log.map((entry) => entry.action), ['created', 'updated', 'published', 'paused', 'resumed', 'paused', 'stopped', 'archived']
    .map((verb) => `experiment.${verb}`));
  assert.equal(log[0].before, null);
  assert.deepEqual([log[1].before.name, log[1].after.name], ['Life', 'Longer life']);
  for (let n = 1; n < log.length; n++) assert.deepEqual(log[n].before, log[n - 1].after, 'each begins where the last ended');
  assert.deepEqual(log.at(-1).after, await show(experiment));
  assert.equal(log.at(-1).after.version, 8);
});

/* ---- the preflight ---- */

// What differs from a launchable experiment, which of the four checks pass.
const preflights = [
  [{}, '1111'], [{ unseen: true }, '0111'], [{ url_rules: [] }, '1011'], [{ variations: [] }, '1101'], [{ metrics: [] }, '1110'],
  [{ variations: split(100) }, '1101'], [{ variations: split(50, 49) }, '1101'], [{ variations: split(50, 51) }, '1101'],
  [{ variations: split(100, 0) }, '1111'], [{ variations: split(33, 33, 34) }, '1111'], [{ variations: split(0, 0) }, '1101'],
  [{ unseen: true, url_rules: [], variations: [], metrics: [] }, '0000'],
];

for (const [{ unseen, ...differs }, passes] of preflights) {
  test(`preflight ${JSON.stringify({ unseen, ...differs })}: ${passes}`, async () => {
    const world = makeWorld();
    if (!unseen) seeSnippet(world.team.project);
    const experiment = makeExperiment(world.team.project, differs);
    const { preflight } = await ok(200, 'GET', pathOf(experiment, '/preflight'), { as: world.viewer.token });
    assert.deepEqual(preflight.checks.map((check) => check.name), ['snippet', 'url_rules', 'variations', 'metrics']);
    assert.equal(preflight.checks.map((check) => Number(check.passes)).join(''), passes);
    assert.equal(preflight.passes, passes === '1111');
    const failed = preflight.checks.filter((check) => !check.passes).map(({ detail }) => detail[0].toLowerCase() + detail.slice(1));
    const answer = await call('POST', pathOf(experiment, '/publish'), { as: world.admin.token });
    if (preflight.passes) assert.equal(expect(answer, 200).experiment.status, 'RUNNING');
    else expect(answer, 422, `Preflight failed: ${failed.join('; ')}`);
  });
}

test('the preflight can be looked at in every status, and stands only before a launch', async () => {
  for (const status of statuses) expect(await call('GET', pathOf(make({ status, metrics: [] }), '/preflight'), { as: main.viewer.token }), 200);
  expect(await act(make({ status: 'PAUSED', metrics: [] }), 'resume'), 200);
});

/* ---- versions ---- */

// Of an experiment at version 3: version in the body, If-Match, whether it is current.
const versions = [
  [undefined, undefined, true], [3, undefined, true], [null, undefined, true], [undefined, '"3"', true], [undefined, '*', true],
  [undefined, '"1", "3"', true], [undefined, '3', true], [3, '"3"', true],
  [2, undefined, false], [4, undefined, false], [0, undefined, false], [-3, undefined, false], [undefined, '"2"', false],
  [undefined, 'W/"3"', false], [undefined, '"33"', false], [undefined, 'x', false], [2, '"3"', false], [3, '"2"', false],
];

for (const [version, match, current] of versions) {
  test(`version ${version} and If-Match ${match}: ${current ? 'current' : 'stale'}`, async () => {
    const headers = match ? { 'If-Match': match } : {};
    const requests = [(e) => patch(e, { name: 'New', version }, { headers }), (e) => act(e, 'publish', { body: { version }, headers })];
    for (const request of requests) {
      const experiment = make({ version: 3 });
      const answer = await request(experiment);
      if (current) assert.deepEqual([expect(answer, 200).experiment.version, answer.headers.etag], [4, '"4"']);
      else expect(answer, 412, 'version is stale: it is 3 now');
      assert.equal((await show(experiment)).version, current ? 4 : 3);
    }
  });
}

test('a version that is no whole number', async () => {
  for (const version of ['3', 3.5, true, [3], {}, '']) {
    expect(await patch(make(), { version }), 400, 'Invalid field: version');
    expect(await act(make(), 'publish', { body: { version } }), 400, 'Invalid field: version');
  }
});

test('a stale version comes before a status that does not allow it, a right before both', async () => {
  const experiment = make({ status: 'ARCHIVED', version: 3 });
  expect(await act(experiment, 'pause', { body: { version: 2 } }), 412);
  expect(await act(experiment, 'pause', { body: { version: 2 }, as: main.viewer.token }), 403, 'Forbidden');
  expect(await patch(experiment, { name: 'x', version: 2 }), 412);
  assert.deepEqual(auditOf(experiment), []);
});

/* ---- races ---- */

const count = (answers, status) => answers.filter((answer) => answer.status === status).length;

test('twenty who publish at once: one does', async () => {
  const experiment = make();
  const answers = await Promise.all(many(20, (n) => act(experiment, 'publish', { as: main[mayPublish[n % 3]].token })));
  assert.deepEqual([count(answers, 200), count(answers, 422)], [1, 19]);
  assert.equal((await show(experiment)).version, 2);
  assert.equal(auditOf(experiment).length, 1);
});

test('resume against stop: the state is that of whoever was last', async () => {
  const experiment = make({ status: 'PAUSED' });
  const answers = await Promise.all(many(10, (n) => act(experiment, n % 2 ? 'resume' : 'stop', { body: { version: 1 } })));
  assert.deepEqual([count(answers, 200), count(answers, 412)], [1, 9]);
  const [won] = answers.filter((answer) => answer.status === 200);
  assert.deepEqual(won.json.experiment, await show(experiment));
});

test('twenty who edit the same version at once: one does', async () => {
  const experiment = make();
  const answers = await Promise.all(many(20, (n) => patch(experiment, { name: `N${n}`, version: 1 })));
  assert.deepEqual([count(answers, 200), count(answers, 412)], [1, 19]);
  assert.equal(auditOf(experiment).length, 1);
});

test('edits without a version all count, one after another', async () => {
  const experiment = make();
  const answers = await Promise.all(many(20, (n) => patch(experiment, { name: `N${n}` })));
  assert.deepEqual(answers.map((answer) => answer.json.experiment.version).sort((a, b) => a - b), many(20, (n) => n + 2));
  const log = auditOf(experiment);
  for (let n = 1; n < log.length; n++) assert.deepEqual(log[n].before, log[n - 1].after);
});

test('an edit that breaks the preflight and a publish: what runs has passed', async () => {
  for (let n = 0; n < 10; n++) {
    const experiment = make();
    const [edit, publish] = await Promise.all([patch(experiment, { metrics: [] }), act(experiment, 'publish')]);
    assert.equal(count([edit, publish], 200), 1, `${edit.status} ${publish.status}`);
    const now = await show(experiment);
    assert.equal(now.status === 'RUNNING', now.metrics.length > 0);
  }
});

/* ---- the snippet ---- */

const seenAt = (project) => value(`SELECT snippet_seen_at FROM projects WHERE id = ${quote(project)}`);
const see = (world, options) => call('POST', '/v1/snippet', { bearer: world.team.keys.client.secret, ...options });

test('the snippet marks the project of its key, and no other', async () => {
  const world = makeWorld();
  expect(await see(world), 204);
  const { project } = await ok(200, 'GET', `/v1/projects/${world.team.project}`, { as: world.viewer.token });
  assert.match(project.snippet_seen_at, time);
  assert.ok(Math.abs(Date.parse(project.snippet_seen_at) - Date.now()) < 60_000);
  assert.equal(seenAt(world.other.project), null);
});

test('it moves at most once a minute, whatever is said at one time', async () => {
  const world = makeWorld();
  for (const answer of await Promise.all(many(20, () => see(world)))) expect(answer, 204);
  const first = seenAt(world.team.project);
  expect(await see(world), 204);
  assert.equal(seenAt(world.team.project), first);
  exec(`UPDATE projects SET snippet_seen_at = now() - interval '61 seconds' WHERE id = ${quote(world.team.project)};`);
  expect(await see(world), 204);
  assert.ok(Date.parse(seenAt(world.team.project)) >= Date.parse(first));
});

test('it has nothing to say', async () => {
  expect(await see(main, { body: {} }), 204);
  expect(await see(main, { body: { project_id: uuid() } }), 400, 'Unknown field: project_id');
  expect(await see(main, { raw: '{' }), 400, 'Malformed JSON');
  expect(await see(main, { raw: 'x', type: 'text/plain' }), 415);
});
