// safety.md R1: a pod is made only where none of its name is, and where the end of the last one is known or long past.

import { describe, expect, test } from 'vitest';
import type { Ending } from '../../src/identity/slot.ts';
import { ago, hashOf, NOW, type Raw, rawService } from './objects.ts';
import { deeds, planned, rows, see, world } from './world.ts';

const one = { replicas: 1 };
const LONG = { terminationGracePeriodSeconds: 100 };
const withData = { ...one, volumes: ['data'] };
const made = { does: 'create Pod web-0', waits: 'web-0 PodPending' };
const held = { waits: 'web-0 PodVanished' };

describe('the place of a pod that is gone', () => {
  rows([
    { it: 'is free when the kubelet said that all containers ended', app: one, pods: '0 Stopped 0s', ...made },
    { it: 'is free when no node ever had the pod', app: one, pods: '0 NeverBound 0s', ...made },
    {
      it: 'is not free when nobody saw it end: grace period and 10 s',
      app: one,
      pods: '0 Vanished 39s',
      ...held,
      says: 'waits until 2026-03-01T12:00:01Z',
    },
    { it: 'is free after the grace period and 10 s', app: one, pods: '0 Vanished 40s', ...made },
    {
      it: 'is not free when it went while the operator was away, whenever that was',
      app: one,
      pods: '0 Gone 9999s',
      ...held,
    },
    {
      it: 'is free 40 s after its absence was recorded',
      app: one,
      pods: '0 Gone',
      ledger: { 0: { state: 'Vanished', since: ago(40) } },
      ...made,
    },
    {
      it: 'is not free before',
      app: one,
      pods: '0 Gone',
      ledger: { 0: { state: 'Vanished', since: ago(39) } },
      ...held,
    },
    {
      it: 'is not free before the grace period of its template is over',
      app: { ...one, pod: LONG },
      pods: '0 Gone',
      ledger: { 0: { state: 'Vanished', since: ago(109) } },
      ...held,
    },
    {
      it: 'is free when the ledger knows of no pod there',
      app: one,
      pods: '0 Gone',
      ledger: { 0: { podUID: undefined } },
      ...made,
    },
    {
      it: 'is free when the ledger is not this app`s own',
      app: { ...one, status: { appUID: 'former-uid' } },
      pods: '0 Gone',
      ...made,
    },
    {
      it: 'is not free when only its claim is left, and we have not watched long enough to know who used it',
      app: withData,
      pods: '0 Gone',
      ledger: 'none',
      watching: 39,
      ...held,
      says: 'may have gone unseen just before this operator began to watch',
    },
    { it: 'is free once we have', app: withData, pods: '0 Gone', ledger: 'none', watching: 40, ...made },
    {
      it: 'is not free when its claim is left and the ledger tells no more than that it is waited for',
      app: withData,
      pods: '0 Gone',
      ledger: { 0: { podUID: undefined, revision: undefined, state: 'Waiting' } },
      watching: 39,
      ...held,
    },
    {
      it: 'is free when the ledger tells that the end of its last pod is known, whoever used the claim',
      app: withData,
      pods: '0 Gone',
      ledger: { 0: { podUID: undefined, state: 'Waiting' } },
      watching: 1,
      ...made,
    },
    {
      it: 'is not free while a successor may still be stopping whose grace period is longer',
      app: { ...one, pod: LONG },
      pods: '0 Gone',
      ledger: { 0: { graceSeconds: 30, updateTo: hashOf('v1', [], LONG), state: 'Vanished', since: ago(109) } },
      ...held,
    },
    {
      it: 'is free when it never had a claim, however short we have watched',
      app: withData,
      pods: '0 Gone',
      claims: 'data-0 -',
      ledger: 'none',
      watching: 1,
      does: 'create PersistentVolumeClaim data-web-0, create Pod web-0',
      waits: 'web-0 PodPending',
    },
    {
      it: 'is not free when another operator began to wait for it, whoever used the claim',
      app: withData,
      pods: '0 Gone',
      ledger: { 0: { podUID: undefined, state: 'Vanished', since: ago(39) } },
      ...held,
    },
    {
      it: 'is not free when its absence was recorded by a clock that was ahead',
      app: one,
      pods: '0 Gone',
      ledger: { 0: { state: 'Vanished', since: ago(-3600) } },
      ...held,
    },
    {
      it: 'is not free when a stranger had it while the operator was away',
      app: one,
      pods: '0 Gone',
      ledger: { 0: { podUID: undefined, state: 'NameTaken' } },
      ...held,
    },
    {
      it: 'holds higher members back while it is not free',
      app: { replicas: 2 },
      pods: '0 Vanished 1s, 1 Stopped',
      waits: 'web-0 PodVanished, web-1 PodNotReady',
    },
  ]);

  test.each([
    ['its first one, beside its claims', { app: withData, claims: 'data-0 -', ledger: 'none' as const }, true],
    ['its first one, without claims', { app: one, pods: '0 Gone', ledger: 'none' as const }, undefined],
    ['its next one', { app: withData, pods: '0 Stopped' }, undefined],
    ['one that an update brings', { app: one, pods: '0 Stopped', ledger: { 0: { updateTo: hashOf('v1') } } }, true],
    [
      'one that an update brings, once the end of the former one is recorded',
      { app: one, pods: '0 Stopped', ledger: { 0: { updateTo: hashOf('v1'), podUID: undefined } } },
      undefined,
    ],
  ])('of %s: whether it is foretold', (_, given, foretold) => {
    const { actions } = planned(see(world(given)));
    const told = actions.flatMap((action) => (action.type === 'createPod' ? [action.foretold] : []));
    expect(told).toEqual([foretold]);
  });

  const later = (given: Parameters<typeof world>[0]) => planned(see(world(given)));

  test('is remembered with the moment from which nobody saw it', () => {
    const [entry] = later({ app: one, pods: '0 Gone' }).status.members ?? [];
    expect(entry).toMatchObject({ state: 'Vanished', since: '2026-03-01T12:00:00Z', podUID: 'web-0-uid' });
  });

  describe('of which there were several', () => {
    const former = (how: Ending['how'], seconds: number, uid: string): Ending => ({
      ...{ pod: 'web-0', uid, node: 'node-a', how, atMs: NOW - seconds * 1000, graceSeconds: 30 },
    });
    const left = (...endings: readonly Ending[]) => {
      const seen = world({ app: one, pods: '0 Gone' });
      for (const ending of endings) seen.endings.set(ending.uid, ending);
      return planned(see(seen));
    };
    // What the ledger names last.
    const last = 'web-0-uid';

    test('is not free while one of them may run, however the last one ended', () => {
      const result = left(former('unknown', 10, 'first'), former('unknown', 20, 'second'), former('stopped', 0, last));
      expect(result.actions).toEqual([]);
      expect(result.wakeAtMs).toBe(NOW + 30_000);
      // Of that one the ledger tells, for whoever reads it next.
      expect(result.status.members?.[0]).toMatchObject({ state: 'Vanished', podUID: 'first', since: ago(10) });
      expect(result.status.members?.[0]).not.toHaveProperty('node');
    });

    test('is free when each has ended, or has had its time', () => {
      expect(deeds(left(former('unknown', 40, 'first'), former('stopped', 0, last)))).toEqual(['create Pod web-0']);
    });

    test('is not free when the ledger names another one than was seen to end', () => {
      expect(left(former('stopped', 0, 'first')).waits).toMatchObject([{ reason: 'PodVanished' }]);
    });
  });

  test('is looked at again when it is free', () => {
    expect(later({ app: one, pods: '0 Vanished 10s' }).wakeAtMs).toBe(NOW + 30_000);
  });

  test('is remembered as free once the end is known', () => {
    const [entry] = later({ app: one, pods: '0 Stopped' }).status.members ?? [];
    expect(entry).not.toHaveProperty('podUID');
    expect(entry).not.toHaveProperty('node');
  });

  test('is remembered also when the member is not wanted, as it may be wanted again at any time', () => {
    const result = later({ app: one, pods: '0 Available, 1 Vanished 10s' });
    expect(result.waits).toEqual([]);
    expect(result.status.members?.[1]).toMatchObject({ ordinal: 1, state: 'Vanished', podUID: 'web-1-uid' });
    expect(result.wakeAtMs).toBe(NOW + 30_000);
  });

  test('is forgotten when the member is not wanted and nothing of it can run', () => {
    const result = later({ app: one, pods: '0 Available, 1 Vanished 40s' });
    expect(result.status.members?.map(({ ordinal }) => ordinal)).toEqual([0]);
  });
});

