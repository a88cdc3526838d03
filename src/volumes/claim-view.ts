// What the planner knows of a claim, and the one class it falls in for the member that it would serve. The class alone
// decides what happens next. Lacks growth, and the identity of the disk behind the claim.

import { ANNOTATION, KIND, LABEL } from '../api/names.ts';
import type { MemberClaim } from '../api/status.ts';
import { objectAt, stringAt, stringMap } from '../identity/json.ts';
import { podName } from '../identity/member-names.ts';
import { type Controller, controllerOf, type OwnerView, ownersIn } from '../identity/owner.ts';

export interface ClaimView {
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly controller: Controller | null;
  readonly owners: readonly OwnerView[];
  readonly deleting: boolean;
  readonly phase: string;
  /** Name of the bound PersistentVolume. */
  readonly volume: string | null;
  /** Whose it is, as stamped on it: the app's name, and the ordinal in decimal. */
  readonly app: string | null;
  readonly appUid: string | null;
  readonly ordinal: string | null;
  /** The requested storage, as written. */
  readonly request: string | null;
  readonly storageClass: string | null;
}

export function readClaim(raw: unknown): ClaimView {
  const metadata = objectAt(raw, 'metadata');
  const spec = objectAt(raw, 'spec');
  const requests = objectAt(objectAt(spec, 'resources'), 'requests');
  return {
    name: stringAt(metadata, 'name') ?? '',
    uid: stringAt(metadata, 'uid') ?? '',
    resourceVersion: stringAt(metadata, 'resourceVersion') ?? '',
    controller: controllerOf(metadata),
    owners: ownersIn(metadata),
    deleting: stringAt(metadata, 'deletionTimestamp') !== undefined,
    phase: stringAt(objectAt(raw, 'status'), 'phase') ?? 'Pending',
    volume: stringAt(spec, 'volumeName') ?? null,
    app: stringMap(metadata['labels'])[LABEL.app] ?? null,
    appUid: stringMap(metadata['annotations'])[ANNOTATION.appUid] ?? null,
    ordinal: stringMap(metadata['annotations'])[ANNOTATION.ordinal] ?? null,
    request: stringAt(requests, 'storage') || null,
    storageClass: stringAt(spec, 'storageClassName') ?? null,
  };
}

/**
 * Missing: nothing there, nothing recorded. Gone: nothing there, though one is recorded. Foreign: not ours to use.
 * Terminating: on its way out; never a claim (cloudnative-pg#10985). Doomed: it belongs to what is gone, and garbage
 * collection takes it. Lost: its volume is gone. Replaced: another one than the recorded. Unstamped: made by a StatefulSet,
 * a restore, a hand or a former app of our name; ours by name. Usable: ours.
 */
export type ClaimClass =
  | 'Missing'
  | 'Gone'
  | 'Foreign'
  | 'Terminating'
  | 'Doomed'
  | 'Lost'
  | 'Replaced'
  | 'Unstamped'
  | 'Usable';

export interface ClaimSlot {
  /** The claim template's name, which is also the pod's volume. */
  readonly template: string;
  readonly name: string;
  readonly class: ClaimClass;
  readonly view: ClaimView | null;
  readonly recorded: MemberClaim | null;
  /** For Foreign: whose it is. */
  readonly why?: string;
}

export interface Claimant {
  readonly app: string;
  readonly appUid: string;
  readonly ordinal: number;
  /** UID of the pod that stands under the member's name, whatever its state. */
  readonly podUid: string | null;
  /** A pod of ours that has not ended uses it: then its owner is put right before garbage collection takes it. */
  readonly mounted: boolean;
}

/** A ledger entry protects its claim from the first Bound on: before that there is no data to lose. */
export function isProtected(recorded: MemberClaim | null): boolean {
  return recorded?.volume !== undefined && recorded.volume !== '';
}

export function classifyClaim(
  slot: Pick<ClaimSlot, 'template' | 'name' | 'view' | 'recorded'>,
  claimant: Claimant,
): ClaimSlot {
  const { view, recorded } = slot;
  if (view === null) return { ...slot, class: isProtected(recorded) ? 'Gone' : 'Missing' };
  const foreign = foreignOwner(view, claimant);
  if (foreign !== null) return { ...slot, class: 'Foreign', why: foreign };
  if (view.deleting) return { ...slot, class: 'Terminating' };
  if (isDoomed(view, claimant)) return { ...slot, class: 'Doomed' };
  if (view.phase === 'Lost') return { ...slot, class: 'Lost' };
  if (isProtected(recorded) && recorded?.uid !== view.uid) return { ...slot, class: 'Replaced' };
  const stamped = view.app !== null && view.ordinal !== null && view.appUid === claimant.appUid;
  return { ...slot, class: stamped ? 'Usable' : 'Unstamped' };
}

/** Claim `data` of app `x-y` and claim `data-x` of app `y` have one name: the stamps tell whose it is. */
function foreignOwner(view: ClaimView, claimant: Claimant): string | null {
  const { app, appUid, ordinal } = claimant;
  if (view.controller !== null && view.controller.uid !== appUid && !isKin(view.controller, claimant)) {
    return `it belongs to ${view.controller.kind} ${view.controller.name} (UID ${view.controller.uid})`;
  }
  const sameApp = view.app === null ? view.appUid === null || view.appUid === appUid : view.app === app;
  if (sameApp && (view.ordinal === null || view.ordinal === String(ordinal))) return null;
  const whose = view.app ?? `with UID ${view.appUid ?? '?'}`;
  return `it is stamped as ordinal ${view.ordinal ?? '?'} of StatefulApp ${whose}`;
}

/** A pod of the member, or a former app of our name: what is left of retention policies. */
function isKin({ kind, name }: Controller, { app, ordinal }: Claimant): boolean {
  return (kind === 'Pod' && name === podName(app, ordinal)) || (kind === KIND && name === app);
}

function isDoomed({ controller }: ClaimView, claimant: Claimant): boolean {
  if (controller === null || controller.uid === claimant.appUid || claimant.mounted) return false;
  return controller.kind === KIND || controller.uid !== claimant.podUid;
}
