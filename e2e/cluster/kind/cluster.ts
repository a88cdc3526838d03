// A cluster of kind (Kubernetes in Docker), where Docker and kind are installed: for who has them, laptops above all. Which
// Kubernetes it is, is kind's own choice; its volumes stay on the node that made them.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Progress } from '../binaries.ts';
import { prepareFolder } from '../control-plane.ts';
import { type NodeActions, type NodeCluster, nodeCluster } from '../node-cluster.ts';
import { type Patience, patienceOf } from '../patience.ts';
import { run } from '../run.ts';
import {
  CONFIG_FILE,
  createCommand,
  deleteCommand,
  importCommand,
  kindConfig,
  nodeCommand,
  workerNames,
} from './commands.ts';

export interface KindOptions extends Partial<Patience> {
  /** Part of its name to kind: one cluster of a name at a time. Default: test. */
  readonly name?: string;
  /** For its kubeconfig; new or empty. Default: a new temporary folder. */
  readonly dir?: string;
  /** Workers. Default: 3. */
  readonly nodes?: number;
  /** Archives of images that every node gets. */
  readonly images?: readonly string[];
  readonly progress?: Progress;
}

/** Creates a cluster. It outlives this process: `stop` ends it, or `kind delete cluster`. */
export async function startKindCluster(options: KindOptions = {}): Promise<NodeCluster> {
  const { name = 'test', nodes = 3, images = [], progress = () => {} } = options;
  await needs(['docker', 'version'], 'Docker (https://docs.docker.com/engine/install), running');
  await needs(['kind', 'version'], 'kind (https://kind.sigs.k8s.io/docs/user/quick-start)');
  const dir = prepareFolder(options.dir);
  writeFileSync(join(dir, CONFIG_FILE), kindConfig(nodes, patienceOf(options)));
  progress(`kind creates a cluster with ${nodes} workers …`);
  const importImage = async (archive: string) => void (await run(importCommand(name, archive)));
  try {
    await run(createCommand(name, dir));
    for (const archive of images) await importImage(archive);
  } catch (error) {
    await endKind(name, dir).catch(() => {}); // the first failure is the one to tell
    throw error;
  }
  return nodeCluster({
    name,
    kubeconfig: join(dir, 'kubeconfig'),
    nodes: workerNames(name, nodes).map(kindNode),
    importImage,
    stop: () => endKind(name, dir),
    progress,
  });
}

export async function endKind(name: string, dir: string): Promise<void> {
  await run(deleteCommand(name, dir));
  rmSync(dir, { recursive: true, force: true });
}

export function kindNode(name: string): NodeActions {
  const tell = (verb: Parameters<typeof nodeCommand>[0]) => async () => void (await run(nodeCommand(verb, name)));
  return {
    name,
    partition: tell('partition'),
    heal: tell('heal'),
    kill: tell('kill'),
    restart: tell('restart'),
    killKubelet: tell('killKubelet'),
    startKubelet: tell('startKubelet'),
    restartRuntime: tell('restartRuntime'),
  };
}

async function needs(command: readonly string[], what: string): Promise<void> {
  try {
    await run(command);
  } catch (error) {
    throw new Error(
      `--kind needs ${what}. Without it: --nodes (as root on Linux) or --fake-nodes.\n${(error as Error).message}`,
    );
  }
}
