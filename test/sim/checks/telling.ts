// What a process says of members, against what it was told: R7 (what left a watch is asked for before it is made anew) and
// the counts and waits of its status. Lacks what only the server knows: that is settled.ts's, at the end.

import type { Call } from '../server/types.ts';
import { isStatus, isWrite, OWNED } from './calls.ts';
import { appUidOf } from './departures.ts';
import { fieldOf, ordinalIn } from './facts.ts';
import { type Knowledge, keyOf } from './knowledge.ts';

/** What no list has told yet is not absent: nothing is written before all have come to their end. */
export function listedFirst(knowledge: Knowledge, call: Call): string | undefined {
  if (!isWrite(call) || call.plural === 'leases') return undefined;
  const untold = ['statefulapps', ...OWNED].find((plural) => !knowledge.departures.listed.has(plural));
  return untold === undefined ? undefined : `the first list of ${untold} has not been told to its end`;
}

/** A label that was taken off takes an object out of our watches, too: only a read tells that it is gone. */
export function askedFor(knowledge: Knowledge, call: Call): string | undefined {
  if (call.verb !== 'create' || !OWNED.includes(call.plural)) return undefined;
  const key = keyOf(call.plural, call.namespace, String(fieldOf(call.body, 'metadata', 'name')));
  const sinceMs = knowledge.departures.unaskedSinceMs(key, appUidOf(call.body));
  return sinceMs !== undefined && sinceMs < knowledge.sinceMs
    ? 'it left its watch alive, and nobody has asked since whether it is gone'
    : undefined;
}

/** No more pods than were ever heard of. */
export function countsWhatIsThere(knowledge: Knowledge, call: Call): string | undefined {
  if (!isAppStatus(call) || call.namespace === undefined || call.name === undefined) return undefined;
  const told = fieldOf(call.body, 'status', 'replicas');
  const apps = knowledge.versions(keyOf('statefulapps', call.namespace, call.name));
  // What a former process counted is carried over while the spec is not understood.
  if (typeof told !== 'number' || apps.some((app) => fieldOf(app, 'status', 'replicas') === told)) return undefined;
  let known = 0;
  for (const key of knowledge.keys('pods', call.namespace))
    if (ordinalIn(call.name, key.slice(key.lastIndexOf('/') + 1)) !== undefined) known += 1;
  return told > known ? `it counts ${told} pods and has heard of ${known}` : undefined;
}

/** A pod that was seen to stop before the pass began is not waited for. */
export function noIdleWait(knowledge: Knowledge, call: Call): string | undefined {
  const members = isAppStatus(call) ? fieldOf(call.body, 'status', 'members') : undefined;
  const waiting = (Array.isArray(members) ? members : []).find((member) => {
    const key = keyOf('pods', call.namespace, `${call.name}-${fieldOf(member, 'ordinal')}`);
    const uid = fieldOf(member, 'podUID');
    if (fieldOf(member, 'state') !== 'Vanished' || typeof uid !== 'string') return false;
    const sinceMs = knowledge.departures.stoppedSinceMs(key, uid);
    return sinceMs !== undefined && sinceMs < knowledge.sinceMs;
  });
  return waiting === undefined
    ? undefined
    : `member ${fieldOf(waiting, 'ordinal')} waits for a pod that was seen to stop`;
}

/**
 * Whoever has written something for an app decides nothing for it on a view from before: it would take its own work for
 * another's. What two apps lay claim to, it may have written for the other one.
 */
export function readsItsWrites(knowledge: Knowledge, call: Call): string | undefined {
  if (!isWrite(call) || call.verb === 'delete' || call.name === undefined) return undefined;
  const own = knowledge.written(keyOf(call.plural, call.namespace, call.name));
  const on = fieldOf(call.body, 'metadata', 'resourceVersion');
  if (own === undefined || typeof on !== 'string' || fieldOf(call.body, 'metadata', 'uid') !== own.metadata.uid)
    return undefined;
  if (call.plural !== 'statefulapps' && appUidOf(call.body) !== appUidOf(own)) return undefined;
  const { resourceVersion } = own.metadata;
  return Number(on) < Number(resourceVersion)
    ? `it rests on version ${on}, and this process itself has written ${resourceVersion}`
    : undefined;
}

const isAppStatus = (call: Call) => call.plural === 'statefulapps' && isStatus(call) && isWrite(call);
