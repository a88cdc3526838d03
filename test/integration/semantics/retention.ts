// persistentVolumeClaimRetentionPolicy on a real API server, with its garbage collector, claim protection and volume binder:
// what Kubernetes' own specs for a StatefulSet describe (test/e2e/apps/statefulset.go, "Non-retain StatefulSetPersistentVolume-
// ClaimPolicy"), and what happens when the policy changes on the way (semantics.md, Claims; safety.md R5).

import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { type ApiResource, RESOURCES } from '../../../src/kube/resources.ts';
import { APPS } from '../../../src/operator/resources.ts';
import { app, type Scene, version } from '../stage.ts';

const CLAIMS = RESOURCES.persistentvolumeclaims;
const CONFIG_MAPS: ApiResource = {
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  namespaced: true,
};
type Retention = 'Retain' | 'Delete';
const retention = (whenDeleted: Retention, whenScaled: Retention) => ({
  persistentVolumeClaimRetentionPolicy: { whenDeleted, whenScaled },
});
const three = (...policy: [Retention, Retention]) => app({ spec: retention(...policy) });
const namesOf = (scene: Scene) => scene.claims().map(({ metadata }) => metadata.name);
const ownersOf = (claim: KubeObject | undefined) =>
  (claim?.metadata.ownerReferences ?? []).map(({ kind, name }) => `${kind} ${name}`);
const ALL = ['data-web-0', 'data-web-1', 'data-web-2'];

