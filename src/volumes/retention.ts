// Who takes a claim with it when it goes: one table from persistentVolumeClaimRetentionPolicy to the claim's controller, and the
// owner references that follow from it. Matches claimOwnerMatchesSetAndPod and updateClaimOwnerRefForSetAndPod of
// Kubernetes pkg/controller/statefulset/stateful_set_utils.go; different on purpose: blockOwnerDeletion is never set. Lacks
// the decision when (plan/retention.ts), and claims that another controller has: those are left alone.

import { KIND } from '../api/names.ts';
import { type AppRef, controllerRef } from '../identity/owner.ts';
import type { ClaimView } from './claim-view.ts';

type Retention = 'Retain' | 'Delete';

export interface RetentionPolicy {
  readonly whenDeleted: Retention;
  readonly whenScaled: Retention;
}

/** With whose end a claim ends: the app's, its member's pod's, or nobody's. */
export type Keeper = 'app' | 'pod' | 'nobody';

interface Keepers {
  readonly wanted: Keeper;
  readonly condemned: Keeper;
}

const KEEPERS: Readonly<Record<Retention, Readonly<Record<Retention, Keepers>>>> = {
  Retain: {
    Retain: { wanted: 'nobody', condemned: 'nobody' },
    Delete: { wanted: 'nobody', condemned: 'pod' },
  },
  Delete: {
    Retain: { wanted: 'app', condemned: 'app' },
    Delete: { wanted: 'app', condemned: 'pod' },
  },
};

export function keeperOf({ whenDeleted, whenScaled }: RetentionPolicy, wanted: boolean): Keeper {
  const keepers = KEEPERS[whenDeleted][whenScaled];
  return wanted ? keepers.wanted : keepers.condemned;
}

interface Owner {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller: true;
}

export interface Household {
  readonly app: AppRef;
  /** Name of the member's pod. */
  readonly pod: string;
  /** UID of that pod, when it is there. */
  readonly podUid: string | null;
}

/**
 * The owner references that the claim is to have, or null when it has them. References of others are kept as they are; ours
 * are the app's, those of a former app of its name, and those of any pod of the member's name.
 */
export function ownersFor(
  { owners }: Pick<ClaimView, 'owners'>,
  keeper: Keeper,
  { app, pod, podUid }: Household,
): readonly object[] | null {
  const wanted = ownerOf(keeper, { app, pod, podUid });
  const isOurs = ({ kind, name, uid }: { readonly kind: string; readonly name: string; readonly uid: string }) =>
    uid === app.uid || (kind === 'Pod' && name === pod) || (kind === KIND && name === app.name);
  const ours = owners.filter(isOurs);
  const isRight = wanted === null ? ours.length === 0 : ours.length === 1 && sameOwner(ours[0], wanted);
  if (isRight) return null;
  const others = owners.filter((owner) => !isOurs(owner)).map(({ raw }) => raw);
  return wanted === null ? others : [...others, wanted];
}

function ownerOf(keeper: Keeper, { app, pod, podUid }: Household): Owner | null {
  if (keeper === 'app') return controllerRef(app);
  if (keeper === 'nobody' || podUid === null) return null;
  return { apiVersion: 'v1', kind: 'Pod', name: pod, uid: podUid, controller: true };
}

function sameOwner(one: ClaimView['owners'][number] | undefined, { uid }: Owner): boolean {
  return one?.uid === uid && one.controller;
}
