// What the planner knows of a pod: the few facts that decisions rest on, read once from the raw object.
// Lacks any judgement about whose pod it is: that is slot.ts.

import { ANNOTATION, LABEL } from '../api/names.ts';
import { isObject, listAt, objectAt, stringAt, stringMap, wholeAt } from './json.ts';
import { type Controller, controllerOf } from './owner.ts';
import { parseTime } from './time.ts';
import { type Breakage, containerStatuses, readBreakage, readTrouble, TERMINAL, type Trouble } from './trouble.ts';

export interface PodView {
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly controller: Controller | null;
  readonly createdAtMs: number;
  readonly deletingSinceMs: number | null;
  /** The longest time that a kubelet may take to stop it: also a force deletion leaves it the time in the spec (R1). */
  readonly graceSeconds: number;
  readonly finalizers: readonly string[];
  /** Deleted without any grace: nothing but finalizers keeps it. */
  readonly forced: boolean;
  /** Somebody states that it runs nowhere, of this very pod (R1). */
  readonly confirmedDead: boolean;
  readonly phase: string;
  /** When the pod's Ready condition last became true; null while it is not true. */
  readonly readySinceMs: number | null;
  /** When Ready was last lost, or the pod's creation when it never was ready; null while it is ready. */
  readonly unreadySinceMs: number | null;
  readonly node: string | null;
  readonly revision: string | null;
  /** Names of the claims that its volumes mount: while it exists, they cannot go (pvc-protection). */
  readonly claims: readonly string[];
  readonly restarts: number;
  /** When the pod ended, for one in a terminal phase. */
  readonly endedAtMs: number | null;
  /** The kubelet said that it runs no more and will not be started again (R1). */
  readonly stopped: boolean;
  readonly trouble: Trouble | null;
  /** What only another template ends. */
  readonly breakage: Breakage | null;
}

export function isTerminal(pod: PodView): boolean {
  return TERMINAL.includes(pod.phase);
}

export function readPod(raw: unknown): PodView {
  const metadata = objectAt(raw, 'metadata');
  const spec = objectAt(raw, 'spec');
  const status = objectAt(raw, 'status');
  const labels = stringMap(metadata['labels']);
  const ready = listAt(status, 'conditions').find((condition) => stringAt(condition, 'type') === 'Ready');
  const isReady = stringAt(ready, 'status') === 'True';
  const readyChanged = parseTime(stringAt(ready, 'lastTransitionTime'));
  const createdAtMs = parseTime(metadata['creationTimestamp']) ?? 0;
  const deletingSinceMs = deletionStart(metadata);
  return {
    name: stringAt(metadata, 'name') ?? '',
    uid: stringAt(metadata, 'uid') ?? '',
    resourceVersion: stringAt(metadata, 'resourceVersion') ?? '',
    labels,
    controller: controllerOf(metadata),
    createdAtMs,
    deletingSinceMs,
    graceSeconds: graceOf(metadata, spec),
    finalizers: listAt(metadata, 'finalizers').filter((finalizer) => typeof finalizer === 'string'),
    forced: deletingSinceMs !== null && wholeAt(metadata, 'deletionGracePeriodSeconds') === 0,
    confirmedDead: isStatedDead(metadata),
    phase: stringAt(status, 'phase') ?? 'Pending',
    readySinceMs: isReady ? (readyChanged ?? createdAtMs) : null,
    unreadySinceMs: isReady ? null : (readyChanged ?? createdAtMs),
    node: stringAt(spec, 'nodeName') ?? null,
    revision: labels[LABEL.revision] ?? null,
    claims: listAt(spec, 'volumes')
      .map((volume) => stringAt(objectAt(volume, 'persistentVolumeClaim'), 'claimName'))
      .filter((claim) => claim !== undefined),
    restarts: restartsOf(status),
    endedAtMs: endOf(status),
    stopped: hasStopped(status, deletingSinceMs !== null),
    trouble: readTrouble(status),
    breakage: readBreakage(status),
  };
}

/** deletionTimestamp lies in the future: it is when the grace period will be over. */
function deletionStart(metadata: Record<string, unknown>): number | null {
  const end = parseTime(metadata['deletionTimestamp']);
  if (end === undefined) return null;
  return end - (wholeAt(metadata, 'deletionGracePeriodSeconds') ?? 0) * 1000;
}

function isStatedDead(metadata: Record<string, unknown>): boolean {
  const stated = stringAt(objectAt(metadata, 'annotations'), ANNOTATION.confirmedDead);
  return stated !== undefined && stated === stringAt(metadata, 'uid');
}

function graceOf(metadata: Record<string, unknown>, spec: Record<string, unknown>): number {
  const written = wholeAt(spec, 'terminationGracePeriodSeconds') ?? 30;
  return Math.max(written, wholeAt(metadata, 'deletionGracePeriodSeconds') ?? 0, 0);
}

/** No more than a status can hold. */
function restartsOf(status: unknown): number {
  const counts = containerStatuses(status).map((container) => wholeAt(container, 'restartCount') ?? 0);
  return Math.min(
    counts.reduce((sum, count) => sum + count, 0),
    Number.MAX_SAFE_INTEGER,
  );
}

/** A pod garbage-collected with its node gets a terminal phase too, but from a controller: that is no kubelet's word. */
function hasStopped(status: Record<string, unknown>, deleting: boolean): boolean {
  const collected = listAt(status, 'conditions').some(
    (condition) =>
      stringAt(condition, 'type') === 'DisruptionTarget' && stringAt(condition, 'reason') === 'DeletionByPodGC',
  );
  if (collected) return false;
  if (TERMINAL.includes(stringAt(status, 'phase') ?? '')) return true;
  const containers = listAt(status, 'containerStatuses');
  const running = (container: unknown) => isObject(objectAt(container, 'state')['running']);
  // While it is not being deleted, a kubelet may be about to start them again. Sidecars are init containers that run on.
  return (
    deleting &&
    containers.length > 0 &&
    containers.every((container) => isObject(objectAt(container, 'state')['terminated'])) &&
    !listAt(status, 'initContainerStatuses').some(running)
  );
}

function endOf(status: Record<string, unknown>): number | null {
  if (!TERMINAL.includes(stringAt(status, 'phase') ?? '')) return null;
  const ends = containerStatuses(status)
    .map((container) => parseTime(objectAt(objectAt(container, 'state'), 'terminated')['finishedAt']))
    .filter((end) => end !== undefined);
  return ends.length > 0 ? Math.max(...ends) : null;
}
