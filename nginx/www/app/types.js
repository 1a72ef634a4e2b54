/* types - what GET /v1/notifications/types says about each type; the server's registry decides. */

import { nameWords } from './words.js';

/* Read the registry; without it every page still works, with plainer names. */
export async function loadTypes(api) {
  let all = [];
  try {
    all = (await api.get('/v1/notifications/types')).data.types;
  } catch {
    all = [];
  }
  const byName = new Map(all.map((type) => [type.type, type]));
  return {
    all,
    label: (type) => byName.get(type)?.label ?? nameWords(type),
    resource: (type) => byName.get(type)?.resource,
  };
}
