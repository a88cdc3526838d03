// Updates that go wrong, and get through all the same once the template is right (semantics.md, Fix-forward;
// kubernetes/kubernetes#67250). In every test: how many members were away by the operator's own hand.

import { describe, expect, test } from 'vitest';
import { APPS } from '../../../src/operator/resources.ts';
import { app, condition, isReady, type Scene, version } from '../stage.ts';
import {
  A,
  B,
  BAD,
  goneOf,
  hashOf,
  imageOf,
  images,
  madeFor,
  mostAway,
  NO_IMAGE,
  PLAY,
  rolling,
  run,
  template,
  updated,
  waitsForImage,
} from './rolling.ts';

const BOTH = ['OrderedReady', 'Parallel'];
const seconds = (time: unknown) => Date.parse(String(time)) / 1000;
/** The first state in which this pod was to be stopped. */
const leaving = (scene: Scene, uid: string | undefined) =>
  scene.firstState(uid ?? '', ({ metadata }) => metadata.deletionTimestamp !== undefined);
/** Of the first pod of this name: how it began to go, and how it went. */
const left = (scene: Scene, name: string) => leaving(scene, scene.made('pods', name)[0]?.metadata.uid);
const gone = (scene: Scene, name: string) => scene.gone('pods', name)[0];

export function aboutFixForward(open: () => Promise<Scene>): void {
  describe.concurrent('fix-forward', () => {
    test.each(BOTH)(
      'a bad image stops the update at its first member, and a corrected template ends it: %s',
      async (podManagementPolicy) => {
        const scene = await open();
        await scene.start(app({ spec: { ...A, podManagementPolicy } }));
        const before = scene.uids('pods');
        await scene.edit('web', BAD);
        const { message } = await scene.reason('web', 'Ready', 'UpdateFailed');
        expect(message).toContain('fails at web-2: container main is in ImagePullBackOff');
        expect(message).toContain('No other member is updated. Correct spec.template');
        await scene.twoRounds('web');
        expect(goneOf(scene)).toEqual(['web-2']);
        expect(scene.uids('pods')).toMatchObject({ 'web-0': before['web-0'], 'web-1': before['web-1'] });
        await scene.edit('web', B);
        await updated(scene);
        expect(images(scene)).toEqual(['b:2', 'b:2', 'b:2']);
        expect(goneOf(scene)).toEqual(['web-2', 'web-2', 'web-1', 'web-0']);
        expect(mostAway(scene)).toBe(1);
      },
    );

    test.each(BOTH)(
      'every member is broken: one at a time, highest first, and all come through: %s',
      async (podManagementPolicy) => {
        const scene = await open();
        const slow = { annotations: { 'kwok.statefulapp.dev/terminate-after': '1s' } };
        await scene.create(APPS, app({ spec: { ...template(NO_IMAGE, slow), podManagementPolicy: 'Parallel' } }));
        await scene.until('all to be broken', () =>
          ['web-0', 'web-1', 'web-2'].every((name) => waitsForImage(scene, name)),
        );
        await scene.edit('web', { ...B, podManagementPolicy });
        await updated(scene);
        expect(images(scene)).toEqual(['b:2', 'b:2', 'b:2']);
        expect(goneOf(scene)).toEqual(['web-2', 'web-1', 'web-0']);
        expect(scene.made('pods')).toHaveLength(6);
        // Each was given up only when the one before it was gone.
        expect(version(gone(scene, 'web-2'))).toBeLessThan(version(left(scene, 'web-1')));
        expect(version(gone(scene, 'web-1'))).toBeLessThan(version(left(scene, 'web-0')));
        expect(mostAway(scene)).toBe(0);
      },
    );

    test('an app whose first template is bad starts with the corrected one', async () => {
      const scene = await open();
      await scene.create(APPS, app({ spec: { ...BAD } }));
      await scene.until('web-0 to be broken', () => waitsForImage(scene, 'web-0'));
      await scene.edit('web', B);
      await updated(scene);
      expect(madeFor(scene)).toEqual([`web-0 ${NO_IMAGE}`, 'web-0 b:2', 'web-1 b:2', 'web-2 b:2']);
      expect(mostAway(scene)).toBe(0);
    });

    test('containers that crash three times over are broken, too', async () => {
      const scene = await open();
      await scene.start(app({ spec: { replicas: 2, ...A } }));
      await scene.edit('web', template('a:1', { annotations: { [PLAY]: 'crash-loop' } }));
      const { message } = await scene.reason('web', 'Ready', 'UpdateFailed', 90);
      expect(message).toMatch(/fails at web-1: container main is in CrashLoopBackOff \(exit 1, [3-9] restarts\)/);
      await scene.edit('web', template('b:2', { annotations: { [PLAY]: null } }));
      await updated(scene);
      expect(goneOf(scene)).toEqual(['web-1', 'web-1', 'web-0']);
      expect(mostAway(scene)).toBe(1);
    });

    test('a wrong readiness probe is given progressDeadlineSeconds, and so is its correction', async () => {
      const scene = await open();
      await scene.start(app({ spec: { ...A, progressDeadlineSeconds: 5 } }));
      await scene.edit('web', template('a:1', { annotations: { [PLAY]: 'never-ready' } }));
      const wrong = await scene.until('the wrong pod', () => scene.made('pods', 'web-2')[1]);
      const { message } = await scene.reason('web', 'Ready', 'UpdateFailed');
      expect(message).toContain('fails at web-2: it has not been Ready for 5 s (progressDeadlineSeconds)');
      await scene.edit('web', template('b:2', { annotations: { [PLAY]: null } }));
      const since = seconds(scene.app('web')?.status?.['updateRevisionSince']);
      await updated(scene);
      expect(goneOf(scene)).toEqual(['web-2', 'web-2', 'web-1', 'web-0']);
      // Its grace period is a second.
      expect(
        seconds(leaving(scene, wrong.metadata.uid)?.metadata.deletionTimestamp) - 1 - since,
      ).toBeGreaterThanOrEqual(5);
      expect(mostAway(scene)).toBe(1);
    });

    test('the old template again is a correction, too: only the member that failed comes back', async () => {
      const scene = await open();
      await scene.start(app({ spec: { ...A } }));
      const before = scene.uids('pods');
      await scene.edit('web', BAD);
      await scene.until('web-2 to be broken', () => waitsForImage(scene, 'web-2'));
      await scene.edit('web', A);
      await updated(scene);
      expect(scene.uids('pods')).toMatchObject({ 'web-0': before['web-0'], 'web-1': before['web-1'] });
      expect(madeFor(scene).slice(3)).toEqual([`web-2 ${NO_IMAGE}`, 'web-2 a:1']);
      expect(mostAway(scene)).toBe(1);
    });

    test('canary updates with a failing container: the rest is not touched, and a correction reaches the canary', async () => {
      const scene = await open();
      await scene.start(app({ spec: { ...A, ...rolling({ partition: 2 }) } }));
      const { uid } = scene.pod('web-1')?.metadata ?? {};
      await scene.edit('web', BAD);
      await scene.reason('web', 'Ready', 'UpdateFailed');
      // Below the partition a lost member comes back as it was, though a higher one is broken.
      await scene.deletePod('web-0');
      await scene.until(
        'web-0 to be back',
        () => scene.made('pods', 'web-0').length === 2 && isReady(scene.pod('web-0')),
      );
      await scene.edit('web', B);
      await run(scene, ['a:1', 'a:1', 'b:2']);
      expect(scene.pod('web-1')?.metadata.uid).toBe(uid);
      await scene.edit('web', rolling({ partition: 0 }));
      await updated(scene);
      expect(images(scene)).toEqual(['b:2', 'b:2', 'b:2']);
      expect(mostAway(scene)).toBe(1);
    });

    test('onFailure Rollback: the member returns to what worked, and that template is not tried again', async () => {
      const scene = await open();
      await scene.start(app({ spec: { ...A, ...rolling({ onFailure: 'Rollback' }) } }));
      const good = hashOf(scene.pod('web-0'));
      await scene.edit('web', BAD);
      const bad = await scene.until('the bad pod', () => scene.made('pods', 'web-2')[1]);
      await run(scene, ['a:1', 'a:1', 'a:1']);
      const { message } = await scene.reason('web', 'Stalled', 'UpdateFailed');
      expect(message).toContain(`returns to revision ${good}. Correct spec.template`);
      expect(scene.app('web')?.status).toMatchObject({
        failedRevision: `web-${hashOf(bad)}`,
        currentRevision: `web-${good}`,
      });
      await scene.deletePod('web-2');
      await scene.until('web-2 to be back', () => scene.made('pods', 'web-2').length === 4);
      await scene.twoRounds('web');
      expect(scene.made('pods', 'web-2').map(imageOf)).toEqual(['a:1', NO_IMAGE, 'a:1', 'a:1']);
      await scene.edit('web', B);
      const { status } = await updated(scene);
      expect(images(scene)).toEqual(['b:2', 'b:2', 'b:2']);
      expect(status?.['failedRevision']).toBeUndefined();
      expect(mostAway(scene)).toBe(1);
    });

    test('paused while a member is on its way out: it comes back as it was', async () => {
      const scene = await open();
      await scene.start(app({ spec: { ...A } }));
      await scene.play('web-2', 'stuck-terminating');
      await scene.edit('web', B);
      await scene.until('web-2 to go', () => scene.pod('web-2')?.metadata.deletionTimestamp !== undefined);
      await scene.edit('web', rolling({ paused: true }));
      await scene.play('web-2', null);
      await scene.until('web-2 to be back', () => scene.made('pods', 'web-2').length === 2);
      await run(scene, ['a:1', 'a:1', 'a:1']);
      await scene.edit('web', rolling({ paused: null }));
      await updated(scene);
      expect(madeFor(scene).slice(3)).toEqual(['web-2 a:1', 'web-2 b:2', 'web-1 b:2', 'web-0 b:2']);
      expect(mostAway(scene)).toBe(1);
    });

    test('a member that is unready without being broken has progressDeadlineSeconds; then it is first, as it is away already', async () => {
      const scene = await open();
      await scene.start(app({ spec: { ...A, progressDeadlineSeconds: 4 } }));
      await scene.play('web-0', 'never-ready');
      await scene.until('web-0 to be unready', () => !isReady(scene.pod('web-0')));
      await scene.edit('web', B);
      const since = seconds(scene.app('web')?.status?.['updateRevisionSince']);
      await updated(scene);
      expect(goneOf(scene)).toEqual(['web-0', 'web-2', 'web-1']);
      expect(seconds(left(scene, 'web-0')?.metadata.deletionTimestamp) - 1 - since).toBeGreaterThanOrEqual(4);
      expect(mostAway(scene)).toBe(1);
    });

    test('paused in the middle: nobody else begins, and a broken member is left', async () => {
      const scene = await open();
      await scene.start(app({ spec: { ...A } }));
      await scene.edit('web', BAD);
      await scene.reason('web', 'Ready', 'UpdateFailed');
      await scene.edit('web', { ...B, ...rolling({ paused: true }) });
      await scene.reason('web', 'AsSpecified', 'UpdatePaused');
      await scene.twoRounds('web');
      expect(goneOf(scene)).toEqual(['web-2']);
      await scene.edit('web', rolling({ paused: null }));
      await updated(scene);
      expect(images(scene)).toEqual(['b:2', 'b:2', 'b:2']);
      expect(condition(scene.app('web'), 'AsSpecified')?.status).toBe('True');
      expect(mostAway(scene)).toBe(1);
    });
  });
}
