// Webhooks against a receiver that counts what came and checks each signature: what arrives, what
// is tried again and with which bytes, what never is, and where no connection is ever made.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import https from 'node:https';
import path from 'node:path';
import test from 'node:test';
import { call, exec, expect, quote, rows, uuid, varDir } from '../lib/client.mjs';
import { dispatch, emptyQueue, start, statuses } from '../lib/queue.mjs';
import { startReceiver } from '../lib/receiver.mjs';
import { give, insertUsers, makeUser, makeWebhook } from '../lib/world.mjs';

const fake = await startReceiver();
test.after(() => fake.stop());
const later = (minutes) => ['--at', new Date(Date.now() + minutes * 60000).toISOString()];

// An empty queue, and a user with a webhook to the receiver, or to another url.
function afresh(plan = [], url = fake.url) {
  emptyQueue();
  exec('DELETE FROM webhooks');
  const user = makeUser('webhooks');
  insertUsers([user]);
  const hook = makeWebhook(user, { url });
  Object.assign(fake, { requests: [], connections: 0, plan: [...plan], secret: hook.secret });
  return { user, hook };
}

// n notifications on their way; their deliveries' ids.
function queue(user, n = 1, kind = 'EXPERIMENT_SCHEDULED_LAUNCH_FIRED') {
  const notes = give(user, Array.from({ length: n }, () => ({ type: kind })));
  return notes.map((note) => {
    const id = uuid();
    exec(`INSERT INTO deliveries (user_id, id, notification_id, channel, kind, payload) VALUES (${quote(user.id)}, ${quote(id)}, ${quote(note.id)},
      'webhook', ${quote(kind)}, ${quote(JSON.stringify({ type: kind, timestamp: note.created_at, data: { title: 'Ünïcode "quoted"', notification_id: note.id } }))});`);
    return id;
  });
}

const stored = (id) => rows(`SELECT status, error, attempts, next_try_at, address, body IS NOT NULL AS frozen FROM deliveries WHERE id = ${quote(id)}`)[0];

test('what arrives, signed', async () => {
  const { user } = afresh();
  const [id] = queue(user);
  assert.equal((await dispatch(fake.env)).sent, 1);
  const [got, ...more] = fake.requests;
  assert.equal(more.length, 0);
  assert.ok(got.genuine, 'the signature');
  assert.deepEqual([got.method, got.path, got.id, got.headers['content-type']], ['POST', '/hook', id, 'application/json']);
  assert.ok(Math.abs(got.at - Date.now() / 1000) < 60);
  assert.match(got.headers['user-agent'], /^Carillon/);
  const body = JSON.parse(got.text);
  assert.deepEqual([body.type, body.data.title], ['EXPERIMENT_SCHEDULED_LAUNCH_FIRED', 'Ünïcode "quoted"']);
  const row = stored(id);
  assert.deepEqual([row.status, row.attempts, row.error, row.address], ['sent', 1, null, fake.url]);
});

// What the receiver does, what becomes of the delivery, and of its error.
const answers = [
  [200, 'sent'], [201, 'sent'], [299, 'sent'], ['huge', 'sent'], ['endless', 'sent'],
  [301, 'failed', /^301 /], [307, 'failed', /^307 /], [400, 'failed', /^400 /], [401, 'failed', /^401 /], [404, 'failed', /^404 /],
  [422, 'failed', /^422 /], [451, 'failed', /^451 /],
  [408, 'pending', /^408 /], [425, 'pending', /^425 /], [429, 'pending', /^429 /], [500, 'pending', /^500 /], [502, 'pending', /^502 /],
  [503, 'pending', /^503 /], [504, 'pending', /^504 /], ['drop', 'pending', /./], ['garbage', 'pending', /./],
];

