// The cluster's name server as ordinary pods: one CoreDNS on each node, asked by the pods of that node only, so that names
// are known wherever pods run, on a node that was cut off too (with what it knew). No names outside the cluster. No
// cache: an answer is never older than CoreDNS's watch.
import { stringify } from 'yaml';
import { DNS_SERVICE } from './addresses.ts';

const NAMESPACE = 'kube-system';
const NAME = 'coredns';
const LABELS = { 'k8s-app': 'kube-dns' };
const PORT = 1053;
const READY_PORT = 8181;

const COREFILE = `.:${PORT} {
  errors
  ready :${READY_PORT}
  kubernetes cluster.local in-addr.arpa {
    ttl 0
  }
}
`;

export function dnsManifest(image: string): string {
  const meta = (name: string) => ({ name, namespace: NAMESPACE, labels: LABELS });
  const read = { verbs: ['list', 'watch'] };
  const rules = [
    { ...read, apiGroups: [''], resources: ['services', 'pods', 'namespaces', 'endpoints'] },
    { ...read, apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'] },
  ];
  const role = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'system:coredns' };
  const subjects = [{ kind: 'ServiceAccount', name: NAME, namespace: NAMESPACE }];
  const rbac = 'rbac.authorization.k8s.io/v1';
  const ports = ['UDP', 'TCP'].map((protocol) => ({
    name: protocol.toLowerCase(),
    port: 53,
    targetPort: PORT,
    protocol,
  }));
  const objects = [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: meta(NAME) },
    { apiVersion: rbac, kind: 'ClusterRole', metadata: { name: role.name }, rules },
    { apiVersion: rbac, kind: 'ClusterRoleBinding', metadata: { name: role.name }, roleRef: role, subjects },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: meta(NAME), data: { Corefile: COREFILE } },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: meta('kube-dns'),
      spec: { clusterIP: DNS_SERVICE, selector: LABELS, internalTrafficPolicy: 'Local', ports },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata: meta(NAME),
      spec: { selector: { matchLabels: LABELS }, template: { metadata: { labels: LABELS }, spec: podSpec(image) } },
    },
  ];
  return objects.map((object) => stringify(object)).join('---\n');
}

function podSpec(image: string): unknown {
  return {
    serviceAccountName: NAME,
    priorityClassName: 'system-node-critical',
    dnsPolicy: 'Default',
    tolerations: [{ operator: 'Exists' }], // no taint of a test takes the names away
    terminationGracePeriodSeconds: 1,
    containers: [
      {
        name: NAME,
        image,
        args: ['-conf', '/etc/coredns/Corefile'],
        readinessProbe: { httpGet: { path: '/ready', port: READY_PORT }, periodSeconds: 1 },
        securityContext: {
          allowPrivilegeEscalation: false,
          capabilities: { drop: ['ALL'] },
          readOnlyRootFilesystem: true,
        },
        volumeMounts: [{ name: 'config', mountPath: '/etc/coredns', readOnly: true }],
      },
    ],
    volumes: [{ name: 'config', configMap: { name: NAME } }],
  };
}
