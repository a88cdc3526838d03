// Carries a plan out, one arm per action. Obeys: it decides nothing but what an answer of the API server means. A create
// that finds its name taken, and a change that finds another object or version, are never success: the plan is dropped
// and the app is looked at again. Lacks retries (the queue's) and order across apps.

import { MANAGER } from '../api/names.ts';
import { KubeError } from '../kube/errors.ts';
import type { KubeObjectInput } from '../kube/objects.ts';
import { type ApiResource, RESOURCES } from '../kube/resources.ts';
import { actionKey, describe, isRead, subjectOf } from '../plan/describe.ts';
import type { Action, Patch, StrayKind } from '../plan/types.ts';
import { type Hands, type Job, Stale, settle } from './hands.ts';
import { inLanes } from './lanes.ts';
import { look, survey } from './look.ts';
import { confirmOwner, confirmRemoval, isCurrent } from './reread.ts';
import { errorText } from './telemetry.ts';

/**
 * Resolves to the milliseconds after which the app has to be looked at again, unless it need not be; rejects when the
 * API server could not be asked.
 */
export async function execute(hands: Hands, job: Job, actions: readonly Action[]): Promise<number | undefined> {
  if (!actions.every(isRead) && !(await isCurrent(hands, job))) return hands.gate.behind(job.key);
  const times: number[] = [];
  let isBehind = false;
  await inLanes(actions, async (action) => {
    const result = await attempt(hands, job, action);
    if (result === 'stale') isBehind = true;
    else if (result === 'refused' || isRead(action)) times.push(0);
    return result === 'done';
  });
  // What the view was behind of is told by a watch; should that be late, another plan on the same view is of no use.
  if (isBehind) times.push(hands.gate.behind(job.key));
  return times.length > 0 ? Math.min(...times) : undefined;
}

type Result = 'done' | 'refused' | 'stale';

async function attempt(hands: Hands, job: Job, action: Action): Promise<Result> {
  const { telemetry, gate, log } = hands;
  try {
    await perform(hands, job, action);
    gate.accepted(job.key, actionKey(action));
    if (!isRead(action)) gate.caughtUp(job.key);
    telemetry.acted(action.type, 'done');
    if (!isRead(action)) log.info({ app: job.key, action: action.type, object: subjectOf(action) }, describe(action));
    tell(hands, job, action);
    return 'done';
  } catch (error) {
    const result = await understand(hands, { job, action, error });
    telemetry.acted(action.type, result ?? 'failed');
    if (result === null) throw error;
    log.info(
      { app: job.key, action: action.type, object: subjectOf(action), err: errorText(error) },
      `${result}: ${describe(action)}`,
    );
    return result;
  }
}

async function perform(hands: Hands, job: Job, action: Action): Promise<void> {
  switch (action.type) {
    case 'survey':
      return survey(hands, job, action);
    case 'look':
      await look(hands, job, { kind: action.kind, name: action.name });
      return;
    case 'createService':
      return create(hands, job, { resource: RESOURCES.services, object: action.object });
    case 'createRevision':
      return create(hands, job, { resource: RESOURCES.controllerrevisions, object: action.object });
    case 'createClaim':
      return create(hands, job, { resource: RESOURCES.persistentvolumeclaims, object: action.object });
    case 'createPod':
      return create(hands, job, { resource: RESOURCES.pods, object: action.object });
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
    case 'adoptPod':
      return patch(hands, job, { resource: RESOURCES.pods, ...action });
    case 'deletePod':
      return deletePod(hands, job, action);
    default:
      return action satisfies never;
  }
}

async function create(hands: Hands, job: Job, made: { resource: ApiResource; object: object }): Promise<void> {
  const object = await hands.client.create(made.resource, made.object as KubeObjectInput, { fieldManager: MANAGER });
  settle(hands, job, { resource: made.resource, object });
  // Until its watch shows it: should it come and go unseen, an older pod's end says nothing about this one (R1).
  if (made.resource !== RESOURCES.pods) return;
  hands.cache.made(job.key, { object, atMs: hands.steadyMs() });
  hands.gate.made(job.key);
}

async function apply(hands: Hands, job: Job, object: object): Promise<void> {
  // Forced: the three fields are ours, whoever else has set them.
  const options = { fieldManager: MANAGER, force: true };
  const applied = await hands.client.apply(RESOURCES.services, object as KubeObjectInput, options);
  settle(hands, job, { resource: RESOURCES.services, object: applied });
}

