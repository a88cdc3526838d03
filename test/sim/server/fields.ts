// The fields of an object that managers own, one by one: maps and keyed lists in parts, everything else whole. Matches
// the merge strategies of Kubernetes' OpenAPI for metadata and Services (listType and mapType). Lacks other kinds' keyed
// lists: there a list is one field.
import { isObject, same } from './json.ts';
import type { Raw, Stored } from './types.ts';

/** One step from a value to a part of it: a field, the item of a list that has these keys, or a member of a set. */
type Key = { readonly field: string } | { readonly item: Raw } | { readonly member: unknown };

export interface Leaf {
  /** As the server writes it: .spec.ports[port=80,protocol="TCP"].name */
  readonly path: string;
  readonly keys: readonly Key[];
  readonly value: unknown;
}

const KEYED: Readonly<Record<string, readonly string[]>> = { '.spec.ports': ['port', 'protocol'] };
const KEYED_WHOLE: Readonly<Record<string, readonly string[]>> = { '.metadata.ownerReferences': ['uid'] };
const SETS = ['.metadata.finalizers'];
const ATOMIC = ['.spec.selector'];
/** What the server keeps itself, or what says which object is meant. */
const NOBODYS = [
  'name',
  'namespace',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'managedFields',
  'selfLink',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'generateName',
];

export function leavesOf(object: Stored): readonly Leaf[] {
  const { apiVersion: _version, kind: _kind, status: _status, metadata, ...rest } = object;
  const owned = Object.fromEntries(Object.entries(metadata).filter(([key]) => !NOBODYS.includes(key)));
  const into: Leaf[] = [];
  collect({ metadata: owned, ...rest }, { path: '', keys: [], value: undefined }, into);
  return into;
}

function collect(value: unknown, at: Leaf, into: Leaf[]): void {
  const { path, keys } = at;
  if (isObject(value) && !ATOMIC.includes(path)) {
    for (const [field, item] of Object.entries(value)) {
      const inner = { path: `${path}.${field}`, keys: [...keys, { field }], value: item };
      collect(item, inner, into);
    }
  } else if (Array.isArray(value) && (KEYED[path] ?? KEYED_WHOLE[path]) !== undefined) {
    for (const item of value) collectItem(item, at, into);
  } else if (Array.isArray(value) && SETS.includes(path)) {
    for (const member of value)
      into.push({ path: `${path}[=${JSON.stringify(member)}]`, keys: [...keys, { member }], value: member });
  } else into.push({ path, keys, value });
}

function collectItem(item: unknown, { path, keys }: Leaf, into: Leaf[]): void {
  const names = KEYED[path] ?? KEYED_WHOLE[path] ?? [];
  const key = Object.fromEntries(
    names.map((name) => [name, isObject(item) ? (item[name] ?? (name === 'protocol' ? 'TCP' : undefined)) : undefined]),
  );
  const text = names.map((name) => `${name}=${JSON.stringify(key[name])}`).join(',');
  const inner = { path: `${path}[${text}]`, keys: [...keys, { item: key }], value: item };
  if (KEYED[path] === undefined) into.push(inner);
  else collect({ ...key, ...(isObject(item) ? item : {}) }, inner, into);
}

/** The object with the leaf's value at the leaf's place; undefined takes it away. */
export function withLeaf(object: unknown, keys: readonly Key[], value: unknown): unknown {
  const [key, ...rest] = keys;
  if (key === undefined) return value;
  if ('field' in key) {
    const base = isObject(object) ? object : {};
    const inner = withLeaf(base[key.field], rest, value);
    const { [key.field]: _old, ...others } = base;
    return inner === undefined || (value === undefined && isEmpty(inner)) ? others : { ...base, [key.field]: inner };
  }
  const list = Array.isArray(object) ? object : [];
  const wanted = 'member' in key ? key.member : undefined;
  const index = list.findIndex((item) => ('item' in key ? matches(item, key.item) : same(item, wanted)));
  const found = index < 0 ? ('item' in key && value !== undefined ? key.item : undefined) : list[index];
  const inner = withLeaf(found, rest, value);
  const gone = inner === undefined || (value === undefined && isEmpty(inner));
  if (index < 0) return gone ? list : [...list, inner];
  return gone ? list.toSpliced(index, 1) : list.with(index, inner);
}

const isEmpty = (value: unknown) => typeof value === 'object' && value !== null && Object.keys(value).length === 0;

const matches = (item: unknown, key: Raw) =>
  isObject(item) &&
  Object.entries(key).every(([name, value]) => same(item[name] ?? (name === 'protocol' ? 'TCP' : undefined), value));
