/* timeline - the page /dashboard/timeline?project=<id>: what is coming, what became of the past. */

import { byId, h } from './dom.js';
import { withQuery } from './api.js';
import { loadInto } from './card.js';
import { INBOX_CHANGED } from './inbox-events.js';
import { startPage, emptyState } from './page.js';
import { moreButton } from './paged.js';
import { projectOfPage } from './projects.js';
import { memberNames } from './teams.js';
import { dayElement } from './time.js';
import { momentRow } from './timeline-row.js';

const PAGE = 50;
const PARTS = {
  coming: { title: 'Coming', empty: 'Nothing is scheduled now.' },
  past: { title: 'What became of the past', empty: 'Nothing that was scheduled has come due yet.' },
};

const partOf = ({ outcome }) => (outcome === null ? 'coming' : 'past');

function dayOf({ outcome, due_at: due, decided_at: decided }) {
  return outcome === null ? dayElement(due, true) : dayElement(decided, false);
}

/* The days of one part, each with its moments, in the order in which they came. */
function daysOf(moments, memberName) {
  const days = new Map();
  for (const moment of moments) {
    const day = dayOf(moment);
    const name = day.textContent;
    if (!days.has(name)) days.set(name, { day, list: h('ol', { class: 'timeline' }) });
    days.get(name).list.append(momentRow(moment, memberName));
  }
  return [...days.values()].map(({ day, list }) =>
    h('li', {}, h('p', { class: 'timeline-date' }, day), list),
  );
}

function section(part, moments, memberName) {
  const { title, empty } = PARTS[part];
  return h(
    'section',
    { class: 'card', 'aria-labelledby': `${part}-title` },
    h('h2', { id: `${part}-title`, tabindex: '-1' }, title),
    moments.length === 0
      ? h('p', { class: 'note-line' }, empty)
      : h('ol', { class: 'timeline-days' }, daysOf(moments, memberName)),
  );
}

function nothing() {
  return emptyState({
    drawing: 'clock',
    title: 'Nothing is scheduled',
    text: 'Schedule an experiment or a flag on its page. What becomes of it is shown here.',
  });
}

async function showTimeline(api, project) {
  const content = byId('content');
  const path = `/v1/projects/${project.id}/schedules`;
  const place = h('div', {});
  let memberName;
  let moments = [];
  let cursor = null;
  let pages = 0;

  function draw() {
    const of = (part) => moments.filter((moment) => partOf(moment) === part);
    place.replaceChildren(
      ...(moments.length === 0
        ? [nothing()]
        : Object.keys(PARTS).map((part) => section(part, of(part), memberName))),
    );
    more.hidden = cursor === null;
  }

  async function read(from) {
    const { data } = await api.get(withQuery(path, { cursor: from, limit: PAGE }));
    moments = from === null ? data.moments : [...moments, ...data.moments];
    cursor = data.has_more ? data.cursor : null;
    pages = from === null ? 1 : pages + 1;
    draw();
  }

  const more = moreButton('Load older moments', async () => {
    const before = moments.length;
    await read(cursor);
    return place.querySelectorAll('.moment-row')[before];
  });

  /* News, or a tab that comes back: something may have become of something. */
  async function refresh() {
    if (document.hidden || pages !== 1 || place.querySelector(':focus') !== null) return;
    await read(null).catch(() => {}); // what is shown stays
  }

  await loadInto(content, async () => {
    memberName = await memberNames(api, `/v1/teams/${project.team_id}`);
    await read(null);
    content.replaceChildren(place, h('div', { class: 'more' }, more));
    document.addEventListener('visibilitychange', refresh);
    document.addEventListener(INBOX_CHANGED, refresh);
  });
}

startPage(async ({ api, me }) => {
  const text = 'what it schedules is shown here.';
  const project = await projectOfPage({ api, me, drawing: 'clock', text });
  if (project === undefined) return;
  byId('summary').textContent = `What is coming in ${project.name}, and what became of the past.`;
  await showTimeline(api, project);
});
