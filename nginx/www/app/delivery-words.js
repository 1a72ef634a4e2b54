/* delivery-words - what became of a delivery, in words. No requests, no elements. */

export const CHANNELS = [
  ['in_app', 'Bell'],
  ['email', 'E-mail'],
  ['webhook', 'Webhook'],
];

const NAMES = new Map(CHANNELS);
const STATUS = { pending: 'waits', sent: 'sent', failed: 'failed', skipped: 'not sent' };
const REPORTED = { delivered: 'delivered', bounced: 'bounced', complained: 'reported as spam' };
/* why something was not sent any more */
const SKIPPED = {
  gone: 'there is nowhere to send it any more',
  deleted: 'the notification was deleted before',
  muted: 'switched off in the preferences',
  read: 'read in the bell before',
  suppressed: 'mail to this address bounces',
};

export const channelName = (channel) => NAMES.get(channel) ?? channel;

/* 'sent', 'delivered', 'waits' …; what the provider told later says more. */
export function stateWord({ status, reported }) {
  return REPORTED[reported] ?? STATUS[status] ?? status;
}

export const isBad = ({ status, reported }) =>
  status === 'failed' || reported === 'bounced' || reported === 'complained';

/* Why, or '' */
export function reasonWords({ status, error }) {
  if (!error) return '';
  if (status === 'skipped') return SKIPPED[error] ?? error;
  return error;
}

/* When it came to be what it is */
export const stateTime = (delivery) =>
  delivery.reported_at ?? delivery.decided_at ?? delivery.created_at;