for (const [turn, status, error] of answers) {
  test(`the receiver says ${turn}: ${status}`, async () => {
    const { user } = afresh([turn]);
    const [id] = queue(user);
    const began = Date.now();
    await dispatch(fake.env);
    assert.ok(Date.now() - began < 20000, 'in time');
    const row = stored(id);
    assert.deepEqual([row.status, row.attempts], [status, 1]);
    if (error) assert.match(row.error, error);
    assert.equal(fake.requests.length, 1);
    assert.doesNotMatch(row.error ?? '', /127\.0\.0\.1|hook/, 'the address is nobody else\'s');
    if (status !== 'pending') return;
    assert.equal((await dispatch(fake.env, ...later(120))).sent, 1);
    const [first, second] = fake.requests;
    assert.deepEqual([second.id, second.text], [first.id, first.text], 'the same id and bytes');
    assert.ok(first.genuine && second.genuine);
    assert.equal(stored(id).status, 'sent');
  });
}

test('a redirect is not followed', async () => {
  const { user } = afresh([{ status: 307, headers: { Location: `http://127.0.0.1:${fake.port}/elsewhere` } }]);
  const [id] = queue(user);
  await dispatch(fake.env);
  assert.deepEqual(fake.requests.map((rq) => rq.path), ['/hook']);
  assert.equal(stored(id).status, 'failed');
});

for (const [header, least, most] of [['120', 119, 130], ['99999999', 3590, 3610], ['soon', 0, 30], ['-5', 0, 30]]) {
  test(`Retry-After: ${header}`, async () => {
    const { user } = afresh([{ status: 503, headers: { 'Retry-After': header } }]);
    const [id] = queue(user);
    await dispatch(fake.env);
    const wait = (Date.parse(stored(id).next_try_at) - Date.now()) / 1000;
    assert.ok(wait >= least - 2 && wait <= most, `${wait} s`);
  });
}

test('after ten tries it has failed, and says why', async () => {
  const { user } = afresh(Array(20).fill(500));
  const [id] = queue(user);
  for (let n = 0; n < 12; n++) await dispatch(fake.env, ...later(120 * (n + 1)));
  const row = stored(id);
  assert.deepEqual([row.status, row.attempts, row.error], ['failed', 10, '500 from the receiver']);
  assert.equal(fake.requests.length, 10);
  assert.equal(new Set(fake.requests.map((rq) => rq.text)).size, 1);
});

test('410: the receiver is gone, and gets nothing more', async () => {
  const { user, hook } = afresh([410]);
  const ids = queue(user, 3);
  await dispatch(fake.env);
  assert.equal(fake.requests.length, 1);
  assert.notEqual(rows(`SELECT gone_at FROM webhooks WHERE id = ${quote(hook.id)}`)[0].gone_at, null);
  await dispatch(fake.env, ...later(120));
  assert.equal(fake.requests.length, 1);
  assert.deepEqual(ids.map((id) => stored(id).status).sort(), ['failed', 'skipped', 'skipped']);
});

test('one that keeps us waiting is waited for once a run', async () => {
  const { user } = afresh(['stall', 'stall', 'stall', 'stall']);
  const slow = queue(user, 4);
  const began = Date.now();
  await dispatch(fake.env);
  assert.ok(Date.now() - began < 15000, `${Date.now() - began} ms`);
  assert.equal(fake.requests.length, 1);
  assert.equal(slow.reduce((n, id) => n + stored(id).attempts, 0), 1, 'the others keep all of their tries');
  fake.plan = [];
  await dispatch(fake.env, ...later(120));
  assert.deepEqual(statuses(), { sent: 4 });
  assert.equal(fake.requests.filter(({ turn }) => turn === 204).length, 4);
});

test('four runs at once: each arrives once', async () => {
  const { user } = afresh();
  const ids = queue(user, 120);
  const runs = await Promise.all(Array.from({ length: 4 }, () => start(fake.env).ended));
  assert.deepEqual(runs.map(({ code }) => code), [0, 0, 0, 0]);
  assert.deepEqual(fake.requests.map(({ id }) => id).sort(), [...ids].sort());
  assert.ok(fake.requests.every(({ genuine }) => genuine));
  assert.deepEqual(statuses(), { sent: 120 });
});

// What happened between the queue and the run; why nothing was sent.
const meanwhile = [
  ['the webhook was deleted', ({ hook }) => exec(`DELETE FROM webhooks WHERE id = ${quote(hook.id)}`), 'gone'],
  ['the notification was deleted', ({ user }) => exec(`UPDATE notifications SET deleted_at = now() WHERE user_id = ${quote(user.id)}`), 'deleted'],
  ['the type was switched off', ({ user }) => exec(`UPDATE users SET preferences = '{"notifications":{"types":{"issue.new":{"webhook":false}}}}' WHERE id = ${quote(user.id)}`), 'muted'],
];

