// jobs - the page: start an export, follow it, download, cancel; what each role sees.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, test } from 'node:test';
import { cron, exec, ok, quote, uuid } from '../lib/client.mjs';
import { insertUsers, makeJob, makeUser, makeWorld } from '../lib/world.mjs';
import {
  accessible,
  becomes,
  fits,
  news,
  onwards,
  requests,
  screenshot,
  setHidden,
  until,
  visit,
} from './browser.mjs';

let world;
before(() => {
  world = makeWorld();
  exec(`UPDATE users SET name = 'Olive Owner' WHERE id = ${quote(world.owner.id)};
    UPDATE projects SET name = 'Storefront' WHERE id = ${quote(world.team.project)};`);
});

const row = (page, id) => page.locator(`.job[data-key="${id}"]`);
const said = (page, words) => until(words, async () => (await news(page)).includes(words));
const ago = (seconds) => new Date(Date.now() - seconds * 1000).toISOString();

function project(name) {
  const id = uuid();
  exec(`INSERT INTO projects (id, team_id, name) VALUES (${quote(id)}, ${quote(world.team.id)}, ${quote(name)});`);
  return id;
}

const running = (name, fields = {}) =>
  makeJob(world.team, {
    project_id: project(name),
    status: 'running',
    run_token: uuid(),
    attempts: 1,
    lease_until: new Date(Date.now() + 600000).toISOString(),
    started_at: ago(70),
    started_by: world.owner.id,
    step: 'feedback',
    done: 4321,
    total: 20005,
    ...fields,
  });
const end = ({ id }) =>
  exec(`UPDATE jobs SET status = 'cancelled', finished_at = now(), run_token = NULL, lease_until = NULL WHERE id = ${quote(id)};`);

test('an export: started, followed without a reload, downloaded, and told of', () =>
  visit(world.owner, {}, async (page) => {
    await page.goto('/dashboard/jobs');
    await page.locator('#project_export').getByLabel('Project').selectOption({ label: 'Storefront' });
    assert.equal(await page.locator('#project_export').getByLabel('Tell me when it has ended').isChecked(), true);
    await page.getByRole('button', { name: 'Start export' }).click();
    await said(page, 'Export of Storefront is on its way');
    const { jobs } = await ok(200, 'GET', `/v1/teams/${world.team.id}/jobs?limit=1`, { as: world.owner.token });
    const mine = row(page, jobs[0].id);
    await mine.getByText('Waiting').waitFor();
    await mine.getByText('Started by Olive Owner').waitFor();
    await page.getByRole('button', { name: 'Start export' }).click();
    await said(page, `Not started. One waits already: ${jobs[0].id}`);
    cron('jobs');
    await mine.getByText('Completed').waitFor();
    await said(page, 'Export of Storefront completed');
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      mine.getByRole('link', { name: 'Download: Export of Storefront' }).click(),
    ]);
    assert.match(download.suggestedFilename(), /^storefront-export-\d{4}-\d\d-\d\d\.json$/);
    const file = JSON.parse(readFileSync(await download.path(), 'utf8'));
    assert.equal(file.project.name, 'Storefront');
    await page.goto('/dashboard/inbox');
    await page.locator('main').getByText('Export of Storefront completed').click();
    await page.waitForURL(/\/dashboard\/jobs\?team=/);
    await becomes('the focus is on it', jobs[0].id, () => page.evaluate(() => document.activeElement?.dataset.key));
  }));

test('a digest of all projects, sent now', () =>
  visit(world.admin, {}, async (page) => {
    await page.goto('/dashboard/jobs');
    const card = page.getByRole('region', { name: 'Send an issue digest' });
    await card.getByRole('button', { name: 'Send digest' }).click();
    await said(page, 'Issue digest of Team is on its way');
    cron('jobs');
    await page.getByText('nothing new to tell').first().waitFor();
    await expectIssue();
    await card.getByRole('button', { name: 'Send digest' }).click();
    await page.getByText('It begins within a minute.').waitFor();
    cron('jobs');
    await page.getByText('it told of 1 issue').waitFor();
  }));

const expectIssue = () =>
  ok(201, 'POST', '/v1/issues/events', { bearer: world.team.keys.client.secret, body: { title: 'It broke' } });

