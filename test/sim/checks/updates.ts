// Whose turn it is, and what has to come before a pod goes for another revision although it is wanted and has not ended: the
// ledger says so (R4), its successor was tried (R3), and it is still in the state on which that was decided (R2). By
// whatever versions may have been decided on; lenient among them. How many may go is budget.ts's.

import { LABEL } from '../../../src/api/names.ts';
import type { StatefulApp } from '../../../src/api/schema.ts';
import type { Call, Stored } from '../server/types.ts';
import { appNameOf, appOf, appsKnown, fieldOf, hasEnded, isDeleting, ordinalIn, wantedOf } from './facts.ts';
import { isRebuilt } from './given.ts';
import { claimTemplatesIn, hasAliases, hashIn, holds, holdsAlias, revisionOf } from './goals.ts';
import { type Knowledge, keyOf } from './knowledge.ts';
import { isForced } from './lost.ts';

export interface Update {
  readonly key: string;
  /** As it was when it was decided on. */
  readonly victim: Stored;
  readonly ordinal: number;
  /** Specs that were read in this pass, each with every status that may have been decided on. */
  readonly bases: readonly StatefulApp[];
}

/** Undefined when the delete is none of those: it is judged elsewhere. */
export function updateOf(knowledge: Knowledge, call: Call): Update | undefined {
  if (isRebuilt(knowledge, call) || isForced(call)) return undefined;
  if (call.verb !== 'delete' || call.plural !== 'pods' || call.name === undefined) return undefined;
  const name = appNameOf(knowledge, call) ?? '';
  const ordinal = ordinalIn(name, call.name);
  const read = knowledge.readSince(keyOf('statefulapps', call.namespace, name)).flatMap((object) => {
    const app = object === undefined || isDeleting(object) ? null : appOf(object);
    return app === null ? [] : [app];
  });
  if (ordinal === undefined || read.some((app) => !wantedOf(app).includes(ordinal))) return undefined;
  const key = keyOf('pods', call.namespace, call.name);
  const uid = fieldOf(call.body, 'preconditions', 'uid');
  const versions = knowledge.versions(key).filter((pod) => pod !== undefined && pod.metadata.uid === uid);
  const version = fieldOf(call.body, 'preconditions', 'resourceVersion');
  const victim = versions.find((pod) => pod?.metadata.resourceVersion === version) ?? versions.at(-1);
  if (victim === undefined || hasEnded(victim)) return undefined;
  return { key, victim, ordinal, bases: basesOf(knowledge, read) };
}

/** Spec and status of an app may be known by different versions. */
export function basesOf(knowledge: Knowledge, specs: readonly StatefulApp[]): readonly StatefulApp[] {
  return specs.flatMap((app) => {
    const { namespace, name, uid } = app.metadata;
    const known = appsKnown(knowledge, namespace, name).filter((other) => other.metadata.uid === uid);
    return [app, ...known].map(
      ({ status }) => ({ ...app, status: status?.appUID === uid ? status : {} }) as StatefulApp,
    );
  });
}

const standsFor = (revision: Stored, spec: StatefulApp['spec']) =>
  holds(revision, spec) || (hasAliases(revision) && holdsAlias(revision, spec));

/** Hashes of known revisions that hold what the spec says, or are said to stand for it. */
export function updatesOf(knowledge: Knowledge, { metadata, spec }: StatefulApp): readonly string[] {
  const hashes: string[] = [];
  for (const key of knowledge.keys('controllerrevisions', metadata.namespace)) {
    const hash = hashIn(metadata.name, key.slice(key.lastIndexOf('/') + 1));
    if (hash === undefined) continue;
    if (knowledge.was(key, (revision) => revision !== undefined && standsFor(revision, spec))) hashes.push(hash);
  }
  return hashes;
}

/** The revision that worked, once the status says that the update failed; otherwise undefined. */
export function rolledBackTo(knowledge: Knowledge, app: StatefulApp): string | undefined {
  const { failedRevision, currentRevision } = app.status ?? {};
  const failed = hashIn(app.metadata.name, failedRevision ?? '');
  if (failed === undefined || failedRevision === currentRevision) return undefined;
  return updatesOf(knowledge, app).includes(failed) ? hashIn(app.metadata.name, currentRevision ?? '') : undefined;
}

/** Where a member comes to in its turn. */
export function goalsOf(knowledge: Knowledge, app: StatefulApp): readonly string[] {
  const back = rolledBackTo(knowledge, app);
  return back === undefined ? updatesOf(knowledge, app) : [back];
}

