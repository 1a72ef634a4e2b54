// ways - the other ways to run (TEST_WAY, see stack.sh), for test files with servers of their own.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
export const goes = (way) => [way, 'both'].includes(process.env.TEST_WAY);

// PgBouncer in front of the PostgreSQL whose socket will be in a folder; it ends with this process.
// Resolves to the settings with which programs go through it.
export async function startPool(sockets) {
  const listen = path.join(sockets, 'pool');
  const lines = '. "$0/scripts/lib/common.sh"; . "$0/tests/lib/pgbouncer.sh"; pgbouncer_settings "$1" "$2"; pgbouncer_command "$2"; printf "%s\\n" "${PGBOUNCER[@]}"';
  const command = execFileSync('bash', ['-c', lines, root, sockets, listen], { encoding: 'utf8' }).trim().split('\n');
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', ...command], { stdio: 'ignore' });
  while (!existsSync(path.join(listen, '.s.PGSQL.5432'))) {
    if (child.exitCode !== null) throw new Error(`PgBouncer does not start in ${listen}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  child.unref();
  const url = (role) => `dbname=carillon user=${role} host='${listen}' port=5432`;
  return { CARILLON_PREPARE: 'off', CARILLON_WEB_DATABASE_URL: url('carillon_web'), CARILLON_WORKER_DATABASE_URL: url('carillon_worker') };
}

// The inbox of a migrated database in partitions.
export function partition(connection) {
  execFileSync('psql', ['-qX', '-v', 'parts=4', '-d', connection, '-f', path.join(root, 'sql/partition.sql')]);
}
