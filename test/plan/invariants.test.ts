// checkPlan itself: each invariant has a bad plan that it catches, beside the good plan that it was made from.
// Those of volumes are in invariants-volumes.test.ts.

import { describe, expect, test } from 'vitest';
import type { Action } from '../../src/plan/types.ts';
import { breaches, doing, remove } from './bad-plans.ts';
import { ago } from './objects.ts';

const create = (ordinal: number): Action => ({
  type: 'createPod',
  ordinal,
  revision: '1a',
  object: { metadata: { name: `web-${ordinal}` } },
  reason: 'test',
});
const record: Action = {
  type: 'createRevision',
  object: { metadata: { name: 'web-x' } },
  trial: { hash: 'x', object: {}, rivals: [] },
  reason: 'test',
};
const parallel = { replicas: 2, podManagementPolicy: 'Parallel' };
const two = { replicas: 2 };
const deletion = { metadata: { deletionTimestamp: ago(1) } };
const volume = { replicas: 1, volumes: ['data'] };

test.each<readonly [breach: string, found: readonly string[]]>([
  ['R1: a pod of ordinal 0 exists and another is planned', doing({ app: parallel, pods: '0 NotReady' }, create(0))],
  ['R1: a pod of ordinal 0 exists and another is planned', doing({ app: parallel, pods: '0 Foreign' }, create(0))],
  ['R1: a pod of ordinal 0 exists and another is planned', doing({ app: parallel, pods: '0 Terminating' }, create(0))],
  ['R1: ordinal 2 is not wanted and a pod is planned', doing({ app: parallel }, create(2))],
  ['R1: two pods of ordinal 1 are planned', doing({ app: parallel }, create(1), create(1))],
  ['R6: ordinal 1 is planned before ordinal 0 is ready', doing({ app: two }, create(1))],
  ['R6: ordinal 1 is planned before ordinal 0 is ready', doing({ app: two, pods: '0 NotReady' }, create(1))],
  ['R6: ordinal 1 is planned before ordinal 0 is ready', doing({ app: two, pods: '0 Terminating' }, create(1))],
  [
    'R6: ordinal 1 is planned before ordinal 0 is ready',
    doing({ app: { ...two, podRecoveryPolicy: 'Parallel' } }, create(1)),
  ],
  [
    'R6: ordinal 1 is planned before ordinal 0 is ready',
    doing({ app: two, pods: '0 NotReady, 1 Stopped', ledger: { 1: { complete: true } } }, create(1)),
  ],
  [
    'R6: ordinal 1 is planned before ordinal 0 is ready',
    doing(
      {
        app: { ...two, podRecoveryPolicy: 'Parallel', status: { appUID: 'former-uid' } },
        pods: '0 NotReady, 1 Stopped',
        ledger: { 1: { complete: true } },
      },
      create(1),
    ),
  ],
  [
    'R6: web-1 is wanted, has not ended, and its deletion is planned',
    doing({ app: two, pods: '0 Available, 1 NotReady' }, remove(1)),
  ],
  [
    'R6: ordinal 1 is to go before ordinal 2',
    doing({ app: { replicas: 1 }, pods: '0 Available, 1 Available, 2 Available' }, remove(1)),
  ],
  [
    'R2: web-1 is not the pod that was observed',
    doing({ app: { replicas: 1 }, pods: '0 Available, 1 Available' }, remove(1, { uid: 'former' })),
  ],
  ['R2: web-7 is not the pod that was observed', doing({ app: { replicas: 1 }, pods: '0 Available' }, remove(7))],
  [
    'R2: deletePod of web-1 carries no uid or resourceVersion',
    doing({ app: { replicas: 1 }, pods: '0 Available, 1 Available' }, remove(1, { resourceVersion: '' })),
  ],
  [
    'R2: applyService of web carries no uid or resourceVersion',
    doing({ app: parallel }, { type: 'applyService', uid: '', object: { metadata: { name: 'web' } }, reason: 'test' }),
  ],
  [
    'R8: web-1 is not ours and its deletion is planned',
    doing({ app: { replicas: 1 }, pods: '0 Available, 1 Foreign' }, remove(1)),
  ],
  [
    'R8: web-1 is not ours and its deletion is planned',
    doing({ app: { replicas: 1 }, pods: '0 Available, 1 Orphan' }, remove(1)),
  ],
  [
    'R12: web-0 alone keeps claim data-web-0, and its deletion is planned',
    doing({ app: volume, pods: '0 Failed', claims: 'data-0 Terminating' }, remove(0, { because: 'ended' })),
  ],
  [
    'R12: web-0 alone keeps claim data-web-0, and its deletion is planned',
    doing({ app: volume, pods: '0 Failed', claims: 'data-0 Lost' }, remove(0, { because: 'ended' })),
  ],
  [
    'R12: web-0 alone keeps claim data-web-0, and its deletion is planned',
    doing({ app: volume, pods: '0 Failed', claims: 'data-0 -' }, remove(0, { because: 'ended' })),
  ],
  [
    'R12: web-0 alone keeps claim data-web-0, and its deletion is planned',
    doing({ app: volume, pods: '0 Failed', claims: 'data-0 Replaced' }, remove(0, { because: 'ended' })),
  ],
  [
    'R12: web-0 alone keeps claim data-web-0, and its deletion is planned',
    doing(
      { app: volume, pods: '0 Failed', claims: 'data-0 -', revisions: ['v2'] },
      record,
      remove(0, { because: 'ended' }),
    ),
  ],
  [
    'R12: web-0 alone keeps claim data-web-0, and its deletion is planned',
    doing(
      { app: { ...volume, volumes: ['wal'] }, podVolumes: ['data'], pods: '0 Failed', claims: 'data-0 Lost' },
      remove(0, { because: 'ended' }),
    ),
  ],
  [
    'R12: web-1 alone keeps claim data-web-1, and its deletion is planned',
    doing({ app: volume, pods: '0 Available, 1 Available', claims: 'data-1 Terminating' }, remove(1)),
  ],
  ['web is being deleted, and yet 1 writes are planned', doing({ app: { replicas: 1, ...deletion } }, create(0))],
  ['web is paused, and yet 1 writes are planned', doing({ app: { replicas: 1, paused: true } }, create(0))],
  [
    'web is shadowed by a StatefulSet, and yet 1 writes are planned',
    doing({ app: { replicas: 1 }, survey: { statefulSetUid: 'x' } }, create(0)),
  ],
  ['web is not surveyed, and yet 1 writes are planned', doing({ app: { replicas: 1 }, survey: null }, create(0))],
  [
    'web is not surveyed, and yet 1 writes are planned',
    doing({ app: { replicas: 1 }, survey: { generation: 7 } }, create(0)),
  ],
  [
    'web is not understood, and yet 1 writes are planned',
    doing(
      { app: { replicas: -1 } },
      { type: 'applyService', uid: 'x', object: { metadata: { name: 'web' } }, reason: 'test' },
    ),
  ],
  ['not converged, nothing to do, and no wait says why', breaches({ app: two }, () => ({ actions: [], waits: [] }))],
  [
    'not converged, nothing to do, and no wait says why',
    breaches({ app: { replicas: 1 }, pods: '0 Available, 1 Available' }, () => ({ actions: [], waits: [] })),
  ],
  [
    'not converged, nothing to do, and no wait says why',
    breaches({ app: two }, () => ({
      actions: [{ type: 'look', kind: 'Pod', name: 'web-0', reason: 'test' }],
      waits: [],
    })),
  ],
  [
    'not converged, and called Ready',
    breaches({ app: two }, ({ status }) => ({
      status: { ...status, conditions: [{ type: 'Ready', status: 'True' }] },
    })),
  ],
  [
    'R11: observedGeneration goes back from 9 to 8',
    breaches({ app: { replicas: 0, status: { observedGeneration: 9 } } }, ({ status }) => ({
      status: { ...status, observedGeneration: 8 },
    })),
  ],
])('%s (%#)', (breach, found) => {
  expect(found).toEqual([breach]);
});

