// Jobs: started once each, run by carillon-cron jobs, cancelled, downloaded, told of.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, statSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { call, cron, exec, expect, ok, quote, rows, uuid, value, varDir } from '../lib/client.mjs';
import { drifted, insertUsers, makeExperiment, makeFlag, makeIssue, makeJob, makeUser, makeWorld } from '../lib/world.mjs';

const world = makeWorld();
const { team, other, owner, admin, viewer, outsider } = world;
const folder = path.join(varDir, 'exports');

// A project of the team's own for one test: nothing there is in the way.
function project(name = 'Alone') {
  const id = uuid();
  exec(`INSERT INTO projects (id, team_id, name) VALUES (${quote(id)}, ${quote(team.id)}, ${quote(name)});`);
  return id;
}
const jobsOf = `/v1/teams/${team.id}/jobs`;
const start = (id, fields = {}, caller = { as: owner.token }) =>
  call('POST', jobsOf, { ...caller, body: { type: 'project_export', project_id: id, ...fields } });
const started = async (...args) => expect(await start(...args), 201).job;
const show = async (id) => (await ok(200, 'GET', `/v1/jobs/${id}`, { as: viewer.token })).job;
const cancel = (id, caller = { as: owner.token }) => call('POST', `/v1/jobs/${id}/cancel`, caller);
const download = (id, caller = { as: viewer.token }) => call('GET', `/v1/jobs/${id}/file`, caller);
const audits = (id) => rows(`SELECT action, actor_type, actor_id, on_behalf_of FROM audit WHERE resource_id = ${quote(id)} ORDER BY at, id`);
const news = (user, id) => rows(`SELECT title, body, link, resource_name, team_id FROM notifications
  WHERE user_id = ${quote(user.id)} AND dedupe_key = ${quote(`job:${id}`)}`);
// A job as if a worker had it.
const running = (fields = {}) => makeJob(team, { status: 'running', project_id: project(), attempts: 1, run_token: uuid(),
  started_at: new Date(Date.now() - 5000).toISOString(), lease_until: new Date(Date.now() + 60000).toISOString(), ...fields });
const filesOf = (id) => (existsSync(folder) ? readdirSync(folder) : []).filter((name) => name.startsWith(id));

/* ---- started ---- */

const refused = [
  [{}, 400, 'Missing field: type'], [{ type: 'x' }, 400, 'Invalid field: type'], [{ type: null }, 400, 'Invalid field: type'],
  [{ type: 'project_export' }, 422, 'project_id is needed for project_export'],
  [{ type: 'project_export', project_id: null }, 422, 'project_id is needed for project_export'],
  [{ type: 'project_export', project_id: 'x' }, 400, 'Invalid field: project_id'],
  [{ type: 'project_export', project_id: team.project, notify: 'yes' }, 400, 'Invalid field: notify'],
  [{ type: 'project_export', project_id: team.project, priority: 1 }, 400, 'Unknown field: priority'],
  [{ type: 'project_export', project_id: uuid() }, 404, 'Project not found'],
  [{ type: 'project_export', project_id: other.project }, 404, 'Project not found'],
];
for (const [body, status, text] of refused)
  test(`POST ${JSON.stringify(body).slice(0, 80)}: ${status}`, async () => {
    await ok(status, 'POST', jobsOf, { as: owner.token, body }, text);
  });

test("a team that is somebody else's, or none, comes before what the body lacks", async () => {
  for (const at of [jobsOf, `/v1/teams/${uuid()}/jobs`, '/v1/teams/x/jobs'])
    await ok(404, 'POST', at, { as: outsider.token, body: { type: 'project_export' } }, 'Team not found');
});

test('started by an admin: it waits, and one row tells of it', async () => {
  const place = project('Shop');
  const job = await started(place, {}, { as: admin.token });
  const { id, created_at, ...rest } = job;
  assert.deepEqual(rest, { team_id: team.id, type: 'project_export', status: 'pending', project: { id: place, name: 'Shop' },
    started_by: { id: admin.id, name: 'admin' }, key: null, notify: false, progress: { step: null, done: 0, total: null }, attempts: 0,
    error: null, file: null, result: null, cancel_asked_at: null, started_at: null, finished_at: null });
  assert.deepEqual(await show(id), job);
  assert.deepEqual(audits(id), [{ action: 'job.started', actor_type: 'USER', actor_id: admin.id, on_behalf_of: null }]);
  expect(await download(id), 404, 'File not found');
});

