// The cache: what the watches have shown, by app, and what has to be read by name because no watch shows it.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LABEL } from '../../src/api/names.ts';
import type { WatchEvent } from '../../src/kube/known-objects.ts';
import type { KubeObject } from '../../src/kube/objects.ts';
import { Cache } from '../../src/operator/cache.ts';
import { type Kind, ownerKey } from '../../src/operator/views.ts';
import { APP, owner, type Raw, rawApp, rawClaim, rawPod, rawRevision, rawService, template } from '../plan/objects.ts';

const KEY = 'prod/web';
const NOW = 1_000_000;

const made = (raw: Raw, metadata: Raw = {}) => {
  const inner = raw['metadata'] as Raw;
  return { ...raw, metadata: { namespace: APP.namespace, ...inner, ...metadata } } as unknown as KubeObject;
};
const pod = (ordinal = 0, state = 'Available', metadata: Raw = {}) =>
  made(rawPod({ ordinal, state, revision: 'abc', seconds: 60 }), metadata);
const added = (object: KubeObject): WatchEvent => ({ type: 'added', object });
const modified = (previous: KubeObject, object: KubeObject): WatchEvent => ({ type: 'modified', object, previous });
const gone = (object: KubeObject, observed: 'watch' | 'relist' = 'watch'): WatchEvent => ({
  type: 'deleted',
  object,
  observed,
});
const labelled = (app: string) => ({ app: 'web', [LABEL.app]: app });

function filled(...pods: readonly KubeObject[]) {
  const cache = new Cache();
  cache.apply('StatefulApp', added(made(rawApp({}))), NOW);
  for (const one of pods) cache.apply('Pod', added(one), NOW);
  const seen = () => {
    const sighting = cache.sight(KEY, NOW);
    if (sighting === null) throw new Error('the app is not in the cache');
    return sighting;
  };
  return { cache, seen };
}

test.each([
  ['its controller, a StatefulApp', { ownerReferences: [owner()], labels: labelled('other') }, 'prod/web'],
  ['the label, when nobody controls it', { ownerReferences: [], labels: labelled('other') }, 'prod/other'],
  [
    'the label, when its controller is of another kind',
    { ownerReferences: [owner({ kind: 'ReplicaSet', name: 'rs' })], labels: labelled('other') },
    'prod/other',
  ],
  [
    'the label, when a StatefulApp owns it without controlling it',
    { ownerReferences: [owner({ controller: false })], labels: labelled('other') },
    'prod/other',
  ],
  ['nobody, without both', { ownerReferences: [], labels: {} }, null],
])('an object is filed under %s', (_, metadata, key) => {
  expect(ownerKey(pod(0, 'Available', metadata))).toBe(key);
});

test('every kind is shown in its place, and only under its own app', () => {
  const { cache, seen } = filled(pod(0), pod(1));
  cache.apply('PersistentVolumeClaim', added(made(rawClaim({ volume: 'data', ordinal: 0, state: 'Bound' }))), NOW);
  cache.apply('Service', added(made(rawService())), NOW);
  cache.apply('ControllerRevision', added(made(rawRevision({ version: 'v1', number: 1 }))), NOW);
  cache.apply('Pod', added(pod(7, 'Available', { ownerReferences: [], labels: labelled('other') })), NOW);
  const names = (views: readonly { name: string }[]) => views.map(({ name }) => name);
  const { app, pods, claims, services, revisions } = seen();
  expect(app.uid).toBe(APP.uid);
  expect(names(pods)).toEqual(['web-0', 'web-1']);
  expect(names(claims)).toEqual(['data-web-0']);
  expect(names(services)).toEqual(['web']);
  expect(names(revisions)).toEqual([expect.stringMatching(/^web-/)]);
  expect(cache.apps()).toEqual([KEY]);
  expect(cache.sight('prod/other', NOW)).toBeNull();
});

test('pods, claims and the app may come in any order', () => {
  const cache = new Cache();
  expect(cache.apply('Pod', added(pod(0)), NOW)).toEqual([KEY]);
  expect(cache.sight(KEY, NOW)).toBeNull();
  expect(cache.apps()).toEqual([]);
  cache.apply('StatefulApp', added(made(rawApp({}))), NOW);
  expect(cache.sight(KEY, NOW)?.pods).toHaveLength(1);
});

