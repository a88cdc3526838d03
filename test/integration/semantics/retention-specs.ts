// What Kubernetes' own end-to-end specs describe for the claims of a StatefulSet beyond a plain policy (test/e2e/apps/
// statefulset.go of v1.36, "Non-retain StatefulSetPersistentVolumeClaimPolicy" and "Automatically recreate PVC for pending pod
// when PVC is missing"), step by step and under like names. Which test stands for which spec: docs/peers.md.

import { describe, expect, test } from 'vitest';
import { RESOURCES } from '../../../src/kube/resources.ts';
import { APPS } from '../../../src/operator/resources.ts';
import { app, type Scene, version } from '../stage.ts';
import {
  appOwner,
  CLAIMS,
  CONFIG_MAPS,
  claimsGone,
  given,
  held,
  letGo,
  namesOf,
  owned,
  ownersOf,
  policy,
  three,
} from './owners.ts';

async function configMap(scene: Scene, name: string): Promise<object> {
  const { metadata } = await scene.create(CONFIG_MAPS, { metadata: { name } });
  return { apiVersion: 'v1', kind: 'ConfigMap', name, uid: metadata.uid };
}

/** Takes the owner off a pod; resolves once the app has it back. */
async function adopted(scene: Scene, pod: string): Promise<void> {
  const orphan = await scene.patch(RESOURCES.pods, pod, { metadata: { ownerReferences: null } });
  await scene.told('pods', orphan);
  await scene.until(`${pod} to be adopted`, () => ownersOf(scene.pod(pod)).length === 1);
  expect(scene.pod(pod)?.metadata.uid).toBe(orphan.metadata.uid);
}

