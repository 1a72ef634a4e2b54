// carillon-cron digest: killed, cut off from the database, refused by it, several at once and raced
// by members.  Each issue is told of once, and the clock of a project moves with its digest alone.
import assert from 'node:assert/strict';
import test from 'node:test';
import { cron, ok, quote, uuid } from '../lib/client.mjs';
import { fire, startProxy } from '../lib/fire.mjs';
import { killEverywhere } from '../lib/killed.mjs';
import { eventually } from '../lib/processes.mjs';
import { openSession } from '../lib/session.mjs';
import { driftQuery, makeWorld, roles } from '../lib/world.mjs';

const { team, owner } = makeWorld();
const sql = openSession();
test.after(() => sql.end());
const run = (options) => fire({ job: 'digest', ...options });
const all = []; // projects, each with one digest to come

// A project with so many issues that nobody was told of, of which the first has no notice of its own yet either.
async function prepare({ issues = 3, cadence = 'hourly' } = {}) {
  const [project, place] = [uuid(), uuid()];
  await sql.run(`BEGIN; INSERT INTO projects (id, team_id, name, issue_digest) VALUES (${quote(project)}, ${quote(team.id)}, 'Shop', ${quote(cadence)});
    INSERT INTO environments (id, project_id, name, position) VALUES (${quote(place)}, ${quote(project)}, 'production', 0);
    INSERT INTO issues (id, project_id, environment_id, title, status, status_at, last_seen_at, created_at, is_untold)
      SELECT gen_random_uuid(), ${quote(project)}, ${quote(place)}, 'It broke', CASE n WHEN 1 THEN 'regressed' ELSE 'new' END, now(), now(), now(), n = 1
      FROM generate_series(1, ${issues}) n;
    INSERT INTO issue_news (project_id, issue_id) SELECT project_id, id FROM issues WHERE project_id = ${quote(project)}; COMMIT`);
  return project;
}

// What became of each project: [notices of its digest, of its issue, whether the clock moved, news left].
const storyQuery = (projects) => `SELECT p.id, (p.digested_at IS NOT NULL) AS clock,
    (SELECT count(*) FROM issue_news i WHERE i.project_id = p.id) AS news,
    (SELECT count(*) FROM notifications n WHERE n.project_id = p.id AND n.type = 'issue.digest') AS digests,
    (SELECT count(*) FROM deliveries d JOIN notifications n ON n.user_id = d.user_id AND n.id = d.notification_id
      WHERE n.project_id = p.id AND n.type = 'issue.digest') AS deliveries,
    (SELECT count(*) FROM notifications n WHERE n.project_id = p.id AND n.type = 'issue.new') AS own,
    (SELECT count(*) FROM issues i WHERE i.project_id = p.id AND i.is_untold) AS untold
  FROM unnest(ARRAY[${projects.map(quote).join(', ')}]::uuid[]) WITH ORDINALITY AS ids (id, place) JOIN projects p ON p.id = ids.id ORDER BY ids.place`;
const members = roles.length;
const told = (id) => ({ id, clock: true, news: 0, digests: members, deliveries: 2 * members, own: members, untold: 0 });

async function checkAll(projects) {
  assert.deepEqual(await sql.rows(storyQuery(projects)), projects.map(told));
  assert.deepEqual(await sql.rows(driftQuery), []);
}

test('killed at every system call in turn', async (t) => {
  t.diagnostic(await killEverywhere('digest', async () => {
    // what earlier rounds left is put out of the way, so that every run has the same to do
    await sql.run(`UPDATE projects SET issue_digest = 'none' WHERE id IN (SELECT project_id FROM issue_news)`);
    await sql.run(`UPDATE issues SET is_untold = false, told = -1 WHERE is_untold`);
    all.push(await prepare());
  }));
});

test('each of their digests is wholly to come or wholly made', async () => {
  const found = await sql.rows(storyQuery(all));
  for (const wholly of [true, false]) assert.ok(found.some(({ clock }) => clock === wholly), `some are ${wholly ? 'made' : 'to come'}`);
  for (const { clock, news, digests, deliveries } of found)
    assert.deepEqual([news, digests, deliveries], clock ? [0, members, 2 * members] : [3, 0, 0]);
});

test('a clean run makes the rest, and the next one has nothing to do', async () => {
  const left = (await sql.rows(storyQuery(all))).filter(({ clock }) => !clock).length;
  await sql.run(`UPDATE issues SET is_untold = true, told = 0 WHERE told = -1`);
  await sql.run(`UPDATE projects SET issue_digest = 'hourly' WHERE id IN (SELECT project_id FROM issue_news)`);
  const { digests, issues } = cron('digest');
  assert.deepEqual([digests, issues], [left, 3 * left]);
  await checkAll(all);
  assert.deepEqual((({ digests: n, issues: m, told: k }) => [n, m, k])(cron('digest')), [0, 0, 0]);
});

