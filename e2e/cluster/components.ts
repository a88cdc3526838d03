// The cluster's programs: the arguments of each, and where it says that it is well. Everything listens on the loopback
// address only, save an API server that real nodes must reach; etcd in plain text, since what it holds is thrown away
// with the cluster.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AdminTls } from './identities.ts';
import type { Call } from './requests.ts';
import { KUBELET_LABEL, kwokConfig } from './stages.ts';

export const COMPONENTS = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kwok',
  'coredns',
] as const;
export type ComponentName = (typeof COMPONENTS)[number];

/** One port for each component, and CoreDNS's second one, where it answers names. */
export interface Ports {
  readonly etcd: number;
  readonly etcdPeer: number;
  readonly api: number;
  readonly controllerManager: number;
  readonly scheduler: number;
  readonly kwok: number;
  readonly dns: number;
  readonly dnsReady: number;
}

export interface Layout {
  readonly dir: string;
  readonly ports: Ports;
  /** Where the API server listens. */
  readonly apiHost: string;
  /** Absent: no audit log. */
  readonly auditLog?: string;
  /** Further arguments; they win over ours. */
  readonly args: Partial<Record<ComponentName, readonly string[]>>;
  /** Words before the command line of each component: a program that prepares a place and then becomes the component. */
  readonly launcher?: (name: ComponentName) => readonly string[];
}

export const LOOPBACK = '127.0.0.1';
const HOST = LOOPBACK;

export function apiUrl({ apiHost, ports }: Pick<Layout, 'apiHost' | 'ports'>): string {
  return `https://${apiHost}:${ports.api}`;
}

/** Where a cluster's components answer, and to whom. */
export interface Addresses {
  readonly url: string;
  readonly ports: Ports;
  readonly admin: AdminTls;
}

/** The command line of a component; `starts` is how often it was started before. */
export function argumentsOf(name: ComponentName, layout: Layout, starts: number): readonly string[] {
  return [...ARGUMENTS[name](layout, starts), ...(layout.args[name] ?? [])];
}

/** A request that a healthy component answers with 200. */
export function probeOf(name: ComponentName, { url, ports, admin: tls }: Addresses): Call {
  switch (name) {
    case 'etcd':
      return { url: `http://${HOST}:${ports.etcd}/health` };
    case 'kube-apiserver':
      return { url: `${url}/readyz`, tls };
    case 'kube-controller-manager':
      return { url: `https://${HOST}:${ports.controllerManager}/healthz`, tls };
    case 'kube-scheduler':
      return { url: `https://${HOST}:${ports.scheduler}/healthz`, tls };
    case 'kwok':
      return { url: `http://${HOST}:${ports.kwok}/healthz` };
    case 'coredns':
      return { url: `http://${HOST}:${ports.dnsReady}/ready` };
    default:
      return name satisfies never;
  }
}

/** Writes the files that the command lines name. */
export function writeConfigs({ dir, ports, auditLog }: Layout): void {
  writeFileSync(join(dir, 'kwok.yaml'), kwokConfig());
  writeFileSync(join(dir, 'Corefile'), corefile(dir, ports));
  if (auditLog !== undefined) writeFileSync(join(dir, 'audit-policy.yaml'), AUDIT_POLICY);
}

// Bodies of deletes only: they hold the preconditions. Everything else is who, what and when.
const AUDIT_POLICY = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: Request
  verbs: [delete, deletecollection]
