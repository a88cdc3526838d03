// What the ledger says of a member's claims (api.md, volume identity): a claim is recorded when it is first seen, its volume
// and disk when it is bound, and they stay until the policy or a request accepts others. Where nothing is recorded, nothing
// is protected (R4): a lost ledger costs the protection until the next look, and never data.

import type { MemberClaim } from '../api/status.ts';
import { claimName } from '../identity/member-names.ts';
import { type ClaimSlot, isProtected } from '../volumes/claim-class.ts';
import { requestKey } from '../volumes/requests.ts';
import { isKept, verdict } from './doubts.ts';
import { resizeOf } from './growth.ts';
import { isGivenUp, isUnderWay } from './rebuild-turn.ts';
import { takesClaims } from './retention.ts';
import type { MemberView, Scene } from './scene.ts';

type Draft = { -readonly [Field in keyof MemberClaim]: MemberClaim[Field] };

export function nextClaims(scene: Scene, member: MemberView): readonly MemberClaim[] | undefined {
  const known = new Map((member.ledger?.claims ?? []).map((claim) => [claim.name, claim]));
  const others = member.mounted.filter((claim) => !member.claims.includes(claim));
  const used = [...member.claims, ...others];
  for (const claim of used) {
    const use = verdict(claim, scene.spec.volumeLossPolicy);
    if (use === 'create') {
      // That it is yet to be made, and not one that went, is what tells it from a sibling's lost companion.
      if (used.length > 1 || claim.witness !== null) known.set(claim.name, { name: claim.name });
      else known.delete(claim.name);
    }
    const isRecorded =
      use === 'use' || use === 'stamp' || isEnding(scene, member, claim) || isBelated(scene, member, claim);
    if (!isRecorded || claim.view === null) continue;
    // Another claim is accepted for who is to use it; that of a member that is not wanted stays as it was, or it would end as
    // the recorded one does (whenScaled: Delete).
    if (!member.wanted && isOther(claim)) continue;
    known.set(claim.name, recordOf(scene, member, claim));
  }
  // Which claims a member needs whose revision is lost, nobody can tell: what is recorded stays (simulator, seed 147).
  if (member.wanted && member.blueprint !== null) setAside(scene, { ...member, used }, known);
  return known.size > 0 ? [...known.values()] : undefined;
}

/**
 * It goes now for a rebuild, whatever state it is in: when it has ended, the member gets a new one (R12 protects no more). One
 * that somebody else deletes is protected until it is the member's turn: the request may be taken off again.
 */
function isEnding(scene: Scene, member: MemberView, claim: ClaimSlot): boolean {
  return isUnderWay(scene) && isGivenUp(scene, member, claim);
}

/**
 * Somebody deletes it, and its pod keeps it: its volume is recorded now, if there was no time before. Or the member would get
 * an empty one when the pod goes as well, since nothing is protected whose volume never was recorded (peers.test.ts).
 */
function isBelated(scene: Scene, member: MemberView, claim: ClaimSlot): boolean {
  const { recorded, view } = claim;
  const isSame = recorded?.uid === undefined || recorded.uid === view?.uid;
  return isKept(scene, member, claim) && isSame && !isProtected(recorded);
}

/** Not the recorded one, or not known to be. */
function isOther({ class: found, recorded, view }: ClaimSlot): boolean {
  return found === 'Replaced' || found === 'Unread' || (found === 'Lost' && recorded?.uid !== view?.uid);
}

function recordOf(scene: Scene, member: MemberView, claim: ClaimSlot): MemberClaim {
  const { name, view, recorded, volume, accepted } = claim;
  if (view === null) throw new Error(`assertion: claim ${name} is not there`);
  const isNew = isOther(claim);
  const { resize: _told, unmounted: _former, ...before } = recorded ?? {};
  const record: Draft = { ...(isNew ? {} : before), name, uid: view.uid };
  // Until it is given back, one that ends with its pod stays given up: it may go before (simulator, seed 387).
  const isGiven = view.controller?.kind === 'Pod' && record.volume !== view.volume;
  if (view.phase === 'Bound' && view.volume !== null && !isGiven) {
    if (record.volume !== view.volume) delete record.disk;
    record.volume = view.volume;
    const disk = volume?.name === view.volume ? volume.disk : null;
    if (disk) record.disk ??= disk;
  }
  // The request names the claim that stays: it is carried out now, and must not accept the next loss too.
  if (accepted && isNew && recorded?.uid === view.uid) record.accepted = view.uid;
  const { accepted: spent } = record;
  const isAsked = spent !== undefined && scene.inventory.accepts.has(requestKey({ claim: name, uid: spent }));
  if (!isAsked) delete record.accepted;
  const resize = resizeOf(scene, claim);
  if (resize !== null) record.resize = resize;
  // Given up, as the status says: should it be wanted again after it has ended, it gets a new one (R12 protects no more).
  if (takesClaims(scene, member) || isEnding(scene, member, claim)) {
    delete record.volume;
    delete record.disk;
  }
  return record;
}

/** Claims of templates that the app has no longer stay, and are listed as long as they are there. */
function setAside(
  { spec, observed }: Scene,
  { ordinal, unmounted, used }: Pick<MemberView, 'ordinal' | 'unmounted'> & { readonly used: readonly ClaimSlot[] },
  known: Map<string, MemberClaim>,
): void {
  const named = new Set(
    spec.volumeClaimTemplates.map(({ metadata }) => claimName(metadata.name, observed.app.name, ordinal)),
  );
  for (const name of [...known.keys()]) {
    // One that its member comes back to is remembered, also while it is gone (R12; simulator, seed 379 of volumes).
    if (!named.has(name) && !used.some((claim) => claim.name === name)) known.delete(name);
  }
  for (const { name, view, recorded } of unmounted) {
    if (view === null) continue;
    const { unmounted: _before, ...record } = recorded ?? { name, uid: view.uid };
    // One that is made ahead of its member's update is yet to be mounted.
    known.set(name, named.has(name) ? record : { ...record, unmounted: true });
  }
}
