// What the actors read of pods, claims and nodes, and how a condition is written.
// Lacks the operator's judgement of a pod on purpose (src/identity/pod-view.ts): what is tested must not test itself.

import { isObject, listAt, objectAt, stringAt } from '../../../src/identity/json.ts';
import { formatTime } from '../../../src/identity/time.ts';
import type { Raw, Stored } from '../server/types.ts';

export interface PodRef {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

export function refOf({ metadata: { namespace = '', name, uid } }: Stored): PodRef {
  return { namespace, name, uid };
}

export function keyOf({ metadata: { namespace = '', name } }: Stored): string {
  return `${namespace}/${name}`;
}

export function nodeOf(pod: Stored): string | undefined {
  const node = stringAt(pod['spec'], 'nodeName');
  return node === '' ? undefined : node;
}

export function phaseOf(object: Stored): string {
  return stringAt(object['status'], 'phase') ?? 'Pending';
}

export function isTerminal(pod: Stored): boolean {
  return ['Failed', 'Succeeded'].includes(phaseOf(pod));
}

export function isDeleting(object: Stored): boolean {
  return object.metadata.deletionTimestamp !== undefined;
}

/** Names of the claims that a pod mounts. */
export function claimsOf(pod: Stored): readonly string[] {
  return listAt(pod['spec'], 'volumes')
    .map((volume) => stringAt(objectAt(volume, 'persistentVolumeClaim'), 'claimName'))
    .filter((name) => name !== undefined);
}

export function numberAt(value: unknown, field: string): number | undefined {
  const inner = isObject(value) ? value[field] : undefined;
  return typeof inner === 'number' ? inner : undefined;
}

/** The spec's own, which a force deletion does not shorten for the containers. */
export function specGraceSeconds(pod: Stored): number {
  return Math.max(0, numberAt(pod['spec'], 'terminationGracePeriodSeconds') ?? 30);
}

export interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason?: string;
  readonly message?: string;
}

export function conditionStatus(object: Stored, type: string): string | undefined {
  const condition = listAt(object['status'], 'conditions').find((each) => stringAt(each, 'type') === type);
  return stringAt(condition, 'status');
}

/** The conditions with one of them set; its transition time moves only when its status does. */
export function withCondition(conditions: readonly unknown[], set: Condition, nowMs: number): readonly unknown[] {
  const old = conditions.find((each) => stringAt(each, 'type') === set.type);
  const sameStatus = old !== undefined && stringAt(old, 'status') === set.status;
  if (sameStatus && stringAt(old, 'reason') === set.reason && stringAt(old, 'message') === set.message) {
    return conditions;
  }
  const since = sameStatus ? stringAt(old, 'lastTransitionTime') : undefined;
  const written = { ...set, lastTransitionTime: since ?? formatTime(nowMs) };
  if (old === undefined) return [...conditions, written];
  return conditions.map((each) => (each === old ? written : each));
}

/** The object with a condition set in its status; the object itself when it says so already. */
export function withStatusCondition(object: Stored, set: Condition, nowMs: number): Raw {
  const before = listAt(object['status'], 'conditions');
  const conditions = withCondition(before, set, nowMs);
  return conditions === before ? object : { ...object, status: { ...objectAt(object, 'status'), conditions } };
}

export interface Taint {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
}

export function taintsOf(node: Stored): readonly Taint[] {
  return listAt(node['spec'], 'taints').map((taint) => {
    const value = stringAt(taint, 'value');
    const key = stringAt(taint, 'key') ?? '';
    return { key, effect: stringAt(taint, 'effect') ?? '', ...(value === undefined ? {} : { value }) };
  });
}

/**
 * For how many seconds a pod tolerates a taint: undefined when not at all. As Toleration.ToleratesTaint of
 * staging/src/k8s.io/api/core/v1/toleration.go.
 */
export function toleratesFor(pod: Stored, taint: Taint): number | undefined {
  const matching = listAt(pod['spec'], 'tolerations').filter((toleration) => {
    const effect = stringAt(toleration, 'effect') ?? '';
    if (effect !== '' && effect !== taint.effect) return false;
    const key = stringAt(toleration, 'key') ?? '';
    if (key !== '' && key !== taint.key) return false;
    if (stringAt(toleration, 'operator') === 'Exists') return true;
    return key !== '' && (stringAt(toleration, 'value') ?? '') === (taint.value ?? '');
  });
  if (matching.length === 0) return undefined;
  const seconds = matching.map((toleration) => numberAt(toleration, 'tolerationSeconds') ?? Number.POSITIVE_INFINITY);
  return Math.max(0, Math.min(...seconds));
}
