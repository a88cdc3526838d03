// semantics.md, "Reconcile order": wanted members, ascending, each when the lower ones are available.

import { describe } from 'vitest';
import { rows } from './world.ts';

describe('OrderedReady', () => {
  rows([
    {
      it: 'makes the lowest member first, and nothing else',
      app: { replicas: 3 },
      does: 'create Pod web-0',
      waits: 'web-0 PodPending, web-1 PodNotReady',
      says: 'web-1 waits for web-0 to be Available',
    },
    {
      it: 'makes the next one when the lower one is available',
      app: { replicas: 3 },
      pods: '0 Available',
      does: 'create Pod web-1',
      waits: 'web-1 PodPending, web-2 PodNotReady',
    },
    {
      it: 'does nothing when all are available',
      app: { replicas: 3 },
      pods: '0 Available, 1 Available, 2 Available',
    },
    {
      it: 'stops at a member that is not ready',
      app: { replicas: 3 },
      pods: '0 Available, 1 NotReady, 2 -',
      waits: 'web-1 PodNotReady, web-2 PodNotReady',
    },
    {
      it: 'stops at a member that is pending',
      app: { replicas: 2 },
      pods: '0 Pending, 1 -',
      waits: 'web-0 PodPending, web-1 PodNotReady',
      says: 'no node has been chosen yet',
    },
    {
      it: 'stops at a member that is being deleted, also when it is still ready',
      app: { replicas: 2 },
      pods: '0 Terminating, 1 -',
      waits: 'web-0 PodTerminating, web-1 PodNotReady',
      says: 'by the kubelet of node node-a',
    },
    {
      it: 'stops at a member that is ready for less than minReadySeconds',
      app: { replicas: 2, minReadySeconds: 60 },
      pods: '0 Ready 59s, 1 -',
      waits: 'web-0 PodNotAvailable, web-1 PodNotReady',
      says: 'counts as available at 2026-03-01T12:00:01Z',
    },
    {
      it: 'goes on when minReadySeconds are over',
      app: { replicas: 2, minReadySeconds: 60 },
      pods: '0 Ready 60s, 1 -',
      does: 'create Pod web-1',
      waits: 'web-1 PodPending',
    },
    {
      it: 'replaces a Failed member and stops there',
      app: { replicas: 3 },
      pods: '0 Failed, 1 -, 2 Failed',
      does: 'delete Pod web-0',
      waits: 'web-0 PodTerminating, web-1 PodNotReady',
    },
    {
      it: 'replaces a Succeeded member as well: members run for ever',
      app: { replicas: 1 },
      pods: '0 Succeeded',
      does: 'delete Pod web-0',
      waits: 'web-0 PodTerminating',
    },
    {
      it: 'does not replace a Failed member above one that is not ready',
      app: { replicas: 3 },
      pods: '0 Available, 1 NotReady, 2 Failed',
      waits: 'web-1 PodNotReady, web-2 PodNotReady',
    },
    {
      it: 'leaves a Failed member that is being deleted to its end',
      app: { replicas: 1 },
      pods: '0 Held',
      waits: 'web-0 PodTerminating',
      says: 'held by finalizers example.com/slow',
    },
    {
      it: 'lets gaps be filled in order although higher members run',
      app: { replicas: 3 },
      pods: '0 Available, 1 Stopped, 2 Available',
      does: 'create Pod web-1',
      waits: 'web-1 PodPending',
      says: 'web-1 is gone; this is its exact copy',
    },
    {
      it: 'calls a member that never was no copy',
      app: { replicas: 2 },
      pods: '0 Available, 1 -',
      does: 'create Pod web-1',
      waits: 'web-1 PodPending',
      says: 'web-1 is wanted and does not exist',
    },
    {
      it: 'marks pods above one that is not ready, since marks wait for nobody',
      app: { replicas: 3 },
      pods: '0 NotReady, 1 Orphan, 2 Unlabelled',
      does: 'adopt Pod web-1, adopt Pod web-2',
      waits: 'web-0 PodNotReady',
    },
  ]);
});

describe('Parallel', () => {
  rows([
    {
      it: 'makes all members at once, ascending',
      app: { replicas: 3, podManagementPolicy: 'Parallel' },
      does: 'create Pod web-0, create Pod web-1, create Pod web-2',
      waits: 'web-0 PodPending, web-1 PodPending, web-2 PodPending',
    },
    {
      it: 'stops at nobody',
      app: { replicas: 5, podManagementPolicy: 'Parallel' },
      pods: '0 Pending, 1 Terminating, 2 Failed, 3 NotReady, 4 -',
      does: 'delete Pod web-2, create Pod web-4',
      waits: 'web-0 PodPending, web-1 PodTerminating, web-2 PodTerminating, web-3 PodNotReady, web-4 PodPending',
    },
    {
      it: 'goes up and down in one pass',
      app: { replicas: 2, ordinals: { start: 1 }, podManagementPolicy: 'Parallel' },
      pods: '0 Available, 1 Available, 2 -',
      does: 'create Pod web-2, delete Pod web-0',
      waits: 'web-2 PodPending, web-0 PodTerminating',
    },
    {
      it: 'removes all unwanted members at once, highest first, healthy or not',
      app: { replicas: 1, podManagementPolicy: 'Parallel' },
      pods: '0 NotReady, 1 Available, 2 Failed, 3 Terminating',
      does: 'delete Pod web-2, delete Pod web-1',
      waits: 'web-0 PodNotReady, web-3 PodTerminating, web-2 PodTerminating, web-1 PodTerminating',
    },
    {
      it: 'goes on with a scale-down while a scale-up is refused (kubernetes/kubernetes#140858)',
      app: { replicas: 2, ordinals: { start: 2 }, podManagementPolicy: 'Parallel' },
      pods: '0 Available, 1 Available',
      refused: ['createPod/web-2', 'createPod/web-3'],
      does: 'delete Pod web-1, delete Pod web-0',
      waits:
        'web-2 Refused, web-3 Refused, web-2 PodPending, web-3 PodPending, web-1 PodTerminating, web-0 PodTerminating',
      says: 'web-2 cannot be created: exceeded quota',
    },
  ]);
});

