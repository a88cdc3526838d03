// Small scope of what people ask of claims by annotations on the app: accept-volume-loss and rebuild. All of it:
// 1. one ordinal, one volume: 5 states x 45 holdings x volumeLossPolicy x 4 requests x (wanted, not wanted under either
//    whenScaled) = 8,100 cases;
// 2. one ordinal, two volumes of which one is asked for: 3 states x 26 holdings ^ 2 x 2 requests, under Block = 4,056;
// 3. two ordinals: (4 states x 6 claims) ^ 2 x rebuild of one or of both = 1,152.
// What each claim allows is in small-scope-volumes.ts.

import { describe, expect, test } from 'vitest';
import { choices, combinations } from './small-scope.ts';
import { examine, planFor } from './small-scope-trespasses.ts';
import { type Asked, CLAIMS, FEW_HOLDINGS, HOLDINGS } from './small-scope-volumes.ts';

const LOSS = ['Block', 'Recreate', 'Require'] as const;
const STATES = ['Stopped', 'Pending', 'Available', 'Failed', 'Terminating'];

/** The recorded UID, and that of a claim that took its place. */
const both = (claim: string) => [`${claim}=${claim}-uid`, `${claim}=${claim}-other-uid`];

const REQUESTS: Readonly<Record<string, Asked>> = {
  accept: { accepts: both('data-web-0') },
  rebuild: { rebuilds: both('data-web-0') },
  'accept and rebuild': { accepts: both('data-web-0'), rebuilds: both('data-web-0') },
  'what was left behind': {
    accepts: ['data-web-0=former'],
    rebuilds: ['data-web-0=former', 'data-web-7=data-web-0-uid'],
  },
};

describe.each(LOSS)('volumeLossPolicy %s', (volumeLossPolicy) => {
  test.each(Object.entries(REQUESTS))('%s: one volume of one member', (_, asked) => {
    let count = 0;
    for (const [replicas, whenScaled] of [
      [1, 'Retain'],
      [0, 'Retain'],
      [0, 'Delete'],
    ] as const) {
      const persistentVolumeClaimRetentionPolicy = { whenScaled };
      const app = { replicas, volumes: ['data'], volumeLossPolicy, persistentVolumeClaimRetentionPolicy };
      for (const { state, data } of combinations({ state: STATES, data: HOLDINGS })) {
        examine({ app, members: [{ state, claims: { data } }], asked });
        count += 1;
      }
    }
    expect(count).toBe(3 * 5 * 45);
  });

  test('a pod is made exactly when the volume allows it, and a claim goes exactly when its very UID is named', () => {
    const app = { replicas: 1, volumes: ['data'], volumeLossPolicy };
    for (const { data, asked } of combinations({ data: HOLDINGS, asked: Object.values(REQUESTS) })) {
      const { result, judged } = planFor({ app, members: [{ state: 'Stopped', claims: { data } }], asked });
      const [claim] = judged.flat();
      const done = (type: string) => result.actions.some((action) => action.type === type);
      expect([data, asked, done('createPod')]).toEqual([data, asked, claim?.verdict === 'ok']);
      const goes = claim?.verdict === 'given' && !['Terminating', 'Unbound'].includes(data.claim);
      expect([data, asked, done('deleteClaim')]).toEqual([data, asked, goes]);
    }
  });
});

test.each(['accept', 'rebuild'])('%s one of two volumes', (request) => {
  let count = 0;
  const app = { replicas: 1, volumes: ['data', 'wal'] };
  // By its own UID, by that of a claim in its place, and by its sibling's.
  const asked = {
    [`${request}s`]: [...both('data-web-0'), 'data-web-0=wal-web-0-uid', 'data-web-0=wal-web-0-other-uid'],
  };
  for (const { state, data, wal } of combinations({
    state: ['Stopped', 'Available', 'Failed'],
    data: FEW_HOLDINGS,
    wal: FEW_HOLDINGS,
  })) {
    examine({ app, members: [{ state, claims: { data, wal } }], asked });
    count += 1;
  }
  expect(count).toBe(3 * 26 ** 2);
});

test.each([
  ['one', ['data-web-0']],
  ['both', ['data-web-0', 'data-web-1']],
])('rebuild %s of two members', (_, names) => {
  let count = 0;
  const app = { replicas: 2, volumes: ['data'], podManagementPolicy: 'Parallel' };
  const asked = { rebuilds: names.map((name) => `${name}=${name}-uid`) };
  const claims = CLAIMS.filter((claim) => ['-', 'Bound', 'Replaced', 'Lost', 'Terminating', 'Foreign'].includes(claim));
  const one = [...combinations({ state: ['Stopped', 'NotReady', 'Available', 'Failed'], claim: claims })].map(
    ({ state, claim }) => ({ state, claims: { data: { claim, recorded: 'disk' as const } } }),
  );
  for (const members of choices(one, 2)) {
    examine({ app, members, asked });
    const { result, judged } = planFor({ app, members, asked });
    const done = (type: string) =>
      result.actions.flatMap((action) => ('ordinal' in action && action.type === type ? [action.ordinal] : []));
    const going = judged.flatMap((held, ordinal) =>
      held.some(({ verdict, claim }) => verdict === 'given' && claim !== 'Terminating') ? [ordinal] : [],
    );
    const back = judged.flatMap((held, ordinal) =>
      members[ordinal]?.state === 'Stopped' && held.every(({ verdict }) => verdict === 'ok') ? [ordinal] : [],
    );
    const [deleted, made] = [done('deleteClaim'), done('createPod')];
    if (deleted.join() !== going.join() || made.join() !== back.join())
      expect.fail(`${JSON.stringify(members)}: gone ${deleted} and not ${going}, made ${made} and not ${back}`);
    count += 1;
  }
  expect(count).toBe(24 ** 2);
});
