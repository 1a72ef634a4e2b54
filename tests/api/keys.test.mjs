// API keys (contract sections 4 and 8b): made, shown once, used, expired, revoked.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import test from 'node:test';
import { call, exec, expect, ok, quote, rows, uuid } from '../lib/client.mjs';
import { eventually } from '../lib/processes.mjs';
import { openSession } from '../lib/session.mjs';
import { makeWorld } from '../lib/world.mjs';

const { team, other, owner, admin, developer, outsider } = makeWorld();
const path = `/v1/teams/${team.id}/keys`;
const client = { kind: 'client', project_id: team.project, environment: 'production' };
const make = (body) => call('POST', path, { as: admin.token, body: { name: 'k', ...body } });
const use = (secret) => call('POST', '/v1/feedback', { bearer: secret, body: { message: 'm' } });

for (const [kind, body] of [['agent', { kind: 'agent' }], ['client', client]]) {
  test(`${kind}: the secret is shown once, and only its SHA-256 is stored`, async () => {
    const { key, secret } = expect(await make(body), 201);
    assert.match(secret, new RegExp(`^car_${kind}_[0-9a-f]{48}$`));
    assert.ok(secret.startsWith(key.prefix) && key.prefix.length < 30, `prefix ${key.prefix}`);
    assert.ok(key.prefix.length >= `car_${kind}_`.length);
    assert.equal(key.name, 'k');
    assert.equal(key.kind, kind);
    assert.equal(key.project_id, kind === 'client' ? team.project : null);
    assert.deepEqual([key.last_used_at, key.expires_at], [null, null]);
    const page = await call('GET', path, { as: owner.token });
    assert.doesNotMatch(page.text, new RegExp(secret.slice(-48)));
    assert.deepEqual(expect(page, 200).keys.find((each) => each.id === key.id), key, 'the list shows the same object');
    const [row] = rows(`SELECT encode(hash, 'hex') AS hash, created_by, to_jsonb(k)::text AS whole FROM api_keys k WHERE id = ${quote(key.id)}`);
    assert.equal(row.hash, createHash('sha256').update(secret).digest('hex'));
    assert.equal(row.created_by, admin.id);
    assert.doesNotMatch(row.whole, new RegExp(secret.slice(-40)));
  });
}

test('two keys of one name are two keys', async () => {
  const [a, b] = [expect(await make({ kind: 'agent' }), 201), expect(await make({ kind: 'agent' }), 201)];
  assert.notEqual(a.key.id, b.key.id);
  assert.notEqual(a.secret, b.secret);
});

for (const environment of ['development', 'staging', team.environments.staging, team.environments.staging.toUpperCase()]) {
  test(`a client key for environment ${environment}`, async () => {
    const { secret } = expect(await make({ ...client, environment }), 201);
    expect(await use(secret), 201);
  });
}

test('who may not make one is told so, whatever else is wrong', async () => {
  const body = { name: 'k', kind: 'client' };
  for (const [who, status, text] of [[outsider, 404, 'Team not found'], [developer, 403, 'Forbidden'], [admin, 422, undefined]])
    expect(await call('POST', path, { as: who.token, body }), status, text);
});

test('a key that is revoked while it is being used is none any more', async () => {
  const { key, secret } = expect(await make(client), 201);
  const session = openSession();
  await session.run(`BEGIN; DELETE FROM api_keys WHERE id = ${quote(key.id)}`);
  const answer = use(secret);
  await eventually('it waits', 5, async () => await session.awaited() > 0);
  await session.run('COMMIT');
  await session.end();
  expect(await answer, 401, 'Invalid API key');
});

