// What changes while claims are on their way out, on a real API server: the policy, who is wanted, who owns what (semantics.md,
// Claims; safety.md R2, R5). Pods and claims are held on their way, so that nothing here depends on who is faster.

import { describe, expect, test } from 'vitest';
import { type Scene, version } from '../stage.ts';
import {
  ALL,
  announced,
  appOwner,
  claimsGone,
  expectAnew,
  held,
  letGo,
  namesOf,
  owned,
  ownersOf,
  podOwner,
  policy,
  sticky,
  stopping,
  three,
} from './owners.ts';

/** Scales to two members, with web-2 being stopped and not gone; resolves with its UID. */
async function atTheDoor(scene: Scene): Promise<string> {
  const uid = scene.pod('web-2')?.metadata.uid ?? '';
  await sticky(scene, 'web-2');
  await scene.edit('web', { replicas: 2 });
  await stopping(scene, 'web-2');
  return uid;
}

export function aboutRetentionChanges(open: () => Promise<Scene>): void {
  describe.concurrent('retention, a policy that changes', () => {
    test('to Retain while a member is being stopped: its claims are given back', async () => {
      const scene = await open();
      const web = await scene.start(three('Delete', 'Delete'));
      const before = scene.uids('claims');
      const uid = await atTheDoor(scene);
      await owned(scene, 'data-web-2', [podOwner('web-2', uid)]);
      await scene.edit('web', policy('Delete', 'Retain'));
      await owned(scene, 'data-web-2', [appOwner(web)]);
      await scene.edit('web', policy('Retain', 'Retain'));
      await Promise.all(ALL.map((claim) => owned(scene, claim, [])));
      await scene.play('web-2', null);
      await scene.ready('web', 90);
      await scene.twoRounds('web');
      expect(scene.uids('claims')).toEqual(before);
      expect(scene.claim('data-web-2')?.metadata.deletionTimestamp).toBeUndefined();
    });

    test('to Delete while a member is being stopped: they go with it, after the status has said so', async () => {
      const scene = await open();
      await scene.start(three('Retain', 'Retain'));
      const uid = await atTheDoor(scene);
      const claim = scene.claim('data-web-2')?.metadata.uid ?? '';
      await scene.edit('web', policy('Retain', 'Delete'));
      await owned(scene, 'data-web-2', [podOwner('web-2', uid)]);
      expect(announced(scene, 'data-web-2')).toBeLessThan(
        version(scene.firstState(claim, (one) => ownersOf(one).length > 0)),
      );
      await scene.play('web-2', null);
      await claimsGone(scene, 'data-web-2');
      await scene.ready('web');
      expect(namesOf(scene)).toEqual(['data-web-0', 'data-web-1']);
    });

    test('to Retain before anybody goes keeps every claim; then to Delete claims what is wanted, and no more', async () => {
      const scene = await open();
      const web = await scene.start(three('Delete', 'Delete'));
      await scene.edit('web', policy('Retain', 'Retain'));
      await Promise.all(ALL.map((claim) => owned(scene, claim, [])));
      await scene.edit('web', { replicas: 1 });
      // Until the ledger has forgotten them, members are on their way out, and a policy that changes is for them, too.
      await scene.until('the ledger to know one', () => scene.app('web')?.status?.members?.length === 1, 90);
      await scene.edit('web', policy('Delete', 'Delete'));
      await owned(scene, 'data-web-0', [appOwner(web)]);
      await scene.twoRounds('web');
      expect(namesOf(scene)).toEqual(ALL);
      expect([ownersOf(scene.claim('data-web-1')), ownersOf(scene.claim('data-web-2'))]).toEqual([[], []]);
    });
  });

  describe.concurrent('retention, claims that were left behind', () => {
    test('are let go by the app when whenDeleted becomes Retain: they outlive it', async () => {
      const scene = await open();
      const web = await scene.start(three('Delete', 'Retain'));
      const before = scene.uids('claims');
      await scene.edit('web', { replicas: 1 });
      await scene.until('the ledger to know one', () => scene.app('web')?.status?.members?.length === 1, 90);
      expect(scene.claims().map(ownersOf)).toEqual(Array(3).fill([appOwner(web)]));
      await scene.edit('web', policy('Retain', 'Retain'));
      await Promise.all(ALL.map((claim) => owned(scene, claim, [])));
      await scene.kubectl('delete', 'sapp', 'web');
      await scene.until('all to be collected', () => scene.pods().length + scene.revisions().length === 0, 90);
      expect(scene.uids('claims')).toEqual(before);
    });

    test('go with the app when whenDeleted is still Delete', async () => {
      const scene = await open();
      await scene.start(three('Delete', 'Retain'));
      await scene.edit('web', { replicas: 1 });
      await scene.until('the ledger to know one', () => scene.app('web')?.status?.members?.length === 1, 90);
      expect(namesOf(scene)).toEqual(ALL);
      await scene.kubectl('delete', 'sapp', 'web');
      await claimsGone(scene, ...ALL);
    });
  });

  describe.concurrent('retention, a member that is wanted again', () => {
    test.each(['Retain', 'Delete'] as const)(
      'while its pod is still being stopped has its claims rescued: same claims (whenDeleted %s)',
      async (whenDeleted) => {
        const scene = await open();
        const web = await scene.start(three(whenDeleted, 'Delete'));
        const before = scene.uids('claims');
        const uid = await atTheDoor(scene);
        await owned(scene, 'data-web-2', [podOwner('web-2', uid)]);
        await scene.edit('web', { replicas: 3 });
        await owned(scene, 'data-web-2', whenDeleted === 'Delete' ? [appOwner(web)] : []);
        expect(scene.pod('web-2')?.metadata.uid).toBe(uid);
        await scene.play('web-2', null);
        await scene.until('another web-2', () => scene.made('pods', 'web-2').length === 2, 90);
        await scene.ready('web', 90);
        expect(scene.uids('claims')).toEqual(before);
        expect(scene.gone('claims')).toEqual([]);
      },
    );

    test('once its pod is gone waits for the end of its claim, and has a new one', async () => {
      const scene = await open();
      await scene.start(three('Retain', 'Delete'));
      const old = scene.claim('data-web-2')?.metadata.uid;
      await held(scene, 'data-web-2');
      await scene.edit('web', { replicas: 2 });
      await scene.until(
        'its claim to be on its way out',
        () => scene.claim('data-web-2')?.metadata.deletionTimestamp,
        90,
      );
      await scene.until('web-2 to be gone', () => scene.pod('web-2') === undefined, 90);
      await scene.edit('web', { replicas: 3 });
      await scene.member('web', 2, ({ reason }) => reason === 'ClaimTerminating');
      await scene.twoRounds('web');
      expect(scene.made('pods', 'web-2')).toHaveLength(1);
      await letGo(scene, 'data-web-2');
      await scene.ready('web', 90);
      expectAnew(scene, { claim: 'data-web-2', pod: 'web-2', old });
    });
  });
}
