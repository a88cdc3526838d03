// Bad plans for the tests of checkPlan: a good one, with other actions or another status in its place.

import { checkPlan } from '../../src/plan/invariants.ts';
import type { Action, Observed, Plan } from '../../src/plan/types.ts';
import { type Given, planned, see, world } from './world.ts';

export const remove = (ordinal: number, more: object = {}): Action =>
  ({
    type: 'deletePod',
    ordinal,
    name: `web-${ordinal}`,
    uid: `web-${ordinal}-uid`,
    resourceVersion: '1',
    because: 'condemned',
    reason: 'test',
    ...more,
  }) as Action;

/** What is wrong with it then. */
export function breaches(given: Given, change: (plan: Plan, observed: Observed) => Partial<Plan>): readonly string[] {
  const observed = see(world(given));
  const good = planned(observed);
  return checkPlan(observed, { ...good, ...change(good, observed) });
}

export const doing = (given: Given, ...actions: readonly Action[]) => breaches(given, () => ({ actions }));
