/* inbox-view - the lists of the inbox page, by day. No requests, no state. */

import { h, hidden, reconcile, setText } from './dom.js';
import { icon, kindIcon, tone } from './icons.js';
import { emptyState, failedState } from './page.js';
import { comingDayName, dayElement, dayName, refreshTimes, timeElement } from './time.js';
import { safePath } from './links.js';
import { ledgerOf, nameLedger } from './ledger.js';
import { VIEWS } from './inbox-store.js';
import { hintKey } from './keys.js';
import { clockWords } from './schedule.js';

const EMPTY = {
  all: [
    'inbox',
    'Nothing here yet',
    'When a schedule fires, an issue appears or feedback arrives, you will read it here.',
  ],
  unread: ['check', 'All caught up', 'There is no unread notification.'],
  read: ['inbox', 'Nothing read yet', 'What you have read stays here for 30 days.'],
  found: ['search', 'Nothing found', 'Every word has to occur in the title or the text.'],
  snoozed: ['clock', 'Nothing snoozed', 'What you snooze waits here, and comes back by itself.'],
  bin: ['trash', 'The bin is empty', 'What you delete stays here for 90 days.'],
};

/* What can be done with a row, by view; toggle is named by its state. */
const ACTIONS = {
  inbox: [['toggle'], ['snooze', 'clock', 'Snooze'], ['delete', 'trash', 'Delete']],
  snoozed: [
    ['back', 'inbox', 'Back to the inbox'],
    ['snooze', 'clock', 'Snooze until'],
    ['delete', 'trash', 'Delete'],
  ],
  bin: [['back', 'restore', 'Restore']],
};

/* Its title: a link when it leads somewhere, a button when a click does something. */
function mainControl(item, view) {
  const path = safePath(item.link);
  if (path !== null) return h('a', { class: 'note-main', href: path });
  if (view !== 'inbox') return h('span', { class: 'note-main' });
  return h('button', { class: 'note-main', type: 'button' });
}

const META = {
  inbox: (item) => [timeElement(item.created_at)],
  snoozed: (item) => [`back at ${clockWords(item.snooze_until)}`],
  bin: (item) => ['deleted ', timeElement(item.deleted_at)],
};

/* Why they get it, and where it went. */
function footOf(item, view) {
  const ledger = view === 'bin' ? null : ledgerOf();
  const why = item.reason ? h('span', { class: 'note-why' }, item.reason) : null;
  return why || ledger ? h('div', { class: 'note-foot' }, why, ledger) : null;
}

function drawAction(button, drawing, label) {
  button.replaceChildren(icon(drawing));
  button.title = label;
}

function actionButton(action, drawing, label) {
  const button = h('button', { class: 'icon-button', type: 'button', 'data-action': action });
  if (drawing) drawAction(button, drawing, label);
  return hintKey(button, action);
}

function createNote(item, types, view) {
  return h(
    'li',
    { class: 'note' },
    h('span', { class: `kind ${tone(item.type)}` }, kindIcon(types.resource(item.type))),
    h(
      'div',
      { class: 'note-words' },
      h('h3', { class: 'note-title' }, hidden(''), mainControl(item, view)),
      h('p', { class: 'note-body' }),
      h('p', { class: 'note-meta' }),
      footOf(item, view),
    ),
    h(
      'div',
      { class: 'note-actions' },
      ACTIONS[view].map(([action, drawing, label]) => actionButton(action, drawing, label)),
    ),
  );
}

function showState(element, item) {
  const unread = item.read_at === null;
  const state = unread ? 'unread' : 'read';
  if (element.dataset.state === state) return;
  element.dataset.state = state;
  element.querySelector('.visually-hidden').textContent = unread ? 'Unread: ' : '';
  const toggle = element.querySelector('[data-action="toggle"]');
  if (toggle === null) return;
  if (unread) drawAction(toggle, 'check', 'Mark as read');
  else drawAction(toggle, 'unread', 'Mark as unread');
}

