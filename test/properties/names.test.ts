// Names and whom they belong to: back and forth between ordinals and the names of pods, claims and revisions, within the
// limits that an admitted app keeps; and of two apps that give one claim the same name, exactly one has it.
// The parts alone are in test/identity/names.test.ts.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MAX_REPLICAS } from '../../src/api/names.ts';
import { claimName, ordinalOf, podName } from '../../src/identity/member-names.ts';
import { enumerate, rangesOf } from '../../src/identity/ordinals.ts';
import { buildRevision, revisionName } from '../../src/identity/revision.ts';
import { readApp, readRevision } from '../../src/plan/observe.ts';
import { buildClaim, draftClaim } from '../../src/volumes/claim-build.ts';
import { classifyClaim } from '../../src/volumes/claim-class.ts';
import { readClaim } from '../../src/volumes/claim-view.ts';
import { claimTemplate, type Raw, rawApp } from '../plan/objects.ts';

const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?$/);
const part = fc.constantFrom('a', 'b', '0', '1', '-', 'data', 'x', 'y');
/** Labels of few parts: names of different apps and claims meet often. */
const dense = fc
  .array(part, { minLength: 1, maxLength: 5 })
  .map((parts) => parts.join('').replace(/^-+|-+$/g, ''))
  .filter((text) => text !== '');
const ordinals = fc.oneof(fc.nat(12), fc.constantFrom(2147483646, 2147483647));

test('of one app, no two claims of any members have one name', () => {
  fc.assert(
    fc.property(dense, fc.tuple(dense, ordinals), fc.tuple(dense, ordinals), (app, one, other) => {
      const [a, b] = [one, other].map(([claim, ordinal]) => claimName(claim, app, ordinal));
      expect(a === b).toBe(one[0] === other[0] && one[1] === other[1]);
    }),
    { numRuns: 1000 },
  );
});

test('a pod name belongs to one app and ordinal alone, also when apps are called like members', () => {
  fc.assert(
    fc.property(dense, dense, ordinals, (app, other, ordinal) => {
      const found = ordinalOf(other, podName(app, ordinal));
      if (other === app) expect(found).toBe(ordinal);
      else expect(found).toBeNull();
    }),
    { numRuns: 1000 },
  );
});

const uidOf = (app: string) => `uid-of-${app}`;
const claimOf = (app: string, template: string, ordinal: number) => {
  const from = { template, content: claimTemplate(template), siblings: template, selector: {}, ownedByApp: false };
  const raw = buildClaim(draftClaim({ name: app, namespace: 'prod', uid: uidOf(app) }, from), ordinal);
  return readClaim(
    JSON.parse(JSON.stringify({ ...raw, metadata: { ...raw.metadata, uid: 'u', resourceVersion: '1' } })),
  );
};

test('a claim that two apps could both call theirs is usable for the one that made it, and foreign to the other', () => {
  // `data` of app `x-y` and `data-x` of app `y`: any place where a name of three labels can be cut.
  const cut = fc.tuple(dense, dense, dense, ordinals).map(([claim, middle, end, ordinal]) => ({
    one: { template: claim, app: `${middle}-${end}`, ordinal },
    other: { template: `${claim}-${middle}`, app: end, ordinal },
  }));
  fc.assert(
    fc.property(cut, ({ one, other }) => {
      const name = claimName(one.template, one.app, one.ordinal);
      expect(claimName(other.template, other.app, other.ordinal)).toBe(name);
      for (const [maker, reader] of [
        [one, other],
        [other, one],
      ] as const) {
        const view = claimOf(maker.app, maker.template, maker.ordinal);
        const as = ({ app, template, ordinal }: typeof one) =>
          classifyClaim(
            { template, name, view, recorded: null, volume: null, witness: null },
            { app, appUid: uidOf(app), ordinal, podUid: null, mounted: false, accepts: new Set() },
          ).class;
        expect([as(maker), as(reader)]).toEqual(['Usable', 'Foreign']);
      }
    }),
    { numRuns: 300 },
  );
});

test('a revision is known again by its name, whatever dashes the name of the app has', () => {
  const content = { template: { spec: {} }, claimTemplates: [] };
  fc.assert(
    fc.property(dense, fc.stringMatching(/^[0-9a-f]{10}$/), (app, hash) => {
      const ref = { name: app, namespace: 'prod', uid: uidOf(app) };
      const view = readRevision(JSON.parse(JSON.stringify(buildRevision(ref, { hash, number: 3, content }))));
      expect(view).toMatchObject({
        name: revisionName(app, hash),
        hash,
        ownerUid: uidOf(app),
        labelled: true,
        number: 3,
      });
    }),
  );
});

test('no member of an app that is admitted has a name that Kubernetes refuses', () => {
  const long = fc.integer({ min: 40, max: 63 }).map((length) => 'a'.repeat(length));
  const spec = fc.record({
    app: fc.oneof(label, long),
    volume: fc.oneof(label, long),
    replicas: fc.oneof(fc.nat(12), fc.constant(MAX_REPLICAS)),
    start: fc.oneof(fc.nat(12), fc.integer({ min: 0, max: 2147483647 })),
    excluded: fc.uniqueArray(fc.nat(20), { maxLength: 5 }),
  });
  let admitted = 0;
  fc.assert(
    fc.property(spec, ({ app, volume, replicas, start, excluded }) => {
      const raw = rawApp({ replicas, volumes: replicas > 1000 ? [] : [volume], ordinals: { start, excluded } });
      const view = readApp({ ...raw, metadata: { ...(raw['metadata'] as Raw), name: app } });
      if (view.spec === null) return;
      admitted += 1;
      const last = enumerate(rangesOf(view.spec)).at(-1) ?? 0;
      expect(last).toBeLessThanOrEqual(2147483647);
      expect(podName(app, last)).toMatch(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
      expect(ordinalOf(app, podName(app, last))).toBe(last);
      expect(claimName(volume, app, last)).toMatch(/^[a-z0-9]([a-z0-9-]{0,251}[a-z0-9])?$/);
      expect(revisionName(app, '0123456789').length).toBeLessThanOrEqual(253);
    }),
    { numRuns: 500 },
  );
  expect(admitted).toBeGreaterThan(100);
});
