// Updates of members that are well (semantics.md, Rolling update; behaviours that Kubernetes' own end-to-end specs for
// StatefulSet describe). In every test: how many members were away by the operator's own hand.

import { describe, expect, test } from 'vitest';
import { app, isReady, type Scene, version } from '../stage.ts';
import {
  A,
  B,
  goneOf,
  hashOf,
  imageOf,
  images,
  madeFor,
  mostAway,
  revisionsOf,
  rolling,
  run,
  START_AFTER,
  template,
  updated,
} from './rolling.ts';

const C = template('c:3');
interface Counts {
  readonly readyReplicas?: number;
  readonly availableReplicas?: number;
}

/** Of each pod but the first of this list: it was deleted only after the one before it in the list was Ready again. */
function eachAfterTheOther(scene: Scene, names: readonly string[], round: number): void {
  for (const [index, name] of names.slice(1).entries()) {
    const former = scene.made('pods', names[index])[round];
    const ready = scene.firstState(former?.metadata.uid ?? '', isReady);
    const leaving = scene.firstState(
      scene.made('pods', name)[round - 1]?.metadata.uid ?? '',
      ({ metadata }) => metadata.deletionTimestamp !== undefined,
    );
    expect(version(ready)).toBeLessThan(version(leaving));
  }
}

