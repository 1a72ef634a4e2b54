// Teams, members, projects (contract sections 1 and 8b).  Keys are in
// keys.test.mjs, the audit log in audit.test.mjs; who sees whose is in matrix.test.mjs.
import assert from 'node:assert/strict';
import test from 'node:test';
import { call, exec, expect, ok, quote, rows, uuid, value, walk } from '../lib/client.mjs';
import { environments, insertUsers, makeUser, makeWorld, roles } from '../lib/world.mjs';

const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const pathOf = (world, rest = '') => `/v1/teams/${world.team.id}${rest}`;
const main = makeWorld();

// New members, each with one of these roles.
function joinAll(world, those) {
  const users = those.map((role) => makeUser(role));
  insertUsers(users);
  exec(`INSERT INTO members (team_id, user_id, role) VALUES
    ${users.map((user, n) => `(${quote(world.team.id)}, ${quote(user.id)}, ${quote(those[n])})`).join(', ')};`);
  return users;
}

const join = (world, role) => joinAll(world, [role])[0];

const rolesOf = (world, users) => Object.fromEntries(rows(`SELECT u.id, coalesce(m.role, 'none') AS role FROM users u
  LEFT JOIN members m ON m.user_id = u.id AND m.team_id = ${quote(world.team.id)}
  WHERE u.id IN (${users.map((user) => quote(user.id)).join(', ')})`).map(({ id, role }) => [id, role]));

const roleOf = (world, user) => rolesOf(world, [user])[user.id];

test('a team', async () => {
  const { team } = await ok(200, 'GET', pathOf(main), { as: main.viewer.token });
  assert.match(team.created_at, time);
  assert.deepEqual({ id: team.id, name: team.name, strict_schedules: team.strict_schedules },
    { id: main.team.id, name: 'Team', strict_schedules: true });
});

const settings = [
  [{}, 200, {}], [{ name: 'Renamed é🔔' }, 200, { name: 'Renamed é🔔' }], [{ strict_schedules: false }, 200, { strict_schedules: false }],
  [{ name: 'Team', strict_schedules: true }, 200, { name: 'Team', strict_schedules: true }],
  [{ name: '' }, 400, 'Invalid field: name'], [{ name: ' ' }, 400, 'Invalid field: name'], [{ name: 1 }, 400, 'Invalid field: name'], [{ name: null }, 400, 'Invalid field: name'],
  [{ strict_schedules: 'true' }, 400, 'Invalid field: strict_schedules'], [{ strict_schedules: null }, 400, 'Invalid field: strict_schedules'],
  [{ id: uuid() }, 400, 'Unknown field: id'],
];

for (const [body, status, want] of settings) {
  test(`PATCH a team with ${JSON.stringify(body)} is ${status}`, async () => {
    const before = (await ok(200, 'GET', pathOf(main), { as: main.owner.token })).team;
    const answer = await call('PATCH', pathOf(main), { as: main.admin.token, body });
    if (status === 400) expect(answer, 400, want);
    else assert.deepEqual(expect(answer, 200).team, { ...before, ...want });
    const after = (await ok(200, 'GET', pathOf(main), { as: main.owner.token })).team;
    assert.deepEqual(after, status === 400 ? before : { ...before, ...want });
  });
}

test('members, newest first, with their roles', async () => {
  const page = await ok(200, 'GET', pathOf(main, '/members'), { as: main.viewer.token });
  assert.deepEqual(page.members.map((m) => [m.id, m.email, m.role]).sort(),
    roles.map((role) => [main[role].id, main[role].email, role]).sort());
  for (const member of page.members) assert.match(member.created_at, time);
  assert.deepEqual([page.cursor, page.has_more], [null, false]);
});

test('members page as the inbox does', async () => {
  const seen = await walk(pathOf(main, '/members?limit=2'), { as: main.owner.token });
  assert.deepEqual(seen.map((m) => m.id).sort(), roles.map((role) => main[role].id).sort(), 'none lost, none twice');
  expect(await call('GET', pathOf(main, '/members?cursor=x'), { as: main.owner.token }), 400, 'Invalid cursor');
});

test('adding a member makes the user if new, and takes an old one as they are', async () => {
  const world = makeWorld();
  const email = `New.${uuid()}@Example.com`;
  const { member } = await ok(201, 'POST', pathOf(world, '/members'), { as: world.admin.token, body: { email, role: 'viewer' } });
  assert.equal(member.email, email.toLowerCase());
  assert.equal(member.role, 'viewer');
  assert.equal(value(`SELECT count(*) FROM users u JOIN inbox i ON i.user_id = u.id WHERE u.id = ${quote(member.id)}`), 1,
    'with an inbox');
  const old = await ok(201, 'POST', pathOf(world, '/members'), { as: world.admin.token,
    body: { email: world.outsider.email.toUpperCase(), role: 'developer' } });
  assert.equal(old.member.id, world.outsider.id);
  assert.equal((await ok(200, 'GET', '/v1/auth/me', { as: world.outsider.token })).user.teams.length, 2);
});

