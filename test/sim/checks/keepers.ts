// Whom persistentVolumeClaimRetentionPolicy gives a claim to, by counting and code of its own: with whose end it ends, which
// owner references follow, and whose member it serves by its stamps. Lacks when that has to be so: claims.ts, endings.ts
// and retained.ts ask.

import { ANNOTATION, KIND, LABEL } from '../../../src/api/names.ts';
import type { StatefulApp } from '../../../src/api/schema.ts';
import type { Owner, Stored } from '../server/types.ts';
import { ordinalIn, wantedOf } from './facts.ts';
import { textOf } from './text.ts';

export type Keeper = 'app' | 'pod' | 'nobody';

export function keeperIn(app: StatefulApp, ordinal: number): Keeper {
  const { whenDeleted, whenScaled } = app.spec.persistentVolumeClaimRetentionPolicy;
  if (whenScaled === 'Delete' && !wantedOf(app).includes(ordinal)) return 'pod';
  return whenDeleted === 'Delete' ? 'app' : 'nobody';
}

/** The pod that a claim `<template>-<app>-<ordinal>` is made for. */
export function podIn(app: string, claim: string): { readonly pod: string; readonly ordinal: number } | undefined {
  const digits = /-(\d+)$/.exec(claim)?.[1] ?? '';
  const pod = `${app}-${digits}`;
  const ordinal = ordinalIn(app, pod);
  return ordinal === undefined || !claim.endsWith(`-${pod}`) ? undefined : { pod, ordinal };
}

/** The ordinal that a claim serves in this very app, by all of its stamps; undefined when they do not all say so. */
export function servedIn({ metadata: { name, uid } }: StatefulApp, { metadata }: Stored): number | undefined {
  const place = podIn(name, metadata.name);
  const { annotations = {}, labels = {} } = metadata;
  const isStamped = labels[LABEL.app] === name && annotations[ANNOTATION.appUid] === uid;
  return isStamped && annotations[ANNOTATION.ordinal] === String(place?.ordinal) ? place?.ordinal : undefined;
}

export const ownersOf = ({ metadata }: Pick<Stored, 'metadata'>): readonly Owner[] => metadata.ownerReferences ?? [];

/** Those that are nobody's but the app's to set: its own, and any pod's of the member's name. */
export function isKin({ metadata }: StatefulApp, pod: string): (owner: Owner) => boolean {
  return ({ kind, name, uid }) => uid === metadata.uid || (kind === 'Pod' && name === pod);
}

/** Somebody else's controller; a former app's of the same name is none: it is gone, and its claims with it. */
export function hasForeignController(app: StatefulApp, claim: Stored): boolean {
  const isOurs = isKin(app, podIn(app.metadata.name, claim.metadata.name)?.pod ?? '');
  const isFormer = ({ kind, name }: Owner) => kind === KIND && name === app.metadata.name;
  return ownersOf(claim).some((owner) => owner.controller === true && !isOurs(owner) && !isFormer(owner));
}

/** Though whenDeleted is Retain. One that belongs to a pod ends with that, and not with the app. */
export function wouldEndWithApp(app: StatefulApp, claim: Stored): boolean {
  if (app.spec.persistentVolumeClaimRetentionPolicy.whenDeleted === 'Delete') return false;
  const controller = ownersOf(claim).find((owner) => owner.controller === true);
  const { uid } = app.metadata;
  return ownersOf(claim).some((owner) => owner.uid === uid) && (controller === undefined || controller.uid === uid);
}

/** What is wrong with the owners that a claim has, or is to get; `pods` are the UIDs that the member's pod may have. */
export function wrongOwners(
  app: StatefulApp,
  {
    owners,
    ordinal,
    pods,
  }: { readonly owners: readonly Owner[]; readonly ordinal: number; readonly pods: readonly string[] },
): string | undefined {
  const pod = `${app.metadata.name}-${ordinal}`;
  const ours = owners.filter(isKin(app, pod));
  const keeper = keeperIn(app, ordinal);
  if (keeper === 'nobody') return ours.length === 0 ? undefined : `it is to be kept, and has ${told(ours)}`;
  const isRight = ({ uid, kind, name, controller, blockOwnerDeletion }: Owner) => {
    if (controller !== true || blockOwnerDeletion === true) return false;
    return keeper === 'app'
      ? uid === app.metadata.uid && kind === KIND
      : kind === 'Pod' && name === pod && pods.includes(uid);
  };
  if (ours.length === 1 && ours.every(isRight)) return undefined;
  return `it is to belong to the ${keeper === 'app' ? 'app' : 'pod'}, and has ${told(ours)}`;
}

const told = (owners: readonly Owner[]) =>
  owners.length === 0 ? 'no owner of ours' : owners.map(({ kind, name, uid }) => `${kind} ${name} (${uid})`).join(', ');

/** References of others that are in the one list and not in the other. */
export function missingIn(app: StatefulApp, { pod, before, after }: Lists): readonly Owner[] {
  const kept = new Set(after.map(textOf));
  return before.filter((owner) => !isKin(app, pod)(owner) && !kept.has(textOf(owner)));
}

interface Lists {
  readonly pod: string;
  readonly before: readonly Owner[];
  readonly after: readonly Owner[];
}
