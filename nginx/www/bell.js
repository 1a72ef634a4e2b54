/*
 * <carillon-bell> - the bell of Carillon, for any page of its origin.
 *
 *   <script type="module" src="/bell.js"></script>
 *   <carillon-bell></carillon-bell>
 *
 * Attributes, all optional:
 *   base   put before every request and link (default: none)
 *   label  the name of the button and the panel (default: Notifications)
 *   inbox  where "Open the whole inbox" leads (default: /dashboard/inbox)
 *   empty  what an empty inbox says
 * It brings its own markup and style and asks nothing of the page. It announces every change as a
 * bubbling `carillon:inbox-changed` event and listens to that of others (app/inbox-events.js).
 */

import { bellSheet } from './app/bell-style.js';
import { bellShell, bellItem, updateBellItem, showCount, showMailProblem, showState } from './app/bell-view.js';
import { createApi, withQuery } from './app/api.js';
import { markAndFollow } from './app/follow.js';
import { announceInbox, InboxChannel, INBOX_CHANGED } from './app/inbox-events.js';
import { Optimistic } from './app/optimistic.js';
import { Poller } from './app/poll.js';
import { reconcile, whileBusy } from './app/dom.js';
import { refreshTimes } from './app/time.js';
import { plural } from './app/words.js';

const PAGE = 20;
const PAGE_MOST = 200; // the API's limit
const POLL_S = 60;
const RETRY_S = 1; // after an answer that a write overtook
const UNDO_MS = 600000; // as long as the API remembers what was marked

class CarillonBell extends HTMLElement {
  #parts;
  #api;
  #poller;
  #channel;
  #optimistic = new Optimistic();
  #items = [];
  #cursor = null;
  #unread = 0;
  #open = false;
  #state = 'loading';
  #readFailed = false;
  #undo; // what the last mark-all can be undone by
  #undoTimer;

  get unread() {
    return this.#unread;
  }

