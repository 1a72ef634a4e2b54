// Random steps of people and of cron on inboxes, played against tests/lib/inbox_model.mjs: after each of
// them lists, counts, bin and what is snoozed are what the model says.  The seed is printed;
// CARILLON_TEST_SEED=N plays the same again, CARILLON_TEST_STEPS=N more or fewer of them.
import assert from 'node:assert/strict';
import test from 'node:test';
import { below, chance, one, seed } from '../lib/chance.mjs';
import { call, cron, exec, expect, jsonb, ok, quote, uuid, walk } from '../lib/client.mjs';
import * as model from '../lib/inbox_model.mjs';
import { openSession } from '../lib/session.mjs';
import { driftQuery, insertUsers, makeUser } from '../lib/world.mjs';

const steps = Number(process.env.CARILLON_TEST_STEPS ?? 1500);
const v1 = '/v1/notifications';
const types = ['feedback.new', 'issue.new', 'job.completed'];
const day = 86400000;
const start = Date.now();
const iso = (ms) => new Date(ms).toISOString();

exec('SET client_min_messages = warning; TRUNCATE users, teams, heartbeats CASCADE;');
const sql = openSession();
test.after(() => sql.end());
const people = ['ann', 'ben', 'cem', 'dia'].map((name) => ({ user: makeUser(name), box: model.freshInbox(), calls: [], said: [] }));
insertUsers(people.map(({ user }) => user));
for (const { user } of people) assert.ok(user.token);

/* ---- steps ---- */

const anyId = (me) => chance() < 0.03 ? one([uuid(), one(people).box.rows.at(-1)?.id ?? uuid()]) : one(me.box.rows)?.id ?? uuid();
const send = (me, method, path, body) => call(method, path, { as: me.user.token, body });

// What the answer must be: a 404 where the model has none, else a 200; X-Unread-Count is the model's.
function settle(me, answer, was) {
  if (was === null) return expect(answer, 404, 'Notification not found');
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.headers['x-unread-count'], String(model.unread(me.box).length));
  return answer.json;
}

function sameItem(item, row) {
  assert.deepEqual([item.id, item.read_at === null], [row.id, row.read === null]);
}

// Rows of one millisecond now and then: order is by id then.
async function arrive(me) {
  const created = start - below(50) * 1000;
  const list = Array.from({ length: 1 + below(4) }, () => ({ id: uuid(), type: one(types), title: 'T', dedupe_key: uuid(), created_at: iso(created) }));
  await sql.run(`WITH box AS (SELECT 1 FROM inbox WHERE user_id = ${quote(me.user.id)} FOR UPDATE), made AS (
      INSERT INTO notifications (user_id, id, type, title, dedupe_key, created_at)
      SELECT ${quote(me.user.id)}, t.* FROM box, jsonb_to_recordset(${jsonb(list)}) AS t (id uuid, type text, title text, dedupe_key text, created_at timestamptz)
      RETURNING 1)
    UPDATE inbox SET unread = unread + (SELECT count(*) FROM made), version = version + 1 WHERE user_id = ${quote(me.user.id)}`);
  for (const { id, type } of list) model.give(me.box, { id, type, created });
  return `${list.length} arrive`;
}

async function patch(me) {
  const [id, read] = [anyId(me), one([true, false])];
  const answer = await send(me, 'PATCH', `${v1}/${id}`, { read });
  const row = model.mark(me.box, id, read, Date.now());
  const told = settle(me, answer, row);
  if (row) sameItem(told.notification, row);
  return `PATCH ${id} read ${read}`;
}

async function openInBell(me) {
  const id = anyId(me);
  const answer = await send(me, 'POST', `/api/notifications/${id}/read`);
  const row = model.open(me.box, id, Date.now());
  const told = settle(me, answer, row);
  if (row) assert.notEqual(told.data.readAt, null);
  return `bell read ${id}`;
}

// All moments to come are whole hours of the next 300 days: some are the same.
async function snooze(me) {
  const id = anyId(me);
  const until = chance() < 0.3 ? null : Math.ceil(start / 3600000 + 48 + below(40) * 180) * 3600000;
  const read = one([undefined, undefined, true, false]);
  const answer = await send(me, 'PATCH', `${v1}/${id}`, { snooze_until: until && iso(until), ...(read === undefined ? {} : { read }) });
  const row = model.snooze(me.box, id, until, read, Date.now());
  const told = settle(me, answer, row);
  if (row) {
    sameItem(told.notification, row);
    assert.equal(told.notification.snooze_until, until && iso(until));
  }
  return `snooze ${id} until ${until && iso(until)}, read ${read}`;
}

async function remove(me) {
  const id = anyId(me);
  settle(me, await send(me, 'DELETE', `${v1}/${id}`), model.remove(me.box, id, Date.now()));
  return `DELETE ${id}`;
}

async function restore(me) {
  const id = chance() < 0.9 ? one(model.binned(me.box))?.id ?? anyId(me) : anyId(me);
  const answer = await send(me, 'POST', `${v1}/${id}/restore`);
  const row = model.restore(me.box, id, Date.now());
  const told = settle(me, answer, row);
  if (row) sameItem(told.notification, row);
  return `restore ${id}`;
}

