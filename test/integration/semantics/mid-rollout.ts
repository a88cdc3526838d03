// What people change while an update is under way: how many may be away, how far it goes, the template itself. Every test is
// held to maxUnavailable by the stage (budget.ts).

import { describe, expect, test } from 'vitest';
import { app, isReady, type Scene, version } from '../stage.ts';
import {
  A,
  B,
  goneOf,
  HELD,
  images,
  madeFor,
  mostAway,
  PLAY,
  release,
  rolling,
  run,
  START_AFTER,
  template,
  updated,
} from './rolling.ts';

/** Those that were given up come back side by side; under OrderedReady each would wait for the lower ones. */
const BURST = { ...A, replicas: 5, podManagementPolicy: 'Parallel' };
const isLeaving = (scene: Scene, name: string) => scene.pod(name)?.metadata.deletionTimestamp !== undefined;

/** Resolves once the second pod of this name is there. */
const begun = (scene: Scene, name: string) =>
  scene.until(`${name} to be updated`, () => scene.made('pods', name).length === 2);

export function aboutMidRollout(open: () => Promise<Scene>): void {
  describe.concurrent('in the middle of an update', () => {
    test('maxUnavailable is lowered: nobody else goes until fewer than that are away', async () => {
      const scene = await open();
      await scene.start(app({ spec: { ...BURST, ...rolling({ maxUnavailable: 3 }) }, claims: [] }));
      await scene.edit('web', template('b:2', HELD));
      await Promise.all(['web-4', 'web-3', 'web-2'].map((name) => begun(scene, name)));
      await scene.edit('web', rolling({ maxUnavailable: 1 }));
      await scene.play('web-4', null);
      await scene.play('web-3', null);
      await scene.until('two of them to be Ready', () => isReady(scene.pod('web-4')) && isReady(scene.pod('web-3')));
      await scene.twoRounds('web');
      expect([...goneOf(scene)].sort()).toEqual(['web-2', 'web-3', 'web-4']);
      expect(isLeaving(scene, 'web-1')).toBe(false);
      const end = release(scene);
      await updated(scene);
      end();
      expect(goneOf(scene).slice(3)).toEqual(['web-1', 'web-0']);
      const [first] = scene.made('pods', 'web-1').slice(1);
      const second = scene.firstState(
        scene.made('pods', 'web-0')[0]?.metadata.uid ?? '',
        (pod) => pod.metadata.deletionTimestamp !== undefined,
      );
      expect(version(scene.firstState(first?.metadata.uid ?? '', isReady))).toBeLessThan(version(second));
      expect(mostAway(scene)).toBe(3);
    });

    test('maxUnavailable is raised: more go at once, and not more than that', async () => {
      const scene = await open();
      await scene.start(app({ spec: { ...BURST }, claims: [] }));
      await scene.edit('web', template('b:2', HELD));
      await begun(scene, 'web-4');
      await scene.twoRounds('web');
      expect(goneOf(scene)).toEqual(['web-4']);
      await scene.edit('web', rolling({ maxUnavailable: '60%' }));
      await Promise.all(['web-3', 'web-2'].map((name) => begun(scene, name)));
      await scene.twoRounds('web');
      expect([...goneOf(scene)].sort()).toEqual(['web-2', 'web-3', 'web-4']);
      const end = release(scene);
      await updated(scene);
      end();
      expect(mostAway(scene)).toBe(3);
    });

    test('the partition is raised: the update stops above it, and who has the template keeps it', async () => {
      const scene = await open();
      await scene.start(app({ spec: { ...A, replicas: 4 }, claims: [] }));
      await scene.edit('web', template('b:2', HELD));
      await begun(scene, 'web-3');
      await scene.edit('web', rolling({ partition: 3 }));
      await scene.play('web-3', null);
      await run(scene, ['a:1', 'a:1', 'a:1', 'b:2']);
      await scene.twoRounds('web');
      expect(goneOf(scene)).toEqual(['web-3']);
      // Lowered again while it stands still, and raised above a member that has the template: that one is left as it is.
      const end = release(scene);
      await scene.edit('web', rolling({ partition: 2 }));
      await run(scene, ['a:1', 'a:1', 'b:2', 'b:2']);
      await scene.edit('web', rolling({ partition: 4 }));
      await scene.twoRounds('web');
      expect(goneOf(scene)).toEqual(['web-3', 'web-2']);
      await scene.edit('web', rolling({ partition: 0 }));
      await updated(scene);
      end();
      expect(images(scene)).toEqual(['b:2', 'b:2', 'b:2', 'b:2']);
      expect(madeFor(scene)).toHaveLength(8);
      expect(mostAway(scene)).toBe(1);
    });

    test('A, B, A while members of both run, and a member of each is lost: each ends at A, restarted only where it had B', async () => {
      const scene = await open();
      await scene.start(app({ spec: { ...A, replicas: 4 } }));
      const before = scene.uids('pods');
      const claims = scene.uids('claims');
      await scene.edit('web', template('b:2', HELD));
      await begun(scene, 'web-3');
      await scene.play('web-3', null);
      await begun(scene, 'web-2');
      await scene.edit('web', template('a:1', { annotations: { [PLAY]: null } }));
      await scene.deletePod('web-0');
      await scene.until(
        'web-0 to be back',
        () => scene.made('pods', 'web-0').length === 2 && isReady(scene.pod('web-0')),
      );
      // Merely unready, it is no reason to go on; and none to go.
      await scene.twoRounds('web');
      expect(goneOf(scene)).toEqual(['web-3', 'web-2', 'web-0']);
      await scene.play('web-2', null);
      await updated(scene);
      expect(images(scene)).toEqual(['a:1', 'a:1', 'a:1', 'a:1']);
      expect(scene.pod('web-1')?.metadata.uid).toBe(before['web-1']);
      expect(goneOf(scene)).toEqual(['web-3', 'web-2', 'web-0', 'web-3', 'web-2']);
      expect(
        madeFor(scene)
          .filter((one) => one.endsWith('b:2'))
          .sort(),
      ).toEqual(['web-2 b:2', 'web-3 b:2']);
      expect(scene.uids('claims')).toEqual(claims);
      expect(scene.revisions().filter(({ metadata }) => metadata.name.startsWith('web-'))).toHaveLength(2);
    });

    test('fewer replicas: those that are not wanted go first, then the rest is updated', async () => {
      const scene = await open();
      await scene.start(app({ spec: { ...A, replicas: 5 }, claims: [] }));
      await scene.edit('web', template('b:2', { annotations: { [START_AFTER]: '2s' } }));
      await begun(scene, 'web-4');
      await scene.edit('web', { replicas: 3 });
      await updated(scene);
      expect(goneOf(scene)).toEqual(['web-4', 'web-4', 'web-3', 'web-2', 'web-1', 'web-0']);
      expect(images(scene)).toEqual(['b:2', 'b:2', 'b:2']);
      expect(mostAway(scene)).toBe(1);
    });

    test('the strategy becomes OnDelete: nobody else goes; then RollingUpdate again ends it', async () => {
      const scene = await open();
      await scene.start(app({ spec: { ...A }, claims: [] }));
      await scene.edit('web', template('b:2', HELD));
      await begun(scene, 'web-2');
      await scene.edit('web', { updateStrategy: { type: 'OnDelete', rollingUpdate: null } });
      const end = release(scene);
      await run(scene, ['a:1', 'a:1', 'b:2']);
      await scene.twoRounds('web');
      expect(goneOf(scene)).toEqual(['web-2']);
      await scene.edit('web', { updateStrategy: { type: 'RollingUpdate' } });
      await updated(scene);
      end();
      expect(goneOf(scene)).toEqual(['web-2', 'web-1', 'web-0']);
      expect(mostAway(scene)).toBe(1);
    });

    test('the app is paused: nobody else goes and nobody comes back; then it ends', async () => {
      const scene = await open();
      await scene.start(app({ spec: { ...A }, claims: [] }));
      await scene.edit('web', template('b:2', HELD));
      await begun(scene, 'web-2');
      await scene.edit('web', { paused: true });
      await scene.deletePod('web-0');
      await scene.play('web-2', null);
      await scene.until('two to be Ready', () => scene.app('web')?.status?.['readyReplicas'] === 2);
      await scene.twoRounds('web');
      expect([goneOf(scene), images(scene)]).toEqual([
        ['web-2', 'web-0'],
        ['a:1', 'b:2'],
      ]);
      const end = release(scene);
      await scene.edit('web', { paused: false });
      await updated(scene);
      end();
      expect(madeFor(scene).slice(4)).toEqual(['web-0 a:1', 'web-1 b:2', 'web-0 b:2']);
    });

    test('minReadySeconds are raised: the next member waits for that, of who is Ready already too', async () => {
      const scene = await open();
      await scene.start(app({ spec: { ...A }, claims: [] }));
      await scene.edit('web', { ...B, minReadySeconds: 4 });
      await updated(scene);
      expect(goneOf(scene)).toEqual(['web-2', 'web-1', 'web-0']);
      expect(mostAway(scene)).toBe(1);
    });
  });
}
