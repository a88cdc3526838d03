// One pass over one app: observe, plan, check, execute, and the status behind. Everything that is decided is decided by
// the plan.

import { sameJson } from '../identity/json.ts';
import { formatTime } from '../identity/time.ts';
import type { Clock } from '../kube/clock.ts';
import { KubeError } from '../kube/errors.ts';
import { checkPlan } from '../plan/invariants.ts';
import { observe } from '../plan/observe.ts';
import { plan as makePlan } from '../plan/plan.ts';
import type { Observed, Plan } from '../plan/types.ts';
import { execute } from './execute.ts';
import { AFTERWARDS_MS, type Hands, type Job, settle } from './hands.ts';
import type { Outcome } from './queue.ts';
import { APPS } from './resources.ts';
import { patienceMs, STATUS_EVERY_MS } from './status-pace.ts';
import { errorText } from './telemetry.ts';

export interface Pass extends Hands {
  readonly clock: Clock;
}

const BROKEN_FOR_MS = 300_000;
/** A status that the API server found invalid is offered again when the app changes, or after this time. */
const STATUS_REFUSED_MS = 300_000;

export async function reconcile(pass: Pass, key: string, waitedMs = 0): Promise<Outcome> {
  const { gate, rest, clock } = pass;
  try {
    if (!gate.enter(key)) return gate.isUntold(key) ? wakeIn([await tellAnew(pass, { key, waitedMs })]) : {};
    const restMs = rest.leftMs(key, clock.monotonic());
    if (restMs > 0) return Number.isFinite(restMs) ? { wakeInMs: restMs } : {};
    rest.begins(key);
    const job = turnOf(pass, key, waitedMs);
    if (job === null) return {};
    const { plan, breaches } = decide(job.observed);
    const outcome = await (plan === null ? stopApp(pass, job, breaches) : carryOut(pass, job, plan));
    rest.until(key, clock.monotonic() + (outcome.wakeInMs ?? Number.POSITIVE_INFINITY));
    return outcome;
  } catch (error) {
    pass.log.warn({ app: key, err: errorText(error) }, 'the pass failed and is tried again');
    return { failed: true, retryAfterMs: error instanceof KubeError ? error.retryAfterMs : undefined };
  }
}

function turnOf({ cache, gate, nowMs, wallOffsetMs }: Pass, key: string, waitedMs: number): Job | null {
  const offsetMs = wallOffsetMs();
  const sighting = cache.sight(key, nowMs(), offsetMs);
  if (sighting !== null) gate.asks(key, sighting.app.generation);
  return sighting && { key, waitedMs, observed: observe({ ...sighting, refusals: gate.refusalsOf(key, offsetMs) }) };
}

function wakeIn(times: readonly (number | undefined)[]): Outcome {
  const coming = times.filter((time) => time !== undefined);
  return coming.length > 0 ? { wakeInMs: Math.max(0, Math.min(...coming)) } : {};
}

/** No plan without a check. One that throws is as wrong as one that breaks a rule. */
function decide(observed: Observed): { readonly plan: Plan | null; readonly breaches: readonly string[] } {
  try {
    const plan = makePlan(observed);
    const breaches = checkPlan(observed, plan);
    return { plan: breaches.length > 0 ? null : plan, breaches };
  } catch (error) {
    return { plan: null, breaches: [`the planner failed: ${errorText(error)}`] };
  }
}

async function carryOut(pass: Pass, job: Job, plan: Plan): Promise<Outcome> {
  if (plan.statusFirst) {
    return { wakeInMs: (await writeStatus(pass, job, plan.status)) ?? 0 };
  }
  const againInMs = await execute(pass, job, plan.actions);
  const knowsMore =
    pass.gate.isUntold(job.key) ||
    plan.actions.some((action) => action.type === 'readVolume' && action.leaving === undefined);
  const statusInMs = await (knowsMore ? tellAnew(pass, job) : keepStatus(pass, job, plan));
  return wakeIn([againInMs, statusInMs, plan.wakeAtMs === undefined ? undefined : plan.wakeAtMs - pass.nowMs()]);
}

/**
 * The status with what was just read, and with the pods that were just made, whether or not a watch shows them yet: should this
 * process die before one does, and such a pod go unseen, the ledger alone tells the next that it may still run (R1; simulator,
 * seed 6149).
 */
async function tellAnew(pass: Pass, { key, waitedMs }: Pick<Job, 'key' | 'waitedMs'>): Promise<number | undefined> {
  const job = turnOf(pass, key, waitedMs);
  const plan = job === null ? null : decide(job.observed).plan;
  return job === null || plan === null ? undefined : keepStatus(pass, job, plan);
}

