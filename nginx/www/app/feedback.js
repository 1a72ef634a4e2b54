/* feedback - the page /dashboard/feedback?project=<id>: what people wrote about one project. */

import { byId, h, named } from './dom.js';
import { startPage } from './page.js';
import { pagedList } from './paged.js';
import { projectOfPage } from './projects.js';
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
      h('strong', {}, named(name || email || 'Anonymous')),
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

startPage(async ({ api, me }) => {
  const text = 'its feedback is shown here.';
  const project = await projectOfPage({ api, me, drawing: 'feedback', text });
  if (project === undefined) return;
  byId('summary').textContent = `What people say about ${project.name}.`;
  await pagedList({
    api,
    path: `/v1/projects/${project.id}/feedback`,
    noun: 'feedback',
    limit: PAGE,
    place: byId('content'),
    kind: 'quotes',
    more: 'Load older feedback',
    row: feedbackRow,
    empty: {
      drawing: 'feedback',
      title: 'No feedback yet',
      text: 'What people send through a client key of this project appears here.',
    },
  }).show();
});
