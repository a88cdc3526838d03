// semantics.md: members that are not wanted go, highest first, one at a time, while the others are healthy. Claims stay.

import { describe, expect, test } from 'vitest';
import { NOW, type Raw } from './objects.ts';
import { planned, rows, see, world } from './world.ts';

describe('OrderedReady scales down', () => {
  rows([
    {
      it: 'the highest member first, and only that',
      app: { replicas: 1 },
      pods: '0 Available, 1 Available, 2 Available',
      does: 'delete Pod web-2',
      waits: 'web-2 PodTerminating',
      says: 'only 1 replicas are wanted, and ordinal 2 is not among them; its claims are kept',
    },
    {
      it: 'and the next one when that one is gone, not before',
      app: { replicas: 1 },
      pods: '0 Available, 1 Available, 2 Terminating',
      waits: 'web-2 PodTerminating',
    },
    {
      it: 'to nothing',
      app: { replicas: 0 },
      pods: '0 Available',
      does: 'delete Pod web-0',
      waits: 'web-0 PodTerminating',
    },
    {
      it: 'not while a wanted member is not ready',
      app: { replicas: 1 },
      pods: '0 NotReady, 1 Available',
      waits: 'web-0 PodNotReady, web-1 PodNotReady',
      says: 'web-1 is not wanted any more and waits for web-0, which is NotReady',
    },
    {
      it: 'not while a wanted member is missing: scaling up comes first',
      app: { replicas: 2, ordinals: { start: 1 } },
      pods: '0 Available, 1 Available, 2 -',
      does: 'create Pod web-2',
      waits: 'web-2 PodPending, web-0 PodNotReady',
    },
    {
      it: 'not while a wanted member is ready for less than minReadySeconds',
      app: { replicas: 1, minReadySeconds: 60 },
      pods: '0 Ready 1s, 1 Available',
      waits: 'web-0 PodNotAvailable, web-1 PodNotReady',
    },
    {
      it: 'a wanted member blocks for ever, also after progressDeadlineSeconds',
      app: { replicas: 1, progressDeadlineSeconds: 60 },
      pods: '0 NotReady 9999s, 1 Available',
      waits: 'web-0 PodNotReady, web-1 PodNotReady',
    },
    {
      it: 'the unhealthy one when it is the only unhealthy one',
      app: { replicas: 3 },
      pods: '0 Available, 1 Available, 2 Available, 3 Available, 4 NotReady 5s',
      does: 'delete Pod web-4',
      waits: 'web-4 PodTerminating',
    },
    {
      it: 'not while a lower unwanted member is unhealthy (5 -> 3 with 3 and 4 unready stays at 5 in a StatefulSet)',
      app: { replicas: 3 },
      pods: '0 Available, 1 Available, 2 Available, 3 NotReady 5s, 4 NotReady 5s',
      waits: 'web-4 PodNotReady',
      says: 'web-4 is not wanted any more and waits for web-3, which is NotReady',
    },
    {
      it: 'but not for ever: after progressDeadlineSeconds an unhealthy unwanted member no longer blocks',
      app: { replicas: 3, progressDeadlineSeconds: 60 },
      pods: '0 Available, 1 Available, 2 Available, 3 NotReady 60s, 4 NotReady 5s',
      does: 'delete Pod web-4',
      waits: 'web-4 PodTerminating',
    },
    {
      it: 'each unhealthy unwanted member has its own deadline',
      app: { replicas: 1, progressDeadlineSeconds: 60 },
      pods: '0 Available, 1 NotReady 99s, 2 NotReady 5s, 3 Available',
      waits: 'web-3 PodNotReady',
      says: 'web-3 is not wanted any more and waits for web-2',
    },
    {
      it: 'past one whose pod is being held by a finalizer, after progressDeadlineSeconds',
      app: { replicas: 1, progressDeadlineSeconds: 60 },
      pods: '0 Available, 1 Held 60s, 2 Available',
      does: 'delete Pod web-2',
      waits: 'web-2 PodTerminating',
    },
    {
      it: 'a Failed unwanted member is removed, not replaced',
      app: { replicas: 1 },
      pods: '0 Available, 1 Failed',
      does: 'delete Pod web-1',
      waits: 'web-1 PodTerminating',
    },
    {
      it: 'an unwanted member without an owner is adopted first, as in a StatefulSet',
      app: { replicas: 1 },
      pods: '0 Available, 1 Available, 2 Orphan',
      does: 'adopt Pod web-2',
      waits: 'web-2 PodPending',
    },
    {
      it: 'a stranger with the name of an unwanted member is left alone, and holds nothing up',
      app: { replicas: 1 },
      pods: '0 Available, 1 Available, 2 Foreign',
      does: 'delete Pod web-1',
      waits: 'web-1 PodTerminating',
    },
  ]);

  test('and looks again when the member that blocks becomes available', () => {
    const pods = '0 Available, 1 Ready 50s, 2 Available';
    const result = planned(see(world({ app: { replicas: 1, minReadySeconds: 60 }, pods })));
    expect(result.waits).toEqual([expect.objectContaining({ ordinal: 2, untilMs: NOW + 10_000 })]);
    expect(result.wakeAtMs).toBe(NOW + 10_000);
  });
});

