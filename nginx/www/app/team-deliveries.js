/* team-deliveries - what could not be delivered to members, and sending it again. */

import { h } from './dom.js';
import { card } from './card.js';
import { confirmAction } from './dialog.js';
import { channelName } from './delivery-words.js';
import { pagedList } from './paged.js';
import { complain, say } from './status.js';
import { managesTeam } from './teams.js';
import { timeElement } from './time.js';

const PAGE = 20;

const isUnknown = ({ error }) => /^unknown/.test(error ?? '');

function mayRepeat() {
  return confirmAction({
    title: 'Send it although it may have arrived?',
    action: 'Send again',
    text: 'Nobody knows what became of it. If it has arrived, it arrives twice.',
  });
}

async function replay({ api, path }, delivery, row) {
  const unknown = isUnknown(delivery);
  if (unknown && !(await mayRepeat())) return;
  try {
    await api.post(`${path}/deliveries/${delivery.id}/replay`, unknown ? { may_repeat: true } : {});
    row.remove();
    say('It is sent again within a minute');
  } catch (error) {
    complain(error, 'Not sent again.');
  }
}

function deliveryRow(context, delivery) {
  const name = delivery.user?.name ?? 'somebody';
  const row = h(
    'li',
    { class: 'line' },
    h(
      'span',
      { class: 'line-words' },
      h('strong', {}, delivery.title ?? delivery.type),
      h(
        'small',
        {},
        `${channelName(delivery.channel)} to ${name}`,
        delivery.address ? ` (${delivery.address})` : '',
        ' · ',
        timeElement(delivery.decided_at ?? delivery.created_at),
      ),
      h('small', { class: 'bad' }, delivery.error ?? 'no reason was kept'),
    ),
    h(
      'button',
      {
        class: 'button',
        type: 'button',
        'aria-label': `Send again: ${delivery.title ?? delivery.type} to ${name}`,
        onclick: () => replay(context, delivery, row),
      },
      'Send again',
    ),
  );
  return row;
}

export function deliveriesCard(id, context) {
  const { api, path, team } = context;
  const body = h('div', { class: 'card-body' });
  const pages = pagedList({
    api,
    path: `${path}/deliveries`,
    noun: 'deliveries',
    limit: PAGE,
    place: body,
    kind: 'lines',
    more: 'Load older failures',
    row: (delivery) => deliveryRow(context, delivery),
    empty: {
      drawing: 'check',
      title: 'Nothing has failed',
      text: 'Mail and webhooks to members of this team arrive, or are still being tried.',
    },
    around: (list, more) => [list, more],
  });
  if (managesTeam(team.role)) pages.show();
  else body.append(h('p', { class: 'note-line' }, 'Only owners and admins see these.'));
  return card(
    id,
    'Failed deliveries',
    'What was tried as often as it makes sense, and did not reach its member.',
    body,
  );
}
