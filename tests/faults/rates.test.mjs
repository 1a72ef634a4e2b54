// How often a key may ask, with several workers of two families and many clients at one time: what is
// let in is counted exactly, and Retry-After is true (contract section 3).
import assert from 'node:assert/strict';
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'node:test';
import { startCopy } from '../lib/copy.mjs';

const RATE = 190, CLIENTS = 24; // below 200 nobody takes more than one use at a time, so that none is left over
const copy = await startCopy({ CARILLON_KEY_RATE: String(RATE), CARILLON_POOL_ISSUES: '3', CARILLON_POOL_FEEDBACK: '2' });
test.after(() => copy.stop());
const { call, expect, quote, rows } = await import('../lib/client.mjs');
const { insertKey, makeKey, makeWorld } = await import('../lib/world.mjs');
const { workers } = await import('../lib/processes.mjs');
const { team } = makeWorld();
const place = { team: team.id, project: team.project, environment: team.environments.production };

const routes = [['/v1/issues/events', { title: 'x' }], ['/v1/feedback', { message: 'm' }]];
const ask = (key, n, agent) => call('POST', routes[n % 2][0], { agent, bearer: key.secret, body: routes[n % 2][1] });

// So many calls from clients with a connection each; the answers.
async function storm(keys, calls) {
  const answers = [];
  let next = 0;
  await Promise.all(Array.from({ length: CLIENTS }, async () => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    while (next < calls) {
      const n = next++;
      answers.push({ key: keys[n % keys.length], ...await ask(keys[n % keys.length], n >> 1, agent) });
    }
    agent.destroy();
  }));
  return answers;
}

// Wait for a moment of the database's minute.
async function second(from, to) {
  for (;;) {
    const [{ at }] = rows('SELECT extract(second FROM clock_timestamp()) AS at');
    if (at >= from && at <= to) return;
    await sleep(((from - at + 60) % 60) * 1000 + 20);
  }
}
const count = (answers, status) => answers.filter((answer) => answer.status === status).length;
const kept = (key) => rows(`SELECT asked FROM key_rates WHERE key_id = ${quote(key.id)}`)[0].asked;

test('several workers: exactly the rate is let in, whatever is refused', async () => {
  assert.deepEqual([workers('issues').length, workers('feedback').length], [3, 2]);
  const key = insertKey(makeKey('client', place));
  await second(5, 30);
  const answers = await storm([key], RATE * 2);
  assert.deepEqual([count(answers, 201), count(answers, 429), answers.length], [RATE, RATE, RATE * 2]);
  for (const answer of answers.filter(({ status }) => status === 429)) expect(answer, 429, 'Too many requests with this key');
  const [{ events, messages }] = rows(`SELECT (SELECT count(*) FROM issue_events) AS events, (SELECT count(*) FROM feedback) AS messages`);
  assert.equal(events + messages, RATE, 'what was refused has left nothing');
  assert.equal(kept(key), RATE);
});

test('each key has its own, and Retry-After is true: a second less is too early, then it works', async () => {
  const keys = [insertKey(makeKey('client', place)), insertKey(makeKey('client', place))];
  await second(44, 47);
  const answers = await storm(keys, RATE * 3);
  for (const key of keys) {
    const own = answers.filter((answer) => answer.key === key);
    assert.deepEqual([count(own, 201), count(own, 429)], [RATE, RATE / 2]);
  }
  const refused = await Promise.all(Array.from({ length: 6 }, (_, n) => ask(keys[0], n)));
  const asked = Date.now();
  const waits = refused.map(({ status, headers }) => [status, Number(headers['retry-after'])]);
  const wait = waits[0][1];
  assert.ok(wait >= 2 && wait <= 16, JSON.stringify(waits));
  assert.deepEqual(waits, Array(6).fill([429, wait]), 'all workers say the same');
  await sleep(asked + (wait - 1) * 1000 - 150 - Date.now());
  expect(await ask(keys[0], 0), 429, 'Too many requests with this key');
  await sleep(asked + wait * 1000 - Date.now());
  const again = await Promise.all(Array.from({ length: 12 }, (_, n) => ask(keys[0], n)));
  assert.deepEqual(again.map(({ status }) => status), Array(12).fill(201));
});
