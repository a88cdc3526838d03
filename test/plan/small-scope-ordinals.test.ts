// Small scope of the wanted set and of what stops an app, all of it.
// 1. 4 states ^ 3 ordinals x ordinals.start 0-2 x every set of excluded ones x replicas 1-3 x podManagementPolicy = 9,216;
// 2. 9 states ^ 2 ordinals x 7 ways to be stopped or to lack a base x replicas 0-2 x podManagementPolicy = 3,402.
// The wanted set is counted out here one by one.

import { describe, expect, test } from 'vitest';
import { isRead } from '../../src/plan/describe.ts';
import { plan } from '../../src/plan/plan.ts';
import type { AppWords } from './objects.ts';
import { type Case, caseOf, choices, combinations, faultsOf, isReady, seen } from './small-scope.ts';
import { frozen, type Given } from './world.ts';

const POLICIES = ['OrderedReady', 'Parallel'] as const;
const SUBSETS = [[], [0], [1], [2], [0, 1], [0, 2], [1, 2], [0, 1, 2]];

function countOut(replicas: number, start: number, excluded: readonly number[]): readonly number[] {
  const wanted: number[] = [];
  for (let ordinal = start; wanted.length < replicas; ordinal += 1)
    if (!excluded.includes(ordinal)) wanted.push(ordinal);
  return wanted;
}

function faults(one: Case, states: readonly string[], wanted: readonly number[]): readonly string[] {
  const observed = frozen(seen(one));
  const result = plan(observed);
  const at = (ordinal: number) => states[ordinal] ?? 'Stopped';
  const unwanted = states.flatMap((state, ordinal) =>
    state !== 'Stopped' && !wanted.includes(ordinal) ? [ordinal] : [],
  );
  const converged = wanted.every((ordinal) => at(ordinal) === 'Available') && unwanted.length === 0;
  const ordered = one.app.spec?.podManagementPolicy === 'OrderedReady';
  const made = result.actions.flatMap((action) => (action.type === 'createPod' ? [action.ordinal] : []));
  const removed = result.actions.flatMap((action) => (action.type === 'deletePod' ? [action.ordinal] : []));
  const missing = wanted.filter((ordinal) => at(ordinal) === 'Stopped');
  const first = wanted.find((ordinal) => at(ordinal) !== 'Available');
  const due = ordered ? missing.filter((ordinal) => ordinal === first) : missing;
  const goes = unwanted.filter((ordinal) => at(ordinal) !== 'Terminating').reverse();
  // Highest first, and not before all that is wanted is there; the deadline of unhealthy ones is over in this world.
  const going = ordered
    ? first === undefined && at(unwanted.at(-1) ?? -1) !== 'Terminating'
      ? goes.slice(0, 1)
      : []
    : goes;
  return [
    ...(made.join() === due.join() ? [] : [`it makes ${made}, and due are ${due}`]),
    ...(removed.join() === going.join() ? [] : [`it removes ${removed}, and ${going} are to go`]),
    ...(isReady(result) === converged ? [] : ['Ready is not what is so']),
    ...(converged === (result.waits.length === 0) ? [] : ['waits are not what is so']),
    ...faultsOf(one, observed, result),
  ];
}

describe.each(POLICIES)('%s', (podManagementPolicy) => {
  test.each([1, 2, 3])('every set of wanted ordinals, of %s', (replicas) => {
    let count = 0;
    for (const { start, excluded } of combinations({ start: [0, 1, 2], excluded: SUBSETS })) {
      const wanted = countOut(replicas, start, excluded);
      const app = { replicas, podManagementPolicy, ordinals: { start, excluded } };
      for (const states of choices(['Stopped', 'NotReady', 'Available', 'Terminating'], 3)) {
        const one = caseOf(
          { app },
          states.map((state) => ({ state })),
        );
        const found = faults(one, states, wanted);
        if (found.length > 0) expect.fail(`${JSON.stringify({ start, excluded, states })}: ${found.join('; ')}`);
        count += 1;
      }
    }
    expect(count).toBe(3 * 8 * 4 ** 3);
  });
});

interface Mode {
  readonly it: string;
  readonly app?: AppWords;
  readonly given?: Given;
  /** The app is only reported on. */
  readonly still?: true;
}

const MODES: readonly Mode[] = [
  { it: 'paused', app: { paused: true }, still: true },
  { it: 'being deleted', app: { metadata: { deletionTimestamp: '2026-03-01T11:59:00Z' } }, still: true },
  { it: 'shadowed by a StatefulSet', given: { survey: { statefulSetUid: 'set-uid' } }, still: true },
  { it: 'not understood', app: { fieldOfTheFuture: 1 }, still: true },
  { it: 'not surveyed in this generation', given: { survey: { generation: 0 } } },
  { it: 'without a Service', given: { service: null } },
  { it: 'without a stored revision', given: { revisions: [] } },
];
const SOME = ['-', 'Stopped', 'Vanished 9s', 'Pending', 'Available', 'Failed', 'Terminating', 'Foreign', 'Orphan'];

test.each(MODES)('an app that is $it', ({ app, given, still = false }) => {
  let count = 0;
  for (const { replicas, podManagementPolicy } of combinations({
    replicas: [0, 1, 2],
    podManagementPolicy: POLICIES,
  })) {
    const spec = { selector: { matchLabels: { app: 'web' } }, replicas, podManagementPolicy, ...app };
    for (const states of choices(SOME, 2)) {
      const one = caseOf(
        { ...given, app: spec },
        states.map((state) => ({ state })),
      );
      const observed = frozen(seen(one));
      const result = plan(observed);
      const writes = result.actions.filter((action) => !isRead(action)).length;
      const found = faultsOf(one, observed, result);
      const where = `${replicas} ${podManagementPolicy}, ${states.join(', ')}`;
      if (found.length > 0) expect.fail(`${where}: ${found.join('; ')}`);
      if (still && writes > 0) expect.fail(`${where}: ${writes} writes`);
      if (still && result.waits.length === 0 && app?.['paused'] !== true) expect.fail(`${where}: nothing says why`);
      count += 1;
    }
  }
  expect(count).toBe(6 * 9 ** 2);
});
