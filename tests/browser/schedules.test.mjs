// schedules - what a person schedules in the browser is carried out, and the page, the bell, the
// mail and the audit log tell the same story; in two time zones. Time is moved with --at, so the
// file has a running copy of its own.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startCopy } from '../lib/copy.mjs';

const copy = await startCopy();
after(copy.stop);
const { call, cron, exec, ok, quote, rows, value } = await import('../lib/client.mjs');
const { mailsTo } = await import('../lib/mail.mjs');
const { makeExperiment, makeFlag, makeWorld, seeSnippet } = await import('../lib/world.mjs');
const { becomes, bellOf, news, setHidden, until, visit } = await import('./browser.mjs');

const NEW_YORK = { timezone: 'America/New_York' };
const KOLKATA = { timezone: 'Asia/Kolkata' };
const HOUR = 3600000;
const two = (number) => String(number).padStart(2, '0');

// A team of its own for each test: time is everybody's.
function freshWorld() {
  const world = makeWorld();
  seeSnippet(world.team.project);
  return world;
}

// A whole minute some hours from now.
const inHours = (hours) =>
  new Date(Math.ceil((Date.now() + hours * HOUR) / 60000) * 60000).toISOString();
const plus = (instant, ms) => new Date(Date.parse(instant) + ms).toISOString();

// What the clock on the wall shows then, by PostgreSQL's zones: { date, hour, minute }.
function wallOf(instant, { timezone }) {
  const [date, time] = value(
    `SELECT to_char(${quote(instant)}::timestamptz AT TIME ZONE ${quote(timezone)}, 'YYYY-MM-DD HH24:MI')`,
  ).split(' ');
  const [hour, minute] = time.split(':');
  return { date, hour, minute };
}

const button = (page, name) => page.getByRole('button', { name, exact: true });
const said = (page, words) => until(words, async () => (await news(page)).includes(words));
const dialogOf = (page) => page.getByRole('dialog');
const part = (page, name) => dialogOf(page).getByRole('group', { name, exact: true });
const way = (page, name, words) =>
  part(page, name).locator('.segmented label').filter({ hasText: words }).click();
const banner = (page) => page.getByRole('group', { name: 'Schedule' });
const experimentPage = ({ id }) => `/dashboard/experiments?id=${id}`;

async function fill(page, name, { date, hour, minute }) {
  if (date) await part(page, name).getByLabel('Date', { exact: true }).fill(date);
  for (const [label, digits] of [
    ['Hour', hour],
    ['Minute', minute],
  ])
    await part(page, name).getByLabel(label).and(page.locator(':enabled')).fill(digits);
}

const moments = (resource) =>
  rows(`SELECT m.kind, m.outcome, to_char(m.due_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.000"Z"') AS at,
      s.time_zone, s.scheduled_by
    FROM moments m JOIN schedules s ON s.id = m.schedule_id
    WHERE s.resource_id = ${quote(resource)} ORDER BY s.created_at, m.due_at`);
const notices = (resource) =>
  rows(
    `SELECT user_id, type, title, body, link FROM notifications WHERE resource_id = ${quote(resource)}`,
  );
const toggleOf = (flag, environment) =>
  value(
    `SELECT id FROM flag_environments WHERE flag_id = ${quote(flag.id)} AND environment_id = ${quote(environment)}`,
  );
async function audited(world, resource) {
  const path = `/v1/teams/${world.team.id}/audit?limit=200`;
  const { entries } = await ok(200, 'GET', path, { as: world.owner.token });
  return entries.filter(({ resource_id: id }) => id === resource).map(({ action }) => action);
}
const unread = ({ id }) => value(`SELECT unread FROM inbox WHERE user_id = ${quote(id)}`);

// Press Tab until this is true of the element that has the focus.
async function tabTo(page, what, check) {
  for (let n = 0; n < 80; n++) {
    if (await page.evaluate(check)) return;
    await page.keyboard.press('Tab');
  }
  assert.fail(`Tab never reached ${what}`);
}