export function takesPart({ spec }: StatefulApp, rank: number): boolean {
  const { type, rollingUpdate } = spec.updateStrategy;
  return type === 'RollingUpdate' && !rollingUpdate.paused && !spec.paused && rank >= rollingUpdate.partition;
}

/** Why it is not this member's turn. */
export function notItsTurn(knowledge: Knowledge, { victim, ordinal, bases }: Update): string | undefined {
  return allOf(bases, (app) => {
    if (!takesPart(app, wantedOf(app).indexOf(ordinal))) return 'its app wants no update of it';
    const goals = goalsOf(knowledge, app);
    if (goals.length === 0) return 'the revision to come to is not known to be stored';
    const runs = revisionOf(victim) ?? recordedOf(app, victim, ordinal);
    return goals.includes(runs ?? '') && !hasTwin(knowledge, app, runs ?? '')
      ? 'it runs the revision that is wanted'
      : undefined;
  });
}

/** It only stands for the template, and another revision holds it as it is written (seed 233): that one comes first. */
export function hasTwin(knowledge: Knowledge, app: StatefulApp, hash: string): boolean {
  const { name, namespace } = app.metadata;
  const isExact = (other: string) =>
    knowledge.was(
      keyOf('controllerrevisions', namespace, `${name}-${other}`),
      (revision) => revision !== undefined && holds(revision, app.spec),
    );
  return !isExact(hash) && updatesOf(knowledge, app).some(isExact);
}

/** A label that was taken off by hand does not change what the pod was made from. */
function recordedOf({ status }: StatefulApp, { metadata }: Stored, ordinal: number): string | undefined {
  const entry = status?.members?.find((member) => member.ordinal === ordinal);
  return entry?.podUID === metadata.uid ? entry.revision : undefined;
}

export function allOf(
  bases: readonly StatefulApp[],
  judge: (app: StatefulApp) => string | undefined,
): string | undefined {
  const wrong = bases.map(judge);
  return wrong.length > 0 && wrong.every((why) => why !== undefined) ? wrong[0] : undefined;
}

/** Only then does its successor come at the new revision, whoever makes it (R4). */
export function toldFirst(knowledge: Knowledge, call: Call): string | undefined {
  const update = updateOf(knowledge, call);
  if (update === undefined) return undefined;
  const { uid } = update.victim.metadata;
  return allOf(update.bases, ({ status }) => {
    const entry = status?.members?.find(({ ordinal }) => ordinal === update.ordinal);
    return entry?.podUID === uid && entry.updateTo !== undefined
      ? undefined
      : 'no ledger says that it goes for another revision';
  });
}

export function triedFirst(knowledge: Knowledge, call: Call): string | undefined {
  const update = updateOf(knowledge, call);
  if (update === undefined) return undefined;
  return allOf(update.bases, (app) => knowledge.trials.against(update.key, goalsOf(knowledge, app), knowledge.sinceMs));
}

/** A claim that another app has stamped is none that its successor could start with. */
export function claimsFree(knowledge: Knowledge, call: Call): string | undefined {
  const update = updateOf(knowledge, call);
  if (update === undefined) return undefined;
  return allOf(update.bases, (app) => {
    const { name, namespace } = app.metadata;
    const isAnothers = (claim: Stored | undefined) => ![undefined, name].includes(claim?.metadata.labels?.[LABEL.app]);
    const taken = (template: string) =>
      !knowledge.was(
        keyOf('persistentvolumeclaims', namespace, `${template}-${name}-${update.ordinal}`),
        (claim) => !isAnothers(claim),
      );
    const wrong = goalsOf(knowledge, app).map((hash) => {
      const stored = knowledge
        .versions(keyOf('controllerrevisions', namespace, `${name}-${hash}`))
        .findLast((one) => one !== undefined);
      return stored === undefined ? undefined : claimTemplatesIn(stored).find(taken);
    });
    return wrong.length > 0 && wrong.every((template) => template !== undefined)
      ? `its claim of ${wrong[0]} is another app's`
      : undefined;
  });
}

/** That it is broken, or may be spared, was decided on its state: no later one may go in its place (R2). */
export function onItsState(knowledge: Knowledge, call: Call): string | undefined {
  const update = updateOf(knowledge, call);
  const isLater = update !== undefined && knowledge.isReadOnly(update.key, update.victim);
  return isLater ? 'it is not in the state on which that was decided' : undefined;
}
