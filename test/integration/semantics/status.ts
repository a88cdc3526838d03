// The status says what is waited for, in words that help (api.md, status; safety.md R10, R11).

import { describe, expect, test } from 'vitest';
import { RESOURCES } from '../../../src/kube/resources.ts';
import { APPS } from '../../../src/operator/resources.ts';
import { app, condition, isReady, type Scene, statusOf } from '../stage.ts';

const PLAY = 'kwok.statefulapp.dev/play';
const QUOTAS = { group: '', version: 'v1', kind: 'ResourceQuota', plural: 'resourcequotas', namespaced: true };

export async function limitPods(scene: Scene, pods: number): Promise<void> {
  await scene.create(QUOTAS, { metadata: { name: 'few' }, spec: { hard: { pods: String(pods) } } });
  await scene.kubectl('wait', 'resourcequota/few', `--for=jsonpath={.status.hard.pods}=${pods}`, '--timeout=30s');
}
const conditionsOf = (scene: Scene, name: string) =>
  scene.history
    .filter(({ kind, object }) => kind === 'apps' && object.metadata.name === name)
    .map(({ object }) => object as ReturnType<Scene['app']>)
    .map((one) => ['Ready', 'Reconciling', 'Stalled'].map((type) => condition(one, type)?.status ?? '-').join(' '));

