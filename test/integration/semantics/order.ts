// In which order members come (semantics.md, Reconcile order; safety.md R6), as the API server told it.

import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { APPS } from '../../../src/operator/resources.ts';
import { app, isReady, madeAt, readyChangedAt, type Scene, statusOf, version } from '../stage.ts';

const PLAY = 'kwok.statefulapp.dev/play';
const NEVER = { [PLAY]: 'never-ready' };
const START_AFTER = 'kwok.statefulapp.dev/start-after';

/** The state in which this pod was Ready first. */
const firstReady = (scene: Scene, pod: KubeObject | undefined) => scene.firstState(pod?.metadata.uid ?? '', isReady);
const latest = (scene: Scene, name: string) => scene.made('pods', name).at(-1);

export function aboutOrder(open: () => Promise<Scene>): void {
  describe.concurrent('order', () => {
    test('OrderedReady: each member is created only when the one below it is Ready', async () => {
      const scene = await open();
      await scene.start(app({ spec: { replicas: 4 } }));
      const made = scene.made('pods');
      expect(made.map(({ metadata }) => metadata.name)).toEqual(['web-0', 'web-1', 'web-2', 'web-3']);
      for (const [index, pod] of made.slice(1).entries()) {
        expect(version(firstReady(scene, made[index]))).toBeLessThan(version(pod));
      }
    });

    test('OrderedReady: Ready is not enough; minReadySeconds have to pass', async () => {
      const scene = await open();
      await scene.start(app({ spec: { replicas: 3, minReadySeconds: 2 }, claims: [] }));
      for (const ordinal of [0, 1]) {
        const ready = readyChangedAt(firstReady(scene, latest(scene, `web-${ordinal}`)));
        expect(madeAt(latest(scene, `web-${ordinal + 1}`)) - ready).toBeGreaterThanOrEqual(2);
      }
      const waited = scene.history.some(({ object }) =>
        JSON.stringify(object['status'] ?? '').includes('PodNotAvailable'),
      );
      expect(waited).toBe(true);
    });

    test('Parallel: all members are created without one of them being Ready', async () => {
      const scene = await open();
      await scene.create(APPS, app({ spec: { replicas: 5, podManagementPolicy: 'Parallel' }, annotations: NEVER }));
      await scene.until('five members', () => scene.pods().length === 5);
      expect(scene.history.some(({ kind, object }) => kind === 'pods' && isReady(object))).toBe(false);
    });

    test('OrderedReady: a member that is never Ready holds up the higher ones, and the status names it', async () => {
      const scene = await open();
      await scene.create(APPS, app({ annotations: NEVER }));
      const first = await scene.until(
        'web-0 to run',
        () => statusOf(scene.pod('web-0')).phase === 'Running' && scene.pod('web-0'),
      );
      const { message } = await scene.reason('web', 'Ready', 'PodNotReady');
      expect(message).toContain('web-0 waits for its pod to be Ready');
      expect(message).toContain('Higher ordinals wait for it');
      const held = await scene.member('web', 1, (entry) => entry.reason === 'PodNotReady');
      expect(held.message).toContain('web-1 waits for web-0 to be Available');
      await scene.twoRounds('web');
      expect(scene.podNames().filter((name) => name.startsWith('web'))).toEqual(['web-0']);
      await scene.play('web-0', null);
      const second = await scene.until('web-1 to come', () => scene.pod('web-1'));
      expect(version(firstReady(scene, first))).toBeLessThan(version(second));
    });

    test('podManagementPolicy can be changed, and is in effect at once', async () => {
      const scene = await open();
      await scene.create(APPS, app({ annotations: NEVER }));
      await scene.until('web-0', () => scene.pod('web-0'));
      await scene.member('web', 1, (entry) => entry.reason === 'PodNotReady');
      expect(scene.made('pods')).toHaveLength(1);
      await scene.edit('web', { podManagementPolicy: 'Parallel' });
      await scene.until('three members', () => scene.pods().length === 3);
      expect(scene.made('pods')).toHaveLength(3);
    });

    test('recovery is in order too: of three members lost at once, each comes back when the one below it is Ready', async () => {
      const scene = await open();
      await scene.start(app({ annotations: { [START_AFTER]: '1s' } }));
      await scene.kubectl('delete', 'pod', 'web-0', 'web-1', 'web-2', '--wait=false');
      await scene.until('three second pods', () => scene.made('pods').length === 6);
      for (const ordinal of [0, 1]) {
        const lower = firstReady(scene, latest(scene, `web-${ordinal}`));
        expect(version(lower)).toBeLessThan(version(latest(scene, `web-${ordinal + 1}`)));
      }
    });

    test('podRecoveryPolicy Parallel: members that were complete once come back together, the first start stays in order', async () => {
      const scene = await open();
      await scene.start(app({ spec: { podRecoveryPolicy: 'Parallel' }, annotations: { [START_AFTER]: '3s' } }));
      const first = ['web-0', 'web-1', 'web-2'].map((name) => latest(scene, name));
      expect(version(firstReady(scene, first[0]))).toBeLessThan(version(first[1]));
      expect(version(firstReady(scene, first[1]))).toBeLessThan(version(first[2]));
      await scene.kubectl('delete', 'pod', 'web-0', 'web-1', 'web-2', '--wait=false');
      await scene.until('three second pods', () => scene.made('pods').length === 6);
      expect(firstReady(scene, latest(scene, 'web-0'))).toBeUndefined();
      await scene.ready('web');
    });

    test('ordered recovery that makes no progress says so, and names podRecoveryPolicy Parallel as the way out', async () => {
      const scene = await open();
      // Becomes Ready the first time, and would need its peers the second: kubelets play that by a long start.
      await scene.start(app({ spec: { progressDeadlineSeconds: 3 }, annotations: { [START_AFTER]: '1s' } }));
      await scene.kubectl('delete', 'pod', 'web-0', 'web-1', 'web-2', '--wait=false');
      await scene.until('web-0 to be back', () => scene.made('pods', 'web-0').length === 2);
      await scene.play('web-0', 'never-ready');
      const held = await scene.member(
        'web',
        1,
        (entry) => entry.message?.includes('podRecoveryPolicy Parallel') === true,
      );
      expect(held.reason).toBe('PodNotReady');
      await scene.until('Stalled', () =>
        scene.app('web')?.status?.conditions?.some(({ type, status }) => type === 'Stalled' && status === 'True'),
      );
      await scene.edit('web', { podRecoveryPolicy: 'Parallel' });
      await scene.until('web-1 and web-2 to be back', () => isReady(scene.pod('web-1')) && isReady(scene.pod('web-2')));
    });
  });
}
