// The status: counts as a StatefulSet counts, the ledger, the conditions and their sentences.

import { describe, expect, test } from 'vitest';
import { ago, at, hashOf, NOW, rawService } from './objects.ts';
import { type Given, planned, see, world } from './world.ts';

const statusOf = (given: Given) => planned(see(world(given))).status;
const conditionOf = (given: Given, type: string) =>
  statusOf(given).conditions?.find((condition) => condition.type === type);
const three = { replicas: 3 };

describe('counts', () => {
  test.each<readonly [what: string, given: Given, counts: object]>([
    [
      'nothing of nothing',
      { app: { replicas: 0 } },
      {
        replicas: 0,
        readyReplicas: 0,
        availableReplicas: 0,
        currentReplicas: 0,
        updatedReplicas: 0,
        terminatingReplicas: 0,
      },
    ],
    [
      'every pod of ours in replicas, in whatever state',
      { app: { replicas: 6 }, pods: '0 Available, 1 Failed, 2 Succeeded, 3 Pending, 4 NotReady, 5 Terminating' },
      { replicas: 6 },
    ],
    [
      'pods that are going in replicas and readyReplicas, but not in currentReplicas and updatedReplicas',
      { app: { replicas: 2 }, pods: '0 Available, 1 Terminating' },
      {
        replicas: 2,
        readyReplicas: 2,
        availableReplicas: 2,
        currentReplicas: 1,
        updatedReplicas: 1,
        terminatingReplicas: 1,
      },
    ],
    [
      'unwanted members too',
      { app: { replicas: 1 }, pods: '0 Available, 1 Available' },
      { replicas: 2, readyReplicas: 2, updatedReplicas: 2 },
    ],
    [
      'ready but not yet available ones',
      { app: { ...three, minReadySeconds: 60 }, pods: '0 Ready 60s, 1 Ready 59s, 2 NotReady' },
      { readyReplicas: 2, availableReplicas: 1 },
    ],
    ['no pods of others', { app: three, pods: '0 Foreign, 1 Orphan, 2 Former' }, { replicas: 0, readyReplicas: 0 }],
    [
      'each revision',
      {
        app: { ...three, version: 'v2', status: { currentRevision: `web-${hashOf('v1')}` } },
        pods: '0 Available @v1, 1 Available @v1, 2 Available',
      },
      { currentReplicas: 2, updatedReplicas: 1 },
    ],
    [
      'a member at the only revision as current and as updated',
      { app: { replicas: 2 }, pods: '0 Available, 1 NotReady' },
      { currentReplicas: 2, updatedReplicas: 2 },
    ],
  ])('%s', (_, given, counts) => {
    expect(statusOf(given)).toMatchObject(counts);
  });

  test('come with the selector in the form that autoscalers read', () => {
    const selector = { matchLabels: { app: 'web' }, matchExpressions: [{ key: 'tier', operator: 'DoesNotExist' }] };
    expect(statusOf({ app: { replicas: 0, selector } }).selector).toBe('app=web,!tier');
    expect(statusOf({ app: three }).selector).toBe('statefulapp.dev/name=web');
  });
});

describe('observedGeneration', () => {
  const generation = (stored: number, now: number) =>
    statusOf({
      app: { replicas: 0, metadata: { generation: now }, status: { observedGeneration: stored } },
      survey: { generation: now },
    }).observedGeneration;
  test('follows the app, and never goes back (R11)', () => {
    expect([generation(1, 1), generation(1, 2), generation(3, 2)]).toEqual([1, 2, 3]);
  });
});

test('observedGeneration of a status that came with a restored object is another app`s', () => {
  const given = { app: { replicas: 0, status: { appUID: 'another', observedGeneration: 57 } } };
  expect(statusOf(given).observedGeneration).toBe(1);
});

