// A mail server: it has no keys, so what may have arrived is never sent again, and what surely has
// not is.
import assert from 'node:assert/strict';
import test from 'node:test';
import { exec, rows } from '../lib/client.mjs';
import { startProxy } from '../lib/fire.mjs';
import { eventually } from '../lib/processes.mjs';
import { dispatch, emptyQueue, enqueue, leasesOver, start, statuses } from '../lib/queue.mjs';
import { startSmtp } from '../lib/smtp.mjs';

const fake = await startSmtp();
test.after(() => fake.stop());
const env = { ...fake.env, CARILLON_LEASE_SECONDS: '5' };
const later = ['--at', new Date(Date.now() + 3600000).toISOString()];

function afresh(...plan) {
  emptyQueue();
  Object.assign(fake, { delivered: [], commands: [], plan, mute: null });
}

const arrived = () => fake.delivered.map(({ delivery }) => delivery).sort();

test('messages arrive as they are', async () => {
  afresh();
  const ids = enqueue(3, { text: 'Grüße\n.\n..\n.dot' });
  assert.equal((await dispatch(env)).sent, 3);
  assert.deepEqual(arrived(), [...ids].sort());
  for (const { to, text } of fake.delivered) {
    assert.equal(to.length, 1);
    assert.match(text, new RegExp(`^To: ${to[0]}\\r$`, 'm'));
    assert.match(text, /\r\nGr=C3=BC=C3=9Fe\r\n\.\r\n\.\.\r\n\.dot\r\n/, text);
    assert.match(text, /^Auto-Submitted: auto-generated\r$/m);
    assert.doesNotMatch(text, /[^\0-\x7f]/);
  }
  assert.equal(fake.commands.filter((line) => line.startsWith('EHLO')).length, 1, 'one connection');
});

// What the server does with the first try; whether it may be tried again, and what is told.
const unsent = [
  ['hang up', /^0 /], ['cut', /^354 /], // in the middle of a long message
  [{ at: 'HELO', reply: '421 not now' }, /^421 /], [{ at: 'MAIL', reply: '451 not now' }, /^451 /],
  [{ at: 'RCPT', reply: '450 not now' }, /^450 /], [{ at: 'DATA', reply: '452 not now' }, /^452 /], [{ at: 'END', reply: '451 not now' }, /^451 /],
];
for (const [turn, error] of unsent) {
  test(`surely not sent: ${turn.reply ?? turn}`, async () => {
    afresh(turn);
    const ids = enqueue(1);
    if (turn === 'cut') exec(`UPDATE deliveries SET payload = jsonb_set(payload, '{text}', to_jsonb(repeat('x', 3000000)))`);
    const first = await dispatch(env);
    if (turn.at === 'HELO' && first.sent === 1) return assert.deepEqual(arrived(), ids); // HELO after EHLO
    assert.deepEqual([first.sent, first.retried], [0, 1]);
    assert.deepEqual(arrived(), []);
    const [{ told, tried }] = rows('SELECT error AS told, first_try_at AS tried FROM deliveries');
    assert.match(told, error);
    assert.equal(tried, null);
    exec(`UPDATE deliveries SET payload = '{"subject":"other","text":"other"}'`);
    assert.equal((await dispatch(env, ...later)).sent, 1);
    assert.deepEqual(arrived(), ids);
    assert.match(fake.delivered[0].text, /^Subject: Something\r$/m, 'the bytes of the first try');
  });
}

for (const at of ['RCPT', 'END']) {
  test(`refused for good at ${at}`, async () => {
    afresh({ at, reply: '550 no such user' });
    const ids = enqueue(2);
    const { sent, failed } = await dispatch(env);
    assert.deepEqual([sent, failed], [1, 1], 'the other one arrives');
    assert.deepEqual(arrived(), rows("SELECT id FROM deliveries WHERE status = 'sent'").map(({ id }) => id));
    assert.ok(ids.includes(arrived()[0]));
    assert.match(rows("SELECT error FROM deliveries WHERE status = 'failed'")[0].error, /^550 /);
  });
}

