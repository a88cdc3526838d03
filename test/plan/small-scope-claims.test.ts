// Small scope of volumes, all of it: what a claim is, what the ledger says of it, and what the pod does. 45 holdings: 11 claims
// x 3 records, what 6 readings of a volume say, and 6 claims of which the ledger knows the volume and no disk.
// 1. one ordinal, one volume: 12 states x 45 holdings x volumeLossPolicy x whenScaled x replicas 0-1 = 6,480 cases;
// 2. one ordinal, two volumes: 4 states x 26 holdings ^ 2 x volumeLossPolicy = 8,112;
// 3. two ordinals: (4 states x 10 claims) ^ 2 x replicas 1-2, under Block x podManagementPolicy = 6,400. Left out: Recreate and
//    Require, under which nothing of one member rests on the other's claims either.
// What each claim allows is in small-scope-volumes.ts; requests of people are in small-scope-requests.test.ts.

import { describe, expect, test } from 'vitest';
import { choices, combinations, isReady } from './small-scope.ts';
import { examine, planFor } from './small-scope-trespasses.ts';
import { CLAIMS, FEW_HOLDINGS, HOLDINGS } from './small-scope-volumes.ts';

const LOSS = ['Block', 'Recreate', 'Require'] as const;
const STATES = [
  ...['-', 'Stopped', 'Vanished 9s', 'Pending', 'NotReady', 'Ready 1s', 'Available', 'Failed', 'Terminating'],
  ...['Foreign', 'Orphan', 'Unlabelled'],
];
const FEW = ['Stopped', 'Pending', 'Available', 'Failed'];

describe.each(LOSS)('volumeLossPolicy %s', (volumeLossPolicy) => {
  test('one volume of one member', () => {
    let count = 0;
    for (const { whenScaled, replicas } of combinations({ whenScaled: ['Retain', 'Delete'], replicas: [0, 1] })) {
      const persistentVolumeClaimRetentionPolicy = { whenScaled };
      const app = { replicas, volumes: ['data'], volumeLossPolicy, persistentVolumeClaimRetentionPolicy };
      for (const { state, data } of combinations({ state: STATES, data: HOLDINGS })) {
        examine({ app, members: [{ state, claims: { data } }] });
        count += 1;
      }
    }
    expect(count).toBe(4 * 12 * 45);
  });

  test('one volume: a pod is made exactly when the volume allows it, and is Ready only when none is at risk', () => {
    const app = { replicas: 1, volumes: ['data'], volumeLossPolicy };
    for (const data of HOLDINGS) {
      const of = (state: string) => planFor({ app, members: [{ state, claims: { data } }] });
      const [gone, there] = [of('Stopped'), of('Available')];
      const made = gone.result.actions.some(({ type }) => type === 'createPod');
      expect([data, made]).toEqual([data, gone.judged[0]?.[0]?.verdict === 'ok']);
      const isSafe = !['risk', 'unread'].includes(there.judged[0]?.[0]?.verdict ?? '');
      expect([data, isReady(there.result)]).toEqual([data, isSafe]);
    }
  });

  test('two volumes of one member', () => {
    let count = 0;
    const app = { replicas: 1, volumes: ['data', 'wal'], volumeLossPolicy };
    for (const { state, data, wal } of combinations({ state: FEW, data: FEW_HOLDINGS, wal: FEW_HOLDINGS })) {
      examine({ app, members: [{ state, claims: { data, wal } }] });
      count += 1;
    }
    expect(count).toBe(4 * 26 ** 2);
  });
});

test.each(['OrderedReady', 'Parallel'])('one volume each of two members, %s', (podManagementPolicy) => {
  let count = 0;
  const claims = CLAIMS.filter((claim) => claim !== 'Restored');
  const one = [...combinations({ state: FEW, claim: claims })].map(({ state, claim }) => ({
    state,
    claims: { data: { claim, recorded: 'disk' as const } },
  }));
  for (const replicas of [1, 2]) {
    for (const members of choices(one, 2)) {
      examine({ app: { replicas, volumes: ['data'], podManagementPolicy }, members });
      count += 1;
    }
  }
  expect(count).toBe(2 * 40 ** 2);
});
