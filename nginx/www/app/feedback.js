/* feedback - the page /dashboard/feedback?project=<id>: what people wrote about one project. */

import { byId, h } from './dom.js';
import { startPage, emptyState, failedState } from './page.js';
import { loadInto } from './card.js';
import { pagedList } from './paged.js';
import { chosenProject, projectSelect, projectsOf } from './projects.js';
import { timeElement } from './time.js';

const PAGE = 25;

function contextLine(context) {
  const pairs = Object.entries(context ?? {}).filter(([, value]) => typeof value !== 'object');
  return pairs.map(([name, value]) => h('span', { class: 'tag' }, `${name}: ${value}`));
}

function feedbackRow({ message, name, email, context, environment, created_at: at }) {
  return h(
    'li',
    { class: 'card quote' },
    h('p', { class: 'quote-text' }, message),
    h(
      'p',
      { class: 'quote-by' },
      h('strong', {}, name || email || 'Anonymous'),
      name && email ? ` · ${email}` : null,
      ' · ',
      timeElement(at),
    ),
    h(
      'p',
      { class: 'tags' },
      environment ? h('span', { class: 'tag' }, environment.name) : null,
      contextLine(context),
    ),
  );
}

function nothing(title, text) {
  return emptyState({ drawing: 'feedback', title, text });
}

async function showFeedback(api, project) {
  const list = h('ul', { class: 'quotes' });
  const more = h(
    'button',
    { class: 'button', type: 'button', hidden: true },
    'Load older feedback',
  );
  const pages = pagedList({
    api,
    path: `/v1/projects/${project}/feedback`,
    noun: 'feedback',
    list,
    more,
    limit: PAGE,
    row: feedbackRow,
    empty: () =>
      h(
        'li',
        {},
        nothing(
          'No feedback yet',
          'What people send through a client key of this project appears here.',
        ),
      ),
  });
  const content = byId('content');
  await loadInto(content, async () => {
    await pages.reload();
    content.replaceChildren(list, h('div', { class: 'more' }, more));
  });
}

startPage(async ({ api, me }) => {
  let projects;
  try {
    projects = await projectsOf(api, me.teams);
  } catch (error) {
    byId('content').replaceChildren(failedState(error, () => location.reload()));
    return;
  }
  const { project, wanted } = chosenProject(projects);
  if (projects.length > 0)
    byId('project-select').replaceChildren(projectSelect(projects, project?.id));
  if (project === undefined) {
    byId('content').replaceChildren(
      wanted === null
        ? nothing('No project yet', 'Create one on the team page; its feedback is shown here.')
        : nothing(
            'No such project',
            'It does not exist, or it is not one of your teams’ projects.',
          ),
    );
    return;
  }
  byId('summary').textContent = `What people say about ${project.name}.`;
  await showFeedback(api, project.id);
});
