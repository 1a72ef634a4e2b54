// GET /v1/notifications?q=: every word, anywhere in title or body, in any case, and nothing is a wildcard.
import assert from 'node:assert/strict';
import test from 'node:test';
import { call, expect, ok, walk } from '../lib/client.mjs';
import { give, insertUsers, makeUser } from '../lib/world.mjs';

const v1 = '/v1/notifications';
const at = (n) => new Date(Date.UTC(2024, 0, 15, 10, 0, 0) + n).toISOString();

function fresh() {
  const user = makeUser('searcher');
  insertUsers([user]);
  return user;
}

const search = (user, q, more = '') => ok(200, 'GET', `${v1}?q=${encodeURIComponent(q)}${more}`, { as: user.token });

const texts = {
  launch: ['Checkout button was launched', 'The experiment of Web Shop runs now.'],
  percent: ['100% of users', 'a_b under_score'],
  slash: ['C:\\temp\\new', null],
  umlaut: ['Größe GEÄNDERT', 'für ALLE'],
  cyrillic: ['Привет МИР', null],
  emoji: ['Shipped 🚀🚀', 'party 🎉'],
  chinese: ['通知中心', '已更新'],
  lines: ['Two\nlines', 'tab\there'],
  quote: ["It's \"quoted\"", '{braces} [brackets] (parens) a.b*c+ $1'],
};
const me = fresh();
const made = Object.fromEntries(Object.keys(texts).map((key, n) => [key, { created_at: at(-n), title: texts[key][0], body: texts[key][1], type: n % 2 ? 'issue.new' : 'job.completed',
  read_at: n % 3 ? null : at(9) }]));
const keys = Object.keys(made);
const ids = give(me, Object.values(made)).map((row) => row.id);

const cases = [
  ['checkout', ['launch']], ['CHECKOUT', ['launch']], ['heckou', ['launch']], ['button checkout', ['launch']], ['runs checkout', ['launch']], ['checkout missing', []],
  ['  checkout   button  ', ['launch']], ['checkout\tbutton\nruns', ['launch']],
  ['%', ['percent']], ['100%', ['percent']], ['1%0', []], ['%of', []], ['_', ['percent']], ['a_b', ['percent']], ['a_', ['percent']], ['axb', []], ['under_', ['percent']],
  ['\\', ['slash']], ['\\temp', ['slash']], ['\\t', ['slash']], ['\\\\', []], ['c:\\TEMP\\new', ['slash']], ['\\%', []], ['\\_', []],
  ['größe', ['umlaut']], ['GRÖßE', ['umlaut']], ['geändert', ['umlaut']], ['FÜR alle', ['umlaut']], ['grosse', []],
  ['привет', ['cyrillic']], ['ПРИВЕТ мир', ['cyrillic']], ['🚀', ['emoji']], ['🚀 🎉', ['emoji']], ['🎈', []], ['通知', ['chinese']], ['中心 更新', ['chinese']],
  ['two', ['lines']], ['lines there', []], ['here', ['lines']], ['launchedThe', []],
  ["it's", ['quote']], ['"quoted"', ['quote']], ['{braces}', ['quote']], ['[brackets]', ['quote']], ['a.b*c+', ['quote']], ['a.b', ['quote']], ['.*', []], ['$1', ['quote']], ["' OR 1=1", []],
  ['NULL', []], ['e', keys.filter((key) => /e/i.test(texts[key].join(' ')))],
];
for (const [q, want] of cases) {
  test(`q=${JSON.stringify(q)} finds ${want.join(', ') || 'nothing'}`, async () => {
    const { notifications } = await search(me, q);
    assert.deepEqual(notifications.map((item) => keys[ids.indexOf(item.id)]), want);
  });
}

for (const q of ['', ' ', '\t\n  ']) {
  test(`q=${JSON.stringify(q)} is no search`, async () => {
    assert.deepEqual(await search(me, q), await ok(200, 'GET', v1, { as: me.token }));
  });
}

test('q with read_state and type', async () => {
  const find = async (more) => (await search(me, 'e', more)).notifications.map((item) => keys[ids.indexOf(item.id)]);
  const all = await find('');
  assert.deepEqual(await find('&read_state=all'), all);
  assert.deepEqual(await find('&read_state=read'), all.filter((key) => made[key].read_at));
  assert.deepEqual(await find('&read_state=unread'), all.filter((key) => !made[key].read_at));
  assert.deepEqual(await find('&type=issue.new'), all.filter((key) => made[key].type === 'issue.new'));
  assert.deepEqual(await find('&type=issue.new&read_state=unread'), all.filter((key) => made[key].type === 'issue.new' && !made[key].read_at));
});

test('200 characters are fine, 201 are not, in any alphabet', async () => {
  for (const letter of ['x', 'ß', '通', '🚀']) {
    assert.deepEqual((await search(me, letter.repeat(200))).notifications, []);
    expect(await call('GET', `${v1}?q=${encodeURIComponent(letter.repeat(201))}`, { as: me.token }), 400, 'Invalid q');
  }
  expect(await call('GET', `${v1}?q=${'+'.repeat(201)}`, { as: me.token }), 400, 'Invalid q');
  assert.deepEqual((await search(me, 'a '.repeat(100))).notifications.length, keys.filter((key) => /a/i.test(texts[key].join(' '))).length);
});

for (const raw of ['%FF', 'a%00b', '%C3', '%ED%A0%80', '%F5%80%80%80'])
  test(`q=${raw} is 400`, async () => { expect(await call('GET', `${v1}?q=${raw}`, { as: me.token }), 400, 'Invalid q'); });

test('strict handling knows q', async () => {
  expect(await call('GET', `${v1}?q=checkout`, { as: me.token, headers: { Prefer: 'handling=strict' } }), 200);
});

test('only what is the caller\'s, listed and in the app', async () => {
  const [user, other] = [fresh(), fresh()];
  const row = (fields) => ({ title: 'needle', ...fields });
  const [mine] = give(user, [row({}), row({ deleted_at: at(1) }), row({ in_app: false }), row({ snooze_until: '2098-01-01T00:00:00Z' })]);
  give(other, [row({})]);
  assert.deepEqual((await search(user, 'NEEDLE')).notifications.map((item) => item.id), [mine.id]);
});

test('a search pages: every hit once, in order', async () => {
  const user = fresh();
  const rows = give(user, Array.from({ length: 230 }, (_, n) => ({ created_at: at(Math.floor(n / 50)), title: n % 3 ? 'hay' : `needle ${n}` })));
  const want = rows.filter((row) => row.title !== 'hay').sort((a, b) => (a.created_at === b.created_at ? (a.id < b.id ? 1 : -1) : a.created_at < b.created_at ? 1 : -1)).map((row) => row.id);
  for (const limit of [7, 11, 77]) {
    const seen = await walk(`${v1}?q=needle&limit=${limit}`, { as: user.token });
    assert.deepEqual(seen.map((item) => item.id), want, `limit ${limit}`);
  }
});

test('searches of many rows hold up no polls', async () => {
  const user = fresh();
  give(user, Array.from({ length: 3000 }, (_, n) => ({ created_at: at(n), title: 'hay', body: 'h'.repeat(200) })));
  assert.ok(user.token && me.token);
  const answers = await Promise.all(Array.from({ length: 30 }, (_, n) => (n % 3 ? call('GET', `${v1}/unread-count`, { as: me.token })
    : call('GET', `${v1}?q=needle`, { as: user.token }))));
  for (const answer of answers) assert.equal(answer.status, 200);
});
