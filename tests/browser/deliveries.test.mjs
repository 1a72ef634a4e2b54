// deliveries - what became of notifications, a webhook of one's own, mail that comes back, and what
// failed for the whole team.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { exec, ok, quote, rows, value } from '../lib/client.mjs';
import { failedDelivery, give, insertUsers, makeUser, makeWorld } from '../lib/world.mjs';
import { accessible, becomes, bellOf, fits, focused, news, screenshot, until, visit } from './browser.mjs';

let world;
before(() => {
  world = makeWorld();
});

const said = (page, words) => until(words, async () => (await news(page)).includes(words));
const section = (page, name) => page.getByRole('region', { name, exact: true });
const suppress = (user) =>
  exec(`INSERT INTO suppressions (address, reason, detail, since)
    VALUES (${quote(user.email)}, 'bounced', 'No such mailbox', now() - interval '1 day') ON CONFLICT (address) DO UPDATE SET lifted_at = NULL;`);

function fresh(name) {
  const user = makeUser(name);
  insertUsers([user]);
  return user;
}

for (const scheme of ['light', 'dark']) {
  test(`the inbox says where a notification went, ${scheme}`, () => {
    const user = fresh('ledger');
    const [note] = give(user, [{ title: 'Sent around', link: '/dashboard/flags' }]);
    exec(`INSERT INTO deliveries (user_id, notification_id, channel, kind, status, attempts, error, address, reported, reported_at, decided_at)
      VALUES (${quote(user.id)}, ${quote(note.id)}, 'in_app', 'feedback.new', 'sent', 0, NULL, NULL, NULL, NULL, now()),
        (${quote(user.id)}, ${quote(note.id)}, 'email', 'feedback.new', 'sent', 1, NULL, ${quote(user.email)}, 'bounced', now(), now()),
        (${quote(user.id)}, ${quote(note.id)}, 'webhook', 'feedback.new', 'skipped', 0, 'gone', NULL, NULL, NULL, now());`);
    return visit(user, { scheme }, async (page) => {
      await page.goto('/dashboard/inbox');
      await page.getByText('Where it went').click();
      const ledger = page.locator('.ledger');
      await ledger.getByText(`to ${user.email}`).waitFor();
      assert.deepEqual(await ledger.locator('dt').allInnerTexts(), ['Bell', 'E-mail', 'Webhook']);
      assert.deepEqual(await ledger.locator('dd strong').allInnerTexts(), [
        'sent',
        'bounced',
        'not sent',
      ]);
      await ledger.getByText('there is nowhere to send it any more').waitFor();
      assert.equal(new URL(page.url()).pathname, '/dashboard/inbox', 'it is no link');
      await accessible(page, `the ledger, ${scheme}`);
      await screenshot(page, `ledger-${scheme}`);
    });
  });
}

test('the ledger opens by keyboard and says what it could not read', () => {
  const user = fresh('keys');
  give(user, [{ title: 'Only here' }]);
  return visit(user, {}, async (page) => {
    await page.goto('/dashboard/inbox');
    const summary = page.locator('.ledger summary');
    await summary.focus();
    await page.keyboard.press('Enter');
    await page.locator('.ledger').getByText('To the bell only.').waitFor();
    await page.keyboard.press('Enter');
    await page.route('**/deliveries', (route) =>
      route.fulfill({ status: 503, json: { error: 'Injected failure' } }),
    );
    await page.keyboard.press('Enter');
    await page.locator('.ledger').getByText('Injected failure').waitFor();
  });
});

