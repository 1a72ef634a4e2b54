// POST /v1/feedback and what comes of it: producer, dispatcher, bell
// (contract sections 6, 7 and 9).
import assert from 'node:assert/strict';
import test from 'node:test';
import { call, cron, exec, expect, ok, quote, rows, walk } from '../lib/client.mjs';
import { mailsTo } from '../lib/mail.mjs';
import { drifted, makeWorld, roles } from '../lib/world.mjs';

const main = makeWorld();
const say = (world, body) => call('POST', '/v1/feedback', { bearer: world.team.keys.client.secret, body });
const inbox = async (user) => (await ok(200, 'GET', '/v1/notifications?limit=200', { as: user.token })).notifications;
const prefer = (user, channels) => ok(200, 'PATCH', '/v1/auth/me', { as: user.token,
  body: { preferences: { notifications: { types: { 'feedback.new': channels } } } } });

test('feedback is kept and listed', async () => {
  const context = { page: '/checkout', nested: { a: [1, 2, null] } };
  const { feedback } = expect(await say(main, { message: 'Hello', name: 'Ada', email: 'ada@example.com', context }), 201);
  assert.match(feedback.id, /^[0-9a-f-]{36}$/);
  assert.match(feedback.created_at, /\.\d{3}Z$/);
  assert.deepEqual([feedback.message, feedback.name, feedback.email, feedback.context], ['Hello', 'Ada', 'ada@example.com', context]);
  const page = await ok(200, 'GET', `/v1/projects/${main.team.project}/feedback`, { as: main.viewer.token });
  assert.deepEqual(page.feedback[0], feedback, 'the same object');
  const bare = expect(await say(main, { message: 'Bare' }), 201).feedback;
  assert.deepEqual([bare.name, bare.email, bare.context], [null, null, null]);
});

test('every member is told exactly once, nobody else', async () => {
  const world = makeWorld();
  const { feedback } = expect(await say(world, { message: 'It broke', name: 'Ada' }), 201);
  for (const role of roles) {
    const items = await inbox(world[role]);
    assert.deepEqual(items.map((item) => [item.type, item.title, item.body, item.team_id, item.read_at]),
      [['feedback.new', 'New feedback in Team project', 'Ada: It broke', world.team.id, null]], role);
    assert.match(items[0].link, /^\/(?!\/)[^\\\s]*$/, 'a path of this site');
    const { data: [item], unreadCount } = await ok(200, 'GET', '/api/notifications', { as: world[role].token });
    assert.equal(unreadCount, 1);
    assert.deepEqual([item.resource.kind, item.resource.id], ['feedback', feedback.id]);
    assert.deepEqual(item.project, { id: world.team.project, name: 'Team project' });
    assert.deepEqual(item.environment, { id: world.team.environments.production, name: 'production' });
  }
  assert.deepEqual(await inbox(world.outsider), []);
  assert.deepEqual(drifted([...roles.map((role) => world[role]), world.outsider]), []);
});

// Who is said to have spoken: name, e-mail, how the body begins.
const names = [
  [{ name: 'Ada', email: 'ada@example.com' }, /^Ada: text$/], [{ email: 'ada@example.com' }, /^ada@example\.com: text$/],
  [{}, /^[A-Za-z]+: text$/], [{ name: 'a "quoted" <b>name</b>' }, /^a "quoted" <b>name<\/b>: text$/],
];

for (const [who, want] of names) {
  test(`from ${JSON.stringify(who)}`, async () => {
    const world = makeWorld();
    expect(await say(world, { message: 'text', ...who }), 201);
    assert.match((await inbox(world.owner))[0].body, want);
  });
}

// The body is cut at 200 characters, on a character boundary.  With name "A" there are 3 before the text.
const characters = [['letters', 'x'], ['two bytes', 'é'], ['three bytes', '漢'], ['emoji', '🔔'], ['math', '𝒳']];

for (const [what, character] of characters) {
  for (const length of [196, 197, 198, 500]) {
    test(`a message of ${length} ${what}`, async () => {
      const world = makeWorld();
      const message = character.repeat(length);
      expect(await say(world, { message, name: 'A' }), 201);
      const [item] = await inbox(world.owner);
      const points = [...item.body];
      assert.ok(!item.body.includes('\ufffd'), 'no broken character');
      assert.ok(points.length <= 200, `${points.length} characters`);
      if (length <= 197) assert.equal(item.body, `A: ${message}`, 'what fits is whole');
      else assert.ok(points.length >= 199 && [...`A: ${message}`].slice(0, points.length - 1).join('') === points.slice(0, -1).join(''),
        `cut at 200, not earlier: ${points.length}`);
    });
  }
}

