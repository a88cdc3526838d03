// Every claim falls in one class, and the class with volumeLossPolicy decides; a pod that alone keeps a volume stays (R12).

import { describe, expect, test } from 'vitest';
import type { Stray } from '../../src/plan/types.ts';
import { readClaim } from '../../src/volumes/claim-view.ts';
import { claimTemplate, NOW, rawClaim } from './objects.ts';
import { deeds, diskOf, type Given, planned, rows, see, waiting, world } from './world.ts';

const one = { replicas: 1, volumes: ['data'] };
const policy = (volumeLossPolicy: string) => ({ ...one, volumeLossPolicy });
const pod = { does: 'create Pod web-0', waits: 'web-0 PodPending' };
const risk = 'web-0 VolumeAtRisk';
const claimsOf = (given: Given) => planned(see(world(given))).status.members?.[0]?.claims;
const entry = { name: 'data-web-0', uid: 'data-web-0-uid' };
const bound = { ...entry, volume: 'pv-data-web-0', disk: diskOf('pv-data-web-0') };

describe('a new member', () => {
  rows([
    {
      it: 'gets its claims before its pod',
      app: { replicas: 1, volumes: ['data', 'wal'] },
      does: 'create PersistentVolumeClaim data-web-0, create PersistentVolumeClaim wal-web-0, create Pod web-0',
      waits: 'web-0 PodPending',
    },
    {
      it: 'uses a claim of its name that carries no stamp, after taking it over',
      app: one,
      pods: '0 -',
      claims: 'data-0 Plain',
      does: 'take over PersistentVolumeClaim data-web-0, create Pod web-0',
      waits: 'web-0 PodPending',
    },
    { it: 'uses a claim that it had before', app: one, pods: '0 -', claims: 'data-0 Bound', ...pod },
    { it: 'uses a claim that is not bound yet', app: one, pods: '0 -', claims: 'data-0 Pending', ...pod },
    {
      it: 'waits for a claim that another app of this namespace has',
      app: one,
      pods: '0 -',
      claims: 'data-0 Foreign',
      waits: 'web-0 ClaimTaken',
      says: 'it is stamped as ordinal 0 of StatefulApp other. It is not touched; free the name',
    },
    {
      it: 'waits for a claim that another controller has',
      app: one,
      pods: '0 -',
      claims: 'data-0 Owned',
      waits: 'web-0 ClaimTaken',
      says: 'it belongs to Database db (UID db-uid)',
    },
    {
      it: 'waits until a claim that is being deleted is gone; that is not its claim',
      app: one,
      pods: '0 -',
      claims: 'data-0 Unbound',
      waits: 'web-0 ClaimTerminating',
    },
    {
      it: 'waits for a claim to be restored under Require',
      app: policy('Require'),
      waits: 'web-0 ClaimMissing',
      says: 'restore it under this name',
    },
    {
      it: 'uses the restored claim under Require',
      app: policy('Require'),
      pods: '0 -',
      claims: 'data-0 Bound',
      ...pod,
    },
  ]);
});

