// Flags (contract section 8b): what they may hold, versions, toggles, the audit log.  What is
// served is in ofrep.test.mjs, who sees whose in matrix.test.mjs.
import assert from 'node:assert/strict';
import test from 'node:test';
import { call, exec, expect, ok, quote, rows, uuid, value, walk } from '../lib/client.mjs';
import { environments, makeFlag, makeWorld, roles } from '../lib/world.mjs';

const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const main = makeWorld();
const listOf = (world) => `/v1/projects/${world.team.project}/flags`;
const pathOf = (flag, rest = '') => `/v1/flags/${flag.id}${rest}`;
const make = (fields, enabled, world = main) => makeFlag(world.team, fields, enabled);
const show = async (flag) => (await ok(200, 'GET', pathOf(flag), { as: main.viewer.token })).flag;
const add = (body, options) => call('POST', listOf(main), { as: main.collaborator.token, body, ...options });
const patch = (flag, body, options) => call('PATCH', pathOf(flag), { as: main.collaborator.token, body, ...options });
const act = (flag, action, options) => call('POST', pathOf(flag, `/${action}`), { as: main.developer.token, ...options });
const toggle = (flag, env, action, options) => act(flag, `environments/${env}/${action}`, options);
const enabledIn = (flag) => flag.environments.filter((env) => env.enabled).map((env) => env.name);
const auditOf = (flag) => rows(`SELECT action, actor_type, actor_id, resource_kind, before, after FROM audit
  WHERE resource_id = ${quote(flag.id)} ORDER BY at`);
const onOff = [{ name: 'on', value: true }, { name: 'off', value: false }];
let serial = 0;
const key = () => `k${++serial}`;

/* ---- made and listed ---- */

test('a boolean flag needs a key and a name; it starts off everywhere', async () => {
  const answer = await add({ key: 'checkout.Redesign_2-x', name: 'Checkout ünï 🔔', kind: 'boolean' });
  const { flag } = expect(answer, 201);
  const { id, created_at: at, ...rest } = flag;
  assert.match(id, /^[0-9a-f-]{36}$/);
  assert.match(at, time);
  assert.deepEqual(rest, { project_id: main.team.project, key: 'checkout.Redesign_2-x', name: 'Checkout ünï 🔔', kind: 'boolean',
    variations: onOff, default_on: 'on', default_off: 'off', status: 'ACTIVE', version: 1,
    environments: environments.map((name) => ({ id: main.team.environments[name], name, enabled: false, schedule: null })) });
  assert.equal(answer.headers.etag, '"1"');
  const shown = await call('GET', pathOf(flag).toUpperCase().replace('/V1/FLAGS', '/v1/flags'), { as: main.viewer.token });
  assert.deepEqual([shown.json, shown.headers.etag], [{ flag }, '"1"']);
});

test('newest first, in pages', async () => {
  const world = makeWorld();
  for (let n = 0; n < 5; n++) make({ status: n === 1 ? 'ARCHIVED' : 'ACTIVE' }, [], world);
  makeFlag(world.other);
  exec(`UPDATE flags SET created_at = date_trunc('day', created_at) WHERE project_id = ${quote(world.team.project)};`);
  const whole = (await ok(200, 'GET', listOf(world), { as: world.viewer.token })).flags;
  assert.equal(whole.length, 5);
  assert.deepEqual(await walk(`${listOf(world)}?limit=2`, { as: world.viewer.token }), whole);
  expect(await call('GET', `${listOf(world)}?cursor=x`, { as: world.viewer.token }), 400, 'Invalid cursor');
  expect(await call('GET', `${listOf(world)}?status=x`, { as: world.viewer.token, headers: { Prefer: 'handling=strict' } }),
    400, 'Unknown parameter: status');
});

