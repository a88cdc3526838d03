// Members that are no longer wanted: removed highest first. Matches Kubernetes
// pkg/controller/statefulset/stateful_set_control.go (processCondemned): under OrderedReady one at a time, and not while
// a member is unhealthy, unless the victim itself is the lowest unhealthy one. Different on purpose: an unhealthy
// condemned member stops blocking after progressDeadlineSeconds, a wanted one never does; and a pod that alone keeps a
// volume is left (R12). What becomes of its claims is retention.ts's.

import { availableAtMs } from '../identity/slot.ts';
import { volumeRisk } from './doubts.ts';
import { disksOf } from './equip.ts';
import { nodeWait } from './lost.ts';
import { missingMarks } from './marks.ts';
import { claimsGo, endingClaims, keepings, takesClaims } from './retention.ts';
import { roomFor, takesRoom } from './room.ts';
import type { MemberView, Scene } from './scene.ts';
import { NOTHING, type Step } from './step.ts';
import type { Action, Wait } from './types.ts';

export function planDrain(scene: Scene): Step {
  const descending = [...scene.condemned].reverse();
  const marks = descending.flatMap((member) => missingMarks(scene, member));
  const removals = scene.spec.podManagementPolicy === 'Parallel' ? descending : descending.slice(0, 1);
  const steps = removals.map((member) => removalInTurn(scene, member));
  return {
    actions: [...marks, ...steps.flatMap(({ actions }) => actions)],
    waits: steps.flatMap(({ waits }) => waits),
  };
}

function removalInTurn(scene: Scene, victim: MemberView): Step {
  const ordered = scene.spec.podManagementPolicy === 'OrderedReady' && victim.slot.state !== 'Terminating';
  const blocker = ordered ? drainBlocker(scene, victim) : null;
  if (blocker === null) return removal(scene, victim);
  const { untilMs, member } = blocker;
  const message =
    `${victim.name} is not wanted any more and waits for ${member.name}, which is ${member.slot.state}: ` +
    'scaling down goes on when every member is healthy.';
  const wait: Wait = {
    reason: 'PodNotReady',
    ordinal: victim.ordinal,
    message,
    ...(untilMs === null ? {} : { untilMs }),
  };
  return { actions: [], waits: [wait] };
}

interface Blocker {
  readonly member: MemberView;
  /** When it stops blocking by itself; null: when it is healthy. */
  readonly untilMs: number | null;
}

/** The lowest unhealthy member that keeps the victim from being removed now. */
function drainBlocker(scene: Scene, victim: MemberView): Blocker | null {
  const sick = (member: MemberView) => member.slot.state !== 'Available';
  const lacksRoom = roomFor(scene) === 0;
  // One that can only be made once another has gone does not hold that up.
  const wantedSick = scene.wanted.find((member) => sick(member) && !(lacksRoom && takesRoom(member)));
  if (wantedSick !== undefined) return { member: wantedSick, untilMs: null };
  const { nowMs } = scene.judge;
  const others = scene.condemned.filter((member) => member !== victim && sick(member));
  const blockers = others.map((member) => ({ member, untilMs: patienceMs(scene, member) }));
  return blockers.find(({ untilMs }) => nowMs < untilMs) ?? null;
}

/** When an unhealthy condemned member stops blocking: once it is available, or has been unready for too long. */
function patienceMs({ spec, judge }: Scene, { slot }: MemberView): number {
  const pod = 'pod' in slot ? slot.pod : null;
  const since = pod?.unreadySinceMs ?? pod?.deletingSinceMs ?? judge.nowMs;
  const healthyAtMs = slot.state === 'Ready' ? availableAtMs(slot.pod, spec.minReadySeconds) : Number.POSITIVE_INFINITY;
  return Math.min(since + spec.progressDeadlineSeconds * 1000, healthyAtMs);
}

function removal(scene: Scene, member: MemberView): Step {
  const { slot, name, ordinal } = member;
  if (!('pod' in slot) || slot.state === 'Taken') return NOTHING;
  const wait = (reason: Wait['reason'], message: string): Step => ({
    actions: [],
    waits: [{ reason, ordinal, message }],
  });
  if (slot.state === 'Orphan') return wait('PodPending', `${name} is not wanted any more; its pod is adopted first.`);
  const goes = takesClaims(scene, member);
  if (slot.state === 'Terminating') {
    const lost = nodeWait(scene, member);
    if (lost !== null) return { actions: [], waits: [lost] };
    const held = slot.pod.finalizers.length > 0 ? `, held by finalizers ${slot.pod.finalizers.join(', ')}` : '';
    return wait(
      'PodTerminating',
      `${name} is not wanted any more and its pod is being stopped${held}; its claims are ${goes ? 'deleted' : 'kept'}.`,
    );
  }
  const atRisk = goes ? null : volumeRisk(scene, member);
  if (atRisk !== null) return { actions: [], waits: [atRisk] };
  const ending = goes ? endingClaims(member) : [];
  const waits = ending.length > 0 ? [claimsGo(member, ending)] : [];
  // First the owner of its claims, then its pod: the other way round, nobody would be left to own them.
  const owning = keepings(scene, member);
  if (owning.length > 0) {
    const kept = wait('PodTerminating', `${name} is not wanted any more; it is removed once its claims are kept.`);
    // Of those that are kept it is set for all members at once (retention.ts).
    return { actions: goes ? owning : [], waits: waits.length > 0 ? waits : kept.waits };
  }
  const { uid, resourceVersion } = slot.pod;
  const reason = `only ${scene.spec.replicas} replicas are wanted, and ordinal ${ordinal} is not among them; its claims are ${goes ? 'deleted' : 'kept'}`;
  const disks = goes ? {} : disksOf(scene, member.mounted);
  const action: Action = {
    type: 'deletePod',
    ordinal,
    name,
    uid,
    resourceVersion,
    because: 'condemned',
    ...disks,
    reason,
  };
  if (waits.length > 0) return { actions: [action], waits };
  return { ...wait('PodTerminating', `${name} is being removed: ${reason}.`), actions: [action] };
}
