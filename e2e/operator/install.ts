// What has to be in a cluster before the operator can work there: the CRD, and the least grants for a group of users.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ControlPlane } from '../cluster/control-plane.ts';
import { until } from '../cluster/requests.ts';

export const OPERATOR_USER = 'statefulapp-operator';
const OPERATOR_GROUP = 'statefulapp-operators'; // named in rbac.yaml
const ESTABLISHED_MS = 60_000;
const CRDS = join(import.meta.dirname, '../../crds');

/** Resolves when the API server serves StatefulApps and operators may work with them. */
export async function install(cluster: ControlPlane): Promise<void> {
  await cluster.kubectl('apply', '--server-side', '-f', CRDS);
  await established(cluster);
  await cluster.apply(readFileSync(join(import.meta.dirname, 'rbac.yaml'), 'utf8'));
}

/** kubectl stumbles over a status without conditions ("accessor error: <nil>"), as a CRD has for a moment: asked again then. */
function established(cluster: ControlPlane): Promise<void> {
  const isEstablished = async () => {
    try {
      await cluster.kubectl('wait', '--for=condition=Established', '--timeout=60s', '-f', CRDS);
      return true;
    } catch (error) {
      if (!String(error).includes('accessor error')) throw error;
      return false;
    }
  };
  return until(isEstablished, ESTABLISHED_MS, () => `the CRD has no conditions after ${ESTABLISHED_MS / 1000} s`);
}

/** Path of a kubeconfig for an operator: an ordinary identity, whose name the API server writes into its audit log. */
export function operatorKubeconfig(cluster: ControlPlane, user = OPERATOR_USER): Promise<string> {
  return cluster.kubeconfigFor(user, [OPERATOR_GROUP]);
}
