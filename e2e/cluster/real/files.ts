// Where the parts of a cluster with real nodes keep their files, below the cluster's folder.
import { join } from 'node:path';

export interface NodeFiles {
  readonly dir: string;
  /** What the node has at /var: containers, images, logs of pods. Outlives a power cut, as a disk does. */
  readonly disk: string;
  /** Stand in for kernel settings that a kubelet would change for the whole machine. */
  readonly tunables: string;
  readonly state: string;
  readonly containerdConfig: string;
  readonly cniConfig: string;
  readonly runc: string;
  readonly kubeletConfig: string;
  readonly kubeletKubeconfig: string;
  readonly certificate: string;
  readonly key: string;
  readonly proxyConfig: string;
  readonly proxyKubeconfig: string;
}

export function nodeFiles(clusterDir: string, node: string): NodeFiles {
  const dir = join(nodesFolder(clusterDir), node);
  const at = (file: string) => join(dir, file);
  return {
    dir,
    disk: at('disk'),
    tunables: at('tunables'),
    state: at('state.json'),
    containerdConfig: at('containerd.toml'),
    cniConfig: at('cni'),
    runc: at('runc'),
    kubeletConfig: at('kubelet.yaml'),
    kubeletKubeconfig: at('kubelet.kubeconfig'),
    certificate: at('kubelet.crt'),
    key: at('kubelet.key'),
    proxyConfig: at('kube-proxy.yaml'),
    proxyKubeconfig: at('kube-proxy.kubeconfig'),
  };
}

export function nodeLog({ dir }: Pick<NodeFiles, 'dir'>, program: string): string {
  return join(dir, `${program}.log`);
}

export function nodesFolder(clusterDir: string): string {
  return join(clusterDir, 'nodes');
}

/** The disks behind all volumes: every node and kube-controller-manager see this folder where the provisioner puts them. */
export function volumesFolder(clusterDir: string): string {
  return join(clusterDir, 'volumes');
}

/** Built into kube-controller-manager. */
export const PROVISIONER_FOLDER = '/tmp/hostpath_pv';
