/* experiment-form - edit an experiment, as far as its status and the viewer's role let it. */

import { h } from './dom.js';
import { card, field } from './card.js';
import { listEditor, textRow } from './list-editor.js';
import { editForm, readPart, saveChanges } from './resource-parts.js';
import { mayCreate } from './teams.js';

const URL_RULES_MOST = 50;
const METRICS_MOST = 50;
const VARIATIONS_MOST = 20;
const TOTAL = 100;

/* What may be edited: 'all', 'words' (name and hypothesis), 'nothing'. */
function editable({ status }, role) {
  if (!mayCreate(role) || status === 'ARCHIVED') return 'nothing';
  return status === 'DRAFT' || status === 'SCHEDULED' ? 'all' : 'words';
}

/* How visitors are split, as a bar; the numbers stand beside it. */
function splitBar(variations) {
  return h(
    'div',
    { class: 'split-bar', 'aria-hidden': 'true' },
    variations
      .filter(({ weight }) => weight > 0)
      .map(({ weight }) => {
        const part = h('span', {});
        part.style.flexGrow = weight;
        return part;
      }),
  );
}

function variationRow({ name = '', weight = '' } = {}) {
  const words = h('input', { value: name, required: true, maxlength: 200, autocomplete: 'off' });
  const share = h('input', {
    type: 'number',
    value: weight,
    required: true,
    min: 0,
    max: 100,
    step: 1,
    inputmode: 'numeric',
  });
  return {
    cells: [words, h('span', { class: 'share' }, share, h('span', {}, '%'))],
    name: (called) => {
      words.setAttribute('aria-label', `${called}: name`);
      share.setAttribute('aria-label', `${called}: per cent of visitors`);
    },
    read: () => ({ name: words.value.trim(), weight: Number(share.value) }),
  };
}

function totalOf(variations) {
  return variations.reduce((sum, { weight }) => sum + weight, 0);
}

function totalWords(variations) {
  const sum = totalOf(variations);
  if (variations.length === 0) return '';
  if (sum === TOTAL) return `Total ${TOTAL} %`;
  return sum < TOTAL
    ? `Total ${sum} %, ${TOTAL - sum} % to give`
    : `Total ${sum} %, ${sum - TOTAL} % too many`;
}

/* A half for the first; each one after it gets what is left. */
function nextShare(variations) {
  return variations.length === 0 ? TOTAL / 2 : Math.max(0, TOTAL - totalOf(variations));
}

function variationEditor(variations) {
  const total = h('output', { class: 'total' });
  const bar = h('div', {});
  let current = [];
  return listEditor({
    legend: 'Variations',
    hint: 'What visitors get, and how many per cent of them. Two or more, 100 % together.',
    noun: 'variation',
    most: VARIATIONS_MOST,
    items: variations,
    make: (item) => variationRow(item ?? { weight: nextShare(current) }),
    changed: (all) => {
      current = all;
      total.textContent = totalWords(all);
      total.classList.toggle('wrong', all.length > 0 && totalOf(all) !== TOTAL);
      bar.replaceChildren(splitBar(all));
    },
    foot: [total, bar],
  });
}

function detailEditors(experiment) {
  return {
    url_rules: listEditor({
      legend: 'URL rules',
      hint: 'On which pages it runs.',
      noun: 'URL rule',
      most: URL_RULES_MOST,
      items: experiment.url_rules,
      make: textRow({ maxlength: 2000, placeholder: 'https://shop.example/checkout*' }),
    }),
    variations: variationEditor(experiment.variations),
    metrics: listEditor({
      legend: 'Metrics',
      hint: 'What is measured.',
      noun: 'metric',
      most: METRICS_MOST,
      items: experiment.metrics,
      make: textRow({ maxlength: 200, placeholder: 'orders' }),
    }),
  };
}

/* The same, to read. */
function detailWords({ url_rules: rules, variations, metrics }) {
  const none = () => h('p', { class: 'note-line' }, 'None');
  const texts = (list) =>
    list.length === 0
      ? none()
      : h(
          'ul',
          { class: 'plain-list' },
          list.map((text) => h('li', {}, h('code', {}, text))),
        );
  return [
    readPart('URL rules', texts(rules)),
    readPart(
      'Variations',
      variations.length === 0
        ? none()
        : h(
            'ul',
            { class: 'plain-list' },
            variations.map(({ name, weight }) =>
              h('li', { class: 'split-line' }, h('span', {}, name), h('span', {}, `${weight} %`)),
            ),
          ),
      splitBar(variations),
    ),
    readPart('Metrics', texts(metrics)),
  ];
}

/* What the form says, cleaned; empty rows of texts are dropped. */
function valuesOf(form, editors) {
  const { name, hypothesis } = Object.fromEntries(new FormData(form));
  const values = { name: name.trim(), hypothesis: hypothesis.trim() || null };
  for (const [key, editor] of Object.entries(editors)) {
    values[key] = editor.values().filter((value) => value !== '');
  }
  return values;
}

const WHY_FIXED = {
  words: 'It has begun: its results count on these, so they stay as they are.',
  nothing: null,
};

export function experimentForm(page) {
  const { object, project } = page;
  const may = editable(object, project.role);
  const readonly = may === 'nothing';
  const editors = may === 'all' ? detailEditors(object) : {};
  const form = editForm(
    page,
    'Experiment',
    readonly ? null : () => saveChanges(page, valuesOf(form, editors)),
    field(
      'Name',
      h('input', { name: 'name', value: object.name, required: true, maxlength: 200, readonly }),
    ),
    field(
      'Hypothesis',
      h('textarea', { name: 'hypothesis', maxlength: 4000, rows: 3, readonly }, object.hypothesis),
    ),
    may === 'all'
      ? Object.values(editors).map(({ element }) => element)
      : [
          WHY_FIXED[may] ? h('p', { class: 'note-line' }, WHY_FIXED[may]) : null,
          ...detailWords(object),
        ],
  );
  return card('setup', 'Set-up', null, h('div', { class: 'card-body' }, form));
}
