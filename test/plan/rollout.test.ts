// Rollouts: which pod goes for another revision, when, and what comes in its place (semantics.md, "Rolling update" and
// "Fix-forward").

import { describe, expect, test } from 'vitest';
import { carryOut } from './carry-out.ts';
import { ago, hashOf, type Raw, rawClaim } from './objects.ts';
import { deeds, type Given, planned, type Row, rows, see, waiting, world } from './world.ts';

const V1 = hashOf('v1');
const V2 = hashOf('v2');
/** A rollout from v1 to v2 that began a minute ago. */
const status = (more: Raw = {}) => ({
  currentRevision: `web-${V1}`,
  updateRevision: `web-${V2}`,
  updateRevisionSince: ago(60),
  ...more,
});
const app = { replicas: 3, version: 'v2', status: status() };
const rolling = (rollingUpdate: Raw, more: Raw = {}) => ({ ...app, updateStrategy: { rollingUpdate }, ...more });
const parallel = { ...app, podManagementPolicy: 'Parallel' };
/** The ledger says that its pod goes for v2. */
const turn = { updateTo: V2 };
const next = (ordinal: number) => ({ does: `delete Pod web-${ordinal}`, waits: `web-${ordinal} Updating` });

describe('ready members at an older revision go', () => {
  rows([
    { it: 'the highest first', app, pods: '0 Available @v1, 1 Available @v1, 2 Available @v1', ...next(2) },
    { it: 'one after the other', app, pods: '0 Available @v1, 1 Available @v1, 2 Available', ...next(1) },
    { it: 'down to the lowest', app, pods: '0 Available @v1, 1 Available, 2 Available', ...next(0) },
    { it: 'and then no more', app, pods: '0 Available, 1 Available, 2 Available' },
    {
      it: 'not below the partition',
      app: rolling({ partition: 2 }),
      pods: '0 Available @v1, 1 Available @v1, 2 Available',
    },
    {
      it: 'down to the partition, counted in members',
      app: rolling({ partition: 1 }, { ordinals: { excluded: [1] } }),
      pods: '0 Available @v1, 2 Available @v1, 3 Available',
      ...next(2),
    },
    {
      it: 'never under a partition beyond the ordinals',
      app: rolling({ partition: 99 }),
      pods: '0 Available @v1, 1 Available @v1, 2 Available @v1',
    },
    {
      it: 'not while updates are paused, and that is said',
      app: rolling({ paused: true }),
      pods: '0 Available @v1, 1 Available @v1, 2 Available @v1',
      says: 'paused is true: web-0 and 2 more run another revision',
    },
    {
      it: 'not under OnDelete',
      app: { ...app, updateStrategy: { type: 'OnDelete' } },
      pods: '0 Available @v1, 1 Available @v1, 2 Available @v1',
    },
    {
      it: 'also one whose revision nobody knows',
      app: { ...app, replicas: 1 },
      pods: '0 Available @v3',
      revisions: ['v2'],
      ...next(0),
    },
  ]);
});

test('a member whose labels were taken off runs what the ledger says: it gets them back, and is not restarted', () => {
  const seen = world({ app: { ...app, replicas: 1 }, pods: '0 Available' });
  const pod = seen.pods.get('web-0') as { metadata: { labels: Raw } };
  pod.metadata.labels = { app: 'web' };
  const result = planned(see(seen));
  expect(deeds(result)).toEqual(['adopt Pod web-0']);
  expect(result.actions).toMatchObject([{ patch: { metadata: { labels: { 'controller-revision-hash': V2 } } } }]);
  expect(result.status.updatedReplicas).toBe(1);
});

