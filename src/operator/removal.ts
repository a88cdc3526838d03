// How objects go: the last look at what a removal rests on (reread.ts), and the request, which names what was decided on (R2, R3). Lacks
// any reading of failures (execute.ts).

import type { Action, StrayKind } from '../plan/types.ts';
import { type Hands, type Job, STRAY_RESOURCES, settle } from './hands.ts';
import { lookAgain } from './look.ts';
import { confirmClaimRemoval, confirmDisks, confirmOwner, confirmRemoval } from './reread.ts';
import { confirmLost } from './reread-node.ts';
import { trySuccessor } from './trial.ts';

export async function deleteRevision(
  hands: Hands,
  job: Job,
  { name, uid, resourceVersion }: Action & { type: 'deleteRevision' },
): Promise<void> {
  await confirmOwner(hands, job);
  return remove(hands, job, { kind: 'ControllerRevision', name, uid, resourceVersion });
}

export async function deleteClaim(hands: Hands, job: Job, victim: Action & { type: 'deleteClaim' }): Promise<void> {
  const { name, uid, resourceVersion } = victim;
  await confirmClaimRemoval(hands, job, victim);
  return remove(hands, job, { kind: 'PersistentVolumeClaim', name, uid, resourceVersion });
}

interface Victim {
  readonly kind: StrayKind;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  /** Absent: what the object says of itself. */
  readonly graceSeconds?: number;
}

/** Until its watch has told of it, nothing else is planned. */
async function remove(
  hands: Hands,
  job: Job,
  { kind, name, uid, resourceVersion, graceSeconds }: Victim,
): Promise<void> {
  const resource = STRAY_RESOURCES[kind];
  const { namespace } = job.observed.app;
  const options = { uid, resourceVersion, gracePeriodSeconds: graceSeconds };
  const result = await hands.client.delete(resource, { namespace, name }, options);
  if (result.kind === 'terminating') settle(hands, job, { resource, object: result.object });
  // The watch may have told of it before the answer came.
  else if (hands.cache.shows(job.key, { kind, name, uid })) hands.gate.removed(job.key, uid);
}

export async function deletePod(hands: Hands, job: Job, victim: Action & { type: 'deletePod' }): Promise<void> {
  const { name, uid } = victim;
  if (victim.because === 'lost') return deleteLost(hands, job, victim);
  const [resourceVersion] = await Promise.all([
    lastLook(hands, job, victim),
    confirmDisks(hands, job, { disks: victim.disks ?? [] }),
  ]);
  await remove(hands, job, { kind: 'Pod', name, uid, resourceVersion });
  await lookAgain(hands, job, victim);
}

/**
 * Without grace, since nobody is there to stop it. What its kubelet would have said is known from now on, whatever comes of
 * the request: the proof was read a moment ago, and holds for this very pod (R1).
 */
async function deleteLost(hands: Hands, job: Job, victim: Action & { type: 'deletePod' }): Promise<void> {
  const { name, uid } = victim;
  const { resourceVersion, proof } = await confirmLost(hands, job, victim);
  await confirmDisks(hands, job, { disks: victim.disks ?? [] });
  if (proof.by !== 'nodeGone') hands.cache.provenDead(job.key, uid);
  await remove(hands, job, { kind: 'Pod', name, uid, resourceVersion, graceSeconds: 0 });
  await lookAgain(hands, job, victim);
}

/** The resourceVersion that the removal still holds for. */
async function lastLook(hands: Hands, job: Job, victim: Action & { type: 'deletePod' }): Promise<string> {
  if (victim.because === 'ended') return victim.resourceVersion;
  const looked = confirmRemoval(hands, job, victim);
  if (victim.because !== 'outdated' && victim.because !== 'broken') return (await looked).metadata.resourceVersion;
  await Promise.all([looked, trySuccessor(hands, job, { looked, successor: victim.successor })]);
  // That it is broken, or may be spared, was decided on its state (R2).
  return victim.resourceVersion;
}
