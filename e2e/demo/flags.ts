// The demo's flags. A wrong one stops it before anything is started.
import { parseArgs } from 'node:util';

export interface Flags {
  /** The cluster and the operator go on running afterwards. */
  readonly keep: boolean;
  /** No real API server, even where there could be one. */
  readonly inMemory: boolean;
}

export const USAGE = `Usage: npm run demo -- [--keep | --in-memory]

Starts a local Kubernetes cluster (a real API server, fake nodes) and the operator, applies examples/web.yaml and shows
its members while they start, are deleted, fail, and while their number changes. Checks all it shows: the exit code is 0
when everything was as promised, 1 when not, 2 for wrong use.

Where the programs of a cluster cannot be found, downloaded or built, the same scenes run on an API server in memory,
and the first line says so. With --keep, or with STATEFULAPP_REQUIRE_CLUSTER set, that is an error instead.

  --keep       leave the cluster and the operator running, and say how to use and how to end them
  --in-memory  use the API server in memory, a model: no programs, no network, all in one process
  -h, --help`;

/** Wrong use: the message is for the user. */
export class UsageError extends Error {}

const NOTHING_TO_KEEP =
  'There is nothing that --keep could leave running with --in-memory: its API server ends with the demo. Take one of them.';

/** Null when help was asked for. Throws a UsageError. */
export function readFlags(argv: readonly string[]): Flags | null {
  const { help, keep, 'in-memory': inMemory } = parse(argv);
  if (help) return null;
  if (keep && inMemory) throw new UsageError(NOTHING_TO_KEEP);
  return { keep, inMemory };
}

function parse(argv: readonly string[]) {
  const off = { type: 'boolean', default: false } as const;
  try {
    return parseArgs({ args: [...argv], options: { keep: off, 'in-memory': off, help: { ...off, short: 'h' } } })
      .values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
