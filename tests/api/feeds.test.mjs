// /v1/feeds and the addresses that it gives out: an Atom feed of the inbox, a calendar of what is
// scheduled.  What they write is read by parsers of others.
import assert from 'node:assert/strict';
import test from 'node:test';
import { call, conf, exec, expect, ok, quote, rows, uuid, value, walk } from '../lib/client.mjs';
import { makeFeed, pathOf, readAtom, readCalendar, signedPath } from '../lib/feeds.mjs';
import { hostileNames, oneLine } from '../lib/hostile.mjs';
import { give, insertUsers, makeExperiment, makeExperiments, makeFlag, makeUser, makeWorld, seeSnippet } from '../lib/world.mjs';

const path = '/v1/feeds';
const origin = conf('CARILLON_BASE_URL');
const none = 'Feed not found';

function fresh(name = 'reader') {
  const user = makeUser(name);
  insertUsers([user]);
  return user;
}

const list = async (user, query = '') => ok(200, 'GET', `${path}${query}`, { as: user.token });
const revoke = (user, feed) => ok(200, 'DELETE', `${path}/${feed.id}`, { as: user.token });

/* ---- the addresses ---- */

test('made, listed, revoked', async () => {
  const user = fresh();
  assert.deepEqual(await list(user), { feeds: [], cursor: null, has_more: false });
  const calendar = await makeFeed(user, 'calendar', 'Phone');
  const { id, url, created_at: at, ...rest } = calendar;
  assert.deepEqual(rest, { kind: 'calendar', name: 'Phone', last_used_at: null });
  assert.match(at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.equal(url, `${origin}${signedPath(user, id, 'calendar')}`, 'signed as documented');
  const atom = await makeFeed(user, 'atom', null);
  assert.deepEqual([atom.name, new URL(atom.url).pathname], ['', signedPath(user, atom.id, 'atom')]);
  assert.deepEqual((await list(user)).feeds, [atom, calendar], 'newest first');
  assert.deepEqual(await ok(200, 'DELETE', `${path}/${id.toUpperCase()}`, { as: user.token }), { id });
  assert.deepEqual((await list(user)).feeds, [atom]);
  expect(await call('DELETE', `${path}/${id}`, { as: user.token }), 404, none);
});

const refused = [
  [{}, 'Missing field: kind'], [{ kind: 7 }, 'Invalid field: kind'], [{ kind: null }, 'Invalid field: kind'], [{ kind: 'rss' }, 'Invalid field: kind'], [{ kind: 'ATOM' }, 'Invalid field: kind'],
  [{ kind: 'atom', name: 7 }, 'Invalid field: name'], [{ kind: 'atom', name: 'x'.repeat(201) }, 'Invalid field: name'],
  [{ kind: 'atom', id: uuid() }, 'Unknown field: id'],
];

for (const [body, text] of refused) {
  test(`${JSON.stringify(body).slice(0, 50)}: ${text}`, async () => {
    const user = fresh();
    expect(await call('POST', path, { as: user.token, body }), 400, text);
    assert.deepEqual((await list(user)).feeds, []);
  });
}

test('fifty are the most, also when asked for at once', async () => {
  const user = fresh();
  exec(`INSERT INTO feeds (user_id, kind, name) SELECT ${quote(user.id)}, 'atom', 'n' || n FROM generate_series(1, 48) n;`);
  const make = () => call('POST', path, { as: user.token, body: { kind: 'atom' } });
  const answers = await Promise.all(Array.from({ length: 8 }, make));
  assert.deepEqual(answers.map(({ status }) => status).sort(), [201, 201, ...Array(6).fill(422)]);
  expect(await make(), 422, 'You have 50 feeds: revoke one first');
  const { feeds } = await list(user);
  assert.equal(feeds.length, 50);
  await revoke(user, feeds[0]);
  expect(await make(), 201);
});

test('paged as every list', async () => {
  const user = fresh();
  exec(`INSERT INTO feeds (user_id, kind, name, created_at) SELECT ${quote(user.id)}, 'atom', n, '2024-01-15' FROM generate_series(1, 5) n;`);
  const feeds = await walk(`${path}?limit=2`, { as: user.token });
  assert.deepEqual(feeds.map(({ name }) => name).sort(), ['1', '2', '3', '4', '5']);
  expect(await call('GET', `${path}?cursor=x`, { as: user.token }), 400, 'Invalid cursor');
});

test('what is no address, or none any more, is one answer', async () => {
  const [user, other] = [fresh(), fresh()];
  const [atom, calendar, theirs] = [await makeFeed(user, 'atom'), await makeFeed(user, 'calendar'), await makeFeed(other, 'atom')];
  const [good, goodCalendar] = [pathOf(atom), pathOf(calendar)];
  for (const target of [good, goodCalendar]) expect(await call('GET', target), 200);
  const revoked = await makeFeed(user, 'atom');
  await revoke(user, revoked);
  const changed = (at) => `${good.slice(0, at)}${good[at] === 'A' ? 'B' : 'A'}${good.slice(at + 1)}`;
  const dead = [pathOf(revoked), signedPath(user, uuid(), 'atom'), signedPath(user, theirs.id, 'atom'), signedPath(other, atom.id, 'atom'),
    signedPath(user, atom.id, 'calendar'), good.replace('.atom', '.ics'), goodCalendar.replace('.ics', '.atom'),
    signedPath(user, atom.id, 'calendar', { ending: 'atom' }), signedPath(user, calendar.id, 'atom', { ending: 'ics' }), signedPath(user, atom.id, 'atom', { key: 'x'.repeat(32) }),
    signedPath(user, atom.id, 'atom', { purpose: 'unsubscribe e-mail' }), changed(7), changed(20), changed(40), changed(60), changed(70),
    '/feeds/x.atom', '/feeds/%C3%A9.ics', `/feeds/${'A'.repeat(64)}.ics`, `/feeds/${'a'.repeat(3000)}.atom`, good.replace('.atom', '=.atom')];
  const texts = new Set();
  for (const target of dead)
    for (const options of [{}, { as: user.token }, { headers: { 'If-None-Match': '*' } }]) {
      const answer = await call('GET', target, options);
      expect(answer, 404, none, target);
      assert.equal(answer.headers.etag, undefined);
      texts.add(answer.text);
    }
  assert.equal(texts.size, 1, 'byte-equal');
  for (const target of ['/feeds', '/feeds/', '/feeds/x', '/feeds/.atom', `${good}x`, `${good}/x`, good.replace('.atom', ''), good.replace('.atom', '.json')])
    expect(await call('GET', target), 404, undefined, target);
});

for (const kind of ['atom', 'calendar']) {
  test(`${kind}: no cookie is asked for, none counts, and leaving everywhere ends nothing`, async () => {
    const [user, other] = [fresh(), fresh()];
    const target = pathOf(await makeFeed(user, kind));
    const { text } = await call('GET', target);
    expect(await call('POST', '/v1/auth/logout-all', { as: user.token }), 200);
    for (const options of [{}, { as: user.token }, { as: other.token }, { bearer: 'garbage' }, { headers: { Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' } }]) {
      const answer = await call('GET', target, options);
      expect(answer, 200);
      assert.equal(answer.text, text);
      assert.equal(answer.headers['set-cookie'], undefined);
    }
    exec(`DELETE FROM users WHERE id = ${quote(user.id)};`);
    expect(await call('GET', target), 404, none);
  });

  test(`${kind}: headers, HEAD, 304`, async () => {
    const target = pathOf(await makeFeed(fresh(), kind));
    const got = await call('GET', target);
    assert.equal(got.headers['content-type'], { atom: 'application/atom+xml; charset=utf-8', calendar: 'text/calendar; charset=utf-8' }[kind]);
    assert.equal(got.headers['x-content-type-options'], 'nosniff');
    assert.equal(got.headers['referrer-policy'], 'no-referrer');
    assert.match(got.headers['content-security-policy'], /default-src 'none'/);
    assert.match(got.headers.etag, /^"[^"]+"$/, 'strong');
    const head = await call('HEAD', target);
    assert.deepEqual([head.status, head.headers.etag, head.headers['content-type']], [200, got.headers.etag, got.headers['content-type']]);
    for (const tag of [got.headers.etag, `W/${got.headers.etag}`, `"x", ${got.headers.etag}`, '*']) {
      const again = await call('GET', target, { headers: { 'If-None-Match': tag } });
      assert.deepEqual([again.status, again.text, again.headers.etag], [304, '', got.headers.etag], tag);
    }
    expect(await call('GET', target, { headers: { 'If-None-Match': '"x"' } }), 200);
    expect(await call('POST', target), 405, 'Method not allowed');
  });

  test(`${kind}: its last use is noted, once a minute`, async () => {
    const user = fresh();
    const feed = await makeFeed(user, kind);
    const used = async () => (await list(user)).feeds[0].last_used_at;
    const before = Date.now();
    expect(await call('GET', pathOf(feed)), 200);
    const first = await used();
    assert.ok(Math.abs(Date.parse(first) - before) < 30000, first);
    expect(await call('HEAD', pathOf(feed)), 200);
    assert.equal(await used(), first);
    exec(`UPDATE feeds SET last_used_at = now() - interval '61 seconds' WHERE id = ${quote(feed.id)};`);
    const tag = (await call('GET', pathOf(feed))).headers.etag;
    assert.notEqual(await used(), first);
    exec(`UPDATE feeds SET last_used_at = NULL WHERE id = ${quote(feed.id)};`);
    expect(await call('GET', pathOf(feed), { headers: { 'If-None-Match': tag } }), 304);
    assert.notEqual(await used(), null, 'a 304 is a use');
  });
}

/* ---- Atom ---- */

test('the inbox as Atom', async () => {
  const [user, other] = [fresh(), fresh()];
  const feed = await makeFeed(user, 'atom', 'Team <news>');
  const empty = await readAtom(pathOf(feed));
  assert.deepEqual([empty.entry, empty.updated], [[], feed.created_at]);
  const [first, second] = give(user, [
    { type: 'feedback.new', title: 'New feedback', body: 'Ann: Hello', link: '/dashboard/feedback?project=1&x=2', created_at: '2024-01-15T10:00:00.000Z' },
    { type: 'FLAG_SCHEDULE_MISSED', title: 'Missed', created_at: '2024-01-16T10:00:00.000Z', read_at: '2024-01-17T10:00:00Z' },
    { title: 'Deleted', deleted_at: '2024-01-15T10:00:00Z' }, { title: 'By mail only', in_app: false }, { title: 'Snoozed', snooze_until: '2098-01-01T00:00:00Z' },
  ]);
  give(other, [{ title: 'Of somebody else' }]);
  const { id, title, updated, author, link, entry } = await readAtom(pathOf(feed));
  assert.deepEqual([id, title, updated, author], [`urn:uuid:${feed.id}`, 'Team <news>', second.created_at, { name: 'Carillon' }]);
  assert.deepEqual(link, [{ rel: 'alternate', type: 'text/html', href: `${origin}/dashboard/inbox` }]);
  const { types } = await ok(200, 'GET', '/v1/notifications/types', { as: user.token });
  const expected = ({ id: row, type, title: text, created_at: at, body, link: to }) => ({
    id: `urn:uuid:${row}`, title: text, published: at, updated: at, entry: [], ...(body === null ? {} : { content: body }),
    link: [{ rel: 'alternate', type: 'text/html', href: `${origin}${to ?? '/dashboard/inbox'}` }],
    category: [{ term: type, label: types.find((each) => each.type === type).label }],
  });
  assert.deepEqual(entry, [second, first].map(expected));
});

test('Atom: the newest fifty', async () => {
  const user = fresh();
  const made = give(user, Array.from({ length: 60 }, (_, n) => ({ created_at: new Date(Date.UTC(2024, 0, 1, 0, n)).toISOString() })));
  const { entry } = await readAtom(pathOf(await makeFeed(user, 'atom')));
  assert.deepEqual(entry.map(({ id }) => id), made.slice(10).reverse().map(({ id }) => `urn:uuid:${id}`));
});

// What XML 1.0 has no way to say.
// eslint-disable-next-line no-control-regex
const sayable = (text) => text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd');

test('Atom: whatever a title says, it is a title', async () => {
  const names = hostileNames(200);
  for (let at = 0; at < names.length; at += 50) {
    const user = fresh();
    const some = names.slice(at, at + 50);
    const at0 = Date.UTC(2024, 0, 1);
    give(user, some.map((title, n) => ({ title, body: title, created_at: new Date(at0 - n * 1000).toISOString() })));
    const { title, entry } = await readAtom(pathOf(await makeFeed(user, 'atom', some[0])));
    assert.equal(title, sayable(some[0]));
    assert.deepEqual(entry.map((each) => each.title), some.map(sayable));
    assert.deepEqual(entry.map((each) => each.content), some.map(sayable));
  }
});

test('Atom: the tag moves with the inbox, and only with it', async () => {
  const user = fresh();
  const target = pathOf(await makeFeed(user, 'atom'));
  const twin = pathOf(await makeFeed(user, 'atom'));
  const tagNow = async () => (await call('GET', target)).headers.etag;
  const before = await tagNow();
  assert.equal(await tagNow(), before);
  assert.notEqual((await call('GET', twin)).headers.etag, before, 'another feed is another document');
  const [note] = give(user, [{}]);
  const after = await tagNow();
  assert.notEqual(after, before);
  expect(await call('GET', target, { headers: { 'If-None-Match': before } }), 200);
  await ok(200, 'DELETE', `/v1/notifications/${note.id}`, { as: user.token });
  assert.notEqual(await tagNow(), after);
  assert.deepEqual((await readAtom(target)).entry, []);
});

/* ---- calendar ---- */

const world = makeWorld();
const { team, other, owner, viewer, outsider } = world;
for (const each of [team, other]) seeSnippet(each.project);

const schedule = (user, what, body) => ok(201, 'PUT', `${what}/schedule`, { as: user.token, body: { time_zone: 'Europe/Berlin', ...body } });
const ofExperiment = (it) => `/v1/experiments/${it.id}`;
const ofFlag = (it) => `/v1/flags/${it.id}/environments/production`;
const momentOf = (plan, kind) => value(`SELECT id FROM moments WHERE schedule_id = ${quote(plan.id)} AND kind = ${quote(kind)}`);

test('what is scheduled, as a calendar', async () => {
  const experiment = makeExperiment(team.project, { name: 'Green; button, \\ or not' });
  const flag = makeFlag(team, { name: 'Dark mode' });
  const { schedule: launch } = await schedule(owner, ofExperiment(experiment), { launch_at: '2098-05-05T10:00:00Z', end: { at: '2098-05-07T10:30:00Z' } });
  const { schedule: toggle } = await schedule(world.developer, ofFlag(flag), { enable_at: '2098-05-06T08:15:00Z' });
  const feed = await makeFeed(viewer, 'calendar');
  const { calendar, events, longest, bare, ends, answer } = await readCalendar(pathOf(feed));
  assert.deepEqual([longest <= 75, bare, ends, calendar.errors], [true, 0, true, []]);
  const { VERSION, PRODID, METHOD, ...head } = calendar.properties;
  assert.deepEqual([VERSION, typeof PRODID, METHOD], ['2.0', 'string', undefined]);
  assert.deepEqual([head['X-WR-CALNAME'], head['REFRESH-INTERVAL'], head['X-PUBLISHED-TTL']], ['Carillon schedules', 'PT1H', 'PT1H']);
  assert.match(answer.text, /\r\nREFRESH-INTERVAL;VALUE=DURATION:PT1H\r\n/);
  assert.deepEqual(events.map(({ UID, SUMMARY, DTSTART, SEQUENCE }) => [UID, SUMMARY, DTSTART, SEQUENCE]), [
    [momentOf(launch, 'launch'), 'Launch: Green; button, \\ or not', '2098-05-05 10:00:00+00:00', 0],
    [momentOf(toggle, 'enable'), 'Enable: Dark mode (production)', '2098-05-06 08:15:00+00:00', 0],
    [momentOf(launch, 'end'), 'End: Green; button, \\ or not', '2098-05-07 10:30:00+00:00', 0],
  ]);
  const [first, second] = events;
  const experimentUrl = `${origin}/dashboard/experiments?id=${experiment.id}`;
  const flagUrl = `${origin}/dashboard/flags?id=${flag.id}&environment=${team.environments.production}`;
  assert.deepEqual([first.URL, second.URL], [experimentUrl, flagUrl]);
  assert.equal(first.DESCRIPTION, `The experiment Green; button, \\ or not of ${team.projectName} is launched.\nScheduled by owner, in the time zone Europe/Berlin.\n\n${experimentUrl}`);
  assert.equal(second.DESCRIPTION, `The flag Dark mode of ${team.projectName} is switched on in production.\nScheduled by developer, in the time zone Europe/Berlin.\n\n${flagUrl}`);
  assert.deepEqual([first.CATEGORIES, second.CATEGORIES], [['Experiment', team.projectName], ['Flag', team.projectName]]);
  for (const each of events) {
    assert.equal(each.TRANSP, 'TRANSPARENT');
    assert.equal(each.DTSTAMP, each['LAST-MODIFIED']);
    assert.ok(Math.abs(Date.parse(each.DTSTAMP) - Date.now()) < 60000, each.DTSTAMP);
    assert.equal('DTEND' in each || 'DURATION' in each || 'ORGANIZER' in each, false);
  }
});

test('calendar: an edit keeps the UID, raises SEQUENCE and the tag; a cancelled one is gone', async () => {
  const it = makeExperiment(team.project, { name: 'Moved' });
  const { schedule: plan } = await schedule(owner, ofExperiment(it), { launch_at: '2097-01-01T00:00:00Z' });
  const id = momentOf(plan, 'launch');
  const target = pathOf(await makeFeed(owner, 'calendar'));
  exec(`UPDATE moments SET changed_at = '2024-01-15' WHERE id = ${quote(id)};`);
  const find = async () => (await readCalendar(target)).events.find(({ UID }) => UID === id);
  const before = await find();
  assert.deepEqual([before.SEQUENCE, before['LAST-MODIFIED']], [0, '2024-01-15 00:00:00+00:00']);
  await ok(200, 'PUT', `${ofExperiment(it)}/schedule`, { as: owner.token, body: { launch_at: '2097-02-01T00:00:00Z', time_zone: 'UTC' } });
  const after = await find();
  assert.deepEqual([after.SEQUENCE, after.DTSTART], [1, '2097-02-01 00:00:00+00:00']);
  assert.ok(Date.parse(after['LAST-MODIFIED']) > Date.parse(before['LAST-MODIFIED']));
  assert.equal(after.CREATED, before.CREATED);
  exec(`UPDATE experiments SET name = 'Renamed' WHERE id = ${quote(it.id)};`);
  assert.equal((await find()).SUMMARY, 'Launch: Renamed');
  await ok(200, 'DELETE', `${ofExperiment(it)}/schedule`, { as: owner.token });
  assert.equal(await find(), undefined);
});

test('calendar: a tag stands for the bytes', async () => {
  const user = fresh('colleague');
  exec(`INSERT INTO members (team_id, user_id, role) VALUES (${quote(other.id)}, ${quote(user.id)}, 'viewer');`);
  const target = pathOf(await makeFeed(user, 'calendar'));
  const before = await call('GET', target);
  const it = makeExperiment(other.project, { name: 'Later' });
  await schedule(outsider, ofExperiment(it), { launch_at: '2096-01-01T00:00:00Z' });
  const after = await call('GET', target, { headers: { 'If-None-Match': before.headers.etag } });
  expect(after, 200);
  assert.notEqual(after.headers.etag, before.headers.etag);
  assert.equal((await call('GET', target, { headers: { 'If-None-Match': after.headers.etag } })).status, 304);
});

test('calendar: only of teams of one\'s own, as they are now', async () => {
  const user = fresh('guest');
  const target = pathOf(await makeFeed(user, 'calendar', 'Mine'));
  const there = async () => (await readCalendar(target)).events.map(({ SUMMARY }) => SUMMARY).filter((text) => /^Launch: (Ours|Theirs)$/.test(text));
  const none0 = await readCalendar(target);
  assert.deepEqual([none0.events, none0.calendar.parts.map(({ name }) => name), none0.calendar.errors], [[], ['VTIMEZONE'], []], 'empty, and valid');
  assert.equal(none0.calendar.properties['X-WR-CALNAME'], 'Mine');
  await schedule(owner, ofExperiment(makeExperiment(team.project, { name: 'Ours' })), { launch_at: '2099-01-01T00:00:00Z' });
  await schedule(outsider, ofExperiment(makeExperiment(other.project, { name: 'Theirs' })), { launch_at: '2099-01-02T00:00:00Z' });
  assert.deepEqual(await there(), []);
  const join = (to) => exec(`INSERT INTO members (team_id, user_id, role) VALUES (${quote(to.id)}, ${quote(user.id)}, 'viewer');`);
  join(team);
  assert.deepEqual(await there(), ['Launch: Ours']);
  join(other);
  assert.deepEqual(await there(), ['Launch: Ours', 'Launch: Theirs']);
  await ok(200, 'DELETE', `/v1/teams/${team.id}/members/${user.id}`, { as: owner.token });
  assert.deepEqual(await there(), ['Launch: Theirs']);
});

test('calendar: what was decided is over', async () => {
  const it = makeExperiment(team.project, { name: 'Decided' });
  const { schedule: plan } = await schedule(owner, ofExperiment(it), { launch_at: '2099-03-01T00:00:00Z', end: { at: '2099-04-01T00:00:00Z' } });
  const target = pathOf(await makeFeed(owner, 'calendar'));
  const there = async () => (await readCalendar(target)).events.map(({ SUMMARY }) => SUMMARY).filter((text) => text.endsWith('Decided'));
  assert.deepEqual(await there(), ['Launch: Decided', 'End: Decided']);
  exec(`UPDATE moments SET outcome = 'FIRED', decided_at = now() WHERE schedule_id = ${quote(plan.id)} AND kind = 'launch';`);
  assert.deepEqual(await there(), ['End: Decided']);
});

// What iCalendar has no way to say in a TEXT; every line end is one.
// eslint-disable-next-line no-control-regex
const tellable = (text) => text.replace(/\r\n?/g, '\n').replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g, '\ufffd');

// Moments of hostile names in a world of their own, soonest first.
function makeMoments(names, project, scheduler) {
  const made = makeExperiments(project, names.map((name) => ({ name, status: 'SCHEDULED' })));
  exec(`WITH plans AS (
      INSERT INTO schedules (project_id, resource_kind, resource_id, resource_name, time_zone, first_at, scheduled_by)
      SELECT ${quote(project)}, 'experiment', t.id, 'x', 'UTC', '2098-01-01Z'::timestamptz + n * interval '1 minute', ${quote(scheduler.id)}
        FROM unnest(ARRAY[${made.map(({ id }) => quote(id)).join(', ')}]::uuid[]) WITH ORDINALITY t (id, n) RETURNING id, first_at)
    INSERT INTO moments (schedule_id, project_id, kind, due_at, scheduled_by)
    SELECT id, ${quote(project)}, 'launch', first_at, ${quote(scheduler.id)} FROM plans;`);
}

test('calendar: whatever a name says, it is a name; five hundred moments are the most', async () => {
  const mine = makeWorld();
  const names = hostileNames(520);
  makeMoments(names, mine.team.project, mine.owner);
  exec(`UPDATE users SET name = ${quote(names[70])} WHERE id = ${quote(mine.owner.id)};`);
  const { events, longest, bare, ends, calendar } = await readCalendar(pathOf(await makeFeed(mine.viewer, 'calendar', names[60])));
  assert.deepEqual([longest <= 75, bare, ends], [true, 0, true]);
  assert.deepEqual(calendar.parts.flatMap(({ errors }) => errors), []);
  assert.equal(calendar.properties['X-WR-CALNAME'], tellable(names[60]));
  assert.ok(events.length > 100 && events.length <= 500, `${events.length} events`);
  for (const [n, event] of events.entries()) {
    assert.equal(event.SUMMARY, `Launch: ${oneLine(names[n])}`);
    assert.ok(event.DESCRIPTION.startsWith(`The experiment ${tellable(names[n])} of `), event.DESCRIPTION);
    assert.deepEqual(Object.keys(event).sort(), ['CATEGORIES', 'CREATED', 'DESCRIPTION', 'DTSTAMP', 'DTSTART', 'LAST-MODIFIED', 'SEQUENCE', 'SUMMARY', 'TRANSP', 'UID', 'URL']);
  }
});

test('a scheduler who is gone is named no more', async () => {
  const user = fresh('leaver');
  exec(`INSERT INTO members (team_id, user_id, role) VALUES (${quote(team.id)}, ${quote(user.id)}, 'owner');`);
  const it = makeExperiment(team.project, { name: 'Left behind' });
  await schedule(user, ofExperiment(it), { launch_at: '2099-05-01T00:00:00Z' });
  exec(`DELETE FROM users WHERE id = ${quote(user.id)};`);
  const event = (await readCalendar(pathOf(await makeFeed(owner, 'calendar')))).events.find(({ SUMMARY }) => SUMMARY === 'Launch: Left behind');
  assert.match(event.DESCRIPTION, /^Scheduled by somebody who has left,/m);
});

test('a reader gone wild is slowed down, and no other feed with it', async () => {
  const user = fresh();
  const [wild, calm] = [pathOf(await makeFeed(user, 'atom')), pathOf(await makeFeed(user, 'atom'))];
  const answers = await Promise.all(Array.from({ length: 60 }, () => call('GET', wild)));
  const codes = new Set(answers.map(({ status }) => status));
  assert.deepEqual([...codes].sort(), [200, 429]);
  expect(await call('GET', calm), 200);
  assert.deepEqual(rows(`SELECT count(*) AS n FROM feeds WHERE user_id = ${quote(user.id)} AND last_used_at IS NOT NULL`), [{ n: 2 }]);
});
