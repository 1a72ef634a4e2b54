/*
 * team - the page /dashboard/team: settings, members, projects, keys, failed deliveries, audit log. Each section is a
 * module that answers its card; what a role may not do, the server refuses and the card says.
 */

import { byId, h } from './dom.js';
import { startPage } from './page.js';
import { nameTab } from './tab-title.js';
import { teamOfPage } from './teams.js';
import { settingsCard } from './team-settings.js';
import { membersCard } from './team-members.js';
import { projectsCard } from './team-projects.js';
import { keysCard } from './team-keys.js';
import { deliveriesCard } from './team-deliveries.js';
import { auditCard } from './team-audit.js';

const SECTIONS = [
  ['settings', 'Settings', settingsCard],
  ['members', 'Members', membersCard],
  ['projects', 'Projects', projectsCard],
  ['keys', 'API keys', keysCard],
  ['deliveries', 'Failed deliveries', deliveriesCard],
  ['audit', 'Audit log', auditCard],
];

function sectionNav() {
  return h(
    'nav',
    { class: 'section-nav', 'aria-label': 'On this page' },
    SECTIONS.map(([id, name]) => h('a', { href: `#${id}` }, name)),
  );
}

/* What every section gets: the client, the team with the caller's role, and its base path. */
function contextOf(api, me, team) {
  return { api, me, team, path: `/v1/teams/${team.id}` };
}

startPage(async ({ api, me }) => {
  const team = teamOfPage(me);
  if (team === undefined) return;
  byId('title').textContent = team.name;
  byId('summary').textContent = `You are ${team.role} of this team.`;
  nameTab(team.name);
  const context = contextOf(api, me, team);
  byId('content').replaceChildren(
    sectionNav(),
    h(
      'div',
      { class: 'sections' },
      SECTIONS.map(([id, , card]) => card(id, context)),
    ),
  );
  // Links lead to a section, which was not there yet when the browser looked for it.
  if (SECTIONS.some(([id]) => location.hash === `#${id}`)) {
    byId(location.hash.slice(1)).scrollIntoView();
  }
});
