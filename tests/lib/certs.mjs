// certs - an authority of our own and certificates by it, made with openssl in a folder that goes
// when the tests end.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const openssl = (...args) => execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
const newKey = (file) => ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', file];

// { file, issue(names, days), remove() }; issue answers { key, cert } for a TLS server.  A
// certificate of -1 days has expired.
export function makeAuthority(name = 'Tests') {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'carillon-certs-'));
  const at = (what) => path.join(dir, what);
  openssl('req', '-x509', ...newKey(at('ca.key')), '-out', at('ca.pem'), '-days', '2', '-subj', `/CN=${name}`);
  let made = 0;
  const issue = (names, days = 2) => {
    const base = at(`server-${++made}`);
    writeFileSync(`${base}.ext`, `subjectAltName=${names.map((each) => `${/^[\d.]+$/.test(each) ? 'IP' : 'DNS'}:${each}`).join(',')}\n`);
    openssl('req', ...newKey(`${base}.key`), '-out', `${base}.csr`, '-subj', '/CN=server');
    openssl('x509', '-req', '-in', `${base}.csr`, '-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-CAcreateserial', '-days', String(days),
      '-extfile', `${base}.ext`, '-out', `${base}.pem`);
    return { key: readFileSync(`${base}.key`), cert: readFileSync(`${base}.pem`) };
  };
  return { file: at('ca.pem'), issue, remove: () => rmSync(dir, { recursive: true, force: true }) };
}
