/* time - moments as people read them: relative in the text, absolute in the title. */

import { h, setText } from './dom.js';

export const LOCALE = document.documentElement.lang || 'en';
const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const REFRESH_MS = 30000;
const UNITS = [
  ['year', 31557600],
  ['month', 2629800],
  ['day', DAY],
  ['hour', HOUR],
  ['minute', MINUTE],
];

const relative = new Intl.RelativeTimeFormat(LOCALE, { numeric: 'auto' });
const span = new Intl.RelativeTimeFormat(LOCALE, { numeric: 'always' }); // 'tomorrow' is no span
const full = new Intl.DateTimeFormat(LOCALE, { dateStyle: 'full', timeStyle: 'long' });
const short = new Intl.DateTimeFormat(LOCALE, { day: 'numeric', month: 'short' });
const shortYear = new Intl.DateTimeFormat(LOCALE, { dateStyle: 'medium' });
const weekday = new Intl.DateTimeFormat(LOCALE, { weekday: 'long', day: 'numeric', month: 'long' });
const longWeekday = new Intl.DateTimeFormat(LOCALE, { dateStyle: 'full' });
const longDate = new Intl.DateTimeFormat(LOCALE, { dateStyle: 'long' });

function startOfDay(date) {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate());
}

/* Whole calendar days from then to now, in the viewer's zone. */
function daysBetween(then, now) {
  return Math.round((startOfDay(now) - startOfDay(then)) / (DAY * 1000));
}

/* 'just now', '5 minutes ago', 'yesterday', '12 Mar', '12 Mar 2025' */
function relativeTime(then, now = new Date()) {
  const seconds = Math.max(0, (now - then) / 1000); // a clock ahead of ours is no future
  if (seconds < 45) return 'just now';
  if (seconds < HOUR) return relative.format(-Math.max(1, Math.round(seconds / MINUTE)), 'minute');

  const days = daysBetween(then, now);
  if (days === 0 || seconds < 6 * HOUR) {
    return relative.format(-Math.round(seconds / HOUR), 'hour');
  }
  if (days < 7) return relative.format(-days, 'day');
  return (then.getFullYear() === now.getFullYear() ? short : shortYear).format(then);
}

/* 'in 3 hours'; 'any moment now' for what is due: its minute is being worked on. */
function untilTime(then, now = new Date()) {
  const seconds = (then - now) / 1000;
  const found = UNITS.find(([, size]) => seconds >= size);
  if (seconds <= 0) return 'any moment now';
  return found === undefined
    ? 'in less than a minute'
    : span.format(Math.round(seconds / found[1]), found[0]);
}

export function absoluteTime(date) {
  return full.format(date);
}

export function shortDate(date) {
  return shortYear.format(date);
}

/* The heading of a day that is to come: 'Today', 'Tomorrow', 'Thursday, March 12' */
export function comingDayName(date, now = new Date()) {
  const days = -daysBetween(date, now);
  if (days <= 0) return 'Today';
  if (days === 1) return 'Tomorrow';
  return (date.getFullYear() === now.getFullYear() ? weekday : longWeekday).format(date);
}

/* The heading of a day in a list: 'Today', 'Yesterday', 'Thursday, March 12', 'March 12, 2025' */
export function dayName(date, now = new Date()) {
  const days = daysBetween(date, now);
  if (days <= 0) return 'Today';
  if (days === 1) return 'Yesterday';
  return (date.getFullYear() === now.getFullYear() ? weekday : longDate).format(date);
}

/* What a <time> says changes with the clock: by its data-says. */
const SAYS = { ago: relativeTime, until: untilTime, day: dayName, comingDay: comingDayName };

/* A <time> that refreshTimes() keeps true. */
function keptTime(says, iso, title = null) {
  return h('time', { datetime: iso, 'data-says': says, title }, SAYS[says](new Date(iso)));
}

export const timeElement = (iso) => keptTime('ago', iso, absoluteTime(new Date(iso)));
/* The same words as text, where they must not change while somebody listens. */
export const untilWords = (iso) => untilTime(new Date(iso));
export const untilElement = (iso) => keptTime('until', iso, absoluteTime(new Date(iso)));

/* The name of a day as a heading; coming: one that is not over. */
export const dayElement = (iso, coming) => keptTime(coming ? 'comingDay' : 'day', iso);

export function refreshTimes(root) {
  const now = new Date();
  for (const element of root.querySelectorAll('time[data-says]'))
    setText(element, SAYS[element.dataset.says](new Date(element.dateTime), now));
}

/* Keep every such <time> under root true while somebody looks, and from the moment they look again. */
export function keepTimes(root) {
  const look = () => {
    if (!document.hidden) refreshTimes(root);
  };
  setInterval(look, REFRESH_MS);
  document.addEventListener('visibilitychange', look);
}