test('a member cannot be added twice, not even at once', async () => {
  const world = makeWorld();
  const body = { email: world.viewer.email, role: 'admin' };
  expect(await call('POST', pathOf(world, '/members'), { as: world.owner.token, body }), 409);
  assert.equal(roleOf(world, world.viewer), 'viewer', 'and keeps the role');
  const email = `twice.${uuid()}@example.com`;
  const answers = await Promise.all(Array.from({ length: 6 }, () =>
    call('POST', pathOf(world, '/members'), { as: world.owner.token, body: { email, role: 'viewer' } })));
  assert.deepEqual(answers.map((a) => a.status).sort(), [201, 409, 409, 409, 409, 409]);
  assert.equal(value(`SELECT count(*) FROM users WHERE email = ${quote(email)}`), 1);
});

const newcomers = [
  [{}, 'Missing field: email'], [{ email: 'a@example.com' }, 'Missing field: role'], [{ role: 'viewer' }, 'Missing field: email'],
  [{ email: 'x', role: 'viewer' }, 'Invalid field: email'], [{ email: 'a@b@c', role: 'viewer' }, 'Invalid field: email'],
  [{ email: 'a b@example.com', role: 'viewer' }, 'Invalid field: email'], [{ email: '', role: 'viewer' }, 'Invalid field: email'],
  [{ email: 'a@example.com\n', role: 'viewer' }, 'Invalid field: email'], [{ email: 1, role: 'viewer' }, 'Invalid field: email'],
  [{ email: 'a@example.com', role: 'king' }, 'Invalid field: role'], [{ email: 'a@example.com', role: 'Owner' }, 'Invalid field: role'],
  [{ email: 'a@example.com', role: 1 }, 'Invalid field: role'], [{ email: 'a@example.com', role: null }, 'Invalid field: role'],
  [{ email: 'a@example.com', role: 'viewer', id: uuid() }, 'Unknown field: id'],
];

for (const [body, text] of newcomers) {
  test(`adding ${JSON.stringify(body).slice(0, 60)} is 400`, async () => {
    expect(await call('POST', pathOf(main, '/members'), { as: main.owner.token, body }), 400, text);
  });
}

// Who may turn whom into what: caller, old role (null: adding), new role (null: removing), status.
const verdicts = [];
for (const caller of roles)
  for (const old of [...roles, null])
    for (const next of [...roles, null].filter((role) => role !== old)) {
      const manages = caller === 'owner' || caller === 'admin';
      const owners = old === 'owner' || next === 'owner';
      verdicts.push([caller, old, next, manages && (caller === 'owner' || !owners)]);
    }

// What the caller sends to turn user (or a new address) from old into next.
function change(world, user, next) {
  const path = pathOf(world, '/members');
  if (!user) return ['POST', path, { email: `x.${uuid()}@example.com`, role: next }];
  return next === null ? ['DELETE', `${path}/${user.id}`] : ['PATCH', `${path}/${user.id}`, { role: next }];
}

test(`all ${verdicts.length} changes of role by who makes them`, async () => {
  const world = makeWorld();
  const old = verdicts.filter(([, role]) => role !== null);
  const users = new Map(joinAll(world, old.map(([, role]) => role)).map((user, n) => [old[n], user]));
  for (const verdict of verdicts) {
    const [caller, , next, may] = verdict;
    const [method, path, body] = change(world, users.get(verdict), next);
    const answer = await call(method, path, { as: world[caller].token, body });
    const what = verdict.join(' ');
    if (!may) expect(answer, 403, 'Forbidden', what);
    else if (next === null) assert.deepEqual(expect(answer, 200, undefined, what), { id: users.get(verdict).id });
    else assert.equal(expect(answer, method === 'POST' ? 201 : 200, undefined, what).member.role, next, what);
  }
  const now = rolesOf(world, [...users.values()]);
  for (const [verdict, user] of users) {
    const [, was, next, may] = verdict;
    assert.equal(now[user.id], may ? next ?? 'none' : was, verdict.join(' '));
  }
});

test('the last owner cannot go, nor step down; with a second one they can', async () => {
  const world = makeWorld();
  const { owner } = world;
  const self = pathOf(world, `/members/${owner.id}`);
  expect(await call('DELETE', self, { as: owner.token }), 422);
  for (const role of roles.slice(1)) expect(await call('PATCH', self, { as: owner.token, body: { role } }), 422, undefined, role);
  expect(await call('PATCH', self, { as: owner.token, body: { role: 'owner' } }), 200, undefined, 'staying is fine');
  const second = join(world, 'owner');
  expect(await call('PATCH', self, { as: owner.token, body: { role: 'viewer' } }), 200);
  expect(await call('DELETE', pathOf(world, `/members/${second.id}`), { as: second.token }), 422);
  assert.equal(roleOf(world, second), 'owner');
});

