// What became of a notification: for its owner, and what failed for those who manage the team,
// who may have it sent again (contract section 7).
import assert from 'node:assert/strict';
import test from 'node:test';
import { call, cron, exec, expect, ok, quote, rows, uuid, walk } from '../lib/client.mjs';
import { failedDelivery, give, insertUsers, makeUser, makeWorld } from '../lib/world.mjs';

const world = makeWorld();
const { team, other, owner, admin, viewer, outsider } = world;
const failedPath = `/v1/teams/${team.id}/deliveries`;
const replay = (delivery, body, as = admin) => call('POST', `${failedPath}/${delivery.id}/replay`, { as: as.token, body });
const stored = ({ id }) => rows(`SELECT * FROM deliveries WHERE id = ${quote(id)}`)[0];

/* ---- its owner ---- */

test('each channel with what became of it and when', async () => {
  const [note] = give(owner, [{}]);
  const mine = `(${quote(owner.id)}, ${quote(note.id)}, 'feedback.new', ${quote(note.created_at)}`;
  exec(`INSERT INTO deliveries (user_id, notification_id, kind, created_at, channel, status, attempts, error, address, reported, reported_at,
      decided_at, next_try_at) VALUES
    ${mine}, 'webhook', 'pending', 2, 'HTTP 503', 'https://a.example/secret', NULL, NULL, NULL, '2030-01-01T00:00:00Z'),
    ${mine}, 'in_app', 'sent', 0, NULL, NULL, NULL, NULL, '2024-01-15T10:00:00Z', now()),
    ${mine}, 'email', 'sent', 1, NULL, ${quote(owner.email)}, 'bounced', '2024-01-15T10:02:00Z', '2024-01-15T10:01:00Z', now());`);
  const page = await ok(200, 'GET', `/v1/notifications/${note.id}/deliveries`, { as: owner.token });
  assert.deepEqual([page.cursor, page.has_more], [null, false]);
  const at = (minute) => `2024-01-15T10:0${minute}:00.000Z`;
  const common = { reported: null, reported_at: null, error: null, next_try_at: null, address: null, created_at: note.created_at };
  assert.deepEqual(page.deliveries.map(({ id, ...rest }) => rest), [
    { ...common, channel: 'in_app', status: 'sent', attempts: 0, decided_at: at(0) },
    { ...common, channel: 'email', status: 'sent', attempts: 1, decided_at: at(1), address: owner.email, reported: 'bounced', reported_at: at(2) },
    { ...common, channel: 'webhook', status: 'pending', attempts: 2, decided_at: null, error: 'HTTP 503',
      address: 'https://a.example/secret', next_try_at: '2030-01-01T00:00:00.000Z' },
  ]);
});

test('none, and after it is deleted none to be seen', async () => {
  const [note] = give(owner, [{}]);
  const path = `/v1/notifications/${note.id}/deliveries`;
  assert.deepEqual((await ok(200, 'GET', path, { as: owner.token })).deliveries, []);
  await ok(200, 'DELETE', `/v1/notifications/${note.id}`, { as: owner.token });
  expect(await call('GET', path, { as: owner.token }), 404, 'Notification not found');
});

test('real news has a row for each of its channels', async () => {
  await ok(201, 'POST', '/v1/feedback', { bearer: team.keys.client.secret, body: { message: 'm' } });
  const { notifications } = await ok(200, 'GET', '/v1/notifications?type=feedback.new&limit=1', { as: viewer.token });
  const { deliveries } = await ok(200, 'GET', `/v1/notifications/${notifications[0].id}/deliveries`, { as: viewer.token });
  assert.deepEqual(deliveries.map(({ channel, status }) => [channel, status]), [['in_app', 'sent'], ['email', 'pending']]);
  assert.equal(stored(deliveries[1]).team_id, team.id);
});

test('an ended session sees nothing', async () => {
  const user = makeUser('ended');
  insertUsers([user]);
  const [note] = give(user, [{}]);
  const { token } = user;
  await ok(200, 'POST', '/v1/auth/logout', { as: token });
  for (const id of [note.id, uuid(), 'x'])
    expect(await call('GET', `/v1/notifications/${id}/deliveries`, { as: token }), 401, 'Invalid or expired token');
});

