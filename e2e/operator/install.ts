// What has to be in a cluster before an operator outside of it can work there, without Helm: the CRD, and the chart's grants for a
// group of users. Lacks the rest of the chart.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { ControlPlane } from '../cluster/control-plane.ts';
import { until } from '../cluster/requests.ts';

export const OPERATOR_USER = 'statefulapp-operator';
const OPERATOR_GROUP = 'statefulapp-operators';
const LEASE_NAMESPACE = 'default';
const ESTABLISHED_MS = 60_000;
const CRDS = join(import.meta.dirname, '../../crds');
const RULES = join(import.meta.dirname, '../../charts/statefulapp-operator/files/rules');

export interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

/** The chart's files of rights: in namespaces with apps, outside of namespaces, and on the operator's own Lease. */
export function rules(file: 'namespaced' | 'cluster' | 'lease'): readonly Rule[] {
  return parse(readFileSync(join(RULES, `${file}.yaml`), 'utf8'));
}

/** Resolves when the API server serves StatefulApps and operators may work with them. */
export async function install(cluster: ControlPlane): Promise<void> {
  await cluster.kubectl('apply', '--server-side', '-f', CRDS);
  await established(cluster);
  await cluster.apply(JSON.stringify({ apiVersion: 'v1', kind: 'List', items: rights() }));
}

/** As the chart writes them, for a group in place of a ServiceAccount. Tests give Leases names of their own, so any name will do. */
function rights(): readonly object[] {
  const lease = rules('lease').map(({ apiGroups, resources, verbs }) => ({ apiGroups, resources, verbs }));
  return [
    ...granted('ClusterRole', { name: OPERATOR_USER }, [...rules('namespaced'), ...rules('cluster')]),
    ...granted('Role', { name: OPERATOR_USER, namespace: LEASE_NAMESPACE }, lease),
  ];
}

interface Place {
  readonly name: string;
  readonly namespace?: string;
}

function granted(kind: 'ClusterRole' | 'Role', metadata: Place, granting: readonly Rule[]) {
  const apiGroup = 'rbac.authorization.k8s.io';
  const subjects = [{ apiGroup, kind: 'Group', name: OPERATOR_GROUP }];
  return [
    { apiVersion: `${apiGroup}/v1`, kind, metadata, rules: granting },
    {
      apiVersion: `${apiGroup}/v1`,
      kind: `${kind}Binding`,
      metadata,
      subjects,
      roleRef: { apiGroup, kind, name: metadata.name },
    },
  ];
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
