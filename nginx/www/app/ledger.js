/* ledger - under a notification of the inbox: what became of it, channel by channel. */

import { h } from './dom.js';
import { channelName, isBad, reasonWords, stateTime, stateWord } from './delivery-words.js';
import { timeElement } from './time.js';

function deliveryRow(delivery) {
  const reason = reasonWords(delivery);
  const tries = delivery.attempts > 1 ? `${delivery.attempts} tries` : '';
  return h(
    'div',
    {},
    h('dt', {}, channelName(delivery.channel)),
    h(
      'dd',
      {},
      h('strong', isBad(delivery) ? { class: 'bad' } : {}, stateWord(delivery)),
      ' ',
      timeElement(stateTime(delivery)),
      [delivery.address && `to ${delivery.address}`, reason, tries]
        .filter(Boolean)
        .map((words) => ` · ${words}`),
    ),
  );
}

/* Closed; whoever opens it calls fillLedger(). */
export function ledgerOf() {
  return h(
    'details',
    { class: 'ledger' },
    h('summary', {}, 'Where it went'),
    h('div', { class: 'ledger-body', 'aria-live': 'polite' }),
  );
}

/* The title of what it is under tells several of them apart. */
export function nameLedger(note, title) {
  note.querySelector('.ledger summary')?.setAttribute('aria-label', `Where it went: ${title}`);
}

export async function fillLedger(details, api, id) {
  const body = details.querySelector('.ledger-body');
  try {
    const { data } = await api.get(`/v1/notifications/${id}/deliveries`);
    body.replaceChildren(
      data.deliveries.length > 0
        ? h('dl', { class: 'changes' }, data.deliveries.map(deliveryRow))
        : h('p', { class: 'note-line' }, 'To the bell only.'),
    );
  } catch (error) {
    body.replaceChildren(h('p', { class: 'note-line' }, error.message));
  }
}
