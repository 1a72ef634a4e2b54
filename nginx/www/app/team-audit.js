/* team-audit - who changed what in the team, newest first. */

import { h } from './dom.js';
import { card } from './card.js';
import { pagedList } from './paged.js';
import { icon } from './icons.js';
import { memberNames } from './teams.js';
import { timeElement } from './time.js';
import { nameWords } from './words.js';

const PAGE = 20;

function actorOf(entry, memberName) {
  if (entry.actor_type === 'SYSTEM') return 'Carillon';
  return entry.actor_type === 'KEY' ? 'An API key' : memberName(entry.actor_id, 'a former member');
}

function wordOf(value) {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}

/* [{name, before, after}] for what differs; either side may be null. */
function changesOf({ before, after }) {
  const names = new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})]);
  return [...names]
    .map((name) => ({ name, before: before?.[name], after: after?.[name] }))
    .filter((change) => wordOf(change.before) !== wordOf(change.after));
}

function changeRow({ name, before, after }) {
  return h(
    'div',
    {},
    h('dt', {}, name),
    h(
      'dd',
      {},
      before === undefined ? null : h('del', {}, wordOf(before)),
      before === undefined || after === undefined ? null : ' → ',
      after === undefined ? null : h('ins', {}, wordOf(after)),
    ),
  );
}

const PAGES = { experiment: '/dashboard/experiments', flag: '/dashboard/flags' };

/* 'Checkout colour', 'New search in production'; schedules say of what, the others in themselves. */
function nameOf({ resource_kind: kind, resource_name: named, environment, before, after }) {
  if (named !== null) return environment ? `${named} in ${environment.name}` : named;
  if (!Object.hasOwn(PAGES, kind)) return null;
  return after?.name ?? before?.name ?? after?.key ?? before?.key ?? null;
}

/* {kind, href} of the page of the experiment or flag that it is about; null when that is gone. */
function pageOf({ action, resource_kind: kind, resource_id: id, flag_id: flag, environment }) {
  if (kind === 'flag_environment' && flag !== null)
    return { kind: 'flag', href: `${PAGES.flag}?id=${flag}&environment=${environment.id}` };
  if (!Object.hasOwn(PAGES, kind) || action.endsWith('.deleted')) return null;
  return { kind, href: `${PAGES[kind]}?id=${encodeURIComponent(id)}` };
}

function pageLink(entry) {
  const page = pageOf(entry);
  if (page === null) return null;
  return h(
    'p',
    { class: 'note-line' },
    h('a', { href: page.href }, `Open the ${page.kind}`),
  );
}

function entryLine(entry, memberName) {
  const behalf = entry.on_behalf_of
    ? ` for ${memberName(entry.on_behalf_of, 'a former member')}`
    : '';
  const name = nameOf(entry);
  return [
    h(
      'span',
      { class: 'audit-words' },
      h('strong', {}, nameWords(entry.action)),
      name === null ? null : `: ${name}`,
      ` by ${actorOf(entry, memberName)}${behalf}`,
    ),
    timeElement(entry.at),
  ];
}

/* One line; what changed unfolds under it. */
function entryRow(entry, memberName) {
  const line = entryLine(entry, memberName);
  const changes = changesOf(entry);
  if (changes.length === 0)
    return h('li', { class: 'audit' }, h('p', { class: 'audit-line' }, line));
  return h(
    'li',
    { class: 'audit' },
    h(
      'details',
      {},
      h('summary', { class: 'audit-line' }, line, icon('chevron')),
      h('dl', { class: 'changes' }, changes.map(changeRow)),
      pageLink(entry),
    ),
  );
}

export function auditCard(id, { api, path }) {
  const body = h('div', { class: 'card-body' });
  let memberName;
  pagedList({
    api,
    path: `${path}/audit`,
    noun: 'entries',
    limit: PAGE,
    place: body,
    kind: 'lines',
    more: 'Load older entries',
    row: (entry) => entryRow(entry, memberName),
    empty: {
      drawing: 'check',
      title: 'No entries yet',
      text: 'Every change to the team is kept here.',
    },
    around: (list, more) => [list, more],
    async before() {
      memberName = await memberNames(api, path);
    },
  }).show();
  return card(id, 'Audit log', 'Every change, who made it and when.', body);
}
