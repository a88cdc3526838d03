// Small scope of volumes, all of it: what a claim is, what the ledger says of it, and what the pod does.
// 1. one ordinal, one volume: 12 states x 10 claims x 3 records x volumeLossPolicy x whenScaled x replicas 0-1 = 4,320 cases;
// 2. one ordinal, two volumes: 4 states x (10 claims x 2 records) ^ 2 x volumeLossPolicy = 4,800;
// 3. two ordinals: (4 states x 10 claims) ^ 2 x Block or Recreate x podManagementPolicy x replicas 1-2 = 12,800. Left out:
//    Require, which for claims that were bound is as Block.
// The table of what each claim allows is written anew here, from safety.md (R12) and semantics.md.

import { describe, expect, test } from 'vitest';
import { plan } from '../../src/plan/plan.ts';
import type { Plan } from '../../src/plan/types.ts';
import type { Raw } from './objects.ts';
import { type Case, caseOf, choices, combinations, faultsOf, isReady, type Place, seen } from './small-scope.ts';
import { frozen } from './world.ts';

const CLAIMS = ['-', 'Bound', 'Pending', 'Plain', 'Replaced', 'Lost', 'Terminating', 'Unbound', 'Foreign', 'Owned'];
/** What the ledger says: nothing, that it was seen, that it was bound. */
const RECORDS = ['none', 'seen', 'bound'] as const;
type Recorded = (typeof RECORDS)[number];
const LOSS = ['Block', 'Recreate', 'Require'] as const;
const FREE = ['-', 'Stopped'];

interface Claim {
  readonly claim: string;
  readonly recorded: Recorded;
}
interface Member {
  readonly state: string;
  /** By volume. */
  readonly claims: Readonly<Record<string, Claim>>;
}

/** `ok`: a pod may use it, or it may be made. `wait`: ends by itself. `ask`: needs somebody. `risk`: and holds data. */
function allows({ claim, recorded }: Claim, policy: string, hasPod: boolean): 'ok' | 'wait' | 'ask' | 'risk' {
  const strict = policy !== 'Recreate';
  switch (claim) {
    case '-':
      if (recorded === 'bound' && strict) return 'risk';
      return policy === 'Require' ? 'ask' : 'ok';
    case 'Foreign':
    case 'Owned':
      return 'ask';
    case 'Replaced':
      return recorded === 'bound' && strict ? 'risk' : 'ok';
    case 'Lost':
      return strict ? 'risk' : 'ok';
    case 'Terminating':
      return strict && hasPod ? 'risk' : 'wait';
    case 'Unbound':
      return strict && hasPod && recorded === 'bound' ? 'risk' : 'wait';
    default:
      return 'ok';
  }
}

const recordOf = (volume: string, { ordinal, recorded }: { ordinal: number; recorded: Recorded }): readonly Raw[] => {
  const name = `${volume}-web-${ordinal}`;
  if (recorded === 'none') return [];
  return [{ name, uid: `${name}-uid`, ...(recorded === 'bound' ? { volume: `pv-${name}` } : {}) }];
};

function placeOf({ state, claims }: Member, ordinal: number): Place {
  const entries = Object.entries(claims);
  return {
    state,
    claims: Object.fromEntries(entries.map(([volume, { claim }]) => [volume, claim])),
    ledger: { claims: entries.flatMap(([volume, { recorded }]) => recordOf(volume, { ordinal, recorded })) },
  };
}

/** What the plan does to this member that its volumes do not allow. */
function trespasses(
  one: Case,
  { ordinal, claims, state }: Member & { ordinal: number },
  { actions }: Plan,
): readonly string[] {
  const { spec } = one.app;
  if (spec === null) throw new Error('the spec is not understood');
  const wanted = ordinal < spec.replicas;
  const verdicts = Object.values(claims).map((claim) => allows(claim, spec.volumeLossPolicy, !FREE.includes(state)));
  const given = spec.persistentVolumeClaimRetentionPolicy.whenScaled === 'Delete';
  return actions.flatMap((action): readonly string[] => {
    if (!('ordinal' in action) || action.ordinal !== ordinal) return [];
    switch (action.type) {
      case 'deletePod': {
        const against = wanted ? ['risk', 'ask'] : given ? [] : ['risk'];
        return verdicts.some((verdict) => against.includes(verdict)) ? ['it deletes a pod that keeps a volume'] : [];
      }
      case 'createPod':
        return verdicts.some((verdict) => verdict !== 'ok') ? ['it makes a pod without its volumes'] : [];
      case 'createClaim': {
        const [, { claim, recorded } = { claim: '?', recorded: 'bound' }] =
          Object.entries(claims).find(([volume]) => action.object.metadata.name === `${volume}-web-${ordinal}`) ?? [];
        const allowed =
          spec.volumeLossPolicy !== 'Require' && (recorded !== 'bound' || spec.volumeLossPolicy === 'Recreate');
        return claim === '-' && allowed && wanted ? [] : ['it makes a claim in the place of another'];
      }
      case 'stampClaim':
        return claims[action.name.split('-')[0] ?? '']?.claim === 'Plain' && wanted
          ? []
          : ['it stamps what is not bare'];
      default:
        return [];
    }
  });
}

