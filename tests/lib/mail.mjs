// mail - what the file: adapter has put into $CARILLON_VAR/mail.
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { cron, varDir } from './client.mjs';

// Every message to this address, as { headers, text }; soft line breaks are joined.
export function mailsTo(email) {
  const dir = path.join(varDir, 'mail');
  return readdirSync(dir).filter((name) => name.endsWith('.eml'))
    .map((name) => parse(readFileSync(path.join(dir, name), 'utf8')))
    .filter(({ headers }) => (headers.to ?? '').toLowerCase().includes(email.toLowerCase()));
}

function parse(source) {
  const text = source.replaceAll('\r\n', '\n');
  const end = text.indexOf('\n\n');
  const headers = {};
  for (const line of text.slice(0, end).replace(/\n[ \t]+/g, ' ').split('\n')) {
    const at = line.indexOf(':');
    headers[line.slice(0, at).toLowerCase()] = line.slice(at + 1).trim();
  }
  return { headers, text: text.slice(end + 2).replaceAll('=\n', '') };
}

// Send what is due, then the codes that this address got, in no order.
export function codesTo(email) {
  cron('dispatch');
  return mailsTo(email).map(({ text }) => /(?<!\w)\d{6}(?!\w)/.exec(text.replace(/^--.*$/gm, ''))?.[0]);
}