test('progress is shown while it rises, without taking the focus', () => {
  const job = running('Rising');
  return visit(world.owner, {}, async (page) => {
    await page.goto('/dashboard/jobs');
    const mine = row(page, job.id);
    const bar = mine.getByRole('progressbar', { name: 'Progress: Export of Rising' });
    await mine.getByText('4,321 of 20,005, feedback').waitFor();
    assert.equal(await bar.getAttribute('value'), '4321');
    await mine.getByRole('button', { name: 'Cancel: Export of Rising' }).focus();
    exec(`UPDATE jobs SET done = 9876 WHERE id = ${quote(job.id)};`);
    await mine.getByText('9,876 of 20,005').waitFor();
    assert.equal(
      await page.evaluate(() => document.activeElement.getAttribute('aria-label')),
      'Cancel: Export of Rising',
    );
    end(job);
    await said(page, 'Export of Rising cancelled');
    assert.equal(await mine.getByRole('button').count(), 0);
    assert.equal(await page.evaluate(() => document.activeElement.dataset.key), job.id, 'the row keeps it');
  });
});

test('cancel: what waits at once, what runs is asked to', () => {
  const waits = makeJob(world.team, { status: 'pending', project_id: project('Waiting one') });
  const runs = running('Running one');
  return visit(world.admin, {}, async (page) => {
    await page.goto('/dashboard/jobs');
    await page.getByRole('button', { name: 'Cancel: Export of Waiting one' }).click();
    await said(page, 'Export of Waiting one cancelled');
    await row(page, waits.id).getByText('It had not begun.').waitFor();
    await page.getByRole('button', { name: 'Cancel: Export of Running one' }).click();
    await row(page, runs.id).getByText('Stopping…').waitFor();
    end(runs);
    await row(page, runs.id).getByText('It was stopped after').waitFor();
  });
});

test('polled modestly, and not while hidden', () => {
  const job = running('Watched');
  return visit(world.owner, {}, async (page) => {
    await page.clock.install();
    const seen = requests(page);
    const looks = () => seen.filter((each) => each.endsWith('/jobs')).length;
    await page.goto('/dashboard/jobs');
    await row(page, job.id).waitFor();
    await page.clock.pauseAt(Date.now() + 60000);
    // Milliseconds of the page's clock until it looks once more, and has got an answer.
    const untilLook = async () => {
      const before = looks();
      const answer = page.waitForResponse(/\/jobs\?/);
      let ms = 0;
      for (; looks() === before; ms += 100) await page.clock.runFor(100);
      await answer;
      return ms;
    };
    await untilLook();
    const ms = await untilLook();
    assert.ok(ms >= 2000 && ms < 15000, `a look after ${ms} ms`);
    await setHidden(page, true);
    const asleep = looks();
    await page.clock.runFor('10:00');
    assert.equal(looks(), asleep);
    end(job);
    await setHidden(page, false);
    await row(page, job.id).getByText('Cancelled').waitFor();
  });
});

test('who manages nothing sees and downloads, but neither starts nor cancels', () => {
  const job = running('Not mine');
  const made = makeJob(world.team, {
    project_id: project('Made'),
    started_at: ago(12),
    finished_at: ago(2),
    file_name: 'x.json',
    file_bytes: 1534000,
    file_expires_at: new Date(Date.now() + 86400000).toISOString(),
  });
  return visit(world.viewer, {}, async (page) => {
    await page.goto('/dashboard/jobs');
    await page.getByText('Owners and admins start jobs').waitFor();
    await row(page, job.id).getByText('4,321 of 20,005').waitFor();
    await row(page, made.id).getByRole('link', { name: 'Download: Export of Made' }).waitFor();
    assert.equal(await page.locator('main').getByRole('button', { name: /^(Cancel|Start|Send)/ }).count(), 0);
    end(job);
  });
});

test('older ones are loaded below, and stay while the newest are read again', () => {
  exec(`INSERT INTO jobs (team_id, project_id, type, status, finished_at, created_at)
    SELECT ${quote(world.team.id)}, ${quote(world.team.project)}, 'project_export', 'completed', now(), now() - n * interval '1 day'
    FROM generate_series(1, 40) n;`);
  return visit(world.owner, {}, async (page) => {
    await page.clock.install();
    await page.goto('/dashboard/jobs');
    await becomes('the first page', 25, () => page.locator('.job').count());
    await page.getByRole('button', { name: 'Load older jobs' }).click();
    await becomes('two pages', true, async () => (await page.locator('.job').count()) > 40);
    const count = await page.locator('.job').count();
    const newest = makeJob(world.team, { status: 'pending', project_id: project('Newest') });
    await onwards(page, '00:31', 'it is there', () => row(page, newest.id).isVisible());
    assert.equal(await page.locator('.job').count(), count + 1);
  });
});

test('a job that is not there, and a page that cannot be read', () =>
  visit(world.owner, {}, async (page) => {
    await page.goto(`/dashboard/jobs?job=${uuid()}`);
    await said(page, 'Job not found');
    await page.route('**/jobs?*', (route) => route.fulfill({ status: 503, json: { error: 'Injected failure' } }));
    await page.goto('/dashboard/jobs');
    await page.getByText('Injected failure').waitFor();
  }));

