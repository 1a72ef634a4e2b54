// Bodies: what is JSON and what is not (contract section 3): a malformed one
// is 400 and never anything else.
import assert from 'node:assert/strict';
import test from 'node:test';
import { base, call, expect, ok } from '../lib/client.mjs';
import { raw } from '../lib/raw.mjs';
import { give, makeWorld } from '../lib/world.mjs';

const { owner, team } = makeWorld();
const [note] = give(owner, [{}]);
const me = '/v1/auth/me';
const deep = (n) => '['.repeat(n) + ']'.repeat(n);
const hex = (text) => Buffer.from(text.replaceAll(' ', ''), 'hex');
const named = (middle) => Buffer.concat([Buffer.from('{"name":"a'), middle, Buffer.from('b"}')]);

// No JSON at all, for whatever route.
const malformed = [
  ['{', '{'], ['}', '}'], ['[', '['], ['{{}', '{{}'], ['{}}', '{}}'], ['{} {}', '{} {}'], ['{}x', '{}x'], ['{},', '{},'],
  ['a bare word', 'read'], ['single quotes', "{'name':'a'}"], ['no quotes', '{name:"a"}'], ['a trailing comma', '{"name":"a",}'],
  ['two commas', '{"name":"a",,}'], ['a leading comma', '{,"name":"a"}'], ['a missing colon', '{"name" "a"}'],
  ['a missing value', '{"name":}'], ['a lone key', '{"name"}'], ['a cut string', '{"name":"a'], ['a cut key', '{"na'],
  ['a cut literal', '{"name":tru'], ['a cut escape', '{"name":"\\u00'], ['a line comment', '{"name":"a"} // x'],
  ['a block comment', '{/* x */"name":"a"}'], ['a hash comment', '# x\n{}'], ['NaN', '{"name":NaN}'], ['Infinity', '{"name":Infinity}'],
  ['-Infinity', '{"name":-Infinity}'], ['nan', '{"name":nan}'], ['True', '{"name":True}'], ['TRUE', '{"name":TRUE}'],
  ['Null', '{"name":Null}'], ['undefined', '{"name":undefined}'], ['a leading zero', '{"name":01}'], ['a leading plus', '{"name":+1}'],
  ['hexadecimal', '{"name":0x10}'], ['a bare dot', '{"name":.5}'], ['a trailing dot', '{"name":5.}'], ['an empty exponent', '{"name":1e}'],
  ['a lone minus', '{"name":-}'], ['two minuses', '{"name":--1}'], ['an unknown escape', '{"name":"\\x41"}'], ['an escaped quote', '{"name":"\\\'"}'],
  ['a short \\u', '{"name":"\\u12"}'], ['a \\u of no hex', '{"name":"\\u12g4"}'], ['\\u0000', '{"name":"a\\u0000b"}'],
  ['\\u0000 in a key', '{"na\\u0000me":"a"}'], ['a lone high surrogate', '{"name":"\\ud83d"}'], ['a lone low surrogate', '{"name":"\\udd14"}'],
  ['surrogates in the wrong order', '{"name":"\\udd14\\ud83d"}'], ['a high surrogate before a letter', '{"name":"\\ud83dx"}'],
  ['a raw newline in a string', '{"name":"a\nb"}'], ['a raw tab in a string', '{"name":"a\tb"}'], ['a raw 0x01 in a string', '{"name":"a\u0001b"}'],
  ['a NUL in a string', '{"name":"a\0b"}'], ['a NUL after', '{}\0'], ['a NUL before', '\0{}'], ['only a NUL', '\0'],
  ['a byte order mark', '\ufeff{}'], ['UTF-16 LE', Buffer.from('{}', 'utf16le')], ['UTF-16 with a mark', Buffer.from('\ufeff{}', 'utf16le')],
  ['vertical tab as space', '\v{}'], ['no-break space as space', '\u00a0{}'], ['a form', 'name=a'], ['XML', '<name>a</name>'],
  ['duplicate keys', '{"name":"a","name":"b"}'], ['duplicate keys, one escaped', '{"name":"a","n\\u0061me":"b"}'],
  ['depth 33', `{"name":${deep(32)}}`], ['depth 1,000', `{"name":${deep(1000)}}`], ['30,000 brackets', '['.repeat(30000)],
  ['20,000 objects open', '{"a":'.repeat(10000)],
  ['0xFF', named(hex('ff'))], ['0xFE', named(hex('fe'))], ['a lone continuation', named(hex('80'))], ['a cut two-byte', named(hex('c3'))],
  ['a cut three-byte', named(hex('e2 82'))], ['a cut four-byte', named(hex('f0 9f 94'))], ['overlong NUL', named(hex('c0 80'))],
  ['overlong slash', named(hex('c0 af'))], ['overlong in three', named(hex('e0 80 af'))], ['overlong in four', named(hex('f0 80 80 af'))],
  ['a surrogate in UTF-8', named(hex('ed a0 80'))], ['a pair of surrogates in UTF-8', named(hex('ed a0 bd ed b4 94'))],
  ['above U+10FFFF', named(hex('f4 90 80 80'))], ['five bytes', named(hex('f8 88 80 80 80'))], ['Latin-1', named(hex('e9'))],
  ['bad UTF-8 in a key', Buffer.concat([Buffer.from('{"na'), hex('ff'), Buffer.from('":"a"}')])],
  ['bad UTF-8 outside strings', Buffer.concat([Buffer.from('{}'), hex('ff')])],
];

