// What counts as a member's volume, on a real API server with its real volume binder (docs/adr/0012, safety.md R12): a disk that
// was put in another's place, one that is brought back, claims that are deleted and restored. A member is started on its
// recorded volume and on no other, unless people say so by the very command that the status prints.

import { describe, expect, test } from 'vitest';
import { APPS } from '../../../src/operator/resources.ts';
import { B, isOfWeb } from '../semantics/rolling.ts';
import { condition, isReady, type Scene } from '../stage.ts';
import {
  annotate,
  atRisk,
  destroy,
  dropClaim,
  handleOf,
  onDisks,
  putDisk,
  record,
  restoreClaim,
  runPrinted,
  type Source,
  specOf,
  swapDisk,
  volumeOf,
} from './disks.ts';

const CLAIM = 'data-web-1';
const OTHERS: readonly (readonly [string, Source])[] = [
  ['another handle', { handle: 'another' }],
  ['no handle', { path: '/another' }],
];
/** An app of two members, web-1 of which is looked at; resolves once its volume is recorded, and the spec is like this. */
async function started(scene: Scene, spec: object = {}): Promise<void> {
  await scene.start(await onDisks(scene), 90);
  await record(scene, CLAIM);
  await scene.edit('web', spec);
}
const podsOf = (scene: Scene) => scene.made('pods').filter(isOfWeb).length;
const isBack = (scene: Scene, count: number) =>
  scene.until(
    'web-1 to be back',
    () => scene.made('pods', 'web-1').length === count && isReady(scene.pod('web-1')),
    90,
  );
async function lose(scene: Scene): Promise<void> {
  await scene.deletePod('web-1');
  await scene.until('web-1 to be gone', () => scene.pod('web-1') === undefined);
}

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

  describe.concurrent('a claim', () => {
    test('that was deleted and made again on the same volume is used at once, and the ledger follows', async () => {
      const scene = await open();
      await started(scene);
      const known = await record(scene, CLAIM);
      const volume = volumeOf(scene, CLAIM);
      await scene.edit('web', { paused: true });
      await lose(scene);
      await dropClaim(scene, CLAIM);
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
      await scene.edit('web', { paused: true });
      await lose(scene);
      await dropClaim(scene, CLAIM);
      const [{ storageClassName = '' } = {}] = [specOf(scene.claim('data-web-0'))];
      const spec = { storageClassName, accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
      const other = await scene.create(
        { group: '', version: 'v1', kind: 'PersistentVolumeClaim', plural: 'persistentvolumeclaims', namespaced: true },
        { metadata: { name: CLAIM }, spec },
      );
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
      await scene.edit('web', { paused: true });
      await lose(scene);
      await dropClaim(scene, CLAIM);
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
      await scene.edit('web', { paused: true });
      await lose(scene);
      await dropClaim(scene, CLAIM);
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
