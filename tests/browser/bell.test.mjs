// bell - <carillon-bell>: count, panel, keys, marking, roll-back, polling, other tabs.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { value } from '../lib/client.mjs';
import { counted, give } from '../lib/world.mjs';
import {
  becomes,
  bellOf,
  bellSays,
  broken,
  onwards,
  requests,
  setHidden,
  until,
  visit,
} from './browser.mjs';
import { INBOX, many, retell, userWith } from './notes.mjs';

const PREFERENCES = '/dashboard/preferences'; // a page with no list of its own
const LIST = '**/api/notifications?*';

const unreadRows = (user) => value(counted(user));

let reader;
before(() => {
  reader = userWith('reader', [
    { title: 'First', link: PREFERENCES },
    { title: 'Second' },
    { title: 'Third', read_at: new Date().toISOString() },
  ]);
});

test('the count is the number of unread rows', () =>
  visit(reader, {}, async (page) => {
    await page.goto(PREFERENCES);
    await bellSays(page, `Notifications, ${unreadRows(reader)} unread`);
    assert.equal(await bellOf(page).badge.innerText(), '2');
  }));

test('no badge at 0, and the panel says that all is quiet', () =>
  visit(userWith('empty', []), {}, async (page) => {
    await page.goto(PREFERENCES);
    const { button, badge, empty, markAll } = bellOf(page);
    await button.click();
    await empty.getByText('All quiet').waitFor();
    await bellSays(page, 'Notifications');
    assert.equal(await badge.isVisible(), false);
    assert.equal(await markAll.isDisabled(), true);
  }));

test('the badge says 99+ above 99, the name the number', () =>
  visit(userWith('busy', many(120)), {}, async (page) => {
    await page.goto(PREFERENCES);
    await bellSays(page, 'Notifications, 120 unread');
    assert.equal(await bellOf(page).badge.innerText(), '99+');
  }));

test('opening reads afresh: what is new, and what is told anew', () => {
  const user = userWith('fresh', [{ title: 'Going on', body: 'It broke ×2' }, { title: 'Silent' }, { title: 'Over', body: 'It lasts' }]);
  return visit(user, {}, async (page) => {
    await page.goto(PREFERENCES);
    await bellSays(page, 'Notifications, 3 unread');
    give(user, [{ title: 'New' }]);
    for (const [title, body] of [
      ['Going on', 'It broke ×60'],
      ['Silent', 'Now it speaks'],
      ['Over', null],
    ])
      retell(user, title, body);
    const { bell, button, panel } = bellOf(page);
    await button.click();
    await panel.waitFor();
    assert.equal(await button.getAttribute('aria-expanded'), 'true');
    await becomes('titles', ['New', 'Going on', 'Silent', 'Over'], () => bell.locator('.title').allInnerTexts());
    await becomes('texts', ['It broke ×60', 'Now it speaks'], () => bell.locator('.body:visible').allInnerTexts());
  });
});

test('keys: arrows, Home, End move; Escape closes and returns focus', () => {
  const user = userWith('keys', many(5));
  return visit(user, {}, async (page) => {
    await page.goto(PREFERENCES);
    await bellSays(page, 'Notifications, 5 unread');
    const { button, panel, items } = bellOf(page);
    const focused = () =>
      page.evaluate(
        () =>
          document.querySelector('carillon-bell').shadowRoot.activeElement?.querySelector('.title')
            ?.textContent ?? 'the button',
      );
    await button.focus();
    await page.keyboard.press('Enter');
    await items.nth(4).waitFor();
    for (const [key, where] of [
      ['ArrowDown', 'Row 0'],
      ['ArrowDown', 'Row 1'],
      ['End', 'Row 4'],
      ['ArrowDown', 'Row 4'],
      ['Home', 'Row 0'],
      ['ArrowUp', 'the button'],
      ['ArrowDown', 'Row 0'],
    ]) {
      await page.keyboard.press(key);
      assert.equal(await focused(), where, key);
    }
    await page.keyboard.press('Escape');
    assert.equal(await panel.isVisible(), false);
    assert.equal(await focused(), 'the button');
    assert.equal(await page.evaluate(() => document.activeElement.localName), 'carillon-bell');
  });
});

test('a click outside, or tabbing out, closes the panel', () =>
  visit(reader, {}, async (page) => {
    await page.goto(PREFERENCES);
    const { button, panel } = bellOf(page);
    await button.click();
    await panel.waitFor();
    await page.locator('h1').click();
    assert.equal(await panel.isVisible(), false);
    await button.click();
    await panel.waitFor();
    await page.locator('.avatar').focus();
    assert.equal(await panel.isVisible(), false);
  }));