function faults(one: Case, members: readonly Member[]): readonly string[] {
  const observed = frozen(seen(one));
  const result = plan(observed);
  const volumesAtRisk = members.some(({ state, claims }) =>
    Object.values(claims).some(
      (claim) => allows(claim, one.app.spec?.volumeLossPolicy ?? '', !FREE.includes(state)) === 'risk',
    ),
  );
  return [
    ...members.flatMap((member, ordinal) => trespasses(one, { ...member, ordinal }, result)),
    ...(result.waits.some(({ reason }) => reason === 'VolumeAtRisk') && !volumesAtRisk
      ? ['VolumeAtRisk, and none is']
      : []),
    ...faultsOf(one, observed, result),
  ];
}

function examine(one: Case, members: readonly Member[]): void {
  const found = faults(one, members);
  if (found.length > 0) {
    const { replicas, volumeLossPolicy, podManagementPolicy } = one.app.spec ?? {};
    expect.fail(`${JSON.stringify({ replicas, volumeLossPolicy, podManagementPolicy, members })}: ${found.join('; ')}`);
  }
}

const STATES = [
  ...['-', 'Stopped', 'Vanished 9s', 'Pending', 'NotReady', 'Ready 1s', 'Available', 'Failed', 'Terminating'],
  ...['Foreign', 'Orphan', 'Unlabelled'],
];
const FEW = ['Stopped', 'Pending', 'Available', 'Failed'];

describe.each(LOSS)('volumeLossPolicy %s', (volumeLossPolicy) => {
  test('one volume of one member', () => {
    let count = 0;
    for (const { whenScaled, replicas } of combinations({ whenScaled: ['Retain', 'Delete'], replicas: [0, 1] })) {
      const app = {
        replicas,
        volumes: ['data'],
        volumeLossPolicy,
        persistentVolumeClaimRetentionPolicy: { whenScaled },
      };
      for (const { state, ...data } of combinations({ state: STATES, claim: CLAIMS, recorded: RECORDS })) {
        const members = [{ state, claims: { data } }];
        examine(caseOf({ app }, members.map(placeOf)), members);
        count += 1;
      }
    }
    expect(count).toBe(4 * 12 * 10 * 3);
  });

  test('one volume: a pod is made exactly when the volume allows it, and is Ready only when none is at risk', () => {
    for (const data of combinations({ claim: CLAIMS, recorded: RECORDS })) {
      const app = { replicas: 1, volumes: ['data'], volumeLossPolicy };
      const of = (state: string) => plan(seen(caseOf({ app }, [placeOf({ state, claims: { data } }, 0)])));
      const made = of('Stopped').actions.some(({ type }) => type === 'createPod');
      expect([data, made]).toEqual([data, allows(data, volumeLossPolicy, false) === 'ok']);
      expect([data, isReady(of('Available'))]).toEqual([data, allows(data, volumeLossPolicy, true) !== 'risk']);
    }
  });

  test('two volumes of one member', () => {
    let count = 0;
    const claims = [...combinations({ claim: CLAIMS, recorded: ['none', 'bound'] as const })];
    for (const state of FEW) {
      for (const [data, wal] of choices(claims, 2)) {
        if (data === undefined || wal === undefined) throw new Error('two were chosen');
        const members = [{ state, claims: { data, wal } }];
        examine(
          caseOf({ app: { replicas: 1, volumes: ['data', 'wal'], volumeLossPolicy } }, members.map(placeOf)),
          members,
        );
        count += 1;
      }
    }
    expect(count).toBe(4 * 20 ** 2);
  });

  const policies = volumeLossPolicy === 'Require' ? [] : ['OrderedReady', 'Parallel'];
  test.each(policies)('one volume each of two members, %s', (podManagementPolicy) => {
    let count = 0;
    const one = [...combinations({ state: FEW, claim: CLAIMS })].map(({ state, claim }) => ({
      state,
      claims: { data: { claim, recorded: 'bound' as const } },
    }));
    for (const replicas of [1, 2]) {
      const app = { replicas, volumes: ['data'], volumeLossPolicy, podManagementPolicy };
      for (const members of choices(one, 2)) {
        examine(caseOf({ app }, members.map(placeOf)), members);
        count += 1;
      }
    }
    expect(count).toBe(2 * 40 ** 2);
  });
});
