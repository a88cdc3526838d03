// Raw objects as an API server holds them, made from a few words. Facts only; what they mean is the planner's business.

import { API_VERSION, KIND, LABEL } from '../../src/api/names.ts';
import { revisionHash } from '../../src/identity/revision.ts';

export const NOW = Date.parse('2026-03-01T12:00:00Z');
export const APP = { name: 'web', namespace: 'prod', uid: 'app-uid' };
export const at = (ms: number) => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
export const ago = (seconds: number) => at(NOW - seconds * 1000);

export type Raw = Record<string, unknown>;

/** All nodes are well. */
export const SOUND_NODES = { known: true, troubled: [], absent: [] } as const;

/** A template by its version: `v1`, `v2` … differ in the image alone. */
export function template(version: string, more: Raw = {}) {
  const spec = { containers: [{ name: 'main', image: `web:${version}` }], ...more };
  return { metadata: { labels: { app: 'web' } }, spec };
}

export const claimTemplate = (name: string, size = '1Gi') => ({
  metadata: { name },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: size } } },
});

export interface AppWords {
  readonly version?: string;
  readonly volumes?: readonly string[];
  readonly metadata?: Raw;
  readonly status?: Raw;
  readonly pod?: Raw;
  /** Any field of the spec. */
  readonly [field: string]: unknown;
}

export function rawApp({ version = 'v1', volumes = [], metadata = {}, status, pod, ...spec }: AppWords): Raw {
  return {
    apiVersion: API_VERSION,
    kind: KIND,
    metadata: { ...APP, generation: 1, resourceVersion: '100', ...metadata },
    spec: {
      template: template(version, pod),
      volumeClaimTemplates: volumes.map((name) => claimTemplate(name)),
      ...spec,
    },
    ...(status === undefined ? {} : { status }),
  };
}

/** The hash of a version with these volumes. */
export function hashOf(version: string, volumes: readonly string[] = [], pod: Raw = {}): string {
  return revisionHash(
    { template: template(version, pod) as never, claimTemplates: volumes.map((name) => claimTemplate(name)) },
    0,
  );
}

export interface RevisionWords {
  readonly version: string;
  readonly number: number;
  readonly volumes?: readonly string[] | undefined;
  readonly pod?: Raw | undefined;
}

export function rawRevision({ version, number, volumes = [], pod }: RevisionWords): Raw {
  const hash = hashOf(version, volumes, pod);
  const name = `${APP.name}-${hash}`;
  return {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: {
      name,
      uid: `${name}-uid`,
      resourceVersion: '1',
      labels: { [LABEL.app]: APP.name },
      ownerReferences: [owner()],
    },
    revision: number,
    data: {
      spec: { template: template(version, pod), volumeClaimTemplates: volumes.map((one) => claimTemplate(one)) },
    },
  };
}

export const owner = (more: Raw = {}) => ({
  apiVersion: API_VERSION,
  kind: KIND,
  name: APP.name,
  uid: APP.uid,
  controller: true,
  ...more,
});

export function rawService(metadata: Raw = {}, spec: Raw = {}): Raw {
  const essential = { clusterIP: 'None', publishNotReadyAddresses: true, selector: { [LABEL.app]: APP.name } };
  return {
    metadata: {
      name: APP.name,
      uid: 'svc-uid',
      resourceVersion: '1',
      labels: { [LABEL.app]: APP.name },
      ownerReferences: [owner()],
      ...metadata,
    },
    spec: { ...essential, ...spec },
  };
}

export interface PodWords {
  readonly ordinal: number;
  readonly state: string;
  readonly revision: string;
  /** Since when it is as it is, in seconds before now. */
  readonly seconds: number;
  /** The volumes that it mounts. */
  readonly volumes?: readonly string[] | undefined;
}

