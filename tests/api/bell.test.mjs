// /api/notifications, the other face of the same rows (contract section 5b).
// Limits and cursors are judged in notifications.test.mjs for both faces.
import assert from 'node:assert/strict';
import test from 'node:test';
import { call, expect, ok, pages, uuid } from '../lib/client.mjs';
import { drifted, give, insertUsers, makeUser, makeWorld } from '../lib/world.mjs';

const { team } = makeWorld();
const list = '/api/notifications';
const at = (n) => new Date(Date.UTC(2024, 0, 15, 10, 0, 0, n)).toISOString();
const keys = ['id', 'type', 'title', 'body', 'link', 'resource', 'project', 'environment', 'readAt', 'createdAt'];
const users = [];

function fresh() {
  const user = makeUser('bell');
  insertUsers([user]);
  users.push(user);
  return user;
}

test.after(() => assert.deepEqual(drifted(users), [], 'every counter equals its rows'));

test('an empty bell', async () => {
  assert.deepEqual(await ok(200, 'GET', list, { as: fresh().token }),
    { data: [], nextCursor: null, hasMore: false, unreadCount: 0 });
});

const kinds = ['experiment', 'flag_environment', 'issue', 'feedback', 'job'];
const resource = uuid();

for (const kind of kinds) {
  test(`an item about a ${kind}`, async () => {
    const user = fresh();
    const [row] = give(user, [{
      type: 'feedback.new', body: 'b', link: '/dashboard/x', created_at: at(1), resource_kind: kind, resource_id: resource,
      resource_name: 'R', project_id: team.project, project_name: 'P', team_id: team.id, data: { hidden: true },
      environment_id: team.environments.production, environment_name: 'production',
    }]);
    const answer = await call('GET', list, { as: user.token });
    const page = expect(answer, 200);
    assert.doesNotMatch(answer.text, /hidden|team/);
    assert.deepEqual(page.data, [{
      id: row.id, type: 'feedback.new', title: row.title, body: 'b', link: '/dashboard/x',
      resource: { kind, id: resource, name: 'R' }, project: { id: team.project, name: 'P' },
      environment: { id: team.environments.production, name: 'production' }, readAt: null, createdAt: at(1),
    }]);
    assert.deepEqual(Object.keys(page.data[0]).sort(), [...keys].sort());
  });
}

// What is absent is null as a whole, one by one.
const holes = [
  ['nothing', {}, { resource: null, project: null, environment: null }],
  ['a resource only', { resource_kind: 'job', resource_id: resource, resource_name: 'R' },
    { resource: { kind: 'job', id: resource, name: 'R' }, project: null, environment: null }],
  ['a project only', { project_id: team.project, project_name: 'P' },
    { resource: null, project: { id: team.project, name: 'P' }, environment: null }],
];

for (const [what, row, want] of holes) {
  test(`an item with ${what}`, async () => {
    const user = fresh();
    give(user, [row]);
    const { data: [item] } = await ok(200, 'GET', list, { as: user.token });
    assert.deepEqual({ resource: item.resource, project: item.project, environment: item.environment }, want);
    assert.deepEqual(Object.keys(item).sort(), [...keys].sort());
    assert.equal(item.body, null);
    assert.equal(item.link, null);
  });
}

test('both faces show the same rows in the same order, and pages meet', async () => {
  const user = fresh();
  give(user, Array.from({ length: 9 }, (_, n) => ({ created_at: at(n >> 1), read_at: n % 3 === 0 ? at(9) : null })));
  give(user, [{ in_app: false }, { deleted_at: at(1) }]);
  const whole = await ok(200, 'GET', '/v1/notifications', { as: user.token });
  const seen = [];
  for await (const page of pages(`${list}?limit=2`, { as: user.token })) {
    assert.equal(page.unreadCount, 6);
    seen.push(...page.data);
  }
  assert.deepEqual(seen.map((item) => [item.id, item.type, item.title, item.readAt, item.createdAt]),
    whole.notifications.map((item) => [item.id, item.type, item.title, item.read_at, item.created_at]));
});

test('this face has no filters: read_state and type are unknown parameters', async () => {
  const user = fresh();
  give(user, [{ read_at: at(1) }, { type: 'issue.new' }]);
  for (const [name, query] of [['read_state', 'read_state=unread'], ['type', 'type=issue.new']]) {
    assert.equal((await ok(200, 'GET', `${list}?${query}`, { as: user.token })).data.length, 2);
    await ok(400, 'GET', `${list}?${query}`, { as: user.token, headers: { Prefer: 'handling=strict' } },
      `Unknown parameter: ${name}`);
  }
});

test('read is idempotent and keeps the first readAt', async () => {
  const user = fresh();
  const [fresher, old] = give(user, [{}, { read_at: at(3) }]);
  const first = await call('POST', `${list}/${fresher.id}/read`, { as: user.token });
  const { data } = expect(first, 200);
  assert.match(data.readAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.deepEqual(Object.keys(data).sort(), [...keys].sort());
  assert.equal(first.headers['x-unread-count'], '0');
  const again = await call('POST', `${list}/${fresher.id.toUpperCase()}/read`, { as: user.token, body: {} });
  assert.deepEqual(expect(again, 200), { data });
  assert.equal((await ok(200, 'POST', `${list}/${old.id}/read`, { as: user.token })).data.readAt, at(3));
});

test('read-all counts what it changed, and keeps what was read', async () => {
  const user = fresh();
  give(user, [{}, {}, { type: 'issue.new' }, { read_at: at(3) }, { in_app: false }, { deleted_at: at(1) }]);
  const first = await call('POST', `${list}/read-all`, { as: user.token });
  assert.deepEqual(expect(first, 200), { data: { marked: 3 } });
  assert.equal(first.headers['x-unread-count'], '0');
  assert.deepEqual(await ok(200, 'POST', `${list}/read-all`, { as: user.token, body: {} }), { data: { marked: 0 } });
  const page = await ok(200, 'GET', list, { as: user.token });
  assert.equal(page.unreadCount, 0);
  assert.equal(page.data.filter((item) => item.readAt === at(3)).length, 1);
});

test('unreadCount is the inbox\'s, not the page\'s', async () => {
  const user = fresh();
  give(user, Array.from({ length: 7 }, () => ({})));
  for (const query of ['', '?limit=1', `?cursor=1970-01-01T00:00:00.000Z|${uuid()}`])
    assert.equal((await ok(200, 'GET', `${list}${query}`, { as: user.token })).unreadCount, 7, query);
});

test('what does not exist, was deleted or is malformed: one 404', async () => {
  const user = fresh();
  const [gone] = give(user, [{ deleted_at: at(1) }]);
  const [foreign] = give(fresh(), [{}]);
  for (const id of [gone.id, foreign.id, uuid(), 'x', '0', `${uuid()}0`, uuid().replaceAll('-', '')])
    await ok(404, 'POST', `${list}/${id}/read`, { as: user.token }, 'Notification not found');
  await ok(400, 'POST', `${list}/%00/read`, { as: user.token }); // by nginx, and so is the next
  await ok(404, 'POST', `${list}/..%2f/read`, { as: user.token }, 'Not found');
});
