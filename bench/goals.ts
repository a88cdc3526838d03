// The one place of every goal, by the figure it is for. Ratios are of medians. What they mean and where they come from:
// docs/performance/README.md.
import type { Extent } from './cases/case.ts';
import type { SideName } from './sides/side.ts';

export type Goal =
  /** Ours divided by the other's. */
  | { readonly kind: 'ratio'; readonly to: SideName; readonly atMost: number }
  /** The other's divided by ours. */
  | { readonly kind: 'faster'; readonly than: SideName; readonly atLeast: number }
  | { readonly kind: 'atMost'; readonly value: number }
  | { readonly kind: 'atLeast'; readonly value: number };

const ratio = (atMost: number): Goal => ({ kind: 'ratio', to: 'unthrottled', atMost });
const atMost = (value: number): Goal => ({ kind: 'atMost', value });
const atLeast = (value: number): Goal => ({ kind: 'atLeast', value });

export const GOALS: Readonly<Record<string, readonly Goal[]>> = {
  // F1, F2: not slowed, but for what the others cost the API server
  'broken.slower': [atMost(1.2)],
  'flapping.slower': [atMost(1.5)],
  // B1, B2
  'parallel.time': [ratio(1), { kind: 'faster', than: 'default', atLeast: 10 }],
  'ordered-50.time': [ratio(0.8)],
  'ordered-200.time': [ratio(0.8)],
  // B3
  'fleet.time': [ratio(0.7)],
  'fleet.fairness': [atMost(1.5)],
  // B4
  'replacement.created-p50': [ratio(1)],
  'replacement.created-p99': [ratio(1.2)],
  'replacement.ready-p50': [ratio(1)],
  'replacement.ready-p99': [ratio(1.2)],
  'replacement.status': [atMost(250)],
  // B5
  'parallel.writes': [atMost(2.2)],
  'ordered-50.writes': [atMost(2.6)],
  'ordered-200.writes': [atMost(2.6)],
  'fleet.writes': [atMost(3.4)],
  'replacement.writes': [atMost(3)],
  'no-op.writes': [atMost(0)],
  'parallel.conflicts': [atMost(1)],
  'ordered-50.conflicts': [atMost(1)],
  'ordered-200.conflicts': [atMost(1)],
  'fleet.conflicts': [atMost(1)],
  // B6, B7, B8
  'idle.writes': [atMost(0)],
  'idle.lists': [atMost(0)],
  'idle.cpu': [atMost(1)],
  'idle.rss': [atMost(250)],
  'restart.time': [atMost(4)],
  'restart.others': [atMost(0)],
  // B9
  'leader.term': [atMost(2)],
  'leader.kill': [atMost(17)],
  'leader.deposed': [atMost(0)],
  // B10
  'rolling.time': [ratio(1)],
  // B11
  'fleet.cpu': [atMost(8)],
  'fleet.cpu-api': [ratio(0.8)],
  // B12
  'ramp.pods': [atLeast(20_000)],
  'ramp.restart': [atMost(60)],
};

/** Goals that only mean something at full size. */
const FULL_SIZE = ['ramp.pods'];

export function goalsFor(extent: Extent): typeof GOALS {
  return Object.fromEntries(
    Object.entries(GOALS).filter(([figure]) => extent === 'full' || !FULL_SIZE.includes(figure)),
  );
}
