// What a FastCGI peer can do to a worker, past nginx: every way of being silent, slow, wrong or
// gone.  Whatever it was, the worker is the same process afterwards, and serves the next request.
import assert from 'node:assert/strict';
import test from 'node:test';
import { base, call } from '../lib/client.mjs';
import * as fcgi from '../lib/fastcgi.mjs';
import { eventually, statusOf, workers } from '../lib/processes.mjs';
import { give, insertUsers, makeUser } from '../lib/world.mjs';

const { BEGIN, ABORT, PARAMS, STDIN, DATA, GET_VALUES, ask, begin, get, open, pair, record, request, stream } = fcgi;

const user = makeUser('peer');
insertUsers([user]);
const [item] = give(user, [{}]);
const cookie = { HTTP_COOKIE: `token=${user.token}` };
const livez = request(get('/livez'));
const count = request(get('/v1/notifications/unread-count', cookie));
const patch = (body, params = {}) => request({ REQUEST_METHOD: 'PATCH', DOCUMENT_URI: `/v1/notifications/${item.id}`,
  CONTENT_TYPE: 'application/json', CONTENT_LENGTH: String(body.length), ...cookie, ...params }, body);

async function serves(family = 'ops') {
  const answer = await ask(family, family === 'ops' ? livez : count);
  assert.equal(answer.status, 200, answer.text);
}

// The act, and then: no worker has ended, each of them still answers.
function unharmed(what, family, act) {
  test(what, { timeout: 30000 }, async (t) => {
    const before = workers(family);
    await act(t);
    await serves(family);
    assert.equal((await call('GET', '/livez')).status, 200);
    assert.deepEqual(workers(family), before, 'no worker was started again');
  });
}

/* ---- what is dropped at once, for it will never be a request ---- */

const whole = (params) => Buffer.concat([begin(), params, record(STDIN)]);
const lengths = (...hex) => Buffer.concat([begin(), record(PARAMS, Buffer.from(hex.join(''), 'hex'))]);
const peaks = new Map(workers('ops').map((pid) => [pid, statusOf(pid, 'VmPeak')]));
const broken = {
  'garbage': Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
  'zeros': Buffer.alloc(64),
  'all ones': Buffer.alloc(64, 0xff),
  'a TLS hello': Buffer.from('16030100a5010000a10303', 'hex'),
  'version 0': request(get('/livez'), '', { version: 0 }),
  'version 2': request(get('/livez'), '', { version: 2 }),
  'role 0': request(get('/livez'), '', { role: 0 }),
  'role authorizer': request(get('/livez'), '', { role: 2 }),
  'role filter': request(get('/livez'), '', { role: 3 }),
  'role 0x0101': request(get('/livez'), '', { role: 0x101 }),
  'request id 0': request(get('/livez'), '', { id: 0 }),
  'PARAMS of another id': Buffer.concat([begin(), stream(PARAMS, pair('A', 'b'), { id: 2 }), record(STDIN)]),
  'STDIN of another id': Buffer.concat([begin(), record(PARAMS), record(STDIN, '', { id: 2 })]),
  'a short BEGIN': Buffer.concat([record(BEGIN, '\0\x01\x01'), record(PARAMS), record(STDIN)]),
  'an empty BEGIN': record(BEGIN),
  'a BEGIN that is padded': Buffer.concat([record(BEGIN, '\0\x01\x01\0\0\0\0\0', { padding: 8 }), record(PARAMS), record(STDIN)]),
  'two BEGINs': Buffer.concat([begin(), begin(), record(PARAMS), record(STDIN)]),
  'a second BEGIN of another id': Buffer.concat([begin(), begin({ id: 2 }), record(PARAMS), record(STDIN)]),
  'PARAMS first': stream(PARAMS, pair('A', 'b')),
  'STDIN first': record(STDIN),
  'STDIN before the end of PARAMS': Buffer.concat([begin(), record(PARAMS, pair('A', 'b')), record(STDIN)]),
  'PARAMS after their end': Buffer.concat([begin(), record(PARAMS), record(PARAMS, pair('A', 'b'))]),
  'the end of PARAMS padded': Buffer.concat([begin(), record(PARAMS, '', { padding: 8 }), record(STDIN)]),
  'the end of STDIN padded': Buffer.concat([begin(), record(PARAMS), record(STDIN, '', { padding: 8 })]),
  'an ABORT first': record(ABORT),
  'an ABORT in the middle': Buffer.concat([begin(), record(PARAMS, pair('A', 'b')), record(ABORT)]),
  'an ABORT in place of STDIN': Buffer.concat([begin(), record(PARAMS), record(ABORT)]),
  'DATA': Buffer.concat([begin(), record(PARAMS), record(DATA, 'x')]),
  'GET_VALUES': record(GET_VALUES, pair('FCGI_MAX_CONNS', ''), { id: 0 }),
  'an unknown type': record(77),
  'two requests at once': Buffer.concat([livez, livez]),
  'a byte after the end': Buffer.concat([livez, Buffer.from([1])]),
  'a pair that is cut': whole(stream(PARAMS, pair('REQUEST_METHOD', 'GET').subarray(0, 7))),
  'half a length': whole(stream(PARAMS, Buffer.from([0x80, 0, 0]))),
  'lengths 0x7fffffff and 0x7fffffff': lengths('ffffffff', 'ffffffff'),
  'lengths 0x7ffffffe and 0x7ffffffe': lengths('fffffffe', 'fffffffe'),
  'lengths 0x7fffff00 and 0x10': lengths('ffffff00', '10'),
  'lengths 0x10 and 0x7fffff00': lengths('10', 'ffffff00'),
  'more parameters than 64 KiB': whole(stream(PARAMS, Buffer.concat([pair('A', 'x'.repeat(40000)), pair('B', 'x'.repeat(40000))]))),
  'a body over 64 KiB': request(get('/livez', { CONTENT_LENGTH: '65537' }), Buffer.alloc(65537)),
  'records without end': Buffer.concat([begin(), ...Array.from({ length: 300 }, () => record(PARAMS, '\0\0'))]),
};

