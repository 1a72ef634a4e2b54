// Receivers of webhooks that do not answer, or not soon: they are left alone for a while, so that nobody
// waits for them, and what waits for them loses nothing by it.
import assert from 'node:assert/strict';
import test from 'node:test';
import { call, cron, exec, expect, quote, rows, value } from '../lib/client.mjs';
import { dispatch, emptyQueue, enqueueHooks, statuses } from '../lib/queue.mjs';
import { startReceiver } from '../lib/receiver.mjs';
import { failedDelivery, insertUsers, makeUser, makeWebhook, makeWorld } from '../lib/world.mjs';

const receiver = await startReceiver(), other = await startReceiver();
test.after(() => { receiver.stop(); other.stop(); });
const env = { ...receiver.env, CARILLON_LEASE_SECONDS: '2' }; // so a call takes less than half a second
let began; // of a test
const moment = (minute) => new Date(began + minute * 60000).toISOString();
const at = (minute) => ['--at', moment(minute)];
const silence = (turns = 1) => Array(turns).fill('stall');

function makeUserOf({ url }) {
  const user = makeUser('resting');
  insertUsers([user]);
  return Object.assign(user, { hook: makeWebhook(user, { url }) });
}

function afresh(plan) {
  began = Date.now();
  emptyQueue();
  exec('DELETE FROM webhooks');
  for (const each of [receiver, other]) Object.assign(each, { requests: [], plan: [], keeps: 0 });
  receiver.plan = plan;
  return makeUserOf(receiver);
}

// The id of a webhook that is made at a minute; of n, made a millisecond after each other.
let made = 0;
const queue = (user, n) => Array.from({ length: n }, () => queueAt(user, ++made / 60000 - 1));
function queueAt(user, minute) {
  const [id] = enqueueHooks(user, 1);
  exec(`UPDATE deliveries SET created_at = ${quote(moment(minute))}, next_try_at = ${quote(moment(minute))} WHERE id = ${quote(id)}`);
  return id;
}

// What was tried is due again, whatever the dice say.
const hurry = () => exec('UPDATE mail_batches SET next_try_at = first_try_at');
const stored = (id) => rows(`SELECT status, attempts, error, next_try_at FROM deliveries WHERE id = ${quote(id)}`)[0];
const turns = ({ requests }) => requests.map(({ turn }) => turn);

test('asked less and less often; what waits costs no try, and comes in its order', async () => {
  const user = afresh(silence(6));
  const ids = [], asked = [];
  for (let minute = 1; minute <= 20; minute++) {
    const before = receiver.requests.length;
    ids.push(queueAt(user, minute));
    hurry();
    await dispatch(env, ...at(minute));
    if (receiver.requests.length > before) asked.push(minute);
  }
  assert.deepEqual(asked, [1, 2, 3, 5, 9, 17]);
  assert.equal(receiver.requests.length, asked.length, 'once a run');
  const [tried, ...untried] = ids;
  assert.equal(stored(tried).attempts, asked.length);
  for (const id of untried) {
    assert.equal(stored(id).attempts, 0);
    assert.ok(Date.parse(stored(id).next_try_at) >= began + 33 * 60000, 'as the page tells');
  }

  receiver.requests = [];
  await dispatch(env, ...at(33));
  assert.deepEqual(receiver.requests.map(({ id }) => id), untried);
  await dispatch(env, ...at(34));
  assert.deepEqual(statuses(), { sent: ids.length });

  receiver.plan = silence();
  queue(user, 1);
  await dispatch(env, ...at(35));
  await dispatch(env, ...at(36));
  assert.deepEqual(statuses(), { sent: ids.length + 1 }, 'it has answered since, so a minute is enough');
});

test('what it was silent on once comes first again', async () => {
  const user = afresh(silence());
  const ids = queue(user, 4);
  await dispatch(env, ...at(1));
  await dispatch(env, ...at(2));
  assert.deepEqual(receiver.requests.map(({ id }) => id), [ids[0], ...ids]);
});

test('what it is always silent on does not hold up all else', async () => {
  const user = afresh([...silence(3), 204, 204, ...silence()]);
  const ids = queue(user, 3);
  for (let minute = 1; minute <= 5; minute++) {
    if (minute < 5) hurry();
    await dispatch(env, ...at(minute));
  }
  assert.deepEqual(ids.map((id) => stored(id).status), ['pending', 'sent', 'sent']);
  const [next] = queue(user, 1);
  for (const minute of [6, 7]) await dispatch(env, ...at(minute));
  assert.equal(stored(next).status, 'sent', 'it goes on');
});

test('an hour is the longest, for a dry run too', async () => {
  const user = afresh(silence(2));
  queue(user, 1);
  await dispatch(env);
  await dispatch(env, ...at(300));
  queue(user, 2);
  assert.equal((await dispatch(env, ...at(359), '--dry-run')).sent, 0);
  assert.equal((await dispatch(env, ...at(359))).sent, 0);
  assert.deepEqual(turns(receiver), silence(2));
  assert.equal((await dispatch(env, ...at(360), '--dry-run')).sent, 3);
  assert.equal((await dispatch(env, ...at(360))).sent, 3);
});

