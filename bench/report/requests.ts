// Which requests each side made for the same work, by verb and resource: the exact part of a report. Pure.
import { SIDES, type SideName } from '../sides/side.ts';
import { summarize } from './statistics.ts';
import { numberText } from './table.ts';

/** Of one run. */
export interface Requests {
  readonly case: string;
  readonly side: SideName;
  /** By so many replicas, or replacements, it is divided. */
  readonly per: number;
  readonly by: Readonly<Record<string, number>>;
}

/** A Markdown table for each case: medians of the runs, per replica. */
export function requestTables(all: readonly Requests[]): readonly string[] {
  const cases = [...new Set(all.map((one) => one.case))];
  return cases.flatMap((name) =>
    tableOf(
      name,
      all.filter((one) => one.case === name),
    ),
  );
}

function tableOf(name: string, runs: readonly Requests[]): readonly string[] {
  const sides = SIDES.filter((side) => runs.some((run) => run.side === side));
  const medianOf = (what: string, side: SideName) => {
    const values = runs.filter((run) => run.side === side).map(({ by, per }) => (by[what] ?? 0) / per);
    return summarize(values)?.median ?? 0;
  };
  const kinds = [...new Set(runs.flatMap(({ by }) => Object.keys(by)))]
    .map((what) => ({ what, values: sides.map((side) => medianOf(what, side)) }))
    .sort((a, b) => Math.max(...b.values) - Math.max(...a.values) || a.what.localeCompare(b.what));
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    line([`${name}, per replica`, ...sides]),
    line(['---', ...sides.map(() => '---')]),
    ...kinds.map(({ what, values }) => line([what, ...values.map((value) => (value === 0 ? '' : numberText(value)))])),
    '',
  ];
}