test('a click marks read and goes to the link', () => {
  const user = userWith('walker', [
    { title: 'Go', link: `${INBOX}?read_state=unread` },
    { title: 'Stay' },
  ]);
  return visit(user, {}, async (page) => {
    await page.goto(PREFERENCES);
    await bellSays(page, 'Notifications, 2 unread');
    await bellOf(page).button.click();
    await bellOf(page).items.first().click();
    await page.waitForURL(`**${INBOX}?read_state=unread`);
    await bellSays(page, 'Notifications, 1 unread');
    assert.equal(unreadRows(user), 1);
  });
});

test('one without a link is marked read in place; so is one with a link elsewhere', () => {
  const user = userWith('stayer', [{ title: 'No link' }]);
  return visit(user, {}, async (page) => {
    await page.route(LIST, async (route) => {
      const answer = await route.fetch();
      if (answer.status() !== 200) {
        await route.fulfill({ response: answer });
        return;
      }
      const json = await answer.json();
      json.data[0].link = '//elsewhere.example/';
      await route.fulfill({ response: answer, json });
    });
    await page.goto(PREFERENCES);
    await bellSays(page, 'Notifications, 1 unread');
    await bellOf(page).button.click();
    const item = bellOf(page).items.first();
    assert.equal(await item.evaluate((element) => element.localName), 'button');
    await item.click();
    await bellSays(page, 'Notifications');
    await becomes('rows unread', 0, () => unreadRows(user));
    assert.equal(new URL(page.url()).pathname, PREFERENCES);
  });
});

test('mark all read is one call', () => {
  const user = userWith('cleaner', many(30));
  return visit(user, {}, async (page) => {
    const asked = requests(page);
    await page.goto(PREFERENCES);
    await bellSays(page, 'Notifications, 30 unread');
    await bellOf(page).button.click();
    await bellOf(page).markAll.click();
    await bellSays(page, 'Notifications');
    await becomes('rows unread', 0, () => unreadRows(user));
    assert.deepEqual(
      asked.filter((line) => line.startsWith('POST')),
      ['POST /api/notifications/read-all'],
    );
    assert.equal(await bellOf(page).unread.count(), 0);
    await becomes('status', 'All notifications marked as read', () =>
      bellOf(page).status.textContent(),
    );
  });
});

test('mark all read can be undone in the panel, by keys too', () => {
  const user = userWith('wavering', [...many(3), { title: 'Old', read_at: new Date().toISOString() }]);
  return visit(user, {}, async (page) => {
    await page.goto(PREFERENCES);
    await bellSays(page, 'Notifications, 3 unread');
    const { button, bell, markAll, unread, status } = bellOf(page);
    const undo = bell.getByRole('button', { name: 'Undo' });
    const focused = () =>
      page.evaluate(() => document.querySelector('carillon-bell').shadowRoot.activeElement?.textContent);
    await button.click();
    assert.equal(await undo.isVisible(), false);
    await markAll.focus();
    await page.keyboard.press('Enter');
    await becomes('rows unread', 0, () => unreadRows(user));
    await becomes('the focus', 'Undo', focused);
    await page.keyboard.press('Enter');
    await becomes('rows unread', 3, () => unreadRows(user));
    await becomes('status', '3 unread again', () => status.textContent());
    await bellSays(page, 'Notifications, 3 unread');
    await becomes('rows shown unread', 3, () => unread.count());
    assert.equal(await undo.isVisible(), false);
    assert.equal(await focused(), 'Mark all read');
  });
});

test('a refused mark is taken back and said', () => {
  const user = userWith('refused', many(3));
  return visit(user, {}, async (page) => {
    await page.goto(PREFERENCES);
    await bellSays(page, 'Notifications, 3 unread');
    const { button, items, unread, markAll, error, status } = bellOf(page);
    await button.click();
    for (const [what, pattern, act] of [
      ['one', '**/api/notifications/*/read', () => items.first().click()],
      ['all', '**/api/notifications/read-all', () => markAll.click()],
    ]) {
      const lift = await broken(page, 'POST', pattern, 503, `Not ${what}`);
      await act();
      await becomes(`${what}: the status`, `Not ${what}`, () => status.textContent());
      await bellSays(page, 'Notifications, 3 unread');
      await becomes(`${what}: rows shown unread`, 3, () => unread.count());
      assert.equal(await error.innerText(), `Not ${what}`);
      await lift();
    }
    assert.equal(unreadRows(user), 3);
  });
});

test('a hidden tab does not poll, a shown one polls at once, then once a minute', () => {
  const user = userWith('hidden', many(1));
  return visit(user, {}, async (page) => {
    await page.clock.install();
    const asked = requests(page);
    const polls = () =>
      asked.filter((line) => line.startsWith('GET') && line.includes('notifications'));
    await page.goto(PREFERENCES);
    await bellSays(page, 'Notifications, 1 unread');
    await page.waitForLoadState('networkidle');
    await setHidden(page, true);
    asked.length = 0;
    await page.clock.runFor('05:00');
    assert.deepEqual(polls(), []);
    give(user, [{ title: 'Meanwhile' }]);
    await setHidden(page, false);
    await bellSays(page, 'Notifications, 2 unread');
    await page.waitForLoadState('networkidle');
    asked.length = 0;
    await page.clock.runFor('01:05');
    await until(
      'a poll of each',
      () =>
        asked.includes('GET /api/notifications') &&
        asked.includes('GET /v1/notifications/unread-count'),
    );
    assert.equal(asked.filter((line) => line === 'GET /api/notifications').length, 1);
  });
});

