/* secret-box - a secret that is shown once: until it is closed or the page is left. */

import { copyField } from './copy-field.js';
import { h } from './dom.js';
import { takeOut } from './focus.js';

/* label: what the secret is of, for those who hear the field. */
export function secretBox(secret, label) {
  const box = h(
    'div',
    { class: 'secret-box' },
    h('p', {}, h('strong', {}, 'Copy this secret now.'), ' It is never shown again.'),
    copyField(
      { value: secret, label, said: 'Secret copied', primary: true },
      h('button', { class: 'button', type: 'button', onclick: () => takeOut(box) }, 'Done'),
    ),
  );
  return box;
}
