// Where a report goes: files below docs/performance/.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { jsonOf, pageOf, plotsOf, type Report } from './report/report.ts';

const ROOT = join(import.meta.dirname, '..');
const FOLDER = join(ROOT, 'docs/performance');

/** The paths that were written, relative to the checkout. */
export function writeReport(report: Report): readonly string[] {
  const isWhole = report.extent === 'full' && report.only.length === 0;
  const folder = isWhole ? FOLDER : join(FOLDER, 'partial');
  mkdirSync(join(folder, 'plots'), { recursive: true });
  const plots = plotsOf(report);
  const paths = new Map([...plots.keys()].map((name) => [name, `plots/${name}.svg`] as const));
  const files = [
    ...[...plots].map(([name, svg]) => [paths.get(name) ?? '', svg] as const),
    ['results.json', jsonOf(report)] as const,
    ['results.md', pageOf(report, { guide: isWhole ? 'README.md' : '../README.md', plots: paths })] as const,
  ];
  for (const [name, content] of files) writeFileSync(join(folder, name), content);
  return files.map(([name]) => relative(ROOT, join(folder, name)));
}
