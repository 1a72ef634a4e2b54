// inbox - the page: filters, paging, marking, deleting, keys, polling, roll-back.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { value } from '../lib/client.mjs';
import { counted, give } from '../lib/world.mjs';
import { becomes, bellSays, broken, held, news, onwards, setHidden, until, visit } from './browser.mjs';
import { focusedTitle, INBOX, many, noteCalled, retell, rowOf, titles, userWith } from './notes.mjs';

const focusedIs = (page, words) => becomes('the focus', words, () => focusedTitle(page));
const READ = '2024-01-01T00:00:00.000Z';

const mixed = [
  { title: 'New talk' },
  { title: 'Old talk', read_at: READ },
  { title: 'New digest', type: 'issue.digest' },
  { title: 'Old digest', type: 'issue.digest', read_at: READ },
];

test('filters by state and type, and keeps them in the address', () => {
  const user = userWith('filter', mixed);
  return visit(user, {}, async (page) => {
    await page.goto(INBOX);
    await becomes('all', ['New talk', 'Old talk', 'New digest', 'Old digest'], () => titles(page));
    await page.getByText('Unread', { exact: true }).click();
    await becomes('unread', ['New talk', 'New digest'], () => titles(page));
    assert.match(page.url(), /\?read_state=unread$/);
    await page.getByLabel('Type').selectOption('issue.digest');
    await becomes('unread digests', ['New digest'], () => titles(page));
    await page.getByText('Read', { exact: true }).click();
    await becomes('read digests', ['Old digest'], () => titles(page));
    await page.reload();
    await becomes('after a reload', ['Old digest'], () => titles(page));
    assert.equal(await page.getByLabel('Type').inputValue(), 'issue.digest');
  });
});

test('a filter that hides everything says so and offers a way out', () => {
  const user = userWith('none', mixed.slice(0, 1));
  return visit(user, {}, async (page) => {
    await page.goto(`${INBOX}?read_state=read`);
    await page.getByText('Nothing read yet').waitFor();
    await page.getByRole('button', { name: 'Show everything' }).click();
    await becomes('all', ['New talk'], () => titles(page));
  });
});

test('pages by cursor, loses and repeats nothing', () => {
  const user = userWith('paging', many(120));
  return visit(user, {}, async (page) => {
    await page.goto(INBOX);
    const more = page.locator('#more');
    await becomes('first page', 50, () => page.locator('.note').count());
    await more.click();
    await becomes('second page', 100, () => page.locator('.note').count());
    assert.equal(await focusedTitle(page), 'Row 50');
    await more.click();
    await becomes('third page', 120, () => page.locator('.note').count());
    assert.equal(await more.isVisible(), false);
    assert.deepEqual(
      await titles(page),
      many(120).map(({ title }) => title),
    );
  });
});

test('marks read and unread; page, bell and rows agree', () => {
  const user = userWith('marker', many(3));
  return visit(user, {}, async (page) => {
    await page.goto(INBOX);
    await page.getByText('3 unread notifications.').waitFor();
    await page.getByRole('button', { name: 'Mark as read: Row 1' }).click();
    await page.getByText('2 unread notifications.').waitFor();
    await bellSays(page, 'Notifications, 2 unread');
    await becomes('row', true, () => rowOf(user, 'Row 1').read_at !== null);
    await page.getByRole('button', { name: 'Mark as unread: Row 1' }).click();
    await bellSays(page, 'Notifications, 3 unread');
    await becomes('row', null, () => rowOf(user, 'Row 1').read_at);
  });
});

test('a row that leaves the filter leaves the list, and focus stays near', () => {
  const user = userWith('leaving', many(3));
  return visit(user, {}, async (page) => {
    await page.goto(`${INBOX}?read_state=unread`);
    await page.getByRole('button', { name: 'Mark as read: Row 1' }).click();
    await becomes('list', ['Row 0', 'Row 2'], () => titles(page));
    assert.equal(await focusedTitle(page), 'Row 2');
  });
});

