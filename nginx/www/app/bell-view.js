/* bell-view - the elements of <carillon-bell>; no requests, no state. */

import { h, hidden, named, setText } from './dom.js';
import { icon, kindIcon, tone } from './icons.js';
import { mailProblemWords } from './mail-problem.js';
import { timeElement } from './time.js';
import { safePath } from './links.js';
import { badgeWords } from './words.js';

/* The parts of the bell by name. words: {label, empty, inbox} */
export function bellShell(words) {
  const badge = h('span', { class: 'badge', part: 'badge', 'aria-hidden': 'true', hidden: true });
  const name = hidden(words.label);
  const button = h(
    'button',
    {
      class: 'bell',
      part: 'button',
      type: 'button',
      'aria-expanded': 'false',
      'aria-controls': 'panel',
    },
    icon('bell'),
    name,
    badge,
  );
  const markAll = h('button', { class: 'quiet', type: 'button' }, 'Mark all read');
  const undo = h('button', { class: 'quiet', type: 'button', hidden: true }, 'Undo');
  const error = h('p', { class: 'error', hidden: true });
  const notice = h('p', { class: 'notice', hidden: true });
  const list = h('ul');
  const state = h('div', { class: 'state', hidden: true });
  const more = h('button', { class: 'quiet more', type: 'button', hidden: true }, 'Load more');
  const panel = h(
    'section',
    {
      id: 'panel',
      class: 'panel',
      part: 'panel',
      'aria-label': words.label,
      hidden: true,
    },
    h('div', { class: 'head' }, h('h2', {}, words.label), undo, markAll),
    h('div', { class: 'scroll' }, notice, error, list, state, more),
    h(
      'div',
      { class: 'foot' },
      h('a', { class: 'quiet', href: words.inbox }, 'Open the whole inbox'),
    ),
  );
  const status = h('p', { class: 'visually-hidden', role: 'status' });
  return { button, name, badge, panel, markAll, undo, notice, error, list, state, more, status };
}

export function showCount(parts, label, count) {
  parts.badge.hidden = count === 0;
  parts.badge.textContent = badgeWords(count);
  parts.name.textContent = count === 0 ? label : `${label}, ${count} unread`;
  parts.markAll.disabled = count === 0;
}

/* That mail to this user fails, if it does. */
export function showMailProblem(parts, user) {
  parts.notice.hidden = !user.mail_problem;
  if (user.mail_problem)
    parts.notice.replaceChildren(h('span', {}, mailProblemWords(user.mail_problem, user.email)));
}

/* kind: 'loading', 'empty', 'failed' or '' for none */
export function showState(parts, kind, words) {
  const texts = {
    loading: ['bell', 'Reading…', ''],
    empty: ['check', 'All quiet', words.empty],
    failed: ['offline', 'The inbox could not be read', 'It is tried again on its own.'],
  };
  parts.state.hidden = kind === '';
  if (kind === '') return;
  const [drawing, title, text] = texts[kind];
  parts.state.replaceChildren(icon(drawing), h('strong', {}, title), text);
}

/* Project, environment and time, as 'Shop · production · 5 minutes ago' */
function metaLine(item) {
  const names = [item.project?.name, item.environment?.name].filter(Boolean);
  return h(
    'span',
    { class: 'meta' },
    names.flatMap((name) => [named(name), ' · ']),
    timeElement(item.createdAt),
  );
}

/* One row: a link when the notification leads somewhere on this site, else a button. base is put before its path. */
export function bellItem(item, base) {
  const path = safePath(item.link);
  const row =
    path === null
      ? h('button', { class: 'item', type: 'button' })
      : h('a', { class: 'item', href: base + path });
  const mark = hidden('Unread: ');
  mark.dataset.part = 'mark';
  row.append(
    h('span', { class: `kind ${tone(item.type)}` }, kindIcon(item.resource?.kind ?? item.type)),
    h(
      'span',
      { class: 'words' },
      mark,
      h('span', { class: 'title' }),
      h('span', { class: 'body' }),
      metaLine(item),
    ),
    h('span', { class: 'dot' }),
  );
  return h('li', {}, row);
}

/* What is news may be told anew, as an issue goes on. */
export function updateBellItem(element, item) {
  const body = element.querySelector('.body');
  setText(element.querySelector('.title'), item.title);
  setText(body, item.body ?? '');
  body.hidden = !item.body;
  const unread = item.readAt === null;
  element.firstElementChild.classList.toggle('unread', unread);
  element.querySelector('[data-part="mark"]').textContent = unread ? 'Unread: ' : '';
}
