/* inbox - the page /dashboard/inbox: filters, list, keys, polling. */

import { byId, h, plural } from './dom.js';
import { startPage, failedState } from './page.js';
import { InboxStore, keyOf } from './inbox-store.js';
import { showNotes, showLoading, showEmpty, noteOf, mainOf } from './inbox-view.js';
import { announceInbox, INBOX_CHANGED } from './inbox-events.js';
import { fillLedger } from './ledger.js';
import { markAndFollow } from './follow.js';
import { onKeys } from './keys.js';
import { complain, say } from './status.js';
import { icon } from './icons.js';
import { Roving } from './roving.js';
import { loadTypes } from './types.js';
import { Poller } from './poll.js';
import { withQuery } from './api.js';

const POLL_S = 30;
const STATES = ['all', 'unread', 'read'];

const page = byId('content');
const list = byId('list');
const form = byId('filters');
const moreButton = byId('more');
const markAllButton = byId('mark-all');
const rows = new Roving(list, { row: '.note', main: mainOf, away: byId('title') });

let store;
let client;
let types;
let poller;
let failure = null; // of the last read

function filterFromAddress() {
  const query = new URLSearchParams(location.search);
  const state = query.get('read_state');
  return { read_state: STATES.includes(state) ? state : 'all', type: query.get('type') ?? '' };
}

function filterFromForm() {
  return { read_state: form.elements.read_state.value, type: form.elements.type.value };
}

function putFilterInForm({ read_state: state, type }) {
  form.elements.read_state.value = state;
  form.elements.type.value = type;
  if (form.elements.type.value !== type) form.elements.type.value = '';
}

function applyFilter(filter) {
  const { read_state: state, type } = filter;
  const address = withQuery(location.pathname, { read_state: state === 'all' ? '' : state, type });
  history.replaceState(null, '', address);
  failure = null;
  store.setFilter(filter);
  poller.now();
}

function showAll() {
  putFilterInForm({ read_state: 'all', type: '' });
  applyFilter(filterFromForm());
  form.elements.read_state[0].focus();
}

/* Drawing */

function drawNotice() {
  const text =
    failure !== null && store.items !== null
      ? `${failure.message} You see what was last read.`
      : '';
  byId('notice').hidden = text === '';
  if (text !== '') byId('notice').replaceChildren(icon('offline'), text);
}

function drawList() {
  const { visible } = store;
  list.setAttribute('aria-busy', String(store.items === null && failure === null));
  if (store.items === null && failure !== null) {
    list.replaceChildren(failedState(failure, () => poller.now()));
  } else if (store.items === null) {
    showLoading(list);
  } else if (visible.length === 0) {
    showEmpty(list, store.filter, showAll);
  } else {
    showNotes(list, visible, types);
  }
}

function drawSummary() {
  byId('summary').textContent =
    store.unread === 0
      ? 'You have read everything.'
      : `${plural(store.unread, 'unread notification')}.`;
}

function draw() {
  drawSummary();
  drawNotice();
  rows.around(drawList);
  moreButton.hidden = store.cursor === null;
  markAllButton.disabled = !store.canMarkAll;
  markAllButton.textContent = store.filter.type ? 'Mark these read' : 'Mark all read';
}

/* Changes */

async function change(promise, done, failed) {
  try {
    await promise;
    if (done) say(done);
  } catch (error) {
    complain(error, failed);
    poller.now();
  }
}

function itemOf(note) {
  return store.items.find((item) => keyOf(item) === note.dataset.key);
}

function toggle(item) {
  const read = item.read_at === null;
  return change(
    store.markRead(item, read),
    '',
    `It could not be marked as ${read ? 'read' : 'unread'}.`,
  );
}

function remove(item) {
  return change(store.remove(item), 'Notification deleted', 'It was not deleted.');
}

function markAll() {
  return change(store.markAll(), 'All marked as read', 'They are not marked as read.');
}

/* Events */

function onListClick(event) {
  const note = noteOf(event.target);
  if (note === null) return;
  const item = itemOf(note);
  const action = event.target.closest('[data-action]')?.dataset.action;
  if (action === 'toggle') toggle(item);
  if (action === 'delete') remove(item);
  const main = event.target.closest('.note-main');
  if (main === null) return;
  const mark = () => (item.read_at === null ? toggle(item) : undefined);
  markAndFollow(event, main.matches('a') ? main : null, mark);
}

/* "Where it went" was opened: read it now, since it may have gone on. */
function onUnfold({ target }) {
  if (target.matches('.ledger') && target.open) fillLedger(target, client, itemOf(noteOf(target)).id);
}

/* What every list of ours does with these keys, whatever is turned off. */
function onListKey(event) {
  const note = noteOf(event.target);
  if (note === null || event.ctrlKey || event.metaKey || event.altKey) return;
  const item = itemOf(note);
  const acts = {
    ArrowDown: () => rows.step(1),
    ArrowUp: () => rows.step(-1),
    Home: () => rows.first(),
    End: () => rows.last(),
    Delete: () => remove(item),
  };
  if (!Object.hasOwn(acts, event.key)) return;
  acts[event.key]();
  event.preventDefault();
}

/* For the row that has the focus; without one the key is not ours. */
const onFocused = (act) => () => (rows.focused === null ? false : void act(itemOf(rows.focused)));

function next() {
  if (!rows.step(1) && !moreButton.hidden && !moreButton.disabled) loadMore();
}

async function loadMore() {
  const seen = rows.rows.length;
  moreButton.disabled = true;
  try {
    await store.more();
    if (rows.rows[seen]) rows.focus(rows.rows[seen]);
  } catch (error) {
    complain(error);
  } finally {
    moreButton.disabled = false;
  }
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

function wire() {
  form.addEventListener('change', () => applyFilter(filterFromForm()));
  form.addEventListener('submit', (event) => event.preventDefault());
  list.addEventListener('click', onListClick);
  list.addEventListener('auxclick', onListClick);
  list.addEventListener('keydown', onListKey);
  onKeys({
    next,
    previous: () => void rows.step(-1),
    delete: onFocused(remove),
    toggle: onFocused(toggle),
    back: onFocused(toggle),
  });
  list.addEventListener('toggle', onUnfold, true); // it does not bubble
  moreButton.addEventListener('click', loadMore);
  markAllButton.addEventListener('click', markAll);
  document.addEventListener(INBOX_CHANGED, onInboxChanged);
}

async function unreadNow(api) {
  try {
    return (await api.get('/v1/notifications/unread-count')).data.count;
  } catch {
    return 0; // the bell will tell
  }
}

startPage(async ({ api }) => {
  client = api;
  const [known, unread] = await Promise.all([loadTypes(api), unreadNow(api)]);
  types = known;
  form.elements.type.append(
    ...types.all.map(({ type, label }) => h('option', { value: type }, label)),
  );
  putFilterInForm(filterFromAddress());
  store = new InboxStore(api, filterFromForm(), {
    onChange: draw,
    announce: (news) => announceInbox(page, news),
  });
  store.unread = unread;
  poller = new Poller(refresh, POLL_S);
  wire();
  draw();
  poller.start();
});
