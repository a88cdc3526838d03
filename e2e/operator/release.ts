// The operator as users have it: its chart, installed by Helm, from our image, in a namespace of its own under the restricted level
// of Pod Security. Suites kill it, and ask who leads. Needs nodes that have the image (operatorArchive()).
import { helm } from '../cluster/helm.ts';
import type { NodeCluster } from '../cluster/node-cluster.ts';
import type { OperatorArchive } from '../images/operator/archive.ts';

const CHART = new URL('../../charts/statefulapp-operator', import.meta.url).pathname;
const NAMESPACE = 'operators';
const NAME = 'statefulapp-operator';
const SELECTOR = ['-l', 'app.kubernetes.io/component=operator'];

export interface OperatorPod {
  readonly metadata: { readonly name: string; readonly uid: string };
  readonly spec: { readonly nodeName: string };
  readonly status: {
    readonly containerStatuses: readonly { readonly ready: boolean; readonly restartCount: number }[];
  };
}

export type OperatorRelease = ReturnType<typeof operatorRelease>;

/** Nothing is installed yet: `install` does that. */
export function operatorRelease(cluster: NodeCluster, { image }: Pick<OperatorArchive, 'image'>) {
  const kubectl = (...args: readonly string[]) => cluster.kubectl('--namespace', NAMESPACE, ...args);
  const helmed = (...args: readonly string[]) =>
    helm({ kubeconfig: cluster.kubeconfig, args: [...args, '--namespace', NAMESPACE, '--timeout=120s'] });
  const namespace = {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: NAMESPACE, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
  };
  const ours = Object.entries(image).map(([name, value]) => `--set=image.${name}=${value}`);
  return {
    namespace: NAMESPACE,
    name: NAME,
    /** As the audit log has it. */
    user: `system:serviceaccount:${NAMESPACE}:${NAME}`,
    /** In the operator's namespace. */
    kubectl,
    /** Resolves when all replicas are ready. Again after `uninstall`, too. */
    install: async (...args: readonly string[]) => {
      await cluster.apply(JSON.stringify(namespace));
      return helmed('install', NAME, CHART, '--wait', ...ours, ...args);
    },
    upgrade: (...args: readonly string[]) => helmed('upgrade', NAME, CHART, '--wait', ...ours, ...args),
    uninstall: () => helmed('uninstall', NAME, '--wait'),
    test: () => helmed('test', NAME, '--logs'),
    pods: async (): Promise<readonly OperatorPod[]> =>
      JSON.parse(await kubectl('get', 'pods', ...SELECTOR, '-o', 'json')).items,
    /** The name of the pod that leads; '' for none. */
    leader: async () => {
      const holder = await kubectl('get', 'lease', NAME, '-o', 'jsonpath={.spec.holderIdentity}');
      return holder.split('_')[0] ?? '';
    },
  };
}
