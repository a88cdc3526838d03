// Free-form JSON from users (templates, labels, annotations), handled without trusting its keys or its shape.
// Lacks a schema on purpose: what has one is parsed by src/api.

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The object at a field, or an empty one: for reading optional parts of what a user wrote. */
export function objectAt(value: unknown, field: string): Record<string, unknown> {
  const inner = isObject(value) && Object.hasOwn(value, field) ? value[field] : undefined;
  return isObject(inner) ? inner : {};
}

export function listAt(value: unknown, field: string): readonly unknown[] {
  const inner = isObject(value) && Object.hasOwn(value, field) ? value[field] : undefined;
  return Array.isArray(inner) ? inner : [];
}

export function stringAt(value: unknown, field: string): string | undefined {
  const inner = isObject(value) && Object.hasOwn(value, field) ? value[field] : undefined;
  return typeof inner === 'string' ? inner : undefined;
}

/** The whole number at a field. What no API server can hold, an int64 at most, counts as absent. */
export function wholeAt(value: unknown, field: string): number | undefined {
  const inner = isObject(value) ? value[field] : undefined;
  return typeof inner === 'number' && Number.isInteger(inner) && Math.abs(inner) <= 2 ** 63 ? inner : undefined;
}

/** The entries of a free-form map whose values are strings, as a map without a prototype to collide with. */
export function stringMap(value: unknown): Record<string, string> {
  const map: Record<string, string> = Object.create(null);
  if (!isObject(value)) return map;
  for (const [key, entry] of Object.entries(value)) if (typeof entry === 'string') map[key] = entry;
  return map;
}

/**
 * JSON text that is the same for equal content: keys sorted, and absent, undefined and null fields alike, since
 * server-side apply keeps a template's nulls where a merge patch removes them.
 */
export function canonicalJson(value: unknown): string {
  return written(value, RECURSION);
}

/** An API server takes 10,000 levels of nesting, the call stack does not; for the levels that are in use it is faster. */
const RECURSION = 400;

function written(value: unknown, levels: number): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null);
  if (levels === 0) return writtenFlat(value);
  let text = '';
  if (Array.isArray(value)) {
    for (const item of value) text += `${text === '' ? '[' : ','}${written(item, levels - 1)}`;
    return text === '' ? '[]' : `${text}]`;
  }
  const fields = value as Fields;
  for (const key of Object.keys(fields).sort()) {
    const inner = fields[key];
    if (inner === undefined || inner === null) continue;
    text += `${text === '' ? '{' : ','}${JSON.stringify(key)}:${written(inner, levels - 1)}`;
  }
  return text === '' ? '{}' : `${text}}`;
}

/** Whether the canonical texts are the same, without writing them: at the first difference it is known that they are not. */
export function sameJson(a: unknown, b: unknown, levels = RECURSION): boolean {
  if (a === b) return true;
  const nested = typeof a === 'object' && a !== null && typeof b === 'object' && b !== null;
  if (!nested || levels === 0) return canonicalJson(a) === canonicalJson(b);
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    return a.every((item, index) => sameJson(item, b[index], levels - 1));
  }
  const [some, others] = [a as Fields, b as Fields];
  const keys = presentKeys(some);
  if (keys.length !== presentKeys(others).length) return false;
  return keys.every((key) => Object.hasOwn(others, key) && sameJson(some[key], others[key], levels - 1));
}

type Fields = Readonly<Record<string, unknown>>;

function presentKeys(fields: Fields): readonly string[] {
  return Object.keys(fields).filter((key) => fields[key] !== undefined && fields[key] !== null);
}

/** The same with a stack of our own. */
function writtenFlat(value: unknown): string {
  const texts: string[] = [];
  const todo: Piece[] = [{ value }];
  for (let piece = todo.pop(); piece !== undefined; piece = todo.pop()) {
    if (piece.before !== undefined) texts.push(piece.before);
    if (!('value' in piece)) continue;
    if (typeof piece.value !== 'object' || piece.value === null) texts.push(JSON.stringify(piece.value ?? null));
    else for (const next of within(piece.value).reverse()) todo.push(next);
  }
  return texts.join('');
}

/** What comes next in the text: something before a value, and the value. */
interface Piece {
  readonly before?: string;
  readonly value?: unknown;
}

function within(value: object): Piece[] {
  if (Array.isArray(value)) {
    const items = value.map((item, index) => ({ before: index === 0 ? '[' : ',', value: item ?? null }));
    return [...items, { before: items.length === 0 ? '[]' : ']' }];
  }
  const fields = Object.entries(value)
    .filter(([, inner]) => inner !== undefined && inner !== null)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, inner], index) => ({ before: `${index === 0 ? '{' : ','}${JSON.stringify(key)}:`, value: inner }));
  return [...fields, { before: fields.length === 0 ? '{}' : '}' }];
}