/* What it says, which may be told anew, and what its buttons are called by it. */
function showWords(element, { title, body }) {
  const text = element.querySelector('.note-body');
  setText(element.querySelector('.note-main'), title);
  setText(text, body ?? '');
  text.hidden = !body;
  for (const button of element.querySelectorAll('[data-action]'))
    button.setAttribute('aria-label', `${button.title}: ${title}`);
  nameLedger(element, title);
}

/* When it came, comes or went; drawn again only when that has changed. */
function showMoment(element, item, types, view) {
  const moment = item[VIEWS[view].moment];
  if (element.dataset.moment === moment) return;
  element.dataset.moment = moment;
  const meta = element.querySelector('.note-meta');
  meta.replaceChildren(types.label(item.type), ' · ', ...META[view](item));
}

const isComing = (view) => view === 'snoozed';

/* [{day, at, items}] in the order of the items; at is the first one's moment */
function byDay(items, view) {
  const nameOf = isComing(view) ? comingDayName : dayName;
  const groups = [];
  for (const item of items) {
    const at = item[VIEWS[view].moment];
    const day = nameOf(new Date(at));
    if (groups.at(-1)?.day !== day) groups.push({ day, at, items: [] });
    groups.at(-1).items.push(item);
  }
  return groups;
}

function createDay({ at }, view) {
  const heading = h('h2', {}, dayElement(at, isComing(view)));
  return h('section', { class: 'day' }, heading, h('ul', { class: 'notes' }));
}

function updateDay(section, items, types, view) {
  reconcile(section.querySelector('ul'), items, {
    keyOf: ({ id }) => id,
    create: (item) => createNote(item, types, view),
    update(element, item) {
      showState(element, item);
      showWords(element, item);
      showMoment(element, item, types, view);
    },
  });
}

/* A day is kept by its date: tomorrow it has another name. */
export function showNotes(list, items, types, view) {
  reconcile(list, byDay(items, view), {
    keyOf: ({ at }) => new Date(at).toDateString(),
    create: (group) => createDay(group, view),
    update: (section, group) => updateDay(section, group.items, types, view),
  });
  refreshTimes(list);
}

export function showLoading(list) {
  const rows = Array.from({ length: 5 }, () => h('div', { class: 'skeleton' }));
  list.replaceChildren(h('p', { class: 'visually-hidden' }, 'Reading…'), ...rows);
}

/* In place of rows; while the words are the same it stays, and with it the focus. */
function showInstead(list, words, create) {
  reconcile(list, [words], { keyOf: (key) => key, create, update() {} });
}

export function showFailed(list, error, retry) {
  showInstead(list, error.message, () => failedState(error, retry));
}

/* What of EMPTY says why nothing is shown. */
function emptiness({ view, read_state: state, q }) {
  if (view !== 'inbox') return view;
  return q ? 'found' : state;
}

/* filter: what was asked for; showAll: a way out when it hides everything */
export function showEmpty(list, filter, showAll) {
  const [drawing, title, why] = EMPTY[emptiness(filter)];
  const state = filter.read_state === 'all' ? 'notification' : `${filter.read_state} notification`;
  const filtered = filter.read_state !== 'all' || Boolean(filter.type) || filter.q !== '';
  const text = filter.type && !filter.q ? `No ${state} of this type is here.` : why;
  showInstead(list, text, () =>
    emptyState({
      drawing,
      title,
      text,
      action: filtered
        ? h('button', { class: 'button', type: 'button', onclick: showAll }, 'Show everything')
        : null,
    }),
  );
}

/* The note an event happened in, or null. */
export function noteOf(node) {
  return node instanceof Element ? node.closest('.note') : null;
}

/* What of a note gets the focus. */
export function mainOf(note) {
  return note.querySelector(':is(a, button).note-main') ?? note.querySelector('[data-action]');
}