test('one of each type and project at a time: ten at once make one, the others get its id', async () => {
  const place = project();
  const answers = await Promise.all(Array.from({ length: 10 }, () => start(place)));
  assert.deepEqual(answers.map(({ status }) => status).sort(), [201, ...Array(9).fill(409)]);
  const { id } = answers.find(({ status }) => status === 201).json.job;
  for (const answer of answers.filter(({ status }) => status === 409)) expect(answer, 409, `One waits already: ${id}`);
  assert.equal(audits(id).length, 1);
  await started(project()); // another project is another matter
  expect(await cancel(id), 200);
  await started(place); // what has ended is in nobody's way
});

test('the 409 says that it runs', async () => {
  const job = running();
  expect(await start(job.project_id), 409, `One is running already: ${job.id}`);
});

/* ---- run ---- */

async function filled() {
  const place = { ...team, project: project('Größe & "Söhne"') };
  const environment = { id: uuid() };
  exec(`INSERT INTO environments (id, project_id, name, position) VALUES (${quote(environment.id)}, ${quote(place.project)}, 'production', 2);`);
  place.environments = { production: environment.id };
  const experiment = makeExperiment(place.project, { name: 'Colour', hypothesis: 'Line\nbreak "quoted" \\ 🔔' });
  const flag = makeFlag(place, { key: 'basket' }, ['production']);
  exec(`INSERT INTO feedback (project_id, message, name, context, created_at)
    SELECT ${quote(place.project)}, 'message ' || n || E' \\t</script>\\u0001', 'Mara', '{"page":"/x","n":1e-300}', now() - n / 3 * interval '1 minute'
    FROM generate_series(1, 250) n;
    INSERT INTO schedules (project_id, resource_kind, resource_id, resource_name, time_zone, first_at, status)
    VALUES (${quote(place.project)}, 'experiment', ${quote(experiment.id)}, 'Colour', 'Europe/Berlin', now(), 'DONE');`);
  return { place, experiment, flag };
}

test('an export holds all of its project, and nothing else', async () => {
  const { place, experiment, flag } = await filled();
  makeExperiment(team.project, { name: 'Elsewhere' });
  const issue = makeIssue(place, { title: 'It "broke"', events: 60 });
  const { id } = await started(place.project);
  const line = cron('jobs');
  assert.ok(line.completed >= 1 && line.failed === 0, JSON.stringify(line));
  const job = await show(id);
  const total = 5 + 1 + 1 + 1 + 1 + 250;
  assert.deepEqual([job.status, job.error, job.progress, job.attempts], ['completed', null, { step: 'feedback', done: total, total }, 1]);
  assert.equal(job.file.url, `/v1/jobs/${id}/file`);
  assert.equal(Date.parse(job.file.expires_at) - Date.parse(job.finished_at), 7 * 86400000);
  const answer = await download(id);
  assert.equal(answer.status, 200);
  assert.equal(answer.headers['content-type'], 'application/json');
  assert.match(answer.headers['content-disposition'], /^attachment; filename="gr-e-s-hne-export-\d{4}-\d\d-\d\d\.json"$/);
  assert.equal(answer.bytes.length, job.file.bytes);
  const file = answer.json;
  assert.deepEqual(Object.keys(file), ['format', 'version', 'exported_at', 'project', 'members', 'experiments', 'flags', 'schedules', 'issues', 'feedback']);
  assert.deepEqual([file.format, file.version, file.project.name, file.project.team.id], ['carillon.project_export', 1, 'Größe & "Söhne"', team.id]);
  assert.deepEqual(file.members.map(({ name, role }) => [name, role]).sort(), Object.keys(team.members).map((role) => [role, role]).sort());
  assert.deepEqual(Object.keys(file.members[0]), ['id', 'name', 'role'], 'no addresses');
  assert.deepEqual(file.experiments.map((each) => [each.id, each.hypothesis]), [[experiment.id, experiment.hypothesis]]);
  assert.deepEqual(file.flags.map((each) => [each.id, each.environments[0].enabled]), [[flag.id, true]]);
  assert.deepEqual(file.schedules.map((each) => each.resource.id), [experiment.id]);
  assert.deepEqual(file.issues.map((each) => [each.id, each.title, each.events, each.environment]), [[issue, 'It "broke"', 60, 'production']]);
  assert.equal(new Set(file.feedback.map((each) => each.id)).size, 250);
  assert.ok(file.feedback.some(({ message }) => message === 'message 250 \t</script>\u0001'));
  const times = file.feedback.map((each) => each.created_at);
  assert.deepEqual(times, times.toSorted(), 'oldest first');
  assert.deepEqual(await call('HEAD', `/v1/jobs/${id}/file`, { as: viewer.token }).then((head) => [head.status, head.headers['content-length']]),
    [200, String(job.file.bytes)]);
  assert.deepEqual(audits(id).map(({ action, actor_type, on_behalf_of }) => [action, actor_type, on_behalf_of]),
    [['job.started', 'USER', null], ['job.completed', 'SYSTEM', owner.id]]);
  assert.equal(filesOf(id).length, 1);
});

