/* card - the frame of a section: heading, text, and a body that may fail on its own. */

import { h, hidden } from './dom.js';
import { keepFocus } from './focus.js';
import { icon } from './icons.js';
import { failedState } from './page.js';
import { attempt } from './status.js';

/* A section with a heading; children follow the heading. */
export function card(id, title, text, ...children) {
  return h(
    'section',
    { class: 'card', id, 'aria-labelledby': `${id}-title` },
    h(
      'header',
      { class: 'card-head' },
      h('div', {}, h('h2', { id: `${id}-title` }, title), text ? h('p', {}, text) : null),
    ),
    ...children,
  );
}

/* Run load(), which fills place; when it fails, say so there and offer to try again. */
export async function loadInto(place, load) {
  const refocus = keepFocus(place);
  try {
    await load();
  } catch (error) {
    place.replaceChildren(failedState(error, () => loadInto(place, load)));
  }
  refocus();
}

let fields = 0;

/* A control under its label. */
export function field(label, control) {
  fields += 1;
  control.id = `field-${fields}`;
  return h('div', { class: 'field' }, h('label', { for: control.id }, label), control);
}

/* At the end of a line: does away with what is called so. verb: 'Revoke' */
export function removeButton(verb, name, onclick) {
  return h(
    'button',
    { class: 'icon-button', type: 'button', title: verb, onclick },
    icon('trash'),
    hidden(`${verb} ${name}`),
  );
}

/*
 * Handle a form's submit: button disabled meanwhile, errors to the status line.
 *   send(values) resolves when it worked; what: the words before an error, 'Not added.'
 */
export function onSubmit(form, what, send) {
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const button = form.querySelector('[type="submit"]');
    attempt(button, () => send(Object.fromEntries(new FormData(form))), what);
  });
  return form;
}
