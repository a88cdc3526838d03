// What watches are told: selectors, opening lists, bookmarks, and what too old means.
import { expect } from 'vitest';
import { type Behaviour, linesOf, listMeta, refusal, type Stage, three, told } from './stage.ts';
import { type Json, watchUntil } from './wire-call.ts';

const since = async (s: Stage) => ({ resourceVersion: listMeta((await s.list('pods')).body).resourceVersion });
const LISTING = { sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan', allowWatchBookmarks: 'true' };

export const WATCHING: readonly Behaviour[] = [
  [
    'a continue token from too long ago is Expired, and one that is none a BadRequest',
    async (s) => {
      const rv = Number(await s.ground.forgotten());
      const token = Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv, start: 'a\u0000' })).toString('base64url');
      expect(refusal(await s.list('pods', { limit: '1', continue: token }))).toBe('410 Expired');
      expect(refusal(await s.list('pods', { limit: '1', continue: 'rubbish' }))).toBe('400 BadRequest');
    },
  ],
  [
    'a watch from a version tells what happened since, in order',
    async (s) => {
      const from = await since(s);
      await three(s);
      await s.patch('pods', 'b', { metadata: { labels: { x: '1' } } });
      await s.delete('pods', 'b');
      const events = await s.watch('pods', from, 6);
      expect(linesOf(events)).toEqual(['ADDED a', 'ADDED b', 'ADDED c', 'MODIFIED b', 'MODIFIED b', 'DELETED b']);
      const versions = events.map(({ object }) => Number((object['metadata'] as Json)['resourceVersion']));
      expect([...versions].sort((a, b) => a - b)).toEqual(versions);
      expect(new Set(versions).size).toBe(6);
    },
  ],
  [
    'an unbound pod that is deleted is first modified, then deleted',
    async (s) => {
      const from = await since(s);
      await s.pod('a');
      await s.delete('pods', 'a');
      const [, marked, last] = await s.watch('pods', from, 3);
      expect(marked?.object['metadata']).toMatchObject({ deletionGracePeriodSeconds: 0 });
      expect(last?.object['metadata']).toMatchObject({ deletionGracePeriodSeconds: 0 });
    },
  ],
  [
    'the last state of an object that lost its last finalizer still has it',
    async (s) => {
      const from = await since(s);
      await s.pod('a', { metadata: { finalizers: ['example.com/a'] } });
      await s.delete('pods', 'a');
      await s.patch('pods', 'a', { metadata: { finalizers: null } });
      const events = await s.watch('pods', from, 3);
      expect(linesOf(events)).toEqual(['ADDED a', 'MODIFIED a', 'DELETED a']);
      expect(events[2]?.object['metadata']).toMatchObject({ finalizers: ['example.com/a'] });
    },
  ],
  [
    'for a watch that selects, an object that stops matching is deleted as it was, one that starts is added',
    async (s) => {
      const from = await since(s);
      await three(s);
      await s.patch('pods', 'a', { metadata: { labels: { app: 'db' } } });
      const back = told(await s.patch('pods', 'a', { metadata: { labels: { app: 'web' } } }));
      const events = await s.watch('pods', { ...from, labelSelector: 'app=web' }, 4);
      expect(linesOf(events)).toEqual(['ADDED a', 'ADDED c', 'DELETED a', 'ADDED a']);
      expect(events[2]?.object['metadata']).toMatchObject({ labels: { app: 'web' } });
      expect(events[3]?.object['metadata']).toMatchObject({ resourceVersion: back.metadata.resourceVersion });
    },
  ],
  [
    'a watch by fields selects as a list does',
    async (s) => {
      const from = await since(s);
      await three(s);
      expect(linesOf(await s.watch('pods', { ...from, fieldSelector: 'metadata.name=b' }, 1))).toEqual(['ADDED b']);
    },
  ],
  [
    'a list by watching: what there is, then a bookmark that says so, then what happens',
    async (s) => {
      await three(s);
      const path = s.path('pods', undefined, { query: { watch: 'true', ...LISTING } });
      let written: Promise<unknown> | undefined;
      const events = await watchUntil(s.ground.transport, path, (seen) => {
        if (seen.length === 4) written ??= s.pod('d');
        return seen.length >= 5;
      });
      if ('status' in events) throw new Error(JSON.stringify(events.body));
      await written;
      expect(linesOf(events).slice(0, 3).toSorted()).toEqual(['ADDED a', 'ADDED b', 'ADDED c']);
      expect(linesOf(events).slice(3)).toEqual(['BOOKMARK', 'ADDED d']);
      const { resourceVersion, annotations } = (events[3]?.object['metadata'] ?? {}) as Json;
      expect([String(resourceVersion), annotations]).toEqual([
        expect.stringMatching(/^[0-9]+$/),
        { 'k8s.io/initial-events-end': 'true' },
      ]);
    },
  ],
  [
    'a watch without a version begins with what there is, without a bookmark',
    async (s) => {
      await three(s);
      expect(linesOf(await s.watch('pods', {}, 3)).toSorted()).toEqual(['ADDED a', 'ADDED b', 'ADDED c']);
    },
  ],
  [
    'sendInitialEvents without resourceVersionMatch is Invalid, and the other way round',
    async (s) => {
      for (const query of [{ sendInitialEvents: 'true' }, { resourceVersionMatch: 'NotOlderThan' }]) {
        expect(refusal(await s.list('pods', { watch: 'true', allowWatchBookmarks: 'true', ...query }))).toBe(
          '422 Invalid',
        );
      }
    },
  ],
  [
    'a watch from too long ago is told so by an event',
    async (s) => {
      const resourceVersion = await s.ground.forgotten();
      const [event] = await s.watch('pods', { resourceVersion }, 1);
      expect([event?.type, event?.object['code'], event?.object['reason']]).toEqual(['ERROR', 410, 'Expired']);
    },
  ],
  [
    'a watch of one namespace does not hear of another',
    async (s) => {
      const from = await since(s);
      await s.ask('POST', '/api/v1/namespaces/default/pods', {
        metadata: { generateName: 'elsewhere-' },
        spec: { containers: [{ name: 'c', image: 'i' }] },
      });
      await s.pod('a');
      expect(linesOf(await s.watch('pods', from, 1))).toEqual(['ADDED a']);
    },
  ],
  [
    'a dry run is not told to watches',
    async (s) => {
      const from = await since(s);
      await s.create(
        'pods',
        { metadata: { name: 'dry' }, spec: { containers: [{ name: 'c', image: 'i' }] } },
        { query: { dryRun: 'All' } },
      );
      await s.pod('a');
      expect(linesOf(await s.watch('pods', from, 1))).toEqual(['ADDED a']);
    },
  ],
];
