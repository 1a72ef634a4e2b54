// experiments - the pages of experiments: list, make, edit, preflight, every action, who may, and
// what is said when somebody else was quicker.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { call, exec, ok, quote, rows, value } from '../lib/client.mjs';
import { makeExperiment, makeWorld, seeSnippet } from '../lib/world.mjs';
import { becomes, broken, held, news, setHidden, until, visit } from './browser.mjs';

let world;
before(() => {
  world = makeWorld();
});

const said = (page, words) => until(words, async () => (await news(page)).includes(words));
const section = (page, name) => page.getByRole('region', { name, exact: true });
const button = (page, name) => page.getByRole('button', { name, exact: true });
const stored = (id) =>
  rows(`SELECT name, hypothesis, url_rules, variations, metrics, status, version
    FROM experiments WHERE id = ${quote(id)}`)[0];
const make = (fields) => makeExperiment(world.team.project, fields);

async function open(page, id, name) {
  await page.goto(`/dashboard/experiments?id=${id}`);
  await page.getByRole('heading', { level: 1, name }).waitFor();
}

const sure = (page, name) => page.getByRole('dialog').getByRole('button', { name }).click();

test('a new experiment is made, filled in, checked and published', () =>
  visit(world.developer, {}, async (page) => {
    seeSnippet(world.team.project);
    await page.goto('/dashboard/experiments');
    await button(page, 'New experiment').click();
    await page.getByRole('dialog').getByLabel('Name').fill('Checkout colour');
    await page.getByRole('dialog').getByLabel('Hypothesis').fill('Green sells more');
    await button(page, 'Create experiment').click();
    await page.getByRole('heading', { level: 1, name: 'Checkout colour' }).waitFor();

    const checks = section(page, 'Ready to launch?');
    await becomes('checks', 1, () => checks.locator('.check.passes').count());
    await button(page, '+ Add URL rule').click();
    await page.getByLabel('URL rule 1', { exact: true }).fill('https://shop.example/checkout*');
    await button(page, '+ Add variation').click();
    await page.getByLabel('variation 1: name').fill('Blue');
    await button(page, '+ Add variation').click();
    await page.getByLabel('variation 2: name').fill('Green');
    await page.getByText('Total 100 %').waitFor();
    await button(page, '+ Add metric').click();
    await page.getByLabel('metric 1', { exact: true }).fill('orders');
    await button(page, 'Save changes').click();
    await said(page, 'Saved');
    await becomes('checks', 4, () => checks.locator('.check.passes').count());

    await button(page, 'Publish').click();
    await sure(page, 'Not yet');
    assert.equal(await button(page, 'Pause').count(), 0);
    await button(page, 'Publish').click();
    await sure(page, 'Publish');
    await said(page, 'Checkout colour is running');
    const id = new URL(page.url()).searchParams.get('id');
    assert.deepEqual(stored(id), {
      name: 'Checkout colour',
      hypothesis: 'Green sells more',
      url_rules: ['https://shop.example/checkout*'],
      variations: [
        { name: 'Blue', weight: 50 },
        { name: 'Green', weight: 50 },
      ],
      metrics: ['orders'],
      status: 'RUNNING',
      version: 3,
    });
    assert.equal(await page.getByLabel('URL rule 1').count(), 0, 'what results count on is fixed');
    await page.getByText('they stay as they are').waitFor();
  }));

test('a running one goes all the way: paused, resumed, stopped, archived', () =>
  visit(world.owner, {}, async (page) => {
    const { id } = make({ name: 'Long way', status: 'RUNNING' });
    await open(page, id, 'Long way');
    await button(page, 'Pause').click();
    await said(page, 'Long way is paused');
    await button(page, 'Resume').click();
    await said(page, 'Long way is running');
    await button(page, 'Pause').click();
    await button(page, 'Stop for good').click();
    await sure(page, 'Leave it paused');
    assert.equal(stored(id).status, 'PAUSED');
    await button(page, 'Stop for good').click();
    await sure(page, 'Stop for good');
    await said(page, 'Long way is completed');
    await button(page, 'Archive').click();
    await sure(page, 'Archive');
    await said(page, 'Long way is archived');
    assert.equal(stored(id).status, 'ARCHIVED');
    assert.equal(await button(page, 'Save changes').count(), 0);
    assert.equal(await page.getByRole('textbox', { name: 'Name' }).isEditable(), false);
  }));

