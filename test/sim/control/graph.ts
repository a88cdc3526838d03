// Who names whom as its owner, kept up to date with each commit: the garbage collector's graph
// (pkg/controller/garbagecollector/graph_builder.go), without its lag. Decides nothing.

import type { Change, Stored } from '../server/types.ts';

/** Where an object is; the UID says which one is meant. */
export interface Place {
  readonly plural: string;
  readonly namespace: string | undefined;
  readonly name: string;
  readonly uid: string;
}

export class Graph {
  readonly #places = new Map<string, Place>();
  readonly #dependents = new Map<string, Set<string>>();
  readonly #owners = new Map<string, readonly string[]>();

  commit({ plural, object, type }: Change): void {
    const { uid, namespace, name } = object.metadata;
    this.#unlink(uid);
    if (type === 'DELETED') {
      this.#places.delete(uid);
      return;
    }
    this.#places.set(uid, { plural, namespace, name, uid });
    const owners = (object.metadata.ownerReferences ?? []).map((owner) => owner.uid);
    if (owners.length === 0) return;
    this.#owners.set(uid, owners);
    for (const owner of owners) {
      const dependents = this.#dependents.get(owner) ?? new Set();
      dependents.add(uid);
      this.#dependents.set(owner, dependents);
    }
  }

  place(uid: string): Place | undefined {
    return this.#places.get(uid);
  }

  dependents(owner: string): readonly Place[] {
    return [...(this.#dependents.get(owner) ?? [])].flatMap((uid) => this.#places.get(uid) ?? []);
  }

  #unlink(uid: string): void {
    for (const owner of this.#owners.get(uid) ?? []) {
      const dependents = this.#dependents.get(owner);
      dependents?.delete(uid);
      if (dependents?.size === 0) this.#dependents.delete(owner);
    }
    this.#owners.delete(uid);
  }
}

export const ORPHAN = 'orphan';
export const FOREGROUND = 'foregroundDeletion';

export function hasFinalizer(object: Stored, finalizer: string): boolean {
  return object.metadata.finalizers?.includes(finalizer) === true;
}

/** Waits for its dependents to be deleted first. */
export function isDeletingDependents(object: Stored): boolean {
  return object.metadata.deletionTimestamp !== undefined && hasFinalizer(object, FOREGROUND);
}
