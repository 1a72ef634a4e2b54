// What the rest of the machine can do to a request: connections that are cut, a database that goes
// away, workers that are told to end or are killed, a row that somebody else has locked.  On a copy
// of its own.  Nothing is lost that was acknowledged, nothing runs twice, no answer is wrong.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import test from 'node:test';
import { startCopy } from '../lib/copy.mjs';

const copy = await startCopy();
const { base, call } = await import('../lib/client.mjs');
const fcgi = await import('../lib/fastcgi.mjs');
const { recordHits } = await import('../lib/hits.mjs');
const { accepts, eventually, pool, statusOf, workers } = await import('../lib/processes.mjs');
const { give, insertUsers, makeUser } = await import('../lib/world.mjs');
test.after(copy.stop);

const v1 = '/v1/notifications';
const families = ['auth', 'feedback', 'notifications', 'ops', 'teams'];
const allWorkers = () => families.map((family) => workers(family));

recordHits(copy.admin);

// id -> how often it was changed, of these ids
function hitsOf(ids) {
  const found = new Map(ids.map((id) => [id, 0]));
  for (const line of copy.admin(`SELECT id, count(*) FROM hits GROUP BY id;`).split('\n')) {
    const [id, n] = line.split('|');
    if (found.has(id)) found.set(id, Number(n));
  }
  return found;
}

/* ---- load: each client has a user, polls, and marks each row once ---- */

function makeClients(n, rows) {
  return Array.from({ length: n }, () => {
    const user = makeUser('client');
    insertUsers([user]);
    assert.ok(user.token.length > 0);
    return { user, ids: give(user, Array.from({ length: rows }, () => ({}))).map((row) => row.id), counts: new Set([rows]),
      sent: 0, acknowledged: new Set() };
  });
}

const [other] = makeClients(1, 3);
const progress = { answers: 0, odd: [] };

// A poll: 200, with a count that can be true.
async function poll(client, allowed) {
  const answer = await call('GET', `${v1}/unread-count`, { as: client.user.token });
  progress.answers++;
  if (answer.status !== 200) {
    if (!allowed.includes(answer.status)) progress.odd.push(`poll: ${answer.status}`);
    return;
  }
  if (!client.counts.has(answer.json.count)) progress.odd.push(`count ${answer.json.count}, not ${[...client.counts]}`);
  client.counts = new Set([answer.json.count]);
}

// A write: 200 and one less, or of unknown outcome.
async function mark(client, allowed) {
  const id = client.ids[client.sent++];
  const answer = await call('PATCH', `${v1}/${id}`, { as: client.user.token });
  const less = [...client.counts].map((count) => count - 1);
  progress.answers++;
  if (answer.status === 200) {
    client.acknowledged.add(id);
    client.counts = new Set(less);
    if (answer.json.notification.id !== id || answer.json.notification.read_at === null) progress.odd.push('a wrong row');
    if (!client.counts.has(Number(answer.headers['x-unread-count']))) progress.odd.push('a wrong X-Unread-Count');
    client.counts = new Set([Number(answer.headers['x-unread-count'])]);
  } else {
    if (!allowed.includes(answer.status)) progress.odd.push(`write: ${answer.status}`);
    client.counts = new Set([...client.counts, ...less]);
  }
}

// Run all clients until their rows are used up or act() has returned; act gets to know of progress.
async function underLoad(clients, { reads, writes }, act) {
  Object.assign(progress, { answers: 0, odd: [] });
  let over = false;
  const loops = clients.map(async (client) => {
    while (!over) {
      await poll(client, reads);
      if (client.sent < client.ids.length) await mark(client, writes);
    }
  });
  const further = (n) => {
    const goal = progress.answers + n;
    return eventually(`${n} more answers`, 30, () => progress.answers >= goal);
  };
  try {
    await act(further);
  } finally {
    over = true;
    await Promise.all(loops);
  }
  assert.deepEqual(progress.odd, [], 'no answer was wrong');
}

