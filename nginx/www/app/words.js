/* words - counts, spans and names as people read them. No elements. */

const BADGE_MOST = 99;
const SECONDS = { day: 86400, hour: 3600, minute: 60, second: 1 };

/* '1 notification', '2 notifications', '1,204 notifications' */
export function plural(count, one, many = `${one}s`) {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
}

/* '7', '99+': what a badge has room for */
export function badgeWords(count) {
  return count > BADGE_MOST ? `${BADGE_MOST}+` : String(count);
}

/* '2 days 3 hours', 'less than a minute': the two largest of these units, rounded down. */
export function spanWords(seconds, units) {
  const at = units.findIndex((unit) => seconds >= SECONDS[unit]);
  if (at < 0) return `less than a ${units.at(-1)}`;
  const [unit, next] = units.slice(at);
  const first = plural(Math.floor(seconds / SECONDS[unit]), unit);
  const rest = next ? Math.floor((seconds % SECONDS[unit]) / SECONDS[next]) : 0;
  return rest > 0 ? `${first} ${plural(rest, next)}` : first;
}

export function capitalized(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/* 'issue.digest' -> 'Issue digest', for what has no words of its own */
export function nameWords(name) {
  return capitalized(name.replace(/[._]+/g, ' ').toLowerCase());
}
