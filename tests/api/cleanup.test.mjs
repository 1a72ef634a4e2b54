// carillon-cron cleanup (contract section 9): 30 and 90 days, both sides of
// every boundary.  The tests run it as of 2020, when nobody else had rows.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import test from 'node:test';
import { call, cron, exec, expect, ok, program, quote, rows, uuid, value } from '../lib/client.mjs';
import { fire } from '../lib/fire.mjs';
import { drifted, give, insertUsers, makeUser } from '../lib/world.mjs';

const now = '2020-06-01T12:00:00.000Z';
const before = (days, ms = 0) => new Date(Date.parse(now) - days * 86400000 + ms).toISOString();
const at = ['--at', now];

function fresh() {
  const user = makeUser('cleanup');
  insertUsers([user]);
  return user;
}

const stateOf = (user, row) => {
  const [found] = rows(`SELECT deleted_at FROM notifications WHERE user_id = ${quote(user.id)} AND id = ${quote(row.id)}`);
  if (!found) return 'erased';
  return found.deleted_at ? 'deleted' : 'kept';
};

// A row, what becomes of it.
const old = before(400);
const boundaries = [
  ['unread for years', { created_at: old }, 'kept'],
  ['read 29 days ago', { created_at: old, read_at: before(29) }, 'kept'],
  ['read 30 days ago to the millisecond', { created_at: old, read_at: before(30) }, 'kept'],
  ['read 30 days and a millisecond ago', { created_at: old, read_at: before(30, -1) }, 'deleted'],
  ['read a millisecond less than 30 days ago', { created_at: old, read_at: before(30, 1) }, 'kept'],
  ['read a year ago', { created_at: old, read_at: before(365) }, 'deleted'],
  ['read in the future', { created_at: old, read_at: before(-5) }, 'kept'],
  ['not in-app, read a year ago', { created_at: old, read_at: before(365), in_app: false }, 'deleted'],
  ['deleted 89 days ago', { created_at: old, deleted_at: before(89) }, 'deleted'],
  ['deleted 90 days ago to the millisecond', { created_at: old, deleted_at: before(90) }, 'deleted'],
  ['deleted 90 days and a millisecond ago', { created_at: old, deleted_at: before(90, -1) }, 'erased'],
  ['deleted a millisecond less than 90 days ago', { created_at: old, deleted_at: before(90, 1) }, 'deleted'],
  ['deleted unread a year ago', { created_at: old, deleted_at: before(365) }, 'erased'],
  ['read and deleted a year ago', { created_at: old, read_at: before(380), deleted_at: before(365) }, 'erased'],
];

for (const [what, row, want] of boundaries) {
  test(`${what}: ${want}`, () => {
    const user = fresh();
    const [made] = give(user, [row]);
    cron('cleanup', ...at, '--dry-run');
    assert.equal(stateOf(user, made), row.deleted_at ? 'deleted' : 'kept', 'a dry run changes nothing');
    cron('cleanup', ...at);
    assert.equal(stateOf(user, made), want);
    assert.deepEqual(drifted([user]), []);
  });
}

test('counts are told, the same by a dry run, and a second run finds nothing', () => {
  const user = fresh();
  give(user, Array.from({ length: 7 }, () => ({ created_at: old, read_at: before(40) })));
  give(user, Array.from({ length: 5 }, () => ({ created_at: old, deleted_at: before(100) })));
  const dry = cron('cleanup', ...at, '--dry-run');
  const wet = cron('cleanup', ...at);
  assert.deepEqual([wet.deleted, wet.erased], [7, 5]);
  assert.deepEqual([dry.deleted, dry.erased], [7, 5]);
  const again = cron('cleanup', ...at);
  assert.deepEqual([again.deleted, again.erased], [0, 0]);
});

test('what is soft-deleted now is erased 90 days later, not before', () => {
  const user = fresh();
  const [row] = give(user, [{ created_at: old, read_at: before(40) }]);
  cron('cleanup', ...at);
  assert.equal(stateOf(user, row), 'deleted');
  const later = (days, ms) => new Date(Date.parse(now) + days * 86400000 + ms).toISOString();
  cron('cleanup', '--at', later(90, 0));
  assert.equal(stateOf(user, row), 'deleted');
  cron('cleanup', '--at', later(90, 1));
  assert.equal(stateOf(user, row), 'erased');
});

test('an erased notification takes its deliveries along, and no others', () => {
  const user = fresh();
  const [gone, kept] = give(user, [{ created_at: old, deleted_at: before(91) }, { created_at: old, deleted_at: before(89) }]);
  exec(`INSERT INTO deliveries (user_id, notification_id, channel, kind, status, decided_at, created_at)
    SELECT ${quote(user.id)}, id, channel, 'feedback.new', 'sent', ${quote(old)}, ${quote(old)}
    FROM unnest(ARRAY[${quote(gone.id)}, ${quote(kept.id)}]::uuid[]) AS n (id), unnest(ARRAY['in_app', 'email']) AS c (channel);`);
  cron('cleanup', ...at);
  assert.deepEqual(rows(`SELECT notification_id, count(*)::int AS n FROM deliveries WHERE user_id = ${quote(user.id)} GROUP BY 1`),
    [{ notification_id: kept.id, n: 2 }]);
});

