// load - so many requests a second, whoever answers or not, to every family at once.  Each write carries
// an id of its own, by which it is found again; each read has an answer that can be told from a wrong one.
import assert from 'node:assert/strict';
import http from 'node:http';
import { call, uuid } from './client.mjs';
import { recordHits } from './hits.mjs';
import { driftQuery, give, insertUsers, makeFlag, makeJob, makeUser, makeWorld, roles } from './world.mjs';

export const long = process.env.TORTURE !== 'short';
export const rate = 500; // requests a second
const MARKS = long ? 80000 : 10000;
const TICK_MS = 10, NORMAL_MS = 1500;
const v1 = '/v1/notifications';

// A body whose beginning alone is a body too: whoever takes half of it is found out.
export const padded = (value) => JSON.stringify(value) + ' '.repeat(400);
const post = (target, who, body) => ({ method: 'POST', target, options: { ...who, raw: padded(body) } });
const get = (target, user) => () => ({ method: 'GET', target, options: { as: user?.token } });

// share: of a hundred requests.  write: done once at most, and for certain when it was answered.
function kindsOf({ team, owner }, reader, marker) {
  const [agent, client, as] = [{ bearer: team.keys.agent.secret }, { bearer: team.keys.client.secret }, { as: owner.token }];
  const flag = makeFlag(team, {}, ['production']);
  const job = makeJob(team).id;
  const marks = give(marker, Array.from({ length: MARKS }, () => ({}))).map((row) => row.id);
  const mark = () => {
    const id = marks.pop();
    return { ...post(`${v1}/${id}`, { as: marker.token }, { read: true }), method: 'PATCH', id };
  };
  return [
    { share: 12, family: 'feedback', write: true, ask: (id) => post('/v1/feedback', client, { message: id }), right: (json, id) => json.feedback.message === id },
    { share: 8, family: 'issues', write: true, ask: (id) => post('/v1/issues/events', agent, { title: id, project_id: team.project }),
      right: (json, id) => json.issue.title === id && json.issue.events === 1 },
    { share: 8, family: 'experiments', write: true, ask: (id) => post(`/v1/projects/${team.project}/experiments`, as, { name: id }),
      right: (json, id) => json.experiment.name === id },
    { share: 12, family: 'notifications', write: true, ask: mark, right: (json, id) => json.notification.id === id && json.notification.read_at !== null },
    { share: 20, family: 'notifications', ask: get(`${v1}/unread-count`, reader), right: (json) => json.count === 3 },
    { share: 6, family: 'notifications', ask: get(`${v1}?limit=2`, reader), right: (json) => json.notifications.length === 2 && json.has_more },
    { share: 10, family: 'flags', ask: () => post(`/ofrep/v1/evaluate/flags/${flag.key}`, client, {}), right: (json) => json.value === true },
    { share: 6, family: 'teams', ask: get(`/v1/teams/${team.id}`, owner), right: (json) => json.team.id === team.id },
    { share: 6, family: 'auth', ask: get('/v1/auth/me', owner), right: (json) => json.user.id === owner.id },
    { share: 4, family: 'jobs', ask: get(`/v1/jobs/${job}`, owner), right: (json) => json.job.id === job },
    { share: 3, family: 'feeds', ask: get('/v1/feeds', owner), right: (json) => json.feeds.length === 0 },
    { share: 2, family: 'hooks', ask: () => post('/hooks/resend', {}, {}), status: [401], right: () => true },
    { share: 3, family: 'ops', ask: get('/livez'), right: (json) => json.alive },
  ];
}
const good = [200, 201];

// The people and things of one copy that all its loads share.  admin: statements as the superuser.
export function makeScene(admin) {
  const world = makeWorld();
  const [reader, marker] = [makeUser('reader'), makeUser('marker')];
  insertUsers([reader, marker]);
  give(reader, [{}, {}, {}]);
  recordHits(admin);
  const kinds = kindsOf(world, reader, marker);
  const turns = kinds.flatMap((kind) => Array.from({ length: kind.share }, () => kind));
  for (let n = turns.length - 1; n > 0; n--) { // the same order each time, without long runs of one kind
    const other = (n * 37) % (n + 1);
    [turns[n], turns[other]] = [turns[other], turns[n]];
  }
  return { admin, world, kinds, turns, all: [], families: [...new Set(kinds.map(({ family }) => family))] };
}

// One request: { kind, id, at, ms, status, done, odd }.  at: when it was sent.  done: answered as it should
// be.  odd: what is wrong with the answer, unless it is a 503, of which call() has checked the rest.
function one(kind, agent) {
  const own = uuid();
  const { method, target, options, id = own } = kind.ask(own);
  const record = { kind, id, at: Date.now(), status: 0, done: false, odd: '' };
  record.answered = call(method, target, { ...options, agent }).then(({ status, json, text }) => {
    record.status = status;
    record.done = (kind.status ?? good).includes(status) && kind.right(json, id);
    if (!record.done && status !== 503) record.odd = `${method} ${target}: ${status} ${text.slice(0, 200)}`;
  }, (error) => { record.odd = error.message; }).then(() => { record.ms = Date.now() - record.at; });
  return record;
}

