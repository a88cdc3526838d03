// The kinds of objects that there are, and how each one's store behaves: which fields a write may touch, what is filled
// in, what is checked. Each line matches the kind's strategy.go in Kubernetes pkg/registry.

import { type Cause, fault } from './failures.ts';
import { objectAt, same } from './json.ts';
import { appKind } from './kind-apps.ts';
import { podKind, podTemplateKind } from './kind-pods.ts';
import { claimKind, serviceKind } from './kind-storage.ts';
import type { Raw, Stored } from './types.ts';

export interface Kind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
  /** Has a status subresource: the main resource's writes leave status alone, and the other way round. */
  readonly status: boolean;
  /** Counts changes of what users say in metadata.generation. */
  readonly generation: boolean;
  /** A custom resource: unknown metadata writes to the status are ignored, and the items of lists name their kind. */
  readonly custom?: boolean;
  /** An update without a resourceVersion is taken as it comes (AllowUnconditionalUpdate). */
  readonly unconditional: boolean;
  /** PUT of an absent object creates it (AllowCreateOnUpdate). */
  readonly createdByUpdate?: boolean;
  /** A delete that is done at once answers the object, not a Status (ReturnDeletedObject). */
  readonly answersDeleted: boolean;
  /** The first update stores anew even what it does not change: the real store encodes a new one differently (seen). */
  readonly rewritten?: boolean;
  /** Deleted with a grace period (RESTGracefulDeleteStrategy). */
  readonly graceful?: boolean;
  /** What a field selector may name beside metadata.name and metadata.namespace. */
  readonly fields: readonly string[];
  /** What only the creation does; `serial` differs from any other's. */
  readonly prepare?: (object: Stored, serial: number) => Stored;
  /** What an update takes over from what there was. */
  readonly carry?: (object: Stored, before: Stored) => Stored;
  /** Fills in what the API server fills in, at each write, after the two above. */
  readonly defaults?: (object: Stored) => Stored;
  /** Paths of fields that there are not: whoever asks for strict decoding is refused for them. */
  readonly unknown?: (body: Raw) => readonly string[];
  readonly problems?: (object: Stored) => readonly Cause[];
  readonly updateProblems?: (object: Stored, before: Stored) => readonly Cause[];
  readonly statusProblems?: (object: Stored) => readonly Cause[];
  /** Why an admission plugin forbids the update. */
  readonly forbids?: (object: Stored, before: Stored, find: Find) => string | undefined;
}

/** What else is stored. */
export type Find = (plural: string, namespace: string | undefined, name: string) => Stored | undefined;

const base = { version: 'v1', namespaced: true, status: false, generation: false, unconditional: true, fields: [] };
const core = { ...base, group: '', answersDeleted: false };
const apps = { ...base, group: 'apps', answersDeleted: false };

const withStatus = (status: Raw) => (object: Stored) => ({ ...object, status });

function revisionProblems(object: Stored): readonly Cause[] {
  return [
    ...(object['data'] === undefined ? [fault('data', 'Required value: data is mandatory', 'FieldValueRequired')] : []),
    ...(Number(object['revision'] ?? 0) < 0
      ? [fault('revision', 'Invalid value: must be greater than or equal to 0')]
      : []),
  ];
}

function revisionChangeProblems(object: Stored, before: Stored): readonly Cause[] {
  return same(object['data'], before['data']) ? [] : [fault('data', 'Invalid value: field is immutable')];
}

const KINDS: readonly Kind[] = [
  podKind,
  claimKind,
  serviceKind,
  {
    ...core,
    kind: 'PersistentVolume',
    plural: 'persistentvolumes',
    namespaced: false,
    status: true,
    answersDeleted: true,
    prepare: (object) => {
      const finalizers = [...(object.metadata.finalizers ?? []), 'kubernetes.io/pv-protection'];
      return {
        ...object,
        metadata: { ...object.metadata, finalizers: [...new Set(finalizers)] },
        status: { phase: 'Pending' },
      };
    },
  },
  { ...core, kind: 'Node', plural: 'nodes', namespaced: false, status: true, fields: ['spec.unschedulable'] },
  {
    ...core,
    kind: 'Event',
    plural: 'events',
    createdByUpdate: true,
    fields: [
      'involvedObject.kind',
      'involvedObject.name',
      'involvedObject.namespace',
      'involvedObject.uid',
      'reason',
      'type',
    ],
  },
  {
    ...core,
    kind: 'Namespace',
    plural: 'namespaces',
    namespaced: false,
    status: true,
    answersDeleted: true,
    fields: ['status.phase'],
    prepare: (object) => {
      const labels = { ...object.metadata.labels, 'kubernetes.io/metadata.name': object.metadata.name };
      const spec = { finalizers: ['kubernetes'] };
      return { ...object, metadata: { ...object.metadata, labels }, spec, status: { phase: 'Active' } };
    },
  },
  {
    ...apps,
    kind: 'ControllerRevision',
    plural: 'controllerrevisions',
    problems: revisionProblems,
    updateProblems: revisionChangeProblems,
  },
  {
    ...apps,
    kind: 'StatefulSet',
    plural: 'statefulsets',
    status: true,
    generation: true,
    prepare: withStatus({ replicas: 0, availableReplicas: 0 }),
  },
  {
    ...base,
    group: 'coordination.k8s.io',
    kind: 'Lease',
    plural: 'leases',
    unconditional: false,
    createdByUpdate: true,
    answersDeleted: false,
  },
  {
    ...base,
    group: 'storage.k8s.io',
    kind: 'StorageClass',
    plural: 'storageclasses',
    namespaced: false,
    answersDeleted: true,
  },
  podTemplateKind,
  appKind,
];

const byPlural = new Map(KINDS.map((kind) => [kind.plural, kind]));

export function kindOf(group: string, plural: string): Kind | undefined {
  const kind = byPlural.get(plural);
  return kind?.group === group ? kind : undefined;
}

export function kindNamed(plural: string): Kind {
  const kind = byPlural.get(plural);
  if (kind === undefined) throw new Error(`the simulated API server has no ${plural}`);
  return kind;
}

export const apiVersionOf = ({ group, version }: Kind) => (group === '' ? version : `${group}/${version}`);

/** The part of an object that users decide, as far as generation counts it. */
export function specOf(kind: Kind, object: Stored): unknown {
  if (kind.custom !== true) return objectAt(object, 'spec');
  const { metadata: _metadata, status: _status, ...rest } = object;
  return rest;
}
