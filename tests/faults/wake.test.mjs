// carillon-cron wake interrupted, cut and raced: a row comes back once, with its counter, or is still due.
import assert from 'node:assert/strict';
import test from 'node:test';
import { call, cron, exec, quote, rows } from '../lib/client.mjs';
import { fire, startProxy } from '../lib/fire.mjs';
import { killEverywhere } from '../lib/killed.mjs';
import { driftQuery, insertUsers, makeUser } from '../lib/world.mjs';

exec('SET client_min_messages = warning; TRUNCATE users, teams, heartbeats CASCADE;');
const users = Array.from({ length: 6 }, (_, n) => makeUser(`sleeper${n}`));
insertUsers(users);
const ids = users.map(({ id }) => quote(id)).join(', ');

// n snoozed rows of each user, due a minute ago; a third of them had been read.  Nobody has others.
function prepare(n = 3) {
  exec(`DELETE FROM notifications WHERE user_id IN (${ids});
    UPDATE inbox SET unread = 0, version = version + 1 WHERE user_id IN (${ids});
    INSERT INTO notifications (user_id, type, title, dedupe_key, snooze_until, read_at)
    SELECT user_id, 'issue.new', 't', 'k:' || n, now() - interval '1 minute', CASE WHEN n % 3 = 0 THEN now() END
      FROM inbox, generate_series(1, ${n}) n WHERE user_id IN (${ids});`);
}

// Each user's rows are all back and counted, or all as they were.
function whole(n = 3) {
  const found = rows(`SELECT i.unread, count(*) FILTER (WHERE n.snooze_until IS NOT NULL) AS asleep, count(*) FILTER (WHERE n.snooze_until IS NULL AND n.read_at IS NULL) AS back
    FROM inbox i JOIN notifications n ON n.user_id = i.user_id WHERE i.user_id IN (${ids}) GROUP BY i.user_id, i.unread`);
  assert.equal(found.length, users.length);
  for (const row of found) assert.ok([JSON.stringify({ unread: n, asleep: 0, back: n }), JSON.stringify({ unread: 0, asleep: n, back: 0 })].includes(JSON.stringify(row)), JSON.stringify(row));
  assert.deepEqual(rows(driftQuery), []);
  return found.filter((row) => row.asleep === 0).length;
}

test('killed at every system call in turn: the next run makes up for it', async (t) => {
  let seen = 0;
  let partly = 0;
  t.diagnostic(await killEverywhere('wake', () => {
    if (seen++ > 0) {
      const done = whole();
      if (done > 0 && done < users.length) partly++;
      assert.equal(cron('wake').users, users.length - done);
      assert.equal(whole(), users.length);
    }
    prepare();
  }));
  t.diagnostic(`${partly} of ${seen} runs had served some of the users`);
  assert.ok(partly > 0);
});

test('cut off at every request and answer in turn', async (t) => {
  const proxy = await startProxy();
  t.after(() => proxy.stop());
  let cuts = 0;
  for (const at of ['request', 'answer'])
    for (let n = 1; ; n++) {
      prepare();
      proxy.set({ at, n });
      const run = await fire({ job: 'wake', env: { CARILLON_WORKER_DATABASE_URL: proxy.url } });
      whole();
      cron('wake');
      assert.equal(whole(), users.length);
      if (!proxy.was) {
        assert.equal(run.code, 0);
        break;
      }
      cuts++;
    }
  t.diagnostic(`${cuts} cuts`);
  assert.ok(cuts > 10);
});

test('five at once share the work: each row comes back once', async () => {
  for (let round = 0; round < 5; round++) {
    prepare(50);
    const runs = await Promise.all(Array.from({ length: 5 }, () => fire({ job: 'wake' })));
    assert.deepEqual(runs.map(({ code }) => code), [0, 0, 0, 0, 0]);
    assert.equal(runs.reduce((sum, { line }) => sum + line.woken, 0), 50 * users.length);
    assert.equal(whole(50), users.length);
  }
});

test('more than a batch of one user: 2,500', () => {
  prepare(2500);
  const dry = cron('wake', '--dry-run');
  assert.deepEqual([dry.woken, dry.users], [2500 * users.length, users.length]);
  assert.equal(whole(2500), 0);
  const wet = cron('wake');
  assert.deepEqual([wet.woken, wet.users], [2500 * users.length, users.length]);
  assert.equal(whole(2500), users.length);
  assert.deepEqual([cron('wake').woken, cron('wake').users], [0, 0]);
});

test('owners who wake, read, put off, delete and restore meanwhile: the counters are the rows', async () => {
  for (const { user } of users.map((each) => ({ user: each }))) assert.ok(user.token);
  const later = new Date(Date.now() + 86400000).toISOString();
  const deeds = [[{ snooze_until: null }], [{ snooze_until: later }], [{ read: true }], [{ snooze_until: null, read: true }], [null, 'DELETE'], [undefined, 'POST', '/restore'],
    [undefined, 'POST', 'mark-all-read']];
  for (let round = 0; round < 6; round++) {
    prepare(12);
    const all = rows(`SELECT user_id, id FROM notifications WHERE user_id IN (${ids})`);
    const todo = all.map(({ user_id, id }, n) => {
      const [body, method = 'PATCH', tail = ''] = deeds[(n + round) % deeds.length];
      const target = tail === 'mark-all-read' ? `/v1/notifications/${tail}` : `/v1/notifications/${id}${tail}`;
      return () => call(method, target, { as: users.find((user) => user.id === user_id).token, body: body ?? undefined });
    });
    const runs = [fire({ job: 'wake' }), fire({ job: 'wake' })];
    const answers = await Promise.all(todo.map((act) => act()));
    for (const answer of answers) assert.ok([200, 404].includes(answer.status), answer.text);
    for (const run of runs) assert.equal((await run).code, 0);
    assert.deepEqual(rows(driftQuery), []);
    cron('wake');
    assert.deepEqual(rows(driftQuery), []);
    assert.deepEqual(rows(`SELECT 1 AS due FROM notifications WHERE snooze_until <= now() AND deleted_at IS NULL`), []);
  }
});

test('a user whose inbox is held for long stops nobody else, and the run says so', async () => {
  const { openSession } = await import('../lib/session.mjs');
  const holder = openSession();
  prepare();
  await holder.run(`BEGIN; SELECT 1 FROM inbox WHERE user_id = ${quote(users[2].id)} FOR UPDATE`);
  const run = await fire({ job: 'wake' });
  assert.equal(run.code, 1);
  assert.equal(run.line.users, users.length - 1);
  assert.match(run.log, /lock timeout/);
  await holder.run('ROLLBACK');
  await holder.end();
  assert.equal(cron('wake').users, 1);
  assert.equal(whole(), users.length);
});
