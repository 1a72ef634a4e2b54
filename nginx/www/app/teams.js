/* teams - which of the user's teams a page is about: ?team=<id>, else the first one. */

import { h } from './dom.js';

export function chosenTeam(me) {
  const wanted = new URLSearchParams(location.search).get('team');
  return me.teams.find(({ id }) => id === wanted) ?? me.teams[0];
}

/* A select that goes to the same page for another team; null for one team. */
export function teamSelect(me, team) {
  if (me.teams.length < 2) return null;
  const select = h(
    'select',
    {},
    me.teams.map(({ id, name }) =>
      h(
        'option',
        {
          value: id,
          selected: id === team.id,
        },
        name,
      ),
    ),
  );
  select.addEventListener('change', () => {
    location.assign(`${location.pathname}?team=${encodeURIComponent(select.value)}`);
  });
  return h('label', { class: 'field-inline' }, h('span', {}, 'Team'), select);
}

export const ROLES = ['owner', 'admin', 'developer', 'collaborator', 'viewer'];

export function managesTeam(role) {
  return role === 'owner' || role === 'admin';
}

/* Creating projects needs "create, edit". */
export function mayCreate(role) {
  return role !== 'viewer';
}
