// What tests may ask of any cluster whose nodes run containers, wherever it comes from: real nodes here, kind, or a
// cluster that somebody has. What only one kind of them can do is on that kind's own handle.
import type { Progress } from './binaries.ts';
import { kubectl } from './kubectl.ts';

/** A node, and how it fails. */
export interface NodeActions {
  readonly name: string;
  /** Cuts it off: nothing gets in or out, and all that runs on it goes on. */
  readonly partition: () => Promise<void>;
  readonly heal: () => Promise<void>;
  /** A power cut: kubelet, runtime and containers are gone at once; its disk stays. */
  readonly kill: () => Promise<void>;
  /** Switches it on again after `kill`. */
  readonly restart: () => Promise<void>;
  /** Containers go on without it. */
  readonly killKubelet: () => Promise<void>;
  readonly startKubelet: () => Promise<void>;
  /** Ends containerd and starts it again; containers go on. */
  readonly restartRuntime: () => Promise<void>;
}

export interface Exec {
  readonly pod: string;
  /** Default: default. */
  readonly namespace?: string;
  /** Default: the pod's first. */
  readonly container?: string;
}

export interface NodeCluster<N extends NodeActions = NodeActions> {
  readonly name: string;
  /** Path of the administrator's kubeconfig. */
  readonly kubeconfig: string;
  /** Runs kubectl as administrator; its standard output. Rejects with what it said on failure. */
  readonly kubectl: (...args: readonly string[]) => Promise<string>;
  /** kubectl apply of YAML or JSON text. */
  readonly apply: (manifest: string) => Promise<string>;
  /** Runs a command in a container; its standard output. */
  readonly exec: (where: Exec, ...command: readonly string[]) => Promise<string>;
  /** Makes the images in an archive known to all nodes that run. */
  readonly importImage: (archive: string) => Promise<void>;
  /** Those that pods run on. */
  readonly nodes: readonly N[];
  /** Throws for a node that is not there. */
  readonly node: (name: string) => N;
  readonly stop: () => Promise<void>;
}

/** What one kind of cluster brings. */
export type Parts<N extends NodeActions> = Pick<
  NodeCluster<N>,
  'name' | 'kubeconfig' | 'nodes' | 'importImage' | 'stop'
> & { readonly progress: Progress };

export function nodeCluster<N extends NodeActions>(parts: Parts<N>): NodeCluster<N> {
  const { name, kubeconfig, nodes, importImage, stop, progress } = parts;
  const ask = (...args: readonly string[]) => kubectl({ kubeconfig, args, progress });
  return {
    name,
    kubeconfig,
    kubectl: ask,
    apply: (manifest) => kubectl({ kubeconfig, args: ['apply', '-f', '-'], input: manifest, progress }),
    exec: ({ pod, namespace = 'default', container }, ...command) => {
      const where = [`--namespace=${namespace}`, ...(container === undefined ? [] : [`--container=${container}`])];
      return ask('exec', ...where, pod, '--', ...command);
    },
    importImage,
    nodes,
    node: (wanted) => {
      const found = nodes.find((candidate) => candidate.name === wanted);
      if (found !== undefined) return found;
      const known = nodes.map((candidate) => candidate.name).join(', ');
      throw new Error(`Cluster ${name} has no node ${wanted}. Its nodes: ${known}.`);
    },
    stop,
  };
}
