/* flag - the page of one flag: its environments and their toggles, what it serves, its end. */

import { asked } from './address.js';
import { byId, h } from './dom.js';
import { card } from './card.js';
import { stateChip } from './chip.js';
import { copyText } from './copy-field.js';
import { confirmAction } from './dialog.js';
import { flagForm } from './flag-form.js';
import { valueWords } from './flag-variations.js';
import { openResource } from './resource.js';
import { fact, factsCard, fillHead } from './resource-parts.js';
import { openFromLink, scheduleButton, scheduleButtons } from './schedule-actions.js';
import { FLAG } from './schedule-kinds.js';
import { scheduleBanner, scheduleChip } from './schedule.js';
import { say } from './status.js';
import { limitOf, mayPublish } from './teams.js';

const LIST = '/dashboard/flags';

/* 'on: true', what is served there now */
function served(flag, enabled) {
  const name = enabled ? flag.default_on : flag.default_off;
  const variation = flag.variations.find((one) => one.name === name);
  return ['Serves ', h('strong', {}, name), ' ', h('code', {}, valueWords(variation?.value))];
}

/* One switch is one request; a refused one jumps back. */
async function toggle(page, environment, box) {
  const wanted = box.checked;
  box.checked = !wanted;
  if (!page.free()) return;
  const data = await page.act(`${environment.name} is unchanged.`, (version) =>
    page.api.post(`${page.path}/environments/${environment.id}/${wanted ? 'run' : 'pause'}`, {
      version,
    }),
  );
  if (data === null) return;
  const state = wanted ? 'on' : 'off';
  say(
    data.changed
      ? `${data.flag.name} is ${state} in ${environment.name}`
      : `It was ${state} in ${environment.name} already`,
  );
}

const BY_CRON = ['FIRED', 'MISSED', 'FAILED'];

/* Whether cron has decided the enable of what is scheduled there. */
const hasBegun = ({ schedule }) => BY_CRON.includes(schedule?.resolved.enable?.outcome);

/* What can be scheduled of it there: see scheduleDialog(). */
function scheduleHow({ status }, environment) {
  if (status === 'ARCHIVED') return null;
  if (environment.enabled) return hasBegun(environment) ? 'fixed' : 'optional';
  return 'required';
}

function targetOf(page, environment) {
  const { object: flag, path, project } = page;
  const mayChange = mayPublish(project.role);
  return {
    kind: FLAG,
    key: environment.id,
    path: `${path}/environments/${environment.id}/schedule`,
    name: `${flag.name} in ${environment.name}`,
    schedule: environment.schedule,
    version: flag.version,
    mayChange,
    how: mayChange ? scheduleHow(flag, environment) : null,
    lost: hasBegun(environment) && !environment.enabled,
    now: () => targetOf(page, page.object.environments.find(({ id }) => id === environment.id)),
    why: mayChange
      ? `${flag.name} is archived, so there is nothing to schedule.`
      : limitOf(project.role),
  };
}

function environmentCard(page, environment) {
  const { object: flag, project } = page;
  const { id, name, enabled, schedule } = environment;
  const target = targetOf(page, environment);
  const box = h('input', {
    type: 'checkbox',
    role: 'switch',
    class: 'switch',
    checked: enabled,
    disabled: flag.status === 'ARCHIVED' || !mayPublish(project.role),
    'aria-label': `On in ${name}`,
    'data-focus-key': `toggle-${id}`,
    onchange: ({ target }) => toggle(page, environment, target),
  });
  return h(
    'li',
    { class: enabled ? 'environment on' : 'environment', id: `environment-${id}` },
    h('div', { class: 'environment-head' }, h('h3', {}, name), box),
    h('p', { class: 'chips' }, stateChip(enabled ? 'ON' : 'OFF'), scheduleChip(schedule)),
    h('p', { class: 'environment-serves' }, served(flag, enabled)),
    scheduleBanner(schedule, page.me, scheduleButtons(page, target)),
    scheduleButton(page, target, 'Schedule'),
  );
}

