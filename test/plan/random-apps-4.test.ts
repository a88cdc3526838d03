// Random apps, the last quarter of a hundred thousand: in a file of its own, so that all cores take part.

import { expect, test } from 'vitest';
import { judge } from './random-apps-faults.ts';

test('25,000 random apps', () => {
  expect(judge(75_000, 100_000)).toMatchObject({ judged: 25_000, faults: [] });
}, 300_000);