test('an empty project is exported as well', async () => {
  const { id } = await started(project());
  cron('jobs');
  const { json } = await download(id);
  assert.deepEqual([json.experiments, json.flags, json.schedules, json.feedback], [[], [], [], []]);
});

test('a dry run runs nothing', async () => {
  const { id } = await started(project());
  const line = cron('jobs', '--dry-run');
  assert.ok(line.left >= 1 && line.completed === 0, JSON.stringify(line));
  assert.equal((await show(id)).status, 'pending');
});

/* ---- issue_digest ---- */

const event = (place, title) => ok(201, 'POST', '/v1/issues/events', { bearer: place.keys.client.secret, body: { title } });
const digests = async (user) => (await ok(200, 'GET', '/v1/notifications?type=issue.digest', { as: user.token })).notifications.map(({ title }) => title);

for (const [word, whole] of [['daily', false], ['none', false], ['weekly', true]])
  test(`a digest sent now, cadence ${word}, ${whole ? 'of the whole team' : 'of one project'}`, async () => {
    const { team: place, owner: boss, viewer: reader, outsider: nobody } = makeWorld();
    await ok(200, 'PATCH', `/v1/projects/${place.project}`, { as: boss.token, body: { issue_digest: word } });
    await event(place, 'One');
    await event(place, 'Two');
    const begin = () => ok(201, 'POST', `/v1/teams/${place.id}/jobs`, { as: boss.token,
      body: { type: 'issue_digest', notify: true, ...(!whole && { project_id: place.project }) } });
    const { job } = await begin();
    assert.equal(job.project?.id ?? null, whole ? null : place.project);
    cron('jobs');
    const after = (await ok(200, 'GET', `/v1/jobs/${job.id}`, { as: reader.token })).job;
    assert.deepEqual([after.status, after.result, after.progress, after.file], ['completed', { issues: 2 }, { step: 'projects', done: 1, total: 1 }, null]);
    for (const user of [boss, reader]) assert.deepEqual(await digests(user), [`2 new issues in ${place.projectName}`]);
    assert.deepEqual(await digests(nobody), []);
    assert.deepEqual(news(boss, job.id).map(({ title, body }) => [title, body]),
      [[`Issue digest of ${whole ? place.name : place.projectName} completed`, 'It took less than a second. It told of 2 issues.']]);
    const again = (await begin()).job;
    cron('jobs');
    assert.deepEqual(news(boss, again.id).map(({ body }) => body), ['It took less than a second. There was nothing new to tell.']);
    assert.deepEqual(await digests(reader), [`2 new issues in ${place.projectName}`], 'told once');
    assert.deepEqual(drifted([boss, reader]), []);
  });

test('a digest of the team and one of a project are two jobs', async () => {
  const place = project();
  await started(place, { type: 'issue_digest' });
  await started(undefined, { type: 'issue_digest' });
  await started(place);
  expect(await start(undefined, { type: 'issue_digest' }), 409);
});

/* ---- its file ---- */

