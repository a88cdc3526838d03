// A claim gets an owner, with which it ends, only by what its app says at that moment, and is deleted only when no pod can
// use it (R3, R5, R7, R8). Lacks who is to own it, and which claims are to end (test/plan/retention.test.ts).

import { expect, test } from 'vitest';
import { execute } from '../../src/operator/execute.ts';
import type { Action } from '../../src/plan/types.ts';
import { APP, owner, type Raw, rawApp } from '../plan/objects.ts';
import { type Api, LEAST } from './api.ts';
import { bench, KEY } from './hands.ts';

const NAME = 'data-web-0';

function keepClaim(api: Api, keeper: 'app' | 'pod' | 'nobody', ownerReferences: readonly Raw[]): Action {
  const metadata = { name: NAME, namespace: APP.namespace, uid: 'claim-uid' };
  const { resourceVersion } = api.add('persistentvolumeclaims', {
    metadata,
    ...LEAST['persistentvolumeclaims'],
  }).metadata;
  const patch = { metadata: { uid: 'claim-uid', resourceVersion, ownerReferences } };
  return { type: 'keepClaim', ordinal: 0, keeper, name: NAME, uid: 'claim-uid', resourceVersion, patch, reason: 'so' };
}

const POD = { apiVersion: 'v1', kind: 'Pod', name: 'web-0', uid: 'web-0-uid', controller: true };
const requests = ({ sent }: Api) => sent.map(({ verb, plural }) => `${verb} ${plural}`);

test.each([
  ['its app', 'app', owner()],
  ['its pod', 'pod', POD],
] as const)('is given to %s after the app was read once more', async (_, keeper, given) => {
  const { api, pass, job } = bench();
  const action = keepClaim(api, keeper, [given]);
  await expect(execute(pass, job(), [action])).resolves.toBeUndefined();
  expect(requests(api)).toEqual(['get statefulapps', 'patch persistentvolumeclaims']);
  expect(api.find('persistentvolumeclaims', NAME)?.metadata.ownerReferences).toEqual([given]);
});

test.each([
  ['its app', 'app', owner()],
  ['its pod', 'pod', POD],
] as const)(
  'is not given to %s when the app has another spec by then: the policy may be another',
  async (_, keeper, given) => {
    const { api, pass, job } = bench(rawApp({ metadata: { generation: 1 } }));
    const planned = job();
    const action = keepClaim(api, keeper, [given]);
    api.edit('statefulapps', 'web', { spec: { replicas: 7 } });
    await expect(execute(pass, planned, [action])).resolves.toBe(200);
    expect(requests(api)).toEqual(['get statefulapps']);
  },
);

test('is left to nobody at once, whatever the app says by then: nothing is lost by that', async () => {
  const { api, pass, job } = bench();
  const action = keepClaim(api, 'nobody', []);
  await expect(execute(pass, job(), [action])).resolves.toBeUndefined();
  expect(requests(api)).toEqual(['patch persistentvolumeclaims']);
});

test('is not deleted while a pod that no watch shows has its member`s name; the next plan sees that (seed 754)', async () => {
  const { api, pass, job } = bench();
  const metadata = { name: NAME, namespace: APP.namespace, uid: 'claim-uid' };
  const { resourceVersion } = api.add('persistentvolumeclaims', {
    metadata,
    ...LEAST['persistentvolumeclaims'],
  }).metadata;
  api.add('pods', { metadata: { name: 'web-0', namespace: APP.namespace, uid: 'stranger' } });
  const action = {
    type: 'deleteClaim',
    ordinal: 0,
    name: NAME,
    uid: 'claim-uid',
    resourceVersion,
    because: 'scaled',
    reason: 'so',
  } as const;
  await expect(execute(pass, job(), [action])).resolves.toBe(200);
  expect(api.writes).toEqual([]);
  expect(job().observed.pods.map(({ uid }) => uid)).toEqual(['stranger']);
  api.remove('pods', 'web-0');
  await execute(pass, job(), [action]);
  pass.events.flush();
  const writes = api.writes.map(({ verb, plural }) => `${verb} ${plural}`);
  expect(writes).toEqual(['delete persistentvolumeclaims', 'create events']);
});

test('is not given to a pod that no watch shows, and that is gone: garbage collection would take that off again', async () => {
  const { api, pass, job, cache } = bench();
  const pod = api.add('pods', {
    metadata: { name: 'web-0', namespace: APP.namespace, uid: POD.uid },
    ...LEAST['pods'],
  });
  cache.read(KEY, { kind: 'Pod', name: 'web-0', object: pod, atMs: 0 });
  const planned = job();
  const action = keepClaim(api, 'pod', [POD]);
  api.remove('pods', 'web-0');
  await expect(execute(pass, planned, [action])).resolves.toBe(200);
  expect(requests(api)).toEqual(['get statefulapps', 'get pods']);
});
