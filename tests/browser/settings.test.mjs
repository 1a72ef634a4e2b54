// settings - preferences, team settings, members, projects, keys, audit log and feedback.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { call, exec, ok, quote, value } from '../lib/client.mjs';
import { makeWorld } from '../lib/world.mjs';
import { becomes, broken, focused, news, until, visit } from './browser.mjs';

let world;
before(() => {
  world = makeWorld();
});

const said = (page, words) => until(words, async () => (await news(page)).includes(words));
const section = (page, name) => page.getByRole('region', { name, exact: true });

test('preferences are saved and survive a reload', () =>
  visit(world.owner, {}, async (page) => {
    await page.goto('/dashboard/preferences');
    const box = page.getByRole('switch', { name: /feedback.*: E-mail/i });
    assert.equal(await box.isChecked(), true);
    await box.uncheck();
    await said(page, 'Saved');
    const { user } = await ok(200, 'GET', '/v1/auth/me', { as: world.owner.token });
    assert.equal(user.preferences.notifications.types['feedback.new'].email, false);
    await page.reload();
    await becomes('after a reload', false, () => box.isChecked());
  }));

test('a refused switch jumps back', () =>
  visit(world.admin, {}, async (page) => {
    await page.goto('/dashboard/preferences');
    await broken(page, 'PATCH', '**/v1/auth/me');
    const box = page.getByRole('switch').first();
    const was = await box.isChecked();
    await box.click();
    await said(page, 'Injected failure');
    assert.equal(await box.isChecked(), was);
  }));

test('what is too much is refused by the server, which says so', () =>
  visit(world.admin, {}, async (page) => {
    await page.goto('/dashboard/preferences');
    const refusal = await page.evaluate(async () => {
      const { createApi } = await import('/app/api.js');
      return createApi()
        .patch('/v1/auth/me', { name: 'x'.repeat(70000) })
        .catch(({ status, message }) => [status, message]);
    });
    assert.deepEqual(refusal, [413, 'Request body too large']);
  }));

test('mail can be told to wait; what a script has set is shown too', () =>
  visit(world.collaborator, {}, async (page) => {
    await page.goto('/dashboard/preferences');
    const wait = page.getByLabel('Mail me');
    assert.equal(await wait.inputValue(), '0');
    await wait.selectOption('15');
    await said(page, 'Saved');
    const { user } = await ok(200, 'GET', '/v1/auth/me', { as: world.collaborator.token });
    assert.equal(user.preferences.notifications.email_after_minutes, 15);
    await page.reload();
    await becomes('after a reload', '15', () => wait.inputValue());
    await ok(200, 'PATCH', '/v1/auth/me', {
      as: world.collaborator.token,
      body: { preferences: { notifications: { email_after_minutes: 7 } } },
    });
    await page.reload();
    await becomes('a number of its own', '7', () => wait.inputValue());
    await broken(page, 'PATCH', '**/v1/auth/me');
    await wait.selectOption('60');
    await said(page, 'Injected failure');
    assert.equal(await wait.inputValue(), '7');
  }));

test('every type of the registry is there; those that cannot be muted have no switch', () =>
  visit(world.viewer, {}, async (page) => {
    const { types } = await ok(200, 'GET', '/v1/notifications/types', { as: world.viewer.token });
    await page.goto('/dashboard/preferences');
    await page.getByText('These cannot be switched off.').waitFor();
    assert.equal(
      await page.getByRole('switch').count(),
      2 * types.filter(({ mutable }) => mutable).length,
    );
    assert.equal(
      await page.locator('.locked').count(),
      2 * types.filter(({ mutable }) => !mutable).length,
    );
    for (const { label } of types)
      assert.ok((await page.getByRole('rowheader', { name: label }).count()) > 0, label);
  }));

test('the name is saved and shown', () =>
  visit(world.developer, {}, async (page) => {
    await page.goto('/dashboard/preferences');
    await page.getByLabel('Name', { exact: true }).fill('Dev Eloper');
    await page.getByRole('button', { name: 'Save name' }).click();
    await said(page, 'Name saved');
    await page.reload();
    await page.getByRole('button', { name: 'DE account' }).waitFor();
  }));

test('team settings are saved', () =>
  visit(world.owner, {}, async (page) => {
    await page.goto('/dashboard/team');
    await page.getByLabel('Team name').fill('Renamed');
    await page.getByRole('switch', { name: /Strict schedules/ }).click();
    await page.getByRole('button', { name: 'Save settings' }).click();
    await said(page, 'Settings saved');
    const { team } = await ok(200, 'GET', `/v1/teams/${world.team.id}`, { as: world.owner.token });
    assert.equal(team.name, 'Renamed');
    assert.equal(team.strict_schedules, false);
  }));

