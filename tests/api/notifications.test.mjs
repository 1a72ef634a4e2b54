// /v1/notifications, line by line (contract section 5a): lists and filters.
// Writes are in notification-writes.test.mjs, paging in paging.test.mjs.
import assert from 'node:assert/strict';
import test from 'node:test';
import { call, exec, expect, ok, quote, uuid } from '../lib/client.mjs';
import { give, makeUser, insertUsers, makeWorld } from '../lib/world.mjs';

const { owner, outsider, team } = makeWorld();
const list = '/v1/notifications';
const keys = ['id', 'type', 'title', 'body', 'link', 'team_id', 'read_at', 'created_at'];
const at = (n) => new Date(Date.UTC(2024, 0, 15, 10, 0, 0, n)).toISOString();

function fresh() {
  const user = makeUser('fresh');
  insertUsers([user]);
  return user;
}

test('an empty inbox', async () => {
  const user = fresh();
  assert.deepEqual(await ok(200, 'GET', list, { as: user.token }),
    { notifications: [], cursor: null, has_more: false });
  assert.deepEqual(await ok(200, 'GET', `${list}/unread-count`, { as: user.token }), { count: 0 });
  assert.deepEqual(await ok(200, 'POST', `${list}/mark-all-read`, { as: user.token }), { marked: 0 });
});

test('an item has exactly its eight keys, nulls present, no data', async () => {
  const user = fresh();
  const [bare, full] = give(user, [
    { created_at: at(0), title: 'bare', data: { secret: 'in data' } },
    { created_at: at(1), title: 'full', body: 'b', link: '/dashboard/x', team_id: team.id, read_at: at(7),
      type: 'issue.digest', data: { secret: 'in data' } },
  ]);
  const answer = await call('GET', list, { as: user.token });
  const page = expect(answer, 200);
  assert.deepEqual(Object.keys(page).sort(), ['cursor', 'has_more', 'notifications']);
  assert.doesNotMatch(answer.text, /secret|"data"/);
  assert.deepEqual(page.notifications, [
    { id: full.id, type: 'issue.digest', title: 'full', body: 'b', link: '/dashboard/x', team_id: team.id,
      read_at: at(7), created_at: at(1) },
    { id: bare.id, type: 'feedback.new', title: 'bare', body: null, link: null, team_id: null,
      read_at: null, created_at: at(0) },
  ]);
  for (const item of page.notifications) assert.deepEqual(Object.keys(item).sort(), [...keys].sort());
});

test('text comes back as it was stored', async () => {
  const user = fresh();
  const odd = ['"quoted" \\ back', 'tab\tnew\nline', '\u0001\u001f\u007f', 'é 漢 🔔 \u2028', '</script>', '𝒳'.repeat(100)];
  give(user, odd.map((title, n) => ({ title, body: title, created_at: at(n) })));
  const page = await ok(200, 'GET', list, { as: user.token });
  assert.deepEqual(page.notifications.map((item) => item.title).reverse(), odd);
  assert.deepEqual(page.notifications.map((item) => item.body).reverse(), odd);
});

test('newest first by created_at and then id, descending', async () => {
  const user = fresh();
  const made = give(user, [at(5), at(1), at(9), at(5), at(5), at(0)].map((created_at) => ({ created_at })));
  const want = made.sort((a, b) => (a.created_at === b.created_at
    ? (a.id < b.id ? 1 : -1) : (a.created_at < b.created_at ? 1 : -1))).map((row) => row.id);
  const page = await ok(200, 'GET', list, { as: user.token });
  assert.deepEqual(page.notifications.map((item) => item.id), want);
});

test('rows that are deleted, not in-app or somebody else\'s are neither listed nor counted', async () => {
  const user = fresh();
  give(outsider, [{}]);
  const [seen] = give(user, [{}, { in_app: false }, { deleted_at: at(1) }, { deleted_at: at(1), read_at: at(0) }]);
  const page = await ok(200, 'GET', list, { as: user.token });
  assert.deepEqual(page.notifications.map((item) => item.id), [seen.id]);
  assert.deepEqual(await ok(200, 'GET', `${list}/unread-count`, { as: user.token }), { count: 1 });
  assert.deepEqual(await ok(200, 'POST', `${list}/mark-all-read`, { as: user.token }), { marked: 1 });
});

// An inbox of 210 rows: limits are judged by how many rows come back.
const crowd = fresh();
give(crowd, Array.from({ length: 210 }, (_, n) => ({ created_at: at(n) })));

