// What no request of an operator may be, given what that process can have known: the rules R2 to R13 of safety.md. Each
// judges by raw objects, and in doubt (a version that was known during the pass allows it) for the operator; what it
// cannot have known is judged by commits.ts and twins.ts.

import type { Call, Stored } from '../server/types.ts';
import { askedOnceRule } from './asked.ts';
import { budgetRule } from './budget.ts';
import { isWrite } from './calls.ts';
import { endsAsAsked, givenByNow, ownedFirst, ownersAsAsked } from './claims.ts';
import { exactCopy } from './copies.ts';
import { countedFirst, noEmptyVolume, volumesKept } from './data.ts';
import { disksLookedAt, madeAsAllowed } from './disks.ts';
import { appNameOf, appOf, fieldOf, hasEnded, isDeleting, ordinalIn, wantedOf } from './facts.ts';
import { floodRule } from './flood.ts';
import { isRebuilt } from './given.ts';
import { historyKept } from './history.ts';
import { type Knowledge, keyOf } from './knowledge.ts';
import { isForced, lostAsProven } from './lost.ts';
import { drainedInHealth, drainOrder, inOrder } from './order.ts';
import { rebuiltAsAsked } from './rebuilds.ts';
import { rescueRule } from './rescues.ts';
import { shadowRule } from './shadow.ts';
import { liveOwner, noNewerValue, understood } from './standing.ts';
import { askedFor, countsWhatIsThere, listedFirst, noIdleWait, readsItsWrites } from './telling.ts';
import { templateTried } from './templates.ts';
import { highestFirst, scaledFirst } from './turns.ts';
import { claimsFree, notItsTurn, onItsState, toldFirst, triedFirst, updateOf } from './updates.ts';
import { vacantRule } from './vacant.ts';
import { verdictOnUpdate } from './verdicts.ts';
import type { Rule } from './witness.ts';

export function requestRules(renewDeadlineMs: number): readonly Rule[] {
  return [
    { name: 'R2', judge: preconditions },
    { name: 'R2', judge: readsItsWrites },
    { name: 'R3', judge: freshLook },
    { name: 'R1', judge: lostAsProven },
    vacantRule(),
    { name: 'R2', judge: onItsState },
    { name: 'R3', judge: triedFirst },
    { name: 'R3', judge: claimsFree },
    { name: 'R4', judge: toldFirst },
    budgetRule(),
    { name: 'R6', judge: highestFirst },
    { name: 'R6', judge: scaledFirst },
    { name: 'R4', judge: historyKept },
    { name: 'R3', judge: templateTried },
    { name: 'R11', judge: verdictOnUpdate },
    { name: 'R4', judge: neverStored },
    { name: 'R5', judge: ownersAsAsked },
    { name: 'R3', judge: givenByNow },
    { name: 'R5', judge: endsAsAsked },
    { name: 'R5', judge: ownedFirst },
    rescueRule(),
    { name: 'R6', judge: inOrder },
    { name: 'R6', judge: drainOrder },
    { name: 'R7', judge: listedFirst },
    { name: 'R7', judge: askedFor },
    { name: 'R8', judge: liveOwner },
    floodRule(),
    shadowRule(),
    { name: 'R9', judge: (knowledge, call) => fenced(knowledge, call, renewDeadlineMs) },
    { name: 'R4', judge: countedFirst },
    { name: 'R6', judge: drainedInHealth },
    { name: 'R12', judge: volumesKept },
    { name: 'R12', judge: noEmptyVolume },
    { name: 'R12', judge: disksLookedAt },
    { name: 'R12', judge: madeAsAllowed },
    { name: 'R3', judge: rebuiltAsAsked },
    askedOnceRule(),
    { name: 'R13', judge: understood },
    { name: 'R13', judge: noNewerValue },
    { name: 'R11', judge: countsWhatIsThere },
    { name: 'wait', judge: noIdleWait },
    { name: 'copy', judge: exactCopy },
  ];
}

function preconditions(_: Knowledge, call: Call): string | undefined {
  if (!isWrite(call) || call.plural === 'leases') return undefined;
  const at = call.verb === 'delete' ? ['preconditions'] : ['metadata'];
  const named = (field: string) => typeof fieldOf(call.body, ...at, field) === 'string';
  if (call.verb === 'delete' && !named('uid')) return 'a delete without a UID';
  if (call.verb === 'delete' && !named('resourceVersion')) return 'a delete whatever the object has become';
  if ((call.verb === 'patch' || call.verb === 'update') && !(named('uid') && named('resourceVersion')))
    return 'a change without UID and resourceVersion';
  return undefined;
}

/** A delete that does not replace what has ended rests on a read of app and victim in this very pass. */
function freshLook(knowledge: Knowledge, call: Call): string | undefined {
  // What one has to be that is taken for dead is lost.ts's.
  if (isForced(call) || call.verb !== 'delete' || call.plural !== 'pods' || call.name === undefined) return undefined;
  const key = keyOf('pods', call.namespace, call.name);
  const uid = fieldOf(call.body, 'preconditions', 'uid');
  if (knowledge.was(key, (pod) => pod !== undefined && pod.metadata.uid === uid && hasEnded(pod))) return undefined;
  const name = appNameOf(knowledge, call);
  if (name === undefined) return 'of nobody knows which app';
  const pods = knowledge.readSince(key);
  const apps = knowledge.readSince(keyOf('statefulapps', call.namespace, name));
  const isVictim = (pod: Stored | undefined) => pod !== undefined && pod.metadata.uid === uid && !isDeleting(pod);
  if (!pods.some(isVictim)) return 'the victim was not read before';
  const condemns = (object: Stored | undefined) => {
    const app = object === undefined || isDeleting(object) ? null : appOf(object);
    return app !== null && !wantedOf(app).includes(ordinalIn(name, call.name ?? '') ?? -1);
  };
  if (apps.some(condemns)) return undefined;
  // What a rebuild has to be is rebuilds.ts's.
  if (isRebuilt(knowledge, call)) return undefined;
  const update = updateOf(knowledge, call);
  return update === undefined ? 'no app that was read before condemns it' : notItsTurn(knowledge, update);
}

/** Templates are only tried. */
function neverStored(_: Knowledge, call: Call): string | undefined {
  return call.plural === 'podtemplates' && isWrite(call) ? 'a PodTemplate is stored' : undefined;
}

function fenced({ renewedAtMs, host }: Knowledge, call: Call, renewDeadlineMs: number): string | undefined {
  if (!isWrite(call) || call.plural === 'leases') return undefined;
  const age = host.options.timeline.now() - renewedAtMs;
  return age < renewDeadlineMs ? undefined : `the Lease was renewed ${age} ms ago`;
}