test('a change that no decision rests on wakes nobody, and its version is kept all the same', () => {
  const before = pod(0);
  const { cache, seen } = filled(before);
  const heartbeat = { ...pod(0, 'Available', { resourceVersion: '77' }), more: 'of the same' } as KubeObject;
  expect(cache.apply('Pod', modified(before, heartbeat), NOW)).toEqual([]);
  expect(seen().pods[0]?.resourceVersion).toBe('77');
});

test('a change that decisions rest on wakes its app', () => {
  const before = pod(0, 'NotReady');
  const { cache } = filled(before);
  expect(cache.apply('Pod', modified(before, pod(0, 'Available', { resourceVersion: '77' })), NOW)).toEqual([KEY]);
});

test('a revision that is a later one than before wakes its app, and one that is only stored anew does not', () => {
  const { cache } = filled();
  const revision = (number: number, resourceVersion: string) => {
    const raw = rawRevision({ version: 'v1', number });
    return made({ ...raw, metadata: { ...(raw['metadata'] as Raw), resourceVersion } });
  };
  const [first, same, later] = [revision(1, '1'), revision(1, '2'), revision(2, '3')];
  expect(cache.apply('ControllerRevision', added(first), NOW)).toEqual([KEY]);
  expect(cache.apply('ControllerRevision', modified(first, same), NOW)).toEqual([]);
  expect(cache.apply('ControllerRevision', modified(same, later), NOW)).toEqual([KEY]);
});

test('any change of the app wakes it, also the echo of its own status: the ledger in it is input', () => {
  const { cache, seen } = filled();
  const echo = made(rawApp({ metadata: { resourceVersion: '101' }, status: { replicas: 2 } }));
  expect(cache.apply('StatefulApp', modified(made(rawApp({})), echo), NOW)).toEqual([KEY]);
  expect(seen().app).toMatchObject({ resourceVersion: '101', status: { replicas: 2 } });
});

test('an app is parsed once for each of its specs, and what else it tells is always new', () => {
  const { cache, seen } = filled();
  const first = seen().app;
  const echo = made(rawApp({ metadata: { resourceVersion: '101', annotations: { a: 'b' } }, status: { replicas: 2 } }));
  cache.apply('StatefulApp', modified(made(rawApp({})), echo), NOW);
  expect(seen().app.spec).toBe(first.spec);
  expect(seen().app).toMatchObject({ resourceVersion: '101', annotations: { a: 'b' }, status: { replicas: 2 } });
  const edited = made(rawApp({ version: 'v2', metadata: { resourceVersion: '102', generation: 2 } }));
  cache.apply('StatefulApp', modified(echo, edited), NOW);
  expect(seen().app).toMatchObject({ generation: 2, status: {}, spec: { template: template('v2') } });
});

test('a spec is taken over from the object that was replaced, and from no other', () => {
  const { cache, seen } = filled();
  const [unseen, next] = ['101', '102'].map((resourceVersion) =>
    made(rawApp({ version: 'v2', metadata: { resourceVersion } })),
  );
  cache.apply('StatefulApp', modified(unseen as KubeObject, next as KubeObject), NOW);
  expect(seen().app.spec?.template).toEqual(template('v2'));
});

test('an app that was told to be gone, and is there after all, is read anew', () => {
  const { cache, seen } = filled();
  cache.died(KEY, { uid: APP.uid, atMs: NOW });
  const next = made(rawApp({ metadata: { resourceVersion: '101' } }));
  cache.apply('StatefulApp', modified(made(rawApp({})), next), NOW);
  expect(seen().app).toMatchObject({ resourceVersion: '101', spec: { template: template('v1') } });
});

test('a pod that ended before our eyes is no stray, and how it ended is known', () => {
  const { cache, seen } = filled(pod(0));
  const last = pod(0, 'Failed', { deletionTimestamp: '2026-03-01T12:00:00Z' });
  expect(cache.apply('Pod', gone(last), NOW)).toEqual([KEY]);
  expect(seen()).toMatchObject({ pods: [], strays: [], endings: [{ pod: 'web-0', how: 'stopped', atMs: NOW }] });
});

