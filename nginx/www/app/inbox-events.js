/*
 * inbox-events - keep everything that shows the inbox in step: bell, avatar, page and other tabs.
 *
 * Whoever changes the inbox, or learns that it changed, announces it with a bubbling DOM event.
 *   detail.unread   the new count, or undefined when it is not known
 *   detail.settled  false while the server has not yet answered, so re-reading would show the past
 *   detail.remote   true when another tab was the one
 * The bell passes settled events on to the other tabs.
 */

export const INBOX_CHANGED = 'carillon:inbox-changed';

export function announceInbox(from, { unread, settled = true, remote = false }) {
  from.dispatchEvent(
    new CustomEvent(INBOX_CHANGED, {
      bubbles: true,
      composed: true,
      detail: { unread, settled, remote },
    }),
  );
}

/* Carries settled changes between tabs of one browser. */
export class InboxChannel {
  #channel;
  #relay = (event) => {
    if (event.detail?.settled && !event.detail.remote) {
      this.#channel.postMessage({ unread: event.detail.unread });
    }
  };

  /* from is the element that announces what other tabs did. */
  constructor(from) {
    this.#channel = new BroadcastChannel('carillon-inbox');
    this.#channel.onmessage = ({ data }) => {
      const unread = Number.isInteger(data?.unread) ? data.unread : undefined;
      announceInbox(from, { unread, remote: true });
    };
    document.addEventListener(INBOX_CHANGED, this.#relay);
  }

  close() {
    document.removeEventListener(INBOX_CHANGED, this.#relay);
    this.#channel.close();
  }
}