test('a pod that people take out of the selector is released; its name is taken until it is gone or selected again', () => {
  const seen = world({ app: { ...app, replicas: 1, selector: { matchLabels: { app: 'web' } } }, pods: '0 Available' });
  const pod = seen.pods.get('web-0') as { metadata: { labels: Raw; ownerReferences?: unknown } };
  delete pod.metadata.labels['app'];
  const result = planned(see(seen));
  expect(deeds(result)).toEqual(['release Pod web-0']);
  expect(result.actions).toMatchObject([{ patch: { metadata: { ownerReferences: [], resourceVersion: '1' } } }]);
  pod.metadata.ownerReferences = [];
  const after = planned(see(seen));
  expect([deeds(after), waiting(after)]).toEqual([[], ['web-0 NameTaken']]);
  pod.metadata.labels['app'] = 'web';
  expect(deeds(planned(see(seen)))).toEqual(['adopt Pod web-0']);
});

describe('the budget', () => {
  const four = { replicas: 4, version: 'v2', status: status() };
  const most = (maxUnavailable: unknown, more: Raw = {}) => ({
    ...four,
    ...more,
    updateStrategy: { rollingUpdate: { maxUnavailable } },
  });
  const all = '0 Available @v1, 1 Available @v1, 2 Available @v1, 3 Available @v1';
  const two = { does: 'delete Pod web-3, delete Pod web-2', waits: 'web-3 Updating, web-2 Updating' };
  rows([
    { it: 'is as many as maxUnavailable', app: most(2), pods: all, ...two },
    { it: 'is that under Parallel, too', app: most(2, { podManagementPolicy: 'Parallel' }), pods: all, ...two },
    { it: 'is a percentage, rounded down', app: most('74%'), pods: all, ...two },
    { it: 'is never less than one', app: most('1%'), pods: all, does: 'delete Pod web-3', waits: 'web-3 Updating' },
    {
      it: 'counts every member that is away, also one that fails below the partition',
      app: { ...most(2), updateStrategy: { rollingUpdate: { maxUnavailable: 2, partition: 1 } } },
      pods: '0 NotReady @v1, 1 Available @v1, 2 Available @v1, 3 Available @v1',
      does: 'delete Pod web-3',
      waits: 'web-0 PodNotReady, web-3 Updating',
    },
    {
      it: 'is used up by one that is Ready and not Available yet',
      app: { ...four, minReadySeconds: 30 },
      pods: '0 Available @v1, 1 Available @v1, 2 Available @v1, 3 Ready 10s',
      waits: 'web-3 PodNotAvailable, Updating',
      says: `The update of web-2, web-1, web-0 to revision ${V2} waits for web-3 to be Available`,
    },
    {
      it: 'is used up by one that comes',
      app: { ...four, podManagementPolicy: 'Parallel' },
      pods: '0 Available @v1, 1 Available @v1, 2 Available @v1, 3 Terminating @v1',
      ledger: { 3: turn },
      waits: 'web-3 PodTerminating, Updating',
    },
    {
      it: 'waits for scaling',
      app: { ...four, replicas: 3 },
      pods: all,
      does: 'delete Pod web-3',
      waits: 'web-3 PodTerminating, Updating',
      says: 'scaling comes before updating',
    },
  ]);
});

