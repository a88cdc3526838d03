// What members of the example can do for each other, asked inside of their pods: find each other by name, and have what was written
// through another one. And in which order they were made, as the API server tells it.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { RESOURCES } from '../../../src/kube/resources.ts';
import { systemClock } from '../../../src/kube/system-clock.ts';
import { createTransport } from '../../../src/kube/undici-transport.ts';
import { watchResource } from '../../../src/kube/watch.ts';
import type { NodeCluster } from '../../cluster/node-cluster.ts';
import type { RealCluster } from '../../cluster/real/cluster.ts';
import { volumeFolder } from '../../cluster/real/volumes.ts';
import { applicable, example, withImage } from '../../databases/manifests.ts';
import { hasReady } from '../../databases/members.ts';
import { field } from '../probe.ts';
import type { ChartStage } from './stage.ts';

const inside = (cluster: NodeCluster, pod: string, ...command: readonly string[]) =>
  cluster.exec({ pod, container: 'etcd' }, ...command);

/** examples/etcd, all of it, as it is but for the image. */
export async function applyEtcd({ cluster, images }: ChartStage): Promise<void> {
  await cluster.apply(applicable(example('etcd').map((manifest) => withImage(manifest, images.databases))));
}

/** A pod that was made, and which of the app's were Ready at that moment. */
export type Birth = readonly [name: string, ready: readonly string[]];

export interface Births {
  readonly seen: readonly Birth[];
  readonly end: () => Promise<void>;
}

/** From now on. One watch tells of all pods in the order in which the API server stored them, so no moment is missed. */
export async function followBirths({ kubeconfig }: NodeCluster, app: string): Promise<Births> {
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromFile(kubeconfig);
  const transport = createTransport({ kubeConfig });
  const seen: Birth[] = [];
  const ready = new Set<string>();
  const watch = await new Promise<ReturnType<typeof watchResource>>((resolve) => {
    const started = watchResource({
      transport,
      clock: systemClock,
      random: Math.random,
      resource: RESOURCES.pods,
      namespace: 'default',
      labelSelector: `statefulapp.dev/name=${app}`,
      on: {
        event: ({ type, object }) => {
          const { name } = object.metadata;
          if (type === 'added') seen.push([name, [...ready].sort()]);
          if (type !== 'deleted' && hasReady(object)) ready.add(name);
          else ready.delete(name);
        },
        synced: () => queueMicrotask(() => resolve(started)),
        progress: () => {},
        error: (error) => console.log(`the watch on pods of ${app}: ${error.message}`),
      },
    });
  });
  const end = async () => {
    watch.stop();
    await transport.close();
  };
  return { seen, end };
}

/** The addresses that a member's resolver has for these names, in their order. */
export async function resolvedIn(cluster: NodeCluster, pod: string, names: readonly string[]) {
  // One line a name: "10.200.3.4  etcd-0.etcd.default.svc.cluster.local".
  const lines = (await inside(cluster, pod, 'getent', 'hosts', ...names)).trim().split('\n');
  return lines.map((line) => line.split(/\s+/)[0] ?? '');
}

export async function addressOf(cluster: NodeCluster, pod: string): Promise<string> {
  return await field(cluster, `pod/${pod}`, '.status.podIP');
}

const record = (pod: string) => ({ key: `written-through/${pod}`, value: `by ${pod}` });

/** Through this member alone: etcdctl in its pod asks its own port. */
export async function write(cluster: NodeCluster, pod: string): Promise<void> {
  const { key, value } = record(pod);
  await inside(cluster, pod, 'etcdctl', 'put', key, value);
}

/** What is in etcd once it was written through all of these. */
export function writtenThrough(pods: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(pods.map(record).map(({ key, value }) => [key, value]));
}

/** Whose writes are in the log on this member's volume, read on this machine, past its node. */
export async function onDisk(
  cluster: RealCluster,
  pod: string,
  writers: readonly string[],
): Promise<readonly string[]> {
  const folder = join(await volumeFolder(cluster, { claim: `data-${pod}` }), 'etcd/member/wal');
  const logs = readdirSync(folder).map((name) => readFileSync(join(folder, name)));
  return writers.filter((writer) => logs.some((log) => log.includes(record(writer).value)));
}

/** All that was written, as this member has it: a linearizable read is answered from its own data, once that is up to date. */
export async function readAt(cluster: NodeCluster, pod: string): Promise<Readonly<Record<string, string>>> {
  const lines = (await inside(cluster, pod, 'etcdctl', 'get', '--prefix', 'written-through/')).trim().split('\n');
  const pairs = lines.flatMap((key, at) => (at % 2 === 0 ? [[key, lines[at + 1] ?? ''] as const] : []));
  return Object.fromEntries(pairs);
}
