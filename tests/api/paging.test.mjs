// Paging loses and repeats no row (contract section 5a): a thousand rows in
// one millisecond, every size of page, rows arriving and leaving meanwhile.
import assert from 'node:assert/strict';
import test from 'node:test';
import { ok, pages } from '../lib/client.mjs';
import { give, insertUsers, makeUser } from '../lib/world.mjs';

const moment = '2024-01-15T10:00:00.123Z';
const faces = ['/v1/notifications', '/api/notifications'];

function crowded(length, row = () => ({ created_at: moment })) {
  const user = makeUser('pager');
  insertUsers([user]);
  const made = give(user, Array.from({ length }, (_, n) => row(n)));
  return { user, ids: made.map((each) => each.id) };
}

// Read to the end in pages of limit; between(ids so far) runs after each page.
async function walk(user, face, limit, query = '', between = () => {}) {
  const seen = [];
  for await (const page of pages(`${face}?limit=${limit}${query}`, { as: user.token })) {
    const items = page.notifications ?? page.data;
    const more = page.has_more ?? page.hasMore;
    assert.ok(items.length === limit || (!more && items.length < limit), `a page of ${limit} has ${items.length}`);
    seen.push(...items.map((item) => item.id));
    await between(seen);
  }
  return seen;
}

const thousand = crowded(1000);
const descending = [...thousand.ids].sort().reverse();

// 1 is a thousand requests: one face is enough for it.
const sizes = [1, 2, 3, 7, 10, 49, 50, 99, 100, 101, 125, 199, 200];

for (const limit of sizes) {
  test(`1,000 rows of one millisecond in pages of ${limit}`, async () => {
    for (const face of faces.slice(0, limit === 1 ? 1 : 2))
      assert.deepEqual(await walk(thousand.user, face, limit), descending, face);
  });
}

test('every size from 1 to 200 pages on from the middle', async () => {
  const middle = `${moment}|${descending[499]}`;
  for (let limit = 1; limit <= 200; limit++) {
    const page = await ok(200, 'GET', `/v1/notifications?limit=${limit}&cursor=${middle}`, { as: thousand.user.token });
    assert.deepEqual(page.notifications.map((item) => item.id), descending.slice(500, 500 + limit), `limit ${limit}`);
    assert.equal(page.cursor, `${moment}|${descending[499 + limit]}`);
  }
});

test('filters page as well', async () => {
  const { user, ids } = crowded(300, (n) => ({ created_at: moment, type: n % 3 ? 'issue.new' : 'job.completed',
    read_at: n % 2 ? moment : null }));
  const pick = (keep) => ids.filter((_, n) => keep(n)).sort().reverse();
  for (const [query, keep] of [['&type=job.completed', (n) => n % 3 === 0], ['&read_state=unread', (n) => n % 2 === 0],
    ['&read_state=read', (n) => n % 2 === 1], ['&type=issue.new&read_state=read', (n) => n % 3 !== 0 && n % 2 === 1]])
    assert.deepEqual(await walk(user, '/v1/notifications', 17, query), pick(keep), query);
});

test('rows arriving meanwhile: none of the old ones lost, none twice', async () => {
  const { user, ids } = crowded(500);
  const arrived = new Set();
  const between = (seen) => {
    if (seen.length % 3 === 0) for (const row of give(user, [{}, { created_at: moment }])) arrived.add(row.id);
  };
  const seen = await walk(user, '/v1/notifications', 33, '', between);
  assert.equal(new Set(seen).size, seen.length, 'none twice');
  assert.deepEqual(seen.filter((id) => !arrived.has(id)), [...ids].sort().reverse(), 'none lost, in order');
});

test('rows leaving meanwhile: none of the others lost, none twice', async () => {
  const { user, ids } = crowded(200);
  const order = [...ids].sort().reverse();
  const gone = new Set();
  const between = async (seen) => {
    // The row that the cursor names and the one that would come next go away.
    const last = order.indexOf(seen.at(-1));
    for (const id of order.slice(last, last + 2)) {
      await ok(200, 'DELETE', `/v1/notifications/${id}`, { as: user.token });
      gone.add(id);
    }
  };
  const seen = await walk(user, '/v1/notifications', 30, '', between);
  assert.equal(new Set(seen).size, seen.length, 'none twice');
  assert.deepEqual(order.filter((id) => !seen.includes(id) && !gone.has(id)), [], 'none lost');
  assert.ok(gone.size > 10, 'rows did leave');
});

test('milliseconds are compared as they are shown', async () => {
  const { user } = crowded(100, (n) => ({ created_at: new Date(Date.parse(moment) + (n % 10)).toISOString() }));
  const seen = await walk(user, '/v1/notifications', 7);
  assert.equal(new Set(seen).size, 100);
});
