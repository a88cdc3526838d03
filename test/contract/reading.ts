// Reads and watches: snapshots, selectors, what a watch is told, and what too old means.
import { expect } from 'vitest';
import { PLURAL } from '../../src/api/names.ts';
import { type Behaviour, itemsOf, linesOf, refusal, type Stage, told } from './stage.ts';
import { type Json, watchUntil } from './wire-call.ts';

async function three(s: Stage): Promise<void> {
  await s.pod('a', { metadata: { labels: { app: 'web', rank: '1' } }, spec: { nodeName: 'n' } });
  await s.pod('b', { metadata: { labels: { app: 'db', rank: '2' } } });
  await s.pod('c', { metadata: { labels: { app: 'web' } } });
}

const listMeta = (body: Json) =>
  body['metadata'] as Json & { readonly continue?: string; readonly resourceVersion: string };
const since = async (s: Stage) => ({ resourceVersion: listMeta((await s.list('pods')).body).resourceVersion });
const LISTING = { sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan', allowWatchBookmarks: 'true' };

export const READING: readonly Behaviour[] = [
  [
    'an absent object is NotFound by name, an unknown path is NotFound without one',
    async (s) => {
      const absent = await s.get('pods', 'nobody');
      expect([refusal(absent), absent.body['details']]).toEqual(['404 NotFound', { name: 'nobody', kind: 'pods' }]);
      const elsewhere = await s.ask('GET', '/api/v1/namespaces/no-such-place/pods/a');
      expect(elsewhere.body['details']).toEqual({ name: 'a', kind: 'pods' });
      for (const path of ['/apis/example.com/v1/namespaces/x/things/a', '/api/v1/namespaces/x/things/a']) {
        const unknown = await s.ask('GET', path);
        expect(unknown.status).toBe(404);
        expect((unknown.body['details'] as Json | undefined)?.['name']).toBeUndefined();
      }
    },
  ],
  [
    'a list is ordered by name, and its items of a built-in kind do not say what they are',
    async (s) => {
      for (const name of ['b', 'a-b', 'a', 'a.b']) await s.pod(name);
      const { body } = await s.list('pods');
      expect(itemsOf({ body, status: 200, headers: new Map() })).toEqual(['a', 'a-b', 'a.b', 'b']);
      expect([body['kind'], (body['items'] as readonly Json[])[0]?.['kind']]).toEqual(['PodList', undefined]);
      await s.make(PLURAL, 'a');
      const apps = (await s.list(PLURAL)).body;
      expect([apps['kind'], (apps['items'] as readonly Json[])[0]?.['kind']]).toEqual([
        'StatefulAppList',
        'StatefulApp',
      ]);
    },
  ],
  [
    'a list’s version is not older than any of its items',
    async (s) => {
      await three(s);
      const { body } = await s.list('pods');
      const newest = Math.max(
        ...(body['items'] as readonly { metadata: { resourceVersion: string } }[]).map(({ metadata }) =>
          Number(metadata.resourceVersion),
        ),
      );
      expect(Number(listMeta(body).resourceVersion)).toBeGreaterThanOrEqual(newest);
    },
  ],
  [
    'an empty list has no items but a version',
    async (s) => {
      const { body } = await s.list('services');
      expect([body['items'], listMeta(body).resourceVersion]).toEqual([[], expect.stringMatching(/^[0-9]+$/)]);
    },
  ],
  ...(
    [
      ['app=web', ['a', 'c']],
      ['app==web', ['a', 'c']],
      ['app!=web', ['b']],
      ['rank', ['a', 'b']],
      ['!rank', ['c']],
      ['app in (web,db),rank', ['a', 'b']],
      ['app notin (web)', ['b']],
      ['rank!=1', ['b', 'c']],
      ['rank notin (1,2)', ['c']],
      ['', ['a', 'b', 'c']],
    ] as const
  ).map(
    ([labelSelector, names]): Behaviour => [
      `the selector "${labelSelector}" selects ${names.join(', ')}`,
      async (s) => {
        await three(s);
        expect(itemsOf(await s.list('pods', { labelSelector }))).toEqual(names);
      },
    ],
  ),
  ...(
    [
      ['metadata.name=a', ['a']],
      ['metadata.name!=a', ['b', 'c']],
      ['spec.nodeName=n', ['a']],
      ['spec.nodeName=', ['b', 'c']],
      ['spec.nodeName!=,metadata.name=a', ['a']],
      ['status.phase=Pending', ['a', 'b', 'c']],
    ] as const
  ).map(
    ([fieldSelector, names]): Behaviour => [
      `the fields "${fieldSelector}" select ${names.join(', ')}`,
      async (s) => {
        await three(s);
        expect(itemsOf(await s.list('pods', { fieldSelector }))).toEqual(names);
      },
    ],
  ),
  [
    'selectors that cannot be read, and fields that nobody indexes, are BadRequests',
    async (s) => {
      expect(refusal(await s.list('pods', { labelSelector: 'a b' }))).toBe('400 BadRequest');
      expect(refusal(await s.list('pods', { fieldSelector: 'spec.hostname=x' }))).toBe('400 BadRequest');
    },
  ],
  [
    'pages are one snapshot: what happens between them is not in them',
    async (s) => {
      await three(s);
      const first = await s.list('pods', { limit: '1' });
      expect([itemsOf(first), listMeta(first.body)['remainingItemCount']]).toEqual([['a'], 2]);
      await s.delete('pods', 'b');
      await s.pod('bb');
      const second = await s.list('pods', { limit: '1', continue: listMeta(first.body).continue ?? '' });
      expect(itemsOf(second)).toEqual(['b']);
      const third = await s.list('pods', { limit: '5', continue: listMeta(second.body).continue ?? '' });
      expect([itemsOf(third), listMeta(third.body).continue]).toEqual([['c'], undefined]);
      expect(listMeta(third.body).resourceVersion).toBe(listMeta(first.body).resourceVersion);
    },
  ],
  [
    'with a selector nobody counts what remains',
    async (s) => {
      await three(s);
      const { body } = await s.list('pods', { limit: '1', labelSelector: 'app' });
      expect([listMeta(body)['remainingItemCount'], listMeta(body).continue]).toEqual([
        undefined,
        expect.stringMatching(/./),
      ]);
    },
  ],
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
