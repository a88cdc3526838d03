// When an app is only reported on, and what is read because no watch shows it.

import { describe, expect, test } from 'vitest';
import { readPod } from '../../src/identity/pod-view.ts';
import { readService } from '../../src/plan/observe.ts';
import type { Stray } from '../../src/plan/types.ts';
import { hashOf, NOW, rawPod, rawService } from './objects.ts';
import { deeds, type Given, planned, rows, see, waiting, world } from './world.ts';

const one = { replicas: 1 };
const plannedOf = (given: Given) => planned(see(world(given)));
const condition = (given: Given, type: string) =>
  plannedOf(given).status.conditions?.find((each) => each.type === type);
const survey = 'look for a StatefulSet of this name and for pods that match the selector';

describe('the survey comes first', () => {
  rows([
    { it: 'when the app has not been seen before', app: one, survey: null, does: survey },
    { it: 'when the app has changed since', app: { ...one, metadata: { generation: 2 } }, does: survey },
    { it: 'and only once', app: one, pods: '0 Available' },
    {
      it: 'but not of an app that is being deleted',
      app: { ...one, metadata: { deletionTimestamp: '2026-03-01T12:00:00Z' } },
      survey: null,
      waits: 'Deleting',
    },
  ]);

  test('asks for pods and claims only when the selector is not the default, which our label answers', () => {
    const asked = (selector: object) => plannedOf({ app: { ...one, ...selector }, survey: null }).actions[0];
    expect(asked({})).toMatchObject({ type: 'survey', selector: '' });
    expect(asked({ selector: { matchLabels: { app: 'web' } } })).toMatchObject({ selector: 'app=web' });
  });

  test('changes no status: what it finds may change all of it', () => {
    const observed = see(world({ app: one, survey: null }));
    expect(planned(observed).status).toEqual(observed.app.status);
  });
});

describe('a StatefulSet of the app`s name', () => {
  const set = { statefulSetUid: 'set-uid' };
  rows([
    {
      it: 'makes the app report only',
      app: { replicas: 2 },
      pods: '0 Stopped, 1 Failed',
      survey: set,
      waits: 'StatefulSetExists, web-0 PodPending, web-1 PodNotReady',
      says: 'kubectl annotate statefulapp web -n prod statefulapp.dev/ignore-statefulset=set-uid',
    },
    {
      it: 'does not when the annotation names that very set',
      app: { ...one, metadata: { annotations: { 'statefulapp.dev/ignore-statefulset': 'set-uid' } } },
      survey: set,
      does: 'create Pod web-0',
      waits: 'web-0 PodPending',
    },
    {
      it: 'does when the annotation names another',
      app: { ...one, metadata: { annotations: { 'statefulapp.dev/ignore-statefulset': 'old-uid' } } },
      survey: set,
      waits: 'StatefulSetExists, web-0 PodPending',
    },
    { it: 'is looked for again while it is in the way', app: one, survey: { ...set, atMs: NOW - 1000 }, does: survey },
    {
      it: 'is looked for ever more rarely',
      app: one,
      survey: { ...set, atMs: NOW - 7999, reads: 4 },
      waits: 'StatefulSetExists, web-0 PodPending',
    },
    {
      it: 'is looked for at least every minute',
      app: one,
      survey: { ...set, atMs: NOW - 60_000, reads: 40 },
      does: survey,
    },
  ]);

  test('stalls the app, and the operator wakes up to look again', () => {
    const result = plannedOf({ app: one, survey: { ...set, atMs: NOW, reads: 3 } });
    expect(result.status.conditions?.find(({ type }) => type === 'Stalled')).toMatchObject({
      status: 'True',
      reason: 'StatefulSetExists',
    });
    expect(result.wakeAtMs).toBe(NOW + 4000);
  });
});

