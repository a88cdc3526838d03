// What the API server does with changes: versions as preconditions, no-ops, what cannot change, status, scale, apply.
import { expect } from 'vitest';
import { PLURAL } from '../../src/api/names.ts';
import { type Behaviour, causesOf, refusal, type Told, told } from './stage.ts';

const labelled = (object: Told, labels: object) => ({ ...object, metadata: { ...object.metadata, labels } });
const versionOf = ({ metadata }: Told) => metadata.resourceVersion;

export const CHANGING: readonly Behaviour[] = [
  [
    'an update at the current version is stored, at an old one it is a Conflict',
    async (s) => {
      const first = await s.make('services', 'a');
      const second = told(await s.put('services', 'a', labelled(first, { x: '1' })));
      expect(Number(versionOf(second))).toBeGreaterThan(Number(versionOf(first)));
      const refused = await s.put('services', 'a', labelled(first, { x: '2' }));
      expect(refusal(refused)).toBe('409 Conflict');
      expect(refused.body['details']).toEqual({ name: 'a', kind: 'services' });
      expect(told(await s.get('services', 'a')).metadata['labels']).toEqual({ x: '1' });
    },
  ],
  [
    'an update without a version overwrites a pod, and is Invalid for an app',
    async (s) => {
      const unversioned = (object: Told) => ({
        ...object,
        metadata: { ...object.metadata, resourceVersion: undefined, labels: { x: '1' } },
      });
      expect((await s.put('pods', 'a', unversioned(await s.pod('a')))).status).toBe(200);
      const refused = await s.put(PLURAL, 'a', unversioned(await s.make(PLURAL, 'a')));
      expect([refusal(refused), causesOf(refused)]).toEqual(['422 Invalid', ['metadata.resourceVersion']]);
    },
  ],
  [
    'an update of another uid is a Conflict',
    async (s) => {
      const object = await s.pod('a');
      expect(refusal(await s.put('pods', 'a', { ...object, metadata: { ...object.metadata, uid: 'other' } }))).toBe(
        '409 Conflict',
      );
    },
  ],
  [
    'an update whose name is not the path’s is a BadRequest',
    async (s) => {
      const object = await s.pod('a');
      expect(refusal(await s.put('pods', 'b', object))).toBe('400 BadRequest');
    },
  ],
  [
    'an update of what does not exist is NotFound; a service without a uid is created',
    async (s) => {
      const object = await s.pod('a');
      expect(refusal(await s.put('pods', 'b', { ...object, metadata: { name: 'b' } }))).toBe('404 NotFound');
      const spec = { clusterIP: 'None', ports: [{ port: 1 }] };
      expect((await s.put('services', 'b', { metadata: { name: 'b' }, spec })).status).toBe(201);
    },
  ],
  [
    'an update that changes nothing keeps the version',
    async (s) => {
      for (const plural of ['pods', 'services', 'controllerrevisions', PLURAL] as const) {
        const object = await s.make(plural, 'a');
        expect(versionOf(told(await s.put(plural, 'a', object)))).toBe(versionOf(object));
        expect(versionOf(told(await s.patch(plural, 'a', { metadata: {} })))).toBe(versionOf(object));
      }
    },
  ],
  [
    'the first update of a claim is stored even if it changes nothing, the second is not',
    async (s) => {
      const object = await s.make('persistentvolumeclaims', 'a');
      const second = told(await s.patch('persistentvolumeclaims', 'a', { metadata: {} }));
      expect(versionOf(second)).not.toBe(versionOf(object));
      expect(versionOf(told(await s.patch('persistentvolumeclaims', 'a', { metadata: {} })))).toBe(versionOf(second));
    },
  ],
  [
    'a merge patch merges, and null takes away',
    async (s) => {
      await s.make('services', 'a', { metadata: { labels: { x: '1', y: '2' }, annotations: { note: 'n' } } });
      const { metadata } = told(
        await s.patch('services', 'a', { metadata: { labels: { x: null, z: '3' }, annotations: null } }),
      );
      expect(metadata['labels']).toEqual({ y: '2', z: '3' });
      expect(metadata).not.toHaveProperty('annotations');
    },
  ],
  [
    'a patch with the current version is taken, with an old one it is a Conflict',
    async (s) => {
      const first = await s.make('services', 'a');
      const patch = { metadata: { resourceVersion: versionOf(first), uid: first.metadata.uid, labels: { x: '1' } } };
      expect((await s.patch('services', 'a', patch)).status).toBe(200);
      expect(refusal(await s.patch('services', 'a', patch))).toBe('409 Conflict');
    },
  ],
  [
    'a patch with another uid is Invalid, not a Conflict, and changes nothing',
    async (s) => {
      const { metadata } = await s.make('services', 'a');
      const refused = await s.patch('services', 'a', { metadata: { uid: 'other', labels: { x: '1' } } });
      expect([refusal(refused), causesOf(refused)]).toEqual(['422 Invalid', ['metadata.uid']]);
      expect(told(await s.get('services', 'a')).metadata.resourceVersion).toBe(metadata.resourceVersion);
    },
  ],
  [
    'a patch of an app’s status with another uid is taken: only the version tells one app from the next',
    async (s) => {
      await s.make(PLURAL, 'a');
      const body = { metadata: { uid: 'other' }, status: { replicas: 2 } };
      expect((await s.patch(PLURAL, 'a', body, { subresource: 'status' })).status).toBe(200);
      const versioned = { metadata: { uid: 'other', resourceVersion: '1' }, status: { replicas: 3 } };
      expect(refusal(await s.patch(PLURAL, 'a', versioned, { subresource: 'status' }))).toBe('409 Conflict');
    },
  ],
  [
    'a patch with an old version and another uid is a Conflict',
    async (s) => {
      await s.make('services', 'a');
      expect(refusal(await s.patch('services', 'a', { metadata: { uid: 'other', resourceVersion: '1' } }))).toBe(
        '409 Conflict',
      );
    },
  ],
  [
    'a patch of what does not exist is NotFound by name',
    async (s) => {
      const refused = await s.patch('pods', 'nobody', { metadata: { labels: { x: '1' } } });
      expect(refusal(refused)).toBe('404 NotFound');
      expect(refused.body['details']).toEqual({ name: 'nobody', kind: 'pods' });
    },
  ],
  [
    'a patch of an unknown type is UnsupportedMediaType',
    async (s) => {
      await s.make('services', 'a');
      expect(refusal(await s.patch('services', 'a', {}, { contentType: 'text/plain' }))).toBe(
        '415 UnsupportedMediaType',
      );
    },
  ],
  [
    'a JSON patch adds, replaces and removes; a test that fails is Invalid',
    async (s) => {
      await s.make('services', 'a', { metadata: { labels: { x: '1', y: '2' } } });
      const operations = [
        { op: 'test', path: '/metadata/labels/x', value: '1' },
        { op: 'replace', path: '/metadata/labels/x', value: '9' },
        { op: 'remove', path: '/metadata/labels/y' },
        { op: 'add', path: '/metadata/annotations', value: { 'a/b': 'c' } },
      ];
      const { metadata } = told(await s.patch('services', 'a', operations, { type: 'json' }));
      expect([metadata['labels'], metadata['annotations']]).toEqual([{ x: '9' }, { 'a/b': 'c' }]);
      expect(refusal(await s.patch('services', 'a', operations, { type: 'json' }))).toBe('422 Invalid');
    },
  ],
];
