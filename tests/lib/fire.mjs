// fire - carillon-cron fire (or another job) beside the test, so that the test can go on while it waits.
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { program, root, varDir } from './client.mjs';

// Resolves to { code, line, log }: line is what it printed, as an object.  child: the process.
export function fire({ job = 'fire', args = [], env = {} } = {}) {
  let child;
  const run = new Promise((done) => {
    child = execFile(program, [job, ...args], { cwd: root, env: { ...process.env, ...env } }, (error, out, log) => {
      done({ code: error ? error.code ?? error.signal : 0, line: out ? JSON.parse(out) : null, log });
    });
  });
  return Object.assign(run, { child });
}

const workerUrl = () => /^CARILLON_WORKER_DATABASE_URL=(.*)$/m.exec(readFileSync(path.join(varDir, 'carillon.env'), 'utf8'))[1];

// The end of the bytes that have come, long enough for a word that is cut in two.
function tail() {
  let last = '';
  return (part) => {
    last = last.slice(-16) + part.toString('latin1');
    return last;
  };
}

/*
 * Between cron and PostgreSQL: all goes through, but for what cut says.
 *   { at: 'COMMIT', n }      the n-th COMMIT does not reach the server
 *   { at: 'committed', n }   it does, its answer does not come back
 *   { at: 'request', n }     the n-th bytes from cron do not reach the server
 *   { at: 'answer', n }      the n-th bytes from the server do not come back
 * Then the connection is closed on both sides.  was: it has come to that.
 */
export async function startProxy() {
  const url = workerUrl();
  const folder = mkdtempSync(path.join(process.env.TMPDIR ?? os.tmpdir(), 'proxy-'));
  const target = path.join(/host='([^']*)'/.exec(url)[1], '.s.PGSQL.5432');
  const proxy = { url: url.replace(/host='[^']*'/, `host='${folder}'`), cut: null, was: false, seen: {} };
  const reached = (what) => {
    proxy.seen[what] = (proxy.seen[what] ?? 0) + 1;
    return proxy.cut?.at === what && proxy.seen[what] === proxy.cut.n;
  };
  const server = net.createServer((client) => {
    const database = net.connect(target);
    const [said, answered] = [tail(), tail()];
    let deaf = false; // the answer to COMMIT is being waited for, and nothing comes back any more
    const close = () => {
      proxy.was = true;
      client.destroy();
      database.destroy();
    };
    for (const socket of [client, database]) socket.on('error', () => {});
    client.on('data', (part) => {
      if (client.destroyed) return;
      const ends = /COMMIT\0/.test(said(part));
      if (ends) said(Buffer.alloc(16));
      if (reached('request') || (ends && reached('COMMIT'))) close();
      else {
        deaf ||= ends && reached('committed');
        database.write(part);
      }
    });
    database.on('data', (part) => {
      if (deaf ? /COMMIT\0/.test(answered(part)) : reached('answer')) close();
      else if (!deaf) client.write(part);
    });
    client.on('close', () => database.end());
    database.on('close', () => client.end());
  });
  await new Promise((listening) => { server.listen(path.join(folder, '.s.PGSQL.5432'), listening); });
  return Object.assign(proxy, {
    // What is cut in the next run.
    set: (cut) => Object.assign(proxy, { cut, was: false, seen: {} }),
    stop: () => {
      server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  });
}
