// One call in turn fails while carillon-cron runs: every allocation, every call to libpq and to libcurl
// (build-torture/: ASan, UBSan, tests/torture/fail_calls.c).  A run ends in time; what it says it has
// done is done; nothing is half done; and clean runs bring the exact end state: each moment with one
// outcome, one notice, one audit row, each mail once or known to be unknown.
import assert from 'node:assert/strict';
import test from 'node:test';
import { buildTorture, openControl, pointsOf, settle, Tally, told } from '../lib/failing.mjs';

const control = openControl(buildTorture(), 'carillon-cron');

const { startCopy } = await import('../lib/copy.mjs');
const copy = await startCopy();
const { fire } = await import('../lib/fire.mjs');
const { makeJobs } = await import('../lib/failing_jobs.mjs');
const sql = copy.session();
const { jobs, stop } = await makeJobs(sql);
test.after(async () => {
  stop();
  await sql.end();
  await copy.stop();
});

const SOME = 6; // of each kind for each job of a short run
const RUN_MS = 30000;
const tally = new Tally();

// One run: { code, line, log }, or what went wrong with it.
async function run({ job, env }) {
  const running = fire({ job, env });
  const timer = setTimeout(() => running.child.kill('SIGKILL'), RUN_MS);
  const ended = await running;
  clearTimeout(timer);
  return ended;
}

// Whoever finds no memory ends at once; everybody else with an exit code, and without a complaint.
function wrong({ kind }, { code, log }) {
  if (/Sanitizer|runtime error|[Aa]ssert/.test(log)) return log;
  if (code === 0 || code === 1 || (code === 2 && kind === 'memory')) return null;
  return code === 'SIGABRT' && kind === 'memory' ? null : `code ${code}: ${log}`;
}

async function tryPoint(job, point) {
  await job.prepare();
  control.arm(point);
  const ended = await run(job);
  const { failed, name } = control.read();
  control.off();
  await settle(sql);
  tally.add(point, failed === 0 ? 'not reached' : ended.code === 0 ? 'made up for' : ended.code === 'SIGABRT' ? 'ended it' : 'told of');
  try {
    assert.equal(wrong(point, ended), null);
    await job.judge(ended.code === 0);
    return null;
  } catch (error) {
    return `${told(point)} (${name}), code ${ended.code}: ${error.message} ${ended.log}`;
  }
}

for (const job of jobs)
  test(job.name, async () => {
    await job.prepare();
    control.off();
    const { code, log } = await run(job);
    assert.deepEqual([code, log], [0, '']);
    const { counts } = control.read();
    await job.judge(true);
    tally.expect(counts);
    const problems = [];
    for (const point of pointsOf(counts, SOME)) problems.push(await tryPoint(job, point));
    await job.finish();
    assert.deepEqual(problems.filter(Boolean), []);
  });

test('what was tried', (t) => t.diagnostic(tally.toString()));