/* ---- who manages the team ---- */

test('failed deliveries, newest first, page by page; nothing of another team, nothing else', async () => {
  const day = (n) => `2024-02-${String(n).padStart(2, '0')}T00:00:00.000Z`;
  const mine = Array.from({ length: 7 }, (_, n) => failedDelivery(viewer, team.id, { created_at: day(7 - n) }));
  failedDelivery(outsider, other.id);
  failedDelivery(viewer, other.id);
  failedDelivery(viewer, team.id, { status: 'sent', error: null });
  failedDelivery(viewer, team.id, { status: 'skipped', error: 'muted' });
  const seen = await walk(`${failedPath}?status=failed&limit=3`, { as: owner.token });
  assert.deepEqual(seen.map(({ id }) => id), mine.map(({ id }) => id));
  const { id, created_at, decided_at, ...rest } = seen[0];
  assert.deepEqual(rest, { channel: 'email', type: 'feedback.new', user: { id: viewer.id, name: viewer.name }, title: mine[0].note.title,
    address: viewer.email, status: 'failed', reported: null, error: 'refused: no such thing', attempts: 10, replays: 0 });
  assert.deepEqual((await ok(200, 'GET', `/v1/teams/${other.id}/deliveries`, { as: outsider.token })).deliveries.length, 2);
});

for (const [query, strict, status, text] of [['?status=sent', false, 200], ['?status=sent', true, 400, 'Unknown value: sent'], ['?status=failed', true, 200],
  ['?colour=red', true, 400, 'Unknown parameter: colour'], ['?cursor=x', false, 400, 'Invalid cursor']]) {
  test(`${query}${strict ? ' strictly' : ''}: ${status}`, async () => {
    expect(await call('GET', failedPath + query, { as: owner.token, headers: strict ? { Prefer: 'handling=strict' } : {} }), status, text);
  });
}

test('of a webhook only the host is told', async () => {
  const { id } = failedDelivery(viewer, team.id, { channel: 'webhook', address: 'https://hooks.example.com/services/T0/SECRET' });
  const answer = await call('GET', failedPath, { as: owner.token });
  assert.equal(expect(answer, 200).deliveries.find((each) => each.id === id).address, 'hooks.example.com');
  assert.doesNotMatch(answer.text, /SECRET/);
  const again = await replay({ id });
  expect(again, 200);
  assert.doesNotMatch(JSON.stringify(rows(`SELECT before, after FROM audit WHERE resource_id = ${quote(id)}`)) + again.text, /SECRET/);
});

test('replay: it waits as if it was never tried, and the audit log says who', async () => {
  const failed = failedDelivery(viewer, team.id);
  exec(`UPDATE deliveries SET first_try_at = now(), via = 'resend', body = 'b', provider_id = 'p' || id
    WHERE user_id = ${quote(viewer.id)} AND id = ${quote(failed.id)};`);
  const { delivery } = expect(await replay(failed), 200);
  assert.deepEqual([delivery.status, delivery.attempts, delivery.error, delivery.replays], ['pending', 0, null, 1]);
  const row = stored(failed);
  for (const name of ['first_try_at', 'via', 'body', 'provider_id', 'address', 'decided_at', 'error', 'batch_id', 'lease_token'])
    assert.equal(row[name], null, name);
  assert.deepEqual([row.status, row.attempts, row.payload], ['pending', 0, {}]);
  const entry = (await ok(200, 'GET', `/v1/teams/${team.id}/audit?limit=1`, { as: owner.token })).entries[0];
  assert.deepEqual([entry.action, entry.actor_id, entry.resource_kind, entry.resource_id, entry.before, entry.after],
    ['delivery.replayed', admin.id, 'delivery', failed.id, { status: 'failed', error: 'refused: no such thing', attempts: 10 },
      { status: 'pending', error: null, attempts: 0 }]);
  assert.ok(!(await ok(200, 'GET', `${failedPath}?limit=200`, { as: owner.token })).deliveries.some(({ id }) => id === failed.id));
});

