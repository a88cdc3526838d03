// One run of benchmarks: turns one after another on one cluster, samples gathered, a failure of one turn noted while the others
// go on.
import { inOrder } from './cases/all.ts';
import type { SizedCase } from './cases/case.ts';
import type { Flags } from './flags.ts';
import { goalsFor } from './goals.ts';
import { commit, machine, versions } from './machine.ts';
import type { Report } from './report/report.ts';
import type { Requests } from './report/requests.ts';
import { rowsOf, type Sample } from './report/rows.ts';
import { withRun } from './run.ts';
import { schedule, type Turn } from './schedule.ts';
import { OURS } from './sides/ours.ts';
import { DEFAULT, UNTHROTTLED } from './sides/peer.ts';
import type { Site } from './site.ts';

export const ALL_SIDES = { ours: OURS, unthrottled: UNTHROTTLED, default: DEFAULT };

export interface Bench {
  readonly flags: Flags;
  /** Those that were asked for. */
  readonly cases: readonly SizedCase[];
  readonly progress: (line: string) => void;
  readonly signal: AbortSignal;
}

/** The machine is looked at before anything is started. */
export async function runBench({ flags, cases, progress, signal }: Bench, open: () => Promise<Site>): Promise<Report> {
  const before = { machine: machine(), date: new Date().toISOString().slice(0, 10), commit: await commit() };
  const site = await open();
  const samples: Sample[] = [];
  const requests: Requests[] = [];
  const failures: string[] = [];
  const turns = schedule(cases, flags.repeats);
  for (const [index, turn] of turns.entries()) {
    signal.throwIfAborted();
    const name = `${turn.case.name}, ${turn.side} ${turn.round}/${turn.rounds}`;
    const say = (line: string) => progress(`[${index + 1}/${turns.length}] ${name}: ${line}`);
    try {
      const taken = await take(site, turn, { namespace: `bench-${index + 1}`, say });
      samples.push(...taken.samples);
      requests.push(...taken.requests);
    } catch (error) {
      signal.throwIfAborted();
      const text = error instanceof Error ? error.message : String(error);
      say(text);
      // Pages are published: no logs, and no paths of this machine.
      failures.push(`${name}: ${text.replaceAll(site.cluster.dir, '…').split('\n')[0]}`);
    }
  }
  const figures = cases.flatMap((one) => one.figures).sort((a, b) => inOrder(a.benchmark, b.benchmark));
  const rows = rowsOf(figures, samples, goalsFor(flags.extent));
  return {
    ...before,
    extent: flags.extent,
    only: flags.only,
    versions: versions(),
    rows,
    samples,
    requests,
    failures,
  };
}

interface Attempt {
  readonly namespace: string;
  readonly say: (line: string) => void;
}

type Taken = Pick<Report, 'samples' | 'requests'>;

async function take(site: Site, turn: Turn, { namespace, say }: Attempt): Promise<Taken> {
  const { case: one, side } = turn;
  say('…');
  const { isWarm, bindsClaims } = one;
  const options = { site, side: ALL_SIDES[side], namespace, say, isWarm, bindsClaims };
  return withRun(options, async (run) => {
    const results = Object.entries(await one.run(run));
    return {
      samples: results.map(([figure, value]) => ({ figure, side, value })),
      requests: run.requests.map((requests) => ({ case: one.name, side, ...requests })),
    };
  });
}
