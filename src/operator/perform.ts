// One arm per action: the requests that it takes, and what of the answers the next plan has to know. Lacks any reading of
// failures (execute.ts): it rejects with what the API server said, or with Stale.

import { MANAGER } from '../api/names.ts';
import { podName } from '../identity/member-names.ts';
import { controllerOf } from '../identity/owner.ts';
import type { KubeObject, KubeObjectInput } from '../kube/objects.ts';
import { type ApiResource, RESOURCES } from '../kube/resources.ts';
import type { Action, Patch, StrayKind } from '../plan/types.ts';
import { Altered, type Hands, type Job, STRAY_RESOURCES, Stale, settle } from './hands.ts';
import { look, lookAgain, lookAtNode, strayOf, survey, tryVolume } from './look.ts';
import { confirmClaimRemoval, confirmDisks, confirmOwner, confirmRemoval, confirmSpec } from './reread.ts';
import { confirmDeadNode, confirmLost } from './reread-node.ts';
import { trySuccessor, tryTemplate } from './trial.ts';

/** What it resolves to means nothing. */
export async function perform(hands: Hands, job: Job, action: Action): Promise<unknown> {
  switch (action.type) {
    case 'survey':
      return survey(hands, job, action);
    case 'look':
      return look(hands, job, { kind: action.kind, name: action.name });
    case 'readVolume':
      return tryVolume(hands, job, action.name);
    case 'readNode':
      return lookAtNode(hands, action.name);
    case 'createService':
      return create(hands, job, { resource: RESOURCES.services, object: action.object });
    case 'createRevision':
      return createRevision(hands, job, action);
    case 'deleteRevision':
      return deleteRevision(hands, job, action);
    case 'createClaim':
      return create(hands, job, { resource: RESOURCES.persistentvolumeclaims, object: action.object });
    case 'createPod':
      return createPod(hands, job, action);
    case 'applyService':
      await confirmOwner(hands, job);
      return apply(hands, job, action.object);
    case 'releaseService':
    case 'adoptService':
      return patch(hands, job, { resource: RESOURCES.services, ...action });
    case 'renumberRevision':
    case 'adoptRevision':
      return patch(hands, job, { resource: RESOURCES.controllerrevisions, ...action });
    case 'stampClaim':
      return patch(hands, job, { resource: RESOURCES.persistentvolumeclaims, ...action });
    case 'keepClaim':
      // Whoever gets it takes it with it: by the policy as it is now, not as a view that is behind shows it (R3).
      if (action.keeper !== 'nobody') await confirmSpec(hands, job);
      if (action.keeper === 'pod') await confirmKeeper(hands, job, action.ordinal);
      await write(hands, job, { resource: RESOURCES.persistentvolumeclaims, ...action });
      return;
    case 'changeClaim':
    case 'labelClaim':
      return changeClaim(hands, job, action);
    case 'adoptPod':
    case 'releasePod':
      return patch(hands, job, { resource: RESOURCES.pods, ...action });
    case 'deletePod':
      return deletePod(hands, job, action);
    case 'deleteClaim':
      return deleteClaim(hands, job, action);
    default:
      return action satisfies never;
  }
}

/**
 * One that lost our label is shown by no watch of ours, and is as good as it was; so is one that a former app has let go, of
 * which a watch that lags has not told yet (simulator, seed 689 of volumes).
 */
async function confirmLostRevision(hands: Hands, job: Job, name: string): Promise<void> {
  const found = await look(hands, job, { kind: 'ControllerRevision', name });
  const owner = controllerOf(found?.metadata);
  if (found !== undefined && (owner === null || owner.uid === job.observed.app.uid))
    throw new Stale(`ControllerRevision ${name} is there`);
}

/**
 * A pod that no watch shows may be gone: garbage collection takes the reference to it off again, as often as it is set
 * (simulator, seed 3 of volumes).
 */
async function confirmKeeper(hands: Hands, job: Job, ordinal: number): Promise<void> {
  const name = podName(job.observed.app.name, ordinal);
  const isStray = job.observed.strays.some((stray) => stray.kind === 'Pod' && stray.name === name);
  if (isStray && !(await look(hands, job, { kind: 'Pod', name }))) throw new Stale(`pod ${name} is gone`);
}

async function create(hands: Hands, job: Job, made: { resource: ApiResource; object: object }): Promise<KubeObject> {
  const object = await hands.client.create(made.resource, made.object as KubeObjectInput, { fieldManager: MANAGER });
  settle(hands, job, { resource: made.resource, object });
  return object;
}

async function createPod(hands: Hands, job: Job, action: Action & { type: 'createPod' }): Promise<void> {
  const { object, unless, deadNode, disks = [], foretold } = action;
  if (unless !== undefined) await confirmLostRevision(hands, job, unless);
  if (deadNode !== undefined) await confirmDeadNode(hands, deadNode);
  await confirmDisks(hands, job, disks);
  const made = await create(hands, job, { resource: RESOURCES.pods, object });
  // Until its watch shows it: should it come and go unseen, an older pod's end says nothing about this one (R1).
  hands.cache.made(job.key, { object: made, atMs: hands.steadyMs() });
  if (foretold !== true) hands.gate.made(job.key);
}

