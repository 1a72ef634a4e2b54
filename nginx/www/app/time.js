/* time - moments as people read them: relative in the text, absolute in the title. */

export const LOCALE = document.documentElement.lang || 'en';
const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const REFRESH_MS = 30000;

export const relative = new Intl.RelativeTimeFormat(LOCALE, { numeric: 'auto' });
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

/* A <time> that refreshTimes() keeps true. */
export function timeElement(iso) {
  const element = document.createElement('time');
  const date = new Date(iso);
  element.dateTime = iso;
  element.title = absoluteTime(date);
  element.textContent = relativeTime(date);
  return element;
}

export function refreshTimes(root) {
  const now = new Date();
  for (const element of root.querySelectorAll('time[datetime]:not([data-fixed])')) {
    const text = relativeTime(new Date(element.dateTime), now);
    if (element.textContent !== text) element.textContent = text;
  }
}

/* Keep every <time> under root true while somebody looks; answers how to stop. */
export function keepTimes(root) {
  const timer = setInterval(() => {
    if (!document.hidden) refreshTimes(root);
  }, REFRESH_MS);
  return () => clearInterval(timer);
}
