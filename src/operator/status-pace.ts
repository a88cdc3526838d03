// When a status that differs from the stored one is written. Pure. What people and programs wait for, and what safety rests on
// (a pod that was made, R1), is told almost at once. Mere progress, how far members have come, is told within a second (R11), and in
// a storm no sooner than the app's turns come: told at once it would be most of all writes, when each of them holds up a member.
// Lacks what may not be done before it is told: that is the plan's `statusFirst`.

import type { Condition, StatefulAppStatus } from '../api/status.ts';

/** A status is written at most so often; what happens in between is told together. */
export const STATUS_EVERY_MS = 100;
/** While actions follow each other without a pause, it is still written this often. */
const STATUS_LATEST_MS = 250;
/** Counts are true within a second, the write itself included. */
const PROGRESS_EVERY_MS = 800;
/** An app that has to wait for its turn tells its progress once in so many such waits: it is out of date by one of them anyway. */
const TURNS = 4;
const PROGRESS_LATEST_MS = 30_000;

export interface Telling {
  readonly stored: StatefulAppStatus;
  readonly next: StatefulAppStatus;
  /** A pod was made that no stored status tells of. */
  readonly isUntold: boolean;
  /** The pass acts: the one after it knows more. */
  readonly acts: boolean;
  /** How long the app had to wait for this pass. */
  readonly waitedMs: number;
}

/** How long after the last status this one may be written. */
export function patienceMs({ stored, next, isUntold, acts, waitedMs }: Telling): number {
  if (!isUntold && isProgress(stored, next)) return progressMs(waitedMs);
  return acts ? STATUS_LATEST_MS : STATUS_EVERY_MS;
}

/** How often mere progress is told of an app that had to wait so long for its turn. */
export function progressMs(waitedMs: number): number {
  return Math.min(Math.max(PROGRESS_EVERY_MS, TURNS * waitedMs), PROGRESS_LATEST_MS);
}

/** Nothing that `kubectl wait`, kstatus or an alert looks at is another. */
function isProgress(stored: StatefulAppStatus, next: StatefulAppStatus): boolean {
  return stored.observedGeneration === next.observedGeneration && standings(stored) === standings(next);
}

/** Without Available: it is a count in other words, and turns twice for each member of an update. */
const standings = ({ conditions = [] }: StatefulAppStatus) =>
  conditions
    .filter(({ type }) => type !== 'Available')
    .map(({ type, status }: Condition) => `${type}=${status}`)
    .sort()
    .join();
