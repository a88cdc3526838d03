// Whose an object is: foreign ones are waited on and never touched, ours are known again (safety.md R8, Identity).

import { describe, expect, test } from 'vitest';
import type { KubeObjectInput } from '../../../src/kube/objects.ts';
import { type ApiResource, RESOURCES } from '../../../src/kube/resources.ts';
import { APPS } from '../../../src/operator/resources.ts';
import { app, condition, isReady, resolves, type Scene, statusOf } from '../stage.ts';
import { goneOf, mostAway, rolling, updated } from './rolling.ts';

const CONFIG_MAPS: ApiResource = {
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  namespaced: true,
};
const pod = (name: string, metadata: object): KubeObjectInput => ({
  metadata: { name, ...metadata },
  spec: { terminationGracePeriodSeconds: 1, containers: [{ name: 'main', image: 'pause' }] },
});
const one = (spec: object = {}) => app({ spec: { replicas: 1, ...spec } });
const ownersOf = (scene: Scene, name: string) =>
  (scene.pod(name)?.metadata.ownerReferences ?? []).map(({ uid }) => uid);

async function foreignOwner(scene: Scene) {
  const { metadata } = await scene.create(CONFIG_MAPS, { metadata: { name: 'owner' } });
  return [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: metadata.uid, controller: true }];
}

