// What becomes of a member whose claim is deleted, restored or replaced, and of one that has lost a part of its claims, on a real
// API server (docs/adr/0012, safety.md R12). The disks behind claims are identity.ts's.

import { describe, expect, test } from 'vitest';
import { APPS } from '../../../src/operator/resources.ts';
import type { Scene } from '../stage.ts';
import {
  annotate,
  atRisk,
  CLAIMS,
  dropClaim,
  onDisks,
  record,
  restoreClaim,
  runPrinted,
  specOf,
  swapDisk,
  volumeOf,
} from './disks.ts';
import { CLAIM, isBack, lose, loseClaim, podsOf, started } from './one-member.ts';

export function aboutLostClaims(open: () => Promise<Scene>): void {
  describe.concurrent('a claim', () => {
    test('that was deleted and made again on the same volume is used at once, and the ledger follows', async () => {
      const scene = await open();
      await started(scene);
      const known = await record(scene, CLAIM);
      const volume = volumeOf(scene, CLAIM);
      await loseClaim(scene);
      await scene.edit('web', { paused: false });
      await atRisk(scene, 1, 'the claim that held its data is gone');
      const restored = await restoreClaim(scene, volume);
      await isBack(scene, 2);
      const now = await record(scene, CLAIM, ({ uid }) => uid === restored.metadata.uid);
      expect(now).toEqual({ ...known, uid: restored.metadata.uid });
      expect(scene.claim(CLAIM)?.metadata.annotations).toMatchObject({ 'statefulapp.dev/ordinal': '1' });
      await scene.ready('web');
    });

    test('that is made again on another volume blocks; told as printed, the member takes it as it is', async () => {
      const scene = await open();
      await started(scene);
      const known = await record(scene, CLAIM);
      await loseClaim(scene);
      const [{ storageClassName = '' } = {}] = [specOf(scene.claim('data-web-0'))];
      const spec = { storageClassName, accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
      const other = await scene.create(CLAIMS, { metadata: { name: CLAIM }, spec });
      await scene.edit('web', { paused: false });
      const { message } = await atRisk(
        scene,
        1,
        `another claim (UID ${other.metadata.uid}) has taken its place, and is bound`,
      );
      await scene.twoRounds('web');
      expect(podsOf(scene)).toBe(2);
      await runPrinted(scene, message);
      await isBack(scene, 2);
      expect(scene.gone('claims')).toHaveLength(1);
      const now = await record(scene, CLAIM, ({ uid, disk }) => uid === other.metadata.uid && disk !== undefined);
      expect(now.disk).not.toBe(known.disk);
    });

    test('that is gone blocks; told as printed, a new one is made; the words that are left make no other', async () => {
      const scene = await open();
      await started(scene);
      const known = await record(scene, CLAIM);
      await loseClaim(scene);
      await scene.edit('web', { paused: false });
      const { message } = await atRisk(scene, 1, 'the claim that held its data is gone');
      expect(message).toContain('start on an empty volume');
      await scene.twoRounds('web');
      expect(scene.made('claims', CLAIM)).toHaveLength(1);
      await runPrinted(scene, message);
      await isBack(scene, 2);
      expect(scene.made('claims', CLAIM)).toHaveLength(2);
      await record(scene, CLAIM, ({ uid, disk }) => uid === scene.claim(CLAIM)?.metadata.uid && disk !== known.disk);
      await scene.ready('web');
      await loseClaim(scene);
      await scene.edit('web', { paused: false });
      await atRisk(scene, 1, 'the claim that held its data is gone');
      await scene.twoRounds('web');
      expect(scene.made('claims', CLAIM)).toHaveLength(2);
      expect(scene.made('pods', 'web-1')).toHaveLength(2);
    });

    test('that is gone is made by nobody under Require, whatever is accepted', async () => {
      const scene = await open();
      await started(scene, { volumeLossPolicy: 'Require' });
      const { uid } = await record(scene, CLAIM);
      await scene.edit('web', { paused: true });
      await lose(scene);
      const volume = volumeOf(scene, CLAIM);
      await dropClaim(scene, CLAIM);
      await annotate(scene, 'accept-volume-loss', `${CLAIM}=${uid}`);
      await scene.edit('web', { paused: false });
      const { message } = await atRisk(scene, 1, 'spec.volumeLossPolicy is Require');
      expect(message).not.toContain('kubectl');
      await scene.twoRounds('web');
      expect([scene.made('claims', CLAIM).length, podsOf(scene)]).toEqual([1, 2]);
      await restoreClaim(scene, volume);
      await isBack(scene, 2);
    });
  });

  describe.concurrent('the claims of a member are one unit:', () => {
    test('one that is gone after the status was lost blocks; it is made only when told as printed', async () => {
      const scene = await open();
      await scene.start(await onDisks(scene, {}, { claims: ['data', 'wal'] }), 90);
      await record(scene, 'wal-web-1');
      await scene.edit('web', { paused: true });
      await lose(scene);
      await dropClaim(scene, 'wal-web-1');
      await record(scene, 'wal-web-1');
      await forget(scene);
      await scene.edit('web', { paused: false });
      const { message } = await atRisk(scene, 1, 'data-web-1, which is there, was made together with it');
      await scene.twoRounds('web');
      expect(scene.made('claims', 'wal-web-1')).toHaveLength(1);
      const printed = await runPrinted(scene, message);
      expect(printed).toContain(`=wal-web-1=${scene.claim('data-web-1')?.metadata.uid}`);
      await isBack(scene, 2);
      expect(scene.made('claims', 'wal-web-1')).toHaveLength(2);
      expect(scene.made('claims', 'data-web-1')).toHaveLength(1);
    });

    test('a lost status is recorded anew from what is there, and protects again', async () => {
      const scene = await open();
      await started(scene);
      const known = await record(scene, CLAIM);
      await forget(scene);
      expect(await record(scene, CLAIM)).toEqual(known);
      await swapDisk(scene, CLAIM, { handle: 'another' });
      await lose(scene);
      await atRisk(scene, 1, 'was made anew');
    });
  });
}

/** As a restore without status leaves it; resolves once the operator has written one again. */
async function forget(scene: Scene): Promise<void> {
  const body = { status: null };
  const ref = { namespace: scene.name, name: 'web' };
  const lost = await scene.client.patch(APPS, ref, { type: 'merge', subresource: 'status', body });
  expect(lost['status']).toBeUndefined();
  await scene.told('apps', lost);
  await scene.until('a status to be there again', () => scene.app('web')?.status?.members !== undefined);
}
