// The flags of npm run bench, and the order of its turns.
import { describe, expect, test } from 'vitest';
import type { SizedCase } from '../../bench/cases/case.ts';
import { readFlags } from '../../bench/flags.ts';
import { schedule } from '../../bench/schedule.ts';

const KNOWN = ['B1', 'B2', 'B10', 'no-op'];
const read = (...argv: readonly string[]) => readFlags(argv, KNOWN);

describe('flags', () => {
  test('none: everything in full, written', () => {
    const all = {
      extent: 'full',
      only: [],
      repeats: undefined,
      write: true,
      profile: false,
      churn: undefined,
    };
    expect(read()).toEqual(all);
  });

  test.each<readonly [argv: readonly string[], write: boolean]>([
    [['--quick'], false],
    [['--only', 'B1'], false],
    [['--quick', '--write'], true],
  ])('%j is written: %j', (argv, write) => {
    expect(read(...argv)?.write).toBe(write);
  });

  test('benchmarks and cases, whatever their letters and order, with spaces', () => {
    expect(read('--only', 'No-Op,b10, B1')?.only).toEqual(['B1', 'B10', 'no-op']);
  });

  test('help wins', () => {
    expect(read('--help', '--quick')).toBeNull();
  });

  test.each<readonly [argv: readonly string[], words: string]>([
    [['--only', 'B1,B3'], "got 'b3'. There are B1, B2, B10, no-op."],
    [['--only', ''], "got ''"],
    [['--repeats', '0'], "1 to 50, got '0'"],
    [['--repeats', '2.5'], "got '2.5'"],
    [['--repeats', 'many'], "got 'many'"],
    [['--churn', '0'], "--churn takes a whole number from 1 to 600, got '0'"],
    [['--churn', '5', '--quick'], '--churn is no benchmark'],
    [['--slow'], '--slow'],
    [['B1'], 'B1'],
  ])('%j is wrong', (argv, words) => {
    expect(() => read(...argv)).toThrow(words);
  });
});

describe('turns', () => {
  const one = (repeats: SizedCase['repeats']): SizedCase => ({
    name: 'one',
    repeats,
    isWarm: true,
    bindsClaims: true,
    figures: [],
    run: () => Promise.resolve({}),
  });
  const sides = (repeats: SizedCase['repeats'], given?: number) =>
    schedule([one(repeats)], given).map(({ side, round, rounds }) => `${side} ${round}/${rounds}`);

  test('sides alternate; those with fewer runs drop out', () => {
    expect(sides({ ours: 2, unthrottled: 2, default: 1 })).toEqual([
      ...['ours 1/2', 'unthrottled 1/2', 'default 1/1'],
      ...['ours 2/2', 'unthrottled 2/2'],
    ]);
  });

  test('another number is for the sides that take part', () => {
    expect(sides({ ours: 5, unthrottled: 5 }, 1)).toEqual(['ours 1/1', 'unthrottled 1/1']);
  });

  test('cases one after the other', () => {
    const names = schedule(
      [
        { ...one({ ours: 1 }), name: 'a' },
        { ...one({ ours: 1 }), name: 'b' },
      ],
      2,
    );
    expect(names.map((turn) => turn.case.name)).toEqual(['a', 'a', 'b', 'b']);
  });
});
