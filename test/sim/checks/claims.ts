// R5 at each request: with whom a claim ends, and which one the operator ends itself. By whatever versions may have been
// decided on, lenient among them; the last look before a removal is not. Lacks what the server makes of it: endings.ts.

import { KIND } from '../../../src/api/names.ts';
import type { StatefulApp } from '../../../src/api/schema.ts';
import { claimsOf } from '../control/reading.ts';
import type { Call, Owner, Stored } from '../server/types.ts';
import { isWrite } from './calls.ts';
import { diskOf } from './disks.ts';
import { appNameOf, appOf, appsKnown, controllerOf, fieldOf, isDeleting, phaseOf } from './facts.ts';
import { hasForeignController, isKin, keeperIn, missingIn, ownersOf, podIn, servedIn, wrongOwners } from './keepers.ts';
import { type Knowledge, keyOf } from './knowledge.ts';
import { goesByRequest } from './rebuilds.ts';
import { basesOf } from './updates.ts';

const isClaim = ({ plural }: Call) => plural === 'persistentvolumeclaims';

/**
 * Whoever gives a claim an owner has read the app since, and gives it by what that said: a view may be behind. By one of the reads of
 * this pass: others follow for other claims while this request looks for a connection (seed 663).
 */
export function givenByNow(knowledge: Knowledge, call: Call): string | undefined {
  if (!isClaim(call) || call.verb !== 'patch' || call.name === undefined) return undefined;
  const sent = fieldOf(call.body, 'metadata', 'ownerReferences');
  const owners = Array.isArray(sent) ? (sent as readonly Owner[]) : [];
  const name = appNameOf(knowledge, call) ?? '';
  const place = podIn(name, call.name);
  if (place === undefined) return undefined;
  const reads = knowledge.readSince(keyOf('statefulapps', call.namespace, name));
  const apps = reads.flatMap((read) => (read === undefined ? [] : (appOf(read) ?? [])));
  const isOurs = ({ kind, name: owner }: Owner) =>
    (kind === KIND && owner === name) || (kind === 'Pod' && owner === place.pod);
  if (!owners.some(isOurs)) return undefined;
  if (apps.length === 0) return 'its app was not read before';
  const pods = podsAmong(knowledge, owners);
  return allOf(apps, (app) => wrongOwners(app, { owners, ordinal: place.ordinal, pods }));
}

/** Whoever makes a claim, or gives it other owners, gives those that the policy says, and leaves others' alone. */
export function ownersAsAsked(knowledge: Knowledge, call: Call): string | undefined {
  if (!isClaim(call) || !isWrite(call) || call.verb === 'delete') return undefined;
  const sent = fieldOf(call.body, 'metadata', 'ownerReferences');
  if (sent === undefined && call.verb !== 'create') return undefined;
  const owners = Array.isArray(sent) ? (sent as readonly Owner[]) : [];
  const name = call.name ?? String(fieldOf(call.body, 'metadata', 'name'));
  const apps = appsKnown(knowledge, call.namespace, appNameOf(knowledge, call) ?? '');
  if (apps.length === 0) return 'it gets owners for an app that is not known';
  const claim = call.verb === 'create' ? undefined : seenAs(knowledge, call);
  return allOf(basesOf(knowledge, apps), (app) => {
    const place = podIn(app.metadata.name, name);
    if (place === undefined) return `it is no claim of ${app.metadata.name}`;
    const { ordinal, pod } = place;
    const isReleased = claim !== undefined && !owners.some(isKin(app, pod)) && mayLeaveApp(knowledge, app, claim);
    const wrong = isReleased ? undefined : wrongOwners(app, { owners, ordinal, pods: podsAmong(knowledge, owners) });
    if (wrong !== undefined) return wrong;
    if (call.verb === 'create') return undefined;
    if (claim === undefined) return 'nobody has seen it so';
    if (servedIn(app, claim) !== ordinal) return 'it is not stamped as a claim of this app';
    if (hasForeignController(app, claim)) return 'another controller has it';
    const [lost] = missingIn(app, { pod, before: ownersOf(claim), after: owners });
    if (lost !== undefined && !(lost.controller === true)) return `it loses its owner ${lost.kind} ${lost.name}`;
    const isGiven = keeperIn(app, ordinal) === 'pod' && !isReleased;
    return isGiven && !isAnnounced(app, ordinal) ? 'its end was not announced' : undefined;
  });
}

/**
 * Under whenDeleted Retain the app gives up what it would take with it; unless the claim is simply that of a pod of its own
 * that is not wanted: then it is given to that, in one step.
 */
function mayLeaveApp(knowledge: Knowledge, app: StatefulApp, claim: Stored): boolean {
  const { name, namespace, uid } = app.metadata;
  const ordinal = servedIn(app, claim);
  if (app.spec.persistentVolumeClaimRetentionPolicy.whenDeleted === 'Delete' || ordinal === undefined) return false;
  if (!ownersOf(claim).some((owner) => owner.uid === uid)) return false;
  const mounts = (pod: Stored | undefined) =>
    pod !== undefined && controllerOf(pod)?.uid === uid && claimsOf(pod).includes(claim.metadata.name);
  const isItsPods = !knowledge.was(keyOf('pods', namespace, `${name}-${ordinal}`), (pod) => !mounts(pod));
  return !isItsPods || phaseOf(claim) === 'Lost' || isReplaced(knowledge, app, claim);
}

/** The version that a change rests on. */
function seenAs(knowledge: Knowledge, call: Call): Stored | undefined {
  const versions = knowledge.versions(keyOf(call.plural, call.namespace, call.name ?? ''));
  const on = fieldOf(call.body, 'metadata', 'resourceVersion');
  return versions.findLast((claim) => claim?.metadata.resourceVersion === on);
}

