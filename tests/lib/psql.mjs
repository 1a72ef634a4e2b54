// psql - statements and what they print, without waiting for events, through one psql that stays open:
// to start one costs more than what most tests ask of it.  One that is talked to beside a test is a
// session (session.mjs).
import { execFileSync, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, readSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const options = ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-f', '-'];
const mark = '-- answered --\n';
const part = Buffer.alloc(1 << 16);
let folder;

function makeFolder() {
  folder = mkdtempSync(path.join(process.env.TMPDIR ?? os.tmpdir(), 'psql-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
}

// Pipes with names: Node's own are never waited for.  Both ends are open before either is used.
function start(program) {
  if (!folder) makeFolder();
  const [into, from, errors] = ['into', 'from', 'errors'].map((name) => path.join(folder, name));
  rmSync(into, { force: true });
  rmSync(from, { force: true });
  execFileSync('mkfifo', [into, from]);
  const both = [openSync(into, 'r+'), openSync(from, 'r+')];
  const theirs = [openSync(into, 'r'), openSync(from, 'w'), openSync(errors, 'w')];
  const psql = { into: openSync(into, 'w'), from: openSync(from, 'r'), errors };
  spawn(program, options, { stdio: theirs }).unref();
  for (const end of [...both, ...theirs]) closeSync(end);
  return psql;
}

// What it says after these lines; undefined when it ended before.
function ask(psql, lines) {
  const parts = [];
  try {
    writeSync(psql.into, `${lines}\n\\echo ${mark}`);
  } catch (error) {
    if (error.code !== 'EPIPE') throw error;
  }
  for (let tail = ''; tail !== mark;) {
    const n = readSync(psql.from, part);
    if (n === 0) return undefined;
    parts.push(Buffer.from(part.subarray(0, n)));
    tail = (tail + part.latin1Slice(Math.max(0, n - mark.length), n)).slice(-mark.length);
  }
  return Buffer.concat(parts).toString('utf8').slice(0, -mark.length);
}

// Returns (text) => what its statements print.  They run in one transaction, and of the session nothing
// stays for the next; the first that fails throws with what psql said of it.  A server that was started
// anew meanwhile is met by a new psql.
export function openPsql(program) {
  let psql;
  const end = () => {
    const said = readFileSync(psql.errors, 'utf8');
    closeSync(psql.into);
    closeSync(psql.from);
    psql = undefined;
    return said;
  };
  const begin = () => {
    psql ??= start(program);
    return ask(psql, 'DISCARD ALL;\nBEGIN;') !== undefined;
  };
  return (text) => {
    if (!begin() && (end(), !begin())) throw new Error(end());
    const file = path.join(folder, 'statements'); // a pipe would be full while nobody reads the answers
    writeFileSync(file, text);
    const said = ask(psql, `\\i '${file}'\n;\nCOMMIT;`);
    if (said === undefined) throw new Error(`${end()}after ${text.slice(0, 2000)}`);
    return said;
  };
}
