// A program: makes a volume for each claim of the benchmarks and binds the two, in the four writes that an external provisioner and
// kube-controller-manager's binder make together. Several claims at once, which that binder does not: it takes some 30 a second, and
// with it the volumes would be the pace of all that is measured. Volumes are as of a CSI driver, and nothing is behind them, as nothing is
// behind fake nodes. Lacks the end of volumes (cleaning.ts), and binding that waits for a pod.
import type { KubeClient } from '../src/kube/client.ts';
import { createClient } from '../src/kube/client.ts';
import { KubeError } from '../src/kube/errors.ts';
import type { KubeObject } from '../src/kube/objects.ts';
import { RESOURCES } from '../src/kube/resources.ts';
import { systemClock } from '../src/kube/system-clock.ts';
import { createTransport } from '../src/kube/undici-transport.ts';
import { watchResource } from '../src/kube/watch.ts';
import { BINDS } from './sides/binder.ts';
import { STORAGE_CLASS } from './sides/manifest.ts';

const LANES = 16;
const STATUS = { subresource: 'status' };

interface Claim extends KubeObject {
  readonly spec: {
    readonly accessModes: readonly string[];
    readonly storageClassName?: string;
    readonly volumeName?: string;
    readonly resources: { readonly requests: { readonly storage: string } };
  };
}

async function bind(client: KubeClient, claim: Claim): Promise<void> {
  const { name, namespace, uid, resourceVersion, annotations } = claim.metadata;
  const { accessModes, resources } = claim.spec;
  const capacity = { storage: resources.requests.storage };
  const volumeName = `pvc-${uid}`;
  const volume = await client.create(RESOURCES.persistentvolumes, {
    metadata: { name: volumeName, annotations: { 'pv.kubernetes.io/provisioned-by': 'bench' } },
    spec: {
      capacity,
      accessModes,
      storageClassName: STORAGE_CLASS,
      persistentVolumeReclaimPolicy: 'Retain',
      csi: { driver: 'bench', volumeHandle: uid },
      claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name, uid, resourceVersion },
    },
  });
  const bound = { 'pv.kubernetes.io/bind-completed': 'yes', 'pv.kubernetes.io/bound-by-controller': 'yes' };
  const named = await client.update(RESOURCES.persistentvolumeclaims, {
    ...claim,
    metadata: { ...claim.metadata, annotations: { ...annotations, ...bound } },
    spec: { ...claim.spec, volumeName },
  });
  const status = { phase: 'Bound', accessModes, capacity };
  await client.update(RESOURCES.persistentvolumeclaims, { ...named, status }, STATUS);
  await client.update(RESOURCES.persistentvolumes, { ...volume, status: { phase: 'Bound' } }, STATUS);
}

/** A claim that changed meanwhile is told of again, and one that is gone needs nothing. */
function isOver(error: unknown): boolean {
  return error instanceof KubeError && ['Conflict', 'NotFound', 'AlreadyExists'].includes(error.code);
}

const transport = createTransport();
const client = createClient(transport, { clock: systemClock });
const waiting = new Map<string, Claim>();
let lanes = 0;

async function lane(): Promise<void> {
  for (let [next] = waiting; next !== undefined; [next] = waiting) {
    waiting.delete(next[0]);
    await bind(client, next[1]).catch((error: unknown) => {
      if (!isOver(error)) throw error;
    });
  }
  lanes -= 1;
}

function hear(claim: Claim): void {
  const { metadata, spec } = claim;
  const isOurs = spec.storageClassName === STORAGE_CLASS && spec.volumeName === undefined;
  if (!isOurs || metadata.deletionTimestamp !== undefined) return;
  waiting.set(metadata.uid, claim);
  if (lanes >= LANES) return;
  lanes += 1;
  void lane();
}

watchResource({
  transport,
  clock: systemClock,
  random: Math.random,
  resource: RESOURCES.persistentvolumeclaims,
  on: {
    event: ({ type, object }) => type !== 'deleted' && hear(object as Claim),
    progress: () => undefined,
    synced: () => console.log(BINDS),
    error: (error) => console.error(error.message),
  },
});
