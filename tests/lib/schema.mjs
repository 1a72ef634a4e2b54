// schema - the schemas of nginx/www/openapi.yaml: whether a value fits one, and values that do by chance.
// Knows the keywords that the document uses; another one throws.
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { below, chance, one } from './chance.mjs';
import { root, uuid } from './client.mjs';

const said = ['description', 'example', 'examples', 'default', 'title'];
const known = new Set([...said, '$ref', 'type', 'required', 'properties', 'additionalProperties', 'items', 'enum', 'const', 'oneOf', 'format',
  'pattern', 'minimum', 'maximum', 'minLength', 'maxLength', 'minItems', 'maxItems', 'x-unknown']);

// The whole document as an object.
export const document = JSON.parse(execFileSync(path.join(root, 'tests/node_modules/.bin/redocly'),
  ['bundle', path.join(root, 'nginx/www/openapi.yaml'), '--ext', 'json'],
  { encoding: 'utf8', maxBuffer: 1 << 26, stdio: ['ignore', 'pipe', 'ignore'], env: { ...process.env, REDOCLY_TELEMETRY: 'off', CI: 'true' } }));

// What stands where a reference points, or the thing itself.
export function resolve(thing) {
  if (!thing?.$ref) return thing;
  return resolve(thing.$ref.slice(2).split('/').reduce((at, key) => at[key], document));
}

/* ---- whether it fits ---- */

const formats = {
  uuid: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i,
  'date-time': /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/,
  email: /^[^@\s]+@[^@\s]+$/,
  uri: /^[a-z][a-z0-9+.-]*:/i,
};
const typeOf = (v) => (v === null ? 'null' : Array.isArray(v) ? 'array' : Number.isInteger(v) ? 'integer' : typeof v);
const isType = (v, type) => typeOf(v) === type || (type === 'number' && typeof v === 'number');
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

function text(schema, v) {
  const n = [...v].length;
  if (n < (schema.minLength ?? 0) || n > (schema.maxLength ?? Infinity)) return `has ${n} characters`;
  if (schema.pattern && !new RegExp(schema.pattern, 'u').test(v)) return `is not ${schema.pattern}`;
  return schema.format && !formats[schema.format].test(v) ? `is no ${schema.format}` : null;
}

function list(schema, v, closed, at) {
  if (v.length < (schema.minItems ?? 0) || v.length > (schema.maxItems ?? Infinity)) return `${at} has ${v.length} items`;
  return v.map((item, n) => schema.items && misfit(schema.items, item, closed, `${at}[${n}]`)).find(Boolean) ?? null;
}

function object(schema, v, closed, at) {
  const { properties = {}, required = [], additionalProperties: more = !(closed && schema.properties) } = schema;
  const lost = required.find((key) => !Object.hasOwn(v, key));
  if (lost !== undefined) return `${at} has no ${lost}`;
  for (const [key, member] of Object.entries(v)) {
    const dropped = schema['x-unknown'] === 'dropped' && !closed && !Object.hasOwn(schema.example, key);
    const rule = Object.hasOwn(properties, key) ? properties[key] : dropped || more;
    if (rule === false) return `${at} has an unknown ${key}`;
    const why = rule === true ? null : misfit(rule, member, closed, `${at}.${key}`);
    if (why) return why;
  }
  return null;
}

// Why v does not fit, or null.  closed: an object that names its members has no others.
export function misfit(given, v, closed = false, at = 'it') {
  const schema = resolve(given);
  const strange = Object.keys(schema).find((key) => !known.has(key));
  if (strange) throw new Error(`schema.mjs does not know ${strange}`);
  if (schema.oneOf && schema.oneOf.filter((each) => !misfit(each, v, closed, at)).length !== 1)
    return `${at} is not one of ${schema.oneOf.length}: ${schema.oneOf.map((each) => misfit(each, v, closed, at)).join('; ')}`;
  if (schema.type && ![schema.type].flat().some((type) => isType(v, type))) return `${at} is ${typeOf(v)}, not ${schema.type}`;
  if (schema.enum && !schema.enum.some((each) => same(each, v))) return `${at} is ${JSON.stringify(v)}, none of the words`;
  if ('const' in schema && !same(schema.const, v)) return `${at} is not ${schema.const}`;
  if (typeof v === 'number' && (v < (schema.minimum ?? -Infinity) || v > (schema.maximum ?? Infinity))) return `${at} is ${v}`;
  if (typeof v === 'string') {
    const why = text(schema, v);
    return why && `${at} ${why}`;
  }
  if (Array.isArray(v)) return list(schema, v, closed, at);
  return v !== null && typeof v === 'object' ? object(schema, v, closed, at) : null;
}

