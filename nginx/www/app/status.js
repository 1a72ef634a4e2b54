/* status - the page's one polite status line: what was done, and what could not be done. */

import { h, hidden } from './dom.js';
import { icon } from './icons.js';

const STAY_MS = 6000; // errors stay until they are closed or followed by other news

let line;
let timer;

function statusLine() {
  if (line === undefined) {
    line = h('div', { class: 'toast', role: 'status' });
    document.body.append(line);
  }
  return line;
}

function clear() {
  clearTimeout(timer);
  statusLine().replaceChildren();
}

/* Make the line before there is news: a live region that is born full is not read out. */
export function prepareStatus() {
  statusLine();
}

export function say(text) {
  clear();
  statusLine().append(h('p', {}, icon('check'), text));
  timer = setTimeout(clear, STAY_MS);
}

/* error is an ApiError, or anything with a message. what: 'The key was not made.' */
export function complain(error, what = '') {
  if (error.status === 401) return; // the login page is on its way
  clear();
  statusLine().append(
    h(
      'p',
      { class: 'alarm' },
      icon('issue'),
      [what, error.message].filter(Boolean).join(' '),
      h(
        'button',
        { type: 'button', class: 'icon-button', onclick: clear },
        icon('close'),
        hidden('Close message'),
      ),
    ),
  );
}
