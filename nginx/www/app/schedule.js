/*
 * schedule - what is coming, as people in three places read it: the viewer, whoever scheduled it,
 * and UTC. The server has worked out the moments; nothing is computed here.
 */

import { h } from './dom.js';
import { icon } from './icons.js';
import { LOCALE, untilElement } from './time.js';
import { VIEWER } from './viewer-zone.js';

const KINDS = {
  launch: { does: 'Launches', chip: 'Launches' },
  end: { does: 'Ends', chip: 'Ends' },
  enable: { does: 'Goes on', chip: 'On' },
  disable: { does: 'Goes off', chip: 'Off' },
};

/* An instant as text in a zone; a zone that this browser does not know gives null. */
export function inZone(date, timeZone, options) {
  try {
    return new Intl.DateTimeFormat(LOCALE, { hourCycle: 'h23', timeZone, ...options }).format(date);
  } catch {
    return null;
  }
}

const LONG = {
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
};
const SHORT = { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' };
const CLOCK = { hour: '2-digit', minute: '2-digit' };

/* [{kind, at, rule}] still to come, soonest first. */
function comingOf(schedule) {
  return Object.entries(schedule?.resolved ?? {})
    .map(([kind, moment]) => ({ kind, ...moment }))
    .filter(({ kind, at, outcome }) => Object.hasOwn(KINDS, kind) && at && !outcome)
    .sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
}

/* In the viewer's time, the year only where it is not this one. */
function shortTime(at) {
  const date = new Date(at);
  const year = date.getFullYear() === new Date().getFullYear() ? undefined : 'numeric';
  return inZone(date, VIEWER, { ...SHORT, year });
}

/* 'Sun, Mar 14, 2027, 03:00' in a zone; in UTC, and saying so, where this browser knows it not. */
export function longTime(at, zone) {
  const date = new Date(at);
  return inZone(date, zone, LONG) ?? `${inZone(date, 'UTC', LONG)} UTC`;
}

/* '18:00' */
export function clockWords(at, zone = VIEWER) {
  return inZone(new Date(at), zone, CLOCK);
}

/* 'Launches' */
export function doesWords(kind) {
  return KINDS[kind].does;
}

function fixedTime(at, text) {
  return h('time', { datetime: at }, text);
}

/* 'Launches Nov 24, 09:00', in the viewer's time; null when nothing is coming. */
export function scheduleChip(schedule) {
  const [next] = comingOf(schedule);
  if (next === undefined) return null;
  return h(
    'span',
    { class: 'chip coming' },
    icon('clock'),
    `${KINDS[next.kind].chip} `,
    fixedTime(next.at, shortTime(next.at)),
  );
}

function clockRow(name, zone, at) {
  const text = inZone(new Date(at), zone, LONG);
  return text === null ? null : h('div', {}, h('dt', {}, name), h('dd', {}, fixedTime(at, text)));
}

function momentPart({ kind, at }, zone) {
  return h(
    'div',
    { class: 'moment' },
    h('p', {}, h('strong', {}, `${KINDS[kind].does} `, untilElement(at))),
    h(
      'dl',
      { class: 'clocks' },
      clockRow(`Your time (${VIEWER})`, VIEWER, at),
      zone ? clockRow(`Scheduler’s time (${zone})`, zone, at) : null,
      clockRow('UTC', 'UTC', at),
    ),
  );
}

/* Everything that is coming, each with its three clocks, and buttons; null when nothing is. */
export function scheduleBanner(schedule, me, buttons = []) {
  const coming = comingOf(schedule);
  if (coming.length === 0) return null;
  return h(
    'div',
    { class: 'coming-banner', role: 'group', 'aria-label': 'Schedule' },
    icon('clock'),
    h(
      'div',
      { class: 'moments' },
      coming.map((moment) => momentPart(moment, schedule.time_zone)),
      schedule.scheduled_by === me.id
        ? h('p', { class: 'note-line' }, 'You scheduled this, and are told what becomes of it.')
        : null,
      buttons.length > 0 ? h('div', { class: 'banner-tools' }, buttons) : null,
    ),
  );
}
