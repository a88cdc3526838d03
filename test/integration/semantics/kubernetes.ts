// Behaviours that Kubernetes' own end-to-end specs describe for StatefulSet (test/e2e/apps/statefulset.go), under like names,
// as far as the other themes do not have them. Which test stands for which spec: docs/peers.md.

import { describe, expect, test } from 'vitest';
import { RESOURCES } from '../../../src/kube/resources.ts';
import { APPS } from '../../../src/operator/resources.ts';
import { app, isReady, phaseOf, resolves, type Scene, statusOf, version } from '../stage.ts';
import { A, goneOf, PLAY } from './rolling.ts';

const few = (spec: object, annotations: Readonly<Record<string, string>> = {}) =>
  app({ spec: { ...spec }, annotations, podSpec: { terminationGracePeriodSeconds: 1 } });
const UNTIL_TOLD = { [PLAY]: 'never-ready' };

/** What a member is known by, wherever its pod runs. */
function identity(scene: Scene, name: string) {
  const { hostname, subdomain } = (scene.pod(name)?.['spec'] ?? {}) as { hostname?: string; subdomain?: string };
  const claim = scene.claim(`data-${name}`);
  const volume = (claim?.['spec'] as { readonly volumeName?: string } | undefined)?.volumeName;
  const labels = scene.pod(name)?.metadata.labels ?? {};
  const index = labels['apps.kubernetes.io/pod-index'];
  return {
    hostname,
    subdomain,
    claim: claim?.metadata.uid,
    volume,
    index,
    pod: labels['statefulset.kubernetes.io/pod-name'],
  };
}

const available = (scene: Scene, count: number) =>
  scene.until(`availableReplicas ${count}`, () => {
    const { status, metadata } = scene.app('web') ?? {};
    return status?.['availableReplicas'] === count && status.observedGeneration === metadata?.generation;
  });

