// Samples in brief. Lacks everything that needs more than a handful of samples: means, deviations, tests of significance.

export interface Summary {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly count: number;
}

/** Undefined when there are none. */
export function summarize(samples: readonly number[]): Summary | undefined {
  const sorted = [...samples].sort((a, b) => a - b);
  const [min] = sorted;
  const max = sorted.at(-1);
  if (min === undefined || max === undefined) return undefined;
  return { median: median(sorted), min, max, count: sorted.length };
}

function median(sorted: readonly number[]): number {
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? Number.NaN;
  return Number.isInteger(middle) ? ((sorted[middle - 1] ?? Number.NaN) + upper) / 2 : upper;
}

/** The smallest sample that at least this share of them does not exceed (nearest rank). NaN when there are none. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const rank = Math.max(1, Math.ceil((share / 100) * sorted.length));
  return sorted[rank - 1] ?? Number.NaN;
}

/** How much y grows with each x, by least squares. NaN for less than two points. */
export function slopeOf(points: readonly (readonly [x: number, y: number])[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanX, meanY] = [mean(points.map(([x]) => x)), mean(points.map(([, y]) => y))];
  const of = (product: (x: number, y: number) => number) =>
    points.reduce((sum, [x, y]) => sum + product(x - meanX, y - meanY), 0);
  return of((x, y) => x * y) / of((x) => x * x);
}
