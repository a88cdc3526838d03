// Random apps, the first quarter of a hundred thousand (random-apps-faults.ts says what is asked of each), and a check of
// the generator: the same number gives the same app, and enough of them are understood and have something to do.

import { expect, test } from 'vitest';
import { isTooDeep } from '../../src/api/depth.ts';
import { randomSample } from './random-apps.ts';
import { judge } from './random-apps-faults.ts';

test('25,000 random apps', () => {
  const { judged, understood, active, faults } = judge(0, 25_000);
  expect(faults).toEqual([]);
  expect(judged).toBe(25_000);
  expect(understood).toBeGreaterThan(judged / 3);
  expect(active).toBeGreaterThan(judged / 3);
}, 300_000);

test('they are what JSON can say', () => {
  for (let number = 0; number < 500; number += 1) {
    const sample = randomSample(number);
    // Nested too deep to be compared, or to be written by JSON.stringify.
    if (isTooDeep(sample)) continue;
    expect(JSON.parse(JSON.stringify(sample))).toEqual(sample);
  }
});

test('the same number gives the same app, another one another', () => {
  const texts = [7, 8, 7].map((number) => JSON.stringify(randomSample(number)));
  expect(texts[0]).toBe(texts[2]);
  expect(texts[0]).not.toBe(texts[1]);
});
