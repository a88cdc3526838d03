// npm run sim:mutants: is the net as tight as it looks? Each planted bug goes into a copy of its own, and seeds run there
// until a rule is broken. What is caught counts only if the same seed breaks nothing without the bug. Exit 1 when one
// survives, or can no longer be planted.

import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Planted } from './plant.ts';
import { PLANTED } from './planted.ts';
import { copyWith, huntIn } from './process.ts';
import { BROKE_DOWN, HANGS, type Told } from './told.ts';

const USAGE = `npm run sim:mutants -- [--only NAME]… [--seeds N] [--steps S] [--workers W]
  --only NAME     only this planted bug (may be given again)
  --seeds N       a bug has to be caught within so many seeds (1000)
  --steps S       interventions go on for S events (2000)
  --workers W     so many processes at a time (one a core)`;

interface Flags {
  readonly bugs: readonly Planted[];
  readonly seeds: number;
  readonly steps: number;
  readonly workers: number;
}

interface Outcome {
  readonly bug: Planted;
  /** Undefined: it survived, or could not be planted. */
  readonly told: Told | undefined;
  readonly trouble: string | undefined;
}

function readFlags(): Flags {
  const option = { type: 'string' } as const;
  const { values } = parseArgs({
    options: { only: { ...option, multiple: true }, seeds: option, steps: option, workers: option },
  });
  const unknown = (values.only ?? []).find((name) => !PLANTED.some((bug) => bug.name === name));
  if (unknown !== undefined) throw new Error(`no planted bug is called ${JSON.stringify(unknown)}`);
  return {
    bugs: PLANTED.filter(({ name }) => values.only === undefined || values.only.includes(name)),
    seeds: natural('seeds', values.seeds ?? '1000'),
    steps: natural('steps', values.steps ?? '2000'),
    workers: natural('workers', values.workers ?? String(availableParallelism())),
  };
}

function natural(name: string, text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new Error(`--${name}: ${JSON.stringify(text)} is no whole number above 0`);
}

/** Does `act` for each, so many at a time. */
async function inParallel<Item>(items: readonly Item[], workers: number, act: (item: Item) => Promise<void>) {
  const left = [...items];
  const work = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await act(item);
  };
  await Promise.all(Array.from({ length: Math.min(workers, items.length) }, work));
}

async function hunt(bug: Planted, folder: string, { seeds, steps }: Flags): Promise<Outcome> {
  const started = performance.now();
  try {
    copyWith(bug, folder);
    const [told] = await huntIn(folder, { from: 1, to: seeds, steps, goesOn: false });
    console.log(`${line(bug, told, seeds)}, ${((performance.now() - started) / 1000).toFixed(1)} s`);
    return { bug, told, trouble: told === undefined ? `survives ${seeds} seeds` : undefined };
  } catch (error) {
    const trouble = error instanceof Error ? error.message : String(error);
    console.log(`NOT RUN   ${bug.name}: ${trouble}`);
    return { bug, told: undefined, trouble };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function line({ name }: Planted, told: Told | undefined, seeds: number): string {
  if (told === undefined) return `SURVIVES  ${name}: ${seeds} seeds`;
  const why = told.rule === BROKE_DOWN || told.rule === HANGS ? ' (without the bug this seed runs to its end)' : '';
  return `caught    ${name}: ${told.rule} at seed ${told.seed}${why}: ${told.what.slice(0, 160)}`;
}

/** The seeds that break something without any bug, up to the last that a bug needed. */
async function control(folder: string, last: number, { steps, workers }: Flags): Promise<readonly Told[]> {
  copyWith(undefined, folder);
  const size = Math.ceil(last / workers);
  const starts = Array.from({ length: Math.ceil(last / size) }, (_, index) => index * size + 1);
  const broken: Told[] = [];
  await inParallel(starts, workers, async (from) => {
    const to = Math.min(last, from + size - 1);
    broken.push(...(await huntIn(folder, { from, to, steps, goesOn: true })));
  });
  return broken;
}

async function main(flags: Flags, folder: string): Promise<number> {
  const outcomes: Outcome[] = [];
  await inParallel([...flags.bugs.entries()], flags.workers, async ([index, bug]) => {
    outcomes.push(await hunt(bug, join(folder, String(index)), flags));
  });
  const last = Math.max(0, ...outcomes.map(({ told }) => told?.seed ?? 0));
  const broken = last === 0 ? [] : await control(join(folder, 'control'), last, flags);
  for (const { seed, rule, what } of broken)
    console.log(`CONTROL   without any bug seed ${seed} breaks ${rule}: ${what}`);
  const caught = outcomes.filter(({ told }) => told !== undefined && !broken.some(({ seed }) => seed === told.seed));
  const failed = outcomes.filter((outcome) => !caught.includes(outcome));
  for (const { bug, told, trouble } of failed)
    console.log(`NOT CAUGHT ${bug.name}: ${trouble ?? `seed ${told?.seed} breaks without it, too`}`);
  console.log(
    `${caught.length} of ${outcomes.length} planted bugs caught; without any, ${last} seeds break ${broken.length} rules`,
  );
  return failed.length > 0 || broken.length > 0 ? 1 : 0;
}

const folder = mkdtempSync(join(tmpdir(), 'sim-mutants-'));
let code = 2;
try {
  code = await main(readFlags(), folder);
} catch (error) {
  console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit(code);
