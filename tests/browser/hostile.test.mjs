// hostile - 500 names that want to be more than names, each the name of an experiment that a schedule
// has launched: what becomes of them in the bell, on the pages and in the mail.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { before, test } from 'node:test';
import { cron, exec, jsonb, quote, root, rows, varDir } from '../lib/client.mjs';
import { hostileNames, oneLine } from '../lib/hostile.mjs';
import { insertion, planned } from '../lib/story.mjs';
import { makeWorld, seeSnippet } from '../lib/world.mjs';
import { accessible, bellOf, until, visit } from './browser.mjs';

const COUNT = 500;
const PROJECT = '</td>\r\nBcc: evil@example.com\r\n\r\n<script>window.wounded=1</script>\u202e';
const HARMLESS = 'Harmless';
const words = (text) => text.replace(/\s+/g, ' ').trim();

let world;
let moments;
let names; // by the experiment's id
let mails; // the same

function readMails(address) {
  const args = ['-B', 'tests/lib/read_mail.py', path.join(varDir, 'mail'), address];
  const out = execFileSync('python3', args, { cwd: root, maxBuffer: 1 << 28 }).toString();
  return out.trim().split('\n').map((line) => JSON.parse(line));
}

const header = (mail, name) => mail.headers.filter(([n]) => n.toLowerCase() === name.toLowerCase()).map(([, value]) => value);

before(() => {
  world = makeWorld();
  seeSnippet(world.team.project);
  moments = planned(world, Array.from({ length: COUNT + 1 }, () => ({ kind: 'launch' })));
  const list = [HARMLESS, ...hostileNames(COUNT)];
  names = new Map(moments.map((moment, i) => [moment.resource, list[i]]));
  exec(insertion(moments));
  exec(`UPDATE experiments e SET name = t.name FROM jsonb_to_recordset(${jsonb(moments.map(({ resource }) => ({ id: resource, name: names.get(resource) })))})
      AS t (id uuid, name text) WHERE e.id = t.id;
    UPDATE projects SET name = ${quote(PROJECT)} WHERE id = ${quote(world.team.project)};`);
  cron('fire');
  cron('dispatch');
  mails = new Map(readMails(world.developer.email).map((mail) => [/experiments\?id=([0-9a-f-]{36})/.exec(mail.contents[0])?.[1], mail]));
});

test('every name became one notice and one mail', () => {
  assert.equal(names.size, COUNT + 1);
  const [{ n }] = rows(`SELECT count(*) AS n FROM notifications WHERE user_id = ${quote(world.developer.id)}`);
  assert.equal(Number(n), COUNT + 1);
  assert.deepEqual([...mails.keys()].sort(), [...names.keys()].sort());
});

// The headers that a mail has, in their order: no name adds one.
const expected = ['From', 'To', 'Subject', 'Date', 'Message-ID', 'In-Reply-To', 'References', 'Auto-Submitted', 'MIME-Version', 'Content-Type'];

test('mail: the headers are ours, and the subject is the name in one line', () => {
  for (const [id, mail] of mails) {
    const what = JSON.stringify(names.get(id));
    assert.deepEqual(mail.defects, [], what);
    assert.equal(mail.bare, 0, `${what}: a line that ends with CR or LF alone`);
    assert.ok(mail.longest <= 998, `${what}: a line of ${mail.longest}`);
    assert.deepEqual(mail.headers.map(([name]) => name).sort(), [...expected].sort(), what);
    assert.deepEqual(header(mail, 'References'), [`<experiment.${id}@carillon>`], what);
    assert.deepEqual(mail.to, [world.developer.email], what);
    assert.deepEqual(mail.types, ['multipart/alternative', 'text/plain', 'text/html'], what);
    assert.equal(words(header(mail, 'Subject')[0]), words(oneLine(`${names.get(id)} was launched`)), what);
  }
});

