// From raw objects to what the planner sees. Reads once, trusts no shape: objects may be hand-made, older or newer.

import { LABEL } from '../api/names.ts';
import { parseSpec } from '../api/schema.ts';
import { parseStatus } from '../api/status.ts';
import { objectAt, sameJson, stringAt, stringMap } from '../identity/json.ts';
import type { NodesSeen } from '../identity/node-view.ts';
import { controllerOf } from '../identity/owner.ts';
import { templateGraceSeconds } from '../identity/pod.ts';
import type { PodView } from '../identity/pod-view.ts';
import { contentOf, type RevisionView, readAliases, readContent, revisionDigest } from '../identity/revision.ts';
import type { Ending } from '../identity/slot.ts';
import type { ClaimView } from '../volumes/claim-view.ts';
import type { VolumeReading } from '../volumes/volume-view.ts';
import type { Observed, ObservedApp, Refusal, ServiceView, Stray, Survey } from './types.ts';

/** What the daemon holds about one app. */
export interface Sighting {
  readonly nowMs: number;
  readonly app: ObservedApp;
  readonly pods: readonly PodView[];
  readonly claims: readonly ClaimView[];
  readonly services: readonly ServiceView[];
  readonly revisions: readonly RevisionView[];
  readonly strays: readonly Stray[];
  readonly volumes: readonly VolumeReading[];
  readonly nodes: NodesSeen;
  readonly survey: Survey | null;
  readonly watchingSinceMs?: number;
  readonly endings: readonly Ending[];
  readonly refusals: readonly Refusal[];
}

/** Strays count where the watches show nothing of the name: the planner sees each object once, however it was found. */
export function observe(sighting: Sighting): Observed {
  const { services, strays, ...rest } = sighting;
  const name = sighting.app.spec?.serviceName;
  return {
    ...rest,
    strays,
    pods: withStrays('Pod', sighting.pods, strays),
    claims: withStrays('PersistentVolumeClaim', sighting.claims, strays),
    revisions: withStrays('ControllerRevision', sighting.revisions, strays),
    service: withStrays('Service', services, strays).find((service) => service.name === name) ?? null,
  };
}

function withStrays<View extends { readonly name: string }>(
  kind: Stray['kind'],
  shown: readonly View[],
  strays: readonly Stray[],
): readonly View[] {
  const found = strays.filter((stray) => stray.kind === kind).map(({ view }) => view as unknown as View);
  return [...new Map([...found, ...shown].map((view) => [view.name, view])).values()];
}

/** An app as it came before, and what was read of it then. */
export interface AppBefore {
  readonly raw: unknown;
  readonly app: ObservedApp;
}

/** The same with and without `before`, which saves reading a spec that did not change. */
export function readApp(raw: unknown, before?: AppBefore): ObservedApp {
  const metadata = objectAt(raw, 'metadata');
  const { spec, problems, digest } = before !== undefined && keepsSpec(raw, before) ? before.app : readSpec(raw);
  return {
    name: stringAt(metadata, 'name') ?? '',
    namespace: stringAt(metadata, 'namespace') ?? '',
    uid: stringAt(metadata, 'uid') ?? '',
    generation: generationOf(raw),
    resourceVersion: stringAt(metadata, 'resourceVersion') ?? '',
    deleting: stringAt(metadata, 'deletionTimestamp') !== undefined,
    annotations: stringMap(metadata['annotations']),
    spec,
    problems,
    digest,
    status: parseStatus(objectAt(raw, 'status')),
  };
}

function generationOf(raw: unknown): number {
  const generation = objectAt(raw, 'metadata')['generation'];
  return typeof generation === 'number' ? generation : 0;
}

function readSpec(raw: unknown): Pick<ObservedApp, 'spec' | 'problems' | 'digest'> {
  const parsed = parseSpec(raw);
  if (!parsed.ok) return { spec: null, problems: parsed.problems, digest: '' };
  const { spec } = parsed.app;
  return { spec, problems: [], digest: revisionDigest(contentOf(spec)) };
}

