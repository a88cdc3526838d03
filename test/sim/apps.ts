// The apps that users of a run write: as different as they come, each drawn from the run's chance.

import { API_VERSION, KIND } from '../../src/api/names.ts';
import type { Random } from './random.ts';
import type { Raw } from './server/types.ts';

export const NAMESPACE = 'prod';

/** Names that a careless reader takes for something else: an object's property, another app's member, its claim. */
const NAMES: readonly (readonly string[])[] = [
  ['web'],
  ['web'],
  ['web'],
  ['constructor'],
  ['db', 'db-0'],
  ['y', 'x-y'],
];

export interface AppIdea {
  readonly name: string;
  readonly volumes: readonly string[];
}

export function drawApps(random: Random): readonly AppIdea[] {
  const names = random.pick(NAMES);
  return names.map((name) => ({ name, volumes: volumesOf(name, random) }));
}

/** Claim `data-x` of app `y` and claim `data` of app `x-y` have the same names. */
function volumesOf(name: string, random: Random): readonly string[] {
  if (name === 'y') return ['data-x'];
  if (name === 'x-y') return ['data'];
  return random.pick([[], ['data'], ['data'], ['data', 'wal']]);
}

/** Classes of a run: which one lets its volumes grow. Volumes of no class have no handle, and do not grow. */
export const CLASSES: Readonly<Record<string, boolean>> = { grows: true, stays: false };

/** One of all pairs; what is left out is Retain. */
export function drawRetention(random: Random): Raw {
  const [whenDeleted, whenScaled] = [random.pick(['Retain', 'Delete']), random.pick(['Retain', 'Delete', 'Delete'])];
  return { whenDeleted, whenScaled };
}

export function drawApp({ name, volumes }: AppIdea, random: Random): Raw {
  const grace = random.pick([0, 5, 30]);
  const labels = { app: name };
  const storageClass = random.pick<Raw>([
    {},
    { storageClassName: 'grows' },
    { storageClassName: 'grows' },
    { storageClassName: 'stays' },
  ]);
  return {
    apiVersion: API_VERSION,
    kind: KIND,
    metadata: { name, namespace: NAMESPACE },
    spec: {
      replicas: random.between(1, 4),
      podManagementPolicy: random.pick(['OrderedReady', 'OrderedReady', 'Parallel']),
      podRecoveryPolicy: random.pick(['Ordered', 'Ordered', 'Parallel']),
      minReadySeconds: random.pick([0, 0, 5]),
      progressDeadlineSeconds: random.pick([20, 60, 600]),
      selector: { matchLabels: labels },
      ordinals: { start: random.pick([0, 0, 0, 2]), excluded: random.chance(0.2) ? [random.between(0, 3)] : [] },
      volumeLossPolicy: random.pick(['Block', 'Block', 'Block', 'Recreate']),
      nodeFailurePolicy: random.chance(0.5) ? { unreachableSeconds: random.pick([0, 30, 60]) } : {},
      ...(random.chance(0.5) ? { persistentVolumeClaimRetentionPolicy: drawRetention(random) } : {}),
      updateStrategy: random.pick<Raw>([
        {},
        {},
        { type: 'OnDelete' },
        { rollingUpdate: { partition: random.between(0, 3) } },
        { rollingUpdate: { maxUnavailable: random.pick<unknown>([2, 3, '50%']) } },
        { rollingUpdate: { onFailure: 'Rollback' } },
      ]),
      revisionHistoryLimit: random.pick([10, 2, 1, 0]),
      template: {
        metadata: { labels },
        spec: { terminationGracePeriodSeconds: grace, containers: [{ name: 'main', image: 'store:v1' }] },
      },
      volumeClaimTemplates: volumes.map((volume) => ({
        metadata: { name: volume },
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...storageClass },
      })),
    },
  };
}