/** A pod that was seen once may be gone by now: its claims were to end with it. */
function podsAmong({ memory }: Knowledge, owners: readonly Owner[]): readonly string[] {
  return owners.map(({ uid }) => uid).filter((uid) => memory.hasHeardOf(uid));
}

/** The status that was stored says that the member's claims go. */
function isAnnounced({ metadata, status }: StatefulApp, ordinal: number): boolean {
  const entry =
    status?.appUID === metadata.uid ? status.members?.find((member) => member.ordinal === ordinal) : undefined;
  return entry?.reason === 'ClaimsDeleted';
}

function allOf(apps: readonly StatefulApp[], why: (app: StatefulApp) => string | undefined): string | undefined {
  const wrong = apps.map(why);
  return wrong.length > 0 && wrong.every((one) => one !== undefined) ? wrong.at(-1) : undefined;
}

/** Apps as they were read in this pass, alive. */
function appsRead(knowledge: Knowledge, namespace: string | undefined, name: string): readonly StatefulApp[] {
  const read = knowledge.readSince(keyOf('statefulapps', namespace, name)).flatMap((object) => {
    const app = object === undefined || isDeleting(object) ? null : appOf(object);
    return app === null ? [] : [app];
  });
  return basesOf(knowledge, read);
}

/** A claim is deleted only for a member that is not wanted and is gone, by a policy, a ledger and a status that say so. */
export function endsAsAsked(knowledge: Knowledge, call: Call): string | undefined {
  if (!isClaim(call) || call.verb !== 'delete' || call.name === undefined) return undefined;
  // Those that people ask to make anew are rebuilds.ts's.
  if (goesByRequest(knowledge, call)) return undefined;
  const { name, namespace } = call;
  const uid = fieldOf(call.body, 'preconditions', 'uid');
  const version = fieldOf(call.body, 'preconditions', 'resourceVersion');
  const key = keyOf(call.plural, namespace, name);
  const isVictim = (found: Stored | undefined) => found?.metadata.uid === uid;
  const claim = knowledge
    .versions(key)
    .findLast((found) => isVictim(found) && found?.metadata.resourceVersion === version);
  if (claim === undefined) return 'nobody has seen it so';
  if (!knowledge.readSince(key).some(isVictim)) return 'it was not read before';
  const apps = appsRead(knowledge, namespace, appNameOf(knowledge, call) ?? '');
  if (apps.length === 0) return 'its app was not read before';
  return allOf(apps, (app) => {
    const ordinal = servedIn(app, claim);
    if (ordinal === undefined) return 'it is not stamped as a claim of this app';
    if (keeperIn(app, ordinal) !== 'pod') return 'its app keeps it';
    const pod = keyOf('pods', namespace, `${app.metadata.name}-${ordinal}`);
    if (!knowledge.readSince(pod).some((found) => found === undefined)) return 'its pod was not seen to be gone';
    if (ownersOf(claim).some(({ controller, uid: owner }) => controller === true && owner !== app.metadata.uid))
      return 'another controller has it';
    const entry = app.status?.members?.find((member) => member.ordinal === ordinal);
    if (!entry?.claims?.some((known) => known.name === name && known.uid === uid)) return 'the ledger does not name it';
    return isAnnounced(app, ordinal) ? undefined : 'its end was not announced';
  });
}

/** Whose claims end with its pod has them given to it before that goes: nobody would be left to own them. */
export function ownedFirst(knowledge: Knowledge, call: Call): string | undefined {
  if (call.verb !== 'delete' || call.plural !== 'pods' || call.name === undefined) return undefined;
  const uid = String(fieldOf(call.body, 'preconditions', 'uid'));
  const pods = knowledge.versions(keyOf('pods', call.namespace, call.name));
  const mounted = new Set(pods.flatMap((pod) => (pod?.metadata.uid === uid ? claimsOf(pod) : [])));
  const apps = appsRead(knowledge, call.namespace, appNameOf(knowledge, call) ?? '');
  return allOf(apps, (app) => {
    const left = [...mounted].find((name) => {
      const versions = knowledge.versions(keyOf('persistentvolumeclaims', call.namespace, name));
      return (
        versions.length > 0 &&
        versions.every((claim) => claim !== undefined && isForsaken(knowledge, app, { claim, pod: uid }))
      );
    });
    return left === undefined ? undefined : `claim ${left} is to end with it, and does not belong to it yet`;
  });
}

/** It is simply ours, is to end with the pod, and does not belong to that. */
function isForsaken(
  knowledge: Knowledge,
  app: StatefulApp,
  { claim, pod }: { readonly claim: Stored; readonly pod: string },
): boolean {
  const ordinal = servedIn(app, claim);
  if (ordinal === undefined || keeperIn(app, ordinal) !== 'pod') return false;
  if (isDeleting(claim) || phaseOf(claim) === 'Lost' || hasForeignController(app, claim)) return false;
  return !isReplaced(knowledge, app, claim) && !ownersOf(claim).some((owner) => owner.uid === pod);
}

/** It has taken the place of another one that the ledger names with its volume, or may have another disk behind it. */
function isReplaced(knowledge: Knowledge, app: StatefulApp, claim: Stored): boolean {
  const { name, uid } = claim.metadata;
  const entry = app.status?.members?.find((member) => member.ordinal === servedIn(app, claim));
  const recorded = entry?.claims?.find((known) => known.name === name && known.volume);
  if (recorded === undefined) return false;
  if (recorded.uid !== uid || fieldOf(claim, 'spec', 'volumeName') !== recorded.volume) return true;
  const volumes = knowledge.versions(keyOf('persistentvolumes', undefined, recorded.volume ?? ''));
  return recorded.disk !== undefined && volumes.some((one) => one === undefined || diskOf(one) !== recorded.disk);
}
