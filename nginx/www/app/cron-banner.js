/* cron-banner - says on every page when nothing that is scheduled will happen: cron is silent. */

import { h } from './dom.js';
import { icon } from './icons.js';
import { Poller } from './poll.js';

const POLL_S = 60;

const words = () => [
  icon('offline'),
  h(
    'p',
    { class: 'banner-words' },
    h('strong', {}, 'Nothing is carried out right now. '),
    'Carillon’s cron has been silent for 3 minutes or more. What is scheduled, and mail, waits ' +
      'until it runs again; a moment that is over an hour late by then is missed.',
  ),
];

/* true: silent, false: well, undefined: there was no telling. */
async function isSilent(api) {
  try {
    await api.get('/readyz');
    return false;
  } catch (error) {
    return error.status === 503 && error.message.startsWith('Cron') ? true : undefined;
  }
}

/* Keep the banner at the top of main true, while somebody looks. */
export function followCron(main, api) {
  const place = h('div', { role: 'status' });
  main.prepend(place);
  let shown = false;
  new Poller(async () => {
    const silent = (await isSilent(api)) ?? shown;
    if (silent !== shown)
      place.replaceChildren(
        ...(silent ? [h('div', { class: 'banner alarm cron-silent' }, words())] : []),
      );
    shown = silent;
  }, POLL_S).start();
}