describe('the ledger', () => {
  test('has what each member is, in order of ordinals', () => {
    const { members } = statusOf({ app: three, pods: '2 Available, 0 Available, 1 Pending', ledger: 'none' });
    expect(members).toEqual([
      {
        ordinal: 0,
        pod: 'web-0',
        podUID: 'web-0-uid',
        node: 'node-a',
        revision: hashOf('v1'),
        state: 'Available',
        since: at(NOW),
        complete: true,
      },
      expect.objectContaining({
        ordinal: 1,
        state: 'Pending',
        reason: 'PodPending',
        message: expect.stringContaining('web-1 waits for its pod to start'),
      }),
      expect.objectContaining({ ordinal: 2, state: 'Available' }),
    ]);
  });

  test('keeps since when while nothing changes, and begins anew when it does', () => {
    const since = (pods: string) =>
      statusOf({ app: three, pods, ledger: { 0: { state: 'NotReady', since: ago(77) } } }).members?.[0]?.since;
    expect([since('0 NotReady'), since('0 Pending')]).toEqual([ago(77), at(NOW)]);
  });

  test('has no reason for what is fine', () => {
    const [member] =
      statusOf({ app: { replicas: 1 }, pods: '0 Available', ledger: { 0: { reason: 'PodPending', message: 'x' } } })
        .members ?? [];
    expect(member).not.toHaveProperty('reason');
    expect(member).not.toHaveProperty('message');
  });

  test('keeps fields that it does not know, of the status, its members and its conditions (R13)', () => {
    const conditions = [{ type: 'Theirs', status: 'True', weight: 3 }];
    const { members, ...status } = statusOf({
      app: { ...three, status: { zones: ['a'], conditions } },
      pods: '0 Available',
      ledger: { 0: { role: 'primary' } },
    });
    expect(status).toMatchObject({ zones: ['a'] });
    expect(status.conditions).toContainEqual({ type: 'Theirs', status: 'True', weight: 3 });
    expect(members?.[0]).toMatchObject({ role: 'primary' });
  });

  test('takes nothing over from another app`s ledger', () => {
    const { members } = statusOf({
      app: { ...three, status: { appUID: 'former-uid' } },
      pods: '0 Available',
      ledger: { 0: { role: 'primary' }, 2: { podUID: 'x' } },
    });
    expect(members?.map((member) => member['role'])).toEqual([undefined, undefined, undefined]);
    expect(statusOf({ app: three }).appUID).toBe('app-uid');
  });

  test('drops a member when it is not wanted and its pod is gone', () => {
    const ordinals = (pods: string) => statusOf({ app: { replicas: 1 }, pods }).members?.map(({ ordinal }) => ordinal);
    expect([ordinals('0 Available, 1 Terminating'), ordinals('0 Available, 1 Stopped')]).toEqual([[0, 1], [0]]);
  });

  test.each([
    ['0 Foreign', 'NameTaken'],
    ['0 Stopped', 'Waiting'],
    ['0 Vanished 1s', 'Vanished'],
    ['0 Terminating', 'Terminating'],
    ['0 Orphan', 'Orphan'],
  ])('calls %s %s', (pods, state) => {
    expect(statusOf({ app: { replicas: 1 }, pods }).members?.[0]?.state).toBe(state);
  });

  test('says nothing of members that wait their turn, but for the first', () => {
    expect(statusOf({ app: { replicas: 4000 } }).members?.map(({ ordinal }) => ordinal)).toEqual([0, 1]);
  });
});

describe('complete (once Ready with all its claims bound)', () => {
  const complete = (given: Given) =>
    statusOf({ ...given, app: { replicas: 1, volumes: ['data'], minReadySeconds: 9, ...given.app } }).members?.[0]
      ?.complete;
  test.each<readonly [what: string, given: Given, complete: true | undefined]>([
    ['a ready member with its claims bound is', { pods: '0 Ready 1s' }, true],
    ['an available member with its claims bound is', { pods: '0 Available' }, true],
    ['a member that is not ready is not', { pods: '0 NotReady' }, undefined],
    [
      'a member with a claim that is not bound is not',
      { pods: '0 Available', claims: 'data-0 Pending', ledger: { 0: { claims: [] } } },
      undefined,
    ],
    ['a member that was complete stays so', { pods: '0 Failed', ledger: { 0: { complete: true } } }, true],
    [
      'a member that was complete stays so while its pod is gone',
      { pods: '0 Stopped', ledger: { 0: { complete: true } } },
      true,
    ],
    ['a member whose revision is stored nowhere is', { pods: '0 Available @v2', revisions: ['v1'] }, true],
    [
      'and it is not while a claim that it mounts is not bound',
      { pods: '0 Available @v2', revisions: ['v1'], claims: 'data-0 Pending', ledger: { 0: { claims: [] } } },
      undefined,
    ],
    ['a member that is going is not', { pods: '0 Terminating' }, undefined],
  ])('%s', (_, given, expected) => {
    expect(complete(given)).toBe(expected);
  });
});

