/* focus - whoever is in a part of the page that goes away goes on beside it. */

/* Give an element the focus, also one that Tab does not stop at. */
export function focusOn(element) {
  if (element.tabIndex < 0) element.setAttribute('tabindex', '-1');
  element.focus();
}

/* The heading of the card that an element is in, or of the page. */
export const headingOf = (element) =>
  (element.closest('.card') ?? document).querySelector('h2, h1');

const besides = (element) =>
  element.nextElementSibling ?? element.previousElementSibling ?? headingOf(element);

/*
 * Take an element away, unless a list that was read anew has done so; whoever is in it goes on at this
 * one, by default the row beside it, else the card's heading.
 */
export function takeOut(element, next = null) {
  if (!element.isConnected) return;
  const inside = element.contains(document.activeElement);
  const beside = next ?? besides(element);
  element.remove();
  if (inside) focusOn(beside);
}

/*
 * Before all of place is drawn again: answers how to give the focus back then, to what has the same
 * data-focus-key, else to otherwise(), by default the heading.
 */
export function keepFocus(place, otherwise = () => headingOf(place)) {
  const active = document.activeElement;
  if (active === place || !place.contains(active)) return () => {};
  return () => {
    if (active.isConnected) return;
    const key = active.dataset.focusKey;
    const again = key && place.querySelector(`[data-focus-key="${CSS.escape(key)}"]`);
    focusOn(again && !again.disabled ? again : otherwise());
  };
}
