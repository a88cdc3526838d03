// The operator as users have it: its chart, installed by Helm, from our image, in a namespace of its own under the restricted level
// of Pod Security. Suites kill it, and ask who leads. Needs nodes that have the image (operatorArchive()).
import { helm } from '../cluster/helm.ts';
import type { NodeCluster } from '../cluster/node-cluster.ts';
import { until } from '../cluster/requests.ts';
import { killContainer } from '../databases/kill.ts';
import type { OperatorArchive } from '../images/operator/archive.ts';

const CHART = new URL('../../charts/statefulapp-operator', import.meta.url).pathname;
const NAMESPACE = 'operators';
const NAME = 'statefulapp-operator';
/** What Node calls its first thread. */
const PROGRAM = 'node-MainThread';
const LEADS_MS = 60_000;
const GONE_MS = 60_000;
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
  const pods = async (): Promise<readonly OperatorPod[]> =>
    JSON.parse(await kubectl('get', 'pods', ...SELECTOR, '-o', 'json')).items;
  /** The name of the pod that leads; '' for none. */
  const leader = async () => {
    const holder = await kubectl('get', 'lease', NAME, '-o', 'jsonpath={.spec.holderIdentity}');
    return holder.split('_')[0] ?? '';
  };
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
    pods,
    leader,
    /** As a crash does, with SIGKILL. Waits for one that leads and runs. */
    killLeader: () => {
      const isKilled = async () => {
        const name = await leader();
        const pod = (await pods()).find(({ metadata }) => metadata.name === name);
        return pod !== undefined && wasKilled(pod);
      };
      return until(isKilled, LEADS_MS, () => `No operator leads and runs after ${LEADS_MS / 1000} s.`);
    },
    /** All of them at once, and none is started again. Resolves when their pods are gone. */
    killAll: async () => {
      for (const pod of await pods()) wasKilled(pod);
      await kubectl('scale', `deployment/${NAME}`, '--replicas=0');
      const areGone = async () => (await pods()).length === 0;
      await until(areGone, GONE_MS, () => `The operator's pods are there after ${GONE_MS / 1000} s.`);
    },
    /** After `killAll`. Resolves when all are ready. */
    restart: async () => {
      await kubectl('scale', `deployment/${NAME}`, '--replicas=2');
      await kubectl('rollout', 'status', `deployment/${NAME}`, '--timeout=120s');
    },
  };
}

/** As a crash does, with SIGKILL. Throws when its container does not run at the moment. */
export function crash({ metadata }: Pick<OperatorPod, 'metadata'>): void {
  killContainer({ podUid: metadata.uid, program: PROGRAM });
}

function wasKilled(pod: OperatorPod): boolean {
  try {
    crash(pod);
    return true;
  } catch {
    return false;
  }
}
