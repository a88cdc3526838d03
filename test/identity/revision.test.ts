// The hash of a template: the same for equal content, whatever the operator`s version (R13), and for no other.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalJson, type Json, sameJson } from '../../src/identity/json.ts';
import {
  blueprintOf,
  buildRevision,
  hashOfDigest,
  readContent,
  revisionDigest,
  revisionHash,
  revisionName,
} from '../../src/identity/revision.ts';

const claim = (name: string, size = '1Gi'): Json => ({
  metadata: { name },
  spec: { resources: { requests: { storage: size } } },
});
const template: Json = {
  metadata: { labels: { app: 'web' } },
  spec: { containers: [{ name: 'main', image: 'web:v1' }] },
};

describe('golden hashes: a change of these rolls every pod of every user', () => {
  test.each<readonly [what: string, content: Json, claims: readonly Json[], collisions: number, hash: string]>([
    ['a template', template, [], 0, 'e18cc0ad7a'],
    ['a template with claims', template, [claim('data'), claim('wal')], 0, 'd9ad300764'],
    ['claims in another order', template, [claim('wal'), claim('data')], 0, 'cac17f587c'],
    ['a template after a collision', template, [], 1, 'b0ed1f9727'],
    ['the empty template', {}, [], 0, '1d55274e14'],
    ['text of all scripts', { spec: { text: 'ü 文 😀 \u0000 \u2028 "\\' } }, [], 0, 'b02ec635fc'],
    [
      'numbers of all kinds',
      { spec: { a: 0, b: -0, c: 1.5, d: 1e21, e: 9007199254740991, f: true } },
      [],
      0,
      'bb1733322c',
    ],
    ['hostile keys', JSON.parse('{"__proto__":{"a":1},"constructor":null,"10":1,"9":2}'), [], 0, '85ba918ec6'],
  ])('%s', (_, content, claimTemplates, collisions, hash) => {
    expect(revisionHash({ template: content, claimTemplates }, collisions)).toBe(hash);
  });
});

const json = fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<Json>;

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, inner]) => [key, reversed(inner)]),
  );
}

describe('canonical JSON', () => {
  test('does not depend on the order of keys', () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(canonicalJson(reversed(value))).toBe(canonicalJson(value));
      }),
    );
  });
  test('is JSON that says the same, but for nulls', () => {
    const full = fc.jsonValue({ maxDepth: 4 }).filter((value) => !JSON.stringify(value).includes('null'));
    fc.assert(
      fc.property(full, (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
  test('takes absent, undefined and null fields for the same, and keeps the places of a list', () => {
    expect(new Set([canonicalJson({}), canonicalJson({ a: undefined }), canonicalJson({ a: null })])).toEqual(
      new Set(['{}']),
    );
    expect(canonicalJson([1, null, 2])).toBe('[1,null,2]');
  });
  test('sees keys that mean something to JavaScript', () => {
    expect(canonicalJson(JSON.parse('{"toString":1,"__proto__":2}'))).toBe('{"__proto__":2,"toString":1}');
  });
  test('is the same text however deep it stands: below 400 levels it is written in another way', () => {
    const nested = (value: unknown) => Array.from({ length: 450 }).reduce<unknown>((inner) => [inner], value);
    fc.assert(
      fc.property(json, (value) => {
        expect(canonicalJson(nested(value))).toBe('['.repeat(450) + canonicalJson(value) + ']'.repeat(450));
      }),
    );
  });
  test('copes with nesting as deep as an API server takes (10,000)', () => {
    const deep = JSON.parse(`${'['.repeat(10_000)}${']'.repeat(10_000)}`);
    expect(canonicalJson(deep)).toHaveLength(20_000);
  });
  test.each([0, 398, 450])('is compared without being written, %d levels deep', (levels) => {
    const nested = (value: unknown) => Array.from({ length: levels }).reduce<unknown>((inner) => ({ inner }), value);
    const leaf = fc.constantFrom(undefined, null, 0, 1, '', 'a', '1', true, false);
    const key = fc.constantFrom('a', 'b', 'toString', '__proto__');
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { depthSize: 'small' },
        leaf,
        fc.array(tie('tree'), { maxLength: 2 }),
        fc.dictionary(key, tie('tree'), { maxKeys: 3 }),
      ),
    }));
    const seen = new Set<boolean>();
    fc.assert(
      fc.property(tree, tree, (a, b) => {
        for (const other of [b, reversed(a), { ...(a as object), more: null }, [a]]) {
          const same = canonicalJson(nested(a)) === canonicalJson(nested(other));
          seen.add(same);
          expect(sameJson(nested(a), nested(other))).toBe(same);
        }
      }),
      { numRuns: 500 },
    );
    expect(seen.size).toBe(2);
  });
  test('compares keys that mean something to JavaScript', () => {
    const [one, other, another] = ['{"__proto__":{}}', '{"other":{}}', '{"__proto__":{"a":1}}'].map((text) =>
      JSON.parse(text),
    );
    expect([sameJson(one, other), sameJson(one, another), sameJson(one, { ...one })]).toEqual([false, false, true]);
  });
  test('of a depth that no call stack takes is compared, too', () => {
    const [a, b] = ['1', '2'].map((leaf) => JSON.parse(`${'['.repeat(10_000)}${leaf}${']'.repeat(10_000)}`));
    expect([sameJson(a, JSON.parse(canonicalJson(a))), sameJson(a, b)]).toEqual([true, false]);
  });
});

