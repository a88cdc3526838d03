// What no plan may ever do, checked in every test and in production before anything is executed. Recomputed from what
// was observed, not from the planner's own intermediate results. A breach is a programmer error: it stops that app.

import { ANNOTATION } from '../api/names.ts';
import type { StatefulAppSpec } from '../api/spec.ts';
import { ordinalOf, podName } from '../identity/member-names.ts';
import { enumerate, includes, rangesOf } from '../identity/ordinals.ts';
import type { PodView } from '../identity/pod-view.ts';
import { requestKey, requestKeys } from '../volumes/requests.ts';
import { isRead, subjectOf } from './describe.ts';
import { claimsKept, claimsMade, volumesKept } from './invariants-volumes.ts';
import type { Action, Observed, Plan } from './types.ts';

/** Sentences for each breach; none for a safe plan. */
export function checkPlan(observed: Observed, plan: Plan): readonly string[] {
  const writes = plan.actions.filter((action) => !isRead(action));
  return [
    ...untouchable(observed, writes),
    ...atMostOne(observed, writes),
    ...inOrder(observed, writes),
    ...deletions(observed, writes),
    ...drainOrder(observed, writes),
    ...updateBudget(observed, writes),
    ...volumesKept(observed, writes),
    ...claimsKept(observed, writes),
    ...claimsMade(observed, writes),
    ...preconditions(writes),
    ...neverSilent(observed, plan),
    ...neverBack(observed, plan),
  ];
}

function untouchable({ app, survey }: Observed, writes: readonly Action[]): readonly string[] {
  const set = survey?.statefulSetUid ?? null;
  const whys = [
    ...(app.deleting ? ['being deleted'] : []),
    ...(app.spec === null ? ['not understood'] : []),
    ...(app.spec?.paused ? ['paused'] : []),
    ...(survey?.generation !== app.generation ? ['not surveyed'] : []),
    ...(set !== null && app.annotations[ANNOTATION.ignoreStatefulSet] !== set ? ['shadowed by a StatefulSet'] : []),
  ];
  if (writes.length === 0 || whys.length === 0) return [];
  return [`${app.name} is ${whys.join(' and ')}, and yet ${writes.length} writes are planned`];
}

function podsByName({ pods }: Observed): ReadonlyMap<string, PodView> {
  return new Map(pods.map((pod) => [pod.name, pod]));
}

const ledgerEntries = ({ app }: Observed) => (app.status.appUID === app.uid ? (app.status.members ?? []) : []);

/** R1: a pod is made only where none of its name is, once, and only for a wanted ordinal. */
function atMostOne(observed: Observed, writes: readonly Action[]): readonly string[] {
  const { app } = observed;
  const pods = podsByName(observed);
  const ranges = app.spec === null ? [] : rangesOf(app.spec);
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
    ledgerEntries(observed)
      .filter((member) => member.complete === true)
      .map(({ ordinal }) => ordinal),
  );
  const lower = enumerate(rangesOf(app.spec));
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

/** R3, R8: only pods that our UID controls are deleted; wanted ones only when they have ended, or for another revision. */
function deletions(observed: Observed, writes: readonly Action[]): readonly string[] {
  const { app } = observed;
  const pods = podsByName(observed);
  const ranges = app.spec === null ? [] : rangesOf(app.spec);
  return writes.flatMap((action) => {
    if (action.type !== 'deletePod') return [];
    const pod = pods.get(action.name);
    if (pod === undefined || pod.uid !== action.uid) return [`R2: ${action.name} is not the pod that was observed`];
    if (pod.controller?.uid !== app.uid) return [`R8: ${action.name} is not ours and its deletion is planned`];
    const ended = pod.phase === 'Failed' || pod.phase === 'Succeeded';
    if (action.because === 'rebuild') return rebuilt(observed, pod);
    if (action.because === 'lost') return provenDead(observed, pod);
    const isUpdate = action.because === 'outdated' || action.because === 'broken';
    if (includes(ranges, action.ordinal) && !ended && !isUpdate)
      return [`R6: ${action.name} is wanted, has not ended, and its deletion is planned`];
    return [];
  });
}

/** R1: without its kubelet's word a pod goes only on proof; silence of its node is none. */
function provenDead({ app, nodes }: Observed, { name, node, confirmedDead }: PodView): readonly string[] {
  if (app.spec?.nodeFailurePolicy.type !== 'ReplaceOnProof')
    return [`R1: ${name} is to go as one that is lost, and its app does not allow it`];
  const isDeclared = nodes.troubled.some(
    (one) => one.name === node && !one.ready && (one.outOfService || one.fencedBy !== null),
  );
  const isGone = nodes.absent.some((one) => one.name === node && one.gone);
  return confirmedDead || (nodes.known && (isDeclared || isGone))
    ? []
    : [`R1: ${name} is to go as one that is lost, and nothing proves it`];
}

/** A pod goes for its claims' sake only with one that it mounts and that a request names. */
function rebuilt({ app, claims }: Observed, { name, claims: mounts }: PodView): readonly string[] {
  const asked = requestKeys(app.annotations[ANNOTATION.rebuild]);
  const isNamed = claims.some(
    (view) => mounts.includes(view.name) && asked.has(requestKey({ claim: view.name, uid: view.uid })),
  );
  return isNamed ? [] : [`R6: ${name} is to go for a rebuild, and no request names a claim of it`];
}

