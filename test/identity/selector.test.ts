// Label selectors mean what Kubernetes means by them.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { matches, selectorOf, selectorText } from '../../src/identity/selector.ts';

const expression = (key: string, operator: string, values?: readonly string[]) => ({
  matchExpressions: [{ key, operator, ...(values ? { values } : {}) }],
});

test.each<readonly [selector: unknown, labels: Record<string, string>, does: boolean]>([
  [{ matchLabels: { a: '1' } }, { a: '1', b: '2' }, true],
  [{ matchLabels: { a: '1' } }, { a: '2' }, false],
  [{ matchLabels: { a: '1', b: '2' } }, { a: '1' }, false],
  [expression('a', 'In', ['1', '2']), { a: '2' }, true],
  [expression('a', 'In', ['1', '2']), { a: '3' }, false],
  [expression('a', 'In', ['1']), {}, false],
  [expression('a', 'NotIn', ['1']), { a: '2' }, true],
  [expression('a', 'NotIn', ['1']), { a: '1' }, false],
  [expression('a', 'NotIn', ['1']), {}, true],
  [expression('a', 'Exists'), { a: '' }, true],
  [expression('a', 'Exists'), {}, false],
  [expression('a', 'DoesNotExist'), {}, true],
  [expression('a', 'DoesNotExist'), { a: '' }, false],
  [expression('a', 'Gt', ['1']), { a: '2' }, false],
  [{ matchLabels: { a: '1' }, ...expression('b', 'Exists') }, { a: '1' }, false],
  [{ matchLabels: { a: '1' }, ...expression('b', 'Exists') }, { a: '1', b: '' }, true],
  [expression('constructor', 'Exists'), {}, false],
  [expression('toString', 'DoesNotExist'), {}, true],
  [{ matchLabels: { constructor: 'x' } }, {}, false],
])('%j and labels %j: %s', (selector, labels, does) => {
  expect(matches(selector, labels)).toBe(does);
});

const labels = fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('1', '2', ''));
const requirement = fc.record({
  key: fc.constantFrom('a', 'b', 'c'),
  operator: fc.constantFrom('In', 'NotIn'),
  values: fc.array(fc.constantFrom('1', '2', ''), { minLength: 1, maxLength: 3 }),
});

test('NotIn is the opposite of In, and DoesNotExist of Exists', () => {
  const opposite = (a: string, b: string) =>
    fc.assert(
      fc.property(labels, requirement, (given, { key, values }) => {
        expect(matches(expression(key, a, values), given)).toBe(!matches(expression(key, b, values), given));
      }),
    );
  opposite('NotIn', 'In');
  opposite('DoesNotExist', 'Exists');
});

test('a selector matches when each of its parts does', () => {
  fc.assert(
    fc.property(labels, labels, fc.array(requirement, { maxLength: 3 }), (given, matchLabels, matchExpressions) => {
      const parts = [
        ...Object.entries(matchLabels).map(([key, value]) => ({ matchLabels: { [key]: value } })),
        ...matchExpressions.map((one) => ({ matchExpressions: [one] })),
      ];
      expect(matches({ matchLabels, matchExpressions }, given)).toBe(parts.every((part) => matches(part, given)));
    }),
  );
});

test('nothing that is put in makes it throw', () => {
  fc.assert(
    fc.property(fc.anything(), labels, (selector, given) => {
      expect([matches(selector, given), selectorText(selector)]).toEqual([expect.any(Boolean), expect.any(String)]);
    }),
  );
});

test('the text is the one that list calls and autoscalers read', () => {
  const matchExpressions = [
    { key: 'b', operator: 'In', values: ['1', '2'] },
    { key: 'c', operator: 'NotIn', values: ['3'] },
    { key: 'd', operator: 'Exists' },
    { key: 'e', operator: 'DoesNotExist' },
  ];
  expect(selectorText({ matchLabels: { a: '1' }, matchExpressions })).toBe('a=1,b in (1,2),c notin (3),d,!e');
});

test('without a selector the app`s own label selects', () => {
  expect([
    selectorText(selectorOf('web', undefined)),
    selectorText(selectorOf('web', { matchLabels: { a: '1' } })),
  ]).toEqual(['statefulapp.dev/name=web', 'a=1']);
});
