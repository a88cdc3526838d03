// Small scope, all of it: three ordinals in every state, under each policy, for every number of replicas. Each plan is
// held against the invariants, made twice, and fed its own status.

import { describe, expect, test } from 'vitest';
import { checkPlan } from '../../src/plan/invariants.ts';
import { plan } from '../../src/plan/plan.ts';
import type { Observed, Plan } from '../../src/plan/types.ts';
import { frozen, see, world } from './world.ts';

const STATES = [
  ...['-', 'Stopped', 'Vanished 9s', 'Pending', 'NotReady', 'Ready 1s', 'Available', 'Failed', 'Terminating'],
  ...['Foreign', 'Orphan', 'Unlabelled'],
];
const FREE = ['-', 'Stopped'];
/** Nothing of ours runs there, nor waits to be known as ours. */
const CLEAR = [...FREE, 'Vanished 9s', 'Foreign'];
const LIVE = ['Available', 'Unlabelled'];

const base = { minReadySeconds: 10, selector: { matchLabels: { app: 'web' } } };
const alone = new Map(
  STATES.flatMap((state) =>
    [0, 1, 2].map((ordinal) => [`${ordinal} ${state}`, frozen(see(world({ app: base, pods: `${ordinal} ${state}` })))]),
  ),
);

/** As `see(world(…))` of all three, put together from what each is alone: ten times as fast. */
function together(app: Observed['app'], states: readonly string[]): Observed {
  const parts = states.map((state, ordinal) => alone.get(`${ordinal} ${state}`)).filter((part) => part !== undefined);
  const [first] = parts;
  if (first === undefined) throw new Error('no states');
  const members = parts.flatMap((part) => part.app.status.members ?? []);
  return {
    ...first,
    pods: parts.flatMap(({ pods }) => pods),
    endings: parts.flatMap(({ endings }) => endings),
    app: { ...app, status: { ...app.status, members } },
  };
}

const isReady = ({ status }: Plan) => status.conditions?.find(({ type }) => type === 'Ready')?.status === 'True';

/** What is wrong with the plan for these states; nothing, if all is well. */
function faults(app: Observed['app'], states: readonly string[], replicas: number): readonly string[] {
  const observed = frozen(together(app, states));
  const result = plan(observed);
  const text = JSON.stringify(result);
  const fed = plan({ ...observed, app: { ...observed.app, status: JSON.parse(JSON.stringify(result.status)) } });
  const converged = states.every((state, ordinal) => (ordinal < replicas ? LIVE : CLEAR).includes(state));
  const made = result.actions.filter((action) => action.type === 'createPod' || action.type === 'deletePod');
  const unfair = made.filter(({ type, ordinal }) => {
    const state = states[ordinal] ?? '';
    return type === 'createPod' ? !FREE.includes(state) : CLEAR.includes(state) || state === 'Orphan';
  });
  const idle = result.actions.every(({ type }) => type === 'adoptPod');
  return [
    ...checkPlan(observed, result),
    ...(JSON.stringify(plan(observed)) === text ? [] : ['another plan the second time']),
    ...(JSON.stringify(fed.status) === JSON.stringify(result.status) ? [] : ['the status is an echo of itself']),
    ...(converged && !(idle && result.waits.length === 0) ? ['converged, and there is something to do'] : []),
    ...(converged === isReady(result) ? [] : ['Ready is not what is so']),
    ...(!converged && result.waits.length === 0 ? ['not converged, and no wait says why'] : []),
    ...unfair.map(({ type, ordinal }) => `${type} in the place of ${ordinal}`),
    ...(app.spec?.podManagementPolicy === 'OrderedReady' && made.length > 1 ? ['two pods at once'] : []),
  ];
}

describe.each(['OrderedReady', 'Parallel'])('%s', (podManagementPolicy) => {
  test.each([0, 2, 3])(
    'every state of three ordinals, of which %s are wanted',
    (replicas) => {
      const { app } = see(world({ app: { ...base, replicas, podManagementPolicy } }));
      let count = 0;
      for (const first of STATES) {
        for (const second of STATES) {
          for (const third of STATES) {
            const states = [first, second, third];
            const found = faults(app, states, replicas);
            if (found.length > 0) expect.fail(`${states.join(', ')}: ${found.join('; ')}`);
            count += 1;
          }
        }
      }
      expect(count).toBe(STATES.length ** 3);
    },
    60_000,
  );
});

test('the parts put together are what is seen at once', () => {
  const states = ['Vanished 9s', 'Available', 'Orphan'];
  const pods = states.map((state, ordinal) => `${ordinal} ${state}`).join(', ');
  const whole = see(world({ app: base, pods }));
  expect(together(see(world({ app: base })).app, states)).toEqual(whole);
});
