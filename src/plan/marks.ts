// Marks by which we know what is ours: the owner and our labels on a pod, our stamps on its claims. They take nothing
// from anybody and wait for nobody, so they are set at any time, in any order.

import { LABEL } from '../api/names.ts';
import { controllerRef } from '../identity/owner.ts';
import type { PodView } from '../identity/pod-view.ts';
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
  if (!member.wanted || !LIVE.includes(slot.state)) return [];
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
function marking({ observed: { app } }: Scene, member: MemberView, { pod, more, reason }: Mark): Action {
  const { name, ordinal } = member;
  const { uid, resourceVersion } = pod;
  const revision = runningRevision(member);
  const labels = {
    [LABEL.app]: app.name,
    [LABEL.podName]: name,
    [LABEL.podIndex]: String(ordinal),
    ...(revision === null ? {} : { [LABEL.revision]: revision }),
  };
  const patch = { metadata: { uid, resourceVersion, labels, ...more } };
  return { type: 'adoptPod', ordinal, name, uid, resourceVersion, patch, reason };
}
