/* resource-list - the experiments or flags of one project, and a button that makes a new one. */

import { byId, h } from './dom.js';
import { icon } from './icons.js';
import { pagedList } from './paged.js';
import { projectOfPage } from './projects.js';
import { complain } from './status.js';
import { limitOf, mayCreate } from './teams.js';

const PAGE = 50;

/*
 * Show it.
 *   noun     'experiment' or 'flag'; drawing and text are for the page when there is none
 *   row      object -> element
 *   create   async (api, project) -> the new object, or null when it was given up; may throw
 */
export async function openList({ api, me, noun, drawing, text, row, create }) {
  const plural = `${noun}s`;
  const about = 'what it tries out is shown here.';
  const project = await projectOfPage({ api, me, drawing, text: about });
  if (project === undefined) return;
  byId('summary').textContent = [`In ${project.name}.`, limitOf(project.role)]
    .filter(Boolean)
    .join(' ');

  const make = async () => {
    try {
      const made = await create(api, project);
      if (made !== null) location.assign(`${location.pathname}?id=${encodeURIComponent(made.id)}`);
    } catch (error) {
      complain(error, 'Not created.');
    }
  };
  const button = (kind) =>
    h(
      'button',
      { class: `button ${kind}`, type: 'button', onclick: make },
      icon('plus'),
      `New ${noun}`,
    );
  if (mayCreate(project.role)) byId('tools').append(button('primary'));

  await pagedList({
    api,
    path: `/v1/projects/${project.id}/${plural}`,
    noun: plural,
    limit: PAGE,
    place: byId('content'),
    kind: 'notes',
    more: `Load older ${plural}`,
    row,
    empty: { drawing, title: `No ${noun} yet`, text },
    focus: 'a',
  }).show();
}

/* A row that is one big link. */
export function resourceRow({ drawing, href, title, words, chips, quiet = false }) {
  return h(
    'li',
    { class: quiet ? 'note resource quiet' : 'note resource' },
    h('span', { class: 'kind' }, icon(drawing)),
    h(
      'div',
      { class: 'note-words' },
      h('h2', { class: 'note-title' }, h('a', { class: 'note-main', href }, title)),
      h('p', { class: 'note-meta' }, words),
    ),
    h('div', { class: 'chips' }, chips),
  );
}