test('what somebody else has set meanwhile stays as they set it', () =>
  visit(world.owner, {}, async (page) => {
    const path = `/v1/teams/${world.team.id}`;
    const as = world.admin.token;
    const settings = async () => {
      const { name, strict_schedules: strict } = (await ok(200, 'GET', path, { as })).team;
      return { name, strict };
    };
    const save = page.getByRole('button', { name: 'Save settings' });
    await ok(200, 'PATCH', path, { as, body: { name: 'Before', strict_schedules: true } });
    await page.goto('/dashboard/team');
    await save.waitFor();
    await ok(200, 'PATCH', path, { as, body: { strict_schedules: false } });
    await page.getByLabel('Team name').fill('After');
    await save.click();
    await said(page, 'Settings saved');
    assert.deepEqual(await settings(), { name: 'After', strict: false });
    await ok(200, 'PATCH', path, { as, body: { name: 'Theirs' } });
    await save.click();
    await said(page, 'Nothing to save');
    assert.deepEqual(await settings(), { name: 'Theirs', strict: false });
  }));

test('members: add, change role, remove', () =>
  visit(world.owner, {}, async (page) => {
    const email = `new.${world.team.id.slice(0, 8)}@example.com`;
    await page.goto('/dashboard/team');
    const members = section(page, 'Members');
    await members.getByLabel('E-mail').fill(email);
    await members.getByLabel('Role', { exact: true }).selectOption('viewer');
    await members.getByRole('button', { name: 'Add member' }).click();
    await said(page, `${email} added`);
    const role = members.getByLabel(`Role of ${email}`);
    assert.equal(await role.inputValue(), 'viewer');
    await role.selectOption('developer');
    await said(page, 'is now developer');
    const roleNow = () =>
      value(`SELECT max(role) FROM members JOIN users ON users.id = user_id
    WHERE team_id = ${quote(world.team.id)} AND email = ${quote(email)}`);
    assert.equal(roleNow(), 'developer');
    await members.getByRole('button', { name: `Remove ${email}` }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Keep' }).click();
    assert.equal(roleNow(), 'developer');
    await members.getByRole('button', { name: `Remove ${email}` }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
    await said(page, 'removed');
    assert.equal(roleNow(), null);
    const next = await members.getByRole('listitem').first().innerText();
    assert.equal(await focused(page), next, 'the focus goes on to the next one');
  }));

test('the last owner cannot go, and the page says why', () =>
  visit(world.outsider, {}, async (page) => {
    await page.goto('/dashboard/team');
    const role = section(page, 'Members').getByLabel(`Role of ${world.outsider.email}`);
    await role.selectOption('viewer');
    await said(page, 'The role is unchanged.');
    assert.equal(await role.inputValue(), 'owner');
  }));

test('keys: the secret is shown once, works, and is revoked', () =>
  visit(world.owner, {}, async (page) => {
    await page.goto('/dashboard/team');
    const keys = section(page, 'API keys');
    await keys.getByLabel('Name').fill('Snippet');
    await keys.getByLabel('Kind', { exact: true }).selectOption('client');
    await keys.getByLabel('Environment', { exact: true }).selectOption('production');
    await keys.getByRole('button', { name: 'Create key' }).click();
    const secret = await keys.getByLabel('Secret of the new key').inputValue();
    assert.match(secret, /^car_client_[0-9a-f]{48}$/);
    const feedback = { bearer: secret, body: { message: 'Through the new key' } };
    await ok(201, 'POST', '/v1/feedback', feedback);
    assert.equal((await page.content()).includes(secret), true);
    await page.reload();
    await keys.getByText('Snippet', { exact: true }).waitFor();
    assert.equal((await page.content()).includes(secret), false);
    await keys.getByRole('button', { name: 'Revoke Snippet' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
    await said(page, 'Key revoked');
    assert.equal((await call('POST', '/v1/feedback', feedback)).status, 401);
    assert.equal(await focused(page), await keys.getByRole('listitem').first().innerText());
  }));

test('an agent key can expire', () =>
  visit(world.owner, {}, async (page) => {
    await page.goto('/dashboard/team');
    const keys = section(page, 'API keys');
    await keys.getByLabel('Name').fill('Short-lived');
    await keys.getByLabel('Expires').fill('2099-12-31');
    await keys.getByRole('button', { name: 'Create key' }).click();
    assert.match(
      await keys.getByLabel('Secret of the new key').inputValue(),
      /^car_agent_[0-9a-f]{48}$/,
    );
    await keys.getByText('expires Dec 31, 2099').waitFor();
    await keys.getByRole('button', { name: 'Done' }).click();
    assert.equal(await keys.getByLabel('Secret of the new key').count(), 0);
    assert.equal(await focused(page), 'API keys');
  }));

test('a list that could not be read is tried again by keys, and the focus stays with it', () =>
  visit(world.owner, {}, async (page) => {
    const whole = await broken(page, 'GET', '**/members?*');
    await page.goto('/dashboard/team');
    const again = section(page, 'Members').getByRole('button', { name: 'Try again' });
    await again.press('Enter');
    await again.and(page.locator(':focus')).waitFor();
    await whole();
    await again.press('Enter');
    await section(page, 'Members').getByText(world.owner.email).first().waitFor();
    assert.equal(await focused(page), 'Members');
  }));

test('projects: a new one comes with its environments, and can have keys at once', () =>
  visit(world.owner, {}, async (page) => {
    await page.goto('/dashboard/team');
    const projects = section(page, 'Projects');
    await projects.getByLabel('Name').fill('Brand new');
    await projects.getByRole('button', { name: 'Create project' }).click();
    await said(page, 'Brand new created');
    const row = projects.locator('.line').filter({ hasText: 'Brand new' });
    assert.deepEqual(await row.locator('.tag').allInnerTexts(), [
      'development',
      'staging',
      'production',
    ]);
    const keys = section(page, 'API keys');
    await keys.getByLabel('Kind', { exact: true }).selectOption('client');
    await keys.getByLabel('Project').selectOption({ label: 'Brand new' });
  }));

test('a viewer sees and cannot edit', () =>
  visit(world.viewer, {}, async (page) => {
    await page.goto('/dashboard/team');
    await section(page, 'Settings').getByText('Only owners and admins change these.').waitFor();
    await section(page, 'Members').getByText(world.owner.email).waitFor();
    for (const name of ['Save settings', 'Add member', 'Create project', 'Create key'])
      assert.equal(await page.getByRole('button', { name }).count(), 0, name);
  }));

test('what the server refuses by role is said in its words', () =>
  visit(world.owner, {}, async (page) => {
    await page.goto('/dashboard/team');
    await broken(page, 'POST', '**/members', 403);
    const members = section(page, 'Members');
    await members.getByLabel('E-mail').fill('x@example.com');
    await members.getByRole('button', { name: 'Add member' }).click();
    await said(page, 'Not added. Injected failure');
  }));

test('the audit log tells what changed, page by page', () =>
  visit(world.outsider, {}, async (page) => {
    exec(`INSERT INTO audit (team_id, actor_type, actor_id, action, resource_kind, resource_id, before, after, at)
    SELECT ${quote(world.other.id)}, 'USER', ${quote(world.outsider.id)}, 'team.updated', 'team', ${quote(world.other.id)},
      jsonb_build_object('name', 'Name ' || i), jsonb_build_object('name', 'Name ' || i + 1), now() - i * interval '1 minute'
    FROM generate_series(1, 45) AS i`);
    await page.goto('/dashboard/team');
    const audit = section(page, 'Audit log');
    await becomes('entries', 20, () => audit.locator('.audit').count());
    await audit.getByRole('button', { name: 'Load older entries' }).click();
    await becomes('entries', 40, () => audit.locator('.audit').count());
    await audit.locator('summary').first().click();
    await audit.getByText('Name 1 → Name 2').waitFor();
  }));

// So many members of a team, who joined after all that it has.
function crowd(team, n) {
  exec(`WITH people AS (
      INSERT INTO users (email, name) SELECT gen_random_uuid() || '@example.com', 'One of many' FROM generate_series(1, ${n}) RETURNING id
    ), boxes AS (INSERT INTO inbox (user_id) SELECT id FROM people)
    INSERT INTO members (team_id, user_id, role, created_at)
    SELECT ${quote(team.id)}, id, 'viewer', now() + interval '1 minute' FROM people`);
}

test('whoever is in a large team is not called a former member', () => {
  const { outsider: owner, other: team, viewer: gone } = makeWorld();
  for (const { id } of [owner, gone])
    exec(`INSERT INTO audit (team_id, actor_type, actor_id, action, resource_kind, resource_id)
      VALUES (${quote(team.id)}, 'USER', ${quote(id)}, 'team.updated', 'team', ${quote(team.id)})`);
  return visit(owner, {}, async (page) => {
    const actors = async () => {
      await page.goto(`/dashboard/team?team=${team.id}`);
      const lines = page.locator('.audit-words');
      await lines.nth(1).waitFor();
      return (await lines.allInnerTexts()).map((words) => words.replace('Team updated by ', '')).sort();
    };
    assert.deepEqual(await actors(), ['a former member', owner.name]);
    crowd(team, 300);
    assert.deepEqual(await actors(), ['a former member', owner.name]);
    crowd(team, 800);
    assert.deepEqual(await actors(), ['somebody', 'somebody'], 'not all of them were read');
  });
});

test('feedback of a project, and none of a foreign one', () =>
  visit(world.admin, {}, async (page) => {
    exec(`INSERT INTO feedback (project_id, message, name, context)
    VALUES (${quote(world.team.project)}, 'A <b>bold</b> idea', 'Mara', '{"page":"/pricing"}')`);
    await page.goto(`/dashboard/feedback?project=${world.team.project}`);
    await page.getByText('A <b>bold</b> idea').waitFor();
    await page.getByText('page: /pricing').first().waitFor();
    await page.goto(`/dashboard/feedback?project=${world.other.project}`);
    await page.getByText('No such project').waitFor();
  }));
