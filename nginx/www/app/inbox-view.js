/* inbox-view - the list of the inbox page, by day. No requests, no state. */

import { h, hidden, reconcile } from './dom.js';
import { icon, kindIcon, tone } from './icons.js';
import { emptyState } from './page.js';
import { dayName, timeElement } from './time.js';
import { safePath } from './links.js';
import { ledgerOf } from './ledger.js';
import { keyOf } from './inbox-store.js';
import { hintKey } from './keys.js';

const EMPTY = {
  all: [
    'inbox',
    'Nothing here yet',
    'When a schedule fires, an issue appears or feedback arrives, you will read it here.',
  ],
  unread: ['check', 'All caught up', 'There is no unread notification.'],
  read: ['inbox', 'Nothing read yet', 'What you have read stays here for 30 days.'],
};

function mainControl(item) {
  const path = safePath(item.link);
  return path === null
    ? h('button', { class: 'note-main', type: 'button' }, item.title)
    : h('a', { class: 'note-main', href: path }, item.title);
}

function nameAction(button, drawing, label, item) {
  button.replaceChildren(icon(drawing));
  button.setAttribute('aria-label', `${label}: ${item.title}`);
  button.title = label;
}

function actionButton(action, drawing, label, item) {
  const button = h('button', { class: 'icon-button', type: 'button', 'data-action': action });
  if (drawing) nameAction(button, drawing, label, item);
  return hintKey(button, action);
}

function createNote(item, types) {
  return h(
    'li',
    { class: 'note' },
    h('span', { class: `kind ${tone(item.type)}` }, kindIcon(types.resource(item.type))),
    h(
      'div',
      { class: 'note-words' },
      h('h3', { class: 'note-title' }, hidden(''), mainControl(item)),
      item.body ? h('p', { class: 'note-body' }, item.body) : null,
      h('p', { class: 'note-meta' }, types.label(item.type), ' · ', timeElement(item.created_at)),
      ledgerOf(item.title),
    ),
    h(
      'div',
      { class: 'note-actions' },
      actionButton('toggle'),
      actionButton('delete', 'trash', 'Delete', item),
    ),
  );
}

function updateNote(element, item) {
  const unread = item.read_at === null;
  const state = unread ? 'unread' : 'read';
  if (element.dataset.state === state) return;
  element.dataset.state = state;
  element.querySelector('.visually-hidden').textContent = unread ? 'Unread: ' : '';
  const toggle = element.querySelector('[data-action="toggle"]');
  if (unread) nameAction(toggle, 'check', 'Mark as read', item);
  else nameAction(toggle, 'unread', 'Mark as unread', item);
}

/* [{day, items}] in the order of the items */
function byDay(items) {
  const groups = [];
  for (const item of items) {
    const day = dayName(new Date(item.created_at));
    if (groups.at(-1)?.day !== day) groups.push({ day, items: [] });
    groups.at(-1).items.push(item);
  }
  return groups;
}

function createDay({ day }) {
  return h('section', { class: 'day' }, h('h2', {}, day), h('ul', { class: 'notes' }));
}

function updateDay(section, items, types) {
  reconcile(section.querySelector('ul'), items, {
    keyOf,
    create: (item) => createNote(item, types),
    update: updateNote,
  });
}

export function showNotes(list, items, types) {
  reconcile(list, byDay(items), {
    keyOf: ({ day }) => day,
    create: createDay,
    update: (section, group) => updateDay(section, group.items, types),
  });
}

export function showLoading(list) {
  const rows = Array.from({ length: 5 }, () => h('div', { class: 'skeleton' }));
  list.replaceChildren(h('p', { class: 'visually-hidden' }, 'Reading…'), ...rows);
}

/* filter: what was asked for; showAll: a way out when it hides everything */
export function showEmpty(list, filter, showAll) {
  const [drawing, title, text] = EMPTY[filter.read_state];
  const state = filter.read_state === 'all' ? 'notification' : `${filter.read_state} notification`;
  const filtered = filter.read_state !== 'all' || Boolean(filter.type);
  list.replaceChildren(
    emptyState({
      drawing,
      title,
      text: filter.type ? `No ${state} of this type is here.` : text,
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

export function mainOf(note) {
  return note?.querySelector('.note-main') ?? null;
}