test('an experiment is scheduled by keyboard in New York, launched, and told of everywhere', async () => {
  const world = freshWorld();
  const person = world.developer;
  const it = makeExperiment(world.team.project, { name: 'Checkout colour' });
  const due = inHours(2);
  const { date, hour, minute } = wallOf(due, NEW_YORK);
  const [year, month, day] = date.split('-');
  await visit(person, NEW_YORK, async (page) => {
    await page.goto(experimentPage(it));
    await button(page, 'Schedule').waitFor();
    const { keyboard } = page;
    await tabTo(page, 'Schedule', () => document.activeElement.textContent === 'Schedule');
    await keyboard.press('Enter');
    await dialogOf(page).waitFor();
    await dialogOf(page).getByText('All times are in America/New_York, your time zone.').waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.name), 'date');
    await keyboard.type(month + day + year);
    await tabTo(page, 'the hour', () => document.activeElement.name === 'hour');
    await keyboard.type(hour);
    await keyboard.press('Tab');
    await keyboard.type(minute);
    await keyboard.press('Tab');
    await keyboard.press('ArrowRight');
    await keyboard.press('ArrowRight');
    await keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement.name), 'days');
    await keyboard.press('Control+A');
    await keyboard.type('3');
    await page.locator('.preview').getByText('Ends in').waitFor();
    await keyboard.press('Enter');
    await said(page, 'Checkout colour is scheduled');
    assert.equal(
      await page.evaluate(() => document.activeElement.textContent),
      'Edit schedule',
      'the focus stays where it was',
    );
    const words = await banner(page).innerText();
    for (const zone of ['Your time (America/New_York)', 'Scheduler’s time', 'UTC'])
      assert.ok(words.includes(zone), `${zone} in ${words}`);
    assert.ok(words.includes(`${hour}:${minute}`), `${hour}:${minute} in ${words}`);
    const [launch, end] = moments(it.id);
    assert.deepEqual(launch, {
      kind: 'launch',
      outcome: null,
      at: due,
      time_zone: 'America/New_York',
      scheduled_by: person.id,
    });
    const ended = wallOf(end.at, NEW_YORK);
    assert.equal(ended.hour, '09');
    const before = unread(person);

    cron('all', '--at', due);
    cron('all', '--at', plus(due, 60000));
    await page.reload();
    await page.locator('#summary').getByText('Running').waitFor();
    assert.match(await banner(page).innerText(), /^Ends/);
    assert.equal(unread(person), before + 1, 'the bell has exactly one more');
    assert.equal(await bellOf(page).badge.innerText(), String(before + 1));
    await bellOf(page).button.click();
    await bellOf(page).items.filter({ hasText: 'Checkout colour was launched' }).waitFor();
    await page.keyboard.press('Escape');
    const mails = mailsTo(person.email);
    assert.deepEqual(
      mails.map(({ headers }) => headers.subject),
      ['Checkout colour was launched'],
    );
    assert.deepEqual(await audited(world, it.id), ['schedule.fired', 'schedule.created']);
    await page.goto('/dashboard/timeline');
    for (const words of ['Checkout colour was launched', 'Checkout colour ends'])
      await page.getByRole('heading', { name: words }).waitFor();
    await page.goto(`/dashboard/team?team=${world.team.id}#audit`);
    const entry = page.locator('.audit').filter({ hasText: 'Schedule fired: Checkout colour by' });
    await entry.locator('summary').click();
    await entry.getByRole('link', { name: 'Open the experiment' }).click();
    await page.getByRole('heading', { level: 1, name: 'Checkout colour' }).waitFor();
  });
});

