// Claims and services: what the API server fills in and what it lets nobody change. Matches Kubernetes
// pkg/apis/core/validation/validation.go, pkg/registry/core/persistentvolumeclaim and pkg/registry/core/service; what is
// missing is in docs/simulator-differences.md.
import { amount } from '../../../src/volumes/quantity.ts';
import { type Cause, fault } from './failures.ts';
import { listAt, objectAt, same, textAt } from './json.ts';
import type { Find, Kind } from './kinds.ts';
import type { Raw, Stored } from './types.ts';

const PROTECTED = 'kubernetes.io/pvc-protection';

function claimCreation(object: Stored): Stored {
  const finalizers = [...(object.metadata.finalizers ?? []), PROTECTED];
  const metadata = { ...object.metadata, finalizers: [...new Set(finalizers)] };
  return { ...object, metadata, status: { phase: 'Pending' } };
}

function claimDefaults(object: Stored): Stored {
  const spec = objectAt(object, 'spec');
  return spec['volumeMode'] === undefined ? { ...object, spec: { ...spec, volumeMode: 'Filesystem' } } : object;
}

function claimProblems(object: Stored): readonly Cause[] {
  const spec = objectAt(object, 'spec');
  const modes = spec['accessModes'];
  const storage = objectAt(objectAt(spec, 'resources'), 'requests')['storage'];
  return [
    ...(Array.isArray(modes) && modes.length > 0
      ? []
      : [fault('spec.accessModes', 'Required value: at least 1 access mode is required', 'FieldValueRequired')]),
    ...(storage === undefined ? [fault('spec.resources[storage]', 'Required value', 'FieldValueRequired')] : []),
  ];
}

const requestOf = (claim: Stored) => objectAt(objectAt(objectAt(claim, 'spec'), 'resources'), 'requests')['storage'];
const isBound = (claim: Stored) => textAt(claim['status'], 'phase') === 'Bound';
const sizeOf = (quantity: unknown) => amount(String(quantity ?? '')) ?? 0n;

/** ValidatePersistentVolumeClaimUpdate: the volume may be given once; of a bound claim, request and attributes class may change. */
function claimUpdateProblems(object: Stored, before: Stored): readonly Cause[] {
  const [now, was] = [objectAt(object, 'spec'), objectAt(before, 'spec')];
  if (now === was) return [];
  const bound = isBound(before);
  const attributes = now['volumeAttributesClassName'] === undefined ? undefined : was['volumeAttributesClassName'];
  const pretended: Raw = {
    ...now,
    ...(was['volumeName'] === undefined ? { volumeName: undefined } : {}),
    ...(bound
      ? { resources: { ...objectAt(now, 'resources'), requests: objectAt(objectAt(was, 'resources'), 'requests') } }
      : {}),
    ...(bound ? { volumeAttributesClassName: attributes } : {}),
    ...(was['storageClassName'] === undefined ? { storageClassName: undefined } : {}),
  };
  const message =
    'Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';
  const capacity = objectAt(objectAt(before, 'status'), 'capacity')['storage'];
  const shrinks = sizeOf(requestOf(object)) < sizeOf(requestOf(before));
  const isTooSmall = shrinks && sizeOf(requestOf(object)) <= sizeOf(capacity);
  const smaller = 'Forbidden: field can not be less than status.capacity';
  return [
    ...(same(pretended, was) ? [] : [fault('spec', message, 'FieldValueForbidden')]),
    ...(isTooSmall ? [fault('spec.resources.requests.storage', smaller, 'FieldValueForbidden')] : []),
  ];
}

/** PersistentVolumeClaimResize (plugin/pkg/admission/storage/persistentvolume/resize). */
function forbidsGrowth(object: Stored, before: Stored, find: Find): string | undefined {
  if (sizeOf(requestOf(object)) <= sizeOf(requestOf(before))) return undefined;
  if (!isBound(before)) return 'Only bound persistent volume claims can be expanded';
  const name = textAt(objectAt(object, 'spec'), 'storageClassName') ?? '';
  if (find('storageclasses', undefined, name)?.['allowVolumeExpansion'] === true) return undefined;
  return 'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize';
}