async function markAll(me) {
  const wish = { type: chance() < 0.5 ? one(types) : undefined, upTo: chance() < 0.3 ? one(model.listed(me.box)) : undefined };
  const plain = !wish.type && !wish.upTo && chance() < 0.5;
  const answer = plain ? await send(me, 'POST', '/api/notifications/read-all')
    : await send(me, 'POST', `${v1}/mark-all-read`, { type: wish.type, up_to: wish.upTo && `${iso(wish.upTo.created)}|${wish.upTo.id}` });
  const made = model.markAll(me.box, wish, Date.now());
  const told = settle(me, answer, made);
  assert.equal(plain ? told.data.marked : told.marked, made.hit.length);
  assert.equal(answer.headers['x-undo'] !== undefined, made.hit.length > 0);
  if (made.hit.length > 0) me.calls.push({ ...made, made, number: answer.headers['x-undo'] });
  return `mark all ${wish.type ?? ''} ${wish.upTo?.id ?? ''}: ${made.hit.length}, ${answer.headers['x-undo']}`;
}

async function undo(me) {
  const given = one(me.calls.slice(-5));
  const answer = await send(me, 'POST', `${v1}/undo`, { undo: given?.number ?? '12345678' });
  if (!given) expect(answer, 404, 'Nothing to undo');
  else {
    const n = model.undo(given.made);
    assert.equal(settle(me, answer, n).unmarked, n);
  }
  return `undo ${given?.number}`;
}

const weights = [[arrive, 4], [patch, 5], [openInBell, 3], [snooze, 6], [remove, 4], [restore, 3], [markAll, 3], [undo, 4]];
const lots = weights.flatMap(([step, n]) => Array.from({ length: n }, () => step));
const names = new Map();

/* ---- what is to be seen ---- */

const idsOf = (rows) => rows.map(({ id }) => id);

const whole = (me, path) => walk(`${path}${path.includes('?') ? '&' : '?'}limit=37`, { as: me.user.token });

async function compare(me) {
  const { box } = me;
  const [list, unread, counts, one, bin, asleep, bell] = await Promise.all([whole(me, v1), whole(me, `${v1}?read_state=unread`),
    ok(200, 'GET', `${v1}/counts`, { as: me.user.token }), ok(200, 'GET', `${v1}/unread-count`, { as: me.user.token }),
    whole(me, `${v1}/bin`), whole(me, `${v1}/snoozed`), ok(200, 'GET', '/api/notifications?limit=1', { as: me.user.token })]);
  assert.deepEqual(list.map((item) => [item.id, item.read_at === null]), model.listed(box).map((row) => [row.id, row.read === null]), 'list');
  assert.deepEqual(idsOf(unread), idsOf(model.unread(box)), 'unread');
  assert.deepEqual(counts.counts, model.counts(box), 'counts');
  assert.deepEqual([one.count, bell.unreadCount], Array(2).fill(model.unread(box).length), 'unread count');
  assert.deepEqual(asleep.map((item) => [item.id, item.snooze_until]), model.asleep(box).map((row) => [row.id, iso(row.snoozed)]), 'snoozed');
  assert.deepEqual(idsOf(bin).sort(), idsOf(model.binned(box)).sort(), 'bin');
  const order = bin.map((item) => `${item.deleted_at}|${item.id}`);
  assert.deepEqual(order, [...order].sort().reverse(), 'the bin, last first');
}

async function play(me) {
  const step = me.box.rows.length === 0 ? arrive : one(lots);
  names.set(step.name, (names.get(step.name) ?? 0) + 1);
  try {
    me.said.push(await step(me));
    await compare(me);
  } catch (error) {
    throw new Error(`seed ${seed}, ${step.name} after\n${me.said.slice(-40).join('\n')}`, { cause: error });
  }
}

async function runCron() {
  const boxes = people.map(({ box }) => box);
  const sum = (list) => list.reduce((a, b) => a + b, 0);
  if (chance() < 0.8) {
    const at = start + (2 + below(100)) * day;
    const due = boxes.map((box) => model.wake(box, at));
    const line = cron('wake', '--at', iso(at));
    assert.deepEqual([line.woken, line.users], [sum(due), due.filter((n) => n > 0).length], `seed ${seed}`);
    for (const me of people) me.said.push(`wake --at ${iso(at)}: ${line.woken}`);
  } else {
    const at = start + one([31, 92, 130]) * day;
    const done = boxes.map((box) => model.cleanup(box, at));
    const line = cron('cleanup', '--at', iso(at));
    assert.deepEqual([line.deleted, line.erased], [sum(done.map((each) => each.deleted)), sum(done.map((each) => each.erased))], `seed ${seed}`);
    for (const me of people) me.said.push(`cleanup --at ${iso(at)}: ${line.deleted}, ${line.erased}`);
  }
}

test(`${steps} random steps, seed ${seed}`, async (t) => {
  for (const user of people.map((each) => each.user)) await sql.run(`UPDATE sessions SET expires_at = now() + interval '300 days' WHERE user_id = ${quote(user.id)}`);
  for (let done = 0; done < steps; done += people.length) {
    for (const me of people) await play(me);
    if (done % 40 !== 0) continue;
    await runCron();
    for (const me of people) await compare(me);
    assert.deepEqual(await sql.rows(driftQuery), [], `seed ${seed}`);
  }
  t.diagnostic(`${people.map(({ box }) => box.rows.length)} rows, ${JSON.stringify(Object.fromEntries(names))}`);
  if (steps >= 1000) for (const step of new Set(lots)) assert.ok(names.get(step.name) > 10, step.name);
});