// What every other letter would be told too: a person must do something.
const parked = [
  ['MAIL', '530 5.7.0 Authentication required', 'wants one'], ['MAIL', '550 not yours', 'refuses CARILLON_MAIL_FROM'], ['MAIL', '553 not yours', 'refuses CARILLON_MAIL_FROM'],
  ...['AUTH', 'RCPT', 'DATA', 'END'].map((at) => [at, '530 5.7.0 Authentication required', 'wants one']),
  ...['534 too weak', '535 expired', '538 only in TLS', '454 not now'].map((reply) => ['AUTH', reply, 'refuses our login']), ['RCPT', '535 expired', 'refuses our login'],
];
for (const [at, reply, why] of parked) {
  test(`nothing can be sent: ${reply} at ${at}`, async () => {
    afresh({ at, reply });
    const to = at === 'AUTH' ? { ...env, CARILLON_MAIL_URL: env.CARILLON_MAIL_URL.replace('//', '//me:secret@') } : env;
    const ids = enqueue(2);
    exec(`UPDATE deliveries SET notification_id = NULL, kind = 'auth.code' WHERE id = '${ids[0]}'`);
    const { code, log } = await start(to).ended;
    assert.equal(code, 1);
    assert.match(log, new RegExp(`no mail can be sent: ${reply.slice(0, 3)} the mail server .*${why}`));
    assert.deepEqual(rows('SELECT status, attempts, first_try_at AS tried, payload IS NULL AS gone FROM deliveries'),
      Array(2).fill({ status: 'pending', attempts: 0, tried: null, gone: false }), 'nothing is lost, and no try is used');
    assert.equal((await dispatch(to)).sent, 2);
    assert.deepEqual(arrived(), [...ids].sort());
  });
}

for (const turn of ['drop', 'stall']) {
  test(`accepted, and no answer: ${turn}`, async () => {
    afresh(turn);
    const ids = enqueue(1);
    assert.equal((await dispatch(env)).failed, 1);
    assert.deepEqual(arrived(), ids);
    assert.match(rows('SELECT error FROM deliveries')[0].error, /^unknown: /);
    assert.equal((await dispatch(env, ...later)).sent, 0);
    assert.deepEqual(arrived(), ids, 'never again');
  });
}

for (const [what, ...plan] of [['all are sent'], ['one is refused', { at: 'RCPT', reply: '550 no such user' }]]) {
  test(`no answer to QUIT, and ${what}: nobody waits for it`, async () => {
    afresh(...plan);
    fake.mute = 'QUIT';
    enqueue(2);
    let run;
    start(fake.env).ended.then((ended) => { run = ended; });
    await eventually('the run has ended', 60, () => run);
    assert.deepEqual([run.code, run.counts.sent, run.counts.failed], [0, 2 - plan.length, plan.length], run.log);
    assert.equal(fake.commands.filter((line) => line === 'QUIT').length, 1 + plan.length, 'each connection gets its QUIT');
  });
}

test('killed in the middle of a message', async () => {
  afresh('stall');
  const ids = enqueue(2);
  const { child, ended } = start({ ...env, CARILLON_LEASE_SECONDS: '2' });
  await eventually('one has arrived', 20, () => fake.delivered.length > 0);
  child.kill('SIGKILL');
  await ended;
  await leasesOver();
  const { sent, failed } = await dispatch(env);
  assert.deepEqual([sent, failed], [1, 1]);
  assert.deepEqual(arrived(), [...ids].sort());
  assert.deepEqual(statuses(), { sent: 1, failed: 1 });
});

// Whoever knows that no call was made does not leave it to others to guess.
for (const at of ['request', 'answer']) {
  test(`the database is cut off at every ${at} in turn: each letter arrives, once`, async (t) => {
    afresh();
    const proxy = await startProxy();
    t.after(() => proxy.stop());
    const ids = [];
    do {
      ids.push(...enqueue(1));
      proxy.set({ at, n: ids.length });
      await start({ ...env, CARILLON_WORKER_DATABASE_URL: proxy.url }).ended;
      exec(`UPDATE deliveries SET lease_until = now() - interval '1 second' WHERE lease_until IS NOT NULL;
        UPDATE mail_batches SET lease_until = now() - interval '1 second' WHERE lease_until IS NOT NULL`);
    } while (proxy.was);
    t.diagnostic(`${ids.length - 1} runs were cut`);
    assert.ok(ids.length > 10);
    await dispatch(env);
    assert.deepEqual(statuses(), { sent: ids.length });
    assert.deepEqual(arrived(), ids.sort());
  });
}