for (const [what, bytes] of Object.entries(broken))
  unharmed(`dropped: ${what}`, 'ops', async () => {
    const connection = open('ops');
    await connection.send(bytes).catch(() => {});
    assert.equal(await connection.ended, 0, 'closed without an answer');
  });

unharmed('no length made a worker ask for gigabytes', 'ops', () => {
  for (const [pid, peak] of peaks) assert.ok(statusOf(pid, 'VmPeak') - peak < 1 << 20, 'less than 1 GB more, in kB');
});

/* ---- requests that are odd, and answered ---- */

const odd = [
  ['duplicated parameters: the first counts', [['REQUEST_METHOD', 'GET'], ['DOCUMENT_URI', '/livez'],
    ['DOCUMENT_URI', '/nowhere'], ['REQUEST_METHOD', 'DELETE']], '', 200],
  ['the second does not', [['REQUEST_METHOD', 'GET'], ['DOCUMENT_URI', '/nowhere'], ['DOCUMENT_URI', '/livez']], '', 404],
  ['no parameter at all', [], '', 404],
  ['an empty method', { REQUEST_METHOD: '', DOCUMENT_URI: '/livez' }, '', 405],
  ['no method', { DOCUMENT_URI: '/livez' }, '', 405],
  ['an unknown method', { REQUEST_METHOD: 'BREW', DOCUMENT_URI: '/livez' }, '', 405],
  ['an empty path', get(''), '', 404],
  ['empty names and values', [['', ''], ['', 'x'], ['X', ''], ...Object.entries(get('/livez'))], '', 200],
  ['NUL in a name', [['DOCUMENT_URI\0', '/nowhere'], ...Object.entries(get('/livez'))], '', 200],
  ['NUL at the start of a path', get('\0/livez'), '', 404],
  ['bytes that are no UTF-8', get(Buffer.from([0x2f, 0xff, 0xfe])), '', 404],
  ['a long value', get('/livez', { HTTP_COOKIE: 'x'.repeat(60000) }), '', 200],
  ['400 parameters', [...Array.from({ length: 400 }, (_, n) => [`P${n}`, 'x']), ...Object.entries(get('/livez'))], '', 200],
  ['a body that nobody announced', get('/livez'), 'hello', 400],
  ['an announced body that does not come', get('/livez', { CONTENT_LENGTH: '5' }), '', 400],
  ['CONTENT_LENGTH larger than the body', get('/livez', { CONTENT_LENGTH: '6' }), 'hello', 400],
  ['CONTENT_LENGTH smaller than the body', get('/livez', { CONTENT_LENGTH: '4' }), 'hello', 400],
  ...['-1', '-5', '-18446744073709551611', '+5', ' 5', '5 ', '5x', '0x5', 'five', '5,5', '18446744073709551621',
    '99999999999999999999999', '5.0'].map((n) => [`CONTENT_LENGTH ${n}`, get('/livez', { CONTENT_LENGTH: n }), 'hello', 400]),
  ...['-1', '-0', 'none', ' '].map((n) => [`CONTENT_LENGTH ${n}, no body`, get('/livez', { CONTENT_LENGTH: n }), '', 400]),
  ['CONTENT_LENGTH empty, no body', get('/livez', { CONTENT_LENGTH: '' }), '', 200],
  ['CONTENT_LENGTH right', get('/livez', { CONTENT_LENGTH: '5' }), 'hello', 200],
];

