/* follow - leave by a link, but let the note of it reach the server first. */

const PATIENCE_MS = 1500;

/* True for a click that replaces this page, rather than opening a tab or a menu. */
function replacesPage(event) {
  return event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
}

/*
 * Handle a click on a row: mark() answers a promise, or undefined when there is nothing to do.
 * link is the row's <a>, or null.
 */
export async function markAndFollow(event, link, mark) {
  if (event.button > 1) return;
  const leave = link !== null && replacesPage(event);
  if (leave) event.preventDefault();
  const marked = mark();
  if (!leave) return;

  if (marked !== undefined) {
    const enough = new Promise((resolve) => {
      setTimeout(resolve, PATIENCE_MS);
    });
    await Promise.race([marked, enough]);
  }
  location.assign(link.href);
}
