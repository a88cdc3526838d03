// The ledger, status.members[]: what each ordinal is and was. Fields that this version does not know are carried over
// (R13). An entry goes when its ordinal is unwanted and its pod is gone; what is left out for want of room: room.ts.

import type { Member, MemberClaim } from '../api/status.ts';
import { templateGraceSeconds } from '../identity/pod.ts';
import { isOurPod, LIVE, type Slot } from '../identity/slot.ts';
import { formatTime, parseTime } from '../identity/time.ts';
import { nextClaims } from './claim-records.ts';
import { failuresOf, forgiven } from './failures.ts';
import { leavesClaims, takesClaims } from './retention.ts';
import { fitting } from './room.ts';
import { claimsAt, type MemberView, runningRevision, type Scene } from './scene.ts';
import type { Wait } from './types.ts';

type Draft = { -readonly [Field in keyof Member]: Member[Field] };

/** In a disaster every member has a story: these many are told in full, so that the ledger still fits into one object. */
const MAX_MESSAGES = 100;

export interface Telling {
  readonly waits: readonly Wait[];
  /** Hash of the revision for which a member's pod goes now. */
  readonly turns: ReadonlyMap<number, string>;
}

/** Entries of all members that there is something to say of, ascending. */
export function nextLedger(scene: Scene, { waits, turns }: Telling): readonly Member[] {
  // A volume at risk is what the ledger has to remember, whatever else is waited for.
  const atRisk = waits.filter(({ reason }) => reason === 'VolumeAtRisk');
  const waiting = foremost([...atRisk, ...waits]);
  const now = formatTime(scene.judge.nowMs);
  const departed = scene.departed.filter(leavesClaims);
  const entries = [...scene.wanted, ...scene.condemned, ...scene.vanished, ...departed]
    .filter((member) => member.slot.state !== 'Empty' || member.ledger !== null || waiting.has(member.ordinal))
    .map((member) => {
      const news = { wait: waiting.get(member.ordinal), turn: turns.get(member.ordinal), now };
      return nextEntry(scene, member, news);
    })
    .sort((a, b) => a.ordinal - b.ordinal);
  return fitting(scene, entries).map(shortened());
}

/**
 * The first of each member. That its claims are to end comes before all else, or it would be done before it is said (R5): a
 * write that was refused is told beside it.
 */
function foremost(waits: readonly Wait[]): Map<number, Wait> {
  const found = new Map<number, Wait>();
  for (const wait of waits) {
    const { ordinal, reason, message } = wait;
    if (ordinal === undefined) continue;
    const first = found.get(ordinal);
    if (first === undefined) found.set(ordinal, wait);
    else if (reason === 'ClaimsDeleted' && first.reason !== reason)
      found.set(ordinal, first.reason === 'Refused' ? { ...wait, message: `${message} ${first.message}` } : wait);
  }
  return found;
}

function shortened(): (entry: Member) => Member {
  let told = 0;
  let grown = 0;
  return (entry) => {
    const grows = entry.claims?.some(({ resize }) => resize !== undefined) === true;
    if (entry.message !== undefined) told += 1;
    if (grows) grown += 1;
    const { message: _untold, ...quiet } = entry;
    const shorter = entry.message === undefined || told <= MAX_MESSAGES ? entry : quiet;
    if (!grows || grown <= MAX_MESSAGES) return shorter;
    return { ...shorter, claims: entry.claims?.map(withoutResize) };
  };
}

function withoutResize({ resize: _untold, ...claim }: MemberClaim): MemberClaim {
  return claim;
}

interface News {
  readonly wait: Wait | undefined;
  readonly turn: string | undefined;
  /** The present time in words, made once: thousands may enter a state at one moment. */
  readonly now: string;
}

