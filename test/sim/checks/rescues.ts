// R5: a claim that was to end with its member's pod is given back once the member is wanted again, as long as the pod is
// there; and one that would end with its app is not the app's any more once whenDeleted is Retain, whoever mounts it. Judged
// when a status is told for the second time that does not go with it: a pass that only tells (status first), or whose
// requests fail, has nothing to answer for.

import type { StatefulApp } from '../../../src/api/schema.ts';
import type { Call, Stored } from '../server/types.ts';
import { isStatus, isWrite } from './calls.ts';
import { appsKnown, fieldOf, isDeleting, phaseOf, wantedOf } from './facts.ts';
import { hasForeignController, keeperIn, ownersOf, servedIn, wouldEndWithApp } from './keepers.ts';
import { type Knowledge, keyOf } from './knowledge.ts';
import type { Rule } from './witness.ts';

/** What a process was told of a claim when it first told of something else. */
interface Omission {
  readonly failures: number;
  readonly sinceMs: number;
}

interface Duty {
  readonly omission: string;
  /** Whether it is due by this version of the app, and by all versions of the claim that may have been decided on. */
  readonly isDue: (knowledge: Knowledge, app: StatefulApp, claim: Stored) => boolean;
}

const DUTIES: readonly Duty[] = [
  { omission: 'of a member that is wanted again is left to its pod', isDue: belongsToPod },
  { omission: 'is to be kept, and is left to its app', isDue: (_, app, claim) => belongsToApp(app, claim) },
];

export function rescueRule(): Rule {
  const all = new WeakMap<Knowledge, Map<string, Omission>>();
  return {
    name: 'R5',
    judge: (knowledge, call) => {
      const omitted = all.get(knowledge) ?? new Map<string, Omission>();
      all.set(knowledge, omitted);
      if (!isWrite(call)) return undefined;
      if (call.plural === 'persistentvolumeclaims' && call.name !== undefined)
        for (const { omission } of DUTIES)
          omitted.delete(`${keyOf(call.plural, call.namespace, call.name)} ${omission}`);
      if (call.plural !== 'statefulapps' || !isStatus(call) || call.name === undefined) return undefined;
      for (const duty of DUTIES) {
        const wrong = neglected(knowledge, { call, duty, omitted });
        if (wrong !== undefined) return wrong;
      }
      return undefined;
    },
  };
}

interface Telling {
  readonly call: Call;
  readonly duty: Duty;
  readonly omitted: Map<string, Omission>;
}

function neglected(knowledge: Knowledge, { call, duty, omitted }: Telling): string | undefined {
  const { namespace = '', name = '' } = call;
  // Beside a StatefulSet of its name it only tells.
  const isShadowed = knowledge.versions(keyOf('statefulsets', namespace, name)).some((set) => set !== undefined);
  const apps = isShadowed ? [] : appsKnown(knowledge, namespace, name);
  for (const key of knowledge.keys('persistentvolumeclaims', namespace)) {
    const about = `${key} ${duty.omission}`;
    if (!apps.length || !apps.every((app) => isActive(app) && isDueOf(knowledge, { app, duty, key }))) {
      if (apps.some((app) => servesApp(knowledge, app, key))) omitted.delete(about);
      continue;
    }
    const { failures, sinceMs } = knowledge;
    const before = omitted.get(about);
    // In one and the same pass it may be under way.
    if (before?.failures === failures && before.sinceMs < sinceMs)
      return `claim ${key.slice(key.lastIndexOf('/') + 1)} ${duty.omission}`;
    if (before?.failures !== failures) omitted.set(about, { failures, sinceMs });
  }
  return undefined;
}

const servesApp = (knowledge: Knowledge, app: StatefulApp, key: string) =>
  knowledge.was(key, (claim) => claim !== undefined && servedIn(app, claim) !== undefined);

/** It is looked after, and what it asks for was told of before. */
function isActive({ metadata, spec, status }: StatefulApp): boolean {
  const isSeen = status?.observedGeneration === metadata.generation;
  return isSeen && !spec.paused && metadata.deletionTimestamp === undefined;
}

function isDueOf(
  knowledge: Knowledge,
  { app, duty, key }: { readonly app: StatefulApp; readonly duty: Duty; readonly key: string },
): boolean {
  const versions = knowledge.versions(key);
  return versions.length > 0 && versions.every((claim) => claim !== undefined && duty.isDue(knowledge, app, claim));
}

/** One that is to end with a pod is not asked about: that is given to the pod in its turn. */
function belongsToApp(app: StatefulApp, claim: Stored): boolean {
  const ordinal = servedIn(app, claim);
  if (ordinal === undefined || keeperIn(app, ordinal) === 'pod' || isDeleting(claim)) return false;
  return wouldEndWithApp(app, claim);
}

function belongsToPod(knowledge: Knowledge, app: StatefulApp, claim: Stored): boolean {
  const { name, namespace } = app.metadata;
  const ordinal = servedIn(app, claim);
  if (ordinal === undefined || !wantedOf(app).includes(ordinal) || keeperIn(app, ordinal) === 'pod') return false;
  if (isDeleting(claim) || phaseOf(claim) !== 'Bound' || hasForeignController(app, claim)) return false;
  const recorded = app.status?.members?.find((member) => member.ordinal === ordinal)?.claims ?? [];
  if (!recorded.some(({ uid }) => uid === claim.metadata.uid)) return false;
  const pods = knowledge.versions(keyOf('pods', namespace, `${name}-${ordinal}`));
  const owns = (pod: Stored) => ownersOf(claim).some(({ uid }) => uid === pod.metadata.uid);
  return pods.length > 0 && pods.every((pod) => pod !== undefined && owns(pod) && isMounted(pod, claim));
}

function isMounted(pod: Stored, claim: Stored): boolean {
  const volumes = fieldOf(pod, 'spec', 'volumes');
  const named = (volume: unknown) => fieldOf(volume, 'persistentVolumeClaim', 'claimName') === claim.metadata.name;
  return Array.isArray(volumes) && volumes.some(named);
}