for (const [what, params, body, status] of odd)
  unharmed(`answered with ${status}: ${what}`, 'ops', async () => {
    const answer = await ask('ops', request(params, body));
    assert.equal(answer.status, status, answer.text);
    if (status >= 400) assert.deepEqual(Object.keys(JSON.parse(answer.text)), ['error']);
  });

unharmed('a request in records of every size', 'ops', async () => {
  const connection = open('ops');
  for (const options of [{ size: 1 }, { size: 7, padding: 255 }, { padding: 3 }, { id: 0xffff }, { id: 0x100, size: 20 }]) {
    await connection.send(request(get('/livez', { CONTENT_LENGTH: '3' }), 'abc', options));
    assert.equal((await connection.answer()).status, 200, JSON.stringify(options));
  }
  connection.close();
});

// libfcgi reads 8192 bytes at a time, and must leave none of a request for the next one.
unharmed('a kept connection outlives a request of every length', 'ops', async () => {
  const connection = open('ops');
  const bare = request(get('/livez', { CONTENT_LENGTH: '10000' }), Buffer.alloc(10000)).length - 10000;
  for (const reads of [1, 2, 8])
    for (let off = -24; off <= 24; off++) {
      const n = 8192 * reads - bare + off;
      const digits = String(n).padStart(5, '0');
      await connection.send(request(get('/livez', { CONTENT_LENGTH: digits }), Buffer.alloc(n)));
      assert.equal((await connection.answer()).status, 200, `body of ${n}`);
      await connection.send(livez);
      assert.equal((await connection.answer()).status, 200, `after a body of ${n}`);
    }
  for (let off = -24; off <= 24; off++) { // the same without a body
    const value = 'x'.repeat(8192 - request(get('/livez', { HTTP_COOKIE: 'x'.repeat(1000) })).length + 1000 + off);
    for (const bytes of [request(get('/livez', { HTTP_COOKIE: value })), livez]) {
      await connection.send(bytes);
      assert.equal((await connection.answer()).status, 200, `parameters, ${off}`);
    }
  }
  connection.close();
});

/* ---- silent, slow, gone ---- */

unharmed('a silent peer delays nobody', 'ops', async () => {
  const silent = Array.from({ length: 20 }, () => open('ops'));
  for (let i = 0; i < 20; i++) await serves();
  for (const connection of silent) connection.close();
});

for (const [what, family, bytes, check] of [
  ['a small request', 'ops', livez, (answer) => assert.equal(answer.status, 200)],
  ['a request with a cookie', 'notifications', count, (answer) => assert.deepEqual(JSON.parse(answer.text), { count: 1 })],
  ['a write', 'notifications', patch('{"read":false}'), (answer) => assert.equal(JSON.parse(answer.text).notification.id, item.id)],
  ['2,000 bytes', 'ops', request(get('/livez', { HTTP_COOKIE: 'x'.repeat(2000) })), (answer) => assert.equal(answer.status, 200)],
])
  unharmed(`${what} byte by byte is answered when it is whole`, family, async () => {
    const connection = open(family);
    let early = true;
    const answer = connection.answer();
    answer.then(() => assert.ok(!early, 'answered before it was whole'), () => {});
    for (let at = 0; at < bytes.length - 1; at++) {
      await connection.send(bytes.subarray(at, at + 1));
      if (at % 100 === 0) await serves(family);
    }
    await serves(family);
    early = false;
    await connection.send(bytes.subarray(-1));
    check(await answer);
    await connection.send(bytes);
    check(await connection.answer());
    connection.close();
  });

unharmed('half requests left hanging delay nobody', 'ops', async () => {
  const body = request(get('/livez', { CONTENT_LENGTH: '5' }), 'hello');
  const cuts = [1, 8, 16, 24, 40, body.length - 20, body.length - 9, body.length - 1];
  const hanging = cuts.map((cut) => {
    const connection = open('ops');
    connection.send(body.subarray(0, cut));
    return connection;
  });
  for (let i = 0; i < 20; i++) await serves();
  for (const connection of hanging) connection.close();
});

