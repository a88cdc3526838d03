// Whether a real API server can be had on this machine: all programs of the local cluster are looked for, downloaded or
// built before anything is started. Lacks every other reason why a cluster may not come up: that is an error.
import { findBinary } from '../cluster/binaries.ts';
import type { BinaryName } from '../cluster/catalog.ts';
import { COMPONENTS } from '../cluster/components.ts';

const NEEDED: readonly BinaryName[] = [...COMPONENTS, 'kubectl'];
const LONGEST = 200;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Why one of the programs cannot be had, in a clause; undefined when all are there. Rejects when a setting names a program
 * that is none: whoever set it wants to know.
 */
export async function lackOfPrograms(env: Environment, progress: (line: string) => void): Promise<string | undefined> {
  for (const name of NEEDED) {
    try {
      await findBinary(name, progress);
    } catch (error) {
      if (env[`STATEFULAPP_BIN_${name.toUpperCase().replaceAll('-', '_')}`]) throw error;
      return clauseOf(name, error instanceof Error ? error.message : String(error));
    }
  }
  return undefined;
}

/** The search lists what it tried, one line each. Of these: the two that go to the network and to the compiler, in brief. */
export function clauseOf(name: string, message: string): string {
  const lines = message.split('\n');
  const tried = lines.flatMap((line) => /^ {2}- (a (?:download|Go build).*)$/.exec(line)?.[1] ?? []);
  const brief = tried.map((way) => way.replace(/^a Go build \(.*/, 'a Go build failed'));
  const clause = `no ${name}; ${brief.length > 0 ? brief.join('; ') : lines[0]}`;
  return clause.length > LONGEST ? `${clause.slice(0, LONGEST - 1)}…` : clause;
}