describe('a member that ran and is to be made again', () => {
  const gone = { pods: '0 Stopped' };
  rows([
    { it: 'keeps its claim', app: one, ...gone, ...pod },
    {
      it: 'is not started on an empty disk when its claim is gone',
      app: one,
      ...gone,
      claims: 'data-0 -',
      waits: risk,
      says: 'the claim that held its data is gone (since 2026-03-01T12:00:00Z; recorded: UID data-web-0-uid, volume pv-data-web-0)',
    },
    {
      it: 'is started on an empty disk under Recreate',
      app: policy('Recreate'),
      ...gone,
      claims: 'data-0 -',
      does: 'create PersistentVolumeClaim data-web-0, create Pod web-0',
      waits: 'web-0 PodPending',
    },
    {
      it: 'is not started under Require when its claim is gone',
      app: policy('Require'),
      ...gone,
      claims: 'data-0 -',
      waits: risk,
    },
    {
      it: 'is not started on another claim of the name',
      app: one,
      ...gone,
      claims: 'data-0 Replaced',
      waits: risk,
      says: 'another claim (UID data-web-0-other-uid) has taken its place',
    },
    {
      it: 'is started on another claim of the name under Recreate',
      app: policy('Recreate'),
      ...gone,
      claims: 'data-0 Replaced',
      ...pod,
    },
    {
      it: 'is not started on another claim of the name under Require',
      app: policy('Require'),
      ...gone,
      claims: 'data-0 Replaced',
      waits: risk,
    },
    {
      it: 'is not started on a claim whose volume is lost',
      app: one,
      ...gone,
      claims: 'data-0 Lost',
      waits: risk,
      says: 'its volume pv-data-web-0 is lost',
    },
    {
      it: 'uses a claim whose volume is lost under Recreate, as a StatefulSet does',
      app: policy('Recreate'),
      ...gone,
      claims: 'data-0 Lost',
      ...pod,
    },
    {
      it: 'waits for the end of a claim that is being deleted, when nothing is recorded',
      app: one,
      ...gone,
      claims: 'data-0 Terminating',
      ledger: 'none',
      waits: 'web-0 ClaimTerminating',
    },
    {
      it: 'says that a recorded claim is being deleted while nothing keeps it, and not that it goes on afterwards',
      app: one,
      ...gone,
      claims: 'data-0 Terminating',
      waits: risk,
      says: 'the claim that held its data is being deleted',
    },
    {
      it: 'waits for the end of a claim that is being deleted under Recreate too',
      app: policy('Recreate'),
      ...gone,
      claims: 'data-0 Terminating',
      waits: 'web-0 ClaimTerminating',
    },
    {
      it: 'names the gravest of its claims',
      app: { ...one, volumes: ['data', 'wal'] },
      ...gone,
      claims: 'data-0 Unbound, wal-0 -',
      ledger: {
        0: {
          claims: [
            { name: 'data-web-0', uid: 'data-web-0-uid' },
            { name: 'wal-web-0', uid: 'wal-web-0-uid', volume: 'pv-wal-web-0' },
          ],
        },
      },
      waits: risk,
      says: 'claim wal-web-0',
    },
    {
      it: 'gets an empty claim again when the old one never was bound: there was no data',
      app: one,
      ...gone,
      claims: 'data-0 -',
      ledger: { 0: { claims: [{ name: 'data-web-0', uid: 'data-web-0-uid' }] } },
      does: 'create PersistentVolumeClaim data-web-0, create Pod web-0',
      waits: 'web-0 PodPending',
    },
    {
      it: 'gets an empty claim again when the ledger is lost: what is not known cannot be kept',
      app: one,
      ...gone,
      claims: 'data-0 -',
      ledger: 'none',
      does: 'create PersistentVolumeClaim data-web-0, create Pod web-0',
      waits: 'web-0 PodPending',
    },
    {
      it: 'holds nobody else up under Parallel',
      app: { ...one, replicas: 2, podManagementPolicy: 'Parallel' },
      pods: '0 Stopped, 1 Stopped',
      claims: 'data-0 -',
      does: 'create Pod web-1',
      waits: 'web-0 VolumeAtRisk, web-1 PodPending',
    },
  ]);
});

