// The set of wanted ordinals, against the slow and obvious way to say it.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { enumerate, includes, MAX_ORDINAL, type OrdinalSpec, wantedRanges } from '../../src/identity/ordinals.ts';

const slowly = ({ replicas, start, excluded }: OrdinalSpec): readonly number[] => {
  const found: number[] = [];
  for (let ordinal = start; found.length < replicas; ordinal += 1) if (!excluded.includes(ordinal)) found.push(ordinal);
  return found;
};

test.each<readonly [spec: OrdinalSpec, ranges: string]>([
  [{ replicas: 3, start: 0, excluded: [] }, '0..2'],
  [{ replicas: 0, start: 5, excluded: [5] }, ''],
  [{ replicas: 2, start: 0, excluded: [1] }, '0..0 2..2'],
  [{ replicas: 3, start: 0, excluded: [0, 1] }, '2..4'],
  [{ replicas: 3, start: 2, excluded: [0, 1, 9] }, '2..4'],
  [{ replicas: 3, start: 0, excluded: [3, 1, 3, 1] }, '0..0 2..2 4..4'],
  [{ replicas: 2, start: 2147483640, excluded: [2147483641] }, '2147483640..2147483640 2147483642..2147483642'],
])('%j are the ordinals %s', (spec, ranges) => {
  expect(
    wantedRanges(spec)
      .map(({ from, to }) => `${from}..${to - 1}`)
      .join(' '),
  ).toBe(ranges);
});

const near = (start: number) =>
  fc.uniqueArray(fc.integer({ min: Math.max(start - 3, 0), max: start + 30 }), { maxLength: 20 });
const specs = fc
  .constantFrom(0, 1, 7, 2147483000)
  .chain((start) =>
    fc.record({ replicas: fc.integer({ min: 0, max: 20 }), start: fc.constant(start), excluded: near(start) }),
  );

test('they are the first `replicas` ordinals from start on that are not excluded', () => {
  fc.assert(
    fc.property(specs, (spec) => {
      expect(enumerate(wantedRanges(spec))).toEqual(slowly(spec));
    }),
  );
});

test('ranges ascend, are not empty, and neither touch nor overlap', () => {
  fc.assert(
    fc.property(specs, (spec) => {
      const ranges = wantedRanges(spec);
      for (const { from, to } of ranges) expect(from).toBeLessThan(to);
      for (const [index, { from }] of ranges.entries()) expect(from).toBeGreaterThan(ranges[index - 1]?.to ?? -1);
    }),
  );
});

test('an ordinal is included exactly when it is one of them', () => {
  fc.assert(
    fc.property(specs, fc.integer({ min: -2, max: 60 }), (spec, offset) => {
      const ordinal = spec.start + offset;
      expect(includes(wantedRanges(spec), ordinal)).toBe(slowly(spec).includes(ordinal));
    }),
  );
});

test('the order in which ordinals are excluded, and how often, changes nothing', () => {
  fc.assert(
    fc.property(specs, (spec) => {
      const excluded = [...spec.excluded].reverse();
      expect(wantedRanges({ ...spec, excluded: [...excluded, ...excluded] })).toEqual(wantedRanges(spec));
    }),
  );
});

test('one more replica is one more ordinal, above all others', () => {
  fc.assert(
    fc.property(specs, (spec) => {
      const before = enumerate(wantedRanges(spec));
      const after = enumerate(wantedRanges({ ...spec, replicas: spec.replicas + 1 }));
      expect(after.slice(0, -1)).toEqual(before);
      expect(after.at(-1)).toBeGreaterThan(before.at(-1) ?? -1);
    }),
  );
});

test('nothing is enumerated to find them: a distant gap costs no more than a near one', () => {
  expect(wantedRanges({ replicas: 2_000_000_000, start: 0, excluded: [1_999_999_999] })).toHaveLength(2);
  expect(MAX_ORDINAL).toBe(2147483647);
});
