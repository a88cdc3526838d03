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
];