test('a pod that left the watch while it was being stopped is looked at: a label may have been taken off it', () => {
  const { cache, seen } = filled(pod(0));
  expect(cache.apply('Pod', gone(pod(0, 'Terminating')), NOW)).toEqual([KEY]);
  expect(seen()).toMatchObject({ pods: [], strays: [{ name: 'web-0', reads: 0 }], endings: [{ how: 'unknown' }] });
  cache.read(KEY, { kind: 'Pod', name: 'web-0', object: undefined, atMs: NOW + 5 });
  expect(seen()).toMatchObject({ strays: [], endings: [{ how: 'unknown', atMs: NOW + 5 }] });
});

test.each([
  ['was never bound to a node', { ...pod(0, 'Terminating'), spec: {} }, 'neverBound'],
  ['had failed', pod(0, 'Failed', { deletionTimestamp: '2026-03-01T12:00:00Z' }), 'stopped'],
  ['ran', pod(0, 'Terminating'), 'unknown'],
])('the end of a pod that %s is kept', (_, last, how) => {
  const { cache, seen } = filled(pod(0));
  cache.apply('Pod', gone(last as KubeObject), NOW);
  expect(seen().endings).toEqual([expect.objectContaining({ pod: 'web-0', uid: 'web-0-uid', how })]);
});

test('a pod without a node that is found missing in a new list may have been bound since: its end is unknown', () => {
  const pending = pod(0, 'Pending');
  const { cache, seen } = filled(pending);
  cache.apply('Pod', gone(pending, 'relist'), NOW);
  expect(seen().endings).toEqual([expect.objectContaining({ how: 'unknown' })]);
  expect(seen().strays).toEqual([expect.objectContaining({ kind: 'Pod', name: 'web-0', reads: 0, readAtMs: 0 })]);
});

test.each<[Kind, KubeObject]>([
  ['Pod', pod(0)],
  ['PersistentVolumeClaim', made(rawClaim({ volume: 'data', ordinal: 0, state: 'Bound' }))],
  ['Service', made(rawService())],
])('a %s that leaves the watch without being deleted is a stray to look at', (kind, object) => {
  const { cache, seen } = filled();
  cache.apply(kind, added(object), NOW);
  expect(cache.apply(kind, gone(object), NOW)).toEqual([KEY]);
  const { name, uid } = object.metadata;
  expect(seen().strays).toMatchObject([{ kind, name, reads: 0, readAtMs: 0, view: { uid } }]);
});

test('a revision that leaves its watch without a deletion timestamp is looked for: it may only have lost its label', () => {
  const { cache, seen } = filled();
  cache.apply('ControllerRevision', added(made(rawRevision({ version: 'v1', number: 1 }))), NOW);
  cache.apply('ControllerRevision', gone(made(rawRevision({ version: 'v1', number: 1 }))), NOW);
  expect(seen()).toMatchObject({ revisions: [], strays: [{ kind: 'ControllerRevision', reads: 0 }] });
});

test('a label that is taken off a pod that waits for its node does not make the name free', () => {
  const pending = pod(0, 'Pending');
  const { cache, seen } = filled(pending);
  cache.apply('Pod', gone(pending), NOW);
  expect(seen().endings[0]?.how).toBe('unknown');
  // Unseen by the watch it is bound to a node and runs; then somebody deletes it by force.
  cache.read(KEY, { kind: 'Pod', name: 'web-0', object: pod(0, 'Available', { labels: {} }), atMs: NOW + 1000 });
  cache.read(KEY, { kind: 'Pod', name: 'web-0', object: undefined, atMs: NOW + 90_000 });
  expect(seen().endings).toEqual([
    expect.objectContaining({ uid: 'web-0-uid', how: 'unknown', node: 'node-a', atMs: NOW + 90_000 }),
  ]);
  expect(seen().strays).toEqual([]);
});

