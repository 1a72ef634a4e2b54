// feeds - addresses for feed readers and calendars, and what is read under them.
import { execFileSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { call, expect, ok, root, secret } from './client.mjs';

export const makeFeed = async (user, kind, name) =>
  (await ok(201, 'POST', '/v1/feeds', { as: user.token, body: { kind, ...(name === undefined ? {} : { name }) } })).feed;

export const pathOf = (feed) => new URL(feed.url).pathname;

// The address as common/seal.c makes it, worked out once more.
export function signedPath(user, id, kind, { key = secret(), purpose = 'read a feed', ending = kind === 'atom' ? 'atom' : 'ics' } = {}) {
  const mac = createHmac('sha256', key).update(`${purpose}\0${user.id}\0${id}\0${kind}\0`).digest();
  const ids = Buffer.from(`${user.id}${id}`.replaceAll('-', ''), 'hex');
  return `/feeds/${Buffer.concat([ids, mac.subarray(0, 16)]).toString('base64url')}.${ending}`;
}

// Debian's Python: its icalendar is no other one's.
const parsed = (how, bytes) => JSON.parse(execFileSync('/usr/bin/python3', ['-B', 'tests/lib/read_feed.py', how],
  { cwd: root, input: bytes, encoding: 'utf8', maxBuffer: 1 << 26 }));

// { id, title, updated, entry: […], … }
export async function readAtom(target) {
  const answer = await call('GET', target);
  expect(answer, 200);
  return { ...parsed('atom', answer.bytes), answer };
}

// { longest, bare, ends, calendar, events: [{ UID, SUMMARY, … }] }
export async function readCalendar(target) {
  const answer = await call('GET', target);
  expect(answer, 200);
  const read = parsed('ics', answer.bytes);
  const events = read.calendar.parts.filter(({ name }) => name === 'VEVENT');
  return { ...read, answer, events: events.map(({ properties }) => properties) };
}
