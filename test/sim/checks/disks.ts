// R12 at each request: a pod goes only on the disks that the ledger names, each read in this very pass, and is made only on such, read then or no
// more than a second before; no claim is made where only people may bring it, or where a claim that was made with it tells that it was there. By whatever versions
// may have been decided on, lenient among them. How a disk is told from another is written anew here.

import { createHash } from 'node:crypto';
import { ANNOTATION } from '../../../src/api/names.ts';
import type { StatefulApp } from '../../../src/api/schema.ts';
import type { MemberClaim } from '../../../src/api/status.ts';
import { claimsOf } from '../control/reading.ts';
import type { Call, Stored } from '../server/types.ts';
import { appNameOf, appsKnown, fieldOf, isDeleting, wantedOf } from './facts.ts';
import { accepts, asks, isRebuilt } from './given.ts';
import { podIn } from './keepers.ts';
import { type Knowledge, keyOf } from './knowledge.ts';
import { memberOf } from './members.ts';

/** Driver and handle of a volume, or its UID, in ten digits. */
export function diskOf(volume: Stored): string {
  const handle = fieldOf(volume, 'spec', 'csi', 'volumeHandle');
  const text =
    typeof handle === 'string' ? `${String(fieldOf(volume, 'spec', 'csi', 'driver'))}\n${handle}` : volume.metadata.uid;
  return createHash('sha256').update(text).digest('hex').slice(0, 10);
}

/** What was seen when the pod before was about to be gone serves the next one. */
const FRESH_MS = 1000;

function allOf(apps: readonly StatefulApp[], why: (app: StatefulApp) => string | undefined): string | undefined {
  const wrong = apps.map(why);
  return wrong.length > 0 && wrong.every((one) => one !== undefined) ? wrong[0] : undefined;
}

const ledgerOf = ({ status, metadata }: StatefulApp) => (status?.appUID === metadata.uid ? (status.members ?? []) : []);

/** With its disk, for which the volume has to be looked at; none under Recreate, or where people have given it up. */
function heldBy(app: StatefulApp, ordinal: number): readonly MemberClaim[] {
  if (app.spec.volumeLossPolicy === 'Recreate') return [];
  const entry = ledgerOf(app).find((member) => member.ordinal === ordinal);
  return (entry?.claims ?? []).filter(({ name, volume, disk }) => volume && disk && !accepts(app, entry, name));
}

export function disksLookedAt(knowledge: Knowledge, call: Call): string | undefined {
  const isMade = call.verb === 'create';
  if (call.plural !== 'pods' || !(isMade || call.verb === 'delete') || isRebuilt(knowledge, call)) return undefined;
  const { apps, ordinal = -1 } = memberOf(knowledge, call);
  const mounted = new Set(isMade ? claimsOf(call.body as Stored) : mountedBy(knowledge, call));
  // Counted from when it was decided (seed 106: a second went by until there was a connection).
  const earlierMs = isMade ? FRESH_MS + knowledge.underWayMs(call) : 0;
  return allOf(apps, (app) => {
    const goes = app.spec.persistentVolumeClaimRetentionPolicy.whenScaled === 'Delete';
    if (!isMade && goes && !wantedOf(app).includes(ordinal)) return undefined;
    const held = heldBy(app, ordinal).filter(({ name }) => mounted.has(name));
    const unseen = held.find(({ volume = '', disk }) => {
      const read = knowledge.readSince(keyOf('persistentvolumes', undefined, volume), earlierMs);
      return !read.some((found) => found !== undefined && diskOf(found) === disk);
    });
    return unseen === undefined
      ? undefined
      : `the disk of claim ${unseen.name} (volume ${unseen.volume}) was not seen to be the recorded one`;
  });
}

function mountedBy(knowledge: Knowledge, call: Call): readonly string[] {
  const uid = fieldOf(call.body, 'preconditions', 'uid');
  const pods = knowledge.versions(keyOf('pods', call.namespace, call.name ?? ''));
  return pods.flatMap((pod) => (pod !== undefined && pod.metadata.uid === uid ? claimsOf(pod) : []));
}

/** Whose claim it is, and whether it may be made at all. */
export function madeAsAllowed(knowledge: Knowledge, call: Call): string | undefined {
  if (call.verb !== 'create') return undefined;
  const name = String(fieldOf(call.body, 'metadata', 'name'));
  if (call.plural === 'pods') {
    const other = claimsOf(call.body as Stored).find((claim) => !claim.endsWith(`-${name}`));
    return other === undefined ? undefined : `it mounts claim ${other}`;
  }
  if (call.plural !== 'persistentvolumeclaims') return undefined;
  const apps = appsKnown(knowledge, call.namespace, appNameOf(knowledge, call) ?? '');
  return allOf(apps, (app) => {
    const place = podIn(app.metadata.name, name);
    const stamped = fieldOf(call.body, 'metadata', 'annotations', ANNOTATION.ordinal);
    if (place === undefined || stamped !== String(place.ordinal))
      return `it is stamped as ordinal ${String(stamped)}'s`;
    if (app.spec.volumeLossPolicy === 'Require') return 'its app wants it to be brought back';
    return app.spec.volumeLossPolicy === 'Block' ? companion(knowledge, app, { name, ...place }) : undefined;
  });
}

/** A claim that is bound, and that says that this one was made with it, where no ledger says that it is yet to be made. */
function companion(
  knowledge: Knowledge,
  app: StatefulApp,
  { name, pod, ordinal }: { readonly name: string; readonly pod: string; readonly ordinal: number },
): string | undefined {
  const { namespace } = app.metadata;
  const template = name.slice(0, -pod.length - 1);
  const entry = ledgerOf(app).find((member) => member.ordinal === ordinal);
  if (entry?.claims?.some((claim) => claim.name === name)) return undefined;
  const tells = (claim: Stored | undefined) => {
    if (claim === undefined || isDeleting(claim) || fieldOf(claim, 'spec', 'volumeName') === undefined) return false;
    const siblings = claim.metadata.annotations?.[ANNOTATION.siblings]?.split(',') ?? [];
    const isOurs = claim.metadata.annotations?.[ANNOTATION.ordinal] === String(ordinal);
    return isOurs && siblings.includes(template) && !asks(app, 'accept', `${name}=${claim.metadata.uid}`);
  };
  for (const key of knowledge.keys('persistentvolumeclaims', namespace)) {
    const other = key.slice(key.lastIndexOf('/') + 1);
    if (other === name || !other.endsWith(`-${pod}`)) continue;
    if (!knowledge.was(key, (claim) => !tells(claim))) return `${other}, which is there, was made together with it`;
  }
  return undefined;
}
