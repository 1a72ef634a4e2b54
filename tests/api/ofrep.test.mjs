// What a client key is served (contract section 8b): the OpenFeature Remote Evaluation Protocol,
// by hand and through a stock provider.
import assert from 'node:assert/strict';
import test from 'node:test';
import { OFREPProvider } from '@openfeature/ofrep-provider';
import { OpenFeature } from '@openfeature/server-sdk';
import { base, call, cron, exec, expect, ok, quote, value } from '../lib/client.mjs';
import { environments, insertKey, makeFlag, makeKey, makeWorld } from '../lib/world.mjs';

const main = makeWorld();
const all = '/ofrep/v1/evaluate/flags';
const context = { targetingKey: 'user-1', plan: 'premium', nested: { list: [1, null] } };
const bearer = main.team.keys.client.secret;
const one = (key, options) => call('POST', `${all}/${key}`, { bearer, body: { context }, ...options });
const bulk = (options) => call('POST', all, { bearer, body: { context }, ...options });
const toggle = (flag, action, env = 'production') =>
  ok(200, 'POST', `/v1/flags/${flag.id}/environments/${env}/${action}`, { as: main.owner.token });
const failure = (text, errorCode, key) => ({ error: text, ...(key === undefined ? {} : { key }), errorCode, errorDetails: text });

/* ---- one flag ---- */

const kinds = [
  ['boolean', true, false], ['string', 'on é🔔\n"', ''], ['number', 1.5, 0], ['number', 9007199254740991, -1],
  ['json', { a: [1, { b: null }] }, []], ['json', null, 'text'],
];

for (const [kind, on, off] of kinds) {
  test(`${kind}: ${JSON.stringify(on)} while enabled, ${JSON.stringify(off)} while not`, async () => {
    const flag = makeFlag(main.team, { kind, variations: [{ name: 'A', value: on }, { name: 'B', value: off }], default_on: 'A', default_off: 'B' });
    const { key } = flag;
    assert.deepEqual(expect(await one(key), 200), { key, value: off, reason: 'DISABLED', variant: 'B' });
    await toggle(flag, 'run', 'staging');
    assert.equal(expect(await one(key), 200).reason, 'DISABLED', 'another environment is another matter');
    await toggle(flag, 'run');
    assert.deepEqual(expect(await one(key), 200), { key, value: on, reason: 'STATIC', variant: 'A' });
    const { flags } = expect(await bulk(), 200);
    assert.deepEqual(flags.find((each) => each.key === key), { key, value: on, reason: 'STATIC', variant: 'A' });
    await ok(200, 'PATCH', `/v1/flags/${flag.id}`, { as: main.owner.token, body: { default_on: 'B' } });
    assert.deepEqual(expect(await one(key), 200), { key, value: off, reason: 'STATIC', variant: 'B' });
  });
}

test('the ETag of one flag moves with what it serves', async () => {
  const flag = makeFlag(main.team);
  const ask = (etag) => one(flag.key, { headers: { 'If-None-Match': etag } });
  const { etag } = (await one(flag.key)).headers;
  assert.match(etag, /^"[^"]+"$/);
  for (const list of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
    const again = await ask(list);
    assert.deepEqual([again.status, again.headers.etag], [304, etag], list);
  }
  await toggle(flag, 'run');
  assert.notEqual((await ask(etag)).headers.etag, etag);
  expect(await ask(etag), 200);
  assert.equal((await one('nonesuch')).headers.etag, undefined);
});

test('a flag that is not there, archived, deleted or another project\'s is FLAG_NOT_FOUND', async () => {
  const archived = makeFlag(main.team, { status: 'ARCHIVED' }, ['production']);
  const foreign = makeFlag(main.other, { key: 'foreign' }, ['production']);
  for (const key of ['nonesuch', archived.key, foreign.key, 'A'.repeat(100), foreign.id, '%20', 'a%2Bb', '%C3%A9'])
    expect(await one(key), 404, undefined, key);
  assert.deepEqual((await one('nonesuch')).json, failure('Flag not found', 'FLAG_NOT_FOUND', 'nonesuch'));
  assert.deepEqual((await one('%FFx')).json, failure('Flag not found', 'FLAG_NOT_FOUND', '?x'));
  assert.equal((await one('k'.repeat(3000))).json.key.length, 100);
  expect(await call('POST', `${all}/foreign`, { bearer: main.other.keys.client.secret, body: {} }), 200);
});