async function patch(
  hands: Hands,
  job: Job,
  change: { resource: ApiResource; name: string; patch: Patch },
): Promise<void> {
  if ((change.patch.metadata.ownerReferences ?? []).length > 0) await confirmOwner(hands, job);
  const ref = { namespace: job.observed.app.namespace, name: change.name };
  const options = { type: 'merge', body: change.patch, fieldManager: MANAGER } as const;
  const object = await hands.client.patch(change.resource, ref, options);
  settle(hands, job, { resource: change.resource, object });
  // Until a watch shows it, this is how it was last seen.
  const stray = strayOf(job, object.metadata.uid);
  if (stray !== undefined) hands.cache.read(job.key, { ...stray, object, atMs: hands.steadyMs() });
}

async function deletePod(hands: Hands, job: Job, victim: Action & { type: 'deletePod' }): Promise<void> {
  const { namespace } = job.observed.app;
  const resourceVersion =
    victim.because === 'ended' ? victim.resourceVersion : await confirmRemoval(hands, job, victim);
  const ref = { namespace, name: victim.name };
  const result = await hands.client.delete(RESOURCES.pods, ref, { uid: victim.uid, resourceVersion });
  if (result.kind === 'terminating') settle(hands, job, { resource: RESOURCES.pods, object: result.object });
  // The watch may have told of it before the answer came.
  else if (hands.cache.shows(job.key, victim)) hands.gate.removed(job.key, victim.uid);
  await lookAgain(hands, job, victim);
}

/** What a failure means: null when it says nothing about the action, and the queue has to try again. */
async function understand(hands: Hands, failed: { job: Job; action: Action; error: unknown }): Promise<Result | null> {
  const { job, action, error } = failed;
  if (error instanceof Stale) {
    await lookAgain(hands, job, action);
    return 'stale';
  }
  // A read that is refused leaves unknown what it was to tell (R7), and the plan would ask for it again at once.
  if (!(error instanceof KubeError) || isRead(action)) return null;
  switch (error.code) {
    case 'AlreadyExists':
      // Mostly the look explains it, and the next plan waits for what it found.
      if (!(await lookAtTaken(hands, job, action))) refuse(hands, failed, error);
      return 'stale';
    case 'Conflict':
      await lookAgain(hands, job, action);
      return 'stale';
    case 'NotFound':
      // A create finds its namespace gone; everything else finds its object gone.
      if (!action.type.startsWith('create')) {
        await lookAgain(hands, job, action);
        return 'stale';
      }
      refuse(hands, failed, error);
      return 'refused';
    case 'Forbidden':
    case 'Invalid':
    case 'BadRequest':
      refuse(hands, failed, error);
      return 'refused';
    default:
      return null;
  }
}

/** No watch tells what became of a stray: without this, the next plans would rest on what it was (simulator, seed 335). */
async function lookAgain(hands: Hands, job: Job, action: Action): Promise<void> {
  const stray = 'uid' in action ? strayOf(job, action.uid) : undefined;
  if (stray !== undefined) await look(hands, job, stray);
}

function strayOf({ observed }: Job, uid: string): { readonly kind: StrayKind; readonly name: string } | undefined {
  const stray = observed.strays.find(({ view }) => view.uid === uid);
  return stray && { kind: stray.kind, name: stray.name };
}

/** Whether something was found under the name. */
async function lookAtTaken(hands: Hands, job: Job, action: Action): Promise<boolean> {
  const kinds: Readonly<Record<string, StrayKind>> = {
    createPod: 'Pod',
    createClaim: 'PersistentVolumeClaim',
    createService: 'Service',
    createRevision: 'ControllerRevision',
  };
  const kind = kinds[action.type];
  return kind !== undefined && (await look(hands, job, { kind, name: subjectOf(action) }));
}

function refuse(
  { gate, events, steadyMs }: Hands,
  { job, action }: { job: Job; action: Action },
  error: KubeError,
): void {
  const words = error.serverMessage ?? error.why;
  gate.refused(job.key, { key: actionKey(action), message: words, atMs: steadyMs() });
  events.tell(job.observed.app, {
    type: 'Warning',
    reason: 'Refused',
    message: `cannot ${describe(action)}. The API server says: ${words}`,
  });
}

const EVENT_REASONS: Readonly<Partial<Record<Action['type'], string>>> = {
  createService: 'SuccessfulCreate',
  createClaim: 'SuccessfulCreate',
  createPod: 'SuccessfulCreate',
  adoptPod: 'Adopted',
  stampClaim: 'Adopted',
  adoptService: 'Adopted',
  releaseService: 'Released',
  createRevision: 'NewRevision',
  renumberRevision: 'NewRevision',
  deletePod: 'SuccessfulDelete',
};

function tell({ events }: Hands, { observed }: Job, action: Action): void {
  const reason = EVENT_REASONS[action.type];
  if (reason !== undefined) events.tell(observed.app, { type: 'Normal', reason, message: describe(action) });
}
