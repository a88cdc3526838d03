// npm run sim: runs of the simulator, one told line by line, or many with what they covered. A failing one is made smaller
// before it is told.

import { type Flags, readFlags, USAGE, UsageError } from './flags.ts';
import { type Finished, runSeeds } from './pool.ts';
import { type Result, run } from './run.ts';
import { shrink } from './shrink.ts';

const LAST_LINES = 120;

async function tell({ from, steps, only }: Flags): Promise<number> {
  const result = await run({ seed: from, steps, only, trace: console.log });
  console.log(`\nseed ${from}: ${result.steps} steps, hash ${result.hash}`);
  if (result.violation === undefined) return 0;
  console.log(`BROKEN ${result.violation.rule}: ${result.violation.what}`);
  return 1;
}

async function many({ from, to, steps, workers }: Flags): Promise<number> {
  const started = performance.now();
  const coverage = new Map<string, number>();
  const broken: Finished[] = [];
  let seeds = 0;
  let total = 0;
  let told = started;
  const seconds = () => (performance.now() - started) / 1000;
  await runSeeds({
    from,
    to,
    steps,
    workers,
    finished: (result) => {
      if ('crashed' in result || result.violation !== undefined) broken.push(result);
      if (!('crashed' in result)) {
        seeds += 1;
        total += result.steps;
        for (const [key, count] of result.coverage) coverage.set(key, (coverage.get(key) ?? 0) + count);
      }
      if (performance.now() - told > 10_000) {
        told = performance.now();
        console.log(`${seeds} of ${to - from + 1} seeds, ${total} steps, ${(seeds / seconds()).toFixed(1)} seeds/s`);
      }
      return broken.length === 0;
    },
  });
  for (const line of coverageTable(coverage)) console.log(line);
  console.log(
    `${seeds} seeds, ${total} steps in ${seconds().toFixed(1)} s: ${(seeds / seconds()).toFixed(1)} seeds/s, ${Math.round(total / seconds())} steps/s`,
  );
  const first = broken.toSorted((a, b) => a.seed - b.seed)[0];
  if (first === undefined) {
    console.log('no rule was broken');
    return 0;
  }
  if ('crashed' in first) {
    console.log(`seed ${first.seed} broke down: ${first.crashed}`);
    return 1;
  }
  await smaller(first, steps);
  return 1;
}

/** One line a fault: how often it happened during each workflow. */
function coverageTable(coverage: ReadonlyMap<string, number>): readonly string[] {
  const faults = new Map<string, [string, number][]>();
  for (const [key, count] of coverage) {
    const [fault = '', workflow = ''] = key.split(' x ');
    faults.set(fault, [...(faults.get(fault) ?? []), [workflow, count]]);
  }
  const sorted = [...faults].sort(([a], [b]) => (a < b ? -1 : 1));
  const told = (workflows: readonly [string, number][]) =>
    workflows.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([workflow, count]) => `${workflow} ${count}`);
  return [
    `${coverage.size} pairs of fault and workflow:`,
    ...sorted.map(([fault, workflows]) => `  ${fault.padEnd(20)} ${told(workflows).join(', ')}`),
  ];
}

async function smaller({ seed, violation, script, chaosMs }: Result, steps: number): Promise<void> {
  console.log(`\nseed ${seed} breaks ${violation?.rule}: ${violation?.what}\nmaking it smaller …`);
  const all = script.flatMap((did, index) => (did === undefined ? [] : [index]));
  const fails = async (kept: readonly number[]) =>
    (await run({ seed, steps, only: { kept, chaosMs } })).violation?.rule === violation?.rule;
  const kept = (await fails(all)) ? await shrink(all, fails) : all;
  const lines: string[] = [];
  const last = await run({ seed, steps, only: { kept, chaosMs }, trace: (line) => lines.push(line) });
  // What comes long before the break is found by the command below.
  for (const line of lines.slice(-LAST_LINES)) console.log(line);
  console.log(`\nBROKEN ${last.violation?.rule}: ${last.violation?.what}`);
  console.log(`It takes: ${kept.map((index) => script[index]).join('; ')}`);
  console.log(`Again: npm run sim -- --seed ${seed} --kept ${kept.join(',')} --chaos ${chaosMs}`);
}

try {
  const flags = readFlags(process.argv.slice(2));
  process.exit(await (flags.told ? tell(flags) : many(flags)));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`${error.message}\n\n${USAGE}`);
  process.exit(2);
}
