// feeds - addresses for calendars and feed readers, on the page of preferences.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { call, expect, ok } from '../lib/client.mjs';
import { makeFeed } from '../lib/feeds.mjs';
import { makeWorld } from '../lib/world.mjs';
import { accessible, becomes, broken, fits, focused, news, screenshot, until, visit } from './browser.mjs';

let world;
before(() => {
  world = makeWorld();
});

const said = (page, words) => until(words, async () => (await news(page)).includes(words));
const section = (page) =>
  page.getByRole('region', { name: 'Calendar and feed reader', exact: true });
const feedsOf = async (user) => (await ok(200, 'GET', '/v1/feeds', { as: user.token })).feeds;

test('an address is made, copied, read by another program, and revoked', () =>
  visit(world.owner, {}, async (page, context) => {
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.goto('/dashboard/preferences');
    const card = section(page);
    await card.getByText('No addresses yet').waitFor();
    await card.getByLabel('What to read').selectOption('calendar');
    await card.getByLabel('Where it is used').fill('My phone');
    await card.getByRole('button', { name: 'Create address' }).click();
    await said(page, 'Address created');
    const address = card.getByLabel('Address of My phone');
    const [{ url }] = await feedsOf(world.owner);
    assert.equal(await address.inputValue(), url);
    assert.equal(await address.evaluate((input) => input === document.activeElement), true);
    assert.equal(await card.getByLabel('Where it is used').inputValue(), '', 'ready for the next');
    await card.getByText('never read').waitFor();

    await card.getByRole('button', { name: 'Copy the address of My phone' }).click();
    await said(page, 'Address copied');
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    assert.equal(copied, url);
    const { pathname } = new URL(copied);
    expect(await call('GET', pathname), 200);
    await page.reload();
    await card.getByText('last read').waitFor();

    await card.getByRole('button', { name: 'Revoke My phone' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Keep' }).click();
    expect(await call('GET', pathname), 200);
    await card.getByRole('button', { name: 'Revoke My phone' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
    await said(page, 'Address revoked');
    await card.getByText('No addresses yet').waitFor();
    assert.equal(await focused(page), 'Calendar and feed reader');
    expect(await call('GET', pathname), 404, 'Feed not found');
  }));

test('without a name it is called by what it shows; a hostile name is text', () =>
  visit(world.admin, {}, async (page) => {
    await makeFeed(world.admin, 'atom');
    const name = '<img src=x onerror="window.wounded=1">';
    await makeFeed(world.admin, 'calendar', name);
    await page.goto('/dashboard/preferences');
    const card = section(page);
    await card.getByLabel('Address of Inbox feed').waitFor();
    await card.getByText(name, { exact: true }).waitFor();
    await becomes('rows', 2, () => card.locator('.feed').count());
    assert.equal(await page.evaluate(() => window.wounded), undefined);
  }));

test('who revokes one of several goes on at the next, to the end', () =>
  visit(world.outsider, {}, async (page) => {
    for (const name of ['First', 'Second', 'Third']) await makeFeed(world.outsider, 'atom', name);
    await page.goto('/dashboard/preferences');
    for (const [name, next] of [['Second', 'First'], ['First', 'Third']]) {
      await section(page).getByRole('button', { name: `Revoke ${name}` }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
      await until(`at ${next}`, async () => (await focused(page)).startsWith(next));
      await page.keyboard.press('Tab');
      assert.equal(await focused(page), `Revoke ${next}`);
    }
  }));

test('what the server refuses is said, and nothing is shown as made or revoked', () =>
  visit(world.developer, {}, async (page) => {
    await makeFeed(world.developer, 'atom', 'Kept');
    await page.goto('/dashboard/preferences');
    const card = section(page);
    const mended = await broken(page, 'POST', '**/v1/feeds');
    await card.getByRole('button', { name: 'Create address' }).click();
    await said(page, 'No address was made. Injected failure');
    await mended();
    await broken(page, 'DELETE', '**/v1/feeds/*');
    await card.getByRole('button', { name: 'Revoke Kept' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
    await said(page, 'Not revoked. Injected failure');
    assert.equal(await card.locator('.feed').count(), 1);
  }));

test('a list that does not arrive says so, and can be asked for again', () =>
  visit(world.viewer, {}, async (page) => {
    const mended = await broken(page, 'GET', '**/v1/feeds?*');
    await page.goto('/dashboard/preferences');
    const card = section(page);
    await card.getByText('Injected failure').waitFor();
    await mended();
    await card.getByRole('button').click();
    await card.getByText('No addresses yet').waitFor();
  }));

for (const scheme of ['light', 'dark'])
  for (const width of [1280, 320])
    test(`${scheme}, ${width} wide: axe finds nothing, nothing sticks out`, () =>
      visit(world.collaborator, { scheme, width }, async (page) => {
        if ((await feedsOf(world.collaborator)).length === 0) {
          await makeFeed(world.collaborator, 'atom', 'Newsreader at work');
          await call('GET', new URL((await makeFeed(world.collaborator, 'calendar')).url).pathname);
        }
        await page.goto('/dashboard/preferences');
        const card = section(page);
        await becomes('rows', 2, () => card.locator('.feed').count());
        await accessible(page, 'feeds');
        await fits(page, 'feeds');
        await screenshot(page, `feeds-${scheme}-${width}`, { fullPage: true });
      }));