test('an archiving and a deletion are seen by the next request', async () => {
  const flags = [makeFlag(main.team), makeFlag(main.team)];
  for (const flag of flags) expect(await one(flag.key), 200);
  await ok(200, 'POST', `/v1/flags/${flags[0].id}/archive`, { as: main.owner.token });
  await ok(200, 'DELETE', `/v1/flags/${flags[1].id}`, { as: main.owner.token });
  for (const flag of flags) expect(await one(flag.key), 404);
  const keys = expect(await bulk(), 200).flags.map((each) => each.key);
  for (const flag of flags) assert.ok(!keys.includes(flag.key));
});

test('every key that a flag may have can be asked for', async () => {
  for (const key of ['.x', '...', '-', '_', '0', 'a'.repeat(100), 'v1.2-x_Y']) {
    makeFlag(main.team, { key });
    assert.equal(expect(await one(key), 200).key, key);
  }
});

/* ---- contexts ---- */

const bodies = [
  ['nothing at all', undefined, 200], ['an empty object', {}, 200], ['an empty context', { context: {} }, 200],
  ['a context without a targetingKey', { context: { plan: 'x' } }, 200], ['more than a context', { context, later: 1 }, 200],
  ['null', null, 200], ['a context that is null', { context: null }, 400], ['a context that is a list', { context: [] }, 400],
  ['a context that is a text', { context: 'x' }, 400],
];

for (const [what, body, status] of bodies) {
  test(`${what} is ${status}, for one flag and for all`, async () => {
    const { key } = makeFlag(main.team);
    const [single, whole] = [await one(key, { body }), await bulk({ body })];
    expect(single, status);
    expect(whole, status);
    if (status !== 400) return;
    assert.deepEqual(single.json, failure('Invalid field: context', 'INVALID_CONTEXT', key));
    assert.deepEqual(whole.json, failure('Invalid field: context', 'INVALID_CONTEXT'));
  });
}

test('strict handling refuses what is otherwise ignored', async () => {
  const headers = { Prefer: 'handling=strict' };
  assert.deepEqual(expect(await bulk({ headers, body: { context, later: 1 } }), 400), failure('Unknown field: later', 'PARSE_ERROR'));
  expect(await call('POST', `${all}?flagConfigEtag=x&flagConfigLastModified=1`, { bearer, body: { context }, headers }), 200);
  expect(await call('POST', `${all}?x=1`, { bearer, body: { context }, headers }), 400, 'Unknown parameter: x');
});

test('what is no JSON, and what is no path', async () => {
  for (const [raw, why] of [['{"context":', 'Malformed JSON'], ['[]', 'Body must be a JSON object'], ['"x"', 'Body must be a JSON object']]) {
    assert.deepEqual(expect(await one('x', { body: undefined, raw }), 400), failure(why, 'PARSE_ERROR', 'x'));
    assert.deepEqual(expect(await bulk({ body: undefined, raw }), 400), failure(why, 'PARSE_ERROR'));
  }
  expect(await one('x', { type: 'text/plain' }), 415);
  expect(await call('GET', `${all}/x`, { bearer }), 405);
  for (const path of ['/ofrep/', '/ofrep/v1', '/ofrep/v1/configuration', `${all}/`, `${all}/a/b`]) expect(await call('POST', path, { bearer }), 404, 'Not found', path);
});

/* ---- keys ---- */

