// The hash of a template as the whole operator sees it, from the object that an API server holds to the revision that is
// planned: how it was written does not matter, what it says does (R13). Golden hashes are in test/identity/revision.test.ts.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalJson, type Json } from '../../src/identity/json.ts';
import { readContent, revisionHash } from '../../src/identity/revision.ts';
import { readApp } from '../../src/plan/observe.ts';
import { plan } from '../../src/plan/plan.ts';
import { type Raw, rawApp } from '../plan/objects.ts';
import { odd } from '../plan/random-apps-values.ts';
import { see, world } from '../plan/world.ts';
import { Random } from '../sim/random.ts';

const json = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Json>;
const isMap = (value: unknown): value is Raw => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The same content written otherwise: fields in another order, and fields that are null added. */
function rewritten(value: unknown, nulls: readonly string[]): unknown {
  if (Array.isArray(value)) return value.map((item) => rewritten(item, nulls));
  if (!isMap(value)) return value;
  const fields = Object.entries(value).map(([key, inner]): [string, unknown] => [key, rewritten(inner, nulls)]);
  const added = nulls.filter((key) => !Object.hasOwn(value, key)).map((key): [string, unknown] => [key, null]);
  return Object.fromEntries([...fields.reverse(), ...added]);
}

const withTemplate = (extra: unknown): Raw => rawApp({ replicas: 1, pod: { extra } });

function plannedRevision(app: Raw): string | undefined {
  return plan(see({ ...world({ app: { replicas: 1 }, revisions: [] }), app })).status.updateRevision;
}

test('the order of fields and fields that are null change no revision', () => {
  const names = fc.uniqueArray(fc.constantFrom('zone', 'affinity', 'ü', '__proto__', '9', 'a'), { maxLength: 3 });
  fc.assert(
    fc.property(json, names, (extra, nulls) => {
      const app = withTemplate(extra);
      const spec = app['spec'] as Raw;
      const other = { ...app, spec: { ...spec, template: rewritten(spec['template'], nulls) } };
      expect(readApp(other).problems).toEqual([]);
      expect(plannedRevision(other)).toBe(plannedRevision(app));
    }),
    { numRuns: 300 },
  );
});

test('the revision that is stored says the same as the template, and is found again by its content', () => {
  fc.assert(
    fc.property(json, (extra) => {
      const app = withTemplate(extra);
      const made = plan(see({ ...world({ app: { replicas: 1 }, revisions: [] }), app })).actions.find(
        ({ type }) => type === 'createRevision',
      );
      if (made?.type !== 'createRevision') throw new Error('no revision is made');
      const stored = JSON.parse(JSON.stringify(made.object)) as { metadata: Raw; data: unknown };
      expect(`web-${revisionHash(readContent(stored.data), 0)}`).toBe(stored.metadata['name']);
      const metadata = { ...stored.metadata, uid: 'u', resourceVersion: '1' };
      const seen = {
        ...world({ app: { replicas: 1 }, revisions: [] }),
        app,
        revisions: new Map([['r', { ...stored, metadata }]]),
      };
      expect(plan(see(seen)).actions.filter(({ type }) => type.endsWith('Revision'))).toEqual([]);
    }),
    { numRuns: 200 },
  );
});

test('twenty thousand different templates have twenty thousand hashes', () => {
  const random = new Random(1, 'hashes');
  const known = new Map<string, string>();
  for (let index = 0; index < 20_000; index += 1) {
    const template = { spec: { first: odd(random), second: odd(random), index } } as Json;
    const hash = revisionHash({ template, claimTemplates: [] }, 0);
    const text = canonicalJson(template);
    expect(known.get(hash) ?? text).toBe(text);
    known.set(hash, text);
  }
  expect(known.size).toBe(20_000);
});

test('one character more or less, in another form or place, is another hash', () => {
  const hash = (value: Json) => revisionHash({ template: { spec: value }, claimTemplates: [] }, 0);
  const different: readonly Json[] = [
    ...[
      '\u00e9',
      'e\u0301',
      'e',
      'E',
      ' e',
      'e ',
      '',
      '1',
      1,
      true,
      'true',
      [],
      {},
      ['e'],
      { e: '' },
      [''],
      [[]],
      [{}],
    ],
    ...[
      [null],
      [null, null],
      { a: [null] },
      { a: {} },
      { a: { b: {} } },
      ['a', 'b'],
      ['b', 'a'],
      [['a'], 'b'],
      '["a"]',
    ],
  ];
  expect(new Set(different.map(hash)).size).toBe(different.length);
});
