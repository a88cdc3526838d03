// What counts as a member's volume, on a real API server with its real volume binder (docs/adr/0012, safety.md R12): a disk that
// was put in another's place, and one that is brought back. A member is started on its recorded volume and on no other, unless
// people say so by the very command that the status prints. Claims that go: identity-claims.ts.

import { describe, expect, test } from 'vitest';
import { B } from '../semantics/rolling.ts';
import { condition, type Scene } from '../stage.ts';
import { atRisk, destroy, handleOf, putDisk, record, runPrinted, type Source, swapDisk, volumeOf } from './disks.ts';
import { CLAIM, isBack, lose, podsOf, started } from './one-member.ts';

const OTHERS: readonly (readonly [string, Source])[] = [
  ['another handle', { handle: 'another' }],
  ['no handle', { path: '/another' }],
];

export function aboutIdentity(open: () => Promise<Scene>): void {
  describe.concurrent('a volume that was deleted and made again under its name', () => {
    test.each(OTHERS)(
      'with %s: the member is not started, it says why, and goes on when told as printed',
      async (_, source) => {
        const scene = await open();
        await started(scene);
        const known = await record(scene, CLAIM);
        await swapDisk(scene, CLAIM, source);
        await lose(scene);
        const { message } = await atRisk(scene, 1, 'was made anew');
        expect(message).toMatch(/claim data-web-1: it is bound to another disk: volume disk-\S+ was made anew/);
        expect(message).toMatch(/since \d{4}-\d\d-\d\dT[\d:]+Z; recorded: UID \S+, volume disk-/);
        expect(message).toContain('Bring it back under this name');
        expect(message).toContain(
          `kubectl annotate statefulapp web -n ${scene.name} --overwrite statefulapp.dev/accept-volume-loss=${CLAIM}=${known.uid}`,
        );
        const ready = await scene.reason('web', 'Ready', 'VolumeAtRisk');
        expect(ready.message).toContain(message);
        expect(condition(scene.app('web'), 'Stalled')).toMatchObject({ status: 'True', reason: 'VolumeAtRisk' });
        await scene.twoRounds('web');
        expect(podsOf(scene)).toBe(2);
        const claim = scene.claim(CLAIM);
        await runPrinted(scene, message);
        await isBack(scene, 2);
        expect(scene.claim(CLAIM)?.metadata.uid).toBe(claim?.metadata.uid);
        const taken = await record(scene, CLAIM, ({ disk }) => disk !== known.disk);
        expect(taken).toMatchObject({ uid: known.uid, volume: known.volume, accepted: known.uid });
        const done = await scene.until('it to be said that it is done', () => {
          const found = condition(scene.app('web'), 'AsSpecified');
          return found?.message.includes('it can be taken off: kubectl annotate') && found;
        });
        expect(done.status).toBe('True');
        // The same words are left: they accept no second loss.
        await swapDisk(scene, CLAIM, { handle: 'a third one' });
        await lose(scene);
        await atRisk(scene, 1, 'was made anew');
        await scene.twoRounds('web');
        expect(scene.made('pods', 'web-1')).toHaveLength(2);
      },
    );

    test.each(OTHERS)(
      'with %s under a running pod: no update deletes it; brought back, the update goes on',
      async (_, source) => {
        const scene = await open();
        await started(scene);
        const before = scene.uids('pods');
        const old = await swapDisk(scene, CLAIM, source);
        await scene.edit('web', B);
        await atRisk(scene, 1, 'was made anew');
        await scene.twoRounds('web');
        expect(scene.uids('pods')).toMatchObject(before);
        expect(podsOf(scene)).toBe(2);
        await swapDisk(scene, CLAIM, { handle: handleOf(old) });
        await scene.until('both to be updated', () => podsOf(scene) === 4, 90);
        await scene.ready('web', 90);
        expect(scene.app('web')?.metadata.annotations).not.toHaveProperty('statefulapp.dev/accept-volume-loss');
      },
    );

    test('with its former handle is the same volume: nobody has to say anything', async () => {
      const scene = await open();
      await started(scene);
      const known = await record(scene, CLAIM);
      const old = volumeOf(scene, CLAIM);
      await destroy(scene, old);
      await scene.until('the claim to be lost', () => JSON.stringify(scene.claim(CLAIM)).includes('"Lost"'));
      const { message } = await atRisk(scene, 1, 'is lost');
      expect(message).toContain('its volume');
      await lose(scene);
      await scene.twoRounds('web');
      expect(podsOf(scene)).toBe(2);
      await putDisk(scene, CLAIM, old.metadata.name, { handle: handleOf(old) });
      await isBack(scene, 2);
      expect(await record(scene, CLAIM)).toEqual(known);
      await scene.ready('web');
    });

    test('is brought back after the loss was seen: the member goes on by itself', async () => {
      const scene = await open();
      await started(scene);
      const known = await record(scene, CLAIM);
      const old = await swapDisk(scene, CLAIM, { handle: 'another' });
      await lose(scene);
      await atRisk(scene, 1, 'was made anew');
      await swapDisk(scene, CLAIM, { handle: handleOf(old) });
      await isBack(scene, 2);
      expect(await record(scene, CLAIM)).toEqual(known);
    });

    test('is used under Recreate, and recorded; under Require it is not', async () => {
      const scene = await open();
      await started(scene, { volumeLossPolicy: 'Require' });
      const known = await record(scene, CLAIM);
      await swapDisk(scene, CLAIM, { handle: 'another' });
      await lose(scene);
      await atRisk(scene, 1, 'was made anew');
      await scene.twoRounds('web');
      expect(podsOf(scene)).toBe(2);
      await scene.edit('web', { volumeLossPolicy: 'Recreate' });
      await isBack(scene, 2);
      await record(scene, CLAIM, ({ disk }) => disk !== undefined && disk !== known.disk);
    });
  });
}
