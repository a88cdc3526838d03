// Conditions: Ready, Reconciling and Stalled as kstatus reads them (Helm, Argo CD, Flux), Available and Progressing as
// people do. Each message says what is waited for and what happens next. A condition that others set is left alone.

import type { StatefulAppSpec } from '../api/spec.ts';
import type { Condition, Member } from '../api/status.ts';
import { formatTime, parseTime } from '../identity/time.ts';
import type { Note, Observed, Wait } from './types.ts';

export interface Situation {
  readonly spec: StatefulAppSpec | null;
  /** How many wanted members are available; null when that cannot be told. */
  readonly available: number | null;
  readonly waits: readonly Wait[];
  readonly notes: readonly Note[];
  readonly members: readonly Member[];
}

type Verdict = Pick<Condition, 'type' | 'status'> & { readonly reason: string; readonly message: string };

const MAX_MESSAGE = 1024;

export function nextConditions(observed: Observed, situation: Situation): readonly Condition[] {
  const stored = observed.app.status.conditions ?? [];
  const verdicts = verdictsOf(observed, situation);
  const ours = verdicts.map((verdict) => stamped(observed, verdict, stored));
  return [...ours, ...stored.filter((condition) => !verdicts.some(({ type }) => type === condition.type))];
}

function stamped({ app, nowMs }: Observed, verdict: Verdict, stored: readonly Condition[]): Condition {
  const before = stored.find((condition) => condition.type === verdict.type);
  // A new generation is progress too, and this is where it is remembered: see progressDeadlineMs.
  const renewed = verdict.type === 'Progressing' && before?.observedGeneration !== app.generation;
  const unchanged = before?.status === verdict.status && before.lastTransitionTime !== undefined && !renewed;
  return {
    ...verdict,
    message: shortened(verdict.message),
    observedGeneration: app.generation,
    lastTransitionTime: unchanged ? (before.lastTransitionTime ?? '') : formatTime(nowMs),
  };
}

/** Cut without leaving half a character, which the API server would replace: the status would never be as written. */
function shortened(message: string): string {
  return message.length > MAX_MESSAGE ? `${message.slice(0, MAX_MESSAGE - 1).toWellFormed()}…` : message;
}

function verdictsOf(observed: Observed, situation: Situation): readonly Verdict[] {
  const { available } = situation;
  const wanted = situation.spec?.replicas ?? 0;
  const told = available === null ? '' : `${available} of ${wanted} members are available. `;
  const head = situation.waits[0];
  const more = situation.waits.length > 1 ? ` (and ${situation.waits.length - 1} more, see status.members)` : '';
  const converged = head === undefined;
  const reason = converged ? 'AllMembersReady' : head.reason;
  const message = converged ? `All ${wanted} members are available.` : `${told}${head.message}${more}`;
  const stalled = stall(observed, situation);
  const word = (yes: boolean) => (yes ? 'True' : 'False');
  return [
    { type: 'Ready', status: word(converged), reason, message },
    { type: 'Reconciling', status: word(!converged && stalled === null), reason, message },
    stalled === null
      ? { type: 'Stalled', status: 'False', reason: 'NotStalled', message: 'Nothing has been waited for too long.' }
      : { type: 'Stalled', status: 'True', reason: stalled.reason, message: stalled.message },
    availability(available, wanted),
    progressing(converged, stalled, message),
    asSpecified(situation.notes),
  ];
}

function availability(available: number | null, wanted: number): Verdict {
  const type = 'Available';
  if (available === null)
    return { type, status: 'Unknown', reason: 'NotCounted', message: 'Members are not counted now.' };
  const message = `${available} of ${wanted} members are available.`;
  if (available >= wanted) return { type, status: 'True', reason: 'AllMembersAvailable', message };
  return { type, status: 'False', reason: 'MembersUnavailable', message };
}

function progressing(converged: boolean, stalled: Wait | null, message: string): Verdict {
  if (stalled !== null)
    return { type: 'Progressing', status: 'False', reason: stalled.reason, message: stalled.message };
  const reason = converged ? 'Converged' : 'Working';
  return { type: 'Progressing', status: 'True', reason, message };
}

/** Told, and nothing that the spec asks for. */
const FINE: readonly Note['reason'][] = ['ClaimUnused', 'RequestDone'];

function asSpecified(notes: readonly Note[]): Verdict {
  const type = 'AsSpecified';
  const first = notes.find(({ reason }) => !FINE.includes(reason));
  const told = notes.map((note) => note.message);
  if (first !== undefined) return { type, status: 'False', reason: first.reason, message: told.join(' ') };
  return { type, status: 'True', reason: type, message: ['Everything in the spec is in effect.', ...told].join(' ') };
}

/** The wait that will not end by itself: one that needs a user, or any once progressDeadlineSeconds are over. */
function stall(observed: Observed, situation: Situation): Wait | null {
  const { waits } = situation;
  const forUser = waits.find((wait) => wait.needsUser === true);
  if (forUser !== undefined) return forUser;
  const head = waits[0];
  const deadline = progressDeadlineMs(observed, situation);
  if (head === undefined || deadline === null || observed.nowMs < deadline) return null;
  const seconds = situation.spec?.progressDeadlineSeconds;
  return { ...head, message: `No progress for more than ${seconds} s (progressDeadlineSeconds). ${head.message}` };
}

/**
 * When the app counts as stalled unless something changes: progress is any member entering another state, or a new
 * generation. Derived from the ledger, so that it survives the operator. Null while nothing is waited for, and while the
 * app is paused: that is no lack of progress.
 */
export function progressDeadlineMs(
  { app, nowMs }: Observed,
  { spec, waits, members }: Pick<Situation, 'spec' | 'waits' | 'members'>,
): number | null {
  if (waits.length === 0 || waits[0]?.reason === 'Paused' || spec === null) return null;
  if (app.status.observedGeneration !== app.generation) return nowMs + spec.progressDeadlineSeconds * 1000;
  const ready = app.status.conditions?.find(({ type }) => type === 'Ready');
  // Ready turns False in this very pass when something is waited for and it has not been False before.
  const waitingSince = ready?.status === 'False' ? parseTime(ready.lastTransitionTime) : nowMs;
  const progressing = app.status.conditions?.find(({ type }) => type === 'Progressing');
  const progressedAt = progressing?.status === 'True' ? parseTime(progressing.lastTransitionTime) : undefined;
  const changes = [...members.map(({ since }) => parseTime(since)), waitingSince, progressedAt];
  const last = Math.max(...changes.filter((change) => change !== undefined));
  return (Number.isFinite(last) ? last : nowMs) + spec.progressDeadlineSeconds * 1000;
}
