// A second crash while the first one is recovered from: a sample, drawn from a seed, of all pairs of places.

import { Random } from '../../sim/random.ts';
import { at, atNth, type Baseline } from './enumeration.ts';
import { POINTS } from './instance.ts';
import type { Pool } from './pool.ts';
import { ambushed, type Ground, type Plan, perform } from './run.ts';

export interface Sample {
  /** Runs in which both crashes came about. */
  readonly pairs: number;
  readonly runs: number;
  readonly faults: readonly string[];
}

/** After some first crashes little is left to be done, and no second one comes about: then others are drawn, up to a limit. */
export async function crashTwice(
  ground: Ground,
  pool: Pool,
  drawn: { readonly baselines: readonly Baseline[]; readonly seed: number; readonly pairs: number },
): Promise<Sample> {
  const random = new Random(drawn.seed, 'pairs of crashes');
  const baselines = drawn.baselines.filter(({ cuts }) => cuts.length > 0);
  const faults: string[] = [];
  let pairs = 0;
  let runs = 0;
  while (pairs < drawn.pairs && runs < 3 * drawn.pairs) {
    const batch = Array.from({ length: drawn.pairs - pairs }, () => draw(random, baselines));
    runs += batch.length;
    await Promise.all(
      batch.map(async ({ plan, where }) => {
        const run = await pool.run(() => perform(ground, plan));
        if (run.crashes === 2) pairs += 1;
        faults.push(...run.faults.map((fault) => `${where}: ${fault}`));
      }),
    );
  }
  return { pairs, runs, faults };
}

function draw(random: Random, baselines: readonly Baseline[]): { readonly plan: Plan; readonly where: string } {
  const { workflow, state, cuts } = random.pick(baselines);
  const cut = random.pick(cuts);
  const nth = random.between(1, 3);
  const [first, second] = [random.pick(POINTS), random.pick(POINTS)];
  return {
    plan: { workflow, ends: [ambushed(() => at(cut, first)), ambushed(() => atNth(nth, second))], expected: state },
    where: `${workflow.name}; crash at ${cut.words} (no. ${cut.nth}), ${first}, then at write ${nth} of the next life, ${second}`,
  };
}
