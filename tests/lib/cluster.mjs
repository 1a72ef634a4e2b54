// cluster - a PostgreSQL of one test file's own, without the rest of Carillon, whose clock can be
// set (libfaketime).  Call startCluster() before client.mjs is loaded: it names the database to it.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, openSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { goes, partition, startPool } from './ways.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

function faketime() {
  const found = readdirSync('/usr/lib').map((folder) => `/usr/lib/${folder}/faketime/libfaketime.so.1`).find(existsSync);
  if (!found) throw new Error('libfaketime is not installed: scripts/install-deps --test');
  return found;
}

// Lines of bash with scripts/lib/cluster.sh; DATA and SOCKETS are set.
export function bash(folder, lines) {
  const script = `set -euo pipefail; . "$ROOT/scripts/lib/common.sh"; . "$ROOT/scripts/lib/cluster.sh"; DATA=${folder}/pg; SOCKETS=${folder}\n${lines}`;
  return execFileSync('bash', ['-c', script], { encoding: 'utf8', env: { ...process.env, ROOT: root } }).trim();
}

// { setClock(offset) as +86400 seconds, restart(), stop() }; straight: what leads a run of cron past PgBouncer,
// which takes no PGOPTIONS
export async function startCluster() {
  const library = faketime();
  const folder = mkdtempSync(path.join(process.env.TMPDIR ?? os.tmpdir(), 'pg-'));
  const out = openSync(path.join(folder, 'log'), 'a');
  const setClock = (offset) => { // never half written
    writeFileSync(path.join(folder, 'clock.new'), `${offset < 0 ? '' : '+'}${offset}\n`);
    renameSync(path.join(folder, 'clock.new'), path.join(folder, 'clock'));
  };
  const env = { ...process.env, LD_PRELOAD: library, FAKETIME_TIMESTAMP_FILE: path.join(folder, 'clock'), FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1' };
  let child;
  const start = () => {
    const command = bash(folder, 'cluster_command "$DATA" "$SOCKETS"; printf "%s\\n" "${CLUSTER[@]}"').split('\n');
    child = spawn('setpriv', ['--pdeathsig', 'INT', ...command, '-c', 'fsync=off', '-c', 'full_page_writes=off'], { env, stdio: ['ignore', out, out] });
    bash(folder, 'wait_for 30 cluster_ready "$DATA" || { cat "$SOCKETS/log" >&2; exit 1; }');
  };
  const end = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGQUIT'); // immediate: as a crash
    await once(child, 'exit');
  };
  setClock(0);
  bash(folder, 'cluster_init "$DATA" "$SOCKETS" --no-sync');
  start();
  const url = (role) => bash(folder, `cluster_url "$SOCKETS" carillon ${role}`);
  Object.assign(process.env, { CARILLON_DATABASE_URL: url('carillon_migrator'), CARILLON_WEB_DATABASE_URL: url('carillon_web'),
    CARILLON_WORKER_DATABASE_URL: url('carillon_worker') });
  bash(folder, 'cluster_database "$SOCKETS"; "$ROOT/scripts/migrate" >/dev/null');
  if (goes('partitions')) partition(url('carillon_migrator'));
  if (goes('pgbouncer')) Object.assign(process.env, await startPool(folder));
  return {
    straight: { CARILLON_WORKER_DATABASE_URL: url('carillon_worker') },
    setClock,
    restart: async () => {
      await end();
      start();
    },
    stop: async () => {
      await end();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
