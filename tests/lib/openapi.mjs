// openapi - the routes of nginx/www/openapi.yaml.  A reader for the regular
// layout of that file (two spaces a level), not for YAML.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './client.mjs';

const methods = ['get', 'put', 'post', 'patch', 'delete'];

// Who may call: the operation's own security, or the document's (a user).
function accessOf(lines) {
  const own = lines.findIndex((line) => /^ {6}security:/.test(line));
  if (own < 0) return 'user';
  if (/\[\]/.test(lines[own])) return 'anyone';
  const names = lines.slice(own + 1, lines.findIndex((line, n) => n > own && /^ {6}\S/.test(line))).join();
  if (/agentKey/.test(names)) return /cookie/.test(names) ? 'user or agent' : 'key';
  return /clientKey/.test(names) ? 'client' : 'user';
}

// [{ method, path, access, lines }], in the order of the document.
export function operations(file = path.join(root, 'nginx/www/openapi.yaml')) {
  const found = [];
  let where = null;
  let op = null;
  let inPaths = false;
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    if (/^\S/.test(line)) inPaths = line.startsWith('paths:');
    if (!inPaths) continue;
    const at = /^ {2}(\/\S*):$/.exec(line);
    const verb = /^ {4}([a-z]+):$/.exec(line);
    if (at) [where, op] = [at[1], null];
    else if (verb && methods.includes(verb[1])) found.push(op = { method: verb[1].toUpperCase(), path: where, lines: [] });
    else if (/^ {4}\S/.test(line)) op = null;
    else op?.lines.push(line);
  }
  return found.map((each) => ({ ...each, access: accessOf(each.lines) }));
}

// What Allow says of a path of the document.
export function methodsOf(where) {
  const known = operations().filter((op) => op.path === where).map((op) => op.method);
  return new Set(known.includes('GET') ? [...known, 'HEAD'] : known);
}

// A path whose placeholders have lost their names, to compare it with another's.
export const shape = (text) => text.replace(/\{[^}]*\}/g, '{}');
