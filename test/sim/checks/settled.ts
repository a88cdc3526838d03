// Where it all has to lead (R10, R11; Anvil's liveness predicate): every wanted member exists at its revision (revised.ts),
// with its claims, and none beyond; the status counts what is there. Judged from the server's objects alone.

import { LABEL } from '../../../src/api/names.ts';
import type { StatefulApp } from '../../../src/api/schema.ts';
import { listAt } from '../../../src/identity/json.ts';
import { claimsOf } from '../control/reading.ts';
import type { SimServer } from '../server/server.ts';
import type { Stored } from '../server/types.ts';
import { appOf, controllerOf, fieldOf, isDeleting, ordinalIn, phaseOf, readySinceMs, wantedOf } from './facts.ts';
import { unfollowed } from './followed.ts';
import { claimTemplatesIn, revisionOf } from './goals.ts';
import { unretained } from './retained.ts';
import { unmended, unreturned, unrevised } from './revised.ts';

/** What is not as it should be, a clause each; none when everything has converged. */
export function unsettled(server: SimServer, nowMs: number): readonly string[] {
  const apps = server.all('statefulapps');
  const alive = new Set(apps.map(({ metadata }) => metadata.uid));
  const leftOver = server
    .all('pods')
    .filter((pod) => controllerOf(pod)?.kind === 'StatefulApp' && !alive.has(controllerOf(pod)?.uid ?? ''))
    .map(({ metadata }) => `pod ${metadata.namespace}/${metadata.name} belongs to an app that is gone`);
  return [...leftOver, ...apps.flatMap((app) => unsettledApp(server, app, nowMs))];
}

export function unsettledApp(server: SimServer, object: Stored, nowMs: number): readonly string[] {
  const title = `${object.metadata.namespace}/${object.metadata.name}`;
  if (isDeleting(object)) return [`app ${title} is being deleted`];
  const app = appOf(object);
  if (app === null) return [`app ${title} is not understood`];
  const wrong = [
    ...wantedOf(app).flatMap((ordinal) => unsettledMember(server, app, { ordinal, nowMs })),
    ...beyond(server, app),
    ...unsettledService(server, app),
    ...unrevised(server, app, podsOf(server, app)),
    ...unretained(server, app),
    ...unfollowed(server, app),
    ...unsettledStatus(server, app, object),
  ];
  return wrong.map((what) => `app ${title}: ${what}`);
}

/**
 * The app's pods, without those that nobody can know of: no watch of ours shows one without our label, the survey finds
 * what the selector matches and what the ledger names, and one that is wanted is found when it is to be made.
 */
function podsOf(server: SimServer, app: StatefulApp): readonly Stored[] {
  const { metadata, spec, status } = app;
  const named = new Set((status?.appUID === metadata.uid ? (status.members ?? []) : []).map(({ podUID }) => podUID));
  const isKnowable = ({ metadata: { uid, labels = {} } }: Stored) =>
    labels[LABEL.app] !== undefined || isSelected(spec.selector, labels) || named.has(uid);
  return server
    .all('pods', metadata.namespace)
    .filter((pod) => controllerOf(pod)?.uid === metadata.uid && isKnowable(pod));
}

/** By equality alone, as apps of a run select. */
function isSelected(selector: unknown, labels: Readonly<Record<string, string>>): boolean {
  const wanted = Object.entries(fieldOf(selector, 'matchLabels') ?? {});
  return wanted.length > 0 && wanted.every(([key, value]) => labels[key] === value);
}

function unsettledMember(
  server: SimServer,
  app: StatefulApp,
  { ordinal, nowMs }: { readonly ordinal: number; readonly nowMs: number },
): readonly string[] {
  const { name, namespace, uid } = app.metadata;
  const title = `${name}-${ordinal}`;
  const pod = server.find('pods', namespace, title);
  if (pod === undefined) return [`member ${title} has no pod`];
  if (controllerOf(pod)?.uid !== uid) return [`pod ${title} is not the app's`];
  const since = readySinceMs(pod);
  const revision = revisionOf(pod);
  const isMade = revision !== undefined;
  // What a member needs whose revision somebody deleted, nobody can tell.
  const stored = server.find('controllerrevisions', namespace, `${name}-${revision}`);
  const isStored = stored !== undefined;
  const asked = isMade ? [] : app.spec.volumeClaimTemplates.map(({ metadata }) => metadata.name);
  const templates = stored === undefined ? asked : claimTemplatesIn(stored);
  return [
    ...(since === undefined ? [`pod ${title} is not Ready`] : []),
    ...(since !== undefined && since + app.spec.minReadySeconds * 1000 > nowMs
      ? [`pod ${title} is not Available yet`]
      : []),
    ...(pod.metadata.labels?.[LABEL.app] === name ? [] : [`pod ${title} lacks our label`]),
    // One without our revision was made by somebody else, or stripped of it, and is taken as it is.
    ...(!isMade || fieldOf(pod, 'spec', 'hostname') === title ? [] : [`pod ${title} has another hostname`]),
    ...templates.flatMap((template) => {
      const claim = `${template}-${title}`;
      // What somebody else made a pod of, and it was adopted, may mount other claims (seed 37407).
      if (!claimsOf(pod).includes(claim)) return isMade ? [`pod ${title} does not mount claim ${claim}`] : [];
      const found = server.find('persistentvolumeclaims', namespace, claim);
      if (found === undefined) return isMade ? [`claim ${claim} does not exist`] : [];
      if (phaseOf(found) !== 'Bound' || isDeleting(found)) return [`claim ${claim} is not simply Bound`];
      // One that is stamped as another app's by now is what a new pod would wait for: one that runs does not need it to be.
      return isStored && found.metadata.labels?.[LABEL.app] === undefined ? [`claim ${claim} is not stamped`] : [];
    }),
  ];
}

