// What is done to a run, and when: the n-th intervention of a seed is always the same, whatever became of the others, so
// that a failing run can be made smaller by leaving some out.

import { CLAIM_REQUESTS } from './chaos/claim-requests.ts';
import { FAULTS } from './chaos/faults.ts';
import { NEIGHBOURS } from './chaos/neighbours.ts';
import { PROCESSES } from './chaos/processes.ts';
import { RETENTION } from './chaos/retention.ts';
import { ROLLOUTS } from './chaos/rollouts.ts';
import { SABOTEUR } from './chaos/saboteur.ts';
import type { Intervention } from './chaos/stage.ts';
import { USERS } from './chaos/users.ts';
import { VOLUME_FAULTS } from './chaos/volumes.ts';
import { Random } from './random.ts';

const ALL: readonly Intervention[] = [
  ...USERS,
  ...ROLLOUTS,
  ...RETENTION,
  ...VOLUME_FAULTS,
  ...CLAIM_REQUESTS,
  ...SABOTEUR,
  ...NEIGHBOURS,
  ...FAULTS,
  ...PROCESSES,
];
const TOTAL = ALL.reduce((sum, { weight }) => sum + weight, 0);

export interface Entry {
  readonly intervention: Intervention;
  /** Milliseconds after the one before. */
  readonly gapMs: number;
  readonly random: Random;
}

export function entry(seed: number, index: number): Entry {
  const random = new Random(seed, `script ${index}`);
  // Bursts and rests: what happens close together is what goes wrong together.
  const gapMs = random.chance(0.4) ? random.delay(0, 1_500) : random.delay(500, 45_000);
  let left = random.next() * TOTAL;
  const intervention = ALL.find(({ weight }) => {
    left -= weight;
    return left < 0;
  });
  if (intervention === undefined) throw new Error('no intervention');
  return { intervention, gapMs, random };
}