test('a stop that takes too long is called so, with the way on, as soon as it does', () => {
  const seen = world({ app: one, pods: '0 Terminating 5s' });
  const soon = planned(see(seen));
  expect(soon.waits[0]?.message).toMatch(/It is made again when it is gone\.$/);
  seen.nowMs = soon.wakeAtMs ?? 0;
  const late = planned(see(seen));
  expect(late.waits).toMatchObject([{ reason: 'PodTerminating' }]);
  expect(late.waits[0]?.message).toMatch(
    /long over\. .*kubectl annotate pod web-0 -n prod statefulapp\.dev\/confirmed-dead=web-0-uid$/,
  );
  expect(late.actions).toEqual([]);
});

describe('the place of a pod that exists', () => {
  const taken = 'web-0 NameTaken';
  rows([
    { it: 'is taken while it is being deleted', app: one, pods: '0 Terminating', waits: 'web-0 PodTerminating' },
    {
      it: 'is taken by a pod of another owner',
      app: one,
      pods: '0 Foreign',
      waits: taken,
      says: 'it belongs to ReplicaSet other (UID rs-uid). It is not touched; delete it',
    },
    {
      it: 'is taken by a pod of a former app of this name',
      app: one,
      pods: '0 Former',
      waits: taken,
      says: 'It is on its way out',
    },
    {
      it: 'is taken by a pod without an owner that does not match the selector',
      app: { ...one, selector: { matchLabels: { app: 'web' } } },
      pods: '0 Bare',
      service: rawService({}, { selector: { app: 'web' } }),
      waits: taken,
      says: 'do not match spec.selector',
    },
    {
      it: 'is taken by a pod without an owner that is being deleted',
      app: one,
      pods: '0 Leaving',
      waits: taken,
      says: 'It is on its way out',
    },
    {
      it: 'is adopted when it has no owner and matches',
      app: one,
      pods: '0 Orphan',
      does: 'adopt Pod web-0',
      waits: 'web-0 PodPending',
    },
    { it: 'gets its label back when somebody took it off', app: one, pods: '0 Unlabelled', does: 'adopt Pod web-0' },
    {
      it: 'is taken also by a pod that only a read by name showed',
      app: one,
      strays: [],
      pods: '0 Foreign',
      waits: taken,
    },
  ]);

  test('a foreign pod stalls the app, since only a user can end it; one that is going does not', () => {
    const stalled = (state: string) =>
      planned(see(world({ app: one, pods: `0 ${state}` }))).status.conditions?.find(({ type }) => type === 'Stalled')
        ?.status;
    expect([stalled('Foreign'), stalled('Bare'), stalled('Former'), stalled('Leaving')]).toEqual([
      'True',
      'True',
      'False',
      'False',
    ]);
  });

  test('an adoption names the very object, and takes nothing but owner and our labels', () => {
    const [action] = planned(see(world({ app: one, pods: '0 Orphan' }))).actions;
    expect(action).toMatchObject({
      type: 'adoptPod',
      uid: 'web-0-uid',
      resourceVersion: '1',
      patch: {
        metadata: { uid: 'web-0-uid', resourceVersion: '1', ownerReferences: [{ uid: 'app-uid', controller: true }] },
      },
    });
  });

  test('giving a label back leaves the owners of the pod alone', () => {
    const [action] = planned(see(world({ app: one, pods: '0 Unlabelled' }))).actions;
    expect(action).toMatchObject({
      type: 'adoptPod',
      patch: { metadata: { labels: { 'statefulapp.dev/name': 'web' } } },
    });
    expect(JSON.stringify(action)).not.toContain('ownerReferences');
  });

  test('gets no label back when it is to be deleted anyway: the second write would find another version', () => {
    const unwanted = planned(see(world({ app: { replicas: 1 }, pods: '0 Available, 1 Unlabelled' })));
    const seen = world({ app: one, pods: '0 Failed' });
    const failed = seen.pods.get('web-0') as { metadata: { labels: Record<string, string> } };
    delete failed.metadata.labels['statefulapp.dev/name'];
    const ended = planned(see(seen));
    expect([unwanted, ended].map(({ actions }) => actions.map(({ type }) => type))).toEqual([
      ['deletePod'],
      ['deletePod'],
    ]);
  });

  test('a deletion names the very object', () => {
    const [action] = planned(see(world({ app: { replicas: 0 }, pods: '0 Available' }))).actions;
    expect(action).toMatchObject({ type: 'deletePod', uid: 'web-0-uid', resourceVersion: '1', because: 'condemned' });
  });
});

