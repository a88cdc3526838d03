// JSON merge patch (RFC 7396) and JSON patch (RFC 6902), on values that may be frozen: what does not change is shared.
import { isObject, same } from './json.ts';
import type { Raw } from './types.ts';

export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const result: Record<string, unknown> = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else define(result, key, mergePatch(own(result, key), value));
  }
  return result;
}

/** Throws a PatchError when it cannot be applied. */
export class PatchError extends Error {}

export function jsonPatch(target: unknown, operations: readonly unknown[]): unknown {
  let result = target;
  for (const operation of operations) result = applyOne(result, operation);
  return result;
}

function applyOne(document: unknown, operation: unknown): unknown {
  if (!isObject(operation)) throw new PatchError('an operation is no object');
  const path = pointer(operation['path']);
  const { value } = operation;
  switch (operation['op']) {
    case 'add':
      return change(document, path, (parent, key) => insert(parent, key, value));
    case 'remove':
      readAt(document, path);
      return change(document, path, without);
    case 'replace':
      // As the server's library has it, a key that is not there may be replaced (evanphx/json-patch, partialDoc.get).
      return change(document, path, (parent, key) => put(parent, key, value));
    case 'test':
      if (!same(readAt(document, path), value))
        throw new PatchError(`testing value ${String(operation['path'])} failed`);
      return document;
    case 'move': {
      const from = pointer(operation['from']);
      const moved = readAt(document, from);
      return change(change(document, from, without), path, (parent, key) => insert(parent, key, moved));
    }
    case 'copy': {
      const copied = readAt(document, pointer(operation['from']));
      return change(document, path, (parent, key) => insert(parent, key, copied));
    }
    default:
      throw new PatchError(`Unexpected kind: ${String(operation['op'])}`);
  }
}

function pointer(text: unknown): readonly string[] {
  if (typeof text !== 'string' || (text !== '' && !text.startsWith('/'))) throw new PatchError('a path is no pointer');
  return text
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function readAt(document: unknown, path: readonly string[]): unknown {
  let value = document;
  for (const key of path) {
    if (Array.isArray(value)) value = value[indexOf(value, key, value.length - 1)];
    else if (isObject(value) && Object.hasOwn(value, key)) value = value[key];
    else throw new PatchError(`missing value at ${path.join('/')}`);
  }
  return value;
}

type Edit = (parent: Raw | readonly unknown[], key: string) => unknown;

function change(document: unknown, path: readonly string[], edit: Edit): unknown {
  const [key, ...rest] = path;
  if (key === undefined) throw new PatchError('the whole document cannot be replaced');
  if (!isObject(document) && !Array.isArray(document)) throw new PatchError(`missing path: ${path.join('/')}`);
  if (rest.length === 0) return edit(document, key);
  return put(document, key, change(readAt(document, [key]), rest, edit));
}

function insert(parent: Raw | readonly unknown[], key: string, value: unknown): unknown {
  if (!Array.isArray(parent)) return put(parent, key, value);
  return parent.toSpliced(key === '-' ? parent.length : indexOf(parent, key, parent.length), 0, value);
}

function put(parent: Raw | readonly unknown[], key: string, value: unknown): unknown {
  if (Array.isArray(parent)) return parent.with(indexOf(parent, key, parent.length - 1), value);
  const result = { ...parent };
  define(result, key, value);
  return result;
}

function without(parent: Raw | readonly unknown[], key: string): unknown {
  if (Array.isArray(parent)) return parent.toSpliced(indexOf(parent, key, parent.length - 1), 1);
  const { [key]: _gone, ...rest } = parent as Raw;
  return rest;
}

function indexOf(list: readonly unknown[], key: string, highest: number): number {
  const index = /^(0|[1-9][0-9]*)$/.test(key) ? Number(key) : -1;
  if (index < 0 || index > highest) throw new PatchError(`Unable to access invalid index: ${key} of ${list.length}`);
  return index;
}

function own(object: Raw, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** A plain assignment of `__proto__` would set the prototype. */
function define(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== '__proto__') object[key] = value;
  else Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
}
