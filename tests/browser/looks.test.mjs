// looks - every page in light and dark, wide and at 320 pixels: axe finds nothing, nothing sticks
// out, and a screenshot is kept in tests/out/screenshots.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { exec, quote } from '../lib/client.mjs';
import { give, makeWorld } from '../lib/world.mjs';
import { accessible, bellOf, fits, screenshot, visit } from './browser.mjs';

const MINUTE = 60000;
const ago = (minutes) => new Date(Date.now() - minutes * MINUTE).toISOString();

// Something of every kind, as a producer words it.
const STORY = [
  [
    'EXPERIMENT_SCHEDULED_LAUNCH_FIRED',
    'experiment',
    'Checkout button colour is running',
    'Launched as scheduled at 09:00 (Europe/Berlin).',
    3,
  ],
  [
    'feedback.new',
    'feedback',
    'New feedback in Storefront',
    'Mara Lindqvist: The new pricing page is so much clearer than before, thank you!',
    14,
  ],
  [
    'FLAG_SCHEDULE_FAILED',
    'flag_environment',
    'new-search was not enabled',
    'The person who scheduled it may no longer publish in this team.',
    50,
  ],
  [
    'issue.digest',
    'issue',
    '3 new issues in Storefront',
    '1 regression, 2 new errors since yesterday’s digest.',
    180,
  ],
  ['job.completed', 'job', 'Project export is ready', 'Finished in 42 seconds.', 1500],
  [
    'FLAG_SCHEDULED_ENABLE_FIRED',
    'flag_environment',
    'free-shipping is on in production',
    'Enabled as scheduled; it goes off again on Sunday.',
    1700,
  ],
  [
    'EXPERIMENT_SCHEDULE_MISSED',
    'experiment',
    'Hero headline was not launched',
    'Its moment was more than 60 minutes past. It is a draft again.',
    3100,
  ],
];

let world;
before(() => {
  world = makeWorld();
  exec(`UPDATE teams SET name = 'Storefront team' WHERE id = ${quote(world.team.id)};
    UPDATE users SET name = 'Olive Owner' WHERE id = ${quote(world.owner.id)};
    INSERT INTO feedback (project_id, message, name, email, context, created_at) VALUES
    (${quote(world.team.project)}, 'The new pricing page is so much clearer than before, thank you!', 'Mara Lindqvist',
      'mara@example.org', '{"page":"/pricing"}', ${quote(ago(14))}),
    (${quote(world.team.project)}, 'Search never finds my order numbers.', NULL, NULL, NULL, ${quote(ago(900))});
    INSERT INTO audit (team_id, actor_type, actor_id, action, resource_kind, resource_id, before, after)
    VALUES (${quote(world.team.id)}, 'USER', ${quote(world.owner.id)}, 'member.role_changed', 'member',
      ${quote(world.admin.id)}, '{"role":"viewer"}', '{"role":"admin"}');`);
  give(
    world.owner,
    STORY.map(([type, kind, title, body, minutes], i) => ({
      type,
      title,
      body,
      created_at: ago(minutes),
      resource_kind: kind,
      link: '/dashboard/inbox',
      project_id: world.team.project,
      project_name: 'Storefront',
      read_at: i > 3 ? ago(1) : null,
    })),
  );
});

const PAGES = [
  { name: 'login', path: '/login', nobody: true, ready: 'Send me a code' },
  { name: 'inbox', path: '/dashboard/inbox', ready: 'Checkout button colour is running' },
  { name: 'inbox-empty', path: '/dashboard/inbox?type=issue.new', ready: 'Nothing here yet' },
  { name: 'preferences', path: '/dashboard/preferences', ready: 'These cannot be switched off.' },
  { name: 'team', path: '/dashboard/team', ready: 'Member role changed' },
  { name: 'feedback', path: '/dashboard/feedback', ready: 'Search never finds my order numbers.' },
  {
    name: 'unknown',
    path: '/dashboard/issues?project=1',
    ready: 'There is no page at this address',
  },
  {
    name: 'bell',
    path: '/dashboard/inbox',
    ready: 'Checkout button colour is running',
    open: openBell,
  },
  {
    name: 'account',
    path: '/dashboard/inbox',
    ready: 'Checkout button colour is running',
    open: (page) => page.locator('.avatar').click(),
  },
  {
    name: 'help',
    path: '/dashboard/inbox',
    ready: 'Checkout button colour is running',
    open: (page) => page.getByRole('button', { name: 'Help' }).click(),
  },
  {
    name: 'dialog',
    path: '/dashboard/team',
    ready: 'Member role changed',
    open: (page) => page.getByRole('button', { name: `Remove ${world.viewer.email}` }).click(),
  },
];

async function openBell(page) {
  await bellOf(page).button.click();
  await bellOf(page).items.first().waitFor();
}

for (const scheme of ['light', 'dark']) {
  for (const [size, width] of [
    ['wide', 1280],
    ['narrow', 320],
  ]) {
    for (const { name, path, ready, open, nobody } of PAGES) {
      test(`${name}, ${scheme}, ${size}`, () =>
        visit(nobody ? null : world.owner, { scheme, width }, async (page) => {
          await page.goto(path);
          await page.getByText(ready).first().waitFor();
          if (open) await open(page);
          await page.waitForLoadState('networkidle');
          await fits(page, name);
          await screenshot(page, `${name}-${scheme}-${size}`, { fullPage: !open });
          await accessible(page, name);
        }));
    }
  }
}

test('at 200 % zoom nothing sticks out', () =>
  visit(world.owner, { width: 640, height: 430 }, async (page) => {
    for (const { name, path, ready, nobody } of PAGES.filter(({ open }) => !open)) {
      if (nobody) continue;
      await page.goto(path);
      await page.getByText(ready).first().waitFor();
      await fits(page, name);
    }
  }));

test('every page has one h1, landmarks and a skip link that works', () =>
  visit(world.owner, {}, async (page) => {
    for (const { name, path, ready, nobody } of PAGES.filter(({ open }) => !open)) {
      if (nobody) continue;
      await page.goto(path);
      await page.getByText(ready).first().waitFor();
      assert.equal(await page.locator('h1').count(), 1, name);
      for (const role of ['banner', 'main', 'navigation'])
        assert.ok((await page.getByRole(role).count()) > 0, `${name} has a ${role}`);
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      assert.equal(await page.evaluate(() => document.activeElement.id), 'main', name);
    }
  }));

test('the pages load nothing from elsewhere and run nothing inline', () =>
  visit(world.owner, {}, async (page) => {
    const hosts = new Set();
    page.on('request', (request) => hosts.add(new URL(request.url()).host));
    const answer = await page.goto('/dashboard/inbox');
    const policy = answer.headers()['content-security-policy'];
    assert.match(policy, /default-src 'none'/);
    assert.doesNotMatch(policy, /unsafe-/);
    await page.waitForLoadState('networkidle');
    assert.equal(hosts.size, 1);
  }));
