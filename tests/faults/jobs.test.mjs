// A worker that is killed, stopped, told to end, cut off from the database or out of disk space
// while it exports; several at once.  Each job ends once, with one file and one notice.
import assert from 'node:assert/strict';
import { chmodSync, existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { call, cron, expect, ok, quote, sanitized, uuid, varDir } from '../lib/client.mjs';
import { fire, startProxy } from '../lib/fire.mjs';
import { killEverywhere, strace } from '../lib/killed.mjs';
import { eventually, statusOf } from '../lib/processes.mjs';
import { openSession } from '../lib/session.mjs';
import { driftQuery, makeWorld } from '../lib/world.mjs';

const { team, owner, viewer } = makeWorld();
const sql = openSession();
test.after(() => sql.end());
const folder = path.join(varDir, 'exports');
const filesOf = (id) => (existsSync(folder) ? readdirSync(folder) : []).filter((name) => name.startsWith(id));
const run = (options) => fire({ job: 'jobs', ...options });
const show = async (id) => (await ok(200, 'GET', `/v1/jobs/${id}`, { as: viewer.token })).job;

// A job that waits, of a project of its own with so much feedback.
async function prepare(messages, text = 'm') {
  const [job, project] = [uuid(), uuid()];
  await sql.run(`BEGIN; INSERT INTO projects (id, team_id, name) VALUES (${quote(project)}, ${quote(team.id)}, 'Shop');
    INSERT INTO feedback (project_id, message) SELECT ${quote(project)}, ${text === 'm' ? `'m' || n` : text} FROM generate_series(1, ${messages}) n;
    INSERT INTO jobs (id, team_id, project_id, type, started_by, notify, tells)
    VALUES (${quote(job)}, ${quote(team.id)}, ${quote(project)}, 'project_export', ${quote(owner.id)}, true, ${quote(owner.id)}); COMMIT`);
  return job;
}

// As if the lease of those whose worker has died were over.
const leasesEnd = () => sql.run(`UPDATE jobs SET lease_until = now() - interval '1 second' WHERE status = 'running'`);

// It has ended well and once: one file, whole; one notice; one audit row.
async function whole(id, messages) {
  const job = await show(id);
  assert.equal(job.status, 'completed', JSON.stringify(job));
  const { json } = await call('GET', `/v1/jobs/${id}/file`, { as: viewer.token });
  assert.equal(new Set(json.feedback.map((each) => each.id)).size, messages);
  assert.equal(filesOf(id).length, 1, `${filesOf(id)}`);
  await told(id, 'completed');
  return job;
}

async function told(id, status) {
  assert.deepEqual(await sql.rows(`SELECT title FROM notifications WHERE dedupe_key = ${quote(`job:${id}`)}`), [{ title: `Export of Shop ${status}` }]);
  assert.deepEqual(await sql.rows(`SELECT action FROM audit WHERE resource_id = ${quote(id)} AND actor_type = 'SYSTEM'`), [{ action: `job.${status}` }]);
}

/* ---- kill -9 at every system call ---- */

const MESSAGES = 120; // two pages
const all = [];

// What an earlier round left waiting is put out of the way, so that every run has the same to do.
async function round() {
  await sql.run(`UPDATE jobs SET type = 'parked' WHERE status = 'pending'`);
  all.push(await prepare(MESSAGES));
}

test('killed at every system call in turn', async (t) => {
  t.diagnostic(await killEverywhere('jobs', round, { share: 0.6 }));
});

test('each of their jobs is wholly to come, in hand, or wholly done', async () => {
  const found = await sql.rows(`SELECT j.status, j.file_name IS NOT NULL AS file, (SELECT count(*) FROM notifications n WHERE n.dedupe_key = 'job:' || j.id) AS told,
    (SELECT count(*) FROM audit a WHERE a.resource_id = j.id) AS audits FROM jobs j WHERE j.team_id = ${quote(team.id)}`);
  const ways = { pending: [false, 0, 0], running: [false, 0, 0], completed: [true, 1, 1] };
  for (const way of Object.keys(ways)) assert.ok(found.some(({ status }) => status === way), `some are ${way}`);
  for (const { status, file, told: notices, audits } of found) assert.deepEqual([file, notices, audits], ways[status], status);
});

test('a clean run takes up all of them, and each ends once', async () => {
  await sql.run(`UPDATE jobs SET type = 'project_export' WHERE type = 'parked'`);
  assert.deepEqual(cron('jobs').failed, 0);
  const [{ n }] = await sql.rows(`SELECT count(*) AS n FROM jobs WHERE status = 'running'`);
  assert.ok(n > 0, 'whose lease is not over is left alone');
  await leasesEnd();
  assert.equal(cron('jobs').completed, n);
  for (const id of all) await whole(id, MESSAGES);
  assert.deepEqual(readdirSync(folder).filter((name) => name.endsWith('.part')), [], 'no other file is left');
  assert.deepEqual(await sql.rows(driftQuery), []);
});

/* ---- several at once, and one that comes back late ---- */

test('twelve jobs and four workers: each job has one', async () => {
  const jobs = [];
  for (let n = 0; n < 12; n++) jobs.push(await prepare(150));
  const runs = await Promise.all(Array.from({ length: 4 }, () => run()));
  assert.deepEqual(runs.map(({ code }) => code), [0, 0, 0, 0]);
  assert.equal(runs.reduce((sum, { line }) => sum + line.completed, 0), 12);
  for (const id of jobs) assert.equal((await whole(id, 150)).attempts, 1);
});

const MANY = 20000;
// One that takes a while, in hand: what it has done so far is there to be seen.
async function underWay() {
  const id = await prepare(MANY, `repeat('x', 1500)`);
  const worker = run();
  let job;
  await eventually('it is under way', 20, async () => (job = await show(id)).progress.done > 500);
  assert.deepEqual([job.status, job.progress.step, job.progress.total], ['running', 'feedback', MANY + 5]);
  return { id, worker };
}

test('progress rises, and memory does not', async () => {
  const { id, worker } = await underWay();
  const first = statusOf(worker.child.pid, 'VmHWM');
  let [last, steps, most] = [0, 0, first];
  for (;;) {
    const { progress, status } = await show(id);
    assert.ok(progress.done >= last, 'it never goes back');
    if (progress.done > last) steps++;
    last = progress.done;
    if (status !== 'running') break;
    try {
      const size = statusOf(worker.child.pid, 'VmHWM');
      if (size > most) most = size; // a process that has ended, but is not waited for, has none
    } catch { /* it has ended */ }
  }
  assert.equal((await worker).code, 0);
  assert.ok(steps > 5, `${steps} steps were seen`);
  if (!sanitized) assert.ok(most - first < 4096, `${most - first} kB more at the end than at the beginning`);
  assert.ok((await show(id)).file.bytes > MANY * 1500);
});

test('cancelled under way, it stops at the next page and leaves no file', async () => {
  const { id, worker } = await underWay();
  expect(await call('POST', `/v1/jobs/${id}/cancel`, { as: owner.token }), 200);
  const { code, line } = await worker;
  assert.deepEqual([code, line.cancelled], [0, 1]);
  const { status, progress, file } = await show(id);
  assert.deepEqual([status, progress.done < MANY, file, filesOf(id)], ['cancelled', true, null, []]);
  assert.deepEqual(await sql.rows(`SELECT title FROM notifications WHERE dedupe_key = ${quote(`job:${id}`)}`), [{ title: 'Export of Shop cancelled' }]);
});

test('told to end, a worker puts its job back; that was no attempt', async () => {
  const { id, worker } = await underWay();
  worker.child.kill('SIGTERM');
  assert.equal((await worker).code, 0);
  const { status, attempts } = await show(id);
  assert.deepEqual([status, attempts, filesOf(id)], ['pending', 0, []]);
  expect(await call('POST', `/v1/jobs/${id}/cancel`, { as: owner.token }), 200);
});

test('a worker that stood still and comes back late changes nothing', async () => {
  const { id, worker } = await underWay();
  worker.child.kill('SIGSTOP');
  await leasesEnd();
  assert.equal(cron('jobs').completed, 1);
  const before = await whole(id, MANY);
  worker.child.kill('SIGCONT');
  assert.equal((await worker).code, 1);
  assert.deepEqual(await whole(id, MANY), before);
  assert.equal(before.attempts, 2);
});

/* ---- the disk, the database ---- */

test('no room on the disk: failed, with a reason', async () => {
  const id = await prepare(1);
  assert.equal(await strace('jobs', ['-e', 'trace=fsync', '-e', 'inject=fsync:error=ENOSPC:when=1']), 'ended');
  const { status, error, file } = await show(id);
  assert.deepEqual([status, error.code, file, filesOf(id)], ['failed', 'no_space', null, []]);
  await told(id, 'failed');
});

test('a folder that cannot be written: failed, and the next one is not', async () => {
  const id = await prepare(1);
  chmodSync(folder, 0o500);
  try {
    assert.equal(cron('jobs').failed, 1);
  } finally {
    chmodSync(folder, 0o750);
  }
  assert.equal((await show(id)).error.code, 'write_failed');
  const next = await prepare(1);
  cron('jobs');
  await whole(next, 1);
});

test('cut off from the database at every message, and each job ends once', async () => {
  const proxy = await startProxy();
  const jobs = [];
  try {
    for (const at of ['COMMIT', 'committed', 'request', 'answer'])
      for (let n = 1; n < 40; n++) {
        jobs.push(await prepare(MESSAGES));
        proxy.set({ at, n });
        await run({ env: { CARILLON_WORKER_DATABASE_URL: proxy.url } });
        if (!proxy.was) break;
      }
  } finally {
    proxy.stop();
  }
  assert.ok(jobs.length > 20, `${jobs.length} runs were cut off`);
  await leasesEnd();
  cron('jobs');
  for (const id of jobs) await whole(id, MESSAGES);
  assert.deepEqual(await sql.rows(driftQuery), []);
});