describe('a pod that alone keeps a volume is never deleted (R12):', () => {
  const failed = { pods: '0 Failed' };
  const replaced = { does: 'delete Pod web-0', waits: 'web-0 PodTerminating' };
  const unwanted = { ...one, replicas: 0 };
  rows([
    {
      it: 'not to replace it, while its claim is being deleted',
      app: one,
      ...failed,
      claims: 'data-0 Terminating',
      waits: risk,
      says: 'its pod is left alone, because that alone keeps the volume',
    },
    { it: 'not to replace it, when its claim is lost', app: one, ...failed, claims: 'data-0 Lost', waits: risk },
    { it: 'not to replace it, when its claim is gone', app: one, ...failed, claims: 'data-0 -', waits: risk },
    {
      it: 'not to replace it, when another claim has the name',
      app: one,
      ...failed,
      claims: 'data-0 Replaced',
      waits: risk,
    },
    {
      it: 'not without a ledger either, when the claim is bound',
      app: one,
      ...failed,
      claims: 'data-0 Terminating',
      ledger: 'none',
      waits: risk,
    },
    {
      it: 'not because another claim of it has no data',
      app: { ...one, volumes: ['data', 'wal'] },
      ...failed,
      claims: 'data-0 Unbound, wal-0 Terminating',
      waits: risk,
    },
    {
      it: 'not when its app scales down, while its claim is being deleted',
      app: unwanted,
      pods: '0 Available',
      claims: 'data-0 Terminating',
      waits: risk,
    },
    {
      it: 'not when its app scales down, when its claim is lost',
      app: unwanted,
      pods: '0 Available',
      claims: 'data-0 Lost',
      waits: risk,
    },
    {
      it: 'not because another claim of it is a stranger`s',
      app: { ...unwanted, volumes: ['data', 'wal'] },
      pods: '0 Available',
      claims: 'data-0 Foreign, wal-0 Terminating',
      waits: risk,
    },
    {
      it: 'but it is when whenScaled Delete gives the volume up',
      app: { ...unwanted, persistentVolumeClaimRetentionPolicy: { whenScaled: 'Delete' } },
      pods: '0 Available',
      claims: 'data-0 Terminating',
      ...replaced,
      says: 'its claims are deleted',
    },
    {
      it: 'but it is under Recreate: a claim that is being deleted cannot end before its pod',
      app: policy('Recreate'),
      ...failed,
      claims: 'data-0 Terminating',
      ...replaced,
    },
    {
      it: 'but it is when the claim never was bound: nothing is lost',
      app: one,
      ...failed,
      claims: 'data-0 Unbound',
      ledger: { 0: { claims: [] } },
      ...replaced,
    },
    { it: 'but it is when nothing is the matter with its claim', app: one, ...failed, ...replaced },
    {
      it: 'other unwanted members go on under Parallel',
      app: { ...unwanted, podManagementPolicy: 'Parallel' },
      pods: '0 Available, 1 Available',
      claims: 'data-1 Terminating',
      does: 'delete Pod web-0',
      waits: 'web-1 VolumeAtRisk, web-0 PodTerminating',
    },
  ]);
});

describe('whatever is known of the revision of a pod, it keeps the claims that it mounts (R12):', () => {
  const lost = {
    app: { ...one, version: 'v2', updateStrategy: { rollingUpdate: { partition: 1 } } },
    pods: '0 Failed @v1',
    revisions: ['v2'],
  };
  const renamed = {
    app: { replicas: 1, volumes: ['wal'], updateStrategy: { type: 'OnDelete' } },
    podVolumes: ['data'],
    pods: '0 Failed',
  };
  const unwanted = { ...lost, app: { ...lost.app, replicas: 0 }, pods: '0 Available @v1' };
  rows([
    ...['Terminating', '-', 'Lost', 'Replaced'].flatMap((state) => [
      { it: `its revision is stored nowhere, its claim ${state}`, ...lost, claims: `data-0 ${state}`, waits: risk },
      {
        it: `its revision is stored nowhere, it is not wanted, its claim ${state}`,
        ...unwanted,
        claims: `data-0 ${state}`,
        waits: risk,
      },
      { it: `its claim template was renamed, its claim ${state}`, ...renamed, claims: `data-0 ${state}`, waits: risk },
    ]),
    {
      it: 'and says so while it runs',
      ...renamed,
      pods: '0 Available',
      claims: 'data-0 Terminating',
      waits: risk,
    },
    {
      it: 'but one that it does not mount is not kept by it',
      app: { ...renamed.app, volumes: ['data'] },
      podVolumes: [],
      pods: '0 Available, 1 Available',
      ledger: { 1: { claims: [{ name: 'data-web-1', uid: 'data-web-1-uid', volume: 'pv-data-web-1' }] } },
      does: 'delete Pod web-1',
      waits: 'web-1 PodTerminating',
    },
  ]);

  test('they are recorded, also when its revision is stored nowhere', () => {
    const given = { ...lost, pods: '0 Available @v1', ledger: 'none' as const };
    expect(claimsOf(given)).toEqual([bound]);
  });

  test('but a claim that is not named after it is not its alone', () => {
    const seen = world({ app: { replicas: 1 }, pods: '0 Failed' });
    const volumes = [{ name: 'all', persistentVolumeClaim: { claimName: 'data-web-1' } }];
    seen.pods.set('web-0', { ...seen.pods.get('web-0'), spec: { nodeName: 'node-a', volumes } });
    seen.claims.set('data-web-1', rawClaim({ volume: 'data', ordinal: 1, state: 'Terminating' }));
    expect(deeds(planned(see(seen)))).toEqual(['delete Pod web-0']);
  });
});

