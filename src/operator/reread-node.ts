// The last look before a pod is taken for dead (R1): app, pod and node as they are at the API server. A view that is behind
// may show a node silent that has come back since.

import { type NodeFinding, type Proof, proofOfDeath, proofOfNode } from '../identity/death.ts';
import { isSound } from '../identity/node-view.ts';
import { readPod } from '../identity/pod-view.ts';
import { RESOURCES } from '../kube/resources.ts';
import type { Action } from '../plan/types.ts';
import { type Hands, type Job, Stale } from './hands.ts';
import { lookAtNode } from './look.ts';
import { confirmRequest, confirmSpec } from './reread.ts';

/** Throws Stale unless this very pod is ours still and proven dead now. */
export async function confirmLost(
  hands: Hands,
  job: Job,
  victim: Action & { type: 'deletePod' },
): Promise<{ readonly resourceVersion: string; readonly proof: Proof }> {
  const { namespace, uid } = job.observed.app;
  const [app, object] = await Promise.all([
    confirmSpec(hands, job),
    hands.client.get(RESOURCES.pods, { namespace, name: victim.name }),
  ]);
  // A claim that it keeps may be given up by one (simulator, seed 59).
  confirmRequest(job, app);
  const pod = object === undefined ? null : readPod(object);
  if (pod?.uid !== victim.uid) throw new Stale(`pod ${victim.name} is not the one that was planned for`);
  if (pod.controller?.uid !== uid) throw new Stale(`pod ${victim.name} does not belong to this app any more`);
  const proof = proofOfDeath(pod, pod.confirmedDead ? { state: 'unknown' } : await findingNow(hands, pod.node));
  if (proof === null) throw new Stale(`nothing proves any more that pod ${victim.name} is dead`);
  return { resourceVersion: pod.resourceVersion, proof };
}

/** Throws Stale unless the node is proven dead now. */
export async function confirmDeadNode(hands: Hands, name: string): Promise<void> {
  const finding = await findingNow(hands, name);
  if (finding.state !== 'troubled' || proofOfNode(finding.node) === null)
    throw new Stale(`nothing proves any more that node ${name} is dead`);
}

async function findingNow(hands: Hands, name: string | null): Promise<NodeFinding> {
  if (name === null) return { state: 'unknown' };
  const node = await lookAtNode(hands, name);
  if (node === null) return { state: 'gone' };
  return isSound(node) ? { state: 'sound' } : { state: 'troubled', node };
}
