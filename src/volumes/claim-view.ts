// What the planner knows of a claim: the few facts that decisions rest on, read once from the raw object. Lacks any judgement
// about whose claim it is and what it is good for: that is claim-class.ts.

import { ANNOTATION, LABEL } from '../api/names.ts';
import { listAt, objectAt, stringAt, stringMap } from '../identity/json.ts';
import { type Controller, controllerOf, type OwnerView, ownersIn } from '../identity/owner.ts';

export interface ClaimView {
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly controller: Controller | null;
  readonly owners: readonly OwnerView[];
  readonly deleting: boolean;
  readonly phase: string;
  /** Name of the bound PersistentVolume. */
  readonly volume: string | null;
  /** Whose it is, as stamped on it: the app's name, and the ordinal in decimal. */
  readonly app: string | null;
  readonly appUid: string | null;
  readonly ordinal: string | null;
  /** Claim templates of the member that it was made with, its own too, as stamped on it; empty without a stamp. */
  readonly siblings: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** Without those of the volume binder, which come and go with every binding. */
  readonly annotations: Readonly<Record<string, string>>;
  /** The requested storage, as written. */
  readonly request: string | null;
  /** What the volume has; null before it is bound. */
  readonly capacity: string | null;
  /** What is said of a resize that is under way: state or condition, and the words of an error. */
  readonly resizing: string | null;
  readonly storageClass: string | null;
  readonly attributesClass: string | null;
  readonly accessModes: readonly string[];
  /** This process made it, so that any pod that ever used it was seen to come (operator/cache.ts); absent: nobody can tell. */
  readonly madeHere?: true;
}

export function readClaim(raw: unknown): ClaimView {
  const metadata = objectAt(raw, 'metadata');
  const spec = objectAt(raw, 'spec');
  const status = objectAt(raw, 'status');
  const labels = stringMap(metadata['labels']);
  const annotations = stringMap(metadata['annotations']);
  return {
    name: stringAt(metadata, 'name') ?? '',
    uid: stringAt(metadata, 'uid') ?? '',
    resourceVersion: stringAt(metadata, 'resourceVersion') ?? '',
    controller: controllerOf(metadata),
    owners: ownersIn(metadata),
    deleting: stringAt(metadata, 'deletionTimestamp') !== undefined,
    phase: stringAt(status, 'phase') ?? 'Pending',
    volume: stringAt(spec, 'volumeName') ?? null,
    app: labels[LABEL.app] ?? null,
    appUid: annotations[ANNOTATION.appUid] ?? null,
    ordinal: annotations[ANNOTATION.ordinal] ?? null,
    siblings: (annotations[ANNOTATION.siblings] ?? '').split(',').filter(Boolean),
    labels,
    annotations: withoutBinder(annotations),
    request: stringAt(objectAt(objectAt(spec, 'resources'), 'requests'), 'storage') || null,
    capacity: stringAt(objectAt(status, 'capacity'), 'storage') || null,
    resizing: resizingOf(status),
    storageClass: stringAt(spec, 'storageClassName') ?? null,
    attributesClass: stringAt(spec, 'volumeAttributesClassName') || null,
    accessModes: listAt(spec, 'accessModes').filter((mode) => typeof mode === 'string'),
  };
}

/** Set by the volume binder and the scheduler (Kubernetes component-helpers/storage/volume/pv_helpers.go). */
export const BINDER: ReadonlySet<string> = new Set([
  'pv.kubernetes.io/bind-completed',
  'pv.kubernetes.io/bound-by-controller',
  'volume.kubernetes.io/selected-node',
  'volume.kubernetes.io/storage-provisioner',
  'volume.beta.kubernetes.io/storage-provisioner',
  'volume.kubernetes.io/storage-resizer',
]);

/** What people may say of a claim in an annotation; the rest is the binder's. */
export function withoutBinder(annotations: Readonly<Record<string, string>>): Record<string, string> {
  const kept = Object.entries(annotations).filter(([key]) => !BINDER.has(key));
  return stringMap(Object.fromEntries(kept));
}

const RESIZES = ['ControllerResizeError', 'NodeResizeError', 'FileSystemResizePending', 'Resizing'];
const MAX_WORDS = 160;

/** The API server keeps an infeasible resize apart from the conditions (KEP-1790). */
function resizingOf(status: unknown): string | null {
  const state = stringAt(objectAt(status, 'allocatedResourceStatuses'), 'storage');
  const conditions = listAt(status, 'conditions').filter((one) => stringAt(one, 'status') === 'True');
  const found = RESIZES.flatMap((type) => conditions.find((one) => stringAt(one, 'type') === type) ?? [])[0];
  const words = stringAt(found, 'message')?.slice(0, MAX_WORDS).toWellFormed();
  const told = [state, state === undefined || words ? stringAt(found, 'type') : undefined].filter(Boolean).join(', ');
  if (told === '') return null;
  return words ? `${told}: ${words}` : told;
}
