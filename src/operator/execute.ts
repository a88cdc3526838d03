// Carries a plan out and tells what came of it. Obeys: it decides nothing but what an answer of the API server means. A
// create that finds its name taken, and a change that finds another object or version, are never success: the plan is
// dropped and the app is looked at again. Lacks the requests themselves (perform.ts), retries (the queue's) and order
// across apps.

import { KubeError } from '../kube/errors.ts';
import { actionKey, describe, isRead, subjectOf } from '../plan/describe.ts';
import type { Action, StrayKind } from '../plan/types.ts';
import { AFTERWARDS_MS, Altered, type Hands, type Job, Stale } from './hands.ts';
import { inLanes } from './lanes.ts';
import { look, lookAgain } from './look.ts';
import { perform } from './perform.ts';
import { isCurrent } from './reread.ts';
import { errorText } from './telemetry.ts';
import { tellDone } from './tidings.ts';

/** Their echoes wake nobody (perform.ts). */
const QUIET: readonly Action['type'][] = ['createClaim', 'createPod'];

/**
 * Resolves to the milliseconds after which the app has to be looked at again, unless it need not be; rejects when the
 * API server could not be asked.
 */
export async function execute(hands: Hands, job: Job, actions: readonly Action[]): Promise<number | undefined> {
  if (!actions.every(isRead) && !(await isCurrent(hands, job))) return hands.gate.behind(job.key);
  const times: number[] = [];
  let isBehind = false;
  const done: Action[] = [];
  try {
    await inLanes(actions, async (action) => {
      const result = await attempt(hands, job, action);
      if (result === 'done') done.push(action);
      if (result === 'stale') isBehind = true;
      else if (result === 'refused' || isRead(action)) times.push(0);
      return result === 'done';
    });
  } finally {
    tellDone(hands.events, { app: job.observed.app, done, waitedMs: job.waitedMs });
  }
  // What the view was behind of is told by a watch; should that be late, another plan on the same view is of no use.
  if (isBehind) times.push(hands.gate.behind(job.key));
  if (done.some(({ type }) => QUIET.includes(type))) times.push(AFTERWARDS_MS);
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

/** What a failure means: null when it says nothing about the action, and the queue has to try again. */
async function understand(hands: Hands, failed: { job: Job; action: Action; error: unknown }): Promise<Result | null> {
  const { job, action, error } = failed;
  if (error instanceof Stale) {
    await lookAgain(hands, job, action);
    return 'stale';
  }
  if (error instanceof Altered) {
    hands.gate.refused(job.key, { key: actionKey(action), message: error.message, atMs: hands.steadyMs() });
    return 'refused';
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

/** Whether something was found under the name. */
async function lookAtTaken(hands: Hands, job: Job, action: Action): Promise<boolean> {
  const kinds: Readonly<Record<string, StrayKind>> = {
    createPod: 'Pod',
    createClaim: 'PersistentVolumeClaim',
    createService: 'Service',
    createRevision: 'ControllerRevision',
  };
  const kind = kinds[action.type];
  return kind !== undefined && (await look(hands, job, { kind, name: subjectOf(action) })) !== undefined;
}

function refuse(
  { gate, events, steadyMs }: Hands,
  { job, action }: { job: Job; action: Action },
  error: KubeError,
): void {
  const message = error.serverMessage ?? error.why;
  const what = triedFor(action, error);
  const read = error.verb === 'get' ? ({ read: true } as const) : {};
  const refusal = { key: actionKey(action), ...(what === undefined ? {} : { what }), ...read, message };
  gate.refused(job.key, { ...refusal, atMs: steadyMs() });
  events.tell(job.observed.app, {
    type: 'Warning',
    reason: 'Refused',
    message: `${what ?? `cannot ${describe(action)}`}. The API server says: ${message}`,
  });
}

/** What the refusal of a trial means: the action itself was not even asked for. */
function triedFor(action: Action, { verb, object }: KubeError): string | undefined {
  if (action.type === 'createRevision' && object.kind === 'PodTemplate') return 'spec.template is refused';
  if (action.type === 'deletePod' && verb === 'create')
    return `${action.name} is not replaced, since its successor would be refused`;
  return undefined;
}
