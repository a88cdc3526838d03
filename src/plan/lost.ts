// Members whose node does not answer, or is said to be dead: what is known of it, what the status says of that, and the one
// act that it allows. A pod is taken away without the word of its kubelet only on proof (identity/death.ts), where
// nodeFailurePolicy is ReplaceOnProof, and never while it alone keeps a volume that is at risk (R12). Its exact copy comes by
// the ordinary way (fill.ts). Lacks time: silence alone, however long, proves nothing.

import { ANNOTATION } from '../api/names.ts';
import { findingOf, type Proof, proofOfDeath } from '../identity/death.ts';
import { OUT_OF_SERVICE } from '../identity/node-view.ts';
import type { PodView } from '../identity/pod-view.ts';
import { isOurPod } from '../identity/slot.ts';
import { formatTime } from '../identity/time.ts';
import { volumeRisk } from './doubts.ts';
import { disksOf } from './equip.ts';
import { keepings, takesClaims } from './retention.ts';
import type { MemberView, Scene } from './scene.ts';
import type { Action, Observed, Wait } from './types.ts';

/** Reads of nodes that no watch shows and that a pod of ours is bound to: only a read tells that one is gone (R7). */
export function readNodes({ nodes }: Observed): readonly Action[] {
  return nodes.absent
    .filter(({ gone }) => !gone)
    .map(({ name }) => ({ type: 'readNode', name, reason: 'a member is bound to it, and no watch shows it' }));
}

/** Pods that are proven dead. Of those that are not wanted, the ones that are to end already: their turn has come. */
export function planLost(scene: Scene): readonly Action[] {
  const { wanted, condemned } = scene;
  const going = condemned.filter(({ slot }) => slot.state === 'Terminating');
  return [...wanted, ...going].flatMap((member) => lostPod(scene, member));
}

const WELL: readonly MemberView['slot']['state'][] = ['Ready', 'Available'];
const LOSABLE: readonly MemberView['slot']['state'][] = ['Pending', 'NotReady', ...WELL, 'Terminating'];

function lostPod(scene: Scene, member: MemberView): readonly Action[] {
  const { slot, name, ordinal } = member;
  if (scene.spec.nodeFailurePolicy.type === 'Wait' || !isOurPod(slot) || !LOSABLE.includes(slot.state)) return [];
  const { pod } = slot;
  const proof = proofFor(scene, pod);
  // Once it is deleted without grace, only its finalizers keep it.
  if (proof === null || pod.forced || volumeRisk(scene, member) !== null) return [];
  // Claims that end with it are given to it first (simulator, seed 109).
  if (!member.wanted && takesClaims(scene, member) && keepings(scene, member).length > 0) return [];
  // A Node object may go and come back under a kubelet that lives: a pod that is well is left to pod garbage collection, which
  // gives it 40 s (gcOrphaned of pkg/controller/podgc/gc_controller.go).
  if (proof.by === 'nodeGone' && WELL.includes(slot.state)) return [];
  const { uid, resourceVersion } = pod;
  const disks = disksOf(scene, member.mounted);
  return [{ type: 'deletePod', ordinal, name, uid, resourceVersion, because: 'lost', ...disks, reason: proof.says }];
}

function proofFor({ observed }: Scene, pod: PodView): Proof | null {
  return proofOfDeath(pod, findingOf(observed.nodes, pod.node));
}

/** Why a member's pod neither runs as it should nor ends: its node. Null when that is not known to be the cause. */
export function nodeWait(scene: Scene, member: MemberView): Wait | null {
  const { name, ordinal, slot } = member;
  // Once it is deleted without grace, only its finalizers keep it.
  if (!isOurPod(slot) || slot.pod.forced) return null;
  const { pod } = slot;
  const proof = proofFor(scene, pod);
  const wait = (message: string): Wait => ({ reason: 'NodeLost', ordinal, message: `${name} ${message}` });
  if (proof !== null && scene.spec.nodeFailurePolicy.type === 'ReplaceOnProof')
    return volumeRisk(scene, member) ?? wait(`is lost and is replaced: ${proof.says}.`);
  const deleted = pod.deletingSinceMs === null ? '' : ` Its pod was deleted at ${formatTime(pod.deletingSinceMs)}.`;
  if (proof !== null)
    return wait(
      `is lost: ${proof.says}.${deleted} nodeFailurePolicy.type is Wait, so it is not replaced before the node says that the ` +
        `pod has ended, or somebody deletes it: kubectl delete pod ${name} -n ${scene.observed.app.namespace} --force`,
    );
  const finding = findingOf(scene.observed.nodes, pod.node);
  if (finding.state !== 'troubled' || finding.node.ready) return null;
  const { node } = finding;
  const since = node.unreadySinceMs === null ? '' : ` since ${formatTime(node.unreadySinceMs)}`;
  return wait(
    `waits for node ${node.name}, which has not been Ready${since} (${node.why}): nobody knows whether its containers still run, ` +
      `so it is not replaced.${deleted} ${waysOn(scene, pod)}`,
  );
}

/** What frees the name of a pod that no kubelet ends. */
export function waysOn({ observed: { app } }: Scene, { name, uid, node }: PodView): string {
  return (
    `It goes on when the node is back. Only when the machine is certainly off: kubectl taint node ${node} ` +
    `${OUT_OF_SERVICE}=nodeshutdown:NoExecute, or for this pod alone: kubectl annotate pod ${name} -n ${app.namespace} ` +
    `${ANNOTATION.confirmedDead}=${uid}`
  );
}