test('a flag is scheduled on and off in Kolkata, and switched by the first run', async () => {
  const world = freshWorld();
  const person = world.owner;
  const flag = makeFlag(world.team, { name: 'New search', key: 'new-search' });
  const toggle = toggleOf(flag, world.team.environments.production);
  const due = inHours(3);
  const wall = wallOf(due, KOLKATA);
  await visit(person, KOLKATA, async (page) => {
    await page.goto(`/dashboard/flags?id=${flag.id}`);
    const place = page.locator('.environment').filter({ hasText: 'production' });
    await place.getByRole('button', { name: 'Schedule' }).click();
    await dialogOf(page).getByText('All times are in Asia/Kolkata, your time zone.').waitFor();
    await fill(page, 'Switch on', wall);
    await way(page, 'Switch off', 'Days after');
    await part(page, 'Switch off').getByRole('spinbutton', { name: 'Days after' }).fill('2');
    await fill(page, 'Switch off', { hour: '18', minute: '45' });
    await page.locator('.preview').getByText('18:45 IST (Asia/Kolkata)').waitFor();
    await button(page, 'Schedule').and(page.locator('[type="submit"]')).click();
    await said(page, 'New search in production is scheduled');
    await place.locator('.chip.coming').getByText(`${wall.hour}:${wall.minute}`).waitFor();
    const [enable, disable] = moments(toggle);
    assert.deepEqual([enable.kind, enable.at, enable.time_zone], ['enable', due, 'Asia/Kolkata']);
    assert.equal(disable.at.slice(11, 16), '13:15');

    const before = unread(person);
    cron('all', '--at', plus(due, 30000));
    await page.reload();
    await becomes('the switch', true, () =>
      page.getByRole('switch', { name: 'On in production' }).isChecked(),
    );
    assert.match(await banner(page).innerText(), /^Goes off/);
    assert.equal(unread(person), before + 1);
    assert.deepEqual(
      mailsTo(person.email).map(({ headers }) => headers.subject),
      ['New search was switched on in production'],
    );
    assert.deepEqual(await audited(world, toggle), ['schedule.fired', 'schedule.created']);
    await page.goto(`/dashboard/team?team=${world.team.id}#audit`);
    const words = 'Schedule fired: New search in production by Carillon';
    const entry = page.locator('.audit').filter({ hasText: words });
    await entry.locator('summary').click();
    await entry.getByRole('link', { name: 'Open the flag' }).click();
    await page.waitForURL(
      `**/dashboard/flags?id=${flag.id}&environment=${world.team.environments.production}`,
    );
    await page.getByRole('heading', { level: 1, name: 'New search' }).waitFor();
  });
});

test('the notice of a missed launch leads to the dialog in one click', async () => {
  const world = freshWorld();
  const it = makeExperiment(world.team.project, { name: 'Hero headline' });
  const due = inHours(1);
  await ok(201, 'PUT', `/v1/experiments/${it.id}/schedule`, {
    as: world.admin.token,
    body: { launch_at: due, end: { days_after: 2, time: '18:00' }, time_zone: 'UTC' },
  });
  cron('all', '--at', plus(due, 61 * 60000));
  assert.deepEqual(
    notices(it.id).map(({ type }) => type),
    ['EXPERIMENT_SCHEDULE_MISSED'],
  );
  await visit(world.admin, NEW_YORK, async (page) => {
    await page.goto('/dashboard/inbox');
    await bellOf(page).button.click();
    await bellOf(page).items.filter({ hasText: 'Hero headline was not launched' }).click();
    await dialogOf(page).waitFor();
    assert.equal(new URL(page.url()).search, `?id=${it.id}`, 'a reload opens nothing');
    const again = inHours(30);
    await fill(page, 'Launch', wallOf(again, NEW_YORK));
    await button(page, 'Schedule').and(page.locator('[type="submit"]')).click();
    await said(page, 'Hero headline is scheduled');
    assert.deepEqual(
      moments(it.id).map(({ kind, outcome }) => [kind, outcome]),
      [
        ['launch', 'MISSED'],
        ['end', 'DROPPED'],
        ['launch', null],
      ],
    );
    assert.equal(moments(it.id).at(-1).at, again);
  });
});

