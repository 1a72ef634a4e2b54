// screenshots - the pictures of README, made of a demo that ends at a time of its own, which the database
// and the pages take for now: so they change only when the pages do.  make pictures puts them into
// tests/screenshots.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { startCluster } from '../lib/cluster.mjs';
import { startCopy } from '../lib/copy.mjs';

const NOW = '2026-03-10T15:20:00Z';
const cluster = await startCluster();
// as somebody's own, which scripts/run tells from the private cluster's by how it begins
for (const name of Object.keys(process.env))
  if (/^CARILLON_.*DATABASE_URL$/.test(name))
    process.env[name] = `application_name=pictures ${process.env[name]}`;
const given = Object.entries(process.env).filter(([name]) => /DATABASE_URL$/.test(name));
const copy = await startCopy(Object.fromEntries(given));
after(async () => {
  await copy.stop();
  await cluster.stop();
});
const { exec, root, rows, token, uuid, value } = await import('../lib/client.mjs');
const { smaller } = await import('../lib/png.mjs');
const { makeJob } = await import('../lib/world.mjs');
const { accessible, bellOf, fits, out, visit } = await import('./browser.mjs');

const MOST_BYTES = 150000;
const YEARS = 9 * 365 * 86400; // the workers keep to the real clock
const KEPT = path.join(root, 'tests/screenshots');
const OURS = path.join(out, 'readme');
const WINDOW = { width: 1280, timezone: 'Europe/Berlin' };

let experiment;

// A worker has just begun with an export (job_claim, export_head, job_progress).
function takeUp() {
  const [{ id, team }] = rows("SELECT id, team_id AS team FROM projects WHERE name = 'Demo Project'");
  const admin = value("SELECT id FROM users WHERE email = 'admin@example.com'");
  makeJob({ id: team, project: id }, { status: 'running', attempts: 1, notify: true, run_token: uuid(), started_by: admin, step: 'issues', done: 26,
    total: 41, created_at: '2026-03-10T15:19:00Z', started_at: '2026-03-10T15:19:05Z', lease_until: '2026-03-10T15:20:35Z' });
}

before(() => {
  mkdirSync(OURS, { recursive: true });
  execFileSync(path.join(root, 'scripts/demo'), ['--at', NOW], { env: process.env });
  cluster.setClock(Math.ceil((Date.parse(NOW) - Date.now()) / 1000));
  exec(`INSERT INTO heartbeats (job, started_at, finished_at) VALUES ('fire', now(), now() + interval '1 day');`);
  experiment = value("SELECT id FROM experiments WHERE name = 'One-page checkout'");
  takeUp();
});

const PICTURES = [
  {
    name: 'bell',
    scheme: 'light',
    at: () => '/dashboard/experiments',
    ready: 'Gift wrap offer',
    async open(page) {
      await bellOf(page).button.click();
      await bellOf(page).items.nth(5).waitFor();
    },
  },
  { name: 'inbox', scheme: 'dark', at: () => '/dashboard/inbox', ready: 'Gift wrap offer was launched' },
  {
    name: 'schedule',
    scheme: 'light',
    at: () => `/dashboard/experiments?id=${experiment}`,
    ready: 'Launches in',
    async open(page) {
      await page.getByRole('button', { name: 'Edit schedule' }).click();
      await page.getByRole('dialog').getByText('Ends in').waitFor();
    },
  },
  { name: 'timeline', scheme: 'dark', at: () => '/dashboard/timeline', ready: 'Pricing page headline', height: 1240 },
  { name: 'issues', scheme: 'light', at: () => '/dashboard/issues', ready: 'Basket is empty after login' },
  { name: 'jobs', scheme: 'dark', at: () => '/dashboard/jobs', ready: 'its worker ended' },
];

for (const { name, scheme, at, ready, open, height = 800 } of PICTURES)
  test(`${name}, ${scheme}`, () =>
    visit({ token: token('owner@example.com', YEARS) }, { ...WINDOW, height, scheme }, async (page) => {
      await page.clock.setFixedTime(NOW);
      await page.goto(at());
      await page.getByText(ready).first().waitFor();
      await open?.(page);
      await page.waitForLoadState('networkidle');
      await fits(page, name);
      await accessible(page, name);
      const png = smaller(await page.screenshot({ caret: 'hide' }));
      writeFileSync(path.join(OURS, `${name}.png`), png);
      assert.ok(png.length <= MOST_BYTES, `${name} has ${png.length} bytes`);
    }));

test('README shows these, and they are kept small', () => {
  const names = PICTURES.map(({ name }) => `${name}.png`).sort();
  const shown = readFileSync(path.join(root, 'README.md'), 'utf8').match(/tests\/screenshots\/[\w.-]+/g);
  assert.deepEqual([...new Set(shown.map((file) => path.basename(file)))].sort(), names);
  assert.deepEqual(readdirSync(KEPT).sort(), names);
  for (const name of names) assert.ok(statSync(path.join(KEPT, name)).size <= MOST_BYTES, name);
});