const base = { key: 'k', name: 'n', kind: 'boolean' };
const refusals = [
  [{}, 'Missing field: key'], [{ key: 'k' }, 'Missing field: name'], [{ key: 'k', name: 'n' }, 'Missing field: kind'],
  ...['', 'a b', 'a/b', 'é', 'a'.repeat(101), 'a\n', '.', '..', '%41', 1, null, true, {}].map((bad) => [{ ...base, key: bad }, 'Invalid field: key']),
  ...['', 'x'.repeat(201), 1, null].map((bad) => [{ ...base, name: bad }, 'Invalid field: name']),
  ...['', 'bool', 'Boolean', 1, null].map((bad) => [{ ...base, kind: bad }, 'Invalid field: kind']),
  ...['', 'x'.repeat(101), 1, null].map((bad) => [{ ...base, default_on: bad }, 'Invalid field: default_on']),
  ...['', 'x'.repeat(101), 1, null].map((bad) => [{ ...base, default_off: bad }, 'Invalid field: default_off']),
  ...['string', 'number', 'json'].map((kind) => [{ ...base, kind }, 'Missing field: variations']),
  ...[null, {}, 'x', [], [1], [null], [[]], [{}], [{ name: 'a' }], [{ value: true }], [{ name: '', value: true }], [{ name: 1, value: true }],
    [{ name: 'x'.repeat(101), value: true }], [{ name: 'a', value: true, extra: 1 }],
    Array.from({ length: 51 }, (_, n) => ({ name: `v${n}`, value: true }))].map((bad) => [{ ...base, variations: bad }, 'Invalid field: variations']),
  [{ ...base, status: 'ARCHIVED' }, 'Unknown field: status'], [{ ...base, environments: [] }, 'Unknown field: environments'],
  [{ ...base, version: 1 }, 'Unknown field: version'],
];

for (const [body, text] of refusals) {
  test(`making ${JSON.stringify(body).slice(0, 70)} is 400 ${text}`, async () => {
    expect(await add(body), 400, text);
  });
}

test('a key is taken once in a project, also by an archived flag and at once', async () => {
  const taken = key();
  await ok(201, 'POST', listOf(main), { as: main.owner.token, body: { ...base, key: taken } });
  expect(await add({ ...base, key: taken }), 409, 'The project has a flag with this key');
  const { key: old } = make({ status: 'ARCHIVED' });
  expect(await add({ ...base, key: old }), 409);
  expect(await add({ ...base, key: taken.toUpperCase() }), 201, undefined, 'case matters');
  await ok(201, 'POST', `/v1/projects/${main.other.project}/flags`, { as: main.outsider.token, body: { ...base, key: taken } });
  const raced = key();
  const answers = await Promise.all(Array.from({ length: 6 }, () => add({ ...base, key: raced })));
  assert.deepEqual(answers.map((a) => a.status).sort(), [201, 409, 409, 409, 409, 409]);
  assert.equal(value(`SELECT count(*) FROM audit a JOIN flags f ON f.id = a.resource_id WHERE f.key = ${quote(raced)}
    AND f.project_id = ${quote(main.team.project)}`), 1);
});

/* ---- kinds x values ---- */

const values = [['true', 'boolean'], ['false', 'boolean'], ['0', 'number'], ['-1', 'number'], ['1.5', 'number'], ['1e300', 'number'],
  ['9007199254740993', 'number'], ['-9223372036854775808', 'number'], ['""', 'string'], ['"true"', 'string'], ['"1"', 'string'],
  ['"\\u00e9\\ud83d\\udd14\\n\\"<b>"', 'string'], ['null', null], ['[]', null], ['[1,null,"x"]', null], ['{}', null],
  ['{"a":{"b":[true,{"c":null}]},"":0}', null]];

