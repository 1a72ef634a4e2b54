// failing - one call of a program in turn fails (tests/torture/fail_calls.c): an allocation, a call to
// libpq or one to libcurl.  Call buildTorture() before anything that starts a program.
import { closeSync, existsSync, mkdtempSync, openSync, readSync, writeFileSync, writeSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { below, seed } from './chance.mjs';

// How many of the points are tried: TORTURE=short, some; otherwise ten times as many; TORTURE=all, each.
const share = { short: 1, all: Infinity }[process.env.TORTURE] ?? 10;

// Everything that is started from here on is of build-torture/, and finds its control in a folder of our own.
export function buildTorture() {
  const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
  const build = path.resolve(root, process.env.CARILLON_TORTURE_BUILD ?? 'build-torture');
  if (!existsSync(path.join(build, 'carillon-cron'))) throw new Error(`nothing is built in ${build}: make torture-build`);
  const folder = mkdtempSync(path.join(process.env.CARILLON_TEST_WORK ?? os.tmpdir(), 'failing-'));
  Object.assign(process.env, { CARILLON_BUILD: build, CARILLON_TORTURE_FOLDER: folder });
  process.env.ASAN_OPTIONS ??= 'detect_leaks=1:strict_string_checks=1';
  return folder;
}

/* ---- which call fails ---- */

// In how many ways a call of each kind can fail, in the order of enum kind.
const kinds = { memory: 1, libpq: 3, libcurl: 1, transfer: 10 };
const names = Object.keys(kinds);
const wayOf = { libpq: ['refused', 'cut', 'done first'] };
export const told = ({ kind, at, way }) => `${kind} call ${at}${wayOf[kind] ? ` ${wayOf[kind][way]}` : way ? ` way ${way}` : ''}`;

// Of one program, or of all workers of a family: arm(point) and off() begin to count anew; read() is
// { counts, failed, name }.
export function openControl(folder, program) {
  const file = path.join(folder, program);
  writeFileSync(file, Buffer.alloc(4096));
  const fd = openSync(file, 'r+');
  const write = (...numbers) => {
    const bytes = Buffer.alloc(64);
    numbers.forEach((n, i) => bytes.writeInt32LE(n, 4 * i));
    writeSync(fd, bytes, 0, bytes.length, 0);
  };
  return {
    arm: ({ kind, at, way }) => write(names.indexOf(kind), at, way),
    off: () => write(0),
    close: () => closeSync(fd),
    read: () => {
      const bytes = Buffer.alloc(64);
      readSync(fd, bytes, 0, bytes.length, 0);
      const counts = Object.fromEntries(names.map((name, i) => [name, bytes.readInt32LE(16 + 4 * i)]));
      return { counts, failed: bytes.readInt32LE(12), name: bytes.toString('latin1', 32).split('\0')[0] };
    },
  };
}

// The points of a run with so many calls; of each kind that many in a short run, drawn by lot.
export function pointsOf(counts, some) {
  return names.flatMap((kind) => {
    const all = Array.from({ length: counts[kind] * kinds[kind] }, (_, n) => ({ kind, at: Math.floor(n / kinds[kind]) + 1, way: n % kinds[kind] }));
    while (all.length > some * share) all.splice(below(all.length), 1);
    return all;
  });
}

/* ---- what was tried ---- */

// add(point, happened), with what became of it; toString(): how many points of how many, by kind.
export class Tally {
  tried = {};
  all = {};

  expect(counts) {
    for (const kind of names) this.all[kind] = (this.all[kind] ?? 0) + counts[kind] * kinds[kind];
  }

  add({ kind }, happened) {
    this.tried[kind] ??= {};
    this.tried[kind][happened] = (this.tried[kind][happened] ?? 0) + 1;
  }

  toString() {
    const sum = (list) => Object.values(list).reduce((a, b) => a + b, 0);
    const tried = Object.values(this.tried).reduce((n, each) => n + sum(each), 0);
    const parts = names.filter((kind) => this.all[kind]).map((kind) => `${kind} ${sum(this.tried[kind] ?? {})} of ${this.all[kind]}`
      + ` (${Object.entries(this.tried[kind] ?? {}).map(([what, n]) => `${n} ${what}`).join(', ')})`);
    return `${tried} points of ${sum(this.all)} (seed ${seed}): ${parts.join('; ')}`;
  }
}

// Until PostgreSQL has ended what it was doing for whoever is gone.  session: the superuser's.
export async function settle(session) {
  const busy = `SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'`;
  while ((await session.rows(busy))[0].n > 0) await sleep(2);
}
