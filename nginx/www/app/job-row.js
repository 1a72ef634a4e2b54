/* job-row - one job: what it is, how far it is or what became of it, and what can be done about it. */

import { stateChip } from './chip.js';
import { h, named } from './dom.js';
import { shortDate, timeElement } from './time.js';
import { nameWords, plural, spanWords } from './words.js';

const LABELS = { project_export: 'Export', issue_digest: 'Issue digest' };
const UNITS = [
  ['kB', 1e3],
  ['MB', 1e6],
  ['GB', 1e9],
];

export const isOpen = ({ status }) => status === 'pending' || status === 'running';

/* 'Export of Shop' */
export function jobName({ type, project }, team) {
  return `${LABELS[type] ?? nameWords(type)} of ${project?.name ?? team.name}`;
}

/* '3 seconds', '2 minutes 5 seconds', as the notification says it. */
function tookWords(from, to) {
  return spanWords((new Date(to) - new Date(from)) / 1000, ['hour', 'minute', 'second']);
}

/* '812 bytes', '1.5 MB' */
function sizeWords(bytes) {
  const [unit, size] = UNITS.findLast(([, least]) => bytes >= least) ?? ['bytes', 1];
  const number = (bytes / size).toLocaleString('en', { maximumFractionDigits: size === 1 ? 0 : 1 });
  return `${number} ${unit}`;
}

function byWhom({ started_by: user, key, created_at: at }) {
  const by = user ?? key;
  return h(
    'small',
    {},
    'Started by ',
    by ? [user ? null : 'key ', named(by.name)] : 'somebody who is gone',
    ' · ',
    timeElement(at),
  );
}

function progressOf(job, name) {
  const { step, done, total } = job.progress;
  const bar = h('progress', {
    max: total ?? 1,
    value: total === null ? null : done,
    'aria-label': `Progress: ${name}`,
  });
  const far =
    total === null
      ? 'Counting…'
      : `${done.toLocaleString('en')} of ${total.toLocaleString('en')}${step ? `, ${step}` : ''}`;
  return [bar, h('small', {}, job.cancel_asked_at ? 'Stopping…' : far)];
}

/* What a job that has completed came to. */
function outcome({ file, type, result }) {
  if (type === 'issue_digest')
    return result.issues > 0 ? `it told of ${plural(result.issues, 'issue')}` : 'nothing new to tell';
  if (!file) return 'the file is gone';
  return `${sizeWords(file.bytes)}, until ${shortDate(new Date(file.expires_at))}`;
}

/* What is to say about it beyond its state. */
function story(job, name) {
  const { status, error, started_at: from, finished_at: to } = job;
  const took = from && to ? tookWords(from, to) : null;
  if (status === 'pending') return [h('small', {}, 'It begins within a minute.')];
  if (status === 'running') return progressOf(job, name);
  if (status === 'failed')
    return [h('small', { class: 'bad' }, `It stopped after ${took}: ${error.text}.`)];
  if (status === 'cancelled')
    return [h('small', {}, took ? `It was stopped after ${took}.` : 'It had not begun.')];
  return [h('small', {}, `It took ${took ?? 'a moment'} · ${outcome(job)}`)];
}

function tools(job, name, cancel) {
  if (job.file)
    return h(
      'a',
      { class: 'button', href: job.file.url, download: true, 'aria-label': `Download: ${name}` },
      'Download',
    );
  if (!isOpen(job) || cancel === null || job.cancel_asked_at) return null;
  return h(
    'button',
    { class: 'button', type: 'button', 'aria-label': `Cancel: ${name}`, onclick: () => cancel(job) },
    'Cancel',
  );
}

/* Fill the row of a job. cancel: job -> promise, or null for who may not. */
export function fillRow(row, job, { team, cancel }) {
  const name = jobName(job, team);
  const focused = row.contains(document.activeElement) && document.activeElement !== row;
  row.replaceChildren(
    h(
      'span',
      { class: 'line-words job-words' },
      h('span', { class: 'job-head' }, h('strong', {}, name), stateChip(job.status.toUpperCase())),
      byWhom(job),
      ...story(job, name),
    ),
    ...[tools(job, name, cancel)].filter(Boolean),
  );
  /* what had the focus was made anew, or is gone: stay where the reader is */
  if (focused) (row.querySelector('.button') ?? row).focus();
}
