// A whole run as data, as JSON and as a page. Pure; whoever runs it writes the files.

import { plotOf } from './plot.ts';
import { type Requests, requestTables } from './requests.ts';
import type { Row, Sample } from './rows.ts';
import { markdownTable } from './table.ts';

export interface Machine {
  readonly system: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  /** Processes that wanted to run in the minute before the start: over 0.5 on an otherwise idle machine means others were at work. */
  readonly loadBefore: number;
}

export interface Report {
  readonly date: string;
  readonly commit: string;
  readonly extent: 'full' | 'quick';
  /** Benchmarks that were asked for; all when empty. */
  readonly only: readonly string[];
  readonly machine: Machine;
  /** Program -> version. */
  readonly versions: Readonly<Record<string, string>>;
  readonly rows: readonly Row[];
  readonly samples: readonly Sample[];
  /** By verb and resource, of each run that has work. */
  readonly requests: readonly Requests[];
  /** What could not be run, and why. */
  readonly failures: readonly string[];
}

export const BUSY_LOAD = 0.5;

export function jsonOf(report: Report): string {
  return `${JSON.stringify(report, null, 2)}\n`;
}

/** Benchmark -> picture, of those with something to compare. */
export function plotsOf({ rows }: Report): ReadonlyMap<string, string> {
  const names = [...new Set(rows.map(({ figure }) => figure.benchmark))];
  const plots = names.map((name) => {
    const mine = rows.filter(({ figure }) => figure.benchmark === name);
    return [name, plotOf(name, mine)] as const;
  });
  return new Map(plots.flatMap(([name, svg]) => (svg === undefined ? [] : [[name, svg] as const])));
}

export interface Links {
  /** What the figures mean. */
  readonly guide: string;
  /** Benchmark -> its picture. */
  readonly plots: ReadonlyMap<string, string>;
}

/** Links are relative to the page. */
export function pageOf(report: Report, { guide, plots }: Links): string {
  const { date, commit, machine, versions, rows, requests, failures } = report;
  const used = Object.entries(versions).map(([program, version]) => `${program} ${version}`);
  return [
    '# Benchmarks beside the StatefulSet controller',
    '',
    '<!-- Written by `npm run bench`; changes by hand are overwritten. -->',
    ...warningsOf(report).flatMap((line) => [`**${line}**`, '']),
    `${date}, commit ${commit}. ${machine.cores} cores of ${machine.cpu}, ${machine.memoryGiB} GiB, ${machine.system}; load before the start ${machine.loadBefore.toFixed(1)}.`,
    `${used.join(', ')}.`,
    '',
    'Median (least..most) of the runs; the ratio is ours divided by the peer without its limit of requests. What each figure means:',
    `[README.md](${guide}).`,
    '',
    markdownTable(rows),
    '',
    ...(requests.length === 0 ? [] : ['## Requests', '', ...requestTables(requests)]),
    ...(failures.length === 0 ? [] : ['## Not run', '', ...failures.map((line) => `- ${line}`), '']),
    ...(plots.size === 0 ? [] : ['## Plots', '']),
    ...[...plots].flatMap(([name, path]) => [`![${name}](${path})`, '']),
  ].join('\n');
}

/** What keeps these figures from being what the full run on an idle machine would give. */
type Circumstances = Pick<Report, 'extent' | 'only' | 'machine'>;

export function warningsOf({ extent, only, machine }: Circumstances): readonly string[] {
  return [
    ...(extent === 'quick'
      ? ['A quick run: small sizes, few repeats. It shows that the benchmarks work, and orders of magnitude.']
      : []),
    ...(only.length > 0 ? [`A part: only ${only.join(', ')}.`] : []),
    ...(machine.loadBefore > BUSY_LOAD
      ? [
          `The machine was busy (load ${machine.loadBefore.toFixed(1)} before the start): times say little; requests are counted and exact.`,
        ]
      : []),
  ];
}
