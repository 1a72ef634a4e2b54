/*
 * keys - shortcuts of one key: what they are, when they act, and the dialog that lists them.
 *
 * They act while nobody types, nothing lies over the page and no modifier is held. Who speaks to
 * the computer, or hits keys by mistake, can turn them off (WCAG 2.1.4); arrows, Enter, Delete and
 * Escape are not among them and always work.
 */

import { frame, shown } from './dialog.js';
import { h } from './dom.js';

const STORED = 'carillon-keys';

/* name -> key; repeats: also while it is held down */
const SHORTCUTS = {
  next: { key: 'j', repeats: true },
  previous: { key: 'k', repeats: true },
  delete: { key: 'e' },
  toggle: { key: 'u' },
  back: { key: 'r' },
  snooze: { key: 's' },
  search: { key: '/' },
  undo: { key: 'z' },
  help: { key: '?' },
};

const LISTED = [
  [
    'Inbox',
    [
      ['J K', 'next, previous'],
      ['Enter', 'open it, and mark it read'],
      ['U', 'mark it read or unread'],
      ['R', 'the same; from Snoozed or Bin, bring it back'],
      ['S', 'snooze it'],
      ['E', 'done: move it to the bin'],
      ['Z', 'undo'],
      ['/', 'search'],
    ],
  ],
  [
    'Everywhere',
    [
      ['?', 'show these keys'],
      ['↑ ↓', 'move in a list'],
      ['Home End', 'first, last'],
      ['Esc', 'close a panel'],
    ],
  ],
];

const TYPING =
  'input:not([type="checkbox"], [type="radio"]), textarea, select, [contenteditable]:not([contenteditable="false"])';
const OVER_THE_PAGE = '[part="panel"], .popover';

const handlers = new Map(); // key -> {act, repeats}

/* ---- on and off ---- */

function areOn() {
  try {
    return localStorage.getItem(STORED) !== 'off';
  } catch {
    return true; // a browser that keeps nothing
  }
}

function turn(on) {
  try {
    if (on) localStorage.removeItem(STORED);
    else localStorage.setItem(STORED, 'off');
  } catch {
    /* they stay as they are */
  }
  for (const element of document.querySelectorAll('[data-shortcut]')) hint(element);
}

function hint(element) {
  const { key } = SHORTCUTS[element.dataset.shortcut];
  if (areOn()) element.setAttribute('aria-keyshortcuts', key.toUpperCase());
  else element.removeAttribute('aria-keyshortcuts');
}

/* Say to assistive technology that this shortcut does what the element does. */
export function hintKey(element, name) {
  element.dataset.shortcut = name;
  hint(element);
  return element;
}

/* ---- what a press means ---- */

/* The letter, whatever the alphabet of the layout; else the character. */
function keyOf({ key, code, shiftKey }) {
  if (/^[a-z]$/i.test(key)) return shiftKey ? '' : key.toLowerCase();
  if (key.length === 1 && key.charCodeAt(0) > 127 && !shiftKey)
    return /^Key([A-Z])$/.exec(code)?.[1].toLowerCase() ?? key;
  return key;
}

function isFree(event) {
  if (event.defaultPrevented || event.isComposing) return false;
  if (event.ctrlKey || event.altKey || event.metaKey) return false;
  const path = event.composedPath().filter((node) => node instanceof Element);
  return (
    !path.some((element) => element.matches(TYPING) || element.matches(OVER_THE_PAGE)) &&
    document.querySelector('dialog[open]') === null
  );
}

function onPress(event) {
  const found = handlers.get(keyOf(event));
  if (found === undefined || !isFree(event) || !areOn()) return;
  if (event.repeat && !found.repeats) return;
  if (found.act(event) !== false) event.preventDefault();
}

/* {name: act}: act may answer false when there is nothing to do, and the key is the browser's. */
export function onKeys(acts) {
  if (handlers.size === 0) document.addEventListener('keydown', onPress);
  for (const [name, act] of Object.entries(acts)) {
    const { key, repeats = false } = SHORTCUTS[name];
    handlers.set(key, { act, repeats });
  }
}

/* ---- the dialog ---- */

function keyRow([keys, does]) {
  return h(
    'div',
    {},
    h(
      'dt',
      {},
      keys.split(' ').map((name) => h('kbd', {}, name)),
    ),
    h('dd', {}, does),
  );
}

export async function showKeys() {
  const { dialog, heading } = frame('Keys', 'dialog-keys');
  const onOff = h('input', {
    class: 'switch',
    type: 'checkbox',
    role: 'switch',
    checked: areOn(),
    'aria-describedby': 'keys-note',
  });
  onOff.addEventListener('change', () => turn(onOff.checked));
  dialog.append(
    heading,
    h(
      'div',
      { class: 'keys-groups' },
      LISTED.map(([name, rows]) =>
        h('section', {}, h('h3', {}, name), h('dl', { class: 'keys' }, rows.map(keyRow))),
      ),
    ),
    h(
      'label',
      { class: 'switch-row' },
      onOff,
      h(
        'span',
        {},
        'Single keys',
        h(
          'small',
          { id: 'keys-note' },
          'Off: letters, / and ? do nothing. Arrows, Home, End, Enter and Delete always work in a list.',
        ),
      ),
    ),
    h(
      'form',
      { method: 'dialog', class: 'dialog-actions' },
      h('button', { class: 'button', autofocus: true }, 'Close'),
    ),
  );
  await shown(dialog);
}
