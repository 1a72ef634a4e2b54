// names - written from right to left, they stand in our lines like any other: what follows stays behind them.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { exec, ok, quote } from '../lib/client.mjs';
import { give, makeIssue, makeJob, makeWorld } from '../lib/world.mjs';
import { bellOf, visit } from './browser.mjs';
import { INBOX } from './notes.mjs';

const [DANA, SHOP, MAKING] = ['דנה', 'חנות', 'ייצור'];
const AGO = new Date(Date.now() - 5 * 3600000).toISOString();
const TIME = '5 hours ago';

let world;
let issue;
before(async () => {
  world = makeWorld();
  issue = makeIssue(world.team);
  const { project, keys, environments } = world.team;
  await ok(201, 'POST', '/v1/feedback', { bearer: keys.client.secret, body: { message: 'Good', name: DANA } });
  exec(`UPDATE users SET name = ${quote(DANA)} WHERE id = ${quote(world.owner.id)};
    UPDATE feedback SET created_at = ${quote(AGO)} WHERE project_id = ${quote(project)};
    INSERT INTO issue_events (issue_id, user_name, app, created_at) VALUES (${[issue, DANA, SHOP, AGO].map(quote).join(', ')});`);
  makeJob(world.team, { started_by: world.owner.id, created_at: AGO });
  const place = { project_id: project, project_name: SHOP, environment_id: environments.production, environment_name: MAKING };
  give(world.viewer, [{ ...place, created_at: AGO }]);
});

// The words of an element from left to right, as they stand on the screen.
const inOrder = (element, words) =>
  element.evaluate((root, wanted) => {
    const places = new Map();
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    while (walker.nextNode())
      for (const word of wanted) {
        const at = walker.currentNode.data.indexOf(word);
        if (at < 0) continue;
        const range = document.createRange();
        range.setStart(walker.currentNode, at);
        range.setEnd(walker.currentNode, at + word.length);
        places.set(word, range.getBoundingClientRect().left);
      }
    return [...places.keys()].sort((a, b) => places.get(a) - places.get(b));
  }, words);

const LINES = [
  ['the bell', () => INBOX, (page) => bellOf(page).items.filter({ hasText: SHOP }).locator('.meta'), [SHOP, MAKING, TIME]],
  ['a job', () => '/dashboard/jobs', (page) => page.getByText('Started by'), ['Started by', DANA, TIME]],
  ['feedback', ({ project }) => `/dashboard/feedback?project=${project}`, (page) => page.locator('.quote-by'), [DANA, TIME]],
  ['an event', ({ project }) => `/dashboard/issues?project=${project}&id=${issue}`, (page) => page.locator('.quote-by'), [DANA, SHOP, TIME]],
];

for (const [what, path, line, words] of LINES)
  test(`${what}: the names, and then the time`, () =>
    visit(world.viewer, {}, async (page) => {
      await page.goto(path(world.team));
      if (what === 'the bell') await bellOf(page).button.click();
      await line(page).waitFor();
      assert.deepEqual(await inOrder(line(page), words), words);
    }));
