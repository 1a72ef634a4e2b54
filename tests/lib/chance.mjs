// chance - the same luck again for the same seed (mulberry32).
import { randomInt } from 'node:crypto';

// The seed is CARILLON_TEST_SEED, or any.
export const seed = Number(process.env.CARILLON_TEST_SEED ?? randomInt(2 ** 31));

// A row of numbers of its own, each at least 0 and less than 1.
export function chanceFrom(start) {
  let state = start;
  return () => {
    state = (state + 0x6D2B79F5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
export const chance = chanceFrom(seed);
export const below = (n) => Math.floor(chance() * n);
export const one = (list) => list[below(list.length)];
