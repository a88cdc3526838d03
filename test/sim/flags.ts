// The command line of `npm run sim`.

import { parseArgs } from 'node:util';

export const USAGE = `npm run sim -- --seed N               one run, told line by line
npm run sim -- --seeds A..B           many runs, on all cores; the first failure is made smaller and told
  --steps S                           interventions go on for S events (2000)
  --workers W                         on so many cores
  --kept 3,17                         of one seed: only these interventions, as a smaller failing run prints them
  --chaos MS                          …and for so many milliseconds of its own time`;

export interface Flags {
  readonly from: number;
  readonly to: number;
  readonly steps: number;
  /** Undefined: as many as there are cores. */
  readonly workers: number | undefined;
  readonly only: { readonly kept: readonly number[]; readonly chaosMs: number } | undefined;
  /** One seed: it is told line by line. */
  readonly told: boolean;
}

export class UsageError extends Error {}

/** Throws a UsageError. */
export function readFlags(args: readonly string[]): Flags {
  let values: Readonly<Record<string, string | undefined>>;
  try {
    const option = { type: 'string' } as const;
    const options = { seed: option, seeds: option, steps: option, workers: option, kept: option, chaos: option };
    values = parseArgs({ args: [...args], options, strict: true }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
  const steps = values['steps'] === undefined ? 2000 : natural('steps', values['steps']);
  const workers = values['workers'] === undefined ? undefined : Math.max(1, natural('workers', values['workers']));
  if ((values['seed'] === undefined) === (values['seeds'] === undefined))
    throw new UsageError('give either --seed or --seeds');
  if (values['seeds'] !== undefined) {
    const [from, to] = values['seeds'].split('..').map((text) => natural('seeds', text));
    if (from === undefined || to === undefined || to < from) throw new UsageError('--seeds is A..B with A <= B');
    return { from, to, steps, workers, only: undefined, told: false };
  }
  const seed = natural('seed', values['seed'] ?? '');
  const { kept, chaos } = values;
  if ((kept === undefined) !== (chaos === undefined)) throw new UsageError('--kept and --chaos go together');
  const only =
    kept === undefined
      ? undefined
      : {
          kept: kept === '' ? [] : kept.split(',').map((text) => natural('kept', text)),
          chaosMs: natural('chaos', chaos ?? ''),
        };
  return { from: seed, to: seed, steps, workers, only, told: true };
}

function natural(name: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new UsageError(`--${name}: ${JSON.stringify(text)} is no whole number`);
  return Number(text);
}
