// login - the mailed code, where it leads, and leaving again.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { call } from '../lib/client.mjs';
import { codesTo } from '../lib/mail.mjs';
import { insertUsers, makeUser } from '../lib/world.mjs';
import { becomes, until, visit } from './browser.mjs';

const INBOX = '/dashboard/inbox';

let people;
before(() => {
  people = Object.fromEntries(
    ['coded', 'next', 'wrong', 'leaver', 'everywhere', 'expired'].map((name) => [
      name,
      makeUser(name),
    ]),
  );
  insertUsers(Object.values(people));
});

async function askForCode(page, user, address = '/login') {
  await page.goto(address);
  await page.getByLabel('E-mail').fill(user.email);
  await page.getByRole('button', { name: 'Send me a code' }).click();
  await page.getByLabel('Code').waitFor();
  const [code] = codesTo(user.email);
  assert.match(code ?? 'no mail', /^[0-9]{6}$/);
  return code;
}

test('a mailed code logs in', () =>
  visit(null, {}, async (page, context) => {
    const code = await askForCode(page, people.coded);
    assert.equal(await page.evaluate(() => document.activeElement.name), 'code');
    await page.getByLabel('Code').fill(code);
    await page.waitForURL(`**${INBOX}`);
    await page.getByRole('heading', { name: 'Inbox', level: 1 }).waitFor();
    const cookie = (await context.cookies()).find(({ name }) => name === 'token');
    assert.equal(cookie.httpOnly, true);
    assert.equal(cookie.sameSite, 'Lax');
  }));

test('?next= is followed when it is a path of this site', () =>
  visit(null, {}, async (page) => {
    const code = await askForCode(
      page,
      people.next,
      '/login?next=%2Fdashboard%2Fpreferences%3Fa%3D1',
    );
    await page.getByLabel('Code').fill(code);
    await page.waitForURL('**/dashboard/preferences?a=1');
  }));

test('?next= to anywhere else is not', () =>
  visit(null, {}, async (page) => {
    await page.goto('/login');
    const hostile = [
      '//elsewhere.example',
      '/\\elsewhere.example',
      'https://elsewhere.example',
      '/\t/elsewhere.example',
      'javascript:alert(1)',
      '\\\\elsewhere.example',
      '',
      'dashboard',
      '/login',
      '/login?next=/login',
      '/ /x',
      '///x',
      `/${'x'.repeat(3000)}`,
      '/\u0000',
      '/\n/x',
    ];
    const led = await page.evaluate(async (list) => {
      const { nextPath } = await import('/app/links.js');
      return list.map((next) => nextPath(`?next=${encodeURIComponent(next)}`, '/home'));
    }, hostile);
    assert.deepEqual(
      led,
      hostile.map(() => '/home'),
    );
  }));

test('a wrong code is refused in words', () =>
  visit(null, {}, async (page) => {
    const code = await askForCode(page, people.wrong);
    await page.getByLabel('Code').fill(code === '000000' ? '000001' : '000000');
    await page.getByText('Invalid or expired code').waitFor();
    assert.equal(new URL(page.url()).pathname, '/login');
    await page.getByRole('button', { name: 'Use another e-mail' }).click();
    assert.equal(await page.getByText('Invalid or expired code').isVisible(), false);
    assert.equal(await page.getByLabel('E-mail').inputValue(), people.wrong.email);
  }));

for (const path of ['inbox', 'preferences?x=1', 'team', 'feedback', 'issues?project=1']) {
  test(`nobody at /dashboard/${path} is sent to log in and back`, () =>
    visit(null, {}, async (page) => {
      await page.goto(`/dashboard/${path}`);
      await page.waitForURL('**/login?next=*');
      assert.equal(new URL(page.url()).searchParams.get('next'), `/dashboard/${path}`);
    }));
}

test('a session that ends under way leads to the login page', () =>
  visit(people.expired, {}, async (page) => {
    await page.goto('/dashboard/preferences');
    await page.getByRole('button', { name: 'Save name' }).waitFor();
    await call('POST', '/v1/auth/logout', { as: people.expired.token });
    await page.getByRole('button', { name: 'Save name' }).click();
    await page.waitForURL('**/login?next=%2Fdashboard%2Fpreferences');
  }));

test('log out ends this session, also in the other tab', () =>
  visit(people.leaver, {}, async (page, context) => {
    const other = await context.newPage();
    await other.goto('/dashboard/preferences');
    await other.locator('.avatar').waitFor();
    await page.goto(INBOX);
    await page.locator('.avatar').click();
    await page.getByRole('button', { name: 'Log out', exact: true }).click();
    await page.waitForURL('**/login');
    await other.waitForURL('**/login?next=*');
    assert.equal((await call('GET', '/v1/auth/me', { as: people.leaver.token })).status, 401);
    await page.goto(INBOX);
    await page.waitForURL('**/login?next=*');
  }));

test('log out everywhere ends the sessions of other browsers', () => {
  const user = people.everywhere;
  const elsewhere = { token: undefined };
  return visit(null, {}, async (page) => {
    await page.goto('/login');
    const code = await askForCode(page, user);
    await page.getByLabel('Code').fill(code);
    await page.waitForURL(`**${INBOX}`);
    elsewhere.token = user.token; // another session of the same user
    assert.equal((await call('GET', '/v1/auth/me', { as: elsewhere.token })).status, 200);
    await page.locator('.avatar').click();
    await page.getByRole('button', { name: 'Log out everywhere' }).click();
    await page.waitForURL('**/login');
    await becomes(
      'the other session',
      401,
      async () => (await call('GET', '/v1/auth/me', { as: elsewhere.token })).status,
    );
  });
});

test('the account menu closes with Escape and returns focus', () =>
  visit(people.next, {}, async (page) => {
    await page.goto('/dashboard/preferences');
    for (const button of [page.locator('.avatar'), page.getByRole('button', { name: 'Help' })]) {
      await button.click();
      assert.equal(await button.getAttribute('aria-expanded'), 'true');
      await page.keyboard.press('Escape');
      await until('closed', async () => (await button.getAttribute('aria-expanded')) === 'false');
      assert.equal(await button.evaluate((element) => element === document.activeElement), true);
    }
  }));

test('help, bell and avatar stand in this order', () =>
  visit(people.next, {}, async (page) => {
    await page.goto('/dashboard/preferences');
    await page.locator('.avatar').waitFor();
    const order = await page.evaluate(() =>
      ['[aria-controls="help-panel"]', 'carillon-bell', '.avatar'].map(
        (selector) => document.querySelector(selector).getBoundingClientRect().left,
      ),
    );
    assert.deepEqual(
      order,
      [...order].sort((a, b) => a - b),
    );
  }));