test('a stray that is read and found remembers when and how often', () => {
  const { cache, seen } = filled(pod(0));
  cache.apply('Pod', gone(pod(0)), NOW);
  const bare = pod(0, 'Bare', { resourceVersion: '9' });
  cache.read(KEY, { kind: 'Pod', name: 'web-0', object: bare, atMs: NOW + 5 });
  cache.read(KEY, { kind: 'Pod', name: 'web-0', object: bare, atMs: NOW + 7 });
  expect(seen().strays).toMatchObject([
    { readAtMs: NOW + 7, reads: 2, view: { resourceVersion: '9', controller: null } },
  ]);
});

test('a read of what never was leaves nothing, not even an end', () => {
  const { cache, seen } = filled();
  cache.read(KEY, { kind: 'Pod', name: 'web-0', object: undefined, atMs: NOW });
  expect(seen()).toMatchObject({ strays: [], endings: [] });
});

test('a stray pod that had stopped by the kubelet is known to have stopped, also when it is only found missing', () => {
  const failed = pod(0, 'Failed');
  const { cache, seen } = filled(failed);
  cache.apply('Pod', gone(failed, 'relist'), NOW);
  cache.read(KEY, { kind: 'Pod', name: 'web-0', object: undefined, atMs: NOW + 1 });
  expect(seen().endings).toEqual([expect.objectContaining({ how: 'stopped' })]);
});

test('what is read by name and shown by the watch meanwhile is no stray', () => {
  const { cache, seen } = filled(pod(0));
  cache.read(KEY, { kind: 'Pod', name: 'web-0', object: pod(0), atMs: NOW });
  expect(seen().strays).toEqual([]);
});

test('a stray that the watch shows again is one no more, and wakes its app', () => {
  const { cache, seen } = filled(pod(0));
  cache.apply('Pod', gone(pod(0)), NOW);
  expect(cache.apply('Pod', added(pod(0, 'Available', { resourceVersion: '9' })), NOW)).toEqual([KEY]);
  expect(seen()).toMatchObject({ strays: [], pods: [{ name: 'web-0' }] });
});

test('the end of one pod says nothing of another of its name: each is known by itself', () => {
  const { cache, seen } = filled(pod(0));
  cache.apply('Pod', gone(pod(0)), NOW);
  cache.read(KEY, { kind: 'Pod', name: 'web-0', object: undefined, atMs: NOW + 5 });
  cache.apply('Pod', added(pod(0, 'Pending', { uid: 'second' })), NOW + 6);
  cache.apply('Pod', gone(pod(0, 'Failed', { uid: 'second', deletionTimestamp: '2026-03-01T11:59:00Z' })), NOW + 7);
  expect(seen()).toMatchObject({
    pods: [],
    endings: [
      { pod: 'web-0', uid: 'web-0-uid', how: 'unknown', atMs: NOW + 5 },
      { pod: 'web-0', uid: 'second', how: 'stopped', atMs: NOW + 7 },
    ],
  });
});

test.each(['Pod that a watch shows', 'Pod that was read by name'])(
  'a pod that the ledger names, and whose place another %s has taken, has gone unseen',
  (how) => {
    const { cache, seen } = filled();
    const members = [{ ordinal: 0, pod: 'web-0', podUID: 'first', node: 'node-a' }];
    const named = rawApp({ status: { appUID: APP.uid, members } });
    cache.apply('StatefulApp', modified(made(rawApp({})), made(named)), NOW);
    expect(seen().endings).toEqual([]);
    const second = pod(0, 'Orphan', { uid: 'second' });
    if (how.endsWith('shows')) cache.apply('Pod', added(second), NOW);
    else cache.read(KEY, { kind: 'Pod', name: 'web-0', object: second, atMs: NOW });
    expect(cache.sight(KEY, NOW + 100, 100)?.endings).toMatchObject([
      { pod: 'web-0', uid: 'first', how: 'unknown', atMs: NOW + 100 },
    ]);
    // Once, and not again at each look: its time runs from the first.
    expect(cache.sight(KEY, NOW + 900, 100)?.endings).toMatchObject([{ uid: 'first', atMs: NOW + 100 }]);
  },
);

