/*
 * schedule-dialog - schedule an experiment or a flag's environment, or edit what is scheduled.
 *
 * While it is filled in, the server is asked what would come of it and what stands against it. A
 * save is the same request in earnest, so it does what the preview said.
 */

import { frame, sentFrom } from './dialog.js';
import { h } from './dom.js';
import { choice, endField, momentField } from './schedule-fields.js';
import { refusalOf } from './schedule-kinds.js';
import { previewList, skipped } from './schedule-preview.js';
import { longTime } from './schedule.js';
import { VIEWER } from './viewer-zone.js';
import { instantOf, knowsZone, wallOf } from './wall.js';

const PREVIEW_AFTER_MS = 350;
const PROPOSED_HOUR = 9; // tomorrow, for what is new
const DAY_MS = 86400000;
const REFUSED = [400, 422];
const CONFLICT = [409, 412];
const OVERTAKEN = 'Somebody has changed it since you opened this. Close it to see what it is now.';

/* Where the fields of something new start. */
function proposal(kind, zone) {
  const tomorrow = { ...wallOf(new Date(Date.now() + DAY_MS).toISOString(), zone) };
  const first = instantOf({ ...tomorrow, hour: PROPOSED_HOUR, minute: 0 }, zone).at;
  return { first, end: new Date(Date.parse(first) + kind.days * DAY_MS).toISOString() };
}

/* ---- the parts ---- */

/* The first moment; how is 'required', 'optional', 'fixed' (it has been) or 'none'. */
function firstPart({ kind, how, schedule }) {
  const { key, legend, moment } = kind.first;
  if (how === 'none') return { element: null, parts: [], read: () => null, show() {} };
  if (how === 'fixed') {
    const at = schedule[key];
    return {
      element: h(
        'fieldset',
        { class: 'schedule-part' },
        h('legend', {}, legend),
        h('p', {}, `It was due on ${longTime(at, VIEWER)}, and stays as it is.`),
      ),
      parts: [],
      read: () => ({ at }),
      show() {},
    };
  }
  const when = momentField(key);
  const at = { way: 'at', words: 'On a date', field: when };
  const ways = how === 'optional' ? [{ way: 'none', words: 'It is on' }, at] : [at];
  const coming = schedule?.resolved[moment];
  const isComing = coming !== undefined && coming.outcome === null;
  const made = choice(legend, key, ways, how === 'required' || isComing ? 'at' : 'none');
  return {
    element: made.element,
    parts: made.parts,
    wall: () => (made.way() === 'at' ? when.wall() : null),
    read: (zone) => (made.way() === 'at' ? when.read(zone) : null),
    show: when.show,
  };
}

function endPart({ kind, how, schedule }) {
  const { key, legend } = kind.end;
  const possible = {
    required: 'none at after',
    optional: 'none at after',
    fixed: 'at after',
    none: 'at',
  };
  const ways = possible[how].split(' ').map((way) => ({ way, ...kind.ends[way] }));
  const kept = schedule?.[key];
  let chosen = ways[0].way;
  if (kept) chosen = kept.at ? 'at' : 'after';
  else if (how === 'optional') chosen = 'at';
  return endField(key, legend, ways, chosen);
}

/* In whose zone the times are; a choice only where the schedule was made in another. */
function zonePart(schedule) {
  const theirs = schedule?.time_zone;
  const error = h('p', { class: 'field-error', id: 'schedule-zone-error' });
  if (!theirs || theirs === VIEWER || !knowsZone(theirs)) {
    const caption = h('p', { class: 'zone-caption', tabindex: '-1' }, 'All times are in ');
    caption.append(h('strong', {}, VIEWER), ', your time zone.');
    return {
      element: h('div', {}, caption, error),
      part: { key: 'time_zone', control: caption, error },
      zone: () => VIEWER,
      onchange() {},
    };
  }
  const select = h(
    'select',
    { name: 'time_zone', 'aria-describedby': error.id },
    h('option', { value: VIEWER }, `${VIEWER} (yours)`),
    h('option', { value: theirs }, `${theirs} (the scheduler’s)`),
  );
  return {
    element: h(
      'div',
      {},
      h('label', { class: 'field-inline' }, h('span', {}, 'All times are in'), select),
      error,
    ),
    part: { key: 'time_zone', control: select, error },
    zone: () => select.value,
    /* act(the zone before) */
    onchange(act) {
      let before = select.value;
      select.addEventListener('change', () => {
        act(before);
        before = select.value;
      });
    },
  };
}

