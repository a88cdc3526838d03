// Pods that go without the word of a kubelet (R1): only by what was read in this very pass, of the pod or of its node, and
// where the app allows it. Silence is none. Whether containers ran on all the same is twins.ts's.

import { ANNOTATION } from '../../../src/api/names.ts';
import type { Call, Stored } from '../server/types.ts';
import { appNameOf, controllerOf, fieldOf, isDeleting, ordinalIn, wantedOf } from './facts.ts';
import { appsRead } from './given.ts';
import { type Knowledge, keyOf } from './knowledge.ts';

/** A delete that leaves a kubelet no time. */
export function isForced(call: Call): boolean {
  return call.verb === 'delete' && call.plural === 'pods' && fieldOf(call.body, 'gracePeriodSeconds') === 0;
}

export function lostAsProven(knowledge: Knowledge, call: Call): string | undefined {
  if (!isForced(call) || call.name === undefined) return undefined;
  const { namespace } = call;
  const uid = fieldOf(call.body, 'preconditions', 'uid');
  const read = knowledge.readSince(keyOf('pods', namespace, call.name));
  const pods = read.filter((pod) => pod !== undefined && pod.metadata.uid === uid);
  if (pods.length === 0) return 'the victim was not read before';
  const name = appNameOf(knowledge, call) ?? '';
  const ordinal = ordinalIn(name, call.name) ?? -1;
  const apps = appsRead(knowledge, namespace, name);
  const allows = apps.some((app) => {
    const { spec, metadata } = app;
    const isOurs = pods.some((pod) => pod !== undefined && controllerOf(pod)?.uid === metadata.uid);
    const isTurn = wantedOf(app).includes(ordinal) || pods.some((pod) => pod !== undefined && isDeleting(pod));
    return isOurs && isTurn && !spec.paused && spec.nodeFailurePolicy.type === 'ReplaceOnProof';
  });
  if (!allows) return 'no app that was read before has it replaced';
  return pods.some((pod) => pod !== undefined && isProven(knowledge, pod))
    ? undefined
    : 'nothing that was read proves it dead';
}

function isProven(knowledge: Knowledge, pod: Stored): boolean {
  if (pod.metadata.annotations?.[ANNOTATION.confirmedDead] === pod.metadata.uid) return true;
  const node = fieldOf(pod, 'spec', 'nodeName');
  return typeof node === 'string' && knowledge.readSince(keyOf('nodes', undefined, node)).some(isOff);
}

/** Gone, or declared to be off while it is silent. */
export function isOff(node: Stored | undefined): boolean {
  if (node === undefined) return true;
  const taints = fieldOf(node, 'spec', 'taints');
  const conditions = fieldOf(node, 'status', 'conditions');
  const isDeclared =
    Array.isArray(taints) && taints.some((taint) => fieldOf(taint, 'key') === 'node.kubernetes.io/out-of-service');
  const isReady =
    Array.isArray(conditions) &&
    conditions.some((one) => fieldOf(one, 'type') === 'Ready' && fieldOf(one, 'status') === 'True');
  return isDeclared && !isReady;
}