test('a pod that the ledger still names, and that was seen to end, has not gone unseen', () => {
  const { cache, seen } = filled(pod(0));
  const members = [{ ordinal: 0, pod: 'web-0', podUID: 'web-0-uid' }];
  cache.apply('StatefulApp', added(made(rawApp({ status: { appUID: APP.uid, members } }))), NOW);
  cache.apply('Pod', gone(pod(0, 'Failed', { deletionTimestamp: '2026-03-01T11:59:00Z' })), NOW);
  cache.apply('Pod', added(pod(0, 'Pending', { uid: 'second' })), NOW);
  expect(seen().endings).toMatchObject([{ uid: 'web-0-uid', how: 'stopped' }]);
});

test('a pod whose label and owner are changed by hand goes to the other app, and both are told; here it is a stray', () => {
  const before = pod(0, 'Orphan');
  const { cache, seen } = filled(before);
  const after = pod(0, 'Orphan', { labels: labelled('other'), resourceVersion: '50' });
  expect(cache.apply('Pod', modified(before, after), NOW)).toEqual([KEY, 'prod/other']);
  expect(seen()).toMatchObject({
    pods: [],
    endings: [],
    strays: [{ name: 'web-0', reads: 0, view: { uid: 'web-0-uid' } }],
  });
  cache.apply('StatefulApp', added(made(rawApp({ metadata: { name: 'other', uid: 'other-uid' } }))), NOW);
  expect(cache.sight('prod/other', NOW)?.pods).toMatchObject([{ name: 'web-0' }]);
});

test('a pod that keeps our label and loses its owner stays ours to show', () => {
  const before = pod(0);
  const { cache, seen } = filled(before);
  expect(cache.apply('Pod', modified(before, pod(0, 'Orphan')), NOW)).toEqual([KEY]);
  expect(seen().pods).toMatchObject([{ controller: null }]);
});

test('the survey is asked for again when another app takes the name, and counted while the app stays', () => {
  const { cache, seen } = filled();
  const survey = { generation: 1, atMs: NOW, statefulSetUid: null };
  cache.surveyed(KEY, survey);
  cache.surveyed(KEY, survey);
  expect(seen().survey).toEqual({ ...survey, reads: 2 });
  const changed = made(rawApp({ metadata: { resourceVersion: '101' } }));
  cache.apply('StatefulApp', modified(made(rawApp({})), changed), NOW);
  expect(seen().survey?.reads).toBe(2);
  cache.apply('StatefulApp', added(made(rawApp({ metadata: { uid: 'second' } }))), NOW);
  expect(seen().survey).toBeNull();
});

test('surveys are forgotten when the lead is regained', () => {
  const { cache, seen } = filled();
  cache.surveyed(KEY, { generation: 1, atMs: NOW, statefulSetUid: null });
  cache.newTerm();
  expect(seen().survey).toBeNull();
});

test('an app that is deleted is gone, and what is left of it waits for one of the same name', () => {
  const { cache } = filled(pod(0));
  expect(cache.apply('StatefulApp', gone(made(rawApp({}))), NOW)).toEqual([KEY]);
  expect(cache.sight(KEY, NOW)).toBeNull();
  cache.apply('StatefulApp', added(made(rawApp({ metadata: { uid: 'second' } }))), NOW);
  expect(cache.sight(KEY, NOW)).toMatchObject({ app: { uid: 'second' }, pods: [{ name: 'web-0' }], survey: null });
});

test('ends of pods outlive their app for an hour, so that a new app of the name keeps to them; then they are pruned', () => {
  const { cache } = filled(pod(0));
  cache.apply('StatefulApp', gone(made(rawApp({}))), NOW);
  cache.apply('Pod', gone(pod(0, 'Terminating')), NOW);
  cache.prune(NOW + 3_600_000);
  cache.apply('StatefulApp', added(made(rawApp({}))), NOW);
  expect(cache.sight(KEY, NOW)?.endings).toHaveLength(1);
  cache.prune(NOW + 3_600_001);
  expect(cache.sight(KEY, NOW)?.endings).toEqual([]);
});

