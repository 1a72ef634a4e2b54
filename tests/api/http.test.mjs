// HTTP in general (contract section 3): what holds for every route, and the
// web server's own answers.  call() checks the common rules of each answer.
import assert from 'node:assert/strict';
import test from 'node:test';
import { base, call, expect, ok, uuid } from '../lib/client.mjs';
import { operations } from '../lib/openapi.mjs';
import { raw } from '../lib/raw.mjs';
import { give, makeExperiment, makeFlag, makeIssue, makeJob, makeWorld } from '../lib/world.mjs';

const { owner, team } = makeWorld();
const [note] = give(owner, [{}]);
const experiment = `/v1/experiments/${makeExperiment(team.project).id}`;
const flag = `/v1/flags/${makeFlag(team).id}`;
const issue = `/v1/issues/${makeIssue(team)}`;
const me = '/v1/auth/me';

const unknown = [
  '/v1', '/v1/', '/v1/nothing', '/api', '/api/', '/api/v1/notifications', '/v1/notifications/', '/v1/notificationsx',
  '/v1/notifications/a/b', `/v1/notifications/${uuid()}/read`, '/api/notifications/', `/api/notifications/${uuid()}`,
  `/api/notifications/${uuid()}/unread`, '/api/notificationsx', '/v1/auth', '/v1/auth/', '/v1/auth/me/', '/v1/auth/nothing',
  '/v1/teams', '/v1/teams/', '/v1/teamsx', `/v1/teams/${uuid()}/nothing`, `/v1/teams/${uuid()}/members/`, '/v1/projects',
  `/v1/projects/${uuid()}/nothing`, `/v1/projects/${uuid()}/feedback/`, `/v1/projects/${uuid()}/feedback/x`, '/v1/feedback/',
  '/v1/feedbackx', '/v1/feeds/', '/v1/feedsx', '/feeds', '/feeds/', '/feeds/x', '/hooks', '/hooks/', '/hooks/x', '/v1/flags', '/v1/flags/', '/v1/flagsx', `/v1/flags/${uuid()}/run`, `/v1/flags/${uuid()}/environments/production`,
  `/v1/projects/${uuid()}/flags/`, '/ofrep', '/ofrep/v1/evaluate', '/ofrep/v1/evaluate/flags/a/b', '/V1/notifications', '/v1//notifications', '//v1/notifications', '/v1/notifications;x=1',
  '/v1/notifications%2f', '/nothing', '/nothing.html', '/.git/config', '/.env', '/livez/', '/livez/x', '/metricsx',
  '/dashboard/nothing', '/openapi.yaml/', '/openapi.yml', '/index.php', '/.error',
];

for (const path of unknown) {
  test(`${path} is unknown to everybody, by every method`, async () => {
    for (const method of ['GET', 'POST', 'DELETE'])
      for (const who of [{}, { as: owner.token }, { bearer: team.keys.agent.secret }])
        expect(await call(method, path, who), 404, 'Not found', `${method} ${path}`);
    const head = await call('HEAD', path);
    assert.equal(head.status, 404);
  });
}

test('an unknown path wins over everything else', async () => {
  expect(await call('POST', '/v1/nothing', { raw: '{', type: 'text/plain', bearer: 'garbage',
    headers: { 'Sec-Fetch-Site': 'cross-site' } }), 404, 'Not found');
});

test('a wrong method wins over credentials, origin and body', async () => {
  const answer = await call('PUT', '/v1/notifications', { raw: '{', type: 'text/plain', bearer: 'garbage',
    headers: { 'Sec-Fetch-Site': 'cross-site' } });
  expect(answer, 405, 'Method not allowed');
  assert.deepEqual(answer.headers.allow.split(/, */).sort(), ['GET', 'HEAD']);
});

