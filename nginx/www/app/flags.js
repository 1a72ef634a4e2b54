/* flags - the page /dashboard/flags: a project's list, or with ?id= one of them. */

import { asked } from './address.js';
import { h } from './dom.js';
import { startPage } from './page.js';
import { field } from './card.js';
import { stateChip } from './chip.js';
import { formDialog } from './dialog.js';
import { openFlag } from './flag.js';
import { KINDS, variationsEditor } from './flag-variations.js';
import { openList, resourceRow } from './resource-list.js';
import { objection } from './resource-parts.js';
import { scheduleChip } from './schedule.js';

const KEY_MOST = 100;

function environmentChips({ status, environments }) {
  if (status === 'ARCHIVED') return [stateChip('ARCHIVED')];
  return environments.flatMap(({ name, enabled, schedule }) => [
    stateChip(enabled ? 'ON' : 'OFF', `${name}: ${enabled ? 'on' : 'off'}`),
    scheduleChip(schedule),
  ]);
}

function row(flag) {
  return resourceRow({
    drawing: 'flag_environment',
    href: `/dashboard/flags?id=${encodeURIComponent(flag.id)}`,
    title: flag.name,
    quiet: flag.status === 'ARCHIVED',
    words: [h('code', {}, flag.key), ` · ${flag.kind}`],
    chips: environmentChips(flag),
  });
}

/* 'New search, 2nd try' -> 'new-search-2nd-try' */
function keyOf(name) {
  return name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9._]+/g, '-')
    .replace(/^[-.]+|[-.]+$/g, '')
    .slice(0, KEY_MOST);
}

/* Name and key; the key follows the name until somebody writes one. */
function nameFields() {
  const key = h('input', {
    name: 'key',
    required: true,
    maxlength: KEY_MOST,
    pattern: '[A-Za-z0-9._\\-]+',
    title: 'Letters, digits, dot, underscore and hyphen',
    autocomplete: 'off',
    spellcheck: 'false',
  });
  const name = h('input', { name: 'name', required: true, maxlength: 200, autocomplete: 'off' });
  let own = false;
  key.addEventListener('input', () => {
    own = key.value !== '';
  });
  name.addEventListener('input', () => {
    if (!own) key.value = keyOf(name.value);
  });
  return [field('Name', name), field('Key, for programs; it never changes', key)];
}

/* Kind, and the variations that a kind other than boolean must have. */
function kindFields() {
  const place = h('div', {});
  let editor = null;
  const kind = h(
    'select',
    { name: 'kind' },
    KINDS.map(([value, words]) => h('option', { value }, words)),
  );
  const fill = () => {
    editor = kind.value === 'boolean' ? null : variationsEditor(kind.value, [{}, {}]);
    place.replaceChildren(
      editor?.element ??
        h('p', { class: 'note-line' }, 'It serves true while on, false while off.'),
    );
  };
  kind.addEventListener('change', fill);
  fill();
  return { elements: [field('Kind', kind), place], variations: () => editor?.values() };
}

function create(api, project) {
  const kind = kindFields();
  return formDialog({
    title: 'New flag',
    text: `In ${project.name}. It starts off in every environment.`,
    action: 'Create flag',
    children: [...nameFields(), ...kind.elements],
    send: async (values) => {
      const body = { key: values.key.trim(), name: values.name.trim(), kind: values.kind };
      const variations = kind.variations();
      if (variations) body.variations = variations;
      const why = objection(body);
      if (why !== null) throw new Error(why);
      return (await api.post(`/v1/projects/${project.id}/flags`, body)).data.flag;
    },
  });
}

startPage(async ({ api, me }) => {
  const id = asked('id');
  if (id !== null) {
    await openFlag({ api, me, id });
    return;
  }
  await openList({
    api,
    me,
    noun: 'flag',
    drawing: 'flag_environment',
    text: 'A flag turns a part of your product on and off, in each environment on its own.',
    row,
    create,
  });
});