const limits = [
  ['', 50], ['limit=', 50], ['limit=0', 50], ['limit=1', 1], ['limit=2', 2], ['limit=50', 50], ['limit=199', 199],
  ['limit=200', 200], ['limit=201', 200], ['limit=99999', 200], ['limit=99999999999999999999999', 200],
  ['limit=-1', 1], ['limit=-200', 1], ['limit=-99999999999999999999999', 1], ['limit=abc', 50], ['limit=12abc', 50],
  ['limit=1.9', 1], ['limit=2.0', 2], ['limit=199.999', 199], ['limit=200.9', 200], ['limit=NaN', 50],
  ['limit=null', 50], ['limit=true', 50], ['limit=[]', 50], ['limit=%00', 50], ['limit=10%00', 50],
  ['limit=%31%30', 10], ['LIMIT=3', 50], ['limit[]=3', 50], ['limit=3&limit=4', 50], ['limit=3&limit=3', 50],
  ['limit=1e2', 100], ['limit=3&x=1', 3], ['x=1&limit=3', 3], ['&&limit=3&', 3], ['limit=--3', 50], ['limit=3&unknown', 3],
];

for (const [query, rows] of limits) {
  test(`limit: ?${query} gives ${rows}`, async () => {
    for (const face of [list, '/api/notifications']) {
      const page = await ok(200, 'GET', `${face}?${query}`, { as: crowd.token });
      assert.equal((page.notifications ?? page.data).length, rows, `${face}?${query}`);
    }
  });
}

// read_state and type on one inbox: what, query, titles that stay, what strict handling names.
const mixed = fresh();
give(mixed, [
  { title: 'digest unread', type: 'issue.digest', created_at: at(0) },
  { title: 'digest read', type: 'issue.digest', created_at: at(1), read_at: at(9) },
  { title: 'feedback unread', type: 'feedback.new', created_at: at(2) },
  { title: 'missed read', type: 'FLAG_SCHEDULE_MISSED', created_at: at(3), read_at: at(9) },
]);
const everything = ['missed read', 'feedback unread', 'digest read', 'digest unread'];
const filters = [
  ['', everything],
  ['read_state=all', everything],
  ['read_state=unread', ['feedback unread', 'digest unread']],
  ['read_state=read', ['missed read', 'digest read']],
  ['read_state=Unread', everything, 'Unread'],
  ['read_state=UNREAD', everything, 'UNREAD'],
  ['read_state=nonsense', everything, 'nonsense'],
  ['read_state=unread&read_state=read', everything],
  ['read_state=unread&read_state=unread', everything],
  ['type=issue.digest', ['digest read', 'digest unread']],
  ['type=issue%2Edigest', ['digest read', 'digest unread']],
  ['type=FLAG_SCHEDULE_MISSED', ['missed read']],
  ['type=job.completed', []],
  ['type=flag_schedule_missed', everything, 'flag_schedule_missed'],
  ['type=Issue.Digest', everything, 'Issue.Digest'],
  ['type=issue', everything, 'issue'],
  ['type=issue.%25', everything, 'issue.%'],
  ['type=issue.digest%00', everything, 'issue.digest?'],
  ['read_state=%00', everything, '?'],
  ['type=issue.digest%20', everything, 'issue.digest '],
  ['type=issue.digest&type=feedback.new', everything],
  ['type=issue.digest&read_state=unread', ['digest unread']],
  ['type=issue.digest&read_state=read', ['digest read']],
  ['type=FLAG_SCHEDULE_MISSED&read_state=unread', []],
  ['type=unheard-of&read_state=unread', ['feedback unread', 'digest unread'], 'unheard-of'],
  ['type=issue.digest&read_state=nonsense', ['digest read', 'digest unread'], 'nonsense'],
];

for (const [query, titles, refused] of filters) {
  test(`filter: ?${query}`, async () => {
    const page = await ok(200, 'GET', `${list}?${query}`, { as: mixed.token });
    assert.deepEqual(page.notifications.map((item) => item.title), titles);
    const strict = await call('GET', `${list}?${query}`, { as: mixed.token, headers: { Prefer: 'handling=strict' } });
    if (refused === undefined) assert.equal(strict.status, 200, strict.text);
    else expect(strict, 400, `Unknown value: ${refused}`);
  });
}