export function aboutUpdates(open: () => Promise<Scene>): void {
  describe.concurrent('updates', () => {
    test.each([
      ['without claims', []],
      ['with claims', ['data', 'wal']],
    ])('rolling updates and roll backs of template modifications, %s', async (_, claims) => {
      const scene = await open();
      await scene.start(app({ spec: { ...A }, claims }));
      const volumes = scene.uids('claims');
      const first = scene.app('web')?.status?.['currentRevision'];
      await scene.edit('web', B);
      const { status } = await updated(scene);
      expect(goneOf(scene)).toEqual(['web-2', 'web-1', 'web-0']);
      expect(images(scene)).toEqual(['b:2', 'b:2', 'b:2']);
      expect(status?.['currentRevision']).not.toBe(first);
      eachAfterTheOther(scene, ['web-2', 'web-1', 'web-0'], 1);

      await scene.edit('web', A);
      const back = (await updated(scene)).status;
      expect(goneOf(scene).slice(3)).toEqual(['web-2', 'web-1', 'web-0']);
      expect(images(scene)).toEqual(['a:1', 'a:1', 'a:1']);
      expect(back).toMatchObject({ currentRevision: first, updateRevision: first });
      expect(revisionsOf(scene).map((one) => [one.metadata.name === first, one['revision']])).toEqual(
        expect.arrayContaining([
          [true, 3],
          [false, 2],
        ]),
      );
      eachAfterTheOther(scene, ['web-2', 'web-1', 'web-0'], 2);
      expect(scene.uids('claims')).toEqual(volumes);
      expect(mostAway(scene)).toBe(1);
    });

    test('canary updates and phased rolling updates of template modifications', async () => {
      const scene = await open();
      await scene.start(app({ spec: { ...A, ...rolling({ partition: 3 }) } }));
      const { currentRevision } = scene.app('web')?.status ?? {};
      await scene.edit('web', B);
      await scene.until('a second revision', () => revisionsOf(scene).length === 2);
      await scene.twoRounds('web');
      expect(goneOf(scene)).toEqual([]);
      await scene.edit('web', rolling({ partition: 2 }));
      await run(scene, ['a:1', 'a:1', 'b:2']);
      await scene.ready('web');
      const { status } = await scene.until('the counts', () => {
        const found = scene.app('web');
        return found?.status?.['updatedReplicas'] === 1 && found;
      });
      expect(status).toMatchObject({ currentReplicas: 2, currentRevision });
      // Who is lost comes back as it was, on both sides of the partition.
      await scene.deletePod('web-2');
      await scene.deletePod('web-0');
      await scene.until('both to be back', () => scene.made('pods', 'web-0').length === 2);
      await run(scene, ['a:1', 'a:1', 'b:2']);
      await scene.edit('web', rolling({ partition: 1 }));
      await run(scene, ['a:1', 'b:2', 'b:2']);
      await scene.edit('web', rolling({ partition: 0 }));
      await updated(scene);
      expect(images(scene)).toEqual(['b:2', 'b:2', 'b:2']);
      expect(scene.made('pods', 'web-2')).toHaveLength(3);
      expect(mostAway(scene)).toBe(1);
    });

    test('a partition beyond the ordinals holds all of them, and is no mistake', async () => {
      const scene = await open();
      await scene.start(app({ spec: { replicas: 2, ...A, ...rolling({ partition: 1000 }) }, claims: [] }));
      await scene.edit('web', B);
      await scene.until('a second revision', () => revisionsOf(scene).length === 2);
      await scene.twoRounds('web');
      await scene.ready('web');
      expect(goneOf(scene)).toEqual([]);
      expect(mostAway(scene)).toBe(0);
    });

    test.each([
      ['OrderedReady', 2],
      ['Parallel', '50%'],
    ])('maxUnavailable under %s: %s of 5 are replaced at a time, and never more', async (podManagementPolicy, most) => {
      const scene = await open();
      const slow = { annotations: { [START_AFTER]: '1s' } };
      const spec = { replicas: 5, podManagementPolicy, ...rolling({ maxUnavailable: most }) };
      await scene.start(app({ spec: { ...spec, ...template('a:1', slow) } }));
      await scene.edit('web', template('b:2', slow));
      await updated(scene);
      expect(images(scene)).toEqual(['b:2', 'b:2', 'b:2', 'b:2', 'b:2']);
      expect(goneOf(scene).slice(0, 2).sort()).toEqual(['web-3', 'web-4']);
      expect(mostAway(scene)).toBe(2);
    });

    test('OnDelete: nothing is deleted; back to RollingUpdate, the rest is updated', async () => {
      const scene = await open();
      await scene.start(app({ spec: { ...A, updateStrategy: { type: 'OnDelete' } } }));
      await scene.edit('web', B);
      await scene.deletePod('web-1');
      await run(scene, ['a:1', 'b:2', 'a:1']);
      await scene.twoRounds('web');
      expect(goneOf(scene)).toEqual(['web-1']);
      expect(mostAway(scene)).toBe(0);
      await scene.edit('web', { updateStrategy: { type: 'RollingUpdate' } });
      await updated(scene);
      expect(goneOf(scene)).toEqual(['web-1', 'web-2', 'web-0']);
      expect(mostAway(scene)).toBe(1);
    });

    test('a member that fails before its turn comes back at its old revision, and has its turn', async () => {
      const scene = await open();
      await scene.start(app({ spec: { ...A } }));
      await scene.edit('web', template('b:2', { annotations: { [START_AFTER]: '4s' } }));
      await scene.until('web-2 to start', () => scene.made('pods', 'web-2').length === 2);
      await scene.play('web-0', 'failed');
      await updated(scene);
      expect(scene.made('pods', 'web-0').map(imageOf)).toEqual(['a:1', 'a:1', 'b:2']);
      expect(images(scene)).toEqual(['b:2', 'b:2', 'b:2']);
      expect(mostAway(scene)).toBe(1);
    });

    test('minReadySeconds are waited for between members', async () => {
      const scene = await open();
      await scene.start(app({ spec: { ...A, minReadySeconds: 3 }, claims: [] }));
      await scene.edit('web', B);
      await updated(scene);
      expect(goneOf(scene)).toEqual(['web-2', 'web-1', 'web-0']);
      // It counts who has been Ready for less than that as away; so does the status.
      expect(mostAway(scene)).toBe(1);
      const waited = scene.history.some(({ kind, object }) => {
        const { readyReplicas, availableReplicas } = ((kind === 'apps' && object['status']) || {}) as Counts;
        return readyReplicas === 3 && availableReplicas === 2;
      });
      expect(waited).toBe(true);
    });

    test('a template that is taken back while it is rolled out: who has it comes back, who has not is left', async () => {
      const scene = await open();
      await scene.start(app({ spec: { ...A } }));
      const [, untouched] = [scene.pod('web-1'), scene.pod('web-0')?.metadata.uid];
      await scene.edit('web', template('b:2', { annotations: { [START_AFTER]: '3s' } }));
      await scene.until('web-2 to start', () => scene.made('pods', 'web-2').length === 2);
      await scene.edit('web', template('a:1', { annotations: { [START_AFTER]: null } }));
      await updated(scene);
      expect(madeFor(scene)).toEqual(['web-0 a:1', 'web-1 a:1', 'web-2 a:1', 'web-2 b:2', 'web-2 a:1']);
      expect(scene.pod('web-0')?.metadata.uid).toBe(untouched);
      expect(revisionsOf(scene)).toHaveLength(2);
      expect(mostAway(scene)).toBe(1);
    });

    test('another template while one is rolled out: members go straight to the last', async () => {
      const scene = await open();
      await scene.start(app({ spec: { ...A } }));
      await scene.edit('web', B);
      await scene.until('web-2 to start', () => scene.made('pods', 'web-2').length === 2);
      await scene.edit('web', C);
      await updated(scene);
      expect(images(scene)).toEqual(['c:3', 'c:3', 'c:3']);
      expect(madeFor(scene)).not.toContain('web-0 b:2');
      expect(mostAway(scene)).toBe(1);
    });

    test('scaling and updating at once: new members come at the new template', async () => {
      const scene = await open();
      await scene.start(app({ spec: { ...A, replicas: 2 } }));
      await scene.edit('web', { ...B, replicas: 4 });
      await updated(scene);
      expect([scene.made('pods', 'web-2'), scene.made('pods', 'web-3')].flat().map(imageOf)).toEqual(['b:2', 'b:2']);
      expect(goneOf(scene)).toEqual(['web-1', 'web-0']);
      expect(mostAway(scene)).toBe(1);
    });

    test('templates that differ only by an explicit default are one revision: nobody is restarted', async () => {
      const scene = await open();
      const bare = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'main', image: 'a:1' }] } };
      await scene.start(app({ spec: { replicas: 2, template: bare } }));
      const before = scene.uids('pods');
      const hash = hashOf(scene.pod('web-0'));
      const containers = [{ image: 'a:1', name: 'main', imagePullPolicy: 'IfNotPresent', resources: {} }];
      await scene.edit('web', template('a:1', { podSpec: { terminationGracePeriodSeconds: 30, containers } }));
      await scene.edit('web', { template: { spec: { restartPolicy: 'Always', dnsPolicy: 'ClusterFirst' } } });
      await updated(scene);
      await scene.twoRounds('web');
      expect(scene.uids('pods')).toMatchObject(before);
      expect(goneOf(scene)).toEqual([]);
      expect(revisionsOf(scene).map(({ metadata }) => metadata.name)).toEqual([`web-${hash}`]);
      await scene.deletePod('web-1');
      await scene.until('web-1 to be back', () => scene.made('pods', 'web-1').length === 2);
      expect(hashOf(scene.made('pods', 'web-1')[1])).toBe(hash);
      expect(mostAway(scene)).toBe(0);
    });

    test('kubectl.kubernetes.io/restartedAt restarts every member', async () => {
      const scene = await open();
      await scene.start(app({ spec: { replicas: 2, ...A } }));
      await scene.edit('web', template('a:1', { annotations: { 'kubectl.kubernetes.io/restartedAt': 'now' } }));
      await updated(scene);
      expect(goneOf(scene)).toEqual(['web-1', 'web-0']);
      expect(images(scene)).toEqual(['a:1', 'a:1']);
      expect(mostAway(scene)).toBe(1);
    });
  });
}