// What was acknowledged was done, once; what was not, once or never; the rest never.
function assertOnce(clients) {
  const hits = hitsOf(clients.flatMap((client) => client.ids));
  for (const client of clients)
    client.ids.forEach((id, at) => {
      const most = at < client.sent ? 1 : 0;
      const least = client.acknowledged.has(id) ? 1 : 0;
      assert.ok(hits.get(id) >= least && hits.get(id) <= most, `row ${at}: ran ${hits.get(id)} times, acknowledged ${least}`);
    });
}

/* ---- the database ---- */

test('connections cut under load: polls go on, writes are done or answered with 503', async () => {
  const before = allWorkers();
  const clients = makeClients(8, 400);
  await underLoad(clients, { reads: [], writes: [503] }, async (further) => {
    await further(100);
    for (let i = 0; i < 20; i++) {
      const cut = copy.admin(`SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'carillon_web'`);
      assert.ok(Number(cut) > 0, 'there was something to cut');
      await further(100);
    }
  });
  assertOnce(clients);
  assert.deepEqual(allWorkers(), before, 'no worker ended');
});

test('every family outlives it: the next request of each is answered', async () => {
  const targets = [['/v1/auth/me', 200], [`/v1/teams/${other.ids[0]}`, 404], [`/v1/projects/${other.ids[0]}/feedback`, 404],
    [`${v1}/unread-count`, 200], ['/livez', 200]];
  const as = other.user.token;
  for (const [target, status] of targets) assert.equal((await call('GET', target, { as })).status, status, target);
  // Ended, not only told to: PgBouncer gives a question that is asked again the next connection that it believes in.
  copy.admin(`SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE usename = 'carillon_web'`);
  for (const [target, status] of targets) assert.equal((await call('GET', target, { as })).status, status, target);
});

test('PostgreSQL stopped at once and started again', async () => {
  const before = allWorkers();
  const clients = makeClients(4, 2000);
  const quick = async (method, target, options) => {
    const began = Date.now();
    const answer = await call(method, target, options);
    assert.ok(Date.now() - began < 3000, `${method} ${target} took ${Date.now() - began} ms`);
    return answer;
  };
  await underLoad(clients, { reads: [503], writes: [503] }, async (further) => {
    await further(100);
    copy.pgCtl('stop', '-m', 'immediate');
    for (let i = 0; i < 5; i++) {
      for (const [method, target] of [['GET', `${v1}/unread-count`], ['GET', v1], ['POST', `${v1}/mark-all-read`], ['GET', '/v1/auth/me'],
        ['GET', '/readyz'], ['POST', '/api/notifications/read-all']]) {
        const answer = await quick(method, target, { as: other.user.token });
        assert.equal(answer.status, 503, `${method} ${target}: ${answer.text}`);
      }
      assert.equal((await quick('GET', '/livez')).status, 200);
      await further(20);
    }
    copy.pgCtl('start');
    await eventually('normal again', 5, async () => (await call('GET', `${v1}/unread-count`, { as: clients[0].user.token })).status === 200);
    await eventually('writes too', 5, async () => (await call('POST', `${v1}/mark-all-read`, { as: other.user.token })).status === 200);
    await further(100);
  });
  assertOnce(clients);
  assert.ok(clients.every((client) => client.acknowledged.size > 0));
  assert.deepEqual(allWorkers(), before, 'no worker ended');
});

test('every answer while it is away has Retry-After and says nothing of the inside', async () => {
  copy.pgCtl('stop', '-m', 'fast');
  try {
    for (const [method, target] of [['GET', v1], ['GET', '/api/notifications'], ['PATCH', `${v1}/${other.ids[0]}`], ['DELETE', `${v1}/${other.ids[0]}`],
      ['GET', `/v1/teams/${other.ids[0]}`], ['POST', '/v1/auth/logout']]) {
      const answer = await call(method, target, { as: other.user.token }); // checks Retry-After and the text
      assert.equal(answer.status, 503, `${method} ${target}`);
    }
  } finally {
    copy.pgCtl('start');
  }
  await eventually('normal again', 5, async () => (await call('GET', v1, { as: other.user.token })).status === 200);
});

