// TLS to a mail server, to Resend and to webhooks: who is believed, and that nothing is said to
// anybody else.  Mail that cannot go safely waits, costs no try, and says why.
import assert from 'node:assert/strict';
import path from 'node:path';
import test from 'node:test';
import { exec, quote, rows, uuid } from '../lib/client.mjs';
import { makeAuthority } from '../lib/certs.mjs';
import { dispatch, emptyQueue, enqueue, start, statuses } from '../lib/queue.mjs';
import { startReceiver } from '../lib/receiver.mjs';
import { startResend } from '../lib/resend.mjs';
import { startSmtp } from '../lib/smtp.mjs';
import { give, insertUsers, makeUser, makeWebhook } from '../lib/world.mjs';

const ours = makeAuthority('Ours'), theirs = makeAuthority('Theirs');
const good = ours.issue(['localhost', 'inside.localhost', '127.0.0.1']);
const another = ours.issue(['elsewhere.example']);
const expired = ours.issue(['localhost'], -1);
const unknown = theirs.issue(['localhost']);
test.after(() => { ours.remove(); theirs.remove(); });

// Ways to send mail: a server, and what leads to it.
const ways = {
  'smtps:': async (certificate) => {
    const fake = await startSmtp({ certificate, smtps: true });
    return { fake, env: { CARILLON_MAIL_URL: `smtps://localhost:${fake.port}` } };
  },
  'smtp: with STARTTLS': async (certificate) => {
    const fake = await startSmtp({ certificate });
    return { fake, env: { CARILLON_MAIL_URL: `smtp://localhost:${fake.port}?tls=on` } };
  },
  'resend:': async (certificate) => {
    const fake = await startResend({ certificate });
    return { fake, env: fake.env };
  },
};

async function serve(way, certificate, body) {
  emptyQueue();
  const { fake, env } = await ways[way](certificate);
  try {
    await body(fake, { CARILLON_CA_FILE: ours.file, ...env });
  } finally {
    fake.stop();
  }
}

// It waits as if nobody had tried, says why, and goes out once that is mended.
async function waits(env, why) {
  const { code, log } = await start(env).ended;
  assert.equal(code, 1);
  assert.match(log, why);
  const [row] = rows('SELECT status, attempts, error, first_try_at FROM deliveries');
  assert.deepEqual([row.status, row.attempts, row.first_try_at], ['pending', 0, null]);
  assert.match(row.error, why);
  assert.doesNotMatch(row.error, /localhost|127\.0\.0\.1|secret/);
}

// What waited goes out, once, when the server is who it should be.
async function mended(way, env, id) {
  const { fake, env: to } = await ways[way](good);
  try {
    assert.equal((await dispatch({ ...env, ...to })).sent, 1);
    assert.deepEqual(fake.delivered.map(({ delivery }) => delivery), [id]);
    assert.deepEqual(statuses(), { sent: 1 });
  } finally {
    fake.stop();
  }
}

// Nothing but greetings outside of TLS; to a server that was not believed nothing inside either.
const greetings = /^(EHLO \S+\r\n|HELO \S+\r\n|STARTTLS\r\n|QUIT\r\n)*$/;

for (const way of Object.keys(ways)) {
  test(`${way} mail arrives over TLS`, () => serve(way, good, async (fake, env) => {
    const ids = enqueue(3);
    assert.equal((await dispatch(env)).sent, 3);
    assert.deepEqual(fake.delivered.map(({ delivery }) => delivery).sort(), [...ids].sort());
    assert.match(fake.clear ?? '', greetings);
  }));

  const bad = [['for another name', another, /is for another name/], ['that has expired', expired, /has expired/],
    ['of an unknown authority', unknown, /nobody we know vouches/]];
  for (const [what, certificate, why] of bad) {
    test(`${way} a certificate ${what}`, () => serve(way, certificate, async (fake, env) => {
      const [id] = enqueue(1);
      await waits(env, why);
      assert.deepEqual([fake.delivered, fake.commands?.filter((line) => !greetings.test(`${line}\r\n`)) ?? fake.requests], [[], []]);
      assert.match(fake.clear ?? '', greetings);
      await mended(way, env, id);
    }));
  }

  test(`${way} an authority that cannot be read`, () => serve(way, good, async (fake, env) => {
    enqueue(1);
    await waits({ ...env, CARILLON_CA_FILE: path.join(path.dirname(ours.file), 'none.pem') }, /CARILLON_CA_FILE cannot be read/);
    assert.deepEqual([fake.delivered, fake.clear ?? ''], [[], fake.clear ? fake.clear.match(greetings)[0] : '']);
  }));
}