test('a bad key is 401 whatever else is wrong', async () => {
  const bad = [[makeKey('client').secret, 'Invalid API key'], [main.team.keys.expiredClient.secret, 'API key expired']];
  for (const [secret, text] of bad)
    for (const options of [{}, { body: { context: 1 } }, { body: undefined, raw: '{' }, { type: 'text/plain' }])
      for (const send of [bulk, (more) => one('nonesuch', more)]) expect(await send({ ...options, bearer: secret }), 401, text);
  for (const options of [{}, { body: { context: 1 } }, { body: undefined, raw: '{' }])
    expect(await bulk({ ...options, bearer: main.team.keys.agent.secret }), 403, 'Client key required');
});

test('a revoked key is served nothing, by the next request', async () => {
  const key = insertKey(makeKey('client', { team: main.team.id, project: main.team.project, environment: main.team.environments.staging }));
  expect(await bulk({ bearer: key.secret }), 200);
  await ok(200, 'DELETE', `/v1/teams/${main.team.id}/keys/${key.id}`, { as: main.owner.token });
  expect(await bulk({ bearer: key.secret }), 401, 'Invalid API key');
});

test('each environment\'s key is served that environment, and its use is noted', async () => {
  const flag = makeFlag(main.team, {}, ['staging']);
  for (const env of environments) {
    const key = insertKey(makeKey('client', { team: main.team.id, project: main.team.project, environment: main.team.environments[env] }));
    assert.equal(expect(await one(flag.key, { bearer: key.secret }), 200).value, env === 'staging', env);
    assert.equal(value(`SELECT last_used_at IS NOT NULL FROM api_keys WHERE id = ${quote(key.id)}`), true);
  }
});

/* ---- all flags ---- */

test('all flags by key, each as it is alone; none for a project without', async () => {
  const world = makeWorld();
  const ask = (options) => call('POST', all, { bearer: world.team.keys.client.secret, body: { context }, ...options });
  assert.deepEqual(expect(await ask(), 200), { flags: [] });
  for (const key of ['b', 'a', 'C']) makeFlag(world.team, { key }, ['production']);
  const { flags } = expect(await ask(), 200);
  assert.deepEqual(flags.map((each) => each.key).sort(), ['C', 'a', 'b']);
  for (const each of flags)
    assert.deepEqual(each, expect(await call('POST', `${all}/${each.key}`, { bearer: world.team.keys.client.secret, body: {} }), 200));
});

test('the ETag is strong, stays while nothing changes, and moves with every change', async () => {
  const world = makeWorld();
  const flag = makeFlag(world.team);
  const ask = (etag) => call('POST', all, { bearer: world.team.keys.client.secret, body: { context }, headers: etag && { 'If-None-Match': etag } });
  const seen = new Set();
  const moves = [
    ['POST', `/v1/flags/${flag.id}/environments/production/run`],
    ['PATCH', `/v1/flags/${flag.id}`, { default_on: 'off' }],
    ['POST', `/v1/projects/${world.team.project}/flags`, { key: 'new', name: 'n', kind: 'boolean' }],
    ['POST', `/v1/flags/${flag.id}/archive`],
  ];
  for (const [method, path, body] of [...moves, []]) {
    const { etag } = (await ask()).headers;
    assert.match(etag, /^"[^"]+"$/);
    assert.ok(!seen.has(etag));
    seen.add(etag);
    for (const list of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
      const again = await ask(list);
      assert.deepEqual([again.status, again.headers.etag], [304, etag], list);
    }
    for (const list of ['"x"', etag.slice(0, -2), ...[...seen].slice(0, -1)]) expect(await ask(list), 200, undefined, list);
    if (method) expect(await call(method, path, { as: world.owner.token, body }), method === 'POST' && body ? 201 : 200);
  }
  await ok(200, 'PATCH', `/v1/flags/${(await ok(200, 'GET', `/v1/projects/${world.team.project}/flags`, { as: world.owner.token })).flags[0].id}`,
    { as: world.owner.token, body: { name: 'Only the name' } });
  expect(await ask([...seen].at(-1)), 304, undefined, 'what is served has not changed');
});

/* ---- a stock provider ---- */

async function clientFor(secret, domain) {
  const provider = new OFREPProvider({ baseUrl: base.origin, headers: { Authorization: `Bearer ${secret}` } });
  await OpenFeature.setProviderAndWait(domain, provider);
  return OpenFeature.getClient(domain);
}

