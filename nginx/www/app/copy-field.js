/* copy-field - a text that is to be taken elsewhere: to see, to select, and with a button that copies. */

import { h, hidden } from './dom.js';
import { icon } from './icons.js';
import { complain, say } from './status.js';

/* said: when it was copied; refused: when the browser does not let us. */
export async function copyText(text, said, refused) {
  try {
    await navigator.clipboard.writeText(text);
    say(said);
  } catch {
    complain({ message: refused });
  }
}

function copy(input, said) {
  input.select();
  return copyText(input.value, said, 'It could not be copied; it is selected, press Ctrl+C.');
}

/*
 * One row: the text, "Copy", and more buttons.
 *   label    what the text is, for those who hear the field
 *   said     what is said when it was copied
 *   of       what is copied, for those who hear the button among others of its kind
 *   primary  whether copying is what there is to do now
 */
export function copyField({ value, label, said, of, primary = false }, ...more) {
  const input = h('input', {
    class: 'secret',
    readonly: true,
    value,
    'aria-label': label,
    spellcheck: 'false',
    onfocus: ({ target }) => target.select(),
  });
  const button = h(
    'button',
    {
      class: primary ? 'button primary' : 'button',
      type: 'button',
      onclick: () => copy(input, said),
    },
    icon('copy'),
    'Copy',
    of ? hidden(` ${of}`) : null,
  );
  return h('div', { class: 'secret-row' }, input, button, ...more);
}
