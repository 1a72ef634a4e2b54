// A newer tz database (contract section 8): relative ends to come are worked out anew by the next
// firing run, the scheduler is told by mail, and instants that were given as such stay.  On a copy
// of its own, for the tz database is everybody's.
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { startCopy } from '../lib/copy.mjs';

const copy = await startCopy();
const { cron, ok, quote, rows } = await import('../lib/client.mjs');
const { makeExperiment, makeFlag, makeWorld, seeSnippet } = await import('../lib/world.mjs');
test.after(copy.stop);

const main = makeWorld();
seeSnippet(main.team.project);
const as = { as: main.developer.token };
const real = '/usr/share/zoneinfo';

// A folder as TZDIR names it, in which the clocks of the zones are those of others.
function tzdata(version, changed) {
  const folder = path.join(copy.folder, version);
  mkdirSync(path.join(folder, 'America'), { recursive: true });
  const list = readFileSync(path.join(real, 'tzdata.zi'), 'utf8').replace(/^# version .*/, `# version ${version}`);
  writeFileSync(path.join(folder, 'tzdata.zi'), list);
  for (const zone of ['America/New_York', 'America/Chicago', 'UTC']) cpSync(path.join(real, changed[zone] ?? zone), path.join(folder, zone));
  return folder;
}
const fireWith = (folder) => {
  process.env.TZDIR = folder;
  return cron('fire');
};
const later = tzdata('9999a', { 'America/New_York': 'America/Denver' });	// two hours behind what it was
const again = tzdata('9999b', { 'America/New_York': 'America/Denver' });
const back = tzdata('9999c', {});
const final = tzdata('9999d', { 'America/New_York': 'America/Denver' });

const launch = '2031-01-10T14:00:00.000Z';
const relative = { days_after: 3, time: '09:30' };
const urlOf = (experiment) => `/v1/experiments/${experiment.id}/schedule`;
const scheduled = async (end, zone = 'America/New_York') => {
  const experiment = makeExperiment(main.team.project, { name: 'Checkout' });
  await ok(201, 'PUT', urlOf(experiment), { ...as, body: { launch_at: launch, end, time_zone: zone } });
  return experiment;
};
const show = async (url) => (await ok(200, 'GET', url, as)).schedule;
const versionOf = async (experiment) => (await ok(200, 'GET', `/v1/experiments/${experiment.id}`, as)).experiment.version;
const edits = async (id) => (await ok(200, 'GET', `/v1/teams/${main.team.id}/audit?limit=200`, { as: main.owner.token })).entries
  .filter((entry) => entry.resource_id === id && entry.action === 'schedule.edited');
const mails = (user) => rows(`SELECT payload FROM deliveries WHERE user_id = ${quote(user.id)} AND kind = 'schedule.moved' ORDER BY payload::text`);
const bells = () => Number(copy.admin('SELECT count(*) FROM notifications;'));

const moved = await scheduled(relative);
const exact = await scheduled({ at: '2031-01-13T14:30:00.000Z' });
const elsewhere = await scheduled(relative, 'America/Chicago');
const flag = makeFlag(main.team);
const flagUrl = `/v1/flags/${flag.id}/environments/staging/schedule`;
await ok(201, 'PUT', flagUrl, { ...as, body: { enable_at: launch, disable: relative, time_zone: 'America/New_York' } });
const place = (await ok(200, 'GET', `/v1/flags/${flag.id}`, as)).flag.version;
const was = await show(urlOf(moved));

test('nothing happens while tzdata is the same', async () => {
  assert.equal(was.resolved.end.at, '2031-01-13T14:30:00.000Z');
  assert.equal(cron('fire').moved, undefined);
  assert.deepEqual(await show(urlOf(moved)), was);
});

test('what a newer one moves is moved once, entered and told', async () => {
  const version = await versionOf(moved);
  const line = fireWith(later);
  assert.deepEqual([line.moved, line.fired, line.missed, line.failed, line.skipped], [2, 0, 0, 0, 0]);
  const now = await show(urlOf(moved));
  assert.equal(now.resolved.end.at, '2031-01-13T16:30:00.000Z');
  assert.deepEqual([now.resolved.launch.at, now.launch_at, now.end], [launch, launch, relative]);
  assert.equal(now.version, was.version + 1, 'who has the old one open does not overwrite it unseen');
  assert.equal(await versionOf(moved), version + 1);
  assert.equal((await show(flagUrl)).resolved.disable.at, '2031-01-13T16:30:00.000Z');
  assert.equal((await ok(200, 'GET', `/v1/flags/${flag.id}`, as)).flag.version, place + 1);

  const [entry, ...more] = await edits(moved.id);
  assert.deepEqual(more, []);
  assert.deepEqual([entry.actor_type, entry.actor_id, entry.on_behalf_of], ['SYSTEM', null, main.developer.id]);
  assert.deepEqual([entry.before.resolved.end.at, entry.after.resolved.end.at], [was.resolved.end.at, now.resolved.end.at]);

  const [first, second, ...rest] = mails(main.developer).map(({ payload }) => payload);
  assert.deepEqual(rest, []);
  assert.equal(first.subject, 'Checkout ends at another time');
  const text = first.text.replaceAll(/\s+/g, ' ');	// its lines are broken
  assert.match(text, /is to end on 13 Jan 2031, 09:30 MST \(America\/New_York\), which is 13 Jan 2031, 16:30 UTC/);
  assert.match(text, /was to be on .*, which is 13 Jan 2031, 14:30 UTC/);
  assert.ok(text.includes(`/dashboard/experiments?id=${moved.id}`));
  assert.match(second.subject, /is switched off at another time in staging$/);
  assert.equal(bells(), 0, 'no type of the registry says this');
});

test('instants and other zones stay, without a word', async () => {
  assert.equal((await show(urlOf(exact))).resolved.end.at, '2031-01-13T14:30:00.000Z');
  assert.equal((await show(urlOf(elsewhere))).resolved.end.at, '2031-01-13T15:30:00.000Z');
  assert.deepEqual([await edits(exact.id), await edits(elsewhere.id)], [[], []]);
});

test('each version is looked at once', async () => {
  assert.equal(fireWith(later).moved, undefined);
  assert.equal(fireWith(again).moved, undefined, 'the same rules under another name');
  assert.equal(copy.admin(`SELECT string_agg(DISTINCT coalesce(tz_version, 'none'), ' ') FROM schedules WHERE end_days IS NOT NULL;`), '9999b');
  assert.equal(mails(main.developer).length, 2);
});

test('what a newer one has moved no older one moves back', async () => {
  assert.equal(fireWith(real).moved, undefined);
  assert.equal((await show(urlOf(moved))).resolved.end.at, '2031-01-13T16:30:00.000Z');
});

test('a resource that somebody holds is left for the next run', async () => {
  const holder = copy.session();
  await holder.run(`BEGIN; SELECT 1 FROM experiments WHERE id = ${quote(moved.id)} FOR UPDATE`);
  assert.equal(fireWith(back).moved, 1, 'the flag');
  await holder.run('COMMIT');
  await holder.end();
  assert.equal(cron('fire').moved, 1);
  assert.equal((await show(urlOf(moved))).resolved.end.at, was.resolved.end.at);
});

test('without the scheduler the owners are told', async () => {
  copy.admin(`UPDATE schedules SET scheduled_by = NULL; UPDATE moments SET scheduled_by = NULL;`);
  assert.equal(fireWith(final).moved, 2);
  assert.equal(mails(main.owner).length, 2);
  assert.equal((await edits(moved.id))[0].on_behalf_of, null);
});

test('an end that was moved fires when it is due now, and not when it was', async () => {
  copy.admin(`UPDATE schedules SET scheduled_by = ${quote(main.developer.id)};`);
  const at = (when) => cron('fire', '--at', when);
  assert.equal(at('2031-01-10T14:00:10Z').fired, 4);
  assert.equal(at('2031-01-13T14:30:10Z').fired, 1, 'only the one that was given as an instant');
  assert.equal(at('2031-01-13T15:30:10Z').fired, 1);
  assert.equal(at('2031-01-13T16:30:10Z').fired, 2);
});