test('cut off from the database at every message, and each digest is made once', async () => {
  const proxy = await startProxy();
  const projects = [];
  try {
    for (const at of ['COMMIT', 'committed', 'request', 'answer'])
      for (let n = 1; n < 40; n++) {
        projects.push(await prepare());
        proxy.set({ at, n });
        await run({ env: { CARILLON_WORKER_DATABASE_URL: proxy.url } });
        if (!proxy.was) break;
      }
  } finally {
    proxy.stop();
  }
  assert.ok(projects.length > 20, `${projects.length} runs were cut off`);
  cron('digest');
  await checkAll(projects);
});

// What goes wrong while a digest is handed over: a statement that the owner of the schema puts in its way.
const troubles = [
  ['no notification can be written', 'notifications', `NEW.type = 'issue.digest'`],
  ['no delivery can be written', 'deliveries', `NEW.kind = 'issue.digest'`],
  ['only the mail cannot be written', 'deliveries', `NEW.kind = 'issue.digest' AND NEW.channel = 'email'`],
];

for (const [what, table, when] of troubles)
  test(`${what}: no digest, no clock, nothing taken; then all of it`, async () => {
    const [first, second] = [await prepare(), await prepare({ issues: 1 })];
    await sql.run(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''no''; END';
      CREATE TRIGGER refuse BEFORE INSERT ON ${table} FOR EACH ROW WHEN (${when} AND ${table === 'deliveries' ? 'true' : `NEW.project_id = ${quote(first)}`}) EXECUTE FUNCTION refuse()`);
    let ended;
    try {
      ended = await run();
    } finally {
      await sql.run(`DROP TRIGGER refuse ON ${table}; DROP FUNCTION refuse()`);
    }
    assert.equal(ended.code, 1, 'the run was not sound');
    const [{ clock, news, digests }] = await sql.rows(storyQuery([first]));
    assert.deepEqual([clock, news, digests], [false, 3, 0]);
    if (table === 'notifications') assert.deepEqual(await sql.rows(storyQuery([second])), [told(second)], 'one that fails stops no other');
    cron('digest');
    await checkAll([first, second]);
  });

test('four runs at one time: each project has one digest', async () => {
  const projects = [];
  for (let n = 0; n < 30; n++) projects.push(await prepare());
  const runs = await Promise.all(Array.from({ length: 4 }, () => run()));
  assert.deepEqual(runs.map(({ code }) => code), [0, 0, 0, 0]);
  assert.equal(runs.reduce((sum, { line }) => sum + line.digests, 0), 30);
  await checkAll(projects);
});

test('what a member takes in hand while digests are made is told of or is not, and the title counts what the body does', async () => {
  const projects = [];
  for (let n = 0; n < 12; n++) projects.push(await prepare({ issues: 6 }));
  const issues = await sql.rows(`SELECT id FROM issues WHERE project_id IN (${projects.map(quote).join(', ')}) AND status = 'new'`);
  const [{ code }] = await Promise.all([run(), ...issues.filter((_, n) => n % 2).map(({ id }) =>
    ok(200, 'PATCH', `/v1/issues/${id}`, { as: owner.token, body: { status: 'resolved' } }))]);
  assert.equal(code, 0);
  const notes = await sql.rows(`SELECT DISTINCT project_id, title, body, data FROM notifications WHERE type = 'issue.digest'
    AND project_id IN (${projects.map(quote).join(', ')})`);
  assert.equal(notes.length, 12, 'one each, the same for all members');
  for (const { title, body, data } of notes) {
    const [fresh, back] = [data.new, data.regressed];
    assert.equal(title, `${fresh + back} new issue${fresh + back === 1 ? '' : 's'} in Shop`);
    assert.equal(body, `1 regression${fresh ? `, ${fresh} new error${fresh === 1 ? '' : 's'}` : ''} since the last hour's digest.`);
    assert.equal(back, 1);
  }
  assert.deepEqual(await sql.rows(driftQuery), []);
});

test('an issue that comes back while its digest is made is told of', async () => {
  const project = await prepare();
  const resolved = `project_id = ${quote(project)} AND status = 'resolved'`;
  await sql.run(`UPDATE issues SET status = 'resolved' WHERE id = (SELECT min(id::text)::uuid FROM issues WHERE project_id = ${quote(project)} AND status = 'new')`);
  const event = openSession(); // as one does: it comes back, and is among the news already
  await event.run(`BEGIN; UPDATE issues SET status = 'regressed' WHERE ${resolved}`);
  const made = run();
  await eventually('the digest waits for it', 20, async () => await event.awaited() > 0);
  await event.run('COMMIT');
  await event.end();
  assert.equal((await made).code, 0);
  const body = await sql.run(`SELECT DISTINCT body FROM notifications WHERE project_id = ${quote(project)} AND type = 'issue.digest'`);
  assert.match(body, /2 regressions, 1 new error/);
});
