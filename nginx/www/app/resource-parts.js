/* resource-parts - what the page of an experiment and that of a flag show, and save, alike. */

import { byId, h } from './dom.js';
import { card } from './card.js';
import { stateChip } from './chip.js';
import { complain, say } from './status.js';
import { nameTab } from './tab-title.js';
import { limitOf } from './teams.js';
import { timeElement } from './time.js';

const listOf = ({ back, project }) => `${back}?project=${project.id}`;

/* The head: its name, the way to the others, its state. story: a sentence about that, or none. */
export function fillHead(page, story) {
  const { object, project, noun } = page;
  byId('title').textContent = object.name;
  nameTab(object.name);
  byId('crumb').replaceChildren(h('a', { href: listOf(page) }, `${project.name}: ${noun}s`));
  byId('summary').replaceChildren(
    stateChip(object.status),
    h('span', {}, [story, limitOf(project.role)].filter(Boolean).join(' ')),
  );
}

export function fact(name, ...value) {
  return h('div', {}, h('dt', {}, name), h('dd', {}, ...value));
}

/* "About it"; first: fact()s that only its kind has. */
export function factsCard(page, ...first) {
  const { object, project } = page;
  return card(
    'facts',
    'About it',
    null,
    h(
      'dl',
      { class: 'facts' },
      ...first,
      fact('Project', h('a', { href: listOf(page) }, project.name)),
      fact('Made', timeElement(object.created_at)),
      fact('Version', String(object.version)),
      fact('Id', h('code', {}, object.id)),
    ),
    h(
      'p',
      { class: 'note-line' },
      h('a', { href: `/dashboard/team?team=${project.team_id}#audit` }, 'Who changed what'),
    ),
  );
}

/* A form around children, whose edits the page guards.  save: what its button does; null: none. */
export function editForm(page, label, save, ...children) {
  const button = h(
    'button',
    { class: 'button primary', type: 'submit', 'data-focus-key': 'save' },
    'Save changes',
  );
  const form = h(
    'form',
    { class: 'stack', 'aria-label': label },
    ...children,
    save ? h('div', { class: 'form-foot' }, button) : null,
  );
  form.addEventListener('input', () => page.edited(true));
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    await save?.();
  });
  return form;
}

/* A part of what a form would edit, to read. */
export function readPart(name, ...children) {
  return h('div', { class: 'read-part' }, h('h3', {}, name), children);
}

/* Why the server would refuse these, in words for people; null when it would not. */
export function objection({ name, variations = [] }) {
  const names = variations.map((variation) => variation.name);
  if (name === '') return 'It needs a name.';
  if (names.includes('')) return 'Every variation needs a name.';
  if (new Set(names).size < names.length) return 'Two variations have the same name.';
  return null;
}

/* What of values is not as in old. */
export function changesOf(values, old) {
  return Object.fromEntries(
    Object.entries(values).filter(
      ([key, value]) => JSON.stringify(value) !== JSON.stringify(old[key]),
    ),
  );
}

/* Save what differs in values. */
export async function saveChanges(page, values) {
  const why = objection(values);
  if (why !== null) {
    complain({ message: why }, 'Not saved.');
    return;
  }
  const changes = changesOf(values, page.object);
  if (Object.keys(changes).length === 0) {
    page.edited(false);
    say('Nothing to save');
    return;
  }
  const data = await page.act('Not saved.', (version) =>
    page.api.patch(page.path, { ...changes, version }),
  );
  if (data !== null) say('Saved');
}