describe('an app', () => {
  rows([
    {
      it: 'that is paused is reported on only',
      app: { replicas: 2, paused: true },
      pods: '0 Failed',
      service: null,
      revisions: [],
      waits: 'Paused, web-0 PodTerminating, web-1 PodNotReady',
    },
    {
      it: 'that is paused says so while its Service is missing',
      app: { replicas: 0, paused: true },
      service: null,
      waits: 'Paused',
    },
    {
      it: 'that is being deleted is counted only',
      app: { replicas: 2, metadata: { deletionTimestamp: '2026-03-01T12:00:00Z' } },
      pods: '0 Failed, 1 Available',
      service: null,
      waits: 'Deleting',
      says: 'garbage collection removes its pods and Service; its claims are kept',
    },
    {
      it: 'that is not understood is not touched',
      app: { replicas: -1 },
      pods: '0 Failed',
      waits: 'InvalidSpec',
      says: 'nothing of web is touched',
    },
    {
      it: 'with a field from a newer version is not touched (R13)',
      app: { ...one, hibernated: true },
      pods: '0 Failed',
      waits: 'InvalidSpec',
      says: 'hibernated',
    },
    {
      it: 'with a value from a newer version is not touched (R13)',
      app: { ...one, podManagementPolicy: 'Quorum' },
      waits: 'InvalidSpec',
      says: 'podManagementPolicy',
    },
    {
      it: 'that is being deleted and not understood is not touched',
      app: { replicas: -1, metadata: { deletionTimestamp: '2026-03-01T12:00:00Z' } },
      waits: 'Deleting',
    },
  ]);

  test('that is being deleted counts what is left', () => {
    const deleting = {
      metadata: { deletionTimestamp: '2026-03-01T12:00:00Z' },
      replicas: 3,
      status: { replicas: 3, readyReplicas: 3 },
    };
    expect(plannedOf({ app: deleting, pods: '0 Available, 1 Terminating' }).status).toMatchObject({
      replicas: 2,
      readyReplicas: 2,
      terminatingReplicas: 1,
    });
  });

  test('that is not understood is stalled and keeps its ledger, its counts and its unknown fields', () => {
    const kept = { replicas: 3, zones: ['a'], members: [{ ordinal: 0, podUID: 'x', role: 'primary' }] };
    const { status } = plannedOf({ app: { replicas: -1, status: kept } });
    expect(status).toMatchObject({ ...kept, observedGeneration: 1 });
    expect(condition({ app: { replicas: -1 } }, 'Stalled')).toMatchObject({ status: 'True', reason: 'InvalidSpec' });
    expect(condition({ app: { replicas: -1 } }, 'Available')).toMatchObject({ status: 'Unknown' });
  });

  test('of which deletionTimestamp is null is not being deleted', () => {
    expect(waiting(plannedOf({ app: { ...one, metadata: { deletionTimestamp: null } }, pods: '0 Available' }))).toEqual(
      [],
    );
  });
});

test('pods that the ledger names and nothing shows are asked for by name: one without any label is in no watch', () => {
  const { actions } = plannedOf({ app: { replicas: 3 }, pods: '0 Available, 1 Gone, 2 Stopped', survey: null });
  expect(actions).toMatchObject([{ type: 'survey', pods: ['web-1'] }]);
});

describe('strays', () => {
  const view = readPod(rawPod({ ordinal: 0, state: 'Foreign', revision: hashOf('v1'), seconds: 60 }));
  const stray = (secondsAgo: number, reads: number): Stray => ({
    kind: 'Pod',
    name: 'web-0',
    view,
    readAtMs: NOW - secondsAgo * 1000,
    reads,
  });

  test.each([
    [1, 0, 0.5],
    [1, 1, 1],
    [2, 2, 2],
    [8, 4, 8],
    [60, 7, 60],
    [60, 99, 60],
  ])('are read again after %s s, at the read number %s', (seconds, reads, due) => {
    const result = plannedOf({ app: one, strays: [stray(seconds, reads)] });
    expect([deeds(result), waiting(result)]).toEqual([['read Pod web-0'], ['web-0 NameTaken']]);
    expect(deeds(plannedOf({ app: one, strays: [stray(due - 0.1, reads)] }))).toEqual([]);
  });

  test('wake the operator when they are due', () => {
    expect(plannedOf({ app: one, strays: [stray(1, 3)] }).wakeAtMs).toBe(NOW + 3000);
  });

  test('count less than what a watch shows of the same name', () => {
    expect(waiting(plannedOf({ app: one, pods: '0 Available', strays: [stray(0, 1)] }))).toEqual([]);
  });

  test('that were never read come first: nothing is decided on the last that was heard of them (R7)', () => {
    const two = { app: { replicas: 2 }, pods: '0 Available' };
    expect(deeds(plannedOf({ ...two, strays: [stray(1, 0)] }))).toEqual(['read Pod web-0']);
    expect(deeds(plannedOf({ ...two, strays: [stray(0, 1)] }))).toEqual(['create Pod web-1']);
  });

  test('are still read while the app is paused, and not when it is being deleted', () => {
    expect(deeds(plannedOf({ app: { ...one, paused: true }, strays: [stray(9, 1)] }))).toEqual(['read Pod web-0']);
    const deleting = { ...one, metadata: { deletionTimestamp: '2026-03-01T12:00:00Z' } };
    expect(deeds(plannedOf({ app: deleting, strays: [stray(9, 1)] }))).toEqual([]);
  });

  test('of a Service stand for the Service', () => {
    const service = readService(rawService({ labels: {}, ownerReferences: [] }));
    const seen: Stray = { kind: 'Service', name: 'web', view: service, readAtMs: NOW, reads: 1 };
    expect(deeds(plannedOf({ app: one, pods: '0 Available', service: null, strays: [seen] }))).toEqual([]);
  });
});

