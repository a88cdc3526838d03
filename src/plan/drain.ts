// Members that are no longer wanted: removed highest first. Matches Kubernetes
// pkg/controller/statefulset/stateful_set_control.go (processCondemned): under OrderedReady one at a time, and not while
// a member is unhealthy, unless the victim itself is the lowest unhealthy one. Different on purpose: an unhealthy
// condemned member stops blocking after progressDeadlineSeconds, a wanted one never does. Claims are kept.

import type { Step } from './fill.ts';
import type { MemberView, Scene } from './scene.ts';
import type { Action, Wait } from './types.ts';

export function planDrain(scene: Scene): Step {
  const descending = [...scene.condemned].reverse();
  if (scene.spec.podManagementPolicy === 'Parallel') {
    const steps = descending.map((member) => removal(scene, member));
    return { actions: steps.flatMap((step) => step.actions), waits: steps.flatMap((step) => step.waits) };
  }
  const victim = descending[0];
  if (victim === undefined) return { actions: [], waits: [] };
  if (victim.slot.state === 'Terminating') return removal(scene, victim);
  const blocker = drainBlocker(scene, victim);
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
  /** When it stops blocking; null: when it is healthy. */
  readonly untilMs: number | null;
}

/** The lowest unhealthy member, if it keeps the victim from being removed now. */
function drainBlocker({ wanted, condemned, spec, judge }: Scene, victim: MemberView): Blocker | null {
  const sick = (member: MemberView) => member.slot.state !== 'Available';
  const wantedSick = wanted.find(sick);
  if (wantedSick !== undefined) return { member: wantedSick, untilMs: null };
  const member = condemned.find(sick);
  if (member === undefined || member === victim) return null;
  const since = 'pod' in member.slot ? member.slot.pod.unreadySinceMs : null;
  const untilMs = (since ?? judge.nowMs) + spec.progressDeadlineSeconds * 1000;
  return judge.nowMs < untilMs ? { member, untilMs } : null;
}

function removal({ spec }: Scene, { slot, name, ordinal }: MemberView): Step {
  if (!('pod' in slot) || slot.state === 'Taken' || slot.state === 'Orphan') return { actions: [], waits: [] };
  if (slot.state === 'Terminating') {
    const held = slot.pod.finalizers.length > 0 ? `, held by finalizers ${slot.pod.finalizers.join(', ')}` : '';
    const message = `${name} is not wanted any more and its pod is being stopped${held}; its claims are kept.`;
    return { actions: [], waits: [{ reason: 'PodTerminating', ordinal, message }] };
  }
  const { uid, resourceVersion } = slot.pod;
  const reason = `only ${spec.replicas} replicas are wanted, and ordinal ${ordinal} is not among them; its claims are kept`;
  const action: Action = { type: 'deletePod', ordinal, name, uid, resourceVersion, because: 'condemned', reason };
  return {
    actions: [action],
    waits: [{ reason: 'PodTerminating', ordinal, message: `${name} is being removed: ${reason}.` }],
  };
}
