// Node lifecycle: a node whose kubelet fell silent becomes Unknown and tainted, its pods not ready; when it speaks again
// the taints go. Matches pkg/controller/nodelifecycle (monitorNodeHealth, processTaintBaseEviction, handleDisruption):
// 50 s of silence, a look every 5 s, one node newly evicted from per 10 s, none while all nodes are down or most are.
// Lacks on purpose: Lease and heartbeat objects (whether a kubelet is connected is asked of it; the up to 10 s since its
// last renewal are drawn), zones, and other conditions than Ready.

import { listAt, objectAt, stringAt } from '../../../src/identity/json.ts';
import { formatTime } from '../../../src/identity/time.ts';
import type { Change, Stored } from '../server/types.ts';
import { type Hands, handsOf } from './hands.ts';
import { conditionStatus, nodeOf, withStatusCondition } from './reading.ts';
import type { ActorParts } from './scheduler.ts';
import { draw } from './temper.ts';
import { Worklist } from './worklist.ts';

const GRACE_MS = 50_000;
const RENEWAL_MS = 10_000;
const PERIOD_MS = 5_000;
const TAINTING_MS = 10_000;
const NOT_READY = 'node.kubernetes.io/not-ready';
const UNREACHABLE = 'node.kubernetes.io/unreachable';

export class NodeLifecycle {
  readonly #parts: ActorParts;
  readonly #hands: Hands;
  readonly #work: Worklist;
  /** Since when nothing was heard of a node. */
  readonly #silentSince = new Map<string, number>();
  #nextTaintAtMs = 0;

  constructor(parts: ActorParts) {
    this.#parts = parts;
    this.#hands = handsOf(parts.server, 'node-lifecycle');
    this.#work = new Worklist(parts.timeline, 'node-lifecycle', (name) => this.#monitor(name));
    parts.server.onCommit(this.#hear);
  }

  /** The ground truth that stands for the kubelet's Lease. */
  connection(node: string, connected: boolean): void {
    if (connected) this.#silentSince.delete(node);
    else if (!this.#silentSince.has(node)) {
      const sinceMs = this.#parts.timeline.now() - this.#parts.random.between(0, RENEWAL_MS);
      this.#silentSince.set(node, sinceMs);
      this.#work.add(node, sinceMs + GRACE_MS + this.#tick() - this.#parts.timeline.now());
    }
  }

  #hear = ({ plural, object, type }: Change): void => {
    if (plural === 'nodes' && type !== 'DELETED') this.#work.add(object.metadata.name, this.#tick());
  };

  #tick(): number {
    return this.#parts.random.between(1, PERIOD_MS);
  }

  #monitor(name: string): number | undefined {
    const { server, timeline, random, temper } = this.#parts;
    const node = server.find('nodes', undefined, name);
    if (node === undefined) return undefined;
    const silentSince = this.#silentSince.get(name);
    if (silentSince !== undefined && conditionStatus(node, 'Ready') !== 'Unknown') {
      const overAtMs = silentSince + GRACE_MS;
      if (timeline.now() < overAtMs) return overAtMs - timeline.now() + this.#tick();
      return this.#declareUnknown(node) ? PERIOD_MS : draw(random, temper.retry);
    }
    return this.#taint(node);
  }

  #declareUnknown(node: Stored): boolean {
    const { server, timeline } = this.#parts;
    const condition = {
      type: 'Ready',
      status: 'Unknown',
      reason: 'NodeStatusUnknown',
      message: 'Kubelet stopped posting node status.',
    } as const;
    const said = this.#hands.editStatus('nodes', node, (now) => withStatusCondition(now, condition, timeline.now()));
    if (said === 'refused') return false;
    // MarkPodsNotReady of pkg/controller/util/node: once, at the transition.
    for (const pod of server.all('pods')) {
      if (nodeOf(pod) !== node.metadata.name || conditionStatus(pod, 'Ready') !== 'True') continue;
      const unready = { type: 'Ready', status: 'False' } as const;
      this.#hands.editStatus('pods', pod, (now) => withStatusCondition(now, unready, timeline.now()));
    }
    return true;
  }

  /** NoSchedule at once, NoExecute by turns and not while most nodes are down. */
  #taint(node: Stored): number | undefined {
    const { server, timeline, random, temper } = this.#parts;
    const status = conditionStatus(node, 'Ready');
    const key = status === 'True' ? undefined : status === 'Unknown' ? UNREACHABLE : NOT_READY;
    const old = listAt(node['spec'], 'taints');
    const has = (effect: string) =>
      old.some((each) => stringAt(each, 'key') === key && stringAt(each, 'effect') === effect);
    const nodes = server.all('nodes');
    const down = nodes.filter((each) => conditionStatus(each, 'Ready') !== 'True').length;
    const allDown = down === nodes.length;
    const mostDown = down > 2 && down / nodes.length >= 0.55;
    const due = timeline.now() >= this.#nextTaintAtMs;
    const execute = key !== undefined && !allDown && (has('NoExecute') || (!mostDown && due));
    const wanted =
      key === undefined ? [] : [{ key, effect: 'NoSchedule' }, ...(execute ? [{ key, effect: 'NoExecute' }] : [])];
    const kept = old.filter((each) => !isOurs(each) || wanted.some((want) => sameTaint(each, want)));
    const added = wanted.filter((want) => !kept.some((each) => sameTaint(each, want)));
    if (kept.length !== old.length || added.length > 0) {
      if (execute && !has('NoExecute')) this.#nextTaintAtMs = timeline.now() + TAINTING_MS;
      const timeAdded = formatTime(timeline.now());
      const taints = [...kept, ...added.map((each) => ({ ...each, timeAdded }))];
      const outcome = this.#hands.edit('nodes', node, (now) => ({
        ...now,
        spec: { ...objectAt(now, 'spec'), taints },
      }));
      if (outcome === 'refused') return draw(random, temper.retry);
      // Whether others may be evicted from depends on all.
      for (const { metadata } of nodes) this.#work.add(metadata.name, PERIOD_MS);
    }
    if (key === undefined || execute || allDown || mostDown) return undefined;
    return Math.max(PERIOD_MS, this.#nextTaintAtMs - timeline.now());
  }
}

function isOurs(taint: unknown): boolean {
  return [NOT_READY, UNREACHABLE].includes(stringAt(taint, 'key') ?? '');
}

function sameTaint(a: unknown, b: unknown): boolean {
  return stringAt(a, 'key') === stringAt(b, 'key') && stringAt(a, 'effect') === stringAt(b, 'effect');
}
