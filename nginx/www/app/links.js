/*
 * links - which addresses from data may become a link.
 *
 * Only a path on this origin: '/x', never '//host', a scheme, a backslash, a space or a control
 * character (browsers drop tabs and line ends inside an address, so '/\t/host' would leave us).
 */

const PATH = /^\/(?!\/)[^\\\u0000-\u0020\u007f]*$/;
const LONGEST = 2000;

/* The path itself, or null. */
export function safePath(text) {
  if (typeof text !== 'string' || text.length > LONGEST || !PATH.test(text)) return null;
  return new URL(text, location.origin).origin === location.origin ? text : null;
}

/* Where to go after login: ?next= when it is a safe path that is no login page itself. */
export function nextPath(search, fallback) {
  const path = safePath(new URLSearchParams(search).get('next'));
  if (path === null) return fallback;
  return new URL(path, location.origin).pathname.startsWith('/login') ? fallback : path;
}
