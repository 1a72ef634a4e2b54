// client - how the API tests talk to a running copy: HTTP through nginx, SQL
// through scripts/psql, tokens through scripts/token, jobs through
// carillon-cron.  The copy is named by CARILLON_TEST_URL and CARILLON_VAR;
// a test that finds none fails, it never skips.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { signWith } from './jwt.mjs';
import { openPsql } from './psql.mjs';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
export const uuid = () => randomUUID();
export const base = new URL(setting('CARILLON_TEST_URL'));
export const varDir = path.resolve(setting('CARILLON_VAR'));
export const program = path.join(process.env.CARILLON_BUILD ?? path.join(root, 'build'), 'carillon-cron');
export const sanitized = program.includes('build-san'); // such a process needs more memory
const agent = new http.Agent({ keepAlive: true, maxSockets: 16 });
const IDLE_MS = 30_000; // less than keepalive_timeout in nginx/carillon.conf.in
let calledAt = 0;

function setting(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: start the tests with make test`);
  return value;
}

// While a program of ours runs, this process does not see that nginx closes what is idle for long.
function dropIdle() {
  if (Date.now() - calledAt > IDLE_MS)
    for (const socket of Object.values(agent.freeSockets).flat()) socket.destroy();
  calledAt = Date.now();
}

// One request.  Options:
//   as      token, sent as the cookie       bearer  token or key, sent as a header
//   body    value, sent as JSON             raw     bytes, sent as they are
//   type    Content-Type of the body; null sends none
//   headers more of them; an array sends the header several times
//   from    the address to call from, one of 127.0.0.0/8
//   lax     the answer need not keep the rules of the API (static files)
//   broken  something is broken on purpose: it may be a 500
// Resolves to { status, headers, text, json, bytes }.
export function call(method, target, options = {}) {
  const body = bodyOf(options);
  dropIdle();
  return new Promise((resolve, reject) => {
    const req = http.request({
      agent: options.agent ?? agent, host: base.hostname, port: base.port, method, path: target,
      localAddress: options.from,
      headers: headersOf(options, body),
    }, (res) => {
      const parts = [];
      res.on('data', (part) => parts.push(part));
      res.on('error', reject);
      res.on('end', () => {
        try {
          resolve(answerOf(method, target, res, Buffer.concat(parts), options));
        } catch (error) {
          reject(error);
        }
      });
    });
    req.on('error', (error) => reject(new Error(`${method} ${target}: ${error.message}`)));
    req.end(body);
  });
}

function bodyOf(options) {
  if (options.raw !== undefined) return Buffer.from(options.raw);
  return options.body === undefined ? undefined : Buffer.from(JSON.stringify(options.body));
}

function headersOf(options, body) {
  const headers = { ...options.headers };
  if (options.as) headers.Cookie = `token=${options.as}`;
  if (options.bearer) headers.Authorization = `Bearer ${options.bearer}`;
  if (body !== undefined) {
    headers['Content-Length'] = body.length;
    if (options.type !== null) headers['Content-Type'] = options.type ?? 'application/json';
  }
  return headers;
}

function answerOf(method, target, res, bytes, options) {
  const answer = { status: res.statusCode, headers: res.headers, text: bytes.toString('utf8'), bytes };
  if (/^application\/json/.test(res.headers['content-type'] ?? '') && bytes.length > 0)
    answer.json = JSON.parse(answer.text);
  if (!options.lax) checkRules(method, target, answer, options);
  return answer;
}

// What holds for every answer of the API, whatever was asked (contract section 3).
function checkRules(method, target, { status, headers, text, json }, { broken }) {
  const what = `${method} ${target}`;
  assert.ok(broken || status !== 500, `${what}: 500 by some input: ${text}`);
  assert.match(headers['x-request-id'] ?? '', /^[A-Za-z0-9._-]{1,64}$/, `${what}: X-Request-Id`);
  const kept = target.startsWith('/feeds/') && (status === 200 || status === 304);
  assert.equal(headers['cache-control'], kept ? 'private, no-cache' : 'no-store', `${what}: Cache-Control`);
  if (status === 429 || status === 503)
    assert.match(headers['retry-after'] ?? '', /^[0-9]+$/, `${what}: Retry-After with ${status}`);
  if (status === 405) assert.ok(headers.allow, `${what}: Allow with 405`);
  if (status === 204 || status === 304 || method === 'HEAD') {
    assert.equal(text, '', `${what}: no body with ${status}`);
    return;
  }
  if (status >= 400) checkError(what, headers, json, target.startsWith('/ofrep/'));
}

// OFREP wants keys of its own beside ours.
function checkError(what, headers, json, ofrep) {
  assert.match(headers['content-type'] ?? '', /^application\/json(;|$)/, `${what}: an error is JSON`);
  const keys = Object.keys(json ?? {}).filter((key) => !ofrep || !['key', 'errorCode', 'errorDetails'].includes(key));
  assert.deepEqual(keys, ['error'], `${what}: an error has one key`);
  assert.equal(typeof json.error, 'string', `${what}: an error is a text`);
  assert.doesNotMatch(json.error, /SELECT|INSERT|UPDATE |\/home\/|\/var\/|\.c:|ERROR:/,
    `${what}: an error tells nothing of the inside`);
}

// The answer has this status and, when text is given, exactly {"error":text}.
export function expect(answer, status, text, what = '') {
  const told = `${what} answered ${answer.status} ${answer.text.slice(0, 200)}`;
  assert.equal(answer.status, status, told);
  if (text !== undefined) assert.deepEqual(answer.json, { error: text }, told);
  return answer.json;
}

// call() and expect() in one; resolves to the JSON.
export async function ok(status, method, target, options, text) {
  return expect(await call(method, target, options), status, text, `${method} ${target}`);
}

// The pages of a list to its end, one after the other; target names their limit.
export async function* pages(target, options) {
  for (let at = ''; at !== null;) {
    const page = await ok(200, 'GET', `${target}${at}`, options);
    const cursor = page.cursor ?? page.nextCursor ?? null;
    assert.equal(page.has_more ?? page.hasMore, cursor !== null, `${target}: more, and only then a cursor`);
    yield page;
    at = cursor && `&cursor=${encodeURIComponent(cursor)}`;
  }
}

// All that they hold.
export async function walk(target, options) {
  const all = [];
  for await (const page of pages(target, options)) all.push(...Object.values(page).find(Array.isArray));
  return all;
}

/* ---- the other doors ---- */

function run(program, args, input) {
  return execFileSync(program, args, {
    cwd: root, input: input ?? '', encoding: 'utf8', maxBuffer: 1 << 28,
    env: process.env, stdio: ['pipe', 'pipe', 'pipe'],
  });
}

// Run statements, in one transaction; what they print.
export const exec = openPsql(path.join(root, 'scripts/psql'));

// Rows of one query, as objects with JSON values.  A CTE: Citus forgets the names of a subquery's columns.
export function rows(query) {
  return JSON.parse(exec(`WITH t AS MATERIALIZED (${query}) SELECT coalesce(json_agg(t), '[]') FROM t;`));
}

// The only column of the only row.
export function value(query) {
  const found = rows(query);
  assert.equal(found.length, 1, `one row from ${query}`);
  return Object.values(found[0])[0];
}

export const quote = (text) => (text === null || text === undefined ? 'NULL' : `'${String(text).replaceAll("'", "''")}'`);
export const jsonb = (data) => `${quote(JSON.stringify(data))}::jsonb`;

export function token(email, seconds) {
  return run(path.join(root, 'scripts/token'), seconds === undefined ? [email] : [email, String(seconds)]).trim();
}

// Run a job; returns its line of JSON.  Any exit but 0 throws.
export function cron(job, ...args) {
  const lines = run(program, [job, ...args]).trim().split('\n');
  assert.equal(lines.length, 1, `carillon-cron ${job} prints one line, not ${lines.length}`);
  return JSON.parse(lines[0]);
}

/* ---- tokens by hand ---- */

// A setting of the running copy.
export function conf(name) {
  if (process.env[name]) return process.env[name];
  const file = readFileSync(path.join(varDir, 'carillon.env'), 'utf8');
  const found = new RegExp(`^${name}=(.*)$`, 'm').exec(file);
  assert.ok(found, `carillon.env holds ${name}`);
  return found[1];
}

export const secret = () => conf('CARILLON_JWT_SECRET');

// Sign header and claims (texts or objects) with a key, the server's unless told.
export const sign = (header, claims, key = secret(), hash = 'sha256') => signWith(key, header, claims, hash);
