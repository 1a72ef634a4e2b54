/* webhook-card - the caller's webhook: made (its secret is shown once), tried, deleted. */

import { h } from './dom.js';
import { card, field, loadInto, onSubmit } from './card.js';
import { confirmed } from './confirmed.js';
import { isBad, reasonWords, stateTime, stateWord } from './delivery-words.js';
import { secretBox } from './secret-box.js';
import { complain, say } from './status.js';
import { timeElement } from './time.js';

const PATH = '/v1/auth/me/webhooks';

function lastWords({ gone_at: gone, last_delivery: last }) {
  if (gone) return ['The receiver is gone since ', timeElement(gone), '; nothing more is sent.'];
  if (!last) return ['Nothing was sent yet.'];
  const reason = reasonWords(last);
  return [
    last.type === 'webhook.test' ? 'Last test: ' : 'Last notification: ',
    h('strong', isBad(last) ? { class: 'bad' } : {}, stateWord(last)),
    ' ',
    timeElement(stateTime({ decided_at: last.at })),
    reason ? ` · ${reason}` : '',
  ];
}

async function tryOut(api, webhook, reload) {
  try {
    await api.post(`${PATH}/${webhook.id}/test`);
    say('A test is on its way: within a minute it shows here what became of it');
    await reload();
  } catch (error) {
    complain(error, 'No test was sent.');
  }
}

function remove(api, webhook, reload) {
  const question = {
    title: 'Delete the webhook?',
    action: 'Delete',
    text: 'Nothing is sent there any more, also not what waits.',
  };
  return confirmed(question, {
    async act() {
      await api.delete(`${PATH}/${webhook.id}`);
      await reload();
    },
    done: 'Webhook deleted',
    failed: 'Not deleted.',
  });
}

function webhookRow(api, webhook, reload) {
  const button = (words, onclick) =>
    h('button', { class: 'button', type: 'button', 'data-focus-key': words, onclick }, words);
  return h(
    'ul',
    { class: 'lines' },
    h(
      'li',
      { class: 'line' },
      h(
        'span',
        { class: 'line-words' },
        h('strong', {}, webhook.name || 'Webhook'),
        h('small', {}, h('code', {}, webhook.url)),
        h('small', {}, lastWords(webhook)),
      ),
      h(
        'span',
        { class: 'tags' },
        button('Refresh', reload),
        button('Send a test', () => tryOut(api, webhook, reload)),
        button('Delete webhook', () => remove(api, webhook, reload)),
      ),
    ),
  );
}

function makeForm(api, made) {
  const form = h(
    'form',
    { class: 'stack' },
    h(
      'div',
      { class: 'fields' },
      field(
        'Address',
        h('input', {
          name: 'url',
          type: 'url',
          required: true,
          maxlength: 2000,
          placeholder: 'https://…',
          autocomplete: 'off',
        }),
      ),
      field('Name (optional)', h('input', { name: 'name', maxlength: 200, autocomplete: 'off' })),
    ),
    h('div', {}, h('button', { class: 'button primary', type: 'submit' }, 'Create webhook')),
  );
  return onSubmit(form, 'No webhook was made.', async ({ url, name }) => {
    const { data } = await api.post(PATH, { url: url.trim(), name: name.trim() });
    await made(data.secret);
  });
}

/* onChange(webhook or undefined) is told what there is, at first and after every change. */
export function webhookCard(api, onChange) {
  const fresh = h('div', {});
  const body = h('div', { class: 'card-body' });

  async function made(secret) {
    const box = secretBox(secret, 'Secret of the new webhook');
    fresh.replaceChildren(box);
    await reload();
    box.querySelector('input').focus();
    say('Webhook created: copy its secret now');
  }

  function reload() {
    return loadInto(body, async () => {
      const [webhook] = (await api.get(PATH)).data.webhooks;
      body.replaceChildren(fresh, webhook ? webhookRow(api, webhook, reload) : makeForm(api, made));
      onChange(webhook);
    });
  }

  reload();
  return card(
    'webhook',
    'Webhook',
    'For your chat or your own tools: notifications are posted to an address of yours, signed as ' +
      'Standard Webhooks have it. News of your schedules goes there as soon as there is one.',
    body,
  );
}
