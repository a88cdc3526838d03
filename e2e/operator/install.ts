// What has to be in a cluster before the operator can work there: the CRD, and the least grants for a group of users.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Cluster } from '../cluster/cluster.ts';

export const OPERATOR_USER = 'statefulapp-operator';
const OPERATOR_GROUP = 'statefulapp-operators'; // named in rbac.yaml
const CRDS = join(import.meta.dirname, '../../crds');

/** Resolves when the API server serves StatefulApps and operators may work with them. */
export async function install(cluster: Cluster): Promise<void> {
  await cluster.kubectl('apply', '--server-side', '-f', CRDS);
  await established(cluster);
  await cluster.apply(readFileSync(join(import.meta.dirname, 'rbac.yaml'), 'utf8'));
}

/** kubectl stumbles over a status without conditions ("accessor error: <nil>"), as a CRD has for a moment: asked again then. */
async function established(cluster: Cluster): Promise<void> {
  for (;;) {
    try {
      await cluster.kubectl('wait', '--for=condition=Established', '--timeout=60s', '-f', CRDS);
      return;
    } catch (error) {
      if (!String(error).includes('accessor error')) throw error;
    }
  }
}

/** Path of a kubeconfig for an operator: an ordinary identity, whose name the API server writes into its audit log. */
export function operatorKubeconfig(cluster: Cluster, user = OPERATOR_USER): Promise<string> {
  return cluster.kubeconfigFor(user, [OPERATOR_GROUP]);
}
