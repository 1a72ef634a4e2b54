// Workers that stand still while they send webhooks, and a receiver that does.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'node:test';
import { exec, rows } from '../lib/client.mjs';
import { eventually } from '../lib/processes.mjs';
import { emptyQueue, enqueueHooks, finish, leasesOver, start, statuses } from '../lib/queue.mjs';
import { checkEach, startReceiver } from '../lib/receiver.mjs';
import { insertUsers, makeUser, makeWebhook } from '../lib/world.mjs';

const fake = await startReceiver();
test.after(() => fake.stop());
const user = makeUser('receiver');
insertUsers([user]);
fake.secret = makeWebhook(user, { url: fake.url }).secret;
const env = { ...fake.env, CARILLON_LEASE_SECONDS: '2' };

function afresh(n, given) {
  emptyQueue();
  Object.assign(fake, { requests: [], plan: [], keeps: 0, ...given });
  return enqueueHooks(user, n);
}

// Write down from now on, by PostgreSQL's clock, how much of its lease was left when a call's end was recorded.
const watchLeases = () => exec(`CREATE TABLE ends (left_over interval NOT NULL);
  CREATE FUNCTION note_end() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$ BEGIN
    INSERT INTO ends VALUES (OLD.lease_until - clock_timestamp());
    RETURN NULL;
  END $$;
  CREATE TRIGGER note_end AFTER UPDATE OR DELETE ON mail_batches FOR EACH ROW WHEN (OLD.lease_until IS NOT NULL)
    EXECUTE FUNCTION note_end();`);

test('a call ends before its lease, however short that is', async () => {
  const ids = afresh(1, { plan: ['stall'] });
  watchLeases();
  assert.equal((await start({ ...env, CARILLON_LEASE_SECONDS: '4' }).ended).code, 0);
  assert.deepEqual(rows("SELECT left_over > '0' AS in_time FROM ends"), [{ in_time: true }], 'it has given up');
  await finish(fake.env);
  assert.deepEqual(statuses(), { sent: 1 });
  checkEach(fake, ids, 2);
});

test('workers that are frozen past their lease, and woken', async (t) => {
  const ids = afresh(400, { keeps: 20 });
  const first = Array.from({ length: 4 }, () => start(env));
  await eventually('all are under way', 20, () => fake.requests.length >= 20);
  for (const { child } of first) {
    child.kill('SIGSTOP');
    await sleep(30); // each at another place
  }
  await leasesOver();
  const before = fake.requests.length;
  const second = Array.from({ length: 3 }, () => start(env));
  await eventually('others go on', 20, () => fake.requests.length >= before + 20);
  for (const { child } of first) child.kill('SIGCONT');
  const runs = await Promise.all([...first, ...second].map(({ ended }) => ended));
  for (const { code, log } of runs) assert.equal(code, 0, log);
  await finish(fake.env);
  assert.deepEqual(statuses(), { sent: ids.length });
  checkEach(fake, ids, 2);
  const lost = runs.reduce((n, { counts }) => n + counts.lost, 0);
  t.diagnostic(`${fake.requests.length} requests for ${ids.length} webhooks; ${lost} were lost to others`);
  assert.ok(fake.requests.length <= ids.length + first.length, 'only what one had under way when it froze came twice');
  assert.ok(lost > 0, 'who woke found that others had gone on');
});