describe('the hash', () => {
  test('is ten hex digits', () => {
    fc.assert(
      fc.property(json, fc.nat(3), (content, collisions) => {
        expect(revisionHash({ template: content, claimTemplates: [] }, collisions)).toMatch(/^[0-9a-f]{10}$/);
      }),
    );
  });
  test('is the same for equal revisions, and equal revisions are those of one text', () => {
    fc.assert(
      fc.property(json, json, (a, b) => {
        const [one, other] = [a, b].map((content) => ({ template: content, claimTemplates: [] }));
        if (one === undefined || other === undefined) throw new Error('two were made');
        const same = revisionDigest(one) === revisionDigest(other);
        expect(same).toBe(canonicalJson(a) === canonicalJson(b));
        expect(revisionHash(one, 0) === revisionHash(other, 0)).toBe(same);
        expect(hashOfDigest(revisionDigest(one))).toBe(revisionHash(one, 0));
      }),
    );
  });
  test('covers the names of claims, not their content: growing a disk rolls nothing', () => {
    const of = (...claimTemplates: readonly Json[]) => revisionHash({ template, claimTemplates }, 0);
    expect(of(claim('data', '1Gi'))).toBe(of(claim('data', '9Gi')));
    expect(of(claim('data'))).not.toBe(of(claim('wal')));
    expect(of(claim('data'))).not.toBe(of());
  });
  test('changes with each collision', () => {
    const of = (collisions: number) => revisionHash({ template, claimTemplates: [] }, collisions);
    expect(new Set([0, 1, 2, 3].map(of)).size).toBe(4);
  });
});

describe('a stored revision', () => {
  const app = { name: 'web', namespace: 'prod', uid: 'app-uid' };
  const content = { template, claimTemplates: [claim('data')] };

  test('holds what it was made from', () => {
    const object = buildRevision(app, { hash: 'abc', number: 7, content });
    expect(object).toMatchObject({ metadata: { name: revisionName('web', 'abc'), namespace: 'prod' }, revision: 7 });
    expect(readContent(JSON.parse(JSON.stringify(object.data)))).toEqual(content);
  });
  test('gives pods their template, hash and volumes', () => {
    expect(blueprintOf({ hash: 'abc', content })).toEqual({ hash: 'abc', template, claims: ['data'] });
  });
  test.each([undefined, null, 7, 'x', {}, { spec: 7 }, { spec: { template: 7, volumeClaimTemplates: {} } }])(
    'that says %j has nothing in it',
    (data) => {
      expect(readContent(data)).toEqual({ template: {}, claimTemplates: [] });
    },
  );
  test('that is nested deeper than an app may be has nothing in it: no pod could be written from it', () => {
    // spec and template are two levels of their own.
    const data = (levels: number) => ({
      spec: { template: { x: JSON.parse('['.repeat(levels) + ']'.repeat(levels)) } },
    });
    expect(readContent(data(498)).template).toHaveProperty('x');
    expect(readContent(data(499)).template).toEqual({});
    expect(readContent(data(9000)).template).toEqual({});
  });
});