/**
 * R6: for an update no more available members go than maxUnavailable leaves, and of broken ones one at a time; none below the
 * partition, none while updates are paused or left to people.
 */
function updateBudget({ app, pods, nowMs }: Observed, writes: readonly Action[]): readonly string[] {
  const { spec } = app;
  const updates = writes.filter((action) => action.type === 'deletePod' && action.because === 'outdated');
  const mended = writes.filter((action) => action.type === 'deletePod' && action.because === 'broken');
  if (spec === null || updates.length + mended.length === 0) return [];
  const { type, rollingUpdate } = spec.updateStrategy;
  const wanted = enumerate(rangesOf(spec));
  const kept = new Set(wanted.slice(0, rollingUpdate.partition).map((ordinal) => podName(app.name, ordinal)));
  const readySince = new Map(
    pods
      .filter(({ controller, deletingSinceMs }) => controller?.uid === app.uid && deletingSinceMs === null)
      .flatMap(({ name, phase, readySinceMs }) =>
        phase === 'Running' && readySinceMs !== null ? [[name, readySinceMs] as const] : [],
      ),
  );
  const latest = nowMs - spec.minReadySeconds * 1000;
  const isAway = (ordinal: number) => (readySince.get(podName(app.name, ordinal)) ?? Number.POSITIVE_INFINITY) > latest;
  const away = wanted.filter(isAway).length;
  const wrong = [...updates, ...mended].map(subjectOf).filter((name) => kept.has(name));
  const spared = mended.map(subjectOf).filter((name) => readySince.has(name));
  return [
    ...(type === 'OnDelete' || rollingUpdate.paused ? ['R6: an update is planned, and none is to be'] : []),
    ...wrong.map((name) => `R6: ${name} is below the partition, and its update is planned`),
    ...spared.map((name) => `R6: ${name} is Ready, and goes as one that is broken`),
    ...(updates.length > 0 && away + updates.length > mayBeAway(spec)
      ? [`R6: ${away} members are not available, and ${updates.length} more are to go for an update`]
      : []),
    ...(mended.length > 1 ? [`R6: ${mended.length} broken members are to go at once`] : []),
  ];
}

/** Counted once more, and not as the rollout does: a mistake there has to be seen here. */
function mayBeAway({ replicas, updateStrategy }: StatefulAppSpec): number {
  const { maxUnavailable } = updateStrategy.rollingUpdate;
  const share = /^(\d+)%$/.exec(String(maxUnavailable));
  const hundredths = share === null ? Number(maxUnavailable) * 100 : replicas * Number(share[1]);
  return Math.max(1, (hundredths - (hundredths % 100)) / 100);
}

/** R6: under OrderedReady unwanted members go one at a time, the highest first. */
function drainOrder({ app, pods }: Observed, writes: readonly Action[]): readonly string[] {
  if (app.spec?.podManagementPolicy !== 'OrderedReady') return [];
  const ranges = rangesOf(app.spec);
  const unwanted = pods
    .filter((pod) => pod.controller?.uid === app.uid)
    .map((pod) => ordinalOf(app.name, pod.name) ?? -1)
    .filter((ordinal) => ordinal >= 0 && !includes(ranges, ordinal));
  const highest = Math.max(-1, ...unwanted);
  return writes.flatMap((action) =>
    action.type === 'deletePod' && action.because === 'condemned' && action.ordinal < highest
      ? [`R6: ordinal ${action.ordinal} is to go before ordinal ${highest}`]
      : [],
  );
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

/** An app that is not converged, and has no write coming, says what it waits for; and it is not called Ready. */
function neverSilent(observed: Observed, { actions, waits, status }: Plan): readonly string[] {
  if (actions.some(({ type }) => type === 'survey') || isConverged(observed)) return [];
  const ready = status.conditions?.find(({ type }) => type === 'Ready')?.status === 'True';
  const silent = waits.length === 0 && actions.every(isRead);
  return [
    ...(silent ? ['not converged, nothing to do, and no wait says why'] : []),
    ...(ready ? ['not converged, and called Ready'] : []),
  ];
}

/** Every wanted ordinal has a ready pod of ours, and no unwanted one has any. */
function isConverged(observed: Observed): boolean {
  const { app } = observed;
  if (app.spec === null || app.deleting) return false;
  const ranges = rangesOf(app.spec);
  const ours = observed.pods.filter((pod) => pod.controller?.uid === app.uid);
  const live = ours.filter(
    (pod) => pod.readySinceMs !== null && pod.phase === 'Running' && pod.deletingSinceMs === null,
  );
  const ordinals = ours.map((pod) => ordinalOf(app.name, pod.name)).filter((ordinal) => ordinal !== null);
  const ready = live.map((pod) => ordinalOf(app.name, pod.name)).filter((ordinal) => ordinal !== null);
  return (
    ordinals.every((ordinal) => includes(ranges, ordinal)) &&
    ready.filter((ordinal) => includes(ranges, ordinal)).length === app.spec.replicas
  );
}

/** R11: what was understood once stays understood; another app's generations say nothing of this one's. */
function neverBack({ app }: Observed, { status }: Plan): readonly string[] {
  if (app.status.appUID !== app.uid) return [];
  const [before, after] = [app.status.observedGeneration ?? 0, status.observedGeneration ?? 0];
  return after < before ? [`R11: observedGeneration goes back from ${before} to ${after}`] : [];
}
