// kill -9 at every system call of a run that has a mail to send by SMTP and a webhook.  A mail server
// knows no keys: what may be out when its worker dies is never sent again, and ends as failed.  A
// receiver knows a webhook by its id, which has the same bytes on every try, and gets each.
import assert from 'node:assert/strict';
import test from 'node:test';
import { exec, quote, rows } from '../lib/client.mjs';
import { killEverywhere } from '../lib/killed.mjs';
import { emptyQueue, enqueue, enqueueHooks, finish, unfinished } from '../lib/queue.mjs';
import { checkEach, startReceiver } from '../lib/receiver.mjs';
import { startSmtp } from '../lib/smtp.mjs';
import { insertUsers, makeUser, makeWebhook } from '../lib/world.mjs';

const server = await startSmtp(), receiver = await startReceiver();
test.after(() => { server.stop(); receiver.stop(); });
const user = makeUser('receiver');
insertUsers([user]);
receiver.secret = makeWebhook(user, { url: receiver.url }).secret;
const env = { ...server.env, ...receiver.env };
const most = 300;
let mails, hooks, runs = 0;

// Every run has one of each to send: the others, and what those before left behind, are kept from it.
function prepare() {
  assert.ok(runs < most, 'enough for all runs');
  exec(`UPDATE deliveries SET next_try_at = now() + interval '1 day' WHERE status = 'pending' AND batch_id IS NULL AND next_try_at <= now();
    UPDATE mail_batches SET next_try_at = now() + interval '1 day';
    UPDATE deliveries SET next_try_at = now() WHERE id IN (${quote(mails[runs])}, ${quote(hooks[runs])})`);
  runs++;
}

test('killed at every system call in turn', async (t) => {
  emptyQueue();
  [mails, hooks] = [enqueue(most), enqueueHooks(user, most)];
  t.diagnostic(await killEverywhere('dispatch', prepare, { env: { ...env, CARILLON_LEASE_SECONDS: '2' } }));
  assert.ok(unfinished() > 0 && server.delivered.length > 0 && receiver.requests.length > 0);
});

test('then clean runs: what arrived', async (t) => {
  await finish(env);
  const times = new Map(mails.map((id) => [id, 0]));
  for (const { delivery } of server.delivered) times.set(delivery, times.get(delivery) + 1);
  const ended = rows("SELECT id, status, error FROM deliveries WHERE channel = 'email'");
  assert.deepEqual(ended.map(({ id }) => id).sort(), [...mails].sort());
  const wrong = ended.filter(({ id, status, error }) => (status === 'sent' ? times.get(id) !== 1
    : status !== 'failed' || !/^unknown: /.test(error) || times.get(id) > 1));
  assert.deepEqual(wrong, [], 'sent is what arrived once; of the rest nobody knows');
  const out = ended.filter(({ id, status }) => status === 'failed' && times.get(id) === 1).length;
  const lost = ended.filter(({ id, status }) => status === 'failed' && times.get(id) === 0).length;
  assert.ok(lost > 0 && out > 0 && lost + out < runs, 'some died before, some after it was out');

  assert.deepEqual(rows("SELECT status, count(*)::int AS n FROM deliveries WHERE channel = 'webhook' GROUP BY 1"), [{ status: 'sent', n: hooks.length }]);
  checkEach(receiver, hooks, 2);
  t.diagnostic(`of ${runs} mails nobody knows of ${lost + out}, of which ${out} had arrived; ${receiver.requests.length} requests for ${hooks.length} webhooks`);
});
