// What is done to a run, and when: the n-th intervention of a seed is always the same, whatever became of the others, so
// that a failing run can be made smaller by leaving some out.

import { FAULTS, HARSH_FAULTS } from './chaos/faults.ts';
import { HARSH_SABOTEUR, SABOTEUR } from './chaos/saboteur.ts';
import type { Intervention } from './chaos/stage.ts';
import { USERS } from './chaos/users.ts';
import { Random } from './random.ts';

const ALL: readonly Intervention[] = [...USERS, ...SABOTEUR, ...FAULTS];
/** With what is not yet survived in every run. */
const HARSH: readonly Intervention[] = [...ALL, ...HARSH_SABOTEUR, ...HARSH_FAULTS];

const totalOf = (all: readonly Intervention[]) => all.reduce((sum, { weight }) => sum + weight, 0);

export interface Entry {
  readonly intervention: Intervention;
  /** Milliseconds after the one before. */
  readonly gapMs: number;
  readonly random: Random;
}

export function entry(seed: number, index: number, harsh: boolean): Entry {
  const all = harsh ? HARSH : ALL;
  const random = new Random(seed, `script ${index}`);
  // Bursts and rests: what happens close together is what goes wrong together.
  const gapMs = random.chance(0.4) ? random.delay(0, 1_500) : random.delay(500, 45_000);
  let left = random.next() * totalOf(all);
  const intervention = all.find(({ weight }) => {
    left -= weight;
    return left < 0;
  });
  if (intervention === undefined) throw new Error('no intervention');
  return { intervention, gapMs, random };
}
