// flags - the pages of feature flags: list, make one of every kind, toggle, edit, archive, delete,
// who may, and what is said when somebody else was quicker.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { ok, quote, rows, value } from '../lib/client.mjs';
import { makeFlag, makeWorld } from '../lib/world.mjs';
import { becomes, broken, news, until, visit } from './browser.mjs';

let world;
before(() => {
  world = makeWorld();
});

const said = (page, words) => until(words, async () => (await news(page)).includes(words));
const button = (page, name) => page.getByRole('button', { name, exact: true });
const toggle = (page, name) => page.getByRole('switch', { name: `On in ${name}` });
const make = (fields, enabled) => makeFlag(world.team, fields, enabled);
const sure = (page, name) => page.getByRole('dialog').getByRole('button', { name }).click();
const stored = (id) =>
  rows(`SELECT key, name, kind, variations, default_on, default_off, status
    FROM flags WHERE id = ${quote(id)}`)[0];
const enabled = (id) =>
  rows(`SELECT e.name FROM flags f JOIN environments e ON e.id = ANY (f.enabled_in)
    WHERE f.id = ${quote(id)} ORDER BY e.name`).map(({ name }) => name);

async function open(page, id, name) {
  await page.goto(`/dashboard/flags?id=${id}`);
  await page.getByRole('heading', { level: 1, name }).waitFor();
}

test('a boolean flag needs a name only; its key follows the name', () =>
  visit(world.collaborator, {}, async (page) => {
    await page.goto('/dashboard/flags');
    await page.getByText('No flag yet').waitFor();
    await button(page, 'New flag').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('Neue Suche, 2. Versuch (größer)');
    assert.equal(await dialog.getByLabel('Key').inputValue(), 'neue-suche-2.-versuch-gro-er');
    await dialog.getByLabel('Key').fill('new-search');
    await dialog.getByLabel('Name').fill('New search');
    assert.equal(await dialog.getByLabel('Key').inputValue(), 'new-search');
    await button(page, 'Create flag').click();
    await page.getByRole('heading', { level: 1, name: 'New search' }).waitFor();
    const id = new URL(page.url()).searchParams.get('id');
    assert.deepEqual(stored(id), {
      key: 'new-search',
      name: 'New search',
      kind: 'boolean',
      variations: [
        { name: 'on', value: true },
        { name: 'off', value: false },
      ],
      default_on: 'on',
      default_off: 'off',
      status: 'ACTIVE',
    });
    assert.equal(await toggle(page, 'production').isDisabled(), true, 'no right to publish');
  }));

const OTHERS = [
  { kind: 'string', texts: ['Hello, you!', 'Hello'], values: ['Hello, you!', 'Hello'] },
  { kind: 'number', texts: ['2.5', '-1'], values: [2.5, -1] },
  { kind: 'json', texts: ['{"a":[1,null]}', 'null'], values: [{ a: [1, null] }, null] },
];
for (const { kind, texts, values } of OTHERS) {
  test(`a flag of kind ${kind} is made with its variations`, () =>
    visit(world.owner, {}, async (page) => {
      await page.goto('/dashboard/flags');
      await button(page, 'New flag').click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Name').first().fill(`Of kind ${kind}`);
      await dialog.getByLabel('Kind').selectOption(kind);
      for (const i of [0, 1]) {
        await dialog.getByLabel(`variation ${i + 1}: name`).fill(`v${i}`);
        await dialog.getByLabel(`variation ${i + 1}: value`).fill(texts[i]);
      }
      await button(page, 'Create flag').click();
      await page.getByRole('heading', { level: 1, name: `Of kind ${kind}` }).waitFor();
      const flag = stored(new URL(page.url()).searchParams.get('id'));
      assert.deepEqual(
        flag.variations.map((variation) => variation.value),
        values,
      );
      assert.equal(flag.default_on, 'v0');
      assert.equal(flag.default_off, 'v1');
    }));
}

test('a key that is taken is refused in the dialog, which stays', () =>
  visit(world.owner, {}, async (page) => {
    const { key } = make({ name: 'Taken' });
    await page.goto('/dashboard/flags');
    await button(page, 'New flag').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('Another');
    await dialog.getByLabel('Key').fill(key);
    await button(page, 'Create flag').click();
    await dialog.getByText('The project has a flag with this key').waitFor();
    await button(page, 'Cancel').click();
    assert.equal(await dialog.count(), 0);
  }));

test('a switch acts in its own environment, and keeps the focus', () =>
  visit(world.developer, {}, async (page) => {
    const { id } = make({ name: 'Switched' }, ['staging']);
    await open(page, id, 'Switched');
    assert.equal(await toggle(page, 'staging').isChecked(), true);
    await toggle(page, 'production').focus();
    await page.keyboard.press('Space');
    await said(page, 'Switched is on in production');
    assert.deepEqual(enabled(id), ['production', 'staging']);
    assert.equal(await toggle(page, 'production').isChecked(), true);
    assert.equal(
      await page.evaluate(() => document.activeElement.getAttribute('aria-label')),
      'On in production',
    );
    await toggle(page, 'staging').click();
    await said(page, 'Switched is off in staging');
    assert.deepEqual(enabled(id), ['production']);
  }));