function beyond(server: SimServer, app: StatefulApp): readonly string[] {
  const wanted = wantedOf(app);
  return podsOf(server, app)
    .filter((pod) => !wanted.includes(ordinalIn(app.metadata.name, pod.metadata.name) ?? -1))
    .map((pod) => `pod ${pod.metadata.name} is not wanted`);
}

function unsettledService(server: SimServer, { metadata, spec }: StatefulApp): readonly string[] {
  const service = server.find('services', metadata.namespace, spec.serviceName);
  return service === undefined ? [`Service ${spec.serviceName} does not exist`] : [];
}

/** The counts of the status against a fresh recount, its generation, and its word on readiness. */
function unsettledStatus(server: SimServer, app: StatefulApp, object: Stored): readonly string[] {
  return [
    ...miscounted(server, app, object),
    ...(conditionOf(object, 'Ready')?.status === 'True' ? [] : ['condition Ready is not True']),
  ];
}

function miscounted(server: SimServer, app: StatefulApp, object: Stored): readonly string[] {
  const pods = podsOf(server, app);
  const ready = pods.filter((pod) => readySinceMs(pod) !== undefined).length;
  const counts: Readonly<Record<string, number>> = {
    replicas: pods.length,
    readyReplicas: ready,
    availableReplicas: ready,
    terminatingReplicas: pods.filter(isDeleting).length,
    observedGeneration: object.metadata.generation ?? 0,
  };
  const status = object['status'];
  return Object.entries(counts)
    .filter(([field, count]) => (fieldOf(status, field) ?? 0) !== count)
    .map(([field, count]) => `status.${field} is ${fieldOf(status, field)} and should be ${count}`);
}

/** How many writes may still come when all is as it should be: failures are forgotten after ten minutes of running well. */
export function writesToCome(object: Stored): number {
  const members = fieldOf(object, 'status', 'members');
  const failing = (Array.isArray(members) ? members : []).filter((member) => fieldOf(member, 'failures') !== undefined);
  return failing.length + refusedClaims(object);
}

/** Of changes that are refused for good an Event tells again, once a retry. */
function refusedClaims(object: Stored): number {
  const claims = listAt(object['status'], 'members').flatMap((member) => listAt(member, 'claims'));
  return 3 * claims.filter((claim) => String(fieldOf(claim, 'resize') ?? '').startsWith('refused')).length;
}

/** How many writes may still come while a quota is used up: each member is tried again in its time, and told of. */
export function refusalsToTell(object: Stored): number {
  // That claims end is told before all else, and a refusal beside it.
  const isTold = (reason: unknown) => reason === 'Refused' || reason === 'ClaimsDeleted';
  const members = listAt(object['status'], 'members').filter((member) => isTold(fieldOf(member, 'reason')));
  // A template that is refused is the whole app's (seed 41617).
  const isRefused = conditionOf(object, 'Ready')?.reason === 'Refused';
  return 3 * Math.max(members.length, isRefused ? 1 : 0) + refusedClaims(object);
}

interface Condition {
  readonly status?: unknown;
  readonly reason?: unknown;
  readonly message?: unknown;
}

export function conditionOf(object: Stored, type: string): Condition | undefined {
  const conditions = fieldOf(object, 'status', 'conditions');
  if (!Array.isArray(conditions)) return undefined;
  return conditions.find((condition) => fieldOf(condition, 'type') === type) as Condition | undefined;
}

/**
 * Not converged, and the status does not say what is waited for: the operator would be silently stuck. Under Recreate a
 * claim that goes holds nothing up.
 */
export function silent(server: SimServer, object: Stored, nowMs: number): string | undefined {
  const accepted = appOf(object)?.spec.volumeLossPolicy === 'Recreate';
  const wrong = unsettledApp(server, object, nowMs).filter((what) => !(accepted && what.includes(' claim ')));
  if (wrong.length === 0) return undefined;
  const app = appOf(object);
  const [left] =
    app === null
      ? []
      : [...unfollowed(server, app), ...unreturned(server, app, nowMs), ...unmended(server, app, nowMs)];
  if (left !== undefined) return left;
  const ready = conditionOf(object, 'Ready');
  const says = ready?.status === 'False' && typeof ready.message === 'string' && ready.message.length > 20;
  const current = fieldOf(object, 'status', 'observedGeneration') === object.metadata.generation;
  // A pause is told as a note, and holds nothing up.
  const isPaused = conditionOf(object, 'AsSpecified')?.reason === 'UpdatePaused';
  if (current && isPaused && wrong.every((what) => what.includes('was rolled back'))) return undefined;
  return says && current ? undefined : `${wrong[0]}, and the status does not say what is waited for`;
}
