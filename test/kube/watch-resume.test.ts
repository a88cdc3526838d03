import { expect, test } from 'vitest';
import { added, bookmark, deleted, modified, pod } from './samples.ts';
import { passPause, startSyncedWatch } from './scene.ts';

test('each event is followed by progress to its resourceVersion, and so is a bookmark', async () => {
  const { watch, stream } = await startSyncedWatch([], '5');
  stream.send(
    added(pod('a', { rv: '6' })),
    modified(pod('a', { rv: '8' })),
    bookmark('20'),
    deleted(pod('a', { rv: '21' })),
  );
  await watch.saw('progress 21');
  expect(watch.log.slice(2)).toEqual([
    'added a@6',
    'progress 6',
    'modified a@6->8',
    'progress 8',
    'progress 20',
    'deleted a@21 (watch)',
    'progress 21',
  ]);
});

test('a watch that the server ends is resumed from its last resourceVersion at once, without a list or an error', async () => {
  const { server, clock, watch, stream } = await startSyncedWatch([added(pod('a'))], '5');
  stream.send(bookmark('17'));
  await watch.saw('progress 17');
  clock.advance(1_000);
  stream.end();
  const next = await server.next();
  expect(next.query.get('resourceVersion')).toBe('17');
  expect(next.query.has('sendInitialEvents')).toBe(false);
  expect(next.query.get('allowWatchBookmarks')).toBe('true');
  expect(watch.log.some((line) => line.startsWith('error'))).toBe(false);
});

test('a watch that ends at once is resumed after a second, and not faster each time', async () => {
  const { server, clock, watch, stream } = await startSyncedWatch([], '5');
  stream.end();
  for (let round = 0; round < 3; round += 1) {
    await passPause(clock, 1_000);
    const next = await server.next();
    next.stream();
    next.end();
  }
  await clock.armed(1_000);
  expect(watch.log).toEqual(['progress 5', 'synced']);
});

test('a watch that the server ends in the proper way makes up for failures before', async () => {
  const { server, clock, watch, stream } = await startSyncedWatch([], '5');
  stream.cut();
  await passPause(clock, 400);
  (await server.next()).cut();
  await passPause(clock, 800);
  (await server.next()).answer(200, '');
  await passPause(clock, 1_000);
  (await server.next()).cut();
  await watch.saw('error Network', 3);
  await clock.armed(400);
});

test('a connection that breaks is an error, and is resumed from the last resourceVersion', async () => {
  const { server, clock, watch, stream } = await startSyncedWatch([], '5');
  stream.send(added(pod('a', { rv: '6' })));
  await watch.saw('progress 6');
  stream.cut();
  await watch.saw('error Network');
  await passPause(clock, 400);
  const next = await server.next();
  expect(next.query.get('resourceVersion')).toBe('6');
  next.stream(modified(pod('a', { rv: '9' })));
  await watch.saw('modified a@6->9');
});

test('an event cut in two by the end of the connection is not told, and comes again', async () => {
  const { server, clock, watch, stream } = await startSyncedWatch([], '5');
  const line = JSON.stringify(added(pod('a', { rv: '6' })));
  stream.raw(line.slice(0, 40));
  stream.end();
  await watch.saw('error Network');
  await passPause(clock, 400);
  const next = await server.next();
  expect(next.query.get('resourceVersion')).toBe('5');
});

test('a connection is dead when a server that sends bookmarks is silent for 105 s (90 to 120), not before, and then all is listed', async () => {
  const { server, clock, watch, stream } = await startSyncedWatch([], '5');
  clock.advance(104_000);
  stream.send(bookmark('6'));
  await watch.saw('progress 6');
  await clock.dueIn(105_000);
  clock.advance(104_999);
  stream.send(bookmark('7'));
  await watch.saw('progress 7');
  await clock.dueIn(105_000);
  expect(watch.errors).toEqual([]);
  clock.advance(105_000);
  await watch.saw('error Timeout');
  expect(watch.errors[0]?.message).toBe('cannot watch pods: nothing came for 105 s, so the connection counts as dead');
  await stream.closed;
  await passPause(clock, 400);
  // A server that was set back to an earlier state answers a resumed watch with silence too.
  expect((await server.next()).query.get('sendInitialEvents')).toBe('true');
});

test('a resumed connection to such a server is dead after as long, though it has sent no bookmark yet', async () => {
  const { server, clock, watch, stream } = await startSyncedWatch([], '5');
  clock.advance(1_000);
  stream.end();
  (await server.next()).stream();
  await clock.armed(105_000);
  clock.advance(105_000);
  await watch.saw('error Timeout');
});

test('lastActivityAt moves with what the server sends, not with what we try', async () => {
  const { server, clock, watch, stream } = await startSyncedWatch([], '5');
  const atSync = clock.monotonic();
  expect(watch.lastActivityAt()).toBe(atSync);
  clock.advance(10_000);
  stream.send(bookmark('6'));
  await watch.saw('progress 6');
  expect(watch.lastActivityAt()).toBe(atSync + 10_000);
  stream.cut();
  await watch.saw('error Network');
  clock.advance(400);
  (await server.next()).cut();
  await watch.saw('error Network', 2);
  expect(watch.lastActivityAt()).toBe(atSync + 10_000);
});