for (const [what, bytes] of malformed) {
  test(`${what} is malformed`, async () => {
    expect(await call('PATCH', me, { as: owner.token, raw: bytes }), 400, 'Malformed JSON');
    expect(await call('PATCH', `/v1/notifications/${note.id}`, { as: owner.token, raw: bytes }), 400, 'Malformed JSON');
    expect(await call('POST', '/v1/feedback', { bearer: team.keys.client.secret, raw: bytes }), 400, 'Malformed JSON');
  });
}

test('none of them changed anything', async () => {
  assert.equal((await ok(200, 'GET', me, { as: owner.token })).user.name, owner.name);
  const page = await ok(200, 'GET', '/v1/notifications?read_state=unread', { as: owner.token });
  assert.ok(page.notifications.some((item) => item.id === note.id), 'still unread');
  assert.deepEqual((await ok(200, 'GET', `/v1/projects/${team.project}/feedback`, { as: owner.token })).feedback, []);
});

// JSON, but nothing that this route takes: body, text.
const unfit = [
  ['1', undefined], ['-0', undefined], ['1e5', undefined], ['"x"', undefined], ['true', undefined], ['[]', undefined],
  ['[{}]', undefined], ['[null]', undefined],
  ['{"name":1}', 'Invalid field: name'], ['{"name":true}', 'Invalid field: name'], ['{"name":[]}', 'Invalid field: name'],
  ['{"name":{}}', 'Invalid field: name'], ['{"name":["a"]}', 'Invalid field: name'],
  ['{"name":9223372036854775807}', 'Invalid field: name'], ['{"name":99999999999999999999999999999}', undefined],
  ['{"name":-99999999999999999999999999999}', undefined], ['{"name":1e999}', undefined], [`{"name":1${'0'.repeat(400)}}`, undefined], ['{"name":1.5e-999}', undefined],
  [`{"name":"${'x'.repeat(201)}"}`, 'Invalid field: name'], [`{"name":"${'x'.repeat(60000)}"}`, 'Invalid field: name'],
  ['{"preferences":1}', 'Invalid field: preferences'], ['{"preferences":[]}', 'Invalid field: preferences'],
  ['{"preferences":"{}"}', 'Invalid field: preferences'],
  ['{"colour":1}', 'Unknown field: colour'], ['{"":1}', 'Unknown field: '], ['{"Name":"a"}', 'Unknown field: Name'],
  ['{"name ":"a"}', 'Unknown field: name '], ['{"id":"x"}', 'Unknown field: id'], ['{"email":"x@example.com"}', 'Unknown field: email'],
  ['{"__proto__":{}}', 'Unknown field: __proto__'], ['{"name":"a","colour":1}', 'Unknown field: colour'],
];

for (const [body, text] of unfit) {
  test(`${body.slice(0, 60)} is refused`, async () => {
    expect(await call('PATCH', me, { as: owner.token, raw: body }), 400, text);
  });
}

test('the name of an unknown field cannot make the answer long or odd', async () => {
  for (const key of ['x'.repeat(50000), '\\"\\\\', '<b>', '\\u000a', '漢']) {
    const answer = await call('PATCH', me, { as: owner.token, raw: `{"${key}":1}` });
    expect(answer, 400);
    assert.match(answer.json.error, /^Unknown field: /);
    assert.ok(answer.bytes.length < 1000, `${answer.bytes.length} bytes`);
  }
});

