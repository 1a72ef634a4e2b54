/* flag-form - edit a flag's name, its variations, and which of them is served when. */

import { h } from './dom.js';
import { card, field } from './card.js';
import { variationsEditor, variationsList } from './flag-variations.js';
import { editForm, readPart, saveChanges } from './resource-parts.js';
import { mayCreate } from './teams.js';

/* A select of the variations, that follows the chosen row and not its name, which is typed letter by letter. */
function defaultSelect(name, chosen) {
  const select = h('select', { name });
  let rows = [];
  let wanted;
  select.addEventListener('change', () => {
    wanted = rows[select.selectedIndex];
  });
  return {
    select,
    fill(names, now) {
      rows = now;
      wanted ??= rows[names.indexOf(chosen)];
      select.replaceChildren(
        ...names.map((value, i) => h('option', { value, selected: rows[i] === wanted }, value)),
      );
    },
  };
}

function valuesOf(form, editor) {
  const { name, ...defaults } = Object.fromEntries(new FormData(form));
  return { name: name.trim(), variations: editor.values(), ...defaults };
}

function readOnly({ object: flag }) {
  return card(
    'setup',
    'What it serves',
    null,
    h(
      'div',
      { class: 'card-body stack' },
      readPart('Variations', variationsList(flag.variations)),
      readPart('While on', h('p', {}, flag.default_on)),
      readPart('While off', h('p', {}, flag.default_off)),
    ),
  );
}

export function flagForm(page) {
  const { object: flag, project } = page;
  if (!mayCreate(project.role) || flag.status === 'ARCHIVED') return readOnly(page);

  const on = defaultSelect('default_on', flag.default_on);
  const off = defaultSelect('default_off', flag.default_off);
  const editor = variationsEditor(flag.kind, flag.variations, (variations, rows) => {
    const names = variations.map(({ name }) => name);
    on.fill(names, rows);
    off.fill(names, rows);
  });
  const form = editForm(
    page,
    'Flag',
    () => saveChanges(page, valuesOf(form, editor)),
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
