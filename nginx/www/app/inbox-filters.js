/*
 * inbox-filters - which notifications the inbox page is about: the three views, search, state and
 * type. It is all in the address, so a reload or a link shows the same, and Back leads back.
 */

import { asked } from './address.js';
import { withQuery } from './api.js';
import { byId, h, hidden } from './dom.js';
import { VIEWS } from './inbox-store.js';
import { hintKey } from './keys.js';
import { plural } from './words.js';

const STATES = ['all', 'unread', 'read'];
const TYPED_MS = 200; // a pause in typing
const NOUNS = { inbox: 'unread', snoozed: 'snoozed', bin: 'in the bin' };

function filterFromAddress() {
  const [view, state] = [asked('view'), asked('read_state')];
  return {
    view: Object.hasOwn(VIEWS, view ?? '') ? view : 'inbox',
    read_state: STATES.includes(state) ? state : 'all',
    type: asked('type') ?? '',
    q: (asked('q') ?? '').trim(),
  };
}

function addressOf({ view, read_state: state, type, q }) {
  if (view !== 'inbox') return withQuery(location.pathname, { view });
  return withQuery(location.pathname, { read_state: state === 'all' ? '' : state, type, q });
}

/*
 * Wire them; types is the registry. onFilter(filter) is called for each new choice, onSearched()
 * when Enter leads from the field to what was found. Answers {filter, showAll(), search(), draw(counts)}.
 */
export function inboxFilters(types, { onFilter, onSearched }) {
  const form = byId('filters');
  const { q: search, type: select, read_state: states } = form.elements;
  const views = [...byId('views').querySelectorAll('a')];
  let filter;
  let timer;

  select.append(...types.all.map(({ type, label }) => h('option', { value: type }, label)));
  hintKey(search, 'search');

  /* What the controls say. */
  function fromForm() {
    return {
      view: filter.view,
      read_state: states.value,
      type: select.value,
      q: search.value.trim(),
    };
  }

  /* Set the controls; answers what they can hold of it. */
  function put(wanted) {
    states.value = wanted.read_state;
    select.value = wanted.type;
    if (select.value !== wanted.type) select.value = '';
    search.value = wanted.q;
    form.hidden = wanted.view !== 'inbox';
    for (const link of views) {
      if (link.dataset.view === wanted.view) link.setAttribute('aria-current', 'page');
      else link.removeAttribute('aria-current');
    }
    return { ...wanted, type: select.value };
  }

  function choose(wanted) {
    clearTimeout(timer);
    if (JSON.stringify(wanted) === JSON.stringify(filter)) return;
    const go = wanted.view === filter.view ? 'replaceState' : 'pushState';
    history[go](null, '', addressOf(wanted));
    filter = wanted;
    onFilter(filter);
  }

  function openView(event) {
    const link = event.target.closest('[data-view]');
    if (link === null || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    choose(put({ view: link.dataset.view, read_state: 'all', type: '', q: '' }));
  }

  function onTyped() {
    clearTimeout(timer);
    timer = setTimeout(() => choose(fromForm()), TYPED_MS);
  }

  function onSubmit(event) {
    event.preventDefault();
    choose(fromForm());
    onSearched();
  }

  filter = put(filterFromAddress());
  search.addEventListener('input', onTyped);
  form.addEventListener('change', () => choose(fromForm()));
  form.addEventListener('submit', onSubmit);
  byId('views').addEventListener('click', openView);
  addEventListener('popstate', () => {
    filter = put(filterFromAddress());
    onFilter(filter);
  });

  return {
    get filter() {
      return filter;
    },
    showAll() {
      states.value = 'all';
      select.value = '';
      search.value = '';
      choose(fromForm());
      states[0].focus();
    },
    search() {
      if (form.hidden) views[0].click();
      search.focus();
      search.select();
    },
    /* How many there are, where that is known. */
    draw(counts, unread) {
      const of = { inbox: unread, snoozed: counts?.snoozed ?? 0, bin: counts?.bin ?? 0 };
      for (const link of views) {
        const { view } = link.dataset;
        const count = link.querySelector('.count');
        count.hidden = of[view] === 0;
        count.replaceChildren(of[view].toLocaleString('en'), hidden(` ${NOUNS[view]}`));
      }
      for (const option of select.options) {
        const label = option.value === '' ? 'All types' : types.label(option.value);
        const unreadOfIt = counts?.types[option.value] ?? 0;
        const words = unreadOfIt === 0 ? label : `${label} (${unreadOfIt.toLocaleString('en')})`;
        if (option.textContent !== words) option.textContent = words;
      }
    },
  };
}

/* 'Nothing found', '3 notifications', '50 notifications, and there are more' */
export function foundWords(count, hasMore) {
  if (count === 0) return 'Nothing found';
  return `${plural(count, 'notification')}${hasMore ? ', and there are more' : ''}`;
}
