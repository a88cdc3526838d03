// What each member owns (semantics.md, Claims; safety.md R5, R12).

import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { RESOURCES } from '../../../src/kube/resources.ts';
import { APPS } from '../../../src/operator/resources.ts';
import { app, condition, type Scene, version } from '../stage.ts';

const CLAIMS = RESOURCES.persistentvolumeclaims;
const phaseOf = (claim: KubeObject | undefined) => (claim?.['status'] as { phase?: string } | undefined)?.phase;
const SPEC = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
const byHand = (name: string, metadata: object = {}) => ({ metadata: { name, ...metadata }, spec: SPEC });
const one = (spec: object = {}) => app({ spec: { replicas: 1, ...spec } });
const stampsOf = (claim: KubeObject | undefined) => ({
  app: claim?.metadata.labels?.['statefulapp.dev/name'],
  uid: claim?.metadata.annotations?.['statefulapp.dev/app-uid'],
  ordinal: claim?.metadata.annotations?.['statefulapp.dev/ordinal'],
  siblings: claim?.metadata.annotations?.['statefulapp.dev/claims'],
});
const recorded = (scene: Scene, ordinal = 0) =>
  scene.member(
    'web',
    ordinal,
    ({ claims = [] }) => claims.length > 0 && claims.every(({ volume }) => volume !== undefined),
  );

