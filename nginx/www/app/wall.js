/*
 * wall - what a clock on the wall shows somewhere, and the instant when it shows that.
 *
 * A person types local times, the API takes instants. A time that the clocks skip becomes the first
 * instant after the gap, one that they show twice means the first: the server's own rule, and it
 * is the server that says, in the preview, what has come of it.
 */

const MINUTE_MS = 60000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const AROUND_MS = 36 * 60 * MINUTE_MS; // further from a change of the clocks than zones are apart
const formats = new Map();

/* A formatter of whole local times, or null for a zone that this browser does not know. */
function formatOf(zone) {
  if (!formats.has(zone)) {
    let format = null;
    try {
      format = new Intl.DateTimeFormat('en', {
        timeZone: zone,
        calendar: 'gregory',
        numberingSystem: 'latn',
        hourCycle: 'h23',
        year: 'numeric',
        month: 'numeric',
        day: 'numeric',
        hour: 'numeric',
        minute: 'numeric',
      });
    } catch {
      /* the server may know it */
    }
    formats.set(zone, format);
  }
  return formats.get(zone);
}

export function knowsZone(zone) {
  return formatOf(zone) !== null;
}

/* The local time at ms as if it were UTC, to the minute. */
function shown(ms, zone) {
  const parts = formatOf(zone).formatToParts(ms);
  const of = (type) => Number(parts.find((part) => part.type === type).value);
  return Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'));
}

const offset = (ms, zone) => shown(ms, zone) - Math.floor(ms / MINUTE_MS) * MINUTE_MS;

/* {date: '2027-03-14', hour: 2, minute: 30} of an instant */
export function wallOf(instant, zone) {
  const date = new Date(shown(Date.parse(instant), zone));
  return {
    date: date.toISOString().slice(0, 10),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
  };
}

export const twoDigits = (number) => String(number).padStart(2, '0');

/* {hour: 9, minute: 5} -> '09:05' */
export const clockOf = ({ hour, minute }) => `${twoDigits(hour)}:${twoDigits(minute)}`;

/* The first instant after the clocks were put forward between before and after. */
function afterGap(before, after, zone) {
  const old = offset(before, zone);
  let [low, high] = [before, after];
  while (high - low > MINUTE_MS) {
    const middle = Math.round((low + high) / 2 / MINUTE_MS) * MINUTE_MS;
    if (offset(middle, zone) === old) low = middle;
    else high = middle;
  }
  return high;
}

/* {at, rule} of a wall time: rule is 'exact', 'gap' or 'overlap'; null when it is no date. */
export function instantOf({ date, hour, minute }, zone) {
  const wanted = Date.parse(`${date}T00:00:00Z`) + (hour * 60 + minute) * MINUTE_MS;
  if (!Number.isFinite(wanted)) return null;
  const offsets = [wanted - AROUND_MS, wanted + AROUND_MS].map((ms) => offset(ms, zone));
  const found = [...new Set(offsets)]
    .map((ms) => wanted - ms)
    .filter((ms) => shown(ms, zone) === wanted)
    .sort((a, b) => a - b);
  const ms =
    found[0] ?? afterGap(wanted - Math.max(...offsets), wanted - Math.min(...offsets), zone);
  return {
    at: new Date(ms).toISOString(),
    rule: ['gap', 'exact', 'overlap'][found.length],
  };
}

const dayNumber = (date) => Date.parse(`${date}T00:00:00Z`) / DAY_MS;

/* Whole calendar days from one date to another: '2027-03-14' and '2027-03-16' are 2 apart. */
export function daysApart(from, to) {
  return dayNumber(to) - dayNumber(from);
}

export function daysLater(date, days) {
  return new Date((dayNumber(date) + days) * DAY_MS).toISOString().slice(0, 10);
}
