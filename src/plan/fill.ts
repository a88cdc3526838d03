// Wanted members: made where missing, replaced where they ended, in order. Matches Kubernetes
// pkg/controller/statefulset/stateful_set_control.go (processReplica): ascending, and under OrderedReady a member comes
// only when all lower ones are available. Different on purpose: a member that keeps failing is replaced with backoff, and
// under podRecoveryPolicy Parallel members that were complete once do not wait for each other.

import { LABEL } from '../api/names.ts';
import { controllerRef } from '../identity/owner.ts';
import type { PodView } from '../identity/pod-view.ts';
import { availableAtMs } from '../identity/slot.ts';
import { formatTime } from '../identity/time.ts';
import { claimActions, claimDoubt, equip } from './equip.ts';
import { backoffUntilMs } from './failures.ts';
import type { MemberView, Scene } from './scene.ts';
import type { Action, Wait } from './types.ts';

export interface Step {
  readonly actions: readonly Action[];
  readonly waits: readonly Wait[];
}
export const NOTHING: Step = { actions: [], waits: [] };

export function planFill(scene: Scene): Step {
  const ordered = scene.spec.podManagementPolicy === 'OrderedReady';
  const actions: Action[] = [];
  const waits: Wait[] = [];
  let blocker: MemberView | null = null;
  let held: Wait | null = null;
  for (const member of scene.wanted) {
    if (ordered && blocker !== null && !mayOvertake(scene, member)) {
      held ??= heldBack(member, blocker, scene);
      continue;
    }
    const step = memberStep(scene, member);
    actions.push(...step.actions);
    waits.push(...step.waits);
    if (blocker === null && member.slot.state !== 'Available') blocker = member;
  }
  return { actions, waits: held === null ? waits : [...waits, held] };
}

/** The first member that something would be done for, were it not for a lower one. */
function heldBack({ slot, name, ordinal }: MemberView, blocker: MemberView, { spec }: Scene): Wait | null {
  if (slot.state !== 'Empty' && slot.state !== 'Failed' && slot.state !== 'Succeeded') return null;
  const wayOut =
    spec.podRecoveryPolicy === 'Ordered' && blocker.ledger?.complete === true
      ? ' If members cannot become Ready alone, spec.podRecoveryPolicy Parallel lets those that were complete once restart together.'
      : '';
  const message = `${name} waits for ${blocker.name} to be Available, as podManagementPolicy OrderedReady asks.${wayOut}`;
  return { reason: 'PodNotReady', ordinal, message };
}

/** R6: only one that was complete once, and only if the app asks for it. Unknown counts as never. */
function mayOvertake({ spec }: Scene, { ledger }: MemberView): boolean {
  return spec.podRecoveryPolicy === 'Parallel' && ledger?.complete === true;
}

function memberStep(scene: Scene, member: MemberView): Step {
  const { slot, name, ordinal } = member;
  const wait = (reason: Wait['reason'], message: string, more: Partial<Wait> = {}): Step => ({
    actions: [],
    waits: [{ reason, ordinal, message, ...more }],
  });
  switch (slot.state) {
    case 'Available':
      return { actions: upkeep(scene, member), waits: [] };
    case 'Empty':
      return equip(scene, member);
    case 'Orphan':
      return {
        actions: [marking(scene, member, 'it has no owner, our name, and labels that match spec.selector')],
        waits: [],
      };
    case 'Failed':
    case 'Succeeded':
      return replaceEnded(scene, member);
    case 'Taken':
      return wait(
        'NameTaken',
        `${name} waits for pod ${name} to go away: ${slot.why}. It is not touched; delete or rename it to free the name.`,
        { needsUser: true },
      );
    case 'Vanished':
      return wait('PodVanished', vanishedMessage(member), { untilMs: slot.freeAtMs });
    case 'Terminating':
      return wait('PodTerminating', terminatingMessage(member));
    case 'Pending':
    case 'NotReady':
      return { actions: upkeep(scene, member), waits: [unreadyWait(scene, member)] };
    case 'Ready': {
      const at = availableAtMs(slot.pod, scene.spec.minReadySeconds);
      const message = `${name} is Ready and counts as available at ${formatTime(at)} (minReadySeconds ${scene.spec.minReadySeconds}).`;
      return wait('PodNotAvailable', message, { untilMs: at });
    }
    default:
      return slot satisfies never;
  }
}

/**
 * What a living pod may lack: our label on it, our stamp on its claims, and, while it is Pending, a claim that was deleted
 * (kubernetes/kubernetes#113139).
 */
