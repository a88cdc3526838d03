// Requests by verb and resource, as tables of a page.
import { expect, test } from 'vitest';
import { type Requests, requestTables } from '../../bench/report/requests.ts';

const RUNS: readonly Requests[] = [
  { case: 'parallel', side: 'ours', per: 10, by: { 'create pods': 10, 'get pods': 5 } },
  { case: 'parallel', side: 'ours', per: 10, by: { 'create pods': 10, 'get pods': 7 } },
  { case: 'parallel', side: 'ours', per: 10, by: { 'create pods': 10 } },
  { case: 'parallel', side: 'unthrottled', per: 10, by: { 'create pods': 10, 'update statefulsets/status': 25 } },
  { case: 'fleet', side: 'ours', per: 1, by: {} },
];

test('medians per replica, a column for each side that ran, the most frequent first', () => {
  expect(requestTables(RUNS)).toEqual([
    '| parallel, per replica | ours | unthrottled |',
    '| --- | --- | --- |',
    '| update statefulsets/status |  | 2.50 |',
    '| create pods | 1 | 1 |',
    '| get pods | 0.50 |  |',
    '',
    '| fleet, per replica | ours |',
    '| --- | --- |',
    '',
  ]);
});
