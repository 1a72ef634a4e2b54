// session - a psql that stays open: cheap for many small questions, and able to hold a lock.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const quiet = ['-XqAt', '-v', 'ON_ERROR_STOP=1'];

// { run(sql) resolves to what was printed, rows(query) to objects, blocked() to the pids of this database's
// sessions that wait for another's lock, awaited() to how many wait for one of this, end() closes it }.
// Without arguments it opens the running copy's database as the owner of the schema.
export function openSession(program = path.join(root, 'scripts/psql'), args = []) {
  const child = spawn(program, [...quiet, ...args], { cwd: root, stdio: ['pipe', 'pipe', 'pipe'] });
  const ended = once(child, 'close');
  let text = '';
  let complaint = '';
  let over = false;
  child.stdout.setEncoding('utf8').on('data', (part) => { text += part; });
  child.stderr.setEncoding('utf8').on('data', (part) => { complaint += part; });
  child.stdin.on('error', () => {}); // it has ended: run() says so
  ended.then(() => { over = true; });
  // a test that fails while it holds one must not keep all others waiting for the end
  after(() => {
    if (!over) child.kill();
  });
  const session = {
    run: async (sql) => {
      text = '';
      child.stdin.write(`${sql};\n\\echo done\n`);
      while (!text.endsWith('done\n')) {
        if (over) throw new Error(`${complaint || 'the session has ended'} after ${sql}`);
        await Promise.race([once(child.stdout, 'data'), ended]);
      }
      return text.slice(0, -5);
    },
    rows: async (query) => JSON.parse(await session.run(`WITH t AS MATERIALIZED (${query}) SELECT coalesce(json_agg(t), '[]') FROM t`)),
    blocked: async () => {
      await session.run('SELECT pg_stat_clear_snapshot()'); // of the transaction that this one may be in
      const found = await session.rows('SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0');
      return found.map(({ pid }) => pid);
    },
    awaited: async () => Number(await session.run('SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))')),
    end: async () => {
      child.stdin.end();
      await ended;
    },
  };
  return session;
}
