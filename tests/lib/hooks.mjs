// hooks - webhooks signed as Standard Webhooks and Svix do, by hand: nothing of the program is used.
import { createHmac, randomUUID } from 'node:crypto';
import { call, conf } from './client.mjs';

// The signature of one body.
export function signHook(secret, id, at, body) {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  return `v1,${createHmac('sha256', key).update(`${id}.${at}.`).update(body).digest('base64')}`;
}

export const seconds = (offset = 0) => String(Math.floor(Date.now() / 1000) + offset);

// An event of Resend's.
export const mailEvent = (type, email_id, data = {}, created_at = new Date().toISOString()) =>
  ({ type, created_at, data: { email_id, from: 'a@example.net', to: [], subject: 's', ...data } });

// Call /hooks/resend with an event (or raw text), signed unless told otherwise.
// options: id, at, secret, signature, headers
export function tell(event, options = {}) {
  const raw = typeof event === 'string' || Buffer.isBuffer(event) ? event : JSON.stringify(event);
  const { id = `msg_${randomUUID()}`, at = seconds(), secret = conf('CARILLON_RESEND_WEBHOOK_SECRET') } = options;
  const signature = options.signature ?? signHook(secret, id, at, raw);
  return call('POST', '/hooks/resend', { raw,
    headers: { 'svix-id': id, 'svix-timestamp': at, 'svix-signature': signature, ...options.headers } });
}
