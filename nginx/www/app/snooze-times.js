/* snooze-times - the moments that a snooze is offered for, on the clock of whoever looks. */

import { daysLater, instantOf, wallOf } from './wall.js';

const HOUR_MS = 3600000;
const MORNING = 9;
const EVENING = 18;
const WEEK = 7;
const MONDAY = 1;

function daysToMonday(date) {
  const today = new Date(`${date}T00:00:00Z`).getUTCDay();
  return (MONDAY - today + WEEK) % WEEK || WEEK;
}

/* [{name, at}]; the evening only while it is more than an hour away */
export function snoozeTimes(now, zone) {
  const { date, hour } = wallOf(now.toISOString(), zone);
  const on = (days, at) =>
    instantOf({ date: daysLater(date, days), hour: at, minute: 0 }, zone).at;
  return [
    { name: 'In an hour', at: new Date(now.getTime() + HOUR_MS).toISOString() },
    hour < EVENING - 1 ? { name: 'This evening', at: on(0, EVENING) } : null,
    { name: 'Tomorrow morning', at: on(1, MORNING) },
    { name: 'Next week', at: on(daysToMonday(date), MORNING) },
  ].filter(Boolean);
}
