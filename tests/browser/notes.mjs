// notes - users with an inbox, and how the inbox page shows it.
import { exec, quote, rows } from '../lib/client.mjs';
import { give, insertUsers, makeUser } from '../lib/world.mjs';

export const INBOX = '/dashboard/inbox';

// Distinct times, newest first in the order given.
const aged = (list) =>
  list.map((row, i) => ({
    created_at: new Date(Date.now() - (i + 1) * 60000).toISOString(),
    ...row,
  }));

export function userWith(name, list) {
  const user = makeUser(name);
  insertUsers([user]);
  give(user, aged(list));
  return user;
}

export const many = (count, fields = {}) =>
  Array.from({ length: count }, (_, i) => ({ title: `Row ${i}`, ...fields }));

// Tell it anew, as the server does while an issue goes on.
export function retell(user, title, body) {
  const owner = `user_id = ${quote(user.id)}`;
  exec(`UPDATE inbox SET version = version + 1 WHERE ${owner};
    UPDATE notifications SET body = ${quote(body)} WHERE ${owner} AND title = ${quote(title)};`);
}

export const titles = (page) => page.locator('.note-main').allInnerTexts();
export const noteCalled = (page, title) => page.locator('.note').filter({ hasText: title });
export const focusedTitle = (page) => page.evaluate(() => document.activeElement.textContent);

export const rowOf = (user, title) =>
  rows(`SELECT read_at, deleted_at, snooze_until FROM notifications
  WHERE user_id = '${user.id}' AND title = '${title}'`)[0];