describe('a member that runs', () => {
  rows([
    {
      it: 'says that its claim is being deleted under it',
      app: one,
      pods: '0 Available',
      claims: 'data-0 Terminating',
      waits: risk,
      says: 'Save the data; then have both made anew',
    },
    {
      it: 'says that its claim is gone',
      app: one,
      pods: '0 NotReady',
      claims: 'data-0 -',
      waits: 'web-0 VolumeAtRisk, web-0 PodNotReady',
    },
    { it: 'says nothing under Recreate', app: policy('Recreate'), pods: '0 Available', claims: 'data-0 Terminating' },
    {
      it: 'holds higher members back no more than it did',
      app: { ...one, replicas: 2 },
      pods: '0 Available, 1 Stopped',
      claims: 'data-0 Terminating',
      does: 'create Pod web-1',
      waits: 'web-0 VolumeAtRisk, web-1 PodPending',
    },
    {
      it: 'gets a claim that it still lacks while it is Pending (kubernetes/kubernetes#113139)',
      app: one,
      pods: '0 Pending',
      claims: 'data-0 -',
      ledger: { 0: { claims: [] } },
      does: 'create PersistentVolumeClaim data-web-0',
      waits: 'web-0 PodPending',
    },
    {
      it: 'gets no new claim while it is Pending when the old one held data',
      app: one,
      pods: '0 Pending',
      claims: 'data-0 -',
      waits: 'web-0 VolumeAtRisk, web-0 PodPending',
    },
    {
      it: 'gets no new claim once it runs',
      app: policy('Recreate'),
      pods: '0 NotReady',
      claims: 'data-0 -',
      waits: 'web-0 PodNotReady',
    },
    {
      it: 'has its claims taken over',
      app: one,
      pods: '0 Available',
      claims: 'data-0 Plain',
      does: 'take over PersistentVolumeClaim data-web-0',
    },
  ]);

  test('is called VolumeAtRisk in the ledger, and still counts as available', () => {
    const { status } = planned(see(world({ app: one, pods: '0 Available', claims: 'data-0 Terminating' })));
    expect(status.members?.[0]).toMatchObject({ state: 'VolumeAtRisk', reason: 'VolumeAtRisk' });
    expect(status).toMatchObject({ availableReplicas: 1 });
    expect(status.conditions?.find(({ type }) => type === 'Available')?.status).toBe('True');
  });
});

