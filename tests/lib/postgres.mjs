// postgres - PostgreSQL servers of one test file's own, of which one can stand by another.
import { execFile, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { bash } from './cluster.mjs';
import { openSession } from './session.mjs';

// A server whose data and socket are in a folder of its own; it has nothing yet.
export function newServer() {
  const folder = mkdtempSync(path.join(process.env.TMPDIR ?? os.tmpdir(), 'pg-'));
  const out = openSync(path.join(folder, 'log'), 'a');
  const door = (database) => `host='${folder}' port=5432 dbname=${database} user=postgres`;
  const psql = (database, sql) => execFileSync('psql', ['-XqAt', '-v', 'ON_ERROR_STOP=1', '-d', door(database), '-f', '-'], { input: sql, encoding: 'utf8', stdio: 'pipe' }).trim();
  let child;
  const server = {
    folder,
    session: () => openSession('psql', ['-d', door('carillon')]),
    admin: (sql) => psql('carillon', sql), // as the superuser; what it prints
    // Empty, with the roles and the database that the migrations want to find.
    init: () => {
      bash(folder, 'cluster_init "$DATA" "$SOCKETS"');
      server.start();
      bash(folder, 'cluster_database "$SOCKETS"');
    },
    start: () => {
      const command = bash(folder, 'cluster_command "$DATA" "$SOCKETS"; printf "%s\\n" "${CLUSTER[@]}"').split('\n');
      child = spawn('setpriv', ['--pdeathsig', 'QUIT', ...command], { stdio: ['ignore', out, out] });
      bash(folder, 'wait_for 30 cluster_ready "$DATA" || { cat "$SOCKETS/log" >&2; exit 1; }');
    },
    // Anew, as the standby that another waits for at each COMMIT.
    follow: async (other) => {
      await server.end('SIGKILL');
      rmSync(path.join(folder, 'pg'), { recursive: true, force: true });
      execFileSync('pg_basebackup', ['-D', path.join(folder, 'pg'), '-R', '-X', 'stream', '-c', 'fast', '-d', door('postgres').replace(folder, other.folder)]);
      server.start();
      other.set('synchronous_standby_names', '*');
      while (other.admin("SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'") !== '1');
    },
    set: (name, value) => psql('postgres', `ALTER SYSTEM SET ${name} = '${value}'; SELECT pg_reload_conf()`),
    promote: () => promisify(execFile)('psql', ['-XqAt', '-d', door('postgres'), '-c', 'SELECT pg_promote(true)']), // while the test goes on
    signal: (name) => { // to all of its processes
      const found = spawnSync('pgrep', ['-P', String(child.pid)], { encoding: 'utf8' }).stdout.split('\n');
      for (const pid of [child.pid, ...found.filter(Boolean).map(Number)]) process.kill(pid, name);
    },
    end: async (name = 'SIGQUIT') => {
      if (!child || child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      if (name === 'SIGKILL') server.signal(name);
      else child.kill(name);
      await gone;
    },
    remove: async () => {
      await server.end('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return server;
}
