/*
 * api - the one way to the server: JSON out, JSON in, errors as ApiError.
 *
 * Reads remember their ETag, so asking again costs the server a 304; the caller gets the remembered
 * data: the same object.
 */

const REMEMBERED = 24; // answers kept for If-None-Match
const PATIENCE_MS = 20000;
const OUTLIVES = 8192; // characters; browsers refuse 64 KiB that outlive their page, all together

const STATUS_TEXT = {
  403: 'You are not allowed to do that.',
  404: 'That does not exist, or is not yours.',
  429: 'Too many requests. Wait a moment and try again.',
  503: 'Carillon is busy or restarting. Try again in a moment.',
};

class ApiError extends Error {
  /* status is 0 when no answer came, or not all of it. */
  constructor(text, status, retryAfter) {
    super(text);
    this.name = 'ApiError';
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

/* A header that holds a whole number, or undefined. */
function numberHeader(response, name) {
  const text = response.headers.get(name);
  return text !== null && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

async function errorFrom(response) {
  const body = await response.json().catch(() => null);
  const text =
    typeof body?.error === 'string' && body.error !== ''
      ? body.error
      : (STATUS_TEXT[response.status] ?? `The server answered ${response.status}.`);
  return new ApiError(text, response.status, numberHeader(response, 'Retry-After'));
}

/* What an answer holds. One that was cut off is none, and nothing to remember. */
async function bodyOf(response) {
  if (response.status === 204) return null;
  try {
    return await response.json();
  } catch {
    throw new ApiError('The answer of Carillon was cut off. Check your connection.', 0);
  }
}

function goToLogin() {
  if (location.pathname === '/login') return;
  const here = location.pathname + location.search;
  location.assign(`/login?next=${encodeURIComponent(here)}`);
}

async function send(url, method, headers, body) {
  try {
    return await fetch(url, {
      method,
      headers,
      body,
      cache: 'no-store',
      credentials: 'same-origin',
      keepalive: method !== 'GET' && (body?.length ?? 0) <= OUTLIVES, // a write survives the page that made it
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
  } catch {
    throw new ApiError('Carillon cannot be reached. Check your connection.', 0);
  }
}

/*
 * Make a client.
 *   base         put before every path; '' is this origin
 *   onSignedOut  called on any 401, before the error is thrown
 * Every method answers {data, pollAfter, unread, undo}: the last three from
 * X-Poll-Interval, X-Unread-Count and X-Undo, undefined when the header is absent.
 */
export function createApi({ base = '', onSignedOut = goToLogin } = {}) {
  const known = new Map(); // path -> {etag, data}, oldest first

  function remember(path, etag, data) {
    known.delete(path);
    if (etag === null) return;
    known.set(path, { etag, data });
    if (known.size > REMEMBERED) known.delete(known.keys().next().value);
  }

  async function answer(response, path, method) {
    const meta = {
      pollAfter: numberHeader(response, 'X-Poll-Interval'),
      unread: numberHeader(response, 'X-Unread-Count'),
      undo: response.headers.get('X-Undo') ?? undefined,
    };
    if (response.status === 401) onSignedOut();
    if (response.status === 304) return { ...meta, data: known.get(path)?.data };
    if (!response.ok) throw await errorFrom(response);

    const data = await bodyOf(response);
    if (method === 'GET') remember(path, response.headers.get('ETag'), data);
    return { ...meta, data };
  }

  async function call(method, path, body) {
    const headers = { Accept: 'application/json' };
    const seen = method === 'GET' && known.get(path);
    if (seen) headers['If-None-Match'] = seen.etag;
    if (body !== undefined) headers['Content-Type'] = 'application/json';
    const json = body === undefined ? undefined : JSON.stringify(body);
    return answer(await send(base + path, method, headers, json), path, method);
  }

  return {
    get: (path) => call('GET', path),
    post: (path, body) => call('POST', path, body),
    patch: (path, body) => call('PATCH', path, body),
    put: (path, body) => call('PUT', path, body),
    delete: (path, body) => call('DELETE', path, body),
  };
}

/* '/v1/x' and {a: 1, b: undefined} -> '/v1/x?a=1' */
export function withQuery(path, values) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined && value !== null && value !== '') query.set(name, value);
  }
  const text = query.toString();
  if (text === '') return path;
  return `${path}${path.includes('?') ? '&' : '?'}${text}`;
}
