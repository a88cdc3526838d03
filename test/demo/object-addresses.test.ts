// Where a name leads when only objects can be asked: each of them is needed, and only what is published counts.
import { expect, test } from 'vitest';
import { addressOf, type Service } from '../../e2e/demo/object-addresses.ts';
import type { Pod } from '../../e2e/demo/view.ts';
import { pod } from './samples.ts';

const NAME = 'web-1.web.default.svc.cluster.local';

function service(spec: Partial<NonNullable<Service['spec']>> = {}): Service {
  const metadata = { name: 'web', namespace: 'default', uid: 'service-uid', resourceVersion: '1' };
  return { metadata, spec: { clusterIP: 'None', selector: { app: 'web' }, ...spec } };
}

function member(ordinal: number, change: { status?: Pod['status']; spec?: Pod['spec']; deleted?: true } = {}): Pod {
  const made = pod(ordinal, change.status);
  const labels = { ...made.metadata.labels, app: 'web' };
  const deleted = change.deleted === true ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {};
  return { ...made, metadata: { ...made.metadata, labels, ...deleted }, spec: { ...made.spec, ...change.spec } };
}

const early = { publishNotReadyAddresses: true };
const notReady = { conditions: [] };

test.each<readonly [what: string, services: readonly Service[], pods: readonly Pod[], address: string | null]>([
  ['to the pod of that name', [service()], [member(0), member(1), member(2)], '10.0.0.1'],
  ['nowhere without the Service', [], [member(1)], null],
  ['nowhere when the Service has an address of its own', [service({ clusterIP: '10.1.1.1' })], [member(1)], null],
  ['nowhere when the Service selects other pods', [service({ selector: { app: 'other' } })], [member(1)], null],
  ['nowhere when the Service selects none', [service({ selector: {} })], [member(1)], null],
  ['nowhere without the pod', [service()], [member(0)], null],
  ['nowhere without a hostname', [service()], [member(1, { spec: { hostname: 'x' } })], null],
  ['nowhere with another subdomain', [service()], [member(1, { spec: { subdomain: 'x' } })], null],
  ['nowhere without an address', [service()], [{ ...member(1), status: { phase: 'Running' } }], null],
  ['nowhere when the pod has failed', [service(early)], [member(1, { status: { phase: 'Failed' } })], null],
  ['nowhere when the pod is not ready', [service()], [member(1, { status: notReady })], null],
  ['to a pod that is not ready, if asked for', [service(early)], [member(1, { status: notReady })], '10.0.0.1'],
  ['nowhere when the pod is being deleted', [service()], [member(1, { deleted: true })], null],
  ['to a pod that is being deleted, if asked for', [service(early)], [member(1, { deleted: true })], '10.0.0.1'],
])('the name leads %s', (_what, services, pods, address) => {
  expect(addressOf({ namespace: 'default', services, pods }, NAME)).toBe(address);
});

test.each(['web-1.web.other.svc.cluster.local', 'x.web-1.web.default.svc.cluster.local', 'web-1.web.default.svc'])(
  '%s is nobody',
  (name) => {
    expect(addressOf({ namespace: 'default', services: [service()], pods: [member(1)] }, name)).toBeNull();
  },
);
