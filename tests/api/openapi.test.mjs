// openapi.yaml against the program: the route tables of the C files, and what is served.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { call, root } from '../lib/client.mjs';
import { methodsOf, operations, shape } from '../lib/openapi.mjs';

const document = operations().map((op) => `${op.method} ${op.path}`);
const file = path.join(root, 'nginx/www/openapi.yaml');
// Served by nginx itself, without a family.
const statics = ['GET /openapi.yaml'];

function sources(dir) {
  return readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    const full = path.join(dir, entry.name);
    if (entry.isDirectory()) return sources(full);
    return entry.name.endsWith('.c') ? [full] : [];
  });
}

// Rows like { "GET", "/v1/notifications", INBOX, list_notifications },
const routes = sources(path.join(root, 'cgi')).flatMap((file) =>
  [...readFileSync(file, 'utf8').matchAll(/\{\s*"(GET|POST|PUT|PATCH|DELETE)",\s*"(\/[^"]*)"/g)]
    .map(([, method, route]) => `${method} ${route}`));

test('the route tables were found', () => {
  assert.ok(routes.length >= 30, `${routes.length} routes in cgi/`);
});

test('every route of the route tables is in openapi.yaml', () => {
  const described = new Set(document.map(shape));
  assert.deepEqual(routes.filter((route) => !described.has(shape(route))), []);
});

test('every operation of openapi.yaml is in a route table', () => {
  const known = new Set([...routes, ...statics].map(shape));
  assert.deepEqual(document.filter((op) => !known.has(shape(op))), []);
});

test('every tag is declared', () => {
  const declared = [...readFileSync(file, 'utf8').matchAll(/^ {2}- \{ name: (\w+), description/gm)].map(([, name]) => name);
  const used = operations().flatMap(({ lines }) => /tags: \[(.*)\]/.exec(lines.join('\n'))[1].split(', '));
  assert.deepEqual([...new Set(used)].sort(), declared.sort());
});

test('no route stands twice', () => {
  assert.deepEqual(routes.filter((route, n) => routes.map(shape).indexOf(shape(route)) !== n), []);
  assert.deepEqual(document.filter((op, n) => document.map(shape).indexOf(shape(op)) !== n), []);
});

test('what is served is the file', async () => {
  const answer = await call('GET', '/openapi.yaml', { lax: true });
  assert.equal(answer.status, 200);
  assert.match(answer.headers['content-type'], /^application\/yaml/);
  assert.equal(answer.text, readFileSync(file, 'utf8'));
});

// Each path answers 405 with an Allow that names exactly its operations.
const paths = [...new Set(operations().map((op) => op.path))].filter((each) => each !== '/openapi.yaml');

for (const each of paths) {
  test(`${each}: Allow names what openapi.yaml describes`, async () => {
    const want = methodsOf(each);
    const target = each.replace(/\{\w+\}/g, '00000000-0000-4000-8000-000000000000');
    for (const method of ['GET', 'PUT', 'POST', 'PATCH', 'DELETE', 'OPTIONS'].filter((verb) => !want.has(verb))) {
      const answer = await call(method, target);
      assert.equal(answer.status, 405, `${method} ${target}: ${answer.status}`);
      assert.deepEqual(new Set(answer.headers.allow.split(/, */)), want, `${method} ${target}`);
    }
  });
}
