/* issues - the page /dashboard/issues?project=<id>: a project's issues, or with &id= one of them. */

import { byId, h, plural } from './dom.js';
import { startPage, emptyState } from './page.js';
import { loadInto } from './card.js';
import { withQuery } from './api.js';
import { openIssue, statusChip, STATUSES } from './issue.js';
import { pagedList } from './paged.js';
import { projectOfPage } from './projects.js';
import { resourceRow } from './resource-list.js';
import { timeElement } from './time.js';

const PAGE = 50;

function row(issue) {
  return resourceRow({
    drawing: 'issue',
    href: `/dashboard/issues?project=${issue.project_id}&id=${issue.id}`,
    title: issue.title,
    quiet: ['resolved', 'silenced'].includes(issue.status),
    words: [
      `${plural(issue.events, 'event')}, ${plural(issue.users, 'user')}, last seen `,
      timeElement(issue.last_seen_at),
      issue.app ? ` · ${issue.app}` : null,
    ],
    chips: [h('span', { class: 'tag' }, issue.environment.name), statusChip(issue)],
  });
}

/* A select of a filter; its value is in the address, so that a reload and Back keep it. */
function filterSelect(label, name, options) {
  const current = new URLSearchParams(location.search).get(name) ?? '';
  const select = h(
    'select',
    {},
    [['', 'All'], ...options].map(([value, words]) =>
      h('option', { value, selected: value === current }, words),
    ),
  );
  select.addEventListener('change', () => {
    const query = new URLSearchParams(location.search);
    if (select.value === '') query.delete(name);
    else query.set(name, select.value);
    location.assign(`${location.pathname}?${query}`);
  });
  return h('label', { class: 'field-inline' }, h('span', {}, label), select);
}

function nothing(narrowed) {
  return h(
    'li',
    {},
    emptyState({
      drawing: 'issue',
      title: narrowed ? 'No such issue' : 'No issue yet',
      text: narrowed
        ? 'None of this project’s issues is like that.'
        : 'What programs report with a key of this project appears here.',
    }),
  );
}

async function showList(api, project) {
  const query = new URLSearchParams(location.search);
  const [status, environment] = [query.get('status'), query.get('environment')];
  const list = h('ul', { class: 'notes' });
  const more = h('button', { class: 'button', type: 'button', hidden: true }, 'Load older issues');
  const pages = pagedList({
    api,
    path: withQuery(`/v1/projects/${project.id}/issues`, { status, environment }),
    noun: 'issues',
    list,
    more,
    limit: PAGE,
    row,
    focus: 'a',
    empty: () => nothing(status !== null || environment !== null),
  });
  byId('tools').append(
    filterSelect('Status', 'status', Object.entries(STATUSES).map(([id, [name]]) => [id, name])),
    filterSelect('Environment', 'environment', project.environments.map(({ name }) => [name, name])),
  );
  await loadInto(byId('content'), async () => {
    await pages.reload();
    byId('content').replaceChildren(list, h('div', { class: 'more' }, more));
  });
}

startPage(async ({ api, me }) => {
  const id = new URLSearchParams(location.search).get('id');
  if (id !== null) {
    await openIssue({ api, me, id });
    return;
  }
  const text = 'its issues are shown here.';
  const project = await projectOfPage({ api, me, drawing: 'issue', text });
  if (project === undefined) return;
  byId('summary').textContent = `What goes wrong in ${project.name}.`;
  await showList(api, project);
});