test('ten replays at once are one', async () => {
  const failed = failedDelivery(viewer, team.id);
  const answers = await Promise.all(Array.from({ length: 10 }, () => replay(failed)));
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, ...Array(9).fill(409)]);
  assert.equal(stored(failed).replays, 1);
  expect(await replay(failed), 409, 'It is replayed already');
});

test('what is known to have bounced arrives once at most, so nobody is asked', async () => {
  const failed = failedDelivery(viewer, team.id, { error: 'unknown: timed out' });
  exec(`UPDATE deliveries SET reported = 'bounced', reported_at = now() WHERE user_id = ${quote(viewer.id)} AND id = ${quote(failed.id)};`);
  const { deliveries } = await ok(200, 'GET', `${failedPath}?limit=200`, { as: owner.token });
  assert.equal(deliveries.find(({ id }) => id === failed.id).reported, 'bounced');
  const { delivery } = expect(await replay(failed), 200);
  assert.equal(delivery.reported, null, 'that was of the mail before');
});

// What was never failed of this team is not there.
for (const [what, fields] of [['sent', { status: 'sent', error: null }], ['pending', { status: 'pending' }], ['skipped', { status: 'skipped' }]]) {
  test(`one that is ${what}: 404`, async () => {
    const row = failedDelivery(viewer, team.id, fields);
    expect(await replay(row), 404, 'Delivery not found');
    assert.equal(stored(row).status, fields.status);
  });
}

test('an unknown outcome is not sent again unless it may arrive twice', async () => {
  const failed = failedDelivery(viewer, team.id, { error: 'unknown: no answer within 24 hours' });
  for (const body of [undefined, {}, { may_repeat: false }, { may_repeat: null }])
    expect(await replay(failed, body), 422, 'It may have arrived: say may_repeat to send it again all the same');
  assert.equal(stored(failed).status, 'failed');
  expect(await replay(failed, { may_repeat: 'yes' }), 400, 'Invalid field: may_repeat');
  expect(await replay(failed, { force: true }), 400, 'Unknown field: force');
  expect(await replay(failed, { may_repeat: true }), 200);
});

/* ---- carillon-cron replay ---- */

const first = (error, fields = {}) => failedDelivery(viewer, team.id, { error, ...fields });

test('carillon-cron replay takes what the filter names', () => {
  const code = `x${uuid().slice(0, 6)}`;
  const [a, b, c, d] = [first(`${code}: a`), first(`${code}: b`, { channel: 'webhook' }), first('other'), failedDelivery(outsider, other.id, { error: `${code}: d` })];
  const args = ['--error', `${code}:`, '--team', team.id];
  assert.equal(cron('replay', ...args, '--dry-run').replayed, 2);
  assert.equal(stored(a).status, 'failed');
  assert.equal(cron('replay', ...args, '--channel', 'email').replayed, 1);
  assert.deepEqual([a, b, c, d].map((each) => stored(each).status), ['pending', 'failed', 'failed', 'failed']);
  assert.equal(cron('replay', ...args).replayed, 1);
  assert.equal(cron('replay', ...args).replayed, 0);
  assert.equal(cron('replay', '--delivery', d.id).replayed, 1);
  const [entry] = rows(`SELECT actor_type, action, before, after FROM audit WHERE resource_id = ${quote(a.id)}`);
  assert.deepEqual(entry, { actor_type: 'SYSTEM', action: 'delivery.replayed', before: { status: 'failed', error: `${code}: a`, attempts: 10 },
    after: { status: 'pending', error: null, attempts: 0 } });
});

