/* team-members - who is in the team, with which role. */

import { h } from './dom.js';
import { card, field, onSubmit, removeButton } from './card.js';
import { confirmed } from './confirmed.js';
import { takeOut } from './focus.js';
import { complain, say } from './status.js';
import { managesTeam, ROLES } from './teams.js';
import { pagedList } from './paged.js';
import { timeElement } from './time.js';

const PAGE = 50;

function roleOptions(current) {
  return ROLES.map((role) => h('option', { value: role, selected: role === current }, role));
}

/* Change a role; on refusal the select shows the old one again. */
async function changeRole({ api, path }, member, select) {
  const before = member.role;
  try {
    await api.patch(`${path}/members/${member.id}`, { role: select.value });
    member.role = select.value;
    say(`${member.name || member.email} is now ${member.role}`);
  } catch (error) {
    select.value = before;
    complain(error, 'The role is unchanged.');
  }
}

function removeMember({ api, path }, member, drop) {
  const name = member.name || member.email;
  const question = {
    title: `Remove ${name}?`,
    action: 'Remove',
    text: 'They lose access at once. With strict schedules, what they have scheduled will fail.',
  };
  return confirmed(question, {
    async act() {
      await api.delete(`${path}/members/${member.id}`);
      drop();
    },
    done: `${name} removed`,
    failed: 'Not removed.',
  });
}

/* Their mailbox is said to work again. */
async function resumeMail({ api, path }, member, line) {
  try {
    await api.delete(`${path}/members/${member.id}/suppression`);
    takeOut(line, line.closest('li'));
    say(`Mail to ${member.email} is tried again`);
  } catch (error) {
    complain(error, 'Mail is not resumed.');
  }
}

/* That mail to them comes back, and the way out for who may take it. */
function mailLine(context, member) {
  const line = h(
    'span',
    { class: 'mail-fails' },
    h('small', { class: 'bad' }, 'Mail comes back since ', timeElement(member.mail_fails_since)),
  );
  if (managesTeam(context.team.role)) {
    line.append(
      h(
        'button',
        {
          class: 'button',
          type: 'button',
          'aria-label': `Resume mail to ${member.email}`,
          onclick: () => resumeMail(context, member, line),
        },
        'Resume mail',
      ),
    );
  }
  return line;
}

function memberRow(context, member, drop) {
  const manages = managesTeam(context.team.role);
  const select = h(
    'select',
    {
      'aria-label': `Role of ${member.email}`,
      onchange: ({ target }) => changeRole(context, member, target),
    },
    roleOptions(member.role),
  );
  const row = h(
    'li',
    { class: 'line' },
    h(
      'span',
      { class: 'line-words' },
      h('strong', {}, member.name || member.email),
      h('small', {}, member.name ? member.email : '', member.id === context.me.id ? ' (you)' : ''),
      member.mail_fails_since ? mailLine(context, member) : null,
    ),
    manages ? select : h('span', { class: 'tag' }, member.role),
  );
  if (manages) {
    const remove = () => removeMember(context, member, () => drop(row));
    row.append(removeButton('Remove', member.email, remove));
  }
  return row;
}

function addForm({ api, path }, reload) {
  const form = h(
    'form',
    { class: 'row-form' },
    field(
      'E-mail',
      h('input', { name: 'email', type: 'email', required: true, autocomplete: 'off' }),
    ),
    field('Role', h('select', { name: 'role' }, roleOptions('developer'))),
    h('button', { class: 'button primary', type: 'submit' }, 'Add member'),
  );
  return onSubmit(form, 'Not added.', async ({ email, role }) => {
    await api.post(`${path}/members`, { email: email.trim(), role });
    form.reset();
    say(`${email.trim()} added`);
    await reload();
  });
}

export function membersCard(id, context) {
  const { api, path, team } = context;
  const body = h('div', { class: 'card-body' });
  const pages = pagedList({
    api,
    path: `${path}/members`,
    noun: 'members',
    limit: PAGE,
    place: body,
    kind: 'lines',
    more: 'Load more members',
    row: (member) => memberRow(context, member, pages.drop),
    empty: { drawing: 'team', title: 'No members', text: '' },
    around: (list, more) => [
      list,
      more,
      managesTeam(team.role) ? addForm(context, pages.renew) : null,
    ],
  });
  pages.show();
  return card(id, 'Members', 'A new role or a removal counts from the next request.', body);
}
