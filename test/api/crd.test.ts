import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { crdText } from '../../scripts/generate.ts';
import { customResourceDefinition } from '../../src/api/crd.ts';
import { toStructural } from '../../src/api/openapi.ts';
import { REFUSED_BY_RULE } from './rows.ts';
import { UPDATES } from './updates.ts';

/** Every object below a JSON value. */
function* nodes(value: unknown): Generator<{ readonly [field: string]: unknown }> {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) yield value as { readonly [field: string]: unknown };
  for (const child of Object.values(value)) yield* nodes(child);
}
const rules = [...nodes(customResourceDefinition())].filter((node) => 'rule' in node && 'message' in node);

describe('the CRD', () => {
  test('crds/ is current: run `npm run generate` when this fails', () => {
    const file = new URL('../../crds/statefulapps.statefulapp.dev.yaml', import.meta.url);
    expect(readFileSync(file, 'utf8')).toBe(crdText());
  });

  test('every rule in it has a row that it refuses', () => {
    const tried = new Set([...REFUSED_BY_RULE.map((row) => row.refused?.server), ...UPDATES.map((row) => row.refused)]);
    expect(rules.filter(({ message }) => !tried.has(String(message)))).toEqual([]);
    expect(rules.length).toBeGreaterThan(15);
  });

  test.each(rules)('its messages are sentences that say what to do: $message', ({ message }) => {
    expect(message).toMatch(/^.{30,}[;,] .{10,}[^.]$/);
  });
});

describe('toStructural', () => {
  test.each([
    ['a union', z.union([z.string(), z.boolean()])],
    ['a nullable field', z.object({ a: z.string().nullable() })],
    ['a value of any type', z.object({ a: z.unknown() })],
    ['a look-around', z.string().regex(/^(?!x)/)],
    ['a tuple', z.tuple([z.string(), z.int()])],
    ['a readonly field', z.object({ a: z.array(z.string()).readonly() })],
  ])('refuses %s, which a CRD does not have', (_, schema) => {
    expect(() => toStructural(schema)).toThrow(/a CRD|look-around|no schema/);
  });

  test('an optional field is nullable, a required one or one with a default is not', () => {
    const schema = z.strictObject({ a: z.string(), b: z.string().optional(), c: z.string().default('x') });
    expect(toStructural(schema)).toEqual({
      type: 'object',
      required: ['a'],
      properties: { a: { type: 'string' }, b: { type: 'string', nullable: true }, c: { type: 'string', default: 'x' } },
    });
  });

  test('integers keep the bounds that are ours', () => {
    const schema = z.strictObject({ a: z.int(), b: z.int32().min(0), c: z.int32().min(1).max(9) });
    expect(toStructural(schema)['properties']).toEqual({
      a: { type: 'integer', format: 'int64' },
      b: { type: 'integer', format: 'int32', minimum: 0, maximum: 2147483647 },
      c: { type: 'integer', format: 'int64', minimum: 1, maximum: 9 },
    });
  });
});
