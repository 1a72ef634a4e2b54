// queue - mail that waits, and runs of carillon-cron dispatch beside it.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { exec, program, quote, root, rows, value } from './client.mjs';
import { eventually } from './processes.mjs';

// Write down from now on when PostgreSQL gives the right to a request (dispatch_take).  How late that
// request then comes hangs on who has the processor, so this is what checkPace looks at.
export const watchTurns = () => exec(`CREATE TABLE IF NOT EXISTS turns (at timestamptz NOT NULL);
  CREATE OR REPLACE FUNCTION note_turn() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$ BEGIN
    INSERT INTO turns VALUES (NEW.next_at - 1.1 / NEW.per_second * interval '1 second');
    RETURN NULL;
  END $$;
  CREATE OR REPLACE TRIGGER note_turn AFTER UPDATE ON mail_pace FOR EACH ROW WHEN (current_query() LIKE '%RETURNING per_second%')
    EXECUTE FUNCTION note_turn();
  TRUNCATE turns;`);

const RESTED = 'UPDATE webhooks SET silent_since = NULL, rests_until = NULL';
// All that waits is due, and no receiver rests any more.
export const ALL_DUE = `UPDATE deliveries SET next_try_at = now() WHERE status = 'pending'; UPDATE mail_batches SET next_try_at = now(); ${RESTED}`;

// Forget all mail, and what was learned about the provider and about receivers.
export function emptyQueue() {
  exec(`${RESTED}; DELETE FROM deliveries; DELETE FROM mail_batches;
    UPDATE mail_pace SET per_second = 2, next_at = '-infinity', parked = NULL, parked_at = NULL, parked_until = NULL;`);
}

// No second has more than most turns, and no request came without one.
export function checkPace({ requests }, most) {
  const turns = rows('SELECT (extract(epoch FROM at) * 1000)::float8 AS at FROM turns ORDER BY at').map(({ at }) => at);
  turns.forEach((at, n) => assert.ok(n < most || at - turns[n - most] >= 1000, `${most + 1} turns in ${at - turns[n - most]} ms`));
  requests.forEach(({ at }, n) => assert.ok(turns[n] <= at + 1, `request ${n + 1} came before its turn`));
}

// n mails, to n users of their own; resolves to the ids of the deliveries.
let made = 0;
export function enqueue(n, { domain = 'mail.example', text = 'What happened', age = '0 seconds' } = {}) {
  const from = made;
  made += n;
  return JSON.parse(exec(`WITH u AS (INSERT INTO users (email) SELECT 'u' || i || '@${domain}' FROM generate_series(${from + 1}, ${made}) i RETURNING id),
    i AS (INSERT INTO inbox (user_id) SELECT id FROM u RETURNING user_id),
    n AS (INSERT INTO notifications (user_id, type, title, dedupe_key)
      SELECT user_id, 'issue.new', 'Something', gen_random_uuid() FROM i RETURNING user_id, id),
    d AS (INSERT INTO deliveries (user_id, notification_id, channel, kind, payload, created_at, next_try_at)
      SELECT user_id, id, 'email', 'issue.new', jsonb_build_object('subject', 'Something', 'text', '${text}', 'html', '<p>${text}</p>'),
        now() - interval '${age}', now() - interval '${age}' FROM n RETURNING id)
    SELECT json_agg(id) FROM d;`));
}

// n webhooks for a user who has one; the ids of their deliveries.
export const enqueueHooks = (user, n) => JSON.parse(exec(`WITH n AS (INSERT INTO notifications (user_id, type, title, dedupe_key)
    SELECT ${quote(user.id)}, 'issue.new', 'Something', gen_random_uuid() FROM generate_series(1, ${n}) RETURNING user_id, id),
  d AS (INSERT INTO deliveries (user_id, notification_id, channel, kind, payload)
    SELECT user_id, id, 'webhook', 'issue.new', jsonb_build_object('type', 'issue.new', 'data', jsonb_build_object('id', id)) FROM n RETURNING id)
  SELECT json_agg(id) FROM d;`));

// How many deliveries there are of each status.
export const statuses = () => Object.fromEntries(rows('SELECT status, count(*)::int AS n FROM deliveries GROUP BY 1')
  .map(({ status, n }) => [status, n]));
export const unfinished = () => value("SELECT count(*)::int FROM deliveries WHERE status = 'pending'");

// Start a run; { child, ended } with ended resolving to { code, signal, counts, log, peak }.
// peak is VmHWM in kB, as last seen.
export function start(env, ...args) {
  const child = spawn(program, ['dispatch', ...args], { cwd: root, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { out: '', log: '', peak: 0 };
  child.stdout.on('data', (part) => { said.out += part; });
  child.stderr.on('data', (part) => { said.log += part; });
  const look = setInterval(() => {
    try {
      said.peak = Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1] ?? said.peak);
    } catch { /* it has ended */ }
  }, 5);
  const ended = once(child, 'close').then(([code, signal]) => {
    clearInterval(look);
    return { code, signal, counts: said.out ? JSON.parse(said.out) : null, log: said.log, peak: said.peak };
  });
  return { child, ended };
}

// A whole run that must be sound, unless told; its counts.
export async function dispatch(env, ...args) {
  const { code, log, counts } = await start(env, ...args).ended;
  if (code !== 0) throw new Error(`carillon-cron dispatch ended with ${code}: ${log}`);
  return counts;
}

// Whoever died or stands still has lost what it had.
export const leasesOver = () => eventually('no lease is in force', 20, () => ['deliveries', 'mail_batches']
  .every((table) => value(`SELECT count(*) AS n FROM ${table} WHERE lease_until >= now()`) === 0));

// Sound runs until nothing waits: all is due now, and nobody else has any of it.
export async function finish(env) {
  for (let n = 0; unfinished() > 0; n++) {
    if (n === 20) throw new Error(`${unfinished()} deliveries wait for ever`);
    await leasesOver();
    exec(ALL_DUE);
    await dispatch(env);
  }
}
