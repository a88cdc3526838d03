// Every case there is, in the order in which they run: short ones first, last those that fill the cluster.
import type { Extent, SizedCase } from './case.ts';
import { fleet } from './fleet.ts';
import { leader } from './leader.ts';
import { noOp } from './no-op.ts';
import { plateau } from './plateau.ts';
import { ramp } from './ramp.ts';
import { replacement } from './replacement.ts';
import { rolling } from './rolling.ts';
import { SCALE_UP } from './scale-up.ts';

const CASES: readonly ((extent: Extent) => SizedCase)[] = [
  ...SCALE_UP,
  replacement,
  noOp,
  rolling,
  fleet,
  leader,
  plateau,
  ramp,
];

const benchmarksOf = (one: SizedCase) => one.figures.map(({ benchmark }) => benchmark);

/** B1, B2 … in order. */
export function knownBenchmarks(): readonly string[] {
  const all = new Set(CASES.flatMap((one) => benchmarksOf(one('full'))));
  return [...all].sort((a, b) => Number(a.slice(1)) - Number(b.slice(1)));
}

/** Those that give a figure of one of these benchmarks; all when none is named. */
export function casesFor(only: readonly string[], extent: Extent): readonly SizedCase[] {
  return CASES.map((one) => one(extent)).filter(
    (one) => only.length === 0 || benchmarksOf(one).some((name) => only.includes(name)),
  );
}
