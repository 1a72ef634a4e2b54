// The job that sends digests by hand, killed at every system call (tests/faults/jobs.test.mjs has the
// other type): each digest is made once, and each job ends once.
import assert from 'node:assert/strict';
import test from 'node:test';
import { cron, quote, uuid } from '../lib/client.mjs';
import { killEverywhere } from '../lib/killed.mjs';
import { openSession } from '../lib/session.mjs';
import { driftQuery, makeWorld } from '../lib/world.mjs';

const { team, owner } = makeWorld();
const sql = openSession();
test.after(() => sql.end());
const sent = []; // [job, project]

// One project with two issues that nobody was told of, and the job that tells.
async function round() {
  await sql.run(`UPDATE jobs SET type = 'parked' WHERE status = 'pending'`);
  const [job, project, place] = [uuid(), uuid(), uuid()];
  await sql.run(`BEGIN; INSERT INTO projects (id, team_id, name, issue_digest) VALUES (${quote(project)}, ${quote(team.id)}, 'Shop', 'none');
    INSERT INTO environments (id, project_id, name, position) VALUES (${quote(place)}, ${quote(project)}, 'production', 0);
    INSERT INTO issues (id, project_id, environment_id, title, status_at, last_seen_at, created_at)
      SELECT gen_random_uuid(), ${quote(project)}, ${quote(place)}, 'It broke', now(), now(), now() FROM generate_series(1, 2) n;
    INSERT INTO issue_news (project_id, issue_id) SELECT project_id, id FROM issues WHERE project_id = ${quote(project)};
    INSERT INTO jobs (id, team_id, project_id, type, started_by, notify, tells)
    VALUES (${quote(job)}, ${quote(team.id)}, ${quote(project)}, 'issue_digest', ${quote(owner.id)}, true, ${quote(owner.id)}); COMMIT`);
  sent.push([job, project]);
}

test('digests by hand, killed at every system call in turn: each is made once, and each job ends once', async (t) => {
  t.diagnostic(await killEverywhere('jobs', round, { share: 0.6 }));
  await sql.run(`UPDATE jobs SET type = 'issue_digest' WHERE type = 'parked'`);
  await sql.run(`UPDATE jobs SET lease_until = now() - interval '1 second' WHERE status = 'running'`);
  assert.equal(cron('jobs').failed, 0);
  for (const [job, project] of sent) {
    assert.deepEqual(await sql.rows(`SELECT status FROM jobs WHERE id = ${quote(job)}`), [{ status: 'completed' }]);
    assert.deepEqual(await sql.rows(`SELECT title, count(*) AS n FROM notifications WHERE project_id = ${quote(project)} AND type = 'issue.digest' GROUP BY 1`),
      [{ title: '2 new issues in Shop', n: 5 }]);
    assert.deepEqual(await sql.rows(`SELECT title FROM notifications WHERE dedupe_key = ${quote(`job:${job}`)}`), [{ title: 'Issue digest of Shop completed' }]);
  }
  assert.deepEqual(await sql.rows(driftQuery), []);
});