const strictParameters = [
  ['colour=red', 400, 'Unknown parameter: colour'], ['Limit=3', 400, 'Unknown parameter: Limit'],
  ['limit=3&read_state=unread&type=issue.new', 200], ['cursor=', 400, 'Invalid cursor', 400],
];

for (const [query, status, text, lenient = 200] of strictParameters) {
  test(`strict: ?${query}`, async () => {
    expect(await call('GET', `${list}?${query}`, { as: mixed.token, headers: { Prefer: 'handling=strict' } }), status, text);
    expect(await call('GET', `${list}?${query}`, { as: mixed.token }), lenient);
  });
}

const prefers = [
  ['handling=strict', 400], ['handling="strict"', 400], ['HANDLING=strict', 400], ['return=minimal, handling=strict', 400],
  ['respond-async, handling=strict; x=1', 400], ['handling=lenient', 200], ['handling=stricter', 200],
  ['strict', 200], ['xhandling=strict', 200], ['', 200],
];

for (const [prefer, status] of prefers) {
  test(`Prefer: ${prefer || '(empty)'} gives ${status} for an unknown type`, async () => {
    expect(await call('GET', `${list}?type=unheard-of`, { as: mixed.token, headers: { Prefer: prefer } }), status);
  });
}

// Cursors.  %7C is |, and "a row" stands for a cursor of this inbox.
const good = `${at(100)}|${uuid()}`;
const cursors = [
  'x', '|', '||', 'null', '0', `${at(100)}`, `${at(100)}|`, `|${uuid()}`, `${at(100)}|x`, `x|${uuid()}`,
  `${good}|`, `${good} `, ` ${good}`, `${good}0`, `${good}|${uuid()}`, `${at(100)},${uuid()}`,
  `${at(100)}|${uuid().replaceAll('-', '')}`, `${at(100)}|{${uuid()}}`, `${at(100)}|${uuid().slice(0, -1)}g`,
  `2024-01-15T10:00:00Z|${uuid()}`, `2024-01-15T10:00:00.0Z|${uuid()}`, `2024-01-15T10:00:00.0000Z|${uuid()}`,
  `2024-01-15T10:00:00.000|${uuid()}`, `2024-01-15T10:00:00.000+00:00|${uuid()}`, `2024-01-15T10:00:00.000z|${uuid()}`,
  `2024-01-15 10:00:00.000Z|${uuid()}`, `2024-01-15t10:00:00.000Z|${uuid()}`, `2024-1-15T10:00:00.000Z|${uuid()}`,
  `2024-13-01T10:00:00.000Z|${uuid()}`, `2024-00-01T10:00:00.000Z|${uuid()}`, `2024-02-30T10:00:00.000Z|${uuid()}`,
  `2023-02-29T10:00:00.000Z|${uuid()}`, `2024-01-15T24:00:00.000Z|${uuid()}`, `2024-01-15T10:60:00.000Z|${uuid()}`,
  `2024-01-15T10:00:61.000Z|${uuid()}`, `0000-01-15T10:00:00.000Z|${uuid()}`, `-2024-01-15T10:00:00.000Z|${uuid()}`,
  `+12024-01-15T10:00:00.000Z|${uuid()}`, `infinity|${uuid()}`, `now|${uuid()}`, `${at(100)}|${uuid()}' OR '1'='1`,
  `${at(100)}\u0000|${uuid()}`, `${good}\u0000`, `${good}\n`, '\ud83d\udd14', 'a'.repeat(4000),
].map((text) => encodeURIComponent(text)).concat([
  'NaN%7C', '%', '%7', '%zz', '%FF%FE', '%C0%80', '%ED%A0%80', `${encodeURIComponent(at(100))}%7c%7c${uuid()}`,
]);

for (const cursor of cursors) {
  test(`cursor: ${cursor.slice(0, 90)} is refused`, async () => {
    for (const face of [list, '/api/notifications'])
      await ok(400, 'GET', `${face}?cursor=${cursor}`, { as: crowd.token }, 'Invalid cursor');
  });
}

const usable = [
  ['as it comes', (c) => `cursor=${encodeURIComponent(c)}`, true],
  ['with a bare |', (c) => `cursor=${c}`, true],
  ['with an upper-case id', (c) => `cursor=${c.split('|')[0]}%7C${c.split('|')[1].toUpperCase()}`, true],
  ['every byte escaped', (c) => `cursor=${[...Buffer.from(c)].map((b) => `%${b.toString(16).padStart(2, '0')}`).join('')}`, true],
  ['twice: counts as absent', (c) => `cursor=${c}&cursor=${c}`, false],
  ['twice, one malformed: counts as absent', (c) => `cursor=x&cursor=${c}`, false],
  ['under another name', (c) => `Cursor=${c}`, false],
];