function environmentsCard(page) {
  const { object: flag } = page;
  return card(
    'environments',
    'Environments',
    flag.status === 'ARCHIVED'
      ? 'Nobody is served an archived flag.'
      : 'A switch acts at once, and in its own environment only.',
    h(
      'ul',
      { class: 'environments' },
      flag.environments.map((environment) => environmentCard(page, environment)),
    ),
  );
}

/* What a person is to know of schedules before the flag is put away. */
const scheduleWarning = ({ environments }) =>
  environments.some(({ schedule }) => schedule !== null)
    ? ' What is scheduled for it will fail: cancel that first.'
    : '';

async function archive(page) {
  if (!page.free()) return;
  const sure = await confirmAction({
    title: `Archive ${page.object.name}?`,
    text:
      'Nobody is served it any longer, in no environment: programs fall back to their own ' +
      'default. It can be read, but never again edited, switched or brought back.' +
      scheduleWarning(page.object),
    action: 'Archive',
  });
  if (!sure) return;
  const data = await page.act('Not archived.', (version) =>
    page.api.post(`${page.path}/archive`, { version }),
  );
  if (data !== null) say(`${data.flag.name} is archived`);
}

async function remove(page) {
  if (!page.free()) return;
  const sure = await confirmAction({
    title: `Delete ${page.object.name}?`,
    text:
      `The flag ${page.object.key} is gone for good, in every environment, with what it served. ` +
      'Programs that ask for it fall back to their own default. Only the audit log remembers it.' +
      scheduleWarning(page.object),
    action: 'Delete for good',
  });
  if (!sure) return;
  const data = await page.act('Not deleted.', (version) => page.api.delete(page.path, { version }));
  if (data !== null) {
    location.assign(`${LIST}?project=${encodeURIComponent(page.project.id)}`);
  }
}

function endRow(title, text, words, kind, act) {
  return h(
    'li',
    { class: 'line' },
    h('span', { class: 'line-words' }, h('strong', {}, title), h('small', {}, text)),
    h('button', { class: kind, type: 'button', onclick: act }, words),
  );
}

function endCard(page) {
  const { object: flag, project } = page;
  if (!mayPublish(project.role)) return null;
  return card(
    'end',
    'Put it away',
    'Neither can be taken back.',
    h(
      'ul',
      { class: 'lines' },
      flag.status === 'ARCHIVED'
        ? null
        : endRow('Archive', 'Nobody is served it; it stays to be read.', 'Archive', 'button', () =>
            archive(page),
          ),
      endRow('Delete', 'It is gone, in every environment.', 'Delete', 'button grave', () =>
        remove(page),
      ),
    ),
  );
}

function flagFacts(page) {
  const { key, kind } = page.object;
  const copy = h(
    'button',
    {
      class: 'quiet-link',
      type: 'button',
      onclick: () => copyText(key, 'Key copied', `It could not be copied: ${key}`),
    },
    'Copy',
  );
  return factsCard(page, fact('Key', h('code', {}, key), ' ', copy), fact('Kind', kind));
}

function show(page) {
  const archived = page.object.status === 'ARCHIVED';
  fillHead(page, archived ? 'It has been put away and can only be read.' : null);
  page.place.replaceChildren(
    environmentsCard(page),
    h(
      'div',
      { class: 'columns' },
      h('div', { class: 'column-main' }, flagForm(page)),
      h('div', { class: 'column-side' }, flagFacts(page), endCard(page)),
    ),
  );
}

/* A notification's link names the environment that it is about: ?id=…&environment=<id or name>. */
async function goToEnvironment(page) {
  const flag = page.object;
  const wanted = asked('environment');
  const found = flag?.environments.find(({ id, name }) => id === wanted || name === wanted);
  if (found === undefined) return;
  const place = byId(`environment-${found.id}`);
  place.classList.add('wanted');
  place.scrollIntoView({ block: 'center' });
  await openFromLink(page, targetOf(page, found));
}

export async function openFlag({ api, me, id }) {
  const page = await openResource({
    api,
    me,
    noun: 'flag',
    path: `/v1/flags/${encodeURIComponent(id)}`,
    back: LIST,
    show,
  });
  await goToEnvironment(page);
}
