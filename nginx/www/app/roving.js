/*
 * roving - a list of which one row is in the order of Tab; keys lead to the others.
 *
 * Fifty rows of four controls would stand between a person and what comes after the list. The row
 * that had the focus last is the one; when it leaves the list, its neighbour takes its place, and
 * the focus if it had it.
 */

const CONTROLS = 'a[href], button, summary';

export class Roving {
  #list;
  #row;
  #main;
  #last = null; // the row in the order of Tab
  #away;

  /*
   *   list  the element around all rows; row is their selector
   *   main  row -> what of it gets the focus
   *   away  where the focus goes when no row is left
   */
  constructor(list, { row, main, away }) {
    this.#list = list;
    this.#row = row;
    this.#main = main;
    this.#away = away;
    list.addEventListener('focusin', ({ target }) => this.#enter(target.closest(row)));
  }

  get rows() {
    return [...this.#list.querySelectorAll(this.#row)];
  }

  /* The row that has the focus, or null. */
  get focused() {
    const row = document.activeElement?.closest(this.#row) ?? null;
    return row !== null && this.#list.contains(row) ? row : null;
  }

  #enter(row) {
    if (row === null || row === this.#last) return;
    if (this.#last !== null) this.#reach(this.#last, false);
    this.#last = row;
    this.#reach(row, true);
  }

  #reach(row, byTab) {
    for (const control of row.querySelectorAll(CONTROLS)) {
      if (byTab) control.removeAttribute('tabindex');
      else control.tabIndex = -1;
    }
  }

  /* After rows have come and gone. */
  #settle(row) {
    const { rows } = this;
    this.#last = row ?? rows[0] ?? null;
    for (const each of rows) this.#reach(each, each === this.#last);
  }

  /* Call draw(), which may add and remove rows; the focus stays with its row, or near it, if it was in the list. */
  around(draw) {
    const { rows, focused } = this;
    const holder = this.#list.contains(document.activeElement) ? document.activeElement : null;
    const at = rows.indexOf(focused ?? this.#last);
    const near = at < 0 ? [] : [...rows.slice(at), ...rows.slice(0, at).reverse()];
    draw();
    this.#settle(near.find((row) => row.isConnected) ?? null);
    if (holder === null || holder.isConnected) return;
    if (this.#last === null) this.#away.focus();
    else this.focus(this.#last);
  }

  focus(row) {
    this.#main(row)?.focus();
  }

  /* To the next or previous row; from outside of the list to the one that Tab would reach. */
  step(by) {
    const { rows, focused } = this;
    const to = focused === null ? rows.indexOf(this.#last) : rows.indexOf(focused) + by;
    if (rows[to] === undefined) return false;
    this.focus(rows[to]);
    return true;
  }

  first() {
    if (this.rows.length > 0) this.focus(this.rows[0]);
  }

  last() {
    if (this.rows.length > 0) this.focus(this.rows.at(-1));
  }
}
