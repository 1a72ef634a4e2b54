// views - the inbox page beyond its list: snoozed, bin, search, counts, and why one gets it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cron } from '../lib/client.mjs';
import { drifted, give, makeWorld } from '../lib/world.mjs';
import { accessible, becomes, bellSays, fits, news, until, visit } from './browser.mjs';
import { focusedTitle, INBOX, many, noteCalled, rowOf, titles, userWith } from './notes.mjs';

const HOUR_MS = 3600000;
const snoozeOf = (user, title) => Date.parse(rowOf(user, title).snooze_until);
const menu = (page) => page.getByRole('dialog', { name: 'Snooze until' });
const view = (page, name) => page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name });
const says = (page, text) => until(`said: ${text}`, async () => (await news(page)).includes(text));

async function inbox(page, count, query = '') {
  await page.goto(INBOX + query);
  await becomes('rows', count, () => page.locator('.note').count());
}

/* ---- snooze ---- */

// The moments on offer, on the clock of whoever looks.
const MOMENTS = [
  { zone: 'Europe/Berlin', now: '2027-01-13T09:30:00Z', wanted: ['2027-01-13T10:30:00.000Z', '2027-01-13T17:00:00.000Z', '2027-01-14T08:00:00.000Z', '2027-01-18T08:00:00.000Z'] },
  { zone: 'Europe/Berlin', now: '2027-01-13T17:30:00Z', wanted: ['2027-01-13T18:30:00.000Z', '2027-01-14T08:00:00.000Z', '2027-01-18T08:00:00.000Z'] },
  { zone: 'America/New_York', now: '2027-03-13T15:00:00Z', wanted: ['2027-03-13T16:00:00.000Z', '2027-03-13T23:00:00.000Z', '2027-03-14T13:00:00.000Z', '2027-03-15T13:00:00.000Z'] }, // the clocks go forward in that night
  { zone: 'Pacific/Auckland', now: '2027-01-17T23:30:00Z', wanted: ['2027-01-18T00:30:00.000Z', '2027-01-18T05:00:00.000Z', '2027-01-18T20:00:00.000Z', '2027-01-24T20:00:00.000Z'] }, // Monday there, and next week is next Monday
  { zone: 'Asia/Kolkata', now: '2027-01-16T20:00:00Z', wanted: ['2027-01-16T21:00:00.000Z', '2027-01-17T12:30:00.000Z', '2027-01-18T03:30:00.000Z', '2027-01-18T03:30:00.000Z'] }, // Sunday, half past one in the morning
];

test('the moments on offer are those of the viewer’s clock', () =>
  visit(null, {}, async (page) => {
    await page.goto('/login');
    for (const { zone, now, wanted } of MOMENTS) {
      const moments = await page.evaluate(
        async ([at, where]) => {
          const { snoozeTimes } = await import('/app/snooze-times.js');
          return snoozeTimes(new Date(at), where).map((moment) => moment.at);
        },
        [now, zone],
      );
      assert.deepEqual(moments, wanted, `${now} in ${zone}`);
    }
  }));

test('a moment is said with its day unless that is today', () =>
  visit(null, { timezone: 'Europe/Berlin' }, async (page) => {
    await page.clock.setFixedTime('2027-01-13T13:00:00Z');
    await page.goto('/login');
    const words = (at) =>
      page.evaluate(async (moment) => (await import('/app/snooze.js')).momentWords(moment), at);
    assert.equal(await words('2027-01-13T17:00:00Z'), '18:00');
    assert.equal(await words('2027-01-13T23:00:00Z'), 'Thu, Jan 14, 00:00');
    assert.equal(await words('2027-01-14T08:00:00Z'), 'Thu, Jan 14, 09:00');
  }));