test('more than one batch: 2,500 of each', () => {
  const user = fresh();
  exec(`INSERT INTO notifications (user_id, type, title, dedupe_key, created_at, read_at, deleted_at)
    SELECT ${quote(user.id)}, 'feedback.new', 't', 'batch:' || n, ${quote(old)},
      CASE WHEN n <= 2500 THEN ${quote(before(31))}::timestamptz END, CASE WHEN n > 2500 THEN ${quote(before(91))}::timestamptz END
    FROM generate_series(1, 5000) AS n;`);
  const told = cron('cleanup', ...at);
  assert.deepEqual([told.deleted, told.erased], [2500, 2500]);
  assert.deepEqual(drifted([user]), []);
});

test('three runs at once are safe, and share the work', async () => {
  const users = Array.from({ length: 5 }, fresh);
  for (const user of users) give(user, Array.from({ length: 300 }, (_, n) => ({ created_at: old,
    ...(n % 2 ? { read_at: before(31) } : { deleted_at: before(91) }) })));
  const runs = await Promise.all([1, 2, 3].map(() => fire({ job: 'cleanup', args: at })));
  assert.deepEqual(runs.map((each) => each.code), [0, 0, 0]);
  const sum = (key) => runs.reduce((n, each) => n + each.line[key], 0);
  assert.deepEqual([sum('deleted'), sum('erased')], [750, 750]);
  assert.deepEqual(drifted(users), []);
});

test('the owner sees the row go: list, and a new ETag', async () => {
  const user = fresh();
  give(user, [{ created_at: old, read_at: before(31) }, { created_at: old }]);
  const first = await call('GET', '/v1/notifications', { as: user.token });
  assert.equal(expect(first, 200).notifications.length, 2);
  cron('cleanup', ...at);
  const second = await call('GET', '/v1/notifications', { as: user.token, headers: { 'If-None-Match': first.headers.etag } });
  assert.equal(expect(second, 200).notifications.length, 1);
  assert.deepEqual(await ok(200, 'GET', '/v1/notifications/unread-count', { as: user.token }), { count: 1 });
});

/* ---- codes and sessions ---- */

const sessions = [['expired a millisecond ago', before(0, -1), 0], ['expired long ago', before(100), 0], ['expires in a second', before(0, 1000), 1]];

for (const [what, expires, left] of sessions) {
  test(`a session that ${what}`, () => {
    const user = fresh();
    const id = uuid();
    exec(`INSERT INTO sessions (user_id, id, created_at, expires_at) VALUES (${quote(user.id)}, ${quote(id)}, ${quote(old)}, ${quote(expires)});`);
    cron('cleanup', ...at, '--dry-run');
    const count = () => value(`SELECT count(*) FROM sessions WHERE id = ${quote(id)}`);
    assert.equal(count(), 1);
    cron('cleanup', ...at);
    assert.equal(count(), left);
  });
}

// Login codes: expired ones go, but those of the last hour still count towards the limit.
const codes = [
  ['expired two hours ago', before(0, -7800000), before(0, -7200000), 0],
  ['of this hour, expired', before(0, -3000000), before(0, -2400000), 1],
  ['not yet expired', before(0, -60000), before(0, 540000), 1],
];

for (const [what, created, expires, left] of codes) {
  test(`a code ${what}`, () => {
    const email = `code.${uuid()}@example.com`;
    exec(`INSERT INTO login_codes (email, code_mac, created_at, expires_at)
      VALUES (${quote(email)}, '\\x00', ${quote(created)}, ${quote(expires)});`);
    cron('cleanup', ...at);
    assert.equal(value(`SELECT count(*) FROM login_codes WHERE email = ${quote(email)}`), left);
  });
}

for (const [what, at30, left] of [['30 days ago to the millisecond', before(30), 1], ['30 days and a millisecond ago', before(30, -1), 0]]) {
  test(`what Resend told ${what}`, () => {
    const id = uuid();
    exec(`INSERT INTO mail_events (id, provider_id, report, at, received_at) VALUES (${quote(id)}, 'p', 'delivered', ${quote(at30)}, ${quote(at30)});`);
    assert.equal(cron('cleanup', ...at, '--dry-run').events, 1 - left);
    assert.equal(cron('cleanup', ...at).events, 1 - left);
    assert.equal(value(`SELECT count(*) FROM mail_events WHERE id = ${quote(id)}`), left);
    exec(`DELETE FROM mail_events WHERE id = ${quote(id)};`);
  });
}

/* ---- the program itself ---- */

const calls = [
  [[], 2], [['unheard-of'], 2], [['cleanup', '--at', 'tomorrow'], 2], [['cleanup', '--at'], 2], [['cleanup', 'dispatch'], 2],
  [['cleanup', '--unknown'], 2], [['cleanup', '--at', '2020-02-30T00:00:00Z'], 2],
  [['cleanup', '--at', '2019-01-01T00:00:00Z', '--dry-run'], 0], [['all', '--at', '2019-01-01T00:00:00Z', '--dry-run'], 0],
];

for (const [args, code] of calls) {
  test(`carillon-cron ${args.join(' ')} exits with ${code}`, () => {
    let status = 0;
    let out = '';
    try {
      out = execFileSync(program, args, { encoding: 'utf8', stdio: 'pipe' });
    } catch (error) {
      status = error.status;
    }
    assert.equal(status, code);
    if (code === 0) assert.equal(out.trim().split('\n').length, 1, 'one line of JSON');
  });
}
