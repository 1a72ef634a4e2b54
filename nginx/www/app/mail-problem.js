/* mail-problem - tells a user that mail to them comes back. */

import { h } from './dom.js';
import { icon } from './icons.js';
import { timeElement } from './time.js';

/* problem is mail_problem of GET /v1/auth/me: an object, or null for none. */
export function mailProblemWords({ since, detail }, email) {
  return [
    h('strong', {}, 'Mail to you comes back. '),
    `Since a mail to ${email} bounced (`,
    timeElement(since),
    detail ? `: “${detail}”` : '',
    '), nothing but login codes is mailed to you. When the mailbox works again, ask an owner or ' +
      'admin of your team to resume it.',
  ];
}

export function mailProblemBanner(me) {
  if (!me.mail_problem) return null;
  return h(
    'div',
    { class: 'banner alarm' },
    icon('issue'),
    h('p', { class: 'banner-words' }, mailProblemWords(me.mail_problem, me.email)),
  );
}
