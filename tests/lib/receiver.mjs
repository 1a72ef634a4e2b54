// receiver - a stand-in for what users have their webhooks lead to: it remembers what it RECEIVED,
// and checks each signature by hand.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import { signHook } from './hooks.mjs';

const nothing = () => {};

// So many megabytes of spaces as the body of an answer whose head is written.
export function pour(res, megabytes) {
  const part = Buffer.alloc(1 << 20, ' ');
  let left = megabytes;
  const more = () => { while (left > 0 && !res.destroyed && res.write(part)) left--; };
  res.on('drain', more);
  more();
}

// What a turn of the plan may be, beside a status and { status, headers }.
const turns = {
  drop: (res) => res.destroy(),
  stall: nothing,
  huge: (res) => pour(res.writeHead(200), 100),
  endless: (res) => pour(res.writeHead(200), Infinity),
  garbage: (res) => res.socket.end('\0\x01garbage\r\n\r\n'),
};

// { url, requests, connections, plan, keeps, stop() }; keeps: milliseconds that a request takes; secret: of the webhook that leads here;
// certificate: { key, cert } for https
export async function startReceiver({ certificate } = {}) {
  const fake = { requests: [], connections: 0, plan: [], secret: null, keeps: 0 };
  const server = (certificate ? https : http).createServer(certificate ?? {}, (req, res) => {
    const parts = [];
    res.on('error', nothing);
    req.on('error', nothing).on('data', (part) => parts.push(part));
    req.on('end', () => {
      const text = Buffer.concat(parts).toString('utf8');
      const id = req.headers['webhook-id'], at = req.headers['webhook-timestamp'];
      const turn = fake.plan.shift() ?? 204;
      fake.requests.push({ path: req.url, method: req.method, id, at: Number(at), text, headers: req.headers, turn,
        genuine: fake.secret !== null && req.headers['webhook-signature'] === signHook(fake.secret, id, at, text) });
      if (typeof turn === 'string') return turns[turn](res);
      return setTimeout(() => res.writeHead(turn.status ?? turn, turn.headers).end('done'), fake.keeps);
    });
  });
  server.on('connection', () => { fake.connections++; });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  fake.port = server.address().port;
  fake.url = `${certificate ? 'https://localhost' : 'http://127.0.0.1'}:${fake.port}/hook`;
  fake.env = { CARILLON_WEBHOOK_LOCAL: 'on' };
  fake.stop = () => {
    server.close();
    server.closeAllConnections();
  };
  return fake;
}

// Each id came, always with the same bytes, and no oftener than most.
export function checkEach(fake, ids, most) {
  const seen = new Map();
  for (const { id, text, genuine } of fake.requests) {
    assert.ok(genuine, 'the signature');
    seen.set(id, [...(seen.get(id) ?? []), text]);
  }
  assert.deepEqual([...seen.keys()].sort(), [...ids].sort(), 'all of them, and nothing else');
  for (const [id, texts] of seen) {
    assert.equal(new Set(texts).size, 1, `${id}: the same bytes on every try`);
    assert.ok(texts.length <= most, `${id} came ${texts.length} times`);
  }
}