describe('how long a pod may take to stop', () => {
  /** As a webhook or a hand may have made it. */
  const slow = (state: string, revision?: null) => {
    const seen = world({ app: one, pods: `0 ${state}`, ledger: 'none' });
    const pod = seen.pods.get('web-0') as { metadata: { labels: Raw }; spec: Raw };
    if (revision === null) delete pod.metadata.labels['controller-revision-hash'];
    else pod.spec['terminationGracePeriodSeconds'] = 120;
    return planned(see(seen)).status.members?.[0]?.graceSeconds;
  };

  test('is in the ledger when the template of its revision does not say it', () => {
    expect([slow('Available'), slow('Foreign'), slow('Available', null)]).toEqual([120, 120, 30]);
    expect(planned(see(world({ app: one, pods: '0 Available' }))).status.members?.[0]).not.toHaveProperty(
      'graceSeconds',
    );
  });

  test('is waited for by whoever finds it gone and has only the ledger', () => {
    const given = { app: one, pods: '0 Gone', ledger: { 0: { graceSeconds: 120 } } };
    const { actions, waits, status } = planned(see(world(given)));
    expect([actions, waits.map(({ untilMs }) => untilMs)]).toEqual([[], [NOW + 130_000]]);
    expect(status.members?.[0]).toMatchObject({ state: 'Vanished', graceSeconds: 120 });
  });

  test('is forgotten once that is over', () => {
    const given = { app: one, pods: '0 Stopped', ledger: { 0: { graceSeconds: 120 } } };
    expect(planned(see(world(given))).status.members?.[0]).not.toHaveProperty('graceSeconds');
  });
});

test('a name is free at once when its claim is of our own making: whatever pod had used it was seen', () => {
  const seen = see(world({ app: withData, pods: '0 Gone', ledger: 'none', watching: 1 }));
  expect(planned(seen).waits).toMatchObject([{ reason: 'PodVanished' }]);
  const claims = seen.claims.map((claim) => ({ ...claim, madeHere: true as const }));
  expect(planned({ ...seen, claims }).actions.map(({ type }) => type)).toContain('createPod');
});