test('s snoozes: the row leaves list, count and title, and wake brings it back unread', () => {
  const user = userWith('sleeper', many(3));
  return visit(user, { timezone: 'Europe/Berlin' }, async (page) => {
    await inbox(page, 3);
    for (const key of ['j', 'j', 'u']) await page.keyboard.press(key);
    await becomes('read', true, () => rowOf(user, 'Row 1').read_at !== null);
    await page.keyboard.press('s');
    await menu(page).waitFor();
    await accessible(page, 'the menu');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Enter');
    await becomes('list', ['Row 0', 'Row 2'], () => titles(page));
    await says(page, 'Snoozed until');
    assert.equal(await focusedTitle(page), 'Row 2');
    await until('the row', () => snoozeOf(user, 'Row 1') > 0);
    assert.ok(Math.abs(snoozeOf(user, 'Row 1') - Date.now() - HOUR_MS) < 60000, 'in an hour');
    await view(page, 'Snoozed').click();
    await becomes('snoozed', ['Row 1'], () => titles(page));
    await view(page, 'Inbox').click();
    cron('wake', '--at', new Date(Date.now() + 2 * HOUR_MS).toISOString());
    await page.reload();
    await becomes('back', ['Row 0', 'Row 1', 'Row 2'], () => titles(page));
    assert.equal(await noteCalled(page, 'Row 1').getAttribute('data-state'), 'unread');
    await becomes('the title', '(3) Inbox · Carillon', () => page.title());
    assert.deepEqual(drifted([user]), []);
  });
});

test('a time of one’s own: read on the viewer’s clock, and refused when it is past or too far', () => {
  const user = userWith('picker', many(1));
  return visit(user, { timezone: 'Asia/Kolkata' }, async (page) => {
    await inbox(page, 1);
    await page.getByRole('button', { name: 'Snooze: Row 0' }).click();
    await menu(page).getByRole('button', { name: 'Pick a time…' }).click();
    await menu(page).getByText('Asia/Kolkata').waitFor();
    const year = new Date().getUTCFullYear();
    const save = menu(page).getByRole('button', { name: 'Snooze', exact: true });
    for (const [date, words] of [
      [`${year - 1}-06-01`, 'still to come'],
      [`${year + 2}-06-01`, 'A year ahead'],
    ]) {
      await menu(page).getByLabel('Date').fill(date);
      await save.click();
      await menu(page).getByText(words).waitFor();
      assert.equal(await page.evaluate(() => document.activeElement.name), 'date');
    }
    const day = new Date(Date.now() + 72 * HOUR_MS).toISOString().slice(0, 10);
    await menu(page).getByLabel('Date').fill(day);
    await menu(page).getByLabel('Hour').fill('07');
    await menu(page).getByLabel('Minute').fill('15');
    await accessible(page, 'a time of one’s own');
    await save.click();
    await says(page, '07:15');
    await until('the row', () => snoozeOf(user, 'Row 0') > 0);
    assert.equal(snoozeOf(user, 'Row 0'), Date.parse(`${day}T01:45:00Z`));
  });
});

test('Escape leaves everything as it was, and the focus', () => {
  const user = userWith('undecided', many(1));
  return visit(user, {}, async (page) => {
    await inbox(page, 1);
    await page.keyboard.press('j');
    await page.keyboard.press('s');
    await menu(page).waitFor();
    await page.keyboard.press('Escape');
    assert.deepEqual(await titles(page), ['Row 0']);
    assert.equal(await focusedTitle(page), 'Row 0');
    assert.equal(rowOf(user, 'Row 0').snooze_until, null);
  });
});

test('z takes a snooze back, read as it was', () => {
  const user = userWith('restless', [{ title: 'Read', read_at: new Date().toISOString() }, { title: 'New' }]);
  return visit(user, {}, async (page) => {
    await inbox(page, 2);
    await page.getByRole('button', { name: 'Snooze: Read' }).click();
    await menu(page).getByRole('button', { name: 'Tomorrow morning' }).click();
    await becomes('list', ['New'], () => titles(page));
    await says(page, 'Undo');
    await page.keyboard.press('z');
    await becomes('list', ['Read', 'New'], () => titles(page));
    await becomes('awake', null, () => rowOf(user, 'Read').snooze_until);
    assert.notEqual(rowOf(user, 'Read').read_at, null);
    assert.deepEqual(drifted([user]), []);
  });
});

