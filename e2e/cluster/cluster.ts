// A real Kubernetes control plane with fake nodes, started and stopped by a function call: for the integration tests,
// the demo and the benchmarks. What it lacks: containers that run. Pods go through the states a kubelet would report,
// failures included (see plays.ts), and DNS answers with their addresses, where nobody listens.
import { findBinary, type Progress } from './binaries.ts';
import { COMPONENTS, type ComponentName } from './components.ts';
import {
  type ControlPlane,
  type ControlPlaneOptions,
  controlPlane,
  type Prepared,
  prepareControlPlane,
  prepareFolder,
  startApiServer,
} from './control-plane.ts';
import { canRunPods, createNode, createStorageClass, deleteNode, dropNodeLeases, setKubelet } from './nodes.ts';
import { startOwned } from './ownership.ts';
import { until } from './requests.ts';

/** Clusters of one name may run side by side in different folders. */
export interface ClusterOptions extends ControlPlaneOptions {
  /** Where everything is kept; new or empty. Default: a new temporary folder. */
  readonly dir?: string;
  /** Fake nodes named node-0 and up. Default: 3. */
  readonly nodes?: number;
  /** Which to start. Default: all. etcd and kube-apiserver are always there. */
  readonly components?: readonly ComponentName[];
  /** The cluster outlives this process: end it with `tearDown(dir)`. Default: it ends with this process, however that ends. */
  readonly detach?: boolean;
  /** Hears what takes time, one line at a time. */
  readonly progress?: Progress;
}

export interface Cluster extends ControlPlane {
  /** CoreDNS, on 127.0.0.1, UDP and TCP; zone cluster.local. */
  readonly dnsPort: number;
  readonly addNode: (name: string) => Promise<void>;
  /** Deletes the Node object, as after `kubectl delete node`: its pods are garbage collected, not stopped. */
  readonly removeNode: (name: string) => Promise<void>;
  /**
   * The kubelet falls silent: its pods keep their last state, and the node turns Unknown after 50 s. Sooner with the
   * `args` kwok --node-lease-duration-seconds=8 (renewed each quarter) and kube-controller-manager
   * --node-monitor-grace-period=8s --node-monitor-period=1s.
   */
  readonly partitionNode: (name: string) => Promise<void>;
  readonly healNode: (name: string) => Promise<void>;
  /** Ends every process and deletes the folder. Safe to repeat. */
  readonly stop: () => Promise<void>;
}

/** Starts a cluster and waits until pods can run in it. Rejects, with nothing left behind, when that fails. */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const progress = options.progress ?? (() => {});
  const nodes = options.nodes ?? 3;
  const wanted = COMPONENTS.filter((name) => isWanted(name, options.components));
  for (const name of wanted) await findBinary(name, progress);

  const dir = prepareFolder(options.dir);
  const { prepared, stop } = await startOwned(dir, options.detach === true, async () => {
    const cluster = await prepareControlPlane({ dir, options, progress });
    await bringUp(cluster, { wanted, nodes, progress });
    return cluster;
  });
  return handle(prepared, nodes, { progress, stop });
}

function isWanted(name: ComponentName, components: readonly ComponentName[] = COMPONENTS): boolean {
  return name === 'etcd' || name === 'kube-apiserver' || components.includes(name);
}

interface Wishes {
  readonly wanted: readonly ComponentName[];
  readonly nodes: number;
  readonly progress: Progress;
}

async function bringUp(cluster: Prepared, { wanted, nodes, progress }: Wishes): Promise<void> {
  const { runtime, api } = cluster;
  await startApiServer(cluster, progress);
  const others = wanted.filter((name) => name !== 'etcd' && name !== 'kube-apiserver');
  for (const name of others) await runtime.launch(name);
  const names = Array.from({ length: nodes }, (_, index) => `node-${index}`);
  await Promise.all([createStorageClass(api), ...names.map((name, index) => createNode(api, name, index))]);
  if (others.length > 0) progress(`starting ${others.join(', ')} …`);
  await Promise.all(others.map((name) => runtime.ready(name)));
  if (others.includes('kube-controller-manager')) {
    await until(
      () => canRunPods(api, nodes),
      30_000,
      () =>
        `The nodes or the default service account are not ready after 30 s. See ${runtime.logFile('kube-controller-manager')}.`,
    );
  }
  progress(`${nodes} nodes are ready`);
}

interface Ending {
  readonly progress: Progress;
  readonly stop: () => Promise<void>;
}

function handle(prepared: Prepared, nodes: number, { progress, stop }: Ending): Cluster {
  const { layout, api } = prepared;
  const shared = controlPlane(prepared, progress);
  let nodeIndex = nodes;
  return {
    ...shared,
    dnsPort: layout.ports.dns,
    addNode: (node) => {
      nodeIndex += 1;
      return createNode(api, node, nodeIndex - 1);
    },
    removeNode: (node) => deleteNode(api, node),
    partitionNode: (node) => setKubelet(api, node, false),
    healNode: (node) => setKubelet(api, node, true),
    startComponent: async (component) => {
      if (component === 'kwok') await dropNodeLeases(api);
      await shared.startComponent(component);
    },
    stop,
  };
}
