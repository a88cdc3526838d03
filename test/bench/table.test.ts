// Rows as text: for the terminal, for Markdown, as pictures and as a page.
import { expect, test } from 'vitest';
import { plotOf } from '../../bench/report/plot.ts';
import { jsonOf, pageOf, plotsOf, type Report, warningsOf } from '../../bench/report/report.ts';
import { rowsOf, type Sample } from '../../bench/report/rows.ts';
import { cellsOf, markdownTable, numberText, terminalTable } from '../../bench/report/table.ts';

const FIGURES = [
  { benchmark: 'B1', id: 'time', what: '200 Parallel | ready & <well>', unit: 's' },
  { benchmark: 'B6', id: 'idle', what: 'writes', unit: '' },
];
const SAMPLES: readonly Sample[] = [
  { figure: 'time', side: 'ours', value: 1.4 },
  { figure: 'time', side: 'ours', value: 1.61 },
  { figure: 'time', side: 'ours', value: 1.482 },
  { figure: 'time', side: 'unthrottled', value: 1.5 },
  { figure: 'time', side: 'default', value: 19.42 },
  { figure: 'idle', side: 'ours', value: 0 },
];
const ROWS = rowsOf(FIGURES, SAMPLES, {
  time: [
    { kind: 'ratio', to: 'unthrottled', atMost: 1 },
    { kind: 'faster', than: 'default', atLeast: 20 },
  ],
  idle: [{ kind: 'atMost', value: 0 }],
});

test('a row in cells: median, range, ratio, each goal and whether it was met', () => {
  expect(ROWS.map(cellsOf)).toEqual([
    [
      'B1',
      '200 Parallel | ready & <well>',
      '1.48 s (1.40..1.61)',
      '1.50 s',
      '19.4 s',
      '0.99',
      '≤ 1x, ≥ 20x faster than default',
      'yes, NO (13.1x)',
    ],
    ['B6', 'writes', '0', '', '', '', '≤ 0', 'yes'],
  ]);
});

test.each([
  [0, '0'],
  [12_345, '12345'],
  [0.6789, '0.68'],
  [12.345, '12.3'],
  [123.45, '123'],
  [-0.5, '-0.50'],
])('%d is written as %s', (value, text) => {
  expect(numberText(value)).toBe(text);
});

test('columns of the terminal stand below each other', () => {
  const lines = terminalTable(ROWS).split('\n');
  const column = (line: string | undefined, text: string) => line?.indexOf(text);
  expect(lines).toHaveLength(3);
  expect(column(lines[1], '1.48')).toBe(column(lines[0], 'ours'));
  expect(column(lines[2], '≤ 0')).toBe(column(lines[0], 'goal'));
});

test('in Markdown a bar inside of a cell does not end it', () => {
  const lines = markdownTable(ROWS).split('\n');
  expect(lines).toHaveLength(4);
  expect(lines[2]).toContain('200 Parallel \\| ready');
  const marks = lines.map((line) => line.replaceAll('\\|', '').split('|').length);
  expect(new Set(marks).size).toBe(1);
});

test('a picture has a bar for each side, as long as its median, and is well-formed text', () => {
  const svg = plotOf('B1', ROWS) ?? '';
  const widths = [...svg.matchAll(/<rect [^>]*width="([\d.]+)"/g)].map(([, width]) => Number(width));
  expect(widths).toHaveLength(3);
  const [ours = 0, unthrottled = 0, slow = 0] = widths;
  expect(slow / unthrottled).toBeCloseTo(19.42 / 1.5, 1);
  expect(ours / unthrottled).toBeCloseTo(1.482 / 1.5, 1);
  expect(svg).toContain('200 Parallel | ready &amp; &lt;well>');
  expect(svg).not.toMatch(/NaN|Infinity|undefined/);
});

test('where nothing is compared there is no picture', () => {
  expect(plotOf('B6', ROWS.slice(1))).toBeUndefined();
});

const REPORT: Report = {
  date: '2026-11-23',
  commit: 'abc1234',
  extent: 'full',
  only: [],
  machine: { system: 'Linux x64', cpu: 'Some CPU', cores: 2, memoryGiB: 24, loadBefore: 0.1 },
  versions: { Kubernetes: 'v1.36.3' },
  rows: ROWS,
  samples: SAMPLES,
  requests: [{ case: 'parallel', side: 'ours', per: 2, by: { 'create pods': 2 } }],
  failures: [],
};

test('a page names date, commit, machine and versions, and its pictures', () => {
  const page = pageOf(REPORT, { guide: '../guide.md', plots: new Map([['B1', 'plots/B1.svg']]) });
  for (const part of [
    '2026-11-23',
    'abc1234',
    'Some CPU',
    'v1.36.3',
    '![B1](plots/B1.svg)',
    '](../guide.md)',
    markdownTable(ROWS),
  ])
    expect(page).toContain(part);
  expect([...plotsOf(REPORT).keys()]).toEqual(['B1']);
});

test.each<readonly [name: string, change: Partial<Report>, words: string]>([
  ['a quick run', { extent: 'quick' }, 'A quick run'],
  ['a part', { only: ['B1'] }, 'only B1'],
  ['a busy machine', { machine: { ...REPORT.machine, loadBefore: 12.3 } }, 'busy (load 12.3'],
  ['a failure', { failures: ['fleet, ours 1/5: it broke'] }, 'fleet, ours 1/5: it broke'],
])('a page says that it is of %s', (_name, change, words) => {
  expect(pageOf({ ...REPORT, ...change }, { guide: '', plots: new Map() })).toContain(words);
});

test('a whole run on an idle machine has no warnings', () => {
  expect(warningsOf(REPORT)).toEqual([]);
});

test('JSON has every sample', () => {
  expect(JSON.parse(jsonOf(REPORT)).samples).toEqual(SAMPLES);
});
