// Everything that the mail provider's answer can be: one message a delivery arrives, the same bytes
// on every try, and what the deliveries say is what became of them.
import assert from 'node:assert/strict';
import test from 'node:test';
import { call, exec, rows, sanitized, value } from '../lib/client.mjs';
import { checkPace, dispatch, emptyQueue, enqueue, start, statuses, watchTurns } from '../lib/queue.mjs';
import { checkBytes, checkExactly, startResend } from '../lib/resend.mjs';

const fake = await startResend();
test.after(() => fake.stop());
const minutes = (n) => ['--at', new Date(Date.now() + n * 60000).toISOString()];

function afresh(...plan) {
  emptyQueue();
  Object.assign(fake, { requests: [], delivered: [], plan, keys: new Map(), limit: 1000000, keeps: 0 });
}

test('a batch, as it is sent', async () => {
  afresh();
  const ids = enqueue(3);
  exec(`UPDATE deliveries SET payload = payload || '{"headers":{"List-Unsubscribe":"<https://a.example/u>","Bcc":"x@example.com"}}'`);
  assert.equal((await dispatch(fake.env)).sent, 3);
  const [{ path, key, text, headers }] = fake.requests;
  assert.equal(fake.requests.length, 1);
  assert.equal(path, '/emails/batch');
  assert.match(key, /^b\/[0-9a-f-]{36}$/);
  assert.match(headers['user-agent'], /^Carillon/);
  const [message] = JSON.parse(text);
  assert.deepEqual({ ...message, to: message.to.length, tags: message.tags.map(({ name }) => name) }, { from: 'Carillon <carillon@localhost>', to: 1,
    subject: 'Something', html: '<p>What happened</p>', text: 'What happened',
    headers: { 'List-Unsubscribe': '<https://a.example/u>', 'Auto-Submitted': 'auto-generated' }, tags: ['delivery'] });
  assert.deepEqual(rows('SELECT DISTINCT status, attempts, body IS NULL AS gone, provider_id IS NOT NULL AS known FROM deliveries'),
    [{ status: 'sent', attempts: 1, gone: true, known: true }]);
  checkExactly(fake, ids);
});

test('a single one has the id of its delivery as key', async () => {
  afresh();
  const [id] = enqueue(1);
  await dispatch(fake.env);
  assert.deepEqual([fake.requests[0].path, fake.requests[0].key], ['/emails', id]);
  checkExactly(fake, [id]);
});

test('250 go in three calls', async () => {
  afresh();
  const ids = enqueue(250);
  assert.equal((await dispatch(fake.env)).sent, 250);
  assert.deepEqual(fake.requests.map(({ text }) => JSON.parse(text).length), [100, 100, 50]);
  checkExactly(fake, ids);
});

// What the provider does with the first try of a batch of two; each then arrives with the second.
const accepted = ['drop', 'cut', 'huge', 'endless', 'endless headers', 'stall'];
const not = ['lost', 'html', 'portal', 'garbage', { status: 500, name: 'application_error' },
  { status: 503, name: 'service_unavailable' }, { status: 409, name: 'concurrent_idempotent_requests' }];
for (const turn of [...accepted, ...not]) {
  test(`first try: ${turn.name ?? turn}`, async () => {
    afresh(turn);
    const ids = enqueue(2);
    // a call may take 2/9 of a lease, so a stall ends soon
    const run = await start({ ...fake.env, CARILLON_LEASE_SECONDS: '5' }).ended;
    assert.equal(run.code, 0, run.log);
    assert.deepEqual([run.counts.sent, run.counts.retried], [0, 2], run.log);
    if (!sanitized) assert.ok(run.peak > 0 && run.peak < 32 * 1024, `${run.peak} kB`);
    assert.equal(fake.delivered.length, accepted.includes(turn) ? 2 : 0);
    assert.deepEqual(rows('SELECT DISTINCT status, attempts, error IS NULL AS told FROM deliveries'), [{ status: 'pending', attempts: 1, told: false }]);
    exec(`UPDATE deliveries SET payload = '{"subject":"other","text":"other"}'; UPDATE users SET email = 'new-' || email;`);
    assert.equal((await dispatch(fake.env, ...minutes(10))).sent, 2);
    assert.equal(fake.requests.length, 2);
    checkExactly(fake, ids);
    exec("UPDATE users SET email = substr(email, 5) WHERE email LIKE 'new-%'");
  });
}

test('a key that is bound to other bytes is never used again', async () => {
  afresh({ status: 409, name: 'invalid_idempotent_request' });
  enqueue(2);
  assert.equal((await dispatch(fake.env)).failed, 2);
  assert.equal((await dispatch(fake.env, ...minutes(600))).sent, 0);
  assert.deepEqual(rows('SELECT DISTINCT status, error FROM deliveries'),
    [{ status: 'failed', error: 'unknown: conflict, 409 invalid_idempotent_request' }]);
  assert.equal(fake.requests.length, 1);
});