export const claimKind: Kind = {
  group: '',
  version: 'v1',
  kind: 'PersistentVolumeClaim',
  plural: 'persistentvolumeclaims',
  rewritten: true,
  namespaced: true,
  status: true,
  generation: false,
  unconditional: true,
  answersDeleted: true,
  fields: [],
  defaults: claimDefaults,
  prepare: claimCreation,
  problems: claimProblems,
  updateProblems: claimUpdateProblems,
  forbids: forbidsGrowth,
};

function serviceCreation(object: Stored, serial: number): Stored {
  const spec = objectAt(object, 'spec');
  const clusterIP = spec['clusterIP'] || `10.96.${(serial >> 8) & 255}.${serial & 255}`;
  return { ...object, spec: { ...spec, clusterIP }, status: { loadBalancer: {} } };
}

/** An update that does not name the address means the one there is (service storage, patchAllocatedValues). */
function keepAddress(object: Stored, before: Stored): Stored {
  const [spec, was] = [objectAt(object, 'spec'), objectAt(before, 'spec')];
  if (spec['clusterIP']) return object;
  return { ...object, spec: { ...spec, clusterIP: was['clusterIP'], clusterIPs: was['clusterIPs'] } };
}

/** Headless and selecting nothing: of both families, whatever the cluster has (service storage, defaultOnWrite). */
function families(spec: Raw): Raw {
  const selectsNothing = Object.keys(objectAt(spec, 'selector')).length === 0;
  return spec['clusterIP'] === 'None' && selectsNothing
    ? { ipFamilies: ['IPv4', 'IPv6'], ipFamilyPolicy: 'RequireDualStack' }
    : { ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack' };
}

function serviceDefaults(object: Stored): Stored {
  const spec = objectAt(object, 'spec');
  const ports = listAt(spec, 'ports').map((port) => ({ protocol: 'TCP', targetPort: port['port'], ...port }));
  const filled = {
    ...(ports.length > 0 ? { ports } : {}),
    clusterIPs: [spec['clusterIP']],
    type: 'ClusterIP',
    sessionAffinity: 'None',
    ...families(spec),
    internalTrafficPolicy: 'Cluster',
    ...spec,
    ...(ports.length > 0 ? { ports } : {}),
  };
  return same(filled, spec) ? object : { ...object, spec: filled };
}

function serviceProblems(object: Stored): readonly Cause[] {
  const spec = objectAt(object, 'spec');
  if (spec['ipFamilyPolicy'] === 'RequireDualStack' && families(spec)['ipFamilyPolicy'] !== 'RequireDualStack') {
    const message = 'Invalid value: this cluster is not configured for dual-stack services';
    return ['spec.ipFamilyPolicy', 'spec.ipFamilies[1]'].map((field) => fault(field, message));
  }
  if (spec['clusterIP'] === 'None' || spec['type'] === 'ExternalName') return [];
  return listAt(spec, 'ports').length > 0 ? [] : [fault('spec.ports', 'Required value', 'FieldValueRequired')];
}

function serviceUpdateProblems(object: Stored, before: Stored): readonly Cause[] {
  const [now, was] = [objectAt(object, 'spec'), objectAt(before, 'spec')];
  const value = JSON.stringify(now['clusterIP']);
  return same(now['clusterIP'], was['clusterIP'])
    ? []
    : [fault('spec.clusterIPs[0]', `Invalid value: [${value}]: may not change once set`)];
}

function serviceStatusProblems(object: Stored): readonly Cause[] {
  const { ingress } = objectAt(objectAt(object, 'status'), 'loadBalancer');
  if (ingress === undefined || objectAt(object, 'spec')['type'] === 'LoadBalancer') return [];
  const message = 'Forbidden: may only be used when `spec.type` is "LoadBalancer"';
  return [fault('status.loadBalancer.ingress', message, 'FieldValueForbidden')];
}

export const serviceKind: Kind = {
  group: '',
  version: 'v1',
  kind: 'Service',
  plural: 'services',
  namespaced: true,
  status: true,
  generation: false,
  unconditional: true,
  createdByUpdate: true,
  answersDeleted: true,
  fields: ['spec.clusterIP', 'spec.type'],
  defaults: serviceDefaults,
  prepare: serviceCreation,
  carry: keepAddress,
  problems: serviceProblems,
  updateProblems: serviceUpdateProblems,
  statusProblems: serviceStatusProblems,
};