describe('a member comes back', () => {
  rows([
    {
      it: 'at the new revision when its pod went for it',
      app,
      pods: '0 Available @v1, 1 Available @v1, 2 Stopped @v1',
      ledger: { 2: turn },
      does: 'create Pod web-2',
      waits: 'web-2 PodPending, Updating',
      says: `web-2 comes back at revision ${V2}`,
    },
    {
      it: 'as it was when its pod went before its turn',
      app,
      pods: '0 Available @v1, 1 Stopped @v1, 2 Available',
      does: 'create Pod web-1 at v1',
      waits: 'web-1 PodPending, Updating',
    },
    {
      it: 'as it was when the partition was moved above it meanwhile',
      app: rolling({ partition: 3 }),
      pods: '0 Available @v1, 1 Available @v1, 2 Stopped @v1',
      ledger: { 2: turn },
      does: 'create Pod web-2 at v1',
      waits: 'web-2 PodPending',
    },
    {
      it: 'as it was when updates were paused meanwhile',
      app: rolling({ paused: true }),
      pods: '0 Available @v1, 1 Available @v1, 2 Stopped @v1',
      ledger: { 2: turn },
      does: 'create Pod web-2 at v1',
      waits: 'web-2 PodPending',
    },
    {
      it: 'at the template of now, when that changed again meanwhile',
      app: { ...app, version: 'v3', status: status({ updateRevision: `web-${hashOf('v3')}` }) },
      pods: '0 Available @v1, 1 Available @v1, 2 Stopped @v1',
      ledger: { 2: turn },
      does: 'create Pod web-2',
      waits: 'web-2 PodPending, Updating',
      revisions: ['v1', 'v2', 'v3'],
    },
    {
      it: 'at the new revision when the API server will not have the old one back',
      app,
      pods: '0 Available @v1, 1 Stopped @v1, 2 Available',
      refused: ['createPod/web-1'],
      refusedFor: 'violates PodSecurity "restricted:latest"',
      waits: 'web-1 Refused, web-1 PodPending, Updating',
    },
    {
      it: 'as it was when a quota refused it',
      app,
      pods: '0 Available @v1, 1 Stopped @v1, 2 Available',
      refused: ['createPod/web-1'],
      waits: 'web-1 Refused, web-1 PodPending, Updating',
    },
    {
      it: 'at the new revision when its pods end again and again at the old one',
      app,
      pods: '0 Available @v1, 1 Stopped @v1, 2 Available',
      ledger: { 1: { failures: 3 } },
      does: 'create Pod web-1',
      waits: 'web-1 PodPending, Updating',
    },
  ]);

  test.each([
    ['violates PodSecurity "restricted:latest"', 'create Pod web-1'],
    ['exceeded quota: few', 'create Pod web-1 at v1'],
  ])('when it is due again after a refusal (%s)', (refusedFor, deed) => {
    const seen = world({
      app,
      pods: '0 Available @v1, 1 Stopped @v1, 2 Available',
      refused: ['createPod/web-1'],
      refusedFor,
    });
    const due = seen.refusals.map((refusal) => ({ ...refusal, retryAtMs: seen.nowMs - 1 }));
    expect(deeds(planned(see({ ...seen, refusals: due })))).toEqual([deed]);
  });
});

