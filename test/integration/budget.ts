// How many members of an app were away when the operator took one more, from what the watches told; and whether that was
// more than the app allows. Who deleted a pod no watch tells: whoever asks here has to know that. Reads the spec by itself,
// without the operator's code, so that a mistake there does not pass here. Lacks the order of members and the partition.

import type { KubeObject } from '../../src/kube/objects.ts';
import { type App, type Happening, isReady, readyChangedAt, version } from './stage.ts';

/** A member that was Ready, and that the operator deleted. */
interface Removal {
  readonly pod: string;
  /** By the spec of the moment, which comes last, and by those before it that the status had not gone beyond. */
  readonly readings: readonly Reading[];
}

interface Reading {
  /** Wanted members that were not available, the one that was deleted included; none when that one was not wanted. */
  readonly away: readonly string[];
  readonly allowed: number;
}

interface SpecOfApp {
  readonly replicas?: number;
  readonly minReadySeconds?: number;
  readonly paused?: boolean;
  readonly ordinals?: { readonly start?: number; readonly excluded?: readonly number[] };
  readonly updateStrategy?: {
    readonly type?: string;
    readonly rollingUpdate?: { readonly maxUnavailable?: number | string; readonly paused?: boolean };
  };
}

interface Edition {
  readonly uid: string;
  readonly generation: number;
  readonly spec: SpecOfApp;
}

export interface Question {
  readonly history: readonly Happening[];
  readonly app: string;
  /** Whether the operator deleted the pod of this UID. */
  readonly isOurs: (uid: string) => boolean;
}

function removals({ history, app, isOurs }: Question): readonly Removal[] {
  const pods = new Map<string, KubeObject>();
  const seen = new Set<string>();
  const found: Removal[] = [];
  let editions: readonly Edition[] = [];
  // Kinds are told apart from each other; versions bring them into the order in which they were written.
  for (const { kind, type, object } of [...history].sort((a, b) => version(a.object) - version(b.object))) {
    const { metadata } = object;
    if (kind === 'apps' && metadata.name === app) editions = possible(editions, object);
    if (kind !== 'pods') continue;
    const before = pods.get(metadata.name);
    if (type === 'deleted') pods.delete(metadata.name);
    else pods.set(metadata.name, object);
    const leaves = type === 'deleted' || metadata.deletionTimestamp !== undefined;
    if (!leaves || seen.has(metadata.uid)) continue;
    seen.add(metadata.uid);
    if (!isOurs(metadata.uid) || !isReady(before)) continue;
    const readings = editions.map(({ spec }) => read(spec, { app, pods, leaving: object }));
    found.push({ pod: metadata.name, readings });
  }
  return found;
}

/** Those that the operator may go by: it has seen at least what the status says, and may have seen more. */
function possible(editions: readonly Edition[], object: App): readonly Edition[] {
  const { uid, generation = 0 } = object.metadata;
  const known = editions.filter((one) => one.uid === uid && one.generation !== generation);
  const all = [...known, { uid, generation, spec: (object['spec'] ?? {}) as SpecOfApp }];
  const observed = object.status?.observedGeneration ?? 0;
  return all.filter((one) => one.generation >= observed);
}

interface Leave {
  readonly app: string;
  readonly pods: ReadonlyMap<string, KubeObject>;
  readonly leaving: KubeObject;
}

function read(spec: SpecOfApp, { app, pods, leaving }: Leave): Reading {
  const wanted = wantedNames(app, spec);
  if (!wanted.includes(leaving.metadata.name)) return { away: [], allowed: 0 };
  const at = deletedAt(leaving);
  const isAvailable = (pod: KubeObject | undefined) =>
    isReady(pod) &&
    pod?.metadata.deletionTimestamp === undefined &&
    readyChangedAt(pod) + (spec.minReadySeconds ?? 0) <= at;
  return { away: wanted.filter((one) => !isAvailable(pods.get(one))), allowed: allowedBy(spec) };
}

function wantedNames(app: string, { replicas = 1, ordinals = {} }: SpecOfApp): readonly string[] {
  const names: string[] = [];
  for (let ordinal = ordinals.start ?? 0; names.length < replicas; ordinal += 1) {
    if (ordinals.excluded?.includes(ordinal) !== true) names.push(`${app}-${ordinal}`);
  }
  return names;
}

/** As the API of StatefulSet has it: at least one, a percentage rounded down; none at all where nothing is to be updated. */
function allowedBy({ replicas = 1, paused, updateStrategy = {} }: SpecOfApp): number {
  const { type, rollingUpdate = {} } = updateStrategy;
  if (paused === true || type === 'OnDelete' || rollingUpdate.paused === true) return 0;
  const { maxUnavailable = 1 } = rollingUpdate;
  const most =
    typeof maxUnavailable === 'number' ? maxUnavailable : (Number.parseInt(maxUnavailable, 10) * replicas) / 100;
  return Math.max(1, Math.floor(most));
}

/** When this deletion was asked for, in whole seconds. */
function deletedAt({ metadata }: KubeObject): number {
  const grace = (metadata as { readonly deletionGracePeriodSeconds?: number }).deletionGracePeriodSeconds ?? 0;
  return Date.parse(metadata.deletionTimestamp ?? '') / 1000 - grace;
}

/** The most members that were away at a removal, as the spec of that moment has it; 0 when there was none. */
export function mostAwayOf(question: Question): number {
  return Math.max(0, ...removals(question).map(({ readings }) => readings.at(-1)?.away.length ?? 0));
}

/** What is wrong, in words: removals that no spec allows that the operator may have gone by. */
export function overruns(question: Question): readonly string[] {
  return (
    removals(question)
      // None at all: the app was not there yet, and the pod is another's.
      .filter(({ readings }) => readings.length > 0 && readings.every(({ away, allowed }) => away.length > allowed))
      .map(({ pod, readings }) => {
        const { away = [], allowed = 0 } = readings.at(-1) ?? {};
        return `${pod} was deleted, so that ${away.join(', ')} were away; ${allowed} may be`;
      })
  );
}
