// What a notice is mailed as, and when: from feedback to the message that the file: adapter wrote,
// read by Python's own parser.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import test from 'node:test';
import { base, call, cron, exec, expect, ok, quote, root, rows, varDir } from '../lib/client.mjs';
import { give, makeWorld, seeSnippet } from '../lib/world.mjs';
import { insertion, planned } from '../lib/story.mjs';

const minute = 60_000;
const later = (ms) => new Date(Date.now() + ms).toISOString();

function mailsTo(user) {
  const out = execFileSync('python3', ['-B', 'tests/lib/read_mail.py', path.join(varDir, 'mail'), user.email],
    { cwd: root, maxBuffer: 1 << 26 }).toString().trim();
  return out === '' ? [] : out.split('\n').map((line) => JSON.parse(line));
}

const header = (mail, name) => mail.headers.find(([n]) => n === name)?.[1];

async function feedback(world, message = 'It works') {
  return (await ok(201, 'POST', '/v1/feedback', { bearer: world.team.keys.client.secret, body: { message } })).feedback;
}

const prefer = async (user, notifications) =>
  expect(await call('PATCH', '/v1/auth/me', { as: user.token, body: { preferences: { notifications } } }), 200);

const deliveryOf = (user) => rows(`SELECT status, error, payload, created_at, next_try_at,
    extract(epoch FROM next_try_at - created_at)::int AS waits FROM deliveries
  WHERE user_id = ${quote(user.id)} AND channel = 'email' ORDER BY created_at DESC LIMIT 1`)[0];

test('feedback is mailed with its reason, its thread and an unsubscribe link of one\'s own', async () => {
  const world = makeWorld();
  const { id } = await feedback(world, 'The <b>export</b> & more');
  cron('dispatch');
  const links = new Set();
  for (const user of [world.owner, world.viewer]) {
    const [mail, ...more] = mailsTo(user);
    assert.deepEqual(more, []);
    assert.deepEqual(mail.defects, []);
    assert.equal(header(mail, 'Subject'), `New feedback in ${world.team.projectName}`);
    assert.equal(header(mail, 'References'), `<feedback.${id}@carillon>`);
    assert.equal(header(mail, 'In-Reply-To'), `<feedback.${id}@carillon>`);
    assert.equal(header(mail, 'Auto-Submitted'), 'auto-generated');
    assert.equal(header(mail, 'List-Unsubscribe-Post'), 'List-Unsubscribe=One-Click');
    const link = /^<(.*)>$/.exec(header(mail, 'List-Unsubscribe'))[1];
    assert.ok(link.startsWith(`${base.origin}/unsubscribe/feedback.new/`), link);
    links.add(link);
    const [text, html] = mail.contents;
    assert.ok(text.includes('The <b>export</b> & more'), text);
    assert.ok(text.includes(`You get this because you are a member of ${world.team.name}.`), text);
    assert.ok(text.includes(`Stop these mails: ${link}\r\n`), text);
    assert.ok(text.includes(`${base.origin}/dashboard/feedback?project=${world.team.project}`), text);
    assert.ok(html.includes('The &lt;b&gt;export&lt;/b&gt; &amp; more') && html.includes(`href="${link}"`), html);
  }
  assert.equal(links.size, 2, 'everybody has a link of their own');
});

test('the link of a mail stops that mail, also what is queued, for its reader alone', async () => {
  const world = makeWorld();
  await feedback(world);
  cron('dispatch');
  const link = /^<(.*)>$/.exec(header(mailsTo(world.owner)[0], 'List-Unsubscribe'))[1];
  await feedback(world);
  const answer = await call('POST', new URL(link).pathname, { raw: 'List-Unsubscribe=One-Click', type: 'application/x-www-form-urlencoded' });
  assert.equal(answer.status, 200);
  await feedback(world);
  cron('dispatch');
  assert.equal(mailsTo(world.owner).length, 1);
  assert.equal(mailsTo(world.viewer).length, 3);
  assert.deepEqual([deliveryOf(world.owner).status, deliveryOf(world.owner).error], ['skipped', 'muted']);
});

