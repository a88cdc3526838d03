// A real kube-apiserver as the contract meets it: etcd and the server, no controllers, so that nobody else moves a thing.
import { KubeConfig } from '@kubernetes/client-node';
import { type Cluster, startCluster } from '../../e2e/cluster/cluster.ts';
import { customResourceDefinition } from '../../src/api/crd.ts';
import { PLURAL } from '../../src/api/names.ts';
import type { Transport } from '../../src/kube/transport.ts';
import { createTransport } from '../../src/kube/undici-transport.ts';
import type { Ground } from './stage.ts';
import { markerOf, ROOTS } from './trace-content.ts';
import { ask } from './wire-call.ts';

export interface RealGround extends Ground {
  readonly cluster: Cluster;
  readonly version: string;
  readonly stop: () => Promise<void>;
}

// Pods need no account, claims get no class: there are no controllers to make either.
const ADMISSION = '--disable-admission-plugins=ServiceAccount,DefaultStorageClass';

export async function real(): Promise<RealGround> {
  const args = { 'kube-apiserver': [ADMISSION, '--etcd-compaction-interval=1s'] };
  const cluster = await startCluster({ name: 'contract', nodes: 0, components: ['etcd', 'kube-apiserver'], args });
  try {
    await cluster.apply(JSON.stringify(customResourceDefinition()));
    // A server remembers every change since it started; one that starts now knows none of those so far.
    await cluster.stopComponent('kube-apiserver');
    await cluster.startComponent('kube-apiserver');
    const config = new KubeConfig();
    config.loadFromFile(cluster.kubeconfig);
    const transport = createTransport({ kubeConfig: config });
    await served(transport);
    const { body } = await ask(transport, { method: 'GET', path: '/version' });
    const stop = async () => {
      await transport.close();
      await cluster.stop();
    };
    return { cluster, transport, version: String(body['gitVersion']), stop, forgotten: () => forgotten(transport) };
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

/** Until apps can be created, which is a moment later than that the definition is established. */
async function served(transport: Transport): Promise<void> {
  const path = `${ROOTS[PLURAL]}/namespaces/default/${PLURAL}?dryRun=All`;
  while ((await ask(transport, { method: 'POST', path, body: markerOf(PLURAL) })).status !== 201);
}

/** Writes until etcd has dropped what came after version 2. */
async function forgotten(transport: Transport): Promise<string> {
  const token = Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: 2, start: 'a\u0000' })).toString('base64url');
  const list = () =>
    ask(transport, { method: 'GET', path: `/api/v1/namespaces/default/pods?limit=1&continue=${token}` });
  const body = { metadata: { generateName: 'tick-' }, spec: { containers: [{ name: 'c', image: 'i' }] } };
  while ((await list()).status !== 410)
    await ask(transport, { method: 'POST', path: '/api/v1/namespaces/default/pods', body });
  return '2';
}
