// inbox_model - what an inbox is meant to do, once more: rows, what its owner and cron do to them, and
// what is then to be seen.  tests/faults/inbox.test.mjs plays both against each other.
const day = 86400000;

// A row: { id, type, created_at, read, deleted, snoozed, restored, marked }, the last four null or a moment
// in ms, marked the number of the call that marked it and that nothing touched since.
export const freshInbox = () => ({ rows: [], marks: new Map() });

export const shown = (row) => row.deleted === null && row.snoozed === null;
const counted = (row) => shown(row) && row.read === null;
const newestFirst = (key) => (a, b) => b[key] - a[key] || (a.id < b.id ? 1 : -1);

/* ---- what is to be seen ---- */

export const listed = (box) => box.rows.filter(shown).sort(newestFirst('created'));
export const unread = (box) => listed(box).filter(counted);
export const binned = (box) => box.rows.filter((row) => row.deleted !== null);
export const asleep = (box) => box.rows.filter((row) => row.snoozed !== null && row.deleted === null)
  .sort((a, b) => a.snoozed - b.snoozed || (a.id < b.id ? -1 : 1));

export function counts(box) {
  const types = {};
  for (const row of unread(box)) types[row.type] = (types[row.type] ?? 0) + 1;
  return { unread: unread(box).length, snoozed: asleep(box).length, bin: binned(box).length, types };
}

/* ---- what is done: each returns what the answer is to say, or null where it is to be a 404 ---- */

const find = (box, id) => box.rows.find((row) => row.id === id && row.deleted === null) ?? null;
const touch = (row, change) => Object.assign(row, { marked: null }, change);

export function give(box, row) {
  box.rows.push({ read: null, deleted: null, snoozed: null, restored: null, marked: null, ...row });
}

export function mark(box, id, read, now) {
  const row = find(box, id);
  return row && touch(row, { read: read ? now : null });
}

// The bell's: what is read stays as it is, but has been touched.
export function open(box, id, now) {
  const row = find(box, id);
  return row && touch(row, { read: row.read ?? now });
}

// until: ms or null; read: true, false or undefined
export function snooze(box, id, until, read, now) {
  const row = find(box, id);
  if (!row) return null;
  if (row.snoozed === until && read === undefined) return row;
  const left = until === null ? null : row.read;
  return touch(row, { snoozed: until, read: read === undefined ? left : read ? now : null });
}

export function remove(box, id, now) {
  const row = find(box, id);
  return row && Object.assign(row, { deleted: now });
}

export function restore(box, id, now) {
  const row = box.rows.find((each) => each.id === id && each.deleted !== null) ?? null;
  return row && touch(row, { deleted: null, snoozed: null, restored: now });
}

// upTo: a row, or undefined for all
export function markAll(box, { type, upTo }, now) {
  const old = (row) => !upTo || row.created < upTo.created || (row.created === upTo.created && row.id <= upTo.id);
  const hit = box.rows.filter((row) => counted(row) && (!type || row.type === type) && old(row));
  const call = { hit };
  for (const row of hit) Object.assign(row, { read: now, marked: call });
  return call;
}

// call: what markAll returned
export function undo(call) {
  const back = call.hit.filter((row) => row.marked === call && shown(row));
  for (const row of back) touch(row, { read: null });
  return back.length;
}

/* ---- cron ---- */

export function wake(box, at) {
  const due = asleep(box).filter((row) => row.snoozed <= at);
  for (const row of due) touch(row, { snoozed: null, read: null });
  return due.length;
}

export function cleanup(box, at) {
  const gone = box.rows.filter((row) => row.deleted !== null && row.deleted < at - 90 * day);
  const old = box.rows.filter((row) => shown(row) && row.read !== null && Math.max(row.read, row.restored ?? 0) < at - 30 * day);
  for (const row of old) row.deleted = at;
  box.rows = box.rows.filter((row) => !gone.includes(row));
  return { deleted: old.length, erased: gone.length };
}
