// Small scope of updates, all of it: members of the present and of an older template, under every strategy.
// 1. 4 states x 2 templates ^ 3 ordinals x 6 strategies x podManagementPolicy = 6,144 cases;
// 2. the same after the status was lost: 3 states x 2 templates ^ 3 ordinals x 6 x 2 = 2,592;
// 3. a member that is gone, with the ledger naming either template or none, beside another: 10 ^ 2 x 6 strategies = 600.
// Said anew here: which template a member that is made comes back at, and when a rollout is waited for.

import { describe, expect, test } from 'vitest';
import { LABEL } from '../../src/api/names.ts';
import { plan } from '../../src/plan/plan.ts';
import type { Plan } from '../../src/plan/types.ts';
import { hashOf, type Raw } from './objects.ts';
import { type Case, caseOf, choices, combinations, faultsOf, isReady, seen } from './small-scope.ts';
import { frozen } from './world.ts';

interface Strategy {
  readonly type?: string;
  readonly rollingUpdate?: { readonly partition?: number; readonly paused?: boolean };
}
const STRATEGIES: readonly Strategy[] = [
  ...[0, 1, 2, 3].map((partition) => ({ rollingUpdate: { partition } })),
  { rollingUpdate: { paused: true } },
  { type: 'OnDelete' },
];
const POLICIES = ['OrderedReady', 'Parallel'];
const OLD = hashOf('v1');
const NEW = hashOf('v2');
const hashBy = (version: string) => (version === 'v1' ? OLD : NEW);

interface Member {
  readonly state: string;
  readonly version: string;
  /** What the ledger says that it runs; undefined: the pod's own version. Null: nothing. */
  readonly recorded?: string | null;
}

const partitionOf = ({ rollingUpdate }: Strategy) => rollingUpdate?.partition ?? 0;

/** The hash that a pod made in this place has to have. */
function expectedHash(
  members: readonly Member[],
  strategy: Strategy,
  { ordinal, lost }: { ordinal: number; lost: boolean },
) {
  if (strategy.type === 'OnDelete') return NEW;
  const { recorded, version } = members[ordinal] ?? { version: 'v2' };
  if (!lost && recorded !== null) return hashBy(recorded ?? version);
  const lowest = members.find(({ state }) => state !== 'Stopped');
  const current = lowest === undefined ? NEW : hashBy(lowest.version);
  return ordinal < partitionOf(strategy) ? current : NEW;
}

/** Ordinals of those that run and are to be updated, the highest first. */
function outdated(members: readonly Member[], strategy: Strategy): readonly number[] {
  if (strategy.type === 'OnDelete' || strategy.rollingUpdate?.paused) return [];
  return [...members.entries()]
    .filter(([ordinal, { state, version }]) => {
      return ordinal >= partitionOf(strategy) && state === 'Available' && version === 'v1';
    })
    .map(([ordinal]) => ordinal)
    .reverse();
}

/** An ended pod goes; one that runs only as the first to be updated, while nobody is away. */
function mayGo(members: readonly Member[], strategy: Strategy, ordinal: number): boolean {
  if (members[ordinal]?.state === 'Failed') return true;
  return members.every(({ state }) => state === 'Available') && outdated(members, strategy)[0] === ordinal;
}

interface Sought {
  readonly members: readonly Member[];
  readonly strategy: Strategy;
  readonly lost?: boolean;
}

function faults(one: Case, { members, strategy, lost = false }: Sought): readonly string[] {
  const observed = frozen(seen(one));
  const result: Plan = plan(observed);
  const rollout = outdated(members, strategy).length > 0;
  const converged = members.every(({ state }) => state === 'Available') && !rollout;
  const wrong = result.actions.flatMap((action) => {
    if (action.type === 'deletePod') return mayGo(members, strategy, action.ordinal) ? [] : ['it deletes what runs'];
    if (action.type !== 'createPod') return [`it does ${action.type}`];
    const { labels } = action.object.metadata as { labels?: Record<string, string> };
    const { image } = (action.object as { spec?: { containers?: { image?: string }[] } }).spec?.containers?.[0] ?? {};
    const hash = expectedHash(members, strategy, { ordinal: action.ordinal, lost });
    return labels?.[LABEL.revision] === hash && image === (hash === OLD ? 'web:v1' : 'web:v2')
      ? []
      : [`${action.ordinal} is made from ${image}`];
  });
  return [
    ...wrong,
    ...(result.waits.some(({ reason }) => reason === 'Updating') === rollout ? [] : ['Updating?']),
    ...(isReady(result) === converged ? [] : ['Ready is not what is so']),
    ...(converged && result.actions.length > 0 ? ['converged, and there is something to do'] : []),
    ...faultsOf(one, observed, result),
  ];
}

const words = (sought: Sought) => JSON.stringify(sought);
const place = ({ state, version, recorded }: Member): { state: string; ledger?: Raw } => ({
  state: `${state} @${version}`,
  ...(recorded === undefined ? {} : { ledger: { revision: recorded === null ? null : hashBy(recorded) } }),
});

describe.each(POLICIES)('%s', (podManagementPolicy) => {
  const app = { version: 'v2', podManagementPolicy };
  const revisions = ['v1', 'v2'];
  const of = (states: readonly string[]) => [...combinations({ state: states, version: ['v1', 'v2'] })];

  test.each(STRATEGIES)('each member comes back as it was, or as asked: %j', (updateStrategy) => {
    let count = 0;
    for (const members of choices(of(['Stopped', 'Available', 'Failed', 'Terminating']), 3)) {
      const one = caseOf({ app: { ...app, replicas: 3, updateStrategy }, revisions }, members.map(place));
      const found = faults(one, { members, strategy: updateStrategy });
      if (found.length > 0) expect.fail(`${words({ members, strategy: updateStrategy })}: ${found.join('; ')}`);
      count += 1;
    }
    expect(count).toBe(8 ** 3);
  });

  test('after the status was lost', () => {
    let count = 0;
    for (const updateStrategy of STRATEGIES) {
      for (const members of choices(of(['Stopped', 'Available', 'Failed']), 3)) {
        const given = { app: { ...app, replicas: 3, updateStrategy }, revisions, ledger: 'none' } as const;
        const one = caseOf(given, members.map(place));
        const sought = { members, strategy: updateStrategy, lost: true };
        const found = faults(one, sought);
        if (found.length > 0) expect.fail(`${words(sought)}: ${found.join('; ')}`);
        count += 1;
      }
    }
    expect(count).toBe(6 * 6 ** 3);
  });
});

test('what the ledger says of a member that is gone stands above the partition', () => {
  let count = 0;
  const gone = combinations({ state: ['Stopped'], version: ['v1', 'v2'], recorded: ['v1', 'v2', null] });
  const there = combinations({ state: ['Available', 'Failed'], version: ['v1', 'v2'] });
  const places: readonly Member[] = [...gone, ...there];
  for (const updateStrategy of STRATEGIES) {
    for (const members of choices(places, 2)) {
      const app = { version: 'v2', replicas: 2, podManagementPolicy: 'Parallel', updateStrategy };
      const one = caseOf({ app, revisions: ['v1', 'v2'] }, members.map(place));
      const found = faults(one, { members, strategy: updateStrategy });
      if (found.length > 0) expect.fail(`${words({ members, strategy: updateStrategy })}: ${found.join('; ')}`);
      count += 1;
    }
  }
  expect(count).toBe(6 * 10 ** 2);
});
