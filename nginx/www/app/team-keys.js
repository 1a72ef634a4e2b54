/* team-keys - API keys: list, make (the secret is shown once), revoke. */

import { h } from './dom.js';
import { card, field, onSubmit, removeButton } from './card.js';
import { confirmed } from './confirmed.js';
import { say } from './status.js';
import { managesTeam } from './teams.js';
import { pagedList } from './paged.js';
import { projectsOf } from './projects.js';
import { secretBox } from './secret-box.js';
import { shortDate, timeElement } from './time.js';

const PAGE = 50;

function revoke({ api, path }, key, drop) {
  const question = {
    title: `Revoke ${key.name}?`,
    action: 'Revoke',
    text: 'Whatever uses this key stops working at once.',
  };
  return confirmed(question, {
    async act() {
      await api.delete(`${path}/keys/${key.id}`);
      drop();
    },
    done: 'Key revoked',
    failed: 'Not revoked.',
  });
}

function expiry(key) {
  if (!key.expires_at) return 'never expires';
  const date = new Date(key.expires_at);
  return `${date < new Date() ? 'expired' : 'expires'} ${shortDate(date)}`;
}

function keyRow(context, key, drop) {
  const used = key.last_used_at ? ['used ', timeElement(key.last_used_at)] : ['never used'];
  const row = h(
    'li',
    { class: 'line' },
    h(
      'span',
      { class: 'line-words' },
      h('strong', {}, key.name),
      h('small', {}, h('code', {}, `${key.prefix}…`), ' · ', ...used, ` · ${expiry(key)}`),
    ),
    h(
      'span',
      { class: 'tags' },
      h('span', { class: 'tag' }, key.kind),
      key.environment ? h('span', { class: 'tag' }, key.environment.name) : null,
    ),
  );
  if (managesTeam(context.team.role)) {
    row.append(removeButton('Revoke', key.name, () => revoke(context, key, () => drop(row))));
  }
  return row;
}

function projectFields(projects) {
  const environment = h('select', { name: 'environment' });
  const project = h(
    'select',
    { name: 'project_id' },
    projects.map(({ id, name }) => h('option', { value: id }, name)),
  );
  const fill = () => {
    const chosen = projects.find(({ id }) => id === project.value);
    environment.replaceChildren(
      ...(chosen?.environments ?? []).map(({ name }) =>
        h(
          'option',
          {
            value: name,
            selected: name === 'production',
          },
          name,
        ),
      ),
    );
  };
  project.addEventListener('change', fill);
  fill();
  return h(
    'div',
    { class: 'fields', hidden: true },
    field('Project', project),
    field('Environment', environment),
  );
}

/* What the API wants: client keys have a place, agent keys have none. */
function keyBody({ name, kind, project_id: projectId, environment, expires }) {
  const body = { name: name.trim(), kind };
  if (kind === 'client') Object.assign(body, { project_id: projectId, environment });
  if (expires) body.expires_at = new Date(`${expires}T23:59:59`).toISOString();
  return body;
}

function makeForm({ api, path }, projects, done) {
  const place = projectFields(projects);
  const kind = h(
    'select',
    {
      name: 'kind',
      onchange: () => {
        place.hidden = kind.value !== 'client';
      },
    },
    h('option', { value: 'agent' }, 'Agent: the whole team'),
    h('option', { value: 'client', disabled: projects.length === 0 }, 'Client: one environment'),
  );
  const form = h(
    'form',
    { class: 'stack' },
    h('h3', {}, 'New key'),
    h(
      'div',
      { class: 'fields' },
      field(
        'Name',
        h('input', { name: 'name', required: true, maxlength: 200, autocomplete: 'off' }),
      ),
      field('Kind', kind),
      field('Expires (optional)', h('input', { name: 'expires', type: 'date' })),
    ),
    place,
    h('div', {}, h('button', { class: 'button primary', type: 'submit' }, 'Create key')),
  );
  return onSubmit(form, 'No key was made.', async (values) => {
    const { data } = await api.post(`${path}/keys`, keyBody(values));
    form.reset();
    place.hidden = true;
    await done(data.secret);
  });
}

export function keysCard(id, context) {
  const { api, path, team } = context;
  const manages = managesTeam(team.role);
  const fresh = h('div', {});
  const body = h('div', { class: 'card-body' });
  let projects = [];
  const pages = pagedList({
    api,
    path: `${path}/keys`,
    noun: 'keys',
    limit: PAGE,
    place: body,
    kind: 'lines',
    more: 'Load more keys',
    row: (key) => keyRow(context, key, pages.drop),
    empty: {
      drawing: 'key',
      title: 'No keys',
      text: 'Keys let programs talk to Carillon for this team.',
    },
    around: (list, more) => [fresh, list, more, manages ? makeForm(context, projects, made) : null],
    async before() {
      if (manages) projects = await projectsOf(api, [team]);
    },
  });

  async function made(secret) {
    const box = secretBox(secret, 'Secret of the new key');
    fresh.replaceChildren(box);
    box.querySelector('input').focus();
    say('Key created: copy its secret now');
    await pages.reload();
  }

  pages.show();
  document.addEventListener('carillon:projects-changed', pages.show);
  return card(id, 'API keys', 'For programs. A secret is shown once, when its key is made.', body);
}
