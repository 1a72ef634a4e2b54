/* chip - the state of an experiment, a flag or one of its environments, in a word and a colour. */

import { h } from './dom.js';

const STATES = {
  DRAFT: ['Draft', 'quiet'],
  SCHEDULED: ['Scheduled', 'coming'],
  RUNNING: ['Running', 'live'],
  PAUSED: ['Paused', 'waiting'],
  COMPLETED: ['Completed', 'done'],
  ARCHIVED: ['Archived', 'quiet'],
  ACTIVE: ['Active', 'done'],
  ON: ['On', 'live'],
  OFF: ['Off', 'quiet'],
  PENDING: ['Waiting', 'waiting'],
  FAILED: ['Failed', 'alarm'],
  CANCELLED: ['Cancelled', 'quiet'],
};

/* words: in place of the state's own, 'production: on' */
export function stateChip(state, words) {
  const [name, tone] = STATES[state] ?? [state, 'quiet'];
  return h('span', { class: `chip ${tone}` }, words ?? name);
}