test('a draft that does not pass is not published, and the page says what is missing', () =>
  visit(world.owner, {}, async (page) => {
    const { id } = make({ name: 'Half done', metrics: [], variations: [] });
    await open(page, id, 'Half done');
    await button(page, 'Publish').click();
    await said(page, 'Not published.');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'preflight-title');
    await page.getByText('No metric is set').waitFor();
    assert.equal(stored(id).status, 'DRAFT');
  }));

const forgetSnippet = (project) =>
  exec(`UPDATE projects SET snippet_seen_at = NULL WHERE id = ${quote(project)};`);
const passing = (page) => section(page, 'Ready to launch?').locator('.check.passes').count();

// A draft that lacks nothing but the snippet, on its page.
async function openUnseen(page, name) {
  forgetSnippet(world.team.project);
  await open(page, make({ name }).id, name);
  await becomes('checks', 3, () => passing(page));
}

test('a snippet that was seen after the page was opened keeps nothing from being published', () =>
  visit(world.owner, {}, async (page) => {
    await openUnseen(page, 'Seen late');
    seeSnippet(world.team.project);
    await button(page, 'Publish').click();
    await sure(page, 'Publish');
    await said(page, 'Seen late is running');
  }));

test('a tab that comes back shows that the snippet was seen meanwhile', () =>
  visit(world.owner, {}, async (page) => {
    await openUnseen(page, 'Away');
    await setHidden(page, true);
    seeSnippet(world.team.project);
    await setHidden(page, false);
    await becomes('checks', 4, () => passing(page));
  }));

test('once begun, name and hypothesis can still be edited', () =>
  visit(world.collaborator, {}, async (page) => {
    const { id } = make({ name: 'Begun', status: 'RUNNING', hypothesis: 'old' });
    await open(page, id, 'Begun');
    await page.getByLabel('Hypothesis').fill('');
    await page.getByLabel('Name', { exact: true }).fill('Begun and renamed');
    await button(page, 'Save changes').click();
    await said(page, 'Saved');
    await page.getByRole('heading', { level: 1, name: 'Begun and renamed' }).waitFor();
    assert.equal(stored(id).hypothesis, null);
    assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Save changes');
  }));

test('rows are removed by keyboard, and two variations of one name are refused here', () =>
  visit(world.owner, {}, async (page) => {
    const { id } = make({ name: 'Rows' });
    await open(page, id, 'Rows');
    await page.getByLabel('variation 2: name').fill('A');
    await button(page, 'Save changes').click();
    await said(page, 'Two variations have the same name.');
    await button(page, 'Remove variation 2').focus();
    await page.keyboard.press('Enter');
    await page.getByText('50 % to give').waitFor();
    assert.equal(
      await page.evaluate(() => document.activeElement.getAttribute('aria-label')),
      'variation 1: name',
    );
    await button(page, 'Save changes').click();
    await said(page, 'Saved');
    assert.deepEqual(stored(id).variations, [{ name: 'A', weight: 50 }]);
  }));

