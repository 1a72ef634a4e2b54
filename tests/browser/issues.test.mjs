// issues - the page: list, filters, one issue, its status; from the bell's notice to it.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { call, exec, expect, ok, quote } from '../lib/client.mjs';
import { makeWorld } from '../lib/world.mjs';
import { accessible, fits, news, screenshot, until, visit } from './browser.mjs';

let world;
let issue;
const event = async (body) =>
  expect(await call('POST', '/v1/issues/events', { bearer: world.team.keys.agent.secret, body }), 201).issue;

before(async () => {
  world = makeWorld();
  exec(`UPDATE projects SET name = 'Storefront' WHERE id = ${quote(world.team.project)};`);
  for (let n = 0; n < 3; n++)
    issue = await event({
      title: 'TypeError: total is undefined',
      app: 'shop',
      user: `u${n % 2}`,
      context: { page: '/checkout', html: '<b>not bold</b>', long: 'x'.repeat(300) },
    });
  await event({ title: `Timeout ${'of a very long thing '.repeat(20)}`, environment: 'staging' });
});

test('the list, narrowed down by status and environment', () =>
  visit(world.viewer, {}, async (page) => {
    await page.goto(`/dashboard/issues?project=${world.team.project}`);
    await page.getByText('3 events, 2 users', { exact: false }).waitFor();
    assert.equal(await page.locator('.resource').count(), 2);
    await accessible(page);
    await fits(page);
    await screenshot(page, 'issues');
    await page.getByLabel('Environment').selectOption('staging');
    await page.waitForURL(/environment=staging/);
    await page.getByText('1 event, 0 users', { exact: false }).waitFor();
    assert.equal(await page.locator('.resource').count(), 1);
    await page.getByLabel('Status').selectOption('resolved');
    await page.getByText('No such issue').waitFor();
    assert.match(page.url(), /environment=staging&status=resolved$/);
    await page.getByLabel('Environment').selectOption('All');
    await page.waitForURL(/issues\?project=[^&]*&status=resolved$/);
  }));

test('from the notice to the issue, which is resolved and regresses', () =>
  visit(world.developer, {}, async (page) => {
    const { notifications } = await ok(200, 'GET', '/v1/notifications?type=issue.new', { as: world.developer.token });
    assert.equal(notifications[0].body, 'TypeError: total is undefined ×3');
    await page.goto(notifications[0].link);
    await page.getByRole('heading', { name: 'TypeError: total is undefined', level: 1 }).waitFor();
    await page.getByText('"<b>not bold</b>"', { exact: false }).first().waitFor();
    await accessible(page);
    await fits(page);
    await screenshot(page, 'issue');
    await page.getByRole('button', { name: 'Resolve' }).click();
    await until('it is said', async () => (await news(page)).includes('It is resolved now.'));
    const now = await ok(200, 'GET', `/v1/issues/${issue.id}`, { as: world.viewer.token });
    assert.equal(now.issue.status, 'resolved');
    await event({ title: 'TypeError: total is undefined', app: 'shop' });
    await page.reload();
    await page.getByText('Regressed', { exact: true }).waitFor();
  }));

test('snoozed for a week, and then for good: the chip says until when', () =>
  visit(world.developer, {}, async (page) => {
    await page.goto(`/dashboard/issues?id=${issue.id}`);
    await page.getByRole('button', { name: 'Snooze for a week' }).click();
    await until('it is said', async () => (await news(page)).includes('It is snoozed now.'));
    const { snooze_until: end } = (await ok(200, 'GET', `/v1/issues/${issue.id}`, { as: world.viewer.token })).issue;
    assert.ok(Math.abs(Date.parse(end) - Date.now() - 7 * 24 * 3600 * 1000) < 60000, end);
    assert.match(await page.locator('.moves .chip').textContent(), /^Snoozed until .*\d{4}$/);
    await accessible(page);
    await page.getByRole('button', { name: 'Take it in progress' }).click();
    await until('the end is gone', async () => (await page.locator('.moves .chip').textContent()) === 'In progress');
    await page.getByRole('button', { name: 'Snooze', exact: true }).click();
    await until('no end', async () => (await page.locator('.moves .chip').textContent()) === 'Snoozed');
  }));

test('a viewer sees the status and no button; a stranger nothing', async () => {
  await visit(world.viewer, {}, async (page) => {
    await page.goto(`/dashboard/issues?id=${issue.id}`);
    await page.getByRole('heading', { name: 'Status' }).waitFor();
    assert.equal(await page.getByRole('button', { name: 'Resolve' }).count(), 0);
  });
  await visit(world.outsider, {}, async (page) => {
    await page.goto(`/dashboard/issues?id=${issue.id}`);
    await page.getByText('No such issue').waitFor();
    await accessible(page);
  });
});

for (const [scheme, width] of [['dark', 1280], ['light', 320], ['dark', 640]]) {
  test(`${scheme}, ${width} wide`, () =>
    visit(world.owner, { scheme, width }, async (page) => {
      for (const [name, query] of [['issues', `project=${world.team.project}`], ['issue', `id=${issue.id}`]]) {
        await page.goto(`/dashboard/issues?${query}`);
        await page.getByText('TypeError: total is undefined').first().waitFor();
        await accessible(page);
        await fits(page);
        await screenshot(page, `${name}-${scheme}-${width}`);
      }
    }));
}
