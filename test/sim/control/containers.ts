// A node's container runtime: which pods' containers run in truth, whatever any object says. It outlives the kubelet and
// knows nothing of the API.
//
// Promise: started and stopped are told the moment that it happens, in turns for each pod UID.
// Lacks on purpose: single containers (those of a pod start and end together), images, networks, volumes.

import type { Cancel, Timeline } from '../timeline.ts';
import type { PodRef } from './reading.ts';

export interface Fact extends PodRef {
  readonly node: string;
}

/** For the monitors: called synchronously. */
export interface GroundTruth {
  started(fact: Fact): void;
  stopped(fact: Fact): void;
}

export interface End {
  readonly exitCode: number;
  readonly reason: string;
  readonly startedAtMs: number;
  readonly finishedAtMs: number;
}

/** What the runtime remembers of a pod's containers, also after they ended, until the kubelet removes them. */
export interface Sandbox {
  readonly ref: PodRef;
  readonly graceSeconds: number;
  /** How often they were started. */
  readonly starts: number;
  /** undefined while they do not run. */
  readonly runningSinceMs: number | undefined;
  readonly end: End | undefined;
}

interface Dying {
  readonly atMs: number;
  readonly cancel: Cancel;
}

export class Containers {
  readonly #node: string;
  readonly #timeline: Timeline;
  readonly #truth: GroundTruth;
  readonly #sandboxes = new Map<string, Sandbox>();
  readonly #dying = new Map<string, Dying>();
  /** The kubelet listens here, when there is one. */
  onEnd: (uid: string) => void = () => {};

  constructor(node: string, timeline: Timeline, truth: GroundTruth) {
    this.#node = node;
    this.#timeline = timeline;
    this.#truth = truth;
  }

  find(uid: string): Sandbox | undefined {
    return this.#sandboxes.get(uid);
  }

  all(): readonly Sandbox[] {
    return [...this.#sandboxes.values()];
  }

  running(): readonly Fact[] {
    return this.all()
      .filter((sandbox) => sandbox.runningSinceMs !== undefined)
      .map(({ ref }) => ({ node: this.#node, ...ref }));
  }

  start(ref: PodRef, graceSeconds: number): void {
    const old = this.#sandboxes.get(ref.uid);
    if (old?.runningSinceMs !== undefined) return;
    const starts = (old?.starts ?? 0) + 1;
    this.#sandboxes.set(ref.uid, { ref, graceSeconds, starts, runningSinceMs: this.#timeline.now(), end: old?.end });
    this.#truth.started({ node: this.#node, ...ref });
  }

  /** They will end by then, or sooner when they were told so before. */
  endIn(uid: string, ms: number, how: { readonly exitCode: number; readonly reason: string }): void {
    if (this.#sandboxes.get(uid)?.runningSinceMs === undefined) return;
    const atMs = this.#timeline.now() + ms;
    const before = this.#dying.get(uid);
    if (before !== undefined && before.atMs <= atMs) return;
    before?.cancel();
    const cancel = this.#timeline.after(ms, `containers ${this.#node} ${uid} end`, () => this.#end(uid, how));
    this.#dying.set(uid, { atMs, cancel });
  }

  /** Everything ends at this moment: the runtime's restart, or the machine's. */
  endAll(how: { readonly exitCode: number; readonly reason: string }): void {
    for (const { uid } of this.running()) this.#end(uid, how);
  }

  /** The remains of ended containers are removed. */
  forget(uid: string): void {
    if (this.#sandboxes.get(uid)?.runningSinceMs === undefined) this.#sandboxes.delete(uid);
  }

  #end(uid: string, how: { readonly exitCode: number; readonly reason: string }): void {
    this.#dying.get(uid)?.cancel();
    this.#dying.delete(uid);
    const sandbox = this.#sandboxes.get(uid);
    if (sandbox?.runningSinceMs === undefined) return;
    const end = { ...how, startedAtMs: sandbox.runningSinceMs, finishedAtMs: this.#timeline.now() };
    this.#sandboxes.set(uid, { ...sandbox, runningSinceMs: undefined, end });
    this.#truth.stopped({ node: this.#node, ...sandbox.ref });
    this.onEnd(uid);
  }
}
