/* timeline-row - one scheduled moment: what it is to do, or what became of it and why. */

import { h } from './dom.js';
import { icon } from './icons.js';
import { clockWords, inZone, longTime } from './schedule.js';
import { untilElement } from './time.js';
import { VIEWER } from './viewer-zone.js';
import { spanWords } from './words.js';

const DAY = { day: 'numeric', month: 'numeric', year: 'numeric' };
const MINUTE_S = 60;

/* What a moment does, by what became of it; what is to come is null. */
const VERBS = {
  launch: {
    null: 'launches',
    FIRED: 'was launched',
    MISSED: 'was not launched',
    FAILED: 'could not be launched',
    gone: 'was to be launched',
  },
  end: {
    null: 'ends',
    FIRED: 'has ended',
    MISSED: 'was not ended',
    FAILED: 'could not be ended',
    gone: 'was to end',
  },
  enable: {
    null: 'goes on',
    FIRED: 'went on',
    MISSED: 'was not switched on',
    FAILED: 'could not be switched on',
    gone: 'was to go on',
  },
  disable: {
    null: 'goes off',
    FIRED: 'went off',
    MISSED: 'was not switched off',
    FAILED: 'could not be switched off',
    gone: 'was to go off',
  },
};
const OUTCOMES = {
  FIRED: { words: 'Done', tone: 'live', drawing: 'check' },
  MISSED: { words: 'Missed', tone: 'alarm', drawing: 'clock' },
  FAILED: { words: 'Failed', tone: 'alarm', drawing: 'issue' },
  CANCELLED: { words: 'Cancelled', tone: 'quiet', drawing: 'close' },
  DROPPED: { words: 'Dropped', tone: 'quiet', drawing: 'close' },
};

/* How late; null where it does not matter, and in drills, which decide what is not due yet. */
function lateWords({ outcome, due_at: due, decided_at: decided }) {
  const seconds = (Date.parse(decided) - Date.parse(due)) / 1000;
  const span = spanWords(seconds, ['day', 'hour', 'minute']);
  if (seconds < 0) return null;
  if (outcome === 'FIRED') return seconds < MINUTE_S ? 'On time.' : `${span} late.`;
  const told = (outcome === 'MISSED' || outcome === 'FAILED') && seconds >= MINUTE_S;
  return told ? `Decided ${span} after it was due.` : null;
}

/* Its page; null when it is gone. */
function hrefOf({ resource, environment }) {
  if (resource.kind === 'experiment') return `/dashboard/experiments?id=${resource.id}`;
  if (resource.flag_id === null) return null;
  return `/dashboard/flags?id=${resource.flag_id}&environment=${environment.id}`;
}

function titleOf(moment) {
  const { kind, outcome, resource, environment } = moment;
  const verbs = VERBS[kind];
  const verb = verbs[outcome] ?? verbs.gone;
  const href = hrefOf(moment);
  return h(
    'h3',
    {},
    href === null ? resource.name : h('a', { href }, resource.name),
    ` ${verb}${environment ? ` in ${environment.name}` : ''}`,
  );
}

function chipOf({ outcome, due_at: due }) {
  if (outcome === null)
    return h('span', { class: 'chip coming' }, icon('clock'), untilElement(due));
  const { words, tone, drawing } = OUTCOMES[outcome];
  return h('span', { class: `chip ${tone}` }, icon(drawing), words);
}

/* ' (11:00 in Asia/Kolkata)': where its scheduler's clock differs from the viewer's; their day too, if it does. */
function thereWords(due, zone) {
  const theirs = longTime(due, zone);
  if (theirs === longTime(due, VIEWER)) return '';
  const date = new Date(due);
  const isSameDay = inZone(date, VIEWER, DAY) === inZone(date, zone, DAY);
  return ` (${isSameDay ? clockWords(due, zone) : theirs} in ${zone})`;
}

function dueWords({ outcome, due_at: due, time_zone: zone }) {
  return `${outcome === null ? 'Due' : 'Was due'} ${longTime(due, VIEWER)}${thereWords(due, zone)}`;
}

/* memberName: see memberNames() */
export function momentRow(moment, memberName) {
  const { outcome, kind, resource, why, scheduled_by: by } = moment;
  const at = outcome === null ? moment.due_at : moment.decided_at;
  const told = [outcome === null ? null : lateWords(moment), why].filter(Boolean).join(' ');
  return h(
    'li',
    { class: `moment-row ${OUTCOMES[outcome]?.tone ?? 'coming'}`, 'data-outcome': outcome ?? '' },
    h('time', { class: 'moment-clock', datetime: at }, clockWords(at)),
    h(
      'span',
      { class: 'moment-mark' },
      icon(resource.kind === 'experiment' ? 'experiment' : 'flag_environment'),
    ),
    h(
      'div',
      { class: 'moment-words', 'data-kind': kind },
      h('div', { class: 'moment-head' }, titleOf(moment), chipOf(moment)),
      told === '' ? null : h('p', { class: 'moment-told' }, told),
      h(
        'p',
        { class: 'note-meta' },
        `${dueWords(moment)} · scheduled by ${memberName(by, 'somebody who has left')}`,
      ),
    ),
  );
}
