// carillon-cron digest: who is told what, when (contract section 9).
import assert from 'node:assert/strict';
import test from 'node:test';
import { cron, exec, ok, quote, rows } from '../lib/client.mjs';
import { event, set } from '../lib/issues.mjs';
import { mailsTo } from '../lib/mail.mjs';
import { drifted, makeWorld, roles } from '../lib/world.mjs';

const hour = 3600 * 1000;
const digests = async (user) => (await ok(200, 'GET', '/v1/notifications?type=issue.digest&limit=200', { as: user.token })).notifications;
const cadence = (world, word) => ok(200, 'PATCH', `/v1/projects/${world.team.project}`, { as: world.owner.token, body: { issue_digest: word } });
const clock = (world) => rows(`SELECT digested_at AS at FROM projects WHERE id = ${quote(world.team.project)}`)[0].at;
const at = (ms) => new Date(ms).toISOString();

// Issues that regressed: they were there and resolved, and told of.
async function told(world, titles) {
  for (const title of titles) await set(world, await event(world, { title }), 'resolved');
  exec(`DELETE FROM issue_news WHERE project_id = ${quote(world.team.project)};`);
}

// Cadence, how many regressed and are new, title, body.
const words = [
  ['daily', 1, 2, '3 new issues in Team project', "1 regression, 2 new errors since yesterday's digest."],
  ['daily', 0, 1, '1 new issue in Team project', "1 new error since yesterday's digest."],
  ['daily', 0, 2, '2 new issues in Team project', "2 new errors since yesterday's digest."],
  ['daily', 1, 0, '1 new issue in Team project', "1 regression since yesterday's digest."],
  ['daily', 2, 0, '2 new issues in Team project', "2 regressions since yesterday's digest."],
  ['daily', 2, 1, '3 new issues in Team project', "2 regressions, 1 new error since yesterday's digest."],
  ['hourly', 1, 1, '2 new issues in Team project', "1 regression, 1 new error since the last hour's digest."],
  ['6_hourly', 1, 1, '2 new issues in Team project', "1 regression, 1 new error since the last six hours' digest."],
  ['weekly', 1, 1, '2 new issues in Team project', "1 regression, 1 new error since last week's digest."],
];

for (const [word, regressed, fresh, title, body] of words) {
  test(`${word}: ${regressed} regressed, ${fresh} new`, async () => {
    const world = makeWorld();
    await cadence(world, word);
    const old = Array.from({ length: regressed }, (_, n) => `old ${n}`);
    await told(world, old);
    for (const again of old) await event(world, { title: again });
    for (let n = 0; n < fresh; n++) for (let i = 0; i <= n; i++) await event(world, { title: `new ${n}` });
    cron('digest');
    for (const role of roles)
      assert.deepEqual((await digests(world[role])).map((d) => [d.title, d.body, d.link, d.team_id]),
        [[title, body, `/dashboard/issues?project=${world.team.project}`, world.team.id]], role);
    assert.deepEqual(await digests(world.outsider), []);
    assert.deepEqual(drifted([...roles.map((role) => world[role]), world.outsider]), []);
  });
}

// Cadence, and how long after a digest the next one is due.
for (const [word, length] of [['hourly', hour], ['6_hourly', 6 * hour], ['daily', 24 * hour], ['weekly', 168 * hour]]) {
  for (const [what, late, due] of [['a millisecond before', -1, 0], ['exactly then', 0, 1], ['a millisecond after', 1, 1], ['much later', 100 * hour, 1]]) {
    test(`${word}: ${what}`, async () => {
      const world = makeWorld();
      const start = Date.UTC(2030, 0, 1, 10, 7, 13, 456);
      await cadence(world, word);
      await event(world, { title: 'a' });
      cron('digest', '--at', at(start));
      assert.equal((await digests(world.owner)).length, 1);
      await event(world, { title: 'b' });
      cron('digest', '--at', at(start + length + late));
      assert.deepEqual((await digests(world.owner)).map((d) => d.title), Array(1 + due).fill('1 new issue in Team project'));
      assert.equal(new Date(clock(world)).getTime(), start + (due ? length + late : 0));
    });
  }
}

test('none: never', async () => {
  const world = makeWorld();
  await cadence(world, 'none');
  await event(world, { title: 'a' });
  cron('digest', '--at', '2031-01-01T00:00:00Z');
  assert.deepEqual(await digests(world.owner), []);
  assert.equal(clock(world), null);
  await cadence(world, 'hourly');
  cron('digest', '--at', '2031-01-01T00:00:00Z');
  assert.equal((await digests(world.owner)).length, 1, 'nothing was lost meanwhile');
});

