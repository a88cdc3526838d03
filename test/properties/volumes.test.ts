// Volumes in motion: ordinal sets, retention policies, losses and requests change in any order. Whatever the path: no claim
// ends without a policy or a request that names it, none serves another ordinal, and none is made in the place of one that is
// lost; and everything comes to rest. What is held against what is in volume-story.ts.

import fc from 'fast-check';
import { test } from 'vitest';
import { type Event, type Policies, type Step, Story, VOLUMES } from './volume-story.ts';

const MOST = 6;

const ordinals = fc.record({
  replicas: fc.nat({ max: 3 }),
  start: fc.nat({ max: 2 }),
  excluded: fc.uniqueArray(fc.nat({ max: 5 }), { maxLength: 2 }),
});
const retention = fc.constantFrom<'Retain' | 'Delete'>('Retain', 'Delete');
const policies: fc.Arbitrary<Policies> = fc.record({
  volumeLossPolicy: fc.constantFrom<Policies['volumeLossPolicy']>('Block', 'Block', 'Block', 'Recreate'),
  whenScaled: retention,
  whenDeleted: retention,
  podManagementPolicy: fc.constantFrom<Policies['podManagementPolicy']>('OrderedReady', 'Parallel'),
});
const claim = fc
  .tuple(fc.constantFrom(...VOLUMES), fc.nat({ max: MOST }))
  .map(([volume, one]) => `${volume}-web-${one}`);
const event: fc.Arbitrary<Event> = fc.oneof(
  fc.constant({ is: 'nothing' as const }),
  fc.constant({ is: 'the status is lost' as const }),
  fc.record({ is: fc.constantFrom<'lose' | 'restore'>('lose', 'lose', 'restore'), claim }),
  fc.record({
    is: fc.constantFrom<'rebuild' | 'accept'>('rebuild', 'accept'),
    claim,
    uid: fc.constantFrom<'right' | 'former'>('right', 'right', 'former'),
  }),
);
const steps: fc.Arbitrary<readonly Step[]> = fc.array(fc.record({ ordinals, policies, event }), {
  minLength: 2,
  maxLength: 7,
});

test('on any path claims end only by policy or request, stay with their ordinal, and are not made in the place of lost ones', () => {
  fc.assert(
    fc.property(steps, (path) => {
      const story = new Story();
      for (const step of path) story.take(step);
    }),
    { numRuns: 300 },
  );
}, 60_000);
