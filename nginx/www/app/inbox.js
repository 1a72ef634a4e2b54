/* inbox - the page /dashboard/inbox: three views of notifications, their list, keys, polling. */

import { byId } from './dom.js';
import { startPage } from './page.js';
import { inboxActions } from './inbox-actions.js';
import { foundWords, inboxFilters } from './inbox-filters.js';
import { InboxStore } from './inbox-store.js';
import { showNotes, showLoading, showEmpty, showFailed, noteOf, mainOf } from './inbox-view.js';
import { announceInbox, INBOX_CHANGED } from './inbox-events.js';
import { highlight } from './highlight.js';
import { fillLedger } from './ledger.js';
import { markAndFollow } from './follow.js';
import { hintKey, onKeys, showKeys } from './keys.js';
import { attempt, tell } from './status.js';
import { icon } from './icons.js';
import { Roving } from './roving.js';
import { loadTypes } from './types.js';
import { followUndo } from './undo.js';
import { Poller } from './poll.js';
import { plural } from './words.js';

const POLL_S = 30;
const SUMMARIES = {
  snoozed: 'What you have put off comes back by itself, as unread.',
  bin: 'What you delete stays here for 90 days.',
};

const page = byId('content');
const list = byId('list');
const moreButton = byId('more');
const markAllButton = byId('mark-all');
const rows = new Roving(list, { row: '.note', main: mainOf, away: byId('title') });

let store;
let client;
let types;
let filters;
let actions;
let poller;
let failure = null; // of the last read
let untold = false; // a choice whose result was not read out yet
let firstWanted = false; // Enter in the search field leads to what is found

/* Drawing */

function drawNotice() {
  const text =
    failure !== null && !store.isLoading ? `${failure.message} You see what was last read.` : '';
  byId('notice').hidden = text === '';
  if (text !== '') byId('notice').replaceChildren(icon('offline'), text);
}

function drawList() {
  const { visible, isLoading } = store;
  list.setAttribute('aria-busy', String(isLoading && failure === null));
  if (isLoading && failure !== null) {
    showFailed(list, failure, () => poller.now());
  } else if (isLoading) {
    showLoading(list);
  } else if (visible.length === 0) {
    showEmpty(list, store.filter, filters.showAll);
  } else {
    showNotes(list, visible, types, store.filter.view);
    highlight(list.querySelectorAll('.note-main, .note-body'), store.filter.q);
  }
}

function unreadWords(unread) {
  if (unread === null) return '';
  return unread === 0 ? 'You have read everything.' : `${plural(unread, 'unread notification')}.`;
}

function drawSummary() {
  const { unread } = store;
  byId('summary').textContent = SUMMARIES[store.filter.view] ?? unreadWords(unread);
  filters.draw(store.counts, unread ?? 0);
}

/* A choice is settled when the server has answered: say how many, and go there if Enter asked. */
function settleChoice() {
  if (!store.isSettled) return;
  if (untold) tell(foundWords(store.visible.length, store.cursor !== null));
  if (firstWanted) rows.first();
  untold = false;
  firstWanted = false;
}

function draw() {
  const { view, type, q } = store.filter;
  drawSummary();
  drawNotice();
  rows.around(drawList);
  moreButton.hidden = store.cursor === null || store.isLoading;
  markAllButton.hidden = view !== 'inbox' || q !== '';
  markAllButton.disabled = !store.canMarkAll;
  markAllButton.textContent = type ? 'Mark these read' : 'Mark all read';
  settleChoice();
}

/* Events */

function onFilter(filter) {
  failure = null;
  untold = true;
  firstWanted = false;
  store.setFilter(filter);
  poller.now();
}

function itemOf(note) {
  return store.items.find(({ id }) => id === note.dataset.key);
}

