/* team-deliveries - what could not be delivered to members, and sending it again. */

import { h, oneAtATime } from './dom.js';
import { card } from './card.js';
import { confirmAction } from './dialog.js';
import { channelName, stateWord } from './delivery-words.js';
import { pagedList } from './paged.js';
import { complain, say } from './status.js';
import { managesTeam } from './teams.js';
import { timeElement } from './time.js';

const PAGE = 20;

const DOUBTFUL = 422;

/* Whether it may arrive twice. What stands against it is the server's to say: it knows what was told since. */
function mayRepeat({ message }) {
  const [doubt] = message.split(':');
  return confirmAction({
    title: 'Send it all the same?',
    action: 'Send again',
    text: `${doubt}. Whoever got it gets it twice.`,
  });
}

async function replay({ api, path }, delivery, drop, body = {}) {
  try {
    await api.post(`${path}/deliveries/${delivery.id}/replay`, body);
    drop();
    say('It is sent again within a minute');
  } catch (error) {
    if (error.status !== DOUBTFUL || body.may_repeat) complain(error, 'Not sent again.');
    else if (await mayRepeat(error)) await replay({ api, path }, delivery, drop, { may_repeat: true });
  }
}

function deliveryRow(context, delivery, drop) {
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
      delivery.reported ? h('small', {}, `${stateWord(delivery)} after all`) : null,
    ),
    h(
      'button',
      {
        class: 'button',
        type: 'button',
        'aria-label': `Send again: ${delivery.title ?? delivery.type} to ${name}`,
        onclick: oneAtATime(() => replay(context, delivery, () => drop(row))),
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
    row: (delivery) => deliveryRow(context, delivery, pages.drop),
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
