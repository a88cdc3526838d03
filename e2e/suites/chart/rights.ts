// What the cluster's RBAC grants an account, read from its objects: whatever templates made of the chart's files, nothing beside them
// is missed. Lacks what Kubernetes grants everybody, and limits to names of objects.
import { granted } from '../../../test/integration/grants.ts';
import type { NodeCluster } from '../../cluster/node-cluster.ts';
import type { Rule } from '../../operator/install.ts';

interface Binding {
  readonly metadata: { readonly namespace?: string };
  readonly subjects?: readonly { readonly kind: string; readonly name: string; readonly namespace?: string }[];
  readonly roleRef: { readonly kind: string; readonly name: string };
}

/** In the words of the audit log: "patch /pods". */
export async function grantsOf({ kubectl }: NodeCluster, account: string): Promise<readonly string[]> {
  const list = await kubectl('get', 'rolebindings,clusterrolebindings', '--all-namespaces', '-o', 'json');
  const { items }: { readonly items: readonly Binding[] } = JSON.parse(list);
  const user = (subject: { readonly namespace?: string; readonly name: string }) =>
    `system:serviceaccount:${subject.namespace}:${subject.name}`;
  const bound = items.filter(({ subjects = [] }) => subjects.some((subject) => user(subject) === account));
  const rules = bound.map(async ({ metadata, roleRef }): Promise<readonly Rule[]> => {
    const place = roleRef.kind === 'Role' ? ['--namespace', metadata.namespace ?? ''] : [];
    return JSON.parse(await kubectl('get', roleRef.kind, roleRef.name, ...place, '-o', 'json')).rules;
  });
  return granted((await Promise.all(rules)).flat());
}
