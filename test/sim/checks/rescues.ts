// R5: a claim that was to end with its member's pod is given back once the member is wanted again, as long as the pod is
// there. Judged when a status is told for the second time that does not go with it: a pass that only tells (status first),
// or whose requests fail, has nothing to answer for.

import type { StatefulApp } from '../../../src/api/schema.ts';
import type { Call, Stored } from '../server/types.ts';
import { isStatus, isWrite } from './calls.ts';
import { appsKnown, fieldOf, isDeleting, phaseOf, wantedOf } from './facts.ts';
import { hasForeignController, keeperIn, ownersOf, servedIn } from './keepers.ts';
import { type Knowledge, keyOf } from './knowledge.ts';
import type { Rule } from './witness.ts';

/** What a process was told of a claim when it first told of something else. */
interface Omission {
  readonly failures: number;
  readonly sinceMs: number;
}

export function rescueRule(): Rule {
  const all = new WeakMap<Knowledge, Map<string, Omission>>();
  return {
    name: 'R5',
    judge: (knowledge, call) => {
      const omitted = all.get(knowledge) ?? new Map<string, Omission>();
      all.set(knowledge, omitted);
      if (!isWrite(call)) return undefined;
      if (call.plural === 'persistentvolumeclaims' && call.name !== undefined)
        omitted.delete(keyOf(call.plural, call.namespace, call.name));
      if (call.plural !== 'statefulapps' || !isStatus(call) || call.name === undefined) return undefined;
      return neglected(knowledge, call, omitted);
    },
  };
}

function neglected(knowledge: Knowledge, call: Call, omitted: Map<string, Omission>): string | undefined {
  const { namespace = '', name = '' } = call;
  const apps = appsKnown(knowledge, namespace, name);
  for (const key of knowledge.keys('persistentvolumeclaims', namespace)) {
    if (!apps.length || !apps.every((app) => isToRescue(knowledge, app, key))) {
      if (apps.some((app) => servesApp(knowledge, app, key))) omitted.delete(key);
      continue;
    }
    const { failures, sinceMs } = knowledge;
    const before = omitted.get(key);
    // In one and the same pass it may be under way.
    if (before?.failures === failures && before.sinceMs < sinceMs)
      return `claim ${key.slice(key.lastIndexOf('/') + 1)} of a member that is wanted again is left to its pod`;
    if (before?.failures !== failures) omitted.set(key, { failures, sinceMs });
  }
  return undefined;
}

const servesApp = (knowledge: Knowledge, app: StatefulApp, key: string) =>
  knowledge.was(key, (claim) => claim !== undefined && servedIn(app, claim) !== undefined);

/** By all versions that may have been decided on. */
function isToRescue(knowledge: Knowledge, app: StatefulApp, key: string): boolean {
  const { metadata, spec, status } = app;
  if (spec.paused || metadata.deletionTimestamp !== undefined || status?.observedGeneration !== metadata.generation)
    return false;
  const versions = knowledge.versions(key);
  return versions.length > 0 && versions.every((claim) => claim !== undefined && belongsToPod(knowledge, app, claim));
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