export function aboutKubernetes(open: () => Promise<Scene>): void {
  describe.concurrent('as a StatefulSet', () => {
    test('basic identity: through a restart of all members, names, hostnames, DNS, claims and volumes are the same', async () => {
      const scene = await open();
      await scene.start(few({ ...A, serviceName: 'test' }));
      const names = ['web-0', 'web-1', 'web-2'];
      const before = names.map((name) => identity(scene, name));
      for (const [index, one] of before.entries()) {
        const name = `web-${index}`;
        expect(one).toMatchObject({ hostname: name, subdomain: 'test', index: String(index), pod: name });
        expect(one.volume).toMatch(/./);
      }
      expect(new Set(before.map(({ volume }) => volume)).size).toBe(3);
      await scene.edit('web', { replicas: 0 });
      await scene.until('all to be gone', () => scene.pods().length === 0);
      await scene.edit('web', { replicas: 3 });
      await scene.ready('web');
      expect(names.map((name) => identity(scene, name))).toEqual(before);
      for (const name of names) {
        const address = statusOf(scene.pod(name)).podIP ?? '';
        await resolves(scene.cluster, `${name}.test.${scene.name}.svc.cluster.local`, [address]);
      }
    });

    test('no deadlock when a pod’s predecessor fails: it comes back beside a member that is not Ready', async () => {
      const scene = await open();
      await scene.create(APPS, few({ replicas: 2 }, UNTIL_TOLD));
      await scene.until('web-0 to run', () => phaseOf(scene.pod('web-0')) === 'Running');
      await scene.play('web-0', null);
      await scene.until('web-1 to run', () => phaseOf(scene.pod('web-1')) === 'Running');
      const successor = scene.pod('web-1')?.metadata.uid;
      await scene.deletePod('web-0');
      await scene.until('web-0 to run again', () => {
        const [, again] = scene.made('pods', 'web-0');
        return again?.metadata.uid === scene.pod('web-0')?.metadata.uid && phaseOf(scene.pod('web-0')) === 'Running';
      });
      expect(isReady(scene.pod('web-1'))).toBe(false);
      await scene.play('web-1', null);
      await scene.play('web-0', null);
      await scene.ready('web');
      expect(scene.pod('web-1')?.metadata.uid).toBe(successor);
      expect(scene.made('pods')).toHaveLength(3);
    });

    test('scaling happens in predictable order, and halts when a member is unhealthy, up and down', async () => {
      const scene = await open();
      await scene.start(few({ replicas: 1 }));
      await scene.play('web-0', 'not-ready');
      await scene.until('web-0 to be unready', () => !isReady(scene.pod('web-0')));
      await scene.edit('web', { replicas: 3 });
      await scene.member('web', 1, ({ reason }) => reason === 'PodNotReady');
      await scene.twoRounds('web');
      expect(scene.pod('web-1')).toBeUndefined();
      await scene.play('web-0', null);
      await scene.ready('web');
      await scene.play('web-0', 'not-ready');
      await scene.until('web-0 to be unready', () => !isReady(scene.pod('web-0')));
      await scene.edit('web', { replicas: 0 });
      await scene.member('web', 2, ({ reason }) => reason === 'PodNotReady');
      await scene.twoRounds('web');
      expect(goneOf(scene)).toEqual([]);
      await scene.play('web-0', null);
      await scene.until('all to be gone', () => goneOf(scene).length === 3);
      expect(goneOf(scene)).toEqual(['web-2', 'web-1', 'web-0']);
      const made = scene.made('pods').filter(({ metadata }) => metadata.name.startsWith('web-'));
      expect(made.map(({ metadata }) => metadata.name)).toEqual(['web-0', 'web-1', 'web-2']);
    });

    test('burst scaling runs to completion even with unhealthy members', async () => {
      const scene = await open();
      const names = ['web-0', 'web-1', 'web-2', 'web-3'];
      await scene.create(APPS, few({ replicas: 2, podManagementPolicy: 'Parallel' }, UNTIL_TOLD));
      await scene.until('two to run', () => names.slice(0, 2).every((name) => phaseOf(scene.pod(name)) === 'Running'));
      await scene.edit('web', { replicas: 4 });
      await scene.until('four to run', () => names.every((name) => phaseOf(scene.pod(name)) === 'Running'));
      expect(scene.pods().some(isReady)).toBe(false);
      await scene.edit('web', { replicas: 2 });
      await scene.until('two to be left', () => scene.podNames().join() === 'web-0,web-1');
      await scene.edit('web', { replicas: 0 });
      await scene.until('none to be left', () => scene.pods().length === 0);
      expect(scene.history.some(({ kind, object }) => kind === 'pods' && isReady(object))).toBe(false);
    });

    test('an evicted member is recreated, also when its node had no room for it', async () => {
      const scene = await open();
      await scene.start(few({ replicas: 1 }));
      const before = scene.pod('web-0');
      // What a kubelet writes that has no room: the pod never ran there.
      const status = { phase: 'Failed', reason: 'OutOfpods', message: 'Node had no room', containerStatuses: null };
      const body = JSON.stringify({ status });
      await scene.kubectl('patch', 'pod', 'web-0', '--subresource=status', '--type=merge', '-p', body);
      const after = await scene.until('another web-0', () => scene.made('pods', 'web-0')[1]);
      await scene.ready('web');
      expect(version(scene.gone('pods', 'web-0')[0])).toBeLessThan(version(after));
      expect(scene.gone('pods', 'web-0')[0]?.metadata.uid).toBe(before?.metadata.uid);
      expect(Object.keys(scene.uids('claims'))).toEqual(['data-web-0']);
    });

    test('availableReplicas follow minReadySeconds, also when that is changed while members run', async () => {
      const scene = await open();
      const spec = { replicas: 2, podManagementPolicy: 'Parallel', minReadySeconds: 3600 };
      await scene.create(APPS, app({ spec, claims: [] }));
      await scene.until('both to be Ready', () => scene.app('web')?.status?.['readyReplicas'] === 2);
      await available(scene, 0);
      await scene.edit('web', { minReadySeconds: 0 });
      await available(scene, 2);
      await scene.edit('web', { minReadySeconds: 3600 });
      await available(scene, 0);
      await scene.edit('web', { minReadySeconds: 1 });
      await available(scene, 2);
      await scene.ready('web');
      expect(scene.made('pods')).toHaveLength(2);
    });

    test('the scale subresource: what is written there is the number of members', async () => {
      const scene = await open();
      await scene.start(few({ replicas: 1 }));
      const body = JSON.stringify({ spec: { replicas: 3 } });
      await scene.kubectl('patch', 'sapp', 'web', '--subresource=scale', '--type=merge', '-p', body);
      await scene.until('three members', () => scene.podNames().join() === 'web-0,web-1,web-2');
      await scene.ready('web');
      const scale = JSON.parse(await scene.kubectl('get', 'sapp', 'web', '--subresource=scale', '-o', 'json'));
      expect(scale).toMatchObject({ spec: { replicas: 3 }, status: { replicas: 3 } });
    });

    test.each([
      ['setting the start ordinal', undefined, 2],
      ['increasing the start ordinal', 2, 4],
      ['decreasing the start ordinal', 3, 2],
      ['removing the start ordinal', 3, null],
    ])('%s: the members of before go when those of now are Ready', async (_, from, to) => {
      const scene = await open();
      await scene.start(few({ replicas: 2, ...(from === undefined ? {} : { ordinals: { start: from } }) }));
      const names = (start: number) => [`web-${start}`, `web-${start + 1}`];
      const [before, after] = [names(from ?? 0), names(to ?? 0)];
      expect(scene.podNames()).toEqual(before);
      const uids = scene.uids('pods');
      await scene.edit('web', { ordinals: to === null ? null : { start: to } });
      await scene.ready('web');
      expect(scene.podNames()).toEqual(after);
      expect(goneOf(scene)).toEqual(before.filter((name) => !after.includes(name)).reverse());
      for (const name of after.filter((one) => before.includes(one)))
        expect(scene.pod(name)?.metadata.uid).toBe(uids[name]);
      for (const name of before) expect(scene.claim(`data-${name}`)?.metadata.deletionTimestamp).toBeUndefined();
    });

    test('adopts matching orphans: a member without owner and label is taken back as it is', async () => {
      const scene = await open();
      const { metadata } = await scene.start(few({ replicas: 1 }));
      const { uid } = scene.pod('web-0')?.metadata ?? {};
      const labels = { 'statefulapp.dev/name': null };
      const stripped = await scene.patch(RESOURCES.pods, 'web-0', { metadata: { ownerReferences: null, labels } });
      await scene.told('pods', stripped);
      const adopted = await scene.until('web-0 to be adopted', () => {
        const { ownerReferences, labels } = scene.pod('web-0')?.metadata ?? {};
        return labels?.['statefulapp.dev/name'] === 'web' && ownerReferences?.[0];
      });
      expect(adopted).toMatchObject({ kind: 'StatefulApp', name: 'web', uid: metadata.uid, controller: true });
      await scene.ready('web');
      expect(scene.pod('web-0')?.metadata.uid).toBe(uid);
      expect(scene.made('pods')).toHaveLength(1);
    });
  });
}
