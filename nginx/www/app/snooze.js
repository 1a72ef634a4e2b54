/* snooze - until when? A short menu of moments, or any moment within a year. */

import { frame, shown } from './dialog.js';
import { h } from './dom.js';
import { icon } from './icons.js';
import { momentField } from './schedule-fields.js';
import { clockWords, inZone } from './schedule.js';
import { snoozeTimes } from './snooze-times.js';
import { comingDayName } from './time.js';
import { VIEWER } from './viewer-zone.js';

const YEAR_MS = 365 * 86400000; // the API takes a year, leap day and all

const MOMENT = { weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' };

/* '18:00' today, else 'Mon, Nov 23, 09:00' */
export function momentWords(at) {
  const date = new Date(at);
  const isToday = comingDayName(date) === comingDayName(new Date());
  return isToday ? clockWords(at) : inZone(date, VIEWER, MOMENT);
}

/* Up and down, as in a menu; Tab goes on too. */
function onArrow(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step === undefined) return;
  const choices = [...event.currentTarget.querySelectorAll('button')];
  const at = choices.indexOf(document.activeElement) + step;
  choices[(at + choices.length) % choices.length].focus();
  event.preventDefault();
}

/* What is wrong with a moment, or ''. */
function refusal(at) {
  const ahead = Date.parse(at) - Date.now();
  if (!(ahead > 0)) return 'Choose a time that is still to come.';
  return ahead > YEAR_MS ? 'A year ahead is the most.' : '';
}

function ownMoment(choose) {
  const when = momentField('snooze_until');
  const [{ control, error }] = when.parts;
  when.show(snoozeTimes(new Date(), VIEWER).at(-2).at, VIEWER);
  const form = h(
    'form',
    { class: 'stack', hidden: true },
    when.element,
    h('p', { class: 'zone-caption' }, 'In ', h('strong', {}, VIEWER), ', your time zone.'),
    h('button', { class: 'button primary', type: 'submit' }, 'Snooze'),
  );
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const { at } = when.read(VIEWER);
    error.textContent = refusal(at);
    if (error.textContent === '') {
      choose(at);
    } else {
      control.setAttribute('aria-invalid', 'true');
      control.focus();
    }
  });
  const open = h(
    'button',
    { type: 'button', 'aria-expanded': 'false' },
    h('span', {}, 'Pick a time…'),
    icon('chevron'),
  );
  open.addEventListener('click', () => {
    form.hidden = !form.hidden;
    open.setAttribute('aria-expanded', String(!form.hidden));
    if (!form.hidden) control.focus();
  });
  return { open, form };
}

/* Resolves to the instant, or to null when the menu was closed. */
export async function askSnooze(title) {
  let chosen = null;
  const { dialog, heading } = frame('Snooze until', 'dialog-menu');
  const choose = (at) => {
    chosen = at;
    dialog.close();
  };
  const { open, form } = ownMoment(choose);
  const choices = snoozeTimes(new Date(), VIEWER).map(({ name, at }, i) =>
    h(
      'li',
      {},
      h(
        'button',
        { type: 'button', onclick: () => choose(at), autofocus: i === 0 },
        h('span', {}, name),
        h('small', {}, momentWords(at)),
      ),
    ),
  );
  const menu = h('ul', { class: 'choices', onkeydown: onArrow }, choices, h('li', {}, open));
  dialog.append(
    h(
      'div',
      { class: 'menu-head' },
      h('div', {}, heading, h('p', {}, title)),
      h(
        'button',
        {
          class: 'icon-button',
          type: 'button',
          'aria-label': 'Close',
          onclick: () => dialog.close(),
        },
        icon('close'),
      ),
    ),
    menu,
    form,
  );
  dialog.addEventListener('click', ({ target }) => {
    if (target === dialog) dialog.close(); // on the backdrop
  });
  await shown(dialog);
  return chosen;
}
