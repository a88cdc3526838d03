// Members whose pod runs or is to run, and which of them will not become Ready as they are: broken, or unready for longer than
// progressDeadlineSeconds since their pod was Ready or since the template that should mend them came. Lacks what is done
// about it (rollout.ts), and pods that have ended (failures.ts).

import type { PodView } from '../identity/pod-view.ts';
import { revisionName } from '../identity/revision.ts';
import { isOurPod, LIVE } from '../identity/slot.ts';
import { formatTime, parseTime } from '../identity/time.ts';
import type { MemberView, Scene } from './scene.ts';

export interface Live {
  readonly member: MemberView;
  readonly pod: PodView;
  readonly isReady: boolean;
  /** Why it will not become Ready as it is: broken, or unready for too long. */
  readonly failure: string | null;
}

/** Wanted members with a pod of ours that runs or is to run, the highest first. */
export function liveMembers(scene: Scene): readonly Live[] {
  const sinceMs = updateSinceMs(scene);
  return [...scene.wanted].reverse().flatMap((member) => {
    const { slot } = member;
    if (!isOurPod(slot) || !LIVE.includes(slot.state)) return [];
    const isReady = slot.pod.readySinceMs !== null;
    return [{ member, pod: slot.pod, isReady, failure: isReady ? null : failureOf(scene, slot.pod, sinceMs) }];
  });
}

/** When the present template came: what it should have mended is given time from then. */
function updateSinceMs({ observed: { app, nowMs }, revisions }: Scene): number {
  const isKnown =
    app.status.appUID === app.uid && app.status.updateRevision === revisionName(app.name, revisions.update);
  const since = isKnown ? parseTime(app.status.updateRevisionSince) : undefined;
  return Math.min(since ?? nowMs, nowMs);
}

/** When an unready pod counts as failed at the latest: a wrong readiness probe is the commonest bad template. */
function overdueAtMs({ spec }: Scene, pod: PodView, sinceMs: number): number {
  return Math.max(pod.unreadySinceMs ?? sinceMs, sinceMs) + spec.progressDeadlineSeconds * 1000;
}

function failureOf(scene: Scene, pod: PodView, sinceMs: number): string | null {
  const { nowMs } = scene.judge;
  if (pod.breakage !== null && pod.breakage.fromMs <= nowMs) return pod.breakage.message;
  if (nowMs < overdueAtMs(scene, pod, sinceMs)) return null;
  const why = pod.trouble === null ? '' : `: ${pod.trouble.message}`;
  return `it has not been Ready for ${scene.spec.progressDeadlineSeconds} s (progressDeadlineSeconds)${why}`;
}

/** When some member that is not Ready will count as failed, unless it becomes Ready before. */
export function failureDueMs(scene: Scene): number | null {
  const sinceMs = updateSinceMs(scene);
  const coming = liveMembers(scene)
    .filter(({ isReady, failure }) => !isReady && failure === null)
    .flatMap(({ pod }) => [overdueAtMs(scene, pod, sinceMs), pod.breakage?.fromMs ?? Number.POSITIVE_INFINITY]);
  return coming.length > 0 ? Math.min(...coming) : null;
}

/** When the present update revision became it, for the status. */
export function updateSince(scene: Scene): string {
  return formatTime(updateSinceMs(scene));
}
