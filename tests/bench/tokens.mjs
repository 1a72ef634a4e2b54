// tokens - lines "user session email" in, a token each out, signed with CARILLON_JWT_SECRET.
import { readFileSync } from 'node:fs';
import { tokenOf } from '../lib/jwt.mjs';

const now = Math.floor(Date.now() / 1000);

for (const line of readFileSync(0, 'utf8').trim().split('\n')) {
  const [sub, jti, email] = line.split(' ');
  console.log(tokenOf({ sub, email, iat: now, exp: now + 86400, jti }, process.env.CARILLON_JWT_SECRET));
}
