// What the control plane is told beyond what every local cluster tells it, because its nodes are real. Pure.
import { join } from 'node:path';
import type { ComponentName } from '../components.ts';
import { apiServerFlags, controllerManagerFlags, type Flags, type Patience } from '../patience.ts';
import { PROVISIONER_FOLDER, volumesFolder } from './files.ts';
import { quote } from './shell.ts';

/** The certificate that the API server shows to kubelets. */
export const KUBELET_CLIENT = {
  subject: { commonName: 'kube-apiserver-kubelet-client', organizations: ['system:masters'] },
  paths: (dir: string) => ({
    certificate: join(dir, 'pki/kubelet-client.crt'),
    key: join(dir, 'pki/kubelet-client.key'),
  }),
};

export function controlPlaneArgs(dir: string, patience: Patience): Partial<Record<ComponentName, readonly string[]>> {
  const client = KUBELET_CLIENT.paths(dir);
  return {
    'kube-apiserver': [
      `--kubelet-client-certificate=${client.certificate}`,
      `--kubelet-client-key=${client.key}`,
      `--kubelet-certificate-authority=${join(dir, 'pki/ca.crt')}`,
      '--enable-admission-plugins=NodeRestriction',
      '--enable-aggregator-routing=true', // webhooks are called at their pods: this machine knows no Services
      ...written(apiServerFlags(patience)),
    ],
    'kube-controller-manager': written(controllerManagerFlags(patience)),
  };
}

function written(flags: Flags): readonly string[] {
  return Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
}

/**
 * Words before a component's command line: it runs in the cluster's cgroup, and kube-controller-manager sees the
 * cluster's volumes where its provisioner makes them.
 */
export function launcher(dir: string, enterCgroup: string): (name: ComponentName) => readonly string[] {
  const plain = ['sh', '-c', `set -e\n${enterCgroup}\nexec "$@"`, 'sh'];
  const bind = `set -e\nmount --bind ${quote(volumesFolder(dir))} ${PROVISIONER_FOLDER}\nexec "$@"`;
  const withVolumes = [...plain, 'unshare', '--mount', '--propagation', 'private', 'sh', '-c', bind, 'sh'];
  return (name) => (name === 'kube-controller-manager' ? withVolumes : plain);
}
