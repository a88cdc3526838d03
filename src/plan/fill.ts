// Wanted members: made where missing, replaced where they ended, in order. Matches Kubernetes
// pkg/controller/statefulset/stateful_set_control.go (processReplica): ascending, and under OrderedReady a member comes
// only when all lower ones are available. Different on purpose: a member that keeps failing is replaced with backoff, and
// under podRecoveryPolicy Parallel members that were complete once do not wait for each other.

import { KIND } from '../api/names.ts';
import { availableAtMs } from '../identity/slot.ts';
import { formatTime } from '../identity/time.ts';
import { claimDoubt, volumeRisk } from './doubts.ts';
import { claimActions, disksOf, equip } from './equip.ts';
import { backoffUntilMs } from './failures.ts';
import { nodeWait, waysOn } from './lost.ts';
import { missingMarks } from './marks.ts';
import { roomFor, takesRoom } from './room.ts';
import type { MemberView, Scene } from './scene.ts';
import { NOTHING, type Step } from './step.ts';
import type { Action, Wait } from './types.ts';

export function planFill(scene: Scene): Step {
  const ordered = scene.spec.podManagementPolicy === 'OrderedReady';
  const actions: Action[] = [];
  const waits: Wait[] = [];
  let blocker: MemberView | null = null;
  let held: Wait | null = null;
  let room = roomFor(scene);
  let isNext = false;
  for (const member of scene.wanted) {
    actions.push(...missingMarks(scene, member));
    if (ordered && blocker !== null && !mayOvertake(scene, member)) {
      if (isNext && room > 0) actions.push(...claimAhead(scene, member));
      isNext = false;
      held ??= heldBack(member, blocker, scene);
      continue;
    }
    if (takesRoom(member) && room === 0) {
      held ??= roomWait(member);
      blocker ??= member;
      continue;
    }
    if (takesRoom(member)) room -= 1;
    const step = memberStep(scene, member);
    actions.push(...step.actions);
    waits.push(...step.waits);
    isNext = step.actions.some(({ type }) => type === 'createPod');
    if (blocker === null && member.slot.state !== 'Available') blocker = member;
  }
  return { actions, waits: held === null ? waits : [...waits, held] };
}

/**
 * The claim of the member whose turn comes next, made while the one before it starts: so the chain of an ordered start is shorter by a
 * request for each member, and by the time that a volume takes to be made. Only beside a pod that is made now: while one does not come up,
 * nothing is made for others. A member with several claims needs them recorded first (plan.ts, isUnrecorded), and is left.
 */
function claimAhead(scene: Scene, member: MemberView): readonly Action[] {
  const { slot, blueprint, claims } = member;
  if (slot.state !== 'Empty' || blueprint === null || claims.length !== 1 || claimDoubt(scene, member) !== null)
    return [];
  return claimActions(scene, member).filter(({ type }) => type === 'createClaim');
}

const STARTING = ['Pending', 'NotReady'];

function roomWait({ name, ordinal }: MemberView): Wait {
  const message = `${name} waits for members that are not wanted any more: until they are gone, the status has no room to record it.`;
  return { reason: 'PodPending', ordinal, message };
}

/** The first member that something would be done for, were it not for a lower one. */
function heldBack({ slot, name, ordinal }: MemberView, blocker: MemberView, { spec }: Scene): Wait | null {
  if (slot.state !== 'Empty' && slot.state !== 'Failed' && slot.state !== 'Succeeded') return null;
  const wayOut =
    spec.podRecoveryPolicy === 'Ordered' && STARTING.includes(blocker.slot.state) && blocker.ledger?.complete === true
      ? ' If members cannot become Ready alone, spec.podRecoveryPolicy Parallel lets those that were complete once restart together.'
      : '';
  const message = `${name} waits for ${blocker.name} to be Available, as podManagementPolicy OrderedReady asks.${wayOut}`;
  return { reason: 'PodNotReady', ordinal, message };
}

