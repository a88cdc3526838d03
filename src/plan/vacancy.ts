// The place of a member whose pod is gone: free, or kept free for as long as something of that pod may still run (R1). What
// counts is who was seen to end, whom the ledger names, and since when this process has watched (docs/adr/0005).

import type { StatefulAppSpec } from '../api/spec.ts';
import type { Member } from '../api/status.ts';
import { findingOf, proofOfNode } from '../identity/death.ts';
import { templateGraceSeconds } from '../identity/pod.ts';
import { type Ending, type Judge, type Slot, vacatedSlot } from '../identity/slot.ts';
import { parseTime } from '../identity/time.ts';
import type { ClaimSlot } from '../volumes/claim-class.ts';
import type { Revisions } from './revisions.ts';
import type { Observed } from './types.ts';

interface Setting {
  readonly observed: Observed;
  readonly judge: Judge;
  readonly revisions: Revisions;
  readonly spec: StatefulAppSpec;
}

const EMPTY: Slot = { state: 'Empty' };

interface Former {
  readonly name: string;
  readonly ledger: Member | null;
  readonly claims: readonly ClaimSlot[];
}

/**
 * The place of those that are gone, by the one that keeps it longest: what is known of one pod's end says nothing of another
 * of its name (R1). The ledger may name one more than were seen.
 */
export function leftSlot(setting: Setting, seen: readonly Ending[], former: Former): Slot {
  const named = former.ledger?.podUID ?? '';
  const isSeen = named === '' ? seen.length > 0 : seen.some(({ uid }) => uid === named);
  const unseen = isSeen ? null : unseenEnding(setting, former);
  let slot = EMPTY;
  let deadNode: string | undefined;
  for (const ending of unseen === null ? seen : [...seen, unseen]) {
    const next = vacatedSlot(ending, setting.judge.nowMs);
    if (next.state === 'Vanished' && isOnDeadNode(setting, ending)) deadNode = ending.node ?? undefined;
    else if (freeAtMs(next) > freeAtMs(slot)) slot = next;
  }
  return slot.state === 'Empty' && deadNode !== undefined ? { ...slot, deadNode } : slot;
}

/** Whoever took the pod away: no container of it runs on a machine that is proven to be off. */
function isOnDeadNode({ observed, spec }: Setting, { node }: Ending): boolean {
  if (spec.nodeFailurePolicy.type === 'Wait') return false;
  const finding = findingOf(observed.nodes, node);
  return finding.state === 'troubled' && proofOfNode(finding.node) !== null;
}

const freeAtMs = (slot: Slot) => (slot.state === 'Vanished' ? slot.freeAtMs : 0);

/**
 * A pod that is gone while nobody of this process saw it end. One that the ledger names: the operator was away, and its end
 * counts from when its absence was first recorded. Without a ledger entry (R4: a new app, or a lost status) a claim that
 * exists may have had a pod until a moment ago, of a former app of this name, so its end counts from when this process
 * began to watch pods; without claims, or with claims that this process has made, nothing is known to have run. So with one
 * that has never named a pod.
 */
function unseenEnding({ observed, judge, revisions }: Setting, { name, ledger, claims }: Former): Ending | null {
  const atMs = hasRun(ledger) ? unseenSinceMs(ledger, judge.nowMs) : claimedSinceMs(observed, claims);
  if (atMs === null) return null;
  const { revision = revisions.update, updateTo, podUID = '', node = null } = ledger ?? {};
  const graceOf = (hash: string) => templateGraceSeconds(revisions.blueprints.get(hash)?.template);
  const graceSeconds = ledger?.graceSeconds ?? graceOf(revision);
  const ending = { pod: name, uid: podUID, how: 'unknown', atMs } as const;
  if (updateTo === undefined) return { ...ending, node, graceSeconds };
  // Its successor may have come and gone since, elsewhere.
  return { ...ending, node: null, graceSeconds: Math.max(graceSeconds, graceOf(updateTo)) };
}

/**
 * Whether what is stored makes whoever comes after us wait, should this member's next pod go unseen (R1): so it need not be
 * recorded in haste. The first one's claims do; and so does an entry that names a pod and says that another follows it.
 */
export function isForetold({ ledger, claims }: Pick<Former, 'ledger' | 'claims'>): boolean {
  if (!hasRun(ledger)) return claims.length > 0;
  return ledger.podUID !== undefined && ledger.updateTo !== undefined;
}

/** When its absence was first recorded; null for one whose end is known, or that never was. A stranger's end counts, too. */
function unseenSinceMs({ podUID = '', state, since }: Member, nowMs: number): number | null {
  const recorded = state === 'Vanished' ? parseTime(since) : undefined;
  // One that is yet to come was written by a clock that was wrong.
  if (recorded !== undefined) return Math.min(recorded, nowMs);
  return podUID === '' && state !== 'NameTaken' ? null : nowMs;
}

/** Whether the ledger tells that this member had a pod, or that its place was taken. An entry may only say that it is waited for. */
function hasRun(ledger: Member | null): ledger is Member {
  return (
    ledger !== null && !(ledger.podUID === undefined && ledger.revision === undefined && ledger.state === 'Waiting')
  );
}

const NOT_THERE = ['Missing', 'Gone', 'Foreign'];

function claimedSinceMs({ watchingSinceMs }: Observed, claims: readonly ClaimSlot[]): number | null {
  const mayHaveServed = (claim: ClaimSlot) => !NOT_THERE.includes(claim.class) && claim.view?.madeHere !== true;
  return claims.some(mayHaveServed) ? (watchingSinceMs ?? null) : null;
}