test('a database that has fallen silent: 503, and nothing waits for it for ever', async () => {
  const before = allWorkers();
  const as = other.user.token;
  assert.equal((await call('GET', `${v1}/unread-count`, { as })).status, 200);
  const silent = [...copy.admin(`SELECT pid FROM pg_stat_activity WHERE usename = 'carillon_web'`).split('\n'),
    readFileSync(`${copy.folder}/pg/postmaster.pid`, 'utf8').split('\n')[0]].map(Number);
  for (const pid of silent) process.kill(pid, 'SIGSTOP');
  try {
    const answers = await Promise.all([...Array.from({ length: 8 }, () => ['GET', `${v1}/unread-count`]), ['GET', v1], ['GET', '/v1/auth/me'],
      ['PATCH', `${v1}/${other.ids[1]}`], ['POST', `${v1}/mark-all-read`]].map(async ([method, target]) => {
      const began = Date.now();
      const { status } = await call(method, target, { as });
      return [status, Date.now() - began < 8000];
    }));
    for (const answer of answers) assert.deepEqual(answer, [503, true]);
    assert.equal((await call('GET', '/livez')).status, 200);
  } finally {
    for (const pid of silent) process.kill(pid, 'SIGCONT');
  }
  await eventually('normal again', 5, async () => (await call('GET', v1, { as })).status === 200);
  await eventually('writes too', 5, async () => (await call('POST', `${v1}/mark-all-read`, { as })).status === 200);
  assert.deepEqual(allWorkers(), before, 'no worker ended');
});

/* ---- a row that somebody else has locked ---- */

test('a locked inbox holds up nobody but its own user\'s writes', async () => {
  const [locked] = makeClients(1, 20);
  const clients = makeClients(6, 300);
  const session = copy.session();
  const holder = await session.run(`BEGIN; SELECT 1 FROM inbox WHERE user_id = '${locked.user.id}' FOR UPDATE`);
  assert.match(holder, /1/);
  const slowest = { poll: 0 };
  await underLoad(clients, { reads: [], writes: [] }, async (further) => {
    for (let round = 0; round < 3; round++) {
      const began = Date.now();
      const tries = await Promise.all([
        ...locked.ids.slice(0, 5).map((id) => call('PATCH', `${v1}/${id}`, { as: locked.user.token })),
        call('DELETE', `${v1}/${locked.ids[5]}`, { as: locked.user.token }),
        call('POST', `${v1}/mark-all-read`, { as: locked.user.token }),
        call('POST', '/api/notifications/read-all', { as: locked.user.token }),
      ]);
      assert.ok(Date.now() - began < 3000, `the locked writes took ${Date.now() - began} ms`);
      for (const answer of tries) assert.equal(answer.status, 503, answer.text);
      for (let i = 0; i < 20; i++) {
        const start = Date.now();
        const answer = await call('GET', `${v1}/unread-count`, { as: locked.user.token });
        slowest.poll = Math.max(slowest.poll, Date.now() - start);
        assert.deepEqual([answer.status, answer.json.count], [200, 20]);
      }
      await further(50);
    }
  });
  assert.ok(slowest.poll < 3000, `a poll took ${slowest.poll} ms`);
  for (const client of clients) assert.ok(client.acknowledged.size > 5, `others wrote ${client.acknowledged.size} times`);
  assertOnce(clients);
  await session.run('ROLLBACK');
  await session.end();
  assert.deepEqual([...hitsOf(locked.ids).values()].filter((n) => n > 0), [], 'nothing of what was refused was done');
  for (const id of locked.ids)
    assert.equal((await call('PATCH', `${v1}/${id}`, { as: locked.user.token })).status, 200, 'free again');
  assert.deepEqual([...hitsOf(locked.ids).values()], locked.ids.map(() => 1));
});

/* ---- the workers ---- */

