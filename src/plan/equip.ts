// What a member needs before its pod may be made, and the pod itself: its revision, then its claims, then the pod.
// One table from a claim's class to what happens (volumeLossPolicy); the class itself is volumes/claim-view.ts.

import type { StatefulAppSpec } from '../api/spec.ts';
import { type Blueprint, buildPod } from '../identity/pod.ts';
import { revisionName } from '../identity/revision.ts';
import { buildClaim, stampPatch } from '../volumes/claim-build.ts';
import { type ClaimClass, type ClaimSlot, isProtected } from '../volumes/claim-view.ts';
import type { MemberView, Scene } from './scene.ts';
import type { Action, Wait } from './types.ts';

type Policy = StatefulAppSpec['volumeLossPolicy'];
type Verdict = 'use' | 'stamp' | 'create' | 'wait' | 'block';

/** `block` needs a human; `wait` ends by itself. */
const VERDICTS: Readonly<Record<ClaimClass, Readonly<Record<Policy, Verdict>>>> = {
  Usable: { Block: 'use', Recreate: 'use', Require: 'use' },
  Unstamped: { Block: 'stamp', Recreate: 'stamp', Require: 'stamp' },
  Missing: { Block: 'create', Recreate: 'create', Require: 'block' },
  Gone: { Block: 'block', Recreate: 'create', Require: 'block' },
  Replaced: { Block: 'block', Recreate: 'use', Require: 'block' },
  Lost: { Block: 'block', Recreate: 'use', Require: 'block' },
  Terminating: { Block: 'wait', Recreate: 'wait', Require: 'wait' },
  Doomed: { Block: 'wait', Recreate: 'wait', Require: 'wait' },
  Foreign: { Block: 'block', Recreate: 'block', Require: 'block' },
};

export function verdict(claim: ClaimSlot, policy: Policy): Verdict {
  return VERDICTS[claim.class][policy];
}

const RUNS = ['NotReady', 'Ready', 'Available'];

/**
 * Whether some claim has to be searched for, since no watch of ours shows it: one that a member waits for and only a hand
 * can bring, or one that a running pod mounts, and which therefore is there.
 */
export function missesClaim({ spec, wanted }: Scene): boolean {
  const missing = (claim: ClaimSlot) => claim.view === null && verdict(claim, spec.volumeLossPolicy) === 'block';
  const gone = (claim: ClaimSlot) => claim.class === 'Gone' && missing(claim);
  return wanted.some(
    ({ claims, mounted, slot }) =>
      claims.some(missing) || mounted.some((claim) => (RUNS.includes(slot.state) ? claim.view === null : gone(claim))),
  );
}

/**
 * Why the member's volumes do not allow its pod to be made, or made anew, the gravest reason first; null when nothing
 * speaks against.
 */
export function claimDoubt(scene: Scene, member: MemberView): Wait | null {
  const risk = volumeRisk(scene, member);
  if (risk !== null) return risk;
  const doubts = doubtsOf(scene, member, member.claims);
  const grave = doubts.find(({ reason }) => reason === 'VolumeAtRisk') ?? doubts.find(({ needsUser }) => needsUser);
  return grave ?? doubts[0] ?? null;
}

/** Why the member's pod, while it exists, is never deleted by us: it may be all that keeps a volume (R12). */
export function volumeRisk(scene: Scene, member: MemberView): Wait | null {
  return doubtsOf(scene, member, member.mounted).find(({ reason }) => reason === 'VolumeAtRisk') ?? null;
}

function doubtsOf({ spec }: Scene, member: MemberView, claims: readonly ClaimSlot[]): readonly Wait[] {
  const policy = spec.volumeLossPolicy;
  const doubtful = claims.filter((claim) => ['block', 'wait'].includes(verdict(claim, policy)));
  return doubtful.map((claim) => doubt(member, claim, policy));
}

function doubt({ name, ordinal, mounted }: MemberView, claim: ClaimSlot, policy: Policy): Wait {
  const recorded = claim.recorded?.uid === undefined ? '' : ` (recorded UID ${claim.recorded.uid})`;
  const on =
    'Bring the recorded claim back under this name, or set spec.volumeLossPolicy to Recreate to go on with what is there, or with an empty volume.';
  const isMounted = mounted.some((one) => one.name === claim.name);
  const wait = (reason: Wait['reason'], what: string, needsUser = true): Wait => ({
    reason,
    ordinal,
    message: `${name} waits for claim ${claim.name}: ${what}`,
    ...(needsUser ? { needsUser } : {}),
  });
  switch (claim.class) {
    case 'Gone':
      return wait('VolumeAtRisk', `the claim that held its data is gone${recorded}. ${on}`);
    case 'Replaced':
      return wait('VolumeAtRisk', `another claim (UID ${claim.view?.uid}) has taken its place${recorded}. ${on}`);
    case 'Lost':
      return wait('VolumeAtRisk', `its volume is lost (phase Lost)${recorded}. ${on}`);
    case 'Terminating':
      return policy !== 'Recreate' && isMounted && (isProtected(claim.recorded) || claim.view?.volume)
        ? wait(
            'VolumeAtRisk',
            `somebody deletes it${recorded}; its pod is left alone, because that alone keeps the volume. Save the data, then delete the pod by hand.`,
          )
        : wait('ClaimTerminating', 'it is being deleted; the member goes on when it is gone.', false);
    case 'Doomed':
      return wait(
        'ClaimTerminating',
        `it belongs to ${claim.view?.controller?.kind} ${claim.view?.controller?.name} (UID ${claim.view?.controller?.uid}), which is ` +
          'gone, and garbage collection takes it with that; the member goes on when it is gone. To keep it, take the owner off.',
        false,
      );
    case 'Foreign':
      return wait('ClaimTaken', `${claim.why}. It is not touched; free the name to let the member start.`);
    default:
      return wait(
        'ClaimMissing',
        'it does not exist, and spec.volumeLossPolicy is Require: restore it under this name.',
      );
  }
}

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
  const action: Action = { type: 'createPod', ordinal, object, revision: blueprint.hash, ...unless, reason };
  return { actions: [...claims, action], waits: [wait] };
}

export function podAt({ observed, spec }: Scene, { ordinal }: MemberView, blueprint: Blueprint) {
  const { serviceName, nodeFailurePolicy } = spec;
  const { unreachableSeconds } = nodeFailurePolicy;
  return buildPod(observed.app, { ordinal, blueprint, serviceName, unreachableSeconds });
}

/** Name of the ControllerRevision that it was made from, when no view of ours has anything of that name. */
function lostRevision({ observed, revisions }: Scene, { ledger, hash }: MemberView): string | null {
  if (revisions.onDelete || ledger?.revision === undefined || ledger.revision === hash) return null;
  if (ledger.updateTo !== undefined || revisions.blueprints.has(ledger.revision)) return null;
  const lost = revisionName(observed.app.name, ledger.revision);
  return observed.revisions.some(({ name }) => name === lost) ? null : lost;
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
