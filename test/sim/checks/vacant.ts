// When a name is free again (R1), at each pod that is made: of a former one whose end its kubelet did not tell, and that this
// process knew of, either its grace period is over, or its node was read to be off in this very pass, or this process has
// proven it dead and taken it away itself. Whether containers ran on all the same is twins.ts's.

import type { Call, Change, Stored } from '../server/types.ts';
import { fieldOf, hasEnded, isDeleting } from './facts.ts';
import { type Knowledge, keyOf } from './knowledge.ts';
import { isForced, isOff } from './lost.ts';
import type { Rule } from './witness.ts';

interface Former {
  readonly pod: Stored;
  readonly atMs: number;
}

/** A kubelet may need this long beyond the grace period. */
const SLACK_MS = 10_000;

export function vacantRule(): Rule {
  const formers = new WeakMap<object, Map<string, readonly Former[]>>();
  /** UIDs of pods that a process has taken for dead. */
  const proven = new WeakMap<object, Set<string>>();
  return {
    name: 'R1',
    judge: (knowledge, call) => {
      const { host } = knowledge;
      const { server, timeline } = host.options;
      const all = formers.get(server) ?? follow(server, timeline);
      formers.set(server, all);
      const dead = proven.get(host) ?? new Set<string>();
      proven.set(host, dead);
      if (isForced(call)) dead.add(String(fieldOf(call.body, 'preconditions', 'uid')));
      if (call.verb !== 'create' || call.plural !== 'pods') return undefined;
      const left = (all.get(titleOf(call)) ?? []).filter(
        ({ pod, atMs }) => timeline.now() < atMs + graceMs(pod) && !dead.has(pod.metadata.uid),
      );
      const early = left.find(({ pod }) => knowledge.memory.hasSeen(pod) && !isOnDeadNode(knowledge, pod));
      return early && `pod ${early.pod.metadata.uid} went ${timeline.now() - early.atMs} ms ago, and may run on`;
    },
  };
}

function follow(
  server: { onCommit(hear: (change: Change) => void): unknown },
  timeline: { now(): number },
): Map<string, readonly Former[]> {
  const all = new Map<string, readonly Former[]>();
  server.onCommit(({ plural, type, object, actor }) => {
    if (plural !== 'pods' || type !== 'DELETED' || actor.startsWith('kubelet') || !mayRun(object)) return;
    const key = `${object.metadata.namespace}/${object.metadata.name}`;
    all.set(key, [...(all.get(key) ?? []), { pod: object, atMs: timeline.now() }]);
  });
  return all;
}

const titleOf = ({ namespace, body }: Call) => `${namespace}/${String(fieldOf(body, 'metadata', 'name'))}`;

const graceMs = (pod: Stored) => Number(fieldOf(pod, 'spec', 'terminationGracePeriodSeconds') ?? 30) * 1000 + SLACK_MS;

/** Bound to a node, and its kubelet has not said that all of it has ended. */
function mayRun(pod: Stored): boolean {
  if (fieldOf(pod, 'spec', 'nodeName') === undefined) return false;
  const conditions = fieldOf(pod, 'status', 'conditions');
  const isCollected =
    Array.isArray(conditions) && conditions.some((one) => fieldOf(one, 'reason') === 'DeletionByPodGC');
  if (isCollected) return true;
  const containers = fieldOf(pod, 'status', 'containerStatuses');
  const areDown =
    isDeleting(pod) &&
    Array.isArray(containers) &&
    containers.length > 0 &&
    containers.every((one) => fieldOf(one, 'state', 'terminated') !== undefined);
  return !hasEnded(pod) && !areDown;
}

function isOnDeadNode(knowledge: Knowledge, pod: Stored): boolean {
  const node = String(fieldOf(pod, 'spec', 'nodeName'));
  const read = knowledge.readSince(keyOf('nodes', undefined, node));
  return read.some((found) => found !== undefined && isOff(found));
}
