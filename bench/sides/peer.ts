// The StatefulSet controller of kube-controller-manager, alone in a process of its own, under an ordinary user with the rights
// that Kubernetes gives to it: the cluster's own kube-controller-manager runs without it.
import { join } from 'node:path';
import { findBinary } from '../../e2e/cluster/binaries.ts';
import type { ControlPlane } from '../../e2e/cluster/control-plane.ts';
import { RESOURCES } from '../../src/kube/resources.ts';
import { startChild } from './child.ts';
import type { Side, SideName } from './side.ts';

/** A limit that is never reached. */
const NO_LIMIT = 5000;

export const UNTHROTTLED = peer('unthrottled', `StatefulSet controller, --kube-api-qps=${NO_LIMIT}`, [
  `--kube-api-qps=${NO_LIMIT}`,
  `--kube-api-burst=${NO_LIMIT}`,
]);
export const DEFAULT = peer('default', 'StatefulSet controller, default flags (20 requests a second)', []);

const ROLES = ['system:controller:statefulset-controller', 'system:kube-controller-manager'];
const GROUP = 'bench-statefulset-controllers';

/** What the peer needs to work in a cluster: the built-in roles, for the users of this benchmark. */
export async function installPeer(cluster: ControlPlane): Promise<void> {
  const apiGroup = 'rbac.authorization.k8s.io';
  const items = ROLES.map((role) => ({
    apiVersion: `${apiGroup}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name: `bench:${role}` },
    subjects: [{ apiGroup, kind: 'Group', name: GROUP }],
    roleRef: { apiGroup, kind: 'ClusterRole', name: role },
  }));
  await cluster.apply(JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
}

let starts = 0;

function peer(name: SideName, title: string, limits: readonly string[]): Side {
  return {
    name,
    title,
    resource: RESOURCES.statefulsets,
    start: async ({ cluster, logs }) => {
      starts += 1;
      const user = `bench-statefulset-controller-${name}`;
      const command = [
        await findBinary('kube-controller-manager', () => {}),
        '--controllers=statefulset-controller',
        `--kubeconfig=${await cluster.kubeconfigFor(user, [GROUP])}`,
        '--leader-elect=false',
        '--secure-port=0',
        ...limits,
      ];
      const child = startChild({ command, logFile: join(logs, `peer-${starts}.log`) });
      return { ...child, user };
    },
  };
}
