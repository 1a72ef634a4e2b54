/*
 * undo - what was done last can be taken back, for ten minutes: by a button in the status line,
 * and by a key. Only who calls it knows how; here is only the order.
 */

import { onKeys } from './keys.js';
import { complain, say } from './status.js';

const FOR_MS = 600000; // as long as the API remembers what it marked

const steps = []; // newest last

function forgetExpired() {
  while (steps.length > 0 && steps[0].until < Date.now()) steps.shift();
}

function forget(step) {
  const at = steps.indexOf(step);
  if (at >= 0) steps.splice(at, 1);
  return at >= 0;
}

async function takeBack(step) {
  if (!forget(step)) return;
  try {
    const result = await step.done;
    say(await step.undo(result));
  } catch (error) {
    complain(error, 'It was not undone.');
  }
}

/*
 * Say what a change did, or that it failed, and let it be undone. Resolves to whether it worked.
 *   change  the promise of it
 *   undo    async (its result) -> what to say when it is undone
 *   isOne   (its result) -> false when there is nothing to undo
 *   from    see say()
 */
export async function undoable(change, { done, failed, undo, isOne = () => true, from }) {
  const step = { done: change, undo, until: Date.now() + FOR_MS };
  forgetExpired();
  steps.push(step);
  try {
    const result = await change;
    if (!steps.includes(step)) return true; // undone already, by a quick hand
    if (isOne(result)) {
      const act = () => takeBack(step);
      say(done, { words: 'Undo', shortcut: 'undo', act, stay: FOR_MS, from });
    } else {
      forget(step);
      say(done);
    }
    return true;
  } catch (error) {
    if (forget(step)) complain(error, failed);
    return false;
  }
}

function undoLast() {
  forgetExpired();
  if (steps.length > 0) takeBack(steps.at(-1));
  else say('There is nothing to undo');
}

/* Once, on a page where something can be undone. */
export function followUndo() {
  onKeys({ undo: undoLast });
}
