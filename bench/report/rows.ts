// From samples to rows: medians, ratios, and whether each goal was met. Pure: tables, pages and JSON are made from these.
import type { Figure } from '../cases/case.ts';
import type { Goal } from '../goals.ts';
import type { SideName } from '../sides/side.ts';
import { type Summary, summarize } from './statistics.ts';

export interface Sample {
  readonly figure: string;
  readonly side: SideName;
  readonly value: number;
}

export interface Verdict {
  readonly goal: Goal;
  readonly text: string;
  /** What is compared with the goal; undefined where a side gave no figure. */
  readonly value: number | undefined;
  readonly isMet: boolean | undefined;
}

export interface Row {
  readonly figure: Figure;
  readonly sides: Readonly<Partial<Record<SideName, Summary>>>;
  /** Ours divided by the peer without its limit; undefined where one of them has no figure, or none but zero. */
  readonly ratio: number | undefined;
  readonly verdicts: readonly Verdict[];
}

export function rowsOf(
  figures: readonly Figure[],
  samples: readonly Sample[],
  goals: Readonly<Record<string, readonly Goal[]>>,
): readonly Row[] {
  return figures.map((figure) => {
    const mine = samples.filter((sample) => sample.figure === figure.id);
    const of = (side: SideName) => summarize(mine.filter((sample) => sample.side === side).map(({ value }) => value));
    const sides = present({ ours: of('ours'), unthrottled: of('unthrottled'), default: of('default') });
    const verdicts = (goals[figure.id] ?? []).map((goal) => verdictOf(goal, sides));
    return { figure, sides, ratio: quotient(sides.ours, sides.unthrottled), verdicts };
  });
}

function present(all: Readonly<Record<SideName, Summary | undefined>>): Row['sides'] {
  return Object.fromEntries(Object.entries(all).filter(([, summary]) => summary !== undefined));
}

function quotient(a: Summary | undefined, b: Summary | undefined): number | undefined {
  if (a === undefined || b === undefined || b.median === 0) return undefined;
  return a.median / b.median;
}

function verdictOf(goal: Goal, sides: Row['sides']): Verdict {
  const ours = sides.ours;
  switch (goal.kind) {
    case 'ratio':
      return judged(goal, `≤ ${goal.atMost}x`, { value: quotient(ours, sides[goal.to]), most: goal.atMost });
    case 'faster': {
      const text = `≥ ${goal.atLeast}x faster than ${goal.than}`;
      return judged(goal, text, { value: quotient(sides[goal.than], ours), least: goal.atLeast });
    }
    case 'atMost':
      return judged(goal, `≤ ${goal.value}`, { value: ours?.median, most: goal.value });
    case 'atLeast':
      return judged(goal, `≥ ${goal.value}`, { value: ours?.median, least: goal.value });
    default:
      return goal satisfies never;
  }
}

interface Bounds {
  readonly value: number | undefined;
  readonly most?: number;
  readonly least?: number;
}

function judged(goal: Goal, text: string, { value, most = Number.POSITIVE_INFINITY, least = 0 }: Bounds): Verdict {
  return { goal, text, value, isMet: value === undefined ? undefined : value <= most && value >= least };
}
