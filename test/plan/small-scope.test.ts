// Small scope, all of it: three ordinals in every state. Three products, each complete:
// 1. 12 states ^ 3 ordinals x replicas 0-3 x podManagementPolicy, and from 2 replicas on x podRecoveryPolicy = 17,280 cases;
// 2. who was complete once: 6 states ^ 3 x complete or not ^ 3 x replicas 2-3, under Ordered and Parallel recovery = 6,912;
// 3. the clock of minReadySeconds: 6 states ^ 3 x podManagementPolicy = 432.
// Left out: whoever recovers first among less than two.
// Each is judged by faultsOf (small-scope.ts) and by what its states alone say.

import { describe, expect, test } from 'vitest';
import { plan } from '../../src/plan/plan.ts';
import type { Plan } from '../../src/plan/types.ts';
import { type Case, caseOf, choices, combinations, faultsOf, isReady, seen } from './small-scope.ts';
import { frozen, see, world } from './world.ts';

const STATES = [
  ...['-', 'Stopped', 'Vanished 9s', 'Pending', 'NotReady', 'Ready 1s', 'Available', 'Failed', 'Terminating'],
  ...['Foreign', 'Orphan', 'Unlabelled'],
];
const FREE = ['-', 'Stopped'];
/** Nothing of ours runs there, nor waits to be known as ours. */
const CLEAR = [...FREE, 'Vanished 9s', 'Foreign'];
const LIVE = ['Available', 'Unlabelled'];

const POLICIES = ['OrderedReady', 'Parallel'] as const;
const base = { selector: { matchLabels: { app: 'web' } } };

const madeBy = ({ actions }: Plan) =>
  actions.filter((action) => action.type === 'createPod' || action.type === 'deletePod');

/** What is wrong with the plan for these states; nothing, if all is well. */
function faults(one: Case, states: readonly string[]): readonly string[] {
  const { spec } = one.app;
  if (spec === null) throw new Error('the spec is not understood');
  const observed = frozen(seen(one));
  const result = plan(observed);
  const converged = states.every((state, ordinal) => (ordinal < spec.replicas ? LIVE : CLEAR).includes(state));
  const made = madeBy(result);
  const unfair = made.filter(({ type, ordinal }) => {
    const state = states[ordinal] ?? '';
    return type === 'createPod' ? !FREE.includes(state) : CLEAR.includes(state) || state === 'Orphan';
  });
  const idle = result.actions.every(({ type }) => type === 'adoptPod');
  return [
    ...(converged && !(idle && result.waits.length === 0) ? ['converged, and there is something to do'] : []),
    ...(converged === isReady(result) ? [] : ['Ready is not what is so']),
    ...(!converged && result.waits.length === 0 ? ['not converged, and no wait says why'] : []),
    ...unfair.map(({ type, ordinal }) => `${type} in the place of ${ordinal}`),
    ...(spec.podManagementPolicy === 'OrderedReady' && spec.podRecoveryPolicy === 'Ordered' && made.length > 1
      ? ['two pods at once']
      : []),
    ...faultsOf(one, observed, result),
  ];
}

describe.each([
  ['OrderedReady', ['Ordered', 'Parallel']],
  ['Parallel', ['Ordered']],
] as const)('%s', (podManagementPolicy, recoveries) => {
  test.each([0, 1, 2, 3])('every state of three ordinals, of which %s are wanted', (replicas) => {
    let count = 0;
    const policies = replicas < 2 ? recoveries.slice(0, 1) : recoveries;
    for (const podRecoveryPolicy of policies) {
      const app = { ...base, minReadySeconds: 10, replicas, podManagementPolicy, podRecoveryPolicy };
      for (const states of choices(STATES, 3)) {
        const one = caseOf(
          { app },
          states.map((state) => ({ state })),
        );
        const found = faults(one, states);
        if (found.length > 0) expect.fail(`${podRecoveryPolicy}, ${states.join(', ')}: ${found.join('; ')}`);
        count += 1;
      }
    }
    expect(count).toBe(policies.length * 12 ** 3);
  });
});

/** Who may be made or replaced now, said anew: under Ordered nobody above the lowest member that is not available. */
function mayBeMade(states: readonly string[], complete: readonly boolean[], { parallel = false }): readonly number[] {
  const lowest = states.findIndex((state) => state !== 'Available');
  return states.flatMap((state, ordinal) => {
    const free = FREE.includes(state) || state === 'Failed';
    const turn = ordinal === lowest || (parallel && complete[ordinal] === true);
    return free && turn ? [ordinal] : [];
  });
}

test.each(['Ordered', 'Parallel'])('podRecoveryPolicy %s: whoever was complete once', (podRecoveryPolicy) => {
  const places = [
    ...combinations({
      state: ['Stopped', 'Pending', 'NotReady', 'Available', 'Failed', 'Terminating'],
      complete: [false, true],
    }),
  ];
  let count = 0;
  for (const replicas of [2, 3]) {
    const app = { ...base, replicas, podRecoveryPolicy };
    for (const chosen of choices(places, 3)) {
      const states = chosen.map(({ state }) => state);
      const one = caseOf(
        { app },
        chosen.map(({ state, complete }) => ({ state, ledger: { complete } })),
      );
      const result = plan(frozen(seen(one)));
      const wanted = mayBeMade(
        states.slice(0, replicas),
        chosen.map(({ complete }) => complete),
        { parallel: podRecoveryPolicy === 'Parallel' },
      );
      const filled = madeBy(result).flatMap(({ ordinal }) => (ordinal < replicas ? [ordinal] : []));
      const found = faults(one, states);
      if (found.length > 0) expect.fail(`${JSON.stringify(chosen)}: ${found.join('; ')}`);
      if (filled.join() !== wanted.join()) expect.fail(`${JSON.stringify(chosen)}: made ${filled}, and not ${wanted}`);
      count += 1;
    }
  }
  expect(count).toBe(2 * 12 ** 3);
});

test.each(POLICIES)('%s: a member is available to the second', (podManagementPolicy) => {
  let count = 0;
  const states = ['Stopped', 'NotReady', 'Available 0s', 'Available 9s', 'Available 10s', 'Available 11s'];
  const app = { ...base, replicas: 3, minReadySeconds: 10, podManagementPolicy };
  for (const chosen of choices(states, 3)) {
    const one = caseOf(
      { app },
      chosen.map((state) => ({ state })),
    );
    const observed = frozen(seen(one));
    const result = plan(observed);
    const converged = chosen.every((state) => state === 'Available 10s' || state === 'Available 11s');
    const found = faultsOf(one, observed, result);
    if (found.length > 0) expect.fail(`${chosen.join(', ')}: ${found.join('; ')}`);
    if (isReady(result) !== converged || converged !== (result.waits.length === 0))
      expect.fail(`${chosen.join(', ')}: is it Ready?`);
    count += 1;
  }
  expect(count).toBe(6 ** 3);
});

test('the parts put together are what is seen at once', () => {
  const app = { ...base, volumes: ['data'], replicas: 3 };
  const states = ['Vanished 9s', 'Available', 'Orphan'];
  const pods = states.map((state, ordinal) => `${ordinal} ${state}`).join(', ');
  const one = caseOf(
    { app },
    states.map((state) => ({ state, claims: { data: 'Plain' } })),
  );
  const claims = 'data-0 Plain, data-1 Plain, data-2 Plain';
  expect(seen(one)).toEqual(see(world({ app, pods, claims })));
});
