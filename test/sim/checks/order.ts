// R6: members come in order, lowest first, and go in order, highest first, and not while one that stays is unwell.

import type { Call, Stored } from '../server/types.ts';
import { controllerOf, ordinalIn, wantedOf } from './facts.ts';
import type { Knowledge } from './knowledge.ts';
import { isForced } from './lost.ts';
import { memberOf, wasAvailable } from './members.ts';

/** A lower wanted member was Available, or may come back at any time under podRecoveryPolicy Parallel. */
export function inOrder(knowledge: Knowledge, call: Call): string | undefined {
  if (call.verb !== 'create' || call.plural !== 'pods') return undefined;
  const { apps, ordinal } = memberOf(knowledge, call);
  if (ordinal === undefined) return 'a pod of nobody knows which app';
  const blockers = apps.map((app) => {
    if (!wantedOf(app).includes(ordinal)) return `ordinal ${ordinal} is not wanted`;
    if (app.spec.podManagementPolicy === 'Parallel') return undefined;
    const entry = app.status?.members?.find((member) => member.ordinal === ordinal);
    if (app.spec.podRecoveryPolicy === 'Parallel' && entry?.complete === true) return undefined;
    const low = wantedOf(app).find((lower) => lower < ordinal && !wasAvailable(knowledge, app, lower));
    return low === undefined ? undefined : `member ${low} was never Available since the pass began`;
  });
  return blockers.length === 0
    ? 'its app is not known'
    : blockers.every((why) => why !== undefined)
      ? blockers.join(' | ')
      : undefined;
}

/** Under OrderedReady the highest one that is not wanted goes first. */
export function drainOrder(knowledge: Knowledge, call: Call): string | undefined {
  if (isForced(call) || call.verb !== 'delete' || call.plural !== 'pods' || call.namespace === undefined)
    return undefined;
  const { apps, ordinal } = memberOf(knowledge, call);
  if (ordinal === undefined) return undefined;
  const wrong = apps.map((app) => {
    if (app.spec.podManagementPolicy === 'Parallel' || wantedOf(app).includes(ordinal)) return undefined;
    const { name, namespace, uid } = app.metadata;
    const isOurs = (pod: Stored | undefined) => pod !== undefined && controllerOf(pod)?.uid === uid;
    for (const key of knowledge.keys('pods', namespace)) {
      const other = ordinalIn(name, key.slice(key.lastIndexOf('/') + 1));
      if (other === undefined || other <= ordinal || wantedOf(app).includes(other)) continue;
      if (!knowledge.was(key, (pod) => !isOurs(pod))) return `member ${other} is not wanted either and goes first`;
    }
    return undefined;
  });
  return wrong.length > 0 && wrong.every((why) => why !== undefined) ? wrong[0] : undefined;
}

/** Under OrderedReady nothing that is not wanted goes while a wanted member is not Available. */
export function drainedInHealth(knowledge: Knowledge, call: Call): string | undefined {
  if (isForced(call) || call.verb !== 'delete' || call.plural !== 'pods') return undefined;
  const { apps, ordinal } = memberOf(knowledge, call);
  if (ordinal === undefined) return undefined;
  const wrong = apps.map((app) => {
    if (app.spec.podManagementPolicy === 'Parallel' || wantedOf(app).includes(ordinal)) return undefined;
    const sick = wantedOf(app).find((wanted) => !wasAvailable(knowledge, app, wanted));
    return sick === undefined ? undefined : `wanted member ${sick} was never Available since the pass began`;
  });
  return wrong.length > 0 && wrong.every((why) => why !== undefined) ? wrong[0] : undefined;
}