export function aboutRetention(open: () => Promise<Scene>): void {
  describe.concurrent('retention', () => {
    test('deletes claims with a WhenDeleted policy: they go with the app', async () => {
      const scene = await open();
      await scene.start(three('Delete', 'Retain'));
      expect(scene.claims().map(ownersOf)).toEqual(ALL.map(() => ['StatefulApp web']));
      // Made so: no crash in between leaves one behind.
      expect(scene.made('claims').map(ownersOf)).toEqual(ALL.map(() => ['StatefulApp web']));
      await scene.kubectl('delete', 'sapp', 'web');
      await scene.until('all claims to be gone', () => scene.claims().length === 0, 90);
    });

    test('keeps claims without one: they outlive the app', async () => {
      const scene = await open();
      await scene.start(three('Retain', 'Delete'));
      const before = scene.uids('claims');
      await scene.kubectl('delete', 'sapp', 'web', '--cascade=foreground');
      await scene.until('all pods to be gone', () => scene.pods().length === 0, 90);
      expect(scene.uids('claims')).toEqual(before);
    });

    test('deletes claims with an OnScaledown policy, which the status says before anything is done', async () => {
      const scene = await open();
      await scene.start(three('Retain', 'Delete'));
      await scene.edit('web', { replicas: 1 });
      await scene.until('the claims of the upper two to be gone', () => namesOf(scene).join() === 'data-web-0', 90);
      await scene.ready('web');
      for (const ordinal of [2, 1]) {
        const owned = scene.firstState(scene.gone('claims', `data-web-${ordinal}`)[0]?.metadata.uid ?? '', (claim) =>
          ownersOf(claim).includes(`Pod web-${ordinal}`),
        );
        expect(version(owned)).toBeGreaterThan(0);
        expect(version(owned)).toBeLessThan(version(scene.gone('pods', `web-${ordinal}`)[0]));
      }
      await scene.edit('web', { replicas: 3 });
      await scene.ready('web');
      expect(namesOf(scene)).toEqual(ALL);
    });

    test('scaled to 0 with Delete: said, and done', async () => {
      const scene = await open();
      await scene.start(three('Retain', 'Delete'));
      const said = scene.reason('web', 'Ready', 'ClaimsDeleted');
      await scene.edit('web', { replicas: 0 });
      const { message } = await said;
      expect(message).toContain(
        'data-web-2 are deleted with it (persistentVolumeClaimRetentionPolicy.whenScaled: Delete)',
      );
      await scene.until('all claims to be gone', () => scene.claims().length === 0, 90);
    });

    test('does not delete a claim that another controller owns', async () => {
      const scene = await open();
      await scene.start(three('Retain', 'Retain'));
      const { metadata } = await scene.create(CONFIG_MAPS, { metadata: { name: 'owner' } });
      const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: metadata.uid, controller: true };
      const stored = await scene.patch(CLAIMS, 'data-web-2', { metadata: { ownerReferences: [owner] } });
      await scene.told('claims', stored);
      await scene.edit('web', { ...retention('Delete', 'Delete'), replicas: 1 });
      await scene.until('the upper two pods to be gone', () => scene.podNames().join() === 'web-0', 90);
      await scene.until('the claim of web-1 to be gone', () => scene.claim('data-web-1') === undefined, 90);
      await scene.kubectl('delete', 'sapp', 'web');
      await scene.until('the claim of web-0 to be gone', () => scene.claim('data-web-0') === undefined, 90);
      expect(ownersOf(scene.claim('data-web-2'))).toEqual(['ConfigMap owner']);
    });

    test('deletes claims after adopting a pod', async () => {
      const scene = await open();
      await scene.start(three('Delete', 'Delete'));
      await scene.kubectl('delete', 'sapp', 'web', '--cascade=orphan');
      await scene.until('nobody to own them', () => scene.claims().every((claim) => ownersOf(claim).length === 0), 90);
      const before = scene.uids('pods');
      await scene.create(APPS, three('Delete', 'Delete'));
      await scene.until('all to be adopted', () => scene.claims().every((claim) => ownersOf(claim).length === 1), 90);
      await scene.ready('web');
      expect(scene.uids('pods')).toEqual(before);
      await scene.edit('web', { replicas: 2 });
      await scene.until('the claim of web-2 to be gone', () => scene.claim('data-web-2') === undefined, 90);
      await scene.kubectl('delete', 'sapp', 'web');
      await scene.until('all claims to be gone', () => scene.claims().length === 0, 90);
    });

    test('a claim that is wanted again while its pod is still being stopped is rescued: same claim, same volume', async () => {
      const scene = await open();
      await scene.start(app({ spec: retention('Retain', 'Delete'), podSpec: { terminationGracePeriodSeconds: 20 } }));
      const before = scene.uids('claims');
      await scene.edit('web', { replicas: 2 });
      await scene.until('web-2 to be stopped', () => scene.pod('web-2')?.metadata.deletionTimestamp !== undefined);
      expect(ownersOf(scene.claim('data-web-2'))).toEqual(['Pod web-2']);
      await scene.edit('web', { replicas: 3 });
      await scene.until('nobody to own its claim', () => ownersOf(scene.claim('data-web-2')).length === 0);
      await scene.until('web-2 to be gone', () => scene.gone('pods', 'web-2').length === 1, 90);
      await scene.ready('web', 90);
      expect(scene.uids('claims')).toEqual(before);
    });

    test('the policy flipped to Retain before anybody goes keeps every claim, and to Delete claims what is wanted', async () => {
      const scene = await open();
      await scene.start(three('Delete', 'Delete'));
      await scene.edit('web', retention('Retain', 'Retain'));
      await scene.until('nobody to own them', () => scene.claims().every((claim) => ownersOf(claim).length === 0));
      await scene.edit('web', { replicas: 1 });
      await scene.until('the upper two to be gone', () => scene.podNames().join() === 'web-0', 90);
      await scene.edit('web', retention('Delete', 'Delete'));
      await scene.until('data-web-0 to have an owner', () => ownersOf(scene.claim('data-web-0')).length === 1);
      await scene.twoRounds('web');
      // Kept once, they are kept: the policy is of those that go under it.
      expect(namesOf(scene)).toEqual(ALL);
      expect(ownersOf(scene.claim('data-web-2'))).toEqual([]);
    });

    test('references of others on a claim survive ours', async () => {
      const scene = await open();
      await scene.start(three('Retain', 'Retain'));
      const { metadata } = await scene.create(CONFIG_MAPS, { metadata: { name: 'backup' } });
      const other = { apiVersion: 'v1', kind: 'ConfigMap', name: 'backup', uid: metadata.uid };
      const stored = await scene.patch(CLAIMS, 'data-web-0', { metadata: { ownerReferences: [other] } });
      await scene.told('claims', stored);
      await scene.edit('web', retention('Delete', 'Retain'));
      await scene.until('the app to own it, too', () => ownersOf(scene.claim('data-web-0')).length === 2);
      await scene.edit('web', retention('Retain', 'Retain'));
      await scene.until('the app to own it no more', () => ownersOf(scene.claim('data-web-0')).length === 1);
      expect(ownersOf(scene.claim('data-web-0'))).toEqual(['ConfigMap backup']);
    });
  });
}
