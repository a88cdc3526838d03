// A member is made anew on request (`statefulapp.dev/rebuild`), with the API server's own claim protection: the claim ends when
// its pod has, and a new one comes when it is gone. Nothing else ends, and nothing while another member is down.

import { describe, expect, test } from 'vitest';
import { expectAnew } from '../semantics/owners.ts';
import { A, B, goneOf, HELD, images, release, template } from '../semantics/rolling.ts';
import { app, condition, type Scene, version } from '../stage.ts';
import { annotate, atRisk, CLAIMS, claimTemplate, record, runPrinted, templates } from './disks.ts';

const CLAIM = 'data-web-1';
const three = (spec: object = {}) => app({ spec: { ...A, ...spec } });
const uidOf = (scene: Scene, claim = CLAIM) => scene.claim(claim)?.metadata.uid ?? '';
const rebuild = (scene: Scene, ...claims: readonly string[]) =>
  annotate(scene, 'rebuild', claims.map((claim) => `${claim}=${uidOf(scene, claim)}`).join(', '));
const anew = (scene: Scene, claim: string, old: string) =>
  scene.until(`${claim} to be another`, () => scene.claim(claim) !== undefined && uidOf(scene, claim) !== old, 90);
const isDone = (scene: Scene) =>
  scene.until(
    'it to be said that it is done',
    () => {
      const found = condition(scene.app('web'), 'AsSpecified');
      return found?.message.includes('it can be taken off: kubectl annotate') && found;
    },
    90,
  );
const goneClaims = (scene: Scene) => scene.gone('claims').map(({ metadata }) => metadata.name);