function upkeep(scene: Scene, member: MemberView): readonly Action[] {
  const label = member.slot.state !== 'Empty' && 'pod' in member.slot && !isLabelled(scene, member.slot.pod);
  const marks = label ? [marking(scene, member, 'our label was taken off it')] : [];
  const made = member.slot.state === 'Pending' && claimDoubt(scene, member) === null;
  return [...marks, ...claimActions(scene, member).filter(({ type }) => made || type === 'stampClaim')];
}

function isLabelled({ observed }: Scene, pod: PodView): boolean {
  return pod.labels[LABEL.app] === observed.app.name;
}

function replaceEnded(scene: Scene, member: MemberView): Step {
  const { slot, name, ordinal } = member;
  if (slot.state !== 'Failed' && slot.state !== 'Succeeded') return NOTHING;
  const doubt = claimDoubt(scene, member);
  if (doubt !== null) return { actions: [], waits: [doubt] }; // R12: deleting the pod would release the claim
  const { pod } = slot;
  const untilMs = backoffUntilMs(member, scene.judge.nowMs);
  const why = `pod ${name} is ${pod.phase} (${pod.trouble?.reason ?? pod.phase}: ${pod.trouble?.message ?? 'ended'})`;
  if (untilMs > scene.judge.nowMs) {
    const message = `${name} waits until ${formatTime(untilMs)} before it is replaced: ${why}, and it failed before.`;
    return { actions: [], waits: [{ reason: 'PodBackOff', ordinal, message, untilMs }] };
  }
  const { uid, resourceVersion } = pod;
  const reason = `${why}; it is replaced by its exact copy`;
  const action: Action = { type: 'deletePod', ordinal, name, uid, resourceVersion, because: 'ended', reason };
  return {
    actions: [action],
    waits: [{ reason: 'PodTerminating', ordinal, message: `${name} is being replaced: ${why}.` }],
  };
}

/** Makes a pod of ours known as ours: owner and labels, if it is still the object that was looked at. */
function marking({ observed: { app } }: Scene, { slot, name, ordinal }: MemberView, reason: string): Action {
  if (!('pod' in slot)) throw new Error(`assertion: slot of ${name} is ${slot.state}`);
  const { uid, resourceVersion } = slot.pod;
  const labels = { [LABEL.app]: app.name, [LABEL.podName]: name, [LABEL.podIndex]: String(ordinal) };
  const patch = { metadata: { uid, resourceVersion, labels, ownerReferences: [controllerRef(app)] } };
  return { type: 'adoptPod', ordinal, name, uid, resourceVersion, patch, reason };
}

function vanishedMessage({ name, slot }: MemberView): string {
  const until = slot.state === 'Vanished' ? formatTime(slot.freeAtMs) : '';
  return (
    `${name} waits until ${until}: its pod went away and nobody saw its containers stop (force deletion, or the operator ` +
    'was away), so a kubelet may still be stopping them. It is made again then.'
  );
}

function terminatingMessage({ name, slot }: MemberView): string {
  if (slot.state !== 'Terminating') return '';
  const { node, finalizers, deletingSinceMs, graceSeconds } = slot.pod;
  const since = formatTime(deletingSinceMs ?? 0);
  if (finalizers.length > 0) {
    return `${name} waits for pod ${name} to be gone: deleted at ${since}, held by finalizers ${finalizers.join(', ')}; whoever set them must take them off.`;
  }
  const where = node === null ? '' : ` by the kubelet of node ${node}`;
  return `${name} waits for pod ${name} to be stopped${where}: deleted at ${since} with ${graceSeconds} s of grace. It is made again when it is gone.`;
}

function unreadyWait({ spec }: Scene, { name, slot, ordinal }: MemberView): Wait {
  if (slot.state !== 'Pending' && slot.state !== 'NotReady') throw new Error(`assertion: ${name} is ${slot.state}`);
  const { pod } = slot;
  const doing = slot.state === 'Pending' ? 'to start' : 'to be Ready';
  const where = pod.node === null ? 'no node has been chosen yet' : `on node ${pod.node}`;
  const why = pod.trouble === null ? where : pod.trouble.message;
  const way = spec.podManagementPolicy === 'OrderedReady' ? ' Higher ordinals wait for it.' : '';
  const reason = slot.state === 'Pending' ? 'PodPending' : 'PodNotReady';
  return { reason, ordinal, message: `${name} waits for its pod ${doing}: ${why}.${way}` };
}
