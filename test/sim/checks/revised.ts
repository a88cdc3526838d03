// Where updates have to lead: every member that takes part runs the template, the template is stored once, the history is no
// longer than it may be, and the status counts what runs what. Judged from the server's objects alone. Members that take
// no part (below the partition, paused, OnDelete) run what they ran.

import { LABEL } from '../../../src/api/names.ts';
import type { StatefulApp } from '../../../src/api/schema.ts';
import { listAt, objectAt } from '../../../src/identity/json.ts';
import type { SimServer } from '../server/server.ts';
import type { Stored } from '../server/types.ts';
import { controllerOf, fieldOf, isDeleting, ordinalIn, readySinceMs, wantedOf } from './facts.ts';
import { hasAliases, hashIn, holds, holdsAlias, isBroken, revisionOf } from './goals.ts';
import { takesPart } from './updates.ts';

const HELD = ['VolumeAtRisk', 'UpdateHeld', 'Refused'];

/** Our watches select by our label. */
const isShown = ({ metadata }: Stored): boolean => metadata.labels?.[LABEL.app] !== undefined;

/** `pods` are the app's. */
export function unrevised(server: SimServer, app: StatefulApp, pods: readonly Stored[]): readonly string[] {
  const { metadata, spec, status = {} } = app;
  const own = server
    .all('controllerrevisions', metadata.namespace)
    .filter((revision) => controllerOf(revision)?.uid === metadata.uid);
  // One that no watch shows may stand beside another that stands for it (seed 832).
  const exact = own.filter((revision) => isShown(revision) && holds(revision, spec));
  const aliased = own.filter((revision) => hasAliases(revision) && holdsAlias(revision, spec));
  const told = aliased.filter((revision) => revision.metadata.name === status.updateRevision);
  const holding = exact.length > 0 ? exact : told;
  const [update] = holding;
  if (update === undefined || holding.length > 1) return [`its template is stored in ${holding.length} revisions`];
  const hash = hashIn(metadata.name, update.metadata.name) ?? '';
  // Whom no update concerns, no rollback does (seed 43556).
  const concerns = wantedOf(app).some((_, rank) => takesPart(app, rank));
  const hasFailed = concerns && status.failedRevision === update.metadata.name;
  return [
    ...(hasFailed ? [`the update to ${update.metadata.name} was rolled back`] : behind(app, pods, hash)),
    ...tooMany(app, { own, pods, hash }),
    ...notNewest(own, update),
    ...unfinished(app, pods, update.metadata.name),
    ...miscounted(app, pods, update.metadata.name),
  ];
}

/**
 * Of an update that was rolled back, no member that fails with it is left: it returns to what worked, unless that is lost,
 * or its pod alone keeps a volume (R12). A clause for each.
 */
export function unreturned(server: SimServer, app: StatefulApp, nowMs: number): readonly string[] {
  const { metadata, status = {} } = app;
  const { failedRevision, currentRevision = '' } = status;
  const current = server.find('controllerrevisions', metadata.namespace, currentRevision);
  if (failedRevision === undefined || failedRevision === currentRevision || current === undefined) return [];
  if (controllerOf(current)?.uid !== metadata.uid || status.appUID !== metadata.uid) return [];
  return wantedOf(app).flatMap((ordinal, rank) => {
    const pod = server.find('pods', metadata.namespace, `${metadata.name}-${ordinal}`);
    const entry = status.members?.find((member) => member.ordinal === ordinal);
    if (pod === undefined || !takesPart(app, rank) || HELD.includes(entry?.reason ?? '')) return [];
    const fails = `${metadata.name}-${revisionOf(pod)}` === failedRevision && isBroken(pod, nowMs);
    return fails ? [`pod ${pod.metadata.name} is broken, and the update that it came with was rolled back`] : [];
  });
}

/**
 * Long after the faults, no member is left that is broken at another revision than the template's, where that is stored and
 * can be had (kubernetes/kubernetes#67250). A clause for each.
 */
export function unmended(server: SimServer, app: StatefulApp, nowMs: number): readonly string[] {
  const { metadata, spec, status = {} } = app;
  const update = server.find('controllerrevisions', metadata.namespace, status.updateRevision ?? '');
  const isStored = update !== undefined && (holds(update, spec) || holdsAlias(update, spec));
  if (!isStored || status.failedRevision !== undefined || controllerOf(update)?.uid !== metadata.uid) return [];
  if (server.find('statefulsets', metadata.namespace, metadata.name) !== undefined) return [];
  // One at a time: while a successor is refused, the others have their turns between its tries.
  if (status.members?.some(({ reason }) => reason === 'Refused')) return [];
  return wantedOf(app).flatMap((ordinal, rank) => {
    const pod = server.find('pods', metadata.namespace, `${metadata.name}-${ordinal}`);
    const entry = status.members?.find((member) => member.ordinal === ordinal);
    if (pod === undefined || isDeleting(pod) || controllerOf(pod)?.uid !== metadata.uid) return [];
    if (!takesPart(app, rank) || HELD.includes(entry?.reason ?? '')) return [];
    const isOld = `${metadata.name}-${revisionOf(pod)}` !== update.metadata.name && revisionOf(pod) !== undefined;
    return isOld && isBroken(pod, nowMs)
      ? [`pod ${pod.metadata.name} is broken, and not at the revision that is wanted`]
      : [];
  });
}

