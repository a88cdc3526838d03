// What no plan may ever do, checked in every test and in production before anything is executed. Recomputed from what
// was observed, not from the planner's own intermediate results. A breach is a programmer error: it stops that app.

import { podName } from '../identity/member-names.ts';
import { enumerate, includes, wantedRanges } from '../identity/ordinals.ts';
import type { PodView } from '../identity/pod-view.ts';
import { subjectOf } from './describe.ts';
import type { Action, Observed, Plan } from './types.ts';

const READS = ['survey', 'look'];

/** Sentences for each breach; none for a safe plan. */
export function checkPlan(observed: Observed, plan: Plan): readonly string[] {
  const writes = plan.actions.filter((action) => !READS.includes(action.type));
  return [
    ...untouchable(observed, writes),
    ...atMostOne(observed, writes),
    ...inOrder(observed, writes),
    ...deletions(observed, writes),
    ...preconditions(writes),
    ...neverSilent(plan),
  ];
}

function untouchable({ app }: Observed, writes: readonly Action[]): readonly string[] {
  if (writes.length === 0 || (!app.deleting && app.spec !== null && !app.spec.paused)) return [];
  return [`${app.name} is deleting, paused or not understood, and yet ${writes.length} writes are planned`];
}

function podsByName({ pods, strays }: Observed): ReadonlyMap<string, PodView> {
  const read = strays.filter(({ kind }) => kind === 'Pod').map(({ view }) => view as PodView);
  return new Map([...read, ...pods].map((pod) => [pod.name, pod]));
}

/** R1: a pod is made only where none of its name is, once, and only for a wanted ordinal. */
function atMostOne(observed: Observed, writes: readonly Action[]): readonly string[] {
  const { app } = observed;
  const pods = podsByName(observed);
  const ranges = app.spec === null ? [] : wantedRanges({ replicas: app.spec.replicas, ...app.spec.ordinals });
  const made = writes.flatMap((action) => (action.type === 'createPod' ? [action.ordinal] : []));
  return [
    ...made
      .filter((ordinal) => pods.has(podName(app.name, ordinal)))
      .map((ordinal) => `R1: a pod of ordinal ${ordinal} exists and another is planned`),
    ...made
      .filter((ordinal) => !includes(ranges, ordinal))
      .map((ordinal) => `R1: ordinal ${ordinal} is not wanted and a pod is planned`),
    ...made
      .filter((ordinal, index) => made.indexOf(ordinal) !== index)
      .map((ordinal) => `R1: two pods of ordinal ${ordinal} are planned`),
  ];
}

/** R6: under OrderedReady a pod is made only when all lower members are ready, or it was complete once. */
function inOrder(observed: Observed, writes: readonly Action[]): readonly string[] {
  const { app } = observed;
  if (app.spec?.podManagementPolicy !== 'OrderedReady') return [];
  const made = writes.flatMap((action) => (action.type === 'createPod' ? [action.ordinal] : []));
  if (made.length === 0) return [];
  const pods = podsByName(observed);
  const recovering = app.spec.podRecoveryPolicy === 'Parallel';
  const complete = new Set(
    (app.status.members ?? []).filter((member) => member.complete === true).map(({ ordinal }) => ordinal),
  );
  const lower = enumerate(wantedRanges({ replicas: app.spec.replicas, ...app.spec.ordinals }));
  const firstUnready = lower.find((ordinal) => {
    const pod = pods.get(podName(app.name, ordinal));
    return (
      pod === undefined || pod.readySinceMs === null || pod.deletingSinceMs !== null || pod.controller?.uid !== app.uid
    );
  });
  return made
    .filter((ordinal) => firstUnready !== undefined && ordinal > firstUnready && !(recovering && complete.has(ordinal)))
    .map((ordinal) => `R6: ordinal ${ordinal} is planned before ordinal ${firstUnready} is ready`);
}

/** R3, R8: only pods that our UID controls are deleted; wanted ones only when they have ended. */
function deletions(observed: Observed, writes: readonly Action[]): readonly string[] {
  const { app } = observed;
  const pods = podsByName(observed);
  const ranges = app.spec === null ? [] : wantedRanges({ replicas: app.spec.replicas, ...app.spec.ordinals });
  return writes.flatMap((action) => {
    if (action.type !== 'deletePod') return [];
    const pod = pods.get(action.name);
    if (pod === undefined || pod.uid !== action.uid) return [`R2: ${action.name} is not the pod that was observed`];
    if (pod.controller?.uid !== app.uid) return [`R8: ${action.name} is not ours and its deletion is planned`];
    const ended = pod.phase === 'Failed' || pod.phase === 'Succeeded';
    if (includes(ranges, action.ordinal) && !ended)
      return [`R6: ${action.name} is wanted, has not ended, and its deletion is planned`];
    return [];
  });
}

/** R2: every change to an existing object says which one it was decided on. */
function preconditions(writes: readonly Action[]): readonly string[] {
  return writes
    .filter(
      (action) =>
        'uid' in action && (action.uid === '' || ('resourceVersion' in action && action.resourceVersion === '')),
    )
    .map((action) => `R2: ${action.type} of ${subjectOf(action)} carries no uid or resourceVersion`);
}

/** An app that is not converged and has nothing to do says what it waits for. */
function neverSilent({ actions, waits, status }: Plan): readonly string[] {
  const ready = status.conditions?.find(({ type }) => type === 'Ready')?.status === 'True';
  return ready || actions.length > 0 || waits.length > 0 ? [] : ['not converged, nothing to do, and no wait says why'];
}
