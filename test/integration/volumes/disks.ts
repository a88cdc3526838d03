// The storage that tests of volumes stand on: StorageClasses, an actor that provisions volumes with handles as a CSI driver
// would, and hands that take the disk behind a claim away, put another one there and bring it back. The API server, its
// volume binder and its protections are the real ones. Lacks data: nothing is ever mounted.

import { randomUUID } from 'node:crypto';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { type ApiResource, RESOURCES } from '../../../src/kube/resources.ts';
import { type App, app, condition, type MemberClaim, type MemberStatus, type Scene } from '../stage.ts';

export const CLAIMS = RESOURCES.persistentvolumeclaims;
export const VOLUMES = RESOURCES.persistentvolumes;
const storage = (kind: string, plural: string): ApiResource => ({
  group: 'storage.k8s.io',
  version: 'v1',
  kind,
  plural,
  namespaced: false,
});
const CLASSES = storage('StorageClass', 'storageclasses');
export const ATTRIBUTES_CLASSES = storage('VolumeAttributesClass', 'volumeattributesclasses');

/** Nothing of the cluster provisions for it: `provide` does. */
export const BY_HAND = 'kubernetes.io/no-provisioner';
/** kube-controller-manager provisions for it. */
export const BY_CLUSTER = 'kubernetes.io/host-path';

/** Resolves with its name, which no other test has. */
export async function storageClass(scene: Scene, provisioner: string, more: object = {}): Promise<string> {
  const name = `${scene.name}-${randomUUID().slice(0, 8)}`;
  await scene.client.create(CLASSES, { metadata: { name }, provisioner, ...more });
  return name;
}
export const changeClass = (scene: Scene, name: string, body: object): Promise<KubeObject> =>
  scene.client.patch(CLASSES, { name }, { type: 'merge', body });

export interface Template {
  readonly size?: string;
  readonly metadata?: object;
  readonly spec?: object;
}
export const claimTemplate = (name: string, { size = '1Gi', metadata = {}, spec = {} }: Template = {}) => ({
  metadata: { ...metadata, name },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: size } }, ...spec },
});
export const templates = (...volumeClaimTemplates: readonly object[]) => ({ volumeClaimTemplates });

interface ClaimSpec {
  readonly volumeName?: string;
  readonly storageClassName?: string;
  readonly volumeAttributesClassName?: string;
  readonly accessModes?: readonly string[];
  readonly resources?: { readonly requests?: { readonly storage?: string } };
}
export const specOf = (claim: KubeObject | undefined): ClaimSpec => (claim?.['spec'] ?? {}) as ClaimSpec;
export const requestOf = (claim: KubeObject | undefined): string | undefined =>
  specOf(claim).resources?.requests?.storage;
interface ClaimStatus {
  readonly phase?: string;
  readonly capacity?: { readonly storage?: string };
}
export const claimStatus = (claim: KubeObject | undefined): ClaimStatus => (claim?.['status'] ?? {}) as ClaimStatus;
export const isBound = (claim: KubeObject | undefined): boolean => claimStatus(claim).phase === 'Bound';
/** The volume of a claim of this name, which has to be there. */
export const volumeOf = (scene: Scene, claim: string): KubeObject => {
  const found = scene.volume(specOf(scene.claim(claim)).volumeName ?? '');
  if (found === undefined) throw new Error(`claim ${claim} has no volume`);
  return found;
};

/** Where a volume has its data: by a handle of a driver, or without any. */
export type Source = { readonly handle: string } | { readonly path: string };
export const handleOf = (volume: KubeObject): string =>
  (volume['spec'] as { readonly csi?: { readonly volumeHandle: string } }).csi?.volumeHandle ?? '';

function volumeFor(claim: KubeObject, name: string, source: Source) {
  const { namespace, uid } = claim.metadata;
  const { storageClassName = '', accessModes = [], resources = {} } = specOf(claim);
  const claimRef = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name: claim.metadata.name, namespace, uid };
  return {
    metadata: { name },
    spec: {
      capacity: { storage: resources.requests?.storage ?? '1Gi' },
      accessModes,
      storageClassName,
      persistentVolumeReclaimPolicy: 'Retain',
      claimRef,
      ...('handle' in source
        ? { csi: { driver: 'disks.test', volumeHandle: source.handle } }
        : { hostPath: { path: source.path } }),
    },
  };
}

/**
 * Plays a CSI driver's provisioner: from now on each claim of this class that names no volume gets one, with a handle of its
 * own, whose data outlives the claim.
 */
export function provide(scene: Scene, storageClassName: string): () => void {
  const served = new Set<string>();
  return scene.listen(() => {
    for (const claim of scene.claims()) {
      const { uid, deletionTimestamp } = claim.metadata;
      const spec = specOf(claim);
      if (spec.storageClassName !== storageClassName || spec.volumeName || deletionTimestamp || served.has(uid))
        continue;
      served.add(uid);
      void scene.client.create(VOLUMES, volumeFor(claim, `disk-${uid}`, { handle: `handle-of-${uid}` }));
    }
  });
}

/** An app whose claims are provided for with handles. */
export async function onDisks(
  scene: Scene,
  spec: object = {},
  { claims = ['data'] }: { readonly claims?: readonly string[] } = {},
) {
  const storageClassName = await storageClass(scene, BY_HAND, { allowVolumeExpansion: true });
  provide(scene, storageClassName);
  const list = claims.map((name) => claimTemplate(name, { spec: { storageClassName } }));
  return app({ spec: { replicas: 2, ...templates(...list), ...spec }, podSpec: { terminationGracePeriodSeconds: 1 } });
}

