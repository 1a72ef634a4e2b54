/*
 * inbox-store - the notifications of the inbox page: what was read, what was changed, what comes
 * next. Knows no element; calls back when there is something to show.
 */

import { withQuery } from './api.js';
import { Optimistic } from './optimistic.js';

const PAGE = 50;
const PAGE_MOST = 200; // the API's limit
const RETRY_S = 1; // after an answer that a write overtook

/* moment is what a view is ordered by. */
export const VIEWS = {
  inbox: { path: '/v1/notifications', moment: 'created_at' },
  snoozed: { path: '/v1/notifications/snoozed', moment: 'snooze_until', soonestFirst: true },
  bin: { path: '/v1/notifications/bin', moment: 'deleted_at' },
};

/* The cursor of a row, which is also its place. */
const cursorOf = (item, view = 'inbox') => `${item[VIEWS[view].moment]}|${item.id}`;

const isUnread = (item) => item.read_at === null;

/* The view that an item of the API belongs to. */
function viewOf(item) {
  if (item.deleted_at) return 'bin';
  return item.snooze_until ? 'snoozed' : 'inbox';
}

/* How many more are unread when it is in the inbox again. */
const worthBack = (item) => (viewOf(item) === 'snoozed' || isUnread(item) ? 1 : 0);

/* Only rows of the inbox count. */
const worth = (item) => (viewOf(item) === 'inbox' && isUnread(item) ? 1 : 0);

const asItWas = (item) => ({ snooze_until: item.snooze_until, read: !isUnread(item) });

