// The app of all benchmarks, the same for both kinds: one container, one claim, a node named in the template. The scheduler is
// left out by that, since it would be the pace of every run and is the same for both.

export interface AppShape {
  readonly name: string;
  readonly replicas: number;
  readonly isParallel?: boolean;
  readonly image?: string;
  /** Where its pods run. */
  readonly node?: number;
  readonly annotations?: Readonly<Record<string, string>>;
}

export const STORAGE_CLASS = 'bench';
export const IMAGE = 'store:1';
export const NEXT_IMAGE = 'store:2';

/** metadata and spec, for a StatefulSet and for a StatefulApp. */
export function manifestOf({
  name,
  replicas,
  isParallel = false,
  image = IMAGE,
  node = 0,
  annotations = {},
}: AppShape) {
  return {
    metadata: { name },
    spec: {
      replicas,
      podManagementPolicy: isParallel ? 'Parallel' : 'OrderedReady',
      serviceName: name,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: {
          labels: { app: name },
          annotations: { 'kwok.statefulapp.dev/terminate-after': '0s', ...annotations },
        },
        spec: {
          nodeName: `node-${node}`,
          terminationGracePeriodSeconds: 2,
          containers: [{ name: 'main', image, ports: [{ containerPort: 80, name: 'http' }] }],
        },
      },
      volumeClaimTemplates: [
        {
          metadata: { name: 'data' },
          spec: {
            storageClassName: STORAGE_CLASS,
            accessModes: ['ReadWriteOnce'],
            resources: { requests: { storage: '1Gi' } },
          },
        },
      ],
    },
  };
}