/**
 * A template that is only another way to write one that we have becomes its alias, and moves nobody: whatever else was
 * planned rests on a revision that there will not be (simulator, seeds 7 and 8).
 */
async function createRevision(
  hands: Hands,
  job: Job,
  { object, trial }: Action & { type: 'createRevision' },
): Promise<void> {
  const resource = RESOURCES.controllerrevisions;
  const rival = await tryTemplate(hands, job, trial);
  if (rival === undefined) {
    await create(hands, job, { resource, object });
    return;
  }
  await patch(hands, job, { resource, name: rival.revision.name, patch: rival.patch });
  throw new Stale(`the template is another way to write ${rival.revision.name}`);
}

async function deleteRevision(
  hands: Hands,
  job: Job,
  { name, uid, resourceVersion }: Action & { type: 'deleteRevision' },
): Promise<void> {
  await confirmOwner(hands, job);
  return remove(hands, job, { kind: 'ControllerRevision', name, uid, resourceVersion });
}

async function deleteClaim(hands: Hands, job: Job, victim: Action & { type: 'deleteClaim' }): Promise<void> {
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

async function apply(hands: Hands, job: Job, object: object): Promise<void> {
  // Forced: the three fields are ours, whoever else has set them.
  const options = { fieldManager: MANAGER, force: true };
  const applied = await hands.client.apply(RESOURCES.services, object as KubeObjectInput, options);
  settle(hands, job, { resource: RESOURCES.services, object: applied });
}

interface Change {
  readonly resource: ApiResource;
  readonly name: string;
  readonly patch: Patch;
}

async function patch(hands: Hands, job: Job, change: Change): Promise<KubeObject> {
  if ((change.patch.metadata.ownerReferences ?? []).length > 0) await confirmOwner(hands, job);
  return write(hands, job, change);
}

async function write(hands: Hands, job: Job, change: Change): Promise<KubeObject> {
  const ref = { namespace: job.observed.app.namespace, name: change.name };
  const options = { type: 'merge', body: change.patch, fieldManager: MANAGER } as const;
  const object = await hands.client.patch(change.resource, ref, options);
  settle(hands, job, { resource: change.resource, object });
  // Until a watch shows it, this is how it was last seen.
  const stray = strayOf(job, object.metadata.uid);
  if (stray !== undefined) hands.cache.read(job.key, { ...stray, object, atMs: hands.steadyMs() });
  return object;
}

/**
 * What is changed on its way (a webhook that sets a label back) is as good as refused: asked for at once again, and again,
 * it would be a hot loop.
 */
async function changeClaim(
  hands: Hands,
  job: Job,
  change: Action & { type: 'changeClaim' | 'labelClaim' },
): Promise<void> {
  const { metadata } = await patch(hands, job, { resource: RESOURCES.persistentvolumeclaims, ...change });
  const { labels = {}, annotations = {} } = change.patch.metadata;
  const altered = [...unlike(metadata.labels, labels), ...unlike(metadata.annotations, annotations)];
  if (altered.length > 0) throw new Altered(`it was taken, and ${altered.join(', ')} set to something else on its way`);
}

function unlike(found: Readonly<Record<string, string>> = {}, asked: Readonly<Record<string, string | null>>) {
  return Object.entries(asked).flatMap(([key, value]) => ((found[key] ?? null) === value ? [] : [key]));
}

async function deletePod(hands: Hands, job: Job, victim: Action & { type: 'deletePod' }): Promise<void> {
  const { name, uid } = victim;
  if (victim.because === 'lost') return deleteLost(hands, job, victim);
  const resourceVersion = victim.because === 'ended' ? victim.resourceVersion : await lastLook(hands, job, victim);
  await confirmDisks(hands, job, victim.disks ?? []);
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
  await confirmDisks(hands, job, victim.disks ?? []);
  if (proof.by !== 'nodeGone') hands.cache.provenDead(job.key, uid);
  await remove(hands, job, { kind: 'Pod', name, uid, resourceVersion, graceSeconds: 0 });
  await lookAgain(hands, job, victim);
}

/** The resourceVersion that the removal still holds for. */
async function lastLook(hands: Hands, job: Job, victim: Action & { type: 'deletePod' }): Promise<string> {
  const pod = await confirmRemoval(hands, job, victim);
  if (victim.because !== 'outdated' && victim.because !== 'broken') return pod.metadata.resourceVersion;
  await trySuccessor(hands, job, { pod, successor: victim.successor });
  // That it is broken, or may be spared, was decided on its state (R2).
  return victim.resourceVersion;
}
