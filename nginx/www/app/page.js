/*
 * page - what every authenticated page starts with: who is here, the top bar, the status line.
 *
 *   startPage(async ({ api, me }) => { … });
 */

import { createApi } from './api.js';
import { followCron } from './cron-banner.js';
import { byId, h } from './dom.js';
import { icon } from './icons.js';
import { fillTopbar } from './topbar.js';
import { followSession } from './session.js';
import { prepareStatus } from './status.js';
import { followTitle } from './tab-title.js';
import { keepTimes } from './time.js';

/* A panel in the place of content: nothing there, an error, a page that is not made yet. */
export function emptyState({ drawing, title, text, action = null }) {
  return h(
    'div',
    { class: 'empty' },
    h('div', { class: 'empty-mark' }, icon(drawing)),
    h('p', { class: 'empty-title' }, title),
    h('p', {}, text),
    action,
  );
}

export function failedState(error, retry) {
  return emptyState({
    drawing: error.status === 0 ? 'offline' : 'issue',
    title: error.status === 0 ? 'You seem to be offline' : 'This could not be read',
    text: error.message,
    action: h(
      'button',
      { class: 'button', type: 'button', 'data-focus-key': 'again', onclick: retry },
      'Try again',
    ),
  });
}

async function run(start) {
  const api = createApi();
  let me;
  try {
    me = (await api.get('/v1/auth/me')).data.user;
  } catch (error) {
    if (error.status !== 401) {
      byId('content').replaceChildren(failedState(error, () => location.reload()));
    }
    return;
  }
  fillTopbar(byId('topbar'), api, me);
  followCron(byId('main'), api);
  await start({ api, me });
}

export function startPage(start) {
  followSession();
  prepareStatus();
  followTitle();
  keepTimes(document);
  return run(start);
}
