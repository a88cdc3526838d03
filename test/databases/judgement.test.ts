// The judgement of a store: what it finds, and what it does not hold against one.
import { describe, expect, test } from 'vitest';
import type { Attempt, Journal } from '../../e2e/databases/journal.ts';
import { breaches, judge } from '../../e2e/databases/judgement.ts';

/** "1+ 2- 3+": record 2 was not acknowledged. Each takes 10 ms and begins 10 ms after the one before it, unless a time is given: "4+@500". */
function journal(text: string): Journal {
  let now = 0;
  const attempts = text.split(' ').map((word): Attempt => {
    const [, record = '', sign, at] = /^(\d+)([+-])(?:@(\d+))?$/.exec(word) ?? [];
    const startedAtMs = at === undefined ? now + 10 : Number(at);
    now = startedAtMs + 10;
    const outcome = sign === '+' ? 'acknowledged' : { failed: 'refused' };
    return { record: Number(record), startedAtMs, endedAtMs: now, outcome };
  });
  return { startedAtMs: 0, endedAtMs: now, attempts };
}

test.each<readonly [what: string, written: string, stored: readonly number[], found: readonly string[]]>([
  ['all there', '1+ 2+ 3+', [1, 2, 3], []],
  ['an unacknowledged one is there', '1+ 2- 3+', [1, 2, 3], []],
  ['an unacknowledged one is not there', '1+ 2- 3+', [1, 3], []],
  ['one is lost', '1+ 2+ 3+', [1, 3], ['1 acknowledged writes lost: 2']],
  ['the last is lost', '1+ 2+', [1], ['1 acknowledged writes lost: 2']],
  ['all are lost', '1+ 2+', [], ['2 acknowledged writes lost: 1, 2']],
  ['one is there twice', '1+ 2+', [1, 2, 1], ['1 records there more than once: 1']],
  ['one is there three times', '1+ 2+', [1, 1, 1, 2], ['1 records there more than once: 1']],
  ['an unacknowledged one is there twice', '1- 2+', [1, 1, 2], ['1 records there more than once: 1']],
  ['two are the other way round', '1+ 2+ 3+', [2, 1, 3], ['1 records stored out of order: 2 before 1']],
  [
    'an acknowledged one behind an unacknowledged later one',
    '1+ 2-',
    [2, 1],
    ['1 records stored out of order: 2 before 1'],
  ],
  ['a late one whose fate was open while others were written', '1- 2+ 3+', [2, 3, 1], []],
  ['one is far too late', '1+ 2+ 3+ 4+', [2, 3, 4, 1], ['1 records stored out of order: 4 before 1']],
  [
    'those behind a misplaced one are in order',
    '1+ 2+ 3+',
    [3, 1, 2],
    ['2 records stored out of order: 3 before 1, 3 before 2'],
  ],
  ['overlapping writes may come in any order', '1+@0 2+@5', [2, 1], []],
  ['one that nobody wrote', '1+', [1, 7], ['1 records that nobody wrote: 7']],
  ['nothing acknowledged', '1- 2-', [1], ['no write was acknowledged, so nothing is shown']],
])('%s', (_, written, stored, found) => {
  expect(breaches(judge(journal(written), stored))).toEqual(found);
});

test('a long list is cut short', () => {
  const written = Array.from({ length: 30 }, (_, at) => `${at + 1}+`).join(' ');
  expect(breaches(judge(journal(written), []))).toEqual([
    '30 acknowledged writes lost: 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, …',
  ]);
});

describe('gaps', () => {
  // Acknowledged at 20, 40, 520, 540, 560; 3 fails.
  const written = journal('1+ 2+ 3- 4+@510 5+ 6+');

  test('the longest is between acknowledgements, whatever failed in between', () => {
    expect(judge(written, []).longestGapMs).toBe(480);
  });

  test.each<readonly [what: string, fromMs: number, toMs: number, longestGapMs: number, failed: number]>([
    ['a fault within it', 100, 200, 480, 0],
    ['a fault that begins before it', 30, 300, 480, 1],
    ['a fault that is over when it begins', 21, 39, 20, 0],
    ['a fault that begins when it is over', 525, 560, 20, 0],
    ['a fault with nothing but it', 40, 520, 480, 1],
  ])('%s', (name, fromMs, toMs, longestGapMs, failed) => {
    expect(judge(written, [], [{ name, fromMs, toMs }]).faults).toMatchObject([{ name, longestGapMs, failed }]);
  });

  test('what the store said of failures is counted', () => {
    const [fault] = judge(journal('1+ 2- 3- 4+'), [], [{ name: 'all of it', fromMs: 0, toMs: 100 }]).faults;
    expect(fault?.said).toEqual([['refused', 2]]);
  });

  test('the time before the first and after the last acknowledgement counts', () => {
    expect(judge(journal('1-@0 2+@300'), []).longestGapMs).toBe(310);
    expect(judge(journal('1+@0 2-@700'), []).longestGapMs).toBe(700);
  });

  test('without any acknowledgement all is one gap', () => {
    expect(judge(journal('1-@0 2-@90'), []).longestGapMs).toBe(100);
  });
});

test('what is told for information', () => {
  const { attempted, acknowledged, presentUnacknowledged } = judge(journal('1+ 2- 3- 4+'), [1, 3, 4]);
  expect({ attempted, acknowledged, presentUnacknowledged }).toEqual({
    attempted: 4,
    acknowledged: 2,
    presentUnacknowledged: 1,
  });
});