describe('no breach is', () => {
  test.each<readonly [what: string, found: readonly string[]]>([
    [
      'the recovery of a member that was complete',
      doing(
        {
          app: { ...two, podRecoveryPolicy: 'Parallel' },
          pods: '0 NotReady, 1 Stopped',
          ledger: { 1: { complete: true } },
        },
        create(1),
      ),
    ],
    [
      'a scale-down that gives volumes up',
      doing(
        {
          app: { ...volume, persistentVolumeClaimRetentionPolicy: { whenScaled: 'Delete' } },
          pods: '0 Available, 1 Available',
          claims: 'data-1 Terminating',
        },
        remove(1),
      ),
    ],
    [
      'a replacement that accepts the loss',
      doing(
        { app: { ...volume, volumeLossPolicy: 'Recreate' }, pods: '0 Failed', claims: 'data-0 Terminating' },
        remove(0, { because: 'ended' }),
      ),
    ],
    [
      'a replacement whose claim is another app`s',
      doing({ app: volume, pods: '0 Failed', claims: 'data-0 Foreign' }, remove(0, { because: 'ended' })),
    ],
    [
      'the survey of an app that is not converged',
      breaches({ app: two }, () => ({ actions: [{ type: 'survey', selector: '', reason: 'test' }], waits: [] })),
    ],
    [
      'all unwanted members at once under Parallel',
      doing(
        { app: { ...parallel, replicas: 0 }, pods: '0 Available, 1 Available' },
        remove(0),
        remove(1, { resourceVersion: '2' }),
      ),
    ],
  ])('%s', (_, found) => {
    expect(found).toEqual([]);
  });
});
