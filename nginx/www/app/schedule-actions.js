/* schedule-actions - the buttons of a schedule on the page of an experiment or a flag. */

import { confirmAction } from './dialog.js';
import { byId, h } from './dom.js';
import { icon } from './icons.js';
import { scheduleDialog } from './schedule-dialog.js';
import { complain, say } from './status.js';

const OVERTAKEN = [404, 409, 412];

const cancelled = (page, { path, schedule }) =>
  page.api.delete(path, { version: schedule.version });

/* Say that a schedule was not cancelled. */
async function notCancelled(page, error) {
  if (OVERTAKEN.includes(error.status)) await page.overtaken(error);
  else complain(error, 'Not cancelled.');
}

/*
 * A first moment that was missed or failed stays as it is: what is left of its schedule has to go
 * before there can be another. Resolves to the target as it is then, or null.
 */
async function startAnew(page, target) {
  const sure = await confirmAction({
    title: 'Schedule it anew?',
    text:
      `${target.name} was not switched on when it should have been. What is left of that ` +
      'schedule, switching it off, is cancelled first.',
    action: 'Cancel the rest and go on',
    keep: 'Keep it',
  });
  if (!sure) return null;
  try {
    await cancelled(page, target);
    await page.renew();
    return target.now();
  } catch (error) {
    await notCancelled(page, error);
    return null;
  }
}

function askSchedule({ api }, { kind, path, schedule, name, how, version }) {
  return scheduleDialog({
    api,
    kind,
    path,
    schedule,
    how,
    version: schedule?.version ?? version,
    title: schedule ? 'Edit schedule' : 'Schedule',
    text: schedule
      ? `${name}. Whoever saves it is its scheduler, and is told what becomes of it.`
      : `${name}. You are told what becomes of it, by the bell and by mail.`,
  });
}

/* A dialog that was closed while it was sent may have given way to edits, which stay. */
async function showResult(page, { name }, result) {
  if (result?.saved) {
    if (!page.isEdited()) await page.renew();
    say(`${name} is scheduled`);
  } else if (result?.conflict) {
    if (page.isEdited()) complain(result.conflict, 'Not scheduled.');
    else await page.overtaken(result.conflict);
  }
}

/*
 * What is scheduled on a page (openResource).
 *   kind, path, schedule as scheduleDialog() has them; key tells the buttons of a page apart
 *   name     'Checkout colour', 'New search in production'
 *   how      null when it cannot be scheduled; why not is then a sentence
 *   version  the resource's
 *   lost     its first moment was missed or failed, and the other is still to come; now() is then
 *            the target as the page has it now
 */
async function editSchedule(page, wanted) {
  if (!page.free()) return;
  const target = wanted.lost ? await startAnew(page, wanted) : wanted;
  if (target === null) return;
  try {
    await showResult(page, target, await askSchedule(page, target));
  } catch (error) {
    complain(error, 'Not scheduled.');
  }
}

async function cancelSchedule(page, target) {
  const { kind, name } = target;
  if (!page.free()) return;
  const sure = await confirmAction({
    title: 'Cancel the schedule?',
    text:
      kind.noun === 'experiment'
        ? `Nothing happens to ${name} by itself any more. If it has not begun, it is a draft again.`
        : `Nothing happens to ${name} by itself any more; its switch stays as it is.`,
    action: 'Cancel the schedule',
    keep: 'Keep it',
  });
  if (!sure) return;
  try {
    await cancelled(page, target);
    await page.renew();
    say(`The schedule of ${name} is cancelled`);
  } catch (error) {
    await notCancelled(page, error);
  }
}

function button(words, key, act, drawing = null) {
  return h(
    'button',
    { class: 'button', type: 'button', 'data-focus-key': key, onclick: act },
    drawing === null ? null : icon(drawing),
    words,
  );
}

/* 'Schedule …', where nothing is scheduled and something may be; else null. */
export function scheduleButton(page, target, words) {
  if (target.how === null || target.schedule !== null) return null;
  return button(words, `schedule-${target.key}`, () => editSchedule(page, target), 'clock');
}

/* For the banner of what is scheduled. */
export function scheduleButtons(page, target) {
  if (target.schedule === null || !target.mayChange) return [];
  return [
    target.how === null
      ? null
      : button('Edit schedule', `schedule-${target.key}`, () => editSchedule(page, target)),
    button('Cancel schedule', `unschedule-${target.key}`, () => cancelSchedule(page, target)),
  ];
}

/* A notice's link ends in &schedule=1: one click, and the dialog is there. */
export async function openFromLink(page, target) {
  const here = new URL(location.href);
  if (here.searchParams.get('schedule') === null) return;
  here.searchParams.delete('schedule');
  history.replaceState(history.state, '', here);
  if (target.how === null) {
    complain({ message: target.why });
    return;
  }
  byId('main')
    .querySelector(`[data-focus-key="schedule-${CSS.escape(target.key)}"]`)
    ?.focus();
  await editSchedule(page, target);
}