/* ---- smtp: with and without TLS ---- */

// The URL (PORT stands for the server's), whether the server has STARTTLS, and what becomes of one mail.
// inside.localhost stands for another machine: only its address is of this one.
const plain = [
  ['smtp://localhost:PORT', true, 'clear'], ['smtp://127.0.0.1:PORT', false, 'clear'], ['smtp://127.1:PORT', false, 'clear'],
  ['smtp://me:secret@localhost:PORT', false, 'clear'], ['smtp://localhost:PORT?tls=off', true, 'clear'],
  ['smtp://inside.localhost:PORT', true, 'tls'], ['smtp://me:secret@inside.localhost:PORT', true, 'tls'],
  ['smtp://me:secret@localhost:PORT?tls=on', true, 'tls'],
  ['smtp://inside.localhost:PORT', false, /offers no TLS/], ['smtp://me:secret@inside.localhost:PORT', false, /offers no TLS/],
  ['smtp://localhost:PORT?tls=on', false, /offers no TLS/],
  ['smtp://inside.localhost:PORT?tls=off', false, 'clear'], ['smtp://inside.localhost:PORT?tls=off', true, 'clear'],
  ['smtp://me:secret@inside.localhost:PORT?tls=off', true, 'open'], ['smtp://me@inside.localhost:PORT?tls=off', true, 'open'],
  ['smtp://localhost:PORT?tls=maybe', true, 'open'], ['smtps://localhost:PORT?tls=off', true, 'open'],
];

for (const [url, offers, end] of plain) {
  test(`${url}, STARTTLS ${offers ? 'offered' : 'not offered'}: ${end}`, async () => {
    emptyQueue();
    const fake = await startSmtp({ certificate: offers ? good : undefined });
    const env = { CARILLON_CA_FILE: ours.file, CARILLON_MAIL_URL: url.replace('PORT', fake.port) };
    enqueue(1);
    if (end instanceof RegExp) await waits(env, end);
    else if (end === 'open') {
      const { code, log } = await start(env).ended;
      assert.equal(code, 1);
      assert.match(log, /smtps?: nothing can be sent: (only tls=on|tls=off would send its password)/);
      assert.doesNotMatch(log, /secret/);
    } else assert.equal((await dispatch(env)).sent, 1);
    fake.stop();
    assert.equal(fake.delivered.length, end === 'clear' || end === 'tls' ? 1 : 0);
    assert.equal(greetings.test(fake.clear), end !== 'clear', fake.clear);
    const login = url.includes('secret') && ['clear', 'tls'].includes(end);
    assert.deepEqual(fake.logins, login ? [{ secure: end === 'tls', who: ['me', 'secret'] }] : []);
  });
}

for (const reply of ['454 not now', '500 what?']) {
  test(`STARTTLS offered and then refused: ${reply}`, async () => {
    emptyQueue();
    const fake = await startSmtp({ certificate: good });
    fake.plan = [{ at: 'STARTTLS', reply }];
    enqueue(1);
    await waits({ CARILLON_CA_FILE: ours.file, CARILLON_MAIL_URL: `smtp://me:secret@localhost:${fake.port}?tls=on` }, /offers no TLS/);
    fake.stop();
    assert.match(fake.clear, greetings);
  });
}

/* ---- webhooks ---- */

for (const [what, certificate, status] of [['arrive', good, 'sent'], ['do not go to another name', another, 'pending'],
  ['do not go to one that has expired', expired, 'pending']]) {
  test(`webhooks over TLS ${what}`, async () => {
    emptyQueue();
    const fake = await startReceiver({ certificate });
    const user = makeUser('tls');
    insertUsers([user]);
    fake.secret = makeWebhook(user, { url: fake.url }).secret;
    const [note] = give(user, [{ type: 'feedback.new' }]);
    exec(`INSERT INTO deliveries (user_id, id, notification_id, channel, kind, payload)
      VALUES (${quote(user.id)}, ${quote(uuid())}, ${quote(note.id)}, 'webhook', 'feedback.new', '{"type":"feedback.new"}')`);
    await dispatch({ ...fake.env, CARILLON_CA_FILE: ours.file });
    fake.stop();
    const [row] = rows('SELECT status, error FROM deliveries');
    assert.equal(row.status, status);
    assert.deepEqual(fake.requests.map(({ genuine }) => genuine), status === 'sent' ? [true] : []);
    if (status === 'pending') assert.match(row.error, certificate === another ? /is for another name/ : /has expired/);
  });
}