test('what is left of a missed schedule is cancelled before a flag is scheduled anew', async () => {
  const world = freshWorld();
  const flag = makeFlag(world.team, { name: 'Beta basket' });
  const environment = world.team.environments.staging;
  const toggle = toggleOf(flag, environment);
  const due = inHours(1);
  await ok(201, 'PUT', `/v1/flags/${flag.id}/environments/staging/schedule`, {
    as: world.owner.token,
    body: { enable_at: due, disable: { at: inHours(100) }, time_zone: 'UTC' },
  });
  cron('all', '--at', plus(due, 61 * 60000));
  const [{ link }] = notices(toggle);
  await visit(world.owner, KOLKATA, async (page) => {
    await page.goto(link);
    await dialogOf(page).getByText('What is left of that schedule').waitFor();
    await dialogOf(page).getByRole('button', { name: 'Cancel the rest and go on' }).click();
    await fill(page, 'Switch on', wallOf(inHours(26), KOLKATA));
    await button(page, 'Schedule').and(page.locator('[type="submit"]')).click();
    await said(page, 'is scheduled');
    assert.deepEqual(
      moments(toggle).map(({ kind, outcome }) => [kind, outcome]),
      [
        ['enable', 'MISSED'],
        ['disable', 'CANCELLED'],
        ['enable', null],
      ],
    );
  });
});

test('a schedule is edited by somebody else, in either zone, and cancelled', async () => {
  const world = freshWorld();
  const it = makeExperiment(world.team.project, { name: 'Edited' });
  const due = inHours(20);
  await ok(201, 'PUT', `/v1/experiments/${it.id}/schedule`, {
    as: world.developer.token,
    body: { launch_at: due, end: { days_after: 2, time: '18:00' }, time_zone: 'America/New_York' },
  });
  const [, end] = moments(it.id);
  await visit(world.owner, KOLKATA, async (page) => {
    await page.goto(experimentPage(it));
    await button(page, 'Edit schedule').click();
    const date = part(page, 'Launch').getByLabel('Date', { exact: true });
    assert.equal(await date.inputValue(), wallOf(due, KOLKATA).date);
    await dialogOf(page).getByLabel('All times are in').selectOption('America/New_York');
    assert.equal(await date.inputValue(), wallOf(due, NEW_YORK).date);
    const hour = part(page, 'End').getByLabel('Hour').and(page.locator(':enabled'));
    assert.equal(await hour.inputValue(), '18', 'the same end, as the scheduler wrote it');
    await button(page, 'Save schedule').click();
    await said(page, 'Edited is scheduled');
    assert.deepEqual(
      moments(it.id).map(({ at, time_zone: zone, scheduled_by: by }) => [at, zone, by]),
      [due, end.at].map((at) => [at, 'America/New_York', world.owner.id]),
    );
    await button(page, 'Cancel schedule').click();
    await button(page, 'Keep it').click();
    assert.equal(await banner(page).count(), 1);
    await button(page, 'Cancel schedule').click();
    await button(page, 'Cancel the schedule').click();
    await said(page, 'The schedule of Edited is cancelled');
    assert.equal(await banner(page).count(), 0);
    await page.locator('#summary').getByText('Draft').waitFor();
  });
  cron('all', '--at', plus(due, 1000));
  assert.deepEqual(notices(it.id), []);
  assert.deepEqual(await audited(world, it.id), [
    'schedule.cancelled',
    'schedule.edited',
    'schedule.created',
  ]);
});

test('across the gap of spring the dialog shows what the server resolved', async () => {
  const world = freshWorld();
  const it = makeExperiment(world.team.project, { name: 'Spring' });
  const year = new Date().getUTCFullYear() + 1;
  const first = new Date(Date.UTC(year, 2, 1)).getUTCDay();
  const sunday = 1 + ((7 - first) % 7) + 7; // the second of March
  const date = `${year}-03-${two(sunday - 1)}`;
  await visit(world.owner, NEW_YORK, async (page) => {
    await page.goto(experimentPage(it));
    await button(page, 'Schedule').click();
    await fill(page, 'Launch', { date, hour: '12', minute: '00' });
    await way(page, 'End', 'Days after');
    await part(page, 'End').getByRole('spinbutton', { name: 'Days after' }).fill('1');
    await fill(page, 'End', { hour: '02', minute: '30' });
    const preview = page.locator('.preview');
    await preview.getByText(`${sunday} Mar ${year}, 03:00 EDT`).waitFor();
    await preview.getByText('The clocks skip').waitFor();
    await way(page, 'End', 'On a date');
    await fill(page, 'End', {
      date: `${year}-03-${two(sunday)}`,
      hour: '02',
      minute: '30',
    });
    await preview.getByText('The clocks skip 02:30').waitFor();
    await button(page, 'Schedule').and(page.locator('[type="submit"]')).click();
    await said(page, 'Spring is scheduled');
    assert.equal(moments(it.id)[1].at, `${year}-03-${two(sunday)}T07:00:00.000Z`);
  });
});

