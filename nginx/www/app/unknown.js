/* unknown - what an address of the dashboard shows that has no page (yet). */

import { byId, h } from './dom.js';
import { startPage, emptyState } from './page.js';

startPage(() => {
  byId('content').replaceChildren(
    emptyState({
      drawing: 'inbox',
      title: 'There is no page at this address',
      text:
        'It may not be made yet, or it has moved. The notification that led here still has the ' +
        'whole story.',
      action: h('a', { class: 'button primary', href: '/dashboard/inbox' }, 'Go to the inbox'),
    }),
  );
});
