// POST /hooks/resend (contract section 7): who may tell, and that telling twice, late or in
// another order changes nothing that telling once in order would not.
import assert from 'node:assert/strict';
import test from 'node:test';
import { call, conf, cron, exec, expect, quote, rows, uuid } from '../lib/client.mjs';
import { mailEvent, seconds, signHook, tell } from '../lib/hooks.mjs';
import { failedDelivery, give, insertUsers, makeUser, makeWorld } from '../lib/world.mjs';

const secret = conf('CARILLON_RESEND_WEBHOOK_SECRET');
const path = '/hooks/resend';

function fresh() {
  const user = makeUser('hooks');
  insertUsers([user]);
  return user;
}

// A mail that is out, under an id of the provider's.
function sentMail(user = fresh(), provider = uuid()) {
  const [note] = give(user, [{}]);
  const id = uuid();
  exec(`INSERT INTO deliveries (user_id, id, notification_id, channel, kind, status, attempts, decided_at, provider_id, address)
    VALUES (${quote(user.id)}, ${quote(id)}, ${quote(note.id)}, 'email', 'feedback.new', 'sent', 1, now(), ${quote(provider)}, ${quote(user.email)});`);
  return { id, user, provider };
}

const reported = ({ id }) => rows(`SELECT status, reported, reported_at IS NOT NULL AS dated FROM deliveries WHERE id = ${quote(id)}`)[0];
const suppressed = (address) => rows(`SELECT reason, detail, lifted_at FROM suppressions WHERE address = ${quote(address)}`);
const hard = { bounce: { type: 'Permanent', subType: 'General', message: 'No such\nmailbox' } };

/* ---- who may tell ---- */

const body = JSON.stringify(mailEvent('email.delivered', uuid()));
const good = (id = 'msg_1', at = seconds()) => ({ 'svix-id': id, 'svix-timestamp': at, 'svix-signature': signHook(secret, id, at, body) });
const without = (name) => Object.fromEntries(Object.entries(good()).filter(([key]) => key !== name));
const stranger = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;