// act(load) while the load is on; resolves to the records of all requests, which are in scene.all, too.
//   load.answered()    how many have their answer
//   load.next(family)  resolves when one of that family is being sent
//   load.isNormal()    whether none has failed for some time, nor waits for as long
export async function underLoad(scene, act) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 4096 });
  const records = [], under = new Set(), waiting = new Map();
  const began = Date.now();
  let failedAt = began;
  const send = () => {
    for (const due = (Date.now() - began) * rate / 1000; records.length < due;) {
      const record = one(scene.turns[records.length % scene.turns.length], agent);
      records.push(record);
      under.add(record);
      record.answered.then(() => {
        under.delete(record);
        if (!record.done) failedAt = Date.now();
      });
      waiting.get(record.kind.family)?.();
      waiting.delete(record.kind.family);
    }
  };
  const timer = setInterval(send, TICK_MS);
  try {
    await act({
      answered: () => records.length - under.size,
      next: (family) => new Promise((resolve) => { waiting.set(family, resolve); }),
      isNormal: () => {
        const now = Date.now();
        return failedAt < now - NORMAL_MS && [...under].every((record) => record.at >= now - 2 * NORMAL_MS);
      },
    });
  } finally {
    clearInterval(timer);
    await Promise.all(records.map((record) => record.answered));
    agent.destroy();
    scene.all.push(...records);
  }
  return records;
}

/* ---- what is asserted of it ---- */

export const failed = (records) => records.filter((record) => !record.done);
const sorted = (records) => records.map(({ ms }) => ms).sort((a, b) => a - b);
const at = (list, share) => list[Math.min(list.length - 1, Math.floor(list.length * share))] ?? 0;

// One line of figures.
export function figures(records) {
  const [times, refused] = [sorted(records.filter(({ done }) => done)), failed(records)];
  const seconds = (Math.max(...records.map((record) => record.at)) - Math.min(...records.map((record) => record.at))) / 1000;
  return `${records.length} requests in ${seconds.toFixed(0)} s, ${refused.length} failed, p50 ${at(times, 0.5)} ms, p99 ${at(times, 0.99)} ms, `
    + `longest ${times.at(-1)} ms, longest 503 ${sorted(refused).at(-1) ?? 0} ms`;
}

// Every answer was right, or a 503 of one that may fail.
export function assertSound(records, mayFail = () => false) {
  const wrong = failed(records).filter((record) => record.odd || !mayFail(record));
  const told = wrong.slice(0, 10).map(({ kind, status, odd, at: when, ms }) => `${kind.family} ${status} ${odd} sent ${when - records[0].at} ms, took ${ms} ms`);
  assert.equal(wrong.length, 0, `${wrong.length} of ${records.length} wrong: ${told.join('; ')}`);
}

const timesQuery = `SELECT message, count(*) FROM feedback GROUP BY 1 UNION ALL SELECT name, count(*) FROM experiments GROUP BY 1
  UNION ALL SELECT title, sum(events) FROM issues GROUP BY 1 UNION ALL SELECT id::text, count(*) FROM hits GROUP BY 1`;
// What is told of a write goes with it or not at all: a row for each member of the team.
const halfQuery = `SELECT f.id, count(n.id) FROM feedback f LEFT JOIN notifications n ON n.resource_id = f.id GROUP BY 1 HAVING count(n.id) <> ${roles.length}
  UNION ALL SELECT resource_id, count(*) FROM notifications WHERE type = 'issue.new' GROUP BY 1 HAVING count(*) <> ${roles.length}`;

// Of all loads so far: what was acknowledged was done once, what was not, once or never; nothing by halves.
// Returns how many writes were looked for.
export function assertOnce(scene) {
  const times = new Map(scene.admin(timesQuery).split('\n').map((line) => line.split('|')).map(([id, n]) => [id, Number(n)]));
  const writes = scene.all.filter(({ kind }) => kind.write);
  assert.ok(writes.length > rate);
  const wrong = writes.filter(({ id, done }) => (times.get(id) ?? 0) !== 1 && (done || times.has(id)));
  assert.deepEqual(wrong.map(({ kind, id, done, status }) => [kind.family, id, status, done, times.get(id) ?? 0]), [], 'once each');
  assert.equal(scene.admin(halfQuery), '', 'no news without what it tells of, nor the other way round');
  assert.equal(scene.admin(driftQuery), '', 'every inbox has what it counts');
  return `${writes.length} writes looked for, ${writes.filter(({ done }) => done).length} of them acknowledged: each there once; `
    + `of the others ${writes.filter(({ id, done }) => !done && times.has(id)).length} had been done`;
}
