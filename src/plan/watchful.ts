// What no watch of ours shows, and therefore is asked for: a StatefulSet of the app's name, pods and claims without our
// label, and strays that stand in the way. Also the states in which an app is only reported on.

import { ANNOTATION } from '../api/names.ts';
import type { StatefulAppSpec } from '../api/spec.ts';
import { selectorOf, selectorText } from '../identity/selector.ts';
import { ledgerOf } from './scene.ts';
import type { Action, Observed, Stray, Wait } from './types.ts';

const FIRST_LOOK_MS = 1000;
const MAX_LOOK_MS = 60_000;

/** When to read again what was read at `atMs` for the `reads`th time: ever more rarely. */
export function laterMs(atMs: number, reads: number): number {
  return atMs + Math.min(FIRST_LOOK_MS * 2 ** Math.min(reads - 1, 10), MAX_LOOK_MS);
}

/** Strays are read again, ever more rarely, until they are gone or carry our label. */
export function nextLookMs(stray: Stray): number {
  return laterMs(stray.readAtMs, stray.reads);
}

/** Something left a watch, and nobody has looked yet whether it is there. */
export function hasUnread({ strays }: Observed): boolean {
  return strays.some(({ reads }) => reads === 0);
}

export function looks({ strays, nowMs }: Observed): readonly Action[] {
  return strays
    .filter((stray) => nextLookMs(stray) <= nowMs)
    .map(({ kind, name }) => ({ type: 'look', kind, name, reason: 'our watches do not show it' }));
}

/** Due when the app is first seen or has changed, and while a StatefulSet is in the way. */
export function surveyDueMs(observed: Observed): number | null {
  const { survey, app, nowMs } = observed;
  if (survey === null || survey.generation !== app.generation) return nowMs;
  return blockingSet(observed) === null ? null : laterMs(survey.atMs, survey.reads);
}

/** What members wait for that only a hand can bring: restored without a label of ours, no watch shows it. */
export interface Missing {
  readonly claims: boolean;
  /** Names of ControllerRevisions. */
  readonly revisions: readonly string[];
}

export function searchDueMs({ survey, app }: Observed, { claims, revisions }: Missing): number | null {
  const searching = (claims || revisions.length > 0) && survey !== null && !app.deleting;
  return searching ? laterMs(survey.atMs, survey.reads) : null;
}

export function searches(observed: Observed, spec: StatefulAppSpec, missing: Missing): readonly Action[] {
  const due = searchDueMs(observed, missing);
  if (due === null || due > observed.nowMs) return [];
  const reason = 'a restored one carries no label of ours, and is not watched';
  const found = missing.claims ? ({ claims: true } as const) : {};
  const read = (name: string) => ({ type: 'look', kind: 'ControllerRevision', name, reason }) as const;
  return [{ ...surveyAction(observed, spec), ...found, reason }, ...missing.revisions.map(read)];
}

export function surveyAction(observed: Observed, spec: StatefulAppSpec): Action & { readonly type: 'survey' } {
  const { app } = observed;
  const pods = unseenPods(observed);
  const text = selectorText(spec.selector);
  // With the default selector everything that matches carries our label, and the watches show it.
  const selector = text === selectorText(selectorOf(app.name, undefined)) ? '' : text;
  const named = pods.length > 0 ? { pods } : {};
  return { type: 'survey', selector, ...named, reason: 'what carries no label of ours is not watched' };
}

/** Pods that the ledger names, that no watch shows, and whose end nobody here has seen: they may run without any label. */
function unseenPods(observed: Observed): readonly string[] {
  const known = new Set([...observed.pods.map(({ name }) => name), ...observed.endings.map(({ uid }) => uid)]);
  return [...ledgerOf(observed).values()].flatMap(({ pod, podUID }) =>
    pod !== undefined && podUID !== undefined && !known.has(pod) && !known.has(podUID) ? [pod] : [],
  );
}

function blockingSet({ survey, app }: Observed): string | null {
  const uid = survey?.statefulSetUid ?? null;
  return uid !== null && app.annotations[ANNOTATION.ignoreStatefulSet] !== uid ? uid : null;
}

/** Why nothing but the status is written for this app, or null when it is managed. */
export function reportOnly(observed: Observed, spec: StatefulAppSpec): Wait | null {
  const { app } = observed;
  if (app.deleting) return deletionWait(observed);
  const uid = blockingSet(observed);
  if (uid !== null) {
    const message =
      `A StatefulSet ${app.name} (UID ${uid}) exists in this namespace: both would own the same pods and claims, so this app is only ` +
      `reported on. Delete the StatefulSet, or state that nobody runs it: kubectl annotate statefulapp ${app.name} -n ${app.namespace} ` +
      `${ANNOTATION.ignoreStatefulSet}=${uid}`;
    return { reason: 'StatefulSetExists', message, needsUser: true };
  }
  if (!spec.paused) return null;
  return { reason: 'Paused', message: 'spec.paused is true: nothing but this status is changed until it is false.' };
}

/** As a StatefulSet that is being deleted, which only counts what is left (sync of stateful_set.go). */
export function deletionWait({ app }: Observed): Wait {
  const message = `${app.name} is being deleted: garbage collection removes its pods and Service; its claims are kept.`;
  return { reason: 'Deleting', message };
}
