// The simulator's own promises: the same seed is the same run, told or not; a failing run is made as small as it can be;
// bad flags get a clear answer. What its checks are worth is shown by the planted bugs (test/sim/mutants).

import { describe, expect, test } from 'vitest';
import { readFlags, UsageError } from './flags.ts';
import { Random } from './random.ts';
import { run } from './run.ts';
import { shrink } from './shrink.ts';
import { VirtualTimeline } from './timeline.ts';

describe('a run', () => {
  test('is the same for the same seed, whether it is told or not', async () => {
    const lines: string[] = [];
    const first = await run({ seed: 3, steps: 800 });
    const again = await run({ seed: 3, steps: 800 });
    const told = await run({ seed: 3, steps: 800, trace: (line) => lines.push(line) });
    expect(again).toEqual(first);
    expect(told).toEqual(first);
    expect(lines.length).toBeGreaterThan(first.steps);
    expect(first.violation).toBeUndefined();
  });

  test('is another one for another seed', async () => {
    const hashes = await Promise.all([11, 12, 13].map(async (seed) => (await run({ seed, steps: 300 })).hash));
    expect(new Set(hashes).size).toBe(3);
  });

  test('with only some of its interventions leaves the others out', async () => {
    const whole = await run({ seed: 5, steps: 1200 });
    const did = whole.script.flatMap((what, index) => (what === undefined ? [] : [index]));
    const kept = did.slice(0, 2);
    const part = await run({ seed: 5, steps: 1200, only: { kept, chaosMs: whole.chaosMs } });
    expect(did.length).toBeGreaterThan(2);
    expect(part.script.flatMap((what, index) => (what === undefined ? [] : [index]))).toEqual(kept);
  });
});

describe('a failing run is made smaller', () => {
  const all = Array.from({ length: 40 }, (_, index) => index);

  test.each([[[7]], [[3, 31]], [[0, 1, 2, 39]], [[]]])('to what it takes: %j', async (needed) => {
    const fails = async (kept: readonly number[]) => needed.every((index) => kept.includes(index));
    await expect(shrink(all, fails)).resolves.toEqual(needed);
  });
});

describe('flags', () => {
  test('of one seed, of many, and of a smaller run', () => {
    expect(readFlags(['--seed', '7'])).toEqual({
      from: 7,
      to: 7,
      steps: 2000,
      workers: undefined,
      only: undefined,
      told: true,
    });
    expect(readFlags(['--seeds', '1..9', '--steps', '50', '--workers', '3'])).toEqual({
      from: 1,
      to: 9,
      steps: 50,
      workers: 3,
      only: undefined,
      told: false,
    });
    expect(readFlags(['--seed', '7', '--kept', '1,4', '--chaos', '99'])).toMatchObject({
      only: { kept: [1, 4], chaosMs: 99 },
    });
  });

  test.each([
    [[], 'give either --seed or --seeds'],
    [['--seed', '1', '--seeds', '1..2'], 'give either --seed or --seeds'],
    [['--seed', 'x'], '--seed: "x" is no whole number'],
    [['--seed', '-1'], 'ambiguous'],
    [['--seeds', '5..1'], '--seeds is A..B with A <= B'],
    [['--seeds', '5'], '--seeds is A..B with A <= B'],
    [['--seed', '1', '--kept', '1'], '--kept and --chaos go together'],
    [['--sed', '1'], "Unknown option '--sed'"],
  ])('%j: %s', (args, words) => {
    expect(() => readFlags(args)).toThrow(UsageError);
    expect(() => readFlags(args)).toThrow(words);
  });
});

test('time stands still between events, and events of one moment keep their order', () => {
  const timeline = new VirtualTimeline(1000);
  const happened: string[] = [];
  const note = (what: string) => () => happened.push(`${what} at ${timeline.now()}`);
  timeline.after(30, 'c', note('c'));
  timeline.after(10, 'a', note('a'));
  timeline.after(10, 'b', () => timeline.after(5, 'd', note('d')));
  timeline.after(20, 'never', note('never'))();
  const labels = Array.from({ length: 5 }, () => timeline.step());
  expect(labels).toEqual(['a', 'b', 'd', 'c', undefined]);
  expect(happened).toEqual(['a at 1010', 'd at 1015', 'c at 1030']);
});

test('chance: the same stream of a seed is the same, another one is not, and all of a span comes up', () => {
  const numbers = (seed: number, stream: string) => {
    const random = new Random(seed, stream);
    return Array.from({ length: 200 }, () => random.between(1, 6));
  };
  expect(numbers(1, 'a')).toEqual(numbers(1, 'a'));
  expect(numbers(1, 'a')).not.toEqual(numbers(1, 'b'));
  expect(numbers(1, 'a')).not.toEqual(numbers(2, 'a'));
  expect(new Set(numbers(1, 'a'))).toEqual(new Set([1, 2, 3, 4, 5, 6]));
});
