/* paged - a list that is read page by page, with a "Load more" button under it. */

import { withQuery } from './api.js';
import { complain } from './status.js';

/*
 * Wire list and button; answers {reload}, which reads the first page and throws what goes wrong.
 *   path   of the list route; noun is the name of the rows in its answer
 *   row    item -> element
 *   empty  () -> element to show when there is no row at all
 *   focus  what of a new row gets the focus after "Load more", as a selector; default the row
 */
export function pagedList({ api, path, noun, list, more, row, empty, focus, limit }) {
  let cursor = null;

  async function read(from) {
    const { data } = await api.get(withQuery(path, { cursor: from, limit }));
    cursor = data.has_more ? data.cursor : null;
    more.hidden = cursor === null;
    return data[noun].map(row);
  }

  async function reload() {
    const rows = await read(null);
    list.replaceChildren(...(rows.length > 0 ? rows : [empty()]));
  }

  async function next() {
    more.disabled = true;
    try {
      const rows = await read(cursor);
      list.append(...rows);
      const target = focus ? rows[0]?.querySelector(focus) : rows[0];
      target?.setAttribute('tabindex', '-1');
      target?.focus();
    } catch (error) {
      complain(error);
    } finally {
      more.disabled = false;
    }
  }

  more.addEventListener('click', next);
  return { reload };
}
