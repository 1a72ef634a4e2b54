/* preferences - the page /dashboard/preferences: name, and what arrives on which channel. */

import { byId, h, hidden } from './dom.js';
import { field, onSubmit } from './card.js';
import { CHANNELS } from './delivery-words.js';
import { feedsCard } from './feeds-card.js';
import { mailProblemBanner } from './mail-problem.js';
import { startPage, failedState } from './page.js';
import { icon, kindIcon } from './icons.js';
import { complain, say } from './status.js';
import { mailWaitCard } from './mail-wait.js';
import { loadTypes } from './types.js';
import { webhookCard } from './webhook-card.js';

const LOCKED = {
  scheduler: 'you scheduled it',
};

let api;
let channels = CHANNELS.filter(([channel]) => channel !== 'webhook'); // with one, that too
let chosen; // the overrides: {TYPE: {CHANNEL: bool}}

function isOn(type, channel) {
  return chosen[type.type]?.[channel] ?? type[channel];
}

/* One switch is one request; a refused one jumps back. */
async function save(type, channel, box) {
  const wanted = box.checked;
  const body = {
    preferences: { notifications: { types: { [type.type]: { [channel]: wanted } } } },
  };
  try {
    const { data } = await api.patch('/v1/auth/me', body);
    chosen = data.user.preferences?.notifications?.types ?? chosen;
    say('Saved');
  } catch (error) {
    if (box.checked === wanted) box.checked = !wanted;
    complain(error, 'Not saved.');
  }
}

function switchCell(type, [channel, name]) {
  const box = h('input', {
    type: 'checkbox',
    role: 'switch',
    class: 'switch',
    checked: isOn(type, channel),
    'aria-label': `${type.label}: ${name}`,
    onchange: ({ target }) => save(type, channel, target),
  });
  return h('td', {}, box);
}

function lockedCell(type, [channel]) {
  return h(
    'td',
    {},
    h(
      'span',
      { class: 'locked' },
      icon(type[channel] ? 'check' : 'close'),
      hidden(type[channel] ? 'Always on' : 'Always off'),
    ),
  );
}

/* Who gets it; of what is locked also why. */
function reasonOf({ mutable, recipients }) {
  if (mutable) return `To ${recipients}`;
  return `Always on: ${LOCKED[recipients] ?? `it goes to ${recipients}`}`;
}

function typeRow(type) {
  const cell = type.mutable ? switchCell : lockedCell;
  return h(
    'tr',
    {},
    h(
      'th',
      { scope: 'row' },
      h(
        'span',
        { class: 'type-name' },
        h('span', { class: 'kind' }, kindIcon(type.resource)),
        h('span', {}, type.label, h('small', {}, reasonOf(type))),
      ),
    ),
    channels.map((channel) => cell(type, channel)),
  );
}

/* A table of types under one heading; nothing when there is none. */
function matrix(types, { id, title, text, locked }) {
  if (types.length === 0) return null;
  return h(
    'section',
    { class: 'card', 'aria-labelledby': id },
    h(
      'header',
      { class: 'card-head' },
      h('div', {}, h('h2', { id }, title), h('p', {}, text)),
      locked ? h('span', { class: 'tag' }, icon('lock'), 'Always on') : null,
    ),
    h(
      'table',
      { class: 'matrix' },
      h('caption', { class: 'visually-hidden' }, title),
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          h('th', { scope: 'col' }, 'Notification'),
          channels.map(([, name]) => h('th', { scope: 'col' }, name)),
        ),
      ),
      h('tbody', {}, types.map(typeRow)),
    ),
  );
}

function nameCard(me) {
  const input = h('input', { name: 'name', value: me.name, maxlength: 200, autocomplete: 'name' });
  const form = h(
    'form',
    { class: 'row-form' },
    field('Name', input),
    h('button', { class: 'button', type: 'submit' }, 'Save name'),
  );
  onSubmit(form, 'Not saved.', async ({ name }) => {
    await api.patch('/v1/auth/me', { name: name.trim() });
    say('Name saved');
  });
  return h(
    'section',
    { class: 'card', 'aria-labelledby': 'you' },
    h(
      'header',
      { class: 'card-head' },
      h('div', {}, h('h2', { id: 'you' }, 'You'), h('p', {}, `You log in as ${me.email}.`)),
    ),
    form,
  );
}

/* What reaches the user where: drawn again when a webhook comes or goes. */
function matrices(all) {
  return [
    matrix(
      all.filter((type) => type.mutable),
      {
        id: 'choose',
        title: 'News of your team',
        text: 'Choose what reaches you, and where.',
      },
    ),
    matrix(
      all.filter((type) => !type.mutable),
      {
        id: 'always',
        title: 'Your schedules',
        locked: true,
        text:
          'Whoever schedules a change is always told what became of it, so nobody is surprised ' +
          'by an experiment or a flag. These cannot be switched off.',
      },
    ),
  ];
}

startPage(async (page) => {
  api = page.api;
  chosen = page.me.preferences?.notifications?.types ?? {};
  const { all } = await loadTypes(api);
  let [choose, always] = matrices(all);
  const webhook = webhookCard(api, (there) => {
    const wanted = CHANNELS.filter(([channel]) => there !== undefined || channel !== 'webhook');
    if (wanted.length === channels.length || choose === null) return;
    channels = wanted;
    const [first, second] = matrices(all);
    choose.replaceWith(first);
    always.replaceWith(second);
    [choose, always] = [first, second];
  });
  byId('content').replaceChildren(
    ...[
      mailProblemBanner(page.me),
      nameCard(page.me),
      all.length === 0
        ? failedState({ message: 'The list of notifications did not arrive.' }, () =>
            location.reload(),
          )
        : null,
      choose,
      mailWaitCard(api, page.me),
      always,
      webhook,
      feedsCard(api),
    ].filter(Boolean),
  );
});
