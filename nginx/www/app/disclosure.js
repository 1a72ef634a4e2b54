/* disclosure - a button that shows and hides a panel; Escape and a click elsewhere close it. */

/* Wire both; answers {close}. The panel must follow the button in the document. */
export function disclosure(button, panel) {
  function set(open) {
    panel.hidden = !open;
    button.setAttribute('aria-expanded', String(open));
  }

  const inside = (node) => node !== null && (button.contains(node) || panel.contains(node));

  function onKey(event) {
    if (event.key !== 'Escape' || panel.hidden) return;
    event.stopPropagation();
    set(false);
    button.focus();
  }

  for (const element of [button, panel]) {
    element.addEventListener('keydown', onKey);
    element.addEventListener('focusout', ({ relatedTarget }) => {
      if (relatedTarget !== null && !inside(relatedTarget)) set(false);
    });
  }
  button.addEventListener('click', () => set(panel.hidden));
  document.addEventListener('pointerdown', ({ target }) => {
    if (!inside(target)) set(false);
  });
  set(false);
  return { close: () => set(false) };
}