test('an app is confirmed once; not any more when something of it went away, in another term, or after its end', () => {
  const revision = made(rawRevision({ version: 'v1', number: 1 }));
  const service = made(rawService({}));
  const cache = new Cache();
  const confirmedBefore = (change: () => void) => {
    cache.apply('StatefulApp', added(made(rawApp({}))), NOW);
    cache.apply('ControllerRevision', added(revision), NOW);
    cache.apply('Service', added(service), NOW);
    cache.confirmed(KEY);
    const before = cache.isConfirmed(KEY);
    change();
    return [before, cache.isConfirmed(KEY)];
  };
  expect(new Cache().isConfirmed(KEY)).toBe(false);
  expect(confirmedBefore(() => cache.apply('ControllerRevision', gone(revision), NOW))).toEqual([true, false]);
  expect(confirmedBefore(() => cache.apply('Service', gone(service), NOW))).toEqual([true, false]);
  expect(confirmedBefore(() => cache.newTerm())).toEqual([true, false]);
  expect(confirmedBefore(() => cache.prune(NOW))).toEqual([true, true]);
});

test('what was suspected of an app that is gone is forgotten after an hour', () => {
  const revision = made(rawRevision({ version: 'v1', number: 1 }));
  const cache = new Cache();
  const straysAfter = (ms: number) => {
    cache.apply('StatefulApp', added(made(rawApp({}))), NOW);
    cache.apply('ControllerRevision', added(revision), NOW);
    cache.died(KEY, { uid: APP.uid, atMs: NOW });
    cache.apply('ControllerRevision', gone(revision), NOW);
    cache.prune(NOW);
    cache.prune(NOW + ms);
    cache.apply('StatefulApp', added(made(rawApp({}))), NOW);
    return cache.sight(KEY, NOW)?.strays ?? [];
  };
  expect(straysAfter(3_600_000)).toMatchObject([{ kind: 'ControllerRevision', reads: 0 }]);
  expect(straysAfter(3_600_001)).toEqual([]);
});

test('it is known whether a watch still shows a very pod', () => {
  const { cache } = filled(pod(0));
  expect(cache.shows(KEY, { kind: 'Pod', name: 'web-0', uid: 'web-0-uid' })).toBe(true);
  expect(cache.shows(KEY, { kind: 'Pod', name: 'web-0', uid: 'another' })).toBe(false);
  expect(cache.shows('prod/none', { kind: 'Pod', name: 'web-0', uid: 'web-0-uid' })).toBe(false);
});

test('an app called constructor is an app like any other', () => {
  const cache = new Cache();
  cache.apply('StatefulApp', added(made(rawApp({ metadata: { name: 'constructor', namespace: '__proto__' } }))), NOW);
  expect(cache.sight('__proto__/constructor', NOW)?.app.name).toBe('constructor');
  expect(cache.sight('prod/toString', NOW)).toBeNull();
});

const KINDS = ['StatefulApp', 'Pod', 'PersistentVolumeClaim', 'Service', 'ControllerRevision'] as const;

test('whatever an object looks like behind its metadata, the cache takes it in', () => {
  const anything = fc.dictionary(fc.constantFrom('spec', 'status', 'data', 'revision', 'kind'), fc.jsonValue());
  const inner = fc.dictionary(
    fc.constantFrom('template', 'nodeName', 'conditions', 'containerStatuses', 'phase', 'resources', 'replicas'),
    fc.jsonValue(),
  );
  fc.assert(
    fc.property(fc.constantFrom(...KINDS), anything, inner, (kind, fields, spec) => {
      const cache = new Cache();
      const object = made({
        spec,
        status: spec,
        ...fields,
        metadata: { name: 'web', uid: 'u', labels: labelled('web') },
      });
      expect(cache.apply(kind, added(object), NOW)).toEqual([KEY]);
      cache.apply(kind, gone(object), NOW);
      cache.prune(NOW + 7_200_000);
      expect(cache.sight(KEY, NOW)).toBeNull();
    }),
    { numRuns: 300 },
  );
});

test('a wall clock that jumps moves what is told of times, not how long ago something was', () => {
  const cache = new Cache();
  cache.apply('StatefulApp', added(made(rawApp({}))), 0);
  cache.apply('Pod', gone(pod(0, 'Terminating')), 5_000);
  for (const offsetMs of [NOW, NOW + 3_600_000]) {
    const sighting = cache.sight(KEY, offsetMs + 9_000, offsetMs);
    expect((sighting?.nowMs ?? 0) - (sighting?.endings[0]?.atMs ?? 0)).toBe(4_000);
  }
});

