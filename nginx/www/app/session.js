/* session - who is logged in, and leaving. Other tabs of the browser follow. */

const channel = new BroadcastChannel('carillon-session');

/* A tab that shows one person's data must not outlive that person's session. */
export function followSession() {
  channel.onmessage = () => location.reload();
}

export function sessionChanged() {
  channel.postMessage('changed');
}

/* path: /v1/auth/logout or /v1/auth/logout-all */
export async function leave(api, path) {
  await api.post(path);
  sessionChanged();
  location.assign('/login');
}
