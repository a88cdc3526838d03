// What random traces are about: the kinds, their smallest objects, and changes of them that a server takes or refuses.
import { API_VERSION, KIND, PLURAL } from '../../src/api/names.ts';
import type { Json } from './wire-call.ts';

export const PLURALS = ['pods', 'persistentvolumeclaims', 'services', 'controllerrevisions', PLURAL] as const;
export type Plural = (typeof PLURALS)[number];

export const ROOTS: Readonly<Record<Plural, string>> = {
  pods: '/api/v1',
  persistentvolumeclaims: '/api/v1',
  services: '/api/v1',
  controllerrevisions: '/apis/apps/v1',
  [PLURAL]: `/apis/${API_VERSION}`,
};

/** Labels of the object that ends a watch: each selector below selects it. */
export const MARKER = { app: 'web', rank: '1' };
export const SELECTORS = ['app=web', 'app', 'rank in (1,2)', '!gone', 'app!=db', 'rank notin (3,4)', 'app==web,rank'];

/** A custom resource is taken only with its type. */
export const typeOf = (plural: Plural): Json => (plural === PLURAL ? { apiVersion: API_VERSION, kind: KIND } : {});

export const IMAGES = ['registry/a:1', 'registry/b:2', 'plain'];
export const podSpec = (image: string): Json => ({ containers: [{ name: 'main', image }] });
export const claimSpec = (storage: string, withModes: boolean): Json => ({
  ...(withModes ? { accessModes: ['ReadWriteOnce'] } : {}),
  resources: { requests: { storage } },
});

export const CHANGES: Readonly<Record<Plural, readonly Json[]>> = {
  pods: [
    { activeDeadlineSeconds: 100 },
    { nodeName: 'node-z' },
    { hostname: 'other' },
    { containers: [{ name: 'main', image: 'registry/new:1' }] },
    { tolerations: [] },
    { terminationGracePeriodSeconds: 7 },
  ],
  persistentvolumeclaims: [
    { volumeName: 'pv-1' },
    { accessModes: ['ReadOnlyMany'] },
    { resources: { requests: { storage: '5Gi' } } },
  ],
  services: [
    { clusterIP: 'None' },
    { selector: { app: 'new' } },
    { publishNotReadyAddresses: true },
    { clusterIP: '10.96.0.1' },
    { selector: null },
  ],
  controllerrevisions: [{ revision: 3 }, { data: { spec: { n: 9 } } }, { revision: -1 }],
  [PLURAL]: [
    { replicas: 2 },
    { replicas: -1 },
    { serviceName: 'new' },
    { minReadySeconds: 9 },
    { paused: true },
    { replicas: null },
    { nonsense: true },
  ],
};

export const STATUSES: Readonly<Record<Exclude<Plural, 'controllerrevisions'>, readonly Json[]>> = {
  pods: [
    { phase: 'Running', podIP: '10.1.1.1' },
    { phase: 'Failed', reason: 'Evicted' },
    { phase: 'Succeeded' },
    { conditions: [{ type: 'Ready', status: 'True' }] },
  ],
  persistentvolumeclaims: [
    { phase: 'Bound', capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'] },
    { phase: 'Lost' },
  ],
  services: [{ loadBalancer: { ingress: [{ ip: '1.2.3.4' }] } }, { conditions: [] }],
  [PLURAL]: [
    { replicas: 2, selector: 'app=web', readyReplicas: 1 },
    { observedGeneration: 1 },
    { currentRevision: 'abc', unknown: 1 },
    {},
  ],
};

/** Ends a watch of this kind. */
export function markerOf(plural: Plural): Json {
  const metadata = { name: 'marker', labels: MARKER };
  switch (plural) {
    case 'pods':
      return { metadata, spec: podSpec('registry/a:1') };
    case 'persistentvolumeclaims':
      return { metadata, spec: claimSpec('1Gi', true) };
    case 'services':
      return { metadata, spec: { clusterIP: 'None', ports: [{ port: 1 }] } };
    case 'controllerrevisions':
      return { metadata, revision: 1, data: {} };
    default:
      return { ...typeOf(plural), metadata, spec: { template: { spec: podSpec('registry/a:1') } } };
  }
}
