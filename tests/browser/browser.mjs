// browser - one Chromium for a test file: pages of a logged-in user, axe, screenshots, and a check
// that no page ever logged an error of its own.  What it keeps is in tests/out (CARILLON_TEST_OUT).
// It is the headless shell: the same engine, without windows half the work.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after } from 'node:test';
import { chromium } from 'playwright-core';
import { base, root } from '../lib/client.mjs';

const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const AXE_RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const PATIENCE_MS = 15000;
const POLLS_MS = 50;
export const out = process.env.CARILLON_TEST_OUT ?? path.join(root, 'tests/out');

let browser;
let home;

async function launched() {
  if (browser) return browser;
  home = mkdtempSync(path.join(tmpdir(), 'carillon-browser-')); // the tests' user may have none
  browser = await chromium.launch({
    executablePath: process.env.CARILLON_TEST_CHROMIUM ?? '/usr/bin/chromium-headless-shell',
    args: ARGS,
    env: { ...process.env, HOME: home },
  });
  return browser;
}

after(async () => {
  await browser?.close();
  if (home) rmSync(home, { recursive: true, force: true });
});

// What a page may never do, whatever is tested: break, or break its own content security policy.
// Failed requests are no error here: tests make them on purpose.
function watch(page, errors) {
  page.on('pageerror', (error) => errors.push(error.stack ?? String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      errors.push(message.text());
  });
}

// Run body with a browser context of this user (null: nobody), then close it.
// options: scheme, width, height, timezone
export async function visit(user, options, body) {
  const { scheme = 'light', width = 1280, height = 860, timezone = 'UTC' } = options;
  const context = await (
    await launched()
  ).newContext({
    baseURL: base.origin,
    viewport: { width, height },
    colorScheme: scheme,
    reducedMotion: 'reduce',
    locale: 'en-US',
    timezoneId: timezone,
  });
  const errors = [];
  context.setDefaultTimeout(PATIENCE_MS);
  context.on('page', (page) => watch(page, errors));
  if (user)
    await context.addCookies([
      { name: 'token', value: user.token, url: base.origin, httpOnly: true },
    ]);
  try {
    await body(await context.newPage(), context);
    assert.deepEqual(errors, [], 'no page broke');
  } finally {
    // a request that is on its way through a route() when the page goes must not end the whole file
    for (const page of context.pages()) await page.unrouteAll({ behavior: 'ignoreErrors' });
    await context.close();
  }
}

// Wait until the function answers something true; its last answer is told when it never does.
export async function until(what, check) {
  const end = Date.now() + PATIENCE_MS;
  let last;
  do {
    last = await check();
    if (last) return last;
    await new Promise((resolve) => {
      setTimeout(resolve, POLLS_MS);
    });
  } while (Date.now() < end);
  return assert.fail(`${what}: never, last ${JSON.stringify(last)}`);
}

// The same while the page's clock (page.clock) is moved on by time again and again: the next poll is set
// only when the one before it is over, which may be after what it brought is there.
export const onwards = (page, time, what, check) =>
  until(what, async () => {
    await page.clock.runFor(time);
    return check();
  });

// Wait until the function answers this value.
export async function becomes(what, wanted, read) {
  let last;
  const end = Date.now() + PATIENCE_MS;
  do {
    last = await read();
    if (JSON.stringify(last) === JSON.stringify(wanted)) return;
    await new Promise((resolve) => {
      setTimeout(resolve, POLLS_MS);
    });
  } while (Date.now() < end);
  assert.deepEqual(last, wanted, what);
}

// axe finds nothing on the page as it stands.
export async function accessible(page, what) {
  await page.evaluate(AXE);
  const violations = await page.evaluate(async (tags) => {
    const found = await globalThis.axe.run(document, { runOnly: tags });
    return found.violations.map(({ id, nodes }) => ({
      id,
      nodes: nodes.map((n) => n.target.join(' ')),
    }));
  }, AXE_RULES);
  assert.deepEqual(violations, [], `axe on ${what}`);
}

export async function screenshot(page, name, options = {}) {
  mkdirSync(path.join(out, 'screenshots'), { recursive: true });
  await page.screenshot({ path: path.join(out, 'screenshots', `${name}.png`), ...options });
}

// Nothing sticks out to the right: no page scrolls sideways, nor an open dialog.
export async function fits(page, what) {
  const over = await page.evaluate(() =>
    Math.max(
      document.documentElement.scrollWidth - innerWidth,
      ...[...document.querySelectorAll('dialog[open]')].map((it) => it.scrollWidth - it.clientWidth),
    ),
  );
  assert.ok(over <= 0, `${what} is ${over} pixels too wide`);
}

// The words of what has the focus.
export function focused(page) {
  return page.evaluate(() => document.activeElement.innerText);
}

// Make the page believe that its tab is hidden or shown.
export function setHidden(page, hidden) {
  return page.evaluate((value) => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => value });
    Object.defineProperty(document, 'visibilityState', {
      configurable: true,
      get: () => (value ? 'hidden' : 'visible'),
    });
    document.dispatchEvent(new Event('visibilitychange'));
  }, hidden);
}

// Requests of the page as 'GET /path', oldest first; the array grows.
export function requests(page) {
  const seen = [];
  page.on('request', (request) => {
    const { pathname } = new URL(request.url());
    if (/^\/(v1|api)\//.test(pathname)) seen.push(`${request.method()} ${pathname}`);
  });
  return seen;
}

// Answer requests like this with an error; answers a function that lifts it.
export async function broken(page, method, pattern, status = 503, error = 'Injected failure') {
  const handler = (route) =>
    route.request().method() === method
      ? route.fulfill({
          status,
          json: { error },
          headers: { 'Retry-After': '1' },
        })
      : route.fallback();
  await page.route(pattern, handler);
  return () => page.unroute(pattern, handler);
}

// Keep back the server's answer to the next request like this: {isThere, release()}.
export async function held(page, method, pattern) {
  const answer = {};
  answer.isThere = new Promise((resolve) => (answer.arrive = resolve));
  const released = new Promise((resolve) => (answer.release = resolve));
  await page.route(pattern, async (route) => {
    if (route.request().method() !== method || answer.isKept) return route.fallback();
    answer.isKept = true;
    const response = await route.fetch();
    answer.arrive();
    await released;
    return route.fulfill({ response });
  });
  return answer;
}

// The words of the page's status line.
export function news(page) {
  return page.locator('.toast').innerText();
}

/* ---- the bell ---- */

// The parts of the bell on a page.
export function bellOf(page) {
  const bell = page.locator('carillon-bell');
  return {
    bell,
    button: bell.locator('button.bell'),
    badge: bell.locator('.badge'),
    panel: bell.getByRole('region', { name: 'Notifications' }),
    items: bell.locator('.item'),
    unread: bell.locator('.item.unread'),
    markAll: bell.getByRole('button', { name: 'Mark all read' }),
    more: bell.getByRole('button', { name: 'Load more' }),
    status: bell.locator('[role="status"]'),
    error: bell.locator('.error'),
    empty: bell.locator('.state'),
  };
}

// Wait until the bell's button is called this.
export function bellSays(page, name) {
  return becomes('the name of the bell', name, () =>
    bellOf(page).button.evaluate((button) => button.querySelector('.visually-hidden').textContent),
  );
}