test('what has waited for a day has failed, and says why', async () => {
  const user = afresh(silence(2));
  const ids = queue(user, 3);
  await dispatch(env);
  await dispatch(env, ...at(25 * 60));
  assert.deepEqual(ids.map((id) => stored(id).status), ['failed', 'pending', 'failed']);
  assert.equal(stored(ids[2]).error, 'the receiver has not answered for 24 hours');
  const late = queueAt(user, 25 * 60);
  await dispatch(env, ...at(25 * 60 + 1));
  assert.deepEqual([stored(late).status, stored(late).error], ['pending', 'the receiver has not answered in time, or slowly'], 'what is new waits');
  assert.deepEqual(turns(receiver), silence(2));
});

test('who answers slowly has a share of the run, others have theirs', async () => {
  const slow = afresh([]), fast = makeUserOf(other);
  receiver.keeps = 2600; // of 5000
  const ids = queue(slow, 3), [id] = queue(fast, 1);
  await dispatch(receiver.env);
  assert.deepEqual([receiver.requests.length, other.requests.length], [1, 1]);
  assert.deepEqual([...ids, id].map((each) => stored(each).status), ['sent', 'pending', 'pending', 'sent']);
  receiver.keeps = 0;
  await dispatch(receiver.env, ...at(1));
  assert.deepEqual(receiver.requests.map((rq) => rq.id), ids);
  assert.deepEqual(statuses(), { sent: 4 });
});

test('a receiver of many is asked for one of them', async () => {
  const users = [afresh(silence(9)), makeUserOf(receiver), makeUserOf(receiver)];
  for (const user of users) queue(user, 2);
  await dispatch(env);
  assert.equal(receiver.requests.length, 1);
  receiver.plan = [];
  await dispatch(env, ...at(2));
  assert.deepEqual(statuses(), { sent: 6 });
});

test('another webhook is another receiver', async () => {
  const user = afresh(silence());
  queue(user, 1);
  await dispatch(env);
  exec(`DELETE FROM webhooks WHERE user_id = ${quote(user.id)}`);
  makeWebhook(user, { url: other.url });
  const [id] = queue(user, 1);
  await dispatch(env);
  assert.deepEqual(other.requests.map((rq) => rq.id), [id]);
});

/* ---- a person does not wait for it ---- */

test('a test that was asked for is sent at once, each time', async () => {
  const user = afresh(silence(2));
  const path = '/v1/auth/me/webhooks';
  const last = async () => expect(await call('GET', path, { as: user.token }), 200).webhooks[0].last_delivery;
  const ask = async () => {
    expect(await call('POST', `${path}/${user.hook.id}/test`, { as: user.token }), 202);
    await dispatch(env);
  };
  for (let n = 0; n < 2; n++) {
    enqueueHooks(user, 1);
    await dispatch(env);
  }
  const waits = await last();
  assert.deepEqual([waits.status, waits.attempts, waits.error], ['pending', 0, 'the receiver has not answered in time, or slowly']);
  await ask();
  const { type, status, attempts, error } = await last();
  assert.deepEqual([type, status, attempts], ['webhook.test', 'pending', 1]);
  assert.match(error, /./);
  await ask();
  assert.equal((await last()).status, 'sent');
  assert.deepEqual(turns(receiver), ['stall', 'stall', 204]);
});

test('one that was put off behind something else is due when it is asked for again', async () => {
  const user = afresh(silence());
  const test = () => call('POST', `/v1/auth/me/webhooks/${user.hook.id}/test`, { as: user.token });
  queueAt(user, -1);
  expect(await test(), 202);
  await dispatch(env);
  assert.deepEqual(statuses(), { pending: 2 });
  expect(await test(), 202);
  await dispatch(env);
  assert.deepEqual(rows("SELECT kind, status FROM deliveries WHERE status = 'sent'"), [{ kind: 'webhook.test', status: 'sent' }]);
  assert.deepEqual(turns(receiver).slice(0, 2), ['stall', 204]);
});

test('a clock that was ahead keeps no receiver for longer than an hour', async () => {
  const user = afresh([]);
  exec(`UPDATE webhooks SET rests_until = now() + interval '1 day' WHERE user_id = ${quote(user.id)}`);
  queue(user, 1);
  await dispatch(env);
  assert.deepEqual(statuses(), { sent: 1 });
});

const { team, admin } = makeWorld();
const replays = {
  'on the page': (id) => call('POST', `/v1/teams/${team.id}/deliveries/${id}/replay`, { as: admin.token }).then((answer) => expect(answer, 200)),
  'from a shell': (id) => assert.equal(cron('replay', '--delivery', id).replayed, 1),
};

for (const [where, replay] of Object.entries(replays)) {
  test(`what is sent again ${where} is sent at once`, async () => {
    const user = afresh(silence());
    queue(user, 1);
    await dispatch(env);
    const { id } = failedDelivery(user, team.id, { channel: 'webhook', address: receiver.url });
    await replay(id);
    await dispatch(env);
    assert.equal(stored(id).status, 'sent');
    assert.equal(value('SELECT count(*)::int FROM webhooks WHERE rests_until IS NOT NULL'), 0, 'and its answer counts for all');
  });
}
