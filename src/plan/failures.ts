// How often in a row a member's pod has ended, and when the next replacement is due. Counted in the ledger, so that it
// survives the operator (R4: without the ledger the count starts again, which costs a few early replacements).
// A member without this would be replaced in a hot loop (kubernetes/kubernetes#89067).

import type { Member } from '../api/status.ts';
import { parseTime } from '../identity/time.ts';
import type { MemberView } from './scene.ts';

const FIRST_DELAY_MS = 10_000;
const MAX_DELAY_MS = 300_000;
/** As the kubelet's crash-loop backoff: ten minutes of running well, and the past is forgotten. */
const FORGIVEN_AFTER_MS = 600_000;

export interface Failures {
  readonly failures: number;
  readonly failedAtMs: number;
  /** The ledger already says so. */
  readonly recorded: boolean;
}

/** The count with this pod's end included, for a member whose pod has ended; null for any other. */
export function failuresOf({ slot, ledger }: MemberView, nowMs: number): Failures | null {
  if (slot.state !== 'Failed' && slot.state !== 'Succeeded') return null;
  const stored = { failures: ledger?.failures ?? 0, failedAtMs: parseTime(ledger?.failedAt) };
  const counted = ledger?.podUID === slot.pod.uid && (ledger.state === 'Failed' || ledger.state === 'Succeeded');
  if (counted && stored.failures > 0 && stored.failedAtMs !== undefined) {
    // A time that is yet to come was written by a clock that was wrong: the pause counts from now.
    const failedAtMs = Math.min(stored.failedAtMs, nowMs);
    return { failures: stored.failures, failedAtMs, recorded: failedAtMs === stored.failedAtMs };
  }
  return { failures: forgiven(ledger, nowMs) ? 1 : stored.failures + 1, failedAtMs: nowMs, recorded: false };
}

/** Whether the member has run well for so long that its failures are history. */
export function forgiven(ledger: Member | null, nowMs: number): boolean {
  const wellSince = ledger?.state === 'Available' ? parseTime(ledger.since) : undefined;
  return wellSince !== undefined && nowMs - wellSince >= FORGIVEN_AFTER_MS;
}

/** When the ended pod may be replaced: at once the first time, then after 10 s, 20 s … 5 min. */
export function backoffUntilMs(member: MemberView, nowMs: number): number {
  const past = failuresOf(member, nowMs);
  if (past === null || past.failures <= 1) return nowMs;
  const delay = Math.min(FIRST_DELAY_MS * 2 ** Math.min(past.failures - 2, 10), MAX_DELAY_MS);
  return past.failedAtMs + delay;
}