/** Writes the status when it is due; returns in how many milliseconds it will be, if it is not yet. */
async function keepStatus(pass: Pass, job: Job, plan: Plan): Promise<number | undefined> {
  const { gate, clock } = pass;
  const stored = job.observed.app.status;
  if (sameJson(plan.status, stored)) {
    gate.told(job.key);
    return undefined;
  }
  const acts = plan.actions.length > 0;
  const now = clock.monotonic();
  const age = now - gate.statusWrittenAtMs(job.key);
  const isUntold = gate.isUntold(job.key);
  const patience = patienceMs({ stored, next: plan.status, isUntold, acts, waitedMs: job.waitedMs });
  // The time of an app that this process has not written yet begins with the first pass that acts.
  const isFirst = acts && age === Number.POSITIVE_INFINITY;
  if (isFirst) gate.statusWritten(job.key, now);
  // The pass after one that acts knows more, and may have a status of its own to store first: they are told together.
  const settlesInMs = acts && !isUntold ? STATUS_EVERY_MS - (now - gate.statusDueMs(job.key, now)) : 0;
  if (!isFirst && age >= patience && settlesInMs <= 0)
    return (await writeStatus(pass, job, plan.status)) ?? AFTERWARDS_MS;
  return isFirst ? STATUS_EVERY_MS : Math.max(STATUS_EVERY_MS, patience - age);
}

/**
 * Patched, never replaced, and only onto the very version that it was made from (R2, R13). Resolves to the milliseconds
 * after which to look again, when it could not be stored.
 */
async function writeStatus(pass: Pass, job: Job, status: Plan['status']): Promise<number | undefined> {
  const { namespace, name, uid, resourceVersion } = job.observed.app;
  const refusedForMs = pass.gate.statusRefusedUntilMs(job.key, resourceVersion) - pass.clock.monotonic();
  if (refusedForMs > 0) return refusedForMs;
  const body = { metadata: { uid, resourceVersion }, status: { ...taken(job.observed.app.status, status), ...status } };
  try {
    const object = await pass.client.patch(APPS, { namespace, name }, { type: 'merge', body, subresource: 'status' });
    settle(pass, job, { resource: APPS, object, isQuiet: true });
    pass.gate.statusWritten(job.key, pass.clock.monotonic());
    pass.gate.told(job.key);
    // Nothing of it was kept, as by a CRD that is older than this operator: no watch will tell, and it is not tried at once.
    if (object.metadata.resourceVersion === resourceVersion) return pass.gate.behind(job.key);
    pass.gate.caughtUp(job.key);
    return undefined;
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    if (error.code === 'Invalid') return statusRefused(pass, job, error);
    if (error.code === 'Conflict' || error.code === 'NotFound') return statusOutdated(pass, job);
    throw error;
  }
}

/** A merge patch takes a field away only where it says null. */
function taken(before: Plan['status'], after: Plan['status']): Readonly<Record<string, null>> {
  const gone = Object.keys(before).filter((field) => !Object.hasOwn(after, field));
  return Object.fromEntries(gone.map((field) => [field, null]));
}

/**
 * Somebody wrote in between, or the app is gone: its watch tells. Until then nothing else is written without asking for it:
 * while its watch is frozen, garbage collection and we would take turns (simulator, seed 36936).
 */
function statusOutdated({ cache, gate }: Pass, { key }: Job): number {
  cache.confirmed(key, false);
  return gate.behind(key);
}

/**
 * Some objects that were stored before a rule of the CRD existed cannot even take a status (CRD ratcheting does not cover
 * them), so an Event says what a condition cannot.
 */
function statusRefused({ gate, clock, events, log }: Pass, { key, observed }: Job, error: KubeError): number {
  const { name, resourceVersion } = observed.app;
  const words = error.serverMessage ?? error.why;
  const untilMs = clock.monotonic() + STATUS_REFUSED_MS;
  if (gate.statusRefused(key, { resourceVersion, words, untilMs })) {
    const what = `the status of ${name} cannot be stored, so it says nothing new: correct the object with kubectl edit or apply`;
    log.warn({ app: key, err: words }, 'the status cannot be stored');
    events.tell(observed.app, {
      type: 'Warning',
      reason: 'StatusRefused',
      message: `${what}. The API server says: ${words}`,
    });
  }
  return STATUS_REFUSED_MS;
}

/** A programmer error: this app stops, counts and says so, while others go on. */
async function stopApp(pass: Pass, job: Job, breaches: readonly string[]): Promise<Outcome> {
  pass.telemetry.asserted();
  pass.log.error(
    { app: job.key, breaches, observed: redacted(job.observed) },
    'assertion: the plan breaks a safety rule; nothing is done for this app',
  );
  const message = `The operator refuses its own plan: ${breaches.join('; ')}. Nothing is changed. Please report this with the operator's log.`;
  const stored = job.observed.app.status.conditions ?? [];
  const before = stored.find(({ type }) => type === 'Stalled');
  const lastTransitionTime = before?.status === 'True' ? before.lastTransitionTime : formatTime(pass.nowMs());
  const stalled = {
    type: 'Stalled',
    status: 'True',
    reason: 'OperatorError',
    message: message.slice(0, 1024),
    observedGeneration: job.observed.app.generation,
    ...(lastTransitionTime === undefined ? {} : { lastTransitionTime }),
  };
  const conditions = [stalled, ...stored.filter(({ type }) => type !== 'Stalled')];
  if (before?.message !== stalled.message) await writeStatus(pass, job, { ...job.observed.app.status, conditions });
  return { wakeInMs: BROKEN_FOR_MS };
}

/** Without the templates, which may hold secrets in plain environment values; kubectl apply keeps one in an annotation. */
function redacted({ app, revisions, ...rest }: Observed): object {
  const { spec: _spec, annotations: _annotations, problems: _problems, ...known } = app;
  return { ...rest, app: known, revisions: revisions.map(({ content: _content, ...revision }) => revision) };
}
