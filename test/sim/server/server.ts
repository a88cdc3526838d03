// An API server in memory, as strict and as odd as kube-apiserver 1.36 where the operator or the simulated cluster can
// see it. Promises: a write is committed, and its listeners told, when `handle` returns; the same calls at the same times
// give the same answers. Lacks what docs/simulator-differences.md lists; first of all faults, which others add by `rules`.
import { applyObject, Ownership } from './apply.ts';
import { bindPod, evictPod } from './binding.ts';
import { createObject } from './create.ts';
import { deleteObject } from './delete.ts';
import { failure, unknownPath } from './failures.ts';
import { type Kind, kindOf } from './kinds.ts';
import { getObject, listObjects, type Snapshots } from './read.ts';
import { Store } from './store.ts';
import type { Answer, Call, Change, Stored, WatchCursor } from './types.ts';
import { patchObject, scaleOf, updateObject, writeScale } from './update.ts';
import { openWatch } from './watch.ts';
import { Refusal, type World } from './world.ts';

export interface SimServerOptions {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly uid: () => string;
}

const NAMESPACES = ['default', 'kube-node-lease', 'kube-public', 'kube-system'];

export class SimServer {
  /** Asked first, in order, also for watches: the first answer is the answer. */
  readonly rules: ((call: Call) => Answer | undefined)[] = [];
  readonly #store = new Store();
  readonly #world: World;
  readonly #snapshots: Snapshots = new Map();

  constructor(options: SimServerOptions) {
    this.#world = { store: this.#store, ownership: new Ownership(), rewritten: new WeakSet(), ...options };
    for (const name of NAMESPACES) {
      const query = {};
      const body = { metadata: { name } };
      const where = { group: '', plural: 'namespaces', namespace: undefined, name: undefined, subresource: undefined };
      this.handle({ actor: 'kube-apiserver', verb: 'create', ...where, query, contentType: 'application/json', body });
    }
  }

  get version(): number {
    return this.#store.version;
  }

  handle(call: Call): Answer {
    const ruled = this.#rule(call);
    if (ruled !== undefined) return ruled;
    const kind = kindOf(call.group, call.plural);
    if (kind === undefined || !placed(kind, call)) return unknownPath();
    try {
      return this.#perform(kind, call);
    } catch (error) {
      if (error instanceof Refusal) return error.answer;
      throw error;
    }
  }

  /** Nothing has been told yet: whoever holds the cursor pulls. */
  watch(call: Call): WatchCursor | Answer {
    const ruled = this.#rule(call);
    if (ruled !== undefined) return ruled;
    const kind = kindOf(call.group, call.plural);
    return kind === undefined ? unknownPath() : openWatch(this.#store, kind, call);
  }

  /** Called after each commit, in order; it may write itself. Returns how to end it. */
  onCommit(listener: (change: Change) => void): () => void {
    return this.#store.onCommit(listener);
  }

  find(plural: string, namespace: string | undefined, name: string): Stored | undefined {
    return this.#store.find(plural, namespace, name);
  }

  all(plural: string, namespace?: string): readonly Stored[] {
    return this.#store.all(plural, namespace);
  }

  /** Stored as given, past every check, in a new generation: what another version of the server has let in. */
  force(plural: string, object: Stored): Stored {
    const metadata = { ...object.metadata, generation: (object.metadata.generation ?? 0) + 1 };
    return this.#store.put({ plural, object: { ...object, metadata }, actor: 'etcd', call: undefined });
  }

  /** History up to now is forgotten: older watches and continue tokens are told that they are Expired. */
  compact(): void {
    this.#store.compact();
    this.#snapshots.clear();
  }

  #rule(call: Call): Answer | undefined {
    for (const rule of this.rules) {
      const answer = rule(call);
      if (answer !== undefined) return answer;
    }
    return undefined;
  }

  #perform(kind: Kind, call: Call): Answer {
    const write = { kind, call };
    if (call.subresource !== undefined) return this.#performSub(kind, call);
    switch (call.verb) {
      case 'get':
        return getObject(this.#store, kind, call);
      case 'list':
        return listObjects({ store: this.#store, snapshots: this.#snapshots }, kind, call);
      case 'create':
        return call.name === undefined ? createObject(this.#world, write) : notAllowed();
      case 'update':
        return updateObject(this.#world, write);
      case 'patch':
        return patchObject(this.#world, write);
      case 'apply':
        return applyObject(this.#world, write);
      case 'delete':
        return call.name === undefined ? notAllowed() : deleteObject(this.#world, write);
      case 'watch':
        throw new TypeError('a watch is opened by watch()');
      default:
        return call.verb satisfies never;
    }
  }

  #performSub(kind: Kind, call: Call): Answer {
    const write = { kind, call };
    const { subresource, verb } = call;
    if (subresource === 'scale' && kind.custom === true) {
      if (verb === 'update' || verb === 'patch') return writeScale(this.#world, write);
      const { status, body } = getObject(this.#store, kind, call);
      return { status, body: scaleOf(body as Stored) };
    }
    if (subresource === 'status' && kind.status) {
      if (verb === 'get') return getObject(this.#store, kind, call);
      if (verb === 'update') return updateObject(this.#world, write);
      if (verb === 'patch') return patchObject(this.#world, write);
    }
    if (kind.plural === 'pods' && verb === 'create' && subresource === 'binding') return bindPod(this.#world, write);
    if (kind.plural === 'pods' && verb === 'create' && subresource === 'eviction') return evictPod(this.#world, write);
    if (kind.plural === 'namespaces' && verb === 'update' && subresource === 'finalize')
      return updateObject(this.#world, write);
    return subresource === 'status' && kind.status ? notAllowed() : unknownPath();
  }
}

/** A namespaced resource may be listed in all namespaces at once. */
function placed({ namespaced }: Kind, { verb, namespace }: Call): boolean {
  return namespace === undefined ? !namespaced || verb === 'list' : namespaced;
}

function notAllowed(): Answer {
  return failure(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {});
}
