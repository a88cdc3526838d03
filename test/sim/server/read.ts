// Reads: one object, and lists in pages that are one snapshot. Matches Kubernetes apiserver
// pkg/registry/generic/registry/store.go (ListPredicate) and pkg/storage/etcd3/store.go (GetList).
// Lacks lists as of a past resourceVersion: every list is current.
import { absent } from './create.ts';
import { badRequest, expired } from './failures.ts';
import { textOf } from './json.ts';
import { apiVersionOf, type Kind } from './kinds.ts';
import { selection, selectsAll } from './selectors.ts';
import type { Store } from './store.ts';
import type { Answer, Call, Stored } from './types.ts';
import { Refusal } from './world.ts';

export function getObject(store: Store, kind: Kind, call: Call): Answer {
  const object = store.find(kind.plural, call.namespace, call.name ?? '');
  if (object === undefined) throw absent(kind, call.name);
  return { status: 200, body: object };
}

/** Snapshots of lists that were not read to their end, by resource, place and version. */
export type Snapshots = Map<string, readonly Stored[]>;

interface Token {
  readonly rv: number;
  readonly start: string;
}

const GONE =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter.';

export function listObjects(
  world: { readonly store: Store; readonly snapshots: Snapshots },
  kind: Kind,
  call: Call,
): Answer {
  const { store, snapshots } = world;
  const { query, namespace } = call;
  const selects = selection(kind, query);
  if (typeof selects === 'string') throw new Refusal(badRequest(selects));
  const token = query['continue'] ? decodeToken(query['continue']) : undefined;
  if (token !== undefined && query['resourceVersion']) {
    throw new Refusal(badRequest('specifying resource version is not allowed when using continue'));
  }
  const version = token?.rv ?? store.version;
  const key = `${kind.plural}/${namespace ?? ''}@${version}`;
  const snapshot =
    token === undefined || version === store.version ? store.all(kind.plural, namespace) : snapshots.get(key);
  if (snapshot === undefined) throw new Refusal(expired(GONE));
  const start = token === undefined ? 0 : snapshot.findIndex((object) => keyOf(object) >= token.start);
  const limit = Number(query['limit'] ?? 0);
  const page = take(start < 0 ? [] : snapshot.slice(start), { limit, selects });
  const metadata: Record<string, unknown> = {
    ...(kind.custom ? { continue: '' } : {}),
    resourceVersion: String(version),
  };
  if (page.next !== undefined) {
    snapshots.set(key, snapshot);
    metadata['continue'] = encodeToken({ rv: version, start: keyOf(page.next) });
    if (selectsAll(selects)) metadata['remainingItemCount'] = page.rest;
  }
  return {
    status: 200,
    body: { kind: `${kind.kind}List`, apiVersion: apiVersionOf(kind), metadata, items: page.items },
  };
}

function take(
  objects: readonly Stored[],
  { limit, selects }: { readonly limit: number; readonly selects: (object: Stored) => boolean },
) {
  const chosen = selectsAll(selects) ? objects : objects.filter(selects);
  if (limit === 0 || chosen.length <= limit) return { items: chosen, next: undefined, rest: 0 };
  return { items: chosen.slice(0, limit), next: chosen[limit], rest: chosen.length - limit };
}

const keyOf = ({ metadata }: Stored) => `${metadata.namespace ?? ''}/${metadata.name}`;

function encodeToken(token: Token): string {
  return Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', ...token })).toString('base64url');
}

function decodeToken(text: string): Token {
  try {
    const token: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    if (typeof token === 'object' && token !== null && 'rv' in token && 'start' in token)
      return { rv: Number(token.rv), start: String(token.start) };
  } catch {}
  throw new Refusal(badRequest('continue key is not valid'));
}

const listText = new WeakMap<object, string>();

/** The JSON of an answer's body: of stored objects and lists of them, put together from texts that were made before. */
export function bodyText(body: unknown): string {
  if (typeof body !== 'object' || body === null) return JSON.stringify(body) ?? '';
  if (Object.isFrozen(body)) return textOf(body);
  if (!('items' in body) || !Array.isArray(body.items) || !('kind' in body)) return JSON.stringify(body);
  const known = listText.get(body);
  if (known !== undefined) return known;
  const { items, ...head } = body;
  const custom = String(body.kind) === 'StatefulAppList';
  const texts = items.map((item: Stored) => (custom ? textOf(item) : withoutType(textOf(item), item)));
  const text = `${JSON.stringify(head).slice(0, -1)},"items":[${texts.join(',')}]}`;
  listText.set(body, text);
  return text;
}

/** The items of a built-in kind's list do not repeat what they are. Each stored object begins with it. */
function withoutType(text: string, { apiVersion, kind }: Stored): string {
  const head = `{"apiVersion":${JSON.stringify(apiVersion)},"kind":${JSON.stringify(kind)},`;
  return text.startsWith(head) ? `{${text.slice(head.length)}` : text;
}