for (const kind of ['boolean', 'string', 'number', 'json'])
  for (const [text, of] of values) {
    const fits = kind === 'json' || kind === of;
    test(`${text} ${fits ? 'is' : 'is no'} ${kind}`, async () => {
      const good = { boolean: 'false', string: '"x"', number: '7', json: '{}' }[kind];
      const list = `[{"name":"a","value":${good}},{"name":"b","value":${text}}]`;
      const raw = `{"key":"${key()}","name":"n","kind":"${kind}","variations":${list}}`;
      const answer = await call('POST', listOf(main), { as: main.owner.token, raw });
      const flag = make({ kind, variations: [{ name: 'a', value: JSON.parse(good) }], default_on: 'a', default_off: 'a' });
      const edited = await call('PATCH', pathOf(flag), { as: main.owner.token, raw: `{"variations":${list}}` });
      if (!fits) {
        expect(answer, 422, `variations: value 2 must be a ${kind}`);
        expect(edited, 422, `variations: value 2 must be a ${kind}`);
        return;
      }
      assert.deepEqual(expect(answer, 201).flag.variations[1], { name: 'b', value: JSON.parse(text) });
      assert.deepEqual(expect(edited, 200).flag.variations, JSON.parse(list));
    });
  }

test('a value beyond what can be kept is refused, never 500', async () => {
  const send = (number) => call('POST', listOf(main), { as: main.owner.token,
    raw: `{"key":"${key()}","name":"n","kind":"number","variations":[{"name":"a","value":${number}}]}` });
  for (const number of ['1e400', '1e-400', '1e-99999', 'NaN', '01']) expect(await send(number), 400, undefined, number);
  expect(await send('1e-300'), 201);
});

const defaults = [
  [{}, 'on', 'off'], [{ default_on: 'off' }, 'off', 'off'], [{ default_off: 'on' }, 'on', 'on'],
  [{ variations: [{ name: 'no', value: false }, { name: 'yes', value: true }] }, 'yes', 'no'],
  [{ variations: [{ name: 'yes', value: true }] }, 'yes', 'yes'],
  [{ kind: 'string', variations: [{ name: 'x', value: '1' }, { name: 'y', value: '2' }, { name: 'z', value: '3' }] }, 'x', 'z'],
  [{ kind: 'json', variations: [{ name: 'é', value: null }], default_on: 'é' }, 'é', 'é'],
];

for (const [body, on, off] of defaults) {
  test(`${JSON.stringify(body)} serves ${on} and ${off}`, async () => {
    const { flag } = expect(await add({ ...base, key: key(), ...body }), 201);
    assert.deepEqual([flag.default_on, flag.default_off], [on, off]);
  });
}

const rules = [
  [{ default_on: 'nope' }, 'default_on must name a variation'], [{ default_off: 'On' }, 'default_off must name a variation'],
  [{ variations: [...onOff, { name: 'on', value: true }] }, 'variations: names must differ'],
  [{ variations: [{ name: 'a', value: true }], default_on: 'on' }, 'default_on must name a variation'],
];

for (const [body, text] of rules) {
  test(`${JSON.stringify(body)} is 422 for a new flag and for an old one`, async () => {
    expect(await add({ ...base, key: key(), ...body }), 422, text);
    const flag = make();
    expect(await patch(flag, body), 422, text);
    assert.equal((await show(flag)).version, 1);
  });
}

/* ---- bounds ---- */

test('variations are bounded in a flag and in a project, so that pages and bulk answers are', async () => {
  const world = makeWorld();
  const big = (n) => [{ name: 'a', value: 'x'.repeat(n) }];
  const body = { ...base, kind: 'string', variations: big(16300) };
  const send = (more) => call('POST', listOf(world), { as: world.owner.token, body: { ...body, key: key(), ...more } });
  expect(await send({ variations: big(16384) }), 422, 'variations may take at most 16 KiB');
  const numbers = Array.from({ length: 60 }, () => '1e300').join(',');
  expect(await call('POST', listOf(world), { as: world.owner.token,
    raw: `{"key":"n","name":"n","kind":"json","variations":[{"name":"a","value":[${numbers}]}]}` }), 422, 'variations may take at most 16 KiB');
  const last = [];
  for (let n = 0; n < 32; n++) last.push(expect(await send({}), 201).flag);
  expect(await send({}), 422, 'variations of a project may take at most 512 KiB');
  expect(await send({ variations: big(1) }), 201);
  expect(await call('PATCH', pathOf(last[0]), { as: world.owner.token, body: { variations: big(16301) } }), 200);
  const seen = await walk(`${listOf(world)}?limit=200`, { as: world.viewer.token });
  assert.deepEqual([seen.length, new Set(seen.map((flag) => flag.id)).size], [33, 33]);
  const bulk = await ok(200, 'POST', '/ofrep/v1/evaluate/flags', { bearer: world.team.keys.client.secret, body: { context: {} } });
  assert.equal(bulk.flags.length, 33);
});