/** A pod in one of the states of slot.ts, or in the hands of somebody else. */
export function rawPod({ ordinal, state, revision, seconds, volumes = [] }: PodWords): Raw {
  const name = `${APP.name}-${ordinal}`;
  const since = ago(seconds);
  const base = {
    name,
    namespace: APP.namespace,
    uid: `${name}-uid`,
    resourceVersion: `${ordinal + 1}`,
    creationTimestamp: ago(7200),
    labels: {
      app: 'web',
      [LABEL.app]: APP.name,
      [LABEL.podName]: name,
      [LABEL.podIndex]: String(ordinal),
      [LABEL.revision]: revision,
    },
    ownerReferences: [owner()],
  };
  const metadata: Raw = { ...base, ...podMetadata(state, { since, seconds, labels: base.labels }) };
  const node = state === 'Pending' ? {} : { nodeName: 'node-a' };
  const mounts = volumes.map((volume) => ({
    name: volume,
    persistentVolumeClaim: { claimName: `${volume}-${name}` },
  }));
  const spec = { ...node, terminationGracePeriodSeconds: 30, ...(mounts.length > 0 ? { volumes: mounts } : {}) };
  return { metadata, spec, status: podStatus(state, since) };
}

function podMetadata(
  state: string,
  { since, seconds, labels }: { since: string; seconds: number; labels: Record<string, string> },
): Raw {
  const { [LABEL.app]: _, ...unlabelled } = labels;
  switch (state) {
    case 'Terminating':
      return { deletionTimestamp: ago(seconds - 30), deletionGracePeriodSeconds: 30 };
    case 'Held':
      return { deletionTimestamp: ago(seconds - 30), deletionGracePeriodSeconds: 30, finalizers: ['example.com/slow'] };
    case 'Orphan':
      return { ownerReferences: [] };
    case 'Bare':
      return { ownerReferences: [], labels: { app: 'other' } };
    case 'Leaving':
      return { ownerReferences: [], deletionTimestamp: since, deletionGracePeriodSeconds: 0 };
    case 'Foreign':
      return { ownerReferences: [owner({ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'other', uid: 'rs-uid' })] };
    case 'Former':
      return { ownerReferences: [owner({ uid: 'former-uid' })] };
    case 'Unlabelled':
      return { labels: unlabelled };
    default:
      return {};
  }
}

function podStatus(state: string, since: string): Raw {
  const condition = (status: string) => [{ type: 'Ready', status, lastTransitionTime: since }];
  switch (state) {
    case 'Pending':
      return { phase: 'Pending', conditions: condition('False') };
    case 'NotReady':
      return { phase: 'Running', conditions: condition('False') };
    case 'Broken':
      return {
        phase: 'Pending',
        conditions: condition('False'),
        containerStatuses: [{ name: 'main', restartCount: 0, state: { waiting: { reason: 'ImagePullBackOff' } } }],
      };
    case 'Failed':
    case 'Succeeded':
      return { phase: state, conditions: condition('False') };
    default:
      return { phase: 'Running', conditions: condition('True') };
  }
}

/** A claim in one of the classes of claim-view.ts. */
export interface ClaimWords {
  readonly volume: string;
  readonly ordinal: number;
  readonly state: string;
  /** The volumes that it was made with. */
  readonly siblings?: readonly string[];
}

export function rawClaim({ volume, ordinal, state, siblings = [volume] }: ClaimWords): Raw {
  const name = `${volume}-${APP.name}-${ordinal}`;
  const bound = state !== 'Pending' && state !== 'Unbound';
  const stamps = {
    labels: { [LABEL.app]: state === 'Foreign' ? 'other' : APP.name },
    annotations: {
      'statefulapp.dev/app-uid': APP.uid,
      'statefulapp.dev/ordinal': String(ordinal),
      'statefulapp.dev/claims': siblings.join(','),
    },
  };
  const metadata = {
    name,
    namespace: APP.namespace,
    uid: state === 'Replaced' || state === 'Restored' ? `${name}-other-uid` : `${name}-uid`,
    resourceVersion: `${ordinal + 1}`,
    ...(state === 'Plain' ? {} : stamps),
    ...(state === 'Terminating' || state === 'Unbound' ? { deletionTimestamp: ago(5) } : {}),
    ...(state === 'Owned' ? { ownerReferences: [owner({ kind: 'Database', name: 'db', uid: 'db-uid' })] } : {}),
  };
  return {
    metadata,
    spec: {
      ...claimTemplate(volume).spec,
      ...(bound ? { volumeName: state === 'Replaced' ? `pv-${name}-other` : `pv-${name}` } : {}),
    },
    status: { phase: state === 'Lost' ? 'Lost' : bound ? 'Bound' : 'Pending' },
  };
}
