// Rebuilds at each request: a claim of a wanted member, and its pod, go only by a request that was read in this pass and
// names the claim's UID, with every other wanted member available, once the ledger protects the claim no more; one member at
// a time, and claims before pods. By whatever versions may have been decided on, lenient among them.

import type { StatefulApp } from '../../../src/api/schema.ts';
import { claimsOf } from '../control/reading.ts';
import type { Call, Stored } from '../server/types.ts';
import { appNameOf, controllerOf, fieldOf, isDeleting, ordinalIn, wantedOf } from './facts.ts';
import { appsOfClaim, appsRead, asks, isRebuilt, rebuiltClaims } from './given.ts';
import { podIn } from './keepers.ts';
import { type Knowledge, keyOf } from './knowledge.ts';
import { isForced } from './lost.ts';
import { wasAvailable } from './members.ts';
import { basesOf } from './updates.ts';

export function rebuiltAsAsked(knowledge: Knowledge, call: Call): string | undefined {
  if (call.verb !== 'delete' || call.name === undefined) return undefined;
  if (call.plural === 'pods') return podGoes(knowledge, call);
  return call.plural === 'persistentvolumeclaims' ? claimGoes(knowledge, call, call.name) : undefined;
}

/** Whether it goes by a request; one that goes by a policy is claims.ts's. */
export function goesByRequest(knowledge: Knowledge, call: Call): boolean {
  const key = `${call.name}=${String(fieldOf(call.body, 'preconditions', 'uid'))}`;
  return appsOfClaim(knowledge, call).some((app) => asks(app, 'rebuild', key) && wantsClaim(app, call.name ?? ''));
}

function wantsClaim(app: StatefulApp, claim: string): boolean {
  const place = podIn(app.metadata.name, claim);
  return place !== undefined && wantedOf(app).includes(place.ordinal);
}

function claimGoes(knowledge: Knowledge, call: Call, claim: string): string | undefined {
  if (!goesByRequest(knowledge, call)) return undefined;
  const { namespace } = call;
  const uid = String(fieldOf(call.body, 'preconditions', 'uid'));
  const read = knowledge.readSince(keyOf('persistentvolumeclaims', namespace, claim));
  if (!read.some((found) => found?.metadata.uid === uid)) return 'it was not read before';
  const bases = basesOf(knowledge, appsOfClaim(knowledge, call));
  const wrong = bases.map((app) => {
    const ordinal = podIn(app.metadata.name, claim)?.ordinal ?? -1;
    if (!asks(app, 'rebuild', `${claim}=${uid}`)) return 'no request names it';
    if (app.spec.paused) return 'its app is paused';
    const entry = app.status?.members?.find((member) => member.ordinal === ordinal);
    const record = entry?.claims?.find((one) => one.name === claim);
    if (record?.uid === uid && record.volume !== undefined) return 'the ledger still protects it';
    return othersAway(knowledge, app, ordinal) ?? othersGoing(knowledge, app, ordinal);
  });
  return wrong.length > 0 && wrong.every((why) => why !== undefined) ? `rebuild: ${wrong[0]}` : undefined;
}

function othersAway(knowledge: Knowledge, app: StatefulApp, ordinal: number): string | undefined {
  const away = wantedOf(app).find((other) => other !== ordinal && !wasAvailable(knowledge, app, other));
  return away === undefined ? undefined : `member ${away} was never Available since the pass began`;
}

/** Another member whose claim goes by the same request, and is there still, at the server. */
function othersGoing({ host }: Knowledge, app: StatefulApp, ordinal: number): string | undefined {
  const { name, namespace } = app.metadata;
  const other = host.options.server.all('persistentvolumeclaims', namespace).find(({ metadata, ...rest }) => {
    const place = podIn(name, metadata.name);
    const isAnother = place !== undefined && place.ordinal !== ordinal && wantedOf(app).includes(place.ordinal);
    return (
      isAnother &&
      isDeleting({ metadata, ...rest } as Stored) &&
      asks(app, 'rebuild', `${metadata.name}=${metadata.uid}`)
    );
  });
  return other === undefined ? undefined : `${other.metadata.name}, of another member, is going already`;
}

/** Every claim that it mounts, and that is named, is on its way out before the pod. */
function podGoes(knowledge: Knowledge, call: Call): string | undefined {
  // One that is dead goes for that reason, whatever else is asked for (lost.ts).
  if (isForced(call) || !isRebuilt(knowledge, call)) return undefined;
  const name = appNameOf(knowledge, call) ?? '';
  const ordinal = ordinalIn(name, call.name ?? '') ?? -1;
  const apps = appsRead(knowledge, call.namespace, name);
  // One that is not wanted any more goes with its claims, or without them (seed 304 of lost nodes).
  if (apps.some((app) => !wantedOf(app).includes(ordinal))) return undefined;
  const { server } = knowledge.host.options;
  const left = rebuiltClaims(knowledge, call).find(({ metadata: { namespace, name: claim, uid } }) => {
    const now = server.find('persistentvolumeclaims', namespace, claim);
    return now?.metadata.uid === uid && !isDeleting(now);
  });
  if (left !== undefined) return `rebuild: claim ${left.metadata.name} is asked for, too, and still there`;
  const isOurs = (pod: Stored | undefined) =>
    pod !== undefined && apps.some((app) => controllerOf(pod)?.uid === app.metadata.uid) && claimsOf(pod).length > 0;
  if (!knowledge.readSince(keyOf('pods', call.namespace, call.name ?? '')).some(isOurs))
    return 'rebuild: it was not read before';
  const wrong = apps.map((app) => othersAway(knowledge, app, ordinal));
  return wrong.length > 0 && wrong.every((why) => why !== undefined) ? `rebuild: ${wrong[0]}` : undefined;
}