test('a team without jobs', () => {
  const user = makeUser('alone');
  insertUsers([user]);
  exec(`WITH t AS (INSERT INTO teams (name) VALUES ('Small') RETURNING id)
    INSERT INTO members (team_id, user_id, role) SELECT id, ${quote(user.id)}, 'owner' FROM t;`);
  return visit(user, {}, async (page) => {
    await page.goto('/dashboard/jobs');
    await page.getByText('No jobs yet').waitFor();
    await page.getByText('This team has no project yet.').first().waitFor();
    await accessible(page, 'no jobs');
    await screenshot(page, 'jobs-empty', { fullPage: true });
  });
});

const SPANS = [
  [0.9, 'hour minute second', 'less than a second'],
  [1.9, 'hour minute second', '1 second'],
  [59.9, 'hour minute second', '59 seconds'],
  [120, 'hour minute second', '2 minutes'],
  [3661, 'hour minute second', '1 hour 1 minute'],
  [93600, 'hour minute second', '26 hours'],
  [59, 'day hour minute', 'less than a minute'],
  [86459, 'day hour minute', '1 day'],
  [97200, 'day hour minute', '1 day 3 hours'],
];

test('a span is said in its two largest units, rounded down', () =>
  visit(null, {}, async (page) => {
    await page.goto('/login');
    const words = await page.evaluate(async (spans) => {
      const { spanWords } = await import('/app/words.js');
      return spans.map(([seconds, units]) => spanWords(seconds, units.split(' ')));
    }, SPANS);
    assert.deepEqual(
      words,
      SPANS.map(([, , wanted]) => wanted),
    );
  }));

// One of every kind.
let shown;
function everyKind() {
  if (shown) return;
  shown = makeWorld();
  exec(`UPDATE teams SET name = 'Storefront team' WHERE id = ${quote(shown.team.id)};
    UPDATE users SET name = 'Olive Owner' WHERE id = ${quote(shown.owner.id)};
    UPDATE projects SET name = 'Storefront' WHERE id = ${quote(shown.team.project)};`);
  const by = { started_by: shown.owner.id };
  const job = (name, fields) => {
    const id = uuid();
    exec(`INSERT INTO projects (id, team_id, name) VALUES (${quote(id)}, ${quote(shown.team.id)}, ${quote(name)});`);
    return makeJob(shown.team, { project_id: id, ...by, ...fields });
  };
  const held = { run_token: uuid(), lease_until: new Date(Date.now() + 600000).toISOString(), attempts: 1, status: 'running' };
  const file = { file_name: 'x.json', file_bytes: 1534000, file_expires_at: new Date(Date.now() + 6 * 86400000).toISOString() };
  job('Storefront', { created_at: ago(9 * 86400), started_at: ago(9 * 86400), finished_at: ago(9 * 86400 - 12) });
  job('Blog', { created_at: ago(90000), started_at: ago(90000), finished_at: ago(89990), status: 'failed', error: 'no_space' });
  job('Help centre', { created_at: ago(4000), started_at: ago(4000), finished_at: ago(3998), status: 'cancelled' });
  job('Storefront', { created_at: ago(900), started_at: ago(890), finished_at: ago(765), ...file });
  job('Checkout', { created_at: ago(60), started_at: ago(50), step: 'feedback', done: 14321, total: 20005, ...held });
  job('Counted now', { created_at: ago(30), started_at: ago(5), ...held, run_token: uuid() });
  job('Status page', { type: 'issue_digest', created_at: ago(600), started_at: ago(595), finished_at: ago(594), result: { issues: 3 } });
  job('Newsletter', { created_at: ago(20), status: 'pending', started_by: null, key_id: uuid(), key_name: 'Nightly export' });
}

for (const scheme of ['light', 'dark'])
  for (const [size, width] of [['wide', 1280], ['narrow', 320]])
    test(`one of every kind, ${scheme}, ${size}`, () => {
      everyKind();
      return visit(shown.owner, { scheme, width }, async (page) => {
        await page.goto('/dashboard/jobs');
        await page.getByText('14,321 of 20,005').waitFor();
        await page.getByText('It took 2 minutes 5 seconds · 1.5 MB').waitFor();
        await page.getByText('It took 12 seconds · the file is gone').waitFor();
        await page.getByText('there is no room left for the file').waitFor();
        await page.getByText('Started by key Nightly export').waitFor();
        await fits(page, 'jobs');
        await accessible(page, `jobs, ${scheme}, ${size}`);
        await screenshot(page, `jobs-${scheme}-${size}`, { fullPage: true });
      });
    });
