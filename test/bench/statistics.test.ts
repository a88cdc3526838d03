// Samples in brief: the figures of every table.
import { expect, test } from 'vitest';
import { percentile, slopeOf, summarize } from '../../bench/report/statistics.ts';

test.each<readonly [samples: readonly number[], median: number]>([
  [[3], 3],
  [[3, 1, 2], 2],
  [[4, 1, 3, 2], 2.5],
  [[10, 9, 100], 10], // as numbers, not as texts
])('the median of %j is %d', (samples, median) => {
  const summary = { median, min: Math.min(...samples), max: Math.max(...samples), count: samples.length };
  expect(summarize(samples)).toEqual(summary);
});

test('no samples have no summary and no percentile', () => {
  expect(summarize([])).toBeUndefined();
  expect(percentile([], 50)).toBeNaN();
});

test.each<readonly [share: number, value: number]>([
  [0, 1],
  [50, 50],
  [50.5, 51],
  [99, 99],
  [100, 100],
])('percentile %d of 1 to 100 is %d', (share, value) => {
  const samples = Array.from({ length: 100 }, (_, index) => 100 - index);
  expect(percentile(samples, share)).toBe(value);
});

test('of a few samples a high percentile is the largest', () => {
  expect(percentile([5, 7, 6], 99)).toBe(7);
});

test("the slope of points on a line is the line's, and of a cloud that of the line through it", () => {
  const line = [1, 2, 5].map((x) => [x, 7 - 3 * x] as const);
  expect(slopeOf(line)).toBeCloseTo(-3);
  expect(
    slopeOf([
      [0, 0],
      [0, 2],
      [2, 4],
      [2, 6],
    ]),
  ).toBeCloseTo(2);
  expect(slopeOf([[1, 1]])).toBeNaN();
});
