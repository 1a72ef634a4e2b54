/* status - the page's one polite status line: what was done, and what could not be done. */

import { byId, h, hidden, refocus, whileBusy } from './dom.js';
import { icon } from './icons.js';
import { hintKey } from './keys.js';

const STAY_MS = 6000; // errors stay until they are closed or followed by other news

let line;
let timer;
let before = null; // what had the focus before it went into the line

function statusLine() {
  if (line === undefined) {
    line = h('div', { class: 'toast', role: 'status' });
    line.addEventListener('focusin', ({ relatedTarget }) => {
      if (!line.contains(relatedTarget)) before = relatedTarget;
    });
    document.body.append(line);
  }
  return line;
}

/* Whoever is in the line when it goes is put back to where they came from. */
function clear() {
  clearTimeout(timer);
  const inside = statusLine().contains(document.activeElement);
  statusLine().replaceChildren();
  if (inside) refocus(before, byId('main'));
}

/* Make the line before there is news: a live region that is born full is not read out. */
export function prepareStatus() {
  statusLine();
}

function closeButton() {
  return h(
    'button',
    { type: 'button', class: 'icon-button', onclick: clear },
    icon('close'),
    hidden('Close message'),
  );
}

/*
 * action: {words, shortcut, act, stay, from}: stay is how many milliseconds it is offered; from is what has
 * lost the focus by what was done, so that the action gets it.
 */
export function say(text, action = null) {
  clear();
  const button =
    action &&
    hintKey(h('button', { type: 'button', onclick: action.act }, action.words), action.shortcut);
  const close = action && closeButton();
  statusLine().append(h('p', {}, icon('check'), h('span', {}, text), button, close));
  if (action?.from) {
    refocus(button);
    before = action.from;
  }
  timer = setTimeout(clear, action?.stay ?? STAY_MS);
}

/* For those who do not see that the page has changed; what is in the line stays. */
export function tell(text) {
  statusLine().querySelector(':scope > .visually-hidden')?.remove();
  statusLine().append(hidden(text));
}

/* error is an ApiError, or anything with a message. what: 'The key was not made.' */
export function complain(error, what = '') {
  if (error.status === 401) return; // the login page is on its way
  clear();
  statusLine().append(
    h(
      'p',
      { class: 'alarm' },
      icon('issue'),
      [what, error.message].filter(Boolean).join(' '),
      closeButton(),
    ),
  );
}

/* Do what a button is for: it is disabled meanwhile, and what goes wrong is said. what: see complain() */
export async function attempt(button, work, what) {
  try {
    await whileBusy(button, work);
  } catch (error) {
    complain(error, what);
  }
}
