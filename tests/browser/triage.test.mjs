// triage - the inbox by keys: moving, acting, undoing, and when a key is not ours.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { value } from '../lib/client.mjs';
import { counted, give } from '../lib/world.mjs';
import {
  accessible,
  becomes,
  bellOf,
  bellSays,
  broken,
  news,
  setHidden,
  until,
  visit,
} from './browser.mjs';
import { focusedTitle, INBOX, many, noteCalled, rowOf, titles, userWith } from './notes.mjs';

const state = (page, title) => noteCalled(page, title).getAttribute('data-state');

async function inbox(page, count) {
  await page.goto(INBOX);
  await becomes('rows', count, () => page.locator('.note').count());
}

/* ---- the title of the tab ---- */

test('the title counts what is unread, on every page, and asks for nothing', () => {
  const user = userWith('titled', many(3));
  return visit(user, {}, async (page, context) => {
    const asked = [];
    for (const [path, name] of [
      [INBOX, 'Inbox'],
      ['/dashboard/preferences', 'Preferences'],
      ['/dashboard/timeline', 'Timeline'],
    ]) {
      await page.goto(path);
      await becomes(path, `(3) ${name} · Carillon`, () => page.title());
    }
    const other = await context.newPage();
    await inbox(other, 3);
    page.on('request', (request) => asked.push(request.url()));
    await other.getByRole('button', { name: 'Mark as read: Row 1' }).click();
    await becomes('the other tab', '(2) Timeline · Carillon', () => page.title());
    assert.deepEqual(asked.filter((url) => !url.endsWith('/api/notifications?limit=20')), []);
    await other.getByRole('button', { name: 'Mark all read' }).first().click();
    await becomes('nothing unread', 'Inbox · Carillon', () => other.title());
  });
});

/* ---- keys ---- */

test('j and k move, the focus goes with them, and other rows are out of the order of Tab', () => {
  const user = userWith('mover', many(4));
  return visit(user, {}, async (page) => {
    await inbox(page, 4);
    for (const [key, where] of [
      ['j', 'Row 0'],
      ['j', 'Row 1'],
      ['J', 'Row 1'], // with Shift it is another key
      ['k', 'Row 0'],
      ['k', 'Row 0'],
      ['End', 'Row 3'],
      ['j', 'Row 3'],
      ['ArrowUp', 'Row 2'],
    ]) {
      await page.keyboard.press(key === 'J' ? 'Shift+J' : key);
      assert.equal(await focusedTitle(page), where, key);
    }
    const inOrder = await page.locator('.note :is(a, button, summary):not([tabindex="-1"])').evaluateAll(
      (all) => [...new Set(all.map((control) => control.closest('.note').querySelector('.note-main').textContent))],
    );
    assert.deepEqual(inOrder, ['Row 2']);
  });
});

test('j at the end of the page goes on to the next one', () => {
  const user = userWith('onward', many(52));
  return visit(user, {}, async (page) => {
    await inbox(page, 50);
    await page.keyboard.press('j');
    await page.keyboard.press('End');
    await page.keyboard.press('j');
    await becomes('focus', 'Row 50', () => focusedTitle(page));
  });
});

for (const { key, query, marked } of [
  { key: 'e', query: '', marked: 0 },
  { key: 'u', query: '?read_state=unread', marked: 50 },
])
  test(`${key} until the page is empty: the next one comes by itself`, () => {
    const user = userWith('emptier', many(53));
    return visit(user, {}, async (page) => {
      await page.goto(INBOX + query);
      await becomes('rows', 50, () => page.locator('.note').count());
      await page.keyboard.press('j');
      for (let left = 50; left > 0; left--) await page.keyboard.press(key);
      await becomes('what was behind', ['Row 50', 'Row 51', 'Row 52'], () => titles(page));
      assert.equal(await page.getByRole('button', { name: 'Load more' }).first().isVisible(), false);
      await page.getByRole('button', { name: 'Mark all read' }).first().click();
      await becomes('rows unread', 0, () => value(counted(user)));
      assert.equal(value(`SELECT count(*) FROM notifications WHERE user_id = '${user.id}' AND deleted_at IS NULL`), 3 + marked);
    });
  });

test('u toggles, e is done with it, and the focus stays near when the row leaves', () => {
  const user = userWith('actor', many(4));
  return visit(user, {}, async (page) => {
    await inbox(page, 4);
    await page.keyboard.press('u'); // nothing has the focus
    await page.keyboard.press('j');
    await page.keyboard.press('u');
    await becomes('read', 'read', () => state(page, 'Row 0'));
    await page.keyboard.press('u');
    await becomes('unread', 'unread', () => state(page, 'Row 0'));
    await page.keyboard.press('e');
    await becomes('list', ['Row 1', 'Row 2', 'Row 3'], () => titles(page));
    assert.equal(await focusedTitle(page), 'Row 1');
    await page.keyboard.press('End');
    await page.keyboard.press('e');
    await becomes('list', ['Row 1', 'Row 2'], () => titles(page));
    assert.equal(await focusedTitle(page), 'Row 2');
    await becomes('rows', 2, () => value(counted(user)));
    assert.equal(rowOf(user, 'Row 1').read_at, null);
  });
});

