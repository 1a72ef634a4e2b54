// tokens - lines "user session email" in, a token each out, signed with CARILLON_JWT_SECRET.
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';

const b64 = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const now = Math.floor(Date.now() / 1000);

for (const line of readFileSync(0, 'utf8').trim().split('\n')) {
  const [sub, jti, email] = line.split(' ');
  const claims = { sub, email, iat: now, exp: now + 86400, jti };
  const text = `${b64({ alg: 'HS256', typ: 'JWT' })}.${b64(claims)}`;
  const mac = createHmac('sha256', process.env.CARILLON_JWT_SECRET).update(text).digest('base64url');
  console.log(`${text}.${mac}`);
}
