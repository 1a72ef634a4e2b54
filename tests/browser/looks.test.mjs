// looks - every page in light and dark, wide and at 320 pixels: axe finds nothing, nothing sticks
// out, and a screenshot is kept in tests/out/screenshots.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { exec, quote } from '../lib/client.mjs';
import { give, makeExperiment, makeFlag, makeWorld, seeSnippet } from '../lib/world.mjs';
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

// Experiments and flags in every state.
const made = {};
function makeResources() {
  const { project } = world.team;
  seeSnippet(project);
  const experiment = (name, status, fields = {}) =>
    makeExperiment(project, { name, status, ...fields }).id;
  experiment('Old footer', 'ARCHIVED');
  experiment('Shorter sign-up form', 'COMPLETED');
  made.paused = experiment('Hero headline', 'PAUSED');
  made.running = experiment('Free delivery bar', 'RUNNING', {
    hypothesis: 'Visitors who see what is missing for free delivery buy more.',
    variations: [
      { name: 'No bar', weight: 34 },
      { name: 'Bar at the top', weight: 33 },
      { name: 'Bar in the basket', weight: 33 },
    ],
  });
  made.draft = experiment('Checkout button colour', 'DRAFT', {
    hypothesis: 'A green button sells more than a blue one.',
    metrics: [],
  });
  makeFlag(world.team, { key: 'old-basket', name: 'Old basket', status: 'ARCHIVED' });
  makeFlag(world.team, { key: 'free-shipping', name: 'Free shipping' }, ['development', 'staging']);
  made.flag = makeFlag(
    world.team,
    {
      key: 'greeting',
      name: 'Greeting',
      kind: 'string',
      variations: [
        { name: 'warm', value: 'Hello, you!' },
        { name: 'plain', value: 'Hello' },
      ],
      default_on: 'warm',
      default_off: 'plain',
    },
    ['production'],
  ).id;
  makeMoments();
}

// One moment of every outcome, and one to come.
function makeMoments() {
  const outcomes = ['FIRED', 'MISSED', 'FAILED', 'CANCELLED', 'DROPPED', null];
  const reasons = [null, 'too_late', 'permission_revoked', 'cancelled', 'manual_change', null];
  exec(`WITH made AS (
      INSERT INTO schedules (project_id, resource_kind, resource_id, resource_name, environment_id,
        environment_name, time_zone, first_at, scheduled_by, status)
      SELECT ${quote(world.team.project)}, 'flag_environment', gen_random_uuid(), 'greeting-' || n,
        ${quote(world.team.environments.staging)}, 'staging', 'Asia/Kathmandu', now(),
        ${quote(world.owner.id)}, 'DONE'
      FROM generate_series(1, 6) n RETURNING id, project_id, resource_name, scheduled_by)
    INSERT INTO moments (schedule_id, project_id, kind, due_at, scheduled_by, outcome, reason, decided_at)
    SELECT made.id, project_id, 'enable', now() + interval '1 day' * (n - 5.5), scheduled_by, outcome, reason,
      CASE WHEN outcome IS NOT NULL THEN now() + interval '1 day' * (n - 5.4) END
    FROM made JOIN unnest(${pgArray(outcomes)}, ${pgArray(reasons)}) WITH ORDINALITY AS o (outcome, reason, n)
      ON resource_name = 'greeting-' || n;`);
}

const pgArray = (list) => `ARRAY[${list.map(quote).join(', ')}]::text[]`;

