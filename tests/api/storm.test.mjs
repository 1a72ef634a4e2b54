// A storm: 50,000 random operations from 8 clients at once over 20 users, with
// news arriving.  Afterwards every counter equals its rows.  The operations
// come from a seed, which is printed: CARILLON_TEST_SEED=N plays it again.
import assert from 'node:assert/strict';
import http from 'node:http';
import test from 'node:test';
import { chanceFrom, seed } from '../lib/chance.mjs';
import { call, exec, quote, rows } from '../lib/client.mjs';
import { drifted, give, insertUsers, makeUser, makeWorld } from '../lib/world.mjs';

const OPERATIONS = Number(process.env.STORM_OPERATIONS ?? 50000);
const CLIENTS = 8;

const types = ['feedback.new', 'issue.new', 'issue.digest', 'job.completed'];
const world = makeWorld();
const users = [world.owner, world.admin, world.developer, world.collaborator, world.viewer,
  ...Array.from({ length: 15 }, () => makeUser('storm'))];
insertUsers(users.slice(5));
exec(`INSERT INTO members (team_id, user_id, role) VALUES
  ${users.slice(5).map((u) => `(${quote(world.team.id)}, ${quote(u.id)}, 'viewer')`).join(', ')};`);
const ids = new Map(users.map((user, u) => [user, give(user, Array.from({ length: 60 }, (_, n) => ({
  type: types[n % types.length], read_at: n % 5 === 0 ? '2024-01-15T10:00:00.000Z' : null,
  created_at: new Date(Date.UTC(2024, 0, 1) + n * 1000 + u).toISOString(),
}))).map((row) => row.id)]));

const v1 = '/v1/notifications';
const pick = (random, list) => list[Math.floor(random() * list.length)];

// Weight, name, and what to send for a user and one of their ids.
const mix = [
  [22, 'patch true', (id) => ['PATCH', `${v1}/${id}`, { read: true }]],
  [22, 'patch false', (id) => ['PATCH', `${v1}/${id}`, { read: false }]],
  [3, 'delete', (id) => ['DELETE', `${v1}/${id}`]],
  [2, 'mark-all', () => ['POST', `${v1}/mark-all-read`]],
  [4, 'mark-all by type', (id, random) => ['POST', `${v1}/mark-all-read`, { type: pick(random, types) }]],
  [10, 'read', (id) => ['POST', `/api/notifications/${id}/read`]],
  [2, 'read-all', () => ['POST', '/api/notifications/read-all']],
  [14, 'list', () => ['GET', `${v1}?limit=20`]],
  [5, 'bell', () => ['GET', '/api/notifications?limit=10']],
  [15, 'count', () => ['GET', `${v1}/unread-count`]],
  [1, 'feedback', null],
];
const weights = mix.reduce((sum, [weight]) => sum + weight, 0);

function choose(random) {
  let left = random() * weights;
  return mix.find(([weight]) => (left -= weight) < 0) ?? mix[0];
}

async function act(random, agent, tally) {
  const [, name, make] = choose(random);
  const user = pick(random, users);
  let answer;
  if (make === null) {
    answer = await call('POST', '/v1/feedback', { agent, bearer: world.team.keys.client.secret, body: { message: 'storm' } });
  } else {
    const [method, path, body] = make(pick(random, ids.get(user)), random);
    answer = await call(method, path, { agent, as: user.token, body });
  }
  const key = `${name} ${answer.status}`;
  tally.set(key, (tally.get(key) ?? 0) + 1);
  // What arrives can be read and deleted by those who come after.
  if (name === 'list' && answer.status === 200)
    for (const item of answer.json.notifications.slice(0, 1)) ids.get(user).push(item.id);
}

test(`${OPERATIONS} operations from ${CLIENTS} clients (seed ${seed})`, async (t) => {
  const before = rows(`SELECT sum(version)::int AS n FROM inbox WHERE user_id IN (${users.map((u) => quote(u.id)).join(', ')})`)[0].n;
  for (const user of users) assert.ok(user.token.length > 0);
  const tally = new Map();
  const started = process.hrtime.bigint();
  await Promise.all(Array.from({ length: CLIENTS }, async (_, n) => {
    const random = chanceFrom(seed + n);
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    for (let i = 0; i < OPERATIONS / CLIENTS; i++) await act(random, agent, tally);
    agent.destroy();
  }));
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  t.diagnostic(`${Math.round(OPERATIONS / seconds)} operations a second, ${seconds.toFixed(1)} s`);
  t.diagnostic([...tally].sort().map(([key, n]) => `${key}: ${n}`).join(', '));
  const odd = [...tally.keys()].filter((key) => !/ (200|404)$/.test(key) && key !== 'feedback 201');
  assert.deepEqual(odd, [], 'every answer was 200 or 404');
  assert.equal([...tally.values()].reduce((sum, n) => sum + n, 0), OPERATIONS);
  for (const [, name] of mix) assert.ok([...tally.keys()].some((key) => key.startsWith(`${name} 20`)), `${name} did something`);
  const after = rows(`SELECT sum(version)::int AS n FROM inbox WHERE user_id IN (${users.map((u) => quote(u.id)).join(', ')})`)[0].n;
  assert.ok(after - before > OPERATIONS / 10, `${after - before} changes`);
});

test('afterwards every counter equals its rows', async () => {
  assert.deepEqual(drifted(users), []);
});

test('and both faces tell that number, for every user', async () => {
  for (const user of users) {
    const [{ unread }] = rows(`SELECT unread::int FROM inbox WHERE user_id = ${quote(user.id)}`);
    const count = await call('GET', `${v1}/unread-count`, { as: user.token });
    const bell = await call('GET', '/api/notifications?limit=1', { as: user.token });
    assert.deepEqual([count.json.count, bell.json.unreadCount], [unread, unread]);
  }
});

test('every feedback reached every member exactly once', async () => {
  const found = rows(`SELECT n.user_id, count(*)::int AS n, (SELECT count(*)::int FROM feedback WHERE project_id = ${quote(world.team.project)}) AS want
    FROM notifications n WHERE n.resource_kind = 'feedback' AND n.project_id = ${quote(world.team.project)} GROUP BY 1`);
  assert.equal(found.length, users.length);
  for (const row of found) assert.equal(row.n, row.want);
});