test('the file: for members of the team, by its route alone, for seven days', async () => {
  const { id } = await started(project());
  cron('jobs');
  const [name] = filesOf(id);
  for (const [caller, status, text] of [[{ as: outsider.token }, 404, 'Job not found'], [{}, 401, 'Missing authorization'],
    [{ bearer: team.keys.agent.secret }, 403, 'User authentication required'], [{ as: viewer.token }, 200]])
    expect(await download(id, caller), status, text);
  for (const address of [`/exports/${name}`, `/exports/../exports/${name}`, '/exports/', '/exports'])
    expect(await call('GET', address, { as: owner.token }), 404, 'Not found', address);
  exec(`UPDATE jobs SET file_expires_at = now() + interval '1 minute' WHERE id = ${quote(id)};`);
  cron('cleanup');
  expect(await download(id), 200);
  exec(`UPDATE jobs SET file_expires_at = now() WHERE id = ${quote(id)};`);
  expect(await download(id), 404, 'File not found');
  assert.equal((await show(id)).file, null);
  assert.equal(filesOf(id).length, 1);
  assert.equal(cron('cleanup', '--dry-run').files, 1);
  assert.equal(filesOf(id).length, 1, 'a dry run removes nothing');
  assert.equal(cron('cleanup').files, 1);
  assert.deepEqual(filesOf(id), []);
  assert.equal((await show(id)).file, null);
});

test('a file that is not there any more is a 404 of this noun', async () => {
  const { id } = await started(project());
  cron('jobs');
  unlinkSync(path.join(folder, filesOf(id)[0]));
  expect(await download(id), 404, 'File not found');
  expect(await call('HEAD', `/v1/jobs/${id}/file`, { as: viewer.token }), 404);
});

test('a project keeps the files of its last five exports, another one its own', async () => {
  const [place, elsewhere] = [project(), project()];
  const other = (await started(elsewhere)).id;
  const ids = [];
  for (let n = 0; n < 7; n++) {
    ids.push((await started(place)).id);
    cron('jobs');
  }
  const kept = await Promise.all(ids.map(async (id) => [(await show(id)).file !== null, (await download(id)).status, filesOf(id).length]));
  assert.deepEqual(kept, [...Array(2).fill([false, 404, 0]), ...Array(5).fill([true, 200, 1])]);
  assert.equal((await download(other)).status, 200);
  assert.equal((await show(ids[0])).status, 'completed', 'what it did stays known');
});

// What a job could be made to name, if somebody wrote into the database: nothing outside is sent.
for (const name of ['../carillon.env', '..%2fcarillon.env', '/etc/passwd', '../log/jobs.log', 'a\nb', ''])
  test(`a file called ${JSON.stringify(name)} is not sent`, async () => {
    const { id } = makeJob(team, { file_name: name, file_bytes: 1, file_expires_at: new Date(Date.now() + 86400000).toISOString() });
    expect(await download(id), 404, 'File not found');
  });

test('who is removed from the team cannot download on the very next request', async () => {
  const gone = makeUser('gone');
  insertUsers([gone]);
  exec(`INSERT INTO members (team_id, user_id, role) VALUES (${quote(team.id)}, ${quote(gone.id)}, 'viewer');`);
  const { id } = await started(project());
  cron('jobs');
  expect(await download(id, { as: gone.token }), 200);
  exec(`DELETE FROM members WHERE user_id = ${quote(gone.id)};`);
  expect(await download(id, { as: gone.token }), 404, 'Job not found');
});

test('what no job names is removed after a day, what one names is not', async () => {
  const { id } = await started(project());
  cron('jobs');
  const [own] = filesOf(id);
  const strays = [`${uuid()}.${uuid()}.json`, `${uuid()}.${uuid()}.json.part`, `${uuid()}.${uuid()}.json`].map((name) => path.join(folder, name));
  for (const name of strays) writeFileSync(name, '{}');
  const yesterday = Date.now() / 1000 - 25 * 3600;
  for (const name of [strays[0], strays[1], path.join(folder, own)]) utimesSync(name, yesterday, yesterday);
  assert.equal(cron('cleanup').files, 2);
  assert.deepEqual([...strays, path.join(folder, own)].map(existsSync), [false, false, true, true]);
});

