// world - people and things for one test file: a team with a member of every
// role, a second team for the outsider, a project, keys.  Each file makes its
// own, so files do not meet.
import { createHash, randomBytes } from 'node:crypto';
import { exec, jsonb, quote, rows, secret, uuid } from './client.mjs';
import { tokenOf } from './jwt.mjs';

export const roles = ['owner', 'admin', 'developer', 'collaborator', 'viewer'];
export const environments = ['development', 'staging', 'production'];

const DAY = 86400;

// A token as of scripts/token, but without its processes: most of a test's time would be theirs.
function signedIn(user) {
  const [iat, jti] = [Math.floor(Date.now() / 1000), uuid()];
  exec(`INSERT INTO inbox (user_id) VALUES (${quote(user.id)}) ON CONFLICT DO NOTHING;
    INSERT INTO sessions (id, user_id, expires_at) VALUES (${quote(jti)}, ${quote(user.id)}, to_timestamp(${iat + DAY}));`);
  return tokenOf({ sub: user.id, email: user.email, iat, exp: iat + DAY, jti }, secret());
}

// A user: id, email, and a token made when it is first asked for.
export function makeUser(name, id = uuid()) {
  const user = { id, name, email: `${name}.${id.slice(0, 8)}@example.com` };
  let made;
  Object.defineProperty(user, 'token', { get: () => (made ??= signedIn(user)) });
  return user;
}

export function insertUsers(users) {
  const values = users.map((u) => `(${quote(u.id)}, ${quote(u.email)}, ${quote(u.name)})`).join(', ');
  exec(`INSERT INTO users (id, email, name) VALUES ${values};
    INSERT INTO inbox (user_id) SELECT id FROM users WHERE id IN (${users.map((u) => quote(u.id)).join(', ')});`);
}

// A key with its row's fields and its secret.
export function makeKey(kind, fields = {}) {
  const secret = `car_${kind}_${randomBytes(24).toString('hex')}`;
  return { id: uuid(), kind, secret, ...fields };
}

const keyRow = (key) => `(${quote(key.id)}, ${quote(key.team)}, ${quote(key.kind)}, ${quote(key.name ?? 'test')},
  ${quote(key.secret.slice(0, 18))}, '\\x${createHash('sha256').update(key.secret).digest('hex')}',
  ${quote(key.project)}, ${quote(key.environment)}, ${quote(key.expires)})`;

const keyColumns = '(id, team_id, kind, name, prefix, hash, project_id, environment_id, expires_at)';

export function insertKey(key) {
  exec(`INSERT INTO api_keys ${keyColumns} VALUES ${keyRow(key)};`);
  return key;
}

function insertTeam(team) {
  const members = Object.entries(team.members).map(([role, u]) => `(${quote(team.id)}, ${quote(u.id)}, ${quote(role)})`);
  const envs = environments.map((name, at) => `(${quote(team.environments[name])}, ${quote(team.project)}, ${quote(name)}, ${at})`);
  exec(`INSERT INTO teams (id, name) VALUES (${quote(team.id)}, ${quote(team.name)});
    INSERT INTO members (team_id, user_id, role) VALUES ${members.join(', ')};
    INSERT INTO projects (id, team_id, name) VALUES (${quote(team.project)}, ${quote(team.id)}, ${quote(team.projectName)});
    INSERT INTO environments (id, project_id, name, position) VALUES ${envs.join(', ')};
    INSERT INTO api_keys ${keyColumns} VALUES ${Object.values(team.keys).map(keyRow).join(', ')};`);
}

function makeTeam(name, members) {
  const id = uuid();
  const project = uuid();
  const envs = Object.fromEntries(environments.map((env) => [env, uuid()]));
  const place = { team: id, project, environment: envs.production };
  const keys = {
    agent: makeKey('agent', { team: id }),
    client: makeKey('client', place),
    expired: makeKey('agent', { team: id, expires: '2020-01-01T00:00:00Z' }),
    expiredClient: makeKey('client', { ...place, expires: '2020-01-01T00:00:00Z' }),
  };
  return { id, name, members, project, projectName: `${name} project`, environments: envs, keys };
}

