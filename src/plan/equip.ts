// What a member needs before its pod may be made, and the pod itself: its revision, then its claims, then the pod. Whether
// its volumes allow it is doubts.ts's.

import { type Blueprint, buildPod } from '../identity/pod.ts';
import { revisionName } from '../identity/revision.ts';
import { buildClaim, stampPatch } from '../volumes/claim-build.ts';
import type { ClaimSlot } from '../volumes/claim-class.ts';
import type { Disk } from '../volumes/volume-view.ts';
import { claimDoubt, verdict } from './doubts.ts';
import type { MemberView, Scene } from './scene.ts';
import type { Action, Wait } from './types.ts';
import { isForetold } from './vacancy.ts';

/** All that it takes to have the member's pod, or the one reason why not. */
export function equip(
  scene: Scene,
  member: MemberView,
): { readonly actions: readonly Action[]; readonly waits: readonly Wait[] } {
  const { blueprint, ordinal, name } = member;
  if (blueprint === null) return { actions: [], waits: [revisionLost(member)] };
  const held = claimDoubt(scene, member);
  if (held !== null) return { actions: [], waits: [held] };
  const claims = claimActions(scene, member);
  const object = podAt(scene, member, blueprint);
  const wait: Wait = { reason: 'PodPending', ordinal, message: `${name} waits for its pod to be created.` };
  const lost = lostRevision(scene, member);
  const unless = lost === null ? {} : { unless: lost };
  const reason = whyMade(member, lost);
  const action: Action = {
    type: 'createPod',
    ordinal,
    object,
    revision: blueprint.hash,
    ...unless,
    ...disksOf(scene, member.claims),
    ...(member.ledger?.podUID === undefined ? {} : { after: member.ledger.podUID }),
    ...deadNodeOf(member),
    ...(isForetold(member) ? { foretold: true } : {}),
    reason,
  };
  return { actions: [...claims, action], waits: [wait] };
}

function deadNodeOf({ slot }: MemberView): { readonly deadNode?: string } {
  return slot.state === 'Empty' && slot.deadNode !== undefined ? { deadNode: slot.deadNode } : {};
}

/** The disks that these claims are to have, looked at once more before a pod is made or goes (R12). */
export function disksOf({ spec }: Scene, claims: readonly ClaimSlot[]): { readonly disks?: readonly Disk[] } {
  if (spec.volumeLossPolicy === 'Recreate') return {};
  const disks = claims.flatMap(({ name, view, volume, recorded, accepted }) => {
    const disk = accepted ? volume?.disk : recorded?.disk;
    return disk && view?.volume ? [{ claim: name, volume: view.volume, disk }] : [];
  });
  return disks.length > 0 ? { disks } : {};
}

export function podAt({ observed, spec }: Scene, { ordinal }: MemberView, blueprint: Blueprint) {
  const { serviceName, nodeFailurePolicy } = spec;
  const { unreachableSeconds } = nodeFailurePolicy;
  return buildPod(observed.app, { ordinal, blueprint, serviceName, unreachableSeconds });
}

/** Name of the ControllerRevision that it was made from, when no view of ours has one of that name that is ours. */
function lostRevision({ observed, revisions }: Scene, { ledger, hash }: MemberView): string | null {
  if (revisions.onDelete || ledger?.revision === undefined || ledger.revision === hash) return null;
  if (ledger.updateTo !== undefined || revisions.blueprints.has(ledger.revision)) return null;
  return revisionName(observed.app.name, ledger.revision);
}

function whyMade({ name, ledger, hash }: MemberView, lost: string | null): string {
  if (ledger?.revision === undefined) return `${name} is wanted and does not exist`;
  if (lost !== null) return `${name} comes back at revision ${hash}, as ControllerRevision ${lost} is gone`;
  if (ledger.revision !== hash) return `${name} comes back at revision ${hash}`;
  return `${name} is gone; this is its exact copy`;
}

/** Claims to make and claims to stamp; for a member whose claims raise no doubt. */
export function claimActions(scene: Scene, member: MemberView): readonly Action[] {
  return member.claims.flatMap((claim) => claimAction(scene, member, claim));
}

function claimAction(scene: Scene, member: MemberView, claim: ClaimSlot): readonly Action[] {
  const { ordinal } = member;
  const found = verdict(claim, scene.spec.volumeLossPolicy);
  const draft = scene.claimDrafts.get(member.hash)?.get(claim.template);
  if (draft === undefined) return [];
  if (found === 'create') {
    const object = buildClaim(draft, ordinal);
    return [{ type: 'createClaim', ordinal, object, reason: `${member.name} has no claim ${claim.name}` }];
  }
  if (found !== 'stamp' || claim.view === null) return [];
  const { uid, resourceVersion } = claim.view;
  const patch = stampPatch(scene.observed.app, { ordinal, siblings: draft.siblings }, claim.view);
  const reason = `it has the name of a claim of ${member.name} and no owner`;
  return [{ type: 'stampClaim', ordinal, name: claim.name, uid, resourceVersion, patch, reason }];
}

function revisionLost({ name, ordinal, hash }: MemberView): Wait {
  const message =
    `${name} cannot be made again as it was: no ControllerRevision with hash ${hash} is left. Restore it from a backup, ` +
    'or let the update reach this member (updateStrategy.rollingUpdate: paused, partition).';
  return { reason: 'RevisionLost', ordinal, message, needsUser: true };
}
