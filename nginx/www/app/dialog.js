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
 * Show a dialog whose form can be sent; it stays open while that does not work.
 *   submit   its button; send async () -> result
 *   refused  (error) says in the dialog what went wrong
 * Resolves to the result, or to null when it was given up. Who closes it while it is sent cannot take
 * that back any more: they get the result all the same, or what went wrong is thrown.
 */
export async function sentFrom({ dialog, form, submit, send, refused }) {
  let sent = null;
  let unsaid = null;

  async function attempt() {
    try {
      const result = await whileBusy(submit, send);
      dialog.close();
      return result;
    } catch (error) {
      if (dialog.open) refused(error);
      else unsaid = error;
      return null;
    }
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    sent = attempt();
  });
  await shown(dialog);
  const result = await sent;
  if (unsaid !== null) throw unsaid;
  return result;
}

/*
 * Show a modal form; what goes wrong is said in it, and it stays open.
 *   children  its fields
 *   send      async (values of the form) -> result; closes the dialog when it worked
 * Resolves, or throws, as sentFrom() does.
 */
export async function formDialog({ title, text, action, children, send }) {
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
  dialog.append(form);
  return sentFrom({
    dialog,
    form,
    submit,
    send() {
      error.textContent = '';
      return send(Object.fromEntries(new FormData(form)));
    },
    refused({ message }) {
      error.textContent = message;
    },
  });
}
