// Mail that bounces, the whole way: sent through the provider, reported by it, nothing more sent
// there, its user told, and sent again once somebody has lifted it.
import assert from 'node:assert/strict';
import test from 'node:test';
import { call, exec, expect, ok, quote, rows } from '../lib/client.mjs';
import { mailEvent, tell } from '../lib/hooks.mjs';
import { dispatch, emptyQueue } from '../lib/queue.mjs';
import { startResend } from '../lib/resend.mjs';
import { makeWorld } from '../lib/world.mjs';

const fake = await startResend();
test.after(() => fake.stop());
const { team, owner, viewer } = makeWorld();
const hard = { bounce: { type: 'Permanent', subType: 'General', message: 'No such mailbox' } };

const feedback = () => ok(201, 'POST', '/v1/feedback', { bearer: team.keys.client.secret, body: { message: 'Words' } });
const mails = (user) => rows(`SELECT id, kind, status, error, provider_id, reported FROM deliveries
  WHERE user_id = ${quote(user.id)} AND channel = 'email' ORDER BY created_at, id`);
const received = (user) => fake.delivered.filter(({ to }) => to.includes(user.email)).length;

test('a bounce ends mail to that address, the user is told, and lifting it resumes', async () => {
  emptyQueue();
  await feedback();
  assert.equal((await dispatch(fake.env)).sent, 5);
  const [first] = mails(viewer);
  expect(await tell(mailEvent('email.bounced', first.provider_id, { ...hard, to: [viewer.email], tags: { delivery: first.id } })), 204);
  assert.equal(mails(viewer)[0].reported, 'bounced');
  assert.equal(mails(owner)[0].reported, null);

  await feedback();
  const counts = await dispatch(fake.env);
  assert.deepEqual([counts.sent, counts.skipped], [4, 1]);
  assert.equal(received(viewer), 1);
  assert.deepEqual([mails(viewer)[1].status, mails(viewer)[1].error], ['skipped', 'suppressed']);
  assert.equal((await ok(200, 'GET', '/v1/auth/me', { as: viewer.token })).user.mail_problem.detail, 'No such mailbox');
  const { notifications } = await ok(200, 'GET', '/v1/notifications', { as: viewer.token });
  assert.equal(notifications.length, 2, 'the bell has both');

  await ok(200, 'DELETE', `/v1/teams/${team.id}/members/${viewer.id}/suppression`, { as: owner.token });
  await feedback();
  assert.equal((await dispatch(fake.env)).sent, 5);
  assert.equal(received(viewer), 2);
});

test('login codes are mailed all the same: somebody waits for them', async () => {
  emptyQueue();
  exec(`INSERT INTO suppressions (address, reason, since) VALUES (${quote(owner.email)}, 'bounced', now());`);
  await ok(200, 'POST', '/v1/auth/send-code', { body: { email: owner.email } });
  const counts = await dispatch(fake.env);
  assert.deepEqual([counts.sent, counts.skipped], [1, 0]);
});

test('another address of the user is another address', async () => {
  emptyQueue();
  exec(`UPDATE users SET email = 'new.' || email WHERE id = ${quote(owner.id)};`);
  await feedback();
  assert.equal((await dispatch(fake.env)).sent, 5);
  assert.equal((await call('GET', '/v1/auth/me', { as: owner.token })).json.user.mail_problem, null);
});

test('a bounce between two tries: what may be out is not tried again', async () => {
  emptyQueue();
  fake.plan = ['drop'];
  await feedback();
  await dispatch(fake.env);
  expect(await tell(mailEvent('email.bounced', 'x', { ...hard, to: [viewer.email] })), 204);
  await dispatch(fake.env, '--at', new Date(Date.now() + 600000).toISOString());
  const delivered = fake.delivered.map(({ delivery }) => delivery);
  assert.equal(new Set(delivered).size, delivered.length, 'nothing twice');
});
