// resend - a stand-in for the API of Resend that remembers what it RECEIVED: every request, and
// every message that it would have delivered.  It knows keys as Resend does: the same key and the
// same bytes again give the first answer and deliver nothing.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import { once } from 'node:events';
import { pour } from './receiver.mjs';

export const apiKey = 're_test';
const json = { 'Content-Type': 'application/json' };
const nothing = () => {};

// What a turn of the plan may be, beside { status, name, headers, body }: what becomes of a request.
const turns = {
  ok: (fake, rq, res) => fake.accept(rq, (answer) => fake.answer(res, ...answer)),
  drop: (fake, rq, res) => fake.accept(rq, () => res.destroy()), // accepted, and nobody hears of it
  cut: (fake, rq, res) => fake.accept(rq, ([status, text]) => {
    res.writeHead(status, { ...json, 'Content-Length': text.length });
    res.write(text.slice(0, 10), () => res.destroy());
  }),
  lost: (fake, rq, res) => res.destroy(), // not even accepted
  stall: (fake, rq) => fake.accept(rq, nothing), // accepted, and never answered
  html: (fake, rq, res) => fake.answer(res, 502, '<html><h1>Bad gateway</h1></html>', { 'Content-Type': 'text/html' }),
  portal: (fake, rq, res) => fake.answer(res, 200, '<html>Please log in to the hotel</html>', { 'Content-Type': 'text/html' }),
  garbage: (fake, rq, res) => res.socket.end('\0\x01garbage\r\n\r\n\xff'.repeat(1000)),
  redirect: (fake, rq, res) => fake.answer(res, 307, '', { Location: `${fake.url}/elsewhere` }),
  huge: (fake, rq, res) => fake.accept(rq, () => pour(res.writeHead(200, { ...json, 'Content-Length': 100 << 20 }), 100)),
  endless: (fake, rq, res) => fake.accept(rq, () => pour(res.writeHead(200, json), Infinity)),
  'endless headers': (fake, rq, res) => fake.accept(rq, () => {
    const more = () => { while (!res.socket.destroyed && res.socket.write(`X-More: ${'x'.repeat(1000)}\r\n`)); };
    res.socket.on('drain', more).on('error', nothing).write('HTTP/1.1 200 OK\r\n');
    more();
  }),
};

class Fake {
  requests = []; // { at, path, key, text, headers }
  delivered = []; // { delivery, to, message, key }
  plan = []; // what becomes of the next requests; 'ok' when it is empty
  keys = new Map(); // Idempotency-Key -> { text, answer }
  limit = 1000000; // requests in each second
  keeps = 0; // milliseconds that a request takes
  window = { start: 0, n: 0 };

  get byKey() {
    return this.requests.reduce((all, rq) => all.set(rq.key, [...(all.get(rq.key) ?? []), rq]), new Map());
  }

  pace() {
    const now = Date.now();
    if (now - this.window.start >= 1000) this.window = { start: now, n: 0 };
    this.window.n++;
    const reset = Math.max(1, Math.ceil((this.window.start + 1000 - now) / 1000));
    return { 'ratelimit-limit': this.limit, 'ratelimit-policy': `${this.limit};w=1`,
      'ratelimit-remaining': Math.max(0, this.limit - this.window.n), 'ratelimit-reset': reset };
  }

  answer(res, status, text, headers = json) {
    res.writeHead(status, { ...this.headers, ...headers }).end(text);
  }

  error(res, status, name, headers = {}) {
    this.answer(res, status, JSON.stringify({ statusCode: status, name, message: `it is ${name}` }), { ...json, ...headers });
  }

  // What Resend does with a request that it takes; done gets [status, text].
  accept(rq, done) {
    const known = this.keys.get(rq.key);
    if (known && known.text !== rq.text) return done([409, JSON.stringify({ name: 'invalid_idempotent_request' })]);
    if (known) return done(known.answer ?? [409, JSON.stringify({ name: 'concurrent_idempotent_requests' })]);
    const entry = { text: rq.text };
    this.keys.set(rq.key, entry);
    const finish = () => {
      entry.answer = this.deliver(rq);
      if (entry.answer[0] !== 200) this.keys.delete(rq.key);
      done(entry.answer);
    };
    return this.keeps ? setTimeout(finish, this.keeps) : finish();
  }

  deliver({ path, key, text }) {
    const batch = path === '/emails/batch';
    const messages = batch ? JSON.parse(text) : [JSON.parse(text)];
    const wrong = messages.find(({ to }) => to.some((address) => address.endsWith('@bad.example')));
    if (wrong || messages.length > 100) return [422, JSON.stringify({ name: 'validation_error', message: 'no' })];
    const ids = messages.map((message) => {
      this.delivered.push({ delivery: message.tags[0].value, to: message.to, message, key });
      return { id: randomUUID() };
    });
    return [200, JSON.stringify(batch ? { data: ids } : ids[0])];
  }

  take(req, res, text) {
    const rq = { at: Date.now(), path: req.url, key: req.headers['idempotency-key'], text, headers: req.headers };
    this.requests.push(rq);
    this.headers = this.pace();
    if (!req.headers['user-agent']) return this.answer(res, 403, 'error code: 1010', { 'Content-Type': 'text/html' });
    if (req.headers.authorization !== `Bearer ${apiKey}`) return this.error(res, 403, 'invalid_api_key');
    const turn = this.plan.shift() ?? 'ok';
    if (typeof turn === 'object') return this.error(res, turn.status, turn.name, turn.headers);
    if (this.window.n > this.limit) return this.error(res, 429, 'rate_limit_exceeded', { 'retry-after': '1' });
    return turns[turn](this, rq, res);
  }
}

// { url, env, requests, delivered, plan, limit, stop() }; certificate: { key, cert } for https
export async function startResend({ certificate } = {}) {
  const fake = new Fake();
  const server = (certificate ? https : http).createServer(certificate ?? {}, (req, res) => {
    const parts = [];
    res.on('error', nothing);
    req.on('error', nothing).on('data', (part) => parts.push(part));
    req.on('end', () => fake.take(req, res, Buffer.concat(parts).toString('utf8')));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  fake.url = `${certificate ? 'https://localhost' : 'http://127.0.0.1'}:${server.address().port}`;
  fake.env = { CARILLON_MAIL_URL: 'resend:', RESEND_API_KEY: apiKey, RESEND_API_URL: fake.url };
  fake.stop = () => {
    server.close();
    server.closeAllConnections?.();
  };
  return fake;
}

// Every delivery once at the receiver, and each key always with the same bytes.
export function checkExactly(fake, deliveries) {
  const times = new Map();
  for (const { delivery } of fake.delivered) times.set(delivery, (times.get(delivery) ?? 0) + 1);
  assert.deepEqual([...times].filter(([, n]) => n !== 1), [], 'nothing arrived twice');
  assert.deepEqual([...times.keys()].sort(), [...deliveries].sort(), 'all that should have arrived, and nothing else');
  checkBytes(fake);
}

export function checkBytes(fake) {
  for (const [key, requests] of fake.byKey) {
    assert.ok(key, 'every request has a key');
    assert.equal(new Set(requests.map(({ path, text }) => `${path} ${text}`)).size, 1, `${key}: the same bytes on every try`);
  }
}
