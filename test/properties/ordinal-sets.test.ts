// The wanted set in motion: replicas, start and excluded ordinals change in any order, and each time the plan is carried
// out to its end. Whatever the path, the members are the wanted ones, every volume stays with its ordinal, none is lost.
// What a set is, is in test/identity/ordinals.test.ts.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LABEL } from '../../src/api/names.ts';
import { enumerate, includes, type OrdinalSpec, wantedRanges } from '../../src/identity/ordinals.ts';
import { carryOut } from '../plan/carry-out.ts';
import type { Raw } from '../plan/objects.ts';
import { type World, world } from '../plan/world.ts';

const specs = fc.record({
  replicas: fc.nat(4),
  start: fc.nat(3),
  excluded: fc.uniqueArray(fc.nat(7), { maxLength: 3 }),
});
const list = (spec: OrdinalSpec) => enumerate(wantedRanges(spec));

test('what is kept, what is new and what goes are apart, and make up both sets', () => {
  fc.assert(
    fc.property(specs, specs, (before, after) => {
      const ranges = wantedRanges(after);
      const condemned = list(before).filter((ordinal) => !includes(ranges, ordinal));
      const kept = list(before).filter((ordinal) => includes(ranges, ordinal));
      const added = list(after).filter((ordinal) => !includes(wantedRanges(before), ordinal));
      expect(condemned.filter((ordinal) => list(after).includes(ordinal))).toEqual([]);
      expect([...kept, ...added].sort((a, b) => a - b)).toEqual(list(after));
      expect([...kept, ...condemned].sort((a, b) => a - b)).toEqual(list(before));
    }),
  );
});

test('excluding an ordinal takes that one and adds at most one above; including it again gives the same set', () => {
  fc.assert(
    fc.property(specs, fc.nat(9), (spec, ordinal) => {
      const before = list({ ...spec, excluded: spec.excluded.filter((one) => one !== ordinal) });
      const without = list({ ...spec, excluded: [...spec.excluded.filter((one) => one !== ordinal), ordinal] });
      const shrunk = before.filter((one) => one !== ordinal);
      expect(without.slice(0, shrunk.length)).toEqual(shrunk);
      expect(without.length).toBe(before.length);
      const fewer = { ...spec, replicas: shrunk.length, excluded: [...spec.excluded, ordinal] };
      expect(list(fewer)).toEqual(shrunk);
    }),
  );
});

test('a start that moves up by one replaces the lowest member at most, and moves back to the same set', () => {
  fc.assert(
    fc.property(specs, (spec) => {
      const moved = list({ ...spec, start: spec.start + 1 });
      const gone = list(spec).filter((ordinal) => !moved.includes(ordinal));
      expect(gone).toEqual(list(spec).slice(0, gone.length));
      expect(gone.length).toBeLessThanOrEqual(1);
    }),
  );
});

const metadataOf = (raw: Raw) => raw['metadata'] as { uid: string; labels: Raw; annotations: Raw };

function change(seen: World, { replicas, ...ordinals }: OrdinalSpec): void {
  const { generation, ...metadata } = seen.app['metadata'] as Raw;
  seen.app = {
    ...seen.app,
    metadata: { ...metadata, generation: Number(generation) + 1 },
    spec: { ...(seen.app['spec'] as Raw), replicas, ordinals },
  };
}

/** Each claim: its uid, by name. */
const claimsOf = ({ claims }: World) => new Map([...claims].map(([name, raw]) => [name, metadataOf(raw).uid]));

/** Claims of a pod, by what its volumes say. */
function mounted(pod: Raw): readonly string[] {
  const { volumes = [] } = pod['spec'] as { volumes?: { persistentVolumeClaim?: { claimName: string } }[] };
  return volumes.flatMap(({ persistentVolumeClaim }) =>
    persistentVolumeClaim ? [persistentVolumeClaim.claimName] : [],
  );
}

test('on any path every ordinal finds its own volumes again, and no volume is ever lost or shared', () => {
  const policies = fc.record({
    podManagementPolicy: fc.constantFrom('OrderedReady', 'Parallel'),
  });
  fc.assert(
    fc.property(fc.array(specs, { minLength: 2, maxLength: 5 }), policies, (path, given) => {
      const seen = world({ app: { replicas: 0, volumes: ['data', 'wal'], ...given } });
      for (const spec of path) {
        const before = claimsOf(seen);
        change(seen, spec);
        carryOut(seen);
        expect([...seen.pods.keys()].sort()).toEqual(
          list(spec)
            .map((ordinal) => `web-${ordinal}`)
            .sort(),
        );
        const after = claimsOf(seen);
        for (const [name, uid] of before) expect(after.get(name)).toBe(uid);
        for (const [name, raw] of seen.claims) {
          const { labels, annotations } = metadataOf(raw);
          expect([labels[LABEL.app], name]).toEqual([
            'web',
            expect.stringMatching(`^(data|wal)-web-${annotations['statefulapp.dev/ordinal']}$`),
          ]);
        }
        for (const [name, pod] of seen.pods) expect(mounted(pod)).toEqual([`data-${name}`, `wal-${name}`]);
      }
    }),
    { numRuns: 60 },
  );
});
