/* issue - one issue: what it is, its status, and its single events. */

import { byId, h, named } from './dom.js';
import { emptyState, failedState } from './page.js';
import { card } from './card.js';
import { pagedList } from './paged.js';
import { projectOf } from './projects.js';
import { complain, say } from './status.js';
import { mayCreate } from './teams.js';
import { absoluteTime, shortDate, timeElement } from './time.js';
import { plural } from './words.js';

const PAGE = 20;

/* status -> what it is called, its colour, what the button that leads there says */
export const STATUSES = {
  new: ['New', 'alarm'],
  regressed: ['Regressed', 'alarm'],
  in_progress: ['In progress', 'live', 'Take it in progress'],
  snoozed: ['Snoozed', 'waiting', 'Snooze'],
  silenced: ['Silenced', 'quiet', 'Silence'],
  resolved: ['Resolved', 'done', 'Resolve'],
};

const endOf = (date) =>
  h('time', { datetime: date.toISOString(), title: absoluteTime(date) }, ` until ${shortDate(date)}`);

export function statusChip({ status, snooze_until: until }) {
  const [name, tone] = STATUSES[status] ?? [status, 'quiet'];
  return h('span', { class: `chip ${tone}` }, name, until ? endOf(new Date(until)) : null);
}

/* What the buttons send, beside one for every status that has words: a snooze that ends by itself. */
const DAY = 24 * 3600 * 1000;
const SNOOZES = [
  ['Snooze for a day', DAY],
  ['Snooze for a week', 7 * DAY],
];

function moves(status) {
  const plain = Object.entries(STATUSES)
    .filter(([id, words]) => words[2] && id !== status)
    .map(([id, words]) => [words[2], () => ({ status: id })]);
  const timed = SNOOZES.map(([words, length]) => [
    words,
    () => ({ status: 'snoozed', snooze_until: new Date(Date.now() + length).toISOString() }),
  ]);
  return [...plain, ...timed];
}

function facts(issue) {
  return h(
    'p',
    {},
    `${plural(issue.events, 'event')}, ${plural(issue.users, 'user')}. First seen `,
    timeElement(issue.first_seen_at),
    ', last seen ',
    timeElement(issue.last_seen_at),
    `, in ${issue.environment.name}${issue.app ? `, by ${issue.app}` : ''}.`,
  );
}

function eventRow({ title, app, user, context, created_at: at }) {
  return h(
    'li',
    { class: 'card quote' },
    h('p', { class: 'quote-text' }, title),
    h(
      'p',
      { class: 'quote-by' },
      user ? h('strong', {}, named(user)) : 'Nobody named',
      app ? [' · ', named(app)] : null,
      ' · ',
      timeElement(at),
    ),
    context ? h('pre', { tabindex: '0' }, JSON.stringify(context, null, 2)) : null,
  );
}

/* The chip, and a button to whatever else a member may choose. */
function statusCard(api, issue, role) {
  const box = h('div', { class: 'chips moves' });
  const draw = (now) => {
    const buttons = (mayCreate(role) ? moves(now.status) : []).map(([words, change]) =>
      h('button', { class: 'button', type: 'button', onclick: () => move(change()) }, words),
    );
    box.replaceChildren(statusChip(now), ...buttons);
  };
  const move = async (change) => {
    try {
      const { data } = await api.patch(`/v1/issues/${issue.id}`, change);
      draw(data.issue);
      box.querySelector('button')?.focus();
      say(`It is ${STATUSES[data.issue.status][0].toLowerCase()} now.`);
    } catch (error) {
      complain(error, 'Not changed.');
    }
  };
  draw(issue);
  return card('status-card', 'Status', null, facts(issue), box);
}

function eventsCard(api, issue) {
  const place = h('div', {});
  pagedList({
    api,
    path: `/v1/issues/${issue.id}/events`,
    noun: 'events',
    limit: PAGE,
    place,
    kind: 'quotes',
    more: 'Load older events',
    row: eventRow,
    empty: { drawing: 'issue', title: 'No event', text: 'They are kept for 30 days.' },
  }).show();
  return card('events-card', 'Events', 'Those of the last 30 days, newest first.', place);
}

export async function openIssue({ api, me, id }) {
  const content = byId('content');
  try {
    const { data } = await api.get(`/v1/issues/${encodeURIComponent(id)}`);
    const project = await projectOf(api, me, data.issue.project_id);
    byId('crumb').replaceChildren(
      h('a', { href: `/dashboard/issues?project=${project.id}` }, `Issues of ${project.name}`),
    );
    byId('title').textContent = data.issue.title;
    byId('summary').textContent = '';
    content.replaceChildren(
      statusCard(api, data.issue, project.role),
      eventsCard(api, data.issue),
    );
  } catch (error) {
    content.replaceChildren(
      error.status === 404
        ? emptyState({ drawing: 'issue', title: 'No such issue', text: error.message })
        : failedState(error, () => location.reload()),
    );
  }
}