const callers = [
  ['nobody', {}, 401, 'Missing signature'],
  ['without an id', without('svix-id'), 401, 'Missing signature'],
  ['without a time', without('svix-timestamp'), 401, 'Missing signature'],
  ['without a signature', without('svix-signature'), 401, 'Missing signature'],
  ['another secret', { ...good(), 'svix-signature': signHook(stranger, 'msg_1', seconds(), body) }, 401, 'Invalid signature'],
  ['another id', { ...good(), 'svix-id': 'msg_2' }, 401, 'Invalid signature'],
  ['another time', { ...good(), 'svix-timestamp': seconds(-10) }, 401, 'Invalid signature'],
  ['a signature of version 2', { ...good(), 'svix-signature': good()['svix-signature'].replace('v1,', 'v2,') }, 401, 'Invalid signature'],
  ['a cut signature', { ...good(), 'svix-signature': good()['svix-signature'].slice(0, -2) }, 401, 'Invalid signature'],
  ['a stale one', good('msg_1', seconds(-302)), 401, 'Signature is more than 5 minutes away from now'],
  ['one from the future', good('msg_1', seconds(304)), 401, 'Signature is more than 5 minutes away from now'],
  ['a user', { Authorization: `Bearer ${makeUser('x').id}` }, 401, 'Missing signature'],
  ['Resend', good(), 204],
  ['Resend, almost stale', good('msg_late', seconds(-290)), 204],
  ['Resend, almost too early', good('msg_early', seconds(290)), 204],
  ['Resend, while it changes keys', { ...good('msg_two'), 'svix-signature': `v1,AAAA ${good('msg_two')['svix-signature']} v2,x` }, 204],
  ['Resend from a browser page', { ...good('msg_page'), Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' }, 204],
];

for (const [who, headers, status, text] of callers) {
  test(`${who}: ${status}`, async () => {
    expect(await call('POST', path, { raw: body, headers }), status, text);
  });
}

test('the bytes are signed, not their meaning', async () => {
  const at = seconds();
  const headers = { 'svix-id': 'm', 'svix-timestamp': at, 'svix-signature': signHook(secret, 'm', at, body) };
  expect(await call('POST', path, { raw: `${body} `, headers }), 401, 'Invalid signature');
  expect(await call('POST', path, { raw: body, headers, type: 'text/plain' }), 204);
});

// Signed by Resend, and still nothing to us.
const bodies = [
  ['', 400], ['{', 400], ['[]', 400], ['null', 400], ['"x"', 400], [Buffer.from([0x7b, 0xff, 0x7d]), 400],
  ['{}', 204], ['{"type":"email.bounced"}', 204], ['{"type":7,"data":{}}', 204], ['{"type":"email.opened","data":{"email_id":"x"}}', 204],
  ['{"type":"contact.created","data":{}}', 204], ['{"type":"email.bounced","data":{"email_id":7}}', 204],
  ['{"type":"email.bounced","data":{"email_id":""}}', 204], [JSON.stringify(mailEvent('email.bounced', 'x'.repeat(500))), 204],
  [JSON.stringify(mailEvent('email.bounced', 'none-of-ours', { to: 'x', bounce: [] })), 204],
  [JSON.stringify(mailEvent('email.bounced', 'none-of-ours', { to: [null, 1, {}, 'x', '<>', 'a@b <c', "'; DROP TABLE users; --@x"] })), 204],
  [JSON.stringify(mailEvent('email.delivered', 'none-of-ours', {}, 'yesterday')), 204],
  [JSON.stringify(mailEvent('email.delivered', 'none-of-ours', {}, '9999-12-31T23:59:59.999Z')), 204],
];

for (const [raw, status] of bodies) {
  test(`signed ${String(raw).slice(0, 60)}: ${status}`, async () => {
    expect(await tell(raw), status, status === 400 ? 'Malformed JSON' : undefined);
  });
}

test('64 KiB are the most', async () => {
  expect(await tell(JSON.stringify({ type: 'email.opened', data: 'x'.repeat(70000) })), 413);
});

/* ---- what is told ---- */

// Events in the order in which they are told, what is known then.
const stories = [
  [['delivered'], 'delivered'], [['bounced'], 'bounced'], [['complained'], 'complained'], [['suppressed'], 'bounced'],
  [['sent'], null], [['opened', 'clicked'], null], [['delivered', 'delivered'], 'delivered'],
  [['delivered', 'bounced'], 'bounced'], [['bounced', 'delivered'], 'bounced'],
  [['delivered', 'complained'], 'complained'], [['complained', 'delivered'], 'complained'],
  [['complained', 'bounced', 'delivered'], 'complained'], [['bounced', 'complained'], 'complained'],
];

for (const [types, want] of stories) {
  test(`${types.join(', ')}: ${want}`, async () => {
    const mail = sentMail();
    for (const type of types) expect(await tell(mailEvent(`email.${type}`, mail.provider)), 204);
    assert.deepEqual(reported(mail), { status: 'sent', reported: want, dated: want !== null });
  });
}

test('the same event twice, and ten times at once, is one', async () => {
  const mail = sentMail();
  const event = mailEvent('email.bounced', mail.provider, { ...hard, to: [mail.user.email] });
  const id = `msg_${uuid()}`;
  for (const answer of await Promise.all(Array.from({ length: 10 }, () => tell(event, { id })))) expect(answer, 204);
  exec(`UPDATE suppressions SET lifted_at = now() WHERE address = ${quote(mail.user.email)};
    UPDATE deliveries SET reported = NULL, reported_at = NULL WHERE id = ${quote(mail.id)};`);
  expect(await tell(event, { id }), 204);
  assert.equal(reported(mail).reported, null, 'told again it does nothing');
  assert.equal(rows(`SELECT count(*) AS n FROM mail_events WHERE id = ${quote(id)}`)[0].n, 1);
});

test('another message is not touched', async () => {
  const [one, two] = [sentMail(), sentMail()];
  expect(await tell(mailEvent('email.delivered', one.provider)), 204);
  assert.equal(reported(two).reported, null);
});

test('a lost answer: the report names the delivery, and replaying takes another word', async () => {
  const world = makeWorld();
  const failed = failedDelivery(world.viewer, world.team.id, { error: 'unknown: timed out' });
  const known = failedDelivery(world.viewer, world.team.id, { error: '422 refused' });
  const provider = uuid();
  for (const [row, want] of [[failed, 'delivered'], [known, null]]) {
    expect(await tell(mailEvent('email.delivered', row === failed ? provider : uuid(), { tags: { delivery: row.id } })), 204);
    assert.equal(reported(row).reported, want);
  }
  expect(await tell(mailEvent('email.complained', provider)), 204);
  assert.equal(reported(failed).reported, 'complained');
  const path = `/v1/teams/${world.team.id}/deliveries/${failed.id}/replay`;
  expect(await call('POST', path, { as: world.owner.token }), 422, 'It has arrived after all: say may_repeat to send it once more');
  for (const tags of [{ delivery: 7 }, { delivery: 'x' }, [{ name: 'delivery', value: uuid() }], 'x'])
    expect(await tell(mailEvent('email.delivered', uuid(), { tags })), 204);
});

test('a report that comes while its delivery waits is all that is known of it when that fails', async () => {
  const world = makeWorld();
  const waiting = failedDelivery(world.viewer, world.team.id, { status: 'pending', error: 'timed out', attempts: 1 });
  const note = (change) => exec(`UPDATE deliveries SET ${change} WHERE id = ${quote(waiting.id)};`);
  note(`decided_at = NULL, next_try_at = now() + interval '1 day'`);
  expect(await tell(mailEvent('email.delivered', uuid(), { tags: { delivery: waiting.id } })), 204);
  cron('dispatch');
  assert.deepEqual(reported(waiting), { status: 'pending', reported: null, dated: false }, 'another try may tell more');
  note(`status = 'failed', error = 'unknown: timed out', decided_at = now()`);
  cron('dispatch');
  assert.equal(reported(waiting).reported, 'delivered');
  const replay = (...how) => cron('replay', '--team', world.team.id, '--may-repeat', ...how).replayed;
  assert.equal(replay('--dry-run'), 0, 'it has arrived');
  assert.equal(replay(), 0);
  assert.equal(replay('--delivery', waiting.id, '--dry-run'), 1, 'for who wants it all the same');
});

test('a report that comes before the id of its message is written down', async () => {
  const mail = sentMail();
  exec(`UPDATE deliveries SET provider_id = NULL WHERE id = ${quote(mail.id)};`);
  for (const type of ['bounced', 'delivered']) expect(await tell(mailEvent(`email.${type}`, mail.provider)), 204);
  assert.equal(reported(mail).reported, null);
  cron('dispatch');
  exec(`UPDATE mail_events SET received_at = now() - interval '24 hours' WHERE provider_id = ${quote(mail.provider)};`);
  exec(`UPDATE deliveries SET provider_id = ${quote(mail.provider)} WHERE id = ${quote(mail.id)};`);
  cron('dispatch');
  assert.equal(reported(mail).reported, 'bounced');
  exec(`UPDATE deliveries SET reported = NULL, reported_at = NULL WHERE id = ${quote(mail.id)};`);
  cron('dispatch');
  assert.equal(reported(mail).reported, null, 'once');
});

/* ---- addresses that mail does not reach ---- */

// What data.bounce says, whether the address is suppressed.
const bounces = [
  [hard, true], [{ bounce: { type: 'Permanent', subType: 'Suppressed' } }, true], [{}, true],
  [{ bounce: { type: 'Transient', subType: 'MailboxFull', message: 'later' } }, false], [{ bounce: { type: 'Undetermined' } }, false],
];

for (const [data, want] of bounces) {
  test(`bounce ${JSON.stringify(data)}: ${want ? 'suppressed' : 'not suppressed'}`, async () => {
    const mail = sentMail();
    expect(await tell(mailEvent('email.bounced', mail.provider, { ...data, to: [`Some One <${mail.user.email.toUpperCase()}>`] })), 204);
    assert.equal(suppressed(mail.user.email).length, want ? 1 : 0);
    assert.equal(reported(mail).reported, 'bounced');
  });
}

test('a complaint is no bounce', async () => {
  const mail = sentMail();
  expect(await tell(mailEvent('email.complained', mail.provider, { to: [mail.user.email] })), 204);
  assert.deepEqual(suppressed(mail.user.email), []);
});

test('the provider\'s words are kept on one line', async () => {
  const mail = sentMail();
  expect(await tell(mailEvent('email.bounced', mail.provider, { ...hard, to: [mail.user.email] })), 204);
  assert.equal(suppressed(mail.user.email)[0].detail, 'No such mailbox');
});

test('an address that nobody here has is not kept', async () => {
  const address = `stranger.${uuid()}@example.com`;
  expect(await tell(mailEvent('email.bounced', uuid(), { ...hard, to: [address] })), 204);
  assert.deepEqual(suppressed(address), []);
});

test('a bounce from before it was lifted, told late, does not suppress again; a later one does', async () => {
  const { user } = sentMail();
  const at = (offset) => new Date(Date.now() + offset).toISOString();
  const bounce = (offset) => tell(mailEvent('email.bounced', uuid(), { ...hard, to: [user.email] }, at(offset)));
  expect(await bounce(-7200_000), 204);
  exec(`UPDATE suppressions SET lifted_at = now() - interval '1 hour' WHERE address = ${quote(user.email)};`);
  expect(await bounce(-3700_000), 204);
  assert.notEqual(suppressed(user.email)[0].lifted_at, null);
  expect(await bounce(-3500_000), 204);
  assert.equal(suppressed(user.email)[0].lifted_at, null);
});