unharmed('more half requests than there are places make room for a whole one', 'ops', async () => {
  const hanging = Array.from({ length: 300 }, () => open('ops'));
  await Promise.all(hanging.map((connection) => connection.send(livez.subarray(0, 30))));
  const began = Date.now();
  for (let i = 0; i < 10; i++) await serves();
  assert.ok(Date.now() - began < 5000, 'before they are dropped for being slow');
  for (const connection of hanging) connection.close();
});

const closers = {
  'before anything': [Buffer.alloc(0)],
  'in the middle of a header': [livez.subarray(0, 5)],
  'in the middle of BEGIN': [livez.subarray(0, 12)],
  'in the middle of PARAMS': [livez.subarray(0, 40)],
  'before the end of STDIN': [livez.subarray(0, livez.length - 8)],
  'before reading the answer': [livez],
  'after half a request in two parts': [livez.subarray(0, 20), livez.subarray(20, 50)],
};

for (const [what, parts] of Object.entries(closers))
  unharmed(`200 peers that close ${what}`, 'ops', async () => {
    for (let i = 0; i < 200; i++) {
      const connection = open('ops');
      for (const part of parts) await connection.send(part).catch(() => {});
      await connection.close();
    }
  });

unharmed('a peer that closes while its write is under way', 'notifications', async () => {
  for (let i = 0; i < 50; i++) {
    const connection = open('notifications');
    await connection.send(patch('{"read":true}'));
    await connection.close();
  }
  await eventually('the write was done', 3, async () => (await ask('notifications', count)).text === '{"count":0}');
});

unharmed('a closed half request frees its place', 'ops', async () => {
  for (let i = 0; i < 300; i++) { // more than there are places
    const connection = open('ops');
    await connection.send(livez.subarray(0, 30));
    connection.close();
  }
  await serves();
});

unharmed('an ABORT while the request is under way', 'notifications', async () => {
  const connection = open('notifications');
  const answer = connection.answer().catch(() => {}); // or closed at once: both are right
  await connection.send(count);
  await connection.send(record(ABORT)).catch(() => {});
  await answer;
  await connection.close();
});

unharmed('without KEEP_CONN the connection closes after the answer', 'ops', async () => {
  const began = process.hrtime.bigint();
  for (let i = 0; i < 50; i++) {
    const connection = open('ops');
    const answer = connection.answer();
    await connection.send(request(get('/livez'), '', { flags: 0 }));
    assert.equal((await answer).status, 200);
    assert.equal(await connection.ended, 1);
  }
  assert.ok(process.hrtime.bigint() - began < 5_000_000_000n, 'none of them waited for another');
});

/* ---- many: a worker has 256 places ---- */

for (const family of ['ops', 'notifications'])
  unharmed(`600 connections to ${family} at once, each with a request`, family, async () => {
    const bytes = family === 'ops' ? livez : count;
    for (let round = 0; round < 3; round++) {
      const answers = await Promise.all(Array.from({ length: 600 }, () => ask(family, bytes)));
      for (const answer of answers) assert.equal(answer.status, 200);
    }
  });

unharmed('600 kept connections at once, 5 requests each', 'ops', async () => {
  const connections = Array.from({ length: 600 }, () => open('ops'));
  let answered = 0;
  await Promise.all(connections.map(async (first) => {
    let connection = first;
    for (let i = 0; i < 5; i++) {
      const answer = connection.answer();
      connection.send(livez).catch(() => {});
      try {
        assert.equal((await answer).status, 200);
        answered++;
      } catch { // closed to make room, before this was read: as nginx would, on a new one
        connection = open('ops');
        i--;
      }
    }
    await connection.close();
  }));
  assert.equal(answered, 3000);
});

unharmed('300 idle connections do not keep the next one waiting', 'ops', async () => {
  const idle = Array.from({ length: 300 }, () => open('ops'));
  for (let i = 0; i < 10; i++) await serves();
  for (const connection of idle) connection.close();
});

unharmed('300 connections that were answered and kept do not either', 'ops', async () => {
  const kept = Array.from({ length: 300 }, () => open('ops'));
  await Promise.all(kept.map((connection) => {
    connection.send(livez);
    return connection.answer();
  }));
  for (let i = 0; i < 10; i++) await serves();
  for (const connection of kept) connection.close();
});

test('through nginx nothing of all this was to be seen', async () => {
  const answers = await Promise.all(Array.from({ length: 100 }, () => call('GET', '/v1/notifications/unread-count', { as: user.token })));
  for (const answer of answers) assert.equal(answer.status, 200, base.href);
});
