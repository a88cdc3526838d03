// The last look before an act that must not rest on a view that is behind: a removal (R3), and giving an object an owner
// (R8), since garbage collection removes what belongs to an app that is gone. Ownership is by UID.

import { ANNOTATION } from '../api/names.ts';
import { podName } from '../identity/member-names.ts';
import type { KubeObject } from '../kube/objects.ts';
import { RESOURCES } from '../kube/resources.ts';
import type { Action } from '../plan/types.ts';
import type { Disk } from '../volumes/volume-view.ts';
import { type Hands, type Job, Stale, settle } from './hands.ts';
import { look, lookAtVolume } from './look.ts';
import { APPS } from './resources.ts';

/**
 * Returns the app as it is at the API server; throws Stale when it is gone or going, as does RecheckDeletionTimestamp of
 * Kubernetes pkg/controller/controller_ref_manager.go.
 */
export async function confirmOwner({ client, cache, steadyMs }: Hands, { key, observed }: Job): Promise<KubeObject> {
  const { name, namespace, uid, resourceVersion } = observed.app;
  const app = await client.get(APPS, { namespace, name });
  if (app?.metadata.uid === uid && app.metadata.deletionTimestamp === undefined) {
    if (app.metadata.resourceVersion === resourceVersion) cache.confirmed(key);
    return app;
  }
  // Its watch will tell more; until then there is nothing to do for it.
  cache.died(key, { uid, atMs: steadyMs() });
  const why = app?.metadata.uid === uid ? 'is being deleted' : 'is not the one that was planned for';
  throw new Stale(`app ${namespace}/${name} ${why}`);
}

/** The same, and throws Stale when it asks for something else by now. */
export async function confirmSpec(hands: Hands, job: Job): Promise<KubeObject> {
  const { name, namespace, generation } = job.observed.app;
  const app = await confirmOwner(hands, job);
  if (app.metadata.generation !== generation) throw new Stale(`app ${namespace}/${name} has changed since`);
  return app;
}

/**
 * Whether the app is as the plan saw it, its ledger included; asked until it was once. A process that has just begun to lead
 * may plan on a view from before what its predecessor did, and would make a pod whose forerunner may still run (R1;
 * simulator, seed 22261).
 */
export async function isCurrent(hands: Hands, job: Job): Promise<boolean> {
  if (hands.cache.isConfirmed(job.key)) return true;
  try {
    const object = await confirmOwner(hands, job);
    if (object.metadata.resourceVersion === job.observed.app.resourceVersion) return true;
    settle(hands, job, { resource: APPS, object });
    return false;
  } catch (error) {
    if (error instanceof Stale) return false;
    throw error;
  }
}

/** Returns the victim as it is at the API server; throws Stale when the plan no longer holds. */
export async function confirmRemoval(
  hands: Hands,
  job: Job,
  victim: Action & { type: 'deletePod' },
): Promise<KubeObject> {
  const { namespace, uid } = job.observed.app;
  const [app, pod] = await Promise.all([
    confirmSpec(hands, job),
    hands.client.get(RESOURCES.pods, { namespace, name: victim.name }),
  ]);
  if (victim.because === 'rebuild') confirmRequest(job, app);
  if (pod?.metadata.uid !== victim.uid) throw new Stale(`pod ${victim.name} is not the one that was planned for`);
  if (pod.metadata.deletionTimestamp !== undefined) throw new Stale(`pod ${victim.name} is being deleted already`);
  const owner = pod.metadata.ownerReferences?.find((reference) => reference.controller === true);
  if (owner?.uid !== uid) throw new Stale(`pod ${victim.name} does not belong to this app any more`);
  return pod;
}

/** A look is as good as new for so long: time for a pod that has stopped to be gone. */
const FRESH_MS = 1000;

export interface Mounts {
  readonly disks: readonly Disk[];
  /** The UID of the pod that another follows: a look from when that went will do, unless it is too long ago. */
  readonly after?: string | undefined;
}

/** Throws Stale when one of these disks is not the one that is to be there (R12). */
export async function confirmDisks(hands: Hands, job: Job, { disks, after }: Mounts): Promise<void> {
  const sinceMs = hands.steadyMs() - FRESH_MS;
  await Promise.all(
    disks.map(async ({ claim, volume, disk }) => {
      const seen = after === undefined ? undefined : hands.cache.lookFor(job.key, { volume, pod: after, sinceMs });
      const found = seen ?? (await lookAtVolume(hands, job, { name: volume }));
      if (found.disk !== disk) throw new Stale(`another disk is behind claim ${claim}: volume ${volume}`);
    }),
  );
}

/**
 * Throws Stale unless the claim is as it was planned for, and its app wants it no more while no pod has its member's name, or
 * still asks for the rebuild (R3, R7). A pod that no watch shows is seen by the next plan, or that would try the same for
 * ever (simulator, seed 754).
 */
export async function confirmClaimRemoval(
  hands: Hands,
  job: Job,
  victim: Action & { type: 'deleteClaim' },
): Promise<void> {
  const { name, namespace } = job.observed.app;
  const member = podName(name, victim.ordinal);
  const isRebuilt = victim.because === 'rebuild';
  const [app, claim, isThere] = await Promise.all([
    confirmSpec(hands, job),
    hands.client.get(RESOURCES.persistentvolumeclaims, { namespace, name: victim.name }),
    isRebuilt ? false : look(hands, job, { kind: 'Pod', name: member }),
  ]);
  if (isRebuilt) confirmRequest(job, app);
  if (isThere) throw new Stale(`pod ${member} is there`);
  if (claim?.metadata.uid !== victim.uid) throw new Stale(`claim ${victim.name} is not the one that was planned for`);
}

/** Annotations change without a new generation. */
export function confirmRequest({ observed }: Job, { metadata }: KubeObject): void {
  const { name, namespace, annotations } = observed.app;
  if (metadata.annotations?.[ANNOTATION.rebuild] === annotations[ANNOTATION.rebuild]) return;
  throw new Stale(`app ${namespace}/${name} asks for another rebuild since`);
}