test('an unchanged inbox is answered with 304, a new row with the new count', () => {
  const user = userWith('steady', many(1));
  return visit(user, {}, async (page) => {
    await page.clock.install();
    const statuses = [];
    page.on('response', (response) => {
      if (new URL(response.url()).pathname === '/api/notifications')
        statuses.push(response.status());
    });
    await page.goto(PREFERENCES);
    await bellSays(page, 'Notifications, 1 unread');
    await onwards(page, '01:05', 'a 304', () => statuses.includes(304));
    const before = statuses.length;
    give(user, [{ title: 'New' }]);
    await onwards(page, '01:05', 'a 200', () => statuses.slice(before).includes(200)); // a 304 may be behind it
    await bellSays(page, 'Notifications, 2 unread');
    await becomes('it is said', '2 unread notifications', () => bellOf(page).status.textContent());
  });
});

test('load more goes on where the page ended, and loses and repeats nothing', () => {
  const user = userWith('pager', many(45));
  return visit(user, {}, async (page) => {
    await page.goto(PREFERENCES);
    const { button, items, more } = bellOf(page);
    await button.click();
    await items.nth(19).waitFor();
    await more.click();
    await items.nth(39).waitFor();
    await more.click();
    await items.nth(44).waitFor();
    assert.equal(await more.isVisible(), false);
    assert.deepEqual(
      await bellOf(page).bell.locator('.title').allInnerTexts(),
      many(45).map(({ title }) => title),
    );
  });
});

test('the other tab learns of it at once', () => {
  const user = userWith('twotabs', many(4));
  return visit(user, {}, async (page, context) => {
    const other = await context.newPage();
    await other.goto(PREFERENCES);
    await page.goto(INBOX);
    await bellSays(other, 'Notifications, 4 unread');
    await page.getByRole('button', { name: 'Mark all read' }).first().click();
    await bellSays(other, 'Notifications');
  });
});

test('avatar and bell say the same', () => {
  const user = userWith('avatar', many(2));
  return visit(user, {}, async (page) => {
    await page.goto(PREFERENCES);
    await bellSays(page, 'Notifications, 2 unread');
    await page.getByRole('button', { name: 'account, 2 unread' }).waitFor();
    assert.equal(await page.locator('.avatar-badge').innerText(), '2');
    await bellOf(page).button.click();
    await bellOf(page).items.first().click();
    await page.getByRole('button', { name: 'account, 1 unread' }).waitFor();
  });
});

test('an error of the first read is shown in the panel', () =>
  visit(reader, {}, async (page) => {
    await broken(page, 'GET', LIST);
    await page.goto(PREFERENCES);
    await bellOf(page).button.click();
    await bellOf(page).empty.getByText('The inbox could not be read').waitFor();
  }));

test('it hangs on any page, with words of its own', () =>
  visit(reader, {}, async (page) => {
    await page.goto('/login');
    await page.evaluate(() => {
      const bell = document.createElement('carillon-bell');
      bell.setAttribute('label', 'News');
      const script = Object.assign(document.createElement('script'), {
        type: 'module',
        src: '/bell.js',
      });
      document.body.append(bell, script);
    });
    await bellSays(page, `News, ${unreadRows(reader)} unread`);
  }));

test('under a path of another site its requests and links go there', () => {
  const user = userWith('guest', [{ title: 'Go', link: PREFERENCES }]);
  return visit(user, {}, async (page) => {
    await page.route('**/site/**', (route) => route.continue({ url: route.request().url().replace('/site', '') }));
    await page.goto('/login');
    await page.evaluate(() => {
      const bell = document.createElement('carillon-bell');
      bell.setAttribute('base', '/site');
      document.body.append(bell);
      return import('/bell.js');
    });
    await bellOf(page).button.click();
    await bellOf(page).items.first().click();
    await page.waitForURL(`**/site${PREFERENCES}`);
    await becomes('rows unread', 0, () => unreadRows(user));
  });
});

test('text from data is text', () => {
  const title = '<img src=x onerror="document.title=1"> & <b>bold</b>';
  const user = userWith('hostile', [{ title, body: '<script>document.title=2</script>' }]);
  return visit(user, {}, async (page) => {
    await page.goto(INBOX);
    await bellOf(page).button.click();
    await bellOf(page).items.first().waitFor();
    assert.equal(await bellOf(page).bell.locator('.title').innerText(), title);
    assert.equal(await page.locator('.note-main').innerText(), title);
    assert.match(await page.title(), /Inbox/);
  });
});