test('who was slower is told, keeps what was typed, and can load the newest', () =>
  visit(world.owner, {}, async (page) => {
    const { id } = make({ name: 'Contested' });
    await open(page, id, 'Contested');
    await page.getByLabel('Name', { exact: true }).fill('Mine');
    await ok(200, 'PATCH', `/v1/experiments/${id}`, {
      as: world.admin.token,
      body: { name: 'Theirs' },
    });
    await button(page, 'Save changes').click();
    const alert = page.getByRole('alert').filter({ hasText: 'Somebody has changed this' });
    await alert.waitFor();
    assert.equal(await page.getByLabel('Name', { exact: true }).inputValue(), 'Mine');
    assert.equal(stored(id).name, 'Theirs');
    await button(page, 'Load the newest').click();
    await page.getByRole('heading', { level: 1, name: 'Theirs' }).waitFor();
    assert.equal(await alert.count(), 0);
    await page.getByLabel('Name', { exact: true }).fill('Mine');
    await button(page, 'Save changes').click();
    await said(page, 'Saved');
    assert.equal(stored(id).name, 'Mine');
  }));

test('an action on what has moved on is refused in the same words', () =>
  visit(world.owner, {}, async (page) => {
    const { id } = make({ name: 'Moved on', status: 'RUNNING' });
    await open(page, id, 'Moved on');
    await ok(200, 'POST', `/v1/experiments/${id}/pause`, { as: world.admin.token });
    await button(page, 'Pause').click();
    await page.getByRole('alert').filter({ hasText: 'Somebody has changed this' }).waitFor();
    await button(page, 'Load the newest').click();
    await button(page, 'Resume').waitFor();
  }));

test('unsaved edits are not lost to an action', () =>
  visit(world.owner, {}, async (page) => {
    const { id } = make({ name: 'Unsaved', status: 'RUNNING' });
    await open(page, id, 'Unsaved');
    await page.getByLabel('Name', { exact: true }).fill('Unsaved, still');
    await button(page, 'Pause').click();
    await said(page, 'Save your changes first');
    assert.equal(stored(id).status, 'RUNNING');
    await button(page, 'Save changes').click();
    await said(page, 'Saved');
  }));

test('a collaborator edits and cannot publish, a viewer only reads', async () => {
  const { id } = make({ name: 'By role' });
  await visit(world.collaborator, {}, async (page) => {
    await open(page, id, 'By role');
    await page.getByText('you can edit, but not change what visitors get').waitFor();
    assert.equal(await button(page, 'Publish').count(), 0);
    assert.equal(await button(page, 'Save changes').count(), 1);
  });
  await visit(world.viewer, {}, async (page) => {
    await open(page, id, 'By role');
    await page.getByText('you can look, but not change anything').waitFor();
    for (const name of ['Publish', 'Save changes', '+ Add metric'])
      assert.equal(await button(page, name).count(), 0, name);
    await page.goto('/dashboard/experiments');
    await page.getByText('By role').waitFor();
    assert.equal(await button(page, 'New experiment').count(), 0);
  });
});

test('a right that went away meanwhile is refused in the server’s words', () =>
  visit(world.owner, {}, async (page) => {
    const { id } = make({ name: 'Refused', status: 'RUNNING' });
    await open(page, id, 'Refused');
    await broken(page, 'POST', '**/pause', 403);
    await button(page, 'Pause').click();
    await said(page, 'Not paused. Injected failure');
    assert.equal(stored(id).status, 'RUNNING');
  }));

test('what a form’s server refuses is said in the dialog, which stays', () =>
  visit(world.owner, {}, async (page) => {
    await page.goto('/dashboard/experiments');
    const whole = await broken(page, 'POST', '**/experiments', 503);
    await button(page, 'New experiment').click();
    await page.getByRole('dialog').getByLabel('Name').fill('Second try');
    await button(page, 'Create experiment').click();
    await page.getByRole('dialog').getByText('Injected failure').waitFor();
    await whole();
    await button(page, 'Create experiment').click();
    await page.getByRole('heading', { level: 1, name: 'Second try' }).waitFor();
  }));

const demote = ({ team, owner }) =>
  exec(`UPDATE members SET role = 'viewer' WHERE user_id = ${quote(owner.id)} AND team_id = ${quote(team.id)};`);