test('a refused switch jumps back and says why', () =>
  visit(world.owner, {}, async (page) => {
    const { id } = make({ name: 'Refused' });
    await open(page, id, 'Refused');
    await broken(page, 'POST', '**/run', 403);
    await toggle(page, 'production').click();
    await said(page, 'production is unchanged. Injected failure');
    assert.equal(await toggle(page, 'production').isChecked(), false);
    assert.deepEqual(enabled(id), []);
  }));

test('who was slower is told, and can load the newest', () =>
  visit(world.owner, {}, async (page) => {
    const { id } = make({ name: 'Contested' });
    await open(page, id, 'Contested');
    await ok(200, 'POST', `/v1/flags/${id}/environments/staging/run`, { as: world.admin.token });
    await toggle(page, 'production').click();
    await page.getByRole('alert').filter({ hasText: 'Somebody has changed this flag' }).waitFor();
    assert.deepEqual(enabled(id), ['staging']);
    await button(page, 'Load the newest').click();
    await becomes('staging', true, () => toggle(page, 'staging').isChecked());
    await toggle(page, 'production').click();
    await said(page, 'is on in production');
  }));

test('variations are edited; the defaults follow a new name', () =>
  visit(world.collaborator, {}, async (page) => {
    const { id } = make({
      name: 'Greeting',
      kind: 'string',
      variations: [
        { name: 'warm', value: 'Hello, you!' },
        { name: 'plain', value: 'Hello' },
      ],
      default_on: 'warm',
      default_off: 'plain',
    });
    await open(page, id, 'Greeting');
    await page.getByLabel('variation 2: name').fill('dry');
    await button(page, '+ Add variation').click();
    await page.getByLabel('variation 3: name').fill('loud');
    await page.getByLabel('variation 3: value').fill('HELLO');
    await page.getByLabel('While on').selectOption('loud');
    await button(page, 'Save changes').click();
    await said(page, 'Saved');
    const flag = stored(id);
    assert.deepEqual(flag.variations, [
      { name: 'warm', value: 'Hello, you!' },
      { name: 'dry', value: 'Hello' },
      { name: 'loud', value: 'HELLO' },
    ]);
    assert.equal(flag.default_on, 'loud');
    assert.equal(flag.default_off, 'dry');
  }));

test('a name that passes by that of another, letter by letter, changes nothing that is served', () =>
  visit(world.owner, {}, async (page) => {
    const { id } = make({
      name: 'Colour',
      kind: 'string',
      variations: [
        { name: 'blue', value: '#00f' },
        { name: 'grey', value: '#888' },
      ],
      default_on: 'grey',
      default_off: 'blue',
    });
    await open(page, id, 'Colour');
    const grey = page.getByLabel('variation 2: name');
    await grey.fill('');
    await grey.pressSequentially('blue-light');
    assert.equal(await page.getByLabel('While on').inputValue(), 'blue-light');
    assert.equal(await page.getByLabel('While off').inputValue(), 'blue');
    await button(page, '+ Add variation').click();
    await page.getByLabel('variation 1: name').fill('');
    await page.getByLabel('variation 1: name').pressSequentially('navy');
    await page.getByLabel('variation 3: name').pressSequentially('blue');
    await page.getByLabel('variation 3: value').fill('#00e');
    await button(page, 'Save changes').click();
    await said(page, 'Saved');
    const { default_on: on, default_off: off } = stored(id);
    assert.deepEqual([on, off], ['blue-light', 'navy']);
    await button(page, 'Remove variation 1').click();
    assert.equal(await page.getByLabel('While on').inputValue(), 'blue-light');
    await button(page, 'Save changes').click();
    await until('saved without it', () => stored(id).variations.length === 2);
    assert.equal(stored(id).default_on, 'blue-light');
  }));

test('what is no JSON is not sent', () =>
  visit(world.owner, {}, async (page) => {
    const { id } = make({
      name: 'Structure',
      kind: 'json',
      variations: [{ name: 'a', value: { deep: true } }],
      default_on: 'a',
      default_off: 'a',
    });
    await open(page, id, 'Structure');
    const area = page.getByLabel('variation 1: value');
    await area.fill('{"deep":');
    await button(page, 'Save changes').click();
    assert.match(await area.evaluate((element) => element.validationMessage), /not JSON/);
    await area.fill('{"deep":false}');
    await button(page, 'Save changes').click();
    await said(page, 'Saved');
    assert.deepEqual(stored(id).variations, [{ name: 'a', value: { deep: false } }]);
  }));

