// Deletes, gracefully, the pods of nodes with a NoExecute taint that they do not tolerate, or not for that long.
// Matches pkg/controller/tainteviction (processPodOnNode, getMinTolerationTime, addConditionAndDeletePod); admission gives
// each pod the tolerations of 300 s.
// Lacks on purpose: the API-initiated eviction of a drain, which users do by themselves.

import { stringAt } from '../../../src/identity/json.ts';
import type { Change, Stored } from '../server/types.ts';
import { type Hands, handsOf } from './hands.ts';
import { isDeleting, keyOf, nodeOf, taintsOf, toleratesFor, withStatusCondition } from './reading.ts';
import type { ActorParts } from './scheduler.ts';
import { draw } from './temper.ts';
import { Worklist } from './worklist.ts';

const CONDITION = {
  type: 'DisruptionTarget',
  status: 'True',
  reason: 'DeletionByTaintManager',
  message: 'Taint manager: deleting due to NoExecute taint',
} as const;

export class Evictions {
  readonly #parts: ActorParts;
  readonly #hands: Hands;
  readonly #work: Worklist;
  /** Since when a pod (by UID) has been on a node that it does not tolerate for ever. */
  readonly #since = new Map<string, number>();

  constructor(parts: ActorParts) {
    this.#parts = parts;
    this.#hands = handsOf(parts.server, 'taint-eviction');
    this.#work = new Worklist(parts.timeline, 'taint-eviction', (key) => this.#look(key));
    parts.server.onCommit(this.#hear);
  }

  #hear = ({ plural, object, before, type }: Change): void => {
    const wake = (pod: Stored) => this.#work.add(keyOf(pod), draw(this.#parts.random, this.#parts.temper.reaction));
    if (plural === 'pods') {
      if (type === 'DELETED') this.#since.delete(object.metadata.uid);
      else if (before === undefined || nodeOf(before) !== nodeOf(object)) wake(object);
    } else if (plural === 'nodes' && type !== 'DELETED') {
      if (before === undefined || JSON.stringify(taintsOf(before)) === JSON.stringify(taintsOf(object))) return;
      for (const pod of this.#parts.server.all('pods')) if (nodeOf(pod) === object.metadata.name) wake(pod);
    }
  };

  #look(key: string): number | undefined {
    const { server, timeline, random, temper } = this.#parts;
    const [namespace = '', name = ''] = key.split('/');
    const pod = server.find('pods', namespace, name);
    const node = pod === undefined ? undefined : server.find('nodes', undefined, nodeOf(pod) ?? '');
    if (pod === undefined || node === undefined || isDeleting(pod)) return undefined;
    const { uid } = pod.metadata;
    const leftMs = toleratedMs(pod, node);
    if (leftMs === Number.POSITIVE_INFINITY) {
      this.#since.delete(uid);
      return undefined;
    }
    const since = this.#since.get(uid) ?? timeline.now();
    this.#since.set(uid, since);
    const dueMs = since + leftMs;
    if (timeline.now() < dueMs) return dueMs - timeline.now();
    const said = this.#hands.editStatus('pods', pod, (now) => withStatusCondition(now, CONDITION, timeline.now()));
    const done = said === 'done' ? this.#hands.remove('pods', pod) : said;
    return done === 'refused' ? draw(random, temper.retry) : undefined;
  }
}

/** For how long all of the node's NoExecute taints together are tolerated. */
function toleratedMs(pod: Stored, node: Stored): number {
  const taints = taintsOf(node).filter((taint) => stringAt(taint, 'effect') === 'NoExecute');
  return Math.min(...taints.map((taint) => (toleratesFor(pod, taint) ?? 0) * 1000), Number.POSITIVE_INFINITY);
}
