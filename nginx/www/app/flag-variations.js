/* flag-variations - what a flag can serve: names, and values of its kind, shown and edited. */

import { h } from './dom.js';
import { listEditor } from './list-editor.js';

const VARIATIONS_MOST = 50;
const NAME_MOST = 100;

export const KINDS = [
  ['boolean', 'Boolean: on or off'],
  ['string', 'String: a text'],
  ['number', 'Number'],
  ['json', 'JSON: any structure'],
];

/* A value as one short text. */
export function valueWords(value) {
  return JSON.stringify(value);
}

function booleanInput(value) {
  const select = h(
    'select',
    {},
    ['true', 'false'].map((word) =>
      h('option', { value: word, selected: word === String(value) }, word),
    ),
  );
  return { control: select, read: () => select.value === 'true' };
}

function stringInput(value) {
  const input = h('input', { value: value ?? '', autocomplete: 'off' });
  return { control: input, read: () => input.value };
}

function numberInput(value) {
  const input = h('input', { type: 'number', step: 'any', required: true, value });
  return { control: input, read: () => Number(input.value) };
}

/* Says what is wrong with the JSON where it stands, before the form can be sent. */
function jsonInput(value) {
  const text = value === undefined ? '' : JSON.stringify(value, null, 2);
  const rows = Math.min(8, text.split('\n').length + 1);
  const area = h('textarea', { class: 'json', rows, required: true, spellcheck: 'false' }, text);
  const check = () => {
    try {
      JSON.parse(area.value);
      area.setCustomValidity('');
    } catch (error) {
      area.setCustomValidity(area.value === '' ? '' : `This is not JSON: ${error.message}`);
    }
  };
  area.addEventListener('input', check);
  return {
    control: area,
    read: () => {
      try {
        return JSON.parse(area.value);
      } catch {
        return null;
      }
    },
  };
}

const INPUTS = {
  boolean: booleanInput,
  string: stringInput,
  number: numberInput,
  json: jsonInput,
};

function variationRow(kind, { name = '', value } = {}) {
  const words = h('input', {
    value: name,
    required: true,
    maxlength: NAME_MOST,
    autocomplete: 'off',
    placeholder: 'Name',
  });
  const { control, read } = INPUTS[kind](value);
  return {
    cells: [words, control],
    name: (called) => {
      words.setAttribute('aria-label', `${called}: name`);
      control.setAttribute('aria-label', `${called}: value`);
    },
    read: () => ({ name: words.value.trim(), value: read() }),
  };
}

export function variationsEditor(kind, variations, changed) {
  return listEditor({
    legend: 'Variations',
    hint: 'What programs can be served: a name, and the value behind it.',
    noun: 'variation',
    most: VARIATIONS_MOST,
    least: 1,
    items: variations,
    make: (item) => variationRow(kind, item),
    changed,
  });
}

/* To read: one line each. */
export function variationsList(variations) {
  return h(
    'ul',
    { class: 'plain-list' },
    variations.map(({ name, value }) =>
      h('li', { class: 'split-line' }, h('span', {}, name), h('code', {}, valueWords(value))),
    ),
  );
}
