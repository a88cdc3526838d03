// From samples to verdicts: whether a goal is met must never be said where a figure is missing.
import { expect, test } from 'vitest';
import { casesFor } from '../../bench/cases/all.ts';
import type { Goal } from '../../bench/goals.ts';
import { GOALS } from '../../bench/goals.ts';
import { rowsOf, type Sample } from '../../bench/report/rows.ts';

const figure = { benchmark: 'B1', id: 'a.time', what: 'something', unit: 's' };
const samples = (ours: readonly number[], unthrottled: readonly number[], slow: readonly number[] = []): Sample[] => [
  ...ours.map((value): Sample => ({ figure: 'a.time', side: 'ours', value })),
  ...unthrottled.map((value): Sample => ({ figure: 'a.time', side: 'unthrottled', value })),
  ...slow.map((value): Sample => ({ figure: 'a.time', side: 'default', value })),
  { figure: 'other', side: 'ours', value: 1e9 },
];

function verdict(goal: Goal, given: readonly Sample[]) {
  const [row] = rowsOf([figure], given, { 'a.time': [goal] });
  return row?.verdicts[0];
}

test('the ratio is of medians, ours by the peer without its limit', () => {
  const [row] = rowsOf([figure], samples([1, 2, 9], [4, 4, 100]), {});
  expect(row?.ratio).toBe(0.5);
  expect(row?.sides.ours).toEqual({ median: 2, min: 1, max: 9, count: 3 });
  expect(row?.sides.default).toBeUndefined();
  expect(row?.verdicts).toEqual([]);
});

test.each<readonly [name: string, goal: Goal, met: boolean]>([
  ['ratio at its bound', { kind: 'ratio', to: 'unthrottled', atMost: 0.5 }, true],
  ['ratio below what is there', { kind: 'ratio', to: 'unthrottled', atMost: 0.49 }, false],
  ['so many times faster', { kind: 'faster', than: 'default', atLeast: 10 }, true],
  ['not so many times faster', { kind: 'faster', than: 'default', atLeast: 10.1 }, false],
  ['at most', { kind: 'atMost', value: 2 }, true],
  ['more than at most', { kind: 'atMost', value: 1.9 }, false],
  ['at least', { kind: 'atLeast', value: 2 }, true],
  ['less than at least', { kind: 'atLeast', value: 2.1 }, false],
])('%s', (_name, goal, met) => {
  expect(verdict(goal, samples([2], [4], [20]))?.isMet).toBe(met);
});

test.each<readonly [name: string, goal: Goal, given: readonly Sample[]]>([
  ['without ours', { kind: 'atMost', value: 2 }, samples([], [4])],
  ['without the peer', { kind: 'ratio', to: 'unthrottled', atMost: 1 }, samples([2], [])],
  ['beside a peer that has nothing but zero', { kind: 'ratio', to: 'unthrottled', atMost: 1 }, samples([2], [0])],
])('%s nothing is said of a goal', (_name, goal, given) => {
  expect(verdict(goal, given)?.isMet).toBeUndefined();
});

test('zero is at most zero', () => {
  expect(verdict({ kind: 'atMost', value: 0 }, samples([0], []))?.isMet).toBe(true);
});

test('every goal belongs to a figure that some case gives, and no figure has two', () => {
  const ids = casesFor([], 'full').flatMap((one) => one.figures.map(({ id }) => id));
  expect(Object.keys(GOALS).filter((id) => !ids.includes(id))).toEqual([]);
  expect(new Set(ids).size).toBe(ids.length);
});

test('quick and full give the same figures', () => {
  const ids = (extent: 'full' | 'quick') => casesFor([], extent).flatMap((one) => one.figures.map(({ id }) => id));
  expect(ids('quick')).toEqual(ids('full'));
});

test('a benchmark brings the cases that show it, with its figures alone; a case brings all of its own', () => {
  const shown = (only: string) =>
    casesFor([only], 'quick').flatMap(({ figures }) => figures.map(({ benchmark, id }) => `${benchmark} ${id}`));
  expect(shown('B3').every((text) => text.startsWith('B3 fleet.'))).toBe(true);
  expect(new Set(shown('fleet').map((text) => text.split(' ')[0]))).toEqual(new Set(['B3', 'B5', 'B11']));
});