test('deletes into the bin', () => {
  const user = userWith('deleter', many(2));
  return visit(user, {}, async (page) => {
    await page.goto(INBOX);
    await page.getByRole('button', { name: 'Delete: Row 0' }).click();
    await becomes('list', ['Row 1'], () => titles(page));
    await until('it is said', async () => (await news(page)).includes('Notification deleted'));
    await bellSays(page, 'Notifications, 1 unread');
    assert.notEqual(rowOf(user, 'Row 0').deleted_at, null);
    await page.getByRole('button', { name: 'Delete: Row 1' }).click();
    await page.getByText('Nothing here yet').waitFor();
  });
});

test('what the server refuses is taken back and said', () => {
  const user = userWith('refused', many(3));
  return visit(user, {}, async (page) => {
    await page.goto(INBOX);
    await page.getByText('3 unread notifications.').waitFor();
    for (const [method, pattern, button] of [
      ['PATCH', '**/v1/notifications/*', 'Mark as read: Row 1'],
      ['DELETE', '**/v1/notifications/*', 'Delete: Row 1'],
      ['POST', '**/v1/notifications/mark-all-read', 'Mark all read'],
    ]) {
      const lift = await broken(page, method, pattern);
      await page.locator('main').getByRole('button', { name: button }).click();
      await until(`${method} is said`, async () => (await news(page)).includes('Injected failure'));
      await becomes(`${method} list`, ['Row 0', 'Row 1', 'Row 2'], () => titles(page));
      await becomes(`${method} unread`, 3, () =>
        page.locator('.note[data-state="unread"]').count(),
      );
      await bellSays(page, 'Notifications, 3 unread');
      await page.getByRole('button', { name: 'Close message' }).click();
      await lift();
    }
    assert.equal(value(counted(user)), 3);
  });
});

test('mark all read leaves what this page has not shown', () => {
  const user = userWith('late', many(3));
  return visit(user, {}, async (page) => {
    await page.goto(INBOX);
    await page.getByText('3 unread notifications.').waitFor();
    give(user, [{ title: 'Late' }]);
    await page.getByRole('button', { name: 'Mark all read' }).first().click();
    await becomes('rows unread', 1, () => value(counted(user)));
    assert.equal(rowOf(user, 'Late').read_at, null);
    await bellSays(page, 'Notifications, 1 unread');
  });
});

test('with a type chosen, only that type is marked', () => {
  const user = userWith('typed', mixed);
  return visit(user, {}, async (page) => {
    await page.goto(`${INBOX}?type=issue.digest`);
    await becomes('digests', ['New digest', 'Old digest'], () => titles(page));
    await page.getByRole('button', { name: 'Mark these read' }).click();
    await becomes('rows unread', 1, () => value(counted(user)));
    assert.equal(rowOf(user, 'New talk').read_at, null);
  });
});

test('a new row appears with the next poll, and keeps focus and place', () => {
  const user = userWith('polled', many(3));
  return visit(user, {}, async (page) => {
    await page.clock.install();
    await page.goto(INBOX);
    await becomes('rows', 3, () => page.locator('.note').count());
    await page
      .getByRole('link', { name: 'Row 1' })
      .or(page.getByRole('button', { name: 'Row 1', exact: true }))
      .focus();
    give(user, [{ title: 'Fresh' }]);
    await onwards(page, '00:35', 'polled', async () => (await titles(page)).length > 3);
    await becomes('rows', ['Fresh', 'Row 0', 'Row 1', 'Row 2'], () => titles(page));
    assert.equal(await focusedTitle(page), 'Row 1');
  });
});

test('what came while a write was under way is shown when it is over', () => {
  const user = userWith('crossed', many(2));
  return visit(user, {}, async (page) => {
    await page.goto(INBOX);
    await becomes('rows', 2, () => page.locator('.note').count());
    const answer = await held(page, 'PATCH', '**/v1/notifications/*');
    await page.getByRole('button', { name: 'Mark as read: Row 0' }).click();
    await answer.isThere; // the server has done it
    give(user, [{ title: 'Fresh' }]);
    const polled = page.waitForResponse((response) => response.url().includes('/v1/notifications?') && response.status() === 200);
    await setHidden(page, false); // looked at again, it polls at once
    await (await polled).finished();
    answer.release();
    await becomes('rows', ['Fresh', 'Row 0', 'Row 1'], () => titles(page));
    assert.equal(await noteCalled(page, 'Row 0').getAttribute('data-state'), 'read');
  });
});

