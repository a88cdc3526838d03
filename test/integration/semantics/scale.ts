// Up and down, and which ordinals are wanted (semantics.md, Reconcile order; api.md, ordinals).

import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { APPS } from '../../../src/operator/resources.ts';
import { type App, app, isReady, madeAt, readyChangedAt, type Scene, version } from '../stage.ts';

const PLAY = 'kwok.statefulapp.dev/play';
const names = (pods: readonly KubeObject[]) => pods.map(({ metadata }) => metadata.name);
const deleting = ({ metadata }: KubeObject) => metadata.deletionTimestamp !== undefined;
const few = (spec: Readonly<Record<string, unknown>>) => app({ spec, podSpec: { terminationGracePeriodSeconds: 1 } });

async function scaleTo(scene: Scene, replicas: number): Promise<App> {
  const { generation = 0 } = scene.app('web')?.metadata ?? {};
  await scene.kubectl('scale', 'sapp/web', `--replicas=${replicas}`);
  await scene.until('the new count', () => (scene.app('web')?.metadata.generation ?? 0) > generation);
  return scene.ready('web');
}

export function aboutScale(open: () => Promise<Scene>): void {
  describe.concurrent('scale', () => {
    test('up lowest first, down highest first and one at a time, and the claims stay for the next time', async () => {
      const scene = await open();
      await scene.start(few({ replicas: 2 }));
      await scene.edit('web', { replicas: 5 });
      await scene.ready('web');
      expect(names(scene.made('pods'))).toEqual(['web-0', 'web-1', 'web-2', 'web-3', 'web-4']);
      const claims = scene.uids('claims');
      expect(Object.keys(claims)).toHaveLength(5);
      await scene.edit('web', { replicas: 2 });
      await scene.ready('web');
      const gone = scene.gone('pods');
      expect(names(gone)).toEqual(['web-4', 'web-3', 'web-2']);
      for (const [index, pod] of gone.slice(1).entries()) {
        const asked = scene.firstState(pod.metadata.uid, deleting);
        expect(version(asked)).toBeGreaterThan(version(gone[index]));
      }
      expect(scene.uids('claims')).toEqual(claims);
      await scene.edit('web', { replicas: 4 });
      await scene.ready('web');
      expect(scene.uids('claims')).toEqual(claims);
      expect(scene.made('claims')).toHaveLength(5);
    });

    test('through kubectl and the scale subresource, whose selector finds the members; to nothing and back', async () => {
      const scene = await open();
      await scene.start(few({ replicas: 1 }));
      await scaleTo(scene, 3);
      const scale = JSON.parse(await scene.kubectl('get', 'sapp', 'web', '--subresource=scale', '-o', 'json'));
      expect(scale).toMatchObject({
        kind: 'Scale',
        spec: { replicas: 3 },
        status: { replicas: 3, selector: 'app=web' },
      });
      const selected = await scene.kubectl('get', 'pods', '-l', scale.status.selector, '-o', 'name');
      expect(selected.trim().split('\n')).toEqual(['pod/web-0', 'pod/web-1', 'pod/web-2']);
      const claims = scene.uids('claims');
      const { status } = await scaleTo(scene, 0);
      expect(scene.pods()).toEqual([]);
      expect(status).toMatchObject({ replicas: 0, readyReplicas: 0, availableReplicas: 0 });
      await scaleTo(scene, 3);
      expect(scene.uids('claims')).toEqual(claims);
      expect(scene.made('claims')).toHaveLength(3);
    });

    test('a PodDisruptionBudget counts the members: the app itself is their controller', async () => {
      const scene = await open();
      await scene.start(few({ replicas: 3 }));
      const budget = {
        group: 'policy',
        version: 'v1',
        kind: 'PodDisruptionBudget',
        plural: 'poddisruptionbudgets',
        namespaced: true,
      };
      const selector = { matchLabels: { app: 'web' } };
      await scene.create(budget, { metadata: { name: 'web' }, spec: { maxUnavailable: '34%', selector } });
      // The disruption controller learns of new kinds twice a minute, and looks at a budget again when that changes.
      const counted = () => scene.kubectl('wait', 'pdb/web', '--for=jsonpath={.status.expectedPods}=3', '--timeout=5s');
      for (let attempt = 0; attempt < 15 && (await counted().catch(() => '')) === ''; attempt += 1) {
        await scene.kubectl('annotate', 'pdb', 'web', '--overwrite', `attempt=${attempt}`);
      }
      const { status } = JSON.parse(await scene.kubectl('get', 'pdb', 'web', '-o', 'json'));
      expect(status).toMatchObject({ expectedPods: 3, disruptionsAllowed: 2 });
    });

    test('down waits while a member that is wanted is unhealthy, says for whom, and goes on when it is healthy', async () => {
      const scene = await open();
      await scene.start(few({ replicas: 3 }));
      await scene.play('web-0', 'not-ready');
      await scene.until('web-0 to be unready', () => !isReady(scene.pod('web-0')));
      await scene.edit('web', { replicas: 1 });
      const held = await scene.member('web', 2, ({ reason }) => reason === 'PodNotReady');
      expect(held.message).toContain('web-2 is not wanted any more and waits for web-0, which is NotReady');
      await scene.twoRounds('web');
      expect(scene.podNames().filter((name) => name.startsWith('web'))).toEqual(['web-0', 'web-1', 'web-2']);
      await scene.play('web-0', null);
      await scene.ready('web');
      expect(names(scene.gone('pods')).filter((name) => name.startsWith('web'))).toEqual(['web-2', 'web-1']);
      expect(scene.made('pods', 'web-0')).toHaveLength(1);
    });

    test('down removes the only unhealthy member without waiting, when that is the one to go', async () => {
      const scene = await open();
      await scene.start(few({ replicas: 3 }));
      await scene.play('web-2', 'not-ready');
      await scene.until('web-2 to be unready', () => !isReady(scene.pod('web-2')));
      await scene.edit('web', { replicas: 2 });
      await scene.ready('web', 20);
      expect(names(scene.gone('pods'))).toEqual(['web-2']);
    });

    test('down waits for an unhealthy member that is to go too, but only for progressDeadlineSeconds', async () => {
      const scene = await open();
      await scene.start(few({ replicas: 5, progressDeadlineSeconds: 5 }));
      await Promise.all(['web-3', 'web-4'].map((name) => scene.play(name, 'not-ready')));
      await scene.until('both to be unready', () => !isReady(scene.pod('web-3')) && !isReady(scene.pod('web-4')));
      const unready = scene.firstState(
        scene.pod('web-3')?.metadata.uid ?? '',
        (pod) => pod.metadata.annotations?.[PLAY] === 'not-ready' && !isReady(pod),
      );
      await scene.edit('web', { replicas: 3 });
      const held = await scene.member('web', 4, ({ reason }) => reason === 'PodNotReady');
      expect(held.message).toContain('web-4 is not wanted any more and waits for web-3, which is NotReady');
      await scene.ready('web');
      expect(names(scene.gone('pods'))).toEqual(['web-4', 'web-3']);
      const asked = scene.firstState(scene.gone('pods')[0]?.metadata.uid ?? '', deleting);
      const grace = asked?.metadata.deletionGracePeriodSeconds ?? 0;
      const askedAt = Date.parse(asked?.metadata.deletionTimestamp ?? '') / 1000 - grace;
      expect(askedAt - readyChangedAt(unready)).toBeGreaterThanOrEqual(5);
    });

    test('Parallel: down removes all at once, and waits for nobody', async () => {
      const scene = await open();
      await scene.start(few({ replicas: 4, podManagementPolicy: 'Parallel' }));
      await scene.play('web-0', 'not-ready');
      await scene.until('web-0 to be unready', () => !isReady(scene.pod('web-0')));
      const stuck = ['web-1', 'web-2', 'web-3'];
      await Promise.all(stuck.map((name) => scene.play(name, 'stuck-terminating')));
      await scene.edit('web', { replicas: 1 });
      await scene.until('three to be on their way out', () =>
        stuck.every((name) => scene.pod(name)?.metadata.deletionTimestamp),
      );
      const { status } = await scene.until('the count of them', () => {
        const found = scene.app('web');
        return found?.status?.['terminatingReplicas'] === 3 && found;
      });
      expect(status).toMatchObject({ replicas: 4, readyReplicas: 3, terminatingReplicas: 3 });
      await Promise.all(stuck.map((name) => scene.play(name, null)));
      await scene.until('them to be gone', () => scene.pods().length === 1);
    });

    test('while a member is on its way out, it may be wanted again: it comes back, after it is gone', async () => {
      const scene = await open();
      await scene.start(few({ replicas: 2 }));
      const claims = scene.uids('claims');
      const before = scene.pod('web-1')?.metadata.uid;
      await scene.play('web-1', 'stuck-terminating');
      await scene.edit('web', { replicas: 1 });
      await scene.until('web-1 to be asked to go', () => scene.pod('web-1')?.metadata.deletionTimestamp);
      await scene.edit('web', { replicas: 2 });
      await scene.reason('web', 'Ready', 'PodTerminating');
      expect(scene.made('pods', 'web-1')).toHaveLength(1);
      await scene.play('web-1', null);
      await scene.ready('web');
      expect(scene.pod('web-1')?.metadata.uid).not.toBe(before);
      expect(scene.uids('claims')).toEqual(claims);
    });
  });

  describe.concurrent('ordinals', () => {
    test('begin at ordinals.start; moving it up or down makes the new members first and then removes the old ones', async () => {
      const scene = await open();
      await scene.start(few({ replicas: 2, ordinals: { start: 5 } }));
      expect(scene.podNames()).toEqual(['web-5', 'web-6']);
      const six = scene.pod('web-6')?.metadata.uid;
      await scene.edit('web', { ordinals: { start: 6 } });
      await scene.ready('web');
      expect(scene.podNames()).toEqual(['web-6', 'web-7']);
      expect(version(scene.made('pods', 'web-7')[0])).toBeLessThan(version(scene.gone('pods', 'web-5')[0]));
      await scene.edit('web', { ordinals: { start: 5 } });
      await scene.ready('web');
      expect(scene.podNames()).toEqual(['web-5', 'web-6']);
      expect(scene.pod('web-6')?.metadata.uid).toBe(six);
      expect(scene.made('claims', 'data-web-5')).toHaveLength(1);
    });

    test('removing member 1 by name: replicas 2 and excluded [1]', async () => {
      const scene = await open();
      await scene.start(few({ replicas: 3 }));
      const { 'web-1': _, ...others } = scene.uids('pods');
      await scene.edit('web', { replicas: 2, ordinals: { excluded: [1] } });
      await scene.ready('web');
      expect(scene.uids('pods')).toEqual(others);
      expect(scene.claim('data-web-1')).toBeDefined();
      await scene.twoRounds('web');
      expect(scene.made('pods', 'web-1')).toHaveLength(1);
    });

    test('replacing member 1 by a new one: excluded [1]; the new one is there before the old one goes', async () => {
      const scene = await open();
      await scene.start(few({ replicas: 3 }));
      const { 'web-1': _, ...others } = scene.uids('pods');
      await scene.edit('web', { ordinals: { excluded: [1] } });
      await scene.ready('web');
      // Ready speaks of members that are wanted; the other one may still be on its way out.
      await scene.until('web-1 to be gone', () => scene.pod('web-1') === undefined);
      expect(scene.podNames()).toEqual(['web-0', 'web-2', 'web-3']);
      expect(scene.uids('pods')).toMatchObject(others);
      const three = scene.firstState(scene.pod('web-3')?.metadata.uid ?? '', isReady);
      const asked = scene.firstState(scene.made('pods', 'web-1')[0]?.metadata.uid ?? '', deleting);
      expect(version(three)).toBeLessThan(version(asked));
      expect(madeAt(three)).toBeGreaterThan(0);
    });

    test('names that do not parse as ours are nobody’s business', async () => {
      const scene = await open();
      const labels = { app: 'web', 'statefulapp.dev/name': 'web' };
      const spec = { containers: [{ name: 'main', image: 'pause' }] };
      const pods = { group: '', version: 'v1', kind: 'Pod', plural: 'pods', namespaced: true };
      for (const name of ['web-01', 'web-x', 'web-1-1', 'web'])
        await scene.create(pods, { metadata: { name, labels }, spec });
      await scene.create(APPS, few({ replicas: 2 }));
      await scene.ready('web');
      await scene.edit('web', { replicas: 1 });
      await scene.ready('web');
      await scene.twoRounds('web');
      expect(names(scene.gone('pods')).filter((name) => name.startsWith('web'))).toEqual(['web-1']);
      for (const name of ['web-01', 'web-x', 'web-1-1', 'web'])
        expect(scene.pod(name)?.metadata.ownerReferences).toBeUndefined();
    });
  });
}
