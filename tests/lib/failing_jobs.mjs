// failing_jobs - what each job of carillon-cron is given to do, for failing_cron.test.mjs.
//   prepare()     for one run, the same each time; what earlier runs left is put out of the way
//   judge(sound)  fails if the last run left something half done, or, when it says so, not done
//   finish()      clean runs, and the exact end state of all that was ever prepared
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { call, cron, expect, quote, uuid, varDir } from './client.mjs';
import { ALL_DUE, dispatch, emptyQueue, enqueue, enqueueHooks, unfinished } from './queue.mjs';
import { checkEach, startReceiver } from './receiver.mjs';
import { checkExactly, startResend } from './resend.mjs';
import { startSmtp } from './smtp.mjs';
import { insertion, planned, storyQuery, waysOf, wholeStory } from './story.mjs';
import { driftQuery, insertUsers, makeUser, makeWebhook, makeWorld, roles, seeSnippet } from './world.mjs';

const list = (ids) => `ARRAY[${ids.map(quote).join(', ')}]::uuid[]`;
const noDrift = async (sql) => assert.deepEqual(await sql.rows(driftQuery), []);

/* ---- fire ---- */

function fire(sql, world) {
  const menu = waysOf(world);
  const all = [];
  let last = [];
  const stories = (some) => sql.rows(storyQuery(some.map(({ moment }) => moment.id)));
  return {
    name: 'fire', job: 'fire',
    prepare: async () => {
      const picked = [0, 1, 2].map((n) => menu[(all.length + n) % menu.length]);
      last = planned(world, picked.map(([wish]) => wish)).map((moment, n) => ({ moment, expected: picked[n][1] }));
      await sql.run(`BEGIN; UPDATE moments SET due_at = due_at + interval '100 days' WHERE outcome IS NULL AND due_at <= now();
        ${insertion(last.map(({ moment }) => moment))}; COMMIT`);
      all.push(...last);
    },
    judge: async (sound) => {
      const found = await stories(last);
      assert.deepEqual(found, last.map(({ moment, expected }, n) => wholeStory(moment, ...(sound || found[n].outcome ? expected : [null]))));
    },
    finish: async () => {
      await sql.run(`UPDATE moments SET due_at = due_at - interval '100 days' WHERE outcome IS NULL AND due_at > now()
        AND id = ANY (${list(all.map(({ moment }) => moment.id))})`);
      cron('fire');
      assert.deepEqual(await stories(all), all.map(({ moment, expected }) => wholeStory(moment, ...expected)));
      await noDrift(sql);
    },
  };
}

/* ---- dispatch ---- */

// What is to be sent in one run; ids() makes it, arrived(all) compares it with what was received.
function sending(sql, { name, env, ids, arrived }) {
  const all = [];
  let last = [];
  const again = `${ALL_DUE};
    UPDATE mail_pace SET next_at = '-infinity', per_second = 1000000, parked = NULL, parked_at = NULL, parked_until = NULL`;
  const clean = { ...env, CARILLON_LEASE_SECONDS: '2' };
  return {
    name: `dispatch by ${name}`, job: 'dispatch', env: clean,
    prepare: async () => {
      if (all.length === 0) emptyQueue(); // of what those before it had to tell
      await sql.run(`${again}; UPDATE deliveries SET next_try_at = now() + interval '1 day' WHERE status = 'pending' AND batch_id IS NULL;
        UPDATE mail_batches SET next_try_at = now() + interval '1 day'`);
      last = ids();
      all.push(...last);
    },
    judge: async (sound) => {
      const found = await sql.rows(`SELECT status, error FROM deliveries WHERE id = ANY (${list(last)})`);
      assert.equal(found.length, last.length);
      if (sound) // each sent, or to be tried again, or one of which nobody knows
        for (const { status, error } of found) assert.ok(status === 'sent' || (error && (status === 'pending' || /^unknown: /.test(error))), `${status} ${error}`);
    },
    finish: async () => {
      for (let n = 0; n < 30 && unfinished() > 0; n++) {
        await sql.run(again);
        await dispatch(clean);
        if (unfinished() > 0) await sleep(500); // the last lease
      }
      await arrived(all, await sql.rows(`SELECT id, status, error FROM deliveries WHERE id = ANY (${list(all)})`));
    },
  };
}

const allSent = (all, ended) => assert.deepEqual([ended.length, ended.filter(({ status }) => status !== 'sent')], [all.length, []]);

// A mail server knows no keys: what may be out is not sent again.
function smtpArrived(server, all, ended) {
  const times = new Map(all.map((id) => [id, 0]));
  for (const { delivery } of server.delivered) times.set(delivery, times.get(delivery) + 1);
  assert.equal(ended.length, all.length);
  assert.deepEqual(ended.filter(({ id, status, error }) => (status === 'sent' ? times.get(id) !== 1
    : status !== 'failed' || !/^unknown: /.test(error) || times.get(id) > 1)), [], 'sent is what arrived once; of the rest nobody knows');
}

