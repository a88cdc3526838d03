// statefulapp.dev/rebuild: claims of exactly the UIDs that it names go, with their member's pod, one member at a time and only
// while everyone else is available; new ones are made when the old ones are gone (R5, R12).

import { describe, expect, test } from 'vitest';
import { carryOut } from './carry-out.ts';
import { type Raw, rawClaim } from './objects.ts';
import { deeds, type Given, planned, rows, see, waiting, world } from './world.ts';

const REBUILD = 'statefulapp.dev/rebuild';
const asking = (what: string, more: Given['app'] = {}) => ({
  replicas: 3,
  volumes: ['data'],
  ...more,
  metadata: { annotations: { [REBUILD]: what } },
});
const ALL = '0 Available, 1 Available, 2 Available';
const ONE = 'data-web-1=data-web-1-uid';

describe('a member that people ask to rebuild', () => {
  rows([
    {
      it: 'loses the named claim and then its pod',
      app: asking(ONE),
      pods: ALL,
      does: 'delete PersistentVolumeClaim data-web-1, delete Pod web-1',
      waits: 'web-1 Rebuilding',
      says: 'data-web-1 and all data on it are deleted and made anew',
    },
    { it: 'is left alone by a request that names another UID', app: asking('data-web-1=former'), pods: ALL },
    { it: 'is left alone by a request that names no UID', app: asking('data-web-1'), pods: ALL },
    {
      it: 'waits while another member is not available',
      app: asking(ONE),
      pods: '0 Available, 1 Available, 2 NotReady',
      waits: 'web-1 Rebuilding, web-2 PodNotReady',
      says: 'once web-2, which is NotReady, is Available',
    },
    {
      it: 'is not stopped by its own state',
      app: asking(ONE),
      pods: '0 Available, 1 NotReady, 2 Available',
      does: 'delete PersistentVolumeClaim data-web-1, delete Pod web-1',
      waits: 'web-1 Rebuilding, web-1 PodNotReady',
    },
    {
      it: 'whose pod is gone loses the claim, and is not made on it',
      app: asking(ONE),
      pods: '0 Available, 1 Stopped, 2 Available',
      does: 'delete PersistentVolumeClaim data-web-1',
      waits: 'web-1 Rebuilding, web-1 Rebuilding',
    },
    {
      it: 'is made as it was while the rebuild has to wait',
      app: asking(ONE, { podManagementPolicy: 'Parallel' }),
      pods: '0 Available, 1 Stopped, 2 NotReady',
      does: 'create Pod web-1',
      waits: 'web-1 Rebuilding, web-1 PodPending, web-2 PodNotReady',
    },
    {
      it: 'goes on when its claim is on its way out already',
      app: asking(ONE),
      pods: ALL,
      claims: 'data-1 Terminating',
      does: 'delete Pod web-1',
      waits: 'web-1 Rebuilding',
    },
    {
      it: 'keeps its pod when another member goes down meanwhile',
      app: asking(ONE),
      pods: '0 Available, 1 Available, 2 NotReady',
      claims: 'data-1 Terminating',
      waits: 'web-1 Rebuilding, web-2 PodNotReady',
    },
    {
      it: 'keeps its pod then also when an update might take it',
      app: asking(ONE, { version: 'v2', updateStrategy: { rollingUpdate: { maxUnavailable: 2 } } }),
      pods: '0 Available @v1, 1 Available @v1, 2 NotReady @v1',
      claims: 'data-1 Terminating',
      waits: 'web-1 UpdateHeld, web-1 Rebuilding, web-2 PodNotReady',
      says: 'its pod keeps the claims that go until web-2, which is NotReady, is Available',
    },
    {
      it: 'keeps its pod then also when it is broken at another revision',
      app: asking(ONE, { version: 'v2' }),
      pods: '0 Available @v1, 1 Broken @v1, 2 NotReady @v1',
      claims: 'data-1 Terminating',
      waits: 'web-1 UpdateHeld, web-1 Rebuilding, web-1 Rebuilding, web-1 PodPending, Updating',
    },
    {
      it: 'keeps its pod while another claim of it is at risk',
      app: asking(ONE, { volumes: ['data', 'wal'] }),
      pods: ALL,
      claims: 'wal-1 Terminating',
      waits: 'web-1 VolumeAtRisk, web-1 Rebuilding, web-1 VolumeAtRisk',
    },
    {
      it: 'keeps its pod while another claim of it is not ours, and it could not come back',
      app: asking(ONE, { volumes: ['data', 'wal'] }),
      pods: ALL,
      claims: 'wal-1 Foreign',
      waits: 'web-1 ClaimTaken, web-1 Rebuilding',
    },
    {
      it: 'loses a claim that is yet to be stamped, without a stamp',
      app: asking(ONE),
      pods: ALL,
      claims: 'data-1 Plain',
      does: 'delete PersistentVolumeClaim data-web-1, delete Pod web-1',
      waits: 'web-1 Rebuilding',
    },
    {
      it: 'gets rid of a claim whose volume is lost',
      app: asking(ONE),
      pods: ALL,
      claims: 'data-1 Lost',
      does: 'delete PersistentVolumeClaim data-web-1, delete Pod web-1',
      waits: 'web-1 Rebuilding',
    },
    {
      it: 'does not get rid of what is not ours',
      app: asking(ONE),
      pods: ALL,
      claims: 'data-1 Owned',
      says: 'it is not ours to delete',
    },
    {
      it: 'comes alone: no update goes on meanwhile',
      app: asking(ONE, { version: 'v2', updateStrategy: { rollingUpdate: { maxUnavailable: 3 } } }),
      pods: '0 Available @v1, 1 Available @v1, 2 Available @v1',
      does: 'delete PersistentVolumeClaim data-web-1, delete Pod web-1',
      waits: 'web-1 Rebuilding',
    },
    {
      it: 'is left alone while the app is paused',
      app: asking(ONE, { paused: true }),
      pods: ALL,
      waits: 'Paused, web-1 Rebuilding',
    },
    {
      it: 'is no member that is not wanted any more',
      app: asking('data-web-3=data-web-3-uid'),
      pods: `${ALL}, 3 Available`,
      does: 'delete Pod web-3',
      waits: 'web-3 PodTerminating',
    },
  ]);
});