test('mail: the text has as many lines that begin with something of ours as a harmless one', () => {
  for (const [id, mail] of mails) {
    const what = JSON.stringify(names.get(id));
    const text = mail.contents[0].replaceAll('\r\n', '\n');
    // eslint-disable-next-line no-control-regex
    assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/, what);
    const blocks = text.split('\n\n').map(words);
    assert.equal(blocks[0], words(oneLine(`${names.get(id)} was launched`)), what);
    const said = words(oneLine(`The experiment ${names.get(id)} of ${PROJECT} is running now. It was due on`));
    assert.ok(blocks[1].startsWith(said), `${what}: ${blocks[1]}`);
    assert.equal(text.split('\n').filter((line) => line === '-- ').length, 1, `${what}: one signature`);
    assert.equal(blocks.length, 5, what);
    assert.equal(blocks[4], '-- You get this because you scheduled it.', what);
  }
});

// What the browser makes of a mail's HTML: its elements, the texts that hold the name, and whether it ran or asked for anything.
async function look(page, html) {
  await page.setContent(html, { waitUntil: 'load' });
  return page.evaluate(() => ({
    elements: [...document.querySelectorAll('*')].map((e) => `${e.tagName}${[...e.attributes].map((a) => `[${a.name}]`).join('')}`).join(' '),
    links: [...document.links].map((a) => a.href),
    heading: document.querySelector('h1').textContent,
    cells: [...document.querySelectorAll('td')].map((td) => td.textContent),
    wounded: window.wounded ?? null,
  }));
}

test('mail: the HTML is the same page for every name, in a real browser', () =>
  visit(null, {}, async (page) => {
    const asked = [];
    await page.route('**/*', (route) => (asked.push(route.request().url()), route.abort()));
    const plain = await look(page, mails.get(moments[0].resource).contents[1]);
    assert.deepEqual(plain.cells.slice(0, 2), [HARMLESS, oneLine(PROJECT)]);
    for (const [id, mail] of mails) {
      const what = JSON.stringify(names.get(id));
      const seen = await look(page, mail.contents[1]);
      assert.equal(seen.wounded, null, what);
      assert.equal(seen.elements, plain.elements, what);
      assert.deepEqual(seen.links, plain.links.map((link) => link.replace(moments[0].resource, id)), what);
      assert.equal(seen.heading, oneLine(`${names.get(id)} was launched`), what);
      assert.equal(seen.cells[0], oneLine(names.get(id)), what);
    }
    assert.deepEqual(asked, [], 'a mail asks for nothing');
  }));

for (const scheme of ['light', 'dark']) {
  test(`mail: readable in ${scheme} mode`, () =>
    visit(null, { scheme, width: 380 }, async (page) => {
      await page.setContent(mails.get(moments[0].resource).contents[1]);
      await accessible(page, `the mail in ${scheme}`);
      const shade = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      assert.equal(shade, scheme === 'dark' ? 'rgb(18, 25, 27)' : 'rgb(255, 255, 255)');
    }));
}

const titles = () => [...names.values()].map((name) => oneLine(`${name} was launched`)).sort();
const unhurt = async (page) => assert.equal(await page.evaluate(() => window.wounded ?? null), null);

test('bell: every name is text', () =>
  visit(world.developer, {}, async (page) => {
    await page.goto('/dashboard/preferences');
    const { button, items, more } = bellOf(page);
    await button.click();
    await until('the first page', async () => (await items.count()) > 0);
    while ((await items.count()) <= COUNT) {
      const had = await items.count();
      await more.click();
      await until(`more than ${had}`, async () => (await items.count()) > had);
    }
    const shown = await items.evaluateAll((all) => all.map((item) => [...item.querySelectorAll('*')].filter((e) => e.childElementCount === 0).map((e) => e.textContent)));
    const wanted = new Set(titles());
    const missing = shown.filter((texts) => !texts.some((text) => wanted.has(text)));
    assert.deepEqual(missing, [], 'items without a title that is one of the names');
    assert.equal(shown.length, COUNT + 1);
    await unhurt(page);
  }));

test('inbox page: every name is text', () =>
  visit(world.developer, {}, async (page) => {
    await page.goto('/dashboard/inbox');
    const notes = page.locator('.note-main');
    await until('the first page', async () => (await notes.count()) > 0);
    while ((await notes.count()) <= COUNT) {
      const had = await notes.count();
      await page.getByRole('button', { name: /more/i }).last().click();
      await until(`more than ${had}`, async () => (await notes.count()) > had);
    }
    const shown = await notes.evaluateAll((all) => all.map((note) => note.textContent));
    assert.deepEqual(shown.sort(), titles());
    await unhurt(page);
  }));
