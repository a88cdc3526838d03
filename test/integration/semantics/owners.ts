// What the tests of retention ask of claims: whom each belongs to, to the letter, and how to hold one of them or its pod on the
// way out, so that what happens in between can be seen. Lacks tests: retention*.ts.

import { expect } from 'vitest';
import type { KubeObject, OwnerReference } from '../../../src/kube/objects.ts';
import { type ApiResource, RESOURCES } from '../../../src/kube/resources.ts';
import { type App, app, type Scene, version } from '../stage.ts';

export const CLAIMS = RESOURCES.persistentvolumeclaims;
export const CONFIG_MAPS: ApiResource = {
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  namespaced: true,
};

export type Retention = 'Retain' | 'Delete';
export const policy = (whenDeleted: Retention, whenScaled: Retention) => ({
  persistentVolumeClaimRetentionPolicy: { whenDeleted, whenScaled },
});
export const three = (whenDeleted: Retention, whenScaled: Retention) => app({ spec: policy(whenDeleted, whenScaled) });
export const ALL = ['data-web-0', 'data-web-1', 'data-web-2'];

export const namesOf = (scene: Scene): readonly string[] => Object.keys(scene.uids('claims'));
export const ownersOf = (claim: KubeObject | undefined): readonly object[] => claim?.metadata.ownerReferences ?? [];
export const wordsOf = (claim: KubeObject | undefined): readonly string[] =>
  (claim?.metadata.ownerReferences ?? []).map(({ kind, name }) => `${kind} ${name}`);

/** Compared as they are: with `blockOwnerDeletion` in it, a reference is another one. */
export const appOwner = ({ metadata: { name, uid } }: KubeObject): OwnerReference => ({
  apiVersion: 'statefulapp.dev/v1alpha1',
  kind: 'StatefulApp',
  name,
  uid,
  controller: true,
});
export const podOwner = (name: string, uid = 'unknown'): OwnerReference => ({
  apiVersion: 'v1',
  kind: 'Pod',
  name,
  uid,
  controller: true,
});

/** Resolves once the claim belongs to exactly these. */
export const owned = (scene: Scene, claim: string, owners: readonly object[]): Promise<unknown> =>
  scene.until(`${claim} to belong to ${JSON.stringify(owners)}`, () => {
    const found = scene.claim(claim);
    return found !== undefined && JSON.stringify(sorted(ownersOf(found))) === JSON.stringify(sorted(owners));
  });
const sorted = (owners: readonly object[]) =>
  owners.map((owner) => Object.fromEntries(Object.entries(owner).sort(([a], [b]) => (a < b ? -1 : 1))));

export const claimsGone = (scene: Scene, ...names: readonly string[]): Promise<unknown> =>
  scene.until(`${names} to be gone`, () => names.every((name) => scene.claim(name) === undefined), 90);

/** A pod that stays Terminating until it is played null. */
export const sticky = (scene: Scene, pod: string): Promise<KubeObject> => scene.play(pod, 'stuck-terminating');
export const stopping = (scene: Scene, pod: string): Promise<unknown> =>
  scene.until(`${pod} to be stopped`, () => scene.pod(pod)?.metadata.deletionTimestamp !== undefined);

/** A claim that stays, once deleted, until it is let go. */
export async function held(scene: Scene, claim: string): Promise<void> {
  const finalizers = [...(scene.claim(claim)?.metadata.finalizers ?? []), 'test/hold'];
  await scene.told('claims', await scene.patch(CLAIMS, claim, { metadata: { finalizers } }));
}
export const letGo = (scene: Scene, claim: string): Promise<KubeObject> => {
  const finalizers = (scene.claim(claim)?.metadata.finalizers ?? []).filter((one) => one !== 'test/hold');
  return scene.patch(CLAIMS, claim, { metadata: { finalizers } });
};

/** Puts other owners on a claim, in one write; resolves once the watches tell of it. */
export async function given(scene: Scene, claim: string, ownerReferences: readonly object[]): Promise<void> {
  await scene.told('claims', await scene.patch(CLAIMS, claim, { metadata: { ownerReferences } }));
}

/** The first version of the app's status that says of this claim that it is deleted with its member. */
export function announced(scene: Scene, claim: string): number {
  const says = ({ kind, object }: (typeof scene.history)[number]) =>
    kind === 'apps' &&
    (object as App).status?.members?.some(
      ({ reason, message }) => reason === 'ClaimsDeleted' && message?.includes(claim) === true,
    ) === true;
  return version(scene.history.find(says)?.object);
}

/** First the old claim ended, then there was a new one, then the pod. */
export function expectAnew(
  scene: Scene,
  { claim, pod, old }: Readonly<Record<'claim' | 'pod', string>> & { old?: string | undefined },
): void {
  const [gone] = scene.gone('claims', claim);
  const made = scene.made('claims', claim).at(-1);
  expect(gone?.metadata.uid).toBe(old);
  expect(made?.metadata.uid).not.toBe(old);
  expect(scene.claim(claim)?.metadata.uid).toBe(made?.metadata.uid);
  const order = [version(gone), version(made), version(scene.made('pods', pod).at(-1))];
  expect(order).toEqual([...order].sort((a, b) => a - b));
}
