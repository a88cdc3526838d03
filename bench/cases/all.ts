// Every case there is, in the order in which they run: short ones first, last those that fill the cluster.

import { broken } from './broken.ts';
import type { Extent, SizedCase } from './case.ts';
import { flapping } from './flapping.ts';
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
  broken,
  flapping,
  leader,
  plateau,
  ramp,
];

const benchmarksOf = (one: SizedCase) => one.figures.map(({ benchmark }) => benchmark);

/** Benchmarks beside the peer (B), then behaviour of fleets (F), each by number. */
export function inOrder(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}

/** B1, B2 … F1 … in order. */
export function knownBenchmarks(): readonly string[] {
  const all = new Set(CASES.flatMap((one) => benchmarksOf(one('full'))));
  return [...all].sort(inOrder);
}

/** Those that give a figure of one of these benchmarks; all when none is named. */
export function casesFor(only: readonly string[], extent: Extent): readonly SizedCase[] {
  return CASES.map((one) => one(extent)).filter(
    (one) => only.length === 0 || benchmarksOf(one).some((name) => only.includes(name)),
  );
}
