// The objects a new cluster gets: fake nodes, big enough never to be the reason why a pod waits, and a default
// StorageClass.
import type { AdminTls } from './identities.ts';
import { expectOk } from './requests.ts';
import { KUBELET_LABEL } from './stages.ts';

export interface Api {
  readonly url: string;
  readonly tls: AdminTls;
}

const ZONES = ['a', 'b', 'c'];
const ROOM = { cpu: '10000', memory: '100Ti', 'ephemeral-storage': '100Ti', pods: '5000' };

/** Registers a node as a kubelet would, with its status, so that it is Ready from the first moment. */
export async function createNode({ url, tls }: Api, name: string, index: number): Promise<void> {
  const now = new Date().toISOString().replace(/\.\d+/, '');
  const condition = (type: string, status: string, reason: string) => ({
    type,
    status,
    reason,
    message: '',
    lastHeartbeatTime: now,
    lastTransitionTime: now,
  });
  const body = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: {
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        'kubernetes.io/arch': 'amd64',
        'topology.kubernetes.io/zone': `zone-${ZONES[index % ZONES.length]}`,
        [KUBELET_LABEL]: 'running',
      },
    },
    status: {
      capacity: ROOM,
      allocatable: ROOM,
      // On Linux the whole of 127.0.0.0/8 is here: kubectl logs or exec fail at once instead of waiting for nobody.
      addresses: [
        { type: 'InternalIP', address: `127.0.${1 + Math.floor(index / 250)}.${1 + (index % 250)}` },
        { type: 'Hostname', address: name },
      ],
      conditions: [
        condition('Ready', 'True', 'KubeletReady'),
        condition('MemoryPressure', 'False', 'KubeletHasSufficientMemory'),
        condition('DiskPressure', 'False', 'KubeletHasNoDiskPressure'),
        condition('PIDPressure', 'False', 'KubeletHasSufficientPID'),
      ],
      nodeInfo: {
        architecture: 'amd64',
        bootID: name,
        containerRuntimeVersion: 'kwok://0.8.0',
        kernelVersion: 'none',
        kubeProxyVersion: 'none',
        kubeletVersion: 'v1.36.3',
        machineID: name,
        operatingSystem: 'linux',
        osImage: 'kwok',
        systemUUID: name,
      },
    },
  };
  await expectOk({ url: `${url}/api/v1/nodes`, method: 'POST', tls, body });
}

export async function deleteNode({ url, tls }: Api, name: string): Promise<void> {
  await expectOk({ url: `${url}/api/v1/nodes/${name}`, method: 'DELETE', tls }, [404]);
}

/** With the label a node has a kubelet, without it the kubelet is silent: no lease, no status, no pod moves. */
export async function setKubelet({ url, tls }: Api, name: string, running: boolean): Promise<void> {
  const body = { metadata: { labels: { [KUBELET_LABEL]: running ? 'running' : null } } };
  const contentType = 'application/merge-patch+json';
  await expectOk({ url: `${url}/api/v1/nodes/${name}`, method: 'PATCH', tls, body, contentType });
}

/** A new kwok waits until the leases of the one before it run out; a restarted kubelet does not wait. */
export async function dropNodeLeases({ url, tls }: Api): Promise<void> {
  const leases = `${url}/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases`;
  await expectOk({ url: leases, method: 'DELETE', tls });
}

/** Whether pods can be scheduled: every node is Ready in the eyes of the controllers, and pods find their account. */
export async function canRunPods({ url, tls }: Api, nodes: number): Promise<boolean> {
  const account = await expectOk({ url: `${url}/api/v1/namespaces/default/serviceaccounts/default`, tls }, [404]);
  if (account.status === 404) return false;
  if (nodes === 0) return true;
  const { items } = JSON.parse((await expectOk({ url: `${url}/api/v1/nodes`, tls })).body) as {
    items: readonly { spec: { taints?: readonly unknown[] } }[];
  };
  return items.length >= nodes && items.every(({ spec }) => (spec.taints ?? []).length === 0);
}

export async function createStorageClass({ url, tls }: Api): Promise<void> {
  const body = {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: 'standard', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
    provisioner: 'kubernetes.io/host-path',
    reclaimPolicy: 'Delete',
    volumeBindingMode: 'Immediate',
    allowVolumeExpansion: true,
  };
  await expectOk({ url: `${url}/apis/storage.k8s.io/v1/storageclasses`, method: 'POST', tls, body });
}