test('snoozed: put off, brought back by r, deleted, and each of it undone', () => {
  const user = userWith('drowsy', many(1));
  return visit(user, {}, async (page) => {
    await inbox(page, 1);
    await page.getByRole('button', { name: 'Snooze: Row 0' }).click();
    await menu(page).getByRole('button', { name: 'In an hour' }).click();
    await says(page, 'Undo');
    await view(page, 'Snoozed').click();
    await becomes('snoozed', ['Row 0'], () => titles(page));
    const first = snoozeOf(user, 'Row 0');
    await page.keyboard.press('j');
    await page.keyboard.press('s');
    await menu(page).getByRole('button', { name: 'Next week' }).click();
    await until('put off', () => snoozeOf(user, 'Row 0') > first);
    await says(page, 'Undo');
    await page.keyboard.press('z');
    await becomes('as before', first, () => snoozeOf(user, 'Row 0'));
    for (const [key, message, changed] of [
      ['r', 'Back in the inbox', () => rowOf(user, 'Row 0').snooze_until === null],
      ['e', 'Notification deleted', () => rowOf(user, 'Row 0').deleted_at !== null],
    ]) {
      await becomes('snoozed', ['Row 0'], () => titles(page));
      await page.locator('.note [data-action="back"]').focus();
      await page.keyboard.press(key);
      await page.getByText('Nothing snoozed').waitFor();
      await says(page, message);
      await until('the row', changed);
      await page.keyboard.press('z');
      await until('undone', () => snoozeOf(user, 'Row 0') === first && rowOf(user, 'Row 0').deleted_at === null);
      await says(page, 'Row 0');
    }
    await bellSays(page, 'Notifications');
    assert.deepEqual(drifted([user]), []);
  });
});

/* ---- bin ---- */

test('the bin gives back, with the read state it had, and shows what was deleted last first', () => {
  const user = userWith('cleaner', [{ title: 'Old', read_at: new Date().toISOString() }, { title: 'New' }]);
  return visit(user, {}, async (page) => {
    await inbox(page, 2);
    for (const title of ['Old', 'New']) {
      await page.getByRole('button', { name: `Delete: ${title}` }).click();
      await says(page, 'Undo');
      await until(title, () => rowOf(user, title).deleted_at !== null);
    }
    await view(page, 'Bin').click();
    await becomes('bin', ['New', 'Old'], () => titles(page));
    assert.match(page.url(), /\?view=bin$/);
    assert.equal(await page.locator('#mark-all').isVisible(), false);
    await page.getByRole('button', { name: 'Restore: New' }).click();
    await becomes('bin', ['Old'], () => titles(page));
    await bellSays(page, 'Notifications, 1 unread');
    await page.keyboard.press('r');
    await page.getByText('The bin is empty').waitFor();
    await page.goBack();
    await becomes('inbox', ['Old', 'New'], () => titles(page));
    assert.equal(await noteCalled(page, 'Old').getAttribute('data-state'), 'read');
    assert.deepEqual(drifted([user]), []);
  });
});

/* ---- search ---- */

const SEARCHED = [
  { title: 'Checkout is slow', body: 'Since the last release.' },
  { title: 'Digest', body: 'The CHECKOUT fails at 100% load' },
  { title: 'Release', type: 'issue.digest' },
];

for (const [q, found] of [
  ['checkout', ['Checkout is slow', 'Digest']],
  ['check slow', ['Checkout is slow']],
  ['100%', ['Digest']],
  ['%', ['Digest']],
  ['release', ['Checkout is slow', 'Release']],
])
  test(`search: ${q}`, () => {
    const user = userWith('seeker', SEARCHED);
    return visit(user, {}, async (page) => {
      await inbox(page, 3);
      await page.keyboard.press('/');
      await page.keyboard.type(q);
      await becomes('found', found, () => titles(page));
      const marked = await page.evaluate(() => [...CSS.highlights.get('found')].map(String));
      for (const word of q.split(' '))
        assert.ok(marked.some((text) => text.toLowerCase() === word), `${word} is marked`);
      await says(page, found.length === 1 ? '1 notification' : `${found.length} notifications`);
      assert.equal(await page.evaluate(() => document.activeElement.name), 'q', 'letters are letters there');
      assert.equal(new URL(page.url()).searchParams.get('q'), q);
      await page.keyboard.press('Enter');
      await becomes('focus', found[0], () => focusedTitle(page));
      await page.reload();
      await becomes('after a reload', found, () => titles(page));
    });
  });

