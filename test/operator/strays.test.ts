// A stray is shown by no watch, so nothing tells what became of it after a write on it: it is read again at once.

import { describe, expect, test } from 'vitest';
import { execute } from '../../src/operator/execute.ts';
import type { Action } from '../../src/plan/types.ts';
import { type Raw, rawPod } from '../plan/objects.ts';
import { bench } from './hands.ts';

const reason = 'so it is wanted';

/** A member's pod without our label, found by name. */
async function straying(state: string) {
  const made = bench();
  const { api, pass, job } = made;
  const pod = api.add('pods', { ...rawPod({ ordinal: 4, state, revision: 'abc', seconds: 60 }) });
  api.edit('pods', 'web-4', { metadata: { labels: { 'statefulapp.dev/name': null } } });
  await execute(pass, job(), [{ type: 'look', kind: 'Pod', name: 'web-4', reason }]);
  const { uid, resourceVersion } = pod.metadata;
  const removal = (because: 'ended' | 'condemned') =>
    ({ type: 'deletePod', ordinal: 4, because, name: 'web-4', uid, resourceVersion, reason }) satisfies Action;
  const podReads = () => api.sent.filter(({ verb, plural }) => verb === 'get' && plural === 'pods').length;
  return { ...made, uid, removal, podReads };
}

describe('a stray pod', () => {
  test('that we delete is known to be gone once the API server says so, and how it ended', async () => {
    const { pass, job, removal } = await straying('Failed');
    expect(job().observed.pods).toMatchObject([{ name: 'web-4' }]);
    await execute(pass, job(), [removal('condemned')]);
    expect(job().observed).toMatchObject({ pods: [], strays: [], endings: [{ pod: 'web-4', how: 'stopped' }] });
  });

  test('that we adopt is known as it was answered, while no watch shows it', async () => {
    const { api, pass, job, uid } = await straying('Available');
    const { resourceVersion } = api.find('pods', 'web-4')?.metadata ?? {};
    if (resourceVersion === undefined) throw new Error('no pod web-4');
    const patch = { metadata: { uid, resourceVersion, labels: { adopted: 'yes' } } };
    await execute(pass, job(), [{ type: 'adoptPod', ordinal: 4, name: 'web-4', uid, resourceVersion, patch, reason }]);
    const now = api.find('pods', 'web-4')?.metadata.resourceVersion;
    expect(now).not.toBe(resourceVersion);
    expect(job().observed.pods).toMatchObject([{ name: 'web-4', resourceVersion: now }]);
  });

  test('that we delete and that is being stopped is seen so', async () => {
    const { pass, job, removal } = await straying('Available');
    await execute(pass, job(), [removal('condemned')]);
    expect(job().observed.pods).toMatchObject([{ name: 'web-4', deletingSinceMs: expect.any(Number) }]);
  });

  test('that turns out to be gone when it is to be deleted is not planned for again', async () => {
    const { api, pass, job, removal } = await straying('Available');
    api.remove('pods', 'web-4');
    await expect(execute(pass, job(), [removal('condemned')])).resolves.toBe(200);
    expect(job().observed).toMatchObject({ pods: [], strays: [] });
  });

  test.each([
    ['gone', (api: { remove(plural: string, name: string): unknown }) => api.remove('pods', 'web-4')],
    [
      'another version',
      (api: { edit(plural: string, name: string, patch: Raw): unknown }) =>
        api.edit('pods', 'web-4', { metadata: { annotations: { seen: 'by nobody yet' } } }),
    ],
  ])('that has ended and is found %s is read again', async (_, change) => {
    const { api, pass, job, removal, podReads } = await straying('Failed');
    const planned = job();
    change(api);
    const before = podReads();
    await expect(execute(pass, planned, [removal('ended')])).resolves.toBe(200);
    expect(podReads()).toBe(before + 1);
    const now = api.find('pods', 'web-4');
    expect(job().observed.pods.map(({ resourceVersion }) => resourceVersion)).toEqual(
      now === undefined ? [] : [now.metadata.resourceVersion],
    );
  });
});

test('what a watch shows is not read again: it tells', async () => {
  const { pass, job, show, api } = bench();
  const pod = show('Pod', 'pods', rawPod({ ordinal: 4, state: 'Failed', revision: 'abc', seconds: 60 }));
  const { uid, resourceVersion } = pod.metadata;
  await execute(pass, job(), [
    { type: 'deletePod', ordinal: 4, because: 'ended', name: 'web-4', uid, resourceVersion, reason },
  ]);
  expect(api.sent.filter(({ verb }) => verb === 'get')).toEqual([]);
});