describe('conditions', () => {
  const told = (given: Given) =>
    Object.fromEntries((statusOf(given).conditions ?? []).map(({ type, status }) => [type, status]));
  const ready = [{ type: 'Ready', status: 'False', lastTransitionTime: ago(601) }];
  test.each<readonly [what: string, given: Given, conditions: object]>([
    [
      'an app that is as it should be',
      { app: three, pods: '0 Available, 1 Available, 2 Available' },
      {
        Ready: 'True',
        Reconciling: 'False',
        Stalled: 'False',
        Available: 'True',
        Progressing: 'True',
        AsSpecified: 'True',
      },
    ],
    [
      'an app of nothing',
      { app: { replicas: 0 } },
      {
        Ready: 'True',
        Reconciling: 'False',
        Stalled: 'False',
        Available: 'True',
        Progressing: 'True',
        AsSpecified: 'True',
      },
    ],
    [
      'an app that comes up',
      { app: three },
      {
        Ready: 'False',
        Reconciling: 'True',
        Stalled: 'False',
        Available: 'False',
        Progressing: 'True',
        AsSpecified: 'True',
      },
    ],
    [
      'an app that goes down',
      { app: { replicas: 1 }, pods: '0 Available, 1 Available' },
      { Ready: 'False', Reconciling: 'True', Available: 'True' },
    ],
    [
      'an app with unwanted members, but not all wanted ones',
      { app: { replicas: 2 }, pods: '0 NotReady, 1 Available, 2 Available' },
      { Available: 'False' },
    ],
    [
      'an app whose pod is yet to be adopted',
      { app: { replicas: 1 }, pods: '0 Orphan' },
      { Ready: 'False', Available: 'False' },
    ],
    [
      'an app that only a user can help',
      { app: { replicas: 1 }, pods: '0 Foreign' },
      { Ready: 'False', Reconciling: 'False', Stalled: 'True', Progressing: 'False' },
    ],
    [
      'an app without progress for progressDeadlineSeconds',
      { app: { replicas: 1, status: { conditions: ready } }, pods: '0 NotReady' },
      { Ready: 'False', Reconciling: 'False', Stalled: 'True', Progressing: 'False' },
    ],
    [
      'an app whose member changed since',
      { app: { replicas: 1, status: { conditions: ready } }, pods: '0 Pending', ledger: { 0: { state: 'NotReady' } } },
      { Stalled: 'False', Progressing: 'True' },
    ],
    [
      'an app that has another spec since',
      {
        app: { replicas: 1, metadata: { generation: 2 }, status: { conditions: ready } },
        pods: '0 NotReady',
        survey: { generation: 2 },
      },
      { Stalled: 'False' },
    ],
    [
      'an app that was fine until now, for however long',
      {
        app: {
          replicas: 1,
          status: { conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: ago(9999) }] },
        },
        pods: '0 NotReady',
      },
      { Ready: 'False', Stalled: 'False' },
    ],
    [
      'an app that is paused while there is nothing to do',
      { app: { ...three, paused: true }, pods: '0 Available, 1 Available, 2 Available' },
      { Ready: 'True', Stalled: 'False', AsSpecified: 'False' },
    ],
    [
      'an app that is paused for longer than its deadline while there is something to do',
      { app: { ...three, paused: true, status: { conditions: ready } }, pods: '0 Available' },
      { Ready: 'False', Reconciling: 'True', Stalled: 'False' },
    ],
    [
      'an app with a Service that is not fit',
      { app: { replicas: 0 }, service: rawService({ ownerReferences: [], labels: {} }, { clusterIP: '10.0.0.1' }) },
      { Ready: 'True', AsSpecified: 'False' },
    ],
    [
      'an app whose pods would be deleted unheard',
      { app: { replicas: 0, pod: { terminationGracePeriodSeconds: 0 } } },
      { Ready: 'True', AsSpecified: 'False' },
    ],
  ])('of %s', (_, given, conditions) => {
    expect(told(given)).toMatchObject(conditions);
  });

  test.each<readonly [given: Given, type: string, message: string]>([
    [{ app: three, pods: '0 Available, 1 Available, 2 Available' }, 'Ready', 'All 3 members are available.'],
    [
      { app: three, pods: '0 Available, 1 NotReady' },
      'Ready',
      '1 of 3 members are available. web-1 waits for its pod to be Ready: on node node-a. Higher ordinals wait for it. (and 1 more, see status.members)',
    ],
    [
      { app: { replicas: 1 }, pods: '0 Available, 1 Available, 2 Available' },
      'Available',
      '1 of 1 members are available.',
    ],
    [
      { app: { replicas: 1, progressDeadlineSeconds: 7, status: { conditions: ready } }, pods: '0 NotReady' },
      'Stalled',
      'No progress for more than 7 s (progressDeadlineSeconds). web-0 waits for its pod to be Ready: on node node-a.',
    ],
    [{ app: { replicas: -1 } }, 'Ready', 'The spec is not understood'],
  ])('say what is waited for and what happens next (%#)', (given, type, message) => {
    expect(conditionOf(given, type)?.message).toContain(message);
  });

  test('carry the generation, and the time of their last change', () => {
    const stored = [
      { type: 'Ready', status: 'True', lastTransitionTime: ago(50) },
      { type: 'Available', status: 'False', lastTransitionTime: ago(50) },
    ];
    const given = {
      app: { replicas: 0, metadata: { generation: 4 }, status: { conditions: stored } },
      survey: { generation: 4 },
    };
    expect(conditionOf(given, 'Ready')).toMatchObject({ observedGeneration: 4, lastTransitionTime: ago(50) });
    expect(conditionOf(given, 'Available')).toMatchObject({ observedGeneration: 4, lastTransitionTime: at(NOW) });
  });

  test('have reasons that are CamelCase words and messages of bounded length without half characters', () => {
    const seen = world({ app: { replicas: 1 } });
    for (const padding of ['', 'x']) {
      seen.refusals = [{ key: 'createPod/web-0', message: `${padding}${'😀'.repeat(2000)}`, retryAtMs: NOW + 1 }];
      for (const { reason, message } of planned(see(seen)).status.conditions ?? []) {
        expect(reason).toMatch(/^[A-Z][A-Za-z]+$/);
        expect(message?.length).toBeLessThanOrEqual(1024);
        expect(message?.isWellFormed()).toBe(true);
      }
    }
  });

  test('wake the operator when the deadline for progress is over', () => {
    const since = { conditions: [{ type: 'Ready', status: 'False', lastTransitionTime: ago(100) }] };
    const result = planned(see(world({ app: { replicas: 1, status: since }, pods: '0 NotReady' })));
    expect(result.wakeAtMs).toBe(NOW + 500_000);
  });

  test('give a new spec the whole deadline, also in later passes', () => {
    const stored = ['Ready', 'Progressing'].map((type) => ({
      type,
      status: type === 'Ready' ? 'False' : 'True',
      observedGeneration: 1,
      lastTransitionTime: ago(590),
    }));
    const seen = world({
      app: { replicas: 1, metadata: { generation: 2 }, status: { conditions: stored } },
      pods: '0 NotReady',
      survey: { generation: 2 },
    });
    const first = planned(see(seen));
    seen.app = { ...seen.app, status: first.status };
    seen.nowMs += 599_000;
    const later = planned(see(seen));
    expect(later.status.conditions?.find(({ type }) => type === 'Stalled')?.status).toBe('False');
    expect(later.wakeAtMs).toBe(NOW + 600_000);
    seen.app = { ...seen.app, status: later.status };
    seen.nowMs += 1000;
    const last = planned(see(seen));
    expect(last.status.conditions?.find(({ type }) => type === 'Stalled')?.status).toBe('True');
  });

  test('leave the operator asleep when all is well', () => {
    expect(planned(see(world({ app: { replicas: 1 }, pods: '0 Available' })))).not.toHaveProperty('wakeAtMs');
  });
});

describe('volumes of the template', () => {
  test('that a claim template replaces are named', () => {
    const app = {
      replicas: 0,
      volumes: ['data'],
      pod: {
        volumes: [
          { name: 'data', emptyDir: {} },
          { name: 'tmp', emptyDir: {} },
        ],
      },
    };
    const { notes } = planned(see(world({ app })));
    expect(notes).toEqual([
      expect.objectContaining({ reason: 'VolumeShadowed', message: expect.stringContaining('Volume data ') }),
    ]);
  });
});
