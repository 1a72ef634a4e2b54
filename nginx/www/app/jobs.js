/*
 * jobs - the page /dashboard/jobs?team=<id>&job=<id>: start one, see how far it is, cancel, download.
 * While one is under way the list is read every two seconds, else twice a minute; never while the
 * tab is hidden (poll.js).
 */

import { asked } from './address.js';
import { withQuery } from './api.js';
import { card, field, onSubmit } from './card.js';
import { byId, h, reconcile } from './dom.js';
import { fillRow, isOpen, jobName } from './job-row.js';
import { startPage, emptyState, failedState } from './page.js';
import { moreButton } from './paged.js';
import { Poller } from './poll.js';
import { projectsOf } from './projects.js';
import { complain, say } from './status.js';
import { managesTeam, teamOfPage } from './teams.js';

const PAGE = 25;
const BUSY_S = 2;
const IDLE_S = 30;

const newestFirst = (a, b) =>
  b.created_at.localeCompare(a.created_at) || b.id.localeCompare(a.id);

function nothing() {
  return h(
    'li',
    {},
    emptyState({
      drawing: 'job',
      title: 'No jobs yet',
      text: 'An export of a project is shown here while it is made, and for download afterwards.',
    }),
  );
}

/* The jobs that are known, by id; what ends between two looks is told. */
class Jobs {
  #jobs = new Map();
  #shown = new Map(); // id -> what its row shows, as text
  #older = null;

  constructor({ api, team, cancel }) {
    this.api = api;
    this.team = team;
    this.cancel = cancel;
    this.path = `/v1/teams/${team.id}/jobs`;
    this.list = h('ul', { class: 'lines' });
    this.more = moreButton('Load older jobs', () => this.#readOlder());
  }

  /* The newest page; answers the seconds until it is worth another look. */
  async read() {
    const { data } = await this.api.get(withQuery(this.path, { limit: PAGE }));
    for (const job of data.jobs) this.#tell(job);
    if (this.#older === null || this.#jobs.size <= PAGE) this.#follow(data);
    this.put(...data.jobs);
    return [...this.#jobs.values()].some(isOpen) ? BUSY_S : IDLE_S;
  }

  put(...jobs) {
    for (const job of jobs) this.#jobs.set(job.id, job);
    const all = [...this.#jobs.values()].sort(newestFirst);
    if (all.length === 0) {
      this.list.replaceChildren(nothing());
      return;
    }
    reconcile(this.list, all, {
      keyOf: ({ id }) => id,
      create: () => h('li', { class: 'line job', tabindex: '-1' }),
      update: (row, job) => this.#update(row, job),
    });
  }

  has(id) {
    return this.#jobs.has(id);
  }

  row(id) {
    return [...this.list.children].find((row) => row.dataset.key === id);
  }

  /* Only what has changed is made anew: nobody's focus or selection is taken away for nothing. */
  #update(row, job) {
    const text = JSON.stringify(job);
    if (this.#shown.get(job.id) === text) return;
    this.#shown.set(job.id, text);
    fillRow(row, job, this);
  }

  #tell(job) {
    const before = this.#jobs.get(job.id);
    if (before && isOpen(before) && !isOpen(job)) say(`${jobName(job, this.team)} ${job.status}`);
  }

  #follow(data) {
    this.#older = data.has_more ? data.cursor : null;
    this.more.hidden = this.#older === null;
  }

  /* The row of the first of them. */
  async #readOlder() {
    const { data } = await this.api.get(
      withQuery(this.path, { limit: PAGE, cursor: this.#older }),
    );
    this.put(...data.jobs);
    this.#follow(data);
    return this.row(data.jobs[0]?.id);
  }
}

/* ---- starting one ---- */

const KINDS = [
  {
    type: 'project_export',
    title: 'Export a project',
    text: 'One JSON file of all that a project has, for every member to download for a week.',
    action: 'Start export',
    notify: true,
  },
  {
    type: 'issue_digest',
    title: 'Send an issue digest',
    text: 'Every member hears now what is new and what came back, instead of at the usual time.',
    action: 'Send digest',
    all: 'All projects',
    notify: false, // they get the digest itself
  },
];

function projectOptions(projects, all) {
  const wanted = asked('project');
  return [
    all ? h('option', { value: '' }, all) : null,
    ...projects.map(({ id, name }) => h('option', { value: id, selected: id === wanted }, name)),
  ].filter(Boolean);
}

function startForm({ api, team, projects, started }, { type, action, all, notify: told }) {
  const select = h('select', { name: 'project_id' }, projectOptions(projects, all));
  const form = h(
    'form',
    { class: 'stack' },
    field('Project', select),
    h(
      'label',
      { class: 'check-line' },
      h('input', { type: 'checkbox', name: 'notify', checked: told }),
      'Tell me when it has ended',
    ),
    h('div', {}, h('button', { class: 'button primary', type: 'submit' }, action)),
  );
  return onSubmit(form, 'Not started.', async ({ project_id: id, notify }) => {
    const body = { type, project_id: id || null, notify: notify === 'on' };
    const { data } = await api.post(`/v1/teams/${team.id}/jobs`, body);
    say(`${jobName(data.job, team)} is on its way`);
    started(data.job);
  });
}

function startCard(context, kind) {
  const body =
    context.projects.length > 0
      ? startForm(context, kind)
      : h('p', { class: 'note-line' }, 'This team has no project yet.');
  return card(kind.type, kind.title, kind.text, h('div', { class: 'card-body' }, body));
}

function startCards(context) {
  if (!managesTeam(context.team.role))
    return h('p', { class: 'note-line' }, 'Owners and admins start jobs; every member may download.');
  return h(
    'div',
    { class: 'start-cards' },
    KINDS.map((kind) => startCard(context, kind)),
  );
}

/* ---- the page ---- */

/* ?job=<id>: where a notification leads. */
async function showWanted(api, jobs) {
  const id = asked('job')?.toLowerCase();
  if (!id) return;
  try {
    if (!jobs.has(id)) jobs.put((await api.get(`/v1/jobs/${encodeURIComponent(id)}`)).data.job);
  } catch (error) {
    complain(error);
    return;
  }
  const row = jobs.row(id);
  row.classList.add('wanted');
  row.scrollIntoView({ block: 'center' });
  row.focus();
}

async function showJobs(api, team) {
  const projects = await projectsOf(api, [team]);
  let poller;
  const cancel = async (job) => {
    try {
      const { data } = await api.post(`/v1/jobs/${job.id}/cancel`);
      jobs.put(data.job);
      if (!isOpen(data.job)) say(`${jobName(job, team)} cancelled`);
      poller.now();
    } catch (error) {
      complain(error, 'Not cancelled.');
      poller.now();
    }
  };
  const jobs = new Jobs({ api, team, cancel: managesTeam(team.role) ? cancel : null });
  await jobs.read();
  const started = (job) => {
    jobs.put(job);
    poller.now();
  };
  byId('content').replaceChildren(
    startCards({ api, team, projects, started }),
    card('jobs', 'Jobs', null, h('div', { class: 'card-body' }, jobs.list, jobs.more)),
  );
  await showWanted(api, jobs);
  poller = new Poller(() => jobs.read(), BUSY_S);
  poller.start();
}

startPage(async ({ api, me }) => {
  const team = teamOfPage(me);
  if (team === undefined) return;
  byId('summary').textContent = `What takes longer than a moment, in ${team.name}.`;
  try {
    await showJobs(api, team);
  } catch (error) {
    byId('content').replaceChildren(failedState(error, () => location.reload()));
  }
});
