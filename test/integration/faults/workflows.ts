// The workflows whose every write is a place to crash at: how each begins, what sets it off, when it is over, and which pods
// and claims may end in it. All apps are called web. Members stop fast: a pod that vanished while no operator ran is made
// again after its grace period and ten seconds (docs/adr/0005), and most runs with a crash in a replacement wait for that.

import { ANNOTATION } from '../../../e2e/cluster/plays.ts';
import type { KubeObjectInput } from '../../../src/kube/objects.ts';
import { RESOURCES } from '../../../src/kube/resources.ts';
import { APPS } from '../../../src/operator/resources.ts';
import { app, isReady, type Scene } from '../stage.ts';

export interface Workflow {
  readonly name: string;
  /** Resolves when the app is Ready. */
  readonly prepare: (scene: Scene) => Promise<unknown>;
  readonly trigger: (scene: Scene) => Promise<unknown>;
  /** Whether a run without a crash has come to its end. */
  readonly isOver: (scene: Scene) => boolean;
  /** Pods that the operator itself has to delete, once each, in this order; all were there before. */
  readonly removes: readonly string[];
  /** Pods that end in all, by whoever's hand. */
  readonly ends: readonly string[];
  /** Claims that end, by whoever's hand: under whenScaled Delete. None when absent. */
  readonly losesClaims?: readonly string[];
  /** Claims among them that the operator itself has to delete, once each: no pod was left to own them. */
  readonly deletesClaims?: readonly string[];
  /** Members need not wait for each other. */
  readonly parallel?: boolean;
}

interface Wish {
  readonly claims?: readonly string[];
  readonly spec?: object;
  readonly annotations?: Readonly<Record<string, string>>;
}

export const fast = (replicas: number, { spec, ...wish }: Wish = {}): KubeObjectInput =>
  app({ ...wish, spec: { replicas, ...spec }, podSpec: { terminationGracePeriodSeconds: 1 } });

const nothing = () => Promise.resolve();
const ready = (scene: Scene, count: number) => {
  const web = scene.app('web');
  const pods = scene.pods();
  return (
    pods.length === count &&
    pods.every(isReady) &&
    web?.status?.observedGeneration === web?.metadata.generation &&
    web?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true
  );
};
export const has = (count: number) => (scene: Scene) => ready(scene, count);
const again = (count: number) => (scene: Scene) => ready(scene, count) && scene.gone('pods', 'web-0').length > 0;
const scaled = (replicas: number) => (scene: Scene) => scene.patch(APPS, 'web', { spec: { replicas } });