for (const method of ['TRACE', 'PROPFIND', 'BREW', 'get']) {
  test(`${method} is refused, in JSON`, async () => {
    const answer = await raw(`${method} /v1/notifications HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    assert.ok([400, 405, 501].includes(answer.status), `${answer.status}`);
    assert.deepEqual(Object.keys(JSON.parse(answer.text)), ['error']);
  });
}

// HEAD: the headers of GET, and no body.
const readable = ['/v1/auth/me', '/v1/auth/me/webhooks', '/v1/feeds', '/v1/notifications', '/v1/notifications/unread-count', '/v1/notifications/types',
  '/v1/notifications/counts', '/v1/notifications/bin', '/v1/notifications/snoozed',
  `/v1/notifications/${note.id}/deliveries`, '/api/notifications', `/v1/teams/${team.id}`, `/v1/teams/${team.id}/deliveries`, `/v1/teams/${team.id}/members`, `/v1/teams/${team.id}/keys`,
  `/v1/teams/${team.id}/audit`, `/v1/teams/${team.id}/projects`, `/v1/projects/${team.project}`,
  `/v1/projects/${team.project}/experiments`, experiment, `${experiment}/preflight`, `/v1/projects/${team.project}/flags`, flag,
  `${experiment}/schedule`, `${flag}/environments/production/schedule`, `/v1/projects/${team.project}/schedules`,
  `/v1/projects/${team.project}/issues`, issue, `${issue}/events`, `/v1/teams/${team.id}/jobs`, `/v1/jobs/${makeJob(team).id}`,
  `/v1/projects/${team.project}/feedback`, '/livez', '/readyz', '/metrics'];

test('the list above holds every GET of openapi.yaml', () => {
  // a page for mail programs, two files and two feeds have tests of their own
  const count = operations().filter((op) => op.method === 'GET' && !/^\/(openapi\.yaml|unsubscribe|feeds|v1\/jobs\/.*\/file)/.test(op.path)).length;
  assert.equal(readable.length, count);
});

for (const path of readable) {
  test(`HEAD ${path}`, async () => {
    const get = await call('GET', path, { as: owner.token });
    const head = await call('HEAD', path, { as: owner.token });
    assert.equal(head.status, get.status);
    for (const name of ['content-type', 'etag', 'x-poll-interval', 'cache-control'])
      assert.equal(head.headers[name], get.headers[name], name);
    expect(await call('GET', path, { as: owner.token, headers: { 'Sec-Fetch-Site': 'cross-site', Origin: 'https://evil.example' } }),
      get.status, undefined, 'reading is nobody\'s attack');
  });
}

// Query parameters: ignored, or refused before anything is done.
const strict = { Prefer: 'handling=strict' };
const paged = /notifications(\/(bin|snoozed))?$|v1\/feeds$|teams\/[^/]+\/deliveries$|\/(members|keys|audit|projects|experiments|flags|schedules|feedback|issues|events|jobs)$/;

for (const path of readable) {
  test(`strict handling of GET ${path}`, async () => {
    const get = (query, headers) => call('GET', `${path}?${query}`, { as: owner.token, headers });
    expect(await get('colour=red', strict), 400, 'Unknown parameter: colour');
    expect(await get('limit=1&colour=red', strict), 400);
    if (paged.test(path)) expect(await get('limit=1', strict), 200);
    else expect(await get('limit=1', strict), 400, 'Unknown parameter: limit');
    expect(await get('colour=red'), (await call('GET', path, { as: owner.token })).status);
  });
}

test('strict handling of writes', async () => {
  const writes = [['PATCH', me, { name: 'Changed' }], ['PATCH', `/v1/teams/${team.id}`, { name: 'Changed' }],
    ['POST', '/v1/notifications/mark-all-read'], ['POST', '/api/notifications/read-all'], ['POST', '/v1/auth/logout'],
    ['POST', `/api/notifications/${note.id}/read`], ['PATCH', `/v1/notifications/${note.id}`], ['DELETE', `/v1/notifications/${note.id}`]];
  for (const [method, path, body] of writes)
    expect(await call(method, `${path}?colour=red`, { as: owner.token, body, headers: strict }), 400, 'Unknown parameter: colour', path);
  assert.deepEqual(await ok(200, 'GET', '/v1/notifications/unread-count', { as: owner.token }), { count: 1 }, 'nothing was done');
  expect(await call('PATCH', `${me}?colour=red`, { headers: strict }), 401, 'Missing authorization', 'credentials come first');
});

test('security headers stand on good answers and on errors', async () => {
  for (const answer of [await call('GET', me, { as: owner.token }), await call('GET', me), await call('GET', '/v1/nothing')]) {
    assert.equal(answer.headers['x-content-type-options'], 'nosniff');
    assert.match(answer.headers['content-security-policy'], /default-src 'none'/);
    assert.equal(answer.headers['referrer-policy'], 'no-referrer');
    assert.equal(answer.headers['cross-origin-resource-policy'], 'same-origin');
    assert.equal(answer.headers['access-control-allow-origin'], undefined);
    assert.doesNotMatch(answer.headers.server ?? '', /\d/, 'no version');
    assert.equal(answer.headers['set-cookie'], undefined);
  }
});

// X-Request-Id: sent, whether it is kept.
const requestIds = [
  ['abcdefgh', true], ['A.b_c-9.0', true], ['a'.repeat(64), true], ['6f9619ff-8b86-d011-b42d-00c04fc964ff', true],
  ['a', true], ['req-1', true], ['a'.repeat(65), false], ['', false], ['with space', false], ['<script>alert(1)</script>', false],
  ['caf\u00e9caf\u00e9', false], ['a,b,c,d,e', false], ['"quoted-id"', false], ['new\\nline-x', false],
];

for (const [id, kept] of requestIds) {
  test(`X-Request-Id ${JSON.stringify(id.slice(0, 40))} is ${kept ? 'kept' : 'replaced'}`, async () => {
    const made = new Set();
    for (const [method, path] of [['GET', me], ['GET', '/v1/notifications'], ['GET', '/v1/nothing'], ['PUT', me]]) {
      const answer = await call(method, path, { as: owner.token, headers: { 'X-Request-Id': id } });
      assert.equal(answer.headers['x-request-id'] === id, kept, `${method} ${path}: ${answer.headers['x-request-id']}`);
      made.add(answer.headers['x-request-id']);
    }
    assert.equal(made.size, kept ? 1 : 4, 'a made one is made anew each time');
  });
}

// The web server's own answers: what is sent, the status.
const host = `Host: ${base.host}\r\nConnection: close\r\n`;
const rough = [
  ['nonsense', 'nonsense\r\n\r\n', [400]],
  ['no Host', 'GET /v1/auth/me HTTP/1.1\r\nConnection: close\r\n\r\n', [400]],
  ['two Hosts', `GET /v1/auth/me HTTP/1.1\r\n${host}Host: b\r\n\r\n`, [400]],
  ['a NUL in the path', `GET /v1/auth/me%00 HTTP/1.1\r\n${host}\r\n`, [400]],
  ['a NUL in a header', `GET /v1/auth/me HTTP/1.1\r\n${host}X: a\0b\r\n\r\n`, [400]],
  ['a path above the root', `GET /../../etc/passwd HTTP/1.1\r\n${host}\r\n`, [400, 404]],
  ['a broken escape', `GET /v1/%zz HTTP/1.1\r\n${host}\r\n`, [400]],
  ['a URI of 9 KB', `GET /${'a'.repeat(9000)} HTTP/1.1\r\n${host}\r\n`, [414]],
  ['a header of 9 KB', `GET /v1/auth/me HTTP/1.1\r\n${host}X: ${'a'.repeat(9000)}\r\n\r\n`, [431]],
  ['headers of 40 KB', `GET /v1/auth/me HTTP/1.1\r\n${host}${`X: ${'a'.repeat(7000)}\r\n`.repeat(6)}\r\n`, [431]],
  ['a negative length', `POST /v1/feedback HTTP/1.1\r\n${host}Content-Length: -1\r\n\r\n`, [400]],
  ['a length in words', `POST /v1/feedback HTTP/1.1\r\n${host}Content-Length: ten\r\n\r\n`, [400]],
  ['two lengths', `POST /v1/feedback HTTP/1.1\r\n${host}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`, [400]],
  ['a length and chunks', `POST /v1/feedback HTTP/1.1\r\n${host}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, [400]],
  ['a broken chunk', `POST /v1/feedback HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n`, [400]],
  ['an unknown transfer coding', `POST /v1/feedback HTTP/1.1\r\n${host}Transfer-Encoding: gzip\r\n\r\n`, [400, 501]],
  ['a length of 100 MB', `POST /v1/feedback HTTP/1.1\r\n${host}Content-Length: 104857600\r\n\r\n`, [413]],
  ['two Authorizations', `GET /v1/auth/me HTTP/1.1\r\n${host}Authorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n`, [400]],
  ['HTTP/3.0', `GET /v1/auth/me HTTP/3.0\r\n${host}\r\n`, [400, 505]],
  ['POST to a page', `POST /login HTTP/1.1\r\n${host}Content-Length: 0\r\n\r\n`, [404, 405]],
  ['PUT to the document', `PUT /openapi.yaml HTTP/1.1\r\n${host}Content-Length: 0\r\n\r\n`, [405]],
];

for (const [what, bytes, statuses] of rough) {
  test(`nginx's own: ${what}`, async () => {
    const { status, headers, text } = await raw(Buffer.from(bytes, 'latin1'));
    assert.ok(statuses.includes(status), `${status} ${text.slice(0, 80)}`);
    assert.match(headers['content-type'] ?? '', /^application\/json/);
    assert.deepEqual(Object.keys(JSON.parse(text)), ['error']);
    assert.equal(headers['cache-control'], 'no-store');
    assert.match(headers['x-request-id'] ?? '', /^[A-Za-z0-9._-]{1,64}$/);
    assert.equal(headers.allow !== undefined && headers.allow !== '', status === 405, 'Allow with 405 only');
  });
}

// Where the browser says it comes from: headers, whether a write with the cookie may.
const self = base.origin;
const origins = [
  [{}, true], [{ 'Sec-Fetch-Site': 'same-origin' }, true], [{ Origin: self }, true],
  [{ 'Sec-Fetch-Site': 'same-origin', Origin: self }, true],
  [{ 'Sec-Fetch-Site': 'cross-site' }, false], [{ 'Sec-Fetch-Site': 'same-site' }, false], [{ 'Sec-Fetch-Site': 'none' }, false],
  [{ 'Sec-Fetch-Site': 'SAME-ORIGIN' }, false], [{ 'Sec-Fetch-Site': 'same-origin, cross-site' }, false],
  [{ 'Sec-Fetch-Site': 'x' }, false], [{ 'Sec-Fetch-Site': 'cross-site', Origin: self }, false],
  [{ Origin: 'https://evil.example' }, false], [{ Origin: 'null' }, false], [{ Origin: self.replace('http:', 'https:') }, false],
  [{ Origin: `${self}0` }, false], [{ Origin: `${self}/` }, false], [{ Origin: `${self}.evil.example` }, false],
  [{ Origin: `http://${base.hostname}` }, base.port === '80'], [{ Origin: `http://evil@${base.host}` }, false],
  [{ Origin: 'x' }, false], [{ Origin: `${self} ${self}` }, false],
];

for (const [headers, may] of origins) {
  test(`a write with ${JSON.stringify(headers)} is ${may ? 'let through' : 'refused'}`, async () => {
    const writes = [['PATCH', me, {}], ['POST', '/v1/notifications/mark-all-read', { type: 'job.completed' }],
      ['PATCH', `/v1/notifications/${note.id}`, {}], ['PATCH', `/v1/teams/${team.id}`, { strict_schedules: true }]];
    for (const [method, path, body] of writes) {
      const answer = await call(method, path, { as: owner.token, body, headers });
      if (may) expect(answer, 200, undefined, path);
      else expect(answer, 403, 'Cross-site request refused', path);
      expect(await call(method, path, { bearer: owner.token, body, headers }), 200, undefined, 'a bearer is no cookie');
    }
  });
}

test('order: credentials before origin, origin before body', async () => {
  const headers = { 'Sec-Fetch-Site': 'cross-site' };
  expect(await call('PATCH', me, { headers, body: {} }), 401, 'Missing authorization');
  expect(await call('PATCH', me, { as: owner.token, headers, raw: '{', type: 'text/plain' }), 403, 'Cross-site request refused');
  expect(await call('PATCH', `/v1/notifications/${uuid()}`, { as: owner.token, headers }), 403, 'Cross-site request refused');
});

test('a client key may be used from any page', async () => {
  for (const headers of [{ 'Sec-Fetch-Site': 'cross-site' }, { Origin: 'https://shop.example' }])
    await ok(201, 'POST', '/v1/feedback', { bearer: team.keys.client.secret, body: { message: 'm' }, headers });
});