async function senders(sql) {
  const [resend, server, receiver] = [await startResend(), await startSmtp(), await startReceiver()];
  const user = makeUser('receiver');
  insertUsers([user]);
  receiver.secret = makeWebhook(user, { url: receiver.url }).secret;
  const folder = path.join(varDir, 'mail-of-failing');
  const mail = () => enqueue(2);
  return {
    stop: () => [resend, server, receiver].forEach((each) => each.stop()),
    jobs: [
      { name: 'file', env: { CARILLON_MAIL_URL: `file:${folder}` }, ids: mail, arrived: (all, ended) => {
        allSent(all, ended);
        const found = readdirSync(folder).filter((name) => name.endsWith('.eml'));
        const got = found.map((name) => /^Message-ID: <([0-9a-f-]+)@/m.exec(readFileSync(path.join(folder, name), 'utf8'))[1]);
        assert.deepEqual(got.sort(), [...all].sort(), 'one file each');
      } },
      { name: 'resend', env: resend.env, ids: mail, arrived: (all, ended) => {
        allSent(all, ended);
        checkExactly(resend, all);
      } },
      { name: 'smtp', env: server.env, ids: mail, arrived: (all, ended) => smtpArrived(server, all, ended) },
      { name: 'webhook', env: { ...receiver.env, CARILLON_MAIL_URL: `file:${folder}` }, ids: () => enqueueHooks(user, 1), arrived: (all, ended) => {
        allSent(all, ended);
        checkEach(receiver, all, 3);
      } },
    ].map((sender) => sending(sql, sender)),
  };
}

/* ---- digest ---- */

function digest(sql, { team }) {
  const all = [];
  const members = roles.length;
  const story = (some) => sql.rows(`SELECT p.digested_at IS NOT NULL AS made, (SELECT count(*) FROM issue_news i WHERE i.project_id = p.id) AS news,
      (SELECT count(*) FROM notifications n WHERE n.project_id = p.id AND n.type = 'issue.digest') AS notices,
      (SELECT count(*) FROM deliveries d JOIN notifications n ON n.user_id = d.user_id AND n.id = d.notification_id
        WHERE n.project_id = p.id AND n.type = 'issue.digest') AS deliveries
    FROM projects p WHERE id = ANY (${list(some)})`);
  const ways = { true: { made: true, news: 0, notices: members, deliveries: 2 * members }, false: { made: false, news: 3, notices: 0, deliveries: 0 } };
  return {
    name: 'digest', job: 'digest',
    prepare: async () => {
      const [project, place] = [uuid(), uuid()];
      await sql.run(`BEGIN; UPDATE projects SET issue_digest = 'none' WHERE id IN (SELECT project_id FROM issue_news);
        INSERT INTO projects (id, team_id, name, issue_digest) VALUES (${quote(project)}, ${quote(team.id)}, 'Shop', 'hourly');
        INSERT INTO environments (id, project_id, name, position) VALUES (${quote(place)}, ${quote(project)}, 'production', 0);
        INSERT INTO issues (id, project_id, environment_id, title, status_at, last_seen_at, created_at)
          SELECT gen_random_uuid(), ${quote(project)}, ${quote(place)}, 'It broke', now(), now(), now() FROM generate_series(1, 3) n;
        INSERT INTO issue_news (project_id, issue_id) SELECT project_id, id FROM issues WHERE project_id = ${quote(project)}; COMMIT`);
      all.push(project);
    },
    judge: async (sound) => {
      const [found] = await story(all.slice(-1));
      assert.deepEqual(found, ways[sound || found.made]);
    },
    finish: async () => {
      await sql.run(`UPDATE projects SET issue_digest = 'hourly' WHERE id IN (SELECT project_id FROM issue_news)`);
      cron('digest');
      assert.deepEqual(await story(all), all.map(() => ways.true));
      await noDrift(sql);
    },
  };
}

/* ---- jobs ---- */

const MESSAGES = 30;

