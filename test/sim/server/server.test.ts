// What the server in memory offers beside the API: rules, listeners, cursors, callers, the direct transport. That it answers
// like a real one is the contract's (test/contract).
import { expect, test } from 'vitest';
import { createClient } from '../../../src/kube/client.ts';
import type { Clock } from '../../../src/kube/clock.ts';
import { RESOURCES } from '../../../src/kube/resources.ts';
import { watchResource } from '../../../src/kube/watch.ts';
import { VirtualTimeline } from '../timeline.ts';
import { callerOf, Refused } from './caller.ts';
import { createDirectTransport } from './direct.ts';
import { SimServer } from './server.ts';
import type { Change, WatchCursor } from './types.ts';
import { failure, parseCall } from './wire.ts';

const START = Date.UTC(2026, 0, 1);

function scene() {
  const timeline = new VirtualTimeline(START);
  let uids = 0;
  const uid = () => {
    uids += 1;
    return `uid-${uids}`;
  };
  const server = new SimServer({ now: timeline.now, uid });
  const user = callerOf(server, 'user');
  const pod = (name: string, labels = {}) =>
    user.create('pods', {
      metadata: { name, namespace: 'default', labels },
      spec: { containers: [{ name: 'c', image: 'i' }] },
    });
  return { timeline, server, user, pod };
}

function watch(server: SimServer, query: string): WatchCursor {
  const path = `/api/v1/namespaces/default/pods?watch=true&allowWatchBookmarks=true&${query}`;
  const cursor = server.watch(parseCall('watcher', { method: 'GET', path }));
  if (!('pull' in cursor)) throw new Error(JSON.stringify(cursor.body));
  return cursor;
}

const versionIn = (line: string | undefined) => JSON.parse(line ?? '{}').object?.metadata?.resourceVersion;
const typesOf = (lines: readonly string[]) => lines.map((line) => JSON.parse(line).type);

test('a rule answers instead of the server, to whom it is meant for; reads throw it, writes answer it', () => {
  const { server, user, pod } = scene();
  server.rules.push((call) =>
    call.actor === 'user' ? failure(503, 'ServiceUnavailable', 'out', { retryAfterSeconds: 2 }) : undefined,
  );
  expect(pod('a')).toMatchObject({
    ok: false,
    status: 503,
    reason: 'ServiceUnavailable',
    answer: { headers: { 'retry-after': '2' } },
  });
  expect(() => user.get('pods', 'default', 'a')).toThrow(Refused);
  expect(callerOf(server, 'other').get('pods', 'default', 'a')).toBeUndefined();
  server.rules.pop();
  expect(pod('a').ok).toBe(true);
});

test('listeners hear each change after it is stored, in order, also of what a listener writes', () => {
  const { server, user, pod } = scene();
  const heard: string[] = [];
  server.onCommit(({ type, object }) => {
    if (type === 'ADDED')
      user.patch('pods', 'default', object.metadata.name, { metadata: { labels: { seen: 'yes' } } });
  });
  const unlisten = server.onCommit(({ type, object, version, actor }: Change) => {
    heard.push(`${type} ${object.metadata.name} ${actor} ${server.version - version}`);
  });
  pod('a');
  expect(heard).toEqual(['ADDED a user 1', 'MODIFIED a user 0']);
  unlisten();
  pod('b');
  expect(heard).toHaveLength(2);
});

test('what is stored is frozen through and through, and earlier versions stay as they were', () => {
  const { user, pod } = scene();
  const first = pod('a', { x: '1' });
  user.patch('pods', 'default', 'a', { metadata: { labels: { x: '2' } } });
  if (!first.ok) throw new Error(first.message);
  expect(first.object.metadata.labels).toEqual({ x: '1' });
  expect(Object.isFrozen((first.object['spec'] as { containers: readonly object[] }).containers[0])).toBe(true);
});

test('a cursor gives as much as it is asked for, and its bookmark says what it has told', () => {
  const { server, pod } = scene();
  const from = server.version;
  const cursor = watch(server, `resourceVersion=${from}`);
  expect([cursor.hasNews, versionIn(cursor.bookmark())]).toEqual([false, String(from)]);
  pod('a');
  pod('b');
  expect(typesOf(cursor.pull(1))).toEqual(['ADDED']);
  expect([cursor.hasNews, versionIn(cursor.bookmark())]).toEqual([true, String(from + 1)]);
  expect(typesOf(cursor.pull())).toEqual(['ADDED']);
  expect([cursor.hasNews, versionIn(cursor.bookmark())]).toEqual([false, String(from + 2)]);
});

