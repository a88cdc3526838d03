// A cluster with real nodes on this machine: kubelets with containerd and kube-proxy, each in namespaces of its own, no
// Docker. Needs Linux and root. What it lacks beside others: a way out to other networks, and registries: images are imported.
import { mkdirSync, realpathSync } from 'node:fs';
import type { Progress } from '../binaries.ts';
import type { ComponentName } from '../components.ts';
import { type ControlPlane, type ControlPlaneOptions, controlPlane, prepareFolder } from '../control-plane.ts';
import { type NodeCluster, nodeCluster } from '../node-cluster.ts';
import { startOwned } from '../ownership.ts';
import { type Patience, patienceOf } from '../patience.ts';
import { MAX_NODES } from './addresses.ts';
import { bringUp } from './bring-up.ts';
import { PROVISIONER_FOLDER } from './files.ts';
import { type RealNode, realNode } from './node.ts';
import { findProgramPaths } from './programs.ts';
import type { NodeProgram } from './state.ts';

export interface RealClusterOptions extends ControlPlaneOptions, Partial<Patience> {
  /** Where everything is kept; new or empty. Not below /var or /run, which nodes have of their own. Default: a new temporary folder. */
  readonly dir?: string;
  /** Nodes named node-0 and up. Default: 3. */
  readonly nodes?: number;
  /** Archives of images that every node gets before anything else runs. */
  readonly images?: readonly string[];
  /** Further arguments of single components and of each node's programs; they win over the built-in ones. */
  readonly args?: Partial<Record<ComponentName | NodeProgram, readonly string[]>>;
  /** The cluster outlives this process: end it with `tearDown(dir)`. Default: it ends with this process, however that ends. */
  readonly detach?: boolean;
  /** Hears what takes time, one line at a time. */
  readonly progress?: Progress;
}

export interface RealCluster extends ControlPlane, NodeCluster<RealNode> {
  /** Ends everything, deletes the folder, and throws if anything is left on this machine. Safe to repeat. */
  readonly stop: () => Promise<void>;
}

/** Starts a cluster and waits until pods run in it and find names. Rejects, with nothing left behind, when that fails. */
export async function startRealCluster(options: RealClusterOptions = {}): Promise<RealCluster> {
  const progress = options.progress ?? (() => {});
  const nodes = options.nodes ?? 3;
  if (nodes < 1 || nodes > MAX_NODES) throw new Error(`A cluster has 1 to ${MAX_NODES} real nodes, not ${nodes}.`);
  const programs = await findProgramPaths(progress);
  const dir = realpathSync(prepareFolder(options.dir));
  // It stays: removing it would unmount what other clusters' nodes see there.
  mkdirSync(PROVISIONER_FOLDER, { recursive: true });
  const { prepared, stop } = await startOwned(dir, options.detach === true, async () => {
    for (const path of [dir, ...Object.values(programs)]) checkVisible(path);
    return bringUp({ dir, options, nodes, patience: patienceOf(options), programs, progress });
  });
  return handle(controlPlane(prepared, progress), nodes, { progress, stop });
}

function checkVisible(path: string): void {
  if (!/^\/(var|run)(\/|$)/.test(path)) return;
  throw new Error(
    `${path} is below /var or /run, which every node has of its own, so nodes could not see it. ` +
      'Choose another folder: `dir`, TMPDIR, XDG_STATE_HOME or XDG_CACHE_HOME decide.',
  );
}

interface Ending {
  readonly progress: Progress;
  readonly stop: () => Promise<void>;
}

function handle(shared: ControlPlane, count: number, { progress, stop }: Ending): RealCluster {
  const { name, dir, kubeconfig } = shared;
  const nodes = Array.from({ length: count }, (_, index) => realNode(dir, `node-${index}`));
  const importImage = async (archive: string) => {
    const on = nodes.filter((node) => node.isRunning());
    await Promise.all(on.map((node) => node.importImage(archive)));
  };
  return { ...shared, ...nodeCluster({ name, kubeconfig, nodes, importImage, stop, progress }) };
}