test('a form that is given up while it is sent: what it made is shown, what it did not make is said', () => {
  const small = makeWorld();
  return visit(small.owner, {}, async (page) => {
    const send = async (name) => {
      await button(page, 'New experiment').click();
      await page.getByRole('dialog').getByLabel('Name').fill(name);
      const answer = await held(page, 'POST', '**/experiments');
      await button(page, 'Create experiment').click();
      await answer.isThere;
      await button(page, 'Cancel').click();
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      answer.release();
    };
    await page.goto('/dashboard/experiments');
    await send('Given up too late');
    await page.getByRole('heading', { level: 1, name: 'Given up too late' }).waitFor();
    await page.goto('/dashboard/experiments');
    await button(page, 'New experiment').waitFor();
    demote(small);
    await send('Not made');
    await said(page, 'Not created.');
  });
});

for (const [what, close] of [
  ['Escape', (page) => page.keyboard.press('Escape')],
  ['Close', (page) => button(page, 'Close').click()],
])
  test(`${what} while a schedule is saved: the page says that it was, or why it was not`, () => {
    const small = makeWorld();
    seeSnippet(small.team.project);
    const { id } = makeExperiment(small.team.project, { name: 'Impatient' });
    return visit(small.owner, {}, async (page) => {
      const fill = async (opener) => {
        await button(page, opener).click();
        await page.locator('.preview').getByText('Launches in').waitFor();
      };
      const save = async (action) => {
        const answer = await held(page, 'PUT', '**/schedule');
        await button(page, action).and(page.locator('[type="submit"]')).click();
        await answer.isThere;
        await close(page);
        await page.getByRole('dialog').waitFor({ state: 'detached' });
        answer.release();
      };
      await open(page, id, 'Impatient');
      await fill('Schedule');
      await save('Schedule');
      await said(page, 'Impatient is scheduled');
      await fill('Edit schedule');
      demote(small);
      await save('Save schedule');
      await said(page, 'Not scheduled.');
    });
  });

test('somebody else’s, unknown and broken ones: each says so', () =>
  visit(world.owner, {}, async (page) => {
    const foreign = makeExperiment(world.other.project, { name: 'Foreign' });
    for (const id of [foreign.id, '00000000-0000-4000-8000-000000000000', 'x/../y']) {
      await page.goto(`/dashboard/experiments?id=${encodeURIComponent(id)}`);
      await page.getByText('No such experiment').waitFor();
    }
    const { id } = make({ name: 'Out for a moment' });
    const whole = await broken(page, 'GET', `**/v1/experiments/${id}`);
    await page.goto(`/dashboard/experiments?id=${id}`);
    await page.getByText('This could not be read').waitFor();
    await whole();
    await button(page, 'Try again').click();
    await page.getByRole('heading', { level: 1, name: 'Out for a moment' }).waitFor();
    await page.goto(`/dashboard/experiments?project=${world.other.project}`);
    await page.getByText('No such project').waitFor();
  }));

test('the list of a project is read page by page', () =>
  visit(world.outsider, {}, async (page) => {
    exec(`INSERT INTO experiments (project_id, name, url_rules, variations, metrics, created_at)
      SELECT ${quote(world.other.project)}, 'Number ' || i, '[]', '[]', '[]', now() - i * interval '1 minute'
      FROM generate_series(1, 70) AS i`);
    await page.goto(`/dashboard/experiments?project=${world.other.project}`);
    await becomes('rows', 50, () => page.locator('.resource').count());
    await button(page, 'Load older experiments').click();
    const total = value(
      `SELECT count(*) FROM experiments WHERE project_id = ${quote(world.other.project)}`,
    );
    await becomes('rows', total, () => page.locator('.resource').count());
    const [focused, order] = await page
      .locator('.resource a')
      .nth(50)
      .evaluate((link) => [link === document.activeElement, link.tabIndex]);
    assert.deepEqual([focused, order], [true, 0], 'the first new one has the focus, and Tab finds it again');
    assert.equal(await button(page, 'Load older experiments').isVisible(), false);
  }));

