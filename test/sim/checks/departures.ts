// How objects left a process's watches: alive, so that only a read tells whether they are gone (R7), or seen to have
// stopped, so that nobody has to wait for them. Lacks what goes while a list is being told: that counts as never seen.

import { ANNOTATION } from '../../../src/api/names.ts';
import type { Stored } from '../server/types.ts';
import { fieldOf, hasEnded, isDeleting } from './facts.ts';

interface Departure {
  readonly atMs: number;
  readonly appUid: string | undefined;
}

export class Departures {
  readonly #alive = new Map<string, Departure>();
  readonly #stopped = new Map<string, { readonly atMs: number; readonly uid: string }>();
  /** Resources whose list is being told. */
  readonly #listing = new Map<string, number>();
  /** Resources whose list was told to its end once. */
  readonly listed = new Set<string>();

  lists(plural: string, atMs: number): void {
    this.#listing.set(plural, atMs);
  }

  /** Returns when the list was begun. */
  hasListed(plural: string): number | undefined {
    const atMs = this.#listing.get(plural);
    this.#listing.delete(plural);
    this.listed.add(plural);
    return atMs;
  }

  /** A watch told that it left, in the state that it had last. */
  left(key: string, object: Stored, atMs: number): void {
    if (this.#listing.has(key.slice(0, key.indexOf('/')))) return;
    // Without a deletionTimestamp it was deleted at once, or has lost its label.
    if (!isDeleting(object)) this.#alive.set(key, { atMs, appUid: appUidOf(object) });
    else if (key.startsWith('pods/') && hasStopped(object)) this.#stopped.set(key, { atMs, uid: object.metadata.uid });
  }

  /** Something was heard of it since: it is there, or a read by name found nothing. */
  heard(key: string): void {
    this.#alive.delete(key);
    this.#stopped.delete(key);
  }

  /** Since when nobody has asked for an object of this app that left a watch alive. With its app, it is forgotten. */
  unaskedSinceMs(key: string, appUid: string | undefined): number | undefined {
    const departure = this.#alive.get(key);
    return appUid !== undefined && departure?.appUid === appUid ? departure.atMs : undefined;
  }

  /** Since when it is known to have left a watch with its containers stopped, as the last of its name that was heard of. */
  stoppedSinceMs(key: string, uid: string): number | undefined {
    const stopped = this.#stopped.get(key);
    return stopped?.uid === uid ? stopped.atMs : undefined;
  }
}

/** Whose it is, or is to be. Claims say it in an annotation: their owner may be a pod. */
export function appUidOf(object: unknown): string | undefined {
  const owners = fieldOf(object, 'metadata', 'ownerReferences');
  const owner = Array.isArray(owners) ? owners.find((each) => fieldOf(each, 'controller') === true) : undefined;
  const uid = fieldOf(object, 'metadata', 'annotations', ANNOTATION.appUid) ?? fieldOf(owner, 'uid');
  return typeof uid === 'string' ? uid : undefined;
}

/** In a kubelet's words; pod garbage collection knows nothing of containers. */
function hasStopped(pod: Stored): boolean {
  const conditions = fieldOf(pod, 'status', 'conditions');
  const isCollected = (condition: unknown) => fieldOf(condition, 'reason') === 'DeletionByPodGC';
  return hasEnded(pod) && !(Array.isArray(conditions) && conditions.some(isCollected));
}
