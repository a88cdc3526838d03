// Which volumes have to be read, since no watch shows them: those whose disk the ledger does not name yet, those that alone
// tell whether a claim is the recorded one, and again those of which that is not so; and those of a member whose pod has stopped and is
// about to be gone, a moment before it is needed. Lacks the look before an act, which is the hands' (operator/reread.ts).

import type { ClaimSlot } from '../volumes/claim-class.ts';
import type { MemberView, Scene } from './scene.ts';
import type { Action } from './types.ts';
import { laterMs } from './watchful.ts';

interface Reads {
  readonly actions: readonly Action[];
  /** When others are due. */
  readonly dueMs: readonly number[];
}

/** So many in one pass: the others follow, and hold nothing up. */
const MOST_READ = 64;

export function readVolumes(scene: Scene): Reads {
  const { nowMs } = scene.judge;
  const due = [...scene.wanted, ...scene.condemned, ...scene.departed].flatMap((member) => {
    const claims = new Set([...member.claims, ...member.mounted]);
    return [...claims].flatMap((claim) => {
      const leaving = leftBy(scene, member, claim);
      const atMs = leaving === null ? dueMs(scene, claim) : nowMs;
      return atMs === null ? [] : [{ member, claim, leaving, atMs }];
    });
  });
  const now = due.filter(({ atMs }) => atMs <= nowMs).slice(0, MOST_READ);
  return {
    actions: now.map(readOf),
    dueMs: due.map(({ atMs }) => atMs).filter((atMs) => atMs > nowMs),
  };
}

/**
 * The UID of the member's pod when that has stopped and nobody has looked at the disk for the one that follows: while the pod object goes, there
 * is time for it, and then none is lost (confirmDisks of operator/reread.ts).
 */
function leftBy(
  { inventory, spec }: Scene,
  { slot, wanted }: MemberView,
  { view, recorded }: ClaimSlot,
): string | null {
  if (!wanted || slot.state !== 'Terminating' || !slot.pod.stopped || spec.volumeLossPolicy === 'Recreate') return null;
  if (!view?.volume || view.phase !== 'Bound' || !recorded?.disk) return null;
  return inventory.volumes.get(view.volume)?.leaving === slot.pod.uid ? null : slot.pod.uid;
}

interface Read {
  readonly member: MemberView;
  readonly claim: ClaimSlot;
  readonly leaving: string | null;
}

function readOf({ member: { ordinal, name }, claim: { name: claim, view }, leaving }: Read): Action {
  const reason = `it tells which disk is behind claim ${claim} of ${name}`;
  const read = { type: 'readVolume', ordinal, name: view?.volume ?? '', reason } as const;
  return leaving === null ? read : { ...read, leaving };
}

/** Whoever may not read volumes asks so often whether that has changed: an operator for some namespaces never may. */
const FORBIDDEN_MS = 3_600_000;

const READ: readonly ClaimSlot['class'][] = ['Usable', 'Unstamped', 'Unread', 'Replaced'];

function dueMs({ inventory, judge }: Scene, { class: found, view, recorded }: ClaimSlot): number | null {
  if (view === null || view.volume === null || view.phase !== 'Bound' || !READ.includes(found)) return null;
  const reading = inventory.volumes.get(view.volume);
  const isSame = recorded?.volume === view.volume;
  const isWaited = found === 'Unread' || (found === 'Replaced' && isSame);
  if (reading === undefined) return isWaited || !isSame || recorded?.disk === undefined ? judge.nowMs : null;
  if (isWaited) return laterMs(reading.readAtMs, reading.reads);
  // With a reading of it, what is lacking in the ledger is written there.
  return reading.disk === null && recorded?.disk === undefined ? reading.readAtMs + FORBIDDEN_MS : null;
}