test('a link to a project that is older than all that are listed finds it', () => {
  const { outsider, other } = makeWorld();
  exec(`INSERT INTO projects (team_id, name, created_at)
    SELECT ${quote(other.id)}, 'Newer ' || i, now() + i * interval '1 second' FROM generate_series(1, 200) AS i`);
  makeExperiment(other.project, { name: 'An old acquaintance' });
  return visit(outsider, {}, async (page) => {
    await page.goto(`/dashboard/experiments?project=${other.project}`);
    await page.getByRole('link', { name: 'An old acquaintance' }).waitFor();
    const select = page.getByLabel('Project');
    assert.equal(await select.inputValue(), other.project);
    assert.equal(await select.locator('option').count(), 201);
    await page.goto('/dashboard/experiments');
    await page.getByText('In Newer 200.').waitFor();
  });
});

// What is coming, as an answer of the API would hold it; the page computes none of it.
function withSchedule(page, id, fields) {
  return page.route(`**/v1/experiments/${id}`, async (route) => {
    const answer = await route.fetch();
    const { experiment } = await answer.json();
    await route.fulfill({ response: answer, json: { experiment: { ...experiment, ...fields } } });
  });
}

test('what is coming stands there in three clocks', () =>
  visit(world.viewer, { timezone: 'Asia/Tokyo' }, async (page) => {
    const { id } = make({ name: 'Coming' });
    await withSchedule(page, id, {
      status: 'SCHEDULED',
      schedule: {
        launch_at: '2099-07-01T13:00:00.000Z',
        end: { days_after: 2, time: '18:00' },
        time_zone: 'America/New_York',
        resolved: {
          launch: { at: '2099-07-01T13:00:00.000Z', rule: null, outcome: null, reason: null },
          end: { at: '2099-07-03T22:00:00.000Z', rule: null, outcome: null, reason: null },
        },
        scheduled_by: world.owner.id,
        status: 'PENDING',
        version: 1,
      },
    });
    await open(page, id, 'Coming');
    const banner = page.getByRole('group', { name: 'Schedule' });
    const words = await banner.innerText();
    for (const part of [
      'Your time (Asia/Tokyo)',
      'Scheduler’s time (America/New_York)',
      'Wed, Jul 1, 2099, 22:00',
      'Wed, Jul 1, 2099, 09:00',
      'Wed, Jul 1, 2099, 13:00',
      'Sat, Jul 4, 2099, 07:00',
      'Fri, Jul 3, 2099, 18:00',
      'Fri, Jul 3, 2099, 22:00',
    ])
      assert.ok(words.includes(part), `${part} in ${words}`);
    assert.equal(
      (await call('GET', `/v1/experiments/${id}`, { as: world.viewer.token })).status,
      200,
    );
  }));

test('what was really scheduled is shown, in the list too', () =>
  visit(world.viewer, {}, async (page) => {
    seeSnippet(world.team.project);
    const { id } = make({ name: 'Really coming' });
    await ok(201, 'PUT', `/v1/experiments/${id}/schedule`, {
      as: world.owner.token,
      body: {
        launch_at: '2098-07-01T13:00:00Z',
        end: { days_after: 2, time: '18:00' },
        time_zone: 'America/New_York',
      },
    });
    await open(page, id, 'Really coming');
    const words = await page.getByRole('group', { name: 'Schedule' }).innerText();
    for (const part of ['Tue, Jul 1, 2098, 09:00', 'Thu, Jul 3, 2098, 18:00'])
      assert.ok(words.includes(part), `${part} in ${words}`);
    await page.goto('/dashboard/experiments');
    const row = page.locator('.resource').filter({ hasText: 'Really coming' });
    assert.match(await row.innerText(), /Launches\s+Jul 1, 2098, 13:00\s+Scheduled/);
  }));