test('a project has at most 1000 flags', async () => {
  const world = makeWorld();
  exec(`INSERT INTO flags (project_id, key, name, kind, variations, default_on, default_off)
    SELECT ${quote(world.team.project)}, 'k' || n, 'n', 'boolean', '[{"name":"on","value":true}]', 'on', 'on' FROM generate_series(1, 999) n;`);
  const send = (name) => call('POST', listOf(world), { as: world.owner.token, body: { ...base, key: name } });
  expect(await send('last'), 201);
  expect(await send('more'), 422, 'A project may have at most 1000 flags');
});

/* ---- edited ---- */

const edits = [
  [{}, {}], [{ name: 'New' }, { name: 'New' }], [{ default_on: 'off' }, { default_on: 'off' }],
  [{ default_on: 'off', default_off: 'on' }, { default_on: 'off', default_off: 'on' }],
  [{ variations: [...onOff, { name: 'third', value: true }] }, { variations: [...onOff, { name: 'third', value: true }] }],
  [{ variations: [{ name: 'x', value: true }], default_on: 'x', default_off: 'x' },
    { variations: [{ name: 'x', value: true }], default_on: 'x', default_off: 'x' }],
  [{ name: 'Flag', variations: onOff, default_on: 'on' }, {}], [{ version: 1 }, {}], [{ version: null, name: 'N' }, { name: 'N' }],
];

for (const [body, want] of edits) {
  test(`PATCH ${JSON.stringify(body)}`, async () => {
    const flag = make({}, ['staging']);
    const before = await show(flag);
    const changed = Object.keys(want).length > 0;
    const answer = await patch(flag, body);
    const after = { ...before, ...want, version: changed ? 2 : 1 };
    assert.deepEqual(expect(answer, 200).flag, after);
    assert.equal(answer.headers.etag, `"${after.version}"`);
    assert.deepEqual(await show(flag), after);
    assert.deepEqual(auditOf(flag), changed ? [{ action: 'flag.updated', actor_type: 'USER', actor_id: main.collaborator.id,
      resource_kind: 'flag', before, after }] : []);
  });
}

const badEdits = [
  [{ key: 'other' }, 'Unknown field: key'], [{ kind: 'string' }, 'Unknown field: kind'], [{ status: 'ARCHIVED' }, 'Unknown field: status'],
  [{ name: '' }, 'Invalid field: name'], [{ name: null }, 'Invalid field: name'], [{ variations: [] }, 'Invalid field: variations'],
  [{ variations: null }, 'Invalid field: variations'], [{ default_on: null }, 'Invalid field: default_on'],
  [{ version: '1' }, 'Invalid field: version'], [{ version: 1.5 }, 'Invalid field: version'], [{ enabled: true }, 'Unknown field: enabled'],
];

for (const [body, text] of badEdits) {
  test(`PATCH ${JSON.stringify(body)} is 400`, async () => {
    const flag = make();
    expect(await patch(flag, body), 400, text);
    assert.deepEqual([(await show(flag)).version, auditOf(flag)], [1, []]);
  });
}

/* ---- versions ---- */

// [method, path, body] of every change of a flag.
const changes = {
  edit: ['PATCH', '', { name: 'x' }],
  run: ['POST', '/environments/production/run'],
  pause: ['POST', '/environments/staging/pause'],
  archive: ['POST', '/archive'],
  delete: ['DELETE', ''],
};
const send = (flag, change, options = {}, as = main.owner) =>
  call(changes[change][0], pathOf(flag, changes[change][1]), { as: as.token, ...options,
    body: changes[change][2] || options.body ? { ...changes[change][2], ...options.body } : undefined });

