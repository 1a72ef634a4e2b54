/* feedback - the page /dashboard/feedback?project=<id>: what people wrote about one project. */

import { byId, h } from './dom.js';
import { startPage, emptyState } from './page.js';
import { loadInto } from './card.js';
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
        emptyState({
          drawing: 'feedback',
          title: 'No feedback yet',
          text: 'What people send through a client key of this project appears here.',
        }),
      ),
  });
  const content = byId('content');
  await loadInto(content, async () => {
    await pages.reload();
    content.replaceChildren(list, h('div', { class: 'more' }, more));
  });
}

startPage(async ({ api, me }) => {
  const text = 'its feedback is shown here.';
  const project = await projectOfPage({ api, me, drawing: 'feedback', text });
  if (project === undefined) return;
  byId('summary').textContent = `What people say about ${project.name}.`;
  await showFeedback(api, project.id);
});
