// processes - the workers of a running copy, as /proc shows them.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { varDir } from './client.mjs';

const read = (...parts) => readFileSync(path.join('/proc', ...parts.map(String)), 'utf8');

function children(pid) {
  return readdirSync(`/proc/${pid}/task`)
    .flatMap((task) => read(pid, 'task', task, 'children').split(' '))
    .filter((child) => child !== '').map(Number);
}

function commandOf(pid) {
  try {
    return read(pid, 'cmdline').split('\0');
  } catch {
    return []; // has ended meanwhile
  }
}

const supervisor = () => Number(readFileSync(path.join(varDir, 'run/supervisor.pid'), 'utf8'));

// The pid of what starts a family's workers.
export function pool(family) {
  const pools = children(supervisor()).filter((pid) => commandOf(pid).some((word) => word.endsWith(`/cgi/${family}`)));
  assert.equal(pools.length, 1, `one pool of ${family}`);
  return pools[0];
}

// The pids of a family's workers, in order.
export function workers(family) {
  return children(pool(family)).filter((pid) => commandOf(pid)[0]?.endsWith(`/cgi/${family}`)).sort((a, b) => a - b);
}

// A number from /proc/PID/status, as VmRSS in kB.
export function statusOf(pid, name) {
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(read(pid, 'status'))?.[1]);
}

// Whether a worker still takes new connections: its epoll watches the listening socket, descriptor 0.
export function accepts(pid) {
  try {
    return readdirSync(`/proc/${pid}/fdinfo`).some((fd) => /^tfd:\s+0 /m.test(read(pid, 'fdinfo', fd)));
  } catch {
    return false; // has ended meanwhile
  }
}

// Wait until test() is true, looking again and again; fail when it is not within seconds.
export async function eventually(what, seconds, test) {
  const end = Date.now() + seconds * 1000;
  while (!(await test())) {
    assert.ok(Date.now() < end, `not within ${seconds} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