for (const change of Object.keys(changes)) {
  test(`${change}: what was meant for another version is 412`, async () => {
    const flag = make({}, ['staging']);
    for (const options of [{ body: { version: 2 } }, { body: { version: 0 } }, { headers: { 'If-Match': '"2"' } }, { headers: { 'If-Match': 'W/"1"' } },
      { body: { version: 1 }, headers: { 'If-Match': '"2"' } }])
      expect(await send(flag, change, options), 412, 'version is stale: it is 1 now');
    assert.deepEqual([(await show(flag)).version, auditOf(flag)], [1, []]);
    for (const version of ['1', 1.5]) expect(await send(flag, change, { body: { version } }), 400, 'Invalid field: version');
    expect(await send(flag, change, { body: { version: 1 }, headers: { 'If-Match': '"7", "1"' } }), 200);
    assert.equal(auditOf(flag).length, 1);
  });
}

test('of changes at once that mean the same version, one wins', async () => {
  const flag = make();
  const answers = await Promise.all(Array.from({ length: 8 }, (_, n) => patch(flag, { name: `N${n}`, version: 1 })));
  assert.deepEqual(answers.map((a) => a.status).sort(), [200, 412, 412, 412, 412, 412, 412, 412]);
  assert.equal((await show(flag)).version, 2);
  assert.equal(auditOf(flag).length, 1);
});

/* ---- toggles ---- */

test('run and pause move one environment and no other, by name or id', async () => {
  const flag = make();
  for (const [env, action, want] of [['production', 'run', ['production']], [main.team.environments.staging, 'run', ['staging', 'production']],
    [main.team.environments.production.toUpperCase(), 'pause', ['staging']], ['staging', 'pause', []]]) {
    const answer = await toggle(flag, env, action);
    const { flag: now, changed } = expect(answer, 200);
    assert.deepEqual([enabledIn(now), changed, answer.headers.etag], [want, true, `"${now.version}"`]);
    assert.deepEqual(await show(flag), now);
  }
  const production = { id: main.team.environments.production, name: 'production' };
  const staging = { id: main.team.environments.staging, name: 'staging' };
  const entry = (action, environment, enabled) => ({ action, actor_type: 'USER', actor_id: main.developer.id, resource_kind: 'flag',
    before: { key: flag.key, environment, enabled: !enabled }, after: { key: flag.key, environment, enabled } });
  assert.deepEqual(auditOf(flag), [entry('flag.enabled', production, true), entry('flag.enabled', staging, true),
    entry('flag.disabled', production, false), entry('flag.disabled', staging, false)]);
});

test('what is there already stays, and nobody hears of it', async () => {
  const flag = make({}, ['production']);
  const before = await show(flag);
  assert.deepEqual(expect(await toggle(flag, 'production', 'run'), 200), { flag: before, changed: false });
  assert.deepEqual(expect(await toggle(flag, 'staging', 'pause'), 200), { flag: before, changed: false });
  assert.deepEqual([await show(flag), auditOf(flag)], [before, []]);
});

test('an environment that the project has not is 404', async () => {
  const flag = make();
  for (const env of ['nope', 'Production', uuid(), main.other.environments.production, '%FF', '%27', 'x'.repeat(300), '%20'])
    for (const action of ['run', 'pause']) expect(await toggle(flag, env, action), 404, 'Environment not found', env);
  expect(await toggle(flag, 'nope', 'run', { as: main.viewer.token }), 403, 'Forbidden');
  expect(await toggle(flag, 'nope', 'run', { as: main.outsider.token }), 404, 'Flag not found');
  expect(await toggle(flag, 'production', 'run', { body: { enabled: true } }), 400, 'Unknown field: enabled');
});

