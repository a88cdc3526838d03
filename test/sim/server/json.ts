// JSON values: equal or not, made permanent, and as text. Each stored object's text is made once.
// Lacks copies: what is stored is frozen, so parts of it may be shared by any number of versions.
import type { Raw } from './types.ts';

export function isObject(value: unknown): value is Raw {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function objectAt(value: unknown, key: string): Raw {
  const found = isObject(value) ? value[key] : undefined;
  return isObject(found) ? found : {};
}

/** The objects in a list; anything else in it is left out. */
export function listAt(value: unknown, key: string): readonly Raw[] {
  const found = isObject(value) ? value[key] : undefined;
  return Array.isArray(found) ? found.filter(isObject) : [];
}

export function textAt(value: unknown, key: string): string | undefined {
  const found = isObject(value) ? value[key] : undefined;
  return typeof found === 'string' ? found : undefined;
}

/** Equal whatever the order of the keys; a key whose value is undefined counts as absent. */
export function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    return a.every((item, index) => same(item, b[index]));
  }
  return covers(a as Raw, b as Raw) && covers(b as Raw, a as Raw, false);
}

function covers(a: Raw, b: Raw, deep = true): boolean {
  for (const key of Object.keys(a)) {
    if (deep ? !same(a[key], b[key]) : a[key] !== undefined && b[key] === undefined) return false;
  }
  return true;
}

/**
 * As Go's encoder would leave it: no nulls, no empty lists. A frozen part was tidied when it was stored. `containers` stays
 * because it is required, and the encoder writes it always.
 */
export function tidied<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  if (Array.isArray(value)) return value.map(tidied) as Value;
  const made: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    if (item === null || (Array.isArray(item) && item.length === 0 && key !== 'containers')) continue;
    made[key] = tidied(item);
  }
  return made as Value;
}

/**
 * The value as JSON would carry it, deeply frozen. A frozen part is taken as settled before, so what is stored over and
 * over costs only what is new in it. Never freeze a caller's objects by halves.
 */
export function settle<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  if (Array.isArray(value)) return Object.freeze(value.map((item) => settle(item ?? null))) as Value;
  const made: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    const item = (value as Raw)[key];
    if (item === undefined) continue;
    // A plain assignment of `__proto__` would set the prototype.
    if (key === '__proto__')
      Object.defineProperty(made, key, { value: settle(item), enumerable: true, configurable: true, writable: true });
    else made[key] = settle(item);
  }
  return Object.freeze(made) as Value;
}

const texts = new WeakMap<object, string>();

/** The JSON of a settled value; kept as long as the value lives, and that of its fields, which the next version may share. */
export function textOf(value: object): string {
  const known = texts.get(value);
  if (known !== undefined) return known;
  const text = 'metadata' in value ? inParts(value) : JSON.stringify(value);
  texts.set(value, text);
  return text;
}

function inParts(value: object): string {
  const fields = Object.entries(value).map(([key, item]) => {
    const text =
      typeof item === 'object' && item !== null && Object.isFrozen(item) ? textOf(item) : JSON.stringify(item);
    return `${JSON.stringify(key)}:${text}`;
  });
  return `{${fields.join(',')}}`;
}
