/* paged - a list that is read page by page into its place, with a button under it that reads more. */

import { withQuery } from './api.js';
import { loadInto } from './card.js';
import { h } from './dom.js';
import { focusOn, takeOut } from './focus.js';
import { emptyState } from './page.js';
import { attempt } from './status.js';

/* The button; read() answers the first of the new rows, which gets the focus, if there is one. */
export function moreButton(words, read) {
  const button = h('button', { class: 'button', type: 'button', hidden: true }, words);
  button.addEventListener('click', () =>
    attempt(button, async () => {
      const first = await read();
      if (first) focusOn(first);
    }),
  );
  return button;
}

/* How list and button stand on a page that is nothing but them. */
const alone = (list, more) => [list, h('div', { class: 'more' }, more)];

/*
 * Answers {list, show, reload, renew, drop}.  show() reads the first page and fills the place; when that
 * fails it says so there.  reload() reads the first page anew, what is around the rows stays, and throws
 * what goes wrong; renew() is the same, and says it as show() does.
 * drop(element) takes a row out that is no more.
 *   path    of the list route; noun is the name of the rows in its answer, limit how many a page has
 *   kind    the list's class; more is what the button says
 *   row     item -> element
 *   empty   what is shown when there is no row at all: see emptyState()
 *   focus   what of a new row gets the focus after the button, as a selector; default the row
 *   around  (list, button) -> all that stands in the place, null for nothing
 *   before  async () => {} reads what the rows need
 */
export function pagedList({
  api,
  path,
  noun,
  limit,
  place,
  kind,
  more,
  row,
  empty,
  focus,
  around = alone,
  before = async () => {},
}) {
  let cursor = null;
  const list = h('ul', { class: kind });

  async function read(from) {
    const { data } = await api.get(withQuery(path, { cursor: from, limit }));
    cursor = data.has_more ? data.cursor : null;
    button.hidden = cursor === null;
    return data[noun].map(row);
  }

  const button = moreButton(more, async () => {
    const rows = await read(cursor);
    list.append(...rows);
    return focus ? rows[0]?.querySelector(focus) : rows[0];
  });

  const nothing = () => h('li', {}, emptyState(empty));

  async function reload() {
    const rows = await read(null);
    list.replaceChildren(...(rows.length > 0 ? rows : [nothing()]));
  }

  function drop(element) {
    takeOut(element);
    if (list.childElementCount === 0 && cursor === null) list.append(nothing());
  }

  const show = () =>
    loadInto(place, async () => {
      await before();
      await reload();
      place.replaceChildren(...around(list, button).filter((part) => part !== null));
    });

  const renew = () => reload().catch(show);

  return { list, show, reload, renew, drop };
}
