// left-open - pages that nobody closes: what they say of time goes on with the clock, past midnight too.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { exec, ok, quote } from '../lib/client.mjs';
import { give, makeExperiment, makeIssue, makeWorld, seeSnippet } from '../lib/world.mjs';
import { becomes, onwards, visit } from './browser.mjs';
import { focusedTitle, INBOX, noteCalled, titles, userWith } from './notes.mjs';

const EVENING = '2098-01-13T23:50:00Z';
const NIGHT = '08:00:00';

let world;
let experiment;
before(async () => {
  world = makeWorld();
  seeSnippet(world.team.project);
  experiment = makeExperiment(world.team.project, { name: 'Checkout colour' });
  const body = { launch_at: '2098-01-14T12:00:00Z', time_zone: 'UTC' };
  await ok(201, 'PUT', `/v1/experiments/${experiment.id}/schedule`, { as: world.owner.token, body });
});

test('the rows of today are those of yesterday in the morning', () => {
  const user = userWith('sleeper', [
    { title: 'Late', created_at: '2098-01-13T22:00:00.000Z' },
    { title: 'Early', created_at: '2098-01-12T22:00:00.000Z' },
  ]);
  const days = (page) => page.getByRole('heading', { level: 2 }).allInnerTexts();
  return visit(user, {}, async (page) => {
    await page.clock.install({ time: EVENING });
    await page.goto(INBOX);
    await becomes('in the evening', ['Today', 'Yesterday'], () => days(page));
    await noteCalled(page, 'Early').locator('.note-main').focus();
    await page.clock.fastForward(NIGHT);
    await becomes('in the morning', ['Yesterday', 'Sunday, January 12'], () => days(page));
    give(user, [{ title: 'New', created_at: '2098-01-14T07:40:00.000Z' }]);
    await onwards(page, '00:35', 'polled', async () => (await titles(page)).length > 2);
    assert.deepEqual(await days(page), ['Today', 'Yesterday', 'Sunday, January 12']);
    assert.equal(await focusedTitle(page), 'Early');
  });
});

test('what is coming comes nearer, on the timeline and on its own page', () =>
  visit(world.owner, {}, async (page, context) => {
    await context.clock.install({ time: EVENING });
    await page.goto(`/dashboard/timeline?project=${world.team.project}`);
    const own = await context.newPage();
    await own.goto(`/dashboard/experiments?id=${experiment.id}`);
    const said = async () => [
      await page.locator('.timeline-date').innerText(),
      await page.locator('.moment-row .chip').innerText(),
      await own.getByRole('group', { name: 'Schedule' }).locator('strong').innerText(),
    ];
    await becomes('in the evening', ['Tomorrow', 'in 12 hours', 'Launches in 12 hours'], said);
    await context.clock.fastForward(NIGHT);
    await becomes('in the morning', ['Today', 'in 4 hours', 'Launches in 4 hours'], said);
  }));

test('a date stays one', () => {
  const issue = makeIssue(world.team, { created_at: '2098-01-13T20:40:00Z' });
  exec(`UPDATE issues SET status = 'snoozed', snooze_until = '2098-01-20T08:00:00Z' WHERE id = ${quote(issue)};`);
  return visit(world.viewer, {}, async (page) => {
    await page.clock.install({ time: EVENING });
    await page.goto(`/dashboard/issues?project=${world.team.project}`);
    const times = () => page.locator('.resource time').allInnerTexts();
    await becomes('in the evening', ['3 hours ago', 'until Jan 20, 2098'], times);
    await page.clock.fastForward(NIGHT);
    await becomes('in the morning', ['yesterday', 'until Jan 20, 2098'], times);
  });
});