test('the ledger says first that the claim protects nothing any more', () => {
  const first = planned(see(world({ app: asking(ONE), pods: ALL })));
  expect(first.statusFirst).toBe(true);
  expect(first.status.members?.[1]?.claims).toEqual([{ name: 'data-web-1', uid: 'data-web-1-uid' }]);
  const told = planned(see(world({ app: asking(ONE, { status: first.status as Raw }), pods: ALL })));
  expect(told.statusFirst).toBe(false);
});

describe('a claim that is blocked otherwise protects nothing any more either, before its pod goes', () => {
  test.each(['Terminating', 'Lost', 'Replaced'])('%s: what is made anew comes up', (state) => {
    const seen = world({ app: asking(ONE), pods: ALL, claims: `data-1 ${state}` });
    const { uid } = (seen.claims.get('data-web-1')?.['metadata'] ?? {}) as { readonly uid?: string };
    seen.app = {
      ...seen.app,
      metadata: { ...(seen.app['metadata'] as Raw), annotations: { [REBUILD]: `data-web-1=${uid}` } },
    };
    const first = planned(see(seen));
    expect(first.statusFirst).toBe(true);
    expect(first.status.members?.[1]?.claims).toEqual([{ name: 'data-web-1', uid }]);
    const { last, actions } = carryOut(seen);
    expect(waiting(last)).toEqual([]);
    expect(actions.filter(({ type }) => /Claim|Pod/.test(type)).map(({ type }) => type)).toContain('createClaim');
    expect(seen.claims.get('data-web-1')?.['metadata']).not.toMatchObject({ uid });
  });

  test.each([
    [
      'another claim of the member is at risk',
      { app: asking(ONE, { volumes: ['data', 'wal'] }), claims: 'wal-1 Terminating' },
    ],
    ['the app is paused', { app: asking(ONE, { paused: true }) }],
  ])('but not while %s', (_, given) => {
    const { claims } = planned(see(world({ pods: ALL, ...given }))).status.members?.[1] ?? {};
    expect(claims?.[0]).toMatchObject({ name: 'data-web-1', volume: 'pv-data-web-1' });
  });

  test('but not while another member is down: the request may be taken off again', () => {
    const down = { app: asking(ONE), pods: '0 Available, 1 Available, 2 NotReady', claims: 'data-1 Terminating' };
    expect(planned(see(world(down))).status.members?.[1]?.claims).toMatchObject([{ volume: 'pv-data-web-1' }]);
  });
});

test('a pod that does not use the claim yet is left alone', () => {
  const app = asking('wal-web-1=wal-web-1-uid', { volumes: ['data', 'wal'], updateStrategy: { type: 'OnDelete' } });
  const seen = world({ app, pods: ALL, podVolumes: ['data'] });
  seen.claims.set('wal-web-1', rawClaim({ volume: 'wal', ordinal: 1, state: 'Bound', siblings: ['data', 'wal'] }));
  const done = planned(see(seen)).actions.map((action) => `${action.type} ${'name' in action ? action.name : ''}`);
  expect(done).toContain('deleteClaim wal-web-1');
  expect(done).not.toContain('deletePod web-1');
});

test.each(['Lost', 'Terminating'])('also of a claim that is %s: a new one is to be made', (state) => {
  const { status } = planned(see(world({ app: asking(ONE), pods: ALL, claims: `data-1 ${state}` })));
  expect(status.members?.[1]?.claims).toEqual([{ name: 'data-web-1', uid: 'data-web-1-uid' }]);
});

test('one member at a time, the highest first; new claims when the old ones are gone; and the requests can be taken off', () => {
  const seen = world({ app: asking(`data-web-0=data-web-0-uid, ${ONE}`), pods: ALL });
  const { actions, last } = carryOut(seen);
  const names = actions.map((action) =>
    'object' in action
      ? `${action.type} ${action.object.metadata.name}`
      : `${action.type} ${'name' in action ? action.name : ''}`,
  );
  expect(names.filter((deed) => /Claim|Pod/.test(deed))).toEqual([
    'deleteClaim data-web-1',
    'deletePod web-1',
    'createClaim data-web-1',
    'createPod web-1',
    'deleteClaim data-web-0',
    'deletePod web-0',
    'createClaim data-web-0',
    'createPod web-0',
  ]);
  expect(waiting(last)).toEqual([]);
  expect(last.notes).toMatchObject([{ reason: 'RequestDone' }]);
  expect(last.status.members?.map(({ claims }) => claims?.[0]?.uid)).toContain('data-web-2-uid');
});

test('under Require the new claim is left to people', () => {
  const seen = world({ app: asking(ONE, { volumeLossPolicy: 'Require' }), pods: ALL });
  const { last } = carryOut(seen);
  expect(seen.claims.has('data-web-1')).toBe(false);
  expect(waiting(last)).toEqual(['web-1 ClaimMissing']);
  expect(deeds(last, ['data'])).toEqual([]);
});
