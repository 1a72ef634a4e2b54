/*
 * resource - the page of one experiment or flag: read it, show it, change it, and say what happened
 * when somebody else was quicker.
 */

import { byId, h } from './dom.js';
import { keepFocus } from './focus.js';
import { icon } from './icons.js';
import { INBOX_CHANGED } from './inbox-events.js';
import { emptyState, failedState } from './page.js';
import { projectOf } from './projects.js';
import { complain } from './status.js';

const LOST_RACE = 409;
const STALE = 412;

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

/* Above the content: why nothing was saved. */
function banner(words, ...tools) {
  return h(
    'div',
    { class: 'banner alarm', role: 'alert' },
    icon('issue'),
    h('p', { class: 'banner-words' }, words),
    tools,
  );
}

/* That it has changed, and the way to what it is now. */
function conflictBanner(noun, error, reload) {
  const words =
    error.status === STALE
      ? `Somebody has changed this ${noun} since you opened it, so nothing was saved.`
      : `Something else happened to this ${noun} at the same moment: ${error.message}`;
  return banner(
    `${words} Load what it is now, then make your change again.`,
    h('button', { class: 'button', type: 'button', onclick: reload }, 'Load the newest'),
  );
}

/* The same, when what it is now is on the page already. */
function overtakenBanner(error) {
  const words =
    error.status === STALE
      ? 'Somebody has changed this since you opened it, so nothing was saved.'
      : `Nothing was saved. ${error.message}.`;
  return banner(`${words} This page shows what it is now.`);
}

function missing(noun, back) {
  return emptyState({
    drawing: noun === 'flag' ? 'flag_environment' : noun,
    title: `No such ${noun}`,
    text: `It does not exist, or it is not one of your teams’.`,
    action: h('a', { class: 'button', href: back }, `All ${noun}s`),
  });
}

/*
 * Open the page.
 *   noun   'experiment' or 'flag', in answers too; path is that of the object in the API, back the
 *          page that lists all of them
 *   extra  async (api, object) -> more that show() needs, null when there is none or it could not be
 *          read; it never fails
 *   show   (page) draws page.object for page.project.role into content; page has also
 *          edited(bool): whether there are edits that would be lost
 *          act(what, send): send(version) changes it; resolves to the answer's data, or null when
 *            it was refused, which the page then says
 *          isEdited(): whether there are; free(): true when there are none, else says so
 *          renew(): reads and draws it anew; overtaken(error): the same, and says that error kept
 *            a change from being made
 */
export async function openResource({ api, me, noun, path, back, extra = async () => null, show }) {
  const content = byId('content');
  const notice = h('div', {});
  const place = h('div', {});
  let edits = false;
  let busy = false;

  const page = { api, me, noun, path, back, place, object: null, project: null, extra: null };

  page.edited = (value) => {
    edits = value;
  };

  async function put(object, more = extra(api, object)) {
    [page.extra, page.project] = await Promise.all([
      more,
      page.project ?? projectOf(api, me, object.project_id),
    ]);
    page.object = object;
    edits = false;
    notice.replaceChildren();
    const refocus = keepFocus(byId('main'), () => byId('title'));
    show(page);
    refocus();
  }

  async function read() {
    const { data } = await api.get(path);
    await put(data[noun]);
  }

  async function reload() {
    try {
      await read();
      byId('title').focus();
    } catch (error) {
      complain(error, 'Not loaded.');
    }
  }

  page.isEdited = () => edits;

  page.free = () => {
    if (edits) complain({ message: 'Save your changes first, or reload the page to drop them.' });
    return !edits;
  };

  page.act = async (what, send) => {
    if (busy) return null;
    busy = true;
    try {
      const { data } = await send(page.object.version);
      if (data[noun]) await put(data[noun]);
      return data;
    } catch (error) {
      if (error.status === STALE || error.status === LOST_RACE) {
        notice.replaceChildren(conflictBanner(noun, error, reload));
        notice.scrollIntoView({ block: 'center' });
      } else {
        complain(error, what);
      }
      return null;
    } finally {
      busy = false;
    }
  };

  const occupied = () =>
    document.hidden || edits || busy || document.querySelector('dialog[open]') !== null;

  page.renew = async () => {
    try {
      await read();
    } catch (error) {
      complain(error, 'Not loaded.');
    }
  };

  page.overtaken = async (error) => {
    await page.renew();
    notice.replaceChildren(overtakenBanner(error));
    notice.scrollIntoView({ block: 'center' });
  };

  /* News, or a tab that comes back: a schedule may have fired. Never over somebody's edits. */
  async function refresh() {
    if (occupied() || place.querySelector(':focus') !== null) return;
    try {
      const { data } = await api.get(path);
      const now = data[noun];
      const more = await extra(api, now);
      if (occupied() || (same(now, page.object) && (more === null || same(more, page.extra)))) return;
      await put(now, more);
    } catch {
      /* what is shown stays; the next action says what is wrong */
    }
  }

  async function open() {
    try {
      await read();
      content.replaceChildren(notice, place);
      document.addEventListener('visibilitychange', refresh);
      document.addEventListener(INBOX_CHANGED, refresh);
    } catch (error) {
      content.replaceChildren(
        error.status === 404 ? missing(noun, back) : failedState(error, open),
      );
    }
  }

  addEventListener('beforeunload', (event) => {
    if (edits) event.preventDefault();
  });
  await open();
  return page;
}