let world;
before(() => {
  world = makeWorld();
  makeResources();
  exec(`INSERT INTO heartbeats (job, started_at, finished_at)
      VALUES ('fire', now() + interval '1 day', now() + interval '1 day') ON CONFLICT (job) DO UPDATE SET finished_at = excluded.finished_at;
    UPDATE teams SET name = 'Storefront team' WHERE id = ${quote(world.team.id)};
    UPDATE users SET name = 'Olive Owner' WHERE id = ${quote(world.owner.id)};
    INSERT INTO feedback (project_id, message, name, email, context, created_at) VALUES
    (${quote(world.team.project)}, 'The new pricing page is so much clearer than before, thank you!', 'Mara Lindqvist',
      'mara@example.org', '{"page":"/pricing"}', ${quote(ago(14))}),
    (${quote(world.team.project)}, 'Search never finds my order numbers.', NULL, NULL, NULL, ${quote(ago(900))});
    INSERT INTO jobs (team_id, project_id, type, started_by)
    VALUES (${quote(world.team.id)}, ${quote(world.team.project)}, 'looked at', ${quote(world.owner.id)});
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
    path: '/dashboard/nowhere?project=1',
    ready: 'There is no page at this address',
  },
  { name: 'experiments', path: '/dashboard/experiments', ready: 'Free delivery bar' },
  {
    name: 'experiment-draft',
    path: () => `/dashboard/experiments?id=${made.draft}`,
    ready: 'No metric is set',
  },
  {
    name: 'experiment-running',
    path: () => `/dashboard/experiments?id=${made.running}`,
    ready: 'they stay as they are',
  },
  {
    name: 'experiment-scheduled',
    path: () => `/dashboard/experiments?id=${made.paused}`,
    ready: 'Launches in',
    prepare: (page) => scheduled(page),
  },
  {
    name: 'experiment-new',
    path: '/dashboard/experiments',
    ready: 'Free delivery bar',
    open: (page) => page.getByRole('button', { name: 'New experiment' }).click(),
  },
  { name: 'timeline', path: '/dashboard/timeline', ready: 'was not switched on' },
  { name: 'jobs', path: '/dashboard/jobs', ready: 'Waiting' },
  {
    name: 'schedule-new',
    path: () => `/dashboard/experiments?id=${made.draft}&schedule=1`,
    ready: 'Preflight failed: no metric is set',
    open: (page) => page.getByText('Days after', { exact: true }).first().click(),
  },
  {
    name: 'schedule-flag',
    path: () => `/dashboard/flags?id=${made.flag}&environment=production&schedule=1`,
    ready: 'Goes off in',
    open: async () => {},
  },
  { name: 'flags', path: '/dashboard/flags', ready: 'Free shipping' },
  { name: 'flag', path: () => `/dashboard/flags?id=${made.flag}`, ready: 'Who changed what' },
  {
    name: 'flag-new',
    path: '/dashboard/flags',
    ready: 'Free shipping',
    async open(page) {
      await page.getByRole('button', { name: 'New flag' }).click();
      await page.getByLabel('Kind').selectOption('json');
    },
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
    name: 'keys',
    path: '/dashboard/inbox',
    ready: 'Checkout button colour is running',
    open: (page) => page.keyboard.press('?'),
  },
  {
    name: 'snooze',
    path: '/dashboard/inbox',
    ready: 'Checkout button colour is running',
    async open(page) {
      await page.getByRole('button', { name: 'Snooze: Checkout button colour is running' }).click();
      await page.getByRole('button', { name: 'Pick a time…' }).click();
    },
  },
  { name: 'inbox-found', path: '/dashboard/inbox?q=storefront', ready: '3 new issues in Storefront' },
  {
    name: 'dialog',
    path: '/dashboard/team',
    ready: 'Member role changed',
    open: (page) => page.getByRole('button', { name: `Remove ${world.viewer.email}` }).click(),
  },
];

// As if it were scheduled; the rest is the API's answer.
async function scheduled(page) {
  await page.route('**/v1/experiments/*', async (route) => {
    const answer = await route.fetch();
    const { experiment } = await answer.json();
    experiment.status = 'SCHEDULED';
    experiment.schedule = {
      time_zone: 'America/New_York',
      scheduled_by: world.owner.id,
      resolved: {
        launch: { at: '2099-07-01T13:00:00.000Z', outcome: null },
        end: { at: '2099-07-03T22:00:00.000Z', outcome: null },
      },
    };
    await route.fulfill({ response: answer, json: { experiment } });
  });
}

const pathOf = ({ path }) => (typeof path === 'function' ? path() : path);

async function openBell(page) {
  await bellOf(page).button.click();
  await bellOf(page).items.first().waitFor();
}

for (const scheme of ['light', 'dark']) {
  for (const [size, width] of [
    ['wide', 1280],
    ['narrow', 320],
  ]) {
    for (const shown of PAGES) {
      const { name, ready, open, prepare, nobody } = shown;
      test(`${name}, ${scheme}, ${size}`, () =>
        visit(nobody ? null : world.owner, { scheme, width }, async (page) => {
          if (prepare) await prepare(page);
          await page.goto(pathOf(shown));
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
    for (const shown of PAGES.filter(({ open, prepare, nobody }) => !open && !prepare && !nobody)) {
      const { name, ready } = shown;
      await page.goto(pathOf(shown));
      await page.getByText(ready).first().waitFor();
      await fits(page, name);
    }
  }));

test('every page has one h1, landmarks and a skip link that works', () =>
  visit(world.owner, {}, async (page) => {
    for (const shown of PAGES.filter(({ open, prepare, nobody }) => !open && !prepare && !nobody)) {
      const { name, ready } = shown;
      await page.goto(pathOf(shown));
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