/* Everything that is filled in. */
function formParts(options) {
  const { kind, schedule } = options;
  const zone = zonePart(schedule);
  const first = firstPart(options);
  const end = endPart(options);
  const proposed = proposal(kind, zone.zone());

  /* Put these instants into the fields, as local times of the zone. */
  function show(firstAt, endAt, rule) {
    first.show(firstAt, zone.zone());
    end.show({ at: endAt, rule, first: firstAt }, zone.zone());
  }

  function showSchedule() {
    const firstAt = schedule[kind.first.key] ?? proposed.first;
    const coming = schedule.resolved[kind.end.moment];
    const later = new Date(Date.parse(firstAt) + kind.days * DAY_MS).toISOString();
    const rule = schedule[kind.end.key];
    const kept = rule?.days_after !== undefined && zone.zone() === schedule.time_zone;
    show(firstAt, coming?.at ?? later, kept ? rule : null);
  }

  if (schedule) showSchedule();
  else show(proposed.first, proposed.end, null);
  zone.onchange((before) => {
    const firstAt = first.read(before)?.at ?? proposed.first;
    show(firstAt, end.instant(firstAt, before) ?? proposed.end, null);
  });

  return {
    elements: [first.element, end.element, zone.element],
    parts: [...first.parts, ...end.parts, zone.part],
    /* {body, typed}: what is sent, and what was typed for each moment that is sent as an instant */
    read() {
      const begins = first.read(zone.zone());
      const ends = end.read(zone.zone());
      return {
        zone: zone.zone(),
        body: {
          [kind.first.key]: begins?.at ?? null,
          [kind.end.key]: ends.end,
          time_zone: zone.zone(),
          version: options.version,
        },
        typed: {
          [kind.first.moment]: { wall: first.wall?.(), rule: begins?.rule },
          [kind.end.moment]: { wall: end.wall(), rule: ends.rule },
        },
      };
    },
  };
}

/* ---- what is wrong ---- */

/*
 * {show(text, focus), clear()}: a refusal stands at the field that it names, and show() answers
 * true; else at the foot.
 */
function complaints(kind, parts, foot) {
  function clear() {
    for (const { control, error } of parts) {
      control.removeAttribute('aria-invalid');
      error.replaceChildren();
    }
    foot.replaceChildren();
  }

  function show(text, focus) {
    clear();
    const { key, words } = refusalOf(kind, text);
    const part = parts.find((one) => one.key === key && !one.control.disabled);
    if (part === undefined) {
      foot.textContent = words;
      return false;
    }
    part.error.textContent = words;
    part.control.setAttribute('aria-invalid', 'true');
    if (focus) part.control.focus();
    return true;
  }

  return { show, clear };
}

/* Ask the server after every change, once it has settled; late answers to old ones are dropped. */
function followPreview({ api, path, kind, form, parts, wrong, place }) {
  let timer;
  let asked = 0;

  async function ask() {
    asked += 1;
    const mine = asked;
    if (!form.checkValidity()) {
      place.replaceChildren(h('p', { class: 'note-line' }, 'Fill in the date to see when it is.'));
      return;
    }
    const { body, typed, zone } = parts.read();
    try {
      const { data } = await api.post(`${path}/preview`, body);
      if (mine !== asked) return;
      wrong.clear();
      place.replaceChildren(...previewList(kind, data.preview, skipped(typed, zone)));
    } catch (error) {
      if (mine !== asked) return;
      const overtaken = CONFLICT.includes(error.status);
      const named = wrong.show(overtaken ? OVERTAKEN : error.message, false);
      place.replaceChildren(
        ...(named ? [h('p', { class: 'note-line' }, 'It cannot be saved like this.')] : []),
      );
    }
  }

  form.addEventListener('input', () => {
    clearTimeout(timer);
    asked += 1;
    timer = setTimeout(ask, PREVIEW_AFTER_MS);
  });
  ask();
  return {
    stop() {
      clearTimeout(timer);
      asked += 1;
    },
  };
}

/*
 * Show it.
 *   path      of the schedule in the API
 *   kind      EXPERIMENT or FLAG; title and text say what is scheduled
 *   schedule  what is scheduled already, or null; version is its version, else the resource's
 *   how       'required', 'optional', 'fixed', 'none': the first moment, by what may be scheduled
 * Resolves to {saved}, {conflict: error} when somebody else was quicker, or null; throws as sentFrom() does.
 */
export async function scheduleDialog(options) {
  const { api, path, kind, title, text, schedule } = options;
  const { dialog, heading } = frame(title, 'dialog-form dialog-schedule');
  const parts = formParts(options);
  const foot = h('p', { class: 'form-error', role: 'alert' });
  const place = h('div', { class: 'preview', 'aria-live': 'polite' });
  const submit = h(
    'button',
    { class: 'button primary', type: 'submit' },
    schedule ? 'Save schedule' : 'Schedule',
  );
  const form = h(
    'form',
    { class: 'stack' },
    h('div', {}, heading, h('p', {}, text)),
    parts.elements.filter(Boolean),
    place,
    foot,
    h(
      'div',
      { class: 'dialog-actions' },
      h('button', { class: 'button', type: 'button', onclick: () => dialog.close() }, 'Close'),
      submit,
    ),
  );
  const wrong = complaints(kind, parts.parts, foot);
  const preview = followPreview({ ...options, form, parts, wrong, place });

  async function send() {
    preview.stop();
    try {
      return { saved: (await api.put(path, parts.read().body)).data.schedule };
    } catch (error) {
      if (CONFLICT.includes(error.status)) return { conflict: error };
      throw error;
    }
  }

  dialog.append(form);
  const refused = (error) => wrong.show(error.message, REFUSED.includes(error.status));
  const result = await sentFrom({ dialog, form, submit, send, refused });
  preview.stop();
  return result;
}