test('mail that waits is sent when its time has come', async () => {
  const world = makeWorld();
  await prefer(world.owner, { email_after_minutes: 30 });
  await feedback(world);
  assert.equal(deliveryOf(world.owner).waits, 1800);
  assert.equal(deliveryOf(world.viewer).waits, 0);
  cron('dispatch', '--at', later(29 * minute));
  assert.equal(mailsTo(world.owner).length, 0);
  cron('dispatch', '--at', later(31 * minute));
  assert.equal(mailsTo(world.owner).length, 1);
});

test('and not at all when the bell was read meanwhile', async () => {
  const world = makeWorld();
  await prefer(world.owner, { email_after_minutes: 30 });
  await feedback(world);
  await ok(200, 'POST', '/api/notifications/read-all', { as: world.owner.token });
  cron('dispatch', '--at', later(31 * minute));
  assert.equal(mailsTo(world.owner).length, 0);
  assert.deepEqual([deliveryOf(world.owner).status, deliveryOf(world.owner).error], ['skipped', 'read']);
});

test('who wants mail at once gets it, read or not', async () => {
  const world = makeWorld();
  await prefer(world.owner, { email_after_minutes: 0 });
  await feedback(world);
  for (const user of [world.owner, world.viewer]) await ok(200, 'POST', '/api/notifications/read-all', { as: user.token });
  cron('dispatch');
  assert.equal(mailsTo(world.owner).length, 1);
  assert.equal(mailsTo(world.viewer).length, 1);
});

test('what is not in the bell cannot be read there: its mail does not wait', async () => {
  const world = makeWorld();
  await prefer(world.owner, { email_after_minutes: 30, types: { 'feedback.new': { in_app: false } } });
  await feedback(world);
  assert.equal(deliveryOf(world.owner).waits, 0);
  cron('dispatch');
  assert.equal(mailsTo(world.owner).length, 1);
});

test('news of a schedule never waits, carries no unsubscribe link, and names its thing, times and reason', async () => {
  const world = makeWorld();
  seeSnippet(world.team.project);
  await prefer(world.developer, { email_after_minutes: 30 });
  const [fired, missed] = planned(world, [{ kind: 'launch' }, { kind: 'launch', late: '2 hours' }]);
  exec(insertion([fired, missed]));
  cron('fire');
  await ok(200, 'POST', '/api/notifications/read-all', { as: world.developer.token });
  cron('dispatch');
  const mails = mailsTo(world.developer);
  assert.equal(mails.length, 2);
  for (const mail of mails) {
    assert.equal(header(mail, 'List-Unsubscribe'), undefined);
    assert.equal(header(mail, 'List-Unsubscribe-Post'), undefined);
    const [text] = mail.contents;
    assert.match(text, /^When: +\d+ \w+ \d{4}, \d\d:\d\d \w+ \(Europe\/Berlin\)\r$/m);
    assert.match(text, /^In UTC: +\d+ \w+ \d{4}, \d\d:\d\d UTC\r$/m);
    assert.match(text, new RegExp(`^Project: +${world.team.projectName}\r$`, 'm'));
    assert.match(text, /You get this because you scheduled it\./);
  }
  const about = (moment) => mails.find((mail) => header(mail, 'References') === `<experiment.${moment.resource}@carillon>`);
  assert.doesNotMatch(about(fired).contents[0], /^Why:/m);
  assert.match(about(missed).contents[0], /^Why: +More than an hour had passed/m);
});

test('who scheduled is gone: the owners are told why they are', async () => {
  const world = makeWorld();
  seeSnippet(world.team.project);
  const [moment] = planned(world, [{ kind: 'launch', by: null }]);
  exec(insertion([moment]));
  cron('fire');
  cron('dispatch');
  const [mail] = mailsTo(world.owner);
  assert.match(mail.contents[0].replace(/\s+/g, ' '), new RegExp(`You get this because you own ${world.team.name}, and the account that scheduled it is gone\\.`));
});

test('the preference is merged with whatever an older version has left', async () => {
  const world = makeWorld();
  give(world.owner, [{}]);
  exec(`UPDATE users SET preferences = '{"theme":"dark"}' WHERE id = ${quote(world.owner.id)};`);
  await prefer(world.owner, { email_after_minutes: 5 });
  const { user } = await ok(200, 'GET', '/v1/auth/me', { as: world.owner.token });
  assert.deepEqual(user.preferences, { theme: 'dark', notifications: { email_after_minutes: 5 } });
});