test('a pod that was made counts as there until its watch shows it', () => {
  const cache = new Cache();
  cache.apply('StatefulApp', added(made(rawApp({}))), NOW);
  cache.made(KEY, { object: made(pod(0)) as KubeObject, atMs: NOW });
  expect(cache.sight(KEY, NOW)?.strays.map(({ name }) => name)).toEqual(['web-0']);
  cache.apply('Pod', added(pod(0)), NOW);
  expect(cache.sight(KEY, NOW)).toMatchObject({ strays: [], pods: [{ name: 'web-0' }] });
});

test('what only the ledger of an app knew of its pods is known when that ledger is taken from it', () => {
  const { cache, seen } = filled(pod(1));
  const members = [0, 1].map((ordinal) => ({ ordinal, pod: `web-${ordinal}`, podUID: `web-${ordinal}-uid` }));
  const before = made(rawApp({ status: { appUID: 'app-uid', members } }));
  cache.apply('StatefulApp', added(before), NOW);
  expect(seen().endings).toEqual([]);
  cache.apply('StatefulApp', modified(before, made(rawApp({ metadata: { resourceVersion: '101' } }))), NOW + 7);
  expect(seen().endings).toMatchObject([{ pod: 'web-0', uid: 'web-0-uid', how: 'unknown', atMs: NOW + 7 }]);
});

test('what only the ledger of an app knew of its pods is known to the next app of its name, too', () => {
  const { cache, seen } = filled(pod(1));
  const members = [0, 1, 2].map((ordinal) => ({ ordinal, pod: `web-${ordinal}`, podUID: `web-${ordinal}-uid` }));
  const before = made(rawApp({ status: { appUID: 'app-uid', members: [...members, { ordinal: 3, pod: 'web-3' }] } }));
  cache.apply('StatefulApp', added(before), NOW);
  cache.apply('Pod', added(pod(2)), NOW);
  cache.apply('Pod', gone(pod(2, 'Failed', { deletionTimestamp: '2026-03-01T12:00:00Z' })), NOW);
  cache.apply('StatefulApp', gone(before), NOW + 7);
  cache.apply('StatefulApp', added(made(rawApp({ metadata: { uid: 'next-uid' } }))), NOW + 9);
  expect(seen().endings).toMatchObject([
    { pod: 'web-2', how: 'stopped', atMs: NOW },
    { pod: 'web-0', uid: 'web-0-uid', how: 'unknown', atMs: NOW + 7, graceSeconds: 30 },
  ]);
});

test('a volume is counted as read anew when another disk is behind it: it is looked at again soon', () => {
  const { cache, seen } = filled();
  for (const disk of ['one', 'one', 'one', 'two', 'two', '', 'one'])
    cache.readVolume(KEY, { name: 'pv', disk, readAtMs: NOW });
  expect(seen().volumes).toMatchObject([{ name: 'pv', disk: 'one', reads: 1 }]);
  cache.readVolume(KEY, { name: 'pv', disk: 'one', readAtMs: NOW });
  expect(seen().volumes).toMatchObject([{ reads: 2 }]);
});

test.each(['before', 'after'])(
  'a claim that we made is known as such, its watch telling of it %s the answer',
  (order) => {
    const { cache, seen } = filled();
    const claim = made(rawClaim({ volume: 'data', ordinal: 7, state: 'Unbound' }));
    const told = () => cache.apply('PersistentVolumeClaim', added(claim), NOW);
    if (order === 'before') told();
    cache.madeClaim(KEY, claim);
    if (order === 'after') told();
    const views = () => seen().claims.filter(({ name }) => name === 'data-web-7');
    expect(views()).toMatchObject([{ madeHere: true }]);
    const other = { ...claim, metadata: { ...claim.metadata, uid: 'another' } };
    cache.apply('PersistentVolumeClaim', gone(claim), NOW);
    cache.apply('PersistentVolumeClaim', added(other), NOW);
    expect(views()).toMatchObject([{ uid: 'another' }]);
    expect(views()[0]).not.toHaveProperty('madeHere');
  },
);