test('Enter opens: it marks read and follows the link', () => {
  const user = userWith('opener', [{ title: 'Leads on', link: '/dashboard/preferences' }]);
  return visit(user, {}, async (page) => {
    await inbox(page, 1);
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/dashboard/preferences');
    await becomes('row', true, () => rowOf(user, 'Leads on').read_at !== null);
  });
});

test('a letter is only a letter with a modifier, in a field, in the bell and in a dialog', () => {
  const user = userWith('writer', many(3));
  return visit(user, {}, async (page) => {
    await inbox(page, 3);
    const untouched = async (what) => {
      assert.deepEqual(await titles(page), ['Row 0', 'Row 1', 'Row 2'], what);
      assert.equal(await page.locator('.note[data-state="unread"]').count(), 3, what);
    };
    await page.keyboard.press('j');
    for (const chord of ['Control+e', 'Alt+u', 'Meta+e', 'Shift+U']) {
      await page.keyboard.press(chord);
      await untouched(chord);
    }
    await page.getByLabel('Type').focus();
    await page.keyboard.press('k');
    assert.equal(await page.evaluate(() => document.activeElement.name), 'type', 'in a field');
    await bellOf(page).button.click();
    await bellOf(page).items.first().focus();
    await page.keyboard.press('j');
    await page.keyboard.press('e');
    await untouched('in the bell');
    assert.equal(await bellOf(page).panel.isVisible(), true);
    await page.keyboard.press('Escape');
    await page.keyboard.press('j');
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keys' }).waitFor();
    await page.keyboard.press('e');
    await page.keyboard.press('Escape');
    await untouched('in a dialog');
    assert.equal(await focusedTitle(page), 'Row 0', 'the focus is back');
  });
});

test('? lists the keys on every page; turned off they do nothing and nothing is said of them', () => {
  const user = userWith('asker', many(2));
  return visit(user, {}, async (page) => {
    await page.goto('/dashboard/preferences');
    await bellSays(page, 'Notifications, 2 unread');
    await page.keyboard.press('?');
    const dialog = page.getByRole('dialog', { name: 'Keys' });
    await dialog.getByText('mark it read or unread').waitFor();
    await dialog.getByText('the same; from Snoozed or Bin').waitFor();
    await accessible(page, 'the keys');
    await page.keyboard.press('Escape');
    await inbox(page, 2);
    const toggle = page.getByRole('button', { name: 'Mark as read: Row 0' });
    assert.equal(await toggle.getAttribute('aria-keyshortcuts'), 'U');
    await page.getByRole('button', { name: 'Help' }).click();
    await page.locator('#help-panel').getByRole('button', { name: 'Keys' }).click();
    await dialog.getByRole('switch', { name: 'Single keys' }).uncheck();
    await page.keyboard.press('Escape');
    assert.equal(await page.evaluate(() => document.activeElement.ariaLabel), 'Help');
    assert.equal(await toggle.getAttribute('aria-keyshortcuts'), null);
    await noteCalled(page, 'Row 0').locator('.note-main').focus();
    await page.keyboard.press('j');
    await page.keyboard.press('e');
    await page.keyboard.press('?');
    assert.equal(await focusedTitle(page), 'Row 0');
    assert.equal(await dialog.count(), 0);
    await page.keyboard.press('ArrowDown');
    assert.equal(await focusedTitle(page), 'Row 1', 'arrows are no such key');
    await page.reload();
    await becomes('it is remembered', null, () => toggle.getAttribute('aria-keyshortcuts'));
  });
});

/* ---- undo ---- */

// What the last change was taken back by, and where the focus is then.
const UNDO = [
  { name: 'z, from a row', undo: (page) => page.keyboard.press('z') },
  { name: 'the button', undo: (page) => page.locator('.toast').getByRole('button', { name: 'Undo' }).click() },
  {
    name: 'the button, by keys',
    async undo(page) {
      await page.locator('.toast').getByRole('button', { name: 'Undo' }).focus();
      await page.keyboard.press('Enter');
    },
  },
];

for (const { name, undo } of UNDO)
  test(`undo of a delete by ${name}: the row is where it was, with the focus`, () => {
    const user = userWith('regret', many(3));
    return visit(user, {}, async (page) => {
      await inbox(page, 3);
      await page.keyboard.press('j');
      await page.keyboard.press('j');
      await page.keyboard.press('e');
      await until('said', async () => (await news(page)).includes('Notification deleted'));
      assert.equal(await focusedTitle(page), 'Row 2', 'the message takes no focus');
      await bellSays(page, 'Notifications, 2 unread');
      await undo(page);
      await becomes('list', ['Row 0', 'Row 1', 'Row 2'], () => titles(page));
      await until('said', async () => (await news(page)).includes('“Row 1” is back'));
      assert.equal(await focusedTitle(page), 'Row 1');
      await bellSays(page, 'Notifications, 3 unread');
      await becomes('row', null, () => rowOf(user, 'Row 1').deleted_at);
    });
  });