describe('the ledger of claims', () => {
  test('records a claim when it is first seen', () => {
    expect(claimsOf({ app: one, pods: '0 Pending', claims: 'data-0 Pending', ledger: 'none' })).toEqual([entry]);
  });
  test('records its volume when it is bound', () => {
    expect(claimsOf({ app: one, pods: '0 Pending', ledger: 'none' })).toEqual([bound]);
  });
  test('records the volume of a claim that somebody deletes before that was done, as long as its pod keeps it', () => {
    const seen = { ...entry };
    const given = { app: one, pods: '0 Available', claims: 'data-0 Terminating' };
    expect(claimsOf({ ...given, ledger: { 0: { claims: [seen] } } })).toEqual([bound]);
    expect(claimsOf({ ...given, ledger: 'none' })).toEqual([bound]);
    expect(claimsOf({ ...given, pods: '0 Stopped', ledger: { 0: { claims: [seen] } } })).toEqual([seen]);
  });
  test('keeps what was recorded while the policy does not accept what is there', () => {
    for (const state of ['-', 'Replaced', 'Lost', 'Terminating', 'Foreign']) {
      expect(claimsOf({ app: one, pods: '0 Stopped', claims: `data-0 ${state}` })).toEqual([bound]);
    }
  });
  test('records the other claim once the policy accepts it', () => {
    const accepted = { app: policy('Recreate'), pods: '0 Stopped', claims: 'data-0 Replaced' };
    const volume = 'pv-data-web-0-other';
    expect(claimsOf(accepted)).toEqual([{ ...entry, uid: 'data-web-0-other-uid', volume, disk: diskOf(volume) }]);
  });
  test('drops a claim that is made anew', () => {
    expect(claimsOf({ app: policy('Recreate'), pods: '0 Stopped', claims: 'data-0 -' })).toBeUndefined();
  });
  test('keeps fields that it does not know', () => {
    const ledger = { 0: { claims: [{ ...bound, zone: 'b' }] } };
    expect(claimsOf({ app: one, pods: '0 Available', ledger })).toEqual([{ ...bound, zone: 'b' }]);
  });
});

test('a claim of its name without our label, found by reading, is used: the watches never show it', () => {
  const view = readClaim(rawClaim({ volume: 'data', ordinal: 0, state: 'Plain' }));
  const stray: Stray = { kind: 'PersistentVolumeClaim', name: view.name, view, readAtMs: NOW, reads: 1 };
  const result = planned(see(world({ app: one, strays: [stray] })));
  expect(deeds(result, ['data'])).toEqual([
    'read PersistentVolume pv-data-web-0',
    'take over PersistentVolumeClaim data-web-0',
    'create Pod web-0',
  ]);
});

test('taking a claim over names the very object', () => {
  const { actions } = planned(see(world({ app: one, pods: '0 Available', claims: 'data-0 Plain' })));
  const annotations = {
    'statefulapp.dev/app-uid': 'app-uid',
    'statefulapp.dev/ordinal': '0',
    'statefulapp.dev/claims': 'data',
  };
  expect(actions).toMatchObject([
    {
      uid: 'data-web-0-uid',
      resourceVersion: '1',
      patch: { metadata: { uid: 'data-web-0-uid', resourceVersion: '1', annotations } },
    },
  ]);
});

describe('sizes', () => {
  const sized = (size: string) => ({ replicas: 1, volumeClaimTemplates: [claimTemplate('data', size)] });
  const notes = (size: string) => {
    const seen = world({ app: one, pods: '0 Available' });
    seen.app = { ...seen.app, spec: { ...(seen.app['spec'] as object), ...sized(size) } };
    return planned(see(seen)).notes.map(({ reason }) => reason);
  };
  test.each(['1Gi', '1024Mi', '1073741824', '1048576Ki'])('%s is what a claim of 1Gi asks for', (size) => {
    expect(notes(size)).toEqual([]);
  });
  test.each(['1G', '1'])('%s is smaller, and it is said that no volume shrinks', (size) => {
    expect(notes(size)).toEqual(['ClaimDiffers']);
  });
  test('another size changes no revision: growing a disk rolls nothing', () => {
    const seen = world({ app: one, pods: '0 Available' });
    seen.app = { ...seen.app, spec: { ...(seen.app['spec'] as object), ...sized('2Gi') } };
    expect(waiting(planned(see(seen)))).toEqual([]);
  });
});