describe('a member that is broken at an older revision goes before all others', () => {
  rows([
    {
      it: 'also when it is the lowest, and the budget is used up',
      app,
      pods: '0 Broken @v1, 1 Available @v1, 2 Available @v1',
      does: 'delete Pod web-0',
      waits: 'web-0 PodPending, web-0 Updating',
      says: 'container main is in ImagePullBackOff',
    },
    {
      it: 'the highest of several first, and one at a time',
      app: parallel,
      pods: '0 Broken @v1, 1 Broken @v1, 2 Broken @v1',
      does: 'delete Pod web-2',
      waits: 'web-0 PodPending, web-1 PodPending, web-2 PodPending, web-2 Updating',
    },
    {
      it: 'the next when the one before it is gone, though that waits for it to come back (OrderedReady)',
      app,
      pods: '0 Broken @v1, 1 Broken @v1, 2 Stopped @v1',
      ledger: { 2: turn },
      does: 'delete Pod web-1',
      waits: 'web-0 PodPending, web-2 PodNotReady, web-1 Updating',
    },
    {
      it: 'not while another is being stopped for the same',
      app: parallel,
      pods: '0 Available @v1, 1 Broken @v1, 2 Terminating @v1 5s',
      ledger: { 2: turn },
      waits: 'web-1 PodPending, web-2 PodTerminating, web-1 Updating',
    },
    {
      it: 'nor when the ledger that said so is lost: one at another revision is being stopped',
      app: parallel,
      pods: '0 Available @v1, 1 Broken @v1, 2 Terminating @v1 5s',
      waits: 'web-1 PodPending, web-2 PodTerminating, web-1 Updating',
    },
    {
      it: 'but not for ever: a stop that takes too long has other reasons',
      app: parallel,
      pods: '0 Available @v1, 1 Broken @v1, 2 Terminating @v1 120s',
      ledger: { 2: turn },
      does: 'delete Pod web-1',
      waits: 'web-1 PodPending, web-2 PodTerminating, web-1 Updating',
    },
    {
      it: 'whoever`s successor has just been refused holds up no other',
      app: parallel,
      pods: '0 Available @v1, 1 Broken @v1, 2 Broken @v1',
      refused: ['deletePod/web-2'],
      refusedFor: 'violates PodSecurity',
      does: 'delete Pod web-1',
      waits: 'web-1 PodPending, web-2 PodPending, web-1 Updating',
    },
    {
      it: 'and one that was unready for longer than progressDeadlineSeconds under the new template, too',
      app: { ...app, progressDeadlineSeconds: 50 },
      pods: '0 NotReady @v1, 1 Available @v1, 2 Available @v1',
      does: 'delete Pod web-0',
      waits: 'web-0 PodNotReady, web-0 Updating',
    },
    {
      it: 'but one that is merely not Ready is left: it may be in recovery',
      app,
      pods: '0 NotReady @v1, 1 Available @v1, 2 Available @v1',
      waits: 'web-0 PodNotReady, Updating',
    },
    {
      it: 'not below the partition',
      app: rolling({ partition: 1 }),
      pods: '0 Broken @v1, 1 Available @v1, 2 Available @v1',
      waits: 'web-0 PodPending, Updating',
    },
    {
      it: 'not while updates are paused',
      app: rolling({ paused: true }),
      pods: '0 Broken @v1, 1 Available @v1, 2 Available @v1',
      waits: 'web-0 PodPending',
    },
    {
      it: 'not under OnDelete',
      app: { ...app, updateStrategy: { type: 'OnDelete' } },
      pods: '0 Broken @v1, 1 Available @v1, 2 Available @v1',
      waits: 'web-0 PodPending',
    },
    {
      it: 'not when its pod alone keeps a volume (R12)',
      app: {
        ...app,
        volumes: ['data'],
        status: { updateRevision: `web-${hashOf('v2', ['data'])}`, updateRevisionSince: ago(60) },
      },
      pods: '0 Broken @v1, 1 Available @v1, 2 Available @v1',
      claims: 'data-0 Terminating',
      waits: 'web-0 VolumeAtRisk, web-0 PodPending, web-0 VolumeAtRisk, Updating',
    },
  ]);
});

