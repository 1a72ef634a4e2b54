/*
 * schedule-fields - the parts of the schedule dialog: when it begins, and when it ends.
 *
 * Each answers {element, parts, read, show}: parts are {key, control, error} for what the server
 * may name in a refusal, of which those count whose control is not disabled; read(zone) is the
 * value for the API; show(…, zone) fills the controls.
 */

import { h } from './dom.js';
import { clockOf, daysApart, daysLater, instantOf, twoDigits, wallOf } from './wall.js';

let serial = 0;

/* '09:05' -> {hour: 9, minute: 5} */
function timeOf(clockText) {
  const [hour, minute] = clockText.split(':').map(Number);
  return { hour, minute };
}

/* A number of two digits: typed, or stepped through. */
function digits(name, most) {
  const input = h('input', {
    type: 'number',
    name,
    required: true,
    min: 0,
    max: most,
    step: 1,
    inputmode: 'numeric',
  });
  input.addEventListener('change', () => {
    if (input.checkValidity()) input.value = twoDigits(Number(input.value));
  });
  return input;
}

function labelled(label, control, kind = '') {
  serial += 1;
  control.id = `schedule-${serial}`;
  return h(
    'div',
    { class: `field ${kind}`.trim() },
    h('label', { for: control.id }, label),
    control,
  );
}

/* A line that says what is wrong with a control; empty it takes no room. */
function errorOf(control) {
  serial += 1;
  const error = h('p', { class: 'field-error', id: `schedule-${serial}`, 'aria-live': 'polite' });
  control.setAttribute('aria-describedby', error.id);
  return error;
}

/* Hour and minute, as on a clock of 24 hours. */
function clock() {
  const hour = digits('hour', 23);
  const minute = digits('minute', 59);
  return {
    cells: [labelled('Hour', hour, 'narrow'), labelled('Minute', minute, 'narrow')],
    hour,
    read: () => ({ hour: Number(hour.value), minute: Number(minute.value) }),
    show(time) {
      hour.value = twoDigits(time.hour);
      minute.value = twoDigits(time.minute);
    },
  };
}

/* A date and a time of day. key is what the API calls it. */
export function momentField(key) {
  const date = h('input', { type: 'date', name: 'date', required: true, max: '9999-12-31' });
  const time = clock();
  const error = errorOf(date);
  const row = h('div', { class: 'when' }, labelled('Date', date), time.cells);
  const wall = () => ({ date: date.value, ...time.read() });
  return {
    element: h('div', {}, row, error),
    parts: [{ key, control: date, error }],
    wall,
    read: (zone) => instantOf(wall(), zone),
    show(instant, zone) {
      const { date: day, ...rest } = wallOf(instant, zone);
      date.value = day;
      time.show(rest);
    },
  };
}

/* So many days after the first moment, at a time of day. */
function daysField(key) {
  const days = h('input', {
    type: 'number',
    name: 'days',
    required: true,
    min: 0,
    max: 365,
    step: 1,
    inputmode: 'numeric',
  });
  const time = clock();
  const errors = [errorOf(days), errorOf(time.hour)];
  const row = h('div', { class: 'when' }, labelled('Days after', days), time.cells);
  return {
    element: h('div', {}, row, errors),
    parts: [
      { key, control: days, error: errors[0] },
      { key: `${key}.days_after`, control: days, error: errors[0] },
      { key: `${key}.time`, control: time.hour, error: errors[1] },
    ],
    read: () => ({ days_after: Number(days.value), time: clockOf(time.read()) }),
    show(count, clockTime) {
      days.value = count;
      time.show(clockTime);
    },
  };
}

/* One of several ways, as a row of radio buttons with what belongs to the chosen one under it. */
export function choice(legend, name, ways, chosen) {
  const hint = h('p', { class: 'note-line' });
  const radios = ways.map(({ way, words }) =>
    h(
      'label',
      {},
      h('input', { type: 'radio', name, value: way, checked: way === chosen }),
      h('span', {}, words),
    ),
  );
  const fieldset = h(
    'fieldset',
    { class: 'schedule-part' },
    h('legend', {}, legend),
    ways.length > 1 ? h('div', { class: 'segmented' }, radios) : null,
    ways.map(({ field }) => field?.element ?? null),
    hint,
  );
  const way = () => fieldset.querySelector('input[type="radio"]:checked')?.value ?? ways[0].way;

  /* What is not chosen is disabled, so that it is neither asked for nor sent. */
  function settle() {
    for (const one of ways) {
      const isIt = one.way === way();
      if (isIt) hint.textContent = one.hint ?? '';
      hint.hidden = hint.textContent === '';
      if (!one.field) continue;
      one.field.element.hidden = !isIt;
      for (const control of one.field.element.querySelectorAll('input, select'))
        control.disabled = !isIt;
    }
  }

  fieldset.addEventListener('change', settle);
  settle();
  return {
    element: fieldset,
    way,
    field: () => ways.find((one) => one.way === way()).field,
    parts: ways.flatMap(({ field }) => field?.parts ?? []),
  };
}

/*
 * When it ends.
 *   ways  of 'none', 'at', 'after' (so many days after the first moment), each with its words and
 *         hint; chosen is one of them
 */
export function endField(key, legend, ways, chosen) {
  const fields = { at: momentField(key), after: daysField(key) };
  const made = choice(
    legend,
    key,
    ways.map((one) => ({ ...one, field: fields[one.way] })),
    chosen,
  );
  return {
    element: made.element,
    parts: made.parts,
    way: made.way,
    wall: () => (made.way() === 'at' ? fields.at.wall() : null),
    /* {end, rule}: end is what the API takes, null for none */
    read(zone) {
      if (made.way() === 'none') return { end: null };
      if (made.way() === 'after') return { end: fields.after.read() };
      const instant = fields.at.read(zone);
      return { end: { at: instant?.at }, rule: instant?.rule };
    },
    /* When that is, as far as this browser knows. */
    instant(first, zone) {
      if (made.way() !== 'after') return fields.at.read(zone)?.at;
      const { days_after: days, time } = fields.after.read();
      const date = daysLater(wallOf(first, zone).date, days);
      return instantOf({ date, ...timeOf(time) }, zone)?.at;
    },
    /* rule: {days_after, time} when it is kept like that in this zone; else counted from first */
    show({ at, rule, first }, zone) {
      const end = wallOf(at, zone);
      fields.at.show(at, zone);
      if (rule) {
        fields.after.show(rule.days_after, timeOf(rule.time));
      } else {
        const days = first ? daysApart(wallOf(first, zone).date, end.date) : 0;
        fields.after.show(Math.max(days, 0), end);
      }
    },
  };
}
