// Operation (contract section 11): livez, readyz, metrics.
import assert from 'node:assert/strict';
import { networkInterfaces } from 'node:os';
import test from 'node:test';
import { base, call, cron, exec, expect, ok, quote, uuid } from '../lib/client.mjs';
import { makeWorld } from '../lib/world.mjs';

const { owner, team } = makeWorld();

test('livez needs nobody and nothing', async () => {
  for (const who of [{}, { as: owner.token }, { bearer: 'garbage' }, { bearer: team.keys.agent.secret }])
    assert.deepEqual(expect(await call('GET', '/livez', who), 200), { alive: true });
});

// When the last run began: its age, what readyz says.
const ages = [['1 second', 200], ['2 minutes 50 seconds', 200], ['3 minutes 10 seconds', 503], ['2 days', 503]];

for (const [age, status] of ages) {
  test(`readyz is ${status} when cron last ran ${age} ago`, async () => {
    cron('dispatch');
    exec(`UPDATE heartbeats SET started_at = now() - interval '${age}', finished_at = now() - interval '${age}';`);
    const answer = await call('GET', '/readyz');
    expect(answer, status);
    if (status === 503) assert.match(answer.json.error, /cron/i, 'it says what is wrong');
    else assert.deepEqual(answer.json, { ready: true, database: true, cron: true });
  });
}

test('readyz: a run of cron makes it ready again', async () => {
  exec("UPDATE heartbeats SET started_at = now() - interval '1 day', finished_at = now() - interval '1 day';");
  expect(await call('GET', '/readyz'), 503);
  cron('all', '--at', '2019-01-01T00:00:00Z');
  expect(await call('GET', '/readyz'), 200);
  expect(await call('GET', '/livez'), 200);
});

test('readyz: a dry run is no run', async () => {
  exec("UPDATE heartbeats SET started_at = now() - interval '1 day', finished_at = now() - interval '1 day';");
  cron('all', '--at', '2019-01-01T00:00:00Z', '--dry-run');
  expect(await call('GET', '/readyz'), 503);
  cron('dispatch');
});

test('readyz: cron that never ran is no cron', async () => {
  exec('DELETE FROM heartbeats;');
  expect(await call('GET', '/readyz'), 503);
  cron('dispatch');
  expect(await call('GET', '/readyz'), 200);
});

test('metrics are Prometheus text that parses, and count', async () => {
  const answer = await call('GET', '/metrics');
  assert.equal(answer.status, 200);
  assert.match(answer.headers['content-type'], /^text\/plain/);
  const samples = answer.text.split('\n').filter((line) => line && !line.startsWith('#'));
  assert.ok(samples.length > 0);
  for (const line of samples)
    assert.match(line, /^[a-zA-Z_:][a-zA-Z0-9_:]*(\{([a-zA-Z_][a-zA-Z0-9_]*="([^"\\\n]|\\.)*",?)*\})? (-?[0-9.]+(e[+-]?[0-9]+)?|[+-]Inf|NaN)( [0-9]+)?$/);
  for (const name of new Set(samples.map((line) => /^[^{ ]+/.exec(line)[0].replace(/_(bucket|sum|count)$/, ''))))
    assert.match(answer.text, new RegExp(`^# TYPE ${name}\\b|^# TYPE ${name}_`, 'm'), `${name} has a TYPE`);
  const served = ({ text }) => Number(/^carillon_requests_total\{family="notifications",class="2xx"\} (\d+)$/m.exec(text)[1]);
  for (let n = 0; n < 5; n++) await ok(200, 'GET', '/v1/notifications/unread-count', { as: owner.token });
  assert.ok(served(await call('GET', '/metrics')) >= served(answer) + 5, 'requests are counted');
});

test('metrics tell how long cron has been silent', async () => {
  const age = async () => Number(/^carillon_cron_age_seconds (\d+)$/m.exec((await call('GET', '/metrics')).text)?.[1]);
  exec("UPDATE heartbeats SET started_at = now() - interval '10 minutes', finished_at = now() - interval '10 minutes';");
  const silent = await age();
  assert.ok(silent >= 600 && silent < 660, `${silent} seconds`);
  cron('dispatch');
  assert.ok((await age()) < 60);
});

test('metrics count what waits to be delivered, and what has just failed', async () => {
  const read = async () => Object.fromEntries((await call('GET', '/metrics')).text.split('\n')
    .map((line) => /^carillon_(deliveries\{status="\w+"\}|oldest_pending_delivery_seconds) (\d+)$/.exec(line)).filter(Boolean)
    .map(([, name, n]) => [name, Number(n)]));
  // Other tests deliver meanwhile, so these are many.
  const add = (n, status, made, decided) => `INSERT INTO deliveries (user_id, channel, kind, status, next_try_at, created_at, decided_at)
    SELECT ${quote(owner.id)}, 'email', 'ops.test', '${status}', '2100-01-01', now() - interval '${made}',
      ${decided ? `now() - interval '${decided}'` : 'NULL'} FROM generate_series(1, ${n});`;
  const names = ['deliveries{status="failed"}', 'deliveries{status="pending"}', 'oldest_pending_delivery_seconds'];
  const before = await read();
  exec([add(1000, 'pending', '1000 days'), add(1000, 'failed', '2 days', '23 hours'), add(5000, 'failed', '2 days', '25 hours'),
    add(5000, 'sent', '1 hour', '1 hour')].join(''));
  const after = await read();
  exec(`DELETE FROM deliveries WHERE kind = 'ops.test';`);
  assert.deepEqual(Object.keys(after).sort(), names);
  for (const name of names.slice(0, 2))
    assert.ok(Math.abs(after[name] - before[name] - 1000) < 500, `${name} was ${before[name]}, is ${after[name]}`);
  assert.ok(Math.abs(after[names[2]] - 1000 * 86400) < 60, `${after[names[2]]} seconds`);
});

test('metrics never name a user, an address or a token', async () => {
  await call('GET', `/v1/nothing/${uuid()}`);
  const { text } = await call('GET', '/metrics');
  assert.doesNotMatch(text, /@|[0-9a-f]{8}-[0-9a-f]{4}-|eyJ/);
});

test('metrics answer the loopback address only', async (t) => {
  const outside = Object.values(networkInterfaces()).flat().find((each) => each.family === 'IPv4' && !each.internal);
  assert.ok(['127.0.0.1', '::1', 'localhost'].includes(base.hostname), 'the tests come by loopback');
  if (!outside) return t.skip('this machine has no other address');
  return assert.rejects(fetch(`http://${outside.address}:${base.port}/metrics`), 'nothing listens elsewhere');
});

test('the counters outlive no secret: errors carry the request id and nothing else', async () => {
  const answer = await call('GET', '/v1/auth/me', { bearer: 'x'.repeat(300), headers: { 'X-Request-Id': 'ops-test-1' } });
  expect(answer, 401, 'Invalid or expired token');
  assert.equal(answer.headers['x-request-id'], 'ops-test-1');
});