export function aboutRetentionSpecs(open: () => Promise<Scene>): void {
  describe.concurrent('retention, as a StatefulSet', () => {
    test('does not delete a claim with an OnScaledown policy if another controller owns it; without that, it does', async () => {
      const scene = await open();
      await scene.start(app());
      const controller = { ...(await configMap(scene, 'controller')), controller: true };
      await given(scene, 'data-web-1', [controller]);
      const foreign = scene.claim('data-web-1');
      await scene.edit('web', policy('Retain', 'Delete'));
      await scene.edit('web', { replicas: 0 });
      await claimsGone(scene, 'data-web-0', 'data-web-2');
      await scene.until('the ledger to know nobody', () => (scene.app('web')?.status?.members ?? []).length === 0, 90);
      expect(scene.claims()).toEqual([foreign]);
      await given(scene, 'data-web-1', []);
      await scene.edit('web', { replicas: 2 });
      await scene.ready('web', 90);
      expect(namesOf(scene)).toEqual(['data-web-0', 'data-web-1']);
      expect(scene.claim('data-web-1')?.metadata.uid).toBe(foreign?.metadata.uid);
      await scene.edit('web', { replicas: 1 });
      await claimsGone(scene, 'data-web-1');
      await scene.ready('web');
      expect(namesOf(scene)).toEqual(['data-web-0']);
    });

    test('deletes claims after adopting a pod (WhenDeleted)', async () => {
      const scene = await open();
      await scene.start(three('Delete', 'Retain'));
      await adopted(scene, 'web-2');
      await scene.kubectl('delete', 'sapp', 'web');
      await scene.until('all to be gone', () => scene.claims().length + scene.pods().length === 0, 90);
    });

    test('deletes claims after adopting a pod (WhenScaled)', async () => {
      const scene = await open();
      await scene.start(three('Retain', 'Delete'));
      const orphan = await scene.patch(RESOURCES.pods, 'web-2', { metadata: { ownerReferences: null } });
      // At once: whether it is adopted before or after it is not wanted any more, it goes with its claim.
      await scene.edit('web', { replicas: 1 });
      await claimsGone(scene, 'data-web-1', 'data-web-2');
      await scene.ready('web');
      expect(namesOf(scene)).toEqual(['data-web-0']);
      expect(scene.gone('pods', 'web-2').map(({ metadata }) => metadata.uid)).toEqual([orphan.metadata.uid]);
    });

    test('deletes claims of pods and claims that another app of the name left behind, once it has adopted them', async () => {
      const scene = await open();
      await scene.start(three('Delete', 'Delete'));
      await scene.kubectl('delete', 'sapp', 'web', '--cascade=orphan');
      await scene.until('nobody to own them', () => scene.claims().every((claim) => ownersOf(claim).length === 0), 90);
      const before = { ...scene.uids('pods'), ...scene.uids('claims') };
      await scene.create(APPS, three('Delete', 'Delete'));
      const web = await scene.ready('web', 90);
      await Promise.all(namesOf(scene).map((claim) => owned(scene, claim, [appOwner(web)])));
      expect({ ...scene.uids('pods'), ...scene.uids('claims') }).toEqual(before);
      await scene.edit('web', { replicas: 2 });
      await claimsGone(scene, 'data-web-2');
      await scene.kubectl('delete', 'sapp', 'web');
      await scene.until('all claims to be gone', () => scene.claims().length === 0, 90);
    });

    test('does not delete claims when there is another controller, or another owner', async () => {
      const scene = await open();
      const web = await scene.start(app({ spec: { replicas: 4 } }));
      const names = ['data-web-0', 'data-web-1', 'data-web-2', 'data-web-3'];
      expect(namesOf(scene)).toEqual(names);
      const external = await configMap(scene, 'external');
      const stale = {
        apiVersion: 'apps/v1',
        kind: 'StatefulSet',
        name: 'unknown',
        uid: '9d86d6ae-4e06-4ff1-bc55-f77f52e272e9',
        controller: true,
      };
      await given(scene, 'data-web-1', [external]);
      await held(scene, 'data-web-3');
      await given(scene, 'data-web-3', [stale]);
      await scene.edit('web', policy('Delete', 'Retain'));
      await owned(scene, 'data-web-0', [appOwner(web)]);
      await owned(scene, 'data-web-1', [external, appOwner(web)]);
      await owned(scene, 'data-web-2', [appOwner(web)]);
      await given(scene, 'data-web-0', [{ ...appOwner(web), controller: false }]);
      await scene.edit('web', policy('Delete', 'Delete'));
      await owned(scene, 'data-web-0', [appOwner(web)]);
      await scene.twoRounds('web');
      expect(ownersOf(scene.claim('data-web-3'))).toEqual([stale]);
      await scene.kubectl('delete', 'sapp', 'web');
      await claimsGone(scene, 'data-web-0', 'data-web-2');
      await scene.until('the pods to be gone', () => scene.podNames().every((name) => !name.startsWith('web-')), 90);
      // The one belongs to somebody else as well, the other was held from the start.
      await owned(scene, 'data-web-1', [external]);
      expect(scene.claim('data-web-1')?.metadata.deletionTimestamp).toBeUndefined();
      expect(ownersOf(scene.claim('data-web-3'))).toEqual([stale]);
      await letGo(scene, 'data-web-3');
      await claimsGone(scene, 'data-web-3');
    });

    test('a claim is made again when its pod is pending for want of it, and the pod starts on it: Recreate', async () => {
      const scene = await open();
      // No node is asked until the gate is taken off: until then no pod keeps the claim.
      const podSpec = { schedulingGates: [{ name: 'test/hold' }] };
      const open1 = (count: number) =>
        scene
          .until('a pod to wait', () => scene.made('pods', 'web-0').length === count)
          .then(() => scene.patch(RESOURCES.pods, 'web-0', { spec: { schedulingGates: null } }));
      await scene.create(APPS, app({ spec: { replicas: 1, volumeLossPolicy: 'Recreate' }, podSpec }));
      await open1(1);
      await scene.ready('web', 90);
      const old = scene.claim('data-web-0')?.metadata.uid;
      await scene.deletePod('web-0');
      const pending = await scene.until('web-0 to wait again', () => scene.made('pods', 'web-0')[1], 90);
      await scene.client.delete(CLAIMS, { namespace: scene.name, name: 'data-web-0' }, { uid: old ?? '' });
      const made = await scene.until('another claim', () => scene.made('claims', 'data-web-0')[1], 90);
      expect(version(scene.gone('claims', 'data-web-0')[0])).toBeLessThan(version(made));
      await open1(2);
      await scene.ready('web', 90);
      expect(scene.pod('web-0')?.metadata.uid).toBe(pending.metadata.uid);
      expect(scene.claim('data-web-0')?.metadata.uid).toBe(made.metadata.uid);
    });
  });
}