const WALLS = [
  ['America/New_York', '2027-03-14', 2, 30, '2027-03-14T07:00:00.000Z', 'gap'],
  ['America/New_York', '2027-11-07', 1, 30, '2027-11-07T05:30:00.000Z', 'overlap'],
  ['America/New_York', '2027-11-07', 2, 0, '2027-11-07T07:00:00.000Z', 'exact'],
  ['Asia/Kolkata', '2027-03-14', 2, 30, '2027-03-13T21:00:00.000Z', 'exact'],
  ['Australia/Lord_Howe', '2026-10-04', 2, 15, '2026-10-03T15:30:00.000Z', 'gap'],
  ['Australia/Lord_Howe', '2026-04-05', 1, 45, '2026-04-04T14:45:00.000Z', 'overlap'],
  ['Pacific/Apia', '2011-12-30', 12, 0, '2011-12-30T10:00:00.000Z', 'gap'],
  ['Pacific/Kiritimati', '2027-01-01', 0, 0, '2026-12-31T10:00:00.000Z', 'exact'],
  ['UTC', '2027-01-01', 0, 0, '2027-01-01T00:00:00.000Z', 'exact'],
];

test('a local time is the instant that the contract says', () =>
  visit(null, {}, async (page) => {
    await page.goto('/login');
    const found = await page.evaluate(async (walls) => {
      const { instantOf } = await import('/app/wall.js');
      return walls.map(([zone, date, hour, minute]) => instantOf({ date, hour, minute }, zone));
    }, WALLS);
    assert.deepEqual(
      found,
      WALLS.map(([, , , , at, rule]) => ({ at, rule })),
    );
  }));

test('a refusal stands at the field that it names', async () => {
  const world = freshWorld();
  const it = makeExperiment(world.team.project, { name: 'Refused' });
  await visit(world.owner, NEW_YORK, async (page) => {
    await page.goto(experimentPage(it));
    await button(page, 'Schedule').click();
    const date = part(page, 'Launch').getByLabel('Date', { exact: true });
    await date.fill('2020-01-01');
    await part(page, 'Launch').getByText('The launch must be in the future.').waitFor();
    assert.equal(await date.getAttribute('aria-invalid'), 'true');
    await button(page, 'Schedule').and(page.locator('[type="submit"]')).click();
    await until('the focus', () =>
      page.evaluate(() => document.activeElement.getAttribute('aria-invalid') === 'true'),
    );
    assert.deepEqual(moments(it.id), []);
    await date.fill('2098-01-01');
    await page.locator('.preview').getByText('Launches in').waitFor();
    assert.equal(await date.getAttribute('aria-invalid'), null);
    await way(page, 'End', 'On a date');
    await part(page, 'End').getByLabel('Date', { exact: true }).fill('2097-01-01');
    await part(page, 'End').getByText('The end must be after the launch.').waitFor();
    await page.keyboard.press('Escape');
    assert.equal(await dialogOf(page).count(), 0);
    assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Schedule');
  });
});

