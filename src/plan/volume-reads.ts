// Which volumes have to be read, since no watch shows them: those whose disk the ledger does not name yet, those that alone
// tell whether a claim is the recorded one, and again those of which that is not so. Lacks the look before an act, which is
// the hands' (operator/reread.ts).

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
      const atMs = dueMs(scene, claim);
      return atMs === null ? [] : [{ member, claim, atMs }];
    });
  });
  const now = due.filter(({ atMs }) => atMs <= nowMs).slice(0, MOST_READ);
  return {
    actions: now.map(({ member, claim }) => readOf(member, claim)),
    dueMs: due.map(({ atMs }) => atMs).filter((atMs) => atMs > nowMs),
  };
}

function readOf({ ordinal, name }: MemberView, { name: claim, view }: ClaimSlot): Action {
  const reason = `it tells which disk is behind claim ${claim} of ${name}`;
  return { type: 'readVolume', ordinal, name: view?.volume ?? '', reason };
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
