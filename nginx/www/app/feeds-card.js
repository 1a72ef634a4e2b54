/* feeds-card - addresses for feed readers and calendars: made, copied, revoked. */

import { h, hidden } from './dom.js';
import { card, field, loadInto, onSubmit } from './card.js';
import { copyField } from './copy-field.js';
import { confirmAction } from './dialog.js';
import { icon } from './icons.js';
import { emptyState } from './page.js';
import { pagedList } from './paged.js';
import { complain, say } from './status.js';
import { timeElement } from './time.js';

const PATH = '/v1/feeds';
const PAGE = 50; // as many as there can be
const KINDS = {
  calendar: {
    name: 'Schedule calendar',
    drawing: 'calendar',
    option: 'Calendar: what is scheduled in your teams',
  },
  atom: {
    name: 'Inbox feed',
    drawing: 'feed',
    option: 'Atom feed: your notifications',
  },
};

const nameOf = ({ kind, name }) => name || KINDS[kind].name;

async function revoke(api, feed, reload) {
  const sure = await confirmAction({
    title: `Revoke ${nameOf(feed)}?`,
    action: 'Revoke',
    text: 'Whatever reads this address gets nothing any more. This cannot be taken back.',
  });
  if (!sure) return;
  try {
    await api.delete(`${PATH}/${feed.id}`);
    await reload();
    say('Address revoked');
  } catch (error) {
    complain(error, 'Not revoked.');
  }
}

/* What it is, where the name does not say it, and what has become of it. */
function storyOf({ kind, name, last_used_at: used, created_at: made }) {
  const what = name ? `${KINDS[kind].name} · made ` : 'Made ';
  return h('small', {}, what, timeElement(made), used ? ' · last read ' : ' · never read', used ? timeElement(used) : null);
}

function feedRow(api, feed, reload) {
  const name = nameOf(feed);
  return h(
    'li',
    { class: 'feed', 'data-id': feed.id },
    h(
      'div',
      { class: 'line' },
      h('span', { class: 'kind' }, icon(KINDS[feed.kind].drawing)),
      h('span', { class: 'line-words' }, h('strong', {}, name), storyOf(feed)),
      h(
        'button',
        {
          class: 'icon-button',
          type: 'button',
          title: 'Revoke',
          onclick: () => revoke(api, feed, reload),
        },
        icon('trash'),
        hidden(`Revoke ${name}`),
      ),
    ),
    copyField({
      value: feed.url,
      label: `Address of ${name}`,
      said: 'Address copied',
      of: `the address of ${name}`,
    }),
  );
}

function makeForm(api, made) {
  const form = h(
    'form',
    { class: 'stack' },
    h('h3', {}, 'New address'),
    h(
      'div',
      { class: 'fields' },
      field(
        'What to read',
        h(
          'select',
          { name: 'kind' },
          Object.entries(KINDS).map(([kind, { option }]) => h('option', { value: kind }, option)),
        ),
      ),
      field(
        'Where it is used (optional)',
        h('input', { name: 'name', maxlength: 200, autocomplete: 'off', placeholder: 'Phone' }),
      ),
    ),
    h('div', {}, h('button', { class: 'button primary', type: 'submit' }, 'Create address')),
  );
  return onSubmit(form, 'No address was made.', async ({ kind, name }) => {
    const { data } = await api.post(PATH, { kind, name: name.trim() });
    form.reset();
    await made(data.feed);
  });
}

function noFeeds() {
  return h(
    'li',
    {},
    emptyState({
      drawing: 'calendar',
      title: 'No addresses yet',
      text: 'Make one and paste it into your calendar or feed reader.',
    }),
  );
}

export function feedsCard(api) {
  const list = h('ul', { class: 'lines' });
  const more = h('button', { class: 'button', type: 'button', hidden: true }, 'Load more addresses');
  const body = h('div', { class: 'card-body' });
  const pages = pagedList({
    api,
    path: PATH,
    noun: 'feeds',
    list,
    more,
    limit: PAGE,
    row: (feed) => feedRow(api, feed, pages.reload),
    empty: noFeeds,
  });

  async function made(feed) {
    await pages.reload();
    list.querySelector(`[data-id="${feed.id}"] input`)?.focus();
    say('Address created: paste it where it shall be read');
  }

  loadInto(body, async () => {
    await pages.reload();
    body.replaceChildren(list, more, makeForm(api, made));
  });
  return card(
    'feeds',
    'Calendar and feed reader',
    'Addresses that other programs read without logging in. Whoever has one can read it, so keep ' +
      'it to yourself; revoke it when in doubt.',
    body,
  );
}
