// issues - events of programs and what members see of them.
import { call, expect, ok } from './client.mjs';

// With the client key of the world's team, unless told.
export const send = (world, body, options = {}) => call('POST', '/v1/issues/events', { bearer: world.team.keys.client.secret, body, ...options });
export const event = async (world, body, options) => expect(await send(world, body, options), 201).issue;
export const list = async (world, query = '') => (await ok(200, 'GET', `/v1/projects/${world.team.project}/issues?limit=200${query}`,
  { as: world.viewer.token })).issues;
export const set = (world, issue, status, as = world.developer) => call('PATCH', `/v1/issues/${issue.id}`, { as: as.token, body: { status } });
export const inbox = async (user) => (await ok(200, 'GET', '/v1/notifications?limit=200', { as: user.token })).notifications;
