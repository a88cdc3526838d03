// The state of one ordinal's place: free, taken by a stranger, or held by our pod in exactly one state.
// Decides nothing about what to do with it. At most one (R1): `Empty` is the only state in which a pod may be created.

import { isTerminal, type PodView } from './pod-view.ts';
import { matches } from './selector.ts';

/** How a pod that is gone ended: what this process saw of it, or why it cannot know. */
export interface Ending {
  readonly pod: string;
  readonly uid: string;
  readonly node: string | null;
  /** stopped: the kubelet said that all containers ended. neverBound: no node ever had it. dead: proven. unknown: none of it. */
  readonly how: 'stopped' | 'neverBound' | 'dead' | 'unknown';
  readonly atMs: number;
  readonly graceSeconds: number;
}

export type Slot =
  /** `deadNode`: free for the one reason that this node is proven dead, which is read once more before a pod is made. */
  | { readonly state: 'Empty'; readonly deadNode?: string }
  | {
      readonly state: 'Vanished';
      readonly sinceMs: number;
      readonly freeAtMs: number;
      readonly uid: string;
      readonly graceSeconds: number;
    }
  | { readonly state: 'Taken'; readonly pod: PodView; readonly why: string }
  | { readonly state: 'Orphan'; readonly pod: PodView }
  | { readonly state: PodState; readonly pod: PodView };

/** A slot that holds a pod whose controller is our UID. */
export function isOurPod(slot: Slot): slot is Extract<Slot, { readonly state: PodState }> {
  return 'pod' in slot && slot.state !== 'Taken' && slot.state !== 'Orphan';
}

export type PodState = 'Terminating' | 'Failed' | 'Succeeded' | 'Pending' | 'NotReady' | 'Ready' | 'Available';

/** The states of a pod that runs or is to run. */
export const LIVE: readonly string[] = ['Pending', 'NotReady', 'Ready', 'Available'] satisfies readonly PodState[];

/** A live kubelet that lost its pod object may need this long beyond the grace period to stop the containers. */
const KUBELET_SLACK_MS = 10_000;

export interface Judge {
  readonly appUid: string;
  readonly selector: unknown;
  readonly minReadySeconds: number;
  readonly nowMs: number;
}

export function heldSlot(pod: PodView, judge: Judge): Slot {
  if (pod.controller !== null && pod.controller.uid !== judge.appUid) {
    const { kind, name, uid } = pod.controller;
    return { state: 'Taken', pod, why: `it belongs to ${kind} ${name} (UID ${uid})` };
  }
  if (pod.controller === null) return ownerlessSlot(pod, judge);
  return { state: podState(pod, judge), pod };
}

function ownerlessSlot(pod: PodView, judge: Judge): Slot {
  if (pod.deletingSinceMs !== null) return { state: 'Taken', pod, why: 'it has no owner and is being deleted' };
  if (matches(judge.selector, pod.labels)) return { state: 'Orphan', pod };
  return { state: 'Taken', pod, why: 'it has no owner and its labels do not match spec.selector' };
}

/** Matches isRunningAndAvailable, isTerminating, isFailed … of pkg/controller/statefulset/stateful_set_utils.go. */
function podState(pod: PodView, { minReadySeconds, nowMs }: Judge): PodState {
  if (pod.deletingSinceMs !== null) return 'Terminating';
  if (isTerminal(pod)) return pod.phase === 'Failed' ? 'Failed' : 'Succeeded';
  if (pod.phase !== 'Running') return 'Pending';
  if (pod.readySinceMs === null) return 'NotReady';
  return nowMs >= availableAtMs(pod, minReadySeconds) ? 'Available' : 'Ready';
}

/** When a ready pod becomes available, in milliseconds; endless for one that is not ready. */
export function availableAtMs(pod: PodView, minReadySeconds: number): number {
  return pod.readySinceMs === null ? Number.POSITIVE_INFINITY : pod.readySinceMs + minReadySeconds * 1000;
}

/** The place of a pod that is gone, by what is known of its end (R1). */
export function vacatedSlot(ending: Ending, nowMs: number): Slot {
  if (ending.how !== 'unknown') return { state: 'Empty' };
  const { atMs, graceSeconds, uid } = ending;
  const freeAtMs = atMs + graceSeconds * 1000 + KUBELET_SLACK_MS;
  if (nowMs >= freeAtMs) return { state: 'Empty' };
  return { state: 'Vanished', sinceMs: atMs, freeAtMs, uid, graceSeconds };
}