test('what is told anew is shown in its place, and what was searched is marked in it', () => {
  const user = userWith('retold', [{ title: 'Broke', body: 'It broke ×2' }, { title: 'Broke silently' }, { title: 'Broke once', body: 'No more' }]);
  const texts = (page) => page.locator('.note-body:visible').allInnerTexts();
  const marked = (page) => page.evaluate(() => [...(CSS.highlights.get('found') ?? [])].map(String));
  return visit(user, {}, async (page) => {
    await page.clock.install();
    await page.goto(`${INBOX}?q=broke`);
    await becomes('texts', ['It broke ×2', 'No more'], () => texts(page));
    await noteCalled(page, 'Broke silently').locator('.note-main').focus();
    for (const [title, body] of [
      ['Broke', 'It broke, broke, broke ×60'],
      ['Broke silently', 'Now it speaks'],
      ['Broke once', null],
    ])
      retell(user, title, body);
    await onwards(page, '00:35', 'polled', async () => (await texts(page)).includes('Now it speaks'));
    assert.deepEqual(await texts(page), ['It broke, broke, broke ×60', 'Now it speaks']);
    assert.equal((await marked(page)).length, 6);
    assert.equal(await focusedTitle(page), 'Broke silently');
  });
});

test('keys: arrows, Home, End, R and Delete', () => {
  const user = userWith('keyed', many(4));
  return visit(user, {}, async (page) => {
    await page.goto(INBOX);
    await noteCalled(page, 'Row 0').locator('.note-main').focus();
    for (const [key, where] of [
      ['ArrowDown', 'Row 1'],
      ['End', 'Row 3'],
      ['ArrowUp', 'Row 2'],
      ['Home', 'Row 0'],
    ]) {
      await page.keyboard.press(key);
      assert.equal(await focusedTitle(page), where, key);
    }
    await page.keyboard.press('r');
    await becomes('state', 'read', () => noteCalled(page, 'Row 0').getAttribute('data-state'));
    await page.keyboard.press('Delete');
    await becomes('list', ['Row 1', 'Row 2', 'Row 3'], () => titles(page));
    assert.equal(await focusedTitle(page), 'Row 1');
    await becomes('rows', 3, () => value(counted(user)));
  });
});

test('a link is followed and marked read; an address without a page says so', () => {
  const user = userWith('linked', [{ title: 'Leads on', link: '/dashboard/nowhere?project=1' }]);
  return visit(user, {}, async (page) => {
    await page.goto(INBOX);
    await page.getByRole('link', { name: 'Leads on' }).click();
    await page.waitForURL('**/dashboard/nowhere?project=1');
    await page.getByText('There is no page at this address').waitFor();
    await bellSays(page, 'Notifications');
  });
});

test('without the network it shows what it has, and recovers', () => {
  const user = userWith('offline', many(2));
  return visit(user, {}, async (page, context) => {
    await page.clock.install();
    await page.goto(INBOX);
    await becomes('rows', 2, () => page.locator('.note').count());
    await context.setOffline(true);
    await onwards(page, '00:35', 'said', () =>
      page.getByText('You see what was last read.').isVisible(),
    );
    assert.equal(await page.locator('.note').count(), 2);
    await context.setOffline(false);
    await page.locator('#notice').waitFor({ state: 'hidden' });
  });
});

test('an answer that is cut off is asked for again', () => {
  const user = userWith('cut', many(2));
  return visit(user, {}, async (page) => {
    await page.goto(INBOX);
    await becomes('rows', 2, () => page.locator('.note').count());
    give(user, [{ title: 'Fresh' }]);
    const cut = async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, body: (await response.text()).slice(0, 40) });
    };
    await page.route('**/v1/notifications?*', cut);
    await setHidden(page, false); // looked at again, it polls at once
    await page.getByText('The answer of Carillon was cut off.').waitFor();
    assert.equal(await page.locator('.note').count(), 2);
    await page.unrouteAll({ behavior: 'wait' });
    await setHidden(page, false);
    await becomes('rows', ['Fresh', 'Row 0', 'Row 1'], () => titles(page));
    await page.locator('#notice').waitFor({ state: 'hidden' });
  });
});

