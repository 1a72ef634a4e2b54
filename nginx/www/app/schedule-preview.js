/* schedule-preview - what the server says would happen, in the schedule dialog. */

import { h } from './dom.js';
import { icon } from './icons.js';
import { doesWords, longTime } from './schedule.js';
import { untilWords } from './time.js';
import { VIEWER } from './viewer-zone.js';
import { clockOf, wallOf } from './wall.js';

/* Answers (moment, resolved) -> words when the clocks are changed where somebody's time is. */
export function skipped(typed, zone) {
  return (moment, { at, rule }) => {
    const { wall, rule: ours } = typed[moment] ?? {};
    const now = wallOf(at, zone);
    if (rule === 'gap' || (wall && clockOf(wall) !== clockOf(now))) {
      const wanted = wall ? clockOf(wall) : 'that time';
      return `The clocks skip ${wanted} on that day; it is the first moment after.`;
    }
    if (rule === 'overlap' || ours === 'overlap')
      return `The clocks show ${clockOf(now)} twice on that day; it is the first.`;
    return null;
  };
}

function line(name, text) {
  return h('div', {}, h('dt', {}, name), h('dd', {}, text));
}

function momentItem(moment, resolved, zone, note) {
  const { at, local } = resolved;
  const others = [
    zone === VIEWER ? null : line(`Your time (${VIEWER})`, longTime(at, VIEWER)),
    zone === 'UTC' ? null : line('UTC', longTime(at, 'UTC')),
  ].filter(Boolean);
  return h(
    'li',
    {},
    h('p', {}, h('strong', {}, `${doesWords(moment)} `, untilWords(at))),
    h('p', { class: 'preview-local' }, local),
    others.length === 0 ? null : h('dl', { class: 'clocks' }, others),
    note === null ? null : h('p', { class: 'preview-note' }, icon('clock'), note),
  );
}

/* The elements that show a preview; noteOf(moment, resolved) is a sentence or null. */
export function previewList(kind, { time_zone: zone, resolved }, noteOf) {
  const moments = [kind.first.moment, kind.end.moment].filter((name) => resolved[name]);
  return [
    h(
      'ul',
      { 'aria-label': 'What will happen' },
      moments.map((name) =>
        momentItem(name, resolved[name], zone, noteOf(name, resolved[name])),
      ),
    ),
  ];
}
