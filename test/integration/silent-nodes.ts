// A cluster whose nodes fall silent within seconds, and members that are each on a node of their own. For rollout-nodes.test.ts
// and lost-nodes.test.ts.

import type { KubeObject } from '../../src/kube/objects.ts';
import { openStage, type Scene, type Stage } from './stage.ts';

/** `controllers`: which of Kubernetes' run; all, unless others are named. */
export function openNodes(name: string, controllers = '*'): Promise<Stage> {
  return openStage({
    name,
    nodes: 4,
    args: {
      kwok: ['--node-lease-duration-seconds=8'],
      'kube-controller-manager': [
        '--node-monitor-grace-period=8s',
        '--node-monitor-period=1s',
        `--controllers=${controllers}`,
      ],
    },
  });
}

/** Affinity by which each member has a node of its own. */
export const apart = {
  podAntiAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: [
      { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { app: 'web' } } },
    ],
  },
};

export const nodeOf = (pod: KubeObject | undefined) =>
  ((pod?.['spec'] ?? {}) as { readonly nodeName?: string }).nodeName ?? '';

export const leaves = (scene: Scene, name: string) =>
  scene.until(`${name} to be given up`, () => scene.pod(name)?.metadata.deletionTimestamp !== undefined);