export function aboutClaims(open: () => Promise<Scene>): void {
  describe.concurrent('claims', () => {
    test('are made before their pod, with the names, labels and stamps of the member', async () => {
      const scene = await open();
      const { metadata } = await scene.start(app({ claims: ['data', 'wal'], spec: { replicas: 2 } }));
      const names = ['data-web-0', 'data-web-1', 'wal-web-0', 'wal-web-1'];
      expect(Object.keys(scene.uids('claims'))).toEqual(names);
      for (const name of names) {
        const ordinal = name.slice(-1);
        const claim = scene.claim(name);
        expect(version(scene.made('claims', name)[0])).toBeLessThan(version(scene.made('pods', `web-${ordinal}`)[0]));
        expect(claim?.metadata.labels).toMatchObject({ app: 'web' });
        expect(stampsOf(claim)).toEqual({ app: 'web', uid: metadata.uid, ordinal, siblings: 'data,wal' });
        expect(claim?.metadata.ownerReferences).toBeUndefined();
      }
    });

    test('of two apps that come out at one name belong to the first: the second waits until the name is free', async () => {
      const scene = await open();
      await scene.start(app({ name: 'x-y', claims: ['data'], spec: { replicas: 1 } }));
      const before = scene.claim('data-x-y-0');
      await scene.create(APPS, app({ name: 'y', claims: ['data-x'], spec: { replicas: 1 } }));
      const { message } = await scene.reason('y', 'Ready', 'ClaimTaken');
      expect(message).toContain('data-x-y-0');
      expect(message).toContain('ordinal 0 of StatefulApp x-y');
      await scene.edit('x-y', { replicas: 0 });
      await scene.until('x-y-0 to go', () => scene.pod('x-y-0') === undefined);
      await scene.kubectl('delete', 'pvc', 'data-x-y-0');
      await scene.ready('y', 90);
      expect(version(scene.gone('claims')[0])).toBeLessThan(version(scene.made('pods', 'y-0')[0]));
      const own = scene.firstState(before?.metadata.uid ?? '', (claim) => stampsOf(claim).app !== 'x-y');
      expect(own).toBeUndefined();
      expect(stampsOf(scene.claim('data-x-y-0')).app).toBe('y');
    });

    test('made by hand under the right name are used and stamped, and keep what they had', async () => {
      const scene = await open();
      const mine = await scene.create(CLAIMS, byHand('data-web-0', { labels: { mine: 'yes' } }));
      const { metadata } = await scene.start(one());
      const claim = scene.claim('data-web-0');
      expect(claim?.metadata.uid).toBe(mine.metadata.uid);
      expect(claim?.metadata.labels).toMatchObject({ mine: 'yes' });
      expect(stampsOf(claim)).toEqual({ app: 'web', uid: metadata.uid, ordinal: '0', siblings: 'data' });
      expect((await recorded(scene)).claims).toMatchObject([{ name: 'data-web-0', uid: mine.metadata.uid }]);
    });

    test('that ask for another size than the template are used as they are, and reported', async () => {
      const scene = await open();
      const spec = { ...SPEC, resources: { requests: { storage: '5Gi' } } };
      await scene.create(CLAIMS, { metadata: { name: 'data-web-0' }, spec });
      await scene.start(one());
      const { message } = await scene.reason('web', 'AsSpecified', 'ClaimDiffers');
      expect(message).toContain('data-web-0: it asks for 5Gi where the template says 1Gi');
    });

    test('left by a StatefulSet of the name are used: same claims, same volumes', async () => {
      const scene = await open();
      const { spec } = app({ spec: { replicas: 2, serviceName: 'web' } });
      await scene.create(RESOURCES.statefulsets, { metadata: { name: 'web' }, spec });
      await scene.until(
        'the set to run',
        () => scene.pod('web-1') && scene.claim('data-web-1') && phaseOf(scene.claim('data-web-1')) === 'Bound',
      );
      const before = scene.uids('claims');
      await scene.kubectl('delete', 'statefulset', 'web');
      await scene.until('its pods to be collected', () => scene.pods().length === 0);
      const { metadata } = await scene.start(app({ spec: { replicas: 2 } }));
      expect(scene.uids('claims')).toEqual(before);
      expect(stampsOf(scene.claim('data-web-1'))).toMatchObject({ app: 'web', uid: metadata.uid, ordinal: '1' });
    });

    test('with a foreign controller are waited on and not touched', async () => {
      const scene = await open();
      const owner = await scene.create(
        { group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true },
        { metadata: { name: 'owner' } },
      );
      const ownerReferences = [
        { apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: owner.metadata.uid, controller: true },
      ];
      await scene.create(CLAIMS, byHand('data-web-0', { ownerReferences }));
      await scene.until('it to be bound', () => phaseOf(scene.claim('data-web-0')) === 'Bound');
      await scene.create(APPS, one());
      const { message } = await scene.reason('web', 'Ready', 'ClaimTaken');
      expect(message).toContain(`it belongs to ConfigMap owner (UID ${owner.metadata.uid})`);
      const seen = scene.claim('data-web-0');
      await scene.twoRounds('web');
      expect(scene.claim('data-web-0')).toEqual(seen);
      expect(scene.made('pods', 'web-0')).toEqual([]);
      await scene.patch(CLAIMS, 'data-web-0', { metadata: { ownerReferences: [] } });
      await scene.ready('web', 90);
      expect(scene.claim('data-web-0')?.metadata.uid).toBe(seen?.metadata.uid);
    });

    test('on their way out are no claims: the member waits for the end of one, and gets a new one', async () => {
      const scene = await open();
      const old = await scene.create(CLAIMS, byHand('data-web-0', { finalizers: ['test/hold'] }));
      await scene.kubectl('delete', 'pvc', 'data-web-0', '--wait=false');
      await scene.create(APPS, one());
      await scene.reason('web', 'Ready', 'ClaimTerminating');
      await scene.twoRounds('web');
      expect(scene.made('pods', 'web-0')).toEqual([]);
      expect(stampsOf(scene.claim('data-web-0')).app).toBeUndefined();
      await scene.patch(CLAIMS, 'data-web-0', { metadata: { finalizers: null } });
      await scene.ready('web', 90);
      expect(scene.claim('data-web-0')?.metadata.uid).not.toBe(old.metadata.uid);
    });

    test('that held data and are deleted put the member at risk: its pod is kept, then nothing is made', async () => {
      const scene = await open();
      await scene.start(app({ spec: { replicas: 2 } }));
      await recorded(scene, 1);
      const pod = scene.pod('web-1')?.metadata.uid;
      await scene.kubectl('delete', 'pvc', 'data-web-1', '--wait=false');
      const kept = await scene.member('web', 1, ({ state }) => state === 'VolumeAtRisk');
      expect(kept.message).toContain('its pod is left alone, because that alone keeps the volume');
      await scene.play('web-1', 'failed'); // a replacement would release the volume
      await scene.until('web-1 to fail', () =>
        scene.firstState(pod ?? '', ({ status }) => (status as { phase?: string }).phase === 'Failed'),
      );
      await scene.twoRounds('web');
      expect(scene.pod('web-1')?.metadata.uid).toBe(pod);
      await scene.deletePod('web-1');
      const { message } = await scene.reason('web', 'Ready', 'VolumeAtRisk');
      await scene.until('the claim to go', () => scene.claim('data-web-1') === undefined);
      const gone = await scene.member(
        'web',
        1,
        (entry) => entry.message?.includes('the claim that held its data is gone') === true,
      );
      expect(gone.message).toContain('--overwrite statefulapp.dev/accept-volume-loss=data-web-1=');
      expect(message).toContain('data-web-1');
      expect(condition(scene.app('web'), 'Stalled')).toMatchObject({ status: 'True', reason: 'VolumeAtRisk' });
      await scene.twoRounds('web');
      expect(scene.made('claims', 'data-web-1')).toHaveLength(1);
      expect(scene.made('pods', 'web-1')).toHaveLength(1);
      await scene.edit('web', { volumeLossPolicy: 'Recreate' });
      await scene.ready('web');
      expect(scene.made('claims', 'data-web-1')).toHaveLength(2);
      const entry = await recorded(scene, 1);
      expect(entry.claims).toMatchObject([{ uid: scene.claim('data-web-1')?.metadata.uid }]);
    });

    test('swapped for others of the same name are not started on', async () => {
      const scene = await open();
      await scene.start(one());
      await recorded(scene);
      await scene.edit('web', { paused: true });
      await scene.kubectl('delete', 'pvc', 'data-web-0', '--wait=false');
      await scene.deletePod('web-0');
      await scene.until(
        'pod and claim to go',
        () => scene.claim('data-web-0') === undefined && scene.pod('web-0') === undefined,
      );
      await scene.create(CLAIMS, byHand('data-web-0'));
      await scene.edit('web', { paused: false });
      const { message } = await scene.until('the swap to be seen', () => {
        const found = condition(scene.app('web'), 'Ready');
        return found?.reason === 'VolumeAtRisk' && found.message.includes('another claim') && found;
      });
      expect(message).toContain(`another claim (UID ${scene.claim('data-web-0')?.metadata.uid})`);
      await scene.twoRounds('web');
      expect(scene.made('pods', 'web-0')).toHaveLength(1);
    });

    test('are never made under volumeLossPolicy Require: the app waits for restored ones', async () => {
      const scene = await open();
      await scene.create(APPS, one({ volumeLossPolicy: 'Require' }));
      await scene.reason('web', 'Ready', 'ClaimMissing');
      await scene.twoRounds('web');
      expect(scene.made('claims')).toEqual([]);
      expect(scene.made('pods', 'web-0')).toEqual([]);
      const restored = await scene.create(CLAIMS, byHand('data-web-0'));
      await scene.ready('web', 90);
      expect(scene.claim('data-web-0')?.metadata.uid).toBe(restored.metadata.uid);
    });

    test('that a pending pod misses are made again under Recreate, and the pod stays', async () => {
      const scene = await open();
      const podSpec = { nodeSelector: { nobody: 'has-this' }, terminationGracePeriodSeconds: 1 };
      await scene.create(APPS, app({ spec: { replicas: 1, volumeLossPolicy: 'Recreate' }, podSpec }));
      await recorded(scene);
      const pod = await scene.until('web-0', () => scene.pod('web-0')?.metadata.uid);
      await scene.kubectl('delete', 'pvc', 'data-web-0', '--wait=false');
      await scene.until('another claim', () => scene.made('claims', 'data-web-0').length === 2);
      expect(scene.pod('web-0')?.metadata.uid).toBe(pod);
    });

    test('templates of the same name as a volume of the pod win, as in StatefulSet, and that is said', async () => {
      const scene = await open();
      await scene.start(app({ spec: { replicas: 1 }, podSpec: { volumes: [{ name: 'data', emptyDir: {} }] } }));
      const { volumes } = (scene.pod('web-0')?.['spec'] ?? {}) as { volumes?: readonly object[] };
      expect(volumes).toContainEqual({ name: 'data', persistentVolumeClaim: { claimName: 'data-web-0' } });
      await scene.reason('web', 'AsSpecified', 'VolumeShadowed');
    });
  });
}