test('carillon-cron replay: since, and unknown ones only when told', () => {
  const code = uuid().slice(0, 6);
  const hour = Date.now() - 3600000;
  const at = (ms) => new Date(hour + ms).toISOString();
  const old = first(`${code}`, { created_at: at(0) }); // and failed a minute later
  const unknown = first(`unknown: ${code}`);
  assert.equal(cron('replay', '--error', code, '--since', at(60001)).replayed, 0);
  assert.equal(cron('replay', '--error', code, '--since', at(60000)).replayed, 1);
  assert.equal(stored(old).status, 'pending');
  assert.equal(cron('replay', '--delivery', unknown.id).replayed, 0);
  assert.equal(cron('replay', '--delivery', unknown.id, '--may-repeat').replayed, 1);
});

test('more than one batch', () => {
  const code = uuid();
  exec(`INSERT INTO notifications (user_id, id, type, title, dedupe_key) SELECT ${quote(viewer.id)}, gen_random_uuid(), 'feedback.new', 't', '${code}:' || n
      FROM generate_series(1, 1500) n;
    UPDATE inbox SET unread = unread + 1500 WHERE user_id = ${quote(viewer.id)};
    INSERT INTO deliveries (user_id, notification_id, channel, kind, status, error, decided_at)
    SELECT user_id, id, 'email', type, 'failed', '${code}', now() FROM notifications WHERE user_id = ${quote(viewer.id)} AND dedupe_key LIKE '${code}:%';`);
  assert.equal(cron('replay', '--error', code).replayed, 1500);
});

for (const args of [[], ['--may-repeat'], ['--team', 'x'], ['--delivery', 'x'], ['--channel', 'pigeon'], ['--since', 'yesterday']]) {
  test(`carillon-cron replay ${args.join(' ')} is refused`, () => {
    assert.throws(() => cron('replay', ...args), (error) => error.status === 2);
  });
}

test('filters are for replay only, and "all" does not replay', () => {
  assert.throws(() => cron('cleanup', '--team', team.id), (error) => error.status === 2);
  assert.equal(cron('all', '--at', '2019-01-01T00:00:00Z', '--dry-run').replay, undefined);
});

/* ---- mail to somebody fails ---- */

const suppress = (user) => exec(`INSERT INTO suppressions (address, reason, detail, since) VALUES (${quote(user.email)}, 'bounced', 'No such mailbox', '2024-01-15T10:00:00Z');`);

test('the user is told, admins see it, and lifting it says who did', async () => {
  const me = async () => (await ok(200, 'GET', '/v1/auth/me', { as: viewer.token })).user.mail_problem;
  const member = async () => (await ok(200, 'GET', `/v1/teams/${team.id}/members?limit=200`, { as: owner.token }))
    .members.find(({ id }) => id === viewer.id).mail_fails_since;
  const path = `/v1/teams/${team.id}/members/${viewer.id}/suppression`;
  assert.deepEqual([await me(), await member()], [null, null]);
  expect(await call('DELETE', path, { as: owner.token }), 404, 'Member not found');
  suppress(viewer);
  assert.deepEqual(await me(), { reason: 'bounced', detail: 'No such mailbox', since: '2024-01-15T10:00:00.000Z' });
  assert.equal(await member(), '2024-01-15T10:00:00.000Z');
  assert.equal((await ok(200, 'PATCH', '/v1/auth/me', { as: viewer.token, body: {} })).user.mail_problem.reason, 'bounced');
  assert.deepEqual(await ok(200, 'DELETE', path, { as: admin.token }), { id: viewer.id });
  assert.deepEqual([await me(), await member()], [null, null]);
  expect(await call('DELETE', path, { as: admin.token }), 404, 'Member not found');
  const entry = (await ok(200, 'GET', `/v1/teams/${team.id}/audit?limit=1`, { as: owner.token })).entries[0];
  assert.deepEqual([entry.action, entry.actor_id, entry.resource_id], ['member.mail_resumed', admin.id, viewer.id]);
});

test('nobody lifts it for a stranger', async () => {
  suppress(outsider);
  expect(await call('DELETE', `/v1/teams/${team.id}/members/${outsider.id}/suppression`, { as: owner.token }), 404, 'Member not found');
  assert.equal(rows(`SELECT lifted_at FROM suppressions WHERE address = ${quote(outsider.email)}`)[0].lifted_at, null);
});
