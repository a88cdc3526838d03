// The demo's flags, and the count of the operator's requests.
import { expect, test } from 'vitest';
import { readFlags, UsageError } from '../../e2e/demo/flags.ts';
import { countRequests } from '../../e2e/demo/operator-process.ts';

test('flags', () => {
  expect(readFlags([])).toEqual({ keep: false, inMemory: false });
  expect(readFlags(['--keep'])).toEqual({ keep: true, inMemory: false });
  expect(readFlags(['--in-memory'])).toEqual({ keep: false, inMemory: true });
  expect(readFlags(['--keep', '-h'])).toBeNull();
});

test.each([['--kep'], ['keep'], ['--keep=yes'], ['--in-memory=no']])('%s is wrong use', (flag) => {
  expect(() => readFlags([flag])).toThrow(UsageError);
});

test('what ends with the demo cannot be kept', () => {
  expect(() => readFlags(['--keep', '--in-memory'])).toThrow(UsageError);
  expect(() => readFlags(['--keep', '--in-memory'])).toThrow('nothing that --keep could leave running');
});

test('requests are counted without those for the Lease', () => {
  const sample = (labels: string, value: number) => `rest_client_requests_total{${labels}} ${value}\n`;
  const metrics = `# TYPE rest_client_requests_total counter\n${sample('code="201",method="CREATE",resource="pods"', 3)}${sample('code="200",method="PATCH",resource="leases"', 9)}${sample('code="200",method="PATCH",resource="statefulapps"', 4)}other_total{code="200"} 5\n`;
  expect(countRequests(metrics)).toBe(7);
  expect(countRequests('')).toBe(0);
});