describe('the Service', () => {
  test('is mended as the very version that was seen: another one of its name is a conflict', () => {
    const { actions } = plannedOf({
      app: one,
      pods: '0 Available',
      service: rawService({}, { selector: { app: 'x' } }),
    });
    const { uid, resourceVersion } = readService(rawService({}));
    expect(actions).toMatchObject([{ type: 'applyService', object: { metadata: { uid, resourceVersion } } }]);
  });

  const up = { app: one, pods: '0 Available' };
  const foreign = { ownerReferences: [], labels: {} };
  rows([
    {
      it: 'is made before anything else',
      app: one,
      service: null,
      revisions: [],
      does: 'create Service web, record ControllerRevision v1, create Pod web-0',
      waits: 'web-0 PodPending',
    },
    { it: 'is left alone when it is fit', ...up },
    {
      it: 'is mended when somebody changed its selector',
      ...up,
      service: rawService({}, { selector: { app: 'x' } }),
      does: 'mend Service web',
    },
    {
      it: 'is mended when somebody changed publishNotReadyAddresses',
      ...up,
      service: rawService({}, { publishNotReadyAddresses: false }),
      does: 'mend Service web',
    },
    {
      it: 'keeps whatever else users gave it',
      ...up,
      service: rawService({ annotations: { a: 'b' } }, { ports: [{ port: 1 }], internalTrafficPolicy: 'Local' }),
    },
    { it: 'of somebody else is used and not changed', ...up, service: rawService(foreign) },
    {
      it: 'of somebody else is reported when it gives no DNS names',
      ...up,
      service: rawService(foreign, { clusterIP: '10.0.0.1' }),
      says: 'it is not headless',
    },
    {
      it: 'of somebody else is reported when it hides members that are not ready',
      ...up,
      service: rawService(foreign, { publishNotReadyAddresses: false }),
      says: 'peers are found only once Ready',
    },
    {
      it: 'of somebody else is reported when it selects others',
      ...up,
      service: rawService(foreign, { selector: { app: 'x' } }),
      says: 'its selector does not select the members',
    },
    {
      it: 'of somebody else is reported when it selects nobody',
      ...up,
      service: rawService(foreign, { selector: {} }),
      says: 'its selector does not select the members',
    },
    {
      it: 'without an owner is adopted again when it has our label and our selector',
      ...up,
      service: rawService({ ownerReferences: [] }),
      does: 'adopt Service web',
    },
    {
      it: 'without an owner is not adopted when its selector is another',
      ...up,
      service: rawService({ ownerReferences: [] }, { selector: { 'statefulapp.dev/name': 'other' } }),
      says: 'is not ours and is used as it is',
    },
    {
      it: 'that another tool came to manage is released',
      ...up,
      service: rawService({ labels: { 'statefulapp.dev/name': 'web', 'app.kubernetes.io/managed-by': 'Helm' } }),
      does: 'release Service web',
    },
    {
      it: 'that kubectl apply came to manage is released',
      ...up,
      service: rawService({ annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}' } }),
      does: 'release Service web',
    },
    {
      it: 'that was released stays so',
      ...up,
      service: rawService({
        ownerReferences: [],
        labels: { 'statefulapp.dev/name': 'web', 'app.kubernetes.io/managed-by': 'Helm' },
      }),
    },
    {
      it: 'of a former app is used until it is gone',
      ...up,
      service: rawService({ ownerReferences: [{ uid: 'former-uid', controller: true }] }),
    },
  ]);
});

describe('what the API server refused', () => {
  const pod = ['createPod/web-0'];
  rows([
    {
      it: 'is not tried again before its time, and told in its words',
      app: one,
      refused: pod,
      waits: 'web-0 Refused, web-0 PodPending',
      says: 'web-0 cannot be created: exceeded quota. It is tried again at 2026-03-01T12:00:05Z',
    },
    {
      it: 'holds back the pod that would use the claim',
      app: { replicas: 1, volumes: ['data', 'wal'] },
      refused: ['createClaim/wal-web-0'],
      does: 'create PersistentVolumeClaim data-web-0',
      waits: 'web-0 Refused, web-0 PodPending',
    },
    {
      it: 'holds back no other member under Parallel',
      app: { replicas: 2, podManagementPolicy: 'Parallel' },
      refused: pod,
      does: 'create Pod web-1',
      waits: 'web-0 Refused, web-0 PodPending, web-1 PodPending',
    },
    {
      it: 'holds everything back when it is the Service',
      app: { replicas: 1, volumes: ['data'] },
      service: null,
      refused: ['createService/web'],
      waits: 'Refused, web-0 PodPending',
    },
    {
      it: 'holds everything back when it is the revision',
      app: one,
      revisions: [],
      refused: [`createRevision/web-${hashOf('v1')}`],
      waits: 'Refused, web-0 PodPending',
    },
    {
      it: 'holds no removal back',
      app: { ...one, ordinals: { start: 1 }, podManagementPolicy: 'Parallel' },
      pods: '0 Available',
      service: null,
      refused: ['createService/web'],
      does: 'delete Pod web-0',
      waits: 'Refused, web-1 PodPending, web-0 PodTerminating',
    },
    {
      it: 'may be a removal',
      app: { replicas: 0 },
      pods: '0 Available',
      refused: ['deletePod/web-0'],
      waits: 'web-0 Refused, web-0 PodTerminating',
      says: 'web-0 cannot be deleted',
    },
    {
      it: 'may be a change',
      app: one,
      pods: '0 Orphan',
      refused: ['adoptPod/web-0'],
      waits: 'web-0 Refused, web-0 PodPending',
      says: 'web-0 cannot be changed',
    },
    { it: 'is nothing when it is not wanted any more', app: { replicas: 0 }, refused: pod },
  ]);

  test('is tried again when it is due', () => {
    const seen = world({ app: one });
    seen.refusals = [{ key: 'createPod/web-0', message: 'exceeded quota', retryAtMs: NOW }];
    expect(deeds(planned(see(seen)))).toEqual(['create Pod web-0']);
  });

  test('wakes the operator when it is due', () => {
    expect(plannedOf({ app: one, refused: pod }).wakeAtMs).toBe(NOW + 5000);
  });
});

describe('a claim that only a hand can bring back', () => {
  const app = { ...one, volumes: ['data'] };
  const gone: Given = { app, pods: '0 Stopped', claims: 'data-0 -' };
  const searches = (given: Given) => plannedOf(given).actions.filter(({ type }) => type === 'survey');

  test('is searched for among those without our label, ever more rarely', () => {
    expect(searches({ ...gone, survey: { atMs: NOW - 4000, reads: 3 } })).toMatchObject([{ claims: true }]);
    expect(searches({ ...gone, survey: { atMs: NOW - 3999, reads: 3 } })).toEqual([]);
    expect(plannedOf({ ...gone, survey: { atMs: NOW, reads: 3 } }).wakeAtMs).toBe(NOW + 4000);
  });
  test('is searched for under Require, and not where an empty one is made', () => {
    const survey = { atMs: NOW - 60_000 };
    expect(searches({ app: { ...app, volumeLossPolicy: 'Require' }, claims: 'data-0 -', survey })).toHaveLength(1);
    expect(searches({ app, claims: 'data-0 -', survey })).toEqual([]);
    expect(searches({ ...gone, app: { ...app, volumeLossPolicy: 'Recreate' }, survey })).toEqual([]);
  });
  test.each(['Block', 'Recreate'] as const)('is searched for while a running pod mounts it, under %s', (policy) => {
    const of = (pods: string): Given => ({
      app: { ...app, volumeLossPolicy: policy },
      pods,
      claims: 'data-0 -',
      survey: { atMs: NOW - 60_000 },
    });
    expect(searches(of('0 Available'))).toMatchObject([{ claims: true }]);
    expect(searches(of('0 NotReady'))).toHaveLength(1);
    // That is made, should it not be there.
    expect(searches({ ...of('0 Pending'), app: { ...app, volumeLossPolicy: 'Recreate' } })).toEqual([]);
  });
});