test('one bad message spoils no other', async () => {
  afresh();
  const bad = enqueue(1, { domain: 'bad.example', age: '1 second' });
  const ids = enqueue(4);
  const { sent, failed } = await dispatch(fake.env);
  assert.deepEqual([sent, failed], [4, 1]);
  assert.deepEqual(rows("SELECT id, error FROM deliveries WHERE status = 'failed'"), [{ id: bad[0], error: '422 validation_error' }]);
  assert.equal(fake.requests.length, 6);
  checkExactly(fake, ids);
});

test('others are not retried', async () => {
  for (const status of [400, 413, 422, 451]) {
    afresh({ status, name: 'something_new' });
    enqueue(1);
    assert.equal((await dispatch(fake.env)).failed, 1, `${status}`);
    assert.equal((await dispatch(fake.env, ...minutes(600))).sent, 0, `${status}`);
    assert.equal(fake.requests.length, 1, `${status}`);
  }
});

/* ---- nothing can be sent ---- */

const parked = () => value('SELECT parked FROM mail_pace');
const refusals = [[401, 'restricted_api_key'], [403, 'invalid_api_key'], [403, 'validation_error'], [404, 'not_found'], [405, 'method_not_allowed']];
for (const [status, name] of refusals) {
  test(`${status} ${name} stops a run and costs nothing`, async () => {
    afresh({ status, name }, { status, name });
    const ids = enqueue(150);
    const { code, log } = await start(fake.env).ended;
    assert.equal(code, 1);
    assert.match(log, new RegExp(`no mail can be sent: ${status} ${name}`));
    assert.equal(fake.requests.length, 1, 'one question a run');
    assert.deepEqual(rows('SELECT DISTINCT status, attempts FROM deliveries'), [{ status: 'pending', attempts: 0 }]);
    assert.equal(parked(), `${status} ${name}`);
    assert.deepEqual((await call('GET', '/readyz')).json.mail_parked, `${status} ${name}`);
    assert.match((await call('GET', '/metrics')).text, /^carillon_mail_parked 1$/m);
    await start(fake.env).ended;
    assert.equal(fake.requests.length, 2, 'the next run asks again');
    assert.equal((await dispatch(fake.env)).sent, 150);
    assert.equal(parked(), null);
    assert.match((await call('GET', '/metrics')).text, /^carillon_mail_parked 0$/m);
    checkExactly(fake, ids);
  });
}

test('a wrong key, then the right one', async () => {
  afresh();
  const ids = enqueue(2);
  assert.equal((await start({ ...fake.env, RESEND_API_KEY: 're_wrong' }).ended).code, 1);
  assert.doesNotMatch((await start({ ...fake.env, RESEND_API_KEY: 're_wrong' }).ended).log, /re_wrong/);
  assert.equal((await start({ ...fake.env, RESEND_API_KEY: '' }).ended).code, 1, 'none at all');
  assert.equal((await dispatch(fake.env)).sent, 2);
  checkExactly(fake, ids);
});

for (const [name, hours] of [['daily_quota_exceeded', 1], ['monthly_quota_exceeded', 6]]) {
  test(`${name} parks everything for ${hours} h`, async () => {
    afresh({ status: 429, name, headers: { 'retry-after': '5000' } });
    const ids = enqueue(150);
    assert.equal((await start(fake.env).ended).code, 1);
    assert.equal((await dispatch(fake.env, ...minutes(hours * 60 - 1))).sent, 0, 'the run is sound, and quiet');
    assert.equal(fake.requests.length, 1);
    assert.deepEqual(rows('SELECT DISTINCT status, attempts FROM deliveries'), [{ status: 'pending', attempts: 0 }]);
    assert.equal((await dispatch(fake.env, ...minutes(hours * 60 + 1))).sent, 150);
    checkExactly(fake, ids);
  });
}

/* ---- the pace ---- */

test('it begins with 2 a second, and then keeps what it is told', async () => {
  afresh();
  watchTurns();
  fake.pace = () => ({}); // tells nothing
  const ids = enqueue(4);
  exec('UPDATE deliveries SET solo = true');
  assert.equal((await dispatch(fake.env)).sent, 4);
  checkPace(fake, 2);
  checkExactly(fake, ids);
  delete fake.pace;
  afresh();
  watchTurns();
  fake.limit = 5;
  const more = enqueue(8);
  exec('UPDATE deliveries SET solo = true');
  assert.equal((await dispatch(fake.env)).sent, 8);
  assert.ok(fake.requests.some(({ at }, n) => n > 0 && at - fake.requests[n - 1].at < 450), 'not at 2 a second');
  assert.equal(fake.requests.length, 8, 'nobody was told to go slower');
  checkPace(fake, 5);
  checkExactly(fake, more);
});

