// A cluster that somebody has, through its kubeconfig. Tests may use it, and leave its nodes and images alone.
import type { Progress } from './binaries.ts';
import { kubectl } from './kubectl.ts';
import { type NodeActions, type NodeCluster, nodeCluster } from './node-cluster.ts';

interface Node {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly taints?: readonly { readonly effect: string }[] };
}

export async function existingCluster(kubeconfig: string, progress: Progress = () => {}): Promise<NodeCluster> {
  const text = await kubectl({ kubeconfig, args: ['get', 'nodes', '-o', 'json'], progress });
  const { items } = JSON.parse(text) as { readonly items: readonly Node[] };
  const names = items.filter(takesPods).map(({ metadata }) => metadata.name);
  if (names.length === 0) throw new Error(`The cluster of ${kubeconfig} has no nodes that take pods.`);
  return nodeCluster({
    name: 'current',
    kubeconfig,
    nodes: names.map(leftAlone),
    importImage: async (archive) => progress(`${archive} is not imported: the cluster must get its image elsewhere`),
    stop: async () => {},
    progress,
  });
}

// A cordoned node has a taint of that effect too.
function takesPods({ spec }: Node): boolean {
  return (spec.taints ?? []).every(({ effect }) => effect === 'PreferNoSchedule');
}

function leftAlone(name: string): NodeActions {
  const refuse = () => Promise.reject(new Error(`${name} is somebody's node: tests do not make it fail.`));
  return {
    name,
    partition: refuse,
    heal: refuse,
    kill: refuse,
    restart: refuse,
    killKubelet: refuse,
    startKubelet: refuse,
    restartRuntime: refuse,
  };
}
