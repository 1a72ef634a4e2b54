/* projects - which of the user's projects a page is about: ?project=<id>, else the first one. */

import { addressSelect, asked } from './address.js';
import { byId, h } from './dom.js';
import { emptyState, failedState } from './page.js';

const PROJECTS_MOST = 200; // the API's limit
const NOT_FOUND = 404;

/* The newest projects of these teams, each with its team's name and the user's role in it. */
export async function projectsOf(api, teams) {
  const lists = await Promise.all(
    teams.map(async (team) => {
      const { data } = await api.get(`/v1/teams/${team.id}/projects?limit=${PROJECTS_MOST}`);
      return data.projects.map((project) => ({ ...project, team: team.name, role: team.role }));
    }),
  );
  return lists.flat();
}

/* Of these projects, or of those that are too old to be among them; undefined: it is in no team of the user. */
async function projectCalled(api, me, projects, id) {
  try {
    return projects.find((one) => one.id === id.toLowerCase()) ?? (await projectOf(api, me, id));
  } catch (error) {
    if (error.status === NOT_FOUND) return undefined;
    throw error;
  }
}

/* {project, wanted, projects}: project is undefined where there is none, or not the one that is wanted. */
async function chosenProject(api, me) {
  const wanted = asked('project');
  const newest = await projectsOf(api, me.teams);
  const project = wanted === null ? newest[0] : await projectCalled(api, me, newest, wanted);
  const isListed = project === undefined || newest.includes(project);
  return { project, wanted, projects: isListed ? newest : [...newest, project] };
}

/* In place of a page's content when there is no project. text: what a project would show here. */
function noProject(drawing, wanted, text) {
  return wanted === null
    ? emptyState({
        drawing,
        title: 'No project yet',
        text: `Create one on the team page; ${text}`,
        action: h('a', { class: 'button', href: '/dashboard/team' }, 'To the team page'),
      })
    : emptyState({
        drawing,
        title: 'No such project',
        text: 'It does not exist, or it is not one of your teams’ projects.',
      });
}

function projectSelect(projects, chosen) {
  const options = projects.map(({ id, name, team }) => [id, `${name} (${team})`]);
  return addressSelect({ label: 'Project', name: 'project', options, chosen });
}

/*
 * The project that the page is about, chosen among its tools; undefined where there is none, or the
 * projects could not be read, which the page says.  drawing and text: see noProject()
 */
export async function projectOfPage({ api, me, drawing, text }) {
  const content = byId('content');
  let found;
  try {
    found = await chosenProject(api, me);
  } catch (error) {
    content.replaceChildren(failedState(error, () => location.reload()));
    return undefined;
  }
  const { project, wanted, projects } = found;
  if (projects.length > 0) byId('tools').append(projectSelect(projects, project?.id));
  if (project === undefined) content.replaceChildren(noProject(drawing, wanted, text));
  return project;
}

/* The project of an object, with its team and the user's role there. */
export async function projectOf(api, me, id) {
  const { data } = await api.get(`/v1/projects/${encodeURIComponent(id)}`);
  const team = me.teams.find((one) => one.id === data.project.team_id);
  return { ...data.project, team: team?.name, role: team?.role };
}
