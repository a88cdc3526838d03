// The scheduler: gives each pod a node that may take it, or says in its PodScheduled condition why none does.
// Matches pkg/scheduler/framework/plugins (volumebinding's PreFilter, tainttoleration, nodeunschedulable, nodeaffinity for
// spec.nodeSelector); whether a node is Ready counts only by its taints. Among the nodes that fit, chance decides.
// Lacks on purpose: resources, affinity, spreading, preemption, and volumes that exist on some nodes only.

import { objectAt, stringAt, stringMap } from '../../../src/identity/json.ts';
import type { Random } from '../random.ts';
import type { SimServer } from '../server/server.ts';
import type { Change, Stored } from '../server/types.ts';
import type { Timeline } from '../timeline.ts';
import { type Hands, handsOf } from './hands.ts';
import {
  claimsOf,
  isDeleting,
  isTerminal,
  keyOf,
  nodeOf,
  phaseOf,
  taintsOf,
  toleratesFor,
  withStatusCondition,
} from './reading.ts';
import { draw, type Temper } from './temper.ts';
import { Worklist } from './worklist.ts';

/** What every actor works with. */
export interface ActorParts {
  readonly server: SimServer;
  readonly timeline: Timeline;
  readonly random: Random;
  readonly temper: Temper;
}

export class Scheduler {
  readonly #parts: ActorParts;
  readonly #hands: Hands;
  readonly #work: Worklist;
  /** Unbound pods, and the claims that each names. */
  readonly #waiting = new Map<string, readonly string[]>();

  constructor(parts: ActorParts) {
    this.#parts = parts;
    this.#hands = handsOf(parts.server, 'scheduler');
    this.#work = new Worklist(parts.timeline, 'scheduler', (key) => this.#schedule(key));
    parts.server.onCommit(this.#hear);
  }

  #hear = ({ plural, object, type }: Change): void => {
    const wake = (key: string) => this.#work.add(key, draw(this.#parts.random, this.#parts.temper.reaction));
    if (plural === 'pods') {
      const key = keyOf(object);
      const open = type !== 'DELETED' && nodeOf(object) === undefined && !isDeleting(object) && !isTerminal(object);
      if (!open) this.#waiting.delete(key);
      else if (!this.#waiting.has(key)) {
        this.#waiting.set(key, claimsOf(object));
        wake(key);
      }
    } else if (plural === 'nodes') {
      for (const key of this.#waiting.keys()) wake(key);
    } else if (plural === 'persistentvolumeclaims') {
      const prefix = `${object.metadata.namespace}/`;
      for (const [key, claims] of this.#waiting) {
        if (key.startsWith(prefix) && claims.includes(object.metadata.name)) wake(key);
      }
    }
  };

  #schedule(key: string): number | undefined {
    if (!this.#waiting.has(key)) return undefined;
    const { server, timeline, random, temper } = this.#parts;
    const [namespace = '', name = ''] = key.split('/');
    const pod = server.find('pods', namespace, name);
    if (pod === undefined || nodeOf(pod) !== undefined || isDeleting(pod)) return undefined;
    const nodes = server.all('nodes');
    const fitting = nodes.filter((node) => fits(pod, node));
    const trouble =
      claimTrouble(server, pod) ?? (fitting.length === 0 ? `0/${nodes.length} nodes are available.` : undefined);
    if (trouble !== undefined) {
      const condition = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: trouble } as const;
      const said = this.#hands.editStatus('pods', pod, (now) => withStatusCondition(now, condition, timeline.now()));
      return said === 'refused' ? draw(random, temper.retry) : undefined;
    }
    const bound = this.#hands.bind(pod, random.pick(fitting).metadata.name);
    return bound === 'refused' ? draw(random, temper.retry) : undefined;
  }
}

function claimTrouble(server: SimServer, pod: Stored): string | undefined {
  for (const name of claimsOf(pod)) {
    const claim = server.find('persistentvolumeclaims', pod.metadata.namespace, name);
    if (claim === undefined) return `persistentvolumeclaim "${name}" not found`;
    if (isDeleting(claim)) return `persistentvolumeclaim "${name}" is being deleted`;
    if (phaseOf(claim) === 'Lost') return `persistentvolumeclaim "${name}" bound to non-existent persistentvolume`;
    if (phaseOf(claim) !== 'Bound') return 'pod has unbound immediate PersistentVolumeClaims';
  }
  return undefined;
}

function fits(pod: Stored, node: Stored): boolean {
  if (isDeleting(node) || objectAt(node, 'spec')['unschedulable'] === true) return false;
  const labels = stringMap(node.metadata.labels);
  const wanted = Object.entries(objectAt(objectAt(pod, 'spec'), 'nodeSelector'));
  if (wanted.some(([key, value]) => labels[key] !== value)) return false;
  return taintsOf(node).every((taint) => {
    if (stringAt(taint, 'effect') === 'PreferNoSchedule') return true;
    return toleratesFor(pod, taint) !== undefined;
  });
}
