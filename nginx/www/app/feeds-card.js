/* feeds-card - addresses for feed readers and calendars: made, copied, revoked. */

import { h } from './dom.js';
import { card, field, onSubmit, removeButton } from './card.js';
import { confirmed } from './confirmed.js';
import { copyField } from './copy-field.js';
import { icon } from './icons.js';
import { pagedList } from './paged.js';
import { say } from './status.js';
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

function revoke(api, feed, drop) {
  const question = {
    title: `Revoke ${nameOf(feed)}?`,
    action: 'Revoke',
    text: 'Whatever reads this address gets nothing any more. This cannot be taken back.',
  };
  return confirmed(question, {
    async act() {
      await api.delete(`${PATH}/${feed.id}`);
      drop();
    },
    done: 'Address revoked',
    failed: 'Not revoked.',
  });
}

/* What it is, where the name does not say it, and what has become of it. */
function storyOf({ kind, name, last_used_at: used, created_at: made }) {
  const what = name ? `${KINDS[kind].name} · made ` : 'Made ';
  return h('small', {}, what, timeElement(made), used ? ' · last read ' : ' · never read', used ? timeElement(used) : null);
}

function feedRow(api, feed, drop) {
  const name = nameOf(feed);
  const row = h(
    'li',
    { class: 'feed', 'data-id': feed.id },
    h(
      'div',
      { class: 'line' },
      h('span', { class: 'kind' }, icon(KINDS[feed.kind].drawing)),
      h('span', { class: 'line-words' }, h('strong', {}, name), storyOf(feed)),
      removeButton('Revoke', name, () => revoke(api, feed, () => drop(row))),
    ),
    copyField({
      value: feed.url,
      label: `Address of ${name}`,
      said: 'Address copied',
      of: `the address of ${name}`,
    }),
  );
  return row;
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

export function feedsCard(api) {
  const body = h('div', { class: 'card-body' });
  const pages = pagedList({
    api,
    path: PATH,
    noun: 'feeds',
    limit: PAGE,
    place: body,
    kind: 'lines',
    more: 'Load more addresses',
    row: (feed) => feedRow(api, feed, pages.drop),
    empty: {
      drawing: 'calendar',
      title: 'No addresses yet',
      text: 'Make one and paste it into your calendar or feed reader.',
    },
    around: (list, more) => [list, more, makeForm(api, made)],
  });

  async function made(feed) {
    await pages.reload();
    pages.list.querySelector(`[data-id="${feed.id}"] input`)?.focus();
    say('Address created: paste it where it shall be read');
  }

  pages.show();
  return card(
    'feeds',
    'Calendar and feed reader',
    'Addresses that other programs read without logging in. Whoever has one can read it, so keep ' +
      'it to yourself; revoke it when in doubt.',
    body,
  );
}