test('toggles at once: each change is one row of the audit log, in turn', async () => {
  for (let round = 0; round < 5; round++) {
    const flag = make();
    const answers = await Promise.all(Array.from({ length: 10 }, (_, n) => toggle(flag, 'production', n % 2 ? 'pause' : 'run')));
    const moved = answers.filter((a) => expect(a, 200).changed).length;
    const now = await show(flag);
    assert.equal(now.version, 1 + moved);
    const log = auditOf(flag);
    assert.equal(log.length, moved);
    log.forEach((entry, n) => assert.equal(entry.after.enabled, n % 2 === 0, 'on, off, on …'));
    assert.deepEqual(enabledIn(now), moved % 2 ? ['production'] : []);
  }
});

test('toggles of all environments, an edit and an archiving at once leave one story', async () => {
  for (let round = 0; round < 5; round++) {
    const flag = make();
    const answers = await Promise.all([...environments.map((env) => toggle(flag, env, 'run')), patch(flag, { name: 'Raced' }), act(flag, 'archive')]);
    const now = await show(flag);
    const worked = answers.filter((a) => a.status === 200).length;
    for (const answer of answers) assert.ok([200, 422].includes(answer.status), answer.text);
    assert.deepEqual([now.status, now.version, auditOf(flag).length], ['ARCHIVED', 1 + worked, worked]);
    assert.equal(enabledIn(now).length, answers.slice(0, 3).filter((a) => a.status === 200).length);
  }
});

/* ---- archived and deleted ---- */

test('an archived flag is neither edited nor toggled; archiving again changes nothing', async () => {
  const flag = make({}, ['production']);
  const before = await show(flag);
  const after = { ...before, status: 'ARCHIVED', version: 2 };
  for (let n = 0; n < 2; n++) assert.deepEqual(expect(await act(flag, 'archive'), 200).flag, after);
  for (const [what, answer] of [['edit', await patch(flag, { name: 'x' })], ['nothing', await patch(flag, {})],
    ['run', await toggle(flag, 'staging', 'run')], ['pause', await toggle(flag, 'production', 'pause')], ['already', await toggle(flag, 'production', 'run')]])
    expect(answer, 422, 'The flag is archived', what);
  assert.deepEqual(await show(flag), after);
  assert.deepEqual(auditOf(flag).map((entry) => [entry.action, entry.before, entry.after]), [['flag.archived', before, after]]);
});

test('a deleted flag is gone, its key is free, its story stays', async () => {
  for (const status of ['ACTIVE', 'ARCHIVED']) {
    const flag = make({ status });
    const before = await show(flag);
    assert.deepEqual(expect(await send(flag, 'delete'), 200), { id: flag.id });
    for (const change of Object.keys(changes)) expect(await send(flag, change), 404, 'Flag not found', change);
    assert.equal(value(`SELECT count(*) FROM flag_environments WHERE flag_id = ${quote(flag.id)}`), 0);
    assert.deepEqual(auditOf(flag).map((entry) => [entry.action, entry.before, entry.after]), [['flag.deleted', before, null]]);
    expect(await add({ ...base, key: flag.key }), 201);
  }
});

test('deleted twice at once: one 200, one 404', async () => {
  const flag = make();
  const answers = await Promise.all([send(flag, 'delete'), send(flag, 'delete')]);
  assert.deepEqual(answers.map((a) => a.status).sort(), [200, 404]);
});

test('a flag that is made tells the audit log', async () => {
  const { flag } = expect(await add({ ...base, key: key() }), 201);
  assert.deepEqual(auditOf(flag), [{ action: 'flag.created', actor_type: 'USER', actor_id: main.collaborator.id, resource_kind: 'flag',
    before: null, after: flag }]);
});

/* ---- roles ---- */

const may = { edit: ['owner', 'admin', 'developer', 'collaborator'] };
for (const change of Object.keys(changes))
  for (const role of [...roles, 'outsider']) {
    const right = (may[change] ?? ['owner', 'admin', 'developer']).includes(role);
    test(`${change} by ${role}`, async () => {
      const flag = make({}, ['staging']);
      const answer = await send(flag, change, {}, main[role]);
      if (role === 'outsider') expect(answer, 404, 'Flag not found');
      else if (right) expect(answer, 200);
      else expect(answer, 403, 'Forbidden');
      assert.equal(auditOf(flag).length, right ? 1 : 0);
    });
  }
