/* dialog - ask before something that cannot be taken back, or for what a new thing needs. */

import { h, whileBusy } from './dom.js';

let dialogs = 0;

/* Show it; resolves when it closes. Focus returns to where it was (the browser does that). */
export function shown(dialog) {
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(dialog.returnValue);
    });
  });
}

/* An empty <dialog> and its heading, which names it. */
export function frame(title, kind = '') {
  dialogs += 1;
  const heading = h('h2', { id: `dialog-title-${dialogs}` }, title);
  const dialog = h('dialog', { class: `dialog ${kind}`.trim(), 'aria-labelledby': heading.id });
  return { dialog, heading };
}

/*
 * Show a modal question; resolves to true when the action's button was pressed. Focus starts on the
 * harmless button.
 *   keep    what the harmless button says
 *   danger  whether the action destroys something
 */
export async function confirmAction({ title, text, action, keep = 'Keep', danger = true }) {
  const { dialog, heading } = frame(title);
  dialog.append(
    h(
      'form',
      { method: 'dialog' },
      heading,
      h('p', {}, text),
      h(
        'div',
        { class: 'dialog-actions' },
        h('button', { class: 'button', value: 'no', autofocus: true }, keep),
        h('button', { class: `button ${danger ? 'danger' : 'primary'}`, value: 'yes' }, action),
      ),
    ),
  );
  return (await shown(dialog)) === 'yes';
}

/*
 * Show a modal form; what goes wrong is said in it, and it stays open.
 *   children  its fields
 *   send      async (values of the form) -> result; closes the dialog when it worked
 * Resolves to the result, or to null when the form was given up.
 */
export async function formDialog({ title, text, action, children, send }) {
  let result = null;
  const { dialog, heading } = frame(title, 'dialog-form');
  const error = h('p', { class: 'form-error', role: 'alert' });
  const submit = h('button', { class: 'button primary', type: 'submit' }, action);
  const form = h(
    'form',
    { class: 'stack' },
    h('div', {}, heading, text ? h('p', {}, text) : null),
    children,
    error,
    h(
      'div',
      { class: 'dialog-actions' },
      h('button', { class: 'button', type: 'button', onclick: () => dialog.close() }, 'Cancel'),
      submit,
    ),
  );
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    error.textContent = '';
    try {
      result = await whileBusy(submit, () => send(Object.fromEntries(new FormData(form))));
      dialog.close();
    } catch (failure) {
      error.textContent = failure.message;
    }
  });
  dialog.append(form);
  await shown(dialog);
  return result;
}
