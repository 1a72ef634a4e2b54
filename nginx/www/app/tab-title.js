/*
 * tab-title - "(3) Inbox · Carillon": how many are unread, in the title of every page of ours.
 *
 * It hears what the bell hears and asks for nothing. The bell itself leaves the title alone: on
 * other sites it is theirs.
 */

import { INBOX_CHANGED } from './inbox-events.js';

let name = document.title;
let unread = 0;

function show() {
  const title = unread === 0 ? name : `(${unread.toLocaleString('en')}) ${name}`;
  if (document.title !== title) document.title = title;
}

/* What the page is about, when that is known only later. */
export function nameTab(text) {
  name = `${text} · Carillon`;
  show();
}

export function followTitle() {
  document.addEventListener(INBOX_CHANGED, ({ detail }) => {
    if (!Number.isInteger(detail?.unread)) return;
    unread = detail.unread;
    show();
  });
}
