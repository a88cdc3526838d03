// The flags of npm run bench. A wrong one stops it before anything is started, with a sentence that says what there is.
import { parseArgs } from 'node:util';
import type { Extent } from './cases/case.ts';

export interface Flags {
  readonly extent: Extent;
  /** Benchmarks and cases; all when empty. */
  readonly only: readonly string[];
  /** So many runs of each side instead of the case's own number. */
  readonly repeats: number | undefined;
  readonly write: boolean;
  readonly profile: boolean;
  /** Minutes of churn instead of benchmarks. */
  readonly churn: number | undefined;
}

export const USAGE = `Usage: npm run bench -- [--only B1,B4] [--quick] [--repeats N] [--write] [--profile] | --churn MINUTES

Starts a local cluster with fake nodes, runs this operator and Kubernetes' own StatefulSet controller in turns, and prints what
each took: times from watch events, requests from the audit log, processor time and memory from /proc.

  --only LIST   these benchmarks or cases, separated by commas; what there is: see below (default: all)
  --quick       small sizes and few repeats: a few minutes
  --repeats N   N runs of each side that takes part, 1 to 50 (default: each benchmark's own number)
  --write       write JSON, page and plots: into docs/performance/, or docs/performance/partial/ with --quick or
                --only. A full run (neither of these) always does
  --profile     CPU profiles and heap snapshots of the operator, in dist/bench-profiles/. Figures are slower with it
  --churn M     no benchmark: apps come, change and go for M minutes (up to 600); then what the operator's memory,
                sockets and objects came to. Goes with --profile alone
  -h, --help`;

/** Wrong use: the message is for the user. */
export class UsageError extends Error {}

/** Null when help was asked for. `known`: the benchmarks and cases there are. */
export function readFlags(argv: readonly string[], known: readonly string[]): Flags | null {
  const { help, quick, only, repeats, write, profile, churn } = parse(argv);
  if (help) return null;
  if (churn !== undefined && (quick || write || only !== undefined || repeats !== undefined))
    throw new UsageError('--churn is no benchmark: it goes with --profile alone.');
  const asked = only === undefined ? [] : among(only, known);
  return {
    extent: quick ? 'quick' : 'full',
    only: asked,
    repeats: whole('repeats', repeats, 50),
    write: write || (!quick && asked.length === 0),
    profile,
    churn: whole('churn', churn, 600),
  };
}

function parse(argv: readonly string[]) {
  const off = { type: 'boolean', default: false } as const;
  const text = { type: 'string' } as const;
  const options = {
    help: { ...off, short: 'h' },
    quick: off,
    only: text,
    repeats: text,
    churn: text,
    write: off,
    profile: off,
  } as const;
  try {
    return parseArgs({ args: [...argv], options }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function among(list: string, known: readonly string[]): readonly string[] {
  const names = list.split(',').map((name) => name.trim().toLowerCase());
  const wrong = names.find((name) => !known.some((one) => one.toLowerCase() === name));
  if (wrong === undefined) return known.filter((name) => names.includes(name.toLowerCase()));
  throw new UsageError(`--only takes names separated by commas, got '${wrong}'. There are ${known.join(', ')}.`);
}

function whole(flag: string, text: string | undefined, most: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new UsageError(`--${flag} takes a whole number from 1 to ${most}, got '${text}'.`);
}
