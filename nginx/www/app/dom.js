/* dom - make and update elements. Text from data only ever becomes a text node. */

/* Set an attribute, a listener (onclick: fn) or nothing (null, undefined, false). */
function setProperty(element, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
  else element.setAttribute(name, value === true ? '' : value);
}

/* h('a', {class: 'x', href: '/y', onclick: f}, 'text', child, null) */
export function h(name, properties = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) setProperty(element, key, value);
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

export function byId(id) {
  return document.getElementById(id);
}

/* Only when it says something else: what is selected or marked in it lasts. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/* A name from data inside a line of ours: written its own way, it leaves the order of the others alone. */
export function named(text) {
  return h('bdi', {}, text);
}

/* Words for assistive technology only. */
export function hidden(text) {
  return h('span', { class: 'visually-hidden' }, text);
}

/* Where nothing has the focus, or what cannot keep it: give it to the first of these that takes it. */
export function refocus(...elements) {
  for (const element of elements) {
    const at = document.activeElement;
    if (at === document.body || at.matches(':disabled')) element?.focus();
  }
}

/* Do it with a button disabled; the focus that costs the button comes back, unless it went elsewhere. */
export async function whileBusy(button, work) {
  const focused = button.matches(':focus');
  button.disabled = true;
  try {
    return await work();
  } finally {
    button.disabled = false;
    if (focused) refocus(button);
  }
}

/* work, but for calls that come while one is under way: a second click must not ask a second time. */
export function oneAtATime(work) {
  let busy = false;
  return async (...args) => {
    if (busy) return;
    busy = true;
    try {
      await work(...args);
    } finally {
      busy = false;
    }
  };
}

/*
 * Make parent's children show items, in order, reusing the element of each key: focus, scroll and
 * running animations survive a refresh.
 *   keyOf   item -> string, unique
 *   create  item -> new element
 *   update  (element, item) brings an element up to date; called for new ones too
 */
export function reconcile(parent, items, { keyOf, create, update }) {
  const wanted = new Set(items.map(keyOf));
  const old = new Map();
  for (const child of [...parent.children]) {
    if (wanted.has(child.dataset.key)) old.set(child.dataset.key, child);
    else child.remove();
  }

  let place = parent.firstElementChild;
  for (const item of items) {
    const key = keyOf(item);
    const element = old.get(key) ?? create(item);
    element.dataset.key = key;
    update(element, item);
    if (element === place) place = place.nextElementSibling;
    else parent.insertBefore(element, place);
  }
}
