// Where the benchmarks run: a local cluster with what both sides need and nothing that only takes processor time from them.
// No scheduler (templates name their node), no DNS; of kube-controller-manager only what accounts and nodes need: no
// StatefulSet controller and nobody who binds claims, which run in processes of their own (sides/), and nobody who removes things in
// the background (cleaning.ts does that between runs).
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { type Cluster, startCluster } from '../e2e/cluster/cluster.ts';
import { readState } from '../e2e/cluster/state.ts';
import { install } from '../e2e/operator/install.ts';
import { bundle } from '../scripts/bundle.ts';
import { createClient, type KubeClient } from '../src/kube/client.ts';
import { systemClock } from '../src/kube/system-clock.ts';
import { createTransport } from '../src/kube/undici-transport.ts';
import { AuditLog } from './measure/audit.ts';
import { Observer } from './measure/observer.ts';
import { installBinder } from './sides/binder.ts';
import { STORAGE_CLASS } from './sides/manifest.ts';
import { installPeer } from './sides/peer.ts';
import type { Place } from './sides/side.ts';

/** Of kube-controller-manager; `*` stands before them, so that each has to be named. */
const SWITCHED_OFF = [
  ...['statefulset', 'garbage-collector', 'endpoints', 'endpointslice', 'endpointslice-mirroring', 'disruption'],
  ...[
    'pod-garbage-collector',
    'taint-eviction',
    'device-taint-eviction',
    'resourcequota',
    'resourceclaim',
    'ephemeral-volume',
  ],
  ...['deployment', 'replicaset', 'replicationcontroller', 'daemonset', 'job', 'cronjob', 'horizontal-pod-autoscaler'],
  ...['persistentvolume-binder', 'persistentvolume-attach-detach', 'persistentvolume-expander'],
  'persistentvolume-protection',
  ...['persistentvolumeclaim-protection', 'volumeattributesclass-protection', 'ttl', 'ttl-after-finished'],
  ...[
    'namespace',
    'certificatesigningrequest-approving',
    'certificatesigningrequest-cleaner',
    'certificatesigningrequest-signing',
  ],
  ...[
    'clusterrole-aggregation',
    'root-ca-certificate-publisher',
    'service-cidr',
    'service-lb',
    'validatingadmissionpolicy-status',
  ],
].map((name) => `-${name}-controller`);
const GARBAGE_COLLECTOR = '-garbage-collector-controller';
export const NODES = 10;

/** Volumes are made by provisioner.ts, and stay until they are removed (cleaning.ts). */
const STORAGE = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: { name: STORAGE_CLASS },
  provisioner: 'bench',
  reclaimPolicy: 'Retain',
  volumeBindingMode: 'Immediate',
};

export interface Site {
  readonly place: Place;
  readonly cluster: Cluster;
  /** The administrator's. */
  readonly client: KubeClient;
  readonly observer: Observer;
  readonly audit: AuditLog;
  /** Process ids of what both sides share. */
  readonly pids: Readonly<Record<'apiServer' | 'etcd' | 'kubelets', number>>;
  readonly end: () => Promise<void>;
}

export interface SiteOptions {
  /** Where CPU profiles and heap snapshots go. */
  readonly profiles?: string;
  /** With the garbage collector: needed where apps are deleted. */
  readonly collectsGarbage: boolean;
}

export async function openSite(progress: (line: string) => void, options: SiteOptions): Promise<Site> {
  const off = SWITCHED_OFF.filter((name) => !(options.collectsGarbage && name === GARBAGE_COLLECTOR));
  const cluster = await startCluster({
    name: 'bench',
    audit: true,
    nodes: NODES,
    components: ['kube-controller-manager', 'kwok'],
    args: {
      // For the cleaning up: finalizers of claims would double its writes, and of many thousands each request takes its time.
      'kube-apiserver': [
        '--disable-admission-plugins=StorageObjectInUseProtection',
        '--delete-collection-workers=8',
        '--request-timeout=10m',
      ],
      // Everything is written many times over between two compactions, which come every five minutes.
      etcd: [`--quota-backend-bytes=${8 * 2 ** 30}`],
      'kube-controller-manager': [`--controllers=${off.join(',')}`, '--kube-api-qps=5000', '--kube-api-burst=5000'],
    },
    progress,
  });
  try {
    return await furnish(cluster, options.profiles);
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

async function furnish(cluster: Cluster, profiles: string | undefined): Promise<Site> {
  await install(cluster);
  await installPeer(cluster);
  await installBinder(cluster);
  await cluster.apply(JSON.stringify(STORAGE));
  const folder = join(cluster.dir, 'bench');
  const logs = join(folder, 'logs');
  mkdirSync(logs, { recursive: true });
  await bundle(folder);
  const config = new KubeConfig();
  config.loadFromFile(cluster.kubeconfig);
  const transport = createTransport({ kubeConfig: config });
  const client = createClient(transport, { clock: systemClock });
  const observer = new Observer(transport);
  await observer.start();
  const running = readState(cluster.dir)?.components ?? {};
  const pid = (name: keyof typeof running) => running[name]?.pid ?? 0;
  return {
    place: { cluster, bundle: folder, logs, ...(profiles === undefined ? {} : { profiles }) },
    cluster,
    client,
    observer,
    audit: new AuditLog(cluster.auditLog ?? '', client),
    pids: { apiServer: pid('kube-apiserver'), etcd: pid('etcd'), kubelets: pid('kwok') },
    end: async () => {
      observer.stop();
      await transport.close();
      await cluster.stop();
    },
  };
}
