// What openapi.yaml promises, tried with what nobody thought of: for each of its operations random parameters,
// bodies, headers and callers.  No 5xx, no status and no body that the document does not know, 405 with
// Allow for every other method, nothing done for whom it is not.  The seed is printed; CARILLON_TEST_SEED=N asks
// the same again but for the ids, CARILLON_TEST_STEPS=N in more or fewer rounds.
import assert from 'node:assert/strict';
import test from 'node:test';
import { below, chance, one, seed } from '../lib/chance.mjs';
import { call, uuid } from '../lib/client.mjs';
import { methodsOf, operations } from '../lib/openapi.mjs';
import { document, misfit, resolve, some, spoilt } from '../lib/schema.mjs';
import { drifted, failedDelivery, give, makeExperiment, makeFeed, makeFlag, makeIssue, makeJob, makeKey, makeWebhook, makeWorld, seeSnippet } from '../lib/world.mjs';

const rounds = Number(process.env.CARILLON_TEST_STEPS ?? 8);
const all = operations().map((op) => ({ ...op, ...describe(op) }));
let world;
let ids; // by the word of the path before the placeholder
let keys;

function describe({ method, path }) {
  const item = document.paths[path];
  const own = item[method.toLowerCase()];
  const params = [...(item.parameters ?? []), ...(own.parameters ?? [])].map(resolve);
  return { params, body: resolve(own.requestBody)?.content?.['application/json']?.schema, responses: own.responses,
    form: Boolean(resolve(own.requestBody)?.content?.['application/x-www-form-urlencoded']) };
}

/* ---- whom and what there is ---- */

function build() {
  world = makeWorld();
  const { team, other, owner, viewer } = world;
  seeSnippet(team.project);
  const [note, gone] = give(owner, [{ team_id: team.id }, { deleted_at: '2024-01-01T00:00:00Z' }]).map((row) => row.id);
  const flag = makeFlag(team, { key: 'k-1' });
  keys = [makeKey('agent'), makeKey('client'), team.keys.expired, team.keys.expiredClient].map((key) => key.secret);
  ids = {
    teams: [team.id], projects: [team.project], members: [viewer.id, world.developer.id], notifications: [note, gone], flags: [flag.id, 'k-1'],
    experiments: [makeExperiment(team.project).id, makeExperiment(team.project, { status: 'RUNNING' }).id], environments: ['production', team.environments.staging],
    issues: [makeIssue(team)], jobs: [makeJob(team).id, makeJob(team, { status: 'pending' }).id], webhooks: [makeWebhook(owner).id], feeds: [makeFeed(owner)],
    deliveries: [failedDelivery(viewer, team.id).id], keys: [team.keys.expired.id], unsubscribe: ['feedback.new'], foreign: [other.id, other.project],
  };
}

// Who calls, and what every protected operation must answer them: a status, or those it may.
const callers = () => {
  const { team, other, owner, outsider } = world;
  return {
    nobody: [{}, [401]], garbage: [{ bearer: one(['x', 'a.b.c', '..', 'car_agent_x', 'ä'.repeat(3)].map((s) => encodeURI(s))) }, [401]],
    'a bad cookie': [{ as: `${owner.token.slice(0, -4)}AAAA` }, [401]], 'a bad scheme': [{ headers: { Authorization: `Basic ${one(keys)}` } }, [401]],
    'a key of nobody': [{ bearer: one(keys) }, [401]],
    owner: [chance() < 0.5 ? { as: owner.token } : { bearer: owner.token }], viewer: [{ as: world.viewer.token }], outsider: [{ as: outsider.token }],
    'agent key': [{ bearer: team.keys.agent.secret }], 'client key': [{ bearer: team.keys.client.secret }], 'foreign agent key': [{ bearer: other.keys.agent.secret }],
  };
};
const fit = { user: ['owner', 'viewer', 'outsider'], client: ['client key'], key: ['agent key', 'foreign agent key', 'client key'],
  'user or agent': ['owner', 'viewer', 'outsider', 'agent key', 'foreign agent key'] };