// { team, other, owner, admin, developer, collaborator, viewer, outsider }
export function makeWorld() {
  const members = Object.fromEntries(roles.map((role) => [role, makeUser(role)]));
  const outsider = makeUser('outsider');
  insertUsers([...Object.values(members), outsider]);
  const team = makeTeam('Team', members);
  const other = makeTeam('Other', { owner: outsider });
  insertTeam(team);
  insertTeam(other);
  return { team, other, ...members, outsider };
}

/* ---- notifications ---- */

let serial = 0;
const columns = `id uuid, type text, title text, body text, link text, data jsonb, team_id uuid, in_app boolean,
  resource_kind text, resource_id uuid, resource_name text, project_id uuid, project_name text,
  environment_id uuid, environment_name text, read_at timestamptz, deleted_at timestamptz, snooze_until timestamptz,
  restored_at timestamptz, created_at timestamptz, dedupe_key text`;
const names = columns.split(',').map((column) => column.trim().split(' ')[0]).join(', ');

// Put rows into a user's inbox, as a producer would: the counter moves with
// them.  Returns the rows with their ids, in the order given.
export function give(user, list) {
  const full = list.map((row) => ({
    id: uuid(), type: 'feedback.new', title: `Title ${++serial}`, body: null, link: null, data: {},
    in_app: true, created_at: new Date().toISOString(), dedupe_key: `test:${uuid()}`, ...row,
  }));
  exec(`SELECT 1 FROM inbox WHERE user_id = ${quote(user.id)} FOR UPDATE;
    INSERT INTO notifications (user_id, ${names})
    SELECT ${quote(user.id)}, ${names} FROM jsonb_to_recordset(${jsonb(full)}) AS t (${columns});
    UPDATE inbox SET version = version + 1, unread = (${counted(user)}) WHERE user_id = ${quote(user.id)};`);
  return full;
}

const isCounted = 'n.read_at IS NULL AND n.deleted_at IS NULL AND n.in_app AND n.snooze_until IS NULL';
export const counted = (user) => `SELECT count(*) FROM notifications n WHERE n.user_id = ${quote(user.id)} AND ${isCounted}`;

// Inboxes whose counter differs from their rows: always none.
const drift = (where) => `SELECT i.user_id, i.unread, count(n.id) AS rows
  FROM inbox i LEFT JOIN notifications n ON n.user_id = i.user_id AND ${isCounted}
  ${where} GROUP BY i.user_id, i.unread HAVING i.unread <> count(n.id)`;
export const driftQuery = drift(''); // in the whole database
export const drifted = (users) => rows(drift(`WHERE i.user_id IN (${users.map((u) => quote(u.id)).join(', ')})`));

// A webhook; returns its row.
export function makeWebhook(user, fields = {}) {
  const row = { id: uuid(), name: 'Chat', url: 'https://hooks.example.com/x', secret: `whsec_${randomBytes(32).toString('base64')}`, ...fields };
  exec(`INSERT INTO webhooks (user_id, id, name, url, secret) VALUES (${[user.id, row.id, row.name, row.url, row.secret].map(quote).join(', ')});`);
  return row;
}

// A feed; returns its id.
export function makeFeed(user, kind = 'atom') {
  const id = uuid();
  exec(`INSERT INTO feeds (user_id, id, kind, name) VALUES (${[user.id, id, kind, 'Reader'].map(quote).join(', ')});`);
  return id;
}

// A delivery that has failed for good; returns its row.
export function failedDelivery(user, team, fields = {}) {
  const [note] = give(user, [{ team_id: team }]);
  const row = { id: uuid(), channel: 'email', status: 'failed', error: 'refused: no such thing', attempts: 10, address: user.email,
    created_at: note.created_at, ...fields };
  exec(`INSERT INTO deliveries (user_id, notification_id, team_id, kind, decided_at, payload, id, channel, status, error, attempts, address, created_at)
    SELECT ${quote(user.id)}, ${quote(note.id)}, ${quote(team)}, 'feedback.new', created_at + interval '1 minute', '{}', t.*
    FROM jsonb_to_record(${jsonb(row)}) AS t (id uuid, channel text, status text, error text, attempts integer, address text, created_at timestamptz);`);
  return { ...row, note };
}

