/* secret-box - a secret that is shown once: until it is closed or the page is left. */

import { h } from './dom.js';
import { icon } from './icons.js';
import { complain, say } from './status.js';

async function copySecret(input) {
  input.select();
  try {
    await navigator.clipboard.writeText(input.value);
    say('Secret copied');
  } catch {
    complain({ message: 'It could not be copied; it is selected, press Ctrl+C.' });
  }
}

/* label: what the secret is of, for those who hear the field. */
export function secretBox(secret, label) {
  const input = h('input', {
    class: 'secret',
    readonly: true,
    value: secret,
    'aria-label': label,
    spellcheck: 'false',
    onfocus: ({ target }) => target.select(),
  });
  const box = h(
    'div',
    { class: 'secret-box' },
    h('p', {}, h('strong', {}, 'Copy this secret now.'), ' It is never shown again.'),
    h(
      'div',
      { class: 'secret-row' },
      input,
      h(
        'button',
        { class: 'button primary', type: 'button', onclick: () => copySecret(input) },
        icon('copy'),
        'Copy',
      ),
      h('button', { class: 'button', type: 'button', onclick: () => box.remove() }, 'Done'),
    ),
  );
  return box;
}