describe('an update that fails', () => {
  const failing = '0 Available @v1, 1 Available @v1, 2 Broken';
  const rollback = (more: Raw = {}) => rolling({ onFailure: 'Rollback' }, { status: status(more) });
  const failed = { failedRevision: `web-${V2}` };
  const table: readonly Row[] = [
    {
      it: 'stops at the first member that fails, and says which, why and what to do',
      app: rolling({ maxUnavailable: 3 }),
      pods: failing,
      waits: 'web-2 UpdateFailed, web-2 PodPending',
      says: `The update to revision ${V2} fails at web-2: container main is in ImagePullBackOff. No other member is updated. Correct spec.template`,
    },
    {
      it: 'also at one that does not become Ready in time',
      app: rolling({ maxUnavailable: 3 }, { progressDeadlineSeconds: 50 }),
      pods: '0 Available @v1, 1 Available @v1, 2 NotReady 55s',
      waits: 'web-2 UpdateFailed, web-2 PodNotReady',
      says: 'it has not been Ready for 50 s',
    },
    {
      it: 'still replaces members that are broken at the old revision',
      app,
      pods: '0 Broken @v1, 1 Available @v1, 2 Broken',
      does: 'delete Pod web-0',
      waits: 'web-2 UpdateFailed, web-0 PodPending, web-0 Updating',
    },
    {
      it: 'is rolled back when the app asks for that',
      app: rollback(),
      pods: failing,
      does: 'delete Pod web-2',
      waits: 'UpdateFailed, web-2 PodPending, web-2 Updating',
    },
    {
      it: 'and rolled back returns the member that failed to the revision that worked',
      app: rollback(failed),
      pods: failing,
      does: 'delete Pod web-2',
      waits: 'UpdateFailed, web-2 PodPending, web-2 Updating',
      says: `web-2 is being replaced: it is broken (container main is in ImagePullBackOff); it comes back at revision ${V1}`,
    },
    {
      it: 'and rolled back makes it there',
      app: rollback(failed),
      pods: '0 Available @v1, 1 Available @v1, 2 Stopped @v2',
      ledger: { 2: { updateTo: V1 } },
      does: 'create Pod web-2 at v1',
      waits: 'UpdateFailed, web-2 PodPending',
    },
    {
      it: 'and rolled back is not tried again, and waits for another template',
      app: rollback(failed),
      pods: '0 Available @v1, 1 Available @v1, 2 Available @v1',
      waits: 'UpdateFailed',
    },
    {
      it: 'leaves those alone that run well with it',
      app: rollback(failed),
      pods: '0 Available @v1, 1 Available @v1, 2 Available',
      waits: 'UpdateFailed',
    },
    {
      it: 'is forgotten with the template that failed',
      app: rollback({ failedRevision: `web-${hashOf('v3')}` }),
      pods: '0 Available @v1, 1 Available @v1, 2 Available @v1',
      ...next(2),
    },
    {
      it: 'with nothing that worked before is not rolled back',
      app: {
        ...rollback(),
        status: { currentRevision: `web-${V2}`, updateRevision: `web-${V2}`, updateRevisionSince: ago(60) },
      },
      pods: '0 Broken',
      ledger: 'none',
      waits: 'web-0 PodPending, web-1 PodNotReady',
    },
  ];
  rows(table);

  const stored = (given: Given) => planned(see(world(given))).status;
  test('is remembered in the status while it is the template, and no longer', () => {
    expect(stored({ app: rollback(), pods: failing }).failedRevision).toBe(`web-${V2}`);
    expect(stored({ app: rollback(failed), pods: failing }).failedRevision).toBe(`web-${V2}`);
    expect(stored({ app: rollback({ failedRevision: 'web-other' }), pods: '0 Available' })).not.toHaveProperty(
      'failedRevision',
    );
  });

  test('and rolled back is Stalled at once, for whoever waits for it', () => {
    const { conditions } = stored({ app: rollback(failed), pods: '0 Available @v1, 1 Available @v1, 2 Available @v1' });
    expect(conditions?.find(({ type }) => type === 'Stalled')).toMatchObject({
      status: 'True',
      reason: 'UpdateFailed',
    });
  });
});

test('a claim that the successor needs is there before the pod is given up: it may be refused, or be somebody else`s', () => {
  const words = { replicas: 2, version: 'v2', volumes: ['data'] };
  const seen = world({ app: words, podVolumes: [], pods: '0 Available, 1 Available @v1' });
  seen.claims.delete('data-web-1');
  const before = planned(see(seen));
  expect([deeds(before, ['data']), waiting(before)]).toEqual([
    ['create PersistentVolumeClaim data-web-1'],
    ['web-1 Updating'],
  ]);
  expect(before.status.members?.[1]).not.toHaveProperty('updateTo');
  seen.claims.set('data-web-1', rawClaim({ volume: 'data', ordinal: 1, state: 'Pending' }));
  expect(planned(see(seen)).actions).toMatchObject([{ type: 'deletePod', name: 'web-1' }]);
});

test('a claim that only its broken pod keeps from ending is no reason to keep the pod, where volumes may go (Recreate)', () => {
  const words = { replicas: 1, version: 'v2', volumes: ['data'] };
  const given = { pods: '0 Broken @v1', claims: 'data-0 Terminating', ledger: { 0: { claims: 'data' } } };
  const done = (volumeLossPolicy: string) => {
    const result = planned(see(world({ ...given, app: { ...words, volumeLossPolicy } } as never)));
    return [deeds(result, ['data']), waiting(result)];
  };
  expect(done('Recreate')).toEqual([
    ['delete Pod web-0'],
    ['web-0 ClaimTerminating', 'web-0 PodPending', 'web-0 Updating'],
  ]);
  expect(done('Block')).toEqual([[], ['web-0 VolumeAtRisk', 'web-0 PodPending', 'web-0 VolumeAtRisk', 'Updating']]);
});