const complete = { complete: true };
describe('recovery is in order too', () => {
  rows([
    {
      it: 'several that failed come back one after the other',
      app: { replicas: 3 },
      pods: '0 Stopped, 1 Stopped, 2 Stopped',
      ledger: { 0: complete, 1: complete, 2: complete },
      does: 'create Pod web-0',
      waits: 'web-0 PodPending, web-1 PodNotReady',
    },
    {
      it: 'and status names the way out, when a member that was complete cannot become ready alone',
      app: { replicas: 3 },
      pods: '0 NotReady, 1 Stopped, 2 Stopped',
      ledger: { 0: complete, 1: complete, 2: complete },
      waits: 'web-0 PodNotReady, web-1 PodNotReady',
      says: 'spec.podRecoveryPolicy Parallel',
    },
    {
      it: 'under podRecoveryPolicy Parallel members that were complete once come back together',
      app: { replicas: 3, podRecoveryPolicy: 'Parallel' },
      pods: '0 NotReady, 1 Stopped, 2 Failed',
      ledger: { 0: complete, 1: complete, 2: complete },
      does: 'create Pod web-1, delete Pod web-2',
      waits: 'web-0 PodNotReady, web-1 PodPending, web-2 PodTerminating',
    },
    {
      it: 'one that is complete only now counts as such at once, not a pass later',
      app: { replicas: 2, podRecoveryPolicy: 'Parallel', minReadySeconds: 10 },
      pods: '0 -, 1 Ready 1s',
      does: 'create Pod web-0',
      waits: 'web-0 PodPending, web-1 PodNotAvailable',
    },
    {
      it: 'first bootstrap stays ordered under podRecoveryPolicy Parallel',
      app: { replicas: 3, podRecoveryPolicy: 'Parallel' },
      does: 'create Pod web-0',
      waits: 'web-0 PodPending, web-1 PodNotReady',
    },
    {
      it: 'scale-up stays ordered: one that was never complete waits, others do not',
      app: { replicas: 4, podRecoveryPolicy: 'Parallel' },
      pods: '0 NotReady, 1 Stopped, 2 Stopped, 3 -',
      ledger: { 0: complete, 1: {}, 2: complete },
      does: 'create Pod web-2',
      waits: 'web-0 PodNotReady, web-2 PodPending, web-1 PodNotReady',
    },
    {
      it: 'an unknown past counts as never complete: a lost status costs order, not safety',
      app: { replicas: 2, podRecoveryPolicy: 'Parallel' },
      pods: '0 NotReady, 1 Stopped',
      ledger: 'none',
      waits: 'web-0 PodNotReady, web-1 PodNotReady',
    },
    {
      it: 'the ledger of another app with this name counts as lost',
      app: { replicas: 2, podRecoveryPolicy: 'Parallel', status: { appUID: 'former-uid' } },
      pods: '0 NotReady, 1 Stopped',
      ledger: { 0: complete, 1: complete },
      waits: 'web-0 PodNotReady, web-1 PodNotReady',
    },
  ]);
});

describe('OrderedReady, with claims', () => {
  const app = { replicas: 3, volumes: ['data'] };
  const does = (...words: string[]) => words.join(', ');
  rows([
    {
      it: 'makes the claim of the next member beside the pod of one, and none beyond',
      app,
      does: does(
        'create PersistentVolumeClaim data-web-0',
        'create Pod web-0',
        'create PersistentVolumeClaim data-web-1',
      ),
      waits: 'web-0 PodPending, web-1 PodNotReady',
    },
    {
      it: 'makes no claim for others while one does not come up',
      app,
      pods: '0 NotReady, 1 -',
      waits: 'web-0 PodNotReady, web-1 PodNotReady',
    },
    {
      it: 'makes no claim ahead when the last member is made',
      app: { ...app, replicas: 1 },
      does: does('create PersistentVolumeClaim data-web-0', 'create Pod web-0'),
      waits: 'web-0 PodPending',
    },
    {
      it: 'makes none ahead of a member with several, which have to be recorded first',
      app: { replicas: 2, volumes: ['data', 'wal'] },
      does: does(
        'create PersistentVolumeClaim data-web-0',
        'create PersistentVolumeClaim wal-web-0',
        'create Pod web-0',
      ),
      waits: 'web-0 PodPending, web-1 PodNotReady',
    },
  ]);
});
