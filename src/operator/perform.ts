// One arm per action: the requests that it takes, and what of the answers the next plan has to know. Lacks any reading of
// failures (execute.ts): it rejects with what the API server said, or with Stale.

import { MANAGER } from '../api/names.ts';
import { podName } from '../identity/member-names.ts';
import { controllerOf } from '../identity/owner.ts';
import type { KubeObject, KubeObjectInput } from '../kube/objects.ts';
import { type ApiResource, RESOURCES } from '../kube/resources.ts';
import type { Action, Patch } from '../plan/types.ts';
import { Altered, type Hands, type Job, Stale, settle } from './hands.ts';
import { look, lookAtNode, strayOf, survey, tryVolume } from './look.ts';
import { deleteClaim, deletePod, deleteRevision } from './removal.ts';
import { confirmDisks, confirmOwner, confirmSpec } from './reread.ts';
import { confirmDeadNode } from './reread-node.ts';
import { tryTemplate } from './trial.ts';

/** What it resolves to means nothing. */
export async function perform(hands: Hands, job: Job, action: Action): Promise<unknown> {
  switch (action.type) {
    case 'survey':
      return survey(hands, job, action);
    case 'look':
      return look(hands, job, { kind: action.kind, name: action.name });
    case 'readVolume':
      return tryVolume(hands, job, action);
    case 'readNode':
      return lookAtNode(hands, action.name);
    case 'createService':
      return create(hands, job, { resource: RESOURCES.services, object: action.object });
    case 'createRevision':
      return createRevision(hands, job, action);
    case 'deleteRevision':
      return deleteRevision(hands, job, action);
    case 'createClaim':
      return createClaim(hands, job, action);
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

interface Made {
  readonly resource: ApiResource;
  readonly object: object;
  readonly isQuiet?: boolean;
}

async function create(hands: Hands, job: Job, { object: made, ...how }: Made): Promise<KubeObject> {
  const object = await hands.client.create(how.resource, made as KubeObjectInput, { fieldManager: MANAGER });
  settle(hands, job, { ...how, object });
  return object;
}

async function createClaim(hands: Hands, job: Job, { object }: Action & { type: 'createClaim' }): Promise<void> {
  const made = await create(hands, job, { resource: RESOURCES.persistentvolumeclaims, object, isQuiet: true });
  hands.cache.madeClaim(job.key, made);
}

async function createPod(hands: Hands, job: Job, action: Action & { type: 'createPod' }): Promise<void> {
  const { object, unless, deadNode, disks = [], after, foretold } = action;
  if (unless !== undefined) await confirmLostRevision(hands, job, unless);
  if (deadNode !== undefined) await confirmDeadNode(hands, deadNode);
  await confirmDisks(hands, job, { disks, after });
  const made = await create(hands, job, { resource: RESOURCES.pods, object, isQuiet: true });
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
