// The garbage collector: deletes what has no living owner, in the background, in the foreground, or not (orphan).
// Matches pkg/controller/garbagecollector/garbagecollector.go (attemptToDeleteItem, classifyReferences,
// processDeletingDependentsItem, attemptToOrphanWorker) and operations.go (deleteObject: with UID and resourceVersion,
// once more without the latter when only something else than the owners changed).
// Lacks on purpose: the lag of its graph, the cache of absent owners (UIDs are never used twice), and cycles of owners.

import type { Change, Owner, Stored } from '../server/types.ts';
import { FOREGROUND, Graph, hasFinalizer, isDeletingDependents, ORPHAN, type Place } from './graph.ts';
import { type Hands, handsOf, KINDS, type Outcome } from './hands.ts';
import { isDeleting } from './reading.ts';
import type { ActorParts } from './scheduler.ts';
import { draw } from './temper.ts';
import { withoutFinalizer } from './volumes.ts';
import { Worklist } from './worklist.ts';

interface Owners {
  readonly solid: readonly Owner[];
  readonly dangling: readonly Owner[];
  readonly waiting: readonly Owner[];
}

export class Collector {
  readonly #parts: ActorParts;
  readonly #hands: Hands;
  readonly #work: Worklist;
  readonly #graph = new Graph();

  constructor(parts: ActorParts) {
    this.#parts = parts;
    this.#hands = handsOf(parts.server, 'garbage-collector');
    this.#work = new Worklist(parts.timeline, 'garbage-collector', (uid) => this.#attempt(uid));
    parts.server.onCommit(this.#hear);
  }

  #hear = (change: Change): void => {
    const { object, before, type } = change;
    const { uid, ownerReferences = [] } = object.metadata;
    this.#graph.commit(change);
    if (type === 'DELETED') {
      this.#work.drop(uid);
      this.#wake(this.#graph.dependents(uid));
      for (const owner of ownerReferences) this.#wakeIfWaiting(owner.uid);
      return;
    }
    for (const owner of before?.metadata.ownerReferences ?? []) this.#wakeIfWaiting(owner.uid);
    const starts = (finalizer: string) =>
      isDeleting(object) &&
      hasFinalizer(object, finalizer) &&
      !(before !== undefined && isDeleting(before) && hasFinalizer(before, finalizer));
    if (starts(FOREGROUND)) this.#wake(this.#graph.dependents(uid));
    if (starts(FOREGROUND) || starts(ORPHAN)) this.#add(uid);
    const known = before?.metadata.ownerReferences;
    if (ownerReferences.length === 0 || ownerReferences === known) return;
    if (ownerReferences.some((owner) => this.#isAbsent(owner, object))) this.#add(uid);
  };

  #wake(places: readonly Place[]): void {
    for (const { uid } of places) this.#add(uid);
  }

  #wakeIfWaiting(uid: string): void {
    const place = this.#graph.place(uid);
    const owner = place === undefined ? undefined : this.#find(place);
    if (owner !== undefined && isDeletingDependents(owner)) this.#add(uid);
  }