test('a job that ended 90 days ago is erased, one that still has its file is not', async () => {
  const at = (ms) => new Date(Date.now() - 90 * 86400000 + ms).toISOString();
  const [over, young, kept] = [{ finished_at: at(-1000) }, { finished_at: at(600000) },
    { finished_at: at(-1000), file_name: 'x.json', file_expires_at: new Date(Date.now() + 60000).toISOString() }]
    .map((fields) => makeJob(team, { project_id: project(), ...fields }));
  assert.equal(cron('cleanup', '--dry-run').jobs, 1);
  assert.equal(cron('cleanup').jobs, 1);
  expect(await call('GET', `/v1/jobs/${over.id}`, { as: owner.token }), 404, 'Job not found');
  for (const { id } of [young, kept]) await show(id);
});

/* ---- cancelled ---- */

test('cancelled before it began', async () => {
  const { id } = await started(project('Shop'), { notify: true });
  const { job } = expect(await cancel(id, { as: admin.token }), 200);
  assert.deepEqual([job.status, job.started_at, job.finished_at !== null], ['cancelled', null, true]);
  assert.deepEqual(audits(id).map(({ action, actor_id }) => [action, actor_id]), [['job.started', owner.id], ['job.cancelled', admin.id]]);
  assert.deepEqual(news(owner, id).map(({ title, body }) => [title, body]), [['Export of Shop cancelled', 'It had not begun.']]);
  expect(await cancel(id), 409, 'It has ended: cancelled');
});

test('asked to stop while it runs: once, however often', async () => {
  const { id } = running();
  const first = expect(await cancel(id), 200).job;
  assert.deepEqual([first.status, first.cancel_asked_at !== null], ['running', true]);
  assert.deepEqual(expect(await cancel(id), 200).job, first);
  assert.deepEqual(audits(id).map(({ action }) => action), ['job.cancel_asked']);
});

for (const status of ['completed', 'failed', 'cancelled'])
  test(`${status}, it cannot be cancelled`, async () => {
    const { id } = makeJob(team, { status, error: status === 'failed' ? 'internal' : null });
    expect(await cancel(id), 409, `It has ended: ${status}`);
  });

test('cancel with a body that says something is refused', async () => {
  const { id } = makeJob(team, { status: 'pending', project_id: project() });
  expect(await call('POST', `/v1/jobs/${id}/cancel`, { as: owner.token, body: { now: true } }), 400, 'Unknown field: now');
  expect(await call('POST', `/v1/jobs/${id}/cancel`, { as: owner.token, body: {} }), 200);
});

/* ---- a worker that has died ---- */

const dead = (fields = {}) => running({ lease_until: new Date(Date.now() - 1000).toISOString(), ...fields });

test('its job is taken up again, and what it left is removed', async () => {
  const job = dead({ attempts: 3 - 1 });
  const left = path.join(folder, `${job.id}.${job.run_token}.json.part`);
  writeFileSync(left, '{');
  cron('jobs');
  const { status, attempts, started_at: began } = await show(job.id);
  assert.deepEqual([status, attempts, began], ['completed', 3, job.started_at]);
  assert.ok(!existsSync(left));
});

test('after three that died it has failed', async () => {
  const job = dead({ attempts: 3, notify: true, tells: viewer.id, project_id: project('Shop') });
  assert.equal(cron('jobs').failed, 1);
  const { status, error, file } = await show(job.id);
  assert.deepEqual([status, error.code, file], ['failed', 'worker_died', null]);
  const [{ title, body }] = news(viewer, job.id);
  assert.equal(title, 'Export of Shop failed');
  assert.match(body, /^It stopped after \d+ seconds: its worker ended before it was through, three times\.$/);
});

test('cancelled meanwhile, it is not taken up', async () => {
  const job = dead({ cancel_asked_at: new Date().toISOString() });
  assert.equal(cron('jobs').cancelled, 1);
  assert.deepEqual([(await show(job.id)).status, filesOf(job.id)], ['cancelled', []]);
});

test('a job of another worker, and of a type that this one does not know, is left alone', async () => {
  const [theirs, newer] = [running(), makeJob(team, { type: 'newer', status: 'pending' })];
  cron('jobs');
  assert.deepEqual([(await show(theirs.id)).status, (await show(newer.id)).status], ['running', 'pending']);
});

/* ---- news ---- */