for (const [what, query, moves] of usable) {
  test(`cursor: ${what}`, async () => {
    const first = await ok(200, 'GET', `${list}?limit=5`, { as: crowd.token });
    const last = first.notifications.at(-1);
    assert.equal(first.cursor, `${last.created_at}|${last.id}`);
    assert.equal(first.has_more, true);
    const second = await ok(200, 'GET', `${list}?limit=5&${query(first.cursor)}`, { as: crowd.token });
    const ids = second.notifications.map((item) => item.id);
    assert.equal(ids.length, 5);
    if (moves) assert.ok(second.notifications.every((item) => item.created_at < last.created_at));
    else assert.deepEqual(ids, first.notifications.map((item) => item.id));
  });
}

test('a cursor needs no living row: a deleted, a foreign and a made-up one page on', async () => {
  const user = fresh();
  const made = give(user, [0, 1, 2, 3].map((n) => ({ created_at: at(n) })));
  exec(`UPDATE notifications SET deleted_at = now() WHERE user_id = ${quote(user.id)} AND id = ${quote(made[2].id)};
    UPDATE inbox SET unread = unread - 1, version = version + 1 WHERE user_id = ${quote(user.id)};`);
  for (const cursor of [`${at(2)}|${made[2].id}`, `${at(2)}|00000000-0000-0000-0000-000000000000`]) {
    const page = await ok(200, 'GET', `${list}?cursor=${cursor}`, { as: user.token });
    assert.deepEqual(page.notifications.map((item) => item.id), [made[1].id, made[0].id]);
  }
  for (const cursor of [`9999-12-31T23:59:59.999Z|${uuid()}`, `2024-02-29T23:59:59.999Z|${uuid()}`]) {
    const page = await ok(200, 'GET', `${list}?cursor=${cursor}`, { as: user.token });
    assert.equal(page.notifications.length, 3, 'from after everything');
  }
  assert.deepEqual(await ok(200, 'GET', `${list}?cursor=1970-01-01T00:00:00.000Z|${uuid()}`, { as: user.token }),
    { notifications: [], cursor: null, has_more: false }, 'from before everything');
});

test('the last page has a null cursor, also when it is full', async () => {
  const user = fresh();
  give(user, [0, 1, 2].map((n) => ({ created_at: at(n) })));
  for (const [limit, more] of [[2, true], [3, false], [4, false]]) {
    const page = await ok(200, 'GET', `${list}?limit=${limit}`, { as: user.token });
    assert.equal(page.has_more, more, `limit ${limit}`);
    assert.equal(page.cursor === null, !more, `limit ${limit}`);
  }
});

test('the registry of types: twelve, in the order of the contract', async () => {
  const { types } = await ok(200, 'GET', `${list}/types`, { as: owner.token });
  assert.deepEqual(types.map((t) => [t.type, t.in_app, t.email, t.mutable]), [
    ['EXPERIMENT_SCHEDULED_LAUNCH_FIRED', true, true, false], ['EXPERIMENT_SCHEDULED_END_FIRED', true, true, false],
    ['EXPERIMENT_SCHEDULE_MISSED', true, true, false], ['EXPERIMENT_SCHEDULE_FAILED', true, true, false],
    ['FLAG_SCHEDULED_ENABLE_FIRED', true, true, false], ['FLAG_SCHEDULED_DISABLE_FIRED', true, true, false],
    ['FLAG_SCHEDULE_MISSED', true, true, false], ['FLAG_SCHEDULE_FAILED', true, true, false],
    ['issue.digest', true, true, true], ['issue.new', true, false, true],
    ['feedback.new', true, true, true], ['job.completed', true, true, true],
  ]);
  for (const each of types) {
    assert.deepEqual(Object.keys(each), ['type', 'label', 'resource', 'recipients', 'in_app', 'email', 'webhook', 'mutable']);
    for (const key of ['label', 'resource', 'recipients']) assert.ok(each[key].length > 0, `${each.type}: ${key}`);
  }
  for (const { type } of types)
    await ok(200, 'GET', `${list}?type=${type}`, { as: owner.token, headers: { Prefer: 'handling=strict' } });
});
