// A member's pod and Service: exact functions of app, ordinal and revision.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Json } from '../../src/identity/json.ts';
import { buildPod } from '../../src/identity/pod.ts';
import { buildService } from '../../src/identity/service.ts';

const app = { name: 'web', namespace: 'prod', uid: 'app-uid' };
const EVICT = 'cluster-autoscaler.kubernetes.io/safe-to-evict';
const NO_EXECUTE = (key: string) => ({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 20 });
const BOTH = [NO_EXECUTE('node.kubernetes.io/not-ready'), NO_EXECUTE('node.kubernetes.io/unreachable')];

function made(
  spec: object = {},
  { metadata = {}, claims = [], seconds }: { metadata?: object; claims?: readonly string[]; seconds?: number } = {},
) {
  const template = { metadata, spec: { containers: [{ name: 'main', image: 'x' }], ...spec } } as Json;
  return buildPod(app, {
    ordinal: 4,
    blueprint: { hash: 'abc', template, claims },
    serviceName: 'peers',
    unreachableSeconds: seconds,
  });
}

describe('a pod', () => {
  test.each([
    [0, 1],
    [1, 1],
    [30, 30],
  ])('with a grace period of %s has %s: with 0 no deletion would wait for the kubelet', (given, has) => {
    expect(made({ terminationGracePeriodSeconds: given }).spec).toMatchObject({ terminationGracePeriodSeconds: has });
  });

  test('has the identity of its member', () => {
    expect(made({}, { metadata: { labels: { app: 'web' } } })).toEqual({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'web-4',
        namespace: 'prod',
        labels: {
          app: 'web',
          'statefulapp.dev/name': 'web',
          'statefulset.kubernetes.io/pod-name': 'web-4',
          'apps.kubernetes.io/pod-index': '4',
          'controller-revision-hash': 'abc',
        },
        annotations: { [EVICT]: 'true' },
        ownerReferences: [
          {
            apiVersion: 'statefulapp.dev/v1alpha1',
            kind: 'StatefulApp',
            name: 'web',
            uid: 'app-uid',
            controller: true,
          },
        ],
      },
      spec: { containers: [{ name: 'main', image: 'x' }], hostname: 'web-4', subdomain: 'peers' },
    });
  });

  test('takes no identity from its template', () => {
    const foreign = {
      name: 'x',
      namespace: 'y',
      uid: 'z',
      generateName: 'x-',
      finalizers: ['f'],
      ownerReferences: [{ uid: 'o' }],
      labels: { 'statefulapp.dev/name': 'other', 'controller-revision-hash': 'old' },
    };
    const { metadata, spec } = made({ hostname: 'x', subdomain: 'y' }, { metadata: foreign });
    expect(metadata).toEqual(made().metadata);
    expect(spec).toMatchObject({ hostname: 'web-4', subdomain: 'peers' });
  });

  test('carries every other field of its template as it is written', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^[a-z]{1,9}x$/), fc.jsonValue()), (fields) => {
        expect(made(fields).spec).toEqual({
          containers: [{ name: 'main', image: 'x' }],
          ...fields,
          hostname: 'web-4',
          subdomain: 'peers',
        });
      }),
    );
  });

  test('mounts its own claims, which win over volumes of their name', () => {
    const volumes = [
      { name: 'data', emptyDir: {} },
      { name: 'tmp', emptyDir: { medium: 'Memory' } },
    ];
    expect(made({ volumes }, { claims: ['data', 'wal'] }).spec.volumes).toEqual([
      { name: 'data', persistentVolumeClaim: { claimName: 'data-web-4' } },
      { name: 'wal', persistentVolumeClaim: { claimName: 'wal-web-4' } },
      { name: 'tmp', emptyDir: { medium: 'Memory' } },
    ]);
  });

  test.each<readonly [what: string, spec: object, metadata: object, value: string | undefined]>([
    ['may be evicted by the autoscaler', {}, {}, 'true'],
    ['is what its template says', {}, { annotations: { [EVICT]: 'false' } }, 'false'],
    [
      'is left to the autoscaler with a disk of the node',
      { volumes: [{ name: 'a', hostPath: { path: '/x' } }] },
      {},
      undefined,
    ],
    ['is left to the autoscaler with an emptyDir', { volumes: [{ name: 'a', emptyDir: {} }] }, {}, undefined],
    [
      'may be evicted with an emptyDir in memory',
      { volumes: [{ name: 'a', emptyDir: { medium: 'Memory' } }] },
      {},
      'true',
    ],
    ['may be evicted with other volumes', { volumes: [{ name: 'a', configMap: { name: 'x' } }] }, {}, 'true'],
  ])('%s', (_, spec, metadata, value) => {
    expect(made(spec, { metadata }).metadata.annotations[EVICT]).toBe(value);
  });

  test.each<readonly [what: string, tolerations: readonly object[], added: readonly object[]]>([
    ['nothing', [], BOTH],
    ['another taint', [{ key: 'a', operator: 'Exists' }], BOTH],
    ['one of both', [{ key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute' }], BOTH.slice(1)],
    [
      'one of both with every effect',
      [{ key: 'node.kubernetes.io/unreachable', operator: 'Exists' }],
      BOTH.slice(0, 1),
    ],
    [
      'one of both with another effect',
      [{ key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoSchedule' }],
      BOTH,
    ],
    ['everything', [{ operator: 'Exists' }], []],
  ])('stays on unreachable nodes for so long when its template tolerates %s', (_, tolerations, added) => {
    expect(made({ tolerations }, { seconds: 20 }).spec.tolerations ?? []).toEqual([...tolerations, ...added]);
  });

  test('has the cluster`s own patience when none is asked for', () => {
    expect(made().spec).not.toHaveProperty('tolerations');
  });
});

describe('the Service', () => {
  const service = (ports: readonly unknown[], selector: unknown = { matchLabels: { app: 'web' } }) =>
    buildService(app, 'peers', {
      selector,
      template: { spec: { containers: ports.map((port) => ({ ports: [port] })) } },
    });
  const names = (...ports: readonly unknown[]) =>
    service(ports).spec.ports?.map(({ name, port, protocol }) => `${name}:${port}/${protocol}`) ?? [];

  test('is headless, shows members that are not ready, and is ours', () => {
    expect(service([])).toEqual({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: {
        name: 'peers',
        namespace: 'prod',
        labels: { 'statefulapp.dev/name': 'web' },
        ownerReferences: [expect.objectContaining({ uid: 'app-uid', controller: true })],
      },
      spec: { clusterIP: 'None', publishNotReadyAddresses: true, selector: { app: 'web' } },
    });
  });

  test('selects by our own label where the selector has nothing that a Service could use', () => {
    expect(service([], { matchExpressions: [{ key: 'a', operator: 'Exists' }] }).spec.selector).toEqual({
      'statefulapp.dev/name': 'web',
    });
  });

  test.each<readonly [ports: readonly unknown[], names: readonly string[]]>([
    [[{ containerPort: 80 }], ['tcp-80:80/TCP']],
    [
      [
        { containerPort: 80, name: 'http' },
        { containerPort: 53, protocol: 'UDP' },
      ],
      ['http:80/TCP', 'udp-53:53/UDP'],
    ],
    [
      [
        { containerPort: 80, name: 'http' },
        { containerPort: 80, name: 'again' },
      ],
      ['http:80/TCP'],
    ],
    [
      [
        { containerPort: 80, name: 'x' },
        { containerPort: 81, name: 'x' },
      ],
      ['x:80/TCP', 'tcp-81:81/TCP'],
    ],
    [
      [{ containerPort: 81, name: 'tcp-80' }, { containerPort: 80 }],
      ['tcp-80:81/TCP', 'tcp-80-1:80/TCP'],
    ],
    [[{ containerPort: 80, name: 'Not_A_Label' }], ['tcp-80:80/TCP']],
    [
      [{ containerPort: 0 }, { containerPort: 65536 }, { containerPort: '80' }, { containerPort: 1.5 }, {}, null, 7],
      [],
    ],
  ])('of containers with ports %j has the ports %j', (ports, expected) => {
    expect(names(...ports)).toEqual(expected);
  });

  test('never has two ports of one name, or one number and protocol twice', () => {
    const port = fc.record({
      containerPort: fc.integer({ min: 79, max: 82 }),
      name: fc.constantFrom('tcp-80', 'tcp-81', 'tcp-80-1', 'udp-80', 'http', undefined),
      protocol: fc.constantFrom('TCP', 'UDP', undefined),
    });
    fc.assert(
      fc.property(fc.array(port, { maxLength: 8 }), (ports) => {
        const list = service(ports).spec.ports ?? [];
        expect(new Set(list.map(({ name }) => name)).size).toBe(list.length);
        expect(new Set(list.map((one) => `${one.port}/${one.protocol}`)).size).toBe(list.length);
        expect(list.length).toBe(new Set(ports.map((one) => `${one.containerPort}/${one.protocol ?? 'TCP'}`)).size);
      }),
    );
  });
});