/** Deletes a volume in use, as nobody should: its protection is taken off. Resolves once it is gone. */
export async function destroy(scene: Scene, volume: KubeObject): Promise<void> {
  const { name, uid } = volume.metadata;
  await scene.client.delete(VOLUMES, { name }, { uid });
  await scene.client.patch(VOLUMES, { name }, { type: 'merge', body: { metadata: { finalizers: null } } });
  await scene.until(`volume ${name} to be gone`, () => scene.volume(name)?.metadata.uid !== uid);
}

/** Another volume object of the same name for the same claim; resolves once both are bound to each other. */
export async function putDisk(scene: Scene, claim: string, name: string, source: Source): Promise<KubeObject> {
  const owner = scene.claim(claim);
  if (owner === undefined) throw new Error(`claim ${claim} is not there`);
  const made = await scene.client.create(VOLUMES, volumeFor(owner, name, source));
  await scene.until(`${claim} to be bound to ${name}`, () => {
    const { phase } = (scene.volume(name)?.['status'] ?? {}) as { readonly phase?: string };
    return scene.volume(name)?.metadata.uid === made.metadata.uid && phase === 'Bound' && isBound(scene.claim(claim));
  });
  return made;
}

/** The volume behind a claim is deleted and made again under its name, with another source. */
export async function swapDisk(scene: Scene, claim: string, source: Source): Promise<KubeObject> {
  const before = volumeOf(scene, claim);
  await destroy(scene, before);
  await putDisk(scene, claim, before.metadata.name, source);
  return before;
}

/** Deletes a claim, and resolves once it is gone. */
export async function dropClaim(scene: Scene, claim: string): Promise<void> {
  const uid = scene.claim(claim)?.metadata.uid ?? '';
  await scene.client.delete(CLAIMS, { namespace: scene.name, name: claim }, { uid });
  await scene.until(`${claim} to be gone`, () => scene.claim(claim)?.metadata.uid !== uid);
}

/** As a backup tool does it: a new claim of this name, on a volume that was retained. Resolves once they are bound. */
export async function restoreClaim(scene: Scene, volume: KubeObject, metadata: object = {}): Promise<KubeObject> {
  const { name } = volume.metadata;
  const { claimRef, capacity, accessModes, storageClassName } = volume['spec'] as {
    readonly claimRef: { readonly name: string };
    readonly capacity: object;
    readonly accessModes: readonly string[];
    readonly storageClassName: string;
  };
  const free = { spec: { claimRef: { uid: null, resourceVersion: null } } };
  await scene.client.patch(VOLUMES, { name }, { type: 'merge', body: free });
  const spec = { volumeName: name, resources: { requests: capacity }, accessModes, storageClassName };
  const made = await scene.create(CLAIMS, { metadata: { name: claimRef.name, ...metadata }, spec });
  return scene.until(`${claimRef.name} to be bound again`, () => {
    const found = scene.claim(claimRef.name);
    return found?.metadata.uid === made.metadata.uid && isBound(found) && found;
  });
}

/** Resolves with the ledger's entry of a claim once it passes. */
export async function record(
  scene: Scene,
  claim: string,
  test: (one: MemberClaim) => boolean = ({ disk }) => disk !== undefined,
  seconds = 60,
): Promise<MemberClaim> {
  const find = () => {
    const members = scene.app('web')?.status?.members ?? [];
    const found = members.flatMap(({ claims = [] }) => claims).find(({ name }) => name === claim);
    return found !== undefined && test(found) && found;
  };
  return scene.until(`the ledger's entry of ${claim}`, find, seconds);
}

export const atRisk = (scene: Scene, ordinal: number, words = ''): Promise<MemberStatus> =>
  scene.member(
    'web',
    ordinal,
    ({ state, message }) => state === 'VolumeAtRisk' && message?.includes(words) === true,
    90,
  );

/** Runs the command that a message tells, as it is printed. */
export async function runPrinted(scene: Scene, message: string | undefined): Promise<string> {
  const found = /kubectl (annotate statefulapp [^.]*\.dev\/[^ ]+)/.exec(message ?? '')?.[1];
  if (found === undefined) throw new Error(`there is no command in: ${message}`);
  await scene.cluster.kubectl(...found.split(' '));
  return found;
}

export const annotate = (scene: Scene, name: string, value: string | null): Promise<KubeObject> =>
  scene.patch(
    { group: 'statefulapp.dev', version: 'v1alpha1', kind: 'StatefulApp', plural: 'statefulapps', namespaced: true },
    'web',
    { metadata: { annotations: { [`statefulapp.dev/${name}`]: value } } },
  );

/** Whether Ready was True in every state of the app since this version. */
export function alwaysReady(scene: Scene, since: KubeObject | undefined): boolean {
  const from = Number(since?.metadata.resourceVersion);
  const states = scene.history.filter(
    ({ kind, object: { metadata } }) =>
      kind === 'apps' && metadata.name === 'web' && Number(metadata.resourceVersion) >= from,
  );
  return states.length > 0 && states.every(({ object }) => condition(object as App, 'Ready')?.status === 'True');
}
