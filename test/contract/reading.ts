// Reads: snapshots, selectors, pages, and what too old means.
import { expect } from 'vitest';
import { PLURAL } from '../../src/api/names.ts';
import { type Behaviour, itemsOf, listMeta, refusal, type Told, three } from './stage.ts';
import { podSpec } from './trace-content.ts';
import type { Json } from './wire-call.ts';

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
    'a list of all namespaces is ordered by namespace and name as one text, in which the slash counts',
    async (s) => {
      const longer = `${s.namespace}-x`;
      await s.ask('POST', '/api/v1/namespaces', { metadata: { name: longer } });
      const body = (name: string) => ({ metadata: { name, labels: { of: s.namespace } }, spec: podSpec('i') });
      for (const namespace of [s.namespace, longer]) {
        await s.ask('POST', `/api/v1/namespaces/${namespace}/pods`, body('a'));
      }
      const reply = await s.ask('GET', `/api/v1/pods?labelSelector=of=${s.namespace}`);
      const places = (reply.body['items'] as readonly Told[]).map(({ metadata }) => metadata['namespace']);
      expect(places).toEqual([longer, s.namespace]);
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
];
