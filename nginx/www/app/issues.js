/* issues - the page /dashboard/issues?project=<id>: a project's issues, or with &id= one of them. */

import { byId, h } from './dom.js';
import { startPage } from './page.js';
import { addressSelect, asked } from './address.js';
import { withQuery } from './api.js';
import { openIssue, statusChip, STATUSES } from './issue.js';
import { pagedList } from './paged.js';
import { projectOfPage } from './projects.js';
import { resourceRow } from './resource-list.js';
import { timeElement } from './time.js';
import { plural } from './words.js';

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

function filterSelect(label, name, chosen, options) {
  return addressSelect({ label, name, options: [['', 'All'], ...options], chosen, keep: true });
}

function nothing(narrowed) {
  return {
    drawing: 'issue',
    title: narrowed ? 'No such issue' : 'No issue yet',
    text: narrowed
      ? 'None of this project’s issues is like that.'
      : 'What programs report with a key of this project appears here.',
  };
}

async function showList(api, project) {
  const [status, environment] = [asked('status'), asked('environment')];
  const statuses = Object.entries(STATUSES).map(([id, [name]]) => [id, name]);
  const environments = project.environments.map(({ name }) => [name, name]);
  byId('tools').append(
    filterSelect('Status', 'status', status, statuses),
    filterSelect('Environment', 'environment', environment, environments),
  );
  await pagedList({
    api,
    path: withQuery(`/v1/projects/${project.id}/issues`, { status, environment }),
    noun: 'issues',
    limit: PAGE,
    place: byId('content'),
    kind: 'notes',
    more: 'Load older issues',
    row,
    empty: nothing(status !== null || environment !== null),
    focus: 'a',
  }).show();
}

startPage(async ({ api, me }) => {
  const id = asked('id');
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