/** R6: only one that was complete once, and only if the app asks for it. Unknown counts as never. */
function mayOvertake({ spec }: Scene, { complete }: MemberView): boolean {
  return spec.podRecoveryPolicy === 'Parallel' && complete;
}

function memberStep(scene: Scene, member: MemberView): Step {
  const { slot, name, ordinal } = member;
  const wait = (reason: Wait['reason'], message: string, more: Partial<Wait> = {}): Step => ({
    actions: [],
    waits: [{ reason, ordinal, message, ...more }],
  });
  switch (slot.state) {
    case 'Available':
      return { actions: [], waits: risk(scene, member) };
    case 'Empty':
      return equip(scene, member);
    case 'Orphan':
      return wait('PodPending', `${name} waits for its pod to be adopted: it has no owner yet.`);
    case 'Failed':
    case 'Succeeded':
      return replaceEnded(scene, member);
    case 'Taken':
      return { actions: [], waits: [takenWait(scene, member)] };
    case 'Vanished':
      return wait('PodVanished', vanishedMessage(member), { untilMs: slot.freeAtMs });
    case 'Terminating':
      return { actions: [], waits: [terminatingWait(scene, member)] };
    case 'Pending':
    case 'NotReady':
      return { actions: missingClaims(scene, member), waits: [...risk(scene, member), unreadyWait(scene, member)] };
    case 'Ready': {
      const at = availableAtMs(slot.pod, scene.spec.minReadySeconds);
      const message = `${name} is Ready and counts as available at ${formatTime(at)} (minReadySeconds ${scene.spec.minReadySeconds}).`;
      const counting = wait('PodNotAvailable', message, { untilMs: at });
      return { actions: [], waits: [...risk(scene, member), ...counting.waits] };
    }
    default:
      return slot satisfies never;
  }
}

/** A claim of a Pending pod that is not there, most often because it was deleted (kubernetes/kubernetes#113139). */
function missingClaims(scene: Scene, member: MemberView): readonly Action[] {
  if (member.slot.state !== 'Pending' || claimDoubt(scene, member) !== null) return [];
  return claimActions(scene, member).filter(({ type }) => type === 'createClaim');
}

/** What threatens the volumes of a member that runs; of one that does not yet, also what else its claims wait for. */
function risk(scene: Scene, member: MemberView): readonly Wait[] {
  const found = member.slot.state === 'Pending' ? claimDoubt(scene, member) : volumeRisk(scene, member);
  return found === null ? [] : [found];
}

/** One that is going, or that garbage collection takes with a former app of our name, needs nobody's help. */
function takenWait({ observed: { app } }: Scene, { slot, name, ordinal }: MemberView): Wait {
  if (slot.state !== 'Taken') throw new Error(`assertion: ${name} is ${slot.state}`);
  const { controller, deletingSinceMs } = slot.pod;
  const leaving = deletingSinceMs !== null || (controller?.kind === KIND && controller.name === app.name);
  const next = leaving
    ? 'It is on its way out; the member is made when it is gone.'
    : 'It is not touched; delete it to free the name.';
  const message = `${name} waits for pod ${name} to go away: ${slot.why}. ${next}`;
  return { reason: 'NameTaken', ordinal, message, ...(leaving ? {} : { needsUser: true }) };
}