// Bodies of the route: body, status, text.
const bodies = [
  [{ message: 'x'.repeat(4000) }, 201], [{ message: '🔔'.repeat(4000) }, 201], [{ message: 'x'.repeat(4001) }, 400, 'Invalid field: message'],
  [{ message: '🔔'.repeat(4001) }, 400, 'Invalid field: message'], [{ message: 'é'.repeat(4000) }, 201],
  [{}, 400, 'Missing field: message'], [{ message: '' }, 400, 'Invalid field: message'], [{ message: ' \n\t' }, 400, 'Invalid field: message'], [{ message: 1 }, 400, 'Invalid field: message'],
  [{ message: null }, 400, 'Invalid field: message'], [{ message: ['x'] }, 400, 'Invalid field: message'],
  [{ message: 'm', name: 1 }, 400, 'Invalid field: name'], [{ message: 'm', email: 1 }, 400, 'Invalid field: email'],
  [{ message: 'm', context: 'x' }, 400, 'Invalid field: context'], [{ message: 'm', context: [] }, 400, 'Invalid field: context'],
  [{ message: 'm', project_id: 'x' }, 400, 'Unknown field: project_id'], [{ message: 'm', context: {} }, 201],
  [{ message: 'm', context: { deep: { deeper: {} } } }, 201], [{ message: '\n\t"\\ <b> & \u2028' }, 201],
];

for (const [body, status, text] of bodies) {
  test(`${JSON.stringify(body).slice(0, 50)} is ${status}`, async () => {
    const answer = await say(main, body);
    expect(answer, status, text);
    if (status === 201) assert.equal(answer.json.feedback.message, body.message);
  });
}

// What would fill a worker's memory if it were written out, or all at once.
const heavy = [
  ['numbers of 300 digits', 1, `[${'1e-300,'.repeat(4000)}0]`],
  ['60,000 characters each', 60, JSON.stringify('x'.repeat(60000))],
];

for (const [what, count, value] of heavy) {
  test(`a context with ${what} comes back as it was given`, async () => {
    const world = makeWorld();
    const raw = `{"message":"m","context":{"a":${value}}}`;
    for (let n = 0; n < count; n++) {
      const answer = await call('POST', '/v1/feedback', { bearer: world.team.keys.client.secret, raw });
      expect(answer, 201);
      assert.ok(answer.bytes.length < raw.length + 500, `${answer.bytes.length} bytes`);
    }
    const kept = await walk(`/v1/projects/${world.team.project}/feedback?limit=200`, { as: world.viewer.token });
    assert.deepEqual([kept.length, new Set(kept.map(({ id }) => id)).size], [count, count]);
    for (const { context } of kept) assert.deepEqual(context, { a: JSON.parse(value) });
  });
}

const many = Number(process.env.TEAM_SIZE ?? 10000);
test(`so is every member of a team of ${many}`, async () => {
  const world = makeWorld();
  exec(`WITH made AS (INSERT INTO users (email) SELECT 'many-' || n || '@${world.team.id}.example' FROM generate_series(1, ${many}) n RETURNING id)
    INSERT INTO members (team_id, user_id, role) SELECT ${quote(world.team.id)}, id, 'viewer' FROM made;`);
  const { feedback } = expect(await say(world, { message: 'To all' }), 201);
  assert.deepEqual(rows(`SELECT count(*)::int AS n, count(DISTINCT user_id)::int AS users FROM notifications WHERE resource_id = ${quote(feedback.id)}`),
    [{ n: many + roles.length, users: many + roles.length }]);
  exec(`DELETE FROM users WHERE email LIKE 'many-%@${world.team.id}.example';`);
});

test('a null byte in the context is refused, not cut', async () => {
  expect(await call('POST', '/v1/feedback', { bearer: main.team.keys.client.secret,
    raw: '{"message":"m","context":{"a":"b\\u0000c"}}' }), 400);
});

test('a retried request is new feedback, and concurrent ones are all told', async () => {
  const world = makeWorld();
  const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => say(world, { message: `m${n}` })));
  for (const answer of answers) expect(answer, 201);
  for (const role of roles) {
    const items = await inbox(world[role]);
    assert.equal(items.length, 20, role);
    assert.equal(new Set(items.map((item) => item.body)).size, 20, role);
  }
  assert.deepEqual(drifted(roles.map((role) => world[role])), []);
});

/* ---- deliveries ---- */

const deliveries = (user) => rows(`SELECT channel, kind, status, attempts, decided_at IS NOT NULL AS decided, payload IS NOT NULL AS payload
  FROM deliveries WHERE user_id = ${quote(user.id)} ORDER BY channel`);

