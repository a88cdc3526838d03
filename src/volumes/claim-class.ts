// The one class that a claim falls in for the member that it would serve: the class alone decides what happens next. A volume
// counts as the same by its name and its disk (volume-view.ts). Lacks what follows from a class (plan/equip.ts).

import { KIND } from '../api/names.ts';
import type { MemberClaim } from '../api/status.ts';
import { podName } from '../identity/member-names.ts';
import type { Controller } from '../identity/owner.ts';
import type { ClaimView } from './claim-view.ts';
import type { VolumeView } from './volume-view.ts';

/**
 * Missing: nothing there, nothing known. Incomplete: nothing there and nothing recorded, though a claim that was made with
 * it is there. Gone: nothing there, though one is recorded. Foreign: not ours to use. Terminating: on its way out; never a
 * claim (cloudnative-pg#10985). Doomed: it belongs to what is gone, and garbage collection takes it. Lost: its volume is
 * gone. Replaced: another one than the recorded, or another disk behind it. Unread: whether it is the recorded volume is
 * not known yet. Unstamped: made by a StatefulSet, a restore, a hand or a former app of our name; ours by name. Usable: ours.
 */
export type ClaimClass =
  | 'Missing'
  | 'Incomplete'
  | 'Gone'
  | 'Foreign'
  | 'Terminating'
  | 'Doomed'
  | 'Lost'
  | 'Replaced'
  | 'Unread'
  | 'Unstamped'
  | 'Usable';

export interface ClaimFacts {
  /** The claim template's name, which is also the pod's volume. */
  readonly template: string;
  readonly name: string;
  readonly view: ClaimView | null;
  readonly recorded: MemberClaim | null;
  /** What was read of the volume that it is bound to. */
  readonly volume: VolumeView | null;
  /** A claim of the member whose stamp says that this one was made with it. */
  readonly witness: ClaimView | null;
}

export interface ClaimSlot extends ClaimFacts {
  readonly class: ClaimClass;
  /** For Foreign: whose it is. For Replaced: in what it differs. */
  readonly why?: string;
  /** The app says that the loss of what was recorded is accepted. */
  readonly accepted: boolean;
}

export interface Claimant {
  readonly app: string;
  readonly appUid: string;
  readonly ordinal: number;
  /** UID of the pod that stands under the member's name, whatever its state. */
  readonly podUid: string | null;
  /** A pod of ours that has not ended uses it: then its owner is put right before garbage collection takes it. */
  readonly mounted: boolean;
  /** `<claim>=<uid>` of what the app accepts as lost. */
  readonly accepts: ReadonlySet<string>;
}

type Found = { readonly class: ClaimClass; readonly why?: string };

/** A ledger entry protects its claim from the first Bound on: before that there is no data to lose. */
export function isProtected(recorded: MemberClaim | null): boolean {
  return recorded?.volume !== undefined && recorded.volume !== '';
}

export function classifyClaim(facts: ClaimFacts, claimant: Claimant): ClaimSlot {
  const { name } = facts;
  const found = facts.view === null ? absent(facts) : present(facts, facts.view, claimant);
  const uid = acceptableUid(facts);
  const accepted =
    claimant.accepts.size > 0 &&
    uid !== null &&
    claimant.accepts.has(`${name}=${uid}`) &&
    facts.recorded?.accepted !== uid;
  return { ...facts, ...found, accepted };
}

/** The UID by which the loss of what was there can be accepted: the recorded claim's, that of the one there, or its witness's. */
export function acceptableUid({
  recorded,
  view,
  witness,
}: Pick<ClaimFacts, 'recorded' | 'view' | 'witness'>): string | null {
  return recorded?.uid ?? view?.uid ?? witness?.uid ?? null;
}

function absent({ recorded, witness }: ClaimFacts): Found {
  if (isProtected(recorded)) return { class: 'Gone' };
  // One that is recorded and was never bound is still being made by us.
  return { class: recorded === null && witness !== null ? 'Incomplete' : 'Missing' };
}

function present(facts: ClaimFacts, view: ClaimView, claimant: Claimant): Found {
  // Whoever has taken the recorded claim meanwhile: when it is being deleted, the member's pod may be all that keeps it (R12).
  if (view.deleting && facts.recorded?.uid === view.uid) return { class: 'Terminating' };
  const foreign = foreignOwner(view, claimant);
  if (foreign !== null) return { class: 'Foreign', why: foreign };
  if (view.deleting) return { class: 'Terminating' };
  if (isDoomed(view, claimant)) return { class: 'Doomed' };
  if (view.phase === 'Lost') return { class: 'Lost' };
  const other = otherThanRecorded(facts, view);
  if (other !== null) return other;
  const stamped = view.app !== null && view.ordinal !== null && view.appUid === claimant.appUid;
  return { class: stamped ? 'Usable' : 'Unstamped' };
}

/** A claim that was deleted and made again is the recorded one when it is bound to the recorded volume. */
function otherThanRecorded({ recorded, volume }: ClaimFacts, view: ClaimView): Found | null {
  if (recorded === null || !isProtected(recorded)) return null;
  const isOther = recorded.uid !== view.uid;
  if (view.volume === null || (isOther && view.phase !== 'Bound')) {
    const why = `another claim (UID ${view.uid}) has taken its place, and is not bound`;
    return isOther ? { class: 'Replaced', why } : null;
  }
  const place = isOther ? `another claim (UID ${view.uid}) has taken its place, and` : 'it';
  if (view.volume !== recorded.volume)
    return { class: 'Replaced', why: `${place} is bound to volume ${view.volume} instead of ${recorded.volume}` };
  if (recorded.disk === undefined) return null;
  const disk = volume?.name === view.volume ? volume.disk : null;
  if (disk === null) return isOther ? { class: 'Unread' } : null;
  if (disk === '') return { class: 'Replaced', why: `its volume ${view.volume} is gone` };
  return disk === recorded.disk
    ? null
    : { class: 'Replaced', why: `${place} is bound to another disk: volume ${view.volume} was made anew` };
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