function replaceEnded(scene: Scene, member: MemberView): Step {
  const { slot, name, ordinal } = member;
  if (slot.state !== 'Failed' && slot.state !== 'Succeeded') return NOTHING;
  const doubt = claimDoubt(scene, member);
  // R12: deleting the pod would release the claim. One without data, or given up, can only end once the pod is gone.
  if (doubt !== null && doubt.reason !== 'ClaimTerminating') return { actions: [], waits: [doubt] };
  const { pod } = slot;
  const untilMs = backoffUntilMs(member, scene.judge.nowMs);
  const why = `pod ${name} is ${pod.phase} (${pod.trouble?.reason ?? pod.phase}: ${pod.trouble?.message ?? 'ended'})`;
  if (untilMs > scene.judge.nowMs) {
    const message = `${name} waits until ${formatTime(untilMs)} before it is replaced: ${why}, and it failed before.`;
    return { actions: [], waits: [{ reason: 'PodBackOff', ordinal, message, untilMs }] };
  }
  const { uid, resourceVersion } = pod;
  const reason = `${why}; it is replaced by its exact copy`;
  const action: Action = {
    type: 'deletePod',
    ordinal,
    name,
    uid,
    resourceVersion,
    because: 'ended',
    ...disksOf(scene, member.mounted),
    reason,
  };
  return {
    actions: [action],
    waits: [{ reason: 'PodTerminating', ordinal, message: `${name} is being replaced: ${why}.` }],
  };
}

function vanishedMessage({ name, slot }: MemberView): string {
  const until = slot.state === 'Vanished' ? formatTime(slot.freeAtMs) : '';
  if (slot.state === 'Vanished' && slot.uid === '') {
    return `${name} waits until ${until}: its claims are there, and a pod that used them may have gone unseen just before this operator began to watch. It is made then.`;
  }
  return (
    `${name} waits until ${until}: its pod went away and nobody saw its containers stop (force deletion, or the operator ` +
    'was away), so a kubelet may still be stopping them. It is made again then.'
  );
}

/** How much longer than the grace period a stop may take before it is called overdue. */
const OVERDUE_MS = 30_000;

function terminatingWait(scene: Scene, member: MemberView): Wait {
  const { name, ordinal, slot } = member;
  const { judge } = scene;
  if (slot.state !== 'Terminating') throw new Error(`assertion: ${name} is ${slot.state}`);
  const { node, finalizers, deletingSinceMs, graceSeconds } = slot.pod;
  const since = deletingSinceMs ?? judge.nowMs;
  const overdueAtMs = since + graceSeconds * 1000 + OVERDUE_MS;
  const deleted = `deleted at ${formatTime(since)}`;
  const wait = { reason: 'PodTerminating', ordinal } as const;
  const lost = nodeWait(scene, member);
  if (lost !== null) return lost;
  if (finalizers.length > 0) {
    const message = `${name} waits for pod ${name} to be gone: ${deleted}, held by finalizers ${finalizers.join(', ')}; whoever set them must take them off.`;
    return { ...wait, message };
  }
  const where = node === null ? '' : ` by the kubelet of node ${node}`;
  const start = `${name} waits for pod ${name} to be stopped${where}: ${deleted} with ${graceSeconds} s of grace`;
  if (judge.nowMs < overdueAtMs) {
    return { ...wait, message: `${start}. It is made again when it is gone.`, untilMs: overdueAtMs };
  }
  return { ...wait, message: `${start}, which are long over. ${waysOn(scene, slot.pod)}` };
}

function unreadyWait(scene: Scene, member: MemberView): Wait {
  const { spec, wanted } = scene;
  const { name, slot, ordinal } = member;
  const lost = nodeWait(scene, member);
  if (lost !== null) return lost;
  if (slot.state !== 'Pending' && slot.state !== 'NotReady') throw new Error(`assertion: ${name} is ${slot.state}`);
  const { pod } = slot;
  const doing = slot.state === 'Pending' ? 'to start' : 'to be Ready';
  const where = pod.node === null ? 'no node has been chosen yet' : `on node ${pod.node}`;
  const why = pod.trouble === null ? where : pod.trouble.message;
  const isLast = wanted.at(-1)?.ordinal === ordinal;
  const way = spec.podManagementPolicy === 'OrderedReady' && !isLast ? ' Higher ordinals wait for it.' : '';
  const reason = slot.state === 'Pending' ? 'PodPending' : 'PodNotReady';
  return { reason, ordinal, message: `${name} waits for its pod ${doing}: ${why}.${way}` };
}