test('notify: bell and mail for who started it, and nobody else', async () => {
  const { id } = await started(project('Shop'), { notify: true }, { as: admin.token });
  cron('jobs');
  const [note, ...more] = news(admin, id);
  assert.deepEqual(more, []);
  assert.deepEqual(note, { title: 'Export of Shop completed', body: 'It took less than a second. The file can be downloaded for a week.',
    link: `/dashboard/jobs?team=${team.id}&job=${id}`, resource_name: 'Export of Shop', team_id: team.id });
  assert.equal(value(`SELECT count(*) AS n FROM notifications WHERE dedupe_key = ${quote(`job:${id}`)}`), 1);
  const [mail] = rows(`SELECT d.kind, d.status, d.payload FROM deliveries d JOIN notifications n ON n.user_id = d.user_id AND n.id = d.notification_id
    WHERE n.dedupe_key = ${quote(`job:${id}`)} AND d.channel = 'email'`);
  assert.deepEqual([mail.kind, mail.status, mail.payload.subject], ['job.completed', 'pending', 'Export of Shop completed']);
  assert.match(mail.payload.text, new RegExp(`/dashboard/jobs\\?team=${team.id}&job=${id}`));
  assert.deepEqual(drifted([owner, admin]), []);
});

test('without notify nobody hears of it', async () => {
  const { id } = await started(project());
  cron('jobs');
  assert.equal(value(`SELECT count(*) AS n FROM notifications WHERE dedupe_key = ${quote(`job:${id}`)}`), 0);
});

test('who has left the team meanwhile hears nothing', async () => {
  const job = dead({ notify: true, tells: outsider.id });
  cron('jobs');
  assert.equal((await show(job.id)).status, 'completed');
  assert.deepEqual(news(outsider, job.id), []);
});

/* ---- keys ---- */

test('started by a key: its maker hears of it, for a reason', async () => {
  exec(`UPDATE api_keys SET created_by = ${quote(owner.id)}, name = 'Nightly <b>' WHERE id = ${quote(team.keys.agent.id)};`);
  const caller = { bearer: team.keys.agent.secret };
  const job = await started(project(), { notify: true }, caller);
  assert.deepEqual([job.started_by, job.key], [null, { id: team.keys.agent.id, name: 'Nightly <b>' }]);
  assert.deepEqual(audits(job.id).map(({ actor_type, actor_id }) => [actor_type, actor_id]), [['KEY', team.keys.agent.id]]);
  cron('jobs');
  assert.equal((await ok(200, 'GET', `/v1/jobs/${job.id}`, caller)).job.status, 'completed');
  assert.equal(news(owner, job.id).length, 1);
  assert.match(value(`SELECT payload->>'text' AS words FROM deliveries d JOIN notifications n ON n.user_id = d.user_id AND n.id = d.notification_id
    WHERE n.dedupe_key = ${quote(`job:${job.id}`)} AND d.channel = 'email'`), /because your key “Nightly <b>” started it/);
});

test('a key cancels what waits', async () => {
  const job = await started(project());
  assert.equal(expect(await cancel(job.id, { bearer: team.keys.agent.secret }), 200).job.status, 'cancelled');
});

test('the list is paged, newest first, and a team has its own', async () => {
  const first = await ok(200, 'GET', `${jobsOf}?limit=3`, { as: viewer.token });
  assert.deepEqual([first.jobs.length, first.has_more], [3, true]);
  const next = await ok(200, 'GET', `${jobsOf}?limit=3&cursor=${encodeURIComponent(first.cursor)}`, { as: viewer.token });
  const ids = [...first.jobs, ...next.jobs].map(({ id }) => id);
  assert.deepEqual(ids, rows(`SELECT id FROM jobs WHERE team_id = ${quote(team.id)} ORDER BY created_at DESC, id DESC LIMIT 6`).map(({ id }) => id));
  const theirs = await ok(200, 'GET', `/v1/teams/${other.id}/jobs`, { as: outsider.token });
  assert.deepEqual(theirs.jobs, []);
});

test('the file is readable by its owner and group alone', async () => {
  const { id } = await started(project());
  cron('jobs');
  assert.equal(statSync(path.join(folder, filesOf(id)[0])).mode & 0o777, 0o640);
  assert.ok(readFileSync(path.join(folder, filesOf(id)[0]), 'utf8').endsWith('}\n'));
});
