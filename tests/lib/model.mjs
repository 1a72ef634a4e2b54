// model - what schedules are meant to do, once more and in another language than cron/ and common/:
// every step that a person or the clock takes on an experiment or on a flag's toggle, and what is
// to be seen afterwards.  tests/faults/random.test.mjs plays both against each other.
const minute = 60000;
const hour = 60 * minute;
const first = { experiment: 'launch', flag: 'enable' };
const second = { experiment: 'end', flag: 'disable' };
const moves = { DRAFT: { publish: 'RUNNING' }, RUNNING: { pause: 'PAUSED' }, PAUSED: { resume: 'RUNNING', stop: 'COMPLETED' },
  COMPLETED: { archive: 'ARCHIVED' } };
const aim = { launch: 'RUNNING', end: 'PAUSED', enable: 'on', disable: 'off' };

// A resource: what it is, its state, its schedule to come (or null), every moment that ever was, and
// how many entries of the audit log people have made.
export const fresh = (what, id) => ({ what, id, state: what === 'flag' ? 'off' : 'DRAFT', ready: true, plan: null, moments: [], entries: 0 });

const open = (it) => it.moments.filter((m) => m.plan === it.plan && m.outcome === null);
const settle = (m, outcome, reason) => Object.assign(m, { outcome, reason });

function close(it) {
  if (it.plan && open(it).length === 0) it.plan = null;
}

/* ---- what a person does: true when it is allowed ---- */

// wish: { first: ms or null, end: null, { at: ms } or { days, hh, mm } }, all in UTC; who: the scheduler.
function save(it, wish, who) {
  const [one, two] = [first[it.what], second[it.what]];
  if (['ARCHIVED', null].includes(it.state)) return false;
  const old = it.plan && it.moments.find((m) => m.plan === it.plan && m.kind === one && m.outcome !== 'CANCELLED');
  const begun = Boolean(old && ['FIRED', 'MISSED', 'FAILED'].includes(old.outcome));
  const counted = begun ? old.due : wish.first;
  if (begun && wish.first !== null && wish.first !== old.due) return false;
  const begins = wish.first !== null && !begun;
  if (wish.end?.days !== undefined && counted === null) return false;
  const end = !wish.end ? null : wish.end.at ?? relative(counted, wish.end);
  if (!begins && end === null) return false;
  if (end !== null && counted !== null && end <= counted) return false;
  if (it.what === 'experiment') {
    if (begins && !['DRAFT', 'SCHEDULED'].includes(it.state)) return false;
    if (!begins && it.state !== 'RUNNING') return false;
    if (begins && !it.ready) return false;
  } else if (!begins && it.state !== 'on') return false;
  it.plan ??= { id: null };
  Object.assign(it.plan, { who, end: wish.end });
  for (const [kind, at] of [[one, begins ? wish.first : null], [two, end]]) put(it, kind, at, who);
  if (it.state === 'DRAFT') it.state = 'SCHEDULED';
  it.entries++;
  return true;
}

export function relative(from, { days, hh, mm }) {
  const start = new Date(from);
  return Date.UTC(start.getUTCFullYear(), start.getUTCMonth(), start.getUTCDate() + days, hh, mm);
}

// Moment kind of the plan is at (ms); null: it will not come.
function put(it, kind, at, who) {
  const m = it.moments.find((each) => each.plan === it.plan && each.kind === kind);
  if (at === null) {
    if (m?.outcome === null) settle(m, 'CANCELLED', 'edited');
  } else if (!m) it.moments.push({ plan: it.plan, kind, due: at, who, outcome: null, reason: null });
  else if ([null, 'CANCELLED', 'DROPPED'].includes(m.outcome)) Object.assign(m, { due: at, who, outcome: null, reason: null });
}

function cancel(it) {
  if (!it.plan || it.state === null) return false;
  open(it).forEach((m) => settle(m, 'CANCELLED', 'cancelled'));
  it.plan = null;
  if (it.state === 'SCHEDULED') it.state = 'DRAFT';
  it.entries++;
  return true;
}

function drop(it, which) {
  open(it).filter(which).forEach((m) => settle(m, 'DROPPED', 'manual_change'));
  close(it);
}

function become(it, state) {
  it.state = state;
  it.entries++;
  return true;
}

function act(it, action) {
  const to = moves[it.state]?.[action];
  if (!to || (it.state === 'DRAFT' && !it.ready)) return false;
  drop(it, () => true);
  return become(it, to);
}

function toggle(it, action) {
  if (!['on', 'off'].includes(it.state)) return false;
  const enables = open(it).some((m) => m.kind === 'enable');
  const to = action === 'run' ? 'on' : 'off';
  if (to === it.state) return true;
  drop(it, (m) => (to === 'on' ? m.kind === 'enable' || (it.plan.end?.days !== undefined && enables) : m.kind === 'disable' && !enables));
  return become(it, to);
}

function end(it, state) {
  if (it.state === null) return false;
  return it.state === state || become(it, state);
}

// Take the step { do, ... } on it; whether the API allows it.
export function step(it, { do: what, wish, who, ready }) {
  if (what === 'save') return save(it, wish, who);
  if (what === 'cancel') return cancel(it);
  if (what === 'edit') {
    if (['ARCHIVED', null].includes(it.state)) return false;
    if (it.ready === ready) return true;
    if (!['DRAFT', 'SCHEDULED'].includes(it.state)) return false;
    it.entries++;
    it.ready = ready;
    return true;
  }
  if (what === 'delete') return end(it, null);
  if (it.what === 'flag') return what === 'archive' ? end(it, 'ARCHIVED') : toggle(it, what);
  return act(it, what);
}

/* ---- what the clock does ---- */

function refusal(it, m, mayPublish) {
  if (!mayPublish) return 'permission_revoked';
  if (it.state === null || it.state === 'ARCHIVED') return 'resource_unavailable';
  if (it.state === aim[m.kind] || (m.kind === 'end' && it.state === 'COMPLETED')) return null;
  if (m.kind === 'launch' && it.state !== 'SCHEDULED') return 'status_changed';
  if (m.kind === 'end' && it.state !== 'RUNNING') return 'status_changed';
  return m.kind === 'launch' && !it.ready ? 'preflight_failed' : null;
}

function decide(it, m, at, may) {
  const reason = at - m.due > hour ? 'too_late' : refusal(it, m, may(m.who));
  const rest = open(it).filter((each) => each !== m);
  if (reason === null) {
    settle(m, 'FIRED', it.state === aim[m.kind] || it.state === 'COMPLETED' ? 'already_there' : null);
    if (m.reason === null) it.state = aim[m.kind];
  } else {
    settle(m, reason === 'too_late' ? 'MISSED' : 'FAILED', reason);
    if (m.kind === 'launch' && it.state === 'SCHEDULED') it.state = 'DRAFT';
    if (m.kind === 'launch' || (m.kind === 'enable' && it.plan.end?.days !== undefined)) rest.forEach((each) => settle(each, 'DROPPED', 'not_started'));
  }
  m.told = true;
  close(it);
}

// Cron at (ms), in the order of due; may(who) says who may publish.  How many were decided.
export function fireAt(all, at, may) {
  let n = 0;
  for (const it of all)
    for (;;) {
      const [m] = open(it).filter((each) => each.due <= at).sort((a, b) => a.due - b.due);
      if (!m) break;
      decide(it, m, at, may);
      n++;
    }
  return n;
}