test('who was slower than somebody else, or than cron, is told and sees what it is now', async () => {
  const world = freshWorld();
  const it = makeExperiment(world.team.project, { name: 'Contested' });
  const path = `/v1/experiments/${it.id}/schedule`;
  const due = inHours(4);
  const put = (body) => call('PUT', path, { as: world.admin.token, body });
  await put({ launch_at: due, time_zone: 'UTC' });
  await visit(world.owner, NEW_YORK, async (page) => {
    await page.goto(experimentPage(it));
    await button(page, 'Edit schedule').click();
    await page.locator('.preview').getByText('Launches in').waitFor();
    await put({ launch_at: plus(due, HOUR), time_zone: 'UTC' });
    await button(page, 'Save schedule').click();
    await page.getByRole('alert').getByText('Somebody has changed this').waitFor();
    assert.equal(moments(it.id)[0].at, plus(due, HOUR));
    await button(page, 'Edit schedule').click();
    await page.locator('.preview').getByText('Launches in').waitFor();
    cron('fire', '--at', plus(due, HOUR));
    await button(page, 'Save schedule').click();
    await page.getByRole('alert').getByText('carried out meanwhile').waitFor();
    await page.locator('#summary').getByText('Running').waitFor();
    assert.equal(await button(page, 'Schedule its end').count(), 1);
  });
});

test('who may not publish sees what is coming, and nothing to press', async () => {
  const world = freshWorld();
  const it = makeExperiment(world.team.project, { name: 'Looked at' });
  const flag = makeFlag(world.team, {});
  const body = { launch_at: inHours(5), time_zone: 'UTC' };
  await ok(201, 'PUT', `/v1/experiments/${it.id}/schedule`, { as: world.owner.token, body });
  for (const person of [world.viewer, world.collaborator])
    await visit(person, KOLKATA, async (page) => {
      await page.goto(`${experimentPage(it)}&schedule=1`);
      await banner(page).waitFor();
      await said(page, 'As a ');
      assert.equal(await page.getByRole('button', { name: /schedule/i }).count(), 0);
      await page.goto(`/dashboard/flags?id=${flag.id}`);
      await page.locator('.environment').first().waitFor();
      assert.equal(await page.getByRole('button', { name: /schedule/i }).count(), 0);
    });
});

test('the timeline is read in pages', async () => {
  const world = freshWorld();
  exec(`WITH s AS (INSERT INTO schedules (project_id, resource_kind, resource_id, resource_name, time_zone, first_at, status)
      SELECT ${quote(world.team.project)}, 'experiment', gen_random_uuid(), 'No ' || n, 'UTC', now(), 'DONE'
      FROM generate_series(1, 60) n RETURNING *)
    INSERT INTO moments (schedule_id, project_id, kind, due_at, outcome, decided_at)
    SELECT id, project_id, 'launch', now() - interval '1 minute', 'FIRED', now() FROM s;`);
  await visit(world.viewer, KOLKATA, async (page) => {
    await page.goto('/dashboard/timeline');
    await becomes('a page', 50, () => page.locator('.moment-row').count());
    await button(page, 'Load older moments').click();
    await becomes('all of it', 60, () => page.locator('.moment-row').count());
    await page.getByText('Nothing is scheduled now.').waitFor();
    assert.equal(await button(page, 'Load older moments').isVisible(), false);
  });
});

test('cron that is silent is told of on every page, and asked after only while somebody looks', async () => {
  const { viewer } = freshWorld();
  const silence = (age) =>
    exec(
      `UPDATE heartbeats SET started_at = now() - interval ${quote(age)}, finished_at = now() - interval ${quote(age)};`,
    );
  cron('dispatch');
  silence('170 seconds');
  await visit(viewer, {}, async (page) => {
    await page.clock.install();
    let asked = 0;
    page.on('request', (request) => {
      asked += request.url().endsWith('/readyz') ? 1 : 0;
    });
    const answer = page.waitForResponse('**/readyz');
    await page.goto('/dashboard/flags');
    await answer;
    await page.waitForLoadState('networkidle');
    assert.equal(await page.locator('.cron-silent').count(), 0);
    silence('181 seconds');
    await setHidden(page, true);
    asked = 0;
    await page.clock.runFor('05:00');
    assert.equal(asked, 0, 'never while hidden');
    await setHidden(page, false);
    await page.getByText('Nothing is carried out right now.').waitFor();
    cron('dispatch');
    await setHidden(page, false);
    await becomes('the banner', 0, () => page.locator('.cron-silent').count());
  });
});
