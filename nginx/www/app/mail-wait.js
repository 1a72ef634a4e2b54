/* mail-wait - the card that says whether mail waits, and is spared when the bell was read meanwhile. */

import { h } from './dom.js';
import { card, field } from './card.js';
import { complain, say } from './status.js';

const CHOICES = [
  [0, 'At once'],
  [5, 'Only what is unread after 5 minutes'],
  [15, 'Only what is unread after 15 minutes'],
  [60, 'Only what is unread after an hour'],
  [480, 'Only what is unread after 8 hours'],
  [1440, 'Only what is unread after a day'],
];

/* The fixed ones, and whatever else was set through the API. */
function choicesWith(minutes) {
  if (CHOICES.some(([n]) => n === minutes)) return CHOICES;
  return [...CHOICES, [minutes, `Only what is unread after ${minutes} minutes`]].sort(([a], [b]) => a - b);
}

export function mailWaitCard(api, me) {
  let kept = me.preferences?.notifications?.email_after_minutes ?? 0;
  const select = h(
    'select',
    { name: 'wait' },
    choicesWith(kept).map(([n, words]) => h('option', { value: n, selected: n === kept }, words)),
  );
  select.addEventListener('change', async () => {
    const wanted = Number(select.value);
    try {
      await api.patch('/v1/auth/me', {
        preferences: { notifications: { email_after_minutes: wanted } },
      });
      kept = wanted;
      say('Saved');
    } catch (error) {
      if (Number(select.value) === wanted) select.value = String(kept);
      complain(error, 'Not saved.');
    }
  });
  return card(
    'mail-wait',
    'When mail is sent',
    'What you read in the bell meanwhile is not mailed. News of your schedules never waits.',
    field('Mail me', select),
  );
}
