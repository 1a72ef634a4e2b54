/* list-editor - a list of things that can be added to and taken from, inside a form. */

import { h, hidden } from './dom.js';
import { icon } from './icons.js';

/*
 * Answers {element, values, add}.
 *   legend  heading; hint is a sentence under it
 *   noun    'URL rule': what one thing is called; most is how many there may be, least how few
 *   items   what is there already
 *   make    item or undefined -> {cells, name, read}: the elements of a row, name('URL rule 2')
 *           tells them what they are, read() answers the row's value
 *   changed called with all values after every change, and their rows, each the same object as before
 *   foot    an element under the rows
 */
export function listEditor(options) {
  const { legend, hint, noun, most, least = 0, items, make, changed = () => {}, foot } = options;
  const rows = [];
  const list = h('div', { class: 'editor-rows' });
  const adder = h(
    'button',
    { class: 'quiet-link', type: 'button', onclick: () => add(undefined).focus() },
    `+ Add ${noun}`,
  );

  const values = () => rows.map(({ read }) => read());

  function settle() {
    rows.forEach(({ name, words, remover }, i) => {
      name(`${noun} ${i + 1}`);
      words.textContent = `Remove ${noun} ${i + 1}`;
      remover.hidden = rows.length <= least;
    });
    adder.hidden = rows.length >= most;
    changed(values(), rows);
  }

  function drop(row) {
    const at = rows.indexOf(row);
    rows.splice(at, 1);
    row.element.remove();
    settle();
    (rows[at] ?? rows[at - 1])?.element.querySelector('input, select, textarea')?.focus();
    if (rows.length === 0) adder.focus();
    list.dispatchEvent(new Event('input', { bubbles: true }));
  }

  /* The first control of the new row. */
  function add(item) {
    const made = make(item);
    const words = hidden('');
    const remover = h(
      'button',
      { class: 'icon-button', type: 'button', title: 'Remove', onclick: () => drop(row) },
      icon('close'),
      words,
    );
    const row = {
      ...made,
      words,
      remover,
      element: h('div', { class: 'editor-row' }, made.cells, remover),
    };
    rows.push(row);
    list.append(row.element);
    settle();
    return row.element.querySelector('input, select, textarea');
  }

  const element = h(
    'fieldset',
    { class: 'editor' },
    h('legend', {}, legend),
    hint ? h('p', { class: 'note-line' }, hint) : null,
    list,
    h('div', { class: 'editor-foot' }, adder, foot ?? null),
  );
  list.addEventListener('input', () => changed(values(), rows));
  for (const item of items) add(item);
  settle();
  return { element, values, add };
}

/* For a list of texts: one input a row. */
export function textRow({ maxlength, placeholder }) {
  return (text = '') => {
    const input = h('input', { value: text, maxlength, placeholder, autocomplete: 'off' });
    return {
      cells: input,
      name: (words) => input.setAttribute('aria-label', words),
      read: () => input.value.trim(),
    };
  };
}
