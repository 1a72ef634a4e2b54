/* teams - which of the user's teams a page is about: ?team=<id>, else the first one. */

import { addressSelect, asked } from './address.js';
import { withQuery } from './api.js';
import { byId } from './dom.js';
import { emptyState } from './page.js';

const NAMES_LIMIT = 200; // the API's
const NAME_PAGES_MOST = 5;

function chosenTeam(me) {
  const wanted = asked('team');
  return me.teams.find(({ id }) => id === wanted) ?? me.teams[0];
}

function teamSelect(teams, chosen) {
  const options = teams.map(({ id, name }) => [id, name]);
  return addressSelect({ label: 'Team', name: 'team', options, chosen });
}

/* The team that the page is about, chosen on it; undefined where there is none, which the page says. */
export function teamOfPage(me) {
  const team = chosenTeam(me);
  if (team === undefined) {
    byId('content').replaceChildren(
      emptyState({
        drawing: 'team',
        title: 'No team yet',
        text: 'Ask an owner or admin of a team to add you.',
      }),
    );
    return undefined;
  }
  if (me.teams.length > 1) byId('team-select').replaceChildren(teamSelect(me.teams, team.id));
  return team;
}

export const ROLES = ['owner', 'admin', 'developer', 'collaborator', 'viewer'];

export function managesTeam(role) {
  return role === 'owner' || role === 'admin';
}

/*
 * Resolves to (user id, gone) -> name; gone is what somebody is called who is no member any more.
 * Who may be among the members that were not read is 'somebody'.  path is the team's in the API.
 */
export async function memberNames(api, path) {
  const names = new Map();
  let whole = false;
  try {
    let cursor = null;
    for (let pages = 0; pages < NAME_PAGES_MOST && !whole; pages += 1) {
      const { data } = await api.get(withQuery(`${path}/members`, { cursor, limit: NAMES_LIMIT }));
      for (const { id, name, email } of data.members) names.set(id, name || email);
      ({ cursor } = data);
      whole = !data.has_more;
    }
  } catch {
    /* the page does without names */
  }
  return (id, gone) => names.get(id) ?? (whole || id === null ? gone : 'somebody');
}

/* Creating and editing: projects, experiments, flags. */
export function mayCreate(role) {
  return role !== undefined && role !== 'viewer';
}

/* What visitors get: publishing, pausing, toggling, archiving. */
export function mayPublish(role) {
  return managesTeam(role) || role === 'developer';
}

/* What somebody who may do less than everything should know; null for those who may publish. */
export function limitOf(role) {
  if (mayPublish(role)) return null;
  return mayCreate(role)
    ? `As a ${role} you can edit, but not change what visitors get.`
    : 'As a viewer you can look, but not change anything.';
}