test('a failed first read offers to try again', () => {
  const user = userWith('retry', many(1));
  return visit(user, {}, async (page) => {
    const lift = await broken(page, 'GET', '**/v1/notifications?*');
    await page.goto(INBOX);
    await page.getByText('This could not be read').waitFor();
    await lift();
    await page.getByRole('button', { name: 'Try again' }).click();
    await becomes('rows', 1, () => page.locator('.note').count());
  });
});

test('by keys: what was pressed keeps the focus while it fails, and what it brought has it then', () => {
  const user = userWith('pressing', many(52));
  const button = (page, name) => page.getByRole('main').getByRole('button', { name });
  return visit(user, {}, async (page) => {
    const lift = await broken(page, 'GET', '**/v1/notifications?*');
    await page.goto(INBOX);
    const fails = async (name) => {
      const answer = page.waitForResponse('**/v1/notifications?*');
      await button(page, name).focus();
      await page.keyboard.press('Enter');
      await (await answer).finished();
      await button(page, name).and(page.locator(':enabled')).waitFor();
      await focusedIs(page, name);
    };
    await fails('Try again');
    await fails('Try again');
    await lift();
    await page.keyboard.press('Enter');
    await focusedIs(page, 'Row 0');
    const again = await broken(page, 'GET', '**/v1/notifications?*cursor*');
    await fails('Load more');
    await again();
    await page.keyboard.press('Enter');
    await focusedIs(page, 'Row 50');
  });
});

test('by keys: mark all read leads to Undo, and Undo back', () => {
  const user = userWith('sweeping', many(2));
  return visit(user, {}, async (page) => {
    await page.goto(INBOX);
    await becomes('rows', 2, () => page.locator('.note').count());
    const markAll = page.getByRole('main').getByRole('button', { name: 'Mark all read' });
    const lift = await broken(page, 'POST', '**/mark-all-read');
    await markAll.focus();
    await page.keyboard.press('Enter');
    await until('said', async () => (await news(page)).includes('They are not marked as read.'));
    await focusedIs(page, 'Mark all read');
    await lift();
    await page.keyboard.press('Enter');
    await focusedIs(page, 'Undo');
    await page.keyboard.press('Enter');
    await until('said', async () => (await news(page)).includes('2 notifications unread again'));
    await focusedIs(page, 'Mark all read');
  });
});

test('a choice that finds nothing, drawn again: its way out keeps the focus', () => {
  const user = userWith('waiting', many(1));
  return visit(user, {}, async (page) => {
    await page.goto(`${INBOX}?read_state=read`);
    await page.getByRole('button', { name: 'Show everything' }).focus();
    give(user, [{ title: 'Fresh' }]);
    await setHidden(page, false); // looked at again, it polls at once
    await page.getByText('2 unread notifications.').waitFor();
    await focusedIs(page, 'Show everything');
  });
});

test('where nothing could be read, it is not said that everything was', () => {
  const user = userWith('unknown', many(1));
  return visit(user, {}, async (page) => {
    const lift = await broken(page, 'GET', /\/(v1|api)\/notifications/);
    await page.goto(INBOX);
    await page.getByText('This could not be read').waitFor();
    assert.equal(await page.locator('#summary').innerText(), '');
    await lift();
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByText('1 unread notification.').waitFor();
  });
});

test('times are relative, with the whole moment in the title', () => {
  const user = userWith('timed', [
    { title: 'Now' },
    { title: 'Then', created_at: '2024-01-15T10:00:00.000Z' },
  ]);
  return visit(user, {}, async (page) => {
    await page.goto(INBOX);
    const then = noteCalled(page, 'Then').locator('time');
    assert.equal(await then.innerText(), 'Jan 15, 2024');
    assert.equal(await then.getAttribute('datetime'), '2024-01-15T10:00:00.000Z');
    assert.match(await then.getAttribute('title'), /Monday, January 15, 2024 at 10:00:00/);
    assert.equal(await noteCalled(page, 'Now').locator('time').innerText(), '1 minute ago');
  });
});
