// Why a member's volumes do not allow its pod to be made, or to go: one table from a claim's class to what happens
// (volumeLossPolicy), and one sentence for each class. The class itself is volumes/claim-class.ts. Lacks the acts (equip.ts).

import { ANNOTATION } from '../api/names.ts';
import type { StatefulAppSpec } from '../api/spec.ts';
import { formatTime } from '../identity/time.ts';
import { acceptableUid, type ClaimClass, type ClaimSlot, isProtected } from '../volumes/claim-class.ts';
import { isGivenUp } from './rebuild-turn.ts';
import type { MemberView, Scene } from './scene.ts';
import type { Wait } from './types.ts';

type Policy = StatefulAppSpec['volumeLossPolicy'];
type Verdict = 'use' | 'stamp' | 'create' | 'wait' | 'block';

/** `block` needs a human; `wait` ends by itself. */
const VERDICTS: Readonly<Record<ClaimClass, Readonly<Record<Policy, Verdict>>>> = {
  Usable: { Block: 'use', Recreate: 'use', Require: 'use' },
  Unstamped: { Block: 'stamp', Recreate: 'stamp', Require: 'stamp' },
  Missing: { Block: 'create', Recreate: 'create', Require: 'block' },
  Incomplete: { Block: 'block', Recreate: 'create', Require: 'block' },
  Gone: { Block: 'block', Recreate: 'create', Require: 'block' },
  Replaced: { Block: 'block', Recreate: 'use', Require: 'block' },
  Lost: { Block: 'block', Recreate: 'use', Require: 'block' },
  Unread: { Block: 'wait', Recreate: 'use', Require: 'wait' },
  Terminating: { Block: 'wait', Recreate: 'wait', Require: 'wait' },
  Doomed: { Block: 'wait', Recreate: 'wait', Require: 'wait' },
  Foreign: { Block: 'block', Recreate: 'block', Require: 'block' },
};