/* Whether the API would list it, as far as one can tell here: letters are small its own way. */
function matches(item, { view, read_state: state, type, q }) {
  if (view !== 'inbox') return true;
  if (state !== 'all' && isUnread(item) !== (state === 'unread')) return false;
  if (type && item.type !== type) return false;
  if (item.foundBy === q) return true;
  const text = `${item.title}\n${item.body ?? ''}`.toLowerCase();
  return q
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

export class InboxStore {
  items = null; // null until the first answer
  cursor = null; // of the next page; null at the end
  unread = null; // of the whole inbox, null until it is known
  counts = null; // {unread, snoozed, bin, types}, null until it is known
  filter; // {view, read_state, type, q}
  #stale = true; // what is shown was read for another filter
  #taken; // the answer that is shown
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
    return (this.items ?? []).filter((item) => matches(item, this.filter));
  }

  /* Also when all rows have gone of a page that others come after. */
  get isLoading() {
    if (this.items === null) return true;
    return this.visible.length === 0 && (this.#stale || this.cursor !== null);
  }

  get isSettled() {
    return !this.#stale;
  }

  get canMarkAll() {
    const { view, read_state: state, q } = this.filter;
    if (view !== 'inbox' || state === 'read' || q || this.#stale || this.isLoading) return false;
    return this.items.some(isUnread) || (this.cursor !== null && this.unread > 0);
  }

  setFilter(filter) {
    if (filter.view !== this.filter.view) this.items = null;
    this.filter = filter;
    this.#stale = true;
    this.cursor = null;
    this.#onChange();
  }

  /* A row of an answer, as ours to change; what it was found by it matches. */
  #row(item) {
    return { ...item, foundBy: this.filter.q };
  }

  #path(limit, cursor) {
    const { view, read_state: state, type, q } = this.filter;
    const wanted = view === 'inbox' ? { read_state: state === 'all' ? '' : state, type, q } : {};
    return withQuery(VIEWS[view].path, { ...wanted, include: 'reason', limit, cursor });
  }

  /* Whether a stands further down than b. */
  #isBelow(a, b) {
    const { view } = this.filter;
    const [one, other] = [cursorOf(a, view), cursorOf(b, view)];
    return VIEWS[view].soonestFirst ? one > other : one < other;
  }

  /*
   * Read again as many rows as are shown. Resolves to the seconds until the next time. An answer that a write
   * overtook comes once more, as unchanged; so what counts is whether it was taken.
   */
  async refresh() {
    const asked = this.filter;
    const shown = this.#stale ? 0 : this.items.length;
    const limit = Math.min(PAGE_MOST, Math.max(PAGE, shown));
    let answer;
    let fresh = false;
    const applied = await this.#optimistic.read(
      async () => (answer = await this.#api.get(this.#path(limit))),
      ({ data }) => {
        fresh = asked === this.filter && (this.#stale || data !== this.#taken);
        if (fresh) this.#take(data);
      },
    );
    if (fresh || this.counts === null) await this.readCounts();
    return applied && asked === this.filter ? answer.pollAfter : RETRY_S;
  }

  /* Rows beyond the API's largest page stay as they were. */
  #take(data) {
    this.#taken = data;
    const fresh = data.notifications.map((item) => this.#row(item));
    const last = data.has_more ? fresh.at(-1) : null;
    const kept = this.#stale || last === null ? [] : this.items;
    const older = kept.filter((item) => this.#isBelow(item, last));
    if (older.length === 0) this.cursor = data.has_more ? data.cursor : null;
    this.items = [...fresh, ...older];
    this.#stale = false;
    this.#onChange();
  }

  /* Without them the page only shows less. What they know of the count is news for the bell. */
  async readCounts() {
    try {
      await this.#optimistic.read(
        async () => (await this.#api.get('/v1/notifications/counts')).data.counts,
        (counts) => {
          this.counts = counts;
          const isNews = counts.unread !== this.unread;
          this.unread = counts.unread;
          if (isNews) this.#announce({ unread: this.unread, settled: true });
          this.#onChange();
        },
      );
    } catch {
      /* the next poll may tell */
    }
  }

  async more() {
    const asked = this.filter;
    const { data } = await this.#api.get(this.#path(PAGE, this.cursor));
    if (asked !== this.filter) return;
    const known = new Set(this.items.map(({ id }) => id));
    const rows = data.notifications.filter(({ id }) => !known.has(id));
    this.items = [...this.items, ...rows.map((item) => this.#row(item))];
    this.cursor = data.has_more ? data.cursor : null;
    this.#onChange();
  }

  /* ---- changes: shown at once, settled by the answer, taken back by an error (thrown) ---- */

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
    return this.#leave(item, () => this.#api.delete(`/v1/notifications/${item.id}`));
  }

  snooze(item, until) {
    return this.#leave(item, () => this.#patch(item, { snooze_until: until }));
  }

  /* To another moment; it stays in the list of what is snoozed. */
  putOff(item, until) {
    const to = (at) => () => {
      this.#setItems(this.#with({ ...item, snooze_until: at }, this.#without(item)), 0);
    };
    return this.#write({
      apply: to(until),
      undo: to(item.snooze_until),
      send: () => this.#patch(item, { snooze_until: until }),
    });
  }

  /* Out of the bin, or awake again: into the inbox. */
  bringBack(item) {
    const send = () =>
      viewOf(item) === 'bin' ? this.#restore(item) : this.#patch(item, { snooze_until: null });
    return this.#leave(item, send, worthBack(item));
  }

  /* ---- and back ---- */

  undoRemove(item) {
    const until = item.snooze_until;
    return this.#return(item, async () => {
      const restored = await this.#restore(item);
      const sleeps = until && Date.parse(until) > Date.now();
      return sleeps ? this.#patch(item, asItWas(item)) : restored;
    });
  }

  undoSnooze(item) {
    return this.#return(item, () => this.#patch(item, { ...asItWas(item), snooze_until: null }));
  }

  undoBringBack(item) {
    const send = () =>
      viewOf(item) === 'bin'
        ? this.#api.delete(`/v1/notifications/${item.id}`)
        : this.#patch(item, asItWas(item));
    return this.#return(item, send, -worthBack(item));
  }

  /* Everything up to the newest row shown; what arrived since stays unread. */
  markAll() {
    const ids = this.visible.filter(isUnread).map(({ id }) => id);
    const { type } = this.filter;
    const count = type ? ids.length : this.unread;
    const body = { up_to: cursorOf(this.items[0]) };
    if (type) body.type = type;
    return this.#write({
      apply: () => this.#setRead(ids, new Date().toISOString(), -count),
      undo: () => this.#setRead(ids, null, count),
      send: () => this.#api.post('/v1/notifications/mark-all-read', body),
    });
  }

  /* undo is what the answer to markAll() had; the rows themselves come with the next refresh. */
  async undoMarkAll(undo) {
    const answer = await this.#write({
      apply: () => {},
      undo: () => {},
      send: () => this.#api.post('/v1/notifications/undo', { undo }),
    });
    return answer.data.unmarked;
  }

  #patch(item, change) {
    return this.#api.patch(`/v1/notifications/${item.id}`, change);
  }

  #restore(item) {
    return this.#api.post(`/v1/notifications/${item.id}/restore`);
  }

  /* A row leaves the list; step is what becomes of the count. */
  #leave(item, send, step = -worth(item)) {
    const put = this.#putter(item);
    return this.#write({
      apply: () => this.#setItems(this.#without(item), step),
      undo: () => put(-step),
      send,
    });
  }

  /* A row that has left comes back, to the view it was in. */
  #return(item, send, step = worth(item)) {
    const put = this.#putter(item);
    return this.#write({
      apply: () => put(step),
      undo: () => this.#setItems(this.#without(item), -step),
      send,
    });
  }

  /* (step) puts it in, unless another view is shown by then. */
  #putter(item) {
    const view = viewOf(item);
    return (step) => {
      const here = this.items !== null && this.filter.view === view && matches(item, this.filter);
      this.#setItems(here ? this.#with(item, this.#without(item)) : this.items, step);
    };
  }

  async #write(change) {
    const answer = await this.#optimistic.write(change);
    if (answer.unread !== undefined) this.unread = answer.unread;
    this.#announce({ unread: this.unread, settled: true });
    this.#onChange();
    this.readCounts();
    return answer;
  }

  #setRead(ids, readAt, step) {
    const wanted = new Set(ids);
    const changed = (item) => (wanted.has(item.id) ? { ...item, read_at: readAt } : item);
    this.#setItems(this.items?.map(changed) ?? null, step);
  }

  #setItems(items, step) {
    this.items = items;
    if (this.unread !== null) this.unread = Math.max(0, this.unread + step);
    this.#announce({ unread: this.unread, settled: false });
    this.#onChange();
  }

  #without(item) {
    return this.items?.filter(({ id }) => id !== item.id) ?? null;
  }

  /* items with this one in its place */
  #with(item, items) {
    const at = items.findIndex((other) => this.#isBelow(other, item));
    return items.toSpliced(at === -1 ? items.length : at, 0, item);
  }
}
