// What the planner knows of a node: whether its kubelet speaks, and what people or fencing say of the machine. Lacks any
// judgement of what follows for a pod on it: that is death.ts.

import { listAt, objectAt, stringAt } from './json.ts';
import { parseTime } from './time.ts';

export interface NodeView {
  readonly name: string;
  readonly uid: string;
  readonly ready: boolean;
  /** Reason and message of its Ready condition; empty while it is ready. */
  readonly why: string;
  /** Since when Ready has not been true; null while it is, and where nobody says. */
  readonly unreadySinceMs: number | null;
  readonly outOfService: boolean;
  /** The taint by which fencing that the operator was told of declares the machine dead. */
  readonly fencedBy: string | null;
}

/** What is known of the nodes that the app's pods are, or were, bound to. */
export interface NodesSeen {
  /** False: the operator does not follow nodes, or has not heard of them yet; then nothing is known about any (R7). */
  readonly known: boolean;
  /** Those with which something is the matter, or of which somebody says so. */
  readonly troubled: readonly NodeView[];
  /** Those that no watch shows. `gone`: a read by name said that there is none. */
  readonly absent: readonly { readonly name: string; readonly gone: boolean }[];
}

/** People, or a cloud's controller, state with it that the machine is off (KEP-2268). */
export const OUT_OF_SERVICE = 'node.kubernetes.io/out-of-service';

export function readNode(raw: unknown, fencingTaints: readonly string[]): NodeView {
  const metadata = objectAt(raw, 'metadata');
  const ready = listAt(objectAt(raw, 'status'), 'conditions').find((one) => stringAt(one, 'type') === 'Ready');
  const isReady = stringAt(ready, 'status') === 'True';
  const taints = listAt(objectAt(raw, 'spec'), 'taints').map((taint) => stringAt(taint, 'key'));
  return {
    name: stringAt(metadata, 'name') ?? '',
    uid: stringAt(metadata, 'uid') ?? '',
    ready: isReady,
    why: isReady ? '' : (stringAt(ready, 'reason') ?? 'no condition Ready'),
    unreadySinceMs: isReady ? null : (parseTime(stringAt(ready, 'lastTransitionTime')) ?? null),
    outOfService: taints.includes(OUT_OF_SERVICE),
    fencedBy: fencingTaints.find((key) => taints.includes(key)) ?? null,
  };
}

/** Nothing is the matter with it, and nobody says so. */
export function isSound({ ready, outOfService, fencedBy }: NodeView): boolean {
  return ready && !outOfService && fencedBy === null;
}