export function aboutNames(open: () => Promise<Scene>): void {
  describe.concurrent('names', () => {
    test('releases non-matching pods: one that is taken out of the selector stays, waited for, and is adopted with its labels back', async () => {
      const scene = await open();
      const { metadata } = await scene.start(app({ spec: { replicas: 2 } }));
      const { uid } = scene.pod('web-1')?.metadata ?? {};
      await scene.told('pods', await scene.patch(RESOURCES.pods, 'web-1', { metadata: { labels: { app: null } } }));
      await scene.until('web-1 to be released', () => ownersOf(scene, 'web-1').length === 0);
      const { message } = await scene.reason('web', 'Ready', 'NameTaken');
      expect(message).toContain('its labels do not match spec.selector');
      await scene.patch(RESOURCES.pods, 'web-1', { metadata: { labels: { app: 'web' } } });
      await scene.until('web-1 to be adopted', () => ownersOf(scene, 'web-1').includes(metadata.uid));
      await scene.ready('web');
      expect([scene.pod('web-1')?.metadata.uid, goneOf(scene)]).toEqual([uid, []]);
    });

    test.each([
      'without an owner',
      'with our label and another controller',
      'with matching labels and another controller',
    ])(
      'a foreign pod %s that has a member’s name is waited on, reported, never touched; then the member comes',
      async (which) => {
        const scene = await open();
        const ours = which.includes('our label') ? { 'statefulapp.dev/name': 'web' } : {};
        const metadata = which.startsWith('without')
          ? { labels: { app: 'unrelated' } }
          : { labels: { app: 'web', ...ours }, ownerReferences: await foreignOwner(scene) };
        const foreign = await scene.create(RESOURCES.pods, pod('web-1', metadata));
        await scene.create(APPS, app());
        const { message } = await scene.reason('web', 'Ready', 'NameTaken');
        expect(message).toContain('web-1 waits for pod web-1 to go away');
        expect(message).toContain(
          which.startsWith('without') ? 'it has no owner and its labels do not match' : 'it belongs to ConfigMap owner',
        );
        expect(condition(scene.app('web'), 'Stalled')).toMatchObject({ status: 'True', reason: 'NameTaken' });
        await scene.twoRounds('web');
        expect(scene.pod('web-1')?.metadata).toMatchObject({
          uid: foreign.metadata.uid,
          labels: foreign.metadata.labels,
        });
        expect(scene.pod('web-1')?.metadata.ownerReferences).toEqual(foreign.metadata.ownerReferences);
        expect(scene.made('pods', 'web-2')).toEqual([]);
        await scene.deletePod('web-1');
        await scene.ready('web', 90);
        expect(ownersOf(scene, 'web-1')).toEqual([scene.app('web')?.metadata.uid]);
      },
    );

    test('a member whose label was taken off by hand is labelled again, and not made twice', async () => {
      const scene = await open();
      await scene.start(app());
      const before = scene.uids('pods');
      const none = { 'statefulapp.dev/name': null, 'statefulset.kubernetes.io/pod-name': null };
      await scene.told('pods', await scene.patch(RESOURCES.pods, 'web-1', { metadata: { labels: none } }));
      await scene.until('the labels to be back', () => {
        const labels = scene.pod('web-1')?.metadata.labels ?? {};
        return labels['statefulapp.dev/name'] === 'web' && labels['statefulset.kubernetes.io/pod-name'] === 'web-1';
      });
      await scene.twoRounds('web');
      expect(scene.uids('pods')).toMatchObject(before);
    });

    test('a member whose owner was taken off by hand is adopted again', async () => {
      const scene = await open();
      const { metadata } = await scene.start(app());
      const before = scene.uids('pods');
      await scene.told('pods', await scene.patch(RESOURCES.pods, 'web-1', { metadata: { ownerReferences: null } }));
      await scene.until('web-1 to have its owner', () => ownersOf(scene, 'web-1').includes(metadata.uid));
      expect(scene.uids('pods')).toEqual(before);
    });

    test('a pod without owner, of our name and with labels that match, is adopted as it is; at which template it is comes with the next update', async () => {
      const scene = await open();
      const found = await scene.create(RESOURCES.pods, pod('web-0', { labels: { app: 'web' } }));
      const { metadata } = await scene.create(APPS, app({ spec: { replicas: 2, ...rolling({ paused: true }) } }));
      await scene.until('both to be available', () => condition(scene.app('web'), 'Available')?.status === 'True');
      expect(scene.pod('web-0')?.metadata.uid).toBe(found.metadata.uid);
      expect(ownersOf(scene, 'web-0')).toEqual([metadata.uid]);
      // Which template it was made from is not known; that it is this one would be a guess.
      const { message } = await scene.reason('web', 'AsSpecified', 'UpdatePaused');
      expect(message).toContain('web-0 runs another revision');
      expect(scene.pod('web-0')?.metadata.labels).toMatchObject({ 'statefulapp.dev/name': 'web' });
      await scene.twoRounds('web');
      expect(goneOf(scene)).toEqual([]);
      await scene.edit('web', rolling({ paused: null }));
      await updated(scene);
      expect([goneOf(scene), mostAway(scene)]).toEqual([['web-0'], 1]);
    });

    test('an app that was deleted with --cascade=orphan and made again takes its members over: same UIDs, no restart', async () => {
      const scene = await open();
      const { metadata: former } = await scene.start(app());
      const [pods, claims] = [scene.uids('pods'), scene.uids('claims')];
      await scene.kubectl('delete', 'sapp', 'web', '--cascade=orphan');
      await scene.until('the app to go', () => scene.app('web') === undefined);
      const { metadata } = await scene.start(app());
      expect(metadata.uid).not.toBe(former.uid);
      expect(scene.uids('pods')).toEqual(pods);
      expect(scene.uids('claims')).toEqual(claims);
      for (const name of Object.keys(pods)) expect(ownersOf(scene, name)).toEqual([metadata.uid]);
      expect(scene.service('web')?.metadata.ownerReferences).toMatchObject([{ uid: metadata.uid }]);
      expect(scene.revisions()).toHaveLength(1);
      for (const claim of scene.claims())
        expect(claim.metadata.annotations?.['statefulapp.dev/app-uid']).toBe(metadata.uid);
      await scene.deletePod('web-1');
      await scene.until('web-1 to be replaced', () => scene.made('pods', 'web-1').length === 2);
      await scene.ready('web');
      expect(scene.uids('claims')).toEqual(claims);
    });

    test('beside a StatefulSet of its name the app only reports; when that is gone, it goes on', async () => {
      const scene = await open();
      const { spec } = app({ spec: { replicas: 1, serviceName: 'web' } });
      const set = await scene.create(RESOURCES.statefulsets, { metadata: { name: 'web' }, spec });
      await scene.until('its pod', () => scene.pod('web-0'));
      await scene.create(APPS, one());
      const { message } = await scene.reason('web', 'Ready', 'StatefulSetExists');
      expect(message).toContain(`A StatefulSet web (UID ${set.metadata.uid}) exists`);
      expect(message).toContain(`kubectl annotate statefulapp web -n ${scene.name}`);
      await scene.twoRounds('web');
      expect(scene.service('web')).toBeUndefined();
      expect(scene.made('pods', 'web-0')).toHaveLength(1);
      expect(ownersOf(scene, 'web-0')).toEqual([set.metadata.uid]);
      const ours = scene.history.filter(
        ({ kind, object }) =>
          ['pods', 'claims', 'revisions'].includes(kind) && object.metadata.labels?.['statefulapp.dev/name'] === 'web',
      );
      expect(ours).toEqual([]);
      await scene.kubectl('delete', 'statefulset', 'web');
      const { metadata } = await scene.ready('web', 90);
      expect(ownersOf(scene, 'web-0')).toEqual([metadata.uid]);
    });

    test('the annotation that names the UID of the StatefulSet lets the app go on beside it; another UID does not', async () => {
      const scene = await open();
      const { spec } = app({ spec: { replicas: 0, serviceName: 'web' } });
      const set = await scene.create(RESOURCES.statefulsets, { metadata: { name: 'web' }, spec });
      await scene.create(APPS, one());
      await scene.reason('web', 'Ready', 'StatefulSetExists');
      await scene.kubectl('annotate', 'sapp', 'web', 'statefulapp.dev/ignore-statefulset=of-another-cluster');
      await scene.twoRounds('web');
      expect(scene.made('pods', 'web-0')).toEqual([]);
      await scene.kubectl(
        'annotate',
        '--overwrite',
        'sapp',
        'web',
        `statefulapp.dev/ignore-statefulset=${set.metadata.uid}`,
      );
      await scene.ready('web');
    });

    test('names may be as long as a DNS label takes, ordinals as high as a pod index goes', async () => {
      const scene = await open();
      const name = `n${'0'.repeat(50)}`;
      await scene.start(app({ name, spec: { replicas: 1, ordinals: { start: 2_147_483_646 } } }));
      const member = `${name}-2147483646`;
      expect(scene.podNames()).toEqual([member]);
      expect(scene.claim(`data-${member}`)?.metadata.annotations?.['statefulapp.dev/ordinal']).toBe('2147483646');
      expect(scene.pod(member)?.metadata.labels?.['apps.kubernetes.io/pod-index']).toBe('2147483646');
      const address = statusOf(scene.pod(member)).podIP ?? '';
      await resolves(scene.cluster, `${member}.${name}.${scene.name}.svc.cluster.local`, [address]);
      const long = `n${'1'.repeat(60)}`;
      await scene.start(app({ name: long, spec: { replicas: 2 } }));
      expect(scene.pod(`${long}-1`)?.metadata.labels).toMatchObject({ 'statefulapp.dev/name': long });
      await scene.deletePod(`${long}-1`);
      await scene.until(
        'it to be back',
        () => scene.made('pods', `${long}-1`).length === 2 && isReady(scene.pod(`${long}-1`)),
      );
    });

    test('an app called constructor, with a field called __proto__, is an app like any other', async () => {
      const scene = await open();
      const labels = { app: 'constructor', constructor: 'yes', toString: 'no' };
      // Nobody may stumble over such a key; a pod may not have it, and the trial of the template says so.
      const unknown = JSON.parse('{"__proto__":{"polluted":"yes"},"constructor":{"name":"x"}}');
      const without = JSON.parse('{"__proto__":null,"constructor":null}');
      const spec = { terminationGracePeriodSeconds: 1, containers: [{ name: 'main', image: 'pause' }] };
      const template = { metadata: { labels, annotations: { constructor: 'kept' } }, spec: { ...spec, ...unknown } };
      await scene.create(APPS, app({ name: 'constructor', claims: ['valueof'], spec: { replicas: 2, template } }));
      const { message } = await scene.reason('constructor', 'Ready', 'Refused');
      expect(message).toContain('unknown field "template.spec.__proto__", unknown field "template.spec.constructor"');
      expect([scene.pods(), scene.revisions()]).toEqual([[], []]);
      await scene.edit('constructor', { template: { spec: without } });
      await scene.ready('constructor');
      expect(scene.podNames()).toEqual(['constructor-0', 'constructor-1']);
      expect(scene.pod('constructor-1')?.metadata.labels).toMatchObject(labels);
      expect(scene.pod('constructor-1')?.metadata.annotations).toMatchObject({ constructor: 'kept' });
      await scene.deletePod('constructor-0');
      await scene.until('a second constructor-0', () => scene.made('pods', 'constructor-0').length === 2);
      await scene.ready('constructor');
    });
  });
}
