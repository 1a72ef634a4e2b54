// killed - kill -9 at every system call of a run of carillon-cron in turn (strace -e inject), from its
// first step towards the database to its end.
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { program, root, rows } from './client.mjs';
import { eventually } from './processes.mjs';
import { goes } from './ways.mjs';

// A run of a job under strace: 'killed', or 'ended' with exit code 0.
export const strace = (job, args, env = {}) => new Promise((resolve, reject) => {
  const all = { ...process.env, ...env, ASAN_OPTIONS: 'detect_leaks=0' }; // that wants ptrace for itself
  execFile('strace', ['-f', '-qq', ...args, program, job], { cwd: root, env: all }, (error, out, complaint) => {
    if (error?.signal === 'SIGKILL' || error?.code === 137) resolve('killed');
    else if (error) reject(new Error(`strace: ${error.message} ${complaint}`));
    else resolve('ended');
  });
});

function checkMachine() {
  const { status, signal, stderr } = spawnSync('strace', ['-f', '-qq', '-o', '/dev/null', '-e', 'inject=write:signal=KILL:when=1',
    'echo', 'alive'], { encoding: 'utf8' });
  assert.ok(signal === 'SIGKILL' || status === 137, `ptrace is refused here, so this test cannot be made: ${stderr}`);
}

// name -> how often it was called before the first connect(), of every call after it
async function calls(job, env) {
  const trace = path.join(process.env.TMPDIR ?? os.tmpdir(), `${job}-${process.pid}.trace`);
  await strace(job, ['-o', trace], env);
  const lines = readFileSync(trace, 'utf8').split('\n').map((line) => /^\d+ +(\w+)\(/.exec(line)?.[1]).filter(Boolean);
  const at = lines.indexOf('connect');
  assert.ok(at > 0, 'the run connects to the database');
  const before = (name) => lines.slice(0, at).filter((each) => each === name).length;
  return { total: lines.length - at, names: new Map([...new Set(lines.slice(at))].map((name) => [name, before(name)])) };
}

// Until PostgreSQL has done with what a killed run had sent: a COMMIT on the wire still counts.  A session
// ends after it; those that PgBouncer keeps only leave their transaction.
const outlived = () => eventually('PostgreSQL has done with a killed run', 30, () => {
  const busy = goes('pgbouncer') ? `AND pid IN (SELECT pid FROM pg_locks WHERE locktype = 'virtualxid')` : '';
  return rows(`SELECT FROM pg_stat_activity WHERE datname = current_database() AND usename = 'carillon_worker' ${busy}`).length === 0;
});

// prepare() gives each run the same to do.  share: how much of a run's calls must have been met at
// least; where several things wait at one time no two runs are quite the same.  What is told: how many
// were killed.
export async function killEverywhere(job, prepare, { env = {}, share = 0.8 } = {}) {
  checkMachine();
  await prepare();
  const { total, names } = await calls(job, env);
  let killed = 0;
  for (const [name, before] of names)
    for (let n = before + 1; ; n++) {
      await prepare();
      if (await strace(job, ['-e', `trace=${name}`, '-e', `inject=${name}:signal=KILL:when=${n}`], env) === 'ended') break;
      await outlived();
      killed++;
    }
  assert.ok(killed > share * total, `${killed} kills for ${total} calls`);
  return `${killed} runs were killed; a whole one makes ${total} system calls`;
}