test('SIGTERM to workers under load: nothing is lost, cut short or done twice', async (t) => {
  const clients = makeClients(8, 3000);
  await underLoad(clients, { reads: [], writes: [] }, async (further) => {
    for (let i = 0; i < 20; i++) {
      const before = workers('notifications');
      process.kill(before[i % before.length], 'SIGTERM');
      await further(100);
      await eventually('another has taken its place', 10, () => {
        const now = workers('notifications');
        return now.length === before.length && !now.includes(before[i % before.length]);
      });
    }
  });
  assertOnce(clients);
  const sent = clients.reduce((sum, client) => sum + client.sent, 0);
  t.diagnostic(`${progress.answers} answers, ${sent} writes`);
  for (const client of clients) assert.equal(client.acknowledged.size, client.sent);
});

test('SIGTERM to a pool\'s only worker under load: requests wait for the next one', async () => {
  const [client] = makeClients(1, 1);
  const statuses = new Map();
  let over = false, answers = 0;
  const loops = Array.from({ length: 8 }, async () => {
    while (!over) {
      const { status } = await call('GET', '/v1/auth/me', { as: client.user.token });
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      answers++;
    }
  });
  for (let i = 0; i < 10; i++) {
    const [before] = workers('auth');
    const goal = answers + 200;
    process.kill(before, 'SIGTERM');
    await eventually('another serves', 10, () => answers > goal && workers('auth').length === 1 && workers('auth')[0] !== before);
  }
  over = true;
  await Promise.all(loops);
  assert.deepEqual([...statuses.keys()], [200], `${[...statuses]}`);
});

test('SIGTERM in the middle of a body', async () => {
  const [client] = makeClients(1, 2);
  const body = '{"read":true}';
  const socket = net.connect(base.port, base.hostname);
  const answer = new Promise((resolve) => {
    let text = '';
    socket.setEncoding('latin1').on('data', (part) => {
      text += part;
      if (text.includes('"notification"') || /^HTTP\/1.1 [45]/.test(text)) resolve(text);
    });
  });
  socket.write(`PATCH ${v1}/${client.ids[0]} HTTP/1.1\r\nHost: x\r\nCookie: token=${client.user.token}\r\n` +
    `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, 5)}`);
  const before = workers('notifications');
  for (const pid of before) process.kill(pid, 'SIGTERM');
  await eventually('new workers', 10, () => workers('notifications').filter((pid) => !before.includes(pid)).length === 2);
  socket.write(body.slice(5));
  assert.match(await answer, /^HTTP\/1.1 200 /);
  socket.destroy();
});

test('SIGTERM when half a request lies in a worker: the other half is waited for', async () => {
  const [client] = makeClients(1, 2);
  const bytes = fcgi.request({ REQUEST_METHOD: 'PATCH', DOCUMENT_URI: `${v1}/${client.ids[0]}`, CONTENT_TYPE: 'application/json',
    CONTENT_LENGTH: '13', HTTP_COOKIE: `token=${client.user.token}` }, '{"read":true}');
  const connections = Array.from({ length: 4 }, () => fcgi.open('notifications'));
  for (const connection of connections) {
    await connection.send(bytes.subarray(0, 5));
    await connection.send(bytes.subarray(5, bytes.length - 12));
  }
  for (let i = 0; i < 4; i++) await fcgi.ask('notifications', bytes); // by now those halves were read, too
  const before = workers('notifications');
  for (const pid of before) process.kill(pid, 'SIGTERM');
  await Promise.all(connections.map(async (connection) => {
    await connection.send(bytes.subarray(bytes.length - 12));
    assert.equal((await connection.answer()).status, 200);
    assert.equal(await connection.ended, 1, 'and closed then');
  }));
  await eventually('they have ended', 10, () => workers('notifications').every((pid) => !before.includes(pid)));
});

