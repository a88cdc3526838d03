// Rows as text: for the terminal and, with other marks, for Markdown. Pure.
import type { SideName } from '../sides/side.ts';
import type { Row, Verdict } from './rows.ts';
import type { Summary } from './statistics.ts';

export const HEADS = ['', 'figure', 'ours', 'peer, no limit', 'peer, default', 'ratio', 'goal', 'met'] as const;

/** One line of cells for each row. */
export function cellsOf(row: Row): readonly string[] {
  const { figure, sides, ratio, verdicts } = row;
  const cell = (side: SideName) => summaryText(sides[side], figure.unit);
  return [
    figure.benchmark,
    figure.what,
    cell('ours'),
    cell('unthrottled'),
    cell('default'),
    ratio === undefined ? '' : ratio.toFixed(2),
    verdicts.map(({ text }) => text).join(', '),
    verdicts.map(metText).join(', '),
  ];
}

function metText({ goal, isMet, value = 0 }: Verdict): string {
  if (isMet === undefined) return '?';
  const word = isMet ? 'yes' : 'NO';
  return goal.kind === 'faster' ? `${word} (${value.toFixed(1)}x)` : word;
}

/** The median, and the range where there is one: "1.48 s (1.40..1.61)". */
export function summaryText(summary: Summary | undefined, unit: string): string {
  if (summary === undefined) return '';
  const { median, min, max, count } = summary;
  const value = `${numberText(median)}${unit === '' ? '' : ` ${unit}`}`;
  return count === 1 || min === max ? value : `${value} (${numberText(min)}..${numberText(max)})`;
}

/** Three significant digits, and all digits of whole numbers. */
export function numberText(value: number): string {
  if (Number.isInteger(value)) return String(value);
  if (Math.abs(value) >= 100) return value.toFixed(0);
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}

/** Columns as wide as what is in them. */
export function terminalTable(rows: readonly Row[]): string {
  const lines = [HEADS, ...rows.map(cellsOf)];
  const widths = HEADS.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

export function markdownTable(rows: readonly Row[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const escaped = (row: Row) => cellsOf(row).map((cell) => cell.replaceAll('|', '\\|'));
  return [line(HEADS), line(HEADS.map(() => '---')), ...rows.map((row) => line(escaped(row)))].join('\n');
}
