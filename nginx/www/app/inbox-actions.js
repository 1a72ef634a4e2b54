/* inbox-actions - what can be done with a notification on the inbox page, said and undoable. */

import { byId, refocus } from './dom.js';
import { askSnooze, momentWords } from './snooze.js';
import { complain } from './status.js';
import { undoable } from './undo.js';
import { plural } from './words.js';

/* Is nobody anywhere else? Then the focus may go to the row that is back. */
function isFree(list) {
  const at = document.activeElement;
  return at === document.body || at.id === 'main' || at.closest('.toast') !== null || list.contains(at);
}

/* rows is a Roving over list; renew() reads what is true, and throws nothing. */
export function inboxActions({ store, rows, list, renew }) {
  function focusAgain({ id }) {
    const row = rows.rows.find(({ dataset }) => dataset.key === id);
    if (row !== undefined && isFree(list)) rows.focus(row);
  }

  async function change(promise, steps) {
    if (!(await undoable(promise, steps)) || store.isLoading) renew();
  }

  /* Undo by this method of the store, which puts the row back where it was. */
  const returning = (item, method) => async () => {
    const done = store[method](item);
    focusAgain(item); // it is there at once
    await done;
    return `“${item.title}” is back`;
  };

  async function toggle(item) {
    const read = item.read_at === null;
    try {
      await store.markRead(item, read);
      if (store.isLoading) renew();
    } catch (error) {
      complain(error, `It could not be marked as ${read ? 'read' : 'unread'}.`);
      renew();
    }
  }

  function remove(item) {
    return change(store.remove(item), {
      done: 'Notification deleted',
      failed: 'It was not deleted.',
      undo: returning(item, 'undoRemove'),
    });
  }

  async function snooze(item) {
    const until = await askSnooze(item.title);
    if (until === null) return;
    const again = Boolean(item.snooze_until);
    await change(again ? store.putOff(item, until) : store.snooze(item, until), {
      done: `Snoozed until ${momentWords(until)}`,
      failed: 'It was not snoozed.',
      undo: again
        ? async () => {
            await store.putOff({ ...item, snooze_until: until }, item.snooze_until);
            return `Snoozed until ${momentWords(item.snooze_until)}, as before`;
          }
        : returning(item, 'undoSnooze'),
    });
  }

  function bringBack(item) {
    return change(store.bringBack(item), {
      done: 'Back in the inbox',
      failed: 'It was not brought back.',
      undo: async () => {
        await returning(item, 'undoBringBack')();
        return `“${item.title}” is where it was`;
      },
    });
  }

  async function markAll({ currentTarget: button }) {
    const from = button.matches(':focus') ? button : null; // it is to lose it
    await change(store.markAll(), {
      from,
      done: 'All marked as read',
      failed: 'They are not marked as read.',
      isOne: ({ undo }) => undo !== undefined,
      async undo({ undo }) {
        const count = await store.undoMarkAll(undo);
        await renew(); // which rows they are only the server knows
        return count === 0
          ? 'Nothing was left to undo'
          : `${plural(count, 'notification')} unread again`;
      },
    });
    if (from !== null) refocus(from, byId('title'));
  }

  return { toggle, remove, snooze, bringBack, markAll };
}
