/* dialog - ask before something that cannot be taken back. */

import { h } from './dom.js';

/*
 * Show a modal question; resolves to true when the action's button was pressed. Focus starts on the
 * harmless button and returns to where it was (the browser does that for <dialog>).
 */
export function confirmAction({ title, text, action }) {
  const dialog = h(
    'dialog',
    { class: 'dialog', 'aria-labelledby': 'dialog-title' },
    h(
      'form',
      { method: 'dialog' },
      h('h2', { id: 'dialog-title' }, title),
      h('p', {}, text),
      h(
        'div',
        { class: 'dialog-actions' },
        h('button', { class: 'button', value: 'no', autofocus: true }, 'Keep'),
        h('button', { class: 'button danger', value: 'yes' }, action),
      ),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(dialog.returnValue === 'yes');
    });
  });
}
