// R12, and R4 for ends: a member's volumes, and the count of its failures.

import { claimsOf } from '../control/reading.ts';
import type { Call, Stored } from '../server/types.ts';
import { appNameOf, appsKnown, fieldOf, isDeleting, phaseOf, wantedOf } from './facts.ts';
import { accepts, asks, isRebuilt } from './given.ts';
import { type Knowledge, keyOf } from './knowledge.ts';
import { isForced } from './lost.ts';
import { memberOf } from './members.ts';
import { updateOf } from './updates.ts';

/**
 * Under volumeLossPolicy Block, a pod is not deleted when its claims were never all as recorded since the pass began. A
 * recorded claim counts once it was seen Bound: before that it holds no data. One that is bound to the recorded volume is it.
 */
export function volumesKept(knowledge: Knowledge, call: Call): string | undefined {
  if (call.verb !== 'delete' || call.plural !== 'pods' || call.name === undefined) return undefined;
  if (isRebuilt(knowledge, call)) return undefined;
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
      const record = entry?.claims?.find((claim) => claim.name === name && claim.volume);
      const recorded = record?.uid;
      if (accepts(app, entry, name)) continue;
      // Where none is recorded, the one that is there is named (seed 48 of volumes).
      const isNamed = (claim: Stored | undefined) =>
        claim !== undefined && asks(app, 'accept', `${name}=${claim.metadata.uid}`);
      const isRecorded = entry?.claims?.some((claim) => claim.name === name && claim.uid !== undefined);
      if (isRecorded !== true && knowledge.was(keyOf('persistentvolumeclaims', call.namespace, name), isNamed))
        continue;
      const kept = (claim: Stored | undefined) =>
        claim === undefined
          ? recorded === undefined
          : !(isDeleting(claim) && (recorded !== undefined || fieldOf(claim, 'spec', 'volumeName') !== undefined)) &&
            phaseOf(claim) !== 'Lost' &&
            (record === undefined ||
              claim.metadata.uid === recorded ||
              fieldOf(claim, 'spec', 'volumeName') === record.volume);
      if (!knowledge.was(keyOf('persistentvolumeclaims', call.namespace, name), kept))
        return `claim ${name} is at risk`;
    }
    return undefined;
  });
  return doubts.length > 0 && doubts.every((why) => why !== undefined) ? doubts[0] : undefined;
}

/** Unless volumeLossPolicy is Recreate, no claim that held data is made anew, and no pod mounts another one than that. */
export function noEmptyVolume(knowledge: Knowledge, call: Call): string | undefined {
  const isPod = call.plural === 'pods';
  if (call.verb !== 'create' || !(isPod || call.plural === 'persistentvolumeclaims')) return undefined;
  const apps = appsKnown(knowledge, call.namespace, appNameOf(knowledge, call) ?? '');
  const name = String(fieldOf(call.body, 'metadata', 'name'));
  const mounted = isPod ? claimsOf(call.body as Stored) : [name];
  const wrong = apps.map((app) => {
    const { status, metadata, spec } = app;
    if (spec.volumeLossPolicy === 'Recreate' || status?.appUID !== metadata.uid) return undefined;
    const held = (status.members ?? []).flatMap((entry) =>
      (entry.claims ?? []).filter(({ name: claim, volume }) => volume && !accepts(app, entry, claim)),
    );
    for (const { name: claim, uid, volume } of held.filter((one) => mounted.includes(one.name))) {
      if (!isPod) return `claim ${claim} held data and is made anew`;
      const isIt = (found: Stored) => found.metadata.uid === uid || fieldOf(found, 'spec', 'volumeName') === volume;
      const isKept = (found: Stored | undefined) =>
        found !== undefined && isIt(found) && phaseOf(found) !== 'Lost' && !isDeleting(found);
      if (!knowledge.was(keyOf('persistentvolumeclaims', call.namespace, claim), isKept))
        return `claim ${claim} is not the one that holds its data`;
    }
    return undefined;
  });
  return wrong.length > 0 && wrong.every((why) => why !== undefined) ? wrong[0] : undefined;
}

const FIRST_DELAY_MS = 10_000;

const MAX_DELAY_MS = 300_000;

/** An end is counted in the ledger before its pod is replaced, and from the second in a row on there is a pause. */
export function countedFirst(knowledge: Knowledge, call: Call): string | undefined {
  if (call.verb !== 'delete' || call.plural !== 'pods') return undefined;
  const { apps, ordinal } = memberOf(knowledge, call);
  // For another revision: then something else has to stand in the ledger (updates.ts).
  if (isForced(call) || isRebuilt(knowledge, call) || updateOf(knowledge, call) !== undefined) return undefined;
  const uid = fieldOf(call.body, 'preconditions', 'uid');
  // Its own clock, or the server's where the two differ.
  const { clock, options } = knowledge.host;
  const nowMs = Math.max(clock.now(), options.timeline.now());
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
