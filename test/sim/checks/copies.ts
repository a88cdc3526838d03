// What a member comes back as: the exact copy of what it was, unless its pod went for another revision, or cannot come back
// as it was. Lenient among the versions of its app that may have been decided on.

import type { StatefulApp } from '../../../src/api/schema.ts';
import type { Call } from '../server/types.ts';
import { controllerOf, fieldOf, wantedOf } from './facts.ts';
import { hashIn, REVISION } from './goals.ts';
import { type Knowledge, keyOf } from './knowledge.ts';
import { memberOf } from './members.ts';
import { basesOf, goalsOf, takesPart, updatesOf } from './updates.ts';

export function exactCopy(knowledge: Knowledge, call: Call): string | undefined {
  if (call.verb !== 'create' || call.plural !== 'pods') return undefined;
  const { apps, ordinal } = memberOf(knowledge, call);
  const made = String(fieldOf(call.body, 'metadata', 'labels', REVISION));
  const key = keyOf('pods', call.namespace, String(fieldOf(call.body, 'metadata', 'name')));
  const isRefused = knowledge.trials.wasRefused(key);
  const wrong = basesOf(knowledge, apps).map((app) => {
    const allowed = allowedFor(knowledge, app, { ordinal: ordinal ?? -1, isRefused });
    return allowed === null || allowed.includes(made)
      ? undefined
      : `it comes back at revision ${made}, and may at ${allowed.join(' or ') || 'none that is stored'}`;
  });
  return wrong.length > 0 && wrong.every((why) => why !== undefined) ? wrong[0] : undefined;
}

/** So many ends in a row are no accident. */
const HOPELESS = 3;

/** Null: any, since what the app ran before is not known. */
function allowedFor(
  knowledge: Knowledge,
  app: StatefulApp,
  { ordinal, isRefused }: { readonly ordinal: number; readonly isRefused: boolean },
): readonly string[] | null {
  if (app.spec.updateStrategy.type === 'OnDelete') return updatesOf(knowledge, app);
  const rank = wantedOf(app).indexOf(ordinal);
  const entry = app.status?.members?.find((member) => member.ordinal === ordinal);
  const had = entry?.revision ?? '';
  const goals = goalsOf(knowledge, app);
  const isItsTurn = entry?.updateTo !== undefined || (entry?.failures ?? 0) >= HOPELESS;
  if (takesPart(app, rank)) {
    // Where a rollback leads to may be lost, too: then it stays with the update (seed 97, after echoes had come to wake nobody).
    const isNowhere = goals.some((goal) => isFoundLost(knowledge, app, goal));
    if (entry !== undefined && isItsTurn) return isNowhere ? [...goals, ...updatesOf(knowledge, app)] : goals;
    // A refusal is forgotten by a process in its time.
    if (entry !== undefined && isRefused) return had === '' ? goals : [...goals, had];
    // So may the one that a rollback leads to.
    if (had !== '' && isFoundLost(knowledge, app, had)) return [...goals, ...updatesOf(knowledge, app), had];
  }
  if (had !== '') return [had];
  if (rank >= app.spec.updateStrategy.rollingUpdate.partition) return goals;
  const current = hashIn(app.metadata.name, app.status?.currentRevision ?? '');
  if (current === undefined) return null;
  return mayBeLost(knowledge, app, current) ? null : [current];
}

/** No watch shows one without our label: it was asked for by its name. */
function isFoundLost(knowledge: Knowledge, { metadata: { name, namespace } }: StatefulApp, hash: string): boolean {
  const read = knowledge.readSince(keyOf('controllerrevisions', namespace, `${name}-${hash}`));
  return read.some((revision) => revision === undefined);
}

/** Or a former app's, with which it goes (seed 198). */
function mayBeLost(knowledge: Knowledge, { metadata: { name, namespace, uid } }: StatefulApp, hash: string): boolean {
  const stored = keyOf('controllerrevisions', namespace, `${name}-${hash}`);
  return knowledge.was(stored, (revision) => revision === undefined || (controllerOf(revision)?.uid ?? uid) !== uid);
}
