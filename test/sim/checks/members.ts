// What a process knows of the member that a request is about.

import type { StatefulApp } from '../../../src/api/schema.ts';
import type { Call } from '../server/types.ts';
import { appNameOf, appsKnown, controllerOf, fieldOf, ordinalIn, readySinceMs } from './facts.ts';
import { type Knowledge, keyOf } from './knowledge.ts';

export function memberOf(
  knowledge: Knowledge,
  call: Call,
): { apps: readonly StatefulApp[]; ordinal: number | undefined } {
  const name = appNameOf(knowledge, call);
  const pod = call.name ?? fieldOf(call.body, 'metadata', 'name');
  if (name === undefined || typeof pod !== 'string') return { apps: [], ordinal: undefined };
  return { apps: appsKnown(knowledge, call.namespace, name), ordinal: ordinalIn(name, pod) };
}

export function wasAvailable(knowledge: Knowledge, app: StatefulApp, ordinal: number): boolean {
  const { name, namespace, uid } = app.metadata;
  const { clock, options } = knowledge.host;
  const nowMs = Math.max(clock.now(), options.timeline.now());
  return knowledge.was(keyOf('pods', namespace, `${name}-${ordinal}`), (pod) => {
    const since = pod === undefined || controllerOf(pod)?.uid !== uid ? undefined : readySinceMs(pod);
    return since !== undefined && since + app.spec.minReadySeconds * 1000 <= nowMs;
  });
}
