// What no request of an operator may be, given what that process can have known: the rules R2, R3, R5, R6, R8, R9, R12 and
// R13 of safety.md. Each judges by raw objects, and in doubt (a version that was known during the pass allows it) for the
// operator; what it cannot have known is judged by commits.ts and containers.ts.

import { ANNOTATION } from '../../../src/api/names.ts';
import type { StatefulApp } from '../../../src/api/schema.ts';
import { claimsOf } from '../control/reading.ts';
import type { Call, Stored } from '../server/types.ts';
import {
  appNameOf,
  appOf,
  appsKnown,
  controllerOf,
  fieldOf,
  hasEnded,
  isDeleting,
  ordinalIn,
  phaseOf,
  readySinceMs,
  wantedOf,
} from './facts.ts';
import { floodRule } from './flood.ts';
import { type Knowledge, keyOf } from './knowledge.ts';
import type { Rule } from './witness.ts';

const OWNED = ['pods', 'persistentvolumeclaims', 'services', 'controllerrevisions'];
const READS = ['get', 'list', 'watch'];

const isWrite = ({ verb, query }: Call) => !READS.includes(verb) && query['dryRun'] === undefined;
const isStatus = ({ subresource }: Call) => subresource === 'status';

export function requestRules(renewDeadlineMs: number): readonly Rule[] {
  return [
    { name: 'R2', judge: preconditions },
    { name: 'R3', judge: freshLook },
    { name: 'R5', judge: claimsKept },
    { name: 'R6', judge: inOrder },
    { name: 'R6', judge: drainOrder },
    { name: 'R8', judge: liveOwner },
    floodRule(),
    { name: 'R9', judge: (knowledge, call) => fenced(knowledge, call, renewDeadlineMs) },
    { name: 'R4', judge: countedFirst },
    { name: 'R6', judge: drainedInHealth },
    { name: 'R12', judge: volumesKept },
    { name: 'R12', judge: noEmptyVolume },
    { name: 'R13', judge: understood },
    { name: 'R13', judge: noNewerValue },
    { name: 'shadow', judge: notShadowed },
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
  if (call.verb !== 'delete' || call.plural !== 'pods' || call.name === undefined) return undefined;
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
  if (!apps.some(condemns)) return 'no app that was read before condemns it';
  return undefined;
}

/** Until a policy asks for it (issue 6), no claim is deleted, and none is given an owner. */
function claimsKept(_: Knowledge, call: Call): string | undefined {
  if (call.plural !== 'persistentvolumeclaims' || !isWrite(call)) return undefined;
  if (call.verb === 'delete') return 'a claim is deleted';
  if (fieldOf(call.body, 'metadata', 'ownerReferences') !== undefined) return 'a claim is given an owner';
  return undefined;
}

/** A lower wanted member was Available, or may come back at any time under podRecoveryPolicy Parallel. */
function inOrder(knowledge: Knowledge, call: Call): string | undefined {
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

function memberOf(knowledge: Knowledge, call: Call): { apps: readonly StatefulApp[]; ordinal: number | undefined } {
  const name = appNameOf(knowledge, call);
  const pod = call.name ?? fieldOf(call.body, 'metadata', 'name');
  if (name === undefined || typeof pod !== 'string') return { apps: [], ordinal: undefined };
  return { apps: appsKnown(knowledge, call.namespace, name), ordinal: ordinalIn(name, pod) };
}

function wasAvailable(knowledge: Knowledge, app: StatefulApp, ordinal: number): boolean {
  const { name, namespace, uid } = app.metadata;
  const { clock, options } = knowledge.host;
  const nowMs = Math.max(clock.now(), options.timeline.now());
  return knowledge.was(keyOf('pods', namespace, `${name}-${ordinal}`), (pod) => {
    const since = pod === undefined || controllerOf(pod)?.uid !== uid ? undefined : readySinceMs(pod);
    return since !== undefined && since + app.spec.minReadySeconds * 1000 <= nowMs;
  });
}

/** Under OrderedReady the highest one that is not wanted goes first. */
function drainOrder(knowledge: Knowledge, call: Call): string | undefined {
  if (call.verb !== 'delete' || call.plural !== 'pods' || call.namespace === undefined) return undefined;
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

/** Whoever is given an owner gets one that was seen alive at the API server in this very pass. */
function liveOwner(knowledge: Knowledge, call: Call): string | undefined {
  if (!isWrite(call) || !OWNED.includes(call.plural)) return undefined;
  const owners = fieldOf(call.body, 'metadata', 'ownerReferences');
  const name = appNameOf(knowledge, call);
  if (name === undefined) return 'it belongs to no app';
  const apps = appsKnown(knowledge, call.namespace, name);
  if (call.verb === 'create' && call.plural !== 'persistentvolumeclaims') {
    const uid = fieldOf(Array.isArray(owners) ? owners[0] : undefined, 'uid');
    return apps.some(({ metadata }) => metadata.uid === uid) ? undefined : 'it is made for an app that is not known';
  }
  if (call.verb === 'create' || owners === undefined) return undefined;
  const given = Array.isArray(owners) ? owners.map((owner) => fieldOf(owner, 'uid')) : [];
  const read = knowledge.readSince(keyOf('statefulapps', call.namespace, name));
  const alive = read.some((app) => app !== undefined && given.includes(app.metadata.uid) && !isDeleting(app));
  return given.length === 0 || alive ? undefined : 'it is adopted for an app that was not read before';
}

function fenced({ renewedAtMs, host }: Knowledge, call: Call, renewDeadlineMs: number): string | undefined {
  if (!isWrite(call) || call.plural === 'leases') return undefined;
  const age = host.options.timeline.now() - renewedAtMs;
  return age < renewDeadlineMs ? undefined : `the Lease was renewed ${age} ms ago`;
}

/** Under volumeLossPolicy Block, a pod is not deleted when its claims were never all as recorded since the pass began. */
function volumesKept(knowledge: Knowledge, call: Call): string | undefined {
  if (call.verb !== 'delete' || call.plural !== 'pods' || call.name === undefined) return undefined;
  const { apps, ordinal } = memberOf(knowledge, call);
  const pods = knowledge.versions(keyOf('pods', call.namespace, call.name));
  const mounted = new Set(pods.flatMap((pod) => (pod === undefined ? [] : claimsOf(pod))));
  const doubts = apps.map((app) => {
    const { volumeLossPolicy, persistentVolumeClaimRetentionPolicy } = app.spec;
    const asked = persistentVolumeClaimRetentionPolicy.whenScaled === 'Delete';
    if (volumeLossPolicy === 'Recreate' || (asked && !wantedOf(app).includes(ordinal ?? -1))) return undefined;
    const ledger = app.status?.appUID === app.metadata.uid ? (app.status.members ?? []) : [];
    const entry = ledger.find((member) => member.ordinal === ordinal);
    for (const name of mounted) {
      const recorded = entry?.claims?.find((claim) => claim.name === name)?.uid;
      const kept = (claim: Stored | undefined) =>
        claim === undefined
          ? recorded === undefined
          : !isDeleting(claim) &&
            phaseOf(claim) !== 'Lost' &&
            (recorded === undefined || claim.metadata.uid === recorded);
      if (!knowledge.was(keyOf('persistentvolumeclaims', call.namespace, name), kept))
        return `claim ${name} is at risk`;
    }
    return undefined;
  });
  return doubts.length > 0 && doubts.every((why) => why !== undefined) ? doubts[0] : undefined;
}

/** Nothing is touched of an app that is not understood, paused, or being deleted. */
function understood(knowledge: Knowledge, call: Call): string | undefined {
  if (!isWrite(call) || isStatus(call) || !OWNED.includes(call.plural)) return undefined;
  const name = appNameOf(knowledge, call);
  if (name === undefined) return undefined;
  const apps = appsKnown(knowledge, call.namespace, name);
  if (apps.some(({ metadata, spec }) => metadata.deletionTimestamp === undefined && !spec.paused)) return undefined;
  return 'its app is paused, being deleted, or not understood';
}

/** A member that the ledger knows comes back at the revision it had, unless users delete and we create (OnDelete). */
function exactCopy(knowledge: Knowledge, call: Call): string | undefined {
  if (call.verb !== 'create' || call.plural !== 'pods') return undefined;
  const { apps, ordinal } = memberOf(knowledge, call);
  const made = fieldOf(call.body, 'metadata', 'labels', 'controller-revision-hash');
  const wrong = apps.map((app) => {
    const { status, spec, metadata } = app;
    if (spec.updateStrategy.type === 'OnDelete' || status?.appUID !== metadata.uid) return undefined;
    const had = status.members?.find((member) => member.ordinal === ordinal)?.revision;
    return had === undefined || had === made ? undefined : `it had revision ${had} and comes back at ${String(made)}`;
  });
  return wrong.length > 0 && wrong.every((why) => why !== undefined) ? wrong[0] : undefined;
}

/** Under OrderedReady nothing that is not wanted goes while a wanted member is not Available. */
function drainedInHealth(knowledge: Knowledge, call: Call): string | undefined {
  if (call.verb !== 'delete' || call.plural !== 'pods') return undefined;
  const { apps, ordinal } = memberOf(knowledge, call);
  if (ordinal === undefined) return undefined;
  const wrong = apps.map((app) => {
    if (app.spec.podManagementPolicy === 'Parallel' || wantedOf(app).includes(ordinal)) return undefined;
    const sick = wantedOf(app).find((wanted) => !wasAvailable(knowledge, app, wanted));
    return sick === undefined ? undefined : `wanted member ${sick} was never Available since the pass began`;
  });
  return wrong.length > 0 && wrong.every((why) => why !== undefined) ? wrong[0] : undefined;
}

/** Unless volumeLossPolicy is Recreate, no claim that held data is made anew, and no pod mounts another one than that. */
function noEmptyVolume(knowledge: Knowledge, call: Call): string | undefined {
  const isPod = call.plural === 'pods';
  if (call.verb !== 'create' || !(isPod || call.plural === 'persistentvolumeclaims')) return undefined;
  const apps = appsKnown(knowledge, call.namespace, appNameOf(knowledge, call) ?? '');
  const name = String(fieldOf(call.body, 'metadata', 'name'));
  const mounted = isPod ? claimsOf(call.body as Stored) : [name];
  const wrong = apps.map((app) => {
    const { status, metadata, spec } = app;
    if (spec.volumeLossPolicy === 'Recreate' || status?.appUID !== metadata.uid) return undefined;
    const held = (status.members ?? []).flatMap(({ claims }) => claims ?? []).filter(({ volume }) => volume);
    for (const { name: claim, uid } of held.filter((one) => mounted.includes(one.name))) {
      if (!isPod) return `claim ${claim} held data and is made anew`;
      const isKept = (found: Stored | undefined) =>
        found !== undefined && found.metadata.uid === uid && phaseOf(found) !== 'Lost' && !isDeleting(found);
      if (!knowledge.was(keyOf('persistentvolumeclaims', call.namespace, claim), isKept))
        return `claim ${claim} is not the one that holds its data`;
    }
    return undefined;
  });
  return wrong.length > 0 && wrong.every((why) => why !== undefined) ? wrong[0] : undefined;
}

/** By the raw spec: how the operator reads it is what is judged here. */
const VALUES = ['Ordered', 'Parallel', undefined];

function noNewerValue(knowledge: Knowledge, call: Call): string | undefined {
  if (!isWrite(call) || isStatus(call) || !OWNED.includes(call.plural)) return undefined;
  const name = appNameOf(knowledge, call);
  if (name === undefined) return undefined;
  const apps = knowledge.versions(keyOf('statefulapps', call.namespace, name)).filter((app) => app !== undefined);
  const known = apps.some((app) => VALUES.some((value) => fieldOf(app, 'spec', 'podRecoveryPolicy') === value));
  return apps.length === 0 || known ? undefined : 'its app has a value that this version does not know';
}

/** Nothing is written beside a StatefulSet of the app's name, unless the app says that nobody runs it. */
function notShadowed(knowledge: Knowledge, call: Call): string | undefined {
  if (!isWrite(call) || isStatus(call) || !OWNED.includes(call.plural)) return undefined;
  const name = appNameOf(knowledge, call);
  if (name === undefined) return undefined;
  const sets = knowledge.versions(keyOf('statefulsets', call.namespace, name));
  const apps = knowledge.versions(keyOf('statefulapps', call.namespace, name)).filter((app) => app !== undefined);
  const ignored = apps.map((app) => app.metadata.annotations?.[ANNOTATION.ignoreStatefulSet]);
  if (sets.length === 0 || sets.some((set) => set === undefined || ignored.includes(set.metadata.uid)))
    return undefined;
  return 'a StatefulSet of its name exists';
}

const FIRST_DELAY_MS = 10_000;
const MAX_DELAY_MS = 300_000;

/** An end is counted in the ledger before its pod is replaced, and from the second in a row on there is a pause. */
function countedFirst(knowledge: Knowledge, call: Call): string | undefined {
  if (call.verb !== 'delete' || call.plural !== 'pods') return undefined;
  const { apps, ordinal } = memberOf(knowledge, call);
  const uid = fieldOf(call.body, 'preconditions', 'uid');
  const nowMs = knowledge.host.clock.now();
  const wrong = apps.map((app) => {
    if (ordinal === undefined || !wantedOf(app).includes(ordinal)) return undefined;
    const ledger = app.status?.appUID === app.metadata.uid ? (app.status.members ?? []) : [];
    const entry = ledger.find((member) => member.ordinal === ordinal);
    const { podUID, state = '', failures = 0, failedAt = '' } = entry ?? {};
    if (podUID !== uid || !['Failed', 'Succeeded'].includes(state)) return 'its end is not counted yet';
    const pauseMs = failures < 2 ? 0 : Math.min(FIRST_DELAY_MS * 2 ** (failures - 2), MAX_DELAY_MS);
    return Date.parse(failedAt) + pauseMs > nowMs
      ? `it ended ${failures} times in a row, at last at ${failedAt}`
      : undefined;
  });
  return wrong.length > 0 && wrong.every((why) => why !== undefined) ? wrong[0] : undefined;
}
