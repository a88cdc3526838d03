// The command lines for kind (Kubernetes in Docker) and its nodes. Pure: they can be held in tests where there is no Docker.
import { join } from 'node:path';
import { stringify } from 'yaml';
import { apiServerFlags, controllerManagerFlags, leaseSeconds, type Patience, STOCK_PATIENCE } from '../patience.ts';

/** In the cluster's folder. */
export const CONFIG_FILE = 'kind.yaml';

/** What a node of the cluster can be told. */
export const NODE_VERBS = [
  'partition',
  'heal',
  'kill',
  'restart',
  'killKubelet',
  'startKubelet',
  'restartRuntime',
] as const;
export type NodeVerb = (typeof NODE_VERBS)[number];

/** One control plane and the workers; pods run on workers only. */
export function kindConfig(workers: number, patience: Patience = STOCK_PATIENCE): string {
  const nodes = [{ role: 'control-plane' }, ...Array.from({ length: workers }, () => ({ role: 'worker' }))];
  return stringify({
    kind: 'Cluster',
    apiVersion: 'kind.x-k8s.io/v1alpha4',
    nodes,
    kubeadmConfigPatches: kubeadmPatches(patience).map((patch) => stringify(patch)),
  });
}

// Without an apiVersion: kind then takes extraArgs as a map, whichever form the kubeadm of its Kubernetes wants.
function kubeadmPatches(patience: Patience): readonly unknown[] {
  return [
    {
      kind: 'ClusterConfiguration',
      apiServer: { extraArgs: apiServerFlags(patience) },
      controllerManager: { extraArgs: controllerManagerFlags(patience) },
    },
    { kind: 'KubeletConfiguration', nodeLeaseDurationSeconds: leaseSeconds(patience) },
  ];
}

/** Its name among all clusters of kind on this machine. */
export function kindName(name: string): string {
  return `statefulapp-${name}`;
}

export function createCommand(name: string, dir: string): readonly string[] {
  const files = ['--config', join(dir, CONFIG_FILE), '--kubeconfig', join(dir, 'kubeconfig')];
  return ['kind', 'create', 'cluster', '--name', kindName(name), ...files, '--wait', '120s'];
}

export function deleteCommand(name: string, dir: string): readonly string[] {
  return ['kind', 'delete', 'cluster', '--name', kindName(name), '--kubeconfig', join(dir, 'kubeconfig')];
}

export function importCommand(name: string, archive: string): readonly string[] {
  return ['kind', 'load', 'image-archive', archive, '--name', kindName(name)];
}

/** As kind names them: worker, worker2, worker3. */
export function workerNames(name: string, workers: number): readonly string[] {
  return Array.from({ length: workers }, (_, index) => `${kindName(name)}-worker${index === 0 ? '' : index + 1}`);
}

/** `node` is the node's name to Kubernetes, which is its container's name to Docker. */
export function nodeCommand(verb: NodeVerb, node: string): readonly string[] {
  const within = (...command: readonly string[]) => ['docker', 'exec', node, ...command];
  switch (verb) {
    case 'kill':
      return ['docker', 'kill', node];
    case 'restart':
      return ['docker', 'start', node];
    case 'partition':
      return within('sh', '-c', packetFilter('-I'));
    case 'heal':
      return within('sh', '-c', packetFilter('-D'));
    case 'killKubelet':
      return within('systemctl', 'stop', 'kubelet');
    case 'startKubelet':
      return within('systemctl', 'start', 'kubelet');
    case 'restartRuntime':
      return within('systemctl', 'restart', 'containerd');
    default:
      return verb satisfies never;
  }
}

// A cable that is pulled inside the node's own filter: disconnecting it from Docker's network would change its address.
function packetFilter(act: '-I' | '-D'): string {
  const rules = ['INPUT -i', 'OUTPUT -o', 'FORWARD -i', 'FORWARD -o'];
  return rules.map((rule) => `iptables ${act} ${rule} eth0 -j DROP`).join(' && ');
}