/* What a key or a button with this name does in the view that is shown; undefined for nothing. */
function actOf(name) {
  const { toggle, remove, snooze, bringBack } = actions;
  return {
    inbox: { toggle, snooze, delete: remove, back: toggle },
    snoozed: { snooze, delete: remove, back: bringBack },
    bin: { back: bringBack },
  }[store.filter.view][name];
}

function onListClick(event) {
  const note = noteOf(event.target);
  if (note === null) return;
  const item = itemOf(note);
  const button = event.target.closest('[data-action]');
  if (button !== null && event.type === 'click') actOf(button.dataset.action)(item);
  const main = event.target.closest('.note-main');
  if (main === null) return;
  const canMark = store.filter.view === 'inbox' && item.read_at === null;
  const mark = () => (canMark ? actions.toggle(item) : undefined);
  markAndFollow(event, main.matches('a') ? main : null, mark);
}

/* "Where it went" was opened: read it now, since it may have gone on. */
function onUnfold({ target }) {
  if (target.matches('.ledger') && target.open) fillLedger(target, client, itemOf(noteOf(target)).id);
}

/* For the row that has the focus; without one the key is not ours. */
const onFocused = (name) => () => {
  const act = rows.focused === null ? undefined : actOf(name);
  if (act === undefined) return false;
  act(itemOf(rows.focused));
  return true;
};

/* What every list of ours does with these keys, whatever is turned off. */
const LIST_KEYS = {
  ArrowDown: () => rows.step(1),
  ArrowUp: () => rows.step(-1),
  Home: () => rows.first(),
  End: () => rows.last(),
  Delete: onFocused('delete'),
};

function onListKey(event) {
  if (noteOf(event.target) === null || event.ctrlKey || event.metaKey || event.altKey) return;
  if (!Object.hasOwn(LIST_KEYS, event.key)) return;
  LIST_KEYS[event.key]();
  event.preventDefault();
}

function next() {
  if (!rows.step(1) && !moreButton.hidden && !moreButton.disabled) loadMore();
}

async function loadMore() {
  const seen = rows.rows.length;
  await attempt(moreButton, async () => {
    await store.more();
    if (rows.rows[seen]) rows.focus(rows.rows[seen]);
  });
}

async function refresh() {
  try {
    const wait = await store.refresh();
    if (failure !== null) {
      failure = null;
      draw();
    }
    return wait;
  } catch (error) {
    failure = error;
    draw();
    throw error;
  }
}

function onInboxChanged({ target, detail }) {
  if (target === page || !Number.isInteger(detail?.unread)) return;
  store.unread = detail.unread;
  drawSummary();
  if (detail.settled) poller.now();
}

function onSearched() {
  firstWanted = true;
  settleChoice();
}

function wire() {
  list.addEventListener('click', onListClick);
  list.addEventListener('auxclick', onListClick);
  list.addEventListener('keydown', onListKey);
  list.addEventListener('toggle', onUnfold, true); // it does not bubble
  moreButton.addEventListener('click', loadMore);
  markAllButton.addEventListener('click', actions.markAll);
  hintKey(byId('keys'), 'help').addEventListener('click', showKeys);
  document.addEventListener(INBOX_CHANGED, onInboxChanged);
  onKeys({
    next,
    previous: () => void rows.step(-1),
    search: filters.search,
    ...Object.fromEntries(
      ['delete', 'toggle', 'snooze', 'back'].map((name) => [name, onFocused(name)]),
    ),
  });
  followUndo();
}

startPage(async ({ api }) => {
  client = api;
  types = await loadTypes(api);
  filters = inboxFilters(types, { onFilter, onSearched });
  store = new InboxStore(api, filters.filter, {
    onChange: draw,
    announce: (news) => announceInbox(page, news),
  });
  poller = new Poller(refresh, POLL_S);
  actions = inboxActions({ store, rows, list, renew: () => poller.now() });
  wire();
  await store.readCounts();
  untold = store.filter.q !== '';
  draw();
  poller.start();
});
