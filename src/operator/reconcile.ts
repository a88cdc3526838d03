// One pass over one app: observe, plan, check, execute, and the status behind. Everything that is decided is decided by
// the plan.

import { canonicalJson } from '../identity/json.ts';
import type { Clock } from '../kube/clock.ts';
import { KubeError } from '../kube/errors.ts';
import { checkPlan } from '../plan/invariants.ts';
import { observe } from '../plan/observe.ts';
import { plan as makePlan } from '../plan/plan.ts';
import type { Observed, Plan } from '../plan/types.ts';
import { execute, type Hands, type Job, settle } from './execute.ts';
import type { Outcome } from './queue.ts';
import { APPS } from './resources.ts';

export interface Pass extends Hands {
  readonly clock: Clock;
}

/** Status is told at most so often per app; what happens in between is told together. */
const STATUS_EVERY_MS = 100;
/** While actions follow each other without a pause, the status is still written this often. */
const STATUS_LATEST_MS = 250;
const BROKEN_FOR_MS = 300_000;

export async function reconcile(pass: Pass, key: string): Promise<Outcome> {
  if (!pass.gate.enter(key)) return {};
  const sighting = pass.cache.sight(key, pass.nowMs());
  if (sighting === null) return {};
  const observed = observe({ ...sighting, refusals: pass.gate.refusalsOf(key) });
  const plan = makePlan(observed);
  const breaches = checkPlan(observed, plan);
  if (breaches.length > 0) return stopApp(pass, { key, observed }, breaches);
  const job = { key, observed };
  try {
    return await carryOut(pass, job, plan);
  } catch (error) {
    pass.log.warn(
      { app: key, err: error instanceof Error ? error.message : String(error) },
      'the pass failed and is tried again',
    );
    return { failed: true, retryAfterMs: error instanceof KubeError ? error.retryAfterMs : undefined };
  }
}

async function carryOut(pass: Pass, job: Job, plan: Plan): Promise<Outcome> {
  if (plan.statusFirst) {
    await writeStatus(pass, job, plan.status);
    return { wakeInMs: 0 };
  }
  const again = await execute(pass, job, plan.actions);
  const statusInMs = await keepStatus(pass, job, plan);
  const times = [
    again ? 0 : undefined,
    statusInMs,
    plan.wakeAtMs === undefined ? undefined : plan.wakeAtMs - pass.nowMs(),
  ];
  const coming = times.filter((time) => time !== undefined);
  return coming.length > 0 ? { wakeInMs: Math.max(0, Math.min(...coming)) } : {};
}

/** Writes the status when it is due; returns in how many milliseconds it will be, if it is not yet. */
async function keepStatus(pass: Pass, job: Job, plan: Plan): Promise<number | undefined> {
  if (canonicalJson(plan.status) === canonicalJson(job.observed.app.status)) return undefined;
  const age = pass.clock.monotonic() - pass.gate.statusWrittenAtMs(job.key);
  // A pass that acts leaves the writing to the one after it, which knows more; but not for ever.
  const patience = plan.actions.length > 0 ? STATUS_LATEST_MS : STATUS_EVERY_MS;
  if (age < patience || (plan.actions.length > 0 && age === Number.POSITIVE_INFINITY)) return STATUS_EVERY_MS;
  await writeStatus(pass, job, plan.status);
  return undefined;
}

/** Patched, never replaced, and only onto the very version that it was made from (R2, R13). */
async function writeStatus(pass: Pass, job: Job, status: Plan['status']): Promise<void> {
  const { namespace, name, uid, resourceVersion } = job.observed.app;
  const body = { metadata: { uid, resourceVersion }, status };
  try {
    const object = await pass.client.patch(APPS, { namespace, name }, { type: 'merge', body, subresource: 'status' });
    settle(pass, job, { resource: APPS, object });
    pass.gate.statusWritten(job.key, pass.clock.monotonic());
  } catch (error) {
    // Somebody wrote in between, or the app is gone: its watch tells, and the next pass writes.
    if (error instanceof KubeError && (error.code === 'Conflict' || error.code === 'NotFound')) return;
    throw error;
  }
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
  const lastTransitionTime =
    before?.status === 'True'
      ? before.lastTransitionTime
      : new Date(pass.nowMs()).toISOString().replace(/\.\d+Z$/, 'Z');
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

/** Without the templates, which may hold secrets in plain environment values. */
function redacted({ app, revisions, ...rest }: Observed): object {
  const { spec: _spec, ...known } = app;
  return { ...rest, app: known, revisions: revisions.map(({ content: _content, ...revision }) => revision) };
}
