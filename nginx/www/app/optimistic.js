/*
 * optimistic - show a change before the server has agreed, and take it back if it does not.
 *
 * Reads and writes cross on the wire. An answer that was asked for before a write began, or that
 * arrives while one is under way, shows the past; read() drops it, so nothing flickers back.
 */

export class Optimistic {
  #epoch = 0;
  #writing = 0;

  /* Fetch, then apply the answer unless a write overtook it. Resolves to whether it was applied. */
  async read(fetcher, apply) {
    const epoch = this.#epoch;
    const answer = await fetcher();
    if (epoch !== this.#epoch || this.#writing > 0) return false;
    apply(answer);
    return true;
  }

  /*
   * Change what is shown, tell the server, put it back if that fails.
   *   apply  changes the screen now
   *   undo   takes exactly that change back; other writes may have happened since
   *   send   does the request; its answer is the result, its error is thrown on
   */
  async write({ apply, undo, send }) {
    this.#epoch += 1;
    this.#writing += 1;
    apply();
    try {
      return await send();
    } catch (error) {
      undo();
      throw error;
    } finally {
      this.#writing -= 1;
      this.#epoch += 1;
    }
  }
}
