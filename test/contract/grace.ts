// How pods end in time, propagation policies, dry runs and namespaces.
import { expect } from 'vitest';
import { PLURAL } from '../../src/api/names.ts';
import { type Behaviour, type Stage, type Told, told } from './stage.ts';

const HELD = { metadata: { finalizers: ['example.com/a'] } };
const BOUND = { spec: { nodeName: 'n' } };
const endOf = ({ metadata }: Told) => [
  metadata.deletionTimestamp !== undefined,
  metadata['deletionGracePeriodSeconds'],
];
const gone = async (s: Stage, plural: Parameters<Stage['get']>[0]) => (await s.get(plural, 'a')).status === 404;
const seconds = (from: unknown, to: unknown) => (Date.parse(String(to)) - Date.parse(String(from))) / 1000;

export const GRACE: readonly Behaviour[] = [
  [
    'a pod that is not bound goes at once, whatever its grace',
    async (s) => {
      await s.pod('a');
      expect(endOf(told(await s.delete('pods', 'a')))).toEqual([true, 0]);
      expect(await gone(s, 'pods')).toBe(true);
    },
  ],
  [
    'a bound pod stays for its grace, and its end lies that far ahead',
    async (s) => {
      await s.pod('a', BOUND);
      const dying = told(await s.delete('pods', 'a'));
      expect([endOf(dying), dying.metadata.generation]).toEqual([[true, 30], 2]);
      const ahead = seconds(dying.metadata['creationTimestamp'], dying.metadata.deletionTimestamp);
      expect(ahead).toBeGreaterThanOrEqual(30);
    },
  ],
  [
    'a grace of its own, or one that is asked for, counts',
    async (s) => {
      await s.pod('a', { spec: { ...BOUND.spec, terminationGracePeriodSeconds: 7 } });
      expect(endOf(told(await s.delete('pods', 'a')))).toEqual([true, 7]);
      await s.pod('b', BOUND);
      expect(endOf(told(await s.delete('pods', 'b', { gracePeriodSeconds: 5 })))).toEqual([true, 5]);
    },
  ],
  [
    'a second delete does not prolong, a shorter one shortens, grace 0 ends',
    async (s) => {
      await s.pod('a', BOUND);
      const first = told(await s.delete('pods', 'a'));
      expect(told(await s.delete('pods', 'a', { gracePeriodSeconds: 100 })).metadata.resourceVersion).toBe(
        first.metadata.resourceVersion,
      );
      const shorter = told(await s.delete('pods', 'a', { gracePeriodSeconds: 10 }));
      expect(endOf(shorter)).toEqual([true, 10]);
      expect(seconds(shorter.metadata.deletionTimestamp, first.metadata.deletionTimestamp)).toBe(20);
      expect(shorter.metadata.generation).toBe(2);
      await s.delete('pods', 'a', { gracePeriodSeconds: 0 });
      expect(await gone(s, 'pods')).toBe(true);
    },
  ],
  [
    'a bound pod that has ended goes at once',
    async (s) => {
      await s.pod('a', BOUND);
      await s.patch('pods', 'a', { status: { phase: 'Failed' } }, { subresource: 'status' });
      await s.delete('pods', 'a');
      expect(await gone(s, 'pods')).toBe(true);
    },
  ],
  [
    'a terminating pod that ends meanwhile waits for a delete with grace 0',
    async (s) => {
      await s.pod('a', BOUND);
      await s.delete('pods', 'a');
      await s.patch('pods', 'a', { status: { phase: 'Succeeded' } }, { subresource: 'status' });
      expect(await gone(s, 'pods')).toBe(false);
      const { metadata } = told(await s.get('pods', 'a'));
      await s.delete('pods', 'a', { gracePeriodSeconds: 0, preconditions: { uid: metadata.uid } });
      expect(await gone(s, 'pods')).toBe(true);
    },
  ],
  [
    'a negative grace means one second',
    async (s) => {
      await s.pod('a', BOUND);
      expect(endOf(told(await s.delete('pods', 'a', { gracePeriodSeconds: -3 })))).toEqual([true, 1]);
    },
  ],
  [
    'a pod with a finalizer stays after its grace of 0',
    async (s) => {
      await s.pod('a', HELD);
      expect(endOf(told(await s.delete('pods', 'a', { gracePeriodSeconds: 0 })))).toEqual([true, 0]);
      expect(await gone(s, 'pods')).toBe(false);
      await s.patch('pods', 'a', { metadata: { finalizers: null } });
      expect(await gone(s, 'pods')).toBe(true);
    },
  ],
  [
    'Orphan and Foreground are finalizers, Background is none',
    async (s) => {
      for (const [propagationPolicy, finalizer] of [
        ['Orphan', 'orphan'],
        ['Foreground', 'foregroundDeletion'],
      ] as const) {
        await s.make(PLURAL, finalizer.toLowerCase());
        const { metadata } = told(await s.delete(PLURAL, finalizer.toLowerCase(), { propagationPolicy }));
        expect(metadata.finalizers).toEqual([finalizer]);
      }
      await s.make(PLURAL, 'a');
      await s.delete(PLURAL, 'a', { propagationPolicy: 'Background' });
      expect(await gone(s, PLURAL)).toBe(true);
    },
  ],
  [
    'a later Background takes the orphan finalizer off again, and ends it',
    async (s) => {
      await s.make(PLURAL, 'a');
      await s.delete(PLURAL, 'a', { propagationPolicy: 'Orphan' });
      await s.delete(PLURAL, 'a', { propagationPolicy: 'Background' });
      expect(await gone(s, PLURAL)).toBe(true);
    },
  ],
  [
    'a dry run in the body deletes nothing',
    async (s) => {
      await s.make('services', 'a');
      expect((await s.delete('services', 'a', { dryRun: ['All'] })).status).toBe(200);
      expect(await gone(s, 'services')).toBe(false);
    },
  ],
  [
    'a dry run in the query deletes nothing when there is no body, and DELETES when there is one',
    async (s) => {
      const { metadata } = await s.make('services', 'a');
      const query = { dryRun: 'All' };
      expect((await s.delete('services', 'a', undefined, { query })).status).toBe(200);
      expect(await gone(s, 'services')).toBe(false);
      expect((await s.delete('services', 'a', { preconditions: { uid: metadata.uid } }, { query })).status).toBe(200);
      expect(await gone(s, 'services')).toBe(true);
    },
  ],
  [
    'a namespace is Terminating until its own finalizer is taken off',
    async (s) => {
      const path = `/api/v1/namespaces/${s.namespace}`;
      const dying = told(await s.ask('DELETE', path));
      expect([dying.status['phase'], dying.spec['finalizers']]).toEqual(['Terminating', ['kubernetes']]);
      await s.ask('PATCH', path, { metadata: { labels: { x: '1' } } }, 'application/merge-patch+json');
      const held = told(await s.ask('GET', path));
      expect(held.metadata['labels']).toMatchObject({ x: '1' });
      const final = { ...held, spec: { finalizers: [] } };
      expect((await s.ask('PUT', `${path}/finalize`, final)).status).toBe(200);
      expect((await s.ask('GET', path)).status).toBe(404);
    },
  ],
];