/** A loss that is accepted is as under Recreate; but Require never makes a claim. */
export function verdict({ class: found, accepted }: ClaimSlot, policy: Policy): Verdict {
  if (!accepted) return VERDICTS[found][policy];
  const asked = VERDICTS[found].Recreate;
  return asked === 'create' ? VERDICTS[found][policy === 'Require' ? 'Require' : 'Recreate'] : asked;
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

/** Reasons for which a pod is left alone. */
const RISKS: readonly Wait['reason'][] = ['VolumeAtRisk', 'VolumeUnread'];

/** Why the member's pod, while it exists, is never deleted by us: it may be all that keeps a volume (R12). */
export function volumeRisk(scene: Scene, member: MemberView): Wait | null {
  return doubtsOf(scene, member, member.mounted).find(({ reason }) => RISKS.includes(reason)) ?? null;
}

function doubtsOf(scene: Scene, member: MemberView, claims: readonly ClaimSlot[]): readonly Wait[] {
  const policy = scene.spec.volumeLossPolicy;
  return claims.flatMap((claim) => {
    // People have asked for its end: it threatens nobody, and nothing is made on it.
    if (claim.view !== null && isGivenUp(scene, member, claim)) return [givenUp(member, claim)];
    return ['block', 'wait'].includes(verdict(claim, policy)) ? [doubt(scene, member, claim)] : [];
  });
}

function givenUp({ name, ordinal }: MemberView, claim: ClaimSlot): Wait {
  const message = `${name} waits for claim ${claim.name} to be gone, as annotation ${ANNOTATION.rebuild} asks; it is made anew then.`;
  return { reason: 'Rebuilding', ordinal, message };
}

function doubt(scene: Scene, member: MemberView, claim: ClaimSlot): Wait {
  const { name, ordinal } = member;
  const wait = (reason: Wait['reason'], what: string, needsUser = true): Wait => ({
    reason,
    ordinal,
    message: `${name} waits for claim ${claim.name}: ${what}`,
    ...(needsUser ? { needsUser } : {}),
  });
  const risk = (what: string) => wait('VolumeAtRisk', `${what}${since(scene, member, claim)}. ${waysOn(scene, claim)}`);
  switch (claim.class) {
    case 'Gone':
      return risk('the claim that held its data is gone');
    case 'Incomplete':
      return risk(`it is gone; ${claim.witness?.name}, which is there, was made together with it`);
    case 'Replaced':
      return risk(claim.why ?? 'another claim has taken its place');
    case 'Lost':
      return risk(`its volume ${claim.view?.volume ?? ''} is lost (phase Lost)`);
    case 'Unread':
      return unread(claim, wait);
    case 'Terminating':
      if (isKept(scene, member, claim)) return wait('VolumeAtRisk', beingDeleted(scene, member, claim));
      return mayEnd(scene, claim) || !isProtected(claim.recorded)
        ? wait('ClaimTerminating', 'it is being deleted; the member goes on when it is gone.', false)
        : risk('the claim that held its data is being deleted');
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

/** Whether the member's pod is all that keeps the volume of a claim that somebody deletes. */
export function isKept(scene: Scene, { mounted }: MemberView, claim: ClaimSlot): boolean {
  if (claim.class !== 'Terminating' || mayEnd(scene, claim)) return false;
  const holdsData = isProtected(claim.recorded) || claim.view?.volume;
  return Boolean(holdsData) && mounted.some((one) => one.name === claim.name);
}

/** Whether its end is nobody's loss: the policy or a request says so. */
function mayEnd({ spec }: Scene, { accepted }: ClaimSlot): boolean {
  return spec.volumeLossPolicy === 'Recreate' || accepted;
}

/** What is recorded, and since when it is not there; the ledger remembers that. */
function since(scene: Scene, member: MemberView, { recorded }: ClaimSlot): string {
  const when = `since ${riskSince(scene, member)}`;
  if (recorded?.uid === undefined) return ` (${when})`;
  const volume = isProtected(recorded) ? `, volume ${recorded.volume}` : '';
  return ` (${when}; recorded: UID ${recorded.uid}${volume})`;
}

function riskSince({ judge }: Scene, { ledger }: MemberView): string {
  const at = ledger?.state === 'VolumeAtRisk' ? ledger.since : undefined;
  return at ?? formatTime(judge.nowMs);
}

/** The ways on, of which the second loses data. */
function waysOn({ observed: { app }, spec }: Scene, claim: ClaimSlot): string {
  const volume = isProtected(claim.recorded) ? `, bound to volume ${claim.recorded?.volume}` : '';
  const back = `Bring it back under this name${volume}`;
  const isEmpty = claim.view === null;
  if (isEmpty && spec.volumeLossPolicy === 'Require') return `${back}: spec.volumeLossPolicy is Require.`;
  const uid = acceptableUid(claim);
  // A record without a UID was written by hand, and no request can name it.
  if (uid === null) return `${back}, or let spec.volumeLossPolicy be Recreate.`;
  const taken = isEmpty ? 'start on an empty volume' : 'go on with what is there';
  const request = `${ANNOTATION.acceptVolumeLoss}=${claim.name}=${uid}`;
  return (
    `${back}, or give its data up and ${taken}: kubectl annotate statefulapp ${app.name} -n ${app.namespace} --overwrite ` +
    `${request}`
  );
}

function beingDeleted(scene: Scene, member: MemberView, claim: ClaimSlot): string {
  const { app } = scene.observed;
  const { uid, volume } = claim.view ?? {};
  return (
    `somebody deletes it (since ${riskSince(scene, member)}; UID ${uid}, volume ${volume}); its pod is left alone, because ` +
    'that alone keeps the volume. Save the data; ' +
    `then have both made anew: kubectl annotate statefulapp ${app.name} -n ${app.namespace} --overwrite ` +
    `${ANNOTATION.rebuild}=${claim.name}=${uid}`
  );
}

function unread({ view, volume }: ClaimSlot, wait: (reason: 'VolumeUnread', what: string, needsUser: boolean) => Wait) {
  const isForbidden = volume !== null;
  const what = `it was made again (UID ${view?.uid}), and whether volume ${view?.volume} is still the recorded disk is not known yet`;
  return isForbidden
    ? wait('VolumeUnread', `${what}: the operator may not read PersistentVolumes; grant it get on them.`, true)
    : wait('VolumeUnread', `${what}; the volume is being read.`, false);
}
