/* flag-form - edit a flag's name, its variations, and which of them is served when. */

import { h } from './dom.js';
import { card, field } from './card.js';
import { variationsEditor, variationsList, variationsObjection } from './flag-variations.js';
import { editForm, saveChanges } from './resource-parts.js';
import { mayCreate } from './teams.js';

/* A select of the variations that follows their names while they are edited. */
function defaultSelect(name, chosen) {
  const select = h('select', { name });
  let wanted = chosen;
  let before = [];
  select.addEventListener('change', () => {
    wanted = select.value;
  });
  return {
    select,
    fill(names) {
      const renamed = names.length === before.length && !names.includes(wanted);
      if (renamed && before.includes(wanted)) wanted = names[before.indexOf(wanted)];
      before = names;
      select.replaceChildren(
        ...names.map((value) => h('option', { value, selected: value === wanted }, value)),
      );
    },
  };
}

async function save(page, form, editor) {
  const { name, ...defaults } = Object.fromEntries(new FormData(form));
  const values = { name: name.trim(), variations: editor.values(), ...defaults };
  const why = values.name === '' ? 'It needs a name.' : variationsObjection(values.variations);
  await saveChanges(page, values, why);
}

function readOnly({ object: flag }) {
  const part = (name, ...children) => h('div', { class: 'read-part' }, h('h3', {}, name), children);
  return card(
    'setup',
    'What it serves',
    null,
    h(
      'div',
      { class: 'card-body stack' },
      part('Variations', variationsList(flag.variations)),
      part('While on', h('p', {}, flag.default_on)),
      part('While off', h('p', {}, flag.default_off)),
    ),
  );
}

export function flagForm(page) {
  const { object: flag, project } = page;
  if (!mayCreate(project.role) || flag.status === 'ARCHIVED') return readOnly(page);

  const on = defaultSelect('default_on', flag.default_on);
  const off = defaultSelect('default_off', flag.default_off);
  const editor = variationsEditor(flag.kind, flag.variations, (variations) => {
    const names = variations.map(({ name }) => name);
    on.fill(names);
    off.fill(names);
  });
  const form = editForm(
    page,
    'Flag',
    () => save(page, form, editor),
    field('Name', h('input', { name: 'name', value: flag.name, required: true, maxlength: 200 })),
    editor.element,
    h('div', { class: 'fields' }, field('While on', on.select), field('While off', off.select)),
  );
  return card(
    'setup',
    'What it serves',
    'What is saved is served at once.',
    h('div', { class: 'card-body' }, form),
  );
}
