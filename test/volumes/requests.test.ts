// What people ask in annotations, `<claim>=<uid>, …`: read whole or not at all, whatever it says.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readRequests, requestKey } from '../../src/volumes/requests.ts';

describe('requests are read', () => {
  test.each<readonly [text: string | undefined, asked: readonly string[], unreadable: readonly string[]]>([
    [undefined, [], []],
    ['', [], []],
    [' , ,\n,', [], []],
    ['data-web-0=a', ['data-web-0=a'], []],
    ['data-web-0=a,data-web-1=b', ['data-web-0=a', 'data-web-1=b'], []],
    [' data-web-0 = a ,\n\tdata-web-1=b,', ['data-web-0=a', 'data-web-1=b'], []],
    ['data-web-0=a,data-web-0=a', ['data-web-0=a', 'data-web-0=a'], []],
    ['data-web-0', [], ['data-web-0']],
    ['data-web-0=', [], ['data-web-0=']],
    ['=a', [], ['=a']],
    ['=', [], ['=']],
    ['data-web-0=a=b', [], ['data-web-0=a=b']],
    ['data-web-0==a', [], ['data-web-0==a']],
    ['data-web-0=a data-web-1=b', [], ['data-web-0=a data-web-1=b']],
    ['data-web-0=a;data-web-1=b', [], ['data-web-0=a;data-web-1=b']],
    ['*', [], ['*']],
    ['__proto__=constructor, x', ['__proto__=constructor'], ['x']],
  ])('%j', (text, asked, unreadable) => {
    const read = readRequests(text);
    expect([read.asked.map(requestKey), read.unreadable]).toEqual([asked, unreadable]);
  });

  test('of which a claim name in between is never another part`s', () => {
    const part = fc.stringMatching(/^[a-z0-9=, ]{0,12}$/);
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        const { asked, unreadable } = readRequests(parts.join(','));
        const words = parts.flatMap((one) => one.split(',')).map((one) => one.trim());
        expect(asked.length + unreadable.length).toBe(words.filter(Boolean).length);
        for (const { claim, uid } of asked) {
          expect(`${claim}${uid}`).not.toMatch(/[=,]/);
          expect(words.some((word) => word.startsWith(claim) && word.endsWith(uid))).toBe(true);
        }
      }),
    );
  });

  test('when they are as long as an object can be', () => {
    const many = Array.from({ length: 60_000 }, (_, one) => `data-web-${one}=u`).join(',');
    expect(many.length).toBeGreaterThan(1_000_000);
    expect(readRequests(many).asked).toHaveLength(60_000);
    const odd = readRequests('='.repeat(1_500_000));
    expect([odd.asked.length, odd.unreadable.map(({ length }) => length)]).toEqual([0, [1_500_000]]);
    const { asked, unreadable } = readRequests(','.repeat(1_500_000));
    expect([asked, unreadable]).toEqual([[], []]);
  });
});
