// killed - kill -9 at every system call of a dispatch run in turn (strace -e inject), from its first
// step towards the database to its end.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { root } from './client.mjs';

const program = path.join(process.env.CARILLON_BUILD ?? path.join(root, 'build'), 'carillon-cron');
const trace = path.join(process.env.TMPDIR ?? os.tmpdir(), `dispatch-${process.pid}.trace`);

// The run under strace: 'killed', or 'ended' with exit code 0.
const strace = (env, args) => new Promise((resolve, reject) => {
  const all = { ...process.env, ...env, ASAN_OPTIONS: 'detect_leaks=0' };
  execFile('strace', ['-f', '-qq', ...args, program, 'dispatch'], { cwd: root, env: all }, (error, out, complaint) => {
    if (error?.signal === 'SIGKILL' || error?.code === 137) resolve('killed');
    else if (error) reject(new Error(`strace: ${error.message} ${complaint}`));
    else resolve('ended');
  });
});

// name -> how often it was called before the first connect(), of every call after it
async function calls(env) {
  await strace(env, ['-o', trace]);
  const lines = readFileSync(trace, 'utf8').split('\n').map((line) => /^\d+ +(\w+)\(/.exec(line)?.[1]).filter(Boolean);
  const at = lines.indexOf('connect');
  assert.ok(at > 0, 'the run connects to the database');
  const before = (name) => lines.slice(0, at).filter((each) => each === name).length;
  return { total: lines.length - at, names: new Map([...new Set(lines.slice(at))].map((name) => [name, before(name)])) };
}

// prepare() gives each run something to send.  What is told: how many were killed.
export async function killEverywhere(env, prepare) {
  prepare();
  const { total, names } = await calls(env);
  let killed = 0;
  for (const [name, before] of names)
    for (let n = before + 1; ; n++) {
      prepare();
      if (await strace(env, ['-e', `trace=${name}`, '-e', `inject=${name}:signal=KILL:when=${n}`]) === 'ended') break;
      killed++;
    }
  assert.ok(killed > 0.8 * total, `${killed} kills for ${total} calls`);
  return `${killed} runs were killed; a whole one makes ${total} system calls`;
}