const SCALED_DELETE = { persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Delete' } };
/** Paused, the app leaves the place of a member that was deleted by hand empty, and its claim without a pod. */
export const vacated = async (scene: Scene, pod: string): Promise<void> => {
  await scene.edit('web', { paused: true });
  const uid = scene.pod(pod)?.metadata.uid ?? '';
  await scene.client.delete(RESOURCES.pods, { namespace: scene.name, name: pod }, { uid });
  await scene.until(`${pod} to be gone`, () => scene.pod(pod) === undefined);
};

const removed = async (scene: Scene, propagationPolicy: 'Background' | 'Foreground' = 'Background'): Promise<void> => {
  const uid = scene.app('web')?.metadata.uid ?? '';
  await scene.client.delete(APPS, { namespace: scene.name, name: 'web' }, { uid, propagationPolicy });
};
const nothingLeft = (scene: Scene) =>
  scene.pods().length === 0 && scene.app('web') === undefined && scene.revisions().length === 0;

/** It calls for no write of the operator at all. */
export const DELETE: Workflow = {
  name: 'delete the app',
  prepare: (scene) => scene.start(fast(2)),
  trigger: (scene) => removed(scene),
  isOver: nothingLeft,
  removes: [],
  ends: ['web-0', 'web-1'],
};

export const WORKFLOWS: readonly Workflow[] = [
  {
    name: 'create 3 members with 2 claims each',
    prepare: nothing,
    trigger: (scene) => scene.create(APPS, fast(3, { claims: ['data', 'wal'] })),
    isOver: has(3),
    removes: [],
    ends: [],
  },
  {
    name: 'create 3 members side by side',
    prepare: nothing,
    trigger: (scene) => scene.create(APPS, fast(3, { spec: { podManagementPolicy: 'Parallel' } })),
    isOver: has(3),
    removes: [],
    ends: [],
    parallel: true,
  },
  {
    name: 'scale up from 2 to 4',
    prepare: (scene) => scene.start(fast(2)),
    trigger: scaled(4),
    isOver: has(4),
    removes: [],
    ends: [],
  },
  {
    name: 'scale down from 4 to 2',
    prepare: (scene) => scene.start(fast(4)),
    trigger: scaled(2),
    isOver: has(2),
    removes: ['web-3', 'web-2'],
    ends: ['web-3', 'web-2'],
  },
  {
    name: 'scale down, claims go with their pods',
    prepare: (scene) => scene.start(fast(3, { claims: ['data', 'wal'], spec: SCALED_DELETE })),
    trigger: scaled(1),
    isOver: (scene) => ready(scene, 1) && scene.claims().length === 2,
    removes: ['web-2', 'web-1'],
    ends: ['web-2', 'web-1'],
    losesClaims: ['data-web-1', 'data-web-2', 'wal-web-1', 'wal-web-2'],
  },
  {
    name: 'scale down, claims left without a pod',
    prepare: async (scene) => {
      await scene.start(fast(2, { spec: SCALED_DELETE }));
      await vacated(scene, 'web-1');
    },
    trigger: (scene) => scene.patch(APPS, 'web', { spec: { replicas: 1, paused: false } }),
    isOver: (scene) => ready(scene, 1) && scene.claims().length === 1,
    removes: [],
    ends: ['web-1'],
    losesClaims: ['data-web-1'],
    deletesClaims: ['data-web-1'],
  },
  {
    name: 'replace a member whose pod failed',
    prepare: (scene) => scene.start(fast(2)),
    trigger: (scene) => scene.play('web-0', 'failed'),
    isOver: again(2),
    removes: ['web-0'],
    ends: ['web-0'],
  },
  {
    name: 'replace a member whose pod was evicted',
    prepare: (scene) => scene.start(fast(2)),
    trigger: (scene) => scene.play('web-0', 'evicted'),
    isOver: again(2),
    removes: ['web-0'],
    ends: ['web-0'],
  },
  {
    name: 'replace a member whose pod was deleted by hand',
    prepare: (scene) => scene.start(fast(2)),
    trigger: (scene) => {
      const uid = scene.pod('web-0')?.metadata.uid ?? '';
      return scene.client.delete(RESOURCES.pods, { namespace: scene.name, name: 'web-0' }, { uid });
    },
    isOver: again(2),
    removes: [],
    ends: ['web-0'],
  },
  {
    name: 'update 2 members to another template, whose predecessor is not kept',
    prepare: (scene) => scene.start(fast(2, { spec: { revisionHistoryLimit: 0 } })),
    trigger: (scene) =>
      scene.patch(APPS, 'web', { spec: { template: { metadata: { annotations: { restarted: 'yes' } } } } }),
    isOver: (scene) => again(2)(scene) && scene.revisions().length === 1,
    removes: ['web-1', 'web-0'],
    ends: ['web-1', 'web-0'],
  },
  DELETE,
  {
    name: 'delete the app and wait for its members',
    // Long enough to be told of.
    prepare: (scene) => scene.start(fast(2, { annotations: { [`${ANNOTATION}/terminate-after`]: '900ms' } })),
    trigger: (scene) => removed(scene, 'Foreground'),
    isOver: nothingLeft,
    removes: [],
    ends: ['web-0', 'web-1'],
  },
  {
    name: 'delete the app and create it again at once',
    prepare: (scene) => scene.start(fast(2)),
    trigger: async (scene) => {
      await removed(scene);
      await scene.create(APPS, fast(2));
    },
    isOver: (scene) => ready(scene, 2) && scene.gone('pods').length === 2 && scene.revisions().length === 1,
    removes: [],
    ends: ['web-0', 'web-1'],
  },
];

/** For the crash loop: slow enough to last for most of it. */
export const CREATE_FIVE: Workflow = {
  name: 'create 5 members that take 3 s each',
  prepare: nothing,
  trigger: (scene) => scene.create(APPS, fast(5, { annotations: { [`${ANNOTATION}/start-after`]: '3s' } })),
  isOver: has(5),
  removes: [],
  ends: [],
};