  #add(uid: string): void {
    const { random, temper } = this.#parts;
    const lags = random.chance(temper.collectorLag);
    this.#work.add(uid, lags ? random.between(20_000, 30_000) : random.delay(10, 2_000));
  }

  #find({ plural, namespace, name, uid }: Place): Stored | undefined {
    const found = this.#parts.server.find(plural, namespace, name);
    return found?.metadata.uid === uid ? found : undefined;
  }

  #attempt(uid: string): number | undefined {
    const place = this.#graph.place(uid);
    const item = place === undefined ? undefined : this.#find(place);
    if (place === undefined || item === undefined) return undefined;
    const outcome = this.#process(place, item);
    return outcome === 'refused' ? draw(this.#parts.random, this.#parts.temper.retry) : undefined;
  }

  #process(place: Place, item: Stored): Outcome {
    if (isDeleting(item) && hasFinalizer(item, ORPHAN)) return this.#orphan(place, item);
    if (isDeletingDependents(item)) return this.#finishForeground(place, item);
    if (isDeleting(item)) return 'done';
    const owners = this.#classify(item);
    if (owners === undefined || owners.solid.length + owners.dangling.length + owners.waiting.length === 0)
      return 'done';
    if (owners.solid.length > 0) {
      // A reference to an owner that waits for its dependents goes too, or that one would wait for ever.
      const off = [...owners.dangling, ...owners.waiting];
      return off.length === 0 ? 'done' : this.#dropOwners(place, item, off);
    }
    if (owners.waiting.length > 0 && this.#graph.dependents(item.metadata.uid).length > 0) {
      return this.#delete(place, item, 'Foreground');
    }
    const policy = hasFinalizer(item, ORPHAN) ? 'Orphan' : hasFinalizer(item, FOREGROUND) ? 'Foreground' : 'Background';
    return this.#delete(place, item, policy);
  }

  #delete({ plural }: Place, item: Stored, policy: 'Background' | 'Foreground' | 'Orphan'): Outcome {
    return this.#hands.remove(plural, item, { policy, resourceVersion: item.metadata.resourceVersion });
  }

  #dropOwners({ plural }: Place, item: Stored, off: readonly Owner[]): Outcome {
    const gone = new Set(off.map((owner) => owner.uid));
    return this.#hands.edit(plural, item, (now) => {
      const ownerReferences = now.metadata.ownerReferences?.filter((owner) => !gone.has(owner.uid)) ?? [];
      return { ...now, metadata: { ...now.metadata, ownerReferences } };
    });
  }

  #orphan({ plural, uid }: Place, item: Stored): Outcome {
    const off = [{ apiVersion: item.apiVersion, kind: item.kind, name: item.metadata.name, uid }];
    for (const place of this.#graph.dependents(uid)) {
      const dependent = this.#find(place);
      if (dependent !== undefined && this.#dropOwners(place, dependent, off) === 'refused') return 'refused';
    }
    return this.#hands.edit(plural, item, withoutFinalizer(ORPHAN));
  }

  /** Only dependents that say so hold the owner back (node.blockingDependents of graph.go). */
  #finishForeground({ plural, uid }: Place, item: Stored): Outcome {
    const blocking = this.#graph.dependents(uid).filter((place) => {
      const owners = this.#find(place)?.metadata.ownerReferences ?? [];
      return owners.some((owner) => owner.uid === uid && owner.blockOwnerDeletion === true);
    });
    if (blocking.length === 0) return this.#hands.edit(plural, item, withoutFinalizer(FOREGROUND));
    for (const place of blocking) {
      const dependent = this.#find(place);
      if (dependent !== undefined && !isDeleting(dependent)) this.#add(place.uid);
    }
    return 'done';
  }

  /** undefined when an owner's kind is unknown: the real one cannot tell either, and leaves the object alone. */
  #classify(item: Stored): Owners | undefined {
    const [solid, dangling, waiting]: [Owner[], Owner[], Owner[]] = [[], [], []];
    for (const owner of item.metadata.ownerReferences ?? []) {
      if (!KINDS.has(owner.kind)) return undefined;
      const found = this.#owner(owner, item);
      if (found === undefined) dangling.push(owner);
      else if (isDeletingDependents(found)) waiting.push(owner);
      else solid.push(owner);
    }
    return { solid, dangling, waiting };
  }

  #isAbsent(owner: Owner, item: Stored): boolean {
    return KINDS.has(owner.kind) && this.#owner(owner, item) === undefined;
  }

  #owner(owner: Owner, item: Stored): Stored | undefined {
    const kind = KINDS.get(owner.kind);
    if (kind === undefined) return undefined;
    const namespace = kind.namespaced ? item.metadata.namespace : undefined;
    return this.#find({ plural: kind.plural, namespace, name: owner.name, uid: owner.uid });
  }
}
