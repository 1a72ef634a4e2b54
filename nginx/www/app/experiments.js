/* experiments - the page /dashboard/experiments: a project's list, or with ?id= one of them. */

import { asked } from './address.js';
import { h } from './dom.js';
import { startPage } from './page.js';
import { field } from './card.js';
import { stateChip } from './chip.js';
import { formDialog } from './dialog.js';
import { openExperiment } from './experiment.js';
import { openList, resourceRow } from './resource-list.js';
import { scheduleChip } from './schedule.js';
import { timeElement } from './time.js';
import { plural } from './words.js';

function row({ id, name, status, variations, metrics, schedule, created_at: made }) {
  return resourceRow({
    drawing: 'experiment',
    href: `/dashboard/experiments?id=${encodeURIComponent(id)}`,
    title: name,
    quiet: status === 'ARCHIVED',
    words: [
      `${plural(variations.length, 'variation')} · ${plural(metrics.length, 'metric')} · made `,
      timeElement(made),
    ],
    chips: [scheduleChip(schedule), stateChip(status)],
  });
}

function create(api, project) {
  return formDialog({
    title: 'New experiment',
    text: `In ${project.name}. It starts as a draft: nobody sees it before it is published.`,
    action: 'Create experiment',
    children: [
      field(
        'Name',
        h('input', { name: 'name', required: true, maxlength: 200, autocomplete: 'off' }),
      ),
      field(
        'Hypothesis (optional)',
        h('textarea', { name: 'hypothesis', maxlength: 4000, rows: 3 }),
      ),
    ],
    send: async ({ name, hypothesis }) => {
      const body = { name: name.trim() };
      if (hypothesis.trim() !== '') body.hypothesis = hypothesis.trim();
      return (await api.post(`/v1/projects/${project.id}/experiments`, body)).data.experiment;
    },
  });
}

startPage(async ({ api, me }) => {
  const id = asked('id');
  if (id !== null) {
    await openExperiment({ api, me, id });
    return;
  }
  await openList({
    api,
    me,
    noun: 'experiment',
    drawing: 'experiment',
    text: 'An experiment shows visitors variations of a page and measures which does better.',
    row,
    create,
  });
});
