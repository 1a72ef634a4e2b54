// story - moments that are due, made by the dozen, and what has become of each: its outcome, its
// notice, the deliveries, the entry in the audit log and the state of what it was for.
import { jsonb, quote, uuid } from './client.mjs';
import { launchable } from './world.mjs';

const first = { launch: true, enable: true };
const onFlag = { enable: true, disable: true };
const states = { launch: 'SCHEDULED', end: 'RUNNING', enable: 'off', disable: 'on' };
const done = { launch: 'RUNNING', end: 'PAUSED', enable: 'on', disable: 'off' };

// One moment to be: kind, and
//   late   an interval before the database's now, 1 minute unless told
//   by     who scheduled it; the world's developer unless told
//   state  of the experiment, or of the toggle: on, off, ARCHIVED
//   then   { kind, days, time }: the moment that follows it, by a rule
// and fields of the experiment, as metrics: [].  Returned with id (the moment's), resource and flag.
export function planned(world, list) {
  return list.map(({ kind, late = '1 minute', by = world.developer.id, state = states[kind], then = null, ...fields }) => ({
    id: uuid(), schedule: uuid(), resource: uuid(), flag: onFlag[kind] ? uuid() : null, after: then && uuid(),
    kind, late, by, state, then, project: world.team.project, environment: world.team.environments.production,
    experiment: { ...launchable, ...fields },
  }));
}

// One of every way that a moment can go, for planned(), and what becomes of it: its outcome and reason.
export const waysOf = (world) => [
  [{ kind: 'launch', then: { kind: 'end', days: 3, time: '09:30' } }, ['FIRED', null]],
  [{ kind: 'enable' }, ['FIRED', null]],
  [{ kind: 'end', late: '2 hours' }, ['MISSED', 'too_late']],
  [{ kind: 'launch', metrics: [] }, ['FAILED', 'preflight_failed']],
  [{ kind: 'disable' }, ['FIRED', null]],
  [{ kind: 'end' }, ['FIRED', null]],
  [{ kind: 'enable', by: world.viewer.id }, ['FAILED', 'permission_revoked']],
  [{ kind: 'disable', state: 'off' }, ['FIRED', 'already_there']],
];

// The statements that put them into the database.
export const insertion = (moments) => {
  const data = moments.map((m) => ({ ...m, begins: Boolean(first[m.kind]), on_flag: Boolean(onFlag[m.kind]),
    days: m.then?.days, time: m.then?.time, next: m.then?.kind }));
  const of = `FROM jsonb_to_recordset(${jsonb(data)}) AS t (id uuid, schedule uuid, resource uuid, flag uuid, after uuid, kind text,
    late interval, by uuid, state text, project uuid, environment uuid, experiment jsonb, begins boolean, on_flag boolean,
    days integer, time text, next text)`;
  const at = `date_trunc('milliseconds', now()) - late`;
  return `INSERT INTO experiments (id, project_id, name, status, url_rules, variations, metrics)
    SELECT resource, project, 'Try ' || left(id::text, 4), state, experiment -> 'url_rules', experiment -> 'variations', experiment -> 'metrics'
    ${of} WHERE NOT on_flag;
  INSERT INTO flags (id, project_id, key, name, kind, variations, default_on, default_off, enabled_in, status)
    SELECT flag, project, 'flag-' || flag, 'Flag', 'boolean', '[{"name":"on","value":true},{"name":"off","value":false}]', 'on', 'off',
      CASE state WHEN 'on' THEN ARRAY[environment] ELSE '{}' END, CASE state WHEN 'ARCHIVED' THEN state ELSE 'ACTIVE' END ${of} WHERE on_flag;
  INSERT INTO flag_environments (id, flag_id, environment_id) SELECT resource, flag, environment ${of} WHERE on_flag;
  INSERT INTO schedules (id, project_id, resource_kind, resource_id, resource_name, environment_id, environment_name, time_zone,
      first_at, end_at, end_days, end_time, scheduled_by)
    SELECT schedule, project, CASE WHEN on_flag THEN 'flag_environment' ELSE 'experiment' END, resource, 'Name',
      CASE WHEN on_flag THEN environment END, CASE WHEN on_flag THEN 'production' END, 'Europe/Berlin',
      CASE WHEN begins THEN ${at} END, CASE WHEN NOT begins THEN ${at} END, days, time, by ${of};
  INSERT INTO moments (id, schedule_id, project_id, kind, due_at, scheduled_by) SELECT id, schedule, project, kind, ${at}, by ${of};
  INSERT INTO moments (id, schedule_id, project_id, kind, due_at, scheduled_by)
    SELECT after, schedule, project, next, now() + interval '400 days', by ${of} WHERE after IS NOT NULL`;
};

// What became of the moments with these ids, in their order.  touched: changes of the experiment or toggle.
export const storyQuery = (ids) => `SELECT m.id, m.kind, m.outcome, m.reason, s.status AS schedule,
    CASE WHEN f.status = 'ARCHIVED' THEN f.status WHEN t.environment_id = ANY (f.enabled_in) THEN 'on' WHEN f.id IS NOT NULL THEN 'off' ELSE e.status END AS state,
    coalesce(e.version, f.version) - 1 AS touched, n.notices, n.told, d.deliveries, a.audits
  FROM unnest(ARRAY[${ids.map(quote).join(', ')}]::uuid[]) WITH ORDINALITY AS ids (id, place)
  JOIN moments m ON m.id = ids.id
  JOIN schedules s ON s.id = m.schedule_id
  LEFT JOIN experiments e ON e.id = s.resource_id
  LEFT JOIN (flag_environments t JOIN flags f ON f.id = t.flag_id) ON t.id = s.resource_id
  CROSS JOIN LATERAL (SELECT count(*) AS notices, coalesce(array_agg(user_id ORDER BY user_id), '{}') AS told FROM notifications
    WHERE dedupe_key = 'moment:' || m.id) n
  CROSS JOIN LATERAL (SELECT coalesce(string_agg(d.channel, ' ' ORDER BY d.channel), '') AS deliveries FROM deliveries d
    JOIN notifications n ON n.user_id = d.user_id AND n.id = d.notification_id WHERE n.dedupe_key = 'moment:' || m.id) d
  CROSS JOIN LATERAL (SELECT coalesce(string_agg(action, ' '), '') AS audits FROM audit
    WHERE team_id = (SELECT team_id FROM projects WHERE id = m.project_id) AND resource_id = s.resource_id
      AND actor_type = 'SYSTEM' AND after ->> 'moment' = m.kind) a
  ORDER BY ids.place`;

// Of a moment that was decided once, and wholly, or (outcome null) not at all.
export function wholeStory(moment, outcome = 'FIRED', reason = null, more = {}) {
  const untold = { notices: 0, told: [], deliveries: '', audits: '', schedule: 'PENDING', touched: 0, state: moment.state };
  const state = outcome === 'FIRED' && reason === null ? done[moment.kind]
    : outcome && moment.kind === 'launch' && moment.state === 'SCHEDULED' && outcome !== 'FIRED' ? 'DRAFT' : moment.state;
  const told = outcome ? { notices: 1, told: [moment.by], deliveries: 'email in_app', audits: `schedule.${outcome.toLowerCase()}`,
    schedule: moment.then && outcome === 'FIRED' ? 'PENDING' : 'DONE', touched: 1, state } : untold;
  return { id: moment.id, kind: moment.kind, outcome, reason, ...told, ...more };
}
