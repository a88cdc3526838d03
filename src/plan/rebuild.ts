// Members that are made anew on request (`statefulapp.dev/rebuild`): claims of exactly the UIDs that it names are deleted, and
// then the member's pod, one member at a time and only while everyone else is available. The claims come first: their
// protection keeps them until the pod is gone, and a pod that went first would be made again on them. What is made in their
// place is equip.ts's, and whose turn it is rebuild-turn.ts's. A request is never taken off by us; one whose claims are gone asks for nothing.

import { ANNOTATION } from '../api/names.ts';
import { isOurPod } from '../identity/slot.ts';
import { claimDoubt, volumeRisk } from './doubts.ts';
import type { Scene } from './scene.ts';
import { NOTHING, type Step } from './step.ts';
import type { Action, Wait } from './types.ts';

export function planRebuild(scene: Scene): Step {
  const { rebuild } = scene;
  if (rebuild === null) return NOTHING;
  const { member, claims, blocker, obstacle } = rebuild;
  const names = claims.map(({ name }) => name).join(', ');
  const { ordinal, slot, name } = member;
  const start = `${name} is rebuilt, as annotation ${ANNOTATION.rebuild} asks: ${names} and all data on it are deleted and made anew`;
  const wait = (message: string): Wait => ({ reason: 'Rebuilding', ordinal, message: `${start}${message}.` });
  if (blocker !== null)
    return { actions: [], waits: [wait(` once ${blocker.name}, which is ${blocker.slot.state}, is Available`)] };
  if (obstacle !== null) return { actions: [], waits: [obstacle, wait(' once that is settled')] };
  if (slot.state === 'Vanished' || slot.state === 'Taken' || slot.state === 'Orphan')
    return { actions: [], waits: [wait(` once its place is free (${slot.state})`)] };
  const reason = `annotation ${ANNOTATION.rebuild} names it`;
  const removals = claims.flatMap(({ view }): readonly Action[] => {
    if (view === null || view.deleting) return [];
    const { name: claim, uid, resourceVersion } = view;
    return [{ type: 'deleteClaim', ordinal, name: claim, uid, resourceVersion, because: 'rebuild', reason }];
  });
  // A claim that is made ahead of an update is not the pod's yet: that can stay.
  const isUsed = isOurPod(slot) && claims.some((claim) => slot.pod.claims.includes(claim.name));
  if (!isUsed || slot.state === 'Terminating') return { actions: removals, waits: [wait('')] };
  const { uid, resourceVersion } = slot.pod;
  const why = `it is rebuilt: ${names} are deleted`;
  const pod: Action = {
    type: 'deletePod',
    ordinal,
    name,
    uid,
    resourceVersion,
    because: 'rebuild',
    reason: why,
  };
  return { actions: [...removals, pod], waits: [wait('')] };
}

/**
 * Until it can begin, nothing is given up: a pod does not go for the sake of one claim while another one keeps it from coming
 * back, and nobody is there to help.
 */
export function withObstacle(scene: Scene): Scene {
  const { rebuild } = scene;
  if (rebuild === null || rebuild.blocker !== null) return scene;
  const { member } = rebuild;
  const doubt = isOurPod(member.slot) ? claimDoubt(scene, member) : null;
  const obstacle = volumeRisk(scene, member) ?? (doubt?.needsUser ? doubt : null);
  return obstacle === null ? scene : { ...scene, rebuild: { ...rebuild, obstacle } };
}