test('archiving asks first; then nothing can be changed', () =>
  visit(world.admin, {}, async (page) => {
    const { id } = make({ name: 'Old one' }, ['production']);
    const body = { disable: { at: '2099-01-01T00:00:00Z' }, time_zone: 'UTC' };
    const schedule = `/v1/flags/${id}/environments/production/schedule`;
    await ok(201, 'PUT', schedule, { as: world.admin.token, body });
    await open(page, id, 'Old one');
    await button(page, 'Archive').click();
    await page.getByRole('dialog').getByText('What is scheduled for it will fail').waitFor();
    await sure(page, 'Keep');
    assert.equal(stored(id).status, 'ACTIVE');
    await button(page, 'Archive').click();
    await sure(page, 'Archive');
    await said(page, 'Old one is archived');
    assert.equal(stored(id).status, 'ARCHIVED');
    assert.equal(await toggle(page, 'production').isDisabled(), true);
    assert.equal(await button(page, 'Save changes').count(), 0);
    assert.equal(await button(page, 'Archive').count(), 0);
    assert.equal(await button(page, 'Edit schedule').count(), 0);
    await button(page, 'Cancel schedule').waitFor();
  }));

test('deleting asks first, and leads back to the list', () =>
  visit(world.admin, {}, async (page) => {
    const { id } = make({ name: 'Mistake' });
    await open(page, id, 'Mistake');
    await button(page, 'Delete').click();
    await sure(page, 'Keep');
    await button(page, 'Delete').click();
    await sure(page, 'Delete for good');
    await page.waitForURL(`**/dashboard/flags?project=${world.team.project}`);
    await page.getByRole('heading', { level: 1, name: 'Flags' }).waitFor();
    assert.equal(value(`SELECT count(*) FROM flags WHERE id = ${quote(id)}`), 0);
    await page.goto(`/dashboard/flags?id=${id}`);
    await page.getByText('No such flag').waitFor();
    await page.getByRole('link', { name: 'All flags' }).click();
    await page.getByRole('button', { name: 'New flag' }).waitFor();
  }));

test('a viewer reads and cannot change', () =>
  visit(world.viewer, {}, async (page) => {
    const { id } = make({ name: 'To look at' }, ['production']);
    await page.goto('/dashboard/flags');
    await page.getByRole('link', { name: 'To look at' }).click();
    await page.getByText('you can look, but not change anything').waitFor();
    assert.equal(await toggle(page, 'production').isDisabled(), true);
    for (const name of ['Save changes', 'Archive', 'Delete'])
      assert.equal(await button(page, name).count(), 0, name);
    await page.getByText('While off').waitFor();
    assert.deepEqual(enabled(id), ['production']);
  }));

test('the audit log names what was changed, and leads there', () =>
  visit(world.owner, {}, async (page) => {
    const { id } = make({ name: 'Watched' });
    await open(page, id, 'Watched');
    await page.getByLabel('Name', { exact: true }).fill('Watched closely');
    await button(page, 'Save changes').click();
    await said(page, 'Saved');
    await page.getByRole('link', { name: 'Who changed what' }).click();
    const entry = page.locator('.audit').filter({ hasText: 'Flag updated: Watched closely' });
    await entry.locator('summary').click();
    await entry.getByText('Watched → Watched closely').waitFor();
    await entry.getByRole('link', { name: 'Open the flag' }).click();
    await page.getByRole('heading', { level: 1, name: 'Watched closely' }).waitFor();
  }));

test('what is coming stands at its environment', () =>
  visit(world.owner, { timezone: 'Asia/Tokyo' }, async (page) => {
    const { id } = make({ name: 'Coming' }, ['production']);
    await page.route(`**/v1/flags/${id}`, async (route) => {
      const answer = await route.fetch();
      const { flag } = await answer.json();
      flag.environments.find(({ name }) => name === 'production').schedule = {
        enable_at: '2099-07-01T13:00:00.000Z',
        disable: { days_after: 2, time: '18:00' },
        time_zone: 'America/New_York',
        resolved: {
          enable: { at: '2099-07-01T13:00:00.000Z', outcome: 'FIRED', reason: null },
          disable: { at: '2099-07-03T22:00:00.000Z', outcome: null, reason: null },
        },
        status: 'PENDING',
        version: 1,
      };
      await route.fulfill({ response: answer, json: { flag } });
    });
    await open(page, id, 'Coming');
    const banner = page.locator('.environment.on').getByRole('group', { name: 'Schedule' });
    const words = await banner.innerText();
    for (const part of ['Sat, Jul 4, 2099, 07:00', 'Fri, Jul 3, 2099, 18:00', 'Goes off in'])
      assert.ok(words.includes(part), `${part} in ${words}`);
    assert.ok(!words.includes('Goes on'), 'that has been');
  }));
