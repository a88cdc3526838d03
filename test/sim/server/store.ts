// What is stored: the current objects, and all changes since the last compaction, each with its version.
// Promises: one sequence of versions for all resources; listeners hear each change after it is committed, in order, also
// when a listener writes. Lacks any judgement: whatever is put is stored.
import { settle } from './json.ts';
import type { Call, Change, Stored } from './types.ts';

export interface Put {
  readonly plural: string;
  /** Its resourceVersion is given here. */
  readonly object: Stored;
  readonly actor: string;
  readonly call: Call | undefined;
}

interface Shelf {
  readonly objects: Map<string, Stored>;
  /** Sorted; undefined when names came or went. */
  names: readonly string[] | undefined;
  listed: readonly Stored[] | undefined;
}

/** The changes of one resource; `dropped` of them were forgotten. */
export interface History {
  changes: Change[];
  dropped: number;
}

const NONE: readonly Stored[] = Object.freeze([]);

export class Store {
  version = 1;
  /** Whatever happened up to here is forgotten. */
  compacted = 0;
  readonly #resources = new Map<string, Map<string, Shelf>>();
  readonly #histories = new Map<string, History>();
  readonly #listeners = new Set<(change: Change) => void>();
  readonly #untold: Change[] = [];
  #telling = false;

  find(plural: string, namespace: string | undefined, name: string): Stored | undefined {
    return this.#resources
      .get(plural)
      ?.get(namespace ?? '')
      ?.objects.get(name);
  }

  /** By namespace and name, in the order of etcd's keys. The array never changes. */
  all(plural: string, namespace?: string): readonly Stored[] {
    const shelves = this.#resources.get(plural);
    if (shelves === undefined) return NONE;
    if (namespace !== undefined) return listOf(shelves.get(namespace));
    // `a-b/x` comes before `a/x`: the slash counts.
    const keys = [...shelves.keys()].sort((a, b) => compare(`${a}/`, `${b}/`));
    return keys.length === 1 ? listOf(shelves.get(keys[0] ?? '')) : keys.flatMap((key) => listOf(shelves.get(key)));
  }

  history(plural: string): History {
    let history = this.#histories.get(plural);
    if (history === undefined) {
      history = { changes: [], dropped: 0 };
      this.#histories.set(plural, history);
    }
    return history;
  }

  put({ plural, object, actor, call }: Put): Stored {
    const { namespace, name } = object.metadata;
    const shelf = this.#shelf(plural, namespace);
    const before = shelf.objects.get(name);
    this.version += 1;
    const stored = settle({ ...object, metadata: { ...object.metadata, resourceVersion: String(this.version) } });
    shelf.objects.set(name, stored);
    shelf.listed = undefined;
    if (before === undefined) shelf.names = undefined;
    this.#record({
      version: this.version,
      type: before ? 'MODIFIED' : 'ADDED',
      plural,
      object: stored,
      before,
      actor,
      call,
    });
    return stored;
  }

  /** The object as it was last, with the version of its end. */
  remove({ plural, object, actor, call }: Put): Stored {
    const { namespace, name } = object.metadata;
    const shelf = this.#shelf(plural, namespace);
    const before = shelf.objects.get(name) ?? object;
    shelf.objects.delete(name);
    shelf.names = undefined;
    shelf.listed = undefined;
    this.version += 1;
    const last = settle({ ...before, metadata: { ...before.metadata, resourceVersion: String(this.version) } });
    this.#record({ version: this.version, type: 'DELETED', plural, object: last, before, actor, call });
    return last;
  }

  compact(): void {
    this.compacted = this.version;
    for (const history of this.#histories.values()) {
      history.dropped += history.changes.length;
      history.changes = [];
    }
  }

  onCommit(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #shelf(plural: string, namespace = ''): Shelf {
    let shelves = this.#resources.get(plural);
    if (shelves === undefined) {
      shelves = new Map();
      this.#resources.set(plural, shelves);
    }
    let shelf = shelves.get(namespace);
    if (shelf === undefined) {
      shelf = { objects: new Map(), names: undefined, listed: undefined };
      shelves.set(namespace, shelf);
    }
    return shelf;
  }

  #record(change: Change): void {
    this.history(change.plural).changes.push(change);
    this.#untold.push(change);
    if (this.#telling) return;
    this.#telling = true;
    try {
      for (let next = this.#untold.shift(); next !== undefined; next = this.#untold.shift()) {
        for (const listener of [...this.#listeners]) listener(next);
      }
    } finally {
      this.#telling = false;
    }
  }
}

function listOf(shelf: Shelf | undefined): readonly Stored[] {
  if (shelf === undefined) return NONE;
  shelf.names ??= [...shelf.objects.keys()].sort(compare);
  shelf.listed ??= Object.freeze(shelf.names.flatMap((name) => shelf.objects.get(name) ?? []));
  return shelf.listed;
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