- level: Metadata
`;

// ttl 0 and no cache plugin: an answer is never older than CoreDNS's watch.
function corefile(dir: string, ports: Ports): string {
  return `.:${ports.dns} {
  bind ${HOST}
  errors
  ready ${HOST}:${ports.dnsReady}
  kubernetes cluster.local in-addr.arpa {
    kubeconfig ${join(dir, 'coredns.kubeconfig')}
    ttl 0
  }
}
`;
}

const serving = ({ dir }: Layout) => [
  `--tls-cert-file=${join(dir, 'pki/server.crt')}`,
  `--tls-private-key-file=${join(dir, 'pki/server.key')}`,
];

const ARGUMENTS: Readonly<Record<ComponentName, (layout: Layout, starts: number) => readonly string[]>> = {
  etcd: ({ dir, ports }) => [
    `--data-dir=${join(dir, 'etcd')}`,
    `--listen-client-urls=http://${HOST}:${ports.etcd}`,
    `--advertise-client-urls=http://${HOST}:${ports.etcd}`,
    `--listen-peer-urls=http://${HOST}:${ports.etcdPeer}`,
    `--initial-advertise-peer-urls=http://${HOST}:${ports.etcdPeer}`,
    `--initial-cluster=default=http://${HOST}:${ports.etcdPeer}`,
    '--unsafe-no-fsync', // nobody needs this data after a power cut
    '--log-level=warn',
  ],
  'kube-apiserver': (layout) => apiServer(layout),
  'kube-controller-manager': (layout) => [
    ...serving(layout),
    `--kubeconfig=${join(layout.dir, 'kube-controller-manager.kubeconfig')}`,
    `--bind-address=${HOST}`,
    `--secure-port=${layout.ports.controllerManager}`,
    `--root-ca-file=${join(layout.dir, 'pki/ca.crt')}`,
    `--service-account-private-key-file=${join(layout.dir, 'pki/service-account.key')}`,
    '--use-service-account-credentials=true',
    '--leader-elect=false',
    '--controllers=*',
    '--enable-hostpath-provisioner=true',
    // The stock 20 and 30 make the start wait four seconds for the controllers' accounts. A benchmark of the stock
    // StatefulSet controller passes them in `args`.
    '--kube-api-qps=200',
    '--kube-api-burst=400',
  ],
  'kube-scheduler': (layout) => [
    ...serving(layout),
    `--kubeconfig=${join(layout.dir, 'kube-scheduler.kubeconfig')}`,
    `--bind-address=${HOST}`,
    `--secure-port=${layout.ports.scheduler}`,
    '--leader-elect=false',
    // The stock 50 and 100 would be the pace of every large test.
    '--kube-api-qps=500',
    '--kube-api-burst=1000',
  ],
  kwok: ({ dir, ports }, starts) => [
    `--kubeconfig=${join(dir, 'kwok.kubeconfig')}`,
    `--config=${join(dir, 'kwok.yaml')}`,
    `--manage-nodes-with-label-selector=${KUBELET_LABEL}=running`,
    `--server-address=${HOST}:${ports.kwok}`,
    '--node-lease-duration-seconds=40',
    // kwok forgets which addresses it gave out, so each start has a range of its own.
    `--cidr=10.${128 + (starts % 100)}.0.0/16`,
    `--node-ip=${HOST}`,
  ],
  coredns: ({ dir }) => [`-conf=${join(dir, 'Corefile')}`],
};

function apiServer(layout: Layout): readonly string[] {
  const { dir, ports, auditLog, apiHost } = layout;
  const audit = [
    `--audit-policy-file=${join(dir, 'audit-policy.yaml')}`,
    `--audit-log-path=${auditLog}`,
    '--audit-log-maxsize=100000', // one file, never rotated
  ];
  return [
    ...serving(layout),
    `--etcd-servers=http://${HOST}:${ports.etcd}`,
    `--bind-address=${apiHost}`,
    `--secure-port=${ports.api}`,
    `--advertise-address=${apiHost}`,
    ...(apiHost === LOOPBACK ? ['--endpoint-reconciler-type=none'] : []), // a loopback address may not be an endpoint
    `--client-ca-file=${join(dir, 'pki/ca.crt')}`,
    `--service-account-key-file=${join(dir, 'pki/service-account.pub')}`,
    `--service-account-signing-key-file=${join(dir, 'pki/service-account.key')}`,
    '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
    '--service-cluster-ip-range=10.96.0.0/16',
    '--authorization-mode=Node,RBAC',
    '--allow-privileged=true',
    '--kubelet-preferred-address-types=InternalIP',
    ...(auditLog === undefined ? [] : audit),
  ];
}