  connectedCallback() {
    if (this.#parts === undefined) this.#build();
    this.#channel = new InboxChannel(this);
    document.addEventListener(INBOX_CHANGED, this.#onInboxChanged);
    document.addEventListener('pointerdown', this.#onOutside);
    this.#poller = new Poller(() => this.#refresh(), POLL_S);
    this.#poller.start();
  }

  disconnectedCallback() {
    this.#poller.stop();
    this.#channel.close();
    document.removeEventListener(INBOX_CHANGED, this.#onInboxChanged);
    document.removeEventListener('pointerdown', this.#onOutside);
  }

  get #base() {
    return this.getAttribute('base') ?? '';
  }

  get #words() {
    return {
      label: this.getAttribute('label') ?? 'Notifications',
      inbox: this.#base + (this.getAttribute('inbox') ?? '/dashboard/inbox'),
      empty:
        this.getAttribute('empty') ?? 'What happens to your experiments and flags appears here.',
    };
  }

  #build() {
    this.#api = createApi({ base: this.#base, onSignedOut: () => this.#setUnread(0) });
    this.#parts = bellShell(this.#words);
    const { button, panel, markAll, undo, list, more, status } = this.#parts;
    const root = this.attachShadow({ mode: 'open' });
    root.adoptedStyleSheets = [bellSheet];
    root.append(button, panel, status);
    button.addEventListener('animationend', () => button.classList.remove('rings'));
    button.addEventListener('click', () => (this.#open ? this.#close() : this.#show()));
    markAll.addEventListener('click', () => this.#markAll());
    undo.addEventListener('click', () => this.#undoMarkAll());
    more.addEventListener('click', () => this.#loadMore());
    list.addEventListener('click', (event) => this.#onItem(event));
    list.addEventListener('auxclick', (event) => this.#onItem(event));
    root.addEventListener('keydown', (event) => this.#onKey(event));
    root.addEventListener('focusout', (event) => this.#onFocusOut(event));
    this.#render();
  }

  /* Reading */

  async #refresh() {
    const limit = Math.min(PAGE_MOST, Math.max(PAGE, this.#open ? this.#items.length : 0));
    let pollAfter;
    let applied;
    try {
      applied = await this.#optimistic.read(
        async () => {
          const answer = await this.#api.get(withQuery('/api/notifications', { limit }));
          pollAfter = answer.pollAfter;
          return answer.data;
        },
        (data) => this.#take(data),
      );
    } catch (error) {
      this.#fail(error);
      throw error;
    }
    return applied ? pollAfter : RETRY_S;
  }

  #take(data) {
    const first = this.#state === 'loading';
    const before = this.#unread;
    this.#items = data.data.map((item) => ({ ...item }));
    this.#cursor = data.hasMore ? data.nextCursor : null;
    this.#state = this.#items.length === 0 ? 'empty' : '';
    if (this.#readFailed) this.#showError('');
    this.#readFailed = false;
    this.#setUnread(data.unreadCount);
    this.#render();
    if (data.unreadCount !== before) {
      announceInbox(this, { unread: data.unreadCount });
      if (data.unreadCount > before && !first) this.#ring(data.unreadCount);
    }
  }

  #fail(error) {
    this.#readFailed = true;
    if (this.#items.length === 0) this.#state = 'failed';
    else if (this.#open) this.#showError(error.message);
    this.#render();
  }

  #ring(count) {
    this.#say(plural(count, 'unread notification'));
    this.#parts.button.classList.add('rings'); // taken off when the swing has ended
  }

  async #loadMore() {
    const { more } = this.#parts;
    const seen = this.#items.length;
    const path = withQuery('/api/notifications', { limit: PAGE, cursor: this.#cursor });
    try {
      const { data } = await whileBusy(more, () => this.#api.get(path));
      const known = new Set(this.#items.map((item) => item.id));
      const rows = data.data.filter((item) => !known.has(item.id));
      this.#items = [...this.#items, ...rows];
      this.#cursor = data.hasMore ? data.nextCursor : null;
      this.#render();
      this.#focusItem(seen);
      this.#say(`${this.#items.length} notifications shown`);
    } catch (error) {
      this.#complain(error);
    }
  }

  /* Mail that fails is no notification, so it is asked for by itself, when somebody looks. */
  async #readMailProblem() {
    try {
      showMailProblem(this.#parts, (await this.#api.get('/v1/auth/me')).data.user);
    } catch {
      // the list says it when nothing can be read
    }
  }

  /* Writing */

  async #markRead(item) {
    const before = item.readAt;
    try {
      const { unread } = await this.#optimistic.write({
        apply: () => this.#setRead([item], new Date().toISOString(), this.#unread - 1),
        undo: () => this.#setRead([item], before, this.#unread + 1),
        send: () => this.#api.post(`/api/notifications/${item.id}/read`),
      });
      this.#settle(unread);
    } catch (error) {
      this.#complain(error);
    }
  }

  async #markAll() {
    const items = this.#items.filter((item) => item.readAt === null);
    const count = this.#unread;
    const focused = this.shadowRoot.activeElement === this.#parts.markAll; // which it is to lose
    try {
      const answer = await this.#optimistic.write({
        apply: () => this.#setRead(items, new Date().toISOString(), 0),
        undo: () => this.#setRead(items, null, this.#unread + count),
        send: () => this.#api.post('/api/notifications/read-all'),
      });
      this.#say('All notifications marked as read');
      this.#settle(answer.unread);
      this.#offerUndo(answer.undo);
      if (focused && this.#open && answer.undo !== undefined) this.#parts.undo.focus();
    } catch (error) {
      this.#complain(error);
    }
  }

  /* undo is undefined when there is nothing left to take back. */
  #offerUndo(undo) {
    clearTimeout(this.#undoTimer);
    this.#undo = undo;
    this.#parts.undo.hidden = undo === undefined;
    if (undo !== undefined) this.#undoTimer = setTimeout(() => this.#offerUndo(), UNDO_MS);
  }

  async #undoMarkAll() {
    const { undo: button, markAll } = this.#parts;
    const focused = this.shadowRoot.activeElement === button;
    try {
      const { data, unread } = await this.#optimistic.write({
        apply() {},
        undo() {},
        send: () => this.#api.post('/v1/notifications/undo', { undo: this.#undo }),
      });
      this.#say(`${data.unmarked} unread again`);
      this.#settle(unread);
      this.#offerUndo();
      if (focused) (markAll.disabled ? this.#parts.button : markAll).focus();
      this.#poller.now(); // which rows they are only the server knows
    } catch (error) {
      this.#complain(error);
      if (error.status === 404) this.#offerUndo();
    }
  }

  #setRead(items, readAt, unread) {
    this.#showError('');
    for (const item of items) this.#find(item.id).readAt = readAt;
    this.#setUnread(Math.max(0, unread));
    this.#render();
    announceInbox(this, { unread: this.#unread, settled: false });
  }

  /* A refresh may have replaced the row meanwhile. */
  #find(id) {
    return this.#items.find((item) => item.id === id) ?? {};
  }

  #settle(unread) {
    if (unread !== undefined) this.#setUnread(unread);
    announceInbox(this, { unread: this.#unread });
  }

  /* Showing */

  #setUnread(count) {
    this.#unread = count;
    showCount(this.#parts, this.#words.label, count);
  }

  #render() {
    const { list, more } = this.#parts;
    showCount(this.#parts, this.#words.label, this.#unread);
    showState(this.#parts, this.#state, this.#words);
    reconcile(list, this.#items, {
      keyOf: (item) => item.id,
      create: (item) => bellItem(item, this.#base),
      update: updateBellItem,
    });
    list.hidden = this.#items.length === 0;
    more.hidden = this.#cursor === null;
    refreshTimes(this.shadowRoot);
  }

  #say(text) {
    this.#parts.status.textContent = text;
  }

  #showError(text) {
    this.#parts.error.textContent = text;
    this.#parts.error.hidden = text === '';
  }

  #complain(error) {
    this.#showError(error.message);
    this.#say(error.message);
    this.#poller.now();
  }

  /* Opening, keys, clicks */

  #show() {
    this.#open = true;
    this.#showError('');
    this.#parts.panel.hidden = false;
    this.#parts.button.setAttribute('aria-expanded', 'true');
    this.#poller.now();
    this.#readMailProblem();
  }

  #close({ focus = false } = {}) {
    this.#open = false;
    this.#parts.panel.hidden = true;
    this.#parts.button.setAttribute('aria-expanded', 'false');
    if (focus) this.#parts.button.focus();
  }

  #onOutside = (event) => {
    if (this.#open && !event.composedPath().includes(this)) this.#close();
  };

  #onFocusOut(event) {
    const to = event.relatedTarget;
    if (this.#open && to !== null && !this.shadowRoot.contains(to)) this.#close();
  }

  #onInboxChanged = (event) => {
    if (event.target === this && !event.detail?.remote) return;
    if (Number.isInteger(event.detail?.unread)) this.#setUnread(event.detail.unread);
    if (this.#open && event.detail?.settled) this.#poller.now();
  };

  #onKey(event) {
    if (!this.#open || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === 'Escape') {
      event.stopPropagation();
      this.#close({ focus: true });
      return;
    }
    const rows = [...this.#parts.list.querySelectorAll('.item')];
    const at = rows.indexOf(this.shadowRoot.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 }[event.key];
    if (to === undefined || rows.length === 0) return;
    if (at === -1 && event.key !== 'ArrowDown') return;
    event.preventDefault();
    if (to < 0) this.#parts.button.focus();
    else this.#focusItem(Math.min(to, rows.length - 1));
  }

  #focusItem(index) {
    this.#parts.list.querySelectorAll('.item')[index]?.focus();
  }

  #onItem(event) {
    const row = event.target.closest('.item');
    if (row === null) return;
    const item = this.#items.find(({ id }) => id === row.parentElement.dataset.key);
    const mark = () => (item.readAt === null ? this.#markRead(item) : undefined);
    markAndFollow(event, row.matches('a') ? row : null, mark);
  }
}

customElements.define('carillon-bell', CarillonBell);
