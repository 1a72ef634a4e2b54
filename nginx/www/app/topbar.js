/* topbar - logo, main navigation, then help, bell and avatar, on every authenticated page. */

import '../bell.js';
import { h, hidden } from './dom.js';
import { icon, logoMark } from './icons.js';
import { disclosure } from './disclosure.js';
import { announceInbox, INBOX_CHANGED } from './inbox-events.js';
import { hintKey, onKeys, showKeys } from './keys.js';
import { leave } from './session.js';
import { Poller } from './poll.js';
import { complain } from './status.js';
import { badgeWords } from './words.js';

/* Those at the end are on small screens in the account menu only. */
const PAGES = [
  ['/dashboard/inbox', 'Inbox'],
  ['/dashboard/experiments', 'Experiments'],
  ['/dashboard/flags', 'Flags'],
  ['/dashboard/timeline', 'Timeline'],
  ['/dashboard/issues', 'Issues'],
  ['/dashboard/feedback', 'Feedback'],
  ['/dashboard/jobs', 'Jobs'],
  ['/dashboard/team', 'Team'],
  ['/dashboard/preferences', 'Preferences'],
];
const COUNT_POLL_S = 30;

function mainNav() {
  return h(
    'nav',
    { class: 'main-nav', 'aria-label': 'Main' },
    PAGES.map(([path, name]) =>
      h(
        'a',
        {
          href: path,
          'aria-current': location.pathname === path ? 'page' : null,
        },
        name,
      ),
    ),
  );
}

function helpMenu() {
  const button = h(
    'button',
    { class: 'icon-button', type: 'button', 'aria-controls': 'help-panel', 'aria-label': 'Help' },
    icon('help'),
  );
  const keys = hintKey(
    h('button', { class: 'button', type: 'button' }, 'Keys', h('kbd', { 'aria-hidden': 'true' }, '?')),
    'help',
  );
  onKeys({ help: () => void showKeys() });
  const panel = h(
    'section',
    { id: 'help-panel', class: 'popover help', 'aria-label': 'Help' },
    h('h2', {}, 'Help'),
    h(
      'p',
      {},
      'The bell tells you what your scheduled experiments and flags did, and what your ' +
        'teams should know. It looks for news by itself.',
    ),
    keys,
    h(
      'p',
      {},
      h('a', { href: '/openapi.yaml' }, 'API description'),
      ' · ',
      h('a', { href: '/dashboard/preferences' }, 'Choose what reaches you'),
    ),
  );
  const { close } = disclosure(button, panel);
  keys.addEventListener('click', () => {
    close();
    button.focus(); // so that it comes back there
    showKeys();
  });
  return h('div', { class: 'menu' }, button, panel);
}

function initials(user) {
  const words = (user.name || user.email.split('@')[0]).split(/[\s._-]+/).filter(Boolean);
  return (
    words
      .slice(0, 2)
      .map((word) => [...word][0].toUpperCase())
      .join('') || '?'
  );
}

function menuButton(text, drawing, action) {
  return h(
    'button',
    {
      type: 'button',
      onclick: () => action().catch((error) => complain(error, 'You are still logged in.')),
    },
    icon(drawing),
    text,
  );
}

function avatarPanel(api, user) {
  return h(
    'section',
    { id: 'account-panel', class: 'popover account', 'aria-label': 'Account' },
    h(
      'p',
      { class: 'who' },
      h('strong', {}, user.name || user.email),
      user.name ? h('span', {}, user.email) : null,
    ),
    h('a', { href: '/dashboard/inbox' }, icon('inbox'), 'Inbox'),
    h('a', { href: '/dashboard/preferences' }, icon('sliders'), 'Preferences'),
    h('a', { href: '/dashboard/team' }, icon('team'), 'Team'),
    h('a', { href: '/dashboard/issues' }, icon('issue'), 'Issues'),
    h('a', { href: '/dashboard/feedback' }, icon('feedback'), 'Feedback'),
    h('a', { href: '/dashboard/jobs' }, icon('job'), 'Jobs'),
    h('hr'),
    menuButton('Log out', 'signout', () => leave(api, '/v1/auth/logout')),
    menuButton('Log out everywhere', 'lock', () => leave(api, '/v1/auth/logout-all')),
  );
}

/* The avatar has its own count, polled on its own; a change it sees is news for the bell too. */
function followCount(api, button, words, badge) {
  let count = 0;

  function show(unread) {
    count = unread;
    badge.hidden = unread === 0;
    badge.textContent = badgeWords(unread);
    words.textContent = unread === 0 ? ' account' : ` account, ${unread} unread`;
  }

  show(0);
  document.addEventListener(INBOX_CHANGED, ({ detail }) => {
    if (Number.isInteger(detail?.unread)) show(detail.unread);
  });
  new Poller(async () => {
    const asked = count;
    const { data, pollAfter } = await api.get('/v1/notifications/unread-count');
    if (count === asked && data.count !== count) announceInbox(button, { unread: data.count });
    return pollAfter;
  }, COUNT_POLL_S).start();
}

function avatarMenu(api, user) {
  const words = hidden('');
  const badge = h('span', { class: 'avatar-badge', 'aria-hidden': 'true' });
  const button = h(
    'button',
    { class: 'avatar', type: 'button', 'aria-controls': 'account-panel' },
    initials(user),
    words,
    badge,
  );
  const panel = avatarPanel(api, user);
  disclosure(button, panel);
  followCount(api, button, words, badge);
  return h('div', { class: 'menu' }, button, panel);
}

export function fillTopbar(header, api, user) {
  header.replaceChildren(
    h(
      'a',
      { class: 'logo', href: '/dashboard/inbox', 'aria-label': 'Carillon, to the inbox' },
      logoMark(),
      h('span', {}, 'Carillon'),
    ),
    mainNav(),
    h('div', { class: 'topbar-end' }, helpMenu(), h('carillon-bell'), avatarMenu(api, user)),
  );
}