export function aboutRebuild(open: () => Promise<Scene>): void {
  describe.concurrent('rebuild', () => {
    test('one of three: claim, then pod, then a new claim and a new pod; the others are not touched; said when done', async () => {
      const scene = await open();
      await scene.start(three());
      await record(scene, CLAIM);
      const before = { ...scene.uids('claims'), ...scene.uids('pods') };
      const old = uidOf(scene);
      await rebuild(scene, CLAIM);
      await anew(scene, CLAIM, old);
      const done = await isDone(scene);
      expect(done.status).toBe('True');
      await scene.ready('web');
      expectAnew(scene, { claim: CLAIM, pod: 'web-1', old });
      // The claim was asked to go while its pod was there, and stayed until that was gone.
      const asked = scene.firstState(old, ({ metadata }) => metadata.deletionTimestamp !== undefined);
      const order = [version(asked), version(scene.gone('pods', 'web-1')[0]), version(scene.gone('claims', CLAIM)[0])];
      expect(order).toEqual([...order].sort((a, b) => a - b));
      const { [CLAIM]: _claim, 'web-1': _pod, ...kept } = before;
      expect({ ...scene.uids('claims'), ...scene.uids('pods') }).toMatchObject(kept);
      expect([goneOf(scene), goneClaims(scene)]).toEqual([['web-1'], [CLAIM]]);
      await record(scene, CLAIM, ({ uid, disk }) => uid === uidOf(scene) && disk !== undefined);
    });

    test('a request that was left there does nothing, also not for the next loss; nor does one for another UID', async () => {
      const scene = await open();
      await scene.start(three());
      const old = uidOf(scene);
      await rebuild(scene, CLAIM);
      await anew(scene, CLAIM, old);
      await isDone(scene);
      await scene.ready('web');
      await scene.twoRounds('web');
      await scene.deletePod('web-1');
      await scene.until('web-1 to be back', () => scene.made('pods', 'web-1').length === 3);
      await scene.ready('web');
      await annotate(scene, 'rebuild', `data-web-0=${old}`);
      await scene.twoRounds('web');
      expect(goneClaims(scene)).toEqual([CLAIM]);
      expect(goneOf(scene)).toEqual(['web-1', 'web-1']);
    });

    test('waits while another member is down, and goes on by itself', async () => {
      const scene = await open();
      await scene.start(three());
      await scene.play('web-2', 'not-ready');
      await scene.reason('web', 'Ready', 'PodNotReady');
      const old = uidOf(scene);
      await rebuild(scene, CLAIM);
      const { message } = await scene.reason('web', 'Ready', 'Rebuilding');
      expect(message).toContain(
        'web-1 is rebuilt, as annotation statefulapp.dev/rebuild asks: data-web-1 and all data on it are deleted and made anew ' +
          'once web-2, which is NotReady, is Available',
      );
      await scene.twoRounds('web');
      expect([goneOf(scene), goneClaims(scene), uidOf(scene)]).toEqual([[], [], old]);
      await scene.play('web-2', null);
      await anew(scene, CLAIM, old);
      await scene.ready('web', 90);
      expect([goneOf(scene), goneClaims(scene)]).toEqual([['web-1'], [CLAIM]]);
    });

    test('asked for in the middle of an update comes when the updated member is back; both end', async () => {
      const scene = await open();
      await scene.start(three());
      await scene.edit('web', template('b:2', HELD));
      await scene.until('web-2 to be updated', () => scene.made('pods', 'web-2').length === 2);
      const old = uidOf(scene);
      await rebuild(scene, CLAIM);
      await scene.reason('web', 'Ready', 'Rebuilding');
      await scene.twoRounds('web');
      expect([goneOf(scene), goneClaims(scene)]).toEqual([['web-2'], []]);
      const end = release(scene);
      await anew(scene, CLAIM, old);
      await scene.until('all to run it', () => images(scene).join() === 'b:2,b:2,b:2', 90);
      await scene.ready('web', 90);
      end();
      expect(goneClaims(scene)).toEqual([CLAIM]);
      expect(scene.made('claims', CLAIM)).toHaveLength(2);
    });

    test('two at once are made anew one after the other, the highest first', async () => {
      const scene = await open();
      await scene.start(three());
      const old = scene.uids('claims');
      await rebuild(scene, 'data-web-0', 'data-web-2');
      await anew(scene, 'data-web-0', old['data-web-0'] ?? '');
      await isDone(scene);
      await scene.ready('web', 90);
      expect(goneClaims(scene)).toEqual(['data-web-2', 'data-web-0']);
      expect(goneOf(scene)).toEqual(['web-2', 'web-0']);
      const back = version(scene.made('pods', 'web-2').at(-1));
      const next = scene.firstState(
        old['data-web-0'] ?? '',
        ({ metadata }) => metadata.deletionTimestamp !== undefined,
      );
      expect(back).toBeLessThan(version(next));
    });

    test('of one claim of two: the other stays, the same claim with the same volume', async () => {
      const scene = await open();
      await scene.start(three(templates(claimTemplate('data'), claimTemplate('wal'))));
      const kept = await record(scene, 'wal-web-1');
      const old = uidOf(scene);
      await rebuild(scene, CLAIM);
      await anew(scene, CLAIM, old);
      await isDone(scene);
      await scene.ready('web', 90);
      expect(await record(scene, 'wal-web-1')).toEqual(kept);
      expect(goneClaims(scene)).toEqual([CLAIM]);
    });

    test('of a claim that somebody deletes under its pod is what the status prints; run as printed, both are made anew', async () => {
      const scene = await open();
      await scene.start(three());
      await record(scene, CLAIM);
      const old = uidOf(scene);
      await scene.client.delete(CLAIMS, { namespace: scene.name, name: CLAIM }, { uid: old });
      const { message } = await atRisk(scene, 1, 'its pod is left alone, because that alone keeps the volume');
      await scene.edit('web', B);
      await scene.twoRounds('web');
      expect(goneOf(scene).filter((name) => name === 'web-1')).toEqual([]);
      const printed = await runPrinted(scene, message);
      expect(printed).toContain(`statefulapp.dev/rebuild=${CLAIM}=${old}`);
      await anew(scene, CLAIM, old);
      await scene.until('all to run it', () => images(scene).join() === 'b:2,b:2,b:2', 90);
      await scene.ready('web', 90);
      expect(goneClaims(scene)).toEqual([CLAIM]);
    });
  });
}
