// failing_scenes - one request of every family's main routes, for failing.test.mjs.
// A scene is { family, name, status, ask(it) } and, for what it changes,
//   prepare()  something of its own that the request is about, for PostgreSQL may still be at work for a worker
//              that has died; resolves to it
//   state(it)  a query whose one row tells how much of the change there is: never half of it
// Without state it reads, and the same is read each time.
import { randomUUID } from 'node:crypto';
import { call, conf, expect, quote, sign, uuid } from './client.mjs';
import { headerOf } from './jwt.mjs';
import { mailEvent, seconds, signHook } from './hooks.mjs';
import { give, insertUsers, launchable, makeExperiment, makeFeed, makeFlag, makeUser, makeWorld, roles, seeSnippet } from './world.mjs';

const v1 = '/v1/notifications';
const anywhere = () => `127.${[0, 0, 0].map(() => 1 + Math.floor(Math.random() * 254)).join('.')}`;
const audits = (id) => `(SELECT count(*) FROM audit WHERE resource_id = ${quote(id)}) AS audits`;

export function makeScenes(sql) {
  const { team, owner, developer, viewer } = makeWorld();
  const [reader, marker] = [makeUser('reader'), makeUser('marker')];
  insertUsers([reader, marker]);
  seeSnippet(team.project);
  give(reader, [{}, { body: 'a body that is longer than what a library has ready for it' }, {}]);
  const marks = give(marker, Array.from({ length: 3000 }, () => ({}))).map(({ id }) => id);
  const flag = makeFlag(team, {}, ['production']);
  const experiment = makeExperiment(team.project);
  makeFeed(reader);
  const client = { bearer: team.keys.client.secret };
  const ids = (list) => list.map(({ id }) => quote(id)).join(', ');
  const members = ids(roles.map((role) => team.members[role]));
  const toldOf = (word) => `(SELECT count(*) FROM notifications n WHERE n.user_id IN (${members}) AND (${word})) AS told,
    (SELECT count(*) FROM deliveries d JOIN notifications n ON n.user_id = d.user_id AND n.id = d.notification_id
      WHERE n.user_id IN (${members}) AND (${word})) AS deliveries`;

  const nextMark = () => ({ id: marks.pop() });
  const markState = ({ id }) => `SELECT read_at IS NOT NULL AS read, deleted_at IS NOT NULL AS deleted FROM notifications
    WHERE user_id = ${quote(marker.id)} AND id = ${quote(id)}`;
  const draft = async () => {
    const id = uuid();
    await sql.run(`INSERT INTO experiments (id, project_id, name, url_rules, variations, metrics) VALUES (${quote(id)}, ${quote(team.project)}, 'Try',
      ${['url_rules', 'variations', 'metrics'].map((name) => `${quote(JSON.stringify(launchable[name]))}::jsonb`).join(', ')})`);
    return { id };
  };
  const experimentState = ({ id }) => `SELECT status, version, ${audits(id)},
    (SELECT count(*) FROM schedules WHERE resource_id = e.id) AS schedules,
    (SELECT count(*) FROM moments WHERE schedule_id IN (SELECT id FROM schedules WHERE resource_id = e.id)) AS moments
    FROM experiments e WHERE id = ${quote(id)}`;
  const toggle = async () => {
    const [id, at] = [uuid(), uuid()];
    await sql.run(`BEGIN; INSERT INTO flags (id, project_id, key, name, kind, variations, default_on, default_off)
      VALUES (${quote(id)}, ${quote(team.project)}, ${quote(`f-${id}`)}, 'Flag', 'boolean', '[{"name":"on","value":true},{"name":"off","value":false}]', 'on', 'off');
      INSERT INTO flag_environments (id, flag_id, environment_id)
      SELECT CASE name WHEN 'production' THEN ${quote(at)}::uuid ELSE gen_random_uuid() END, ${quote(id)}, id
        FROM environments WHERE project_id = ${quote(team.project)}; COMMIT`);
    return { id, at };
  };
  const toggleState = ({ id, at }) => `SELECT t.environment_id = ANY (f.enabled_in) AS enabled, ${audits(at)}, (SELECT count(*) FROM audit WHERE resource_id = ${quote(id)}) AS more
    FROM flag_environments t JOIN flags f ON f.id = t.flag_id WHERE t.id = ${quote(at)}`;
  const person = async () => { // who has logged in
    const [id, session] = [uuid(), uuid()];
    const email = `someone.${id}@example.com`;
    await sql.run(`BEGIN; INSERT INTO users (id, email) VALUES (${quote(id)}, ${quote(email)}); INSERT INTO inbox (user_id) VALUES (${quote(id)});
      INSERT INTO sessions (user_id, id, expires_at) VALUES (${quote(id)}, ${quote(session)}, now() + interval '1 hour'); COMMIT`);
    const now = Math.floor(Date.now() / 1000);
    const token = sign(headerOf(owner.token), { sub: id, email, iat: now, exp: now + 3600, jti: session });
    return { id, email, token, from: anywhere() };
  };
  const unread = async () => {
    const it = await person();
    await sql.run(`BEGIN; INSERT INTO notifications (user_id, type, title, dedupe_key) SELECT ${quote(it.id)}, 'issue.new', 't', 'k:' || n FROM generate_series(1, 2) n;
      UPDATE inbox SET unread = 2 WHERE user_id = ${quote(it.id)}; COMMIT`);
    return it;
  };
  const coded = async () => {
    const it = await person();
    expect(await call('POST', '/v1/auth/send-code', { from: it.from, body: { email: it.email } }), 200);
    const [{ payload }] = await sql.rows(`SELECT payload FROM deliveries WHERE user_id = ${quote(it.id)}`);
    return { ...it, code: /(?<!\d)\d{6}(?!\d)/.exec(payload.text)[0] };
  };
  const project = async () => {
    const id = uuid();
    await sql.run(`INSERT INTO projects (id, team_id, name) VALUES (${quote(id)}, ${quote(team.id)}, 'Shop')`);
    return { id };
  };
  const word = async () => ({ id: `word ${uuid()}` });
  const news = async () => { // the first of its hour: of a flood not each is told by itself
    await sql.run('DELETE FROM issue_bursts');
    return word();
  };
  const mailed = async () => {
    const it = { id: uuid(), provider: uuid(), event: `msg_${randomUUID()}` };
    await sql.run(`INSERT INTO deliveries (user_id, id, channel, kind, status, attempts, decided_at, provider_id, address)
      VALUES (${quote(reader.id)}, ${quote(it.id)}, 'email', 'feedback.new', 'sent', 1, now(), ${quote(it.provider)}, ${quote(reader.email)})`);
    return it;
  };
  const beat = `INSERT INTO heartbeats (job, started_at) VALUES ('fire', now()) ON CONFLICT (job) DO UPDATE SET started_at = now()`;
  const post = (target, options) => ['POST', target, options];
  const get = (target, user) => () => ['GET', target, { as: user?.token }];

  const scenes = [
    { family: 'notifications', name: 'list', status: 200, ask: get(`${v1}?limit=5`, reader) },
    { family: 'notifications', name: 'the other face', status: 200, ask: get('/api/notifications', reader) },
    { family: 'notifications', name: 'poll', status: 200, ask: get(`${v1}/unread-count`, reader) },
    { family: 'notifications', name: 'mark', status: 200, prepare: nextMark, state: markState,
      ask: ({ id }) => ['PATCH', `${v1}/${id}`, { as: marker.token, body: { read: true } }] },
    { family: 'notifications', name: 'delete', status: 200, prepare: nextMark, state: markState,
      ask: ({ id }) => ['DELETE', `${v1}/${id}`, { as: marker.token }] },
    { family: 'notifications', name: 'mark all', status: 200, prepare: unread,
      state: ({ id }) => `SELECT unread, (SELECT count(*) FROM notifications n WHERE n.user_id = i.user_id AND read_at IS NULL) AS rows
        FROM inbox i WHERE user_id = ${quote(id)}`,
      ask: ({ token }) => post(`${v1}/mark-all-read`, { as: token }) },
    { family: 'experiments', name: 'list', status: 200, ask: get(`/v1/experiments/${experiment.id}`, viewer) },
    { family: 'experiments', name: 'schedule', status: 201, prepare: draft, state: experimentState,
      ask: ({ id }) => ['PUT', `/v1/experiments/${id}/schedule`, { as: developer.token, body: { launch_at: '2098-05-05T10:00:00Z',
        end: { days_after: 1, time: '09:30' }, time_zone: 'Europe/Berlin' } }] },
    { family: 'experiments', name: 'publish', status: 200, prepare: draft, state: experimentState,
      ask: ({ id }) => post(`/v1/experiments/${id}/publish`, { as: developer.token }) },
    { family: 'flags', name: 'evaluate', status: 200, ask: () => post('/ofrep/v1/evaluate/flags', { ...client, body: { context: { targetingKey: 'somebody' } } }) },
    { family: 'flags', name: 'one', status: 200, ask: get(`/v1/flags/${flag.id}`, viewer) },
    { family: 'flags', name: 'toggle', status: 200, prepare: toggle, state: toggleState,
      ask: ({ id }) => post(`/v1/flags/${id}/environments/production/run`, { as: developer.token }) },
    { family: 'feedback', name: 'send', status: 201, prepare: word,
      state: ({ id }) => `SELECT (SELECT count(*) FROM feedback WHERE project_id = ${quote(team.project)} AND message = ${quote(id)}) AS rows,
        ${toldOf(`n.body LIKE ${quote(`%${id}%`)}`)}`,
      ask: ({ id }) => post('/v1/feedback', { ...client, body: { message: id, name: 'Somebody', context: { page: '/a/rather/long/path/of/theirs' } } }) },
    { family: 'issues', name: 'event', status: 201, prepare: news,
      // the team is told in a transaction of its own, and until then cron knows that it has to be
      state: ({ id }) => `SELECT count(*) AS rows, coalesce(sum(events), 0) AS events, bool_and(is_untold OR (t.told, t.deliveries) = (5, 5)) AS told,
          (SELECT count(*) FROM issue_events WHERE issue_id IN (SELECT id FROM issues WHERE title = ${quote(id)})) AS kept
        FROM issues, LATERAL (SELECT ${toldOf(`n.title LIKE ${quote(`%${id}%`)} OR n.body LIKE ${quote(`%${id}%`)}`)}) t
        WHERE project_id = ${quote(team.project)} AND title = ${quote(id)}`,
      ask: ({ id }) => post('/v1/issues/events', { ...client, body: { title: id, app: 'shop', context: { page: '/a/rather/long/path/of/theirs' } } }) },
    { family: 'jobs', name: 'start', status: 201, prepare: project,
      state: ({ id }) => `SELECT count(*) AS rows, (SELECT count(*) FROM audit WHERE team_id = ${quote(team.id)} AND resource_id IN
        (SELECT id FROM jobs WHERE project_id = ${quote(id)})) AS audits FROM jobs WHERE project_id = ${quote(id)}`,
      ask: ({ id }) => post(`/v1/teams/${team.id}/jobs`, { as: owner.token, body: { type: 'project_export', project_id: id, notify: true } }) },
    { family: 'auth', name: 'me', status: 200, ask: get('/v1/auth/me', owner) },
    { family: 'auth', name: 'send-code', status: 200, prepare: person,
      state: ({ id, email }) => `SELECT count(*) AS codes, (SELECT count(*) FROM deliveries WHERE user_id = ${quote(id)}) AS mails
        FROM login_codes WHERE email = ${quote(email)}`,
      ask: ({ email, from }) => post('/v1/auth/send-code', { from, body: { email } }) },
    { family: 'auth', name: 'verify-code', status: 200, prepare: coded,
      state: ({ id, email }) => `SELECT used_at IS NOT NULL AS used, tries, (SELECT count(*) FROM sessions WHERE user_id = ${quote(id)}) AS sessions
        FROM login_codes WHERE email = ${quote(email)}`,
      ask: ({ email, code, from }) => post('/v1/auth/verify-code', { from, body: { email, code } }) },
    { family: 'auth', name: 'preferences', status: 200, prepare: person,
      state: ({ id }) => `SELECT preferences FROM users WHERE id = ${quote(id)}`,
      ask: ({ token }) => ['PATCH', '/v1/auth/me', { as: token, body: { preferences: { notifications: { types: { 'feedback.new': { email: false } } } } } }] },
    { family: 'teams', name: 'add a member', status: 201, prepare: async () => ({ email: `new.${uuid()}@example.com` }),
      state: ({ email }) => `SELECT count(*) AS users, (SELECT count(*) FROM members m JOIN users u ON u.id = m.user_id WHERE u.email = ${quote(email)}) AS members,
        (SELECT count(*) FROM inbox i JOIN users u ON u.id = i.user_id WHERE u.email = ${quote(email)}) AS inboxes,
        (SELECT count(*) FROM audit a WHERE team_id = ${quote(team.id)} AND after::text LIKE ${quote(`%${email}%`)}) AS audits
        FROM users WHERE email = ${quote(email)}`,
      ask: ({ email }) => post(`/v1/teams/${team.id}/members`, { as: owner.token, body: { email, role: 'viewer' } }) },
    { family: 'teams', name: 'keys', status: 200, ask: get(`/v1/teams/${team.id}/keys`, owner) },
    { family: 'feeds', name: 'make', status: 201, prepare: person,
      state: ({ id }) => `SELECT count(*) AS rows FROM feeds WHERE user_id = ${quote(id)}`,
      ask: ({ token }) => post('/v1/feeds', { as: token, body: { kind: 'calendar', name: 'Reader' } }) },
    { family: 'feeds', name: 'list', status: 200, ask: get('/v1/feeds', reader) },
    { family: 'hooks', name: 'bounce', status: 204, prepare: mailed,
      state: ({ id, event }) => `SELECT reported, (SELECT count(*) FROM mail_events WHERE id = ${quote(event)}) AS events FROM deliveries
        WHERE user_id = ${quote(reader.id)} AND id = ${quote(id)}`,
      ask: ({ provider, event }) => {
        const [raw, at] = [JSON.stringify(mailEvent('email.delivered', provider)), seconds()];
        return post('/hooks/resend', { raw, headers: { 'svix-id': event, 'svix-timestamp': at,
          'svix-signature': signHook(conf('CARILLON_RESEND_WEBHOOK_SECRET'), event, at, raw) } });
      } },
    { family: 'ops', name: 'ready', status: 200, prepare: () => sql.run(beat), ask: get('/readyz') },
  ];
  return scenes;
}
