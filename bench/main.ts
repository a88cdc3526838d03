// npm run bench: this operator beside the StatefulSet controller, measured (flags.ts says how). Only the frame is here: signals, exit
// codes, what goes where. Whatever was started is ended, on ^C too; when the benchmark is killed, the cluster's watchdog does it.
import { mkdirSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { Screen } from '../e2e/demo/screen.ts';
import { runBench } from './bench.ts';
import { casesFor, known } from './cases/all.ts';
import { churn } from './churn.ts';
import { type Flags, readFlags, USAGE, UsageError } from './flags.ts';
import { writeReport } from './output.ts';
import { warningsOf } from './report/report.ts';
import { terminalTable } from './report/table.ts';
import { endChildren } from './sides/child.ts';
import { openSite, type Site } from './site.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const PROFILES = join(import.meta.dirname, '../dist/bench-profiles');

async function run(flags: Flags): Promise<number> {
  const screen = new Screen(process.stdout, process.env);
  const stop = new AbortController();
  const opened: Site[] = [];
  const progress = (line: string) => screen.progress(line);
  if (flags.profile) mkdirSync(PROFILES, { recursive: true });
  const open = async () => {
    const site = await openSite(progress, {
      collectsGarbage: flags.churn !== undefined,
      ...(flags.profile ? { profiles: PROFILES } : {}),
    });
    opened.push(site);
    stop.signal.throwIfAborted();
    return site;
  };
  const perform = async (): Promise<boolean> => {
    if (flags.churn !== undefined) {
      const found = await churn(await open(), { minutes: flags.churn, progress, signal: stop.signal });
      for (const line of found) screen.line(line);
      return true;
    }
    const cases = casesFor(flags.only, flags.extent);
    const report = await runBench({ flags, cases, progress, signal: stop.signal }, open);
    screen.line(`\n${terminalTable(report.rows)}\n`);
    for (const line of [...warningsOf(report), ...report.failures.map((failure) => `✗ ${failure}`)]) screen.line(line);
    if (flags.write) screen.line(`Written: ${writeReport(report).join(', ')}`);
    if (flags.profile)
      screen.line('Profiles: dist/bench-profiles/ (open .cpuprofile and .heapsnapshot in the DevTools of a browser)');
    return report.failures.length === 0;
  };
  let isGood = false;
  try {
    isGood = await Promise.race([perform(), interruption(stop)]);
  } catch (error) {
    screen.line(stop.signal.aborted ? `\n${stop.signal.reason}: ending what was started …` : `\n${text(error)}`);
  }
  screen.close();
  const endedWell = await endAll(opened);
  if (stop.signal.aborted) return 128 + constants.signals[stop.signal.reason as (typeof SIGNALS)[number]];
  return isGood && endedWell ? 0 : 1;
}

async function endAll(sites: readonly Site[]): Promise<boolean> {
  await endChildren();
  const ends = await Promise.allSettled(sites.map((site) => site.end()));
  for (const end of ends) if (end.status === 'rejected') console.error(`✗ ${text(end.reason)}`);
  return ends.every(({ status }) => status === 'fulfilled');
}

/** Rejects at the first signal; the ones after it change nothing, since ending takes but a moment. */
function interruption(stop: AbortController): Promise<never> {
  return new Promise((_resolve, reject) => {
    const interrupt = (name: string) => {
      stop.abort(name);
      reject(new Error(name));
    };
    for (const name of SIGNALS) process.on(name, interrupt);
    process.stdout.on('error', () => interrupt('SIGHUP')); // nobody reads any more
  });
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

try {
  const { benchmarks, cases } = known();
  const flags = readFlags(process.argv.slice(2), [...benchmarks, ...cases]);
  if (flags === null) console.log(`${USAGE}\n\nBenchmarks: ${benchmarks.join(', ')}\nCases: ${cases.join(', ')}`);
  else process.exit(await run(flags));
} catch (error) {
  console.error(error instanceof UsageError ? `${text(error)}\n\n${USAGE}` : text(error));
  process.exit(error instanceof UsageError ? 2 : 1);
}