/**
 * Every change that somebody makes to a spec raises its generation. A new CRD does not, which may fill in or take out fields
 * of all stored apps (R13); but never in the templates, which are opaque to it and may be 1.4 MB long.
 */
function keepsSpec(raw: unknown, { raw: former, app }: AppBefore): boolean {
  if (app.spec === null || app.generation === 0 || app.generation !== generationOf(raw)) return false;
  if (app.uid !== stringAt(objectAt(raw, 'metadata'), 'uid')) return false;
  return sameJson(settings(raw), settings(former));
}

function settings(raw: unknown): object {
  const { template: _template, volumeClaimTemplates: _claims, ...rest } = objectAt(raw, 'spec');
  return rest;
}

/** Tools that manage an object leave these marks on it. */
const MANAGED_BY = 'app.kubernetes.io/managed-by';
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

export function readService(raw: unknown): ServiceView {
  const metadata = objectAt(raw, 'metadata');
  const spec = objectAt(raw, 'spec');
  const labels = stringMap(metadata['labels']);
  const annotations = stringMap(metadata['annotations']);
  const controller = controllerOf(metadata);
  const owners = metadata['ownerReferences'];
  return {
    name: stringAt(metadata, 'name') ?? '',
    uid: stringAt(metadata, 'uid') ?? '',
    resourceVersion: stringAt(metadata, 'resourceVersion') ?? '',
    controllerUid: controller?.uid ?? null,
    readoptable: !(Array.isArray(owners) && owners.length > 0) && LABEL.app in labels,
    managedElsewhere: MANAGED_BY in labels || LAST_APPLIED in annotations,
    clusterIP: stringAt(spec, 'clusterIP') ?? '',
    publishNotReadyAddresses: spec['publishNotReadyAddresses'] === true,
    selector: stringMap(spec['selector']),
  };
}

export function readRevision(raw: unknown): RevisionView {
  const metadata = objectAt(raw, 'metadata');
  const name = stringAt(metadata, 'name') ?? '';
  const content = readContent(objectAt(raw, 'data'));
  const number = typeof raw === 'object' && raw !== null && 'revision' in raw ? raw.revision : 0;
  return {
    name,
    uid: stringAt(metadata, 'uid') ?? '',
    resourceVersion: stringAt(metadata, 'resourceVersion') ?? '',
    ownerUid: controllerOf(metadata)?.uid ?? null,
    labelled: LABEL.app in stringMap(metadata['labels']),
    // By its name, which nobody can change, and not by its label, which anybody can.
    hash: name.slice(name.lastIndexOf('-') + 1),
    // One that no next number follows was written by hand, and counts as the oldest.
    number: typeof number === 'number' && number < Number.MAX_SAFE_INTEGER ? number : 0,
    content,
    digest: revisionDigest(content),
    aliases: readAliases(stringMap(metadata['annotations'])),
  };
}

/** How a pod that is gone ended, by its last state (R1). `fromWatch`: that state came with its deletion, not from before. */
export function readEnding(pod: PodView, seen: { readonly atMs: number; readonly fromWatch: boolean }): Ending {
  const how = pod.node === null && seen.fromWatch ? 'neverBound' : pod.stopped ? 'stopped' : 'unknown';
  return { pod: pod.name, uid: pod.uid, node: pod.node, how, atMs: seen.atMs, graceSeconds: pod.graceSeconds };
}

/** Of those pods that a ledger names and that are asked for: the last that is known of them when it names them no more. */
export function lastEndings(
  { status, uid, spec }: ObservedApp,
  atMs: number,
  isAsked: (pod: { readonly name: string; readonly uid: string }) => boolean,
): readonly Ending[] {
  const usual = templateGraceSeconds(spec?.template);
  const members = status.appUID === uid ? (status.members ?? []) : [];
  return members.flatMap(({ pod, podUID, node = null, graceSeconds = usual }) =>
    pod === undefined || podUID === undefined || !isAsked({ name: pod, uid: podUID })
      ? []
      : [{ pod, uid: podUID, node, how: 'unknown' as const, atMs, graceSeconds }],
  );
}
