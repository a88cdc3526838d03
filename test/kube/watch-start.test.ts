import { expect, test } from 'vitest';
import { added, deleted, endOfList, errorEvent, modified, pod, podList, status } from './samples.ts';
import { passPause, startSyncedWatch, startWatch } from './scene.ts';

test('a watch starts with one request that lists and watches, and asks for what is current', async () => {
  const { server } = await startWatch({ namespace: 'team a', labelSelector: 'app in (x,y)', fieldSelector: 'a=b' });
  const request = await server.next();
  expect(request.path).toBe('/api/v1/namespaces/team%20a/pods');
  expect(Object.fromEntries(request.query)).toEqual({
    watch: 'true',
    allowWatchBookmarks: 'true',
    sendInitialEvents: 'true',
    resourceVersionMatch: 'NotOlderThan',
    timeoutSeconds: '360',
    labelSelector: 'app in (x,y)',
    fieldSelector: 'a=b',
  });
});

test.each([
  { random: 0, seconds: '240' },
  { random: 0.999999, seconds: '480' },
])('the server is told to end a watch after $seconds s when the dice show $random', async ({ random, seconds }) => {
  const { server } = await startWatch({ random: () => random });
  expect((await server.next()).query.get('timeoutSeconds')).toBe(seconds);
});

test('objects are told as they come, progress and synced only at the end of the list', async () => {
  const { server, watch } = await startWatch();
  const stream = await server.next();
  stream.stream(added(pod('a', { rv: '3' })), added(pod('b', { rv: '7' })));
  await watch.saw('added b@7');
  expect(watch.log).toEqual(['added a@3', 'added b@7']);
  expect(watch.hasSynced).toBe(false);
  stream.send(endOfList('9'));
  await watch.saw('synced');
  expect(watch.log.slice(2)).toEqual(['progress 9', 'synced']);
  expect(watch.hasSynced).toBe(true);
});

test('changes in the midst of the list are told, and still there is no progress before its end', async () => {
  const { watch } = await startSyncedWatch(
    [added(pod('a')), added(pod('b')), modified(pod('a', { rv: '5' })), deleted(pod('b', { rv: '6' }))],
    '6',
  );
  expect(watch.log).toEqual([
    'added a@1',
    'added b@1',
    'modified a@1->5',
    'deleted b@6 (watch)',
    'progress 6',
    'synced',
  ]);
});

test('an ordinary bookmark does not end the list', async () => {
  const { server, watch } = await startWatch();
  const stream = await server.next();
  stream.stream({ type: 'BOOKMARK', object: { metadata: { resourceVersion: '4' } } }, added(pod('a', { rv: '3' })));
  await watch.saw('added a@3');
  expect(watch.log).toEqual(['added a@3']);
});

test.each([
  { code: 422, reason: 'Invalid' },
  { code: 400, reason: 'BadRequest' },
])(
  'a server that refuses sendInitialEvents with $code is read in pages of 500, without an error',
  async ({ code, reason }) => {
    const { server, watch } = await startWatch({ labelSelector: 'x=y' });
    (await server.next()).answer(code, status(code, reason));
    const first = await server.next();
    expect(first.path).toBe('/api/v1/pods');
    expect(Object.fromEntries(first.query)).toEqual({ limit: '500', labelSelector: 'x=y' });
    first.answer(200, podList('8', [pod('a')], 'more/1'));
    const second = await server.next();
    expect(Object.fromEntries(second.query)).toEqual({ limit: '500', labelSelector: 'x=y', continue: 'more/1' });
    second.answer(200, podList('8', [pod('b')]));
    const stream = await server.next();
    expect(stream.query.get('resourceVersion')).toBe('8');
    expect(stream.query.has('sendInitialEvents')).toBe(false);
    expect(stream.query.has('resourceVersionMatch')).toBe(false);
    expect(watch.log).toEqual(['added a@1', 'added b@1', 'progress 8', 'synced']);
  },
);

test('a server that refused sendInitialEvents once is never asked again', async () => {
  const { server, clock, watch } = await startWatch();
  (await server.next()).answer(422, status(422, 'Invalid'));
  (await server.next()).answer(200, podList('8', []));
  (await server.next()).stream(errorEvent(410, 'Expired'));
  await watch.saw('error Gone');
  await passPause(clock, 400);
  const relist = await server.next();
  expect(relist.query.get('limit')).toBe('500');
  expect(relist.query.has('watch')).toBe(false);
});

test('a server that ends the watch before the end of the list is told about and read in pages', async () => {
  const { server, clock, watch } = await startWatch();
  const stream = await server.next();
  stream.stream(added(pod('a')));
  stream.end();
  await watch.saw('error Protocol');
  await passPause(clock, 400);
  (await server.next()).answer(200, podList('8', [pod('a')]));
  await watch.saw('synced');
  expect(watch.log).toEqual(['added a@1', 'error Protocol', 'progress 8', 'synced']);
});

test('a server that stays silent instead of ending the list is read in pages', async () => {
  const { server, clock, watch } = await startWatch();
  (await server.next()).stream();
  await passPause(clock, 105_000);
  await watch.saw('error Timeout');
  await passPause(clock, 400);
  expect((await server.next()).query.get('limit')).toBe('500');
});

test('a list that expires between two pages starts over, and what the first pages said is not told twice', async () => {
  const { server, watch } = await startWatch();
  (await server.next()).answer(422, status(422, 'Invalid'));
  (await server.next()).answer(200, podList('8', [pod('a'), pod('b')], 'next'));
  (await server.next()).answer(410, status(410, 'Expired'));
  const again = await server.next();
  expect(again.query.has('continue')).toBe(false);
  again.answer(200, podList('12', [pod('b'), pod('c', { rv: '11' })]));
  await watch.saw('synced');
  expect(watch.log).toEqual(['added a@1', 'added b@1', 'added c@11', 'deleted a@1 (relist)', 'progress 12', 'synced']);
});

test('synced is told once, whatever is listed later', async () => {
  const { server, clock, watch, stream } = await startSyncedWatch([], '5');
  stream.send(errorEvent(410, 'Expired'));
  await watch.saw('error Gone');
  await passPause(clock, 400);
  (await server.next()).stream(endOfList('9'));
  await watch.saw('progress 9');
  expect(watch.log).toEqual(['progress 5', 'synced', 'error Gone', 'progress 9']);
});
