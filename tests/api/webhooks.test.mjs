// /v1/auth/me/webhooks: an address of one's own, and what is put into the queue for it.
import assert from 'node:assert/strict';
import test from 'node:test';
import { call, exec, expect, ok, quote, rows } from '../lib/client.mjs';
import { insertUsers, makeUser, makeWorld } from '../lib/world.mjs';

const path = '/v1/auth/me/webhooks';
const url = 'https://hooks.example.com/services/T0/B0';
const { team, owner, viewer } = makeWorld();

function fresh() {
  const user = makeUser('webhooks');
  insertUsers([user]);
  return user;
}

const make = (user, body = { url }) => call('POST', path, { as: user.token, body });
const list = async (user) => (await ok(200, 'GET', path, { as: user.token })).webhooks;
const queued = (user) => rows(`SELECT kind, status, payload, notification_id FROM deliveries
  WHERE user_id = ${quote(user.id)} AND channel = 'webhook' ORDER BY created_at`);

test('made: the secret is shown once', async () => {
  const user = fresh();
  assert.deepEqual(await list(user), []);
  const answer = await make(user, { url, name: 'Chat' });
  const { webhook, secret } = expect(answer, 201);
  assert.equal(Buffer.from(secret.replace(/^whsec_/, ''), 'base64').length, 32);
  const { id, created_at, ...rest } = webhook;
  assert.deepEqual(rest, { name: 'Chat', url, gone_at: null, last_delivery: null });
  const page = await call('GET', path, { as: user.token });
  assert.deepEqual(expect(page, 200).webhooks, [webhook]);
  assert.doesNotMatch(page.text, /whsec_|secret/);
  assert.equal(rows(`SELECT secret FROM webhooks WHERE id = ${quote(id)}`)[0].secret, secret);
});

test('one each, also when asked for ten at once; another user is another', async () => {
  const user = fresh();
  const answers = await Promise.all(Array.from({ length: 10 }, () => make(user)));
  assert.deepEqual(answers.map(({ status }) => status).sort(), [201, ...Array(9).fill(409)]);
  expect(await make(user), 409, 'You have a webhook: delete it first');
  expect(await make(fresh()), 201);
});

const refused = [
  [{}, 400, 'Missing field: url'], [{ url: 7 }, 400, 'Invalid field: url'], [{ url: '' }, 400, 'Invalid field: url'],
  [{ url: `${url}/${'x'.repeat(2000)}` }, 400, 'Invalid field: url'], [{ url, name: 7 }, 400, 'Invalid field: name'],
  [{ url, secret: 'x' }, 400, 'Unknown field: secret'],
  [{ url: 'http://example.com/' }, 422], [{ url: 'HTTPS://example.com/' }, 422], [{ url: 'example.com' }, 422], [{ url: 'ftp://example.com/' }, 422],
  [{ url: 'https://127.0.0.1/' }, 422], [{ url: 'https://localhost/' }, 422], [{ url: 'https://[::1]/' }, 422], [{ url: 'https://10.1.2.3/' }, 422],
  [{ url: 'https://169.254.169.254/latest' }, 422], [{ url: 'https://2130706433/' }, 422], [{ url: 'https://[::ffff:192.168.0.1]/' }, 422],
  [{ url: 'https://user:pw@example.com/' }, 422], [{ url: 'https://example.com/#x' }, 422], [{ url: 'https://example.com/\r\nHost: x' }, 422],
  [{ url: 'https://exämple.com/' }, 422],
];

for (const [body, status, text] of refused) {
  test(`${JSON.stringify(body).slice(0, 60)}: ${status}`, async () => {
    const user = fresh();
    expect(await make(user, body), status, text);
    assert.deepEqual(await list(user), []);
  });
}

test('deleted, it is gone, and another can be made', async () => {
  const user = fresh();
  const { webhook } = expect(await make(user), 201);
  assert.deepEqual(await ok(200, 'DELETE', `${path}/${webhook.id.toUpperCase()}`, { as: user.token }), { id: webhook.id });
  assert.deepEqual(await list(user), []);
  expect(await call('DELETE', `${path}/${webhook.id}`, { as: user.token }), 404, 'Webhook not found');
  expect(await call('POST', `${path}/${webhook.id}/test`, { as: user.token }), 404, 'Webhook not found');
  expect(await make(user), 201);
});

test('a test waits in the queue, once', async () => {
  const user = fresh();
  const { webhook } = expect(await make(user), 201);
  for (let n = 0; n < 3; n += 1)
    assert.deepEqual(await ok(202, 'POST', `${path}/${webhook.id}/test`, { as: user.token }), { queued: true });
  const [only, ...more] = queued(user);
  assert.deepEqual(more, []);
  assert.deepEqual([only.kind, only.status, only.notification_id, only.payload.type], ['webhook.test', 'pending', null, 'webhook.test']);
  assert.match(only.payload.timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  const [{ last_delivery: last }] = await list(user);
  assert.deepEqual([last.type, last.status, last.error, last.attempts], ['webhook.test', 'pending', null, 0]);
});

/* ---- what goes there ---- */

const feedback = () => ok(201, 'POST', '/v1/feedback', { bearer: team.keys.client.secret, body: { message: 'Words', name: 'Mara' } });
const prefer = (user, on) => ok(200, 'PATCH', '/v1/auth/me', { as: user.token, body: { preferences: { notifications: { types: { 'feedback.new': { webhook: on } } } } } });

test('nothing without a webhook, nothing that is not turned on, then what is', async () => {
  await prefer(owner, true);
  await feedback();
  assert.deepEqual(queued(owner), [], 'turned on, but nowhere to go');
  await prefer(owner, false);
  const { webhook } = expect(await make(owner), 201);
  await feedback();
  assert.deepEqual(queued(owner), [], 'not turned on');
  await prefer(owner, true);
  await feedback();
  const [row, ...more] = queued(owner);
  assert.deepEqual(more, []);
  const { notifications: [note] } = await ok(200, 'GET', '/v1/notifications?limit=1', { as: owner.token });
  assert.equal(row.payload.type, 'feedback.new');
  assert.equal(row.payload.timestamp, note.created_at);
  const { link, resource, environment, ...data } = row.payload.data;
  assert.deepEqual(data, { notification_id: note.id, title: note.title, body: note.body, team_id: team.id,
    project: { id: team.project, name: team.projectName } });
  assert.ok(link.startsWith('http') && link.endsWith(note.link), link);
  assert.equal(resource.kind, 'feedback');
  assert.equal(environment.id, team.environments.production);
  assert.deepEqual(queued(viewer), [], 'each for themselves');
  exec(`UPDATE webhooks SET gone_at = now() WHERE id = ${quote(webhook.id)};`);
  await feedback();
  assert.equal(queued(owner).length, 1, 'a receiver that is gone gets nothing more');
});

test('the registry names the channel', async () => {
  const { types } = await ok(200, 'GET', '/v1/notifications/types', { as: owner.token });
  for (const type of types) assert.equal(type.webhook, !type.mutable, type.type);
});
