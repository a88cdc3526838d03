// What a plan does to a member that its volumes do not allow (small-scope-volumes.ts). For the tables of
// small-scope-claims.test.ts and small-scope-requests.test.ts. Lacks what a plan should do and does not: that is theirs.

import { expect } from 'vitest';
import type { StatefulAppSpec } from '../../src/api/spec.ts';
import { subjectOf } from '../../src/plan/describe.ts';
import { plan } from '../../src/plan/plan.ts';
import type { Action, Plan } from '../../src/plan/types.ts';
import type { Raw } from './objects.ts';
import { caseOf, faultsOf, seen } from './small-scope.ts';
import { type Asked, type Judged, judge, type Member, placeOf, turnOf, type Verdict } from './small-scope-volumes.ts';
import { frozen } from './world.ts';

/** What one action does to a member that its volumes do not allow. */
function trespass(
  spec: StatefulAppSpec,
  action: Action & { ordinal: number },
  claims: readonly Judged[],
): string | null {
  const wanted = action.ordinal < spec.replicas;
  const scaled = spec.persistentVolumeClaimRetentionPolicy.whenScaled === 'Delete' && !wanted;
  const some = (...verdicts: readonly Verdict[]) => claims.some(({ verdict }) => verdicts.includes(verdict));
  const name = subjectOf(action);
  const claim = claims.find((one) => one.name === name);
  switch (action.type) {
    case 'deletePod': {
      if (action.because === 'rebuild' && !some('given')) return 'it deletes a pod for a rebuild that nobody asks for';
      const against = wanted ? (['risk', 'unread', 'ask'] as const) : scaled ? [] : (['risk', 'unread'] as const);
      return some(...against) ? 'it deletes a pod that keeps a volume' : null;
    }
    case 'createPod':
      return claims.every(({ verdict }) => verdict === 'ok') ? null : 'it makes a pod without its volumes';
    case 'createClaim':
      return claim?.claim === '-' && claim.verdict === 'ok' && wanted
        ? null
        : 'it makes a claim in the place of another';
    case 'stampClaim':
      return claim?.claim === 'Plain' && wanted ? null : 'it stamps what is not bare';
    case 'keepClaim':
      return action.keeper === 'pod' && !scaled ? 'it gives a claim to a pod without a policy' : null;
    case 'deleteClaim': {
      if (claim?.uid !== action.uid) return 'it deletes a claim that is not there';
      const isNamed = action.because === 'rebuild' ? claim.verdict === 'given' : scaled && claim.recorded !== 'none';
      return isNamed ? null : 'it deletes a claim that nothing names';
    }
    default:
      return null;
  }
}

function trespasses(
  spec: StatefulAppSpec,
  claims: readonly (readonly Judged[])[],
  { actions }: Plan,
): readonly string[] {
  return actions.flatMap((action) => {
    const found = 'ordinal' in action ? trespass(spec, action, claims[action.ordinal] ?? []) : null;
    return found === null ? [] : [found];
  });
}

const annotationsOf = ({ accepts = [], rebuilds = [] }: Asked): Raw => ({
  ...(accepts.length > 0 ? { 'statefulapp.dev/accept-volume-loss': accepts.join(',') } : {}),
  ...(rebuilds.length > 0 ? { 'statefulapp.dev/rebuild': rebuilds.join(', ') } : {}),
});

export interface Given {
  readonly app: Raw;
  readonly members: readonly Member[];
  readonly asked?: Asked;
}

/** The case, the plan for it, and what each claim allows, by ordinal. */
export function planFor({ app, members, asked = {} }: Given) {
  const annotations = annotationsOf(asked);
  const metadata = Object.keys(annotations).length > 0 ? { metadata: { annotations } } : {};
  const one = caseOf({ app: { ...app, ...metadata } }, members.map(placeOf));
  const observed = frozen(seen(one));
  const { spec } = one.app;
  if (spec === null) throw new Error('the spec is not understood');
  const isTurn = turnOf(members.slice(0, spec.replicas), asked);
  const judged = members.map((member, ordinal) => judge(spec, { ...member, ordinal, isTurn }, asked));
  return { one, spec, observed, result: plan(observed), judged };
}

/** Fails with the case and all that is wrong with its plan. */
export function examine(given: Given): void {
  const { one, spec, observed, result, judged } = planFor(given);
  const isAtRisk = judged.flat().some(({ verdict }) => verdict === 'risk');
  const saysSo = result.waits.some(({ reason }) => reason === 'VolumeAtRisk');
  const found = [
    ...trespasses(spec, judged, result),
    ...(saysSo && !isAtRisk ? ['VolumeAtRisk, and none is'] : []),
    ...faultsOf(one, observed, result),
  ];
  if (found.length > 0) expect.fail(`${JSON.stringify(given)}: ${found.join('; ')}`);
}