test('z takes back one change after the other, last first, and then says that there is none', () => {
  const user = userWith('backwards', many(3));
  return visit(user, {}, async (page) => {
    await inbox(page, 3);
    for (const key of ['j', 'e', 'e']) await page.keyboard.press(key);
    await becomes('list', ['Row 2'], () => titles(page));
    await page.keyboard.press('z');
    await becomes('one back', ['Row 1', 'Row 2'], () => titles(page));
    await page.keyboard.press('z');
    await becomes('both back', ['Row 0', 'Row 1', 'Row 2'], () => titles(page));
    await until('said', async () => (await news(page)).includes('“Row 0” is back'));
    await becomes('rows', 3, () => value(counted(user)));
    await page.keyboard.press('z');
    await until('said', async () => (await news(page)).includes('nothing to undo'));
  });
});

test('mark all read is undone for what it marked, and not for what was done since', () => {
  const user = userWith('hasty', [...many(3), { title: 'Long read', read_at: new Date().toISOString() }]);
  return visit(user, {}, async (page) => {
    await inbox(page, 4);
    await page.getByRole('button', { name: 'Mark all read' }).first().click();
    await becomes('rows unread', 0, () => value(counted(user)));
    await bellSays(page, 'Notifications');
    await page.getByRole('button', { name: 'Mark as unread: Row 0' }).click();
    await page.getByRole('button', { name: 'Mark as read: Row 0' }).click();
    await becomes('read by hand', 0, () => value(counted(user)));
    await page.locator('.toast').getByRole('button', { name: 'Undo' }).click();
    await until('said', async () => (await news(page)).includes('2 notifications unread again'));
    for (const [title, shown] of [
      ['Row 0', 'read'],
      ['Row 1', 'unread'],
      ['Row 2', 'unread'],
      ['Long read', 'read'],
    ])
      await becomes(title, shown, () => state(page, title));
    await becomes('the title', '(2) Inbox · Carillon', () => page.title());
    assert.equal(value(counted(user)), 2);
  });
});

test('mark all read is undone, though nothing can be read after it', () => {
  const user = userWith('blind', many(2));
  return visit(user, {}, async (page) => {
    await inbox(page, 2);
    await page.getByRole('button', { name: 'Mark all read' }).first().click();
    await until('said', async () => (await news(page)).includes('Undo'));
    await broken(page, 'GET', '**/v1/notifications?*');
    await page.keyboard.press('z');
    await until('said', async () => (await news(page)).includes('2 notifications unread again'));
    await page.getByText('You see what was last read.').waitFor();
    assert.equal(value(counted(user)), 2);
  });
});

test('undo is offered for ten minutes, however long one looks at it', () => {
  const user = userWith('slow', many(2));
  return visit(user, {}, async (page) => {
    await page.clock.install();
    await inbox(page, 2);
    await page.getByRole('button', { name: 'Delete: Row 0' }).click();
    const button = page.locator('.toast').getByRole('button', { name: 'Undo' });
    await button.waitFor();
    await page.clock.runFor('09:50');
    assert.equal(await button.isVisible(), true);
    await page.clock.runFor('00:15');
    assert.equal(await button.isVisible(), false);
    await page.keyboard.press('z');
    await until('said', async () => (await news(page)).includes('nothing to undo'));
    assert.deepEqual(await titles(page), ['Row 1']);
  });
});

test('an undo that fails says so, and shows what is true', () => {
  const user = userWith('stuck', many(2));
  return visit(user, {}, async (page) => {
    await inbox(page, 2);
    await page.getByRole('button', { name: 'Delete: Row 0' }).click();
    await until('said', async () => (await news(page)).includes('Undo'));
    await broken(page, 'POST', '**/restore');
    await page.locator('.toast').getByRole('button', { name: 'Undo' }).click();
    await until('said', async () => (await news(page)).includes('It was not undone. Injected failure'));
    assert.deepEqual(await titles(page), ['Row 1']);
    await bellSays(page, 'Notifications, 1 unread');
  });
});

test('closing the message gives the focus back to where it came from', () => {
  const user = userWith('closer', many(2));
  return visit(user, {}, async (page) => {
    await inbox(page, 2);
    await page.keyboard.press('j');
    await page.keyboard.press('e');
    await page.locator('.toast').getByRole('button', { name: 'Close message' }).focus();
    await page.keyboard.press('Enter');
    assert.equal(await page.locator('.toast button').count(), 0);
    assert.equal(await focusedTitle(page), 'Row 1');
  });
});

/* ---- polling ---- */

test('a hidden tab asks for nothing, a shown one at once', () => {
  const user = userWith('unseen', many(1));
  return visit(user, {}, async (page) => {
    await page.clock.install();
    const asked = [];
    page.on('request', (request) => asked.push(new URL(request.url()).pathname));
    await inbox(page, 1);
    await page.waitForLoadState('networkidle');
    await setHidden(page, true);
    asked.length = 0;
    await page.clock.runFor('10:00');
    assert.deepEqual(asked, []);
    give(user, [{ title: 'Meanwhile' }]);
    await setHidden(page, false);
    await until('shown', async () => (await titles(page)).includes('Meanwhile'));
  });
});
