// copy - a running copy of one test file's own, whose PostgreSQL and workers may be ended at will.
// Call startCopy() before client.mjs is loaded: it names the copy to it.  It runs in the way that
// TEST_WAY names (stack.sh).
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, openSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { openSession } from './session.mjs';
import { goes, partition, startPool } from './ways.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

async function freePort() { // below those that outgoing connections get
  for (;;) {
    const port = 20000 + Math.floor(Math.random() * 12000);
    const server = net.createServer().listen(port, '127.0.0.1');
    if (await Promise.race([once(server, 'listening').then(() => true), once(server, 'error').then(() => false)])) {
      server.close();
      await once(server, 'close');
      return port;
    }
  }
}

function settings(folder, port, more) {
  const ours = Object.entries(process.env).filter(([name]) => !/^(CARILLON_(?!BUILD)|RESEND_|PG)/.test(name));
  return { ...Object.fromEntries(ours), CARILLON_VAR: folder, CARILLON_PORT: String(port), CARILLON_CRON: 'off', CARILLON_DEMO: 'off', ...more };
}

// { folder, log(family), admin(sql), session(), pgCtl(...), pgCtlBeside(...), stop() }; more: settings of its own;
// place: where its folder is made
export async function startCopy(more = {}, place = process.env.CARILLON_TEST_WORK ?? os.tmpdir()) {
  const folder = mkdtempSync(path.join(place, 'copy-'));
  const port = await freePort();
  const out = openSync(path.join(folder, 'run.log'), 'a');
  const pool = goes('pgbouncer') ? await startPool(path.join(folder, 'run')) : {};
  const child = spawn('setpriv', ['--pdeathsig', 'TERM', path.join(root, 'scripts/run')],
    { env: { ...settings(folder, port, more), ...pool }, stdio: ['ignore', out, out] });
  const ended = once(child, 'exit');
  const ready = async () => {
    while (!existsSync(path.join(folder, 'run/ready'))) await new Promise((resolve) => setTimeout(resolve, 20));
    return true;
  };
  if (!(await Promise.race([ready(), ended.then(() => false)])))
    throw new Error(`the copy does not start: ${readFileSync(path.join(folder, 'run.log'), 'utf8')}`);
  if (goes('partitions')) partition(`host='${folder}/run' port=5432 dbname=carillon user=carillon_migrator`);
  Object.assign(process.env, pool, { CARILLON_VAR: folder });
  process.env.CARILLON_TEST_URL = `http://127.0.0.1:${port}`;
  return doors(folder, async () => {
    child.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  });
}

function doors(folder, stop) {
  const door = ['-d', `host='${folder}/run' port=5432 dbname=carillon user=postgres`];
  const pgCtl = readdirSync('/usr/lib/postgresql').map((version) => `/usr/lib/postgresql/${version}/bin/pg_ctl`).sort().at(-1);
  const ours = ['-D', path.join(folder, 'pg'), '-s', '-w'];
  return {
    folder,
    stop,
    log: (name) => readFileSync(path.join(folder, 'log', `${name}.log`), 'utf8'),
    // Statements as the superuser; what they print.
    admin: (sql) => execFileSync('psql', ['-XqAt', '-v', 'ON_ERROR_STOP=1', ...door, '-f', '-'], { input: sql, encoding: 'utf8', stdio: 'pipe' }).trim(),
    pgCtl: (...words) => execFileSync(pgCtl, [...ours, ...words], { stdio: 'ignore' }),
    // The same while the test goes on.
    pgCtlBeside: async (...words) => {
      const [code] = await once(spawn(pgCtl, [...ours, ...words], { stdio: 'ignore' }), 'exit');
      if (code !== 0) throw new Error(`pg_ctl ${words.join(' ')}: code ${code}`);
    },
    session: () => openSession('psql', door),
  };
}
