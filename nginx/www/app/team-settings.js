/* team-settings - name and strict schedules of a team. */

import { byId, h } from './dom.js';
import { card, field, loadInto, onSubmit } from './card.js';
import { changesOf } from './resource-parts.js';
import { managesTeam } from './teams.js';
import { say } from './status.js';

function settingsForm({ api, path, team }, settings) {
  const readOnly = !managesTeam(team.role);
  const form = h(
    'form',
    { class: 'stack' },
    field(
      'Team name',
      h('input', {
        name: 'name',
        value: settings.name,
        required: true,
        maxlength: 200,
        readonly: readOnly,
      }),
    ),
    h(
      'label',
      { class: 'switch-row' },
      h('input', {
        type: 'checkbox',
        role: 'switch',
        class: 'switch',
        name: 'strict',
        checked: settings.strict_schedules,
        disabled: readOnly,
        'aria-describedby': 'strict-why',
      }),
      h(
        'span',
        {},
        'Strict schedules',
        h(
          'small',
          { id: 'strict-why' },
          'A schedule fails, and says so, when whoever made it may ' +
            'no longer publish. Without this it fires whatever became of them.',
        ),
      ),
    ),
    readOnly
      ? h('p', { class: 'note-line' }, 'Only owners and admins change these.')
      : h('div', {}, h('button', { class: 'button primary', type: 'submit' }, 'Save settings')),
  );
  return onSubmit(form, 'Not saved.', async ({ name, strict }) => {
    const wanted = { name: name.trim(), strict_schedules: strict === 'on' };
    const changes = changesOf(wanted, settings);
    if (Object.keys(changes).length === 0) {
      say('Nothing to save');
      return;
    }
    const { data } = await api.patch(path, changes);
    Object.assign(settings, changes);
    byId('title').textContent = data.team.name;
    say('Settings saved');
  });
}

export function settingsCard(id, context) {
  const body = h('div', { class: 'card-body' });
  loadInto(body, async () => {
    const { data } = await context.api.get(context.path);
    body.replaceChildren(settingsForm(context, data.team));
  });
  return card(id, 'Settings', null, body);
}
