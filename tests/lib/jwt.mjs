// jwt - tokens as the program signs them, and what is in one.
import { createHmac } from 'node:crypto';

export const b64 = (data) => Buffer.from(data).toString('base64url');
export const claimsOf = (jwt) => JSON.parse(Buffer.from(jwt.split('.')[1], 'base64url').toString());
export const headerOf = (jwt) => Buffer.from(jwt.split('.')[0], 'base64url').toString();

// Sign header and claims (texts or objects).
export function signWith(key, header, claims, hash = 'sha256') {
  const text = [header, claims].map((part) => b64(typeof part === 'string' ? part : JSON.stringify(part))).join('.');
  return `${text}.${createHmac(hash, key).update(text).digest('base64url')}`;
}

// The whole token; claims in the program's order: sub, email, iat, exp, jti.
export const tokenOf = (claims, key) => signWith(key, '{"alg":"HS256","typ":"JWT"}', claims);