test('a stock OpenFeature provider evaluates a flag before and after a toggle', async () => {
  const client = await clientFor(bearer, 'toggled');
  const flag = makeFlag(main.team, { key: 'checkout.redesign-2_x' });
  const evaluated = async () => {
    const { value: served, reason, variant, errorCode } = await client.getBooleanDetails(flag.key, true, context);
    return [served, reason, variant, errorCode];
  };
  assert.deepEqual(await evaluated(), [false, 'DISABLED', 'off', undefined]);
  await toggle(flag, 'run');
  assert.deepEqual(await evaluated(), [true, 'STATIC', 'on', undefined]);
  await toggle(flag, 'pause');
  assert.deepEqual(await evaluated(), [false, 'DISABLED', 'off', undefined]);
  exec(`UPDATE flags SET status = 'ARCHIVED' WHERE id = ${quote(flag.id)};`);
  assert.deepEqual((await evaluated()).slice(0, 2), [true, 'ERROR'], 'the program\'s own default');
});

test('a stock provider evaluates a flag before and after a scheduled enable and disable', async () => {
  const client = await clientFor(bearer, 'scheduled');
  const flag = makeFlag(main.team, { key: 'scheduled.by-cron' });
  const path = `/v1/flags/${flag.id}/environments/production/schedule`;
  const inHours = (hours) => new Date(Date.now() + hours * 3600000).toISOString();
  const evaluated = async () => {
    const { value: served, reason, variant, errorCode } = await client.getBooleanDetails(flag.key, true, context);
    return [served, reason, variant, errorCode];
  };
  // The clock is the database's, so the moment comes to it.
  const comeDue = (kind) => exec(`UPDATE moments m SET due_at = date_trunc('milliseconds', now())
    FROM schedules s JOIN flag_environments t ON t.id = s.resource_id
    WHERE s.id = m.schedule_id AND t.flag_id = ${quote(flag.id)} AND m.kind = ${quote(kind)};`);
  await ok(201, 'PUT', path, { as: main.owner.token,
    body: { enable_at: inHours(1), disable: { at: inHours(2) }, time_zone: 'Asia/Kolkata' } });
  cron('fire');
  assert.deepEqual(await evaluated(), [false, 'DISABLED', 'off', undefined], 'nothing before its time');
  const { etag } = (await bulk()).headers;
  comeDue('enable');
  assert.deepEqual(await evaluated(), [false, 'DISABLED', 'off', undefined], 'due is not done');
  cron('fire');
  assert.deepEqual(await evaluated(), [true, 'STATIC', 'on', undefined]);
  assert.notEqual((await bulk()).headers.etag, etag, 'who polls with the ETag sees it');
  comeDue('disable');
  cron('fire');
  assert.deepEqual(await evaluated(), [false, 'DISABLED', 'off', undefined]);
});

test('a stock provider reads every kind, and knows our errors', async () => {
  const client = await clientFor(bearer, 'kinds');
  const made = (kind, served) => makeFlag(main.team, { kind, variations: [{ name: 'v', value: served }], default_on: 'v', default_off: 'v' }).key;
  assert.equal(await client.getStringValue(made('string', 'é🔔'), '', context), 'é🔔');
  assert.equal(await client.getNumberValue(made('number', -1.5), 0, context), -1.5);
  assert.deepEqual(await client.getObjectValue(made('json', { a: [1] }), {}, context), { a: [1] });
  assert.equal((await client.getBooleanDetails(made('string', 'x'), false, context)).errorCode, 'TYPE_MISMATCH');
  assert.equal((await client.getBooleanDetails('nonesuch', false, context)).errorCode, 'FLAG_NOT_FOUND');
  const stranger = await clientFor(makeKey('client').secret, 'stranger');
  const refused = await stranger.getBooleanDetails('nonesuch', true);
  assert.deepEqual([refused.value, refused.reason], [true, 'ERROR']);
});

test.after(() => OpenFeature.close());
