// How things end: preconditions, grace, finalizers, propagation.
import { expect } from 'vitest';
import { PLURAL } from '../../src/api/names.ts';
import { type Behaviour, refusal, type Stage, type Told, told } from './stage.ts';

const HELD = { metadata: { finalizers: ['example.com/a'] } };
const endOf = ({ metadata }: Told) => [
  metadata.deletionTimestamp !== undefined,
  metadata['deletionGracePeriodSeconds'],
];
const gone = async (s: Stage, plural: Parameters<Stage['get']>[0]) => (await s.get(plural, 'a')).status === 404;

export const DELETING: readonly Behaviour[] = [
  [
    'a delete of what does not exist is NotFound by name',
    async (s) => {
      const refused = await s.delete('services', 'nobody');
      expect([refusal(refused), refused.body['details']]).toEqual([
        '404 NotFound',
        { name: 'nobody', kind: 'services' },
      ]);
    },
  ],
  [
    'another uid is a Conflict and deletes nothing',
    async (s) => {
      await s.make('services', 'a');
      expect(refusal(await s.delete('services', 'a', { preconditions: { uid: 'other' } }))).toBe('409 Conflict');
      expect(await gone(s, 'services')).toBe(false);
    },
  ],
  [
    'an old version is a Conflict, the right uid and version delete',
    async (s) => {
      const { metadata } = await s.make('services', 'a');
      const { uid, resourceVersion } = metadata;
      expect(refusal(await s.delete('services', 'a', { preconditions: { uid, resourceVersion: '1' } }))).toBe(
        '409 Conflict',
      );
      expect((await s.delete('services', 'a', { preconditions: { uid, resourceVersion } })).status).toBe(200);
      expect(await gone(s, 'services')).toBe(true);
    },
  ],
  [
    'revisions and apps answer a Status with the uid, pods and services the object',
    async (s) => {
      for (const plural of ['controllerrevisions', PLURAL] as const) {
        const { metadata } = await s.make(plural, 'a');
        const { body } = await s.delete(plural, 'a');
        expect([body['kind'], body['status'], body['details']]).toMatchObject([
          'Status',
          'Success',
          { name: 'a', uid: metadata.uid },
        ]);
      }
      for (const plural of ['pods', 'services'] as const) {
        const { metadata } = await s.make(plural, 'a');
        expect(told(await s.delete(plural, 'a')).metadata.uid).toBe(metadata.uid);
        expect(await gone(s, plural)).toBe(true);
      }
    },
  ],
  [
    'a finalizer holds an object that is told its end and gets a generation more',
    async (s) => {
      await s.make(PLURAL, 'a', HELD);
      const marked = told(await s.delete(PLURAL, 'a'));
      expect([endOf(marked), marked.metadata.generation]).toEqual([[true, 0], 2]);
      expect(told(await s.get(PLURAL, 'a')).metadata.deletionTimestamp).toBe(marked.metadata.deletionTimestamp);
    },
  ],
  [
    'a second delete of what is held changes nothing',
    async (s) => {
      await s.make('services', 'a', HELD);
      const first = told(await s.delete('services', 'a'));
      expect(told(await s.delete('services', 'a')).metadata.resourceVersion).toBe(first.metadata.resourceVersion);
    },
  ],
  [
    'taking off the last finalizer ends it',
    async (s) => {
      await s.make(PLURAL, 'a', { metadata: { finalizers: ['example.com/a', 'example.com/b'] } });
      await s.delete(PLURAL, 'a');
      await s.patch(PLURAL, 'a', { metadata: { finalizers: ['example.com/b'] } });
      expect(await gone(s, PLURAL)).toBe(false);
      expect((await s.patch(PLURAL, 'a', { metadata: { finalizers: [] } })).status).toBe(200);
      expect(await gone(s, PLURAL)).toBe(true);
    },
  ],
  [
    'taking off finalizers of what is not being deleted keeps it',
    async (s) => {
      await s.make('services', 'a', HELD);
      await s.patch('services', 'a', { metadata: { finalizers: null } });
      expect(await gone(s, 'services')).toBe(false);
    },
  ],
  [
    'what is being deleted takes no new finalizer',
    async (s) => {
      await s.make('services', 'a', HELD);
      await s.delete('services', 'a');
      const refused = await s.patch('services', 'a', {
        metadata: { finalizers: ['example.com/a', 'example.com/new'] },
      });
      expect(refusal(refused)).toBe('422 Invalid');
    },
  ],
  [
    'what is being deleted still blocks its name',
    async (s) => {
      await s.make('services', 'a', HELD);
      await s.delete('services', 'a');
      expect(
        refusal(
          await s.create('services', { metadata: { name: 'a' }, spec: { clusterIP: 'None', ports: [{ port: 1 }] } }),
        ),
      ).toBe('409 AlreadyExists');
    },
  ],
  [
    'a claim is held by its protection',
    async (s) => {
      await s.make('persistentvolumeclaims', 'a');
      expect(endOf(told(await s.delete('persistentvolumeclaims', 'a')))).toEqual([true, 0]);
      await s.patch('persistentvolumeclaims', 'a', { metadata: { finalizers: null } });
      expect(await gone(s, 'persistentvolumeclaims')).toBe(true);
    },
  ],
];