// What is no news: it is silent, and the clock stays.
const quiet = [
  ['nothing', async () => {}],
  ['other environments', async (world) => {
    for (const environment of ['development', 'staging']) await event(world, { title: 'a', environment }, { bearer: world.team.keys.agent.secret });
  }],
  ...['in_progress', 'snoozed', 'silenced', 'resolved'].map((status) => [`what is ${status}`, async (world) =>
    set(world, await event(world, { title: 'a' }), status)]),
];

for (const [what, act] of quiet) {
  test(`silent about ${what}`, async () => {
    const world = makeWorld();
    await act(world);
    cron('digest');
    assert.deepEqual(await digests(world.owner), []);
    assert.equal(clock(world), null);
  });
}

test('each issue is told of once, and again when it regresses', async () => {
  const world = makeWorld();
  const issue = await event(world, { title: 'a' });
  cron('digest', '--at', '2031-01-01T00:00:00Z');
  await event(world, { title: 'a' });
  cron('digest', '--at', '2031-01-02T00:00:00Z');
  assert.equal((await digests(world.owner)).length, 1, 'a repeat is no news');
  await set(world, issue, 'resolved');
  await event(world, { title: 'a' });
  cron('digest', '--at', '2031-01-03T00:00:00Z');
  assert.equal((await digests(world.owner))[0].body, "1 regression since yesterday's digest.");
});

test('the clock moves only with the digest: when enqueueing fails both stay, and the next run has all', async () => {
  const world = makeWorld();
  await event(world, { title: 'a' });
  exec("ALTER TABLE notifications ADD CONSTRAINT refuse CHECK (type <> 'issue.digest') NOT VALID;");
  try {
    assert.throws(() => cron('digest'), /Command failed/);
  } finally {
    exec('ALTER TABLE notifications DROP CONSTRAINT refuse;');
  }
  assert.equal(clock(world), null);
  cron('digest');
  assert.equal((await digests(world.owner)).length, 1);
  assert.notEqual(clock(world), null);
});

// What is told of an issue grows with names and members: each has the memory of a run to itself.
test('many issues with much to say, all in one run', async () => {
  const world = makeWorld();
  const [project, owner] = [quote(world.team.project), quote(world.owner.id)];
  exec(`UPDATE projects SET name = repeat('long ', 3000) WHERE id = ${project};
    DELETE FROM members WHERE team_id = ${quote(world.team.id)} AND user_id <> ${owner};
    INSERT INTO issues (id, project_id, environment_id, title, status_at, last_seen_at, is_untold, created_at)
    SELECT gen_random_uuid(), e.project_id, e.id, 'issue ' || n, now(), now(), true, now()
      FROM environments e, generate_series(1, 99) n WHERE e.project_id = ${project} AND e.name = 'production'`);
  cron('digest');
  assert.deepEqual(rows(`SELECT count(*) AS n FROM notifications WHERE user_id = ${owner} AND type = 'issue.new'`), [{ n: 99 }]);
});

test('a rehearsal counts and changes nothing', async () => {
  const world = makeWorld();
  cron('digest');
  await event(world, { title: 'a' });
  const line = cron('digest', '--dry-run');
  assert.deepEqual([line.dry_run, line.digests, line.issues], [true, 1, 1]);
  assert.deepEqual(await digests(world.owner), []);
  assert.equal(clock(world), null);
  const done = cron('digest');
  assert.deepEqual([done.digests, done.issues], [1, 1]);
  assert.ok(rows("SELECT 1 AS one FROM heartbeats WHERE job = 'digest' AND finished_at IS NOT NULL").length === 1);
  assert.ok('digest' in cron('all'), 'part of all');
});

test('mail by default, none for who muted it', async () => {
  const world = makeWorld();
  await ok(200, 'PATCH', '/v1/auth/me', { as: world.viewer.token,
    body: { preferences: { notifications: { types: { 'issue.digest': { email: false } } } } } });
  await event(world, { title: 'a' });
  cron('digest');
  cron('dispatch');
  assert.deepEqual(roles.map((role) => mailsTo(world[role].email).length), [1, 1, 1, 1, 0]);
  assert.match(mailsTo(world.owner.email)[0].headers.subject, /^1 new issue in Team project$/);
});
