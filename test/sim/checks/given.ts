// What people have given by annotations on an app, read by code of its own: whose data may be lost, and which claims are to be
// made anew. Lacks the judgement of what follows from it: data.ts, disks.ts, rebuilds.ts and records.ts ask.

import { ANNOTATION, LABEL } from '../../../src/api/names.ts';
import type { StatefulApp } from '../../../src/api/schema.ts';
import type { Member } from '../../../src/api/status.ts';
import { claimsOf } from '../control/reading.ts';
import type { Call, Stored } from '../server/types.ts';
import { appNameOf, appOf, fieldOf, isDeleting } from './facts.ts';
import { podIn } from './keepers.ts';
import { type Knowledge, keyOf } from './knowledge.ts';

export type Asked = 'accept' | 'rebuild';

const KEYS: Readonly<Record<Asked, string>> = { accept: ANNOTATION.acceptVolumeLoss, rebuild: ANNOTATION.rebuild };

/** Whether an annotation of the app names this very claim. */
export function asks(app: Pick<StatefulApp, 'metadata'>, what: Asked, key: string): boolean {
  const text = app.metadata.annotations?.[KEYS[what]] ?? '';
  return text.split(',').some((part) => part.replaceAll(/\s/g, '') === key);
}

/** Its loss is accepted by the UID that is recorded, and that was not spent on a loss before. */
export function accepts(app: StatefulApp, entry: Member | undefined, claim: string): boolean {
  const record = entry?.claims?.find(({ name }) => name === claim);
  return record?.uid !== undefined && record.accepted !== record.uid && asks(app, 'accept', `${claim}=${record.uid}`);
}

/** Apps as they were read in this pass, alive. */
export function appsRead(knowledge: Knowledge, namespace: string | undefined, name: string): readonly StatefulApp[] {
  return knowledge.readSince(keyOf('statefulapps', namespace, name)).flatMap((object) => {
    const app = object === undefined || isDeleting(object) ? null : appOf(object);
    return app === null ? [] : [app];
  });
}

/**
 * The same of all apps that a claim of this name may be a member's of: of two, the one that is stamped on it as it was known
 * (seed 593 of lost nodes: `data` of x-y is `data-x` of y).
 */
export function appsOfClaim(knowledge: Knowledge, { namespace = '', name: claim = '' }: Call): readonly StatefulApp[] {
  const versions = knowledge.versions(keyOf('persistentvolumeclaims', namespace, claim));
  const stamps = new Set(versions.flatMap((one) => one?.metadata.labels?.[LABEL.app] ?? []));
  return [...knowledge.keys('statefulapps', namespace)]
    .map((key) => key.slice(key.lastIndexOf('/') + 1))
    .filter((app) => podIn(app, claim) !== undefined && (stamps.size === 0 || stamps.has(app)))
    .flatMap((app) => appsRead(knowledge, namespace, app));
}

/** Claims that a pod mounts, and that an app read in this pass asks to make anew. */
export function rebuiltClaims(knowledge: Knowledge, call: Call): readonly Stored[] {
  if (call.verb !== 'delete' || call.plural !== 'pods' || call.name === undefined) return [];
  const apps = appsRead(knowledge, call.namespace, appNameOf(knowledge, call) ?? '');
  const uid = fieldOf(call.body, 'preconditions', 'uid');
  const pods = knowledge.versions(keyOf('pods', call.namespace, call.name));
  const mounted = new Set(pods.flatMap((pod) => (pod !== undefined && pod.metadata.uid === uid ? claimsOf(pod) : [])));
  return [...mounted].flatMap((name) => {
    const versions = knowledge.versions(keyOf('persistentvolumeclaims', call.namespace, name));
    const named = versions.find(
      (claim) => claim !== undefined && apps.some((app) => asks(app, 'rebuild', `${name}=${claim.metadata.uid}`)),
    );
    return named === undefined ? [] : [named];
  });
}

/** A pod that goes for a rebuild that has begun: a claim that is named is on its way out, or gone. */
export function isRebuilt(knowledge: Knowledge, call: Call): boolean {
  const { server } = knowledge.host.options;
  return rebuiltClaims(knowledge, call).some(({ metadata: { namespace, name, uid } }) => {
    const now = server.find('persistentvolumeclaims', namespace, name);
    return now?.metadata.uid !== uid || isDeleting(now);
  });
}
