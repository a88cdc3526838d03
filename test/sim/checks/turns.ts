// R6 for the order of updates: scaling comes first, then the highest member. Of Ready members only, since whoever is broken
// goes before all others; by what is the same in all versions that may have been decided on.

import { LABEL } from '../../../src/api/names.ts';
import type { StatefulApp } from '../../../src/api/schema.ts';
import type { Call, Stored } from '../server/types.ts';
import { controllerOf, hasEnded, isDeleting, ordinalIn, readySinceMs, wantedOf } from './facts.ts';
import { revisionOf } from './goals.ts';
import { type Knowledge, keyOf } from './knowledge.ts';
import { allOf, goalsOf, takesPart, updateOf } from './updates.ts';

export function highestFirst(knowledge: Knowledge, call: Call): string | undefined {
  const update = updateOf(knowledge, call);
  if (update === undefined || readySinceMs(update.victim) === undefined) return undefined;
  return allOf(update.bases, (app) => {
    // Of several that may go at once, each goes as soon as its successor was tried.
    if (app.spec.updateStrategy.rollingUpdate.maxUnavailable !== 1) return undefined;
    const goals = goalsOf(knowledge, app);
    const first = wantedOf(app).find(
      (ordinal, rank) => ordinal > update.ordinal && takesPart(app, rank) && isOld(knowledge, app, { ordinal, goals }),
    );
    return first === undefined ? undefined : `member ${first} is higher, and it is to be updated, too`;
  });
}

interface Old {
  readonly ordinal: number;
  readonly goals: readonly string[];
}

/** It runs well, and at another revision. */
function isOld(knowledge: Knowledge, { metadata, spec }: StatefulApp, { ordinal, goals }: Old): boolean {
  const { name, namespace, uid } = metadata;
  const untilMs = knowledge.sinceMs - spec.minReadySeconds * 1000;
  return !knowledge.was(keyOf('pods', namespace, `${name}-${ordinal}`), (pod) => {
    if (pod === undefined || controllerOf(pod)?.uid !== uid || revisionOf(pod) === undefined) return true;
    return (readySinceMs(pod) ?? Number.POSITIVE_INFINITY) > untilMs || goals.includes(revisionOf(pod) ?? '');
  });
}

/** While one that nobody wants is still to go, no Ready member goes for an update. */
export function scaledFirst(knowledge: Knowledge, call: Call): string | undefined {
  const update = updateOf(knowledge, call);
  if (update === undefined || readySinceMs(update.victim) === undefined) return undefined;
  return allOf(update.bases, (app) => {
    const { name, namespace, uid } = app.metadata;
    const wanted = wantedOf(app);
    const isGoing = (pod: Stored | undefined) =>
      pod === undefined ||
      controllerOf(pod)?.uid !== uid ||
      pod.metadata.labels?.[LABEL.app] !== name ||
      isDeleting(pod) ||
      hasEnded(pod);
    for (const key of knowledge.keys('pods', namespace)) {
      const ordinal = ordinalIn(name, key.slice(key.lastIndexOf('/') + 1));
      if (ordinal === undefined || wanted.includes(ordinal)) continue;
      if (!knowledge.was(key, isGoing)) return `member ${ordinal} is not wanted, and is still to go`;
    }
    return undefined;
  });
}