test('two owners removing each other at once: one stays', async () => {
  for (let n = 0; n < 10; n++) {
    const world = makeWorld();
    const pair = [world.owner, join(world, 'owner')];
    const answers = await Promise.all(pair.map((user, at) =>
      call('DELETE', pathOf(world, `/members/${pair[1 - at].id}`), { as: user.token })));
    assert.equal(answers.filter((a) => a.status === 200).length, 1, answers.map((a) => `${a.status} ${a.text}`).join(' '));
    assert.equal(value(`SELECT count(*) FROM members WHERE team_id = ${quote(world.team.id)} AND role = 'owner'`), 1);
  }
});

test('removed, one may be added again', async () => {
  const world = makeWorld();
  const target = pathOf(world, `/members/${world.viewer.id}`);
  assert.deepEqual(await ok(200, 'DELETE', target, { as: world.admin.token }), { id: world.viewer.id });
  for (const [method, body] of [['DELETE'], ['PATCH', { role: 'viewer' }]])
    expect(await call(method, target, { as: world.admin.token, body }), 404, 'Member not found');
  await ok(201, 'POST', pathOf(world, '/members'), { as: world.admin.token, body: { email: world.viewer.email, role: 'admin' } });
  assert.equal(roleOf(world, world.viewer), 'admin');
});

/* ---- projects ---- */

test('a project is made with its three environments', async () => {
  const { project } = await ok(201, 'POST', pathOf(main, '/projects'), { as: main.collaborator.token, body: { name: 'Shop' } });
  assert.deepEqual(project.environments.map((env) => env.name), environments);
  assert.equal(new Set(project.environments.map((env) => env.id)).size, 3);
  assert.deepEqual([project.name, project.issue_digest, project.snippet_seen_at], ['Shop', 'daily', null]);
  assert.match(project.created_at, time);
  assert.deepEqual((await ok(200, 'GET', `/v1/projects/${project.id}`, { as: main.viewer.token })).project, project);
  assert.deepEqual((await ok(200, 'GET', `/v1/projects/${project.id.toUpperCase()}`, { as: main.viewer.token })).project, project);
  const page = await ok(200, 'GET', pathOf(main, '/projects?limit=1'), { as: main.viewer.token });
  assert.deepEqual(page.projects, [project], 'newest first, the same object');
  assert.equal(page.has_more, true);
});

const changes = [
  [{}, 200, {}], [{ name: 'Other' }, 200, { name: 'Other' }], [{ issue_digest: 'none' }, 200, { issue_digest: 'none' }],
  [{ issue_digest: 'hourly' }, 200, { issue_digest: 'hourly' }], [{ issue_digest: '6_hourly' }, 200, { issue_digest: '6_hourly' }],
  [{ issue_digest: 'weekly', name: 'Both' }, 200, { issue_digest: 'weekly', name: 'Both' }],
  [{ issue_digest: 'daily' }, 200, { issue_digest: 'daily' }],
  [{ issue_digest: 'monthly' }, 400, 'Invalid field: issue_digest'], [{ issue_digest: null }, 400, 'Invalid field: issue_digest'],
  [{ name: '' }, 400, 'Invalid field: name'], [{ name: 7 }, 400, 'Invalid field: name'],
  [{ snippet_seen_at: null }, 400, 'Unknown field: snippet_seen_at'], [{ environments: [] }, 400, 'Unknown field: environments'],
  [{ team_id: uuid() }, 400, 'Unknown field: team_id'],
];

for (const [body, status, want] of changes) {
  test(`PATCH a project with ${JSON.stringify(body)} is ${status}`, async () => {
    const path = `/v1/projects/${main.team.project}`;
    const { project } = await ok(200, 'GET', path, { as: main.viewer.token });
    const answer = await call('PATCH', path, { as: main.collaborator.token, body });
    if (status === 400) expect(answer, 400, want);
    else assert.deepEqual(expect(answer, 200).project, { ...project, ...want });
    assert.deepEqual((await ok(200, 'GET', path, { as: main.viewer.token })).project,
      status === 400 ? project : { ...project, ...want });
  });
}

test('a project needs a name', async () => {
  for (const [body, text] of [[{}, 'Missing field: name'], [{ name: '' }, 'Invalid field: name'], [{ name: 1 }, 'Invalid field: name'],
    [{ name: 'x'.repeat(201) }, 'Invalid field: name'], [{ name: 'x', issue_digest: 'x' }, 'Invalid field: issue_digest']])
    expect(await call('POST', pathOf(main, '/projects'), { as: main.owner.token, body }), 400, text);
});

test('a snippet that was seen says when', async () => {
  exec(`UPDATE projects SET snippet_seen_at = '2024-01-15T10:00:00.5Z' WHERE id = ${quote(main.team.project)};`);
  const { project } = await ok(200, 'GET', `/v1/projects/${main.team.project}`, { as: main.viewer.token });
  assert.equal(project.snippet_seen_at, '2024-01-15T10:00:00.500Z');
});