function someone(op) {
  const list = callers();
  const usual = op.access === 'client' || op.access === 'key' ? 'client key' : 'owner';
  const who = chance() < 0.6 ? usual : one(Object.keys(list));
  const [options, must] = list[who];
  if (op.access === 'anyone') return { who, options };
  return { who, options, must: must ?? (fit[op.access].includes(who) ? undefined : [403]), stranger: /outsider|foreign/.test(who) };
}

/* ---- one request ---- */

const odd = ['x', '.', '-1', 'null', '%C3%A9', '%FF', '%20', "%27%20OR%201=1", '%F0%9F%94%94', 'a'.repeat(300), '%2e%2e', '{}', '00000000-0000-0000-0000-000000000000', 'A%2FB', '%25', '*'];

// What nginx takes for another path, or cannot read.
const another = /%2e|%2F|%25|%FF|\/\.(\/|$)/i;

function fill(path) {
  let mine = true;
  const target = path.replace(/([^/]*)\/\{(\w+)\}/g, (whole, before) => {
    const dice = chance();
    const pool = before === 'flags' && path.startsWith('/ofrep') ? ['k-1'] : ids[before] ?? [uuid()];
    mine &&= dice < 0.7;
    return `${before}/${dice < 0.7 ? one(pool) : dice < 0.8 ? one(ids.foreign) : dice < 0.9 ? uuid() : one(odd)}`;
  });
  return { target, mine: mine && path.includes('{') };
}

const rubbish = () => one(['', '+', 'x', '%00', '%ff', '%', '&', '-1', '1e9', '%F0%9F%94%94', '2024-01-15T10:00:00.000Z%7C01234567-89ab-cdef-0123-456789abcdef', 'null', 'true', 'a'.repeat(2000)]);

function query(op) {
  const list = op.params.filter((p) => p.in === 'query' && chance() < 0.5)
    .map((p) => `${p.name}=${chance() < 0.6 ? encodeURIComponent(some(p.schema, ids.projects)) : rubbish()}`);
  if (chance() < 0.1) list.push(`${one(['x', '', 'limit', '%00', 'a%20b'])}=${rubbish()}`);
  return list.length ? `?${list.join('&')}` : '';
}

function headers(op) {
  const made = {};
  for (const { name } of op.params.filter((p) => p.in === 'header' && chance() < 0.3))
    made[name] = one([name === 'Prefer' ? 'handling=strict' : '"1"', '*', '', 'W/"1", "2"', '"x', ',,;', 'a'.repeat(1000), '"1"'.repeat(50)]);
  if (chance() < 0.05) made['X-Request-Id'] = one(['x', 'abcdefgh', 'a'.repeat(200), '<script>', '\u00e9']);
  return made;
}

// { options, wrong: the document forbids it }
function content(op) {
  if (!op.body) return op.form && chance() < 0.5 ? { options: { raw: 'List-Unsubscribe=One-Click', type: 'application/x-www-form-urlencoded' } } : { options: {} };
  const dice = chance();
  if (dice < 0.05) return { options: { raw: one(['{', '[]', 'null', '{"a":1,"a":2}', '\ufeff{}', '"x"', '{}{}', '\x80', '[['.repeat(500), `{"a":"${'a'.repeat(70000)}"}`]) } };
  if (dice < 0.1) return { options: { body: {}, type: one([null, 'text/plain', 'application/jsonx', 'multipart/form-data', '']) } };
  const usable = Object.values(ids).flat().filter((id) => id.length === 36);
  const body = some(op.body, usable);
  const sent = dice < 0.65 ? body : spoilt(body);
  const text = JSON.stringify(sent);
  // what JSON cannot say is not what was meant; a bare value is no object to begin with
  return { options: { raw: text }, wrong: sent === null ? null : misfit(op.body, JSON.parse(text)), good: dice < 0.65 };
}

