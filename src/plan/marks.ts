// Marks by which we know what is ours: the owner and our labels on a pod, our stamps on its claims. They take nothing
// from anybody and wait for nobody, so they are set at any time, in any order. A pod that people take out of the selector
// loses our owner reference: matches ClaimPods and ReleasePod of Kubernetes pkg/controller/controller_ref_manager.go.

import { LABEL } from '../api/names.ts';
import { controllerRef } from '../identity/owner.ts';
import type { PodView } from '../identity/pod-view.ts';
import { matches } from '../identity/selector.ts';
import { LIVE } from '../identity/slot.ts';
import { claimActions } from './equip.ts';
import { type MemberView, runningRevision, type Scene } from './scene.ts';
import type { Action } from './types.ts';

/** What is missing on a member that has a pod: an owner, a label, a stamp. One that ended is about to go anyway. */
export function missingMarks(scene: Scene, member: MemberView): readonly Action[] {
  const { slot } = member;
  if (!('pod' in slot) || slot.state === 'Taken' || slot.state === 'Terminating') return [];
  if (slot.state === 'Orphan') {
    const ownerReferences = [controllerRef(scene.observed.app)];
    const reason = 'it has no owner, our name, and labels that match spec.selector';
    return [marking(scene, member, { pod: slot.pod, more: { ownerReferences }, reason })];
  }
  if (!LIVE.includes(slot.state)) return [];
  const labels = { ...slot.pod.labels, ...labelsOf(scene, member) };
  if (!matches(scene.judge.selector, labels)) return [release(member, slot.pod)];
  if (!member.wanted) return [];
  const labelled = slot.pod.labels[LABEL.app] === scene.observed.app.name;
  const label = { pod: slot.pod, more: {}, reason: 'our label was taken off it' };
  const stamps = claimActions(scene, member).filter(({ type }) => type === 'stampClaim');
  return [...(labelled ? [] : [marking(scene, member, label)]), ...stamps];
}

interface Mark {
  readonly pod: PodView;
  /** Metadata beside the labels. */
  readonly more: object;
  readonly reason: string;
}

/** If it is still the object that was looked at. */
function marking(scene: Scene, member: MemberView, { pod, more, reason }: Mark): Action {
  const { name, ordinal } = member;
  const { uid, resourceVersion } = pod;
  const patch = { metadata: { uid, resourceVersion, labels: labelsOf(scene, member), ...more } };
  return { type: 'adoptPod', ordinal, name, uid, resourceVersion, patch, reason };
}

function labelsOf({ observed: { app } }: Scene, member: MemberView): Readonly<Record<string, string>> {
  const revision = runningRevision(member);
  return {
    [LABEL.app]: app.name,
    [LABEL.podName]: member.name,
    [LABEL.podIndex]: String(member.ordinal),
    ...(revision === null ? {} : { [LABEL.revision]: revision }),
  };
}

/** From then on it is a stranger's, and its name is taken; with its labels back it is adopted again. */
function release({ name, ordinal }: MemberView, { uid, resourceVersion }: PodView): Action {
  const patch = { metadata: { uid, resourceVersion, ownerReferences: [] } };
  const reason = 'its labels do not match spec.selector any more';
  return { type: 'releasePod', ordinal, name, uid, resourceVersion, patch, reason };
}