// Good JSON in odd clothes: body, the name it sets.
const good = [
  ['{"name":"a"}', 'a'], [' \t\r\n{ "name" : "a" }\n ', 'a'], ['{"n\\u0061me":"b"}', 'b'], ['{"name":"\\u0041\\/\\\\\\""}', 'A/\\"'],
  ['{"name":"\\ud83d\\udd14"}', '🔔'], ['{"name":"🔔"}', '🔔'], ['{"name":"\\ud83D\\uDD14"}', '🔔'], ['{"name":"é漢\u{10FFFF}"}', 'é漢\u{10FFFF}'],
  [`{"name":"${'é'.repeat(200)}"}`, 'é'.repeat(200)], [`{"name":"${'🔔'.repeat(200)}"}`, '🔔'.repeat(200)],
  ['{"name":"\u2028\u2029"}', '\u2028\u2029'],
];

for (const [body, name] of good) {
  test(`${JSON.stringify(body.slice(0, 40))} is understood`, async () => {
    assert.equal((await ok(200, 'PATCH', me, { as: owner.token, raw: body })).user.name, name);
    assert.equal((await ok(200, 'GET', me, { as: owner.token })).user.name, name, 'and kept');
  });
}

// Content-Type: sent, whether the body is read.
const types = [
  ['application/json', true], ['application/json; charset=utf-8', true], ['application/json;charset=UTF-8', true],
  ['APPLICATION/JSON', true], ['Application/Json ; charset="utf-8"', true],
  [null, false], ['text/plain', false], ['text/json', false], ['application/x-www-form-urlencoded', false], ['multipart/form-data; boundary=x', false],
  ['application/jsonp', false], ['application/jso', false], ['application/problem+json', false], ['application/json, text/plain', false],
  ['text/plain; application/json', false], ['application / json', false], ['application/json/x', false], ['x', false],
];

for (const [type, may] of types) {
  test(`Content-Type ${type ?? '(none)'} is ${may ? 'read' : '415'}`, async () => {
    for (const [method, path, who, body] of [['PATCH', me, { as: owner.token }, '{}'],
      ['PATCH', `/v1/notifications/${note.id}`, { as: owner.token }, '{}'],
      ['POST', '/v1/feedback', { bearer: team.keys.client.secret }, '{"message":"m"}']]) {
      const answer = await call(method, path, { ...who, raw: body, type });
      if (may) assert.ok(answer.status < 300, answer.text);
      else expect(answer, 415, 'Content-Type must be application/json', path);
    }
  });
}

test('where there is no body, no type is asked for', async () => {
  for (const headers of [{}, { 'Content-Type': 'text/plain' }, { 'Content-Length': '0' }])
    await ok(200, 'POST', '/v1/notifications/mark-all-read', { as: owner.token, headers });
});

// 64 KiB: bytes of a body that is fine but for its size.
for (const [size, status] of [[65535, 200], [65536, 200], [65537, 413], [1 << 20, 413]]) {
  test(`a body of ${size} bytes is ${status}`, async () => {
    const answer = await call('PATCH', me, { as: owner.token, raw: `{}${' '.repeat(size - 2)}` });
    expect(answer, status);
  });

  test(`a body of ${size} bytes in chunks is ${status}`, async () => {
    const body = `{}${' '.repeat(size - 2)}`;
    const answer = await raw(`PATCH ${me} HTTP/1.1\r\nHost: ${base.host}\r\nConnection: close\r\nCookie: token=${owner.token}\r\n`
      + `Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n${size.toString(16)}\r\n${body}\r\n0\r\n\r\n`);
    assert.equal(answer.status, status);
    if (status !== 200) assert.deepEqual(Object.keys(JSON.parse(answer.text)), ['error']);
  });
}

test('order: credentials before body, type before syntax, syntax before existence', async () => {
  expect(await call('PATCH', me, { raw: '{', type: 'text/plain' }), 401, 'Missing authorization');
  expect(await call('PATCH', me, { as: owner.token, raw: '{', type: 'text/plain' }), 415, 'Content-Type must be application/json');
  expect(await call('PATCH', '/v1/notifications/x', { as: owner.token, raw: '{' }), 400, 'Malformed JSON');
  expect(await call('PATCH', '/v1/notifications/x', { as: owner.token, body: { read: 1 } }), 400, 'Invalid field: read');
  expect(await call('PATCH', '/v1/notifications/x', { as: owner.token, body: { read: true } }), 404, 'Notification not found');
});

test('a missing field is named, the first of them', async () => {
  expect(await call('POST', '/v1/feedback', { bearer: team.keys.client.secret, body: {} }), 400, 'Missing field: message');
  expect(await call('POST', '/v1/feedback', { bearer: team.keys.client.secret }), 400, 'Missing field: message');
  expect(await call('POST', `/v1/teams/${team.id}/members`, { as: owner.token, body: { email: 'a@example.com' } }), 400,
    'Missing field: role');
});