/* ---- what must be true of the answer ---- */

function documented(op, answer, say) {
  const known = resolve(op.responses[answer.status]);
  assert.ok(known, say(`${answer.status} is not documented`));
  if (answer.text === '') return;
  const type = (answer.headers['content-type'] ?? '').split(';')[0];
  assert.ok(known.content?.[type], say(`${type} is not documented with ${answer.status}`));
  if (answer.json !== undefined) assert.equal(misfit(known.content[type].schema, answer.json, true, 'the answer'), null, say('another shape'));
}

async function ask(op, tally) {
  const { who, options: caller, must, stranger } = someone(op);
  const { target, mine } = fill(op.path);
  const { options: sent, wrong, good } = content(op);
  const options = { ...sent, ...caller, headers: { ...headers(op), ...caller.headers }, lax: op.path === '/openapi.yaml' };
  const where = `${target}${query(op)}`;
  const answer = await call(op.method, where, options);
  const say = (what) => `${what}: seed ${seed}, ${op.method} ${where} by ${who}, ${JSON.stringify(options.headers)} ${String(options.raw ?? JSON.stringify(options.body)).slice(0, 600)}: `
    + `${answer.status} ${answer.text.slice(0, 400)}`;
  // no cron runs beside this copy
  assert.ok(answer.status < 500 || (answer.status === 503 && op.path === '/readyz'), say('5xx'));
  if (!another.test(target) || answer.status < 400) documented(op, answer, say);
  if (must && ![404, 405, 413].includes(answer.status)) assert.ok(must.includes(answer.status), say(`not ${must}`));
  if (must) assert.ok(answer.status >= 400, say('a credential was ignored'));
  if (stranger && mine) assert.ok(answer.status >= 400, say('done for a stranger'));
  if (wrong) assert.ok(answer.status >= 400, say(`taken though ${wrong}`));
  if (good) assert.doesNotMatch(answer.json?.error ?? '', /^Unknown field/, say('refused though it fits'));
  tally[answer.status] = (tally[answer.status] ?? 0) + 1;
}

async function otherMethod(path) {
  const known = methodsOf(path);
  const method = one(['GET', 'PUT', 'POST', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND', 'REPORT'].filter((verb) => !known.has(verb)));
  const where = fill(path.replace(/\{\w+\}/g, '{id}')).target;
  if (another.test(where)) return;
  const answer = await call(method, where, { ...someone({ access: 'anyone' }).options, body: chance() < 0.5 ? {} : undefined });
  assert.equal(answer.status, 405, `seed ${seed}: ${method} ${where}: ${answer.status} ${answer.text}`);
  assert.deepEqual(new Set(answer.headers.allow.split(/, */)), known, `seed ${seed}: ${method} ${where}`);
}

// What ends a session or takes things away comes last in a round.
const last = (op) => (/logout/.test(op.path) ? 3 : op.method === 'DELETE' ? 2 : /archive|stop|cancel/.test(op.path) ? 1 : 0);
const shuffled = (list) => list.map((op) => [last(op) + chance(), op]).sort(([a], [b]) => a - b).map(([, op]) => op);

test(`every operation of openapi.yaml in ${rounds} rounds, seed ${seed}`, async (t) => {
  const tally = {};
  for (let round = 0; round < rounds; round++) {
    build();
    for (const op of shuffled([...all, ...all])) {
      await ask(op, tally);
      if (chance() < 0.2 && op.path !== '/openapi.yaml') await otherMethod(op.path);
    }
    assert.deepEqual(drifted([world.owner, world.viewer, world.outsider]), [], `seed ${seed}`);
  }
  t.diagnostic(`seed ${seed}: ${JSON.stringify(tally)}`);
  assert.ok(tally[200] > all.length && tally[401] > 0 && tally[400] > 0 && tally[404] > 0, JSON.stringify(tally));
});