test('a successor that could not start is not made room for: a claim that it needs is somebody else`s', () => {
  const words = { replicas: 1, version: 'v2', volumes: ['data'] };
  const seen = world({ app: words, podVolumes: [], pods: '0 Available @v1' });
  const claim = rawClaim({ volume: 'data', ordinal: 0, state: 'Foreign' });
  seen.claims.set('data-web-0', claim);
  const result = planned(see(seen));
  expect([deeds(result), waiting(result)]).toEqual([[], ['web-0 UpdateHeld']]);
  expect(result.waits[0]?.message).toContain('is not updated to revision');
});

describe('the ledger', () => {
  test('says first for which revision a pod goes, and keeps it until another pod is there', () => {
    const { statusFirst, status: told } = planned(
      see(world({ app, pods: '0 Available @v1, 1 Available @v1, 2 Available @v1' })),
    );
    expect([statusFirst, told.members?.map(({ updateTo }) => updateTo)]).toEqual([true, [undefined, undefined, V2]]);
    const kept = (pods: string) =>
      planned(see(world({ app, pods, ledger: { 2: turn } }))).status.members?.[2]?.updateTo;
    expect(kept('0 Available @v1, 1 Available @v1, 2 Terminating @v1')).toBe(V2);
    expect(kept('0 Available @v1, 1 Available @v1, 2 Stopped @v1')).toBe(V2);
    expect(kept('0 Available @v1, 1 Available @v1, 2 NotReady')).toBeUndefined();
  });
});

describe('carried out', () => {
  const images = (seen: ReturnType<typeof world>) =>
    [...seen.pods.values()].map((pod) => ((pod['metadata'] as Raw)['labels'] as Raw)['controller-revision-hash']);

  test.each(['OrderedReady', 'Parallel'])(
    '%s: all members come to the template, the highest first',
    (podManagementPolicy) => {
      const seen = world({
        app: { ...app, podManagementPolicy },
        pods: '0 Available @v1, 1 Available @v1, 2 Available @v1',
      });
      const { actions, last } = carryOut(seen);
      expect(images(seen)).toEqual([V2, V2, V2]);
      expect(actions.map(({ type, ...more }) => `${type} ${'ordinal' in more ? more.ordinal : ''}`)).toEqual(
        [2, 1, 0].flatMap((ordinal) => [`deletePod ${ordinal}`, `createPod ${ordinal}`]),
      );
      expect(last.status).toMatchObject({ currentRevision: `web-${V2}`, updatedReplicas: 3, currentReplicas: 3 });
    },
  );

  test('OrderedReady: a corrected template comes through although every member is broken (kubernetes/kubernetes#67250)', () => {
    const seen = world({ app, pods: '0 Broken @v1, 1 Broken @v1, 2 Broken @v1' });
    const { actions } = carryOut(seen);
    expect(images(seen)).toEqual([V2, V2, V2]);
    expect(
      actions.filter(({ type }) => type === 'createPod').map((action) => 'ordinal' in action && action.ordinal),
    ).toEqual([0, 1, 2]);
  });

  test('old revisions go beyond revisionHistoryLimit, the oldest first, and none that somebody runs', () => {
    const seen = world({
      app: { replicas: 2, version: 'v3', revisionHistoryLimit: 0, updateStrategy: { type: 'OnDelete' } },
      pods: '0 Available @v2, 1 Available @v3',
      revisions: ['v1', 'v2', 'v3'],
    });
    const { actions } = carryOut(seen);
    expect(actions).toMatchObject([
      { type: 'deleteRevision', name: `web-${V1}`, uid: `web-${V1}-uid`, resourceVersion: '1' },
    ]);
  });
});