test('messages to many teams at one time do not hold each other up', async () => {
  const worlds = Array.from({ length: 8 }, () => makeWorld());
  exec(`UPDATE users SET preferences = '{"notifications": {"types": {"feedback.new": {"email": false}}}}'
    WHERE id IN (${worlds.flatMap((world) => roles.map((role) => quote(world[role].id))).join(', ')});`);
  const turns = Array.from({ length: 80 }, (_, n) => worlds[n % worlds.length]);
  const answers = await Promise.all(turns.map((world, n) => say(world, { message: `m${n}` })));
  for (const answer of answers) expect(answer, 201);
  for (const world of worlds) assert.equal((await inbox(world.viewer)).length, 10);
});

test('one delivery for each enabled channel: in_app is sent at once, e-mail by the job', async () => {
  const world = makeWorld();
  expect(await say(world, { message: 'mail me', name: 'Ada <b>' }), 201);
  assert.deepEqual(deliveries(world.owner).map((d) => [d.channel, d.kind, d.status, d.decided]),
    [['email', 'feedback.new', 'pending', false], ['in_app', 'feedback.new', 'sent', true]]);
  cron('dispatch');
  assert.deepEqual(deliveries(world.owner).map((d) => [d.channel, d.status]), [['email', 'sent'], ['in_app', 'sent']]);
  const [mail, ...more] = mailsTo(world.owner.email);
  assert.deepEqual(more, [], 'one mail');
  assert.match(mail.headers.subject, /New feedback in Team project/);
  assert.match(mail.text, /text\/plain/);
  assert.match(mail.text, /text\/html/);
  assert.match(mail.text, /https?:\/\/[^\s"]+\/dashboard/, 'an absolute link');
  cron('dispatch');
  assert.equal(mailsTo(world.owner.email).length, 1, 'never twice');
});

// Preferences: channels, what is listed, which deliveries there are.
const wishes = [
  [{ email: false }, 1, ['in_app']], [{ in_app: false }, 0, ['email']], [{ email: false, in_app: false }, 0, []],
  [{ email: true, in_app: true }, 1, ['email', 'in_app']],
];

for (const [channels, listed, want] of wishes) {
  test(`with ${JSON.stringify(channels)}`, async () => {
    const world = makeWorld();
    await prefer(world.viewer, channels);
    expect(await say(world, { message: 'm' }), 201);
    assert.equal((await inbox(world.viewer)).length, listed);
    assert.deepEqual(await ok(200, 'GET', '/v1/notifications/unread-count', { as: world.viewer.token }), { count: listed });
    assert.deepEqual(deliveries(world.viewer).map((d) => d.channel), want);
    assert.equal((await inbox(world.owner)).length, 1, 'the others are told all the same');
    assert.deepEqual(drifted([world.viewer]), []);
  });
}

// Before sending: what happens meanwhile, and then no mail.
const meanwhile = [
  ['the notification was deleted', async (user) => ok(200, 'DELETE', `/v1/notifications/${(await inbox(user))[0].id}`, { as: user.token })],
  ['e-mail was switched off', (user) => prefer(user, { email: false })],
];

for (const [what, act] of meanwhile) {
  test(`skipped when ${what} meanwhile`, async () => {
    const world = makeWorld();
    expect(await say(world, { message: 'm' }), 201);
    await act(world.admin);
    cron('dispatch');
    assert.deepEqual(deliveries(world.admin).map((d) => [d.channel, d.status]), [['email', 'skipped'], ['in_app', 'sent']]);
    assert.deepEqual(mailsTo(world.admin.email), []);
    assert.equal(mailsTo(world.owner.email).length, 1);
  });
}

test('the mail goes to the address of the moment it is sent', async () => {
  const world = makeWorld();
  expect(await say(world, { message: 'm' }), 201);
  exec(`UPDATE users SET email = ${quote(`moved.${world.owner.email}`)} WHERE id = ${quote(world.owner.id)};`);
  cron('dispatch');
  assert.equal(mailsTo(`moved.${world.owner.email}`).length, 1);
});

test('a subject is one line whatever the project is called', async () => {
  const world = makeWorld();
  exec(`UPDATE projects SET name = E'Evil\\r\\nBcc: victim@example.com' WHERE id = ${quote(world.team.project)};`);
  expect(await say(world, { message: 'm' }), 201);
  cron('dispatch');
  const [mail] = mailsTo(world.owner.email);
  assert.equal(mail.headers.bcc, undefined);
  assert.match(mail.headers.subject, /Evil/);
});

test('dry-run sends nothing', async () => {
  const world = makeWorld();
  expect(await say(world, { message: 'm' }), 201);
  cron('dispatch', '--dry-run');
  assert.deepEqual(mailsTo(world.owner.email), []);
  assert.equal(deliveries(world.owner)[0].status, 'pending');
});