export function aboutStatus(open: () => Promise<Scene>): void {
  describe.concurrent('status', () => {
    test('an image that cannot be pulled is named', async () => {
      const scene = await open();
      const containers = [{ name: 'server', image: 'registry.example/does-not-exist:7' }];
      await scene.create(APPS, app({ podSpec: { containers } }));
      const entry = await scene.member('web', 0, ({ message }) => message?.includes('ImagePullBackOff') === true);
      expect(entry.message).toContain('container server is in ImagePullBackOff');
      expect(entry.message).toContain('registry.example/does-not-exist:7');
      const { message } = await scene.reason('web', 'Ready', 'PodPending');
      expect(message).toContain('registry.example/does-not-exist:7');
    });

    test('a container that crashes is named, with its restarts', async () => {
      const scene = await open();
      await scene.create(APPS, app({ spec: { replicas: 1 }, annotations: { [PLAY]: 'crash-loop' } }));
      const entry = await scene.member('web', 0, ({ message }) =>
        /CrashLoopBackOff \(exit 1, \d+ restarts?\)/.test(message ?? ''),
      );
      expect(entry.message).toContain('web-0 waits for its pod to be Ready: container main is in CrashLoopBackOff');
    });

    test('a quota that forbids a pod is told in the API server’s words, and when it is raised, the app goes on', async () => {
      const scene = await open();
      await limitPods(scene, 2);
      await scene.create(APPS, app());
      const { message } = await scene.reason('web', 'Ready', 'Refused');
      expect(message).toContain('web-2 cannot be created');
      expect(message).toContain('exceeded quota: few, requested: pods=1, used: pods=2, limited: pods=2');
      await scene.until('an Event', () =>
        scene
          .events()
          .some(({ reason, message: text }) => reason === 'Refused' && String(text).includes('exceeded quota')),
      );
      expect(scene.podNames()).toEqual(['web-0', 'web-1']);
      await scene.patch(QUOTAS, 'few', { spec: { hard: { pods: '3' } } });
      await scene.ready('web', 90);
    });

    test('Parallel: scaling down goes on while scaling up is refused by a quota', async () => {
      const scene = await open();
      await scene.start(
        app({ spec: { podManagementPolicy: 'Parallel' }, podSpec: { terminationGracePeriodSeconds: 1 } }),
      );
      await limitPods(scene, 3);
      // Wanted are 2, 3 and 4 now: two to make, for which there is no room, and two to remove.
      await scene.edit('web', { ordinals: { start: 2 } });
      await scene.until(
        'both to go',
        () => scene.gone('pods', 'web-0').length === 1 && scene.gone('pods', 'web-1').length === 1,
      );
      await scene.ready('web', 90);
      expect(scene.podNames()).toEqual(['web-2', 'web-3', 'web-4']);
      expect(JSON.stringify(scene.history.filter(({ kind }) => kind === 'events'))).toContain('exceeded quota');
    });

    test('a pod that no node takes: the scheduler’s reason', async () => {
      const scene = await open();
      await scene.create(
        APPS,
        app({ spec: { replicas: 1 }, podSpec: { nodeSelector: { disk: 'of-gold' } }, claims: [] }),
      );
      const entry = await scene.member('web', 0, ({ message }) => message?.includes('no node takes it') === true);
      expect(entry.message).toMatch(/web-0 waits for its pod to start: no node takes it: 0\/\d+ nodes are available/);
      expect(entry.message).toContain("didn't match Pod's node affinity/selector");
    });

    test('kstatus: Reconciling until all is well, then Ready; kubectl wait agrees', async () => {
      const scene = await open();
      await scene.create(APPS, app({ annotations: { 'kwok.statefulapp.dev/start-after': '1s' } }));
      await scene.kubectl('wait', 'sapp/web', '--for=condition=Ready', '--timeout=60s');
      const { metadata, status } = await scene.ready('web');
      expect(status?.observedGeneration).toBe(metadata.generation);
      expect([...new Set(conditionsOf(scene, 'web'))]).toEqual(['- - -', 'False True False', 'True False False']);
      expect(condition(scene.app('web'), 'Available')).toMatchObject({
        status: 'True',
        message: '3 of 3 members are available.',
      });
      for (const one of status?.conditions ?? []) expect(one.message).toMatch(/\.$/);
      const table = await scene.kubectl('get', 'sapp', 'web');
      expect(table).toMatch(/NAME\s+DESIRED\s+READY\s+UPDATED\s+REVISION\s+STATUS\s+AGE/);
      expect(table).toMatch(/web\s+3\s+3\s+3\s+web-[0-9a-f]{10}\s+AllMembersReady/);
    });

    test('without progress for progressDeadlineSeconds: Stalled, until it goes on', async () => {
      const scene = await open();
      await scene.create(
        APPS,
        app({ spec: { replicas: 2, progressDeadlineSeconds: 3 }, annotations: { [PLAY]: 'never-ready' } }),
      );
      await scene.until('Stalled', () => condition(scene.app('web'), 'Stalled')?.status === 'True');
      const stalled = scene.app('web');
      expect(condition(stalled, 'Stalled')?.message).toContain(
        'No progress for more than 3 s (progressDeadlineSeconds). web-0 waits',
      );
      expect(condition(stalled, 'Progressing')?.status).toBe('False');
      expect(condition(stalled, 'Reconciling')?.status).toBe('False');
      const since = Date.parse(
        (condition(stalled, 'Stalled') as { lastTransitionTime?: string }).lastTransitionTime ?? '',
      );
      const unready = Date.parse(
        (condition(stalled, 'Ready') as { lastTransitionTime?: string }).lastTransitionTime ?? '',
      );
      expect(since - unready).toBeGreaterThanOrEqual(3000);
      await scene.play('web-0', null);
      await scene.until('not Stalled', () => condition(scene.app('web'), 'Stalled')?.status === 'False');
      expect(condition(scene.app('web'), 'Reconciling')?.status).toBe('True');
    });

    test('counts are those of a fresh count, through a loss and a return', async () => {
      const scene = await open();
      await scene.start(app());
      const counts = () => {
        const { replicas, readyReplicas, availableReplicas, currentReplicas, updatedReplicas, terminatingReplicas } =
          scene.app('web')?.status ?? {};
        return { replicas, readyReplicas, availableReplicas, currentReplicas, updatedReplicas, terminatingReplicas };
      };
      const all = {
        replicas: 3,
        readyReplicas: 3,
        availableReplicas: 3,
        currentReplicas: 3,
        updatedReplicas: 3,
        terminatingReplicas: 0,
      };
      expect(counts()).toEqual(all);
      await scene.play('web-1', 'not-ready');
      await scene.until('two Ready', () => counts().readyReplicas === 2);
      expect(counts()).toEqual({ ...all, readyReplicas: 2, availableReplicas: 2 });
      await scene.play('web-1', 'stuck-terminating');
      await scene.deletePod('web-1');
      await scene.until('one on its way out', () => counts().terminatingReplicas === 1);
      expect(counts()).toMatchObject({ replicas: 3, currentReplicas: 2, updatedReplicas: 2 });
      await scene.play('web-1', null);
      await scene.ready('web');
      expect(counts()).toEqual(all);
      expect(statusOf(scene.pod('web-1')).phase).toBe('Running');
    });

    test('what is done is told in Events on the app', async () => {
      const scene = await open();
      await scene.start(app({ spec: { replicas: 1 } }));
      const told = () =>
        scene.events().filter(({ involvedObject }) => (involvedObject as { kind?: string })?.kind === 'StatefulApp');
      await scene.until('the Event of the pod', () =>
        told().some(({ message }) => String(message).includes('create Pod web-0')),
      );
      // What the first member stands on is told with it.
      expect(told().map(({ reason, message }) => `${reason}: ${message}`)).toEqual([
        expect.stringMatching(
          /^SuccessfulCreate: .*create Service web, .*create PersistentVolumeClaim data-web-0, create Pod web-0: web-0 is wanted/,
        ),
      ]);
      expect(String(told()[0]?.['message'])).toContain('record ControllerRevision web-');
      const described = await scene.kubectl('describe', 'sapp', 'web');
      expect(described).toContain('create Pod web-0');
    });

    test('status endpoints: what others write there lives beside ours, and ours is put right', async () => {
      const scene = await open();
      await scene.start(app({ spec: { replicas: 1 }, claims: [] }));
      const stored = condition(scene.app('web'), 'Ready');
      const theirs = { type: 'StatusUpdate', status: 'True', reason: 'Test', message: 'set by a test' };
      const conditions = [
        { ...theirs, lastTransitionTime: '2026-01-01T00:00:00Z' },
        { ...stored, status: 'False' },
      ];
      const body = JSON.stringify({ status: { conditions, readyReplicas: 7 } });
      await scene.kubectl('patch', 'sapp', 'web', '--subresource=status', '--type=merge', '-p', body);
      await scene.until('it to be put right', () => {
        const found = scene.app('web');
        const kept = condition(found, 'StatusUpdate')?.message === 'set by a test';
        return kept && condition(found, 'Ready')?.status === 'True' && found?.status?.['readyReplicas'] === 1;
      });
      expect(scene.made('pods')).toHaveLength(1);
    });

    test('list, patch and delete a collection of apps', async () => {
      const scene = await open();
      const names = ['one', 'two'];
      const small = (name: string) => app({ name, spec: { replicas: 1 }, claims: [] });
      await Promise.all(names.map((name) => scene.start(small(name))));
      await scene.kubectl('label', 'sapp', '--all', 'test/collection=yes');
      const listed = await scene.kubectl('get', 'sapp', '-l', 'test/collection=yes', '-o', 'name');
      expect(listed.trim().split('\n')).toEqual(names.map((name) => `statefulapp.statefulapp.dev/${name}`));
      const path = `/apis/statefulapp.dev/v1alpha1/namespaces/${scene.name}/statefulapps`;
      await scene.cluster.kubectl('delete', '--raw', `${path}?labelSelector=test%2Fcollection%3Dyes`);
      await scene.until('all to be collected', () => scene.pods().length === 0 && scene.app('one') === undefined);
      expect(scene.app('two')).toBeUndefined();
      expect(scene.made('pods')).toHaveLength(2);
    });

    test('a namespace that ends takes its app along, and others do not notice', async () => {
      const [ending, other] = await Promise.all([open(), open()]);
      await Promise.all([ending.start(app()), other.start(app())]);
      await ending.play('web-1', 'stuck-terminating');
      await ending.cluster.kubectl('delete', 'namespace', ending.name, '--wait=false');
      await ending.until('its other pods to go', () => ending.podNames().join() === 'web-1');
      await other.twoRounds('web');
      await ending.client.patch(
        RESOURCES.pods,
        { namespace: ending.name, name: 'web-1' },
        { type: 'merge', body: { metadata: { annotations: { [PLAY]: null } } } },
      );
      await ending.cluster.kubectl('wait', `namespace/${ending.name}`, '--for=delete', '--timeout=200s');
      expect(ending.made('pods')).toHaveLength(3);
      expect(isReady(other.pod('web-2'))).toBe(true);
      // The namespace controller looks again after 15 s and more, each time that it still finds something.
    }, 300_000);
  });
}