test('429 is no try, and everybody waits as long as it says', async () => {
  const slow = { status: 429, name: 'rate_limit_exceeded' };
  afresh({ ...slow, headers: { 'retry-after': '2' } }, { ...slow, headers: { 'retry-after': new Date(Date.now() + 4500).toUTCString() } },
    { ...slow, headers: { 'ratelimit-limit': '1', 'ratelimit-reset': '1' } });
  const ids = enqueue(2);
  const runs = await Promise.all([dispatch(fake.env), dispatch(fake.env)]);
  assert.equal(runs[0].sent + runs[1].sent, 2);
  const times = fake.requests.map(({ at }) => at);
  assert.equal(times.length, 4);
  assert.ok(times[1] - times[0] >= 2000, `${times[1] - times[0]} ms`);
  assert.ok(times[3] - times[2] >= 1000, `${times[3] - times[2]} ms`);
  assert.equal(value('SELECT max(attempts) FROM deliveries'), 1);
  checkExactly(fake, ids);
});

test('a run does not wait for long', async () => {
  afresh({ status: 429, name: 'rate_limit_exceeded', headers: { 'retry-after': '3600' } });
  const ids = enqueue(2);
  for (let n = 0; n < 3; n++) assert.equal((await dispatch(fake.env, ...minutes(n * 100))).sent, 0);
  assert.equal(fake.requests.length, 1, 'the pace keeps real time');
  exec("UPDATE mail_pace SET next_at = now()");
  assert.equal((await dispatch(fake.env)).sent, 2);
  checkExactly(fake, ids);
});

/* ---- outages ---- */

test('25 hours without an answer: unknown, and never sent again', async () => {
  afresh('drop', 'lost');
  const ids = enqueue(3);
  assert.equal((await dispatch(fake.env)).retried, 3);
  assert.equal((await dispatch(fake.env, ...minutes(60))).retried, 3);
  const { failed, sent } = await dispatch(fake.env, ...minutes(25 * 60));
  assert.deepEqual([failed, sent], [3, 0]);
  assert.match(value('SELECT DISTINCT error FROM deliveries'), /^unknown: /);
  assert.equal(fake.requests.length, 2);
  checkExactly(fake, ids);
});

test('25 hours with nobody there: sent once, afterwards', async () => {
  afresh();
  const ids = enqueue(3);
  const nobody = { ...fake.env, RESEND_API_URL: 'http://127.0.0.1:1' };
  assert.equal((await dispatch(nobody)).retried, 3);
  assert.deepEqual(rows('SELECT DISTINCT attempts, first_try_at FROM deliveries'), [{ attempts: 1, first_try_at: null }]);
  assert.equal((await dispatch(fake.env, ...minutes(25 * 60))).sent, 3);
  checkExactly(fake, ids);
  assert.deepEqual(statuses(), { sent: 3 });
});

test('sent anew by a person: another key, another address', async () => {
  afresh({ status: 422, name: 'validation_error' });
  const [id] = enqueue(1);
  assert.equal((await dispatch(fake.env)).failed, 1);
  exec(`UPDATE deliveries SET status = 'pending', attempts = 0, error = NULL, decided_at = NULL, replays = 1,
    via = NULL, address = NULL, body = NULL, first_try_at = NULL; UPDATE users SET email = 'right-' || email`);
  assert.equal((await dispatch(fake.env)).sent, 1);
  assert.deepEqual(fake.requests.map(({ key }) => key), [id, `${id}/1`]);
  assert.match(fake.delivered[0].to[0], /^right-/);
  checkExactly(fake, [id]);
});

test('a proxy in the environment is not asked, and a redirect not followed', async () => {
  afresh('redirect');
  const ids = enqueue(2);
  const proxy = { ...fake.env, http_proxy: 'http://127.0.0.1:1', HTTP_PROXY: 'http://127.0.0.1:1', ALL_PROXY: 'http://127.0.0.1:1' };
  assert.equal((await start(proxy).ended).code, 1);
  assert.equal(fake.requests.length, 1);
  assert.equal((await dispatch(proxy)).sent, 2);
  checkExactly(fake, ids);
});

test('a login code goes the same way, and leaves nothing behind', async () => {
  afresh('drop');
  const [id] = enqueue(1);
  exec(`UPDATE deliveries SET notification_id = NULL, kind = 'auth.code', payload = '{"subject":"Your code","text":"123456"}'`);
  assert.equal((await dispatch(fake.env)).retried, 1);
  assert.equal((await dispatch(fake.env, ...minutes(2))).sent, 1);
  checkExactly(fake, [id]);
  assert.equal(fake.requests.length, 2);
  assert.equal(value("SELECT count(*)::int FROM deliveries d WHERE d::text LIKE '%123456%'"), 0);
  checkBytes(fake);
});
