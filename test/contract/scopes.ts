// Which part of an object a write may touch: the main resource, status, scale, binding, and what nobody may change.
import { expect } from 'vitest';
import { PLURAL } from '../../src/api/names.ts';
import { type Behaviour, causesOf, refusal, told } from './stage.ts';

export const SCOPES: readonly Behaviour[] = [
  [
    'a dry run of a patch answers what would be, and stores nothing',
    async (s) => {
      const object = await s.make('services', 'a');
      const would = told(
        await s.patch('services', 'a', { metadata: { labels: { x: '1' } } }, { query: { dryRun: 'All' } }),
      );
      expect(would.metadata['labels']).toEqual({ x: '1' });
      expect(told(await s.get('services', 'a'))).toEqual(object);
    },
  ],
  [
    'creation time and end cannot be changed',
    async (s) => {
      const object = await s.make('services', 'a');
      const { metadata } = told(
        await s.patch('services', 'a', { metadata: { creationTimestamp: '2001-01-01T00:00:00Z', generation: 9 } }),
      );
      expect(metadata['creationTimestamp']).toBe(object.metadata['creationTimestamp']);
      expect(metadata.generation).toBeUndefined();
      const refused = await s.patch('services', 'a', { metadata: { deletionTimestamp: '2001-01-01T00:00:00Z' } });
      expect([refusal(refused), causesOf(refused)]).toEqual(['422 Invalid', ['metadata.deletionTimestamp']]);
    },
  ],
  [
    'the main resource’s write leaves the status alone',
    async (s) => {
      await s.pod('a');
      const { status } = told(
        await s.patch('pods', 'a', { status: { phase: 'Running' }, metadata: { labels: { x: '1' } } }),
      );
      expect(status['phase']).toBe('Pending');
      await s.make(PLURAL, 'a');
      expect(told(await s.patch(PLURAL, 'a', { status: { replicas: 2 } })).status).toBeUndefined();
    },
  ],
  [
    'a pod’s status write changes status and metadata, not spec and owners',
    async (s) => {
      await s.pod('a');
      const owners = [{ apiVersion: 'v1', kind: 'X', name: 'x', uid: 'u' }];
      const body = {
        metadata: { labels: { x: '1' }, ownerReferences: owners },
        spec: { nodeName: 'n' },
        status: { phase: 'Running', podIP: '10.0.0.1' },
      };
      const { metadata, spec, status } = told(await s.patch('pods', 'a', body, { subresource: 'status' }));
      expect([metadata['labels'], metadata['ownerReferences'], spec['nodeName']]).toEqual([
        { x: '1' },
        undefined,
        undefined,
      ]);
      expect(status).toMatchObject({ phase: 'Running', podIP: '10.0.0.1', podIPs: [{ ip: '10.0.0.1' }] });
      expect(metadata.generation).toBe(1);
    },
  ],
  [
    'an app’s status write changes the status alone, and no generation',
    async (s) => {
      await s.make(PLURAL, 'a');
      const body = { metadata: { labels: { x: '1' } }, spec: { replicas: 5 }, status: { replicas: 2 } };
      const { metadata, spec, status } = told(await s.patch(PLURAL, 'a', body, { subresource: 'status' }));
      expect([metadata['labels'], spec['replicas'], metadata.generation]).toEqual([undefined, 1, 1]);
      expect(status).toEqual({ replicas: 2 });
    },
  ],
  [
    'a status write at an old version is a Conflict',
    async (s) => {
      const { metadata } = await s.make(PLURAL, 'a');
      await s.patch(PLURAL, 'a', { metadata: { labels: { x: '1' } } });
      const body = { metadata: { resourceVersion: metadata.resourceVersion }, status: { replicas: 2 } };
      expect(refusal(await s.patch(PLURAL, 'a', body, { subresource: 'status' }))).toBe('409 Conflict');
    },
  ],
  [
    'the generation of pods and apps counts changes of the spec only',
    async (s) => {
      await s.make(PLURAL, 'a');
      expect(told(await s.patch(PLURAL, 'a', { metadata: { labels: { x: '1' } } })).metadata.generation).toBe(1);
      expect(told(await s.patch(PLURAL, 'a', { spec: { replicas: 3 } })).metadata.generation).toBe(2);
      await s.pod('a');
      expect(told(await s.patch('pods', 'a', { metadata: { labels: { x: '1' } } })).metadata.generation).toBe(1);
      expect(told(await s.patch('pods', 'a', { spec: { activeDeadlineSeconds: 9 } })).metadata.generation).toBe(2);
    },
  ],
  [
    'claims, services and revisions have no generation',
    async (s) => {
      for (const plural of ['persistentvolumeclaims', 'services', 'controllerrevisions'] as const) {
        expect((await s.make(plural, 'a')).metadata.generation).toBeUndefined();
      }
    },
  ],
  [
    'of a pod’s spec the image may change, the node and the hostname may not',
    async (s) => {
      await s.pod('a');
      expect(
        (
          await s.patch('pods', 'a', [{ op: 'replace', path: '/spec/containers/0/image', value: 'registry/b:2' }], {
            type: 'json',
          })
        ).status,
      ).toBe(200);
      for (const spec of [{ nodeName: 'n' }, { hostname: 'other' }, { terminationGracePeriodSeconds: 5 }]) {
        const refused = await s.patch('pods', 'a', { spec });
        expect([refusal(refused), causesOf(refused)]).toEqual(['422 Invalid', ['spec']]);
      }
    },
  ],
  [
    'of a claim’s spec nothing may change but its first volume name',
    async (s) => {
      await s.make('persistentvolumeclaims', 'a');
      expect(
        causesOf(await s.patch('persistentvolumeclaims', 'a', { spec: { accessModes: ['ReadOnlyMany'] } })),
      ).toEqual(['spec']);
      expect((await s.patch('persistentvolumeclaims', 'a', { spec: { volumeName: 'v' } })).status).toBe(200);
      expect(refusal(await s.patch('persistentvolumeclaims', 'a', { spec: { volumeName: 'w' } }))).toBe('422 Invalid');
    },
  ],
  [
    'a service’s address and a revision’s data may not change',
    async (s) => {
      await s.make('services', 'a', { spec: { clusterIP: undefined } });
      expect(causesOf(await s.patch('services', 'a', { spec: { clusterIP: '10.96.200.77' } }))).toEqual([
        'spec.clusterIPs[0]',
      ]);
      await s.make('controllerrevisions', 'a');
      expect(causesOf(await s.patch('controllerrevisions', 'a', { data: { x: 1 } }))).toEqual(['data']);
      expect((await s.patch('controllerrevisions', 'a', { revision: 7 })).status).toBe(200);
    },
  ],
  [
    'a headless service without a selector is of both address families, and can get no selector on a cluster of one',
    async (s) => {
      expect((await s.make('services', 'a')).spec).toMatchObject({
        ipFamilies: ['IPv4', 'IPv6'],
        ipFamilyPolicy: 'RequireDualStack',
      });
      const refused = await s.patch('services', 'a', { spec: { selector: { app: 'web' } } });
      expect([refusal(refused), causesOf(refused)]).toEqual([
        '422 Invalid',
        ['spec.ipFamilyPolicy', 'spec.ipFamilies[1]'],
      ]);
    },
  ],
  [
    'an app’s serviceName and selector may not change',
    async (s) => {
      await s.make(PLURAL, 'a', { spec: { serviceName: 'web' } });
      expect(refusal(await s.patch(PLURAL, 'a', { spec: { serviceName: 'other' } }))).toBe('422 Invalid');
      expect((await s.patch(PLURAL, 'a', { spec: { replicas: 0 } })).status).toBe(200);
    },
  ],
  [
    'scale tells and changes the number of replicas',
    async (s) => {
      await s.make(PLURAL, 'a');
      await s.patch(PLURAL, 'a', { status: { replicas: 1, selector: 'x=y' } }, { subresource: 'status' });
      const scale = told(await s.get(PLURAL, 'a', { subresource: 'scale' }));
      expect([scale.kind, scale.spec, scale.status]).toEqual([
        'Scale',
        { replicas: 1 },
        { replicas: 1, selector: 'x=y' },
      ]);
      const body = { spec: { replicas: 4 } };
      expect(told(await s.patch(PLURAL, 'a', body, { subresource: 'scale' })).spec).toEqual({ replicas: 4 });
      const app = told(await s.get(PLURAL, 'a'));
      expect([app.spec['replicas'], app.metadata.generation]).toEqual([4, 2]);
    },
  ],
  [
    'a pod is bound once, by binding',
    async (s) => {
      const { metadata } = await s.pod('a');
      const body = { metadata: { name: 'a', uid: metadata.uid }, target: { kind: 'Node', name: 'n' } };
      expect((await s.ask('POST', s.path('pods', 'a', { subresource: 'binding' }), body)).status).toBe(201);
      const bound = told(await s.get('pods', 'a'));
      expect(bound.spec['nodeName']).toBe('n');
      expect(bound.status['conditions']).toMatchObject([{ type: 'PodScheduled', status: 'True' }]);
      expect(refusal(await s.ask('POST', s.path('pods', 'a', { subresource: 'binding' }), body))).toBe('409 Conflict');
    },
  ],
];