for (const [what, act, error] of meanwhile) {
  test(`${what}: skipped`, async () => {
    const one = afresh();
    const [id] = queue(one.user, 1, 'issue.new');
    act(one);
    await dispatch(fake.env);
    assert.deepEqual([stored(id).status, stored(id).error], ['skipped', error]);
    assert.equal(fake.connections, 0);
  });
}

test('what was tried at an address does not go to the next one under its signature', async () => {
  const { user } = afresh(['drop']);
  const [id] = queue(user);
  await dispatch(fake.env);
  exec(`DELETE FROM webhooks WHERE user_id = ${quote(user.id)}`);
  makeWebhook(user, { url: `http://127.0.0.1:${fake.port}/other` });
  await dispatch(fake.env, ...later(120));
  assert.deepEqual([stored(id).status, stored(id).error], ['skipped', 'gone']);
  assert.equal(fake.requests.length, 1);
});

/* ---- where nothing is ever connected ---- */

const port = fake.port;
const inward = [
  `https://127.0.0.1:${port}/`, `https://localhost:${port}/`, `https://inside.localhost:${port}/`, `https://[::1]:${port}/`,
  `https://[::ffff:127.0.0.1]:${port}/`, `https://2130706433:${port}/`, `https://0x7f.0.0.1:${port}/`, `https://0.0.0.0:${port}/`,
  `http://127.0.0.1:${port}/`, `http://inside.localhost:${port}/`, `https://10.0.0.1:${port}/`, `https://169.254.169.254/`,
];

for (const url of inward) {
  test(`${url} is refused when it is sent, whoever stored it`, async () => {
    const { user } = afresh([], url);
    const [id] = queue(user);
    await dispatch({});
    const row = stored(id);
    assert.equal(row.status, 'failed');
    assert.match(row.error, /^(refused: its name leads into a private network|unfit)$/);
    assert.equal(fake.connections, 0);
  });
}

test('a name that leads inwards is refused after it was resolved', async () => {
  const { user } = afresh([], `https://inside.localhost:${port}/`);
  const [id] = queue(user);
  await dispatch({});
  assert.equal(stored(id).error, 'refused: its name leads into a private network');
});

test('a proxy of the environment is not asked', async () => {
  const { user } = afresh([], `https://inside.localhost:${port}/`);
  queue(user);
  await dispatch({ https_proxy: `http://127.0.0.1:${port}`, HTTPS_PROXY: `http://127.0.0.1:${port}`, ALL_PROXY: `http://127.0.0.1:${port}` });
  assert.equal(fake.connections, 0);
});

test('a certificate that nobody vouches for is not believed', async () => {
  const key = path.join(varDir, 'hook-key.pem'), cert = path.join(varDir, 'hook-cert.pem');
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost', '-keyout', key, '-out', cert],
    { stdio: 'ignore' });
  let asked = 0;
  const server = https.createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (req, res) => { asked++; res.end(); }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { user } = afresh([], `https://localhost:${server.address().port}/`);
  const [id] = queue(user);
  await dispatch(fake.env);
  server.close();
  assert.equal(asked, 0);
  assert.deepEqual([stored(id).status, stored(id).attempts], ['pending', 1]);
});

/* ---- the whole way ---- */

test('a test that was asked for arrives, and the list says so', async () => {
  const { user, hook } = afresh();
  expect(await call('POST', `/v1/auth/me/webhooks/${hook.id}/test`, { as: user.token }), 202);
  await dispatch(fake.env);
  assert.equal(JSON.parse(fake.requests[0].text).type, 'webhook.test');
  assert.ok(fake.requests[0].genuine);
  const { webhooks: [{ last_delivery: last }] } = expect(await call('GET', '/v1/auth/me/webhooks', { as: user.token }), 200);
  assert.deepEqual([last.type, last.status, last.error], ['webhook.test', 'sent', null]);
});