test('what the server finds is shown, and comes back, whatever this browser makes of its letters', () => {
  const user = userWith('shopper', [{ title: 'İndirim' }, { title: 'Other' }]);
  return visit(user, {}, async (page) => {
    await inbox(page, 2);
    await page.getByLabel('Search').fill('indirim');
    await becomes('found', ['İndirim'], () => titles(page));
    await page.getByRole('button', { name: 'Delete: İndirim' }).click();
    await says(page, 'Notification deleted');
    await page.keyboard.press('z');
    await becomes('back', ['İndirim'], () => titles(page));
  });
});

test('nothing found: a way out, and the search field is what it leads past', () => {
  const user = userWith('lost', SEARCHED);
  return visit(user, {}, async (page) => {
    await inbox(page, 3);
    await page.getByLabel('Search').fill('no such words');
    await page.getByText('Every word has to occur').waitFor();
    await says(page, 'Nothing found');
    await page.getByRole('button', { name: 'Show everything' }).click();
    await becomes('all', 3, () => page.locator('.note').count());
    assert.equal(await page.getByLabel('Search').inputValue(), '');
  });
});

test('/ in the bin leads to the search of the inbox', () => {
  const user = userWith('binned', many(2));
  return visit(user, {}, async (page) => {
    await page.goto(`${INBOX}?view=bin`);
    await page.getByText('The bin is empty').waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('row 1');
    await becomes('found', ['Row 1'], () => titles(page));
  });
});

/* ---- counts and reasons ---- */

test('views and types say how many there are, and follow what is done', () => {
  const user = userWith('counter', [...many(2), { title: 'Digest', type: 'issue.digest' }]);
  const option = (page) => page.locator('option[value="issue.digest"]').textContent();
  return visit(user, {}, async (page) => {
    await inbox(page, 3);
    await becomes('type', 'Issue digest (1)', () => option(page));
    await view(page, 'Inbox 3 unread').waitFor();
    await page.getByRole('button', { name: 'Mark as read: Digest' }).click();
    await becomes('type', 'Issue digest', () => option(page));
    await page.getByRole('button', { name: 'Delete: Row 0' }).click();
    await view(page, 'Bin 1 in the bin').waitFor();
    await view(page, 'Inbox 1 unread').waitFor();
    give(user, [{ title: 'Another', type: 'issue.digest' }]);
    await page.reload();
    await becomes('type', 'Issue digest (1)', () => option(page));
  });
});

test('each row says why its owner gets it', () => {
  const world = makeWorld();
  give(world.owner, [
    { title: 'Said', type: 'feedback.new', team_id: world.team.id },
    { title: 'Done', type: 'job.completed', team_id: world.team.id },
  ]);
  return visit(world.owner, {}, async (page) => {
    await inbox(page, 2);
    await becomes('feedback', 'You are a member of the team', () => noteCalled(page, 'Said').locator('.note-why').innerText());
    await becomes('job', 'You started it', () => noteCalled(page, 'Done').locator('.note-why').innerText());
  });
});

/* ---- looks ---- */

for (const [scheme, width, height] of [
  ['light', 1280, 860],
  ['light', 640, 430], // as 1280 at 200 %
  ['dark', 320, 700],
])
  test(`snoozed and bin, ${scheme}, ${width} wide: nothing sticks out, axe finds nothing`, () => {
    const user = userWith('looker', [...many(3, { link: '/dashboard/timeline' }), { title: 'Plain' }]);
    return visit(user, { scheme, width, height }, async (page) => {
      await inbox(page, 4);
      for (const title of ['Row 0', 'Plain']) {
        await page.getByRole('button', { name: `Snooze: ${title}` }).click();
        await menu(page).getByRole('button', { name: 'Tomorrow morning' }).click();
        await says(page, 'Snoozed until');
        await page.getByRole('button', { name: /^Delete/ }).first().click();
        await says(page, 'Notification deleted');
      }
      await accessible(page, 'empty inbox with undo');
      for (const name of ['Snoozed', 'Bin']) {
        await view(page, name).click();
        await becomes(name, 2, () => page.locator('.note').count());
        await fits(page, name);
        await accessible(page, name);
      }
    });
  });
