// An address of a feed is a credential: whatever goes wrong while it is read, no log holds it.  On a
// copy of its own, where much goes wrong.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, renameSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { startCopy } from '../lib/copy.mjs';

const copy = await startCopy();
const { call, expect } = await import('../lib/client.mjs');
const { makeFeed, pathOf, signedPath } = await import('../lib/feeds.mjs');
const { eventually, workers } = await import('../lib/processes.mjs');
const { give, insertUsers, makeUser } = await import('../lib/world.mjs');
test.after(copy.stop);

const user = makeUser('reader');
insertUsers([user]);
const secrets = [];

function files(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const full = path.join(folder, entry.name);
    return entry.isDirectory() ? files(full) : [full];
  });
}

// Everything that anybody has written down.
const said = () => [...files(path.join(copy.folder, 'log')), path.join(copy.folder, 'run.log')].map((file) => readFileSync(file, 'utf8')).join('\n');

async function feedOf(kind) {
  const target = pathOf(await makeFeed(user, kind));
  secrets.push(path.basename(target, path.extname(target)));
  return target;
}

test('the notifications are not read for a 304; where they cannot be, the log names the route', async () => {
  give(user, [{}]);
  const target = await feedOf('atom');
  const { headers: { etag } } = await call('GET', target);
  copy.admin('ALTER TABLE notifications RENAME TO notifications_away');
  assert.equal((await call('GET', target, { headers: { 'If-None-Match': etag } })).status, 304);
  assert.equal((await call('GET', target, { lax: true })).status, 500);
  assert.match(copy.log('feeds'), /GET \/feeds\/\{token\}\.atom: /, 'the failure is in the log');
  copy.admin('ALTER TABLE notifications_away RENAME TO notifications');
  expect(await call('GET', target), 200);
});

test('too many requests, no worker, no database', async () => {
  const target = await feedOf('calendar');
  const answers = await Promise.all(Array.from({ length: 60 }, () => call('GET', target)));
  assert.ok(answers.some(({ status }) => status === 429));

  const other = await feedOf('atom');
  const socket = path.join(copy.folder, 'run/feeds.sock');
  renameSync(socket, `${socket}.away`);
  for (const pid of workers('feeds')) process.kill(pid, 'SIGKILL'); // and with it nginx's kept connections
  await eventually('no worker answers', 20, async () => (await call('GET', other)).status === 503);
  renameSync(`${socket}.away`, socket);
  await eventually('one answers again', 20, async () => (await call('GET', other)).status === 200);

  copy.pgCtl('stop', '-m', 'immediate');
  expect(await call('GET', other), 503);
  copy.pgCtl('start', '-l', path.join(copy.folder, 'log/postgres-again.log'));
  await eventually('the database is back', 20, async () => (await call('GET', other)).status === 200);
});

test('forged ones, long ones, and ones with odd methods', async () => {
  const id = '00000000-0000-4000-8000-000000000000';
  const target = signedPath(user, id, 'atom');
  secrets.push(path.basename(target, '.atom'));
  expect(await call('GET', target), 404);
  expect(await call('BREW', target, { lax: true }), 405);
  expect(await call('POST', target, { raw: 'x'.repeat(100000), lax: true }), 413);
  expect(await call('GET', `${target}/${'x'.repeat(9000)}`, { lax: true }), 414);
});

test('no log holds an address', () => {
  const text = said();
  assert.ok(text.length > 1000, 'there are logs');
  assert.equal(secrets.length, 4);
  for (const secret of secrets) assert.equal(text.includes(secret), false);
});
