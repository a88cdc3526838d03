// The demo's flags. A wrong one stops it before anything is started.
import { parseArgs } from 'node:util';

export interface Flags {
  /** The cluster and the operator go on running afterwards. */
  readonly keep: boolean;
}

export const USAGE = `Usage: npm run demo -- [--keep]

Starts a local Kubernetes cluster (a real API server, fake nodes) and the operator, applies examples/web.yaml and shows
its members while they start, are deleted, fail, and while their number changes. Checks all it shows: the exit code is 0
when everything was as promised, 1 when not, 2 for wrong use.

  --keep      leave the cluster and the operator running, and say how to use and how to end them
  -h, --help`;

/** Wrong use: the message is for the user. */
export class UsageError extends Error {}

/** Null when help was asked for. Throws a UsageError. */
export function readFlags(argv: readonly string[]): Flags | null {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: { keep: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h', default: false } },
    });
    return values.help ? null : { keep: values.keep };
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
