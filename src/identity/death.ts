// Whether a pod that its kubelet does not end is dead for certain (R1). A silent node proves nothing: its containers may
// run on. What proves it: somebody states it of this very pod, or of its machine, while that machine is silent; or the
// Node object is gone. Lacks what is done then: that is plan/lost.ts.

import { type NodesSeen, type NodeView, OUT_OF_SERVICE } from './node-view.ts';
import type { PodView } from './pod-view.ts';

/**
 * What is known of the node of a pod. `unknown`: the operator may not read nodes, or has not read this one yet (R7). `gone`:
 * a read answered that there is none.
 */
export type NodeFinding =
  | { readonly state: 'unknown' | 'gone' | 'sound' }
  | { readonly state: 'troubled'; readonly node: NodeView };

export function findingOf({ known, troubled, absent }: NodesSeen, name: string | null): NodeFinding {
  if (!known || name === null) return { state: 'unknown' };
  const node = troubled.find((one) => one.name === name);
  if (node !== undefined) return { state: 'troubled', node };
  const missing = absent.find((one) => one.name === name);
  if (missing === undefined) return { state: 'sound' };
  return { state: missing.gone ? 'gone' : 'unknown' };
}

export interface Proof {
  /**
   * `nodeGone` says that the pod is given up, not that its kubelet has stopped it: that may live on without a Node object
   * (seen), so that the name is free only after the grace period. All others free it at once.
   */
  readonly by: 'confirmedDead' | 'outOfService' | 'fenced' | 'nodeGone';
  /** A clause: "node a is not Ready and carries the taint …". */
  readonly says: string;
}

export function proofOfDeath(pod: PodView, finding: NodeFinding): Proof | null {
  if (pod.confirmedDead) return { by: 'confirmedDead', says: 'an annotation on the pod states that it runs nowhere' };
  if (pod.node === null) return null;
  if (finding.state === 'gone') return { by: 'nodeGone', says: `Node ${pod.node} is gone` };
  return finding.state === 'troubled' ? proofOfNode(finding.node) : null;
}

/** A taint that was forgotten on a machine that is well again proves nothing. */
export function proofOfNode(node: NodeView): Proof | null {
  if (node.ready) return null;
  const says = (taint: string) => `node ${node.name} is not Ready and carries the taint ${taint}`;
  if (node.outOfService) return { by: 'outOfService', says: says(OUT_OF_SERVICE) };
  return node.fencedBy === null ? null : { by: 'fenced', says: says(node.fencedBy) };
}
