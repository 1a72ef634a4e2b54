/* team-projects - the projects of a team and their environments. */

import { h } from './dom.js';
import { card, field, onSubmit } from './card.js';
import { mayCreate } from './teams.js';
import { pagedList } from './paged.js';
import { say } from './status.js';
import { timeElement } from './time.js';

const PAGE = 50;

function projectRow(project) {
  return h(
    'li',
    { class: 'line' },
    h(
      'span',
      { class: 'line-words' },
      h('strong', {}, project.name),
      h(
        'small',
        {},
        'Snippet ',
        ...(project.snippet_seen_at
          ? ['seen ', timeElement(project.snippet_seen_at)]
          : ['not seen yet']),
      ),
    ),
    h(
      'span',
      { class: 'tags' },
      project.environments.map(({ name }) => h('span', { class: 'tag' }, name)),
    ),
    h(
      'a',
      {
        class: 'quiet-link',
        href: `/dashboard/feedback?project=${encodeURIComponent(project.id)}`,
      },
      'Feedback',
    ),
  );
}

function addForm({ api, path }, reload) {
  const form = h(
    'form',
    { class: 'row-form' },
    field(
      'Name',
      h('input', { name: 'name', required: true, maxlength: 200, autocomplete: 'off' }),
    ),
    h('button', { class: 'button primary', type: 'submit' }, 'Create project'),
  );
  return onSubmit(form, 'Not created.', async ({ name }) => {
    await api.post(`${path}/projects`, { name: name.trim() });
    form.reset();
    say(`${name.trim()} created`);
    await reload();
    document.dispatchEvent(new CustomEvent('carillon:projects-changed'));
  });
}

export function projectsCard(id, context) {
  const { api, path, team } = context;
  const body = h('div', { class: 'card-body' });
  const pages = pagedList({
    api,
    path: `${path}/projects`,
    noun: 'projects',
    limit: PAGE,
    place: body,
    kind: 'lines',
    more: 'Load more projects',
    row: projectRow,
    empty: {
      drawing: 'job',
      title: 'No project yet',
      text: 'A project holds experiments, flags and feedback.',
    },
    around: (list, more) => [list, more, mayCreate(team.role) ? addForm(context, pages.renew) : null],
  });
  pages.show();
  return card(id, 'Projects', 'Each starts with development, staging and production.', body);
}
