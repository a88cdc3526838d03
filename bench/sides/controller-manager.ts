// One controller of kube-controller-manager, alone in a process of its own, under an ordinary user with the rights that Kubernetes
// gives to it: the cluster's own kube-controller-manager runs without it.
import { join } from 'node:path';
import { findBinary } from '../../e2e/cluster/binaries.ts';
import type { ControlPlane } from '../../e2e/cluster/control-plane.ts';
import { startChild } from './child.ts';
import type { Place, SideProcess } from './side.ts';

/** A limit that is never reached. */
export const NO_LIMIT = 5000;
export const UNLIMITED = [`--kube-api-qps=${NO_LIMIT}`, `--kube-api-burst=${NO_LIMIT}`];

const API_GROUP = 'rbac.authorization.k8s.io';

/** Gives the rights of built-in roles to a user or a group. */
export async function grant(
  cluster: ControlPlane,
  { kind, name }: { readonly kind: 'User' | 'Group'; readonly name: string },
  roles: readonly string[],
): Promise<void> {
  const items = roles.map((role) => ({
    apiVersion: `${API_GROUP}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name: `${name}:${role}` },
    subjects: [{ apiGroup: API_GROUP, kind, name }],
    roleRef: { apiGroup: API_GROUP, kind: 'ClusterRole', name: role },
  }));
  await cluster.apply(JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
}

export interface Controller {
  /** As `--controllers` has it. */
  readonly name: string;
  readonly user: string;
  readonly groups?: readonly string[];
  readonly flags: readonly string[];
  /** Its log file, which no other start has. */
  readonly log: string;
}

export async function startController(
  { cluster, logs }: Place,
  { name, user, groups = [], flags, log }: Controller,
): Promise<SideProcess> {
  const command = [
    await findBinary('kube-controller-manager', () => {}),
    `--controllers=${name}`,
    `--kubeconfig=${await cluster.kubeconfigFor(user, groups)}`,
    '--leader-elect=false',
    '--secure-port=0',
    ...flags,
  ];
  return { ...startChild({ command, logFile: join(logs, `${log}.log`) }), user };
}