test('a webhook: made with its secret shown once, tried, deleted', () => {
  const user = fresh('hook');
  return visit(user, {}, async (page) => {
    await page.goto('/dashboard/preferences');
    const hook = section(page, 'Webhook');
    assert.equal(await page.getByRole('columnheader', { name: 'Webhook' }).count(), 0);
    await hook.getByLabel('Address').fill('https://10.0.0.1/x');
    await hook.getByRole('button', { name: 'Create webhook' }).click();
    await said(page, 'url must not lead into a private network');
    await hook.getByLabel('Address').fill('https://hooks.example.com/x');
    await hook.getByLabel('Name').fill('Chat');
    await hook.getByRole('button', { name: 'Create webhook' }).click();
    const secret = await hook.getByLabel('Secret of the new webhook').inputValue();
    assert.match(secret, /^whsec_[A-Za-z0-9+/]{43}=$/);
    assert.equal((await page.content()).includes(secret), true);
    await accessible(page, 'preferences with a new webhook');
    await screenshot(page, 'webhook', { fullPage: true });
    assert.equal(await page.getByRole('columnheader', { name: 'Webhook' }).count(), 2);
    await page.getByRole('switch', { name: 'New feedback: Webhook' }).check();
    await said(page, 'Saved');
    await hook.getByRole('button', { name: 'Send a test' }).click();
    await hook.getByText('Last test: waits').waitFor();
    assert.equal(
      value(`SELECT count(*) FROM deliveries WHERE user_id = ${quote(user.id)} AND kind = 'webhook.test'`),
      1,
    );
    exec(`UPDATE deliveries SET status = 'failed', error = '503 from the receiver', decided_at = now() WHERE user_id = ${quote(user.id)};`);
    await hook.getByRole('button', { name: 'Refresh' }).click();
    await hook.getByText('503 from the receiver').waitFor();
    assert.equal(await focused(page), 'Refresh');
    await page.reload();
    await hook.getByText('https://hooks.example.com/x').waitFor();
    assert.equal((await page.content()).includes(secret), false);
    await hook.getByRole('button', { name: 'Delete webhook' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await said(page, 'Webhook deleted');
    await hook.getByLabel('Address').waitFor();
    assert.equal(await focused(page), 'Webhook');
    await becomes('columns', 0, () => page.getByRole('columnheader', { name: 'Webhook' }).count());
  });
});

test('locked rows say why', () =>
  visit(world.developer, {}, async (page) => {
    await page.goto('/dashboard/preferences');
    const locked = section(page, 'Your schedules').getByRole('row');
    await locked.nth(1).getByText('Always on: you scheduled it').waitFor();
    assert.equal(await locked.getByText('Always on: you scheduled it').count(), 8);
  }));

for (const scheme of ['light', 'dark']) {
  test(`mail that comes back is told in the bell and in the preferences, ${scheme}`, () => {
    const user = fresh('bounced');
    suppress(user);
    return visit(user, { scheme }, async (page) => {
      await page.goto('/dashboard/preferences');
      await page.locator('main').getByText('Mail to you comes back.').waitFor();
      await bellOf(page).button.click();
      const { panel, error } = bellOf(page);
      await panel.getByText('Mail to you comes back.').waitFor();
      await panel.getByText('No such mailbox').waitFor();
      assert.equal(await error.isVisible(), false);
      await accessible(page, `the bell with a mail problem, ${scheme}`);
      await screenshot(page, `mail-problem-${scheme}`);
      exec(`UPDATE suppressions SET lifted_at = now() WHERE address = ${quote(user.email)};`);
      await page.keyboard.press('Escape');
      await bellOf(page).button.click();
      await panel.getByText('Mail to you comes back.').waitFor({ state: 'hidden' });
    });
  });
}

test('an admin resumes mail to a member', () => {
  suppress(world.viewer);
  return visit(world.admin, {}, async (page) => {
    await page.goto('/dashboard/team');
    const members = section(page, 'Members');
    await members.getByText('Mail comes back since').waitFor();
    await accessible(page, 'members with a mail problem');
    await members.getByRole('button', { name: `Resume mail to ${world.viewer.email}` }).click();
    await said(page, 'is tried again');
    assert.equal(await members.getByText('Mail comes back since').count(), 0);
    const member = members.getByRole('listitem').filter({ hasText: world.viewer.email });
    assert.equal(await focused(page), await member.innerText(), 'the focus stays at this member');
    const [{ lifted_at: lifted }] = rows(`SELECT lifted_at FROM suppressions WHERE address = ${quote(world.viewer.email)}`);
    assert.notEqual(lifted, null);
  });
});

test('failed deliveries: shown, sent again, and asked about when they may have arrived', () => {
  const clear = failedDelivery(world.viewer, world.team.id, { error: '550 no such user' });
  const unclear = failedDelivery(world.viewer, world.team.id, { error: 'unknown: no answer' });
  const status = ({ id }) => value(`SELECT status FROM deliveries WHERE id = ${quote(id)}`);
  return visit(world.owner, {}, async (page) => {
    await page.goto('/dashboard/team');
    const failed = section(page, 'Failed deliveries');
    await failed.getByText('550 no such user').waitFor();
    await accessible(page, 'failed deliveries');
    await screenshot(page, 'failed-deliveries', { fullPage: true });
    await failed.getByRole('button', { name: `Send again: ${clear.note.title}` }).click();
    await said(page, 'It is sent again within a minute');
    assert.equal(status(clear), 'pending');
    const next = failed.getByRole('listitem').filter({ hasText: unclear.note.title });
    assert.equal(await focused(page), await next.innerText(), 'the focus goes on to the next one');
    const again = failed.getByRole('button', { name: `Send again: ${unclear.note.title}` });
    await again.click();
    await page.getByRole('dialog').getByRole('button', { name: 'Keep' }).click();
    assert.equal(status(unclear), 'failed');
    await again.click();
    await page.getByRole('dialog').getByRole('button', { name: 'Send again' }).click();
    await becomes('the unclear one', 'pending', () => status(unclear));
  });
});

test('a failed delivery that has arrived after all is not sent twice unasked', () => {
  const lost = failedDelivery(world.viewer, world.team.id, { error: 'unknown: no answer' });
  const status = () => value(`SELECT status FROM deliveries WHERE id = ${quote(lost.id)}`);
  return visit(world.owner, {}, async (page) => {
    await page.goto('/dashboard/team');
    const failed = section(page, 'Failed deliveries');
    const row = failed.getByRole('listitem').filter({ hasText: lost.note.title });
    await row.waitFor();
    exec(`UPDATE deliveries SET reported = 'delivered', reported_at = now() WHERE id = ${quote(lost.id)};`);
    const again = row.getByRole('button', { name: 'Send again' });
    await again.click();
    await page.getByRole('dialog').getByText('It has arrived after all.').waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Keep' }).click();
    await page.reload();
    await row.getByText('delivered after all').waitFor();
    assert.equal(status(), 'failed');
    await again.click();
    await page.getByRole('dialog').getByRole('button', { name: 'Send again' }).click();
    await said(page, 'It is sent again within a minute');
    assert.equal(status(), 'pending');
  });
});

test('nobody else sees failed deliveries', () => {
  failedDelivery(world.viewer, world.team.id, { error: '550 no such user' });
  return visit(world.developer, {}, async (page) => {
    await page.goto('/dashboard/team');
    const failed = section(page, 'Failed deliveries');
    await failed.getByText('Only owners and admins see these.').waitFor();
    assert.equal(await failed.getByRole('listitem').count(), 0);
  });
});

test('the new parts fit a small screen', () => {
  const user = fresh('small');
  give(user, [{ title: 'Small' }]);
  suppress(user);
  return visit(user, { width: 320, height: 640 }, async (page) => {
    await ok(201, 'POST', '/v1/auth/me/webhooks', {
      as: user.token,
      body: { url: `https://hooks.example.com/${'long/'.repeat(30)}`, name: 'A name' },
    });
    await page.goto('/dashboard/preferences');
    await section(page, 'Webhook').getByText('Nothing was sent yet.').waitFor();
    await fits(page, 'preferences');
    await screenshot(page, 'preferences-320', { fullPage: true });
    await page.goto('/dashboard/inbox');
    await page.getByText('Where it went').click();
    await page.getByText('To the bell only.').waitFor();
    await fits(page, 'the inbox');
  });
});