function nextEntry(scene: Scene, member: MemberView, { wait, turn, now }: News): Member {
  const { ledger, ordinal, name, slot } = member;
  const entry: Draft = { ...(ledger ?? { ordinal }), ordinal, pod: name };
  const pod = ownPod(member);
  const state = wait?.reason === 'VolumeAtRisk' ? 'VolumeAtRisk' : memberState(member);
  if (pod !== null) {
    entry.podUID = pod.uid;
    set(entry, 'node', pod.node ?? undefined);
    set(entry, 'revision', runningRevision(member) ?? undefined);
    set(entry, 'restarts', pod.restarts > 0 ? pod.restarts : undefined);
  } else if (slot.state === 'Vanished' && slot.uid !== '' && slot.uid !== entry.podUID) {
    // Not the last pod of the name, but the one that is waited for: a stranger's may have come and gone since.
    entry.podUID = slot.uid;
    set(entry, 'node', undefined);
  } else if (slot.state === 'Empty') {
    // How the last pod ended is known: its name is free, and stays so for whoever reads this (R1).
    set(entry, 'podUID', undefined);
    set(entry, 'node', undefined);
    set(entry, 'restarts', undefined);
    set(entry, 'revision', ledger?.revision ?? undefined);
  }
  set(entry, 'graceSeconds', unusualGrace(scene, slot, entry.revision));
  // Kept until a pod is there that nobody gives up for another revision.
  set(entry, 'updateTo', turn ?? (LIVE.includes(slot.state) ? undefined : ledger?.updateTo));
  const { nowMs } = scene.judge;
  // A time that is yet to come was written by a clock that was wrong.
  const isWrong = (parseTime(entry.since) ?? Number.POSITIVE_INFINITY) > nowMs;
  if (entry.state !== state || isWrong) entry.since = slot.state === 'Vanished' ? formatTime(slot.sinceMs) : now;
  entry.state = state;
  set(entry, 'reason', wait?.reason);
  set(entry, 'message', wait?.message);
  // While its volume holds it back, an end is not counted: each look would count it again.
  if (state !== 'VolumeAtRisk') countFailures(entry, member, scene.judge.nowMs);
  set(entry, 'claims', nextClaims(scene, turn === undefined ? member : turned(scene, member, turn)));
  if (member.complete) entry.complete = true;
  // One that lost its owner is there, and to be adopted (simulator, seed 524).
  const hasGone = pod === null && slot.state !== 'Orphan' && ledger?.kept === true;
  set(entry, 'kept', !member.wanted && (hasGone || !takesClaims(scene, member)) ? true : undefined);
  return entry;
}

/** An API server takes an int64; this is 68 years, and what the status can hold. */
const MAX_GRACE_SECONDS = 2 ** 31 - 1;

/** Of a pod that somebody else made, or changed on its way: whoever finds it gone knows no other source (R1). */
function unusualGrace({ revisions }: Scene, slot: Slot, revision = ''): number | undefined {
  if (slot.state === 'Empty') return undefined;
  const { graceSeconds } = slot.state === 'Vanished' ? slot : slot.pod;
  const blueprint = revisions.blueprints.get(revision);
  const isUsual = blueprint !== undefined && templateGraceSeconds(blueprint.template) === graceSeconds;
  return isUsual ? undefined : Math.min(graceSeconds, MAX_GRACE_SECONDS);
}

function set<Field extends keyof Draft>(entry: Draft, field: Field, value: Draft[Field] | undefined): void {
  if (value !== undefined) entry[field] = value;
  // To delete what is not there takes as long, and there may be 4000 entries.
  else if (field in entry) delete entry[field];
}

function ownPod({ slot }: MemberView) {
  return isOurPod(slot) ? slot.pod : null;
}

/** One word for users; `Waiting` is a member that is to be made and is not there. */
function memberState({ slot }: MemberView): string {
  if (slot.state === 'Empty') return 'Waiting';
  if (slot.state === 'Taken') return 'NameTaken';
  return slot.state;
}

function countFailures(entry: Draft, member: MemberView, nowMs: number): void {
  if (forgiven(member.ledger, nowMs)) {
    delete entry.failures;
    delete entry.failedAt;
  }
  const counted = failuresOf(member, nowMs);
  if (counted === null) return;
  entry.failures = counted.failures;
  entry.failedAt = formatTime(counted.failedAtMs);
}

/** With the claims of the revision that it comes to. */
function turned(scene: Scene, member: MemberView, turn: string): MemberView {
  const blueprint = scene.revisions.blueprints.get(turn);
  return blueprint === undefined ? member : { ...member, claims: claimsAt(scene, member, blueprint) };
}
