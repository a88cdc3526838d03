// The figures of trials as lines and as a table.
import { expect, test } from 'vitest';
import type { Judgement } from '../../e2e/databases/judgement.ts';
import { gapTable, report } from '../../e2e/databases/report.ts';

const judgement = (gaps: Readonly<Record<string, number>>): Judgement => ({
  attempted: 10,
  acknowledged: 9,
  lost: [],
  duplicates: [],
  reordered: [],
  foreign: [],
  presentUnacknowledged: 0,
  longestGapMs: 0,
  faults: Object.entries(gaps).map(([name, longestGapMs]) => ({
    name,
    longestGapMs,
    failed: 1,
    said: [['no leader', 1]],
  })),
});

test('a trial as lines', () => {
  expect(report('etcd', judgement({ quiet: 12, 'pod 0 deleted': 340 }))).toEqual([
    'etcd: 9 of 10 writes acknowledged, 0 of them lost',
    '  quiet          longest gap     12 ms, 1 writes refused or unanswered',
    '    1 times: no leader',
    '  pod 0 deleted  longest gap    340 ms, 1 writes refused or unanswered',
    '    1 times: no leader',
  ]);
});

test('trials side by side; what one did not have is left open', () => {
  expect(
    gapTable({ ours: judgement({ quiet: 12, scaled: 100 }), theirs: judgement({ quiet: 13 }) }).split('\n'),
  ).toEqual([
    '| longest gap between acknowledged writes (ms) | ours | theirs |',
    '|---|---:|---:|',
    '| quiet | 12 | 13 |',
    '| scaled | 100 | – |',
  ]);
});