function behind(app: StatefulApp, pods: readonly Stored[], hash: string): readonly string[] {
  const { name } = app.metadata;
  const part = wantedOf(app).filter((_, rank) => takesPart(app, rank));
  return pods
    .filter((pod) => part.includes(ordinalIn(name, pod.metadata.name) ?? -1))
    .filter((pod) => revisionOf(pod) !== hash || !runs(pod, app))
    .map((pod) => `pod ${pod.metadata.name} runs revision ${revisionOf(pod)}, and ${hash} is wanted`);
}

/** By what makes a difference here: its images, and the nodes that it may run on. */
function runs(pod: Stored, { spec }: StatefulApp): boolean {
  const told = (podSpec: unknown) => [
    ...listAt(podSpec, 'containers').map((container) => `${fieldOf(container, 'name')} ${fieldOf(container, 'image')}`),
    ...Object.entries(objectAt(podSpec, 'nodeSelector')).map(([key, value]) => `${key} ${value}`),
  ];
  return told(pod['spec']).join() === told(spec.template.spec).join();
}

interface Stores {
  readonly own: readonly Stored[];
  readonly pods: readonly Stored[];
  readonly hash: string;
}

function tooMany({ metadata, spec, status = {} }: StatefulApp, { own, pods, hash }: Stores): readonly string[] {
  const entries = (status.members ?? []).flatMap(({ revision, updateTo }) => [revision, updateTo]);
  const used = [hash, ...pods.map(revisionOf), ...entries, hashIn(metadata.name, status.currentRevision ?? '')];
  const unused = own
    // One without our label is found when it is searched for.
    .filter(isShown)
    .filter((revision) => !used.includes(hashIn(metadata.name, revision.metadata.name)));
  return unused.length > spec.revisionHistoryLimit ? [`${unused.length} revisions are kept that nobody runs`] : [];
}

/** The history tells in which order the revisions came to be wanted. */
function notNewest(own: readonly Stored[], update: Stored): readonly string[] {
  const later = own.find(
    (one) => one !== update && isShown(one) && Number(fieldOf(one, 'revision')) >= Number(fieldOf(update, 'revision')),
  );
  return later === undefined ? [] : [`revision ${later.metadata.name} counts as newer than ${update.metadata.name}`];
}

/** What was said of an update that is over would be believed by the next one. */
function unfinished(
  { metadata, status = {} }: StatefulApp,
  pods: readonly Stored[],
  update: string,
): readonly string[] {
  const { failedRevision, members = [] } = status;
  const isLive = (ordinal: number) =>
    pods.some((pod) => pod.metadata.name === `${metadata.name}-${ordinal}` && readySinceMs(pod) !== undefined);
  const going = members.find(({ ordinal, updateTo }) => updateTo !== undefined && isLive(ordinal));
  return [
    ...(failedRevision === undefined || failedRevision === update ? [] : [`${failedRevision} still counts as failed`]),
    ...(going === undefined ? [] : [`member ${going.ordinal} is there, and the ledger says that it goes`]),
  ];
}

/** With StatefulSet's meaning: a rollout is over once all members are there, updated and Ready. */
function miscounted({ metadata, spec, status = {} }: StatefulApp, pods: readonly Stored[], update: string) {
  const at = (revision = '') =>
    pods.filter((pod) => !isDeleting(pod) && `${metadata.name}-${revisionOf(pod)}` === revision).length;
  const ready = pods.filter((pod) => readySinceMs(pod) !== undefined).length;
  const isOver =
    spec.updateStrategy.type === 'RollingUpdate' &&
    [at(update), ready, pods.length].every((count) => count === spec.replicas);
  const told: readonly (readonly [string, unknown, unknown])[] = [
    ['updateRevision', status.updateRevision, update],
    ['updatedReplicas', status.updatedReplicas, at(update)],
    ['currentReplicas', status.currentReplicas, at(status.currentRevision)],
    ['currentRevision', status.currentRevision, isOver ? update : status.currentRevision],
  ];
  return told
    .filter(([, is, should]) => is !== should)
    .map(([field, is, should]) => `status.${field} is ${is} and should be ${should}`);
}
