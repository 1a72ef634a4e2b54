// unsubscribe - the page behind the link in a mail: to look changes nothing, the button does, and
// nobody has to log in for it.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { quote, secret, value } from '../lib/client.mjs';
import { insertUsers, makeUser } from '../lib/world.mjs';
import { accessible, fits, screenshot, visit } from './browser.mjs';

const TYPE = 'job.completed';

// The link as common/optout.c makes it.
function target(user) {
  const mac = createHmac('sha256', secret())
    .update(`unsubscribe e-mail\0${user.id}\0${TYPE}\0`)
    .digest();
  const id = Buffer.from(user.id.replaceAll('-', ''), 'hex');
  const link = Buffer.concat([id, mac.subarray(0, 16)]).toString('base64url');
  return `/unsubscribe/${TYPE}/${link}`;
}

const preferences = (user) => value(`SELECT preferences FROM users WHERE id = ${quote(user.id)}`);

for (const scheme of ['light', 'dark']) {
  test(`one look and one click, ${scheme}`, () => {
    const user = makeUser('unsubscribe');
    insertUsers([user]);
    const before = preferences(user);
    return visit(null, { scheme, width: 320 }, async (page) => {
      const asked = [];
      page.on('request', (request) => asked.push(request.method()));
      const first = await page.goto(target(user));
      assert.equal(first.status(), 200);
      const button = page.getByRole('button', { name: 'Stop these mails' });
      await button.waitFor();
      await page.reload();
      assert.ok(asked.length > 2 && asked.every((method) => method === 'GET'));
      assert.deepEqual(preferences(user), before, 'looking changes nothing');
      await page.getByRole('heading', { name: 'Mail about: Job completed' }).waitFor();
      await accessible(page, `the question, ${scheme}`);
      await fits(page, 'the question');
      await screenshot(page, `unsubscribe-${scheme}`);

      await button.focus();
      await page.keyboard.press('Enter');
      await page.getByText('Carillon no longer mails you about these.').waitFor();
      assert.deepEqual(preferences(user).notifications, { types: { [TYPE]: { email: false } } });
      assert.equal(await page.getByRole('button').count(), 0);
      await accessible(page, `the answer, ${scheme}`);
      await fits(page, 'the answer');
      await screenshot(page, `unsubscribed-${scheme}`);

      await page.reload(); // sends the form again
      await page.getByText('Carillon no longer mails you about these.').waitFor();
      assert.deepEqual(preferences(user).notifications, { types: { [TYPE]: { email: false } } });
    });
  });
}
