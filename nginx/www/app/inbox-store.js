/*
 * inbox-store - the notifications of the inbox page: what was read, what was changed, what comes
 * next. Knows no element; calls back when there is something to show.
 */

import { withQuery } from './api.js';
import { Optimistic } from './optimistic.js';

const PAGE = 50;
const PAGE_MOST = 200; // the API's limit
const RETRY_S = 1; // after an answer that a write overtook

/* The cursor of a row, which is also its place: a greater one is newer. */
export function keyOf(item) {
  return `${item.created_at}|${item.id}`;
}

export class InboxStore {
  items = null; // null until the first answer
  cursor = null; // of the next page; null at the end
  unread = 0; // of the whole inbox
  filter;
  #api;
  #optimistic = new Optimistic();
  #onChange;
  #announce;

  /* onChange() redraws; announce({unread, settled}) tells the bell */
  constructor(api, filter, { onChange, announce }) {
    this.#api = api;
    this.filter = filter;
    this.#onChange = onChange;
    this.#announce = announce;
  }

  /* What the filter shows; a row that was just read stays in items until the next answer. */
  get visible() {
    const { read_state: state } = this.filter;
    if (state === 'all') return this.items ?? [];
    return (this.items ?? []).filter((item) => (item.read_at === null) === (state === 'unread'));
  }

  get canMarkAll() {
    if (this.filter.read_state === 'read' || this.items === null) return false;
    const seen = this.items.some((item) => item.read_at === null);
    return seen || (this.cursor !== null && this.unread > 0);
  }

  setFilter(filter) {
    this.filter = filter;
    this.items = null;
    this.cursor = null;
    this.#onChange();
  }

  #path(limit, cursor) {
    const { read_state: state, type } = this.filter;
    return withQuery('/v1/notifications', {
      read_state: state === 'all' ? '' : state,
      type,
      limit,
      cursor,
    });
  }

  /* Read again as many rows as are shown. Resolves to the seconds until the next time. */
  async refresh() {
    const asked = this.filter;
    const limit = Math.min(PAGE_MOST, Math.max(PAGE, this.items?.length ?? 0));
    let answer;
    const applied = await this.#optimistic.read(
      async () => (answer = await this.#api.get(this.#path(limit))),
      ({ data, unchanged }) => {
        if (asked === this.filter && !(unchanged && this.items !== null)) this.#take(data);
      },
    );
    return applied && asked === this.filter ? answer.pollAfter : RETRY_S;
  }

  /* Rows beyond the API's largest page stay as they were. */
  #take(data) {
    const fresh = data.notifications.map((item) => ({ ...item }));
    const last = data.has_more ? keyOf(fresh.at(-1)) : '';
    const older = (this.items ?? []).filter((item) => keyOf(item) < last);
    if (older.length === 0) this.cursor = data.has_more ? data.cursor : null;
    this.items = [...fresh, ...older];
    this.#onChange();
  }

  async more() {
    const asked = this.filter;
    const { data } = await this.#api.get(this.#path(PAGE, this.cursor));
    if (asked !== this.filter) return;
    const known = new Set(this.items.map(keyOf));
    const rows = data.notifications.filter((item) => !known.has(keyOf(item)));
    this.items = [...this.items, ...rows.map((item) => ({ ...item }))];
    this.cursor = data.has_more ? data.cursor : null;
    this.#onChange();
  }

  markRead(item, read) {
    const before = item.read_at;
    const step = read ? -1 : 1;
    return this.#write({
      apply: () => this.#setRead([item.id], read ? new Date().toISOString() : null, step),
      undo: () => this.#setRead([item.id], before, -step),
      send: () => this.#api.patch(`/v1/notifications/${item.id}`, { read }),
    });
  }

  remove(item) {
    const step = item.read_at === null ? -1 : 0;
    return this.#write({
      apply: () =>
        this.#setItems(
          this.items.filter(({ id }) => id !== item.id),
          step,
        ),
      undo: () => this.#setItems(this.#with(item), -step),
      send: () => this.#api.delete(`/v1/notifications/${item.id}`),
    });
  }

  /* Everything up to the newest row shown; what arrived since stays unread. */
  markAll() {
    const ids = this.items.filter((item) => item.read_at === null).map(({ id }) => id);
    const { type } = this.filter;
    const count = type ? ids.length : this.unread;
    const body = { up_to: keyOf(this.items[0]) };
    if (type) body.type = type;
    return this.#write({
      apply: () => this.#setRead(ids, new Date().toISOString(), -count),
      undo: () => this.#setRead(ids, null, count),
      send: () => this.#api.post('/v1/notifications/mark-all-read', body),
    });
  }

  /* One change: shown at once, settled by the answer, taken back by an error (which is thrown). */
  async #write(change) {
    const { unread } = await this.#optimistic.write(change);
    if (unread !== undefined) this.unread = unread;
    this.#announce({ unread: this.unread, settled: true });
    this.#onChange();
  }

  #setRead(ids, readAt, step) {
    const wanted = new Set(ids);
    const changed = (item) => (wanted.has(item.id) ? { ...item, read_at: readAt } : item);
    this.#setItems(this.items.map(changed), step);
  }

  #setItems(items, step) {
    this.items = items;
    this.unread = Math.max(0, this.unread + step);
    this.#announce({ unread: this.unread, settled: false });
    this.#onChange();
  }

  /* The rows with a deleted one back in its place. */
  #with(item) {
    const at = this.items.findIndex((other) => keyOf(other) < keyOf(item));
    return this.items.toSpliced(at === -1 ? this.items.length : at, 0, item);
  }
}
