/* confirmed - what cannot be taken back: asked first, then done, and said. */

import { confirmAction } from './dialog.js';
import { complain, say } from './status.js';

/* question: see confirmAction(); done and failed are what is said when act() worked, or threw. */
export async function confirmed(question, { act, done, failed }) {
  if (!(await confirmAction(question))) return;
  try {
    await act();
    say(done);
  } catch (error) {
    complain(error, failed);
  }
}
