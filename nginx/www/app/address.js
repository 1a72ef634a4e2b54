/* address - what the page's address asks for, so that a reload and Back keep it. */

import { withQuery } from './api.js';
import { h } from './dom.js';

/* The value of a parameter, or null. */
export function asked(name) {
  return new URLSearchParams(location.search).get(name);
}

/*
 * A select: a choice leads to the same page with another value of a parameter.
 *   name     of the parameter; options are [value, words], '' for a value means without it
 *   keep     whether the other parameters stay
 */
export function addressSelect({ label, name, options, chosen, keep = false }) {
  const select = h(
    'select',
    {},
    options.map(([value, words]) => h('option', { value, selected: value === chosen }, words)),
  );
  select.addEventListener('change', () => {
    const others = keep ? Object.fromEntries(new URLSearchParams(location.search)) : {};
    location.assign(withQuery(location.pathname, { ...others, [name]: select.value }));
  });
  return h('label', { class: 'field-inline' }, h('span', {}, label), select);
}