function exports(sql, { team, owner, viewer }) {
  const all = [];
  const folder = path.join(varDir, 'exports');
  const ways = { pending: [false, 0, 0], running: [false, 0, 0], completed: [true, 1, 1] };
  const story = (some) => sql.rows(`SELECT id, status, file_name IS NOT NULL AS file,
    (SELECT count(*) FROM notifications WHERE user_id = ${quote(owner.id)} AND dedupe_key = 'job:' || j.id) AS notices,
    (SELECT count(*) FROM audit a WHERE a.team_id = j.team_id AND a.resource_id = j.id) AS audits FROM jobs j WHERE id = ANY (${list(some)})`);
  return {
    name: 'jobs', job: 'jobs',
    prepare: async () => {
      const [job, project] = [uuid(), uuid()];
      await sql.run(`BEGIN; UPDATE jobs SET type = 'parked' WHERE status = 'pending';
        INSERT INTO projects (id, team_id, name) VALUES (${quote(project)}, ${quote(team.id)}, 'Shop');
        INSERT INTO feedback (project_id, message) SELECT ${quote(project)}, 'm' || n FROM generate_series(1, ${MESSAGES}) n;
        INSERT INTO jobs (id, team_id, project_id, type, started_by, notify, tells)
        VALUES (${quote(job)}, ${quote(team.id)}, ${quote(project)}, 'project_export', ${quote(owner.id)}, true, ${quote(owner.id)}); COMMIT`);
      all.push(job);
    },
    judge: async (sound) => {
      const [{ status, file, notices, audits }] = await story(all.slice(-1));
      assert.deepEqual([file, notices, audits], ways[status], status);
      assert.ok(!sound || status !== 'failed', status);
    },
    finish: async () => {
      await sql.run(`UPDATE jobs SET type = 'project_export' WHERE type = 'parked'; UPDATE jobs SET lease_until = now() - interval '1 second' WHERE status = 'running'`);
      cron('jobs');
      for (const found of await story(all)) {
        assert.deepEqual([found.status, found.file, found.notices, found.audits], ['completed', ...ways.completed]);
        const { feedback } = expect(await call('GET', `/v1/jobs/${found.id}/file`, { as: viewer.token }), 200);
        assert.equal(new Set(feedback.map(({ id }) => id)).size, MESSAGES);
      }
      assert.deepEqual(readdirSync(folder).map((name) => name.slice(0, 36)).sort(), [...all].sort(), 'one file each');
      await noDrift(sql);
    },
  };
}

/* ---- wake and cleanup ---- */

// Rows of six inboxes, made before each run; a clean run after it does what is left.
function tidying(sql, { name, make, query, ways, clean }) {
  const users = Array.from({ length: 3 }, (_, n) => makeUser(`${name}${n}`));
  insertUsers(users);
  const ids = users.map(({ id }) => quote(id)).join(', ');
  const look = async (sound) => {
    for (const found of await sql.rows(query(ids))) assert.ok((sound ? ways.slice(0, 1) : ways).some((way) => JSON.stringify(way) === JSON.stringify(found)), JSON.stringify(found));
    await noDrift(sql);
  };
  return {
    name, job: name,
    prepare: () => sql.run(`BEGIN; DELETE FROM notifications WHERE user_id IN (${ids});
      UPDATE inbox SET unread = 0, version = version + 1 WHERE user_id IN (${ids}); ${make(ids)}; COMMIT`),
    judge: async (sound) => {
      await look(sound);
      if (clean) cron(name);
      await look(true);
    },
    finish: () => look(true),
  };
}

const wake = (sql) => tidying(sql, {
  name: 'wake', clean: true,
  make: (ids) => `INSERT INTO notifications (user_id, type, title, dedupe_key, snooze_until)
    SELECT user_id, 'issue.new', 't', 'k:' || n, now() - interval '1 minute' FROM inbox, generate_series(1, 3) n WHERE user_id IN (${ids})`,
  query: (ids) => `SELECT i.unread, count(*) FILTER (WHERE n.snooze_until IS NOT NULL) AS asleep
    FROM inbox i JOIN notifications n ON n.user_id = i.user_id WHERE i.user_id IN (${ids}) GROUP BY i.user_id, i.unread`,
  ways: [{ unread: 3, asleep: 0 }, { unread: 0, asleep: 3 }],
});

const cleanup = (sql) => tidying(sql, {
  name: 'cleanup', clean: true,
  make: (ids) => `INSERT INTO notifications (user_id, type, title, dedupe_key, read_at, deleted_at)
    SELECT user_id, 'issue.new', 't', 'k:' || n, now() - interval '200 days', CASE n WHEN 1 THEN now() - interval '100 days' END
      FROM inbox, generate_series(1, 2) n WHERE user_id IN (${ids})`,
  query: (ids) => `SELECT (SELECT count(*) FROM notifications n WHERE n.user_id = i.user_id) AS rows,
    (SELECT count(*) FROM notifications n WHERE n.user_id = i.user_id AND n.deleted_at IS NOT NULL) AS deleted FROM inbox i WHERE user_id IN (${ids})`,
  ways: [{ rows: 1, deleted: 1 }, { rows: 2, deleted: 2 }, { rows: 1, deleted: 0 }, { rows: 2, deleted: 1 }],
});

export async function makeJobs(sql) {
  const world = makeWorld();
  seeSnippet(world.team.project);
  const { stop, jobs } = await senders(sql);
  return { stop, jobs: [fire(sql, world), digest(sql, world), exports(sql, world), wake(sql), cleanup(sql), ...jobs] };
}
