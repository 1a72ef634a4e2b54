/* experiment - the page of one experiment: what it is, whether it may start, and what it does. */

import { byId, h, oneAtATime } from './dom.js';
import { card } from './card.js';
import { confirmAction } from './dialog.js';
import { experimentForm } from './experiment-form.js';
import { icon } from './icons.js';
import { openResource } from './resource.js';
import { factsCard, fillHead } from './resource-parts.js';
import { openFromLink, scheduleButton, scheduleButtons } from './schedule-actions.js';
import { EXPERIMENT } from './schedule-kinds.js';
import { scheduleBanner } from './schedule.js';
import { complain, say } from './status.js';
import { limitOf, mayPublish } from './teams.js';

const CHECKS = {
  snippet: 'Snippet',
  url_rules: 'URL rules',
  variations: 'Variations',
  metrics: 'Metrics',
};

/* What can be done from each status; `sure` is asked before what cannot be taken back. */
const ACTIONS = {
  publish: {
    words: 'Publish',
    done: 'is running',
    failed: 'Not published.',
    primary: true,
    sure: {
      title: 'Publish now?',
      text:
        'Visitors take part from this moment. Its URL rules, variations and metrics stay as they ' +
        'are from then on, and it never becomes a draft again.',
      keep: 'Not yet',
      danger: false,
    },
  },
  pause: { words: 'Pause', done: 'is paused', failed: 'Not paused.' },
  resume: { words: 'Resume', done: 'is running', failed: 'Not resumed.', primary: true },
  stop: {
    words: 'Stop for good',
    done: 'is completed',
    failed: 'Not stopped.',
    sure: {
      title: 'Stop this experiment for good?',
      text: 'It is completed and can never run again. To interrupt it for a while, leave it paused.',
      keep: 'Leave it paused',
    },
  },
  archive: {
    words: 'Archive',
    done: 'is archived',
    failed: 'Not archived.',
    sure: {
      title: 'Archive this experiment?',
      text: 'It is put away for good: it can be read, but never again edited or brought back.',
    },
  },
};
const FROM = {
  DRAFT: ['publish'],
  RUNNING: ['pause'],
  PAUSED: ['resume', 'stop'],
  COMPLETED: ['archive'],
};
const STORY = {
  DRAFT: 'Nobody sees it yet.',
  SCHEDULED: 'It launches by itself.',
  RUNNING: 'Visitors take part now.',
  PAUSED: 'Nobody takes part until it is resumed.',
  COMPLETED: 'It has ended for good.',
  ARCHIVED: 'It has been put away and can only be read.',
};

const starting = ({ status }) => status === 'DRAFT' || status === 'SCHEDULED';

/* The four checks; null where they no longer matter, or could not be read. */
async function preflightOf(api, experiment) {
  if (!starting(experiment)) return null;
  try {
    return (await api.get(`/v1/experiments/${experiment.id}/preflight`)).data.preflight;
  } catch {
    return null;
  }
}

/* Whether checks stand against it. The snippet may have been seen since they were read, so they are read anew. */
async function isHeldBack(page) {
  const fails = () => page.extra !== null && !page.extra.passes;
  if (fails()) await page.renew();
  return fails();
}

async function perform(page, name) {
  const { words, done, failed, sure } = ACTIONS[name];
  if (!page.free()) return;
  if (name === 'publish' && (await isHeldBack(page))) {
    byId('preflight-title').focus();
    complain({ message: 'Some checks under “Ready to launch?” do not pass yet.' }, failed);
    return;
  }
  if (sure && !(await confirmAction({ ...sure, action: words }))) return;
  const data = await page.act(failed, (version) =>
    page.api.post(`${page.path}/${name}`, { version }),
  );
  if (data !== null) say(`${data.experiment.name} ${done}`);
}

const performAlone = oneAtATime(perform);

function actionButton(page, name) {
  const { words, primary } = ACTIONS[name];
  return h(
    'button',
    {
      class: primary ? 'button primary' : 'button',
      type: 'button',
      'data-focus-key': name,
      onclick: () => performAlone(page, name),
    },
    words,
  );
}

function checkRow({ name, passes, detail }) {
  return h(
    'li',
    { class: passes ? 'check passes' : 'check' },
    h('span', { class: 'check-mark' }, icon(passes ? 'check' : 'close')),
    h('span', {}, h('strong', {}, CHECKS[name] ?? name), h('small', {}, detail)),
    h('span', { class: 'visually-hidden' }, passes ? 'passes' : 'does not pass'),
  );
}

function preflightCard(page) {
  if (!starting(page.object)) return null;
  const { extra: preflight } = page;
  const text = preflight?.passes
    ? 'Every check passes.'
    : 'A launch needs all four, now and at a scheduled moment.';
  const made = card(
    'preflight',
    'Ready to launch?',
    text,
    preflight
      ? h('ul', { class: 'checks' }, preflight.checks.map(checkRow))
      : h('p', { class: 'note-line' }, 'The checks could not be read. Reload the page.'),
  );
  made.querySelector('h2').setAttribute('tabindex', '-1');
  return made;
}

/* What can be scheduled of it, from its status: see scheduleDialog(). */
function scheduleHow({ status, schedule }) {
  if (status === 'DRAFT' || status === 'SCHEDULED') return 'required';
  if (status !== 'RUNNING') return null;
  return schedule?.launch_at ? 'fixed' : 'none';
}

function targetOf({ object, path, project }) {
  const mayChange = mayPublish(project.role);
  return {
    kind: EXPERIMENT,
    key: 'experiment',
    path: `${path}/schedule`,
    name: object.name,
    schedule: object.schedule,
    version: object.version,
    mayChange,
    how: mayChange ? scheduleHow(object) : null,
    why: mayChange
      ? `${object.name} is ${object.status.toLowerCase()}, so there is nothing to schedule.`
      : limitOf(project.role),
  };
}

function head(page) {
  const { object, project } = page;
  const actions = mayPublish(project.role) ? (FROM[object.status] ?? []) : [];
  fillHead(page, STORY[object.status]);
  const target = targetOf(page);
  byId('tools').replaceChildren(
    ...[
      scheduleButton(page, target, object.status === 'RUNNING' ? 'Schedule its end' : 'Schedule'),
      ...actions.map((name) => actionButton(page, name)),
    ].filter(Boolean),
  );
}

function show(page) {
  head(page);
  page.place.replaceChildren(
    ...[
      scheduleBanner(page.object.schedule, page.me, scheduleButtons(page, targetOf(page))),
      h(
        'div',
        { class: 'columns' },
        h('div', { class: 'column-main' }, experimentForm(page)),
        h('div', { class: 'column-side' }, preflightCard(page), factsCard(page)),
      ),
    ].filter(Boolean),
  );
}

export async function openExperiment({ api, me, id }) {
  const page = await openResource({
    api,
    me,
    noun: 'experiment',
    path: `/v1/experiments/${encodeURIComponent(id)}`,
    back: '/dashboard/experiments',
    extra: preflightOf,
    show,
  });
  if (page.object !== null) await openFromLink(page, targetOf(page));
}
