// Watches: from which version, whether refused, and what each one may be told. Matches Kubernetes apiserver
// pkg/storage/cacher (cacheWatcher.convertToWatchEvent) and apimachinery pkg/apis/meta/internalversion/validation.
// Lacks the network: whoever holds a cursor decides when it is told more.
import { expired, failure } from './failures.ts';
import { textOf } from './json.ts';
import { apiVersionOf, type Kind } from './kinds.ts';
import { type Predicate, selection, selectsAll } from './selectors.ts';
import type { History, Store } from './store.ts';
import type { Answer, Call, Change, Stored, WatchCursor } from './types.ts';

const TOO_OLD = (from: number, oldest: number) => `too old resource version: ${from} (${oldest})`;

export function openWatch(store: Store, kind: Kind, call: Call): WatchCursor | Answer {
  const { query } = call;
  const selects = selection(kind, query);
  if (typeof selects === 'string') return failure(400, 'BadRequest', selects);
  const refused = refusal(query);
  if (refused !== undefined) return refused;
  return new Cursor(store, kind, { ...call, selects });
}

function refusal(query: Readonly<Record<string, string>>): Answer | undefined {
  const { sendInitialEvents, resourceVersionMatch, resourceVersion = '' } = query;
  const reason = (field: string, why: string) => {
    const causes = [{ reason: 'FieldValueForbidden', message: why, field }];
    return failure(422, 'Invalid', `ListOptions.meta.k8s.io "" is invalid: ${field}: ${why}`, {
      group: 'meta.k8s.io',
      kind: 'ListOptions',
      causes,
    });
  };
  if (!/^[0-9]*$/.test(resourceVersion)) return failure(400, 'BadRequest', `Invalid value: "${resourceVersion}"`);
  if (sendInitialEvents === undefined) {
    if (resourceVersionMatch === undefined) return undefined;
    return reason(
      'resourceVersionMatch',
      'Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
    );
  }
  if (resourceVersionMatch === 'NotOlderThan') return undefined;
  return reason(
    'resourceVersionMatch',
    'Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
  );
}

type Asked = Call & { readonly selects: Predicate };

interface News {
  readonly line: string;
  /** Whoever has read the line has been told everything up to here; undefined in the midst of the opening list. */
  readonly version: number | undefined;
}

class Cursor implements WatchCursor {
  readonly plural: string;
  readonly timeoutSeconds: number;
  readonly #store: Store;
  readonly #kind: Kind;
  readonly #asked: Asked;
  readonly #history: History;
  readonly #bookmarks: boolean;
  /** Nothing up to here is told. */
  readonly #from: number;
  /** Index of the next change to look at, counted from the first that ever was. */
  #next: number;
  #told: number | undefined;
  #ready: News[] = [];
  #ended = false;

  constructor(store: Store, kind: Kind, asked: Asked) {
    const { query } = asked;
    this.plural = kind.plural;
    this.#store = store;
    this.#kind = kind;
    this.#asked = asked;
    this.#history = store.history(kind.plural);
    this.#bookmarks = query['allowWatchBookmarks'] === 'true';
    // Without timeoutSeconds the server chooses 30 to 60 minutes (--min-request-timeout).
    this.timeoutSeconds = Number(query['timeoutSeconds'] ?? 1800);
    const given = Number(query['resourceVersion'] ?? 0);
    const listing = given === 0 || query['sendInitialEvents'] === 'true';
    this.#from = listing ? store.version : given;
    const { changes, dropped } = this.#history;
    this.#next = dropped + firstAfter(changes, this.#from);
    this.#told = listing ? undefined : given;
    if (!listing && given < store.compacted) this.#expire(given);
    else if (listing) this.#open();
  }

  get hasNews(): boolean {
    this.#advance(1);
    return this.#ready.length > 0;
  }

  /** The failure has been told: the server closes the connection (apiserver pkg/storage/cacher, newErrWatcher). */
  get isOver(): boolean {
    return this.#ended && this.#ready.length === 0;
  }

  pull(limit = Number.POSITIVE_INFINITY): readonly string[] {
    this.#advance(limit);
    const told = this.#ready.splice(0, limit);
    this.#told = told.at(-1)?.version ?? this.#told;
    return told.map(({ line }) => line);
  }

  bookmark(): string | undefined {
    if (!this.#bookmarks || this.#ended || this.#from > this.#store.version) return undefined;
    if (!this.hasNews) this.#told = this.#store.version;
    return this.#told === undefined ? undefined : this.#bookmarkLine(this.#told);
  }

  #open(): void {
    const { namespace, query, selects } = this.#asked;
    if (query['sendInitialEvents'] === 'false') return;
    for (const object of this.#store.all(this.plural, namespace)) {
      if (selects(object)) this.#ready.push({ line: lineOf('ADDED', object), version: undefined });
    }
    if (query['sendInitialEvents'] !== 'true' || !this.#bookmarks) return;
    const line = this.#bookmarkLine(this.#from, { 'k8s.io/initial-events-end': 'true' });
    this.#ready.push({ line, version: this.#from });
  }

  #advance(wanted: number): void {
    const { changes, dropped } = this.#history;
    if (this.#ended) return;
    if (this.#next < dropped && this.#ready.length < wanted) this.#expire(this.#told ?? this.#from);
    while (this.#ready.length < wanted) {
      const change = changes[this.#next - dropped];
      if (change === undefined) return;
      this.#next += 1;
      const line = change.version > this.#from ? this.#shown(change) : undefined;
      if (line !== undefined) this.#ready.push({ line, version: change.version });
    }
  }

  /** An object that stops matching is deleted for this watch, one that starts is added. */
  #shown(change: Change): string | undefined {
    const { namespace, selects } = this.#asked;
    const { type, object, before } = change;
    if (namespace !== undefined && object.metadata.namespace !== namespace) return undefined;
    if (selectsAll(selects)) return lineOf(type, object);
    const matched = before !== undefined && selects(before);
    if (type === 'DELETED') return matched ? lineOf('DELETED', object) : undefined;
    if (selects(object)) return lineOf(matched ? 'MODIFIED' : 'ADDED', object);
    return matched ? lineOf('DELETED', leaving(change, before)) : undefined;
  }

  #bookmarkLine(version: number, annotations?: Readonly<Record<string, string>>): string {
    const metadata = { resourceVersion: String(version), ...(annotations ? { annotations } : {}) };
    const object = { kind: this.#kind.kind, apiVersion: apiVersionOf(this.#kind), metadata };
    return `${JSON.stringify({ type: 'BOOKMARK', object })}\n`;
  }

  /** The answer is 200 all the same: the failure comes as an event. */
  #expire(from: number): void {
    const { body } = expired(TOO_OLD(from, this.#store.compacted));
    this.#ready.push({ line: `${JSON.stringify({ type: 'ERROR', object: body })}\n`, version: undefined });
    this.#ended = true;
  }
}

/** The first of the changes with a version beyond `version`; they are in order. */
function firstAfter(changes: readonly Change[], version: number): number {
  let [low, high] = [0, changes.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const at = changes[middle];
    if (at !== undefined && at.version <= version) low = middle + 1;
    else high = middle;
  }
  return low;
}

const lineOf = (type: string, object: Stored) => `{"type":"${type}","object":${textOf(object)}}\n`;

const left = new WeakMap<Change, Stored>();

/** As it was while it matched, with the version of the change. */
function leaving(change: Change, before: Stored): Stored {
  let object = left.get(change);
  if (object === undefined) {
    object = { ...before, metadata: { ...before.metadata, resourceVersion: String(change.version) } };
    left.set(change, object);
  }
  return object;
}