// What closes an idle connection is told to, for it alone knows whether a request is on its way on it.
test('SIGTERM with idle connections: each is answered once more, however late', async () => {
  const [client] = makeClients(1, 1);
  const bytes = fcgi.request(fcgi.get(`${v1}/unread-count`, { HTTP_COOKIE: `token=${client.user.token}` }));
  const connections = Array.from({ length: 8 }, () => fcgi.open('notifications'));
  await Promise.all(connections.map(async (connection) => {
    await connection.send(bytes);
    assert.equal((await connection.answer()).status, 200);
  }));
  for (const pid of workers('notifications')) process.kill(pid, 'SIGTERM');
  await new Promise((resolve) => setTimeout(resolve, 500)); // nginx was kept from the processor
  await Promise.all(connections.map(async (connection) => {
    await connection.send(bytes);
    assert.equal((await connection.answer()).status, 200);
    assert.equal(await connection.ended, 2, 'and closed then');
  }));
});

const waitForLocks = () => Number(copy.admin(`SELECT count(*) FROM pg_stat_activity
  WHERE usename = 'carillon_web' AND wait_event_type = 'Lock'`));

test('SIGTERM to a pool: what its workers have in hand is answered', async () => {
  const [client] = makeClients(1, 1);
  const before = pool('notifications');
  await eventually('its workers are ready', 10, () => workers('notifications').filter(accepts).length === 2);
  const told = workers('notifications');
  const session = copy.session();
  await session.run(`BEGIN; SELECT 1 FROM inbox WHERE user_id = '${client.user.id}' FOR UPDATE`);
  const answer = call('PATCH', `${v1}/${client.ids[0]}`, { as: client.user.token });
  await eventually('it waits for the lock', 10, () => waitForLocks() === 1);
  process.kill(before, 'SIGTERM');
  await eventually('they have been told', 10, () => !told.some(accepts));
  await session.run('ROLLBACK');
  await session.end();
  assert.equal((await answer).status, 200);
  assert.equal(hitsOf(client.ids).get(client.ids[0]), 1);
  await eventually('another pool', 20, async () => {
    const { status } = await call('GET', `${v1}/unread-count`, { as: client.user.token });
    return status === 200 && pool('notifications') !== before;
  });
});

for (const [method, status] of [['PATCH', 200], ['DELETE', 200]])
  test(`a ${method} whose worker is killed is not sent to another one`, async () => {
    const [client] = makeClients(1, 2);
    const target = `${v1}/${client.ids[0]}`;
    const session = copy.session();
    await session.run(`BEGIN; SELECT 1 FROM inbox WHERE user_id = '${client.user.id}' FOR UPDATE`);
    const answer = call(method, target, { as: client.user.token });
    await eventually('it waits for the lock', 10, () => waitForLocks() === 1);
    const before = workers('notifications');
    for (const pid of before) process.kill(pid, 'SIGKILL');
    assert.equal((await answer).status, 503, 'nobody knows what became of it');
    assert.ok(waitForLocks() <= 1, 'no other worker was asked');
    await session.run('ROLLBACK');
    await session.end();
    await eventually('nothing waits any more', 10, () => waitForLocks() === 0);
    await eventually('new workers', 10, () => workers('notifications').length === 2);
    const ran = hitsOf(client.ids).get(client.ids[0]);
    assert.ok(ran <= 1, `ran ${ran} times`);
    const again = await call(method, target, { as: client.user.token });
    assert.equal(again.status, method === 'DELETE' && ran === 1 ? 404 : status);
  });

test('a worker that rests gives back what busy times needed, and goes on', async () => {
  const { token } = other.user;
  for (let i = 0; i < 50; i++) assert.equal((await call('GET', v1, { as: token })).status, 200);
  const size = (pid) => statusOf(pid, 'RssFile');
  const worker = workers('notifications').sort((a, b) => size(b) - size(a))[0];
  const busy = size(worker);
  await eventually('it needs half a megabyte less', 30, () => size(worker) < busy - 512);
  assert.equal((await call('GET', v1, { as: token })).status, 200);
  assert.ok(workers('notifications').includes(worker));
});

test('in the end no worker has complained', () => {
  for (const family of families) {
    const lines = copy.log(family).split('\n').filter((line) => /"level":"error"|Sanitizer|runtime error/.test(line));
    assert.deepEqual(lines, [], family);
  }
});
