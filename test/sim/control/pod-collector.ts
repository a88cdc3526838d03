// The pod garbage collector: removes pods by force that no kubelet will remove. Matches pkg/controller/podgc
// (gcTerminating, gcOrphaned, gcUnscheduledTerminating, markFailedAndDeletePodWithCondition): a sweep every 20 s, nodes
// missed for 40 s. Only pods of a missing node get the condition DeletionByPodGC; those on a node that is out of service
// are just Failed.
// Lacks on purpose: the threshold of terminated pods (12,500), and sweeps while nothing calls for one.

import { objectAt } from '../../../src/identity/json.ts';
import type { Change, Stored } from '../server/types.ts';
import { type Hands, handsOf } from './hands.ts';
import { conditionStatus, isDeleting, isTerminal, nodeOf, taintsOf, withStatusCondition } from './reading.ts';
import type { ActorParts } from './scheduler.ts';
import { Worklist } from './worklist.ts';

const PERIOD_MS = 20_000;
const QUARANTINE_MS = 40_000;
const SWEEP = 'sweep';
const OUT_OF_SERVICE = 'node.kubernetes.io/out-of-service';
const CONDITION = {
  type: 'DisruptionTarget',
  status: 'True',
  reason: 'DeletionByPodGC',
  message: 'PodGC: node no longer exists',
} as const;

export class PodCollector {
  readonly #parts: ActorParts;
  readonly #hands: Hands;
  readonly #work: Worklist;
  /** Since when a node that pods are bound to has been missed. */
  readonly #missedSince = new Map<string, number>();

  constructor(parts: ActorParts) {
    this.#parts = parts;
    this.#hands = handsOf(parts.server, 'pod-garbage-collector');
    this.#work = new Worklist(parts.timeline, 'pod-garbage-collector', () => this.#sweep());
    parts.server.onCommit(this.#hear);
  }

  #hear = ({ plural, object, type }: Change): void => {
    const calls =
      (plural === 'pods' && type !== 'DELETED' && this.#verdict(object) !== undefined) ||
      (plural === 'nodes' && (type !== 'MODIFIED' || isOutOfService(object)));
    if (calls) this.#work.add(SWEEP, this.#parts.random.between(1, PERIOD_MS));
  };

  #sweep(): number | undefined {
    const nowMs = this.#parts.timeline.now();
    let more = false;
    const missed = new Set<string>();
    for (const pod of this.#parts.server.all('pods')) {
      const verdict = this.#verdict(pod);
      if (verdict === undefined) continue;
      const node = nodeOf(pod) ?? '';
      if (verdict === 'orphaned') {
        missed.add(node);
        const since = this.#missedSince.get(node) ?? nowMs;
        this.#missedSince.set(node, since);
        if (nowMs - since < QUARANTINE_MS) {
          more = true;
          continue;
        }
      }
      if (!this.#failAndRemove(pod, verdict === 'orphaned')) more = true;
    }
    for (const node of this.#missedSince.keys()) if (!missed.has(node)) this.#missedSince.delete(node);
    return more ? PERIOD_MS : undefined;
  }

  #verdict(pod: Stored): 'orphaned' | 'unscheduled' | 'out of service' | undefined {
    // One with finalizers stays, forced or not; to ask again changes nothing.
    if (isDeleting(pod) && pod.metadata.deletionGracePeriodSeconds === 0 && isTerminal(pod)) return undefined;
    const name = nodeOf(pod);
    if (name === undefined) return isDeleting(pod) ? 'unscheduled' : undefined;
    const node = this.#parts.server.find('nodes', undefined, name);
    if (node === undefined) return 'orphaned';
    return isDeleting(pod) && isOutOfService(node) ? 'out of service' : undefined;
  }

  /** False when it has to be tried again. */
  #failAndRemove(pod: Stored, orphaned: boolean): boolean {
    const nowMs = this.#parts.timeline.now();
    const marked = this.#hands.editStatus('pods', pod, (now) => {
      if (isTerminal(now)) return now;
      const told = orphaned ? withStatusCondition(now, CONDITION, nowMs) : now;
      return { ...told, status: { ...objectAt(told, 'status'), phase: 'Failed' } };
    });
    const outcome = marked === 'done' ? this.#hands.remove('pods', pod, { graceSeconds: 0 }) : marked;
    return outcome !== 'refused';
  }
}

/** Both: a forgotten taint on a node that is well does nothing. */
function isOutOfService(node: Stored): boolean {
  return conditionStatus(node, 'Ready') !== 'True' && taintsOf(node).some(({ key }) => key === OUT_OF_SERVICE);
}