// Bodies that make no key: body, status, text.
const refused = [
  [{ name: undefined, kind: 'agent' }, 400, 'Missing field: name'], [{}, 400, 'Missing field: kind'],
  [{ kind: 'king' }, 400, 'Invalid field: kind'], [{ kind: 1 }, 400, 'Invalid field: kind'], [{ kind: 'Agent' }, 400, 'Invalid field: kind'],
  [{ name: '', kind: 'agent' }, 400, 'Invalid field: name'], [{ name: 1, kind: 'agent' }, 400, 'Invalid field: name'],
  [{ name: 'x'.repeat(201), kind: 'agent' }, 400, 'Invalid field: name'],
  [{ kind: 'client' }, 422, 'project_id is needed for a client key'],
  [{ kind: 'client', project_id: team.project }, 422, 'environment is needed for a client key'],
  [{ kind: 'client', environment: 'production' }, 422, 'project_id is needed for a client key'],
  [{ kind: 'agent', project_id: team.project }, 422, 'project_id is for client keys only'],
  [{ kind: 'agent', environment: 'production' }, 422, 'environment is for client keys only'],
  [{ ...client, project_id: 'x' }, 400, 'Invalid field: project_id'],
  ...[uuid(), other.project].map((project_id) => [{ ...client, project_id }, 404, 'Project not found']),
  ...['moon', other.environments.production, uuid()].map((environment) => [{ ...client, environment }, 422, 'environment must be one of the project\'s']),
  [{ kind: 'agent', expires_at: 'tomorrow' }, 400, 'Invalid field: expires_at'], [{ kind: 'agent', expires_at: 1 }, 400, 'Invalid field: expires_at'],
  [{ kind: 'agent', expires_at: '2099-02-30T00:00:00.000Z' }, 400, 'Invalid field: expires_at'],
  [{ kind: 'agent', expires_at: '2020-01-01T00:00:00.000Z' }, 422, 'expires_at must be in the future'],
  [{ kind: 'agent', secret: 'x' }, 400, 'Unknown field: secret'], [{ kind: 'agent', prefix: 'x' }, 400, 'Unknown field: prefix'],
];

for (const [body, status, text] of refused) {
  test(`${JSON.stringify(body).slice(0, 70)} makes no key`, async () => {
    const before = rows(`SELECT count(*) AS n FROM api_keys WHERE team_id = ${quote(team.id)}`)[0].n;
    expect(await make(body), status, text);
    assert.equal(rows(`SELECT count(*) AS n FROM api_keys WHERE team_id = ${quote(team.id)}`)[0].n, before);
  });
}

test('a foreign project and one that is not there look the same', async () => {
  const texts = [other.project, uuid()].map(async (project_id) => (await make({ ...client, project_id })).text);
  assert.equal(new Set(await Promise.all(texts)).size, 1);
});

test('expiry: both sides', async () => {
  const expires_at = new Date(Date.now() + 3600_000).toISOString();
  const { key, secret } = expect(await make({ ...client, expires_at }), 201);
  assert.equal(key.expires_at, expires_at);
  expect(await use(secret), 201);
  exec(`UPDATE api_keys SET expires_at = now() + interval '1 minute' WHERE id = ${quote(key.id)};`);
  expect(await use(secret), 201);
  exec(`UPDATE api_keys SET expires_at = now() - interval '1 millisecond' WHERE id = ${quote(key.id)};`);
  expect(await use(secret), 401, 'API key expired');
  expect(await call('GET', '/v1/notifications', { bearer: secret }), 401, 'API key expired');
});

test('last use moves at most once a minute', async () => {
  const { key, secret } = expect(await make(client), 201);
  const last = () => rows(`SELECT last_used_at AS at FROM api_keys WHERE id = ${quote(key.id)}`)[0].at;
  assert.equal(last(), null);
  expect(await use(secret), 201);
  const first = last();
  assert.ok(first);
  expect(await use(secret), 201);
  assert.equal(last(), first);
  exec(`UPDATE api_keys SET last_used_at = last_used_at - interval '61 seconds' WHERE id = ${quote(key.id)};`);
  expect(await use(secret), 201);
  assert.ok(last() >= first);
});

test('revoked, a key stops at once; the others go on', async () => {
  const [one, two] = [expect(await make(client), 201), expect(await make(client), 201)];
  const target = `${path}/${one.key.id.toUpperCase()}`;
  assert.deepEqual(await ok(200, 'DELETE', target, { as: owner.token }), { id: one.key.id });
  expect(await use(one.secret), 401, 'Invalid API key');
  expect(await call('GET', '/v1/notifications', { bearer: one.secret }), 401, 'Invalid API key');
  expect(await use(two.secret), 201);
  expect(await call('DELETE', target, { as: owner.token }), 404, 'Key not found');
  const page = await ok(200, 'GET', `${path}?limit=200`, { as: owner.token });
  assert.ok(!page.keys.some((key) => key.id === one.key.id) && page.keys.some((key) => key.id === two.key.id));
});

test('an agent key of another team is nothing here', async () => {
  expect(await call('DELETE', `${path}/${other.keys.agent.id}`, { as: owner.token }), 404, 'Key not found');
  const page = await ok(200, 'GET', `${path}?limit=200`, { as: owner.token });
  assert.ok(!page.keys.some((key) => key.id === other.keys.agent.id));
});
