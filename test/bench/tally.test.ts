// Lines of the audit log as counts, and texts of /proc as figures.
import { expect, test } from 'vitest';
import { readUsage } from '../../bench/measure/proc.ts';
import { readEntry, tallyOf } from '../../bench/measure/tally.ts';

interface Line {
  readonly verb: string;
  readonly resource?: string;
  readonly subresource?: string;
  readonly uri?: string;
  readonly code?: number;
  readonly user?: string;
  readonly stage?: string;
}

function line({ verb, resource, subresource, uri = '/x', code = 200, user = 'me', stage = 'ResponseComplete' }: Line) {
  const objectRef =
    resource === undefined ? {} : { objectRef: { resource, subresource, namespace: 'n', name: 'web-0' } };
  const times = { requestReceivedTimestamp: '2026-11-23T08:00:00.123456Z' };
  return JSON.stringify({
    stage,
    verb,
    requestURI: uri,
    user: { username: user },
    ...objectRef,
    responseStatus: { code },
    ...times,
  });
}

const read = (...lines: readonly Line[]) => lines.flatMap((one) => readEntry(line(one), ['me']) ?? []);

test('a line as an entry', () => {
  expect(read({ verb: 'patch', resource: 'pods', subresource: 'status', code: 409 })).toEqual([
    {
      ...{ user: 'me', verb: 'patch', resource: 'pods', subresource: 'status', namespace: 'n', name: 'web-0' },
      ...{ isDryRun: false, code: 409, atMs: Date.parse('2026-11-23T08:00:00.123Z') },
    },
  ]);
});

test('others, and requests that are not answered yet, are no entries', () => {
  expect(
    read(
      { verb: 'get', resource: 'pods', user: 'me-too' },
      { verb: 'watch', resource: 'pods', stage: 'ResponseStarted' },
    ),
  ).toEqual([]);
});

test('watches, Leases and discovery are no work; Events and dry runs are counted apart', () => {
  const entries = read(
    { verb: 'watch', resource: 'pods' },
    { verb: 'update', resource: 'leases' },
    { verb: 'get' },
    { verb: 'create', resource: 'events' },
    { verb: 'create', resource: 'pods', uri: '/api/v1/namespaces/n/pods?dryRun=All' },
    { verb: 'create', resource: 'pods', code: 201 },
    { verb: 'create', resource: 'pods', code: 409 },
    { verb: 'delete', resource: 'pods' },
    { verb: 'patch', resource: 'statefulapps', subresource: 'status' },
    { verb: 'get', resource: 'pods' },
    { verb: 'list', resource: 'pods' },
  );
  expect(tallyOf(entries)).toEqual({
    ...{ writes: 4, reads: 1, lists: 1, dryRuns: 1, events: 1, conflicts: 1 },
    by: {
      'create events': 1,
      'create pods (dry run)': 1,
      'create pods': 2,
      'delete pods': 1,
      'patch statefulapps/status': 1,
      'get pods': 1,
      'list pods': 1,
    },
  });
});

test('what a process has used, whatever its name is', () => {
  const stat = '42 (a) b (c) S 1 42 42 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 11 0 12345 1000 200';
  const status = 'Name:\tnode\nVmHWM:\t  204800 kB\nVmRSS:\t  102400 kB\n';
  expect(readUsage(stat, status)).toEqual({ cpuSeconds: 3, rssMiB: 100, peakMiB: 200 });
});
