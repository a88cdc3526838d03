// What the API server does with what is new: defaults, names, refusals.
import { expect } from 'vitest';
import { PLURAL } from '../../src/api/names.ts';
import { type Behaviour, causesOf, refusal, told } from './stage.ts';
import { markerOf, podSpec } from './trace-content.ts';

const pod = (metadata: object, spec: object = podSpec('registry/a:1')) => ({ metadata, spec });

export const CREATING: readonly Behaviour[] = [
  [
    'a new object has a uid, a version and a time of creation',
    async (s) => {
      const { metadata } = await s.make('services', 'a');
      expect(metadata.uid).toMatch(/./);
      expect(metadata.resourceVersion).toMatch(/^[0-9]+$/);
      expect(metadata['creationTimestamp']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    },
  ],
  [
    'each write has a greater version than all before, whatever the kind',
    async (s) => {
      const made = [await s.pod('a'), await s.make('services', 'a'), await s.make(PLURAL, 'a'), await s.pod('b')];
      const versions = made.map(({ metadata }) => Number(metadata.resourceVersion));
      expect([...versions].sort((a, b) => a - b)).toEqual(versions);
      expect(new Set(versions).size).toBe(4);
    },
  ],
  [
    'what the client says of uid, version, generation and end does not count',
    async (s) => {
      const body = pod({
        name: 'a',
        uid: 'mine',
        generation: 7,
        creationTimestamp: '2001-01-01T00:00:00Z',
        deletionTimestamp: '2001-01-01T00:00:00Z',
      });
      const { metadata } = told(await s.create('pods', body));
      expect(metadata.uid).not.toBe('mine');
      expect(metadata.generation).toBe(1);
      expect(metadata['creationTimestamp']).not.toContain('2001');
      expect(metadata.deletionTimestamp).toBeUndefined();
    },
  ],
  [
    'a name that is taken is AlreadyExists and names it',
    async (s) => {
      await s.make('services', 'a');
      const again = await s.create('services', markerOf('services'));
      expect(again.status).toBe(201);
      const third = await s.create('services', markerOf('services'));
      expect(refusal(third)).toBe('409 AlreadyExists');
      expect(third.body['details']).toEqual({ name: 'marker', kind: 'services' });
    },
  ],
  [
    'generateName gives names that differ',
    async (s) => {
      const make = async () => told(await s.create('pods', pod({ generateName: 'x-' }))).metadata.name;
      const names = [await make(), await make(), await make()];
      for (const name of names) expect(name).toMatch(/^x-[a-z0-9]{5}$/);
      expect(new Set(names).size).toBe(3);
    },
  ],
  [
    'a bad name is Invalid at metadata.name',
    async (s) => {
      for (const name of ['Bad', 'a_b', '-a', 'a'.repeat(254)]) {
        const refused = await s.create('pods', pod({ name }));
        expect([refusal(refused), causesOf(refused)]).toEqual(['422 Invalid', ['metadata.name']]);
      }
    },
  ],
  [
    'no name at all is Invalid',
    async (s) => {
      const refused = await s.create('pods', pod({}));
      expect([refusal(refused), causesOf(refused)]).toEqual(['422 Invalid', ['metadata.name']]);
    },
  ],
  [
    'a namespace that does not exist is NotFound by its name',
    async (s) => {
      const refused = await s.ask('POST', '/api/v1/namespaces/no-such-place/pods', pod({ name: 'a' }));
      expect(refusal(refused)).toBe('404 NotFound');
      expect(refused.body['details']).toEqual({ name: 'no-such-place', kind: 'namespaces' });
    },
  ],
  [
    'a namespace that is being deleted takes nothing new',
    async (s) => {
      await s.ask('DELETE', `/api/v1/namespaces/${s.namespace}`);
      const refused = await s.create('pods', pod({ name: 'a' }));
      expect(refusal(refused)).toBe('403 Forbidden');
      expect(refused.body['details']).toMatchObject({
        causes: [{ reason: 'NamespaceTerminating', field: 'metadata.namespace' }],
      });
    },
  ],
  [
    'a namespace in the body that is not the path’s is a BadRequest',
    async (s) => {
      expect(refusal(await s.create('pods', pod({ name: 'a', namespace: 'default' })))).toBe('400 BadRequest');
    },
  ],
  [
    'a version in the body of a new object is refused',
    async (s) => {
      const refused = await s.create('pods', pod({ name: 'a', resourceVersion: '5' }));
      expect(refused.status).toBeGreaterThanOrEqual(400);
      expect((await s.get('pods', 'a')).status).toBe(404);
    },
  ],
  [
    'a body that is no object is refused',
    async (s) => {
      expect((await s.create('pods', [] as never)).status).toBe(400);
      expect((await s.create(PLURAL, { metadata: { name: 'a' } })).status).toBe(400);
    },
  ],
  [
    'two controllers are Invalid, one controller and another owner are fine',
    async (s) => {
      const owner = (name: string, controller: boolean) => ({
        apiVersion: 'v1',
        kind: 'Pod',
        name,
        uid: `u-${name}`,
        controller,
      });
      const refused = await s.create('pods', pod({ name: 'a', ownerReferences: [owner('x', true), owner('y', true)] }));
      expect([refusal(refused), causesOf(refused)]).toEqual(['422 Invalid', ['metadata.ownerReferences']]);
      const fine = await s.create('pods', pod({ name: 'a', ownerReferences: [owner('x', true), owner('y', false)] }));
      expect(fine.status).toBe(201);
    },
  ],
  [
    'a label value that is none is Invalid',
    async (s) => {
      const refused = await s.create('pods', pod({ name: 'a', labels: { x: 'not a value' } }));
      expect([refusal(refused), causesOf(refused)]).toEqual(['422 Invalid', ['metadata.labels']]);
    },
  ],
  [
    'a dry run answers the object with a uid and no version, and stores nothing',
    async (s) => {
      const { metadata } = told(await s.create('pods', pod({ name: 'a' }), { query: { dryRun: 'All' } }));
      expect(metadata.uid).toMatch(/./);
      expect(metadata.resourceVersion).toBeUndefined();
      expect((await s.get('pods', 'a')).status).toBe(404);
    },
  ],
  [
    'a dry run is refused as the real thing would be',
    async (s) => {
      await s.pod('a');
      expect(refusal(await s.create('pods', pod({ name: 'a' }), { query: { dryRun: 'All' } }))).toBe(
        '409 AlreadyExists',
      );
    },
  ],
  [
    'a pod gets its defaults, phase Pending and generation 1',
    async (s) => {
      const { spec, status, metadata } = await s.pod('a');
      expect(spec).toMatchObject({
        restartPolicy: 'Always',
        terminationGracePeriodSeconds: 30,
        dnsPolicy: 'ClusterFirst',
        enableServiceLinks: true,
      });
      expect(status).toEqual({ phase: 'Pending', qosClass: 'BestEffort' });
      expect(metadata.generation).toBe(1);
    },
  ],
  [
    'a pod gets the two tolerations that bound its stay on a lost node, unless it has its own',
    async (s) => {
      const own = {
        key: 'node.kubernetes.io/unreachable',
        operator: 'Exists',
        effect: 'NoExecute',
        tolerationSeconds: 9,
      };
      const { spec } = await s.pod('a', { spec: { tolerations: [own] } });
      const added = {
        key: 'node.kubernetes.io/not-ready',
        operator: 'Exists',
        effect: 'NoExecute',
        tolerationSeconds: 300,
      };
      expect(spec['tolerations']).toEqual([own, added]);
    },
  ],
  [
    'a pod keeps hostname, subdomain and its volumes as sent',
    async (s) => {
      const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'data-a' } }];
      const sent = { hostname: 'a', subdomain: 'web', volumes, nodeName: 'n' };
      expect((await s.pod('a', { spec: sent })).spec).toMatchObject(sent);
    },
  ],
  [
    'the status that a new object brings along does not count',
    async (s) => {
      const { status } = told(await s.create('pods', { ...pod({ name: 'a' }), status: { phase: 'Running' } }));
      expect(status['phase']).toBe('Pending');
      const { metadata: _name, ...rest } = markerOf(PLURAL);
      const app = told(await s.create(PLURAL, { ...rest, metadata: { name: 'a' }, status: { replicas: 3 } }));
      expect(app.status).toBeUndefined();
    },
  ],
  [
    'a claim is Pending and protected; a claim without access modes is Invalid',
    async (s) => {
      const { metadata, status } = await s.make('persistentvolumeclaims', 'a');
      expect([metadata.finalizers, status['phase']]).toEqual([['kubernetes.io/pvc-protection'], 'Pending']);
      const refused = await s.create('persistentvolumeclaims', {
        metadata: { name: 'b' },
        spec: { resources: { requests: { storage: '1Gi' } } },
      });
      expect([refusal(refused), causesOf(refused)]).toEqual(['422 Invalid', ['spec.accessModes']]);
    },
  ],
  [
    'a headless service stays headless; another one gets an address',
    async (s) => {
      expect((await s.make('services', 'a')).spec).toMatchObject({
        clusterIP: 'None',
        clusterIPs: ['None'],
        type: 'ClusterIP',
      });
      const { spec } = await s.make('services', 'b', { spec: { clusterIP: undefined } });
      expect(spec['clusterIP']).toMatch(/^10\.96\.\d+\.\d+$/);
    },
  ],
  [
    'a pod without containers is Invalid',
    async (s) => {
      const refused = await s.create('pods', pod({ name: 'a' }, { containers: [] }));
      expect([refusal(refused), causesOf(refused)]).toEqual(['422 Invalid', ['spec.containers']]);
    },
  ],
  [
    'a revision keeps nulls and order of nothing in its data',
    async (s) => {
      const data = { spec: { template: { a: null, b: [null, 1] } } };
      const made = told(await s.create('controllerrevisions', { metadata: { name: 'a' }, revision: 1, data }));
      expect((made as unknown as { data: unknown }).data).toEqual(data);
    },
  ],
  [
    'an app is stored with its defaults and without fields that nobody knows',
    async (s) => {
      const { spec, metadata } = await s.make(PLURAL, 'a', { spec: { nonsense: 1 } });
      expect(spec).toMatchObject({
        replicas: 1,
        podManagementPolicy: 'OrderedReady',
        ordinals: { start: 0, excluded: [] },
      });
      expect(spec).not.toHaveProperty('nonsense');
      expect(metadata.generation).toBe(1);
    },
  ],
  [
    'an app that breaks a rule of ours is Invalid',
    async (s) => {
      const { metadata: _name, spec, ...rest } = markerOf(PLURAL);
      for (const wrong of [{ replicas: -1 }, { podManagementPolicy: 'Sideways' }, { selector: { matchLabels: {} } }]) {
        const refused = await s.create(PLURAL, {
          ...rest,
          metadata: { name: 'a' },
          spec: { ...(spec as object), ...wrong },
        });
        expect(refusal(refused)).toBe('422 Invalid');
      }
    },
  ],
];