/* ---- values by chance ---- */

const letters = ['a', 'Z', '0', ' ', 'ä', '日', '🔔', '<', '"', '\\', '\n', '\u202e', "'", '%', '\u0301', '{', '$1', ';'];
const words = (n) => Array.from({ length: n }, () => one(letters)).join('');
const digits = (n) => String(below(n)).padStart(2, '0');
const patterns = {
  '^([01][0-9]|2[0-3]):[0-5][0-9]$': () => `${digits(24)}:${digits(60)}`,
  '^[A-Za-z0-9._-]{1,100}$': () => `k-${below(1000)}`,
};

function someText(schema, ids) {
  if (schema.format === 'uuid') return chance() < 0.8 ? one(ids) : uuid();
  if (schema.format === 'email') return `u${below(50)}@example.com`;
  if (schema.format === 'uri') return `https://example.com/${below(9)}`;
  if (schema.format === 'date-time') return new Date(Date.now() + (below(40) - 10) * 3600e3 * below(1000)).toISOString();
  if (schema.pattern) return patterns[schema.pattern]();
  const least = schema.minLength ?? 0;
  const most = Math.min(schema.maxLength ?? 60, 4000);
  return [...words(chance() < 0.1 ? most : least + below(Math.min(12, most - least) + 1))].slice(0, most).join('').padEnd(least, 'x');
}

function someObject(schema, ids) {
  const made = {};
  for (const [key, member] of Object.entries(schema.properties ?? {}))
    if (schema.required?.includes(key) || chance() < 0.5) made[key] = some(member, ids);
  if (!schema.properties && chance() < 0.5) made[one([`x${below(3)}`, ...Object.keys(schema.example ?? {})])] = typeof schema.additionalProperties === 'object' ? some(schema.additionalProperties, ids) : below(9);
  return made;
}

// A value that fits; ids are uuids of things that exist.
export function some(given, ids) {
  const schema = resolve(given);
  if (schema.oneOf) return some({ ...schema, oneOf: undefined, ...resolve(one(schema.oneOf)) }, ids);
  if ('const' in schema) return schema.const;
  if (schema.enum) return one(schema.enum);
  switch (one([schema.type ?? 'object'].flat())) {
    case 'string': return someText(schema, ids);
    case 'boolean': return chance() < 0.5;
    case 'null': return null;
    case 'array': return Array.from({ length: Math.min((schema.minItems ?? 0) + below(4), schema.maxItems ?? 4) }, () => some(schema.items ?? {}, ids));
    case 'object': return someObject(schema, ids);
    default: return (schema.minimum ?? -3) + below(Math.min((schema.maximum ?? 100) - (schema.minimum ?? -3) + 1, 1000));
  }
}

const strange = () => one([null, true, 0, -1, 1.5, 1e300, 2 ** 53, '', ' ', 'x', words(9), 'a'.repeat(5000), [], [null], {}, { a: { b: [1] } }, '2024-02-30T00:00:00Z',
  '0000-01-01T00:00:00Z', '9999-12-31T23:59:59.999-23:59', uuid(), '\ud83d\ude48'.repeat(300), '__proto__', '\u0000', '25:61', 'Europe/Nowhere', [[[[]]]]]);

// The value with one place of it made something else.
export function spoilt(v) {
  if (v === null || typeof v !== 'object' || chance() < 0.1) return strange();
  const copy = structuredClone(v);
  const keys = Object.keys(copy);
  const key = one(keys);
  const dice = chance();
  if (keys.length === 0 || dice < 0.15) copy[one(['x', '', 'ä', 'constructor', 'a'.repeat(300)])] = strange();
  else if (dice < 0.35 && !Array.isArray(copy)) delete copy[key];
  else copy[key] = spoilt(copy[key]);
  return copy;
}