// An issue of a team's production; returns its id.
export function makeIssue(team, fields = {}) {
  const row = { id: uuid(), title: 'It broke', status: 'new', events: 1, created_at: '2024-01-15T10:00:00.000Z', ...fields };
  exec(`INSERT INTO issues (project_id, environment_id, id, title, status, events, status_at, last_seen_at, created_at)
    VALUES (${[team.project, team.environments.production, row.id, row.title, row.status, row.events, row.created_at, row.created_at,
    row.created_at].map(quote).join(', ')});`);
  return row.id;
}

/* ---- jobs ---- */

// A job as it would be after some time; returns its row.
export function makeJob(team, fields = {}) {
  const row = { id: uuid(), team_id: team.id, project_id: team.project, type: 'project_export', status: 'completed', notify: false,
    attempts: 0, done: 0, created_at: new Date().toISOString(), ...fields };
  if (!['pending', 'running'].includes(row.status)) row.finished_at ??= new Date().toISOString();
  exec(`INSERT INTO jobs (${Object.keys(row).join(', ')})
    SELECT ${Object.keys(row).join(', ')} FROM jsonb_populate_record(NULL::jobs, ${jsonb(row)});`);
  return row;
}

/* ---- experiments ---- */

// What the preflight asks of an experiment; its project's snippet it asks for as well.
export const launchable = {
  url_rules: ['https://example.com/*'],
  variations: [{ name: 'A', weight: 50 }, { name: 'B', weight: 50 }],
  metrics: ['orders'],
};

// Experiments as they would be after some time; returns their rows.
export function makeExperiments(project, list) {
  const made = list.map((fields) => ({ id: uuid(), project_id: project, name: 'Experiment', hypothesis: null, ...launchable, status: 'DRAFT', version: 1,
    ...fields }));
  exec(`INSERT INTO experiments (id, project_id, name, hypothesis, url_rules, variations, metrics, status, version)
    SELECT * FROM jsonb_to_recordset(${jsonb(made)}) AS t (id uuid, project_id uuid, name text, hypothesis text, url_rules jsonb,
      variations jsonb, metrics jsonb, status text, version bigint);`);
  return made;
}
export const makeExperiment = (project, fields = {}) => makeExperiments(project, [fields])[0];

export const seeSnippet = (project) => exec(`UPDATE projects SET snippet_seen_at = now() WHERE id = ${quote(project)};`);

/* ---- flags ---- */

// Boolean flags, disabled everywhere unless environments are named; returns their rows.
export function makeFlags(team, list, enabled = []) {
  const made = list.map((fields) => ({ id: uuid(), project_id: team.project, key: `flag-${++serial}`, name: 'Flag', kind: 'boolean',
    variations: [{ name: 'on', value: true }, { name: 'off', value: false }], default_on: 'on', default_off: 'off', status: 'ACTIVE', ...fields }));
  const on = enabled.map((name) => quote(team.environments[name])).join(', ');
  exec(`INSERT INTO flags (id, project_id, key, name, kind, variations, default_on, default_off, status, enabled_in)
    SELECT *, ARRAY[${on}]::uuid[] FROM jsonb_to_recordset(${jsonb(made)}) AS t (id uuid, project_id uuid, key text, name text, kind text, variations jsonb,
      default_on text, default_off text, status text);
    INSERT INTO flag_environments (flag_id, environment_id)
    SELECT f.id, e.id FROM flags f JOIN environments e ON e.project_id = f.project_id
     WHERE f.id IN (${made.map(({ id }) => quote(id)).join(', ')});`);
  return made;
}
export const makeFlag = (team, fields = {}, enabled = []) => makeFlags(team, [fields], enabled)[0];
