import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareResourceVersions, toKubeObject } from '../../src/kube/objects.ts';
import { pod } from './samples.ts';

test('resourceVersions compare as whole numbers of any length', () => {
  const big = fc.bigInt({ min: 0n, max: 2n ** 80n });
  fc.assert(
    fc.property(big, big, (a, b) => {
      expect(Math.sign(compareResourceVersions(`${a}`, `${b}`))).toBe(a < b ? -1 : a > b ? 1 : 0);
    }),
  );
});

test.each([
  { a: '9', b: '10', sign: -1 },
  { a: '9007199254740993', b: '9007199254740992', sign: 1 },
  { a: '007', b: '7', sign: 0 },
  { a: '0', b: '00', sign: 0 },
])('$a against $b gives $sign', ({ a, b, sign }) => {
  expect(Math.sign(compareResourceVersions(a, b))).toBe(sign);
});

test.each(['', 'abc', '-1', '1.5', '0x10'])('%j is no resourceVersion, and comparing it throws', (text) => {
  expect(() => compareResourceVersions(text, '1')).toThrow(RangeError);
});

test.each([
  { what: 'null', value: null },
  { what: 'a list', value: [pod('a')] },
  { what: 'no metadata', value: { kind: 'Pod' } },
  { what: 'no name', value: { metadata: { uid: 'u' } } },
  { what: 'no uid', value: { metadata: { name: 'a' } } },
])('$what is no object', ({ value }) => {
  expect(toKubeObject(value)).toBeUndefined();
});

test('the items of a built-in list get the apiVersion and kind they lack, others keep theirs', () => {
  const typeMeta = { apiVersion: 'v1', kind: 'Pod' };
  expect(toKubeObject({ metadata: { name: 'a', uid: 'u' } }, typeMeta)).toMatchObject(typeMeta);
  expect(toKubeObject({ ...pod('a'), kind: 'Other' }, typeMeta)).toMatchObject({ kind: 'Other' });
});