test('an opening list that is not read to its end has no bookmark yet', () => {
  const { server, pod } = scene();
  pod('a');
  const cursor = watch(server, 'sendInitialEvents=true&resourceVersionMatch=NotOlderThan');
  expect(cursor.bookmark()).toBeUndefined();
  expect(typesOf(cursor.pull())).toEqual(['ADDED', 'BOOKMARK']);
  expect(versionIn(cursor.bookmark())).toBe(String(server.version));
});

test('history that is forgotten is an ERROR for who has not read it, and nothing to who has', () => {
  const { server, pod } = scene();
  const lazy = watch(server, `resourceVersion=${server.version}`);
  const eager = watch(server, `resourceVersion=${server.version}`);
  pod('a');
  expect(eager.pull()).toHaveLength(1);
  server.compact();
  expect(typesOf(lazy.pull())).toEqual(['ERROR']);
  expect(lazy.hasNews).toBe(false);
  pod('b');
  expect(typesOf(eager.pull())).toEqual(['ADDED']);
});

test('a version from the future is met with silence until it is reached', () => {
  const { server, pod } = scene();
  const cursor = watch(server, `resourceVersion=${server.version + 1}`);
  expect([cursor.hasNews, cursor.bookmark()]).toEqual([false, undefined]);
  pod('a');
  expect(cursor.hasNews).toBe(false);
  pod('b');
  expect(typesOf(cursor.pull())).toEqual(['ADDED']);
});

test('a caller is told what became of its writes', () => {
  const { user, pod } = scene();
  expect(pod('a')).toMatchObject({ ok: true, object: { metadata: { name: 'a' } }, gone: false });
  expect(pod('a')).toMatchObject({ ok: false, reason: 'AlreadyExists' });
  const bound = user.bind('default', 'a', user.get('pods', 'default', 'a')?.metadata.uid ?? '', 'node');
  expect(bound).toMatchObject({ ok: true, object: { spec: { nodeName: 'node' } } });
  expect(user.delete('pods', 'default', 'a', { uid: 'other' })).toMatchObject({ ok: false, reason: 'Conflict' });
  expect(user.delete('pods', 'default', 'a')).toMatchObject({ ok: true, gone: false });
  expect(user.delete('pods', 'default', 'a', { gracePeriodSeconds: 0 })).toMatchObject({ ok: true, gone: true });
  expect(user.update('pods', 'default', 'a', (object) => object)).toMatchObject({ ok: false, reason: 'NotFound' });
});

function clockOf(timeline: VirtualTimeline): Clock {
  return { now: timeline.now, monotonic: timeline.now, after: (ms, fn) => timeline.after(ms, 'clock', fn) };
}

test('the operator’s client and watch run on it; bookmarks come and watches end by the timeline', async () => {
  const { timeline, server, pod } = scene();
  const paths: string[] = [];
  const direct = createDirectTransport(server, 'operator-1', timeline);
  const transport: typeof direct = {
    ...direct,
    request: (request) => {
      paths.push(request.path);
      return direct.request(request);
    },
  };
  const clock = clockOf(timeline);
  const log: string[] = [];
  pod('a');
  const follower = watchResource({
    transport,
    clock,
    random: () => 0,
    resource: RESOURCES.pods,
    on: {
      event: ({ type, object }) => log.push(`${type} ${object.metadata.name}`),
      synced: () => log.push('synced'),
      progress: () => {},
      error: (error) => log.push(error.message),
    },
  });
  const settled = () => new Promise<void>((resolve) => setImmediate(resolve));
  await settled();
  expect(log).toEqual(['added a', 'synced']);
  await createClient(transport, { clock }).delete(
    RESOURCES.pods,
    { namespace: 'default', name: 'a' },
    { uid: 'uid-5' },
  );
  await settled();
  expect(log.slice(2)).toEqual(['modified a', 'deleted a']);
  // The watch asks for 240 s; without bookmarks the client would take 90 s of silence for death.
  while (timeline.now() < START + 400_000 && timeline.step() !== undefined) await settled();
  expect(log).toHaveLength(4);
  expect(paths.filter((path) => path.includes('watch=true'))).toHaveLength(2);
  follower.stop();
  await direct.close();
});