test.each(['web-01', 'web--1', 'web-1.5', 'web-2147483648', 'web-1-0', 'web-', 'web-x', 'webb-1'])(
  'a pod of ours called %s is no member, and is left alone',
  (name) => {
    const seen = world({ app: { replicas: 1 }, pods: '0 Available, 1 Available' });
    const pod = seen.pods.get('web-1') as { metadata: Raw };
    seen.pods.delete('web-1');
    seen.pods.set(name, { ...pod, metadata: { ...pod.metadata, name } });
    expect(planned(see(seen))).toMatchObject({ actions: [], waits: [] });
  },
);

describe('the wanted ordinals', () => {
  rows([
    {
      it: 'begin at ordinals.start',
      app: { replicas: 2, ordinals: { start: 7 } },
      pods: '7 Available',
      does: 'create Pod web-8',
      waits: 'web-8 PodPending',
    },
    {
      it: 'skip what is excluded: the named member is removed, the others stay',
      app: { replicas: 2, ordinals: { excluded: [1] } },
      pods: '0 Available, 1 Available, 2 Available',
      does: 'delete Pod web-1',
      waits: 'web-1 PodTerminating',
    },
    {
      it: 'skip what is excluded: with the same replicas a new member comes first',
      app: { replicas: 3, ordinals: { excluded: [1] } },
      pods: '0 Available, 1 Available, 2 Available, 3 -',
      does: 'create Pod web-3',
      waits: 'web-3 PodPending, web-1 PodNotReady',
    },
    {
      it: 'are the first `replicas` ones: what is excluded beyond them changes nothing',
      app: { replicas: 2, ordinals: { excluded: [5, 6] } },
      pods: '0 Available, 1 Available',
    },
    {
      it: 'come back when they are wanted again',
      app: { replicas: 3 },
      pods: '0 Available, 1 Stopped, 2 Available',
      does: 'create Pod web-1',
      waits: 'web-1 PodPending',
    },
    {
      it: 'may lie next to 2^31',
      app: { replicas: 2, ordinals: { start: 2147483640 } },
      pods: '2147483640 Available',
      does: 'create Pod web-2147483641',
      waits: 'web-2147483641 PodPending',
    },
    {
      it: 'when the start moves up, the new ones come first, then the old ones go, highest first',
      app: { replicas: 2, ordinals: { start: 2 } },
      pods: '0 Available, 1 Available, 2 Available, 3 Available',
      does: 'delete Pod web-1',
      waits: 'web-1 PodTerminating',
    },
  ]);
});
