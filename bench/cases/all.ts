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

/** What may be asked for: benchmarks (B1, B2 … F1 …), and cases by name, which is part of what some benchmarks show. */
export function known(): { readonly benchmarks: readonly string[]; readonly cases: readonly string[] } {
  const all = CASES.map((one) => one('full'));
  return { benchmarks: [...new Set(all.flatMap(benchmarksOf))].sort(inOrder), cases: all.map(({ name }) => name) };
}

/** The cases that give what was asked for, each with just those figures; all when nothing was. */
export function casesFor(only: readonly string[], extent: Extent): readonly SizedCase[] {
  const isAsked = (one: SizedCase, benchmark: string) =>
    only.length === 0 || only.includes(one.name) || only.includes(benchmark);
  return CASES.map((one) => one(extent))
    .map((one) => ({ ...one, figures: one.figures.filter(({ benchmark }) => isAsked(one, benchmark)) }))
    .filter(({ figures }) => figures.length > 0);
}
